#!/bin/bash
# A real Nagios 4, with the services of doc/monitoring.md as they stand there: it runs check_onus by itself and shows
# OK; WARNING, then CRITICAL, when the loader is stopped while the collector goes on; OK after it is back. It runs as
# an unprivileged user, in a directory of its own, and takes a passive result by its command file.
set -euo pipefail
bin=$ONUS_BUILD/src/prog
nagios=$(command -v nagios4 || echo /usr/sbin/nagios4)
dir=$(mktemp -d)
pid_collect='' pid_load='' pid_nagios=''
cleanup() {
  for p in $pid_nagios $pid_collect $pid_load; do kill -9 "$p" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; tail -n 5 ./*.log nagios/nagios.log >&2 || true; cat nagios/status.dat >&2 || true; exit 1; }
[ -x "$nagios" ] || fail 'no nagios4'

cat >conf <<CONF
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
serve_dir = $dir/serve
hub = sqlite:$dir/hub.sqlite
collect_interval_s = 1
load_interval_s = 1
[source auth]
path = $dir/auth.log
anchor = yes
CONF
line() { printf '%s host sshd[1]: Failed password for root from 45.0.0.%d port 4242 ssh2\n' "$(date -u +%FT%T+00:00)" "$1" >>auth.log; }
start() {
  "$bin/$1/onus-$1" -c conf >>"$1.log" 2>&1 &
  printf -v "pid_$1" %s "$!"
}

# Nagios: directories of its own, and the services of the page; only the plug-in's path, its limits and how often it
# runs are the test's
mkdir -p nagios/rw nagios/results nagios/archives
cp "$bin/check/check_onus" .
page() { awk '/^```/ { inside = !inside; next } inside' "$ONUS_SOURCE/doc/monitoring.md"; }
page | awk '/^define / { on = 1 } on; /^}/ { on = 0 }' |
  sed -e "s,/usr/lib/nagios/plugins/check_onus ,$dir/check_onus -C $dir/conf ,; s,check_onus!lag -w 60 ,check_onus!lag -w 1 ,; s,check_onus!queue -w 1000 -c 10000,check_onus!queue -w 0 -c 1," \
    -e 's,check_onus!programs .*,check_onus!programs onus-collect onus-load,' >nagios/page.cfg
[ "$(grep -c '^define service' nagios/page.cfg)" = 5 ] || fail 'the page has other services'
cat >nagios/rest.cfg <<CFG
define timeperiod {
    timeperiod_name 24x7
    alias always
    sunday 00:00-24:00
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
}
define command {
    command_name alive
    command_line /bin/true
}
define command {
    command_name tell
    command_line /bin/true
}
define contact {
    contact_name nobody
    host_notification_commands tell
    service_notification_commands tell
    host_notification_period 24x7
    service_notification_period 24x7
    host_notification_options n
    service_notification_options n
}
define host {
    name any
    register 0
    check_command alive
    check_interval 5
    retry_interval 5
    max_check_attempts 1
    check_period 24x7
    contacts nobody
    notification_period 24x7
}
define host {
    use any
    host_name localhost
    address 127.0.0.1
}
define host {
    use any
    host_name mx1
    address 127.0.0.1
}
define service {
    name generic-service
    register 0
    check_interval 1
    retry_interval 1
    max_check_attempts 1
    check_period 24x7
    contacts nobody
    notification_period 24x7
}
CFG
cat >nagios/nagios.cfg <<CFG
log_file=$dir/nagios/nagios.log
cfg_file=$dir/nagios/page.cfg
cfg_file=$dir/nagios/rest.cfg
object_cache_file=$dir/nagios/objects.cache
precached_object_file=$dir/nagios/objects.precache
status_file=$dir/nagios/status.dat
temp_file=$dir/nagios/nagios.tmp
temp_path=$dir/nagios
lock_file=$dir/nagios/nagios.pid
state_retention_file=$dir/nagios/retention.dat
check_result_path=$dir/nagios/results
log_archive_path=$dir/nagios/archives
command_file=$dir/nagios/rw/nagios.cmd
query_socket=$dir/nagios/rw/nagios.qh
check_external_commands=1
status_update_interval=1
check_result_reaper_frequency=1
interval_length=1
service_inter_check_delay_method=n
max_service_check_spread=1
check_for_updates=0
use_syslog=0
enable_notifications=0
enable_flap_detection=0
enable_predictive_service_dependency_checks=0
CFG
as=()
if [ "$(id -u)" = 0 ]; then
  chmod 711 .
  chown -R nobody nagios
  as=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
"${as[@]}" "$nagios" -v nagios/nagios.cfg >verify.log 2>&1 || { cat verify.log >&2; fail 'Nagios refuses the configuration'; }

# shown SERVICE HOST: its state (0 OK … 3 UNKNOWN) and what the plug-in said, once it was checked
shown() {
  awk -v service="$1" -v host="$2" '
    /^servicestatus \{/ { on = 1; split("", v) }
    on && /=/ { p = index($0, "="); key = substr($0, 1, p - 1); sub(/^[ \t]*/, "", key); v[key] = substr($0, p + 1) }
    on && /^\t\}/ { on = 0; if (v["service_description"] == service && v["host_name"] == host && v["has_been_checked"] == 1)
      print v["current_state"] " " v["plugin_output"] " | " v["performance_data"] }' nagios/status.dat 2>/dev/null || true
}
# becomes SERVICE HOST PATTERN: sooner or later it shows so
becomes() {
  local got=
  for _ in $(seq 1200); do
    got=$(shown "$1" "$2")
    # shellcheck disable=SC2053
    if [[ $got == $3 ]]; then echo "$1: $got"; return; fi
    sleep 0.1
  done
  fail "$1 shows $got, not $3"
}

