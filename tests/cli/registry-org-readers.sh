#!/bin/bash
# Whose an AS is, as others than registries say: CAIDA's AS-to-organisation tables, text and JSON lines, and PeeringDB.
# No real file is at hand; these hold what their documentation says of them, and what could go wrong.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
corpus=$ONUS_SOURCE/fuzz/corpus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; exit 1; }
# says FILE: what is read of it, against stdin
says() {
  cp "$corpus/$1" in
  { "$onus" registry read --facts in && "$onus" registry read in; } >out 2>err || fail "$1: $(cat err)"
  diff - out >changes || fail "$1: $(cat changes)"
}

says as2org/text <<'OUT'
{"line":4,"kind":"org","source":"CAIDA","handle":"LPL-141-ARIN","name":"Level 3 Parent, LLC","country":"US","changed":"2024-06-18"}
{"line":5,"kind":"org","source":"CAIDA","handle":"ORG-EX1-RIPE","name":"Café Exemple SA","country":"FR","changed":"2025-01-01"}
{"line":7,"kind":"org","source":"CAIDA","handle":"@family-80232"}
{"line":11,"kind":"as","source":"CAIDA","asn":1,"name":"LVLT-1","org":"LPL-141-ARIN","changed":"2024-06-18"}
{"line":12,"kind":"as","source":"CAIDA","asn":64496,"name":"EXEMPLE-AS","org":"ORG-EX1-RIPE"}
{"line":18,"kind":"as","source":"CAIDA","asn":64499,"name":"OLD","org":"ORG-EX1-RIPE","changed":"2012-01-01"}
in (as2org): 6 facts, 5 refused, 2 left out
  as                 3 taken
  org                3 taken
  CAIDA              3 records of 3 AS numbers, 1 - 64499
  left out           2 of an organisation that is gone (first: line 6)
  refused            1 no id of an organisation (first: line 8)
  refused            2 not as many fields as columns (first: line 9)
  refused            2 not an AS number (first: line 14)
OUT
says as2org/lines <<'OUT'
{"line":1,"kind":"org","source":"CAIDA","handle":"1800CO-2-ARIN","name":"1-800 Contacts, Inc.","country":"US","changed":"2017-11-30"}
{"line":2,"kind":"as","source":"CAIDA","asn":1,"name":"LVLT-1","org":"LPL-141-ARIN","changed":"2024-06-18"}
in (as2org): 2 facts, 6 refused, 1 left out
  as                 1 taken
  org                1 taken
  CAIDA              1 records of 1 AS numbers, 1 - 1
  refused            2 not JSON (first: line 3)
  refused            1 not an AS number (first: line 4)
  refused            1 no id of an organisation (first: line 5)
  refused            1 neither an AS nor an organisation (first: line 6)
  refused            1 JSON that is too deep (first: line 8)
  left out           1 of an organisation that is gone (first: line 9)
OUT
says peeringdb/dump <<'OUT'
{"line":1,"kind":"as","source":"PEERINGDB","asn":64496,"name":"Example \"Net\" }]","org":"2","created":"2004-07-28","changed":"2016-03-14"}
{"line":1,"kind":"org","source":"PEERINGDB","handle":"2","name":"Example B.V.","country":"NL"}
{"line":1,"kind":"org","source":"PEERINGDB","handle":"3","name":"Wo"}
in (peeringdb): 3 facts, 3 refused, 2 left out
  as                 1 taken
  org                2 taken
  PEERINGDB          1 records of 1 AS numbers, 64496 - 64496
  left out           1 deleted (first: line 1)
  refused            1 no id of an organisation (first: line 1)
  refused            1 not an AS number (first: line 1)
  left out           1 not said to be in force (first: line 1)
  refused            1 not JSON (first: line 1)
OUT
says peeringdb/api <<'OUT'
{"line":3,"kind":"as","source":"PEERINGDB","asn":64496,"name":"Example","org":"2"}
{"line":4,"kind":"org","source":"PEERINGDB","handle":"2","name":"Example B.V.","country":"NL"}
in (peeringdb): 2 facts, 1 refused, 2 left out
  as                 1 taken
  org                1 taken
  PEERINGDB          1 records of 1 AS numbers, 64496 - 64496
  left out           2 neither a network nor an organisation (first: line 5)
  refused            1 JSON that is too deep (first: line 7)
OUT
! grep -q 'John Doe' out || fail 'a person is in the facts'

# an object over the bound costs itself; 40 MB on one line, packed, are read in the memory of one object
python3 - >large <<'PY'
import json
net = lambda i, notes: json.dumps({'id': i, 'org_id': 7, 'asn': 64496 + i, 'name': 'N', 'notes': notes, 'status': 'ok'})
print('{"net":{"data":[' + net(0, 'x' * 300000) + ''.join(',' + net(i, 'y' * 1000) for i in range(1, 40000)) + ']}}', end='')
PY
gzip large
memory=200000
grep -q __asan_init "$onus" && memory=unlimited # a sanitizer's own tables are not bounded so
(ulimit -v "$memory"; "$onus" registry read large.gz >out 2>err) || fail "a large dump: $(cat err)"
grep -q '39999 taken' out && grep -q 'refused  *1 an object that is too large' out || fail "a large dump: $(cat out)"
