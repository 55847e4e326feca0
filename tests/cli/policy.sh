#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# onus-policy over its sockets, as Postfix asks: tests/cli/policy.py.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 "$ONUS_SOURCE/tests/cli/policy.py" "$dir"
