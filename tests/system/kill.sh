#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills at random instants: tests/system/kill.py.
set -euo pipefail
exec "$(dirname "$0")/kill.py"
