#!/bin/bash
# Programs at an hour of the test's own. Sourced. By the library and without the program faketime, which refuses to start
# when a process of its number was killed before it, and which stays between the test and what it has to stop.
#   at TIME COMMAND…   in UTC: '2026-06-01 12:00:00' stands still, '@2026-06-01 12:00:00' goes on from there, '+2h' is ahead

preload=$(dpkg -L libfaketime | grep 'libfaketime\.so\.1$') || { echo 'not ok: libfaketime is not installed' >&2; exit 1; }
# the sanitizers want to come before every other library
at() { (export LD_PRELOAD=$preload FAKETIME=$1 TZ=UTC ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" && shift && "$@"); }
