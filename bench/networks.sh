#!/bin/bash
# Compiling ten million networks beside a million prefixes, and chain look-ups in what comes out of it.
# Limits: 120 s and 4 GiB on two processors, five million chains a second on one.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
build bench/time_networks
"$ONUS_BUILD/bench/time_networks" "${NETWORKS:-10000000}" "${PREFIXES:-1000000}" "$ONUS_BENCH/networks"
rm -f "$ONUS_BENCH/networks"
