#!/bin/sh
# Publishes one submission and waits for its verdict, with jq, and kcat on librdkafka 2.6.1 or later (`kcat -V`).
#
#     sh publish-submission.sh pdx311.json submission.json [EVENT_ID]
#
# Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
# After a 6 it prints the command that sends the same record again, with the id that it had.
set -eu
work=$(mktemp -d) # holds the password, for as long as this runs
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
jq -r 'del(.source) | to_entries[] | "\(.key)=\(.value)"' "$1" > "$work/settings"
source=$(jq -r .source "$1")
results="city.results.$source.v1"

fresh_id() { cat /proc/sys/kernel/random/uuid 2> /dev/null || uuidgen | tr 'A-F' 'a-f'; }

# A submission without an id gets the event's, so that this one id makes the same record again.
event=${3:-$(fresh_id)}
key=$(jq -r --arg event "$event" '.submission_id // $event' "$2")
again="sh '$0' '$1' '$2' $event"

kafka() { kcat -F "$work/settings" "$@" 2> "$work/told"; }

stop_where_refused() {
  if why=$(grep -Eim1 'sasl authentication|authentication failure|authorization failed|unknown (topic|partition)|size too large' "$work/told"); then
    echo "the broker refused: $why" >&2
    exit 7
  fi
}

no_answer() {
  echo "no answer to event $event, submission $key: $1" >&2
  echo "send the same record again, it counts once: $again" >&2
  exit 6
}

# Where the verdicts end now, before anything is sent: ours comes after it.
end=$(kafka -Q -t "$results:0:-1") || { stop_where_refused; no_answer "$(tail -n 1 "$work/told")"; }
end=${end##* } # <topic> [0] offset <number>

jq -c --arg key "$key" '{submission_id: $key} + .' "$2" > "$work/submission"
kafka -P -t "city.submissions.$source.v1" -k "$key" -X message.timeout.ms=20000 \
  -H ce_specversion=1.0 -H "ce_id=$event" -H "ce_source=/city/$source" -H ce_type=city.submission.submitted.v1 \
  -H "ce_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)" -H "ce_subject=$key" -H content-type=application/json < "$work/submission" ||
  { stop_where_refused; no_answer "$(tail -n 1 "$work/told")"; }
stop_where_refused

# What came since, once a second, until a verdict names our record's id.
for _ in $(seq 30); do
  kafka -C -t "$results" -p 0 -o "$end" -e -J > "$work/verdicts" || stop_where_refused
  answer=$(jq -c --arg event "$event" '. + {told: ([.headers as $h | range(0; $h | length; 2) | {key: $h[.], value: $h[. + 1]}] | from_entries)}
    | select(.told.ce_causationid == $event)' "$work/verdicts" | head -n 1)
  if [ -n "$answer" ]; then
    verdict=$(printf '%s' "$answer" | jq -r '.told.ce_type | split(".")[2]') # intake.submission.<verdict>.v1
    printf '%s %s\n' "$verdict" "$(printf '%s' "$answer" | jq -r .payload)"
    case $verdict in
      accepted | duplicate) exit 0 ;;
      redirected) exit 3 ;;
      rejected) exit 4 ;;
      quarantined) exit 5 ;;
      *) no_answer "this program does not know the verdict $verdict" ;;
    esac
  fi
  sleep 1
done
no_answer "no verdict in 30 s"
