# What ops/performance.sh and ops/growth.sh have in common: stores, a service on them, and loads. To be sourced; needs bash, jq,
# curl and taskset. The caller sets `seconds` (how long a load lasts) and `engines`.

MAINSTAY=${MAINSTAY:-target/release/mainstay}
CPUS=${CPUS:-0,1}
PGBIN=${PGBIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)}

[ -x "$MAINSTAY" ] || { echo "$0: there is no program $MAINSTAY: build it with cargo build --release" >&2 ; exit 1 ; }
folder=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-performance.XXXXXX")
chmod 755 "$folder"
# What is measured stays the same when it is built anew meanwhile.
cp "$MAINSTAY" "$folder/mainstay" ; MAINSTAY=$folder/mainstay
server= ; cluster= ; url= ; token= ; engine=
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
    case " $engines " in *" postgres "*) ;; *) return ;; esac
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
# Removes the store of a name, whose service has ended.
forget() {
    if [ "$engine" = postgres ]; then psql -q "$POSTGRES/postgres" -c "DROP DATABASE $1" ; fi
    rm -rf "$folder/$engine-$1"
}
# Reads the files of the store of a name once, so that they are in memory as on a machine that has served for a while.
warm() {
    if [ "$engine" = postgres ]; then
        [ -z "$cluster" ] || as_postgres find "$cluster/base" -type f -exec cat {} + > /dev/null
    else
        cat "$folder/$engine-$1"/mainstay.db* > /dev/null
    fi
}
begin() {
    local name=$1 began now
    port=$((20000 + RANDOM % 12000)) ; url=http://127.0.0.1:$port
    export MAINSTAY_URL=$url
    began=$(date +%s%N)
    # shellcheck disable=SC2046
    MAINSTAY_MAIL_FLOOD_MAILS=1000000 MAINSTAY_HTTP_REQUESTS_PER_SECOND=0 MAINSTAY_HTTP_ANONYMOUS_REQUESTS_PER_SECOND=0 \
        MAINSTAY_HTTP_HOSTS='*' \
        in_place "$MAINSTAY" serve $(store "$name") --listen "127.0.0.1:$port" --log-level error 2> "$folder/log" &
    server=$!
    until curl -s -f -o "$folder/answer" -H "Authorization: Bearer $token" "$url/api/v1/tickets/1" ; do
        kill -0 "$server" || { cat "$folder/log" >&2 ; exit 1 ; }
        sleep 0.01
    done
    now=$(date +%s%N)
    started=$(((now - began) / 1000000))
}
end() { kill "$server" ; wait "$server" || true ; server= ; }
run() { pinned "$MAINSTAY" bench run "$@" --time "$seconds" --json > "$folder/run.json" ; }
value() { jq -r "$1" "$folder/run.json" ; }
rounded() { printf "%.${2:-1}f" "$1" ; }
# Waits until the clocks of a store fall due, and measures how long they take. Fails when that instant has passed already, as when
# filling the store took too long.
fire() {
    local at
    at=$(loaded "$1" due_at)
    [ "$(date -d "$at" +%s)" -gt "$(date +%s)" ] || { note "filling the store took too long: its clocks were due already" ; return 1 ; }
    # shellcheck disable=SC2046
    "$MAINSTAY" bench fire $(store "$1") --at "$at" --count "$2" --patience 300 --json > "$folder/run.json"
}
# The machine and the conditions, in words.
conditions() {
    echo "Measured $(date -u +%Y-%m-%d) with $("$MAINSTAY" --version) at $(git rev-parse --short HEAD 2> /dev/null || echo "an unknown commit"),"
    echo "on $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), processors $CPUS of $(nproc), $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo) of memory,"
    printf '%s, files on %s' "$(uname -sr)" "$(df --output=fstype "$folder" | tail -1)"
    case " $engines " in *" postgres "*) printf ', PostgreSQL %s' "$(psql -At "$POSTGRES/postgres" -c 'show server_version')" ;; esac
    printf ',\nload of the machine at the beginning %s' "$(cut -d' ' -f1 /proc/loadavg)"
}
