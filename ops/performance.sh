#!/usr/bin/env bash
# Measures the table of docs/performance.md on this machine, and writes it as Markdown to standard output.
#
#   cargo build --release && ops/performance.sh > result.md      everything, with 1,000,000 tickets: about an hour
#   ops/performance.sh --small                                   the same with 20,000 tickets: a trial of ten minutes
#   ops/performance.sh --sqlite-only                             without PostgreSQL
#   ops/performance.sh --no-rules                                without the rows of `cargo bench`
#
# The service, the database and the load share the processors that CPUS names (0,1 when it is not set). PostgreSQL is that of
# POSTGRES, the address of a server on which databases may be made (postgres://user@host), or else a private one is started with the
# programs in PGBIN. MAINSTAY names the program. Needs bash, jq, curl and taskset.
set -euo pipefail
cd "$(dirname "$0")/.."

MAINSTAY=${MAINSTAY:-target/release/mainstay}
CPUS=${CPUS:-0,1}
PGBIN=${PGBIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)}
size=1000000 ; due=10000 ; seconds=20 ; engines="sqlite postgres" ; rules=yes
for argument in "$@"; do
    case $argument in
        --small) size=20000 ; due=1000 ; seconds=5 ;;
        --sqlite-only) engines=sqlite ;;
        --no-rules) rules=no ;;
        *) echo "performance.sh: unknown argument $argument; see its first lines" >&2 ; exit 2 ;;
    esac
done
# An open ticket has nearly three running clocks: so many make a running clock for each ticket, and a fifth of that.
open=$((size * 36 / 100)) ; first=$((size * 71 / 1000)) ; around=$((size / 50))
[ -x "$MAINSTAY" ] || { echo "performance.sh: there is no program $MAINSTAY: build it with cargo build --release" >&2 ; exit 1 ; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-performance.XXXXXX")
chmod 755 "$folder"
server= ; cluster= ; url= ; token=
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
clean() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" ; } || true
    [ -z "$cluster" ] || as_postgres "$PGBIN/pg_ctl" -D "$cluster" -m fast -w stop > /dev/null || true
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT TERM

pinned() { if command -v taskset > /dev/null; then taskset -c "$CPUS" "$@"; else "$@"; fi; }
# In place of the shell that begins it, so that the number of the process is the program's.
in_place() { if command -v taskset > /dev/null; then exec taskset -c "$CPUS" "$@"; else exec "$@"; fi; }
note() { echo "$(date +%H:%M:%S) $*" >&2 ; }

begin_postgres() {
    if [ -n "${POSTGRES:-}" ]; then return; fi
    [ -n "$PGBIN" ] || { note "no PostgreSQL is installed and POSTGRES is not set: its rows are left out" ; engines=sqlite ; return ; }
    cluster=$folder/cluster
    mkdir "$cluster" ; [ "$(id -u)" != 0 ] || chown postgres "$cluster"
    as_postgres "$PGBIN/initdb" -D "$cluster" -A trust -U mainstay > /dev/null
    as_postgres taskset -c "$CPUS" "$PGBIN/pg_ctl" -D "$cluster" -l "$cluster/log" -w \
        -o "-c listen_addresses='' -c unix_socket_directories=$cluster -c shared_buffers=512MB -c max_wal_size=4GB" start > /dev/null
    POSTGRES="postgres://mainstay@$(echo "$cluster" | sed 's|/|%2F|g')"
}

# Where the store of a name is on the engine at hand, as flags.
store() {
    if [ "$engine" = postgres ]; then
        echo "--data $folder/postgres-$1 --database $POSTGRES/$1"
    else
        echo "--data $folder/sqlite-$1"
    fi
}
load() {
    local name=$1 ; shift
    if [ "$engine" = postgres ]; then
        psql -q "$POSTGRES/postgres" -c "CREATE DATABASE $name"
    fi
    # shellcheck disable=SC2046
    pinned "$MAINSTAY" bench load $(store "$name") --json "$@" > "$folder/$engine-$name.json"
    token=$(jq -r .token "$folder/$engine-$name.json")
    export MAINSTAY_TOKEN=$token
}
loaded() { jq -r ".$2" "$folder/$engine-$1.json" ; }
begin() {
    local name=$1 began now
    port=$((20000 + RANDOM % 20000)) ; url=http://127.0.0.1:$port
    export MAINSTAY_URL=$url
    began=$(date +%s%N)
    # shellcheck disable=SC2046
    MAINSTAY_MAIL_FLOOD_MAILS=1000000 MAINSTAY_HTTP_REQUESTS_PER_SECOND=0 MAINSTAY_HTTP_HOSTS='*' in_place "$MAINSTAY" serve $(store "$name") --listen "127.0.0.1:$port" --log-level error 2> "$folder/log" &
    server=$!
    until curl -s -f -o "$folder/answer" -H "Authorization: Bearer $token" "$url/api/v1/tickets/1" ; do
        kill -0 "$server" || { cat "$folder/log" >&2 ; exit 1 ; }
        sleep 0.01
    done
    now=$(date +%s%N)
    started=$(((now - began) / 1000000))
}
end() { kill "$server" ; wait "$server" || true ; server= ; }
run() { pinned "$MAINSTAY" bench run "$@" --time "$seconds" --json > "$folder/run.json" ; cat "$folder/run.json" >> "$folder/all.jsonl" ; }
value() { jq -r "$1" "$folder/run.json" ; }
rounded() { printf "%.${2:-1}f" "$1" ; }
refused() { local errors ; errors=$(value .errors) ; [ "$errors" = 0 ] || printf ' (%s failed)' "$errors" ; }
say() { row[$1]+=" $2 |" ; }

declare -A row
begin_postgres
for engine in $engines; do
    note "$engine: opening tickets and receiving mail"
    load writing --tickets "$around" --open $((around / 4))
    begin writing
    run create --connections 16
    say create "$(rounded "$(value .per_second)" 0)/s, p99 $(rounded "$(value '.requests[].p99_ms')") ms$(refused)"
    run mail --connections 16
    say mail "$(rounded "$(value .filed_per_second)" 0)/s$(refused)"
    end

    note "$engine: $due clocks due in the same second"
    load falling --tickets $((due * 2)) --due "$due" --due-in "$((due / 250 + 20))s"
    begin falling
    # shellcheck disable=SC2046
    "$MAINSTAY" bench fire $(store falling) --at "$(loaded falling due_at)" --count "$due" --patience 300 --json > "$folder/run.json"
    say fire "$(rounded "$(value .escalated_after_seconds)" 2) s"
    end

    note "$engine: a store of $size tickets"
    load large --tickets "$size" --open "$open" --of-first-account "$first"
    say load "$(rounded "$(loaded large seconds)" 0) s ($(rounded "$(loaded large tickets_per_second)" 0)/s)"
    begin large
    say start "$started ms"
    sleep 15
    "$MAINSTAY" bench idle --pid "$server" --time 30 --json > "$folder/run.json"
    say idle "$(rounded "$(value .processor_ms_per_tick)" 2) ms a tick, $(rounded "$(value .resident_mb)" 0) MB, $(loaded large running_clocks) clocks"
    for load in read page search; do
        run $load --connections 4
        say $load "p99 $(rounded "$(value '.requests[].p99_ms')") ms, $(rounded "$(value .per_second)" 0)/s$(refused)"
    done
    run mixed --connections 32 --rate 100
    say mixed "p99 $(rounded "$(value '[.requests[].p99_ms] | max')") ms$(refused)"
    ( run mixed --connections 32 --rate 50 --warm-up 1 ; cp "$folder/run.json" "$folder/meanwhile.json" ) &
    meanwhile=$!
    # shellcheck disable=SC2046
    "$MAINSTAY" bench terms $(store large) --account "$(loaded large first_account)" --json > "$folder/terms.json"
    wait "$meanwhile"
    say terms "$(rounded "$(jq .seconds "$folder/terms.json")") s for $(jq .tickets "$folder/terms.json") tickets; meanwhile p99 $(rounded "$(jq '[.requests[].p99_ms] | max' "$folder/meanwhile.json")") ms"
    end
    if [ "$engine" = sqlite ]; then rm -rf "$folder"/sqlite-*/ ; fi
done

if [ $rules = yes ]; then
    note "the pure rules"
    pinned cargo bench -q -p mainstay-calendar > "$folder/calendar.txt" 2> /dev/null
    pinned cargo bench -q -p mainstay-domain > "$folder/replay.txt" 2> /dev/null
fi

fill() { echo "${row[$1]:- |}" ; }
columns=$(for engine in $engines; do printf ' %s |' "$engine" ; done)
cat << END
Measured $(date -u +%Y-%m-%d) with $("$MAINSTAY" --version) at $(git rev-parse --short HEAD 2> /dev/null || echo "an unknown commit"),
on $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), processors $CPUS of $(nproc), $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo) of memory,
$(uname -sr), files on $(df --output=fstype "$folder" | tail -1)$([ "$engines" = sqlite ] || echo ", $(psql -At "$POSTGRES/postgres" -c 'show server_version' | sed 's/^/PostgreSQL /')"),
load of the machine at the end $(cut -d' ' -f1 /proc/loadavg), $size tickets.

