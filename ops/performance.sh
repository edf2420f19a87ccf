#!/usr/bin/env bash
# Measures the table of docs/performance.md on this machine, and writes it as Markdown to standard output: each row as soon as it
# is known, so that a run which is broken off keeps what it has.
#
#   cargo build --release && ops/performance.sh > result.md      everything, with 1,000,000 tickets: about an hour
#   ops/performance.sh --small                                   the same with 20,000 tickets: a trial of ten minutes
#   ops/performance.sh --sqlite-only                             without PostgreSQL
#   ops/performance.sh --postgres-only                           without SQLite
#   ops/performance.sh --no-rules                                without the rows of `cargo bench`
#   ops/performance.sh --only create mail                        these rows alone, of:
#       calendar replay create mail dense fire load start idle live read page search mixed terms
#
# The service, the database and the load share the processors that CPUS names (0,1 when it is not set). PostgreSQL is that of
# POSTGRES, the address of a server on which databases may be made (postgres://user@host), or else a private one is started with the
# programs in PGBIN. MAINSTAY names the program. Needs bash, jq, curl and taskset.
set -euo pipefail
cd "$(dirname "$0")/.."

size=1000000 ; due=10000 ; seconds=20 ; engines="sqlite postgres" ; only=
rows="calendar replay create mail dense fire load start idle live read page search mixed terms"
fault() { echo "performance.sh: $*; see its first lines" >&2 ; exit 2 ; }
while [ $# -gt 0 ]; do
    case $1 in
        --small) size=20000 ; due=1000 ; seconds=5 ;;
        --sqlite-only) engines=sqlite ;;
        --postgres-only) engines=postgres ;;
        --no-rules) rows=${rows#calendar replay } ;;
        --only)
            while [ $# -gt 1 ] && [[ $2 != --* ]]; do
                [[ " $rows " == *" $2 "* ]] || fault "there is no row $2"
                only+=" $2" ; shift
            done
            [ -n "$only" ] || fault "--only needs the name of a row" ;;
        *) fault "unknown argument $1" ;;
    esac
    shift
done
# An open ticket has nearly three running clocks: so many make a running clock for each ticket, and a fifth of that.
open=$((size * 36 / 100)) ; first=$((size * 71 / 1000)) ; around=$((size / 50))
# Whether one of some rows is asked for.
wants() {
    local row
    for row in "$@"; do [[ " ${only:-$rows} " == *" $row "* ]] && return ; done
    return 1
}
# shellcheck source=ops/measuring.sh
. ops/measuring.sh

declare -A work=(
    [calendar]="calendar add or elapsed over ten years with holidays"
    [replay]="replay 1,000,000 tickets of 8 events through 4 clocks, one core"
    [load]="fill a store of $size tickets"
    [create]="create a ticket over HTTP, 16 connections"
    [mail]="receive a 20 KB e-mail into a ticket with clocks, until it is filed"
    [dense]="the same of 20 KB of words, hardly any of which comes twice"
    [idle]="a running clock for each ticket, none due"
    [live]="200 agents look on, nothing happens"
    [fire]="$due clocks due in the same second, all missed and escalated"
    [read]="read a ticket"
    [page]="page a view of open tickets"
    [search]="search for two words"
    [mixed]="a mixed load of 100 requests a second"
    [terms]="change a target of the first account's open tickets, at 50 requests a second"
    [start]="start on that store, until a ticket is read"
)
declare -A goal=(
    [calendar]="200 ns median"
    [replay]="5 s"
    [load]="minutes"
    [create]="SQLite 2,000/s, p99 25 ms; PostgreSQL 1,000/s"
    [mail]="500/s" [dense]=""
    [idle]="idle tick under 1 ms of CPU; 250 MB resident"
    [live]="half a core, 300 MB"
    [fire]="5 s"
    [read]="p99 20 ms" [page]="p99 50 ms" [search]="p99 100 ms"
    [mixed]=""
    [terms]="20 s for 200,000 clocks"
    [start]="1 s"
)
say() { if wants "$1"; then echo "| ${work[$1]} | ${goal[$1]} | $engine | $2 |" ; fi }
refused() { local errors ; errors=$(value .errors) ; [ "$errors" = 0 ] || printf ' (%s failed)' "$errors" ; }
# The median of a benchmark, from what divan prints: fastest, slowest, median, mean.
median() { awk -F'│' -v name="$1" '$1 ~ "[─ ]" name " " { gsub(/^ +| +$/, "", $3) ; print $3 }' "$folder/rules.txt" ; }

