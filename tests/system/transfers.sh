#!/bin/bash
# Blocks that change hands between dated builds of the registry, from event lines to pages: what was seen while
# somebody else held them is his, also where he has left for good; who answers for them now as he did then has all of
# it; who sells to himself, or buys back, gains nothing. A transfer that is told of under a running state gives what it
# would have given from the first day on, bit for bit.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
cd "$dir"
same_day 180
day() { date -u -d "@$((today - $1 * 86400))" +%F; }

# --- three builds ------------------------------------------------------------------------------------------
# net RANGE NAME ORG [DAYS_AGO_CHANGED]; org HANDLE NAME; as NUMBER ORG
net() { printf 'inetnum:        %s\nnetname:        %s\ncountry:        NL\norg:            %s\nstatus:         ALLOCATED PA\nlast-modified:  %sT00:00:00Z\nsource:         RIPE\n\n' "$1" "$2" "$3" "$(day "${4:-900}")"; }
org() { printf 'organisation:   %s\norg-name:       %s\nsource:         RIPE\n\n' "$1" "$2"; }
as() { printf 'aut-num:        AS%s\nas-name:        X%s\norg:            %s\nsource:         RIPE\n\n' "$1" "$1" "$2"; }
# who SELLER BUYER…: all objects; of each block its holder, and when that was changed last
objects() {
  net '20.0.0.0 - 20.0.255.255' SOLD "$1" "$6"          # its AS is the new holder's
  net '20.0.64.0 - 20.0.79.255' INSIDE ORG-INS1-RIPE    # a customer in it, of whom nothing changes
  net '20.4.0.0 - 20.4.255.255' LIR ORG-LIR1-RIPE       # a provider …
  net '20.4.8.0 - 20.4.11.255' CUSTOMER "$2" "$6"       # … whose customer changes
  net '20.8.0.0 - 20.8.255.255' SISTER "$3" "$6"        # to an organisation that is the same
  net '20.12.0.0 - 20.12.15.255' GONE "$4" "$6"         # of somebody who leaves
  net '20.16.0.0 - 20.16.15.255' BACK "$5" "$7"         # sold, and bought back
  net '20.20.0.0 - 20.20.15.255' KEPT ORG-OLD1-RIPE
  if [ "$1" = ORG-OLD1-RIPE ]; then                     # of which a part is sold
    net '20.24.0.0 - 20.24.255.255' PARTS ORG-PAR1-RIPE
  else
    net '20.24.0.0 - 20.24.63.255' PARTS ORG-PAR1-RIPE; net '20.24.64.0 - 20.24.67.255' PART ORG-PAR2-RIPE "$6"
    net '20.24.68.0 - 20.24.255.255' PARTS ORG-PAR1-RIPE
  fi
  org ORG-OLD1-RIPE 'Vorlaxis Telecom'; org ORG-NEW1-RIPE 'Quintober Hosting'; org ORG-INS1-RIPE 'Innerhalb Krankenhaus'
  org ORG-LIR1-RIPE 'Prowider Zwo'; org ORG-CUS1-RIPE 'Kundin Erste'; org ORG-CUS2-RIPE 'Danach Zweite'
  org ORG-SIS1-RIPE 'Schwesternhaus'; org ORG-SIS2-RIPE 'Tochterheim'
  org ORG-PAR1-RIPE 'Stueckwerk'; org ORG-PAR2-RIPE 'Abgeteilt'
  [ "$4" != ORG-GON1-RIPE ] || org ORG-GON1-RIPE 'Vergangen Netz'
  as 64500 ORG-NEW1-RIPE; as 64510 ORG-LIR1-RIPE; as 64520 ORG-SIS1-RIPE; as 64530 ORG-OLD1-RIPE; as 64540 ORG-NEW1-RIPE; as 64550 ORG-PAR1-RIPE
}
cat >asn.csv <<'CSV'
20.0.0.0,20.0.255.255,64500,Quintober
20.4.0.0,20.4.255.255,64510,Prowider
20.8.0.0,20.8.255.255,64520,Schwestern
20.12.0.0,20.12.15.255,64540,Quintober
20.16.0.0,20.16.15.255,64540,Quintober
20.20.0.0,20.20.15.255,64530,Vorlaxis
20.24.0.0,20.24.255.255,64550,Stueckwerk
CSV
echo 20.0.0.0,20.24.255.255,NL >country.csv
echo 'same org:RIPE/ORG-SIS1-RIPE org:RIPE/ORG-SIS2-RIPE one house' >merges
# build DAYS_AGO OBJECTS_OF…
build() {
  local ago=$1 name
  name=registry-$(day "$ago" | tr -d -)
  objects "${@:2}" >ripe.db
  touch -d "$(day "$ago")T12:00:00Z" ripe.db asn.csv country.csv merges
  "$onus" registry build -m merges -o "$name" asn.csv country.csv ripe.db >out 2>&1 || fail "$(cat out)"
  cp "$name" registry
}
old=(ORG-OLD1-RIPE ORG-CUS1-RIPE ORG-SIS1-RIPE ORG-GON1-RIPE)
new=(ORG-NEW1-RIPE ORG-CUS2-RIPE ORG-SIS2-RIPE ORG-NEW1-RIPE)
build 100 "${old[@]}" ORG-NEW1-RIPE 900 900
build 60 "${old[@]}" ORG-OLD1-RIPE 900 80
build 55 "${old[@]}" ORG-OLD1-RIPE 900 80
build 25 "${new[@]}" ORG-NEW1-RIPE 30 40
build 20 "${new[@]}" ORG-NEW1-RIPE 30 40

