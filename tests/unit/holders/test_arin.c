/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of ARIN's whois. What a record says comes out as a fact, in XML and in text the same; persons leave no
 * trace; bad XML ends the reading where it is met, and whatever else is bad costs its record. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "readings.h"

/* --- XML ------------------------------------------------------------------------------------------------ */

#define XML(records)                                                                               \
	"<?xml version=\"1.0\"?><bulkwhois "                                                       \
	"xmlns=\"http://www.arin.net/bulkwhois/core/v1\">\n" records "</bulkwhois>\n"
#define BLOCK(type, len, first, last)                                                              \
	"<netBlock><cidrLenth>" len "</cidrLenth><endAddress>" last "</endAddress><type>" type     \
	"</type><startAddress>" first "</startAddress></netBlock>"
#define NET(handle, first, last, blocks)                                                           \
	"<net><endAddress>" last "</endAddress><handle>" handle "</handle><netBlocks>" blocks      \
	"</netBlocks><orgHandle>EX-1</orgHandle><startAddress>" first "</startAddress></net>\n"
/* as most nets are */
#define ONE(handle, type)                                                                          \
	NET(handle, "24.0.0.0", "24.0.0.255", BLOCK(type, "24", "24.0.0.0", "24.0.0.255"))
#define ONE_TAKEN(line, handle, status)                                                            \
	line " network ARIN 24.0.0.0/24 handle=" handle " org=EX-1 status=" status "\n"

