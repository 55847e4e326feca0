#!/bin/bash
# log-sets: every log set of the shared data through the filters and maps that onus ships, beside the results that are
# known of it; the table is printed, and doc/log-sets.md must say the same, with the reason for every difference.
# ONUS_MISSED=1 prints the lines that were missed, too.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data logs-raw-real logs-with-expected-results
python3 "$ONUS_SOURCE/tests/system/log_sets.py" "$data" "$dir"
