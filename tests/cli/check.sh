#!/bin/bash
# check_onus, by the Nagios plug-in development guidelines: ranges, one line, performance data, exit codes; UNKNOWN for
# what cannot be told; passive results; the time limit; status files of somebody else.
set -euo pipefail
check=$ONUS_BUILD/src/prog/check/check_onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; exit 1; }
cat >conf <<CONF
state_dir = $dir/state
spool_dir = $dir/spool
serve_dir = $dir/serve
CONF
mkdir -p state/status
now=$(date +%s)
utc() { date -u -d "@$1" +%FT%TZ; }
# put PROGRAM STATE RATES GAUGES TIMES [MESSAGE]: its status file, of this shell's process
put() {
  printf '{"format":"onus-status 1","program":"%s","version":"1","pid":%d,"state":"%s","message":"%s","started":"%s",' \
    "$1" $$ "$2" "${6:-}" "$(utc "$now")"
  printf '"updated":"%s","counters":{},"rates":{%s},"gauges":{%s},"times":{%s},"last_error":null}\n' \
    "$(utc "$(date +%s)")" "$3" "$4" "$5"
} >"state/status/$1.status"
# is CODE TEXT ARGUMENT…: what it prints is TEXT, a shell pattern, in one line; nothing on stderr
is() {
  local want=$1 text=$2 code=0 got
  shift 2
  "$check" -C conf "$@" >out 2>err || code=$?
  got=$(cat out)
  [ "$code" = "$want" ] || fail "check_onus $*: exit code $code, not $want: $got"
  # shellcheck disable=SC2053
  [[ $got == $text ]] || fail "check_onus $*: $got"
  [ "$(wc -l <out)" = 1 ] || fail "check_onus $*: $(wc -l <out) lines"
  [ ! -s err ] || fail "check_onus $*: $(cat err)"
}

# nothing there yet, and wrong usage
is 3 'ONUS QUEUE UNKNOWN - *' queue
is 3 'ONUS STATUS UNKNOWN - no program has told anything here' status
is 3 'ONUS PROGRAMS UNKNOWN - *' programs
is 3 'ONUS PUBLICATION UNKNOWN - nothing is published*' publication
is 3 'ONUS REGISTRY UNKNOWN - *' registry
is 3 'ONUS NONSENSE UNKNOWN - no such check*' nonsense
is 3 'ONUS UNKNOWN - which check*'
is 3 'ONUS LAG UNKNOWN - -w: "x" is no range*' lag -w x
is 3 'ONUS LAG UNKNOWN - -c: "20:10"*' lag -c 20:10
is 3 'ONUS *UNKNOWN - unknown option --what*' lag --what
is 3 'ONUS *UNKNOWN - -w and -c are for one check*' status -w 1
is 3 'ONUS *UNKNOWN - only programs*' lag onus-load
is 3 'ONUS *UNKNOWN - -t wants*' lag -t 0
is 3 'ONUS LAG UNKNOWN - *none*' lag -C "$dir/none"
is 0 'check_onus (onus *)' -V
"$check" -h | grep -q '^  lag  *how long .*(-w 60 -c 600)$' || fail 'limits are not in the help'

# a queue, told by the collector, and the loader died
put onus-collect ok '"events":2.5,"refused":0,"lost":0,"datagrams_lost":0' \
  '"queue_batches":12,"queue_bytes":2048,"bad_batches":0,"spool_full":0' "\"queue_oldest\":\"$(utc $((now - 90)))\""
is 0 "ONUS QUEUE OK - 12 batches wait, 2 KiB | 'queue'=12;1000;10000;0" queue
is 1 "ONUS QUEUE WARNING - 12 batches wait, 2 KiB | 'queue'=12;10;20;0" queue -w 10 -c 20
is 2 "ONUS QUEUE CRITICAL - * | 'queue'=12;10;11;0" queue --warning=10 --critical 11
is 0 "* | 'queue'=12;12;12;0" queue -w 12 -c 12
is 1 "* | 'queue'=12;13:;;0" queue -w 13: -c ''
is 2 "* | 'queue'=12;;@10:20;0" queue -w '' -c @10:20
is 0 "* | 'queue'=12;~:20;;0" queue -w '~:20' -c ''
is 1 "ONUS LAG WARNING - the oldest batch waits for * s | 'lag'=9[0-9]s;60;600;0" lag
is 0 "ONUS EVENTS OK - 2.5 events a second accepted | 'events'=2.5;;;0" events
is 2 "ONUS EVENTS CRITICAL - *" events -c 3:
is 0 "ONUS PROGRAMS OK - 1 of 1 up | 'programs'=0;;0;0" programs
is 2 "ONUS PROGRAMS CRITICAL - 1 of 2 down: onus-load absent | *" programs onus-collect onus-load
is 3 'ONUS SILENCE UNKNOWN - onus-load is not running (absent)' silence
is 1 "ONUS STATUS WARNING - lag: * | 'programs'=0;;0;0 *'lag'=9[0-9]s;60;600;0*" status

