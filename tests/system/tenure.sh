#!/bin/bash
# Two dated files of a real registry, and what changed between them: the networks whose opaque id differs are the
# transfers, and no others. In those nine days nobody sold anything; so networks are sold in a copy of the second one,
# and the copy is confirmed by another: each then has both holders under lookup --at.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-rir-delegated
fail() { echo "not ok: $*" >&2; exit 1; }
check() { python3 "$ONUS_SOURCE/tests/system/tenure_check.py" "$@"; }
cd "$dir"
# build DAY FILE
build() { "$onus" registry build -o "registry-${1//-/}" "$2" >/dev/null; }
# diff OLD_DAY NEW_DAY: all of it
diff_of() { "$onus" registry diff --json --all "registry-${1//-/}" "registry-${2//-/}"; }

extended=$data/rir-delegated-extended/delegated-afrinic-extended
sold=delegated-afrinic-extended
check --sell 50 "$extended-2026-04-30" "$sold-2026-05-07"
cp "$sold-2026-05-07" "$sold-2026-05-14"
for day in 2026-04-21 2026-04-30; do build $day "$extended-$day"; done
for day in 2026-05-07 2026-05-14; do build $day "$sold-$day"; done

# --- diff, against a second reading ---------------------------------------------------------------------------
diff_of 2026-04-21 2026-04-30 >real
n=$(check "$extended-2026-04-21" "$extended-2026-04-30" <real)
[ "$n" = 0 ] && [ "$(jq '.sources[0].appeared' real)" = 12 ] || fail "the real files: $(cat real)"
diff_of 2026-04-30 2026-05-07 >market
n=$(check "$extended-2026-04-30" "$sold-2026-05-07" <market)
[ "$n" -gt 100 ] && [ "$(jq '.sources[0].transfer' market)" = "$n" ] || fail "$n networks were sold"
# the statistics of February have no ids: that each network has a holder since is no transfer
february=$data/rir-delegated-2026-02-13/delegated-afrinic-latest
build 2026-02-13 "$february"
diff_of 2026-02-13 2026-04-21 >told
[ "$(check "$february" "$extended-2026-04-21" <told)" = 0 ] || fail 'ids that are told now are transfers'
[ "$(jq '.sources[0].holder' told)" -gt 6000 ] || fail 'ids that are told now are not told of'

# --- all of them in the hub, and under --at -------------------------------------------------------------------
settings=(-o "hub=sqlite:$dir/hub.sqlite" -o "registry_file=$dir/registry" -o registry_max_age_days=3650)
"$onus" registry tenure "${settings[@]}" --json >tenure
[ "$(jq -c '[.builds, .recorded, .waiting, .unconfirmed]' tenure)" = "[5,$n,0,0]" ] || fail "tenure: $(cat tenure), not $n"
jq -r '.changes[] | select(.kind == "transfer") | [(.range | split("/")[0] | split("-")[0]), .range, .was, .is] | @tsv' market >transfers
cut -f1 transfers | "$onus" lookup "${settings[@]}" --at 2026-05-01 --json - >as_of
jq -r '[.address, (.tenure | map(.range) | unique)[], (.tenure[] | .holder)] | @tsv' as_of | diff transfers - ||
  fail 'not both holders of each'
jq -e -s 'all(.as_of == "2026-05-01" and .registry_date == "2026-04-30" and (.tenure | map(.then)) == [true, false]
  and .tenure[0].to == "2026-05-07" and .tenure[1].from == "2026-05-07" and .tenure[1].to == null)' as_of >/dev/null ||
  fail 'not the days of each'
IFS=$'\t' read -r address range was is <transfers
"$onus" lookup "${settings[@]}" --at 2026-05-10 "$address" >out
grep -qxF "  tenure    $range held by $was until 2026-05-07, by $is since; on 2026-05-10 by $is" out || fail "$(cat out)"

# --- this test can fail ---------------------------------------------------------------------------------------
for wrong in 'del(.changes[3])' '.changes[3].range = "1.0.0.0/24"' '.changes[3].kind = "holder"'; do
  jq "$wrong" market | check "$extended-2026-04-30" "$sold-2026-05-07" >/dev/null 2>&1 && fail "$wrong is not found"
done
echo "ok: $n networks changed hands"
