# shellcheck shell=bash
# Sourced by the benches: what they all need, made once under build/bench.
#   need_registry    $registry, compiled from the npm packages
#   need_addresses   $addresses, one a line in random order: real attackers where the data is beside the
#                    checkout, else those of a simulation
#   best N COMMAND…  seconds of the quickest of N runs
onus=$ONUS_BUILD/src/prog/onus/onus
export filters=$ONUS_SOURCE/etc/filter.d

build() { ninja -C "$ONUS_BUILD" --quiet "$@" | grep -v "no work to do" || true; }

need_registry() {
  build src/prog/onus/onus
  "$ONUS_SOURCE/tools/get-registry" "$onus" "$ONUS_BUILD/run"
  registry=$ONUS_BUILD/run/registry
}

need_addresses() {
  local data=$ONUS_SOURCE/../shared/data/blocklists.tar.xz
  addresses=$ONUS_BENCH/addresses
  [ -s "$addresses" ] && return
  if [ -e "$data" ]; then
    tar xJf "$data" --wildcards -O '*/ipsum.txt' | grep -v '^#' | cut -f1
  else
    echo 'no real attackers beside this checkout: simulated ones' >&2
    "$onus" sim --registry "$registry" --hosts 100000 2>/dev/null | grep -v '^#' | cut -f2 | grep -v : | sort -u
  fi | shuf --random-source=<(yes) >"$addresses"
}

best() {
  local n=$1 i t min=
  shift
  for ((i = 0; i < n; i++)); do
    t=$(TIMEFORMAT=%R; { time "$@" >/dev/null 2>/dev/null; } 2>&1)
    min=$(awk -v a="${min:-$t}" -v b="$t" 'BEGIN {print a < b ? a : b}')
  done
  echo "$min"
}

# against OURS-SECONDS THEIRS-SECONDS MARK: "12.3x, mark 25x: met"
against() {
  awk -v o="$1" -v t="$2" -v m="$3" 'BEGIN {r = t / (o > 0 ? o : 0.01); printf "%.1fx, mark %sx: %s\n", r, m, (r >= m ? "met" : "NOT MET")}'
}
