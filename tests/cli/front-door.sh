#!/bin/bash
# The front door: help, version, unknown commands, exit codes, configuration errors.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() { echo "not ok: $*" >&2; exit 1; }
status() { local want=$1 got=0; shift; "$@" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$want" ] || fail "$* exits $got, not $want: $(cat "$dir/err")"; }

status 0 "$onus" help
grep -q '^  conf ' "$dir/out" || fail 'help does not list conf'
status 0 "$onus" --version
grep -qE '^onus [0-9]' "$dir/out" || fail 'no version'
status 3 "$onus" nonsense
grep -q 'onus help' "$dir/err" || fail 'the error does not say what to do'

# every command answers --help, and `onus help COMMAND` is the same text
for c in $("$onus" help | awk '/^  [a-z]/ {print $1}'); do
  status 0 "$onus" "$c" --help
  grep -q '^Usage: onus' "$dir/out" || fail "$c --help has no usage line"
  cp "$dir/out" "$dir/help"
  status 0 "$onus" help "$c"
  cmp -s "$dir/out" "$dir/help" || fail "help $c differs from $c --help"
  status 3 "$onus" "$c" --no-such-option
done

# what conf prints can be read back
"$onus" conf -c /dev/null >"$dir/conf"
"$onus" conf -c "$dir/conf" | cmp - "$dir/conf" || fail 'conf does not read its own output'
printf 'site_name = x\nnonsense = 1\n' >"$dir/bad"
status 2 "$onus" conf -c "$dir/bad"
grep -q "bad:2: unknown parameter" "$dir/err" || fail 'no file and line in the error'
echo ok
