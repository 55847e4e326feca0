#!/bin/bash
# onus-fetch goes on where a body was cut: byte for byte what the server has, and hardly more is sent than that; never
# a mixture of two files, whoever lies. Killed in the middle it goes on in the next process.
set -euo pipefail
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
start_server
bodies=$dir/bodies
mkdir "$bodies"
touch "$dir/ranges" "$dir/sent"

# ask URL [MEMBERS [MAX_BYTES]]: one request with resume, in a process of its own; its answer is in $dir/answer
ask() {
  printf '{"url":"%s","out":"body","resume":1,"max_bytes":%d%s}\n' "$1" "${3:-100000000}" "${2:+,$2}" |
    "$fetch" --dir "$bodies" >"$dir/answer" 2>"$dir/log" || fail "it exits $?: $(cat "$dir/log")"
  n=$((n + 1))
}
is() { jq -e "$1" "$dir/answer" >/dev/null || fail "$url: $(cat "$dir/answer") is not $1"; }
whole() { cmp -s "$bodies/body" "$dir/served" || fail "$url: the body is not what is served"; }
none() { [ ! -e "$bodies/body" ] || fail "$url: there is a body"; }
kept() { compgen -G "$bodies/.body.*" >/dev/null; }
last() { tail -1 "$dir/ranges"; }
fresh() { rm -rf "$bodies" && mkdir "$bodies"; : >"$dir/sent"; : >"$dir/ranges"; }
sent() { awk '{n += $3} END {print n + 0}' "$dir/sent"; }
head -c 300000 /dev/urandom >"$dir/served"
touch -d 2026-11-01 "$dir/served"
tag="\"$(printf '%x' "$(python3 -c 'import sys, zlib; print(zlib.crc32(open(sys.argv[1], "rb").read()))' "$dir/served")")\""

# --- cut again and again, told by ETag, by date, both, of a length that is told or not
for how in by=etag by=date by=both 'by=etag&chunked=1' 'by=date&chunked=1' 'by=etag&piece=100000'; do
  fresh
  url="$http/part?file=served&cut=1-60000&$how"
  for i in $(seq 200); do
    ask "$url"
    jq -e '.end == "cut"' "$dir/answer" >/dev/null || break
    none
    is ".kept > 0 and .kept < 300000 and .bytes == null"
  done
  is '.end == "ok" and .status == 200 and .bytes == 300000 and .resumed > 0 and .kept == null and .anew == null'
  case $how in *etag*) is ".etag == $(jq -n --arg t "$tag" '$t')" ;; *) is '.modified == 1793491200' ;; esac
  whole
  [ "$(sent)" = 300000 ] || fail "$url: $(sent) bytes were sent for 300000"
  [ "$i" -gt 3 ] || fail "$url: it was hardly cut"
  if [ "$how" = by=etag ]; then last | grep -qxE "bytes=[0-9]+- $tag identity" || fail "asked with $(last)"; fi
  if [ "$how" = by=date ]; then last | grep -qxE 'bytes=[0-9]+- Sun, 01 Nov 2026 00:00:00 GMT identity' || fail "asked with $(last)"; fi
done

# begin [OPTIONS]: $url is cut once
begin() {
  fresh
  rm -f "$dir/again"
  url="$http/part?file=served&cut=100000-100000&once=1&run=$n${1:+&$1}"
  ask "$url"
  is '.end == "cut"'
}

# --- what names no file for sure is not gone on with: a weak ETag, a date of just now, none
for by in weak young none; do
  begin "by=$by"
  is '.kept == null'
  ! kept || fail "$by: something is kept"
  ask "$url"
  is '.status == 200 and .resumed == null and .anew == null'
  last | grep -qx -- '- - identity' || fail "$by: asked with $(last)"
  whole
done

# --- the file changes between: it is the new one, all of it
for by in etag date both; do
  begin "by=$by"
  is '.kept == 100000'
  head -c 300000 /dev/urandom >"$dir/served"
  touch -d "2026-11-$((2 + n % 20))" "$dir/served"
  ask "$url"
  is '.status == 200 and .bytes == 300000 and .resumed == null and (.anew | contains("another one by now"))'
  whole
