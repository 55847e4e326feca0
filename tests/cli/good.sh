#!/bin/bash
# Good observations: deliveries and log-ins in one's own logs are counted, each once, apart from events, without a word
# of who logged in or wrote; they are in nothing that is published; and what claims to be one and is none is refused.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
cd "$dir"
at() { printf '%sT00:00:%02d+00:00 host %s\n' "$(date -u -d "@$today" +%F)" "$1" "$2"; }
{
  at 1 'sshd[7]: Accepted publickey for joe from 45.0.0.1 port 4242 ssh2: ED25519 SHA256:abcDEF123'
  at 2 'sshd[7]: Accepted password for eve from 1.2.3.4 port 22 ssh2 from 45.0.0.2 port 4242 ssh2'
  at 3 'sshd[7]: Failed password for root from 45.0.0.3 port 4242 ssh2'
  at 4 'sshd[7]: Accepted password for joe from 10.0.0.1 port 4242 ssh2'
  at 4 'sshd[7]: Accepted password for joe from 3.0.0.1 port 4242 ssh2'
  at 5 'dovecot: imap-login: Login: user=<joe>, method=PLAIN, rip=45.0.0.1, lip=203.0.113.5, mpid=12, TLS, session=<k3a>'
  at 6 'postfix/smtpd[7]: 4ABCDEF01: client=mx.example.net[45.0.0.4]'
  at 6 'postfix/smtpd[7]: 4ABCDEF02: client=mx.example.net[45.0.0.5], sasl_method=PLAIN, sasl_username=joe'
  at 6 'postfix/smtpd[7]: 4ABCDEF03: client=mx.example.net[45.0.0.6]'
  for id in 4ABCDEF01 4ABCDEF01 4ABCDEF02 4ABCDEF09; do
    at 7 "postfix/lmtp[9]: $id: to=<a@b.example>, relay=x, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Saved)"
  done
  at 8 'postfix/lmtp[9]: 4ABCDEF03: to=<a@b.example>, relay=x, delay=1, dsn=5.0.0, status=bounced (550 no)'
  # behind the queue: handed to a filter, and back from it
  for n in 7 8 9; do
    at 9 "postfix/smtpd[7]: 4ABCDEF2$n: client=mx.example.net[45.0.1.$n]"
    at 9 "postfix/engine/smtp[9]: 4ABCDEF2$n: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10025, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4ABCDEF3$n)"
    at 9 "postfix/filtered/smtpd[7]: 4ABCDEF3$n: client=localhost[127.0.0.1], orig_queue_id=4ABCDEF2$n, orig_client=mx.example.net[45.0.1.$n]"
  done
  at 9 'postfix/cleanup[7]: 4ABCDEF38: info: header X-Spam-Flag: YES from mx.example.net[45.0.1.8]; from=<a@b> to=<c@d> proto=ESMTP helo=<x>'
  at 9 'postfix/cleanup[7]: 4ABCDEF39: milter-header-info: header X-Spam: Yes from localhost[127.0.0.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<x>'
  for n in 7 8 9; do
    at 10 "postfix/lmtp[9]: 4ABCDEF3$n: to=<a@b.example>, relay=x, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Saved)"
  done
} >log
printf '2|x|20200101|0|19700101|20200101|+0000\n' >stats
printf '45.0.0.0,45.0.255.255,64501,Forty-five\n' >ranges
"$ONUS_BUILD/src/prog/onus/onus" registry build -o registry ranges >/dev/null 2>&1 || fail 'no registry'
road_conf "$dir" <<CONF
own_networks = 3.0.0.0/24
registry_max_age_days = 3650
filter_path = $ONUS_SOURCE/etc/filter.d
[source mail]
path = $dir/log
[source list]
type = list
anchor = no
path = $dir/nothing
CONF
rows() { sqlite3 -separator ' ' hub.sqlite 'SELECT substr(lower(hex(g.addr)), 25), g.kind, s.name, g.count FROM good g JOIN source s ON s.id = g.source ORDER BY 1, 2'; }
stages conf collect load
rows >got
diff - got <<'ROWS' || fail 'other rows'
2d000001 2 mail 2
2d000002 2 mail 1
2d000004 1 mail 2
2d000107 1 mail 1
ROWS
[ "$(sqlite3 hub.sqlite 'SELECT count(*) FROM ledger')" = 1 ] || fail 'events are others'
[ "$(jq .counters.good state/status/onus-collect.status)" = 6 ] || fail 'the status tells others'
stages conf collect load
rows | cmp -s - got || fail 'a second run counts again'
at 9 'sshd[7]: Accepted password for joe from 45.0.0.1 port 4242 ssh2' >>log
stages conf collect load score publish
[ "$(rows | head -1)" = '2d000001 2 mail 3' ] || fail "a line more: $(rows)"
echo 'ok: counted once'

# nobody's name is kept, nothing is published
sqlite3 hub.sqlite .dump | grep -qwE 'joe|eve' && fail 'a name is in the hub'
zstd -qdc spool/good/*/*.zst | grep -wE 'joe|eve|example' && fail 'a name is in the spool'
for file in serve/current/* open/current/*; do
  case $file in *.sqlite) sqlite3 "$file" .dump ;; *) cat "$file" ;; esac | grep -aqE '45\.0\.0\.[124]|2d00000[124]' && fail "$file tells of a good host"
done
echo 'ok: nothing is told'

# a log that clients can write lines into: what is found there is weak, from wherever one reads on, and no log-in is good
printf '[source error]\npath = %s/error.log\n' "$dir" >>conf
: >error.log
stages conf collect load # an empty file whose head nobody knows yet
{
  printf '%s 00:00:10 [error] 7#7: *1 open() "/x\n' "$(date -u -d "@$today" +%Y/%m/%d)"
  at 11 'sshd[7]: Failed password for root from 45.0.0.7 port 4242 ssh2'
  at 11 'sshd[7]: Accepted password for joe from 45.0.0.8 port 4242 ssh2'
} >>error.log
stages conf collect load
at 12 'sshd[7]: Failed password for root from 45.0.0.9 port 4242 ssh2' >>error.log
at 12 'sshd[7]: Failed password for root from 45.0.0.10 port 4242 ssh2' >>log
stages conf collect load
sqlite3 -separator ' ' hub.sqlite "SELECT substr(lower(hex(addr)), 25), proof, count FROM ledger WHERE hex(addr) LIKE '%2D0000__' AND lower(hex(addr)) NOT LIKE '%03' ORDER BY 1" >got
diff - got <<'ROWS' || fail 'forged lines count in full'
2d000007 1 1
2d000009 1 1
2d00000a 0 1
ROWS
rows | grep -q '^2d000008' && fail 'a forged log-in is a good observation'
echo 'ok: a forged line is weak'
