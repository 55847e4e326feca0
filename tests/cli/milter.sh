#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# onus-milter against a mail server's side of the protocol: tests/cli/milter.py.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 "$ONUS_SOURCE/tests/cli/milter.py" "$dir"
