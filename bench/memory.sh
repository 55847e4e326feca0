#!/bin/bash
# Memory on a long stream: mixed lines of sshd and Postfix, made on the way and never the same twice, through
# `onus extract`. What it holds in memory is read from the kernel four times a second: the most in the first
# gigabyte against the most in all that follows. BENCH_STREAM_BYTES (10000000000) is the stream's length.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_logs
build src/prog/onus/onus
python3 - "$onus" "$filters" "$ONUS_BUILD/bench/make_log" "$addresses" "${BENCH_STREAM_BYTES:-10000000000}" "$sshd_log" "$postfix_log" <<'PY'
import re, subprocess, sys, time
onus, filters, make_log, addresses, size, *logs = sys.argv[1:]
make = subprocess.Popen([make_log, addresses, size, *logs], stdout=subprocess.PIPE)
extract = subprocess.Popen([onus, "extract", "-c", "/dev/null", "-o", "filter_path=" + filters, "-"], stdin=make.stdout,
                           stdout=subprocess.PIPE)
count = subprocess.Popen(["wc", "-l"], stdin=extract.stdout, stdout=subprocess.PIPE)
make.stdout.close(), extract.stdout.close()
GB, seen, began = 10**9, [], time.monotonic()
while extract.poll() is None:
    try:
        with open("/proc/%d/io" % extract.pid) as f:
            read = int(re.search(r"rchar: (\d+)", f.read()).group(1))
        with open("/proc/%d/status" % extract.pid) as f:
            rss = re.search(r"VmRSS:\s+(\d+)", f.read())
    except OSError:
        break
    if rss:
        seen.append((read, int(rss.group(1))))
    time.sleep(0.25)
events = int(count.communicate()[0])
if extract.wait() or make.wait():
    sys.exit("memory: the stream was not read to its end")
first = max((r for n, r in seen if n < GB), default=0)
rest = max((r for n, r in seen if n >= GB), default=0)
print("%.2f GB, %d events, %.0f s: at most %d KiB in the first GB, %d KiB in the rest (%d samples): %s" % (
    seen[-1][0] / GB, events, time.monotonic() - began, first, rest, len(seen), "flat" if rest <= first * 1.05 else "NOT FLAT"))
PY