line 1
start collect
start load
for _ in $(seq 2400); do
  if "$bin/onus/onus" status -c conf >/dev/null 2>&1; then break; fi
  sleep 0.1
done
"${as[@]}" "$nagios" nagios/nagios.cfg >nagios.log 2>&1 &
pid_nagios=$!
becomes 'onus lag' localhost '0 ONUS LAG OK - nothing waits | *lag*=0s;1;600;0*'
becomes 'onus queue' localhost '0 ONUS QUEUE OK - 0 batches wait, *'
becomes 'onus programs' localhost '0 ONUS PROGRAMS OK - 2 of 2 up | *'
becomes onus localhost '0 ONUS STATUS OK - *'

# the loader ends, logs go on: one batch waits, grows older, is joined by another one
kill -TERM "$pid_load"
wait "$pid_load" || fail "the loader ends with $?"
pid_load=
line 2
becomes 'onus queue' localhost '1 ONUS QUEUE WARNING - 1 batches wait, *'
becomes 'onus lag' localhost '1 ONUS LAG WARNING - the oldest batch waits for * | *'
line 3
becomes 'onus queue' localhost '2 ONUS QUEUE CRITICAL - 2 batches wait, *'
becomes 'onus programs' localhost '2 ONUS PROGRAMS CRITICAL - 1 of 2 down: onus-load stopped | *'
becomes onus localhost '2 ONUS STATUS CRITICAL - *'

# and is back
start load
becomes 'onus queue' localhost '0 ONUS QUEUE OK - 0 batches wait, *'
becomes 'onus lag' localhost '0 ONUS LAG OK - nothing waits | *'
becomes 'onus programs' localhost '0 ONUS PROGRAMS OK - *'

# killed, it is down as well
kill -9 "$pid_load"
wait "$pid_load" 2>/dev/null || true
pid_load=
becomes 'onus programs' localhost '2 ONUS PROGRAMS CRITICAL - 1 of 2 down: onus-load died | *'

# a passive result
"$bin/check/check_onus" status -C conf --passive mx1 --service onus >nagios/rw/nagios.cmd
becomes onus mx1 '2 ONUS STATUS CRITICAL - *onus-load died* | *'

[ "$(id -u)" != 0 ] || [ "$(awk '/^Uid:/ { print $2 }' "/proc/$pid_nagios/status")" = "$(id -u nobody)" ] || fail 'Nagios runs as root'
kill -TERM "$pid_nagios"
wait "$pid_nagios" || fail "Nagios ends with $?"
pid_nagios=
echo ok
