#!/bin/bash
# The generators of bench/ do not lie: what is answered, lost, wrong and late is counted as such, of servers that are known to do
# just that. A busy machine may lose more, or answer later than somebody waits: so each is tried again with more patience.
set -euo pipefail
bench=$ONUS_BUILD/bench
dir=$(mktemp -d)
server=''
unserve() { [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true; server=''; }
trap 'unserve; rm -rf "$dir"' EXIT
fail() {
  echo "FAILED: $*"
  cat "$dir/line" "$dir/said"
  exit 1
}
checks=0

serve() { # COMMAND…, which prints "port N"; sets $port
  unserve
  : >"$dir/port"
  "$@" >"$dir/port" &
  server=$!
  until [ -s "$dir/port" ]; do
    kill -0 "$server" 2>/dev/null || fail "$* does not run"
    sleep 0.05
  done
  port=$(cut -d ' ' -f 2 "$dir/port")
}
column() { cut -f "$1" "$dir/line"; }
asked() { column 14; }
right() { column 15; }
lost() { column 3; }
wrong() { column 4; }
delays_us() { column 6-8; }
exact() { [ "$(asked)" = $(($(right) + $(lost) + $(wrong))) ]; }

# want WHAT CONDITION GENERATOR OPTION…: with more patience each time, until the condition holds
want() {
  local ms what=$1 condition=$2
  shift 2
  for ms in 500 1000 2000 8000 30000; do
    "$@" -w 0 -x "$ms" >"$dir/line" 2>"$dir/said" || [ "$(wrong)" != 0 ] || fail "$what: it fails"
    exact || fail "$what: it does not add up"
    if [ "$(asked)" -ge 10 ] && eval "$condition"; then
      checks=$((checks + 1))
      return
    fi
  done
  fail "$what"
}

# --- datagrams
for ((i = 0; i < 700; i++)); do echo "host-$((i * i)).example"; done >"$dir/names"
dns() { "$bench/flood_dns" "$@" "udp:127.0.0.1:$port" "$dir/names"; }
# shellcheck disable=SC2016 # conditions are for later
{
  all='[ "$(right)" = "$(asked)" ]'
  tenth_lost='[ "$(lost)" = $(($(asked) / 10)) ] && [ "$(wrong)" = 0 ]'
  tenth_wrong='[ "$(wrong)" = $(($(asked) / 10)) ] && [ "$(lost)" = 0 ]'
  all_wrong='[ "$(wrong)" = "$(asked)" ]'
}
serve "$bench/echo_udp" 0
want 'an echo' "$all" dns -e -r 1000 -t 0.2
want 'an echo that is always asked' "$all" dns -e -t 0.2
want 'an echo asked in runs' "$all" dns -e -g -t 0.2
want 'an echo is no DNS server' "$all_wrong" dns -k 1 -r 200 -t 0.2
serve "$bench/echo_udp" -b 1 0
want 'an echo one by one' "$all" dns -e -r 1000 -t 0.2
# A new one each time: it drops the tenth, the twentieth …, and the run is over before the kernel's buffer is full.
again() { serve "$bench/echo_udp" "${@:1:3}" 0 && dns "${@:4}"; }
want 'each tenth is lost' "$tenth_lost" again -n 10 -d -e -r 1000 -t 0.2
want 'each tenth is wrong' "$tenth_wrong" again -n 10 -f -e -r 1000 -t 0.2
serve "$bench/echo_udp" -n 10 -s 40 0
# shellcheck disable=SC2016
want 'each tenth is slow' 'delays_us | awk "{ exit !(\$1 <= \$2 && \$2 <= \$3 && \$2 >= 40000) }"' dns -e -r 200 -t 0.5

# --- DNS: what is right and what is not
cat >"$dir/dns.py" <<'PY'
import socket, sys
how = sys.argv[1]
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1], flush=True)
while True:
    q, who = s.recvfrom(600)
    flags, rcode, n, address = 0x84, 0, 1, bytes([127, 0, 0, 2])
    if b"clean" in q:
        rcode, n = 3, 0
    elif how == "servfail":
        rcode, n = 2, 0
    elif how == "nothing":
        n = 0
    elif how == "elsewhere":
        address = bytes([10, 0, 0, 1])
    elif how == "truncated":
        flags |= 2
    elif how == "question":
        q = q[:14] + b"x" + q[15:]
    answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + address
    s.sendto(q[:2] + bytes([flags, rcode, 0, 1, 0, n, 0, 0, 0, 0]) + q[12:] + answer * n, who)
PY
printf '%s +\n' one.listed.example another.listed.example >"$dir/names"
printf '%s -\n' one.clean.example another.clean.example >>"$dir/names"
serve python3 "$dir/dns.py" right
want 'what is right' "$all" dns -r 500 -t 0.2
# shellcheck disable=SC2016
half_wrong='[ "$(lost)" = 0 ] && [ $((2 * $(wrong) - $(asked))) -ge 0 ] && [ $((2 * $(wrong) - $(asked))) -le 2 ]'
for how in servfail nothing elsewhere truncated question; do
  serve python3 "$dir/dns.py" "$how"
  want "$how" "$half_wrong" dns -r 500 -t 0.2
done
printf '%s -\n' one.listed.example >"$dir/names"
serve python3 "$dir/dns.py" right
want 'who is listed and should not be' "$all_wrong" dns -r 500 -t 0.2

cat >"$dir/silent.py" <<'PY'
import socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1], flush=True)
time.sleep(3600)
PY
serve python3 "$dir/silent.py"
# shellcheck disable=SC2016
want 'nobody answers, and there are no numbers left for questions' '[ "$(lost)" = "$(asked)" ]' dns -k 1 -g -r 400000 -t 0.4

# --- the policy protocol
for ((i = 1; i < 200; i++)); do echo "192.0.2.$i -"; done >"$dir/clients"
policy() { "$bench/flood_policy" "$@" "$place" "$dir/clients"; }
for place in tcp:127.0.0.1:0 "unix-stream:$dir/socket"; do
  here=$place
  policy_serve() {
    serve "$bench/echo_policy" "$@" "$here"
    place=$here
    [ "$port" = 0 ] || place=tcp:127.0.0.1:$port
  }
  policy_again() { policy_serve "${@:1:3}" && policy "${@:4}"; }
  policy_serve
  want "policy, $place" "$all" policy -r 500 -t 0.2
  want "policy, always asked, $place" "$all" policy -c 7 -t 0.2
  want "policy, each tenth is wrong, $place" "$tenth_wrong" policy_again -n 10 -f -r 500 -t 0.2
  want "policy, each tenth hangs up, $place" "$tenth_lost" policy_again -n 10 -d -r 500 -t 0.2
  policy_serve
  sed -i 's/-$/+/' "$dir/clients"
  want "policy, who is not refused and should be, $place" "$all_wrong" policy -r 500 -t 0.2
  sed -i 's/+$/-/' "$dir/clients"
done
echo "ok: $checks"
