# shellcheck shell=bash
# Sourced by tests that use the real data beside the checkout: unpack what is named into $dir, or skip.
#   need_data ARCHIVE…   sets data=$dir/data
need_data() {
  local archive
  for archive in "$@"; do
    if [ ! -e "$ONUS_SOURCE/../shared/data/$archive.tar.xz" ]; then
      echo "skipped: no real data ($archive) beside this checkout" >&2
      exit 77
    fi
  done
  data=$dir/data
  mkdir -p "$data"
  for archive in "$@"; do
    tar xJf "$ONUS_SOURCE/../shared/data/$archive.tar.xz" -C "$data"
  done
}