static const struct reading xml[] = {
	{ "nothing", XML(""), "" },
	{ "one of each",
	    XML("<asn><ref>http://x</ref><comment><line number=\"0\">c</line></comment>"
		"<pocLinks><pocLink description=\"Tech\" function=\"T\" handle=\"T1-ARIN\"/>"
		"<pocLink description=\"Abuse\" function=\"AB\" handle=\"A1-ARIN\"/>"
		"<pocLink description=\"Abuse\" function=\"AB\" "
		"handle=\"A2-ARIN\"></pocLink></pocLinks>"
		"<endAsNumber>64500</endAsNumber><handle>AS64496</handle><name>EX-AS</name>"
		"<orgHandle>EX-1</orgHandle><registrationDate>2001-02-03T04:05:06-05:00"
		"</registrationDate><startAsNumber>64496</startAsNumber>"
		"<updateDate>2012-02-24T23:44:34-05:00</updateDate></asn>\n"
		"<poc><city>Home</city><emails><email>john@example.net</email></emails>"
		"<firstName>John</firstName><handle>JD1-ARIN</handle><isRoleAccount>N"
		"</isRoleAccount><lastName>Doe</lastName></poc>\n"
		"<poc><emails><email>abuse@example.net</email><email>b@example.net</email></emails>"
		"<handle>A1-ARIN</handle><iso3166-1><code2>US</code2></iso3166-1>"
		"<isRoleAccount>Y</isRoleAccount><lastName>Abuse &amp; Security</lastName>"
		"<phones><phone><number><phoneNumber>+1</phoneNumber></number></phone></phones>"
		"</poc>\n"
		"<org><city>Town</city><customer>N</customer><handle>EX-1</handle><iso3166-1>"
		"<code2>US</code2><code3>USA</code3><e164>1</e164><name>UNITED STATES</name>"
		"</iso3166-1><iso3166-2>CA</iso3166-2><name>Ex &lt;1&gt; Z\xc3\xbcrich</name>"
		"<parentOrgHandle>UP</parentOrgHandle><pocLinks>"
		"<pocLink description=\"Abuse\" function=\"AB\" handle=\"A1-ARIN\"/></pocLinks>"
		"<postalCode>94043</postalCode><registrationDate>2000-03-30T00:00:00-05:00"
		"</registrationDate><streetAddress><line number=\"0\">1 Main Street</line>"
		"<line number=\"1\"></line><line number=\"2\">Suite "
		"#5</line></streetAddress></org>\n"
		"<net><handle>NET-24-0-0-0-1</handle><name>EX-NET</name><netBlocks>" BLOCK("DA",
		    "24", "24.0.0.0",
		    "24.0.0.255") "</netBlocks><orgHandle>EX-1</orgHandle>"
				  "<parentNetHandle>NET-24-0-0-0-0</"
				  "parentNetHandle><originASes><originAS>AS64496"
				  "</originAS></originASes><startAddress>24.0.0.0</"
				  "startAddress><endAddress>"
				  "24.0.0.255</endAddress><version>4</version></net>\n"),
	    "2 as ARIN AS64496-AS64500 handle=AS64496 name=EX-AS org=EX-1 abuse=A1-ARIN "
	    "created=2001-02-03 changed=2012-02-25\n"
	    "3 left out: a contact that may be a person\n"
	    "4 contact ARIN handle=A1-ARIN name=Abuse & Security mail=abuse@example.net\n"
	    "5 org ARIN handle=EX-1 name=Ex <1> Z\xc3\xbcrich abuse=A1-ARIN "
	    "address=1 Main Street/Suite #5/Town/CA/94043 country=US created=2000-03-30\n"
	    "6 network ARIN 24.0.0.0/24 handle=NET-24-0-0-0-1 name=EX-NET org=EX-1 "
	    "status=Direct Allocation parent=NET-24-0-0-0-0\n" },
	{ "types",
	    XML(ONE("A", "A") ONE("S", "S") ONE("DS", "DS") ONE("AV", "AV") ONE("none", "")
		    ONE("RN", "RN") ONE("AR", "AR") ONE("IU", "IU") ONE("ZZ", "ZZ")),
	    ONE_TAKEN("2", "A", "Reallocation") ONE_TAKEN("3", "S", "Reassignment")
		ONE_TAKEN("4", "DS", "Direct Assignment") ONE_TAKEN("5", "AV",
		    "Early Registrations, Maintained by ARIN") "6 network ARIN 24.0.0.0/24 "
							       "handle=none org=EX-1\n"
							       "7 left out: space of a registry, "
							       "not of a holder\n"
							       "8 left out: space of a registry, "
							       "not of a holder\n"
							       "9 left out: space of a registry, "
							       "not of a holder\n"
							       "10 refused: a network of an "
							       "unknown type\n" },
	{ "blocks: neighbours are one range, in any order, others are not",
	    XML(NET("N1", "24.0.0.0", "24.0.3.255",
		BLOCK("DA", "23", "24.0.2.0", "24.0.3.255") BLOCK("DA", "24", "24.0.0.0",
		    "24.0.0.255") BLOCK("DA", "24", "024.000.001.000", "24.0.1.255"))
		    NET("N2", "24.0.0.0", "24.0.3.255",
			BLOCK("S", "24", "24.0.0.0", "24.0.0.255") BLOCK("S", "24", "24.0.3.0", ""))
			NET("N3", "2600::", "2600:1:ffff:ffff:ffff:ffff:ffff:ffff",
			    BLOCK("DA", "31", "2600::", "2600:1:ffff:ffff:ffff:ffff:ffff:ffff"))
			    NET("N4", "24.0.0.0", "24.0.0.9", "")),
	    "2 network ARIN 24.0.0.0/22 handle=N1 org=EX-1 status=Direct Allocation\n"
	    "3 network ARIN 24.0.0.0/24 handle=N2 org=EX-1 status=Reassignment\n"
	    "3 network ARIN 24.0.3.0/24 handle=N2 org=EX-1 status=Reassignment\n"
	    "4 network ARIN 2600::/31 handle=N3 org=EX-1 status=Direct Allocation\n"
	    "5 network ARIN 24.0.0.0-24.0.0.9 handle=N4 org=EX-1\n" },
	{ "networks that contradict themselves",
	    XML(NET("N", "24.0.0.0", "24.0.0.255", BLOCK("DA", "25", "24.0.0.0", "24.0.0.255")) NET(
		"N", "24.0.0.0", "24.0.0.255", BLOCK("DA", "24", "24.0.0.1", "24.0.0.255")) NET("N",
		"24.0.0.0", "24.0.0.255",
		BLOCK("DA", "24", "24.0.1.0", "24.0.1.255")) NET("N", "24.0.0.0", "24.0.0.255",
		BLOCK("DA", "24", "24.0.0.0", "24.0.0.255") BLOCK("DA", "25", "24.0.0.128",
		    "24.0.0.255")) NET("N", "24.0.0.255", "24.0.0.0", "") NET("N", "24.0.0.0",
		"2600::", "") NET("N", "24.0.0.0", "24.0.0.256", "") NET("N", "", "", "") NET("N",
		"24.0.0.0", "2600::ffff",
		BLOCK("DA", "32", "24.0.0.0", "24.0.0.0")
		    BLOCK("DA", "112", "2600::", "2600::ffff")) NET("N", "24.0.0.0", "24.0.0.255",
		BLOCK("DA", "33", "24.0.0.0", "")) NET("", "24.0.0.0", "24.0.0.255",
		"") "<net><startAddress>24.0.0.0</startAddress><endAddress>24.0.0.255</endAddress>"
		    "<handle>N</handle><version>6</version></net>\n"),
	    "2 refused: a block that is not of its length\n"
	    "3 refused: a prefix with host bits\n"
	    "4 refused: blocks that are not between the ends of their network\n"
	    "5 refused: blocks that overlap\n6 refused: a range backwards\n"
	    "7 refused: a range over both families\n8 refused: not a range\n"
	    "9 refused: not a range\n10 refused: a range over both families\n"
	    "11 refused: not a range\n12 refused: no handle\n13 refused: of the other family\n" },
	{ "numbers",
	    XML("<asn><handle>AS0</handle><startAsNumber>0</startAsNumber></asn>\n"
		"<asn><handle>AS7</handle><startAsNumber>7</startAsNumber></asn>\n"
		"<asn><handle>AS9</handle><startAsNumber>9</startAsNumber><endAsNumber>8"
		"</endAsNumber></asn>\n<asn><handle>AS</handle></asn>\n"
		"<asn><handle>AS</handle><startAsNumber>4294967296</startAsNumber></asn>\n"),
	    "2 refused: AS0, which is nobody's\n3 as ARIN AS7 handle=AS7\n"
	    "4 refused: a range backwards\n5 refused: not an AS number\n"
	    "6 refused: not an AS number\n" },
	{ "who is a person, and who may be",
	    XML("<poc><handle>P1</handle><emails><email>a@example.net</email></emails></poc>\n"
		"<poc><handle>P2</handle><isRoleAccount>yes</isRoleAccount></poc>\n"
		"<poc><handle>P3</handle><isRoleAccount>Y</isRoleAccount><firstName>Jo</firstName>"
		"<emails><email>jo@example.net</email></emails></poc>\n"
		"<poc><handle>P4</handle><isRoleAccount>Y</isRoleAccount></poc>\n"
		"<org><handle>C1</handle><name>Private Customer - Some ISP</name><customer>Y"
		"</customer><streetAddress><line>5 Home Road</line></streetAddress><city>Town"
		"</city></org>\n<limitExceeded>x</limitExceeded>\n"),
	    "2 left out: a contact that may be a person\n"
	    "3 left out: a contact that may be a person\n"
	    "4 left out: a contact that may be a person\n"
	    "5 left out: a contact without a mailbox\n"
	    "6 org ARIN handle=C1 name=Private Customer - Some ISP address=Town\n"
	    "7 left out: of another class\n" },
	{ "names with a prefix, sections, and elements where they do not belong",
	    "<b:bulkwhois xmlns:b=\"x\"><b:org b:x=\"y\"><b:handle>E<![CDATA[X]]>&#45;1</b:handle>"
	    "<b:deep><b:handle>NO</b:handle></b:deep><b:name>A<b:i>B</b:i>C</b:name>"
	    "<!-- <handle>NO</handle> --></b:org></b:bulkwhois>",
	    "1 org ARIN handle=EX-1 name=A\n" },
	{ "a byte order mark, and Latin-1 that says so",
	    "\xef\xbb\xbf<bulkwhois><org><handle>A</handle></org></bulkwhois>",
	    "1 org ARIN handle=A\n" },
	{ "Latin-1 that says so",
	    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><bulkwhois><org><handle>A</handle>"
	    "<name>Z\xfcrich</name></org></bulkwhois>",
	    "1 org ARIN handle=A name=Z\xc3\xbcrich\n" },
};

