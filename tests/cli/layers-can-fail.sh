#!/bin/bash
# check-layers is worth something only when it finds a wrong include.
set -euo pipefail
check=$ONUS_SOURCE/tools/check-layers
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp -r "$ONUS_SOURCE/src" "$dir/src"
for wrong in 'util/buf.c net/addr.h' 'intake/x.c holders/registry.h' 'prog/dnsbl/main.c ledger/hub.h' 'prog/dnsbl/main.c door/door.h' 'door/x.c publication/client.h' 'prog/policy/main.c prog/evidence/known.h' \
  'net/addr.c buf.h' 'prog/web/x.c prog/onus/commands.h' 'svc/x.c core/event.h'; do
  read -r file header <<<"$wrong"
  mkdir -p "$dir/src/${file%/*}"
  [ -e "$dir/src/$file" ] && cp "$dir/src/$file" "$dir/saved" || : >"$dir/saved"
  echo "#include \"$header\"" >>"$dir/src/$file"
  if ONUS_SOURCE=$dir "$check" >"$dir/out"; then
    echo "not ok: $file may include $header?" >&2; exit 1
  fi
  grep -q "$file" "$dir/out"
  cp "$dir/saved" "$dir/src/$file"
done
ONUS_SOURCE=$dir "$check"
