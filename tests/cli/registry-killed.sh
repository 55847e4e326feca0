#!/bin/bash
# onus registry build, killed at any moment: the registry in force is the old one or the new one, whole; the next build
# makes the same as if nothing had been, and removes what the killed ones left. A living one's is left alone.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; exit 1; }

# stats FIRST N: RIR statistics of N networks
stats() {
  printf '2|ripencc|20261101|%d|19930901|20261031|+0100\n' "$2"
  awk -v f="$1" -v n="$2" 'BEGIN {for (i = f; i < f + n; i++)
    printf "ripencc|NL|ipv4|%d.%d.%d.0|256|20200101|allocated|%08x\n", 20 + i / 65536, i / 256 % 256, i % 256, i}'
}
# build FILE [OPTIONS]
build() { "$onus" registry build -c /dev/null -m '' --keep -o "$at/registry" "$@" >/dev/null 2>&1; }
listing() { find "$at" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' '; }
today=$(date -u +%Y%m%d)
stats 0 40000 >even
stats 12000 40000 >odd
touch -d 2026-11-01 even odd
for which in even odd; do
  at=$dir/$which.d
  mkdir "$at"
  from=$(date +%s%3N)
  build "$which" || fail "$which does not build"
  whole_ms=$(($(date +%s%3N) - from))
done
[ "$today" = "$(date -u +%Y%m%d)" ] || exit 77 # another day began meanwhile
clean=".registry.proven registry registry-$today "
[ "$(listing)" = "$clean" ] || fail "a build leaves $(listing)"

at=$dir/at
mkdir "$at"
build even
old=0 new=0 litter=0
for step in $(seq 24); do
  if [ $((step % 2)) = 1 ]; then before=even after=odd; else before=odd after=even; fi
  "$onus" registry build -c /dev/null -m '' --keep -o "$at/registry" "$after" >/dev/null 2>&1 &
  child=$!
  if [ $((step % 4)) -lt 2 ]; then # as soon as there is something half done
    while kill -0 "$child" 2>/dev/null && ! compgen -G "$at/*.tmp-*" >/dev/null; do :; done
  else
    sleep "$(awk -v s="$step" 'BEGIN {print s * '"$whole_ms"' / 40000}')"
  fi
  kill -KILL "$child" 2>/dev/null || true
  wait "$child" 2>/dev/null || true
  ! compgen -G "$at/*.tmp-*" >/dev/null || litter=$((litter + 1))
  if cmp -s "$at/registry" "$before.d/registry"; then old=$((old + 1))
  elif cmp -s "$at/registry" "$after.d/registry"; then new=$((new + 1))
  else fail "killed at step $step, the registry is neither"; fi
  "$onus" registry info -c /dev/null "$at/registry" >info 2>&1 || fail "killed at step $step: $(cat info)"
  "$onus" lookup -c /dev/null -r "$at/registry" 20.100.0.1 >info 2>&1 || fail "killed at step $step: $(cat info)"
  [ $((step % 3)) != 0 ] || sleep 0.01
  build "$after" || fail "after a kill at step $step the next build fails"
  cmp -s "$at/registry" "$after.d/registry" || fail "after a kill at step $step the next build makes something else"
  [ "$(listing)" = "$clean" ] || fail "after a kill at step $step the next build leaves $(listing)"
  "$onus" registry info -c /dev/null "$at/registry" | grep -q 'proven before' || fail 'it has no stamp'
done
{ [ "$old" -gt 10 ] && [ "$litter" -gt 3 ]; } || fail "killed too late: $old old, $new new, $litter half done"

# --- what goes is what killed ones left, and no more: not that of who is still at it, nor files of other names
mine=(registry.tmp-x registry.tmp- registry-old.tmp-1 registry2.tmp-1 other.tmp-1 registry.tmp-1.gz)
theirs=(registry.tmp-1 registry-20260101.tmp-22 .registry.proven.tmp-333)
cd "$at"
touch "${mine[@]}" "${theirs[@]}"
ln -s ../even registry.tmp-4
mkdir registry.tmp-5
: >registry.tmp-6
exec 9<registry.tmp-6
flock 9
cd "$dir"
build even
for name in "${mine[@]}" registry.tmp-4 registry.tmp-5 registry.tmp-6; do
  [ -e "$at/$name" ] || fail "$name is gone"
done
for name in "${theirs[@]}"; do [ ! -e "$at/$name" ] || fail "$name is still there"; done
exec 9<&-
build even
[ ! -e "$at/registry.tmp-6" ] || fail 'what nobody has any more is still there'
echo "ok: $old times the old one, $new the new one, $litter half done"
