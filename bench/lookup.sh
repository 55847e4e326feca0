#!/bin/bash
# The address table against libmaxminddb over the same prefixes.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
need_addresses
build bench/make_mmdb bench/time_lookup
[ "$ONUS_BENCH/asn.mmdb" -nt "$registry" ] || "$ONUS_BUILD/bench/make_mmdb" "$registry" "$ONUS_BENCH/asn.mmdb"
"$ONUS_BUILD/bench/time_lookup" "$registry" "$ONUS_BENCH/asn.mmdb" "$addresses"
