#!/bin/bash
# onus-graph by hand: round-robin files and pictures of a host where nothing has run yet, of one size whatever comes;
# the page of them, in a private view alone; a file that is none of its own is told of.
set -euo pipefail
bin=$ONUS_BUILD/src/prog
dir=$(mktemp -d)
pid=
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"; }
trap cleanup EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; cat ./*.log >&2 || true; exit 1; }
cat >conf <<CONF
state_dir = $dir/state
spool_dir = $dir/spool
serve_dir = $dir/serve
graph_dir = $dir/odd:graph
web_root = $ONUS_SOURCE/web
web_listen = 127.0.0.1:0
wish_file =
CONF
serve() { # ARGUMENT…: sets url
  "$bin/web/onus-web" -c conf "$@" >web.out 2>web.log &
  pid=$!
  for _ in $(seq 2400); do
    if grep -q ready web.out; then break; fi
    kill -0 "$pid" 2>/dev/null || fail 'onus-web ended'
    sleep 0.1
  done
  url=$(grep -o 'http://[^ /]*' web.out)
}
end() { kill -TERM "$pid"; wait "$pid" || fail "exit code $? after SIGTERM"; pid=; }
code() { curl -s -o page -w '%{http_code}' "$url$1"; }

serve
[ "$(code /flows)" = 200 ] || fail 'no page before anything is drawn'
grep -q 'Nothing is drawn yet' page || fail 'not said that nothing is drawn'
[ "$(code /flows/queue-day.svg)" = 404 ] || fail 'a picture out of nothing'

"$bin/graph/onus-graph" -c conf --once 2>graph.log || fail "exit code $?"
n=$(find odd:graph -name '*.rrd' | wc -l) pictures=$(find odd:graph -name '*.svg' | wc -l)
[ "$n" = 6 ] && [ "$pictures" = 24 ] || fail "$n files, $pictures pictures"
[ "$(find odd:graph -type f | wc -l)" = 30 ] || fail "something else: $(ls -A odd:graph)"
for f in odd:graph/*.svg; do python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$f" || fail "$f is no XML"; done
du -sb odd:graph/*.rrd | awk '{ n += $1 } END { exit n > 8000000 }' || fail 'files larger than they should be'
[ "$(jq -r .state state/status/onus-graph.status)" = stopped ] || fail 'no status of its own'
[ "$(jq -r .counters.drawn state/status/onus-graph.status)" = 24 ] || fail 'the status counts other pictures'

[ "$(code /flows)" = 200 ] && [ "$(grep -c '<img src="/flows/[a-z]*-day.svg"' page)" = 6 ] || fail 'no page of six pictures'
[ "$(code '/flows?period=year')" = 200 ] && grep -q '/flows/lag-year.svg' page || fail 'no page of the year'
[ "$(code '/flows?period=../../x')" = 200 ] && grep -q '/flows/lag-day.svg' page || fail 'a period that is none'
[ "$(code /flows/queue-week.svg)" = 200 ] && cmp -s page odd:graph/queue-week.svg || fail 'not the picture'
for p in /flows/queue.rrd /flows/../state/status/onus-graph.status /flows/ /flows/queue-day.svg/ /flows/%2e%2e/conf; do
  [ "$(code "$p")" != 200 ] || fail "$p is given away"
done
end
serve -o web_public=yes
[ "$(code /flows)" = 404 ] && [ "$(code /flows/queue-week.svg)" = 404 ] || fail 'the public sees them'
[ "$(code /about)" = 200 ] && ! grep -q '/flows' page || fail 'the public sees a link to them'
end

# one that is broken is told of, and holds up none of the others
rm odd:graph/*.svg
echo nonsense >odd:graph/lag.rrd
"$bin/graph/onus-graph" -c conf 2>graph.log &
pid=$!
for _ in $(seq 2400); do
  if [ "$(jq -r .state state/status/onus-graph.status)" = trouble ]; then break; fi
  sleep 0.1
done
jq -e '.state == "trouble" and (.message | contains("lag.rrd"))' state/status/onus-graph.status >/dev/null || fail 'the status does not tell which file is broken'
grep -q 'lag.rrd' graph.log || fail 'not said which file is broken'
[ "$(find odd:graph -name '*.svg' | wc -l)" = 20 ] || fail 'one broken file holds up others'
[ "$(cat odd:graph/lag.rrd)" = nonsense ] || fail 'it was overwritten'
# moved away, it is made anew
mv odd:graph/lag.rrd away
for _ in $(seq 2400); do
  if [ "$(jq -r .state state/status/onus-graph.status)" = ok ]; then break; fi
  sleep 0.1
done
[ -s odd:graph/lag.rrd ] || fail 'it is not made anew'
end
echo ok
