#!/bin/sh
# Publishes one submission and waits for its verdict, with jq, and kcat on librdkafka 2.6.1 or later (`kcat -V`).
#
#     sh publish-submission.sh pdx311.json submission.json
#
# Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
set -eu
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
jq -r 'del(.source) | to_entries[] | "\(.key)=\(.value)"' "$1" > "$settings"
source=$(jq -r .source "$1")

fresh_id() { cat /proc/sys/kernel/random/uuid 2> /dev/null || uuidgen | tr 'A-F' 'a-f'; }

event=$(fresh_id)
key=$(jq -r --arg fresh "$(fresh_id)" '.submission_id // $fresh' "$2")
jq -c --arg key "$key" '{submission_id: $key} + .' "$2" |
  kcat -q -F "$settings" -P -t "city.submissions.$source.v1" -k "$key" -X message.timeout.ms=30000 \
    -H ce_specversion=1.0 -H "ce_id=$event" -H "ce_source=/city/$source" -H ce_type=city.submission.submitted.v1 \
    -H "ce_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)" -H "ce_subject=$key" -H content-type=application/json || exit 7

# The last verdicts, once a second, until the one that names our record's id.
for _ in $(seq 30); do
  answer=$(kcat -q -F "$settings" -C -t "city.results.$source.v1" -p 0 -o -200 -e -J |
    jq -c --arg event "$event" '. + {told: ([.headers as $h | range(0; $h | length; 2) | {key: $h[.], value: $h[. + 1]}] | from_entries)}
      | select(.told.ce_causationid == $event)')
  if [ -n "$answer" ]; then
    verdict=$(printf '%s' "$answer" | jq -r '.told.ce_type | split(".")[2]') # intake.submission.<verdict>.v1
    printf '%s %s\n' "$verdict" "$(printf '%s' "$answer" | jq -r .payload)"
    case $verdict in
      accepted | duplicate) exit 0 ;;
      redirected) exit 3 ;;
      rejected) exit 4 ;;
      quarantined) exit 5 ;;
    esac
  fi
  sleep 1
done
echo "no answer yet: send it again with the same ids, it counts once" >&2
exit 6
