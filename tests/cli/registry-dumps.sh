#!/bin/bash
# Dumps as RIPE, APNIC, AFRINIC and LACNIC publish them, with what is odd about each: read, built, looked up. What
# they say of their format is in doc/registry.md; the files here are made up after that.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

# --- RIPE: a file a class, packed; what may be personal is replaced ----------------------------------------
gzip -c >ripe.db.inetnum.gz <<'RPSL'
#
# The contents of this file are subject to
# RIPE Database Terms and Conditions
#
# http://www.ripe.net/db/support/db-terms-conditions.pdf
#

inetnum:        0.0.0.0 - 255.255.255.255
netname:        IANA-BLK
descr:          The whole IPv4 address space
country:        EU # Country field is actually all countries in the world and not just EU countries
org:            ORG-IANA1-RIPE
status:         ALLOCATED UNSPECIFIED
created:        2002-06-25T14:19:09Z
last-modified:  2018-11-23T10:30:34Z
source:         RIPE
remarks:        ****************************
remarks:        * THIS OBJECT IS MODIFIED
remarks:        ****************************

inetnum:        5.0.0.0 - 5.0.255.255
netname:        NL-EXAMPLE-20120529
country:        NL
country:        BE
org:            ORG-EX1-RIPE
admin-c:        DUMY-RIPE
tech-c:         DUMY-RIPE
status:         ALLOCATED PA
mnt-by:         RIPE-NCC-HM-MNT
created:        2012-05-29T09:04:22Z
last-modified:  2016-07-13T09:53:15Z
source:         RIPE
remarks:        ****************************
remarks:        * THIS OBJECT IS MODIFIED
remarks:        * Please note that all data that is generally regarded as personal
remarks:        * data has been removed from this object.
remarks:        ****************************

inetnum:        5.0.1.0 - 5.0.1.99
netname:        EXAMPLE-CUSTOMER
descr:          no prefix, and older than the database
country:        nl
status:         ASSIGNED PA
created:        1970-01-01T00:00:00Z
last-modified:  2001-09-21T22:08:01Z
source:         RIPE
RPSL
gzip -c >ripe.db.organisation.gz <<'RPSL'
organisation:   ORG-EX1-RIPE
org-name:       Example B.V.
country:        NL
org-type:       LIR
address:        Dummy address for ORG-EX1-RIPE
e-mail:         unread@ripe.net
abuse-c:        AR1-RIPE
mnt-ref:        RIPE-NCC-HM-MNT
mnt-by:         RIPE-NCC-HM-MNT
created:        2012-05-24T11:26:35Z
last-modified:  2020-12-16T12:25:12Z
source:         RIPE
RPSL
gzip -c >ripe.db.role.gz <<'RPSL'
role:           Placeholder Role Object
address:        RIPE Network Coordination Centre
e-mail:         ripe-dbm@ripe.net
nic-hdl:        ROLE-RIPE
source:         RIPE

role:           Abuse-C Role
address:        Dummy address for AR1-RIPE
e-mail:         unread@ripe.net
nic-hdl:        AR1-RIPE
abuse-mailbox:  abuse@example.nl
mnt-by:         EXAMPLE-MNT
created:        2013-12-04T15:23:54Z
last-modified:  2013-12-04T15:23:55Z
source:         RIPE # Filtered
RPSL

# --- APNIC: a file a class; whom to write to is a response team, or stands in the description of others -------
xz -c >apnic.db.inetnum.xz <<'RPSL'
inetnum:        0.0.0.0 - 0.255.255.255
netname:        IANA-BLOCK
descr:          General placeholder reference for all IPv4 addresses
country:        AU # actually EVERYWHERE
source:         APNIC

inetnum:        8.0.0.0 - 8.255.255.255
netname:        IANA-NETBLOCK-8
descr:          This network range is not allocated to APNIC.
country:        AU
source:         APNIC

inetnum:        1.0.16.0 - 1.0.31.255
netname:        I2TSUWA
descr:          i2ts,inc.
descr:          KT Bldg. 5F, 7-16 Nihombashihonchou
country:        JP
org:            ORG-II1-AP
mnt-irt:        IRT-JPNIC-JP
mnt-by:         MAINT-JPNIC
status:         ALLOCATED PORTABLE
last-modified:  2020-09-04T13:15:05Z
source:         APNIC