| work | reach at least |$columns
|---|---|$(for engine in $engines; do printf -- '---|' ; done)
| fill a store of $size tickets | minutes |$(fill load)
| create a ticket over HTTP, 16 connections | SQLite 2,000/s, p99 25 ms; PostgreSQL 1,000/s |$(fill create)
| receive a 20 KB e-mail into a ticket with clocks, until it is filed | 500/s |$(fill mail)
| a running clock for each ticket, none due | idle tick under 1 ms of CPU; 250 MB resident |$(fill idle)
| $due clocks due in the same second, all missed and escalated | 5 s |$(fill fire)
| read a ticket | p99 20 ms |$(fill read)
| page a view of open tickets | p99 50 ms |$(fill page)
| search for two words | p99 100 ms |$(fill search)
| a mixed load of 100 requests a second | |$(fill mixed)
| change a target of the first account's open tickets, at 50 requests a second | 20 s |$(fill terms)
| start on that store, until a ticket is read | 1 s |$(fill start)
END
if [ $rules = yes ]; then
    printf '\n`cargo bench -p mainstay-calendar`: add or elapsed over ten years with holidays, 200 ns median\n\n```\n'
    cat "$folder/calendar.txt"
    printf '```\n\n`cargo bench -p mainstay-domain`: 1,000 tickets of 8 facts and 4 commitments a round, 5 ms (1,000,000 in 5 s)\n\n```\n'
    cat "$folder/replay.txt"
    printf '```\n'
fi
