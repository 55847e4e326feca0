#!/bin/bash
# More than onus-dnsbl and onus-policy can carry: their capacity, unthrottled (what they answer when somebody always asks), and
# 0.5, 1, 2 and 10 times as much asked of them, whoever is answered or not; the capacity is taken anew between any two, and a
# share is of what could be carried: the mean of the capacity before and after, or what was offered where that is less. From 1x on it
# should be more than nine tenths, memory flat, and how long an answer of the policy server takes under its bound: that is mail
# before the queue.
# Questions of DNS are sent however many wait, in runs (flood_dns -g), from the other processor, which cannot send ten times
# what a server answers: what it did not send is in `offered` and not in `asked`. So onus-dnsbl is asked a second time, with a
# twentieth of its processor, where all of it is sent; an answer that takes longer than 300 ms is no longer waited for. Requests of
# Postfix come over 1,000 connections; who finds none free is `passed`, as at a mail server's limit.
# BENCH_S (5), BENCH_ROUNDS (2): how long each, and how often. BENCH_PARTS (dnsbl dnsbl-slow policy): which.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=bench/servers
. "$(dirname "$0")/servers"
need_registry
need_questions
build bench/flood_dns bench/flood_policy bench/make_publication src/prog/dnsbl/onus-dnsbl src/prog/policy/onus-policy
seconds=${BENCH_S:-5}

row() { # LABEL CAPACITY, and a generator's line on stdin
  awk -F '\t' -v label="$1" -v capacity="$2" -v s="$seconds" '{ printf "%-9s %9d %9d %9d %5.2f %8d %8d %8d %5s %5s %7.1f %7.1f %6d\n",
    label, $1 + $5 / s, $1, $2, $2 / capacity, $6, $7, $8, $9, $11, $12 / 1024, $13 / 1024, $4 }'
}

# What is shed is wrong to the generator.
put() { ask "$@" -t "$seconds" 2>/dev/null || true; }

overload() { # NAME PERCENT OPTION…
  local name=$1 percent=$2 carried before could out between times round shares=''
  serve "$name" "$listed"
  if [ "$percent" != 100 ] && ! slow "$name" "$percent"; then
    echo "$name with $percent % of a processor: not tried, there is no control group"
    unserve "$name"
    return
  fi
  shift 2
  printf '%s, %s %% of a processor: load average %s\n' "$name" "$percent" "$(cut -d ' ' -f 1 /proc/loadavg)"
  printf '%-9s %9s %9s %9s %5s %8s %8s %8s %5s %5s %7s %7s %6s\n' '' offered/s asked/s carried/s share 'p50 us' 'p99 us' 'p99.9' cpu idle MiB 'at most' wrong
  out=$(put "$name" "$@")
  carried=$(cut -f 2 <<<"$out")
  row capacity "$carried" <<<"$out"
  for ((round = 0; round < ${BENCH_ROUNDS:-2}; round++)); do
    for times in 0.5 1 2 10; do
      before=$carried
      out=$(put "$name" "$@" -r "$(awk -v c="$before" -v t="$times" 'BEGIN { printf "%d", c * t }')")
      between=$(put "$name" "$@")
      carried=$(cut -f 2 <<<"$between")
      could=$(awk -v before="$before" -v after="$carried" -v t="$times" 'BEGIN {
        mean = (before + after) / 2
        print t * before < mean ? t * before : mean }')
      row "${times}x" "$could" <<<"$out"
      row capacity "$carried" <<<"$between"
      shares+="$times $(awk -F '\t' -v c="$could" '{ print $2 / c }' <<<"$out")"$'\n'
    done
  done
  echo -n "$shares" | shares
  unserve "$name"
}
# shellcheck source=bench/dnsbl-servers
. "$(dirname "$0")/dnsbl-servers"
parts=" ${BENCH_PARTS:-dnsbl dnsbl-slow policy} "
part() { # NAME NAME-OF-SERVER PERCENT OPTION…
  if [ "${parts/ $1 /}" != "$parts" ]; then overload "${@:2}"; fi
}
part dnsbl onus-dnsbl 100 -g -k 16 -o 32 -x 300
part dnsbl-slow onus-dnsbl 5 -g -k 16 -o 32 -x 300
# shellcheck source=bench/policy-servers
. "$(dirname "$0")/policy-servers"
part policy onus-policy-unix 100 -c 1000
