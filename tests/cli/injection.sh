#!/bin/bash
# What attackers write into logs never becomes an address to punish: some thousand lines in which the
# client, 8.8.8.8, tells of 1.2.3.4 wherever a log quotes it. fail2ban-regex, where it is installed, finds
# the same lines with the same filters; it is slow, and asked about one line in fifty, each
# time others.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
filters=$ONUS_SOURCE/etc/filter.d
fail() { echo "not ok: $*" >&2; exit 1; }
# it is slow, and would say of a build with sanitizers what it said of the other: there it is not asked again
reference=$(command -v fail2ban-regex || true)
! grep -q __asan_init "$onus" || reference=

python3 "$ONUS_SOURCE/tests/cli/hostile_lines.py" >"$dir/log"
lines=$(wc -l <"$dir/log")
k=0
[ "$lines" -gt 5000 ] || fail "only $lines lines"
for filter in sshd 'sshd[mode=aggressive]' postfix postfix-sasl postfix-scan dovecot exim exim-auth rspamd amavis exim-spam spamassassin ftp named web web-scan web-auth \
  'web[logging=syslog]' 'web-scan[logging=syslog]' 'web-auth[logging=syslog]' web-error web-error-scan web-error-auth \
  nginx-error nginx-error-scan nginx-error-auth nginx-error-rate \
  'web-error-scan[logging=syslog]' 'web-error-auth[logging=syslog]' login mail-login phone 'phone[logging=syslog]' database postfix-verdict sshd-good dovecot-good; do
  "$onus" extract --filter "$filter" --filter-path "$filters" --json --line-numbers "$dir/log" >"$dir/events"
  jq -r '."source.ip"' "$dir/events" | sort | uniq -c | sort -rn >"$dir/who"
  grep -qw '1.2.3.4' "$dir/who" && fail "$filter punishes the victim: $(jq -r 'select(."source.ip" == "1.2.3.4") | .line' "$dir/events" | head -3 |
    while read -r n; do sed -n "${n}p" "$dir/log"; done)"
  n=$(awk '$2 == "8.8.8.8" {print $1}' "$dir/who")
  [ "${n:-0}" -ge 5 ] && [ "$(wc -l <"$dir/who")" = 1 ] || fail "$filter finds $(cat "$dir/who")"
  echo "ok: $filter, $n events, all of the client"
  [ -n "$reference" ] || continue
  spec=$filters/${filter%%[*}.conf
  [ "$filter" = "${filter%%[*}" ] || spec="${spec}[${filter#*[}"
  k=$(((k + 1) % 50))
  # Unicode's blanks are none here (doc/filters.md), but Python's
  LC_ALL=C awk -v k="$k" -v asked="$dir/asked" 'NR % 50 == k && !/\302[\205\240]|\342\200[\200-\257]/ {print; print NR >asked}' "$dir/log" >"$dir/some"
  jq -r '[.line, ."source.ip"] | @tsv' "$dir/events" | awk 'NR == FNR {asked[$1]; next} $1 in asked {print $2}' "$dir/asked" - |
    sort | uniq -c | sort -rn >"$dir/who"
  "$reference" -o row "$dir/some" "$spec" 2>"$dir/err" | sed -n "s/^\['\([^']*\)'.*/\1/p" | sort | uniq -c | sort -rn >"$dir/theirs" || fail "fail2ban-regex: $(tail -3 "$dir/err")"
  [ "$(cat "$dir/theirs")" = "$(cat "$dir/who")" ] || fail "$filter: fail2ban-regex finds $(cat "$dir/theirs"), not $(cat "$dir/who")"
done
"$onus" extract -o "filter_path=$filters" "$dir/log" 2>"$dir/err" | cut -f2 | grep -c 1.2.3.4 >"$dir/n" && fail 'all filters together punish the victim'
echo ok
