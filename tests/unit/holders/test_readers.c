/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of registry inputs: what each record says comes out as a fact, to the byte; what makes no sense
 * is refused with its line; who has no holder, and persons, leave no trace. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "readings.h"

/* --- RIR statistics ----------------------------------------------------------------------------------- */

static const struct reading rir_stats[] = {
	{ "nothing", "", "" },
	{ "a file as it should be",
	    "2.3|apnic|20190909|5||20190906|+1000\n"
	    "# a comment\n\n"
	    "apnic|*|asn|*|2|summary\napnic|*|ipv4|*|1|summary\napnic|*|ipv6|*|2|summary\n"
	    "apnic|JP|asn|173|1|20020801|allocated|A91E66F2\n"
	    "apnic|KR|asn|9264|256|20020801|allocated\n"
	    "apnic|AU|ipv4|1.0.0.0|256|20110811|assigned|A91872ED|e-stats\r\n"
	    "apnic|JP|ipv6|2001:268:8000::|33|20020715|allocated|A92D830B\n"
	    "apnic||ipv6|2001:269::|32||available|\n",
	    "7 as APNIC AS173 opaque=A91E66F2 status=allocated country=JP created=2002-08-01\n"
	    "8 as APNIC AS9264-AS9519 status=allocated country=KR created=2002-08-01\n"
	    "9 network APNIC 1.0.0.0/24 opaque=A91872ED status=assigned country=AU "
	    "created=2011-08-11\n"
	    "10 network APNIC 2001:268:8000::/33 opaque=A92D830B status=allocated country=JP "
	    "created=2002-07-15\n"
	    "11 left out: available\n" },
	{ "a count that is no power of two", "ripencc|EU|ipv4|192.0.2.1|768|00000000|assigned|x",
	    "1 network RIPE 192.0.2.1-192.0.5.0 opaque=x status=assigned country=EU\n" },
	{ "without country and date",
	    "arin||ipv4|198.51.100.0|256||assigned|\nlacnic|ZZ|asn|5|1||allocated\n",
	    "1 network ARIN 198.51.100.0/24 status=assigned\n2 as LACNIC AS5 status=allocated\n" },
	{ "who has no holder",
	    "iana|ZZ|ipv4|1.0.0.0|16777216|20100119|allocated|apnic|iana\n"
	    "afrinic|ZZ|ipv4|196.192.0.0|256||reserved|\n"
	    "arin|US|ipv6|2001:db8::|32|20191107|ianapool||1\n"
	    "iana|ZZ|asn|0|1|19920101|ietf|ietf|iana\n",
	    "1 left out: of IANA, which gives to registries\n2 left out: reserved\n"
	    "3 left out: a status that tells of no holder\n"
	    "4 left out: of IANA, which gives to registries\n" },
	{ "the last addresses and numbers",
	    "apnic|AU|ipv4|255.255.255.0|256||allocated\n"
	    "apnic|AU|ipv4|255.255.255.0|257||allocated\n"
	    "apnic|AU|ipv4|0.0.0.0|4294967296||allocated\n"
	    "apnic|AU|ipv4|0.0.0.1|4294967296||allocated\n"
	    "apnic|AU|ipv4|1.0.0.0|18446744073709551615||allocated\n"
	    "apnic|AU|ipv4|1.0.0.0|18446744073709551616||allocated\n"
	    "apnic|AU|asn|4294967295|1||allocated\n"
	    "apnic|AU|asn|4294967295|2||allocated\n"
	    "apnic|AU|asn|4294967296|1||allocated\n"
	    "apnic|AU|ipv6|ffff::|128||allocated\n"
	    "apnic|AU|ipv6|ffff::|129||allocated\n",
	    "1 network APNIC 255.255.255.0/24 status=allocated country=AU\n"
	    "2 refused: past the end of the address space\n"
	    "3 network APNIC 0.0.0.0/0 status=allocated country=AU\n"
	    "4 refused: past the end of the address space\n"
	    "5 refused: past the end of the address space\n"
	    "6 refused: not a count\n"
	    "7 as APNIC AS4294967295 status=allocated country=AU\n"
	    "8 refused: past the last AS number\n9 refused: not an AS number\n"
	    "10 network APNIC ffff:: status=allocated country=AU\n"
	    "11 refused: not the length of a prefix\n" },
	{ "nonsense",
	    "apnic|AU|ipv4|1.0.0.0|0||allocated\napnic|AU|ipv4|1.0.0.0|-256||allocated\n"
	    "apnic|AU|ipv4|01.0.0.0|256||allocated\napnic|AU|ipv4|::1.0.0.0|256||allocated\n"
	    "apnic|AU|ipv6|1.0.0.0|24||allocated\napnic|AU|ipv6|2001:db8::1|32||allocated\n"
	    "apnic|AU|ipv6|2001:db8::|0||allocated\napnic|AU|asn|0|1||allocated\n"
	    "apnic|AU|asn|7|0||allocated\napnic|au|asn|7|1||allocated\n"
	    "apnic|AUS|asn|7|1||allocated\napnic|AU|asn|7|1|20191301|allocated\n"
	    "apnic|AU|asn|7|1|2019|allocated\nmoon|AU|asn|7|1||allocated\n"
	    "apnic|AU|asn|7|1|20190101\napnic|AU|asn|7|1||\napnic|AU|dns|7|1||allocated\n"
	    "<html>\napnic|AU|asn|7|1||allocated|\x01\x02\napnic|*|dns|*|5|summary\n",
	    "1 refused: not a count\n2 refused: not a count\n3 refused: not an address\n"
	    "4 refused: not an address\n5 refused: not an address\n"
	    "6 refused: a prefix with host bits\n7 refused: not the length of a prefix\n"
	    "8 refused: not an AS number\n9 refused: not a count\n"
	    "10 refused: not a country of two capital letters\n"
	    "11 refused: not a country of two capital letters\n12 refused: not a date\n"
	    "13 refused: not a date\n14 refused: not a registry this reader knows\n"
	    "15 refused: fields are missing\n16 refused: fields are missing\n"
	    "17 refused: neither asn, ipv4 nor ipv6\n18 refused: fields are missing\n"
	    "19 refused: not an opaque id\n20 refused: not a summary\n" },
	{ "totals that are not reached, told once",
	    "2|afrinic|20260213|5|00000000|20260213|00000\n"
	    "afrinic|*|asn|*|2|summary\nafrinic|*|ipv4|*|1|summary\nafrinic|*|ipv6|*|1|summary\n"
	    "afrinic|ZA|ipv4|41.0.0.0|256||allocated\nafrinic|ZA|asn|1228|1||allocated\n",
	    "5 network AFRINIC 41.0.0.0/24 status=allocated country=ZA\n"
	    "6 as AFRINIC AS1228 status=allocated country=ZA\n"
	    "6 refused: 1 of 2 asn records, 0 of 1 ipv6 records\n" },
	{ "two files, one behind the other",
	    "2|arin|1|1|1|1|1\narin|*|asn|*|1|summary\narin|US|asn|1|1||assigned\n"
	    "2|apnic|1|1|1|1|1\napnic|*|asn|*|2|summary\napnic|AU|asn|2|1||assigned\n",
	    "3 as ARIN AS1 status=assigned country=US\n6 as APNIC AS2 status=assigned country=AU\n"
	    "6 refused: 1 of 2 asn records\n" },
};

