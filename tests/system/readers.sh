#!/bin/bash
# The readers of registry inputs over all real files there are: every record, every sum and every range is what a
# second reading in Python says; persons are in no fact; `onus lookup` tells the chain as each answer does. A reader that
# errs in one record is found.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-rir-delegated registry-whois-rdap-samples
fail() { echo "not ok: $*" >&2; exit 1; }
check() { python3 "$ONUS_SOURCE/tests/system/readers_check.py" "$1" "$data" "$dir" "$2"; }
for part in rir whois arin rdap chain; do
  check "$onus" "$part"
done

# --- packed, and from a pipe ---------------------------------------------------------------------------------
file=$(find "$data" -name delegated-apnic-latest)
"$onus" registry read "$file" | sed 's/^[^ ]* //' >"$dir/plain"
xz -0 -c "$file" >"$dir/packed.xz"
"$onus" registry read "$dir/packed.xz" | sed 's/^[^ ]* //' | diff "$dir/plain" - || fail 'packed, it reads otherwise'
gzip -c "$file" | "$onus" registry read - | sed 's/^[^ ]* //' | diff "$dir/plain" - || fail 'from a pipe, it reads otherwise'

# --- a file that was cut is told of ---------------------------------------------------------------------------
head -c 2000000 "$file" >"$dir/cut"
"$onus" registry read --json "$dir/cut" 2>"$dir/err" >"$dir/said"
grep -q 'refused: .*/cut:[0-9]*: .* of 16719 ipv6 records' "$dir/err" || fail 'a cut file passes'

# --- this test can fail: a reader that is wrong in one record, a sum, a name --------------------------------
for wrong in 's/"asn":1229,/"asn":1230,/' '4321d' 's/"addresses":115996416/"addresses":115996417/' \
  'rdap s/"abuse":"ZG39-ARIN"/"abuse":"GOGL"/' 'whois s/"name":"MTN SA"/"name":"MTN"/' \
  'arin s/94043/94044/' 'chain s/216 14th Avenue/216 14th Street/'; do
  part=rir
  case $wrong in rdap\ * | whois\ * | arin\ * | chain\ *) part=${wrong%% *} ;; esac
  printf '#!/bin/sh\n"%s" "$@" >"%s/out"\ncode=$?\nsed '\''%s'\'' "%s/out"\nexit $code\n' \
    "$onus" "$dir" "${wrong#"$part" }" "$dir" >"$dir/wrong"
  chmod +x "$dir/wrong"
  if check "$dir/wrong" "$part" >/dev/null 2>"$dir/err"; then
    fail "$part: $wrong is not found"
  fi
  grep -q 'it should be' "$dir/err" || fail "$part: $wrong: $(cat "$dir/err")"
done
echo ok
