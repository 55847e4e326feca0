#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# onus-milter before the queue of a Postfix of the test's own: tests/system/milter_postfix.py.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  echo "Postfix changes users, which only root can: not tried"
  exit 77
fi
if [ ! -x /usr/lib/postfix/sbin/master ]; then
  echo "no Postfix here (another mail server is): not tried"
  exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/tls.key" -out "$dir/tls.crt" -days 2 \
  -subj /CN=partner.example -addext subjectAltName=DNS:partner.example 2>/dev/null
python3 "$(dirname "$0")/milter_postfix.py" "$dir"
