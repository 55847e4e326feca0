#!/bin/bash
# JSON logs through a map, on one thread: against jq, which picks the same members out of the same lines;
# against jansson, which only reads them; against the text filter of sshd; and against a scan for line ends.
# Lines of real Cowrie logs in random order, with other addresses, users, sessions and times; and alerts of
# Suricata alike. BENCH_JSON_BYTES (200000000) is the size of each, BENCH_JQ_LINES (40000) jq's share.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
build src/prog/onus/onus bench/time_json bench/time_scan
need_logs
for archive in logs-raw-real logs-with-expected-results; do
  [ -e "$ONUS_SOURCE/../shared/data/$archive.tar.xz" ] || { echo "no real logs ($archive) beside this checkout" >&2; exit 1; }
  tar xJf "$ONUS_SOURCE/../shared/data/$archive.tar.xz" -C "$ONUS_BENCH"
done
bytes=${BENCH_JSON_BYTES:-200000000}
make_log() { # NAME FILE…: bytes of mixed lines
  [ -s "$ONUS_BENCH/$1.json" ] && [ "$(stat -c %s "$ONUS_BENCH/$1.json")" -ge "$bytes" ] && return
  python3 - "$addresses" "$bytes" "${@:2}" >"$ONUS_BENCH/$1.json" <<'PY'
import datetime, json, random, sys
rng = random.Random(7)
addresses = open(sys.argv[1]).read().split()
want, done = int(sys.argv[2]), 0
lines = [json.loads(l) for f in sys.argv[3:] for l in open(f)]
at = datetime.datetime(2025, 11, 1)
while done < want:
    o = dict(rng.choice(lines))
    at += datetime.timedelta(microseconds=rng.randrange(400000))
    o["src_ip"] = rng.choice(addresses)
    o["timestamp"] = at.isoformat() + ("+0000" if "event_type" in o else "Z")
    for name in ("session", "username", "password"):
        if name in o:
            o[name] = "%0*x" % (rng.randrange(4, 14), rng.getrandbits(48))
    for name in ("src_port", "flow_id"):
        if name in o:
            o[name] = rng.randrange(1024, 60000)
    line = json.dumps(o)
    done += len(line) + 1
    print(line)
PY
}
make_log cowrie "$ONUS_BENCH"/cowrie-kareiva-2018/cowrie.json.*
make_log suricata "$ONUS_BENCH"/crowdsec-hub-tests/suricata-eve-detect/suricata-eve-detect.log
need_log sshd-json 100000000 "$sshd_log"

export ONUS_FILTERS=$filters
seconds_of() { awk '{for (i = 1; i < NF; i++) if ($(i + 1) == "s") print $i}'; }
least() { awk -v a="${1:-$2}" -v b="$2" 'BEGIN {print a < b ? a : b}'; }
picked() { jq -r '[.timestamp, .src_ip, .eventid // .event_type, .username // .alert.signature, .app_proto, .flow.pkts_toclient] | @tsv' "$1"; }
for name in cowrie suricata; do
  file=$ONUS_BENCH/$name.json map='' tree='' ends='' peer='' text=''
  head -n "${BENCH_JQ_LINES:-40000}" "$file" >"$ONUS_BENCH/json.part"
  for ((i = 0; i < ${BENCH_ROUNDS:-3}; i++)); do
    peer=$(least "$peer" "$(best 1 picked "$ONUS_BENCH/json.part")")
    map=$(least "$map" "$("$ONUS_BUILD/bench/time_json" map "$file" "$ONUS_SOURCE/etc/json.d/$name.conf" | seconds_of)")
    tree=$(least "$tree" "$("$ONUS_BUILD/bench/time_json" jansson "$file" "$ONUS_SOURCE/etc/json.d/$name.conf" | seconds_of)")
    ends=$(least "$ends" "$("$ONUS_BUILD/bench/time_json" newlines "$file" "$ONUS_SOURCE/etc/json.d/$name.conf" | seconds_of)")
    text=$(least "$text" "$("$ONUS_BUILD/bench/time_scan" fast "$log" sshd | seconds_of)")
  done
  awk -v name="$name" -v n="$(wc -l <"$file")" -v b="$(stat -c %s "$file")" -v pn="$(wc -l <"$ONUS_BENCH/json.part")" \
    -v ln="$(wc -l <"$log")" -v lb="$(stat -c %s "$log")" -v map="$map" -v tree="$tree" -v ends="$ends" -v peer="$peer" -v text="$text" 'BEGIN {
    printf "%s: %d lines of %.0f bytes: map %.2f M lines/s, %.0f MB/s; jq %.0f k lines/s: %.0fx; jansson without picking %.2f M lines/s: %.1fx\n", name, n, b / n, n / map / 1e6, b / map / 1e6, pn / peer / 1e3, n / map / (pn / peer), n / tree / 1e6, tree / map
    printf "  of the sshd filter on text (%.1f M lines/s, %.0f MB/s): %.2f of its lines, %.2f of its bytes; of a newline scan: %.2f\n", ln / text / 1e6, lb / text / 1e6, n / map / (ln / text), b / map / (lb / text), ends / map }'
done
