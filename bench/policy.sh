#!/bin/bash
# onus-policy beside a bare echo and postgrey: requests a second of a server with one thread on one processor over 20 connections,
# each of which waits for its answer, asked from another processor; and how long answers take when all get the same number a
# second. Over a socket in the file system and over TCP. Of ours each answer is checked: half of the clients are listed.
# BENCH_ROUNDS (5): medians of so many, in turns. BENCH_S (3): seconds of each.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=bench/servers
. "$(dirname "$0")/servers"
# shellcheck source=bench/policy-servers
. "$(dirname "$0")/policy-servers"
need_registry
need_questions
need_peers postgrey
build bench/flood_policy bench/echo_policy bench/make_publication src/prog/policy/onus-policy
rounds=${BENCH_ROUNDS:-5} seconds=${BENCH_S:-3}

race() { # unix|tcp
  local who=("echo-$1") name ours=onus-policy-$1 rate
  for name in "${policy_servers[@]}"; do if has "$name"; then who+=("$name-$1"); fi; done
  for name in "${who[@]}"; do serve "$name" "$listed"; done
  echo "over $1, saturated, 20 connections, $rounds rounds of $seconds s"
  alternate "$rounds" "${who[@]}" -- -t "$seconds" >"$dir/saturated"
  table saturated "${who[@]}"
  for name in "${who[@]}"; do
    case $name in
      echo-*) versus $ours "$name" 0.7 ;;
      postgrey-*) versus $ours "$name" 0 ;;
    esac
  done
  rate=$(awk -v r="$(middle "echo-$1" 2 <"$dir/saturated")" 'BEGIN { printf "%d", r / 4 }')
  echo "at $rate a second, a quarter of what the echo answers"
  who=("echo-$1")
  ! has onus-policy || who+=("$ours")
  alternate "$rounds" "${who[@]}" -- -t "$seconds" -r "$rate" >"$dir/paced"
  table paced "${who[@]}"
  for name in "${!pid[@]}"; do unserve "$name"; done
}
race unix
race tcp
