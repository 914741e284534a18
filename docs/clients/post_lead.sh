#!/bin/sh
# Posts the lead on standard input to leaddistro, exactly once, and prints the answer. Needs a POSIX shell and curl.
#
#   LEADDISTRO_URL=https://leads.example.com LEADDISTRO_KEY=ldk_live_... ./post_lead.sh form-8412 < lead.json
#
# The argument is the Idempotency-Key: one for each lead, made before the first try and the same in every repeat.
# Ends with 0 when the lead is recorded, 1 when it was refused (do not repeat), 75 when nobody answered (repeat later).
# SLEEP and DICE stand in for the real ones in tests.
set -u
export LC_ALL=C

key=${1:?name the Idempotency-Key of this lead}
tries=${TRIES:-8}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/lead"
# Into a file that only we can read: the arguments of a command can be seen by every user of the machine.
printf 'header = "Authorization: Bearer %s"\n' "$LEADDISTRO_KEY" > "$work/secret"

wait_before_try() { # a random time up to 1, 2, 4 ... at most 32 s, after what the server asked for
    ceiling=$(( $1 > 5 ? 32 : 1 << $1 ))
    dice=$(od -An -N2 -tu2 "${DICE:-/dev/urandom}" | tr -d ' ')
    asked=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,4\}\)[[:space:]]*$/\1/p' "$work/headers" | tail -n 1)
    ${SLEEP:-sleep} "$(awk "BEGIN { printf \"%.3f\", ${asked:-0} + $ceiling * $dice / 65535 }")"
}

try=0
while :; do
    : > "$work/headers"
    status=$(curl --silent --max-time 40 --config "$work/secret" \
        --header "Idempotency-Key: $key" --header 'Content-Type: application/json' --data-binary "@$work/lead" \
        --dump-header "$work/headers" --output "$work/answer" --write-out '%{http_code}' "$LEADDISTRO_URL/v1/leads") ||
        status=000 # no answer, or half of one: the lead may be recorded, and the key finds out
    case $status in
        2??) cat "$work/answer"; exit 0 ;;
        000 | 429 | 5??) ;;
        409) grep -qi '^retry-after:' "$work/headers" || { cat "$work/answer" >&2; exit 1; } ;;
        *) cat "$work/answer" >&2; exit 1 ;;
    esac
    try=$((try + 1))
    if [ "$try" -ge "$tries" ]; then
        echo "no answer after $tries tries (last status $status)" >&2
        exit 75
    fi
    wait_before_try $((try - 1))
done