# --- what was seen -----------------------------------------------------------------------------------------
# hosts x.x.1.0/24 before the transfer of 30 days ago, x.x.2.0/24 and a few of the first since
awk -v t="$today" 'BEGIN { OFS = "\t"; srand(7)
  print "#onus-events 1"
  n = split("20.0 20.0.64 20.4.8 20.8 20.12 20.16 20.20 20.24.64", at, " ")
  for (i = 1; i <= n; i++) {
    split(at[i], p, "."); net = p[1] "." p[2] "."; from = p[3] + 0
    for (k = 0; k < 40; k++) { # before; some are seen on several days
      d = 31 + int(rand() * 60)
      print t - d * 86400, net from + 1 "." k, k % 3 ? "brute-force" : "spam", 1 + k % 3, "full", "own"
      if (k % 4 == 0) print t - (d + 2) * 86400, net from + 1 "." k, "brute-force", 1, "full", "own"
    }
    for (k = 0; k < 6; k++)    # since
      print t - (1 + int(rand() * 28)) * 86400, net from + 2 "." k, "brute-force", 1, "full", "own"
    if (i != 3) print t - 29 * 86400, net from + 1 ".7", "brute-force", 1, "full", "own"
  }
  # a block of which nothing is seen any more, half of what was a foreign list says too
  for (k = 0; k < 20; k++) {
    print t - (32 + k) * 86400, "20.0.9." k, "exploit", 1, "full", "own"
    if (k % 2) print t - (32 + k) * 86400, "20.0.9." k, "exploit", 1, "full", "list"
  } }' >events
