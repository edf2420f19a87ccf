#!/usr/bin/env bash
# Measures what reading, paging, searching, opening a ticket and acting on a due clock cost as a store grows, and writes CSV to
# standard output, each line as soon as it is known. `mainstay bench chart` draws it.
#
#   cargo build --release && ops/growth.sh > docs/performance.csv     10,000, 100,000 and 1,000,000 tickets: about an hour
#   ops/growth.sh --small                                             1,000, 2,000 and 4,000: a trial of some minutes
#   ops/growth.sh --sqlite-only                                       without PostgreSQL
#   ops/growth.sh --postgres-only                                     without SQLite
#   target/release/mainstay bench chart docs/performance.csv > docs/performance.svg
#
# The same variables as for ops/performance.sh say which processors, which PostgreSQL and which program.
set -euo pipefail
cd "$(dirname "$0")/.."

sizes="10000 100000 1000000" ; due=1000 ; seconds=20 ; engines="sqlite postgres"
for argument in "$@"; do
    case $argument in
        --small) sizes="1000 2000 4000" ; due=100 ; seconds=3 ;;
        --sqlite-only) engines=sqlite ;;
        --postgres-only) engines=postgres ;;
        *) echo "growth.sh: unknown argument $argument; see its first lines" >&2 ; exit 2 ;;
    esac
done
# shellcheck source=ops/measuring.sh
. ops/measuring.sh

# As the chart names them.
declare -A name=([sqlite]=SQLite [postgres]=PostgreSQL)
say() { echo "${name[$engine]},$1,$size,$2,$3" ; }

begin_postgres
conditions >&2 ; echo >&2
echo "engine,work,tickets,p50_ms,p99_ms"
for engine in $engines; do
    for size in $sizes; do
        note "$engine: $size tickets"
        load growing --tickets "$size" --open $((size * 36 / 100)) --due "$due" --due-in "$((size / 2000 + 60))s"
        begin growing
        # What a due clock costs is told for one of them; they are done one after the other, so there is no half of them.
        if fire growing "$due"; then say due "$(value ".escalated_after_seconds * 1000 / $due")" "" ; fi
        warm growing
        for load in read page search create; do
            run $load --connections 4
            say $load "$(value '.requests[].p50_ms')" "$(value '.requests[].p99_ms')"
        done
        end ; forget growing
    done
done
