#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a log line to the published decision, under load: tests/system/latency.py.
set -euo pipefail
exec "$(dirname "$0")/latency.py"