inetnum:        1.0.16.0 - 1.0.16.255
netname:        I2TS-PART
descr:          of the registry of Japan, as APNIC has it
country:        JP
admin-c:        JP00010080
last-modified:  2011-04-08T04:35:34Z
changed:        apnic-ftp@nic.ad.jp 20110408
source:         JPNIC

inetnum:        1.11.0.0 - 1.11.255.255
netname:        CJ-HELLOVISION-KR
descr:          CJ Hello
country:        KR
mnt-irt:        IRT-KRNIC-KR
status:         ALLOCATED PORTABLE
remarks:        This information has been partially mirrored by APNIC from
remarks:        KRNIC. To obtain more specific information, please use the
remarks:        KRNIC whois server at whois.kisa.or.kr.
changed:        hostmaster@nic.or.kr
source:         KRNIC
RPSL
cat >apnic.db.irt <<'RPSL'
irt:            IRT-JPNIC-JP
address:        Uchikanda OS Bldg 4F
address:        Chiyoda-ku, Tokyo
e-mail:         hostmaster@nic.ad.jp
abuse-mailbox:  abuse@jpnic.example
auth:           # Filtered
remarks:        abuse@jpnic.example was validated on 2020-07-23
source:         APNIC

irt:            IRT-KRNIC-KR
address:        Seoul
abuse-mailbox:  irt@krnic.example
source:         APNIC
RPSL
printf 'organisation:   ORG-II1-AP\norg-name:       i2ts,inc. Z\374rich\naddress:        KT Bldg. #5F\naddress:\naddress:        Tokyo\ncountry:        JP\nsource:         APNIC\n' >apnic.db.organisation

# --- AFRINIC: one file, persons in it, masked ----------------------------------------------------------------
cat >afrinic.db <<'RPSL'
% AFRINIC whois database

inetnum:        41.1.0.0 - 41.1.255.255
netname:        Example-ZA
descr:          Example Ltd
country:        ZA
org:            ORG-EX1-AFRINIC
admin-c:        JD1-AFRINIC
status:         ALLOCATED PA
mnt-by:         AFRINIC-HM-MNT
changed:        ***@afrinic.net 20080711
source:         AFRINIC
parent:         41.0.0.0 - 41.255.255.255

organisation:   ORG-EX1-AFRINIC
org-name:       Example Ltd
org-type:       LIR
country:        ZA
address:        ***
address:        Cape Town
address:        South Africa
abuse-mailbox:  ***@example.co.za
changed:        ***@afrinic.net 20080711
source:         AFRINIC

person:         John Doe
address:        5 Home Road
nic-hdl:        JD1-AFRINIC
e-mail:         ***@doe.example
source:         AFRINIC

inet6num:       2001:4200::/32
netname:        SIX-ZA
country:        ZA
org:            ORG-EX1-AFRINIC
status:         ALLOCATED-BY-RIR
changed:        unread@ripe.net 20000101
source:         AFRINIC # Filtered
RPSL

# --- LACNIC: shortened prefixes, numbers without AS, attributes without a value, IPv6 as what it is --------------
cat >lacnic.db <<'RPSL'
aut-num:     278
descr:       Description
country:     MX
created:     19890331
changed:     20110503
source:      LACNIC

inetnum:     24.232.16/24
status:      reallocated
descr:       Description
city:        Buenos Aires
country:     AR
tech-c:
created:     19990312
changed:     19990312
source:      LACNIC

inet6num:    2001:1200:2000::/48
status:      reallocated
descr:       Description
country:     MX
created:     20060105
source:      LACNIC
RPSL

printf '%s,64500,x\n' 5.0.0.0,5.0.255.255 1.0.16.0,1.0.31.255 >origins.csv
inputs=(ripe.db.inetnum.gz ripe.db.organisation.gz ripe.db.role.gz apnic.db.inetnum.xz apnic.db.irt
  apnic.db.organisation afrinic.db lacnic.db)
