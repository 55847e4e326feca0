#!/bin/bash
# replay: a real Postfix log of the shared data, whose deliveries are counted by awk, which knows nothing of filters: good
# traffic, what each of 221 walls around a /8 and two walls around more would have cost, and the hosts under them are the same.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data logs-raw-real
fail() { echo "not ok: $*" >&2; exit 1; }
log=$(find "$data" -path '*postfix*' -name mail.log)
cd "$dir"

# Deliveries by client: smtpd says whose a queue id is, unless he logged in; an agent that it was sent.
awk '
  / postfix\/smtpd\[/ && / client=/ { id = $6; if (/sasl_/) delete of[id]; else { of[id] = $7; gsub(/.*\[|\].*/, "", of[id]) } }
  / postfix\/(local|lmtp|virtual|pipe|smtp)\[/ && / status=sent / && ($6 in of) { n[of[$6]]++ }
  END { for (a in n) print a, n[a] }' "$log" | sort >want
[ "$(awk '{ n += $2 } END { print (n > 400 && NR > 200) }' want)" = 1 ] || fail "too little in the log: $(wc -l <want) hosts"

space=$(for a in $(seq 1 223); do case $a in 10 | 127) ;; *) echo "$a" ;; esac; done)
{
  echo '#onus-decisions 1'
  for a in $space; do printf '+\tprefix:%s.0.0.0/8\tgreylist\t4000000000\tx\n' "$a"; done
  printf '+\tnet:RIPE/0.0.0.0-127.255.255.255\treject\t4000000000\tx\n+\tas:64501\tgreylist\t4000000000\tx\n'
  printf 'end\t%d\n' $(($(wc -w <<<"$space") + 2))
} >decisions
for a in $(seq 128 191); do printf '%s.0.0.0,%s.255.255.255,64501,A quarter\n' "$a" "$a"; done >ranges
"$onus" registry build -o registry ranges >/dev/null 2>&1 || fail 'no registry'
code=0
"$onus" decide --replay --json -o feeds= -o "registry_file=$dir/registry" -o "filter_path=$ONUS_SOURCE/etc/filter.d" \
  --decisions decisions "$log" >got 2>err || code=$?
[ "$code" = 1 ] || fail "exit code $code: $(cat err)"

same() { # WHAT JQ AWK
  [ "$(jq -r "$2" got)" = "$(awk -F'[. ]' "$3" want)" ] || fail "$1: $(jq -r "$2" got), counted were $(awk -F'[. ]' "$3" want)"
}
same 'good traffic' '[.good.messages, .good.hosts] | join(" ")' '{ n += $5 } END { print n, NR }'
same 'half of the world' '.rules[] | select(.kind == "net") | .met | [.messages, .hosts] | join(" ")' '$1 < 128 { n += $5; k++ } END { print n, k }'
same 'a quarter' '.rules[] | select(.kind == "as") | .met | [.messages, .hosts] | join(" ")' '$1 >= 128 && $1 < 192 { n += $5; k++ } END { print n, k }'
same 'refused' '.refused | [.messages, .hosts] | join(" ")' '$1 < 128 { n += $5; k++ } END { print n, k }'
same 'delayed' '.delayed | [.messages, .hosts] | join(" ")' '$1 >= 128 { n += $5; k++ } END { print n, k }'
jq -r '.worst_decisions[] | select(.entity | startswith("prefix:")) | [(.entity | ltrimstr("prefix:") | split(".")[0]), .met.messages, .met.hosts] | join(" ")' got | sort >got.8
awk -F'[. ]' '{ n[$1] += $5; k[$1]++ } END { for (a in n) print a, n[a], k[a] }' want | sort >want.8
diff got.8 want.8 || fail 'the /8s differ'
jq -r '.worst_hosts[] | [(.entity | ltrimstr("addr:")), .messages] | join(" ")' got | sort >got.hosts
diff got.hosts want || fail 'the hosts differ'
echo "ok: $(awk '{ n += $2 } END { print n, "deliveries of", NR, "hosts" }' want)"
