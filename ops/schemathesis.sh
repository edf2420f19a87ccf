#!/usr/bin/env bash
# Puts requests made from the description of the API to a running program, and fails when an answer is a fault of the program or is
# not in the description: its status, its type, its headers, its body.
#
#   cargo build && ops/schemathesis.sh            an hour
#   ops/schemathesis.sh --brief                   two minutes, always with the same requests
#   SECONDS_EACH=300 ops/schemathesis.sh          so many seconds for each of those who ask
#   SEED=7 ops/schemathesis.sh                    the run of that seed
#
# It starts a demonstration of its own and asks in turn as an administrator by token, as an agent and as a customer who are signed in,
# and as nobody. MAINSTAY names the program, SCHEMATHESIS the tool: where it is not set, the tool is installed by pip into a virtual
# environment in the folder VENV. Reports lie in the folder REPORTS. Needs bash, curl, jq and python3 with venv.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=4.32.5
MAINSTAY=${MAINSTAY:-target/debug/mainstay}
VENV=${VENV:-target/schemathesis}
SEED=${SEED:-1}
SECONDS_EACH=${SECONDS_EACH:-900}
brief=
for argument in "$@"; do
    case $argument in
        --brief) brief=yes ;;
        *) echo "schemathesis.sh: unknown argument $argument; see its first lines" >&2 ; exit 2 ;;
    esac
done
[ -x "$MAINSTAY" ] || { echo "schemathesis.sh: there is no program $MAINSTAY: build it with cargo build" >&2 ; exit 1 ; }
if [ -z "${SCHEMATHESIS:-}" ]; then
    SCHEMATHESIS=$VENV/bin/schemathesis
    if [ "$("$SCHEMATHESIS" --version 2>/dev/null || true)" != "schemathesis, version $VERSION" ]; then
        python3 -m venv "$VENV"
        "$VENV/bin/pip" install --quiet "schemathesis==$VERSION"
    fi
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-schemathesis.XXXXXX")
REPORTS=${REPORTS:-$folder/reports}
mkdir -p "$REPORTS"
server=
clean() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" ; } || true
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT TERM

"$MAINSTAY" demo --json --data "$folder/data" --listen 127.0.0.1:0 > "$folder/ready.json" 2> "$folder/log" &
server=$!
until [ -s "$folder/ready.json" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2 ; exit 1 ; }
    sleep 0.2
done
# Webhooks lead nowhere: no stranger is sent what is made up here.
"$MAINSTAY" openapi | jq '.components.schemas.WebhookInput.properties.url.enum = ["https://hooks.invalid/in"]' > "$folder/openapi.json"
url=$(jq -r .url "$folder/ready.json")

# The cookie of somebody of this role.
cookie() {
    jq -c --arg role "$1" '[.users[] | select(.role == $role)][0] | {email, password}' "$folder/ready.json" |
        curl -sSf -o /dev/null -D - -H 'content-type: application/json' -H 'x-requested-with: mainstay' -d @- "$url/api/v1/sessions" |
        sed -n 's/^set-cookie: \([^;]*\);.*/\1/Ip'
}

# Puts requests to the program as somebody, who is described by the arguments of the tool that follow.
failed=
ask_as() {
    local who=$1 ; shift
    echo "== as $who"
    local limits=(--max-time "$SECONDS_EACH" --seed "$SEED")
    if [ -n "$brief" ]; then
        limits=(--max-examples 3 --generation-deterministic --seed "$SEED")
    fi
    "$SCHEMATHESIS" --config-file ops/schemathesis.toml run "$folder/openapi.json" --url "$url" --workers 1 \
        "${limits[@]}" --report ndjson --report-ndjson-path "$REPORTS/$who.ndjson" "$@" > "$REPORTS/$who.txt" 2>&1 ||
        { failed="$failed $who" ; cat "$REPORTS/$who.txt" ; }
    tail -n 12 "$REPORTS/$who.txt"
}

agent=$(cookie agent)
customer=$(cookie portal_administrator)
token=$(jq -r .token "$folder/ready.json")
read_as() { curl -sSf -H "$1" "$url/api/v1/$2" ; }
administrator="Authorization: Bearer $token"

# Things that are there, by their nouns, so that not everything that is asked for is missing.
for noun in accounts agents contacts teams tickets macros views webhooks escalations notifications tokens mail/received; do
    read_as "$administrator" "$noun?limit=5" | jq -c --arg noun "${noun##*/}" '{($noun): [.items[].id]}'
done | jq -s add > "$folder/things.json"
# Those who ask, and what they sign in with: whoever ends it asks in vain from then on.
for who in "$administrator" "Cookie: $agent" "Cookie: $customer"; do
    read_as "$who" me | jq .id
    read_as "$who" sessions | jq '.items[].id'
    { read_as "$who" tokens 2> /dev/null || true ; } | jq '.items[].id'
done | jq -s . > "$folder/own.json"
export MAINSTAY_THINGS=$folder/things.json MAINSTAY_OWN=$folder/own.json SCHEMATHESIS_HOOKS=ops/schemathesis_hooks.py PYTHONDONTWRITEBYTECODE=1

ask_as administrator --header "$administrator"
ask_as agent --header "Cookie: $agent" --header 'x-requested-with: mainstay'
ask_as customer --header "Cookie: $customer" --header 'x-requested-with: mainstay'
ask_as nobody
if grep -q 'panicked at' "$folder/log"; then
    grep 'panicked at' "$folder/log" >&2
    failed="$failed log"
fi
[ -z "$failed" ] || { echo "schemathesis.sh: found faults:$failed" >&2 ; exit 1 ; }