static void test_xml(void **state)
{
	check(&fact_reader_arin_xml, xml, NELEM(xml));
}

/* What ends the reading: told with its line, counted, and an error. What stands before it is taken. */
static void test_xml_bad(void **state)
{
	static const struct reading cases[] = {
		{ "a file that was cut", "<bulkwhois>\n<org><handle>A</handle></org>\n<org><hand",
		    "2 org ARIN handle=A\n3 refused: unclosed token\n" },
		{ "cut between records", "<bulkwhois>\n<org><handle>A</handle></org>\n",
		    "2 org ARIN handle=A\n3 refused: no element found\n" },
		{ "a page of an error", "<html><body>bulkwhois</body></html>",
		    "1 refused: XML that is no bulk whois\n" },
		{ "no UTF-8", "<bulkwhois>\n<org><name>Z\xfcrich</name></org></bulkwhois>",
		    "2 refused: not well-formed (invalid token)\n" },
		{ "tags that do not fit", "<bulkwhois><org></net></bulkwhois>",
		    "1 refused: mismatched tag\n" },
		{ "entities of its own",
		    "<?xml version=\"1.0\"?>\n<!DOCTYPE b [<!ENTITY a \"aaaa\"><!ENTITY b "
		    "\"&a;&a;&a;\">]>\n<bulkwhois><org><handle>&b;</handle></org></bulkwhois>",
		    "2 refused: XML with a document type, which may hide anything\n" },
		{ "a file of somebody else's",
		    "<!DOCTYPE b [<!ENTITY x SYSTEM "
		    "\"file:///etc/passwd\">]><bulkwhois><org><handle>"
		    "&x;</handle></org></bulkwhois>",
		    "1 refused: XML with a document type, which may hide anything\n" },
		{ "an entity that is not there", "<bulkwhois><org>&x;</org></bulkwhois>",
		    "1 refused: undefined entity\n" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct got g = { .fail_at = 0 };
		struct err e = { "" };

		if (read_all(&fact_reader_arin_xml, span_str(cases[i].in), &g, &e) != -EBADMSG ||
		    strcmp(g.text.p, cases[i].want) != 0 || !strstr(e.text, path))
			fail_msg("%s: %s\n%s", cases[i].label, e.text, g.text.p);
		buf_done(&g.text);
	}
}

static void fill(struct buf *b, const char *with, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		buf_str(b, with);
}

/* Values of a megabyte are cut or cost their record, those that nobody keeps may be as long as they like. */
static void test_xml_large_values(void **state)
{
	static const struct {
		const char *tag, *want;
	} cases[] = {
		{ "orgHandle", "1 refused: an attribute is too long\n" },
		{ "comment", "1 network ARIN 24.0.0.0/24 handle=N\n" },
		{ "name", "1 network ARIN 24.0.0.0/24 handle=N name=" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct got g = { .fail_at = 0 };
		struct buf in;
		struct err e;

		buf_init(&in, 8u << 20);
		buf_fmt(&in,
		    "<bulkwhois><net><handle>N</handle><startAddress>24.0.0.0</startAddress>"
		    "<endAddress>24.0.0.255</endAddress><%s>",
		    cases[i].tag);
		fill(&in, "0123456789", 200000);
		buf_fmt(&in, "</%s></net></bulkwhois>", cases[i].tag);
		assert_true(buf_ok(&in));
		assert_int_equal(read_all(&fact_reader_arin_xml, buf_text(&in), &g, &e), 0);
		if (strncmp(g.text.p, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("%s:\n%s", cases[i].tag, g.text.p);
		assert_true(g.text.len < 700);
		buf_done(&g.text);
		buf_done(&in);
	}
}

/* The parser must hold a tag as a whole, and remember all that are open: both are bounded. */
static void test_xml_large_markup(void **state)
{
	static const struct {
		const char *label, *head, *piece;
		unsigned times;
		const char *want;
	} cases[] = {
		{ "an attribute of 200 kB", "<bulkwhois><org x=\"", "0123456789", 20000,
		    "1 refused: unclosed token\n" },
		{ "one of 4 MB", "<bulkwhois><org x=\"", "0123456789", 400000,
		    "1 refused: a tag is too long\n" },
		{ "a comment", "<bulkwhois><!-- ", "0123456789", 400000,
		    "1 refused: a tag is too long\n" },
		{ "depth", "<bulkwhois>", "<net>", 400000, "1 refused: XML that is too deep\n" },
		{ "names of a net", "<bulkwhois><net>", "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>", 20,
		    "1 refused: no element found\n" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct got g = { .fail_at = 0 };
		struct buf in;
		struct err e;

		buf_init(&in, 8u << 20);
		buf_str(&in, cases[i].head);
		fill(&in, cases[i].piece, cases[i].times);
		assert_true(buf_ok(&in));
		assert_int_equal(read_all(&fact_reader_arin_xml, buf_text(&in), &g, &e), -EBADMSG);
		if (strcmp(g.text.p, cases[i].want) != 0)
			fail_msg("%s:\n%s", cases[i].label, g.text.p);
		buf_done(&g.text);
		buf_done(&in);
	}
}

static void test_xml_blocks(void **state)
{
	for (unsigned n = 1024; n <= 1025; n++) {
		struct got g = { .fail_at = 0 };
		struct buf in;
		struct err e;

		buf_init(&in, 8u << 20);
		buf_str(&in, "<bulkwhois><net><handle>N</handle><netBlocks>");
		for (unsigned i = 0; i < n; i++)
			buf_fmt(&in,
			    "<netBlock><startAddress>24.%u.%u.0</startAddress>"
			    "<cidrLenth>24</cidrLenth></netBlock>",
			    i >> 8, i & 255);
		buf_str(&in, "</netBlocks></net></bulkwhois>");
		assert_true(buf_ok(&in));
		assert_int_equal(read_all(&fact_reader_arin_xml, buf_text(&in), &g, &e), 0);
		assert_string_equal(g.text.p, n == 1024 ? "1 network ARIN 24.0.0.0/14 handle=N\n"
							: "1 refused: too many blocks\n");
		buf_done(&g.text);
		buf_done(&in);
	}
}

static void test_take_ends_it(void **state)
{
	struct got g = { .fail_at = 1 };
	struct err e = { "" };

	assert_int_equal(read_all(&fact_reader_arin_xml,
			     SPAN("<bulkwhois><org><handle>A</handle></org><org><handle>B</"
				  "handle></org></bulkwhois>"),
			     &g, &e),
	    -EIO);
	assert_string_equal(g.text.p, "1 org ARIN handle=A\n");
	buf_done(&g.text);
	assert_int_equal(
	    read_all(&fact_reader_arin_text, SPAN("OrgID: A\n\nOrgID: B\n"), &g, &e), -EIO);
	assert_string_equal(g.text.p, "1 org ARIN handle=A\n");
	buf_done(&g.text);
}

/* --- text ----------------------------------------------------------------------------------------------- */

static const struct reading text[] = {
	{ "nothing", "\n# only a comment\n\n", "" },
	{ "one of each, as the style sheet writes them",
	    "\nASHandle:       AS64496\nOrgID:          EX-1\nASName:         EX-AS\n"
	    "ASNumber:       64496 - 64500\nRegDate:        2001-02-03\nComment:        x\n"
	    "Updated:        2012-02-24\nTechHandle:     T1-ARIN\nAbuseHandle:    A1-ARIN\n"
	    "Source:         ARIN\n\n\n"
	    "POCHandle:      JD1-ARIN\nIsRole:         N\nLastName:       Doe\nFirstName:      "
	    "John\n"
	    "Mailbox:        john@example.net\nSource:         ARIN\n\n"
	    "POCHandle:      A1-ARIN\nIsRole:         Y\nLastName:       Abuse\nFirstName:      \n"
	    "Street:         x\nOfficePhone:    +1\nMailbox:        abuse@example.net\n"
	    "Mailbox:        b@example.net\nSource:         ARIN\n\n"
	    "OrgID:          EX-1\nOrgName:        Ex, Inc.\nCanAllocate:    \nStreet:         1 "
	    "Main\n"
	    "Street:         \nStreet:         Suite #5\nCity:           Town\nState/Prov:     CA\n"
	    "Country:        US\nPostalCode:     94043\nRegDate:        2000-03-30\n"
	    "OrgAdminHandle: JD1-ARIN\nOrgAbuseHandle: A1-ARIN\nOrgAbuseHandle: A2-ARIN\n"
	    "Source:         ARIN\n\n"
	    "    \nNetHandle:      NET-24-0-0-0-1\nOrgID:          EX-1\nParent:         "
	    "NET-24-0-0-0-0\nNetName:        EX-NET\nNetRange:       24.0.0.0 - 24.0.0.255\n"
	    "NetType:        allocation\nOriginAS:       AS1, AS2\nAbuseHandle:    A1-ARIN\n"
	    "Source:         ARIN\n"
	    "    \nV6NetHandle:    NET6-1\nOrgID:          C0001\nNetRange:       2600:: - "
	    "2600::ffff\n"
	    "NetType:        reassignment\nSource:         ARIN\n",
	    "2 as ARIN AS64496-AS64500 handle=AS64496 name=EX-AS org=EX-1 abuse=A1-ARIN "
	    "created=2001-02-03 changed=2012-02-24\n"
	    "14 left out: a contact that may be a person\n"
	    "21 contact ARIN handle=A1-ARIN name=Abuse mail=abuse@example.net\n"
	    "31 org ARIN handle=EX-1 name=Ex, Inc. abuse=A1-ARIN "
	    "address=1 Main/Suite #5/Town/CA/94043 country=US created=2000-03-30\n"
	    "48 network ARIN 24.0.0.0/24 handle=NET-24-0-0-0-1 name=EX-NET org=EX-1 abuse=A1-ARIN "
	    "status=allocation parent=NET-24-0-0-0-0\n"
	    "58 network ARIN 2600::/112 handle=NET6-1 org=C0001 status=reassignment\n" },
	{ "space of registries, unknown types, other names of the same",
	    "NetHandle: N1\nNetRange: 24.0.0.0 - 24.255.255.255\nNetType: rir\n\n"
	    "NetHandle: N2\nNetRange: 10.0.0.0 - 10.255.255.255\nNetType: reserved\n\n"
	    "nethandle: N3\nnetrange: 024.000.000.000 - 024.000.000.255\nnettype: \n\n"
	    "NetHandle: N4\nNetRange: 24.0.0.0 - 24.0.0.255\nNetType: gift\n\n"
	    "POCHandle: P1\nIsRoleAcct: Y\nMailbox: a@example.net\n\n"
	    "POCHandle: P2\nMailbox: a@example.net\n",
	    "1 left out: space of a registry, not of a holder\n"
	    "5 left out: space of a registry, not of a holder\n"
	    "9 network ARIN 24.0.0.0/24 handle=N3\n13 refused: a network of an unknown type\n"
	    "17 contact ARIN handle=P1 mail=a@example.net\n"
	    "21 left out: a contact that may be a person\n" },
	{ "nonsense",
	    "NetHandle: N\nNetRange: 24.0.0.255 - 24.0.0.0\n\nNetHandle: N\nNetRange: 24.0.0.0\n\n"
	    "NetHandle: N\n\nNetHandle:\nNetRange: 24.0.0.0 - 24.0.0.255\n\n"
	    "V6NetHandle: N\nNetRange: 24.0.0.0 - 24.0.0.255\n\nASHandle: AS0\nASNumber: 0\n\n"
	    "ASHandle: A\nASNumber: 5 - 4\n\nASHandle: A\nASNumber: 5 - x\n\nOrgID: \xff\xfe\n\n"
	    "OrgID: A\nOrgName: Z\xfcrich\x01\n\nOrgID: B\nthis is no line of it\n\nx\n\nDomain: "
	    "x\n",
	    "1 refused: a range backwards\n4 refused: not a range\n7 refused: not a range\n"
	    "9 refused: no handle\n12 refused: of the other family\n15 refused: AS0, which is "
	    "nobody's\n"
	    "18 refused: a range backwards\n21 refused: not an AS number\n24 refused: not a "
	    "handle\n"
	    "26 org ARIN handle=A name=Z\xc3\xbcrich?\n29 refused: a line is no attribute\n"
	    "32 refused: a line is no attribute\n34 left out: of another class\n" },
	{ "a byte order mark, and line ends of Windows",
	    "\xef\xbb\xbfOrgID: A\r\nOrgName: B\r\n\r\nOrgID: C\r\n",
	    "1 org ARIN handle=A name=B\n4 org ARIN handle=C\n" },
	/* what whois.arin.net answers */
	{ "an answer: the network's own contact counts before its holder's",
	    "\n#\n# x\n#\n\nNetRange:       24.0.0.0 - 24.0.0.255\nCIDR:           24.0.0.0/24\n"
	    "NetName:        EX-NET\nNetHandle:      NET-24-0-0-0-1\nParent:         NET24 "
	    "(NET-24-0-0-0-0)\nNetType:        Reassigned\nOriginAS:       \nOrganization:   Ex "
	    "(Two), Inc. (EX-1)\nRegDate:        2007-03-13\nUpdated:        2012-02-24\nComment:  "
	    " x\n"
	    "Ref:            https://x\n\n\n\nOrgName:        Ex (Two), Inc.\nOrgId:          "
	    "EX-1\n"
	    "Address:        1 Main\nAddress:        Floor 2\nCity:           Town\nStateProv:     "
	    " CA\n"
	    "PostalCode:     94043\nCountry:        US\nRegDate:        \nUpdated:        "
	    "2013-08-07\n\n"
	    "OrgTechHandle: T1-ARIN\nOrgTechName:   Doe, John\n\n"
	    "OrgAbuseHandle: A1-ARIN\nOrgAbuseName:   Abuse\nOrgAbusePhone:  +1\n"
	    "OrgAbuseEmail:  abuse@example.net\n\n"
	    "RAbuseHandle: A2-ARIN\nRAbuseName:   Net Abuse\nRAbuseEmail:  net@example.net\n\n#\n",
	    "32 left out: a contact for other matters\n"
	    "35 contact ARIN handle=A1-ARIN name=Abuse mail=abuse@example.net\n"
	    "40 contact ARIN handle=A2-ARIN name=Net Abuse mail=net@example.net\n"
	    "21 org ARIN handle=EX-1 name=Ex (Two), Inc. abuse=A1-ARIN "
	    "address=1 Main/Floor 2/Town/CA/94043 country=US changed=2013-08-07\n"
	    "6 network ARIN 24.0.0.0/24 handle=NET-24-0-0-0-1 name=EX-NET org=EX-1 abuse=A2-ARIN "
	    "status=Reassigned parent=NET-24-0-0-0-0 created=2007-03-13 changed=2012-02-24\n" },
	{ "several answers, a customer, a contact that is a person",
	    "# start\n\nNetRange: 24.0.0.0 - 24.0.0.255\nNetHandle: N1\nParent: ()\nNetType: "
	    "Reassigned\n"
	    "Customer: A Shop (C001)\n\nCustName: A Shop\nAddress: Street\n\n# end\n\n# start\n\n"
	    "NetRange: 24.0.0.0 - 24.255.255.255\nNetHandle: N2\nOrganization: Ex (EX-1)\n"
	    "NetType: Direct Allocation\n\nOrgName: Ex\nOrgId: EX-1\n\nOrgAbuseHandle: JD1-ARIN\n"
	    "OrgAbuseName: Doe, John \nOrgAbuseEmail: j@example.net\n\n# end\n\n"
	    "NetRange: 62.0.0.0 - 62.255.255.255\nNetHandle: N3\nNetType: Allocated to RIPE NCC\n\n"
	    "ASNumber: 64496\nASName: EX\nASHandle: AS64496\n\nOrgName: Ex\nOrgId: EX-1\n",
	    "9 org ARIN handle=C001 name=A Shop address=Street\n3 network ARIN 24.0.0.0/24 "
	    "handle=N1 org=C001 status=Reassigned\n"
	    "24 left out: a contact that may be a person\n21 org ARIN handle=EX-1 name=Ex\n"
	    "16 network ARIN 24.0.0.0/8 handle=N2 org=EX-1 status=Direct Allocation\n"
	    "30 left out: space of a registry, not of a holder\n"
	    "38 org ARIN handle=EX-1 name=Ex\n34 as ARIN AS64496 handle=AS64496 name=EX "
	    "org=EX-1\n" },
	{ "answers of before 2011: whose it is stands first",
	    "\nOrgName:    Ex\nOrgID:      EX-1\nCountry:    US\n\nNetRange:   24.0.0.0 - "
	    "24.0.0.255\n"
	    "NetHandle:  N1\nNetType:    Direct Assignment\n\nOrgName:    Two\nOrgID:      TWO\n\n"
	    "NetRange:   24.0.1.0 - 24.0.1.255\nNetHandle:  N2\n",
	    "2 org ARIN handle=EX-1 name=Ex country=US\n"
	    "6 network ARIN 24.0.0.0/24 handle=N1 org=EX-1 status=Direct Assignment\n"
	    "10 org ARIN handle=TWO name=Two\n13 network ARIN 24.0.1.0/24 handle=N2 org=TWO\n" },
};

static void test_text(void **state)
{
	check(&fact_reader_arin_text, text, NELEM(text));
}

static void test_text_large(void **state)
{
	static const struct {
		const char *label, *attribute, *want;
	} cases[] = {
		{ "a handle", "AbuseHandle: ", "1 refused: an attribute is too long\n" },
		{ "a comment", "Comment: ", "1 org ARIN handle=A\n" },
		{ "a street", "Street: ", "1 org ARIN handle=A address=" },
		{ "no attribute", "", "1 refused: a line is no attribute\n" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct got g = { .fail_at = 0 };
		struct buf in;
		struct err e;

		buf_init(&in, 8u << 20);
		buf_fmt(&in, "OrgID: A\n%s", cases[i].attribute);
		fill(&in, "0123456789", 100000);
		buf_str(&in, "\n\nOrgID: B\n");
		assert_int_equal(read_all(&fact_reader_arin_text, buf_text(&in), &g, &e), 0);
		if (strncmp(g.text.p, cases[i].want, strlen(cases[i].want)) != 0 ||
		    !strstr(g.text.p, "\n4 org ARIN handle=B\n"))
			fail_msg("%s:\n%s", cases[i].label, g.text.p);
		assert_true(g.text.len < 3000);
		buf_done(&g.text);
		buf_done(&in);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_xml_bad),
		cmocka_unit_test(test_xml_large_values),
		cmocka_unit_test(test_xml_large_markup),
		cmocka_unit_test(test_xml_blocks),
		cmocka_unit_test(test_take_ends_it),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