static void test_rir_stats(void **state)
{
	check(&fact_reader_rir_stats, rir_stats, NELEM(rir_stats));
}

static void test_rir_stats_long_line(void **state)
{
	struct got g = { .fail_at = 0 };
	struct buf in;
	struct err e;

	buf_init(&in, 1u << 20);
	buf_str(&in, "apnic|AU|asn|7|1||allocated|");
	for (unsigned i = 0; i < 200000; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\napnic|AU|asn|7|1||allocated|");
	for (unsigned i = 0; i < 129; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\napnic|AU|asn|8|1||allocated\n");
	assert_int_equal(read_all(&fact_reader_rir_stats, buf_text(&in), &g, &e), 0);
	assert_string_equal(g.text.p,
	    "1 refused: the line is too long\n2 refused: not an opaque id\n"
	    "3 as APNIC AS8 status=allocated country=AU\n");
	buf_done(&g.text);
	buf_done(&in);
}

/* --- RPSL --------------------------------------------------------------------------------------------- */

static const struct reading rpsl[] = {
	{ "nothing", "\n\n% only a comment\n\n", "" },
	{ "a network and who is responsible",
	    "% Information related to '192.0.2.0 - 192.0.2.255'\n\n"
	    "inetnum:        192.0.2.0 - 192.0.2.255\nnetname:        EXAMPLE-NET\n"
	    "descr:          First line # 5\ndescr:          second line\ncountry:        nl # one "
	    "of them\n"
	    "country:        DE\norg:            ORG-EX1-RIPE # a comment\nadmin-c:        "
	    "JD1-RIPE\n"
	    "abuse-c:        AB1-RIPE\nmnt-irt:        IRT-X\nstatus:         ASSIGNED PA\n"
	    "mnt-by:         EX-MNT\ncreated:        2008-08-14T14:54:30Z\n"
	    "last-modified:  2014-06-24T12:09:51Z\nsource:         RIPE # Filtered\n",
	    "3 network RIPE 192.0.2.0/24 name=EXAMPLE-NET descr=First line # 5 org=ORG-EX1-RIPE "
	    "abuse=AB1-RIPE status=ASSIGNED PA country=NL created=2008-08-14 "
	    "changed=2014-06-24\n" },
	{ "whom a server's comment tells to write to: about that object, and only where it does "
	  "not say",
	    "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net'\n\n"
	    "inetnum: 192.0.2.0 - 192.0.2.255\nsource: RIPE\n\n"
	    "inetnum: 192.0.2.0 - 192.0.2.127\nsource: RIPE\n\n"
	    "% Abuse contact for 'as1' is 'as@example.net'\n"
	    "role: X\nnic-hdl: as1\nsource: RIPE\n\naut-num: AS1\nsource: RIPE\n\n"
	    "% Abuse contact for '2001:db8::/32' is 'six@example.net'\n\n"
	    "inet6num: 2001:db8::/32\nabuse-mailbox: own@example.net\nsource: RIPE\n\n"
	    "% Abuse contact for 'AS2' is 'a@example.net\n"
	    "% Abuse contact for AS2 is 'a@example.net'\n"
	    "% No abuse contact registered for AS2\naut-num: AS2\nsource: RIPE\n",
	    "3 network RIPE 192.0.2.0/24 mail=abuse@example.net\n"
	    "6 network RIPE 192.0.2.0/25\n10 contact RIPE handle=as1 name=X\n"
	    "14 as RIPE AS1 handle=AS1 mail=as@example.net\n"
	    "19 network RIPE 2001:db8::/32 mail=own@example.net\n"
	    "26 as RIPE AS2 handle=AS2\n" },
	{ "names in capitals, continuations, a comment within, no end of the last line",
	    "INETNUM:192.0.2.0\n +- 192.0.2.255\nDescr:\n+\n\tto come\n# between\n  more\n"
	    "NetName:  A\n+ # B\nSOURCE: ripe-nonauth",
	    "1 refused: not a range\n" },
	{ "continuations",
	    "inetnum:192.0.2.0\n   - 192.0.2.255\nDescr:\n+\n\tto come\n# between\n  more\n"
	    "NetName:  A\n+ # B\nSOURCE: ripe-nonauth",
	    "1 network RIPE-NONAUTH 192.0.2.0/24 name=A descr=to come\n" },
	{ "what is not aligned, and IPv6",
	    "inetnum: 192.0.2.1 - 192.0.2.77\nsource: APNIC\nmnt-irt: IRT-EX-AP, IRT-OTHER\n\n"
	    "inet6num: 2001:0db8:0001::/48\nnetname: SIX\nsource: AfriNIC # Filtered\n"
	    "parent: 2001:4200::/23\nabuse-mailbox: abuse@example.net\n",
	    "1 network APNIC 192.0.2.1-192.0.2.77 abuse=IRT-EX-AP\n"
	    "5 network AFRINIC 2001:db8:1::/48 name=SIX mail=abuse@example.net "
	    "parent=2001:4200::/23\n" },
	{ "LACNIC: short ranges, the owner in the object, persons",
	    "inetnum:     200.7.84/22\nstatus:      allocated\naut-num:     N/A\n"
	    "owner:       Ejemplo S.A.\nownerid:     MX-EJEM-LACNIC\nresponsible: Juan Garc\355a\n"
	    "address:     Calle 1, 2\naddress:     14060 - Tlalpan\ncountry:     MX\nabuse-c:     "
	    "JDM7\n"
	    "created:     20131029\nchanged:     20140716\n\n"
	    "nic-hdl:     JDM7\nperson:      Juan Garc\355a\ne-mail:      j@example.com\n"
	    "address:     Cra 46\n\n"
	    "aut-num:     AS28000\nowner:       LACNIC\nownerid:     UY-LACN-LACNIC\n"
	    "created:     20031113\n\n"
	    "inetnum: 200/8\nowner: Maria\nownerid: 123.456.789-09\n\n"
	    "inetnum: 177.0.0.0/14\nowner: Empresa\nownerid: 012.345.678/0001-90\n\n"
	    "inetnum: 2801:10:c000::/48\nowner: Universidad\nownerid: CO-U-LACNIC\n\n"
	    "aut-num: 264668\ncountry: BR\ncreated: 2010-07-28\nchanged: 2023-11-15\n"
	    "source: LACNIC\n",
	    "1 org LACNIC handle=MX-EJEM-LACNIC name=Ejemplo S.A. "
	    "address=Calle 1, 2/14060 - Tlalpan country=MX\n"
	    "1 network LACNIC 200.7.84.0/22 org=MX-EJEM-LACNIC status=allocated country=MX "
	    "created=2013-10-29 changed=2014-07-16\n"
	    "14 left out: a person\n"
	    "19 org LACNIC handle=UY-LACN-LACNIC name=LACNIC\n"
	    "19 as LACNIC AS28000 handle=AS28000 org=UY-LACN-LACNIC created=2003-11-13\n"
	    "24 left out: an owner that may be a person\n24 network LACNIC 200.0.0.0/8\n"
	    "28 org LACNIC handle=012.345.678/0001-90 name=Empresa\n"
	    "28 network LACNIC 177.0.0.0/14 org=012.345.678/0001-90\n"
	    "32 org LACNIC handle=CO-U-LACNIC name=Universidad\n"
	    "32 network LACNIC 2801:10:c000::/48 org=CO-U-LACNIC\n"
	    "36 as LACNIC AS264668 handle=264668 country=BR created=2010-07-28 "
	    "changed=2023-11-15\n" },
	{ "organisations and contacts",
	    "organisation: ORG-EX1-RIPE\norg-name: Z\xfcrich \xc3\x84 # 1\norg-type: LIR\naddress: "
	    "Street 1\n"
	    "address:\naddress:  8000 Z\xc3\xbcrich\ncountry: CH\nabuse-c: AB1-RIPE\nphone: +41\n"
	    "changed: a@example.net 20010801\nchanged: b@example.net 20100102 #10:58:10Z\n"
	    "changed: hostmaster@nic.or.kr\nsource: RIPE\n\n"
	    "role: Abuse\x01 team\nnic-hdl: AB1-RIPE\nabuse-mailbox: abuse@b\303\274cher.example\n"
	    "abuse-mailbox: other@example.net\nsource: RIPE\n\n"
	    "role: without a mailbox\nnic-hdl: AB2-RIPE\nabuse-mailbox: not spam<|)example.net\n"
	    "source: RIPE\n\n"
	    "irt: IRT-KRNIC-KR\naddress: Seoul\nabuse-mailbox: irt@nic.or.kr\nauth: # Filtered\n"
	    "source: APNIC\n\n"
	    "irt: IRT-MUTE\ne-mail: irt@example.net\nsource: APNIC\n\n"
	    "person: John Doe\naddress: Home\nnic-hdl: JD1-RIPE\nabuse-mailbox: john@example.net\n"
	    "source: RIPE\n\n"
	    "role: no handle\nsource: RIPE\n",
	    "1 org RIPE handle=ORG-EX1-RIPE name=Z\xc3\xbcrich \xc3\x83? # 1 abuse=AB1-RIPE "
	    "address=Street 1/8000 Z\xc3\xbcrich country=CH changed=2010-01-02\n"
	    "15 contact RIPE handle=AB1-RIPE name=Abuse? team mail=abuse@xn--bcher-kva.example\n"
	    "21 contact RIPE handle=AB2-RIPE name=without a mailbox\n"
	    "26 contact APNIC handle=IRT-KRNIC-KR name=IRT-KRNIC-KR mail=irt@nic.or.kr "
	    "address=Seoul\n"
	    "32 left out: a response team without a mailbox for abuse\n"
	    "36 left out: a person\n42 refused: no handle\n" },
	{ "numbers and routes",
	    "aut-num: AS1234\nas-name: EXAMPLE\ndescr: An AS\norg: ORG-1\nimport: from AS1\n"
	    "changed: x@example.net 20200101\nsource: RIPE\n\n"
	    "aut-num: as4294967295 # the last\nsource: RIPE\n\n"
	    "route: 192.0.2.0/24\ndescr: Proxy\norigin: AS2856 # x\nsource: RADB\n\n"
	    "route6: 2001:db8::/32\norigin: as64500\nsource: RIPE\n\n"
	    "as-block: AS1 - AS1876\nsource: RIPE\n\nmntner: EX-MNT\nsource: RIPE\n\n"
	    "as-set: AS-EX\nmembers: AS1\nsource: RIPE\n\nNetRange: 1.0.0.0 - 1.0.0.255\n",
	    "1 as RIPE AS1234 handle=AS1234 name=EXAMPLE descr=An AS org=ORG-1 "
	    "changed=2020-01-01\n"
	    "9 as RIPE AS4294967295 handle=as4294967295\n"
	    "12 route RADB 192.0.2.0/24 AS2856 descr=Proxy\n"
	    "17 route RIPE 2001:db8::/32 AS64500\n"
	    "21 left out: a block of AS numbers\n"
	    "24 left out: a maintainer\n27 left out: of another class\n"
	    "31 left out: of another class\n" },
	{ "nonsense",
	    "inetnum: 192.0.2.255 - 192.0.2.0\nsource: RIPE\n\n"
	    "inetnum: 192.0.2.1/24\nsource: RIPE\n\ninet6num: 192.0.2.0/24\nsource: RIPE\n\n"
	    "inetnum: 2001:db8::/32\nsource: RIPE\n\ninetnum: ::ffff:192.0.2.0 - "
	    "2001:db8::\nsource: RIPE\n\n"
	    "inetnum:\nsource: RIPE\n\ninetnum: 1/33\nsource: RIPE\n\ninetnum: "
	    "1.2.3.4.5/8\nsource: RIPE\n\n"
	    "inetnum: 192.0.2.0 - 192.0.2.255\n\naut-num: AS0\nsource: RIPE\n\naut-num: "
	    "AS\nsource: RIPE\n\n"
	    "aut-num: AS4294967296\nsource: RIPE\n\nroute: 192.0.2.0\norigin: AS1\nsource: RIPE\n\n"
	    "route: 192.0.2.1/24\norigin: AS1\nsource: RIPE\n\nroute: 192.0.2.0/24\nsource: "
	    "RIPE\n\n"
	    "route: 192.0.2.0/24\norigin: AS0\nsource: RIPE\n\norganisation: #\nsource: RIPE\n\n"
	    "inetnum: 192.0.2.0 - 192.0.2.255\nthis is no line of it\nsource: RIPE\n\n"
	    "inetnum: 192.0.2.0 - 192.0.2.255\nsource: $(x)\n\n <b>\n: x\n",
	    "1 refused: a range backwards\n4 refused: a prefix with host bits\n"
	    "7 refused: of the other family\n10 refused: of the other family\n"
	    "13 refused: a range backwards\n16 refused: not a range\n19 refused: not a range\n"
	    "22 refused: not a range\n25 refused: no source\n27 refused: AS0, which is nobody's\n"
	    "30 refused: not an AS number\n33 refused: not an AS number\n36 refused: not a prefix\n"
	    "40 refused: a prefix with host bits\n44 refused: not an AS number\n"
	    "47 refused: AS0, which is nobody's\n51 refused: no handle\n"
	    "54 refused: a line is no attribute\n58 refused: no source\n"
	    "61 refused: a line is no attribute\n" },
	{ "what a registry says of space that is not its own",
	    "inetnum: 8.0.0.0 - 13.115.255.255\nnetname: "
	    "NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK\nsource: RIPE\n\n"
	    "inetnum: 8.0.0.0 - 8.255.255.255\nnetname: IANA-NETBLOCK-8\nsource: APNIC\n\n"
	    "inetnum: 8.0.0.0 - 8.255.255.255\nnetname: ARIN-CIDR-BLOCK\nsource: APNIC\n\n"
	    "inetnum: 0.0.0.0 - 255.255.255.255\nnetname: ALL\nsource: RIPE\n\n"
	    "inet6num: ::/0\nnetname: ROOT\nsource: RIPE\n\n"
	    "inetnum: 8.0.0.0 - 8.0.0.255\nnetname: IANA-BLKS\nsource: RIPE\n",
	    "1 left out: a placeholder for space of others\n"
	    "5 left out: a placeholder for space of others\n"
	    "9 left out: a placeholder for space of others\n"
	    "13 left out: a placeholder for space of others\n"
	    "17 left out: a placeholder for space of others\n"
	    "21 network RIPE 8.0.0.0/24 name=IANA-BLKS\n" },
	{ "a byte order mark, and line ends of Windows",
	    "\xef\xbb\xbfinetnum: 192.0.2.0 - 192.0.2.255\r\nsource: RIPE\r\n\r\nroute: "
	    "192.0.2.0/24\r\n"
	    "origin: AS1\r\nsource: RIPE\r\n",
	    "1 network RIPE 192.0.2.0/24\n4 route RIPE 192.0.2.0/24 AS1\n" },
};

static void test_rpsl(void **state)
{
	check(&fact_reader_rpsl, rpsl, NELEM(rpsl));
}

/* An attribute of a megabyte costs the object when it is a handle; a text is cut, and what nobody keeps may be
 * as long as it likes. So may an object. */
static void test_rpsl_large(void **state)
{
	static const struct {
		const char *label, *attribute, *want;
	} cases[] = {
		{ "a handle", "org: ", "1 refused: an attribute is too long\n" },
		{ "a range", "inetnum: ", "1 network RIPE 192.0.2.0/24\n" }, /* the second one */
		{ "a remark", "remarks: ", "1 network RIPE 192.0.2.0/24\n" },
		{ "no attribute", "", "1 refused: a line is no attribute\n" },
	};
	struct got g = { .fail_at = 0 };
	struct buf in;
	struct err e;

	buf_init(&in, 16u << 20);
	for (size_t i = 0; i < NELEM(cases); i++) {
		buf_reset(&in);
		buf_fmt(
		    &in, "inetnum: 192.0.2.0 - 192.0.2.255\nsource: RIPE\n%s", cases[i].attribute);
		for (unsigned n = 0; n < 1u << 20; n++)
			buf_byte(&in, 'x');
		buf_str(&in, "\n\n");
		assert_int_equal(read_all(&fact_reader_rpsl, buf_text(&in), &g, &e), 0);
		if (strcmp(g.text.p, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].label, g.text.p);
		buf_done(&g.text);
	}
	buf_reset(&in);
	buf_str(&in, "organisation: ORG-1\nsource: RIPE\norg-name: ");
	for (unsigned n = 0; n < 1u << 20; n++)
		buf_str(&in, n % 2 ? "\xc3\xa4" : "\n ");
	for (unsigned n = 0; n < 100000; n++)
		buf_str(&in, "\naddress: \xe2\x82\xac 1");
	assert_int_equal(read_all(&fact_reader_rpsl, buf_text(&in), &g, &e), 0);
	assert_int_equal(g.n, 1);
	assert_non_null(strstr(g.text.p, "1 org RIPE handle=ORG-1 name=\xc3\xa4 \xc3\xa4"));
	assert_true(g.text.len < 4096);
	buf_done(&g.text);
	buf_done(&in);
}

/* --- RDAP --------------------------------------------------------------------------------------------- */

#define NET "\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.255\""

/* For legibility "'" stands for the quotation mark here, and $NET for the members of NET. */
static const struct reading rdap[] = {
	{ "nothing", "", "" },
	{ "a network, its holder, and the contact within the holder",
	    "{'objectClassName':'ip network','handle':'NET-192-0-2-0-1','name':'EX',$NET,"
	    "'ipVersion':'v4','type':'DIRECT "
	    "ALLOCATION','status':['active'],'parentHandle':'NET-192-0-0-0-0',"
	    "'port43':'whois.arin.net','country':'us','events':[{'eventAction':'last "
	    "changed','eventDate':'2012-02-24T09:44:34-05:00'},{'eventAction':'registration',"
	    "'eventDate':'2007-03-13T12:09:54-04:00'}],'remarks':[{'title':'Remark','description':["
	    "'no']"
	    "},{'description':['yes','x']}],'entities':[{'handle':'EXORG','roles':['registrant']"
	    ",'vcardArray':['vcard',[['version',{},'text','4.0'],['fn',{},'text','Example "
	    "Inc.'],['kind',{},'text','org'],['adr',{'label':'1 Street\\nTown\\\\nLand',"
	    "'cc':'US'},'text',['']],['email',{},'text','hm@example.net']]],'entities':[{'handle':'"
	    "AB1',"
	    "'roles':['technical','Abuse'],'vcardArray':['vcard',[['version',{},'text',"
	    "'4.0'],['fn',{},'text','Abuse \\u00e4'],['kind',{},'text','group'],['email',"
	    "{},'text','noc@example.net'],['email',{'type':['work','abuse']},'text','abuse@example."
	    "net']"
	    "]]}]}]}",
	    "1 org ARIN handle=EXORG name=Example Inc. abuse=AB1 address=1 Street/Town/Land "
	    "country=US\n"
	    "1 contact ARIN handle=AB1 name=Abuse \xc3\xa4 mail=abuse@example.net\n"
	    "1 network ARIN 192.0.2.0/24 handle=NET-192-0-2-0-1 name=EX descr=yes org=EXORG "
	    "abuse=AB1 status=DIRECT ALLOCATION parent=NET-192-0-0-0-0 country=US "
	    "created=2007-03-13 "
	    "changed=2012-02-24\n" },
	{ "persons, maintainers of entities, and who does not say what it is",
	    "{$NET,'links':[{'rel':'up','href':'https://rdap.arin.net/x'},{'rel':'self',"
	    "'href':'https://rdap.db.ripe.net:443/ip/x'}],'entities':[{'handle':'P1',"
	    "'roles':['registrant','abuse'],'vcardArray':['vcard',[['version',{},'text',"
	    "'4.0'],['fn',{},'text','John Doe'],['kind',{},'text','individual'],['email',"
	    "{},'text','john@example.net']]]},{'handle':'M1-MNT','roles':['registrant']"
	    "},{'handle':'N1','roles':['registrant'],'vcardArray':['vcard',[['version',"
	    "{},'text','4.0'],['fn',{},'text','Jane'],['org',{},'text','Example']]]},"
	    "{'handle':'T1','roles':['technical'],'vcardArray':['vcard',[['version',{}"
	    ",'text','4.0'],['fn',{},'text','NOC'],['kind',{},'text','group']]],'entities':[{'"
	    "handle':'X-MNT',"
	    "'roles':['registrant'],'vcardArray':['vcard',[['version',{},'text','4.0']"
	    ",['fn',{},'text','X'],['kind',{},'text','org']]]}]}]}\n",
	    "1 left out: an entity that may be a person\n"
	    "1 left out: an entity that may be a person\n"
	    "1 left out: an entity that may be a person\n"
	    "1 left out: an entity that may be a person\n1 network RIPE 192.0.2.0/24\n" },
	{ "a card that goes by its organisation, a structured address",
	    "{$NET,'entities':[{'handle':'O1','roles':['registrant'],'vcardArray':['vcard',"
	    "[['version',{},'text','4.0'],['fn',{},'text','Example'],['org',{},'text',"
	    "['EXAMPLE','unit']],['adr',{},'text',['','Floor 1',['A','B'],'Town','','123',"
	    "'MX']]]]}]}",
	    "1 org RDAP handle=O1 name=Example address=Floor 1/A/B/Town/123/MX country=MX\n"
	    "1 network RDAP 192.0.2.0/24 org=O1\n" },
	{ "how servers write addresses",
	    "{'startAddress':'074.125.000.000','endAddress':'074.125.255.255'}\n"
	    "{'startAddress':'62.239.237.0/32','endAddress':'62.239.237.255/32'}\n"
	    "{'startAddress':'2a00:2381:ffff::/"
	    "128','endAddress':'2a00:2381:ffff::ffff:ffff:ffff:ffff/128'}"
	    "\n"
	    "{'objectClassName':'ip network','cidr0_cidrs':[{'v4prefix':'192.0.2.0','length':25}"
	    ",{'v6prefix':'2001:db8::','length':32},{'v4prefix':'192.0.2.1','length':24}"
	    ",{'v4prefix':'192.0.2.0','length':33},{'v6prefix':'::ffff:1.0.0.0','length':128}"
	    "]}\n",
	    "1 network RDAP 74.125.0.0/16\n2 network RDAP 62.239.237.0/24\n"
	    "3 network RDAP 2a00:2381:ffff::/64\n4 network RDAP 192.0.2.0/25\n"
	    "4 network RDAP 2001:db8::/32\n4 refused: a prefix with host bits\n"
	    "4 refused: not a range\n4 refused: not a range\n" },
	{ "numbers, entities, and the rest",
	    "{'startAutnum':15169,'endAutnum':15170,'handle':'AS15169','name':'GOOGLE',"
	    "'status':['active']}\n{'objectClassName':'autnum','startAutnum':7}\n"
	    "{'objectClassName':'entity','handle':'ZG39-ARIN','port43':'whois.arin.net',"
	    "'vcardArray':['vcard',[['version',{},'text','4.0'],['fn',{},'text','G'],"
	    "['kind',{},'text','group'],['email',{},'text','a@example.net']]]}\n"
	    "{'objectClassName':'entity','handle':'ORG-1','vcardArray':['vcard',[['version',"
	    "{},'text','4.0'],['fn',{},'text','O'],['kind',{},'text','org']]]}\n"
	    "{'objectClassName':'entity','handle':'P','vcardArray':['vcard',[['version',"
	    "{},'text','4.0'],['fn',{},'text','P'],['kind',{},'text','individual']]]}\n"
	    "{'objectClassName':'entity','handle':'T','roles':['technical'],'vcardArray':['vcard',"
	    "[['version',{},'text','4.0'],['fn',{},'text','T'],['kind',{},'text','group']"
	    "]]}\n{'objectClassName':'entity','vcardArray':['vcard',[['version',{},'text',"
	    "'4.0'],['fn',{},'text','O'],['kind',{},'text','org']]]}\n"
	    "{'objectClassName':'domain','handle':'x'}\n"
	    "{'errorCode':404,'title':'not found'}\n",
	    "1 as RDAP AS15169-AS15170 handle=AS15169 name=GOOGLE status=active\n"
	    "2 as RDAP AS7\n3 contact ARIN handle=ZG39-ARIN name=G mail=a@example.net\n"
	    "4 org RDAP handle=ORG-1 name=O\n5 left out: an entity that may be a person\n"
	    "6 left out: an entity of another role\n7 refused: not a handle\n"
	    "8 left out: of another class\n9 left out: an error, not an answer\n" },
	{ "nonsense",
	    "[]\n{}\n'x'\n<html>\n{'startAddress':'192.0.2.0'}\n"
	    "{'startAddress':'192.0.2.255','endAddress':'192.0.2.0'}\n"
	    "{'startAddress':'192.0.2.0','endAddress':'2001:db8::'}\n"
	    "{$NET,'ipVersion':'v6'}\n{'startAddress':7,'endAddress':[]}\n"
	    "{'startAddress':'192.0.2.0/24','endAddress':'192.0.2.255'}\n"
	    "{'startAddress':'74.125.000.000','endAddress':'74.125.255.255'}\n"
	    "{'startAutnum':0}\n{'startAutnum':4294967296}\n{'startAutnum':'AS7'}\n"
	    "{'startAutnum':7,'endAutnum':6}\n{$NET,$NET}\n{$NET} x\n{$NET,'name':'\xff'}\n"
	    "{$NET\n",
	    "1 refused: not an RDAP answer\n2 refused: not an RDAP answer\n"
	    "3 refused: not JSON\n4 refused: not JSON\n5 refused: not a range\n"
	    "6 refused: a range backwards\n7 refused: a range over both families\n"
	    "8 refused: of the other family\n9 refused: not a range\n"
	    "10 refused: not a range\n11 refused: not a range\n"
	    "12 refused: not an AS number\n13 refused: not an AS number\n"
	    "14 refused: not an AS number\n15 refused: a range backwards\n"
	    "16 refused: not JSON\n17 refused: not JSON\n18 refused: not JSON\n"
	    "19 refused: not JSON\n" },
	{ "one answer over many lines",
	    "\n{\n  'startAddress': '192.0.2.0',\n\n  'endAddress':\n  '192.0.2.255'\n}\n",
	    "2 network RDAP 192.0.2.0/24\n" },
	{ "one that does not end", "{\n$NET\n", "1 refused: not JSON\n" },
	{ "two over many lines", "{\n$NET\n}\n{\n$NET\n}\n", "1 refused: not JSON\n" },
	{ "members of the wrong type",
	    "{$NET,'entities':{'a':1},'events':'x','links':7,'remarks':[[],{'description':'x'}"
	    "],'status':{},'country':['US'],'handle':5}\n"
	    "{$NET,'entities':[1,[],{'roles':'abuse'},{'roles':['abuse'],'vcardArray':7}"
	    ",{'handle':'H','roles':['abuse'],'vcardArray':['vcard',[[],[1,2],['kind',"
	    "[],'text',['org']],['adr'],['email',5,'text',{}]]]}]}\n",
	    "1 network RDAP 192.0.2.0/24\n2 left out: an entity that may be a person\n"
	    "2 contact RDAP handle=H\n2 network RDAP 192.0.2.0/24 abuse=H\n" },
};

static void test_rdap(void **state)
{
	for (size_t i = 0; i < NELEM(rdap); i++) {
		struct reading one = rdap[i];
		struct buf in;

		buf_init(&in, 65536);
		buf_str(&in, "");
		for (const char *p = one.in; *p; p++) {
			bool net = strncmp(p, "$NET", 4) == 0;

			if (net)
				buf_str(&in, NET);
			else
				buf_byte(&in, (char)(*p == '\'' ? '"' : *p));
			p += net ? 3 : 0;
		}
		assert_true(buf_ok(&in));
		one.in = in.p;
		check(&fact_reader_rdap, &one, 1);
		buf_done(&in);
	}
}

/* Deep, large, and endless answers are refused; those behind them are read. */
static void test_rdap_large(void **state)
{
	struct got g = { .fail_at = 0 };
	struct buf in;
	struct err e;

	buf_init(&in, 16u << 20);
	buf_str(&in, "{" NET "}\n");
	for (unsigned i = 0; i < 60000; i++)
		buf_byte(&in, '[');
	buf_str(&in, "\n{" NET ",\"name\":\"");
	for (unsigned i = 0; i < 60000; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\"}\n{" NET ",\"name\":\"");
	for (unsigned i = 0; i < 1u << 20; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\"}\n{" NET ",\"handle\":\"");
	for (unsigned i = 0; i < 129; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\",\"entities\":[1");
	for (unsigned i = 0; i < 1000; i++)
		buf_str(&in, ",{\"entities\":[{\"entities\":[{}]}]}");
	buf_str(&in, "]}\n");
	assert_int_equal(read_all(&fact_reader_rdap, buf_text(&in), &g, &e), 0);
	assert_int_equal(g.n, 3);
	assert_non_null(strstr(
	    g.text.p, "2 refused: JSON that is too deep\n3 network RDAP 192.0.2.0/24 name=xxx"));
	assert_non_null(
	    strstr(g.text.p, "\n4 refused: a line is too long\n5 network RDAP 192.0.2.0/24\n"));
	buf_done(&g.text);
	buf_reset(&in);
	buf_str(&in, "{\n");
	for (unsigned i = 0; i < 1u << 16; i++)
		buf_fmt(&in, "\"a%u\":\"a text that adds up\",\n", i);
	buf_str(&in, NET "}\n");
	assert_int_equal(read_all(&fact_reader_rdap, buf_text(&in), &g, &e), 0);
	assert_string_equal(g.text.p, "1 refused: an answer that is too large\n");
	buf_done(&g.text);
	buf_done(&in);
}

/* --- geofeeds ------------------------------------------------------------------------------------------ */

static const struct reading geofeed[] = {
	{ "nothing", "# only comments\n\n   # x\n", "" },
	{ "the examples of RFC 8805, and what may be left out",
	    "# Geofeed of somebody\r\n192.0.2.0/25,US,US-AL,,\n192.0.2.5,us,US-AL,Alabaster,\n"
	    "2001:db8:2::/48,PL,PL-MZ,,02-784\n 198.51.100.0/24 , de \n203.0.113.0/24\n"
	    "203.0.113.0/25,,,,\n2001:DB8::/32,ZZ\n\"192.0.2.128/25\",\"NL\",NL-NH,\"A, B\",\n",
	    "2 place GEOFEED 192.0.2.0/25 country=US\n3 place GEOFEED 192.0.2.5 country=US\n"
	    "4 place GEOFEED 2001:db8:2::/48 country=PL\n"
	    "5 place GEOFEED 198.51.100.0/24 country=DE\n6 place GEOFEED 203.0.113.0/24\n"
	    "7 place GEOFEED 203.0.113.0/25\n8 place GEOFEED 2001:db8::/32\n"
	    "9 place GEOFEED 192.0.2.128/25 country=NL\n" },
	{ "nonsense",
	    "192.0.2.1/24,US\n192.0.2.0/33,US\nip_prefix,alpha2code\n,US\n192.0.2.0/24,USA\n"
	    "192.0.2.0/24,1\n192.0.2.0-192.0.2.255,US\n\"192.0.2.0/24,US\n192.0.2.0/"
	    "24,Z\xfc\n\"\"\n",
	    "1 refused: a prefix with host bits\n2 refused: not a prefix\n3 refused: not a prefix\n"
	    "4 refused: not a prefix\n5 refused: not a country of two letters\n"
	    "6 refused: not a country of two letters\n7 refused: not a prefix\n"
	    "8 refused: not a prefix\n9 refused: not a country of two letters\n"
	    "10 refused: not a prefix\n" },
	{ "a byte order mark", "\xef\xbb\xbf# x\n192.0.2.0/24,US\n",
	    "2 place GEOFEED 192.0.2.0/24 country=US\n" },
};

static void test_geofeed(void **state)
{
	check(&fact_reader_geofeed, geofeed, NELEM(geofeed));
}

/* Who names one: an attribute, a remark, a comment, a link. */
static void test_geofeed_named(void **state)
{
	static const struct reading in_rpsl[] = {
		{ "an attribute, a remark",
		    "inetnum: 192.0.2.0/24\ngeofeed: https://example.net/g.csv\nsource: RIPE\n\n"
		    "inetnum: 192.0.2.0/24\nremarks: x\nremarks: geofeed  https://example.net/g\n"
		    "source: RIPE\n",
		    "1 network RIPE 192.0.2.0/24 geofeed=yes\n5 network RIPE 192.0.2.0/24 "
		    "geofeed=yes\n" },
		{ "neither",
		    "inetnum: 192.0.2.0/24\ngeofeed: http://example.net/g.csv\n"
		    "remarks: our Geofeed https://example.net/g\nremarks: Geofeed\nsource: RIPE\n",
		    "1 network RIPE 192.0.2.0/24\n" },
		{ "not the one before",
		    "inetnum: 192.0.2.0/24\ngeofeed: https://x\nsource: RIPE\n\n"
		    "inetnum: 192.0.2.0/24\nsource: RIPE\n",
		    "1 network RIPE 192.0.2.0/24 geofeed=yes\n5 network RIPE 192.0.2.0/24\n" },
	};
	static const struct reading in_text[] = { { "a comment",
	    "NetHandle: N\nNetRange: 24.0.0.0 - 24.0.0.255\nComment: Hello\nComment: Geofeed "
	    "https://x/g\n\nNetHandle: M\nNetRange: 24.0.0.0 - 24.0.0.255\n",
	    "1 network ARIN 24.0.0.0/24 handle=N geofeed=yes\n6 network ARIN 24.0.0.0/24 "
	    "handle=M\n" } };
	static const struct reading in_xml[] = { { "a comment",
	    "<bulkwhois><net><handle>N</handle><comment><line>Hello</line><line>Geofeed "
	    "https://x/g</line></comment><startAddress>24.0.0.0</"
	    "startAddress><endAddress>24.0.0.255"
	    "</endAddress></net></bulkwhois>",
	    "1 network ARIN 24.0.0.0/24 handle=N geofeed=yes\n" } };
	static const struct reading in_rdap[] = {
		{ "a link", "{" NET ",\"links\":[{\"rel\":\"self\"},{\"rel\":\"geo\"}]}",
		    "1 network RDAP 192.0.2.0/24 geofeed=yes\n" },
		{ "a remark",
		    "{" NET ",\"remarks\":[{\"title\":\"x\",\"description\":[\"y\",\"Geofeed "
		    "https://x\"]}]}",
		    "1 network RDAP 192.0.2.0/24 geofeed=yes\n" },
	};

	check(&fact_reader_rpsl, in_rpsl, NELEM(in_rpsl));
	check(&fact_reader_arin_text, in_text, NELEM(in_text));
	check(&fact_reader_arin_xml, in_xml, NELEM(in_xml));
	check(&fact_reader_rdap, in_rdap, NELEM(in_rdap));
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static void test_take_ends_it(void **state)
{
	struct got g = { .fail_at = 1 };
	struct err e = { "" };

	assert_int_equal(
	    read_all(&fact_reader_rir_stats,
		SPAN("arin|US|asn|1|1||assigned\narin|US|asn|2|1||assigned\n"), &g, &e),
	    -EIO);
	assert_int_equal(g.n, 1);
	buf_done(&g.text);
}

static void test_recognised(void **state)
{
	static const struct {
		const char *label, *head, *want;
	} cases[] = {
		{ "nothing", "", NULL },
		{ "statistics", "# x\n\n2|afrinic|20260213|9593|00000000|20260213|00000\n",
		    "rir-stats" },
		{ "without a version line", "arin|US|asn|7|1|20191107|assigned||12345\n",
		    "rir-stats" },
		{ "a dump", "%\n% x\n\naut-num:   AS1\n", "rpsl" },
		{ "a dump of persons", "#\nperson: X\n", "rpsl" },
		{ "an answer of LACNIC about a person", "% x\nnic-hdl:     JDM7\n", "rpsl" },
		{ "mail", "From: inetnum@example.net\ninetnum: 1/8\n", NULL },
		{ "an answer", " {\"handle\":\"x\",\n \"objectClassName\" : \"autnum\"}", "rdap" },
		{ "an answer of an old server", "{\"type\":\"x\",\"startAddress\":\"1.0.0.0\"}",
		    "rdap" },
		{ "JSON of others", "{\"eventid\":\"cowrie.login.failed\"}", NULL },
		{ "a list of answers", "[{\"objectClassName\":\"autnum\"}]", NULL },
		{ "ARIN's bulk", "<?xml version=\"1.0\"?>\n<!-- x --><bulkwhois xmlns=\"x\">",
		    "arin-xml" },
		{ "with a prefix", "<b:bulkwhois xmlns:b=\"x\">", "arin-xml" },
		{ "XML of others", "<nets>bulkwhois</nets>", NULL },
		{ "the same as text", "# x\n\n    \nNetHandle:      NET-1\n", "arin-text" },
		{ "organisations alone", "OrgID:          X\n", "arin-text" },
		{ "an answer of its server", "\n#\n# x\n#\n\nNetRange:       1.0.0.0 - 1.0.0.255\n",
		    "arin-whois" },
		{ "one of before 2011", "\nOrgName:    X\nOrgID:  X\n", "arin-whois" },
		{ "one about a person", "Name:  Doe, John\n", NULL },
		{ "a geofeed", "# x\n\n192.0.2.0/24,NL,,,\n", "geofeed" },
		{ "an entry without a country", "2001:db8::/32,,,,\n", "geofeed" },
		{ "prefixes of something else", "192.0.2.0/24,64500,Example\n", NULL },
		{ "a list of prefixes", "192.0.2.0/24\n198.51.100.0/24\n", NULL },
		{ "only comments", "# 2|a|b\n# x\n", NULL },
		{ "a table of ranges", "1.0.0.0,1.0.0.255,13335,Cloudflare\n", NULL },
		{ "a table of another kind", "a|b|c|d|e|f|g\n", NULL },
		{ "a page", "<html><body>inetnum: 1.0.0.0 - 1.0.0.255</body></html>\n", NULL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct fact_reader *r = fact_reader_of(span_str(cases[i].head));
		const char *name = r ? r->name : "none";

		if (strcmp(name, cases[i].want ? cases[i].want : "none") != 0)
			fail_msg("%s: %s", cases[i].label, name);
	}
}

static void test_no_reader(void **state)
{
	const struct fact_reader *reader = NULL;
	struct got g = { .fail_at = 0 };
	struct fact_to to = { .take = on_take, .refuse = on_refuse, .ctx = &g };
	struct err e = { "" };

	assert_int_equal(file_write(path, SPAN("PK\003\004 nothing\n"), &e), 0);
	assert_int_equal(fact_read_file(path, &to, &reader, &e), -EINVAL);
	assert_null(reader);
	assert_non_null(strstr(e.text, "a zip archive: unpack it first"));
	assert_int_equal(file_write(path, SPAN("nothing\n"), &e), 0);
	assert_int_equal(fact_read_file(path, &to, &reader, &e), -EINVAL);
	assert_null(reader);
	assert_non_null(strstr(e.text, "no registry input this program knows"));
	assert_int_equal(fact_read_file("/nonexistent/x", &to, &reader, &e), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rir_stats),
		cmocka_unit_test(test_rir_stats_long_line),
		cmocka_unit_test(test_rpsl),
		cmocka_unit_test(test_rpsl_large),
		cmocka_unit_test(test_rdap),
		cmocka_unit_test(test_rdap_large),
		cmocka_unit_test(test_geofeed),
		cmocka_unit_test(test_geofeed_named),
		cmocka_unit_test(test_take_ends_it),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_no_reader),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
