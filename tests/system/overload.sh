#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# More than the hub takes: tests/system/overload.py.
set -euo pipefail
exec "$(dirname "$0")/overload.py"