measure_rules() {
    engine=none
    if wants calendar; then
        note "the arithmetic of calendars"
        pinned cargo bench -q -p mainstay-calendar > "$folder/rules.txt" 2> "$folder/log"
        say calendar "add $(median add_ten_years), elapsed $(median elapsed_over_ten_years)"
    fi
    if wants replay; then
        note "replaying tickets"
        pinned cargo bench -q -p mainstay-domain -- replay_a_million_tickets > "$folder/rules.txt" 2> "$folder/log"
        say replay "$(median replay_a_million_tickets)"
    fi
}
measure_writing() {
    note "$engine: opening tickets and receiving mail"
    load writing --tickets "$around" --open $((around / 4))
    begin writing
    if wants create; then
        run create --connections 16
        say create "$(rounded "$(value .per_second)" 0)/s, p99 $(rounded "$(value '.requests[].p99_ms')") ms$(refused)"
    fi
    if wants mail; then
        run mail --connections 16
        say mail "$(rounded "$(value .filed_per_second)" 0)/s$(refused)"
    fi
    if wants dense; then
        run dense-mail --connections 16
        say dense "$(rounded "$(value .filed_per_second)" 0)/s$(refused)"
    fi
    end ; forget writing
}
measure_falling() {
    note "$engine: $due clocks due in the same second"
    load falling --tickets $((due * 2)) --due "$due" --due-in "$((due / 250 + 20))s"
    begin falling
    if fire falling "$due"; then say fire "$(rounded "$(value .escalated_after_seconds)" 2) s" ; fi
    end ; forget falling
}
measure_large() {
    note "$engine: a store of $size tickets"
    load large --tickets "$size" --open "$open" --of-first-account "$first"
    say load "$(rounded "$(loaded large seconds)" 0) s ($(rounded "$(loaded large tickets_per_second)" 0)/s)"
    begin large
    say start "$started ms"
    if wants idle; then
        sleep 15
        "$MAINSTAY" bench idle --pid "$server" --time 30 --json > "$folder/run.json"
        say idle "$(rounded "$(value .processor_ms_per_tick)" 2) ms a tick, $(rounded "$(value .resident_mb)" 0) MB, $(loaded large running_clocks) clocks"
    fi
    if wants live; then
        pinned "$MAINSTAY" bench live --agents 200 --time $((seconds * 3)) --pid "$server" --json > "$folder/run.json"
        say live "$(rounded "$(value '.cost.cores * 100')" 1) % of a core, $(rounded "$(value .cost.resident_mb)" 0) MB"
    fi
    if wants read page search; then warm large ; fi
    for load in read page search; do
        wants $load || continue
        run $load --connections 4
        say $load "p99 $(rounded "$(value '.requests[].p99_ms')") ms, $(rounded "$(value .per_second)" 0)/s$(refused)"
    done
    if wants mixed; then
        run mixed --connections 32 --rate 100
        say mixed "p99 $(rounded "$(value '[.requests[].p99_ms] | max')") ms$(refused)"
    fi
    if wants terms; then measure_terms ; fi
    end ; forget large
}
measure_terms() {
    local meanwhile
    ( run mixed --connections 32 --rate 50 --warm-up 1 ; cp "$folder/run.json" "$folder/meanwhile.json" ) &
    meanwhile=$!
    # shellcheck disable=SC2046
    "$MAINSTAY" bench terms $(store large) --account "$(loaded large first_account)" --json > "$folder/terms.json"
    wait "$meanwhile"
    say terms "$(rounded "$(jq .seconds "$folder/terms.json")") s for $(jq .tickets "$folder/terms.json") tickets; meanwhile p99 $(rounded "$(jq '[.requests[].p99_ms] | max' "$folder/meanwhile.json")") ms"
}

begin_postgres
echo "$(conditions), $size tickets."
printf '\n| work | reach at least | engine | measured |\n|---|---|---|---|\n'
measure_rules
for engine in $engines; do
    if wants create mail dense; then measure_writing ; fi
    if wants fire; then measure_falling ; fi
    if wants load start idle live read page search mixed terms; then measure_large ; fi
done
printf '\nLoad of the machine at the end %s.\n' "$(cut -d' ' -f1 /proc/loadavg)"