conf() {
  road_conf "$1" <<CONF
registry_max_age_days = 3650
[source own]
type = events
path = $dir/events
anchor = yes
CONF
}
run() { stages "$1/conf" "${@:2}"; } # HUB PROGRAM…
tenure() { "$onus" registry tenure -c "$1/conf" --json; }
sql() { sqlite3 "$1" "$2"; }
same() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }
scores() { sql "$1/hub.sqlite" "SELECT entity, family, quote(m), quote(low), quote(high), quote(score), grade, size, hosts, events, groups_n,
  first_day, last_day, quote(m_returning) FROM score_day WHERE run = (SELECT max(id) FROM run) ORDER BY entity, family"; }
# of HUB ENTITY COLUMN, all families
of() { sql "$1/hub.sqlite" "SELECT $3 FROM score_day WHERE run = (SELECT max(id) FROM run) AND entity = '$2' AND family = 255"; }

mkdir late first none
for hub in late first none; do conf "$dir/$hub"; run "$dir/$hub" collect load; done

# told from the beginning; told after a first run, into its state; not at all
same 'transfers' "$(tenure "$dir/first" | jq -c '[.builds, .recorded, .unconfirmed]')" '[5,7,0]'
run "$dir/first" score
run "$dir/none" score
run "$dir/late" score
[ -s late/state/score.state ] || fail 'no state is kept'
cp -r late again
sed -i "s#$dir/late#$dir/again#" again/conf
scores "$dir/late" >before
tenure "$dir/late" >/dev/null
run "$dir/late" score
scores "$dir/first" >want
scores "$dir/late" >got
cmp -s want got || fail "told later: $(diff want got | head -4)"
scores "$dir/none" | cmp -s - before || fail 'the same evidence, another result'
cmp -s want before && fail 'the transfers changed nothing'
# … and by a process that goes on: a line of before the transfer that comes late, one of yesterday, and then the transfers
"$ONUS_BUILD/src/prog/score/onus-score" -c again/conf -o score_interval_s=1 2>again/log & pid=$!
printf '%s\t%s\tbrute-force\t1\tfull\town\n' $((today - 35 * 86400)) 20.0.1.200 $((today - 86400)) 20.0.1.200 \
  $((today - 35 * 86400)) 20.4.9.3 $((today - 86400)) 20.4.10.3 >>events
for hub in again first; do run "$dir/$hub" collect load; done
wait_for() { for _ in $(seq 2400); do [ "$(sql again/hub.sqlite "$1")" = 1 ] && return; sleep 0.1; done; fail "not seen: $1"; }
wait_for "SELECT count(*) FROM score_day WHERE run = (SELECT max(id) FROM run) AND entity = 'addr:20.0.1.200' AND family = 255 AND events = 2"
tenure "$dir/again" >/dev/null
wait_for "SELECT count(*) FROM score_day WHERE run = (SELECT max(id) FROM run) AND entity = 'org:RIPE/ORG-GON1-RIPE' AND family = 255"
kill $pid
wait $pid || fail "onus-score: exit code $?"
pid=
rm -r first/state
run "$dir/first" score
scores "$dir/first" >want
scores "$dir/again" >got
cmp -s want got || fail "told to a process that goes on: $(diff want got | head -4)"
run "$dir/none" collect load score

# --- whose it is -------------------------------------------------------------------------------------------
# hosts ENTITY WITH WITHOUT: how many, with and without what was told
hosts() {
  same "hosts of $1" "$(of "$dir/first" "$1" hosts)" "$2"
  same "hosts of $1, were it not for the transfer" "$(of "$dir/none" "$1" hosts)" "$3"
}
unchanged() { same "$1" "$(of first "$1" "hosts || ' ' || events || ' ' || size || ' ' || first_day || printf(' %.6f', m_returning)")" \
  "$(of none "$1" "hosts || ' ' || events || ' ' || size || ' ' || first_day || printf(' %.6f', m_returning)")"; }
# sold, with its AS: the address, block, network, prefix and AS of the new holder start over
hosts block:20.0.1.0/24 2 41
hosts block:20.0.9.0/24 '' 20
hosts addr:20.0.1.3 '' 1
hosts addr:20.0.1.200 1 1
hosts net:RIPE/20.0.0.0-20.0.255.255 15 113
hosts prefix:20.0.0.0/16 15 113
hosts as:64500 15 113
hosts net:RIPE/20.0.64.0-20.0.79.255 7 46
# he who sold it has it, with what he has kept, and what he had for a while
# seen NET FROM UNTIL IN: hosts, in the days from so many days ago until so many, or outside of them
seen() {
  awk -v from=$((today - $2 * 86400)) -v until=$((today - $3 * 86400)) -v within="$4" -v net="$1" \
    'index($2, net) == 1 && ($1 >= from && $1 < until) == within { print $2 }' events | sort -u | wc -l
}
while_his=$(seen 20.16. 80 40 1)
hosts org:RIPE/ORG-OLD1-RIPE $((46 + 101 + while_his)) 46
[ "$(of first org:RIPE/ORG-OLD1-RIPE 'score < 60')" = 1 ] || fail 'who sold it is none the worse for it'
[ "$(of first as:64500 score)" != "$(of none as:64500 score)" ] || fail 'who bought it is none the better for it'
# a customer: his network starts over; the provider has all of it, in every figure
hosts net:RIPE/20.4.8.0-20.4.11.255 6 46
hosts block:20.4.9.0/24 '' 40
for entity in as:64510 prefix:20.4.0.0/16 net:RIPE/20.4.0.0-20.4.255.255; do
  [ "$(of first $entity "abs(score - $(of none $entity score)) < 0.25")" = 1 ] || fail "score of $entity" # what is new in the world counts twice
  hosts $entity 46 46
done
hosts org:RIPE/ORG-CUS1-RIPE 40 ''
hosts org:RIPE/ORG-CUS2-RIPE '' ''
# a part of a block: who holds and announces the rest has all of it, who bought it begins anew
hosts net:RIPE/20.24.64.0-20.24.67.255 7 46
hosts block:20.24.65.0/24 1 40
hosts as:64550 47 46 # one was seen under both holders
hosts org:RIPE/ORG-PAR1-RIPE 47 46
hosts org:RIPE/ORG-PAR2-RIPE '' ''
# a sister, and who bought back what he had sold: nothing is cut. Of the days in between, all is his who had it
for entity in block:20.8.1.0/24 as:64520 net:RIPE/20.8.0.0-20.8.255.255; do unchanged $entity; done
hosts net:RIPE/20.16.0.0-20.16.15.255 "$(seen 20.16. 80 40 0)" 46
# gone: his name is known as long as it counts
hosts org:RIPE/ORG-GON1-RIPE 40 ''
same 'days of who left' "$(of first org:RIPE/ORG-GON1-RIPE "last_day - $((today / 86400))")" -31
# none of it is lost: every event is somebody's
same 'events of the country' "$(of first country:NL events)" "$(of none country:NL events)"
[ "$(of first country:NL events)" -gt 300 ] || fail 'no country'

# --- as of a day -------------------------------------------------------------------------------------------
at() { "$onus" explain -c first/conf --json --all "$@" 2>err || { [ $? = 1 ] && echo '{}'; }; }
same 'the day before' "$(at --at "$(day 31)" block:20.0.1.0/24 | jq '.n_transfers')" 0
same 'the very day' "$("$onus" explain -c first/conf --at "$(day 30)" block:20.0.1.0/24 | head -1)" 'block:20.0.1.0/24: nothing reported in 400 days'
at --at "$(day 25)" org:RIPE/ORG-GON1-RIPE | jq -e '[.hosts[].host] | unique | length == 40' >/dev/null || fail 'who left, as of then'
same 'before he left' "$("$onus" explain -c first/conf --at "$(day 31)" org:RIPE/ORG-GON1-RIPE)" 'org:RIPE/ORG-GON1-RIPE: nothing reported in 400 days'
for ago in 40 10; do
  "$onus" lookup -c first/conf --at "$(day $ago)" 20.0.1.1 >out
  grep -qF "held by RIPE/ORG-OLD1-RIPE until $(day 30), by RIPE/ORG-NEW1-RIPE since; on $(day $ago) by RIPE/ORG-$([ $ago = 40 ] && echo OLD || echo NEW)1-RIPE" out ||
    fail "both holders: $(cat out)"
done

# --- explained ---------------------------------------------------------------------------------------------
explain() { "$onus" explain -c first/conf "$@"; }
for entity in block:20.0.1.0/24 as:64500 net:RIPE/20.0.0.0-20.0.255.255 org:RIPE/ORG-GON1-RIPE org:RIPE/ORG-OLD1-RIPE \
  as:64510 net:RIPE/20.4.8.0-20.4.11.255 net:RIPE/20.4.0.0-20.4.255.255 org:RIPE/ORG-CUS1-RIPE country:NL; do
  for how in text json; do
    all=(--all)
    [ $how = text ] || all+=(--json)
    explain "${all[@]}" "$entity" >said
    got=$(python3 "$ONUS_SOURCE/tests/cli/add_up.py" $how said) || fail "$entity: $how does not add up"
    same "$entity, added up from $how" "$got" "$(of first "$entity" "printf('%.2f', score)")"
  done
done
says() {
  explain "${@:2}" >said
  grep -qE -- "$1" said || fail "$* is not in $(cat said)"
}
cut="20.0.0.0/16 on $(day 30), from RIPE/ORG-OLD1-RIPE to RIPE/ORG-NEW1-RIPE: what was seen there before, of 101 hosts, [0-9]+ events, is"
says "$cut not held against it" as:64500
says "$cut not held against it" 20.0.1.7
says "$cut held against it, whose it was" org:RIPE/ORG-OLD1-RIPE
says "$cut not held against it" addr:20.0.1.3 # of which there is nothing else
explain as:64510 | grep -q 'Changed hands' && fail 'the provider is told of a cut'
explain block:20.8.1.0/24 | grep -q 'Changed hands' && fail 'a sister is told of a cut'
explain --json net:RIPE/20.4.8.0-20.4.11.255 | jq -e ".transfers == [{range: \"20.4.8.0/22\", day: \"$(day 30)\", from: \"RIPE/ORG-CUS1-RIPE\",
  to: \"RIPE/ORG-CUS2-RIPE\", held_against: false, hosts: 40, events: (.transfers[0].events)}]" >/dev/null || fail "$(explain --json net:RIPE/20.4.8.0-20.4.11.255 | jq .transfers)"

# --- published ---------------------------------------------------------------------------------------------
run "$dir/first" publish
db=first/serve/current/reputation.sqlite
# events ENTITY: of all its days, and whether that is what it was scored by
events() {
  local told
  told=$(sql $db "SELECT ifnull(sum(v.events), 0) FROM evidence v JOIN entity e ON e.id = v.entity WHERE e.name = '$1'")
  same "events of $1" "$told" "$(of first "$1" events)"
}
for entity in block:20.0.1.0/24 net:RIPE/20.4.8.0-20.4.11.255 prefix:20.0.0.0/16 as:64500 as:64510 org:RIPE/ORG-OLD1-RIPE \
  org:RIPE/ORG-GON1-RIPE org:RIPE/ORG-CUS1-RIPE country:NL; do events "$entity"; done
same 'last day of who left' "$(sql $db "SELECT max(v.day) - $((today / 86400)) FROM evidence v JOIN entity e ON e.id = v.entity WHERE e.name = 'org:RIPE/ORG-GON1-RIPE'")" -31
same 'first day of the new AS' "$(sql $db "SELECT min(v.day) - $((today / 86400)) >= -30 FROM evidence v JOIN entity e ON e.id = v.entity WHERE e.name = 'as:64500'")" 1
dir=$dir/first
start -o registry_file="$dir/../registry" -o hub="sqlite:$dir/hub.sqlite"
get 200 /block/20.0.1.0/24; clean; has 'It changed hands'; has '<span class="num">20.0.0.0/16</span>'
has '<bdi>Vorlaxis Telecom</bdi></a></span> <span><bdi>RIPE/ORG-OLD1-RIPE</bdi></span> <span class="date">until'; has "since $(day 30)"
get 200 '/api/v1/lookup?q=20.24.64.1'
json "[.tenure[] | [.range, .holder, .to]] == [[\"20.24.64.0/22\", \"RIPE/ORG-PAR1-RIPE\", \"$(day 30)\"], [\"20.24.64.0/22\", \"RIPE/ORG-PAR2-RIPE\", null]]"
get 200 '/api/v1/lookup?q=20.24.68.1'; json '.tenure == []'
get 200 '/prefix/20.24.0.0/16'; hasnt 'changed hands' # but a part of it
get 200 /org/RIPE/ORG-GON1-RIPE; has ORG-GON1-RIPE; clean
get 200 '/api/v1/lookup?q=org:RIPE/ORG-GON1-RIPE'; json '.score < 100 and .hosts == 40'
get 200 /org/RIPE/ORG-OLD1-RIPE; has Vorlaxis; clean
get 200 /block/20.0.1.0/24; clean
get 200 /addr/20.0.1.3; clean
stop
echo "ok: $n answers"