done

# --- those who lie: what was kept is thrown away, it is said why, and the whole is what it should be
while read -r lie why; do
  begin "lie=$lie&by=both"
  ask "$url"
  is ".status == 200 and .bytes == 300000 and .resumed == null and ((.anew // \"\") | contains(\"$why\"))"
  [ "$(tail -2 "$dir/ranges" | cut -d' ' -f1 | tr '\n' ' ')" = 'bytes=100000- - ' ] || [ "$lie" = ignore ] ||
    fail "$lie: asked with $(cat "$dir/ranges")"
  whole
done <<'LIES'
shift another part
start another part
total longer or shorter
past no range
backward no range
unit no range
words no range
huge no range
silent does not say which
two does not say which
other something else
no-etag something else
other-day something else
packed packed
longer more or less than it says
long-chunked more than it says
endless more than it says
416 no such part
ignore sends no parts
LIES
# a server that does not say how long the whole is, and had not
begin 'lie=star&chunked=1'
ask "$url"
is '.status == 200 and (.anew | contains("how long"))'
whole
# it had: then it may
begin lie=star
ask "$url"
is '.status == 200 and .resumed == 100000 and .anew == null'
whole
# less than it says: what came of it counts
begin lie=short-chunked
ask "$url"
is '.end == "cut" and .kept == 200000'
ask "$url"
is '.end == "cut" and .kept == 250000'
# parts for somebody who asked for the whole
fresh
url="$http/part?file=served&lie=unasked"
ask "$url"
is '.end == "ok" and .status == 206 and .bytes == null'
none

# --- the limit is of the whole
begin
ask "$url" '' 299999
is '.end == "too-big" and .kept == null'
none
! kept || fail 'too large, and kept'
begin lie=huge
ask "$url" '' 100001
is '.end == "too-big"'
none

# --- only who sent the beginning is asked for the rest; where the way leads is not it
fresh
url="$http/led?part?file=served&cut=100000-100000&once=1&run=led"
ask "$url"
is '.end == "cut" and .kept == 100000'
: >"$dir/ranges"
ask "$url"
is '.status == 200 and .resumed == 100000'
[ "$(cut -d' ' -f1 "$dir/ranges" | tr '\n' ' ')" = '- bytes=100000- ' ] || fail "who was asked: $(cat "$dir/ranges")"
whole
fresh
url="$http/led-on?part?file=served&cut=100000-100000&once=1&run=led-on"
ask "$url"
is '.end == "cut" and .kept == 100000'
: >"$dir/ranges"
ask "$url"
is '.status == 200 and .resumed == null and (.anew | contains("another address"))'
! grep -q bytes "$dir/ranges" || fail "another server was asked for the rest: $(cat "$dir/ranges")"
whole

# --- answers that are none leave it; the condition is still asked, and ends it
begin
for other in 503 404 nothing garbage 'away?ftp://localhost/x'; do
  ask "$http/$other"
  is '.kept == 100000'
done
ask "http://localhost:1/"
is '.end == "connect" and .kept == 100000'
ask "$url" '"etag":"\"x\""'
is '.status == 200 and .resumed == 100000'
begin
ask "$url" "\"etag\":$(jq -n --arg t "\"$(printf '%x' "$(python3 -c 'import sys, zlib; print(zlib.crc32(open(sys.argv[1], "rb").read()))' "$dir/served")")\"" '$t')"
is '.status == 304 and .kept == null'
! kept || fail 'it is the newest, and a part is kept'

# --- a request without resume neither keeps nor goes on
begin
printf '{"url":"%s","out":"body"}\n' "$url" | "$fetch" --dir "$bodies" >"$dir/answer"
is '.status == 200 and .resumed == null'
last | grep -qx -- '- - -' || fail "asked with $(last)"
! kept || fail 'something is kept'

