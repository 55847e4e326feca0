#!/bin/bash
# onus-fetch against a web server that does all that web servers do: conditions, redirects, TLS, refusals, answers
# that are cut, too large, too slow or no answers; what it leaves on disk, and what it cannot do.
set -euo pipefail
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
make_authority
start_server "$dir/cert.pem" "$dir/key.pem"
mkdir "$dir/bodies"

# ask LINE…: the answers are in $dir/answers, in order of id
ask() {
  printf '%s\n' "$@" | "$fetch" --dir "$dir/bodies" --ca "$dir/ca.pem" --contact https://onus.example/ >"$dir/raw" 2>"$dir/log" ||
    fail "it exits $?: $(cat "$dir/log")"
  jq -s -c 'sort_by(.id)[]' "$dir/raw" >"$dir/answers"
  n=$((n + 1))
}
# one URL EXPRESSION [MEMBERS]: what is asked and a jq expression that holds of the answer
one() {
  rm -f "$dir/bodies/"*
  ask "{\"id\":7,\"url\":\"$1\",\"out\":\"body\"${3:+,$3}}"
  [ "$(wc -l <"$dir/answers")" = 1 ] || fail "$1: $(cat "$dir/answers")"
  jq -e ".id == 7 and ($2)" "$dir/answers" >/dev/null || fail "$1: $(cat "$dir/answers") is not $2"
}
nobody() { [ -z "$(ls -A "$dir/bodies")" ] || fail "it left $(ls -A "$dir/bodies")"; }
holds() { [ "$(cat "$dir/bodies/body")" = "$1" ] || fail "the body is $(head -c 200 "$dir/bodies/body")"; }

# --- what goes well
one "$http/ok" '.end == "ok" and .status == 200 and .bytes == 6 and .modified == 1700000000 and .etag == "\"v1 of it\"" and .type == "text/x"'
holds hello
[ "$(stat -c %a "$dir/bodies/body")" = 644 ] || fail 'others cannot read it'
one "$http/empty" '.status == 200 and (.bytes // 0) == 0'
[ -e "$dir/bodies/body" ] || fail 'an empty body is no file'
one "$http/agent" '.status == 200' '"accept":"application/rdap+json"'
grep -qxF "user-agent: onus/$("$ONUS_BUILD/src/prog/onus/onus" --version | cut -d' ' -f2) (+https://onus.example/)" "$dir/bodies/body" ||
  fail "$(cat "$dir/bodies/body")"
grep -qxF 'accept: application/rdap+json' "$dir/bodies/body" || fail 'no Accept'
! grep -qE '^(cookie|authorization|referer|accept-encoding)' "$dir/bodies/body" || fail 'it says too much'
one "$https/ok" '.status == 200 and .bytes == 6'

# --- conditions
one "$http/same" '.status == 200'
holds new
one "$http/same" '.status == 304 and (.bytes // 0) == 0' '"etag":"\"v1 of it\""'
nobody
one "$http/same" '.status == 304' '"since":1700000000'
nobody
one "$http/same" '.status == 200' '"etag":"\"v0\""'

# --- answers that are no
for status in 400 404 410 500 503; do
  one "$http/$status" ".end == \"ok\" and .status == $status"
  nobody
done
one "$http/missing-and-large" '.end == "ok" and .status == 404'
one "$http/later" '.status == 429 and .retry_after == 120'
one "$http/later-date" '.status == 503 and .retry_after > 290 and .retry_after <= 300'
one "$http/later-nonsense" '.status == 429 and .retry_after == null'
nobody

# --- redirects
one "$http/hop" ".status == 200 and .url == \"$http/ok\""
one "$http/hops/5" ".status == 200"
holds arrived
one "$http/hops/6" '.end == "redirect" and .status == 301'
one "$http/round" '.end == "redirect"'
one "$http/hop" '.end == "redirect" and .status == 302 and (.location | endswith("/ok"))' '"max_redirects":99'
one "$http/away?ftp://localhost/x" '.end == "redirect" and .location == null' '"max_redirects":99'
one "$http/to-https" ".status == 200 and .url == \"$https/ok\""
one "$https/to-http" '.end == "redirect" and (.error | contains("leave https"))'
one "$http/away?file:///etc/hostname" '.end == "redirect"'
one "$http/away?ftp://localhost/x" '.end == "redirect"'
one "$http/away?http://user:word@localhost/x" '.end == "redirect"'
one "$http/nowhere" '.end == "ok" and .status == 302'
nobody

