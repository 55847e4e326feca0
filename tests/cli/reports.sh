#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# reports: abuse reports by hand, through the program that has no rights: hostile mails and archives, what it may not
# do, and how it is asked by the collector (tests/cli/reports.py).
set -euo pipefail
exec python3 "$(dirname "$0")/reports.py"
