#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# logrotate itself, in every usual way: tests/system/logrotate.py.
set -euo pipefail
# shellcheck source=tests/clock.sh
. "$ONUS_SOURCE/tests/clock.sh"
export CLOCK=$preload
exec "$ONUS_SOURCE/tests/system/logrotate.py" "$@"
