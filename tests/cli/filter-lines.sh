#!/bin/bash
# The filters that onus ships over lines in the form of their daemons' documentation: each is read by the filter that is
# for it and by no other, the address is the expected one, and fail2ban-regex, where it is installed, reads the same.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
filters=$ONUS_SOURCE/etc/filter.d
lines=$ONUS_SOURCE/tests/cli/filter_lines.txt
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
# it is slow, and would say of a build with sanitizers what it said of the other: there it is not asked again
reference=$(command -v fail2ban-regex || true)
! grep -q __asan_init "$onus" || reference=

grep -v '^#' "$lines" | grep . >"$dir/log"
# LINE ADDRESS of each filter, as the file says
sed -n 's/^# \([a-z-]*\(\[[a-z=]*\]\)\{0,1\}\) \(\S*\)$/\1 \3/p' "$lines" | awk '{print NR, $1, $2}' >"$dir/all"
[ "$(wc -l <"$dir/all")" = "$(wc -l <"$dir/log")" ] || fail 'a line without what is expected of it'
for name in $(cut -d' ' -f2 "$dir/all" | sort -u); do
  awk -v f="$name" '$2 == f && $3 != "-" {print $1, $3}' "$dir/all" >"$dir/want"
  "$onus" extract --filter "$name" --filter-path "$filters" --json --line-numbers "$dir/log" |
    jq -r '"\(.line) \(."source.ip" // ."source.network")"' >"$dir/got"
  diff "$dir/want" "$dir/got" >"$dir/differs" || fail "$name: $(cat "$dir/differs")"
  [ -n "$reference" ] || continue
  spec=$filters/${name%%[*}.conf
  [ "$name" = "${name%%[*}" ] || spec="${spec}[${name#*[}"
  "$reference" -o row "$dir/log" "$spec" 2>/dev/null | grep -c "^\['" >"$dir/theirs" || true
  # private addresses are nothing that we tell of
  private=$(awk -v f="$name" '$2 == f {print $1}' "$dir/all" | while read -r n; do sed -n "${n}p" "$dir/log"; done | grep -c 'SRC=192.168' || true)
  [ "$(cat "$dir/theirs")" = $(($(wc -l <"$dir/got") + private)) ] || fail "$name: fail2ban-regex finds $(cat "$dir/theirs")"
done
# all of them at once: each line once, but for the filters that must be named
"$onus" extract -o "filter_path=$filters" "$dir/log" 2>/dev/null | grep -vc '^#' >"$dir/got"
[ "$(cat "$dir/got")" = "$(awk '$3 != "-" && $2 !~ /^(nginx-error|database|postfix-verdict|web-error[a-z-]*\[|phone\[)/' "$dir/all" | wc -l)" ] || fail "$(cat "$dir/got") events of all filters together"
echo "ok: $(wc -l <"$dir/log") lines"
