#!/bin/bash
# The registry in a publication is a file of its own: whoever writes into the one it was read from changes nothing that
# is published. The next publication gives the same file a second name as long as it is the same registry.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

for x in A B; do
  echo "45.0.0.0,45.0.255.255,3333,Build $x" >"$dir/asn-$x.csv"
  "$onus" registry build -o "$dir/build-$x" "$dir/asn-$x.csv" >/dev/null
done
cp "$dir/build-A" "$dir/registry"
road_conf "$dir" <<CONF
[source own]
type = events
path = $dir/events
CONF
echo '#onus-events 1' >"$dir/events"
# more HOST: one attacker more, and a publication of it
more() {
  printf '%s\t45.0.0.%d\tbrute-force\t1\tfull\tsshd\tsshd\t\n' "$(($(date +%s) - 60))" "$1" >>"$dir/events"
  stages "$dir/conf" collect load score publish
  now=$(readlink "$dir/serve/current")
}
# whether who opens a published registry can do without proving it
stamped() { "$onus" registry info -o registry_max_age_days=3650 --json "$dir/serve/$now/registry" | jq .stamp_fits; }
inode() { stat -c %i "$1"; }
listed() { # is what the manifest says of it, and is the registry it should be
  awk -v s="$(sha256sum <"$dir/serve/$now/registry" | cut -d' ' -f1)" 'index($0, s) {found = 1} END {exit !found}' "$dir/serve/$now/manifest" ||
    fail 'the manifest speaks of another registry'
  cmp -s "$dir/serve/$now/registry" "$1" || fail "publication $now has not $1"
}

more 1
first=$now
listed "$dir/build-A"
[ "$(stamped)" = true ] || fail 'what was published anew has no stamp that fits'
[ "$(inode "$dir/serve/$first/registry")" != "$(inode "$dir/registry")" ] || fail 'what is published can be written into'
more 2
[ "$now" != "$first" ] || fail 'no second publication'
listed "$dir/build-A"
[ "$(inode "$dir/serve/$first/registry")" = "$(inode "$dir/serve/$now/registry")" ] || fail 'the same registry is kept twice'

# written over in place: what is published stays, the next one has the other
cat "$dir/build-B" >"$dir/registry"
listed "$dir/build-A"
more 3
listed "$dir/build-B"
[ "$(stamped)" = true ] || fail 'the other registry has no stamp that fits'
cmp -s "$dir/serve/$first/registry" "$dir/build-A" || fail 'an older publication has changed'
sqlite3 "$dir/serve/$now/reputation.sqlite" "SELECT title FROM entity WHERE kind = 'as'" | grep -qx 'Build B' || fail 'pages are of another registry'

# spoilt: the registry read before serves on, if the programs run; begun anew they say so and publish nothing
cp "$dir/build-B" "$dir/registry"
truncate -s 1000 "$dir/registry"
before=$now
if (more 4) 2>/dev/null; then fail 'published over a broken registry'; fi
[ "$(readlink "$dir/serve/current")" = "$before" ] || fail 'something was published'
now=$before
listed "$dir/build-B"
echo ok
