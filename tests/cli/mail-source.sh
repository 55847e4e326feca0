#!/bin/bash
# A source of type mail: the relay of each mail in a maildir becomes an event, once, also when the collector is killed
# with SIGKILL again and again while mails are delivered; what cannot be told goes to bad/.
set -euo pipefail
bin=$ONUS_BUILD/src/prog
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
is() { [ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""; }

cat >"$dir/conf" <<END
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
own_networks = 193.0.0.0/24
collect_interval_s = 1
[source trap]
type = mail
path = $dir/mail
category = spam
trusted = 194.0.0.0/24
END
collect() { "$bin/collect/onus-collect" -c "$dir/conf" "$@"; }
line() { printf 'Received: from h (r [%s]) by mx (Postfix) with ESMTP id 1; %s\n' "$1" "$(date -R)"; }
ledger() {
  "$bin/load/onus-load" -c "$dir/conf" --once 2>/dev/null
  sqlite3 "$dir/hub.sqlite" "SELECT hex(substr(addr, 13)), category, proof, service, sum(count) FROM ledger GROUP BY 1, 2, 3, 4 ORDER BY 1"
}

sed '/^category/d' "$dir/conf" >"$dir/conf.no"
if "$bin/collect/onus-collect" -c "$dir/conf.no" -t 2>"$dir/err"; then fail 'a source that accuses of nothing'; fi
grep -q 'category = spam' "$dir/err" || fail "$(cat "$dir/err")"

mkdir -p "$dir/mail/new" "$dir/mail/cur" "$dir/mail/tmp"
{ line 193.0.0.7; line 194.0.0.7; line 8.8.8.8; line 1.2.3.4; echo; } >"$dir/mail/new/1"
{ line 10.0.0.7; line 9.9.9.9; echo; } >"$dir/mail/cur/2:2,S"
{ line 193.0.0.7; echo; line 1.2.3.4; } >"$dir/mail/new/3"
{ echo 'Received: from [1.2.3.4] by mx with SMTP'; line 1.2.3.4; echo; } >"$dir/mail/new/4"
line 1.2.3.4 >"$dir/mail/tmp/5"
collect --once 2>"$dir/err"
spam=$(ledger)
is ledger "$(cut -d'|' -f1,3,4,5 <<<"$spam" | tr '\n' ' ')" '08080808|0|smtp|1 09090909|1|smtp|1 '
is 'what was read' "$(ls "$dir/mail/done" | tr '\n' ' ')" '1 2 3 '
is bad "$(ls "$dir/mail/bad")" 4
grep -q 'onus relay shows why' "$dir/err" || fail "it does not say why: $(cat "$dir/err")"

# As if it had been killed between the batch and the move: the batch says that they are told.
mv "$dir/mail/done/1" "$dir/mail/new/1"
mv "$dir/mail/done/2" "$dir/mail/cur/2:2,RS"
collect --once 2>/dev/null
is 'killed before the move' "$(ledger | cut -d'|' -f1,5 | tr '\n' ' ')" '08080808|1 09090909|1 '
is 'moved then' "$(ls "$dir/mail/done" | tr '\n' ' ')" '1 2 3 '

n=240
(
  for ((i = 0; i < n; i++)); do
    { line "46.1.$((i / 200)).$((i % 200 + 1))"; echo; } >"$dir/mail/tmp/k$i"
    mv "$dir/mail/tmp/k$i" "$dir/mail/new/k$i"
  done
) &
writer=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
  "$bin/collect/onus-collect" -c "$dir/conf" 2>/dev/null &
  pid=$!
  sleep "0.$((RANDOM % 9 + 1))"
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
done
wait "$writer"
collect --once 2>/dev/null
collect --once 2>/dev/null
is 'each once' "$(ledger | grep -c '^2E01....|[0-9]*|0|smtp|1$')" "$n"
is 'nothing is left' "$(find "$dir/mail/new" "$dir/mail/cur" -type f | wc -l)" 0
echo "ok: $n mails, each counted once over 12 kills"