run 0 registry read "${inputs[@]}"
grep -v '^  [A-Z]' out >got
mv got out
same 'what each dump has' <<'OUT'
ripe.db.inetnum.gz (rpsl): 2 facts, 0 refused, 1 left out
  network            2 taken
  left out           1 a placeholder for space of others (first: line 8)
ripe.db.organisation.gz (rpsl): 1 facts, 0 refused, 0 left out
  org                1 taken
ripe.db.role.gz (rpsl): 1 facts, 0 refused, 1 left out
  contact            1 taken
  left out           1 a placeholder for roles that were taken out (first: line 1)
apnic.db.inetnum.xz (rpsl): 3 facts, 0 refused, 2 left out
  network            3 taken
  left out           2 a placeholder for space of others (first: line 1)
apnic.db.irt (rpsl): 2 facts, 0 refused, 0 left out
  contact            2 taken
apnic.db.organisation (rpsl): 1 facts, 0 refused, 0 left out
  org                1 taken
afrinic.db (rpsl): 3 facts, 0 refused, 1 left out
  network            2 taken
  org                1 taken
  left out           1 a person (first: line 26)
lacnic.db (rpsl): 3 facts, 0 refused, 0 left out
  network            2 taken
  as                 1 taken
OUT
run 0 registry build -o reg origins.csv "${inputs[@]}"
run 0 lookup -o "registry_file=$dir/reg" -o registry_max_age_days=3650 \
  5.0.1.7 1.0.16.7 1.11.2.3 41.1.2.3 2001:4200::1 24.232.16.9 2001:1200:2000::1
grep -v '^  as of\|nobody announces' out >got
mv got out
same 'the chains in the dumps' <<'OUT'
5.0.1.7
  prefix    5.0.0.0/16
  AS        AS64500 x
  org       x
  country   not known
  abuse     abuse@example.nl, Abuse-C Role, of 5.0.0.0/16
  network   5.0.1.0-5.0.1.99 EXAMPLE-CUSTOMER (RIPE), ASSIGNED PA, NL, changed 2001-09-21
  within    5.0.0.0/16 NL-EXAMPLE-20120529 (RIPE), ALLOCATED PA, NL, since 2012-05-29, changed 2016-07-13
            held by Example B.V. (RIPE/ORG-EX1-RIPE), NL
1.0.16.7
  prefix    1.0.16.0/20
  AS        AS64500 x
  org       x
  country   not known
  abuse     abuse@jpnic.example, IRT-JPNIC-JP, of 1.0.16.0/20
  network   1.0.16.0/24 I2TS-PART (JPNIC), JP, changed 2011-04-08
  within    1.0.16.0/20 I2TSUWA (APNIC), ALLOCATED PORTABLE, JP, changed 2020-09-04
            held by i2ts,inc. Zürich (APNIC/ORG-II1-AP), JP, KT Bldg. #5F, Tokyo
1.11.2.3
  abuse     irt@krnic.example, IRT-KRNIC-KR, of 1.11.0.0/16
  network   1.11.0.0/16 CJ-HELLOVISION-KR (KRNIC), ALLOCATED PORTABLE, KR
41.1.2.3
  network   41.1.0.0/16 Example-ZA (AFRINIC), ALLOCATED PA, ZA, changed 2008-07-11
            held by Example Ltd (AFRINIC/ORG-EX1-AFRINIC), ZA, Cape Town, South Africa
2001:4200::1
  network   2001:4200::/32 SIX-ZA (AFRINIC), ALLOCATED-BY-RIR, ZA
            held by Example Ltd (AFRINIC/ORG-EX1-AFRINIC), ZA, Cape Town, South Africa
24.232.16.9
  network   24.232.16.0/24 Description (LACNIC), reallocated, AR, since 1999-03-12, changed 1999-03-12
2001:1200:2000::1
  network   2001:1200:2000::/48 Description (LACNIC), reallocated, MX, since 2006-01-05
OUT
for person in 'John' 'Home Road' 'JD1-AFRINIC' 'Dummy address' '\*\*\*' 'unread@'; do
  ! grep -aq "$person" reg || fail "$person is in the registry file"
done
echo ok
