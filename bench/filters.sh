#!/bin/bash
# The filters beside other people's: all that onus ships at once against CrowdSec's parsers, and against fail2ban-regex
# with one filter, over mixed lines of sshd and Postfix; sshd's alone against five Hyperscan expressions for the same
# lines, a scan of their literals, and a search for line ends, all of them over a log in memory. One processor; what is
# compared is processor time, in turns, the least of each.
# CrowdSec's package is unpacked, not installed, and reads with the parsers that it carries; its start is not counted.
# BENCH_FILTER_BYTES (200000000) is the size of each log, BENCH_CROWDSEC_LINES (20000) CrowdSec's share of it,
# BENCH_F2B_LINES (100000) fail2ban-regex's.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_logs
build bench/time_scan bench/time_hyperscan
bytes=${BENCH_FILTER_BYTES:-200000000}
need_log mixed "$bytes" "$sshd_log" "$postfix_log"
mixed=$log
need_log sshd "$bytes" "$sshd_log"
sshd=$log
export ONUS_FILTERS=$filters
names=()
for f in "$filters"/*.conf; do
  f=${f##*/} f=${f%.conf}
  case $f in *-good | *-common | nginx-error* | database) ;; *) names+=("$f") ;; esac
done
names+=('web[logging=syslog]' 'web-scan[logging=syslog]' 'web-auth[logging=syslog]')
least() { awk -v a="${1:-$2}" -v b="$2" 'BEGIN {print a < b ? a : b}'; }
one() { taskset -c 0 "$@"; }

# CrowdSec, with a local API of its own, since it will not read without one; nothing leaves the machine.
crowd=$ONUS_BENCH/crowdsec
if [ ! -x "$crowd/usr/bin/crowdsec" ]; then
  mkdir -p "$crowd"
  (cd "$crowd" && apt-get download -q crowdsec >/dev/null 2>&1 && dpkg -x crowdsec_*.deb .) ||
    { echo 'no package crowdsec to be had' >&2; exit 1; }
fi
hub=$crowd/usr/share/crowdsec/hub cfg=$crowd/cfg
rm -rf "$cfg"
mkdir -p "$cfg"/parsers/{s00-raw,s01-parse,s02-enrich} "$cfg"/{scenarios,postoverflows,data,plugins,notifications}
for p in s00-raw/crowdsecurity/syslog-logs s01-parse/crowdsecurity/{sshd,postfix,postscreen}-logs s02-enrich/crowdsecurity/dateparse-enrich; do
  ln -s "$hub/parsers/$p.yaml" "$cfg/parsers/${p%%/*}/"
done
cp -r "$crowd/etc/crowdsec/patterns" "$crowd/etc/crowdsec/simulation.yaml" "$crowd/etc/crowdsec/profiles.yaml" "$cfg"
: >"$cfg/acquis.yaml"
cat >"$cfg/config.yaml" <<YAML
common: {daemonize: false, log_media: stdout, log_level: warning, working_dir: .}
config_paths: {config_dir: $cfg/, data_dir: $cfg/data/, simulation_path: $cfg/simulation.yaml, hub_dir: $hub/,
  index_path: $hub/.index.json, notification_dir: $cfg/notifications/, plugin_dir: $cfg/plugins/}
crowdsec_service: {acquisition_path: $cfg/acquis.yaml, parser_routines: 1}
cscli: {output: human}
db_config: {type: sqlite, db_path: $cfg/data/crowdsec.db}
api:
  client: {credentials_path: $cfg/credentials.yaml}
  server: {listen_uri: 127.0.0.1:18099, profiles_path: $cfg/profiles.yaml}
