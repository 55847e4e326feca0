#!/bin/bash
# The contracts in doc/contracts/: every golden file that a page names is there and a test reads it, the
# registry file is what its page says to somebody who has only the page, and the page of the plug-ins
# shows one that works.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pages=$ONUS_SOURCE/doc/contracts
fail() { echo "not ok: $*" >&2; exit 1; }

for page in event-line batch entity-names ledger registry-file reputation-file reputation-sqlite manifest decisions plugins web-api fetch warrant greylist-file; do
  [ -s "$pages/$page.md" ] || fail "no page $page.md"
  head -1 "$pages/$page.md" | grep -q 'version [0-9]' || fail "$page.md has no version"
done
named=0
while read -r golden; do
  [ -e "$ONUS_SOURCE/$golden" ] || fail "$golden is named and not there"
  grep -rqF "$(basename "$golden")" "$ONUS_SOURCE/tests" --include='*.c' --include='*.h' --include='*.sh' || fail "no test reads $golden"
  named=$((named + 1))
done < <(grep -rhoE 'tests/golden/[a-zA-Z0-9._-]*[a-zA-Z0-9]' "$pages" | sort -u)
[ "$named" -ge 9 ] || fail "only $named golden files are named"
echo "ok: $named golden files"

zstd -qdc "$ONUS_SOURCE/tests/golden/registry-4.zst" >"$dir/registry"
python3 "$ONUS_SOURCE/tests/cli/registry_page.py" "$dir/registry" || fail 'the registry file is not what its page says'

# the example of an action, as it stands on the page
# shellcheck disable=SC2016 # the marks of a code block
sed -n '/^```sh$/,/^```$/p' "$pages/plugins.md" | sed '1d;$d' >"$dir/example"
sed -i "s|/run/example.list|$dir/list|; s|-w /run |-w $dir |; s|cannot write /run|cannot write|" "$dir/example"
# tell VERB EXIT-CODE: what stands on stdin
tell() {
  local code=0
  sh "$dir/example" "$1" 2>"$dir/err" || code=$?
  [ "$code" = "$2" ] || fail "the example says $code to $1: $(cat "$dir/err")"
}
tell check 0 </dev/null
golden=$ONUS_SOURCE/tests/golden/decisions
tell sync 0 <"$golden"
sed -n 's/^+\taddr:\([^\t]*\).*/\1/p' "$golden" | diff - "$dir/list" || fail 'the example applies something else'
cp "$dir/list" "$dir/before"
head -n -1 "$golden" | tell sync 2                     # cut
{ cat "$golden"; sed 1d "$golden"; } | tell sync 2     # joined
{ cat "$golden"; printf '+\taddr:192.0.2.9\tdrop\t1\t\n'; } | tell sync 2 # more behind the end
tell sync 2 </dev/null
cmp -s "$dir/list" "$dir/before" || fail 'a list that was cut was applied'
printf '#onus-decisions 1\nend\t0\n' | tell sync 0
[ ! -s "$dir/list" ] || fail 'an empty list leaves walls standing'
tell nonsense 3 </dev/null
echo ok
