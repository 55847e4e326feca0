#!/bin/bash
# onus registry build stamps what it has built and proven; a stamp counts for that very file and no other; `prove`
# makes a new one; what is damaged is refused whatever stands beside it; answers are the same with and without.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

settings=(-o registry_max_age_days=3650)
# proof FILE: how its rows came to be trusted
proof() { run 0 registry info "${settings[@]}" "$1"; sed -n 's/^its rows: //p' out; }
is() { [ "$(proof "$1")" = "$2" ] || fail "$3: $(proof "$1")"; }
before='proven before, as its stamp says'
none='proven just now: it has no stamp'
other='proven just now: its stamp does not fit'
unsafe="proven just now: its stamp is not its owner's alone"

printf '45.0.0.0,45.0.255.255,64505,One\n2a00::,2a00::ffff,64509,Six\n' >asn.csv
printf '46.0.0.0,46.0.255.255,64506,Two\n' >asn-2.csv
run 0 registry build -o reg asn.csv
is reg "$before" built
[ "$(stat -c %a .reg.proven)" = 644 ] || fail "the stamp's mode is $(stat -c %a .reg.proven)"
run 0 lookup -o registry_file=reg "${settings[@]}" 45.0.0.1 2a00::1 9.9.9.9
mv out with
mv .reg.proven aside
is reg "$none" 'without a stamp'
run 0 lookup -o registry_file=reg "${settings[@]}" 45.0.0.1 2a00::1 9.9.9.9
cmp -s with out || fail 'answers differ with the stamp'
mv aside .reg.proven
is reg "$before" 'its stamp is back'

# what is another file, or was changed
cp -p reg copy && cp -p .reg.proven .copy.proven
is copy "$other" 'a copy with its stamp'
touch reg
is reg "$other" touched
run 0 registry prove reg
grep -qx 'reg: proven; its stamp is .reg.proven' out || fail "prove says: $(cat out)"
is reg "$before" 'proven anew'
ln reg second
is reg "$other" 'a second name'
run 0 registry prove -r reg
is reg "$before" 'proven with a second name'
cp -p reg kept && touch -d 2026-01-01 kept && mv kept reg
is reg "$other" restored

# a build over it has a stamp of its own, and so has one that keeps its days
run 0 registry build -o reg asn-2.csv
is reg "$before" 'built over'
run 0 registry build --keep -o reg asn.csv asn-2.csv
is reg "$before" 'built and kept'
is "reg-$(date -u +%Y%m%d)" "$none" 'the build of the day'

# others than its owner
chmod g+w .reg.proven
is reg "$unsafe" 'a group may write the stamp'
chmod g-w .reg.proven
is reg "$before" 'nobody may again'
mv .reg.proven aside && ln -s aside .reg.proven
is reg "$unsafe" 'a link to the stamp'
rm .reg.proven && mkfifo .reg.proven
is reg "$unsafe" 'a fifo'
rm .reg.proven && mv aside .reg.proven
if [ "$(id -u)" = 0 ]; then
  chown 65534:65534 .reg.proven
  is reg "$unsafe" "somebody else's stamp"
  chown 0:0 .reg.proven
fi

# damaged behind its stamp, its time set back
run 0 registry prove reg
is reg "$before" 'before it is damaged'
touch -r reg time
printf '\377' | dd of=reg bs=1 seek="$(($(stat -c %s reg) - 3))" conv=notrunc status=none
touch -r time reg
for command in '3 lookup 45.0.0.1' '2 registry info' '2 registry prove'; do
  read -ra words <<<"$command"
  run "${words[@]}" -o registry_file=reg
  grep -q 'reg: the registry file is damaged (its checksum is wrong)' err || fail "$command says: $(cat err)"
done

# where no stamp can be written the file is as good as before
mkdir .reg-2.proven
run 0 registry build -o reg-2 asn.csv
grep -q '^onus registry: warning: .*.reg-2.proven' err || fail "no warning: $(cat err)"
is reg-2 "$unsafe" 'a directory in its place'
run 2 registry prove reg-2
run 2 registry prove nothing
grep -q 'there is no registry nothing' err || fail "prove of nothing says: $(cat err)"

# many at once over one name: whichever file is there, its stamp never lies
for _ in 1 2 3 4 5 6; do
  for k in 1 2; do "$onus" registry build -o race "$([ "$k" = 1 ] && echo asn.csv || echo asn-2.csv)" >/dev/null 2>&1 & done
  wait
done
case $(proof race) in "$before" | "$other" | "$none") ;; *) fail "after a race: $(proof race)" ;; esac
mv .race.proven was 2>/dev/null || true
is race "$none" 'after a race, proven'
echo ok
