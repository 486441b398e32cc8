#!/usr/bin/env bash
# Answers every request for this agent with a summary: curl for the door, node for JSON, nothing else.
#
#     AGENT_TOKEN_FILE=~/.config/lazaret/tokens/helper examples/answer.sh
set -euo pipefail
url=${AGENT_URL:-http://127.0.0.1:7717}

# The token goes to curl in a file: a command line can be read by everybody on the machine.
auth=$(mktemp)
trap 'rm -f "$auth"' EXIT
printf 'header = "Authorization: Bearer %s"\n' "$(cat "$AGENT_TOKEN_FILE")" >"$auth"

# field PATH: what stands there in the JSON on stdin; nothing where nothing is.
field() { node -e 'let v = JSON.parse(require("fs").readFileSync(0)); for (const k of process.argv[1].split(".")) v = v?.[k]; console.log(v ?? "")' "$1"; }

# post RUN ACTION BODY
post() { curl -sS -K "$auth" -H "content-type: application/json" -d "$3" "$url/v1/runs/$1/$2"; }

curl -sSN -K "$auth" "$url/v1/events" | while read -r line; do
  case $line in data:*'"type":"message.addressed"'*) event=${line#data: } ;; *) continue ;; esac
  run=$(field run <<<"$event")
  last=$(field body.request.slots.last <<<"$event")
  made=$(post "$run" invoke '{"capability": "message.summarize", "input": {"last": '"${last:-20}"'},
    "justification": "somebody asked for a summary", "idempotency_key": "summary"}')
  handle=$(field values.0.handle <<<"$made")
  post "$run" invoke '{"capability": "chat.reply", "input": {"template": "{{v:'"$handle"'}}"},
    "justification": "the answer to the request", "idempotency_key": "reply"}' >/dev/null
  post "$run" finish '{}' | field state
done
