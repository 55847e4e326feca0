#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# logrotate itself, in every usual way: tests/system/logrotate.py.
set -euo pipefail
exec "$(dirname "$0")/logrotate.py"
