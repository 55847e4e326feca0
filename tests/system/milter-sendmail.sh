#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# onus-milter before the queue of a real Sendmail: tests/system/milter_sendmail.py. Debian's package is unpacked, not installed, for
# Postfix is here; everything runs in namespaces of the test's own and ends with it.
set -euo pipefail
own=(unshare --net --uts --pid --fork --kill-child)
if ! "${own[@]}" true; then
  echo "no namespaces of one's own here, which root has: not tried"
  exit 77
fi
# Sendmail believes no certificate below a directory that everybody writes to, such as /tmp
dir=$(mktemp -d -p /run onus-milter-sendmail.XXXXXX)
trap 'rm -rf "$dir"' EXIT
"$ONUS_SOURCE/tools/unpack-packages" "$dir/packages" sendmail-bin sendmail-cf m4 || { echo 'no packages can be had: not tried'; exit 77; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/tls.key" -out "$dir/tls.crt" -days 2 \
  -subj /CN=partner.example -addext subjectAltName=DNS:partner.example 2>/dev/null
"${own[@]}" python3 "$ONUS_SOURCE/tests/system/milter_sendmail.py" "$dir" "$dir/packages"