# from the Internet nobody leads us into our own network; to a place on the Internet he may. In a network of its
# own, where an address of the Internet is this host's.
inside() {
  ip link set lo up && ip addr add 203.0.114.1/32 dev lo && ip addr add 203.0.114.2/32 dev lo || return 9
  FETCH_LISTEN=0.0.0.0 start_server
  local port=${http##*:}
  one "http://203.0.114.1:$port/away?http://203.0.114.2:$port/ok" '.status == 200'
  one "http://203.0.114.1:$port/away?http://127.0.0.1:$port/ok" '.end == "redirect" and (.error | contains("own network"))'
  one "http://203.0.114.1:$port/away?http://localhost:$port/ok" '.end == "redirect"'
  one "http://203.0.114.1:$port/away?http://[::1]:$port/ok" '.end == "redirect"'
  nobody
  one "http://127.0.0.1:$port/away?http://203.0.114.1:$port/ok" '.status == 200'
  kill "$server"
}
export -f inside one ask nobody fail start_server
export fetch dir n
if unshare -rn true 2>/dev/null; then
  rm -f "$dir/bodies/"*
  unshare -rn bash -euc 'trap "kill \$server 2>/dev/null || true" EXIT; inside' || fail 'redirects into the own network'
else
  echo 'skipped: redirects into the own network (no network namespaces here)'
fi

# --- answers that are none, or not whole
one "$http/garbage" '.end == "garbage"'
one "$http/old" '.end == "garbage"'
one "$http/nothing" '.end == "cut"'
one "$http/cut" '.end == "cut" and .status == 200'
one "$http/cut-chunk" '.end == "cut"'
one "$http/silence" '.end == "timeout"' '"timeout_ms":400'
one "$http/drip" '.end == "timeout" and (.error | contains("too slow"))' '"slow_s":2,"slow_bytes":50'
one "$http/drip" '.end == "timeout"' '"timeout_ms":1500'
one "$http/large" '.end == "too-big"' '"max_bytes":4999'
one "$http/large-untold" '.end == "too-big"' '"max_bytes":4999'
one "$http/lies" '.end == "too-big"'
one "$http/endless-heads" '.end != "ok"'
nobody
one "$http/large" '.status == 200 and .bytes == 5000' '"max_bytes":5000'
one "$http/bad-heads" '.status == 200 and .etag == null and .type == null and .modified == null'
one "$http/long-heads" '.status == 200 and .etag == null and .type == null'

# --- nobody there, or the wrong one
one "http://localhost:1/x" '.end == "connect" and .status == null'
one "http://no-such-host.invalid/x" '.end == "resolve"'
one "${https/localhost/127.0.0.1}/ok" '.end == "tls"'
nobody
printf '{"id":7,"url":"%s/ok","out":"body"}\n' "$https" | "$fetch" --dir "$dir/bodies" >"$dir/raw"
jq -e '.end == "tls"' "$dir/raw" >/dev/null || fail 'it trusts an authority of nobody'

# --- requests that are none
while read -r line; do
  ask "$line"
  jq -e '.end == "refused" and (.error | length > 0)' "$dir/answers" >/dev/null || fail "$line: $(cat "$dir/answers")"
done <<'LINES'
nonsense
[]
{"id":1}
{"id":1,"url":"file:///etc/hostname","out":"x"}
{"id":1,"url":"ftp://localhost/","out":"x"}
{"id":1,"url":"http://localhost/ x","out":"x"}
{"id":1,"url":"http://user@localhost/","out":"x"}
{"id":1,"url":"http://","out":"x"}
{"id":1,"url":"http://localhost/","out":"../x"}
{"id":1,"url":"http://localhost/","out":".x"}
{"id":1,"url":"http://localhost/","out":"a/b"}
{"id":1,"url":"http://localhost/","out":""}
{"id":1,"url":"http://localhost/","out":"x","etag":"a\r\nX-More: b"}
{"id":1,"url":"http://localhost/","out":"x","accept":"a\nb"}
{"id":1,"url":"http://localhost/","out":"x","max_bytes":-1}
{"id":1,"url":"http://localhost/","out":"x","max_bytes":1e9}
{"id":1,"url":"http://localhost/","out":"x","more":1}
{"id":1,"id":2,"url":"http://localhost/","out":"x"}
LINES
nobody
# a line without end is refused once, and the next one is whole again
{ head -c 100000 /dev/zero | tr '\0' 'x'; printf '\n{"id":3,"url":"%s/ok","out":"body"}' "$http"; } |
  "$fetch" --dir "$dir/bodies" >"$dir/raw" || fail 'it ends over a long line'
jq -s -e 'length == 2 and .[0].end == "refused" and .[1].status == 200' "$dir/raw" >/dev/null || fail "$(cat "$dir/raw")"

# --- many at once: each is answered once, with its own body
lines=()
for i in $(seq 300); do lines+=("{\"id\":$i,\"url\":\"$http/size?$i\",\"out\":\"b$i\"}"); done
ask "${lines[@]}"
jq -s -e 'length == 300 and ([range(300)] | map(. + 1)) == map(.id) and all(.[]; .bytes == .id)' "$dir/answers" >/dev/null ||
  fail 'not every request was answered once'
for i in 1 17 300; do [ "$(stat -c %s "$dir/bodies/b$i")" = "$i" ] || fail "b$i"; done
rm "$dir/bodies/"*

# --- proxies, by curl's own rules
printf '{"id":1,"url":"http://proxied.example/ok","out":"body"}\n' | http_proxy=$http "$fetch" --dir "$dir/bodies" >"$dir/raw"
jq -e '.status == 404' "$dir/raw" >/dev/null || fail "the proxy was not asked: $(cat "$dir/raw")"
tail -1 "$dir/asked" | grep -qF ' http://proxied.example/ok' || fail 'the proxy was not asked as one'
printf '{"id":1,"url":"%s/ok","out":"body"}\n' "$http" | http_proxy=http://localhost:1 no_proxy=localhost "$fetch" --dir "$dir/bodies" >"$dir/raw"
jq -e '.status == 200' "$dir/raw" >/dev/null || fail 'no_proxy is not heeded'
rm "$dir/bodies/"*

# --- one process a directory; killed in the middle it leaves nothing under the name, and the next one tidies up
mkfifo "$dir/pipe"
"$fetch" --dir "$dir/bodies" <"$dir/pipe" >"$dir/raw" 2>"$dir/log" &
child=$!
exec 9>"$dir/pipe"
printf '{"id":1,"url":"%s/drip","out":"body"}\n' "$http" >&9
for _ in $(seq 2400); do [ ! -s "$dir/bodies/.body.part" ] || break; sleep 0.1; done
[ -s "$dir/bodies/.body.part" ] || fail 'nothing is written while it comes'
code=0
printf '{"id":1,"url":"%s/ok","out":"body"}\n' "$http" | "$fetch" --dir "$dir/bodies" >"$dir/raw2" 2>"$dir/log2" || code=$?
{ [ "$code" = 2 ] && grep -q 'another onus-fetch' "$dir/log2"; } || fail "two in one directory: $code $(cat "$dir/log2")"
kill -KILL "$child"
wait "$child" 2>/dev/null || true
exec 9>&-
[ "$(ls -A "$dir/bodies")" = .body.part ] || fail "it left $(ls -A "$dir/bodies")"
"$fetch" --dir "$dir/bodies" </dev/null
nobody

# --- no file grows beyond the limit of the process, whatever is asked; a full disk is told
printf '{"id":1,"url":"%s/large","out":"body"}\n' "$http" | "$fetch" --dir "$dir/bodies" --max-bytes 4096 >"$dir/raw"
jq -e '.end == "disk" and (.error | contains("too large"))' "$dir/raw" >/dev/null || fail "$(cat "$dir/raw")"
nobody

# --- the golden lines of doc/contracts/fetch.md are such as it takes and gives
golden=$ONUS_SOURCE/tests/golden/fetch.ndjson
grep '"out"' "$golden" | sed "s|http://127.0.0.1:8080|$http|g" | "$fetch" --dir "$dir/bodies" >"$dir/raw"
jq -s -S -c 'sort_by(.id)[]' "$dir/raw" | sed "s|$http|http://127.0.0.1:8080|g" | diff - <(grep '"end"' "$golden" | jq -S -c .) ||
  fail 'the answers are not the golden ones'
rm -f "$dir/bodies/"*

# --- wrong usage
code=0; "$fetch" </dev/null 2>/dev/null || code=$?; [ "$code" = 3 ] || fail "no --dir: $code"
code=0; "$fetch" --dir "$dir/none" </dev/null 2>/dev/null || code=$?; [ "$code" = 2 ] || fail "no such directory: $code"
code=0; "$fetch" --dir "$dir" --contact $'x\r\ny' </dev/null 2>/dev/null || code=$?; [ "$code" = 3 ] || fail "bad contact: $code"
echo "ok: $n runs"