# told by nobody who lives: not known, however well it looked
put onus-collect ok '"events":2.5' '"queue_batches":0' ''
sed -i "s/\"updated\":\"[^\"]*\"/\"updated\":\"$(utc $((now - 61)))\"/" state/status/onus-collect.status
is 2 'ONUS PROGRAMS CRITICAL - 1 of 1 down: onus-collect stale | *' programs
is 3 'ONUS QUEUE UNKNOWN - what waits was last told * ago, by onus-collect' queue
is 3 'ONUS EVENTS UNKNOWN - onus-collect is not running (stale)' events

# the spool itself, where one may look
mkdir -p spool/collect/new spool/collect/bad
touch -d '1 hour ago' spool/collect/new/a
touch spool/collect/bad/b
is 2 "ONUS LAG CRITICAL - the oldest batch waits for 60 min | 'lag'=36[0-9][0-9]s;60;600;0" lag
is 1 "ONUS BAD WARNING - 1 unreadable batches in bad/ | 'bad'=1;0;;0" bad
[ "$("$check" -C conf lag -v | wc -l)" = 2 ] || fail '-v does not say what to do'

# what has a meaning in the line loses it
put onus-load trouble '' '' '' 'no | hub\n\u001b[31m'"'"';\u0000'
is 2 'ONUS PROGRAMS CRITICAL - 2 of 2 down: onus-collect stale, onus-load unreadable |*' programs
put onus-load trouble '' '' '' 'no | hub\n\u001b[31m;'
is 1 "ONUS TROUBLE WARNING - onus-load: no / hub??\[31m; | 'trouble'=1;0;;0" trouble
for i in $(seq 30); do put "other$i" trouble '' '' '' "$(printf '%0500d' 1)"; done
is 1 'ONUS TROUBLE WARNING - *' trouble
[ "$(wc -c <out)" -lt 1000 ] || fail "a line of $(wc -c <out) bytes"
is 2 'ONUS STATUS CRITICAL - *' status
rm state/status/other*

# analyses are named by who runs them
put onus-analyse ok '' '"analyses":3,"analyses_failing":0,"analyses_late":0' ''
is 0 "ONUS ANALYSES OK - none of 3 analyses fails | 'analyses'=0;0;;0" analyses
put onus-analyse ok '' '"analyses":3,"analyses_failing":1,"analyses_late":1' '' 'not well: slow waits; bad fails; 7 events'
is 1 "ONUS ANALYSES WARNING - of 3 analyses 1 fail and 1 do not run; not well: slow waits; bad fails; 7 events | 'analyses'=2;0;;0" analyses
is 2 "ONUS ANALYSES CRITICAL - *" analyses -c 1
put onus-analyse stopped '' '"analyses":3,"analyses_failing":1,"analyses_late":1' ''
is 3 'ONUS ANALYSES UNKNOWN - onus-analyse is not running (stopped)' analyses
rm state/status/onus-analyse.status

# how old a registry may be is configured
put onus-score ok '' '' "\"registry\":\"$(utc $((now - 50 * 86400)))\""
is 1 "ONUS REGISTRY WARNING - the registry is 50 days old | 'registry'=43200[0-9][0-9]s;3888000;7776000;0" registry
is 0 "ONUS REGISTRY OK - * | 'registry'=*s;5184000;10368000;0" registry -o registry_max_age_days=60
is 2 "ONUS REGISTRY CRITICAL - *" registry -o registry_max_age_days=20
rm state/status/onus-score.status

# passive: the verdict is in the line, for the command file and for send_nsca
is 0 '\[[0-9]*\] PROCESS_SERVICE_CHECK_RESULT;mx1;onus lag;2;ONUS LAG CRITICAL - * | *' lag --passive mx1 --service 'onus lag'
is 0 '\[[0-9]*\] PROCESS_SERVICE_CHECK_RESULT;mx1;nonsense2;3;ONUS REGISTRY UNKNOWN - *' registry --passive mx1 --service nonsense2
is 0 $'mx1\tlag\t2\tONUS LAG CRITICAL - * | *' lag --nsca mx1
is 3 'ONUS *UNKNOWN - a host or service name*' lag --passive 'a;b'
is 3 'ONUS *UNKNOWN - a host or service name*' lag --nsca $'a\tb'
is 3 'ONUS *UNKNOWN - a host or service name*' lag --passive ''
is 3 'ONUS *UNKNOWN - --passive or --nsca*' lag --passive a --nsca b

# it ends when its time is over, whatever it waits for
mkfifo fifo
is 3 'ONUS LAG UNKNOWN - no answer within 1 s' lag -t 1 -C fifo
is 0 '\[*\] PROCESS_SERVICE_CHECK_RESULT;mx1;lag;3;ONUS LAG UNKNOWN - no answer within 1 s' lag -t 1 -C fifo --passive mx1
echo ok