prometheus: {enabled: false}
YAML
printf 'url: http://127.0.0.1:18099\n' >"$cfg/credentials.yaml"
"$crowd/usr/bin/cscli" -c "$cfg/config.yaml" machines add bench --auto -f "$cfg/credentials.yaml" --force >/dev/null 2>&1
head -n 1 "$mixed" >"$ONUS_BENCH/crowdsec.one"
head -n "${BENCH_CROWDSEC_LINES:-20000}" "$mixed" >"$ONUS_BENCH/crowdsec.part"
crowdsec() { one "$crowd/usr/bin/crowdsec" -c "$cfg/config.yaml" -dsn "file://$1" -type syslog; }
crowdsec "$ONUS_BENCH/crowdsec.one" >/dev/null 2>&1 || { echo 'CrowdSec does not read' >&2; exit 1; }

head -n "${BENCH_F2B_LINES:-100000}" "$mixed" >"$ONUS_BENCH/mixed.part"
f2b() { one fail2ban-regex "$ONUS_BENCH/$1" "$filters/sshd.conf" >/dev/null 2>&1; }
all='' start='' theirs='' f2b='' f2b_start='' ours='' regex='' line='' literals='' newlines=''
seconds() { awk '{for (i = 1; i < NF; i++) if ($(i + 1) == "s") print $i}'; }
scan() { one "$ONUS_BUILD/bench/time_scan" "$@" | seconds; }
hyper() { one "$ONUS_BUILD/bench/time_hyperscan" "$1" "$sshd" | seconds; }
for ((i = 0; i < ${BENCH_ROUNDS:-3}; i++)); do
  all=$(least "$all" "$(scan fast "$mixed" "${names[@]}")")
  start=$(least "$start" "$(cpu crowdsec "$ONUS_BENCH/crowdsec.one")")
  theirs=$(least "$theirs" "$(cpu crowdsec "$ONUS_BENCH/crowdsec.part")")
  f2b_start=$(least "$f2b_start" "$(cpu f2b crowdsec.one)")
  f2b=$(least "$f2b" "$(cpu f2b mixed.part)")
  ours=$(least "$ours" "$(scan fast "$sshd" sshd)")
  regex=$(least "$regex" "$(hyper regex)")
  line=$(least "$line" "$(hyper line)")
  literals=$(least "$literals" "$(hyper literals)")
  newlines=$(least "$newlines" "$(scan newlines "$sshd")")
done
"$ONUS_BUILD/bench/time_scan" fast "$sshd" sshd | awk '{print "sshd: " $4 " events"}'
"$ONUS_BUILD/bench/time_hyperscan" regex "$sshd" | awk '{print "Hyperscan: " $2 " events"}'
awk -v n="$(wc -l <"$mixed")" -v p="$(wc -l <"$ONUS_BENCH/crowdsec.part")" -v fp="$(wc -l <"$ONUS_BENCH/mixed.part")" -v f="$f2b" -v fs="$f2b_start" -v m="$(wc -l <"$sshd")" -v k="${#names[@]}" \
  -v all="$all" -v start="$start" -v theirs="$theirs" -v ours="$ours" -v regex="$regex" -v line="$line" \
  -v literals="$literals" -v newlines="$newlines" '
function met(r, mark) { return sprintf("%.1fx, mark %dx: %s", r, mark, r >= mark ? "met" : "NOT MET") }
BEGIN {
  peer = p / (theirs - start)
  printf "%d mixed lines of sshd and Postfix, %d filters at once: %.2f M lines/s; CrowdSec, 4 parsers, %d of them: %.1f k lines/s: %s\n", n, k, n / all / 1e6, p, peer / 1e3, met(n / all / peer, 300)
  printf "fail2ban-regex with its filter of sshd alone, %d of them, its start not counted: %.1f k lines/s: %s\n", fp, fp / (f - fs) / 1e3, met(n / all / (fp / (f - fs)), 100)
  printf "%d sshd lines: the filter %.1f M lines/s; five Hyperscan expressions over blocks %.1f M: %s; line by line %.1f M: %.1fx\n", m, m / ours / 1e6, m / regex / 1e6, met(regex / ours, 3), m / line / 1e6, line / ours
  printf "their literals alone %.1f M lines/s: the filter is at %.2f of that; line ends alone %.1f M: %.2f\n", m / literals / 1e6, literals / ours, m / newlines / 1e6, newlines / ours
}'
