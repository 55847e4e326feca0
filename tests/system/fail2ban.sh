#!/bin/bash
# Our filters are fail2ban's format: Debian's fail2ban-regex reads them as they are and finds the same
# addresses in the same order on real logs; and a plain grep counts the same sshd failures.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data logs-raw-real
filters=$ONUS_SOURCE/etc/filter.d
fail() { echo "not ok: $*" >&2; exit 1; }

# compare FILTER LOG
compare() {
  local n
  cp "$2" "$dir/log"
  [ -z "$(tail -c 1 "$dir/log")" ] || echo >>"$dir/log" # fail2ban-regex skips a last line without its end
  fail2ban-regex -o ip "$dir/log" "$filters/$1.conf" >"$dir/theirs" 2>"$dir/err" || fail "fail2ban-regex: $(tail -3 "$dir/err")"
  "$onus" extract --filter "$1" --filter-path "$filters" --json --line-numbers "$dir/log" >"$dir/ours.json"
  jq -r '."source.ip"' "$dir/ours.json" >"$dir/ours"
  n=$(wc -l <"$dir/ours")
  [ "$n" -gt 100 ] || fail "$1: $n events only"
  diff "$dir/theirs" "$dir/ours" >"$dir/diff" || fail "$1: fail2ban-regex finds others: $(head -5 "$dir/diff")"
  # the line that an event names holds its address
  jq -r '"\(.line)\t\(."source.ip")"' "$dir/ours.json" | awk -F'\t' 'NR == FNR {want[$1] = want[$1] " " $2; next}
    FNR in want {n = split(want[FNR], a, " "); for (i = 1; i <= n; i++) if (!index($0, a[i])) exit 1}' - "$dir/log" ||
    fail "$1: an event names a line that does not hold its address"
  echo "ok: $1, $n events"
}

sshd=$(find "$data" -name OpenSSH_2k.log)
compare sshd "$sshd"
compare postfix "$(find "$data" -path '*postfix*' -name mail.log)"

# theirs FILTER LOG: Debian's own filter, with all that it matches, private space included; both say names too,
# but fail2ban-regex asks the DNS about them
theirs() {
  local n
  cp "$2" "$dir/log"
  [ -z "$(tail -c 1 "$dir/log")" ] || echo >>"$dir/log"
  fail2ban-regex -o ip "$dir/log" "/etc/fail2ban/filter.d/$1" 2>"$dir/err" | grep -E '^[0-9.]+$' >"$dir/theirs" ||
    fail "fail2ban-regex: $(tail -3 "$dir/err")"
  "$onus" extract --matches --filter "${1/.conf/}" --filter-path /etc/fail2ban/filter.d "$dir/log" |
    jq -r 'select(.outcome | IN("event", "special")) | .found' | grep -E '^[0-9.]+$' >"$dir/ours"
  n=$(wc -l <"$dir/ours")
  [ "$n" -gt 100 ] || fail "Debian's $1: $n matches only"
  diff "$dir/theirs" "$dir/ours" >"$dir/diff" || fail "Debian's $1: fail2ban-regex finds others: $(head -5 "$dir/diff")"
  echo "ok: Debian's $1, $n matches"
}
theirs sshd.conf "$sshd"
theirs 'sshd.conf[mode=aggressive]' "$sshd"
theirs pam-generic.conf "$sshd"
theirs postfix.conf "$(find "$data" -path '*postfix*' -name mail.log)"

tr -d '\r' <"$sshd" | grep -oP 'sshd\[\d+\]: (?:Failed password for .* from|Invalid user .* from) \K[\d.]+(?= port \d+ ssh2$|$)' |
  sort | uniq -c >"$dir/grep"
"$onus" extract --filter sshd --filter-path "$filters" --json "$sshd" |
  jq -r 'select(."event_description.text" | test("^(Failed password|Invalid user)")) | ."source.ip"' | sort | uniq -c >"$dir/mine"
diff "$dir/grep" "$dir/mine" >"$dir/diff" || fail "grep counts others: $(head -5 "$dir/diff")"
echo "ok: grep counts the same, $(wc -l <"$dir/grep") addresses"
