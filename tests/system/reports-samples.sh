#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The real samples of abuse reports, each with what it must be read as: tests/system/reports_samples.py.
set -euo pipefail
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$here/data.sh"
need_data mail-samples
python3 "$here/reports_samples.py" "$data" "$here/reports_samples.tsv"
