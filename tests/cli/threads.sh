#!/bin/bash
# Files are read by several threads, and nobody can tell: the same bytes come out for any number of them,
# from a file, a pipe, packed, and where lines are cut.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
printf '%s\n' '45.0.0.0,45.255.255.255,64496,One' '46.0.0.0,46.127.255.255,64497,"Two, Inc."' '2a00:1::,2a00:1::ffff,64498,Six' >"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
awk 'BEGIN {
  for (i = 0; i < 120000; i++) {
    a = (45 + i % 3) "." i % 256 "." int(i / 256) % 256 "." 1 + i % 254
    if (i % 17 == 0) a = "2a00:1::" sprintf("%x", i % 65536)
    printf "Nov 10 %02d:%02d:%02d host sshd[%d]: Failed password for root from %s port %d ssh2\n", i / 3600 % 24, i / 60 % 60, i % 60, i % 9999, a, i % 60000
    if (i == 60000) { for (k = 0; k < 20000; k++) printf "long line "; print "" }
    if (i % 1000 == 0) print "nothing here at 10:11:12"
  }
}' >"$dir/log"
zstd -q "$dir/log"
for threads in 1 2 7; do
  "$onus" annotate --registry "$dir/registry" --threads $threads "$dir/log" >"$dir/annotated.$threads" 2>"$dir/err.$threads" || true
  "$onus" top --registry "$dir/registry" -o "filter_path=$ONUS_SOURCE/etc/filter.d" --json --by addr --threads $threads \
    "$dir/log" >"$dir/top.$threads" 2>/dev/null
  cmp "$dir/annotated.1" "$dir/annotated.$threads" || fail "annotate with $threads threads"
  cmp "$dir/top.1" "$dir/top.$threads" || fail "top with $threads threads"
  diff "$dir/err.1" "$dir/err.$threads" || fail "annotate with $threads threads says something else"
done
[ "$(wc -l <"$dir/annotated.1")" = "$(wc -l <"$dir/log")" ] || fail 'lines were lost'
grep -q ':60062: the line is too long' "$dir/err.1" || fail "the cut line is not told: $(cat "$dir/err.1")"
[ "$(grep -c $'\t64496\tOne\t' "$dir/annotated.1")" -gt 30000 ] || fail 'nothing was annotated'
annotate() { "$onus" annotate --registry "$dir/registry" "$@" 2>/dev/null || [ $? = 1 ]; } # 1: a line was cut
annotate "$dir/log.zst" | cmp - "$dir/annotated.1" || fail 'packed'
# shellcheck disable=SC2002 # a pipe is the point
cat "$dir/log" | annotate | cmp - "$dir/annotated.1" || fail 'through a pipe'
# a stream is answered line by line, however long it lives
mkfifo "$dir/in" "$dir/answers"
"$onus" annotate --registry "$dir/registry" <"$dir/in" >"$dir/answers" 2>/dev/null & pid=$!
exec 3>"$dir/in" 4<"$dir/answers"
for i in 1 2 3; do
  echo "from 45.0.0.$i" >&3
  IFS= read -r -t 60 answer <&4 || fail 'no answer while the stream is open'
  [[ $answer == "from 45.0.0.$i"$'\t'"45.0.0.$i"$'\t64496\tOne\t'* ]] || fail "the answer is $answer"
done
exec 3>&- 4<&-
wait "$pid" || fail "exit code $?"
# a file gets the threads that were asked for: while nobody reads what comes out, they can be counted
"$onus" annotate --registry "$dir/registry" --threads 3 "$dir/log" >"$dir/answers" 2>/dev/null & pid=$!
exec 4<"$dir/answers"
for _ in $(seq 2400); do
  tasks=("/proc/$pid/task"/*)
  [ ${#tasks[@]} -lt 4 ] || break
  sleep 0.1
done
[ ${#tasks[@]} = 4 ] || fail "three threads were asked for, and ${#tasks[@]} tasks run"
cat <&4 >"$dir/late"
wait "$pid" || [ $? = 1 ]
cmp "$dir/late" "$dir/annotated.1" || fail 'read late'
echo ok
