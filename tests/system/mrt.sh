#!/bin/bash
# Real tables in MRT, read by way of bgpdump, say what the text that their publisher keeps beside them says:
# every prefix, every origin, the number of peers. Real updates say nothing of what is announced.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
command -v bgpdump >/dev/null || { echo 'skipped: no bgpdump (apt-get install bgpdump)' >&2; exit 77; }
need_data registry-mrt-small
fail() { echo "not ok: $*" >&2; exit 1; }
check() { python3 "$ONUS_SOURCE/tests/system/mrt_check.py" "$1" "$data/mrt-bgpdump"; }
check "$onus"

# --- the same table plain, packed otherwise, from a pipe ------------------------------------------------------
file=$data/mrt-bgpdump/test_data/bview.ipv4_unicast_add_path.gz
"$onus" registry read --facts "$file" >"$dir/want"
gzip -dc "$file" >"$dir/plain"
python3 -c 'import bz2, sys; sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))' <"$dir/plain" >"$dir/bz2"
xz -c "$dir/plain" >"$dir/xz"
for same in plain bz2 xz; do
  "$onus" registry read --facts "$dir/$same" | diff "$dir/want" - || fail "$same: it reads otherwise"
  "$onus" registry read --facts - <"$dir/$same" | diff "$dir/want" - || fail "$same from a pipe: it reads otherwise"
done

# --- a table that was cut, and a cut archive of one, are told of ---------------------------------------------
head -c 1500 "$dir/plain" >"$dir/cut"
"$onus" registry read "$dir/cut" >"$dir/out" 2>"$dir/err"
grep -q 'refused .* incomplete dump record' "$dir/out" || fail 'a cut table passes'
head -c 400 "$file" >"$dir/cut.gz"
if "$onus" registry read "$dir/cut.gz" >"$dir/out" 2>"$dir/err"; then fail 'a cut archive passes'; fi

# --- and tables with bytes that were changed, which bgpdump may complain of, refuse or die of: that is told, never less
python3 - "$dir/plain" "$dir" <<'PY'
import random, sys
random.seed(4271)
data = open(sys.argv[1], "rb").read()
for n in range(40):
    b = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 20))):
        b[random.randrange(12, len(b))] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))
    open(f"{sys.argv[2]}/changed{n}", "wb").write(b)
PY
told=0
for n in $(seq 0 39); do
  code=0
  "$onus" registry read --facts "$dir/changed$n" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" -le 2 ] || fail "changed$n: exit code $code: $(cat "$dir/err")"
  { [ "$code" != 2 ] || grep -q "changed$n: " "$dir/err"; } || fail "changed$n: no reason: $(cat "$dir/err")"
  jq . "$dir/out" >/dev/null || fail "changed$n: what it prints is no JSON"
  [ "$code" = 0 ] && cmp -s "$dir/out" "$dir/want" || told=$((told + 1))
done
[ "$told" -gt 10 ] || fail "only $told changes made a difference"

# --- this test can fail ----------------------------------------------------------------------------------------
for wrong in 's/"asn":65011,/"asn":65012,/' '7d' 's/"seen":1}/"seen":2}/'; do
  printf '#!/bin/sh\n"%s" "$@" | sed '\''%s'\''\n' "$onus" "$wrong" >"$dir/wrong"
  chmod +x "$dir/wrong"
  if check "$dir/wrong" >/dev/null 2>"$dir/err"; then fail "$wrong is not found"; fi
  grep -q 'it should be' "$dir/err" || fail "$wrong: $(cat "$dir/err")"
done
echo ok