# --- after a power cut only what was on the disk counts
from=$bodies/.body.from
begin
jq -e '.synced == 100000 and .total == 300000' "$from" >/dev/null || fail "$(cat "$from")"
jq -c '.boot = "another" | .synced = 60000' "$from" >"$dir/x" && cp "$dir/x" "$from"
ask "$url"
is '.status == 200 and .resumed == 60000'
whole
begin
jq -c '.boot = "another" | del(.synced)' "$from" >"$dir/x" && cp "$dir/x" "$from"
ask "$url"
is '.status == 200 and .resumed == null'
whole
# --- what is kept is for a week, and with what it is of; other things there are left alone
for spoil in 'rm $from' 'echo nonsense >$from' ': >$from' 'rm $bodies/.body.part' 'head -c 20000 /dev/zero >$from' \
  'touch -d "8 days ago" $bodies/.body.part' 'touch -d "next month" $bodies/.body.part' \
  'rm $bodies/.body.part; ln -s /etc/hostname $bodies/.body.part' 'rm $bodies/.body.part; mkdir $bodies/.body.part' \
  'head -c 300001 /dev/zero >$bodies/.body.part' 'jq -c ".etag = \"W/x\"" $from >$dir/x; cp $dir/x $from' \
  'jq -c "del(.etag)" $from >$dir/x; cp $dir/x $from'; do
  begin
  eval "$spoil"
  ask "$url"
  [ -d "$bodies/.body.part" ] || { is '.status == 200 and .resumed == null'; whole; }
done
begin
touch -d '6 days ago' "$bodies/.body.part"
touch "$bodies/mine"
ask "$url"
is '.status == 200 and .resumed == 100000'
[ -e "$bodies/mine" ] || fail 'a file of somebody else is gone'
: >"$bodies/.other.from.new"
rm "$bodies/body"
"$fetch" --dir "$bodies" </dev/null
[ "$(ls -A "$bodies")" = mine ] || fail "it left $(ls -A "$bodies")"

# --- whole, and killed before anybody took it: one byte is asked for again
begin by=both
ask "$url"
: >"$dir/sent"
ask "$url"
is '.status == 200 and .resumed == 299999'
[ "$(sent)" = 1 ] || fail "$(sent) bytes were sent"
whole

# --- killed at any moment, again and again, and by a server that cuts: what is on the disk is asked for no second time
# next: which byte is to be asked for, as far as files tell
next() {
  local have
  have=$(stat -c %s "$bodies/.body.part" 2>/dev/null) && [ -e "$from" ] || have=0
  [ "$have" != 3000000 ] || have=2999999
  if [ "$have" = 0 ]; then echo -; else echo "bytes=$have-"; fi
}
# A fast machine is done before many are killed: rounds go on until enough were.
kills=0 on=0 round=0
while [ "$kills" -lt 6 ] || [ "$on" -lt 11 ]; do
  round=$((round + 1))
  [ "$round" -le 120 ] || fail "only $kills were killed in time, $on went on"
  fresh
  head -c 3000000 /dev/urandom >"$dir/served"
  touch -d "2026-0$((round % 9 + 1))-15" "$dir/served"
  url="$http/part?file=served&by=$([ $((round % 2)) = 0 ] && echo etag || echo date)&cut=1-900000&killed=$round"
  while [ ! -e "$bodies/body" ]; do
    want=$(next) asked=$(wc -l <"$dir/ranges")
    if [ $((RANDOM % 4)) = 0 ]; then
      ask "$url"
    else
      printf '{"url":"%s","out":"body","resume":1,"max_bytes":100000000}\n' "$url" >"$dir/line"
      "$fetch" --dir "$bodies" <"$dir/line" >"$dir/answer" 2>/dev/null &
      child=$!
      sleep "0.0$((RANDOM % (1 + round % 10)))$((RANDOM % 10))"
      if kill -KILL "$child" 2>/dev/null; then kills=$((kills + 1)); fi
      wait "$child" 2>/dev/null || true
    fi
    [ "$(wc -l <"$dir/ranges")" -gt "$asked" ] || continue
    got=$(last | cut -d' ' -f1)
    [ "$got" = "$want" ] || fail "asked for $got, not $want"
    [ "$got" = - ] || on=$((on + 1))
  done
  whole
done
echo "ok: $n runs, $kills killed, $on went on"
