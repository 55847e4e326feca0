#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Abuse reports, kills and readers that go wrong: tests/system/reports.py.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 "$(dirname "$0")/reports.py" "$dir"
