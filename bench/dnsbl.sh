#!/bin/bash
# onus-dnsbl beside rbldnsd, NSD and Knot DNS over the same addresses, and beside a bare UDP echo: answers a second of a server
# with one thread on one processor when 128 questions always wait for it, asked from another; how long answers take when all get
# the same number a second; memory for a million addresses. Each answer is checked: half of the questions are about listed ones.
# BENCH_ROUNDS (5): medians of so many, in turns. BENCH_S (3): seconds of each.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=bench/servers
. "$(dirname "$0")/servers"
# shellcheck source=bench/dnsbl-servers
. "$(dirname "$0")/dnsbl-servers"
need_registry
need_questions
need_peers rbldnsd nsd knot
build bench/flood_dns bench/echo_udp bench/make_publication src/prog/dnsbl/onus-dnsbl
rounds=${BENCH_ROUNDS:-5} seconds=${BENCH_S:-3}
who=(echo echo1)
for name in "${dns_servers[@]}"; do if has "$name"; then who+=("$name"); fi; done
for name in "${who[@]}"; do serve "$name" "$listed"; done
ours='onus-dnsbl'

echo "saturated: $(wc -l <"$listed") addresses listed, $(wc -l <"$names") questions, $rounds rounds of $seconds s"
alternate "$rounds" "${who[@]}" -- -t "$seconds" >"$dir/saturated"
table saturated "${who[@]}"
for name in "${who[@]}"; do
  case $name in
    rbldnsd) versus $ours "$name" 1.1 ;;
    echo) versus $ours "$name" 0.9 ;;
    "$ours") ;;
    *) versus $ours "$name" 0 ;;
  esac
done

slowest=$(for name in "${who[@]}"; do middle "$name" 2 <"$dir/saturated"; done | sort -n | head -n 1)
rate=$(awk -v r="$slowest" 'BEGIN { printf "%d", r / 2 }')
echo "at $rate a second, half of what the slowest of them answers"
alternate "$rounds" "${who[@]}" -- -t "$seconds" -r "$rate" >"$dir/paced"
table paced "${who[@]}"
if has rbldnsd && has $ours; then
  for n in 6 7 8; do echo "$(middle $ours $n <"$dir/paced") $(middle rbldnsd $n <"$dir/paced")"; done |
    awk -v n='50,99,99.9' '{ split(n, p, ","); printf "p%s %s us beside rbldnsd %s us%s\n", p[NR], $1, $2, (NR != 2 ? "" : $1 <= $2 ? ": not above, met" : ": above, NOT MET") }'
fi
for name in "${who[@]}"; do unserve "$name"; done

# A million: the addresses, and others drawn around them.
awk 'BEGIN { srand(2); n = 0 }
  !($1 in is) { is[$1] = 1; print; n++; split($1, o, "."); block[n] = o[1] "." o[2] "." o[3] "."; wide[n] = o[1] "." o[2] "." }
  END { k = n; while (n < 1000000) { a = rand() < 0.5 ? block[1 + int(k * rand())] int(256 * rand()) : wide[1 + int(k * rand())] int(256 * rand()) "." int(256 * rand())
    if (!(a in is)) { is[a] = 1; print a; n++ } } }' "$listed" >"$dir/million"
head -n 1 "$listed" >"$dir/one"
echo 'memory for a million of addresses'
cut -d ' ' -f 1 "$names" >"$dir/names" # whether they are listed is another matter then
names=$dir/names
for name in $ours rbldnsd; do
  has "$name" || continue
  for list in one million; do
    serve "$name" "$dir/$list"
    ask "$name" -t 1 | cut -f 12
    unserve "$name"
  done | awk -v name="$name" '{ kib[NR] = $1 } END { printf "%-11s %.1f MiB, and %.1f MiB when one is listed\n", name, kib[2] / 1024, kib[1] / 1024 }'
done
