/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of who announces what, and of the names of ASes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "readings.h"

static const struct reading ris_whois[] = {
	{ "nothing", "", "" },
	{ "a dump as it should be",
	    "% of "
	    "2026\n\n174\t0.0.0.0/0\t6\n2519\t1.1.96.0/24\t347\n{4777,9318}\t2001:268::/32\t12\n"
	    "13335 1.1.1.0/24 352\r\n",
	    "3 route RIS 0.0.0.0/0 AS174 seen=6\n4 route RIS 1.1.96.0/24 AS2519 seen=347\n"
	    "5 route RIS 2001:268::/32 AS4777 seen=12\n5 route RIS 2001:268::/32 AS9318 seen=12\n"
	    "6 route RIS 1.1.1.0/24 AS13335 seen=352\n" },
	{ "at the limits",
	    "4294967295\t255.255.255.255/32\t4294967295\n4294967296\t1.0.0.0/24\t1\n"
	    "1\t1.0.0.0/33\t1\n1\t::/129\t1\n1\t::/0\t1\n1\t1.0.0.0/24\t4294967296\n"
	    "1\t1.0.0.0/24\t0\n",
	    "1 route RIS 255.255.255.255 AS4294967295 seen=4294967295\n2 refused: not an AS "
	    "number\n"
	    "3 refused: not a prefix\n4 refused: not a prefix\n"
	    "5 route RIS ::/0 AS1 seen=1\n"
	    "6 refused: not a number of peers\n7 refused: seen by nobody\n" },
	{ "nonsense",
	    "0\t1.0.0.0/24\t3\n1\t1.0.0.1/24\t3\n1\t1.0.0.0\t3\n1\t::ffff:1.0.0.0/120\t3\n"
	    "1\t01.0.0.0/24\t3\n-1\t1.0.0.0/24\t3\n1\t1.0.0.0/24\n1\t1.0.0.0/24\t3\t4\n"
	    "{}\t1.0.0.0/24\t3\n{1,}\t1.0.0.0/24\t3\n{1\t1.0.0.0/24\t3\n1 2\t1.0.0.0/24\t3\n",
	    "1 refused: AS0, which announces nothing\n2 refused: a prefix with host bits\n"
	    "3 refused: not a prefix\n4 refused: not a prefix\n5 refused: not a prefix\n"
	    "6 refused: not an AS number\n7 refused: not three fields\n8 refused: not three "
	    "fields\n"
	    "9 refused: not an AS number\n10 refused: not an AS number\n11 refused: not an AS "
	    "number\n"
	    "12 refused: not three fields\n" },
};

static const struct reading pfx2as[] = {
	{ "one, several, sets",
	    "1.0.0.0\t24\t13335\n1.0.4.0\t22\t38803_56203\n2001:db8::\t32\t10_20,30_10\n",
	    "1 route CAIDA 1.0.0.0/24 AS13335\n2 route CAIDA 1.0.4.0/22 AS38803\n"
	    "2 route CAIDA 1.0.4.0/22 AS56203\n3 route CAIDA 2001:db8::/32 AS10\n"
	    "3 route CAIDA 2001:db8::/32 AS20\n3 route CAIDA 2001:db8::/32 AS30\n" },
	{ "at the limits",
	    "1.0.0.0\t32\t1\n1.0.0.0\t33\t1\n2001::\t128\t1\n2001::\t129\t1\n0.0.0.0\t0\t1\n",
	    "1 route CAIDA 1.0.0.0 AS1\n2 refused: not the length of a prefix\n"
	    "3 route CAIDA 2001:: AS1\n4 refused: not the length of a prefix\n"
	    "5 route CAIDA 0.0.0.0/0 AS1\n" },
	{ "nonsense",
	    "1.0.0.1\t24\t1\n1.0.0.0/24\t24\t1\n::ffff:1.0.0.0\t24\t1\n1.0.0.0\t24\t1__2\n"
	    "1.0.0.0\t24\t1_0\n1.0.0.0\t24\t1.10\n1.0.0.0\t24\n1.0.0.0\t-1\t1\n",
	    "1 refused: a prefix with host bits\n2 refused: not a prefix\n3 refused: not a prefix\n"
	    "4 refused: not an AS number\n5 refused: AS0, which announces nothing\n"
	    "6 refused: not an AS number\n7 refused: not three fields\n"
	    "8 refused: not the length of a prefix\n" },
};

#define P1 "|B|10.0.15.1|65015|"
#define P2 "|B|10.0.16.1|65016|"

static const struct reading bgp_lines[] = {
	{ "peers are counted for each origin",
	    "TABLE_DUMP2|1" P1 "10.0.10.0/24|65015 7|IGP|x|\n"
	    "TABLE_DUMP2|1" P2 "10.0.10.0/24|65016 65015 7|IGP|x|\n"
	    "TABLE_DUMP2|1|B|::1|9|10.0.10.0/24|9 8|IGP|x|\n"
	    "TABLE_DUMP2|1" P1 "10.0.11.0/24|7|IGP|x|\n",
	    "1 route BGP 10.0.10.0/24 AS7 seen=2\n1 route BGP 10.0.10.0/24 AS8 seen=1\n"
	    "4 route BGP 10.0.11.0/24 AS7 seen=1\n" },
	{ "several paths of one peer are one peer",
	    "TABLE_DUMP2_AP|1" P1 "10.0.10.0/24|36|65015 7|IGP|\n"
	    "TABLE_DUMP2_AP|1" P1 "10.0.10.0/24|38|65015 8 7|IGP|\n"
	    "TABLE_DUMP2_AP|1" P1 "10.0.10.0/24|39|65015 8|IGP|\n",
	    "1 route BGP 10.0.10.0/24 AS7 seen=1\n1 route BGP 10.0.10.0/24 AS8 seen=1\n" },
	{ "old tables, other programs, times in words",
	    "TABLE_DUMP|1" P1 "10.0.0.0/8|65015 7|IGP|x\n"
	    "TABLE_DUMP2|01/07/16 12:01:47" P1 "2001:db8::/32|65015 7|IGP\n"
	    "A|1452168107.0|10.0.15.1|65015|10.1.0.0/16|65015 7|IGP|x\n",
	    "1 route BGP 10.0.0.0/8 AS7 seen=1\n2 route BGP 2001:db8::/32 AS7 seen=1\n"
	    "3 route BGP 10.1.0.0/16 AS7 seen=1\n" },
	{ "sets and confederations",
	    "TABLE_DUMP2|1" P1 "10.0.0.0/8|65015 {7,8}|IGP|\n"
	    "TABLE_DUMP2|1" P2 "10.0.0.0/8|65016 {7}|IGP|\n"
	    "TABLE_DUMP2|1" P1 "10.1.0.0/16|65015 (1 2)|IGP|\n"
	    "TABLE_DUMP2|1" P1 "10.1.0.0/16|65015 [1,2]|IGP|\n"
	    "TABLE_DUMP2|1" P1 "10.1.0.0/16|(65015) 9|IGP|\n",
	    "3 refused: a path that ends within a confederation\n"
	    "4 refused: a path that ends within a confederation\n"
	    "1 route BGP 10.0.0.0/8 AS7 seen=2\n1 route BGP 10.0.0.0/8 AS8 seen=1\n"
	    "5 route BGP 10.1.0.0/16 AS9 seen=1\n" },
	{ "what is no table",
	    "BGP4MP|1|STATE|193.203.0.69|15737|3|2\nBGP4MP|1|A|193.0.0.56|3333|192.96.13.0/24|3333 "
	    "1|IGP|\nW|1|10.0.15.1|1|10.0.0.0/8||\nTABLE_DUMP2|1" P1 "10.0.15.0/24||IGP|\n",
	    "1 left out: an update, not a line of a table\n"
	    "2 left out: an update, not a line of a table\n3 left out: a withdrawal\n"
	    "4 left out: without a path: of the router itself\n" },
	{ "nonsense",
	    "TABLE_DUMP2|1|B\n\nx\nTABLE_DUMP2|1|B|peer|1|10.0.0.0/8|1|\n"
	    "TABLE_DUMP2|1" P1 "10.0.0.1/8|1|\nTABLE_DUMP2|1" P1 "10.0.0.0/8|0|\n"
	    "TABLE_DUMP2|1" P1 "10.0.0.0/8|1 2x|\nTABLE_DUMP2|1" P1 "10.0.0.0/8\n",
	    "1 refused: fields are missing\n3 refused: not a line of a table\n"
	    "4 refused: not the address of a peer\n5 refused: a prefix with host bits\n"
	    "6 refused: AS0, which announces nothing\n7 refused: not an AS number\n"
	    "8 refused: fields are missing\n" },
};

static const struct reading as_names[] = {
	{ "all forms",
	    "0 -Reserved AS-, ZZ\n13335 CLOUDFLARENET, US\n"
	    "24940 HETZNER-AS Hetzner Online GmbH, DE\n"
	    "AS1     LVLT-1 - Level 3 Communications, Inc., US\n# x\n\n"
	    "AS2 --No Registry Entry--\n5 SYMBOLICS, ZZ\n6 BULL-HN\n",
	    "1 left out: held by nobody\n2 as ASNAMES AS13335 name=CLOUDFLARENET country=US\n"
	    "3 as ASNAMES AS24940 name=HETZNER-AS descr=Hetzner Online GmbH country=DE\n"
	    "4 as ASNAMES AS1 name=LVLT-1 descr=Level 3 Communications, Inc. country=US\n"
	    "7 left out: held by nobody\n8 as ASNAMES AS5 name=SYMBOLICS\n"
	    "9 as ASNAMES AS6 name=BULL-HN\n" },
	{ "nonsense and hostile text",
	    "0 X, US\n4294967295 X, US\n4294967296 X, US\n7\n8 , US\nx y, US\n"
	    "9 Z\xfcri\x1b[31m \xc2\x9bm, CH\n10 A, Inc, b, c\n",
	    "1 refused: AS0, which nobody is\n2 as ASNAMES AS4294967295 name=X country=US\n"
	    "3 refused: not an AS number and a name\n4 refused: not an AS number and a name\n"
	    "5 refused: an AS number without a name\n6 refused: not an AS number and a name\n"
	    "7 as ASNAMES AS9 name=Züri?[31m descr=??m country=CH\n"
	    "8 as ASNAMES AS10 name=A, descr=Inc, b, c\n" },
};

static void test_ris_whois(void **state)
{
	check(&fact_reader_ris_whois, ris_whois, NELEM(ris_whois));
}

static void test_pfx2as(void **state)
{
	check(&fact_reader_pfx2as, pfx2as, NELEM(pfx2as));
}

static void test_bgp_lines(void **state)
{
	check(&fact_reader_bgp_lines, bgp_lines, NELEM(bgp_lines));
}

static void test_as_names(void **state)
{
	check(&fact_reader_as_names, as_names, NELEM(as_names));
}

/* Lines of a megabyte: a path that was cut has no end, attributes behind it may be cut. */
static void test_long_lines(void **state)
{
	struct got g = { .fail_at = 0 };
	struct err e = { "" };
	struct buf in;

	buf_init(&in, 8u << 20);
	buf_str(&in, "TABLE_DUMP2|1" P1 "10.0.0.0/8|");
	for (unsigned i = 0; i < 200000; i++)
		buf_str(&in, "12345 ");
	buf_str(&in, "7|IGP|\nTABLE_DUMP2|1" P1 "10.1.0.0/16|1 7|IGP|");
	for (unsigned i = 0; i < 200000; i++)
		buf_str(&in, "1:2 ");
	buf_str(&in, "\nTABLE_DUMP2|1" P1 "10.2.0.0/16|8|\n");
	assert_int_equal(read_all(&fact_reader_bgp_lines, buf_text(&in), &g, &e), 0);
	assert_string_equal(g.text.p,
	    "1 refused: fields are missing\n2 route BGP 10.1.0.0/16 AS7 seen=1\n"
	    "3 route BGP 10.2.0.0/16 AS8 seen=1\n");
	buf_done(&g.text);
	buf_reset(&in);
	buf_str(&in, "1");
	for (unsigned i = 2; i < 200000; i++)
		buf_fmt(&in, "_%u", i);
	buf_str(&in, "\t1.0.0.0/24\t3\n");
	assert_int_equal(read_all(&fact_reader_ris_whois, buf_text(&in), &g, &e), 0);
	assert_string_equal(g.text.p, "1 refused: the line is too long\n");
	buf_done(&g.text);
	buf_done(&in);
}

/* As many paths to one prefix as are counted, and more; as many origins as a record may have, and one more. */
static void test_many_paths(void **state)
{
	struct got g = { .fail_at = 0 };
	struct err e = { "" };
	struct buf in;

	buf_init(&in, 8u << 20);
	for (unsigned i = 0; i < 4098; i++)
		buf_fmt(
		    &in, "TABLE_DUMP2|1|B|10.0.%u.%u|9|192.0.2.0/24|9 7|IGP|\n", i >> 8, i & 255);
	assert_int_equal(read_all(&fact_reader_bgp_lines, buf_text(&in), &g, &e), 0);
	assert_string_equal(g.text.p, "4097 refused: too many paths to one prefix\n4098 refused: "
				      "too many paths to one prefix\n"
				      "1 route BGP 192.0.2.0/24 AS7 seen=4096\n");
	buf_done(&g.text);
	for (unsigned n = 64; n <= 65; n++) {
		buf_reset(&in);
		buf_str(&in, "1.0.0.0\t24\t1");
		for (unsigned i = 2; i <= n; i++)
			buf_fmt(&in, "_%u", i);
		assert_int_equal(read_all(&fact_reader_pfx2as, buf_text(&in), &g, &e), 0);
		assert_int_equal(g.n, n == 64 ? 64 : 0);
		buf_done(&g.text);
	}
	buf_done(&in);
}

static void test_take_ends_it(void **state)
{
	static const struct {
		const struct fact_reader *reader;
		const char *in;
	} cases[] = {
		{ &fact_reader_ris_whois, "{1,2}\t1.0.0.0/24\t3\n1\t1.0.0.0/24\t3\n" },
		{ &fact_reader_pfx2as, "1.0.0.0\t24\t1_2\n" },
		{ &fact_reader_bgp_lines, "TABLE_DUMP2|1" P1 "10.0.0.0/8|{1,2}|\n" },
		{ &fact_reader_bgp_lines,
		    "TABLE_DUMP2|1" P1 "10.0.0.0/8|1|\nTABLE_DUMP2|1" P1 "10.1.0.0/16|1|\n" },
		{ &fact_reader_as_names, "1 A, US\n2 B, US\n" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct got g = { .fail_at = 1 };
		struct err e = { "" };

		assert_int_equal(read_all(cases[i].reader, span_str(cases[i].in), &g, &e), -EIO);
		assert_int_equal(g.n, 1);
		buf_done(&g.text);
	}
}

static void test_recognised(void **state)
{
	static const struct {
		const char *label;
		struct span head;
		const char *want;
	} cases[] = {
		{ "a RIS whois dump", SPAN("% x\n\n% y\n174\t0.0.0.0/0\t6\n"), "ris-whois" },
		{ "one that begins badly", SPAN("x y z\n174\t1.0.0.0/24\t6\n"), "ris-whois" },
		{ "pfx2as", SPAN("1.0.0.0\t24\t13335_1\n"), "pfx2as" },
		{ "pfx2as of IPv6", SPAN("2001::\t32\t13335\n"), "pfx2as" },
		{ "lines of bgpdump", SPAN("TABLE_DUMP2|1|B|::1|1|::/0|1|IGP\n"), "bgp-lines" },
		{ "updates", SPAN("BGP4MP|1|STATE|10.0.0.1|1|3|2\n"), "bgp-lines" },
		{ "lines of bgpkit", SPAN("A|1|::1|1|::/0|1|IGP\n"), "bgp-lines" },
		{ "names", SPAN("0 -Reserved AS-, ZZ\n1 LVLT-1, US\n"), "as-names" },
		{ "names with AS", SPAN("AS1   LVLT-1, US\n"), "as-names" },
		{ "TABLE_DUMP_V2", SPAN("\x56\x8e\x53\xab\0\x0d\0\1\0\0\0\x35\x0a\0"), "mrt" },
		{ "TABLE_DUMP", SPAN("\x38\x8e\x53\xab\0\x0c\0\1\0\0\0\x35\x0a\0"), "mrt" },
		{ "updates in MRT", SPAN("\x38\x8e\x53\xab\0\x10\0\4\0\0\0\x35\x0a\0"), "mrt" },
		{ "MRT without a length", SPAN("\x38\x8e\x53\xab\0\x10\0\4\0\0\0\0\0"), NULL },
		{ "MRT of another type", SPAN("\x38\x8e\x53\xab\0\x20\0\4\0\0\0\1\0"), NULL },
		{ "cut short", SPAN("\x38\x8e\x53\xab\0\x0c\0\1\0\0\0"), NULL },
		{ "zeros", SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL },
		{ "counts", SPAN("1 2 3\n4 5 6\n"), NULL },
		{ "a letter", SPAN("1 Dear Sir,\nI write to you\n"), NULL },
		{ "ranges as numbers", SPAN("16777216,16777471,13335,Cloudflare\n"), NULL },
		{ "countries", SPAN("1.0.0.0,1.0.0.255,AU\n"), NULL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct fact_reader *r = fact_reader_of(cases[i].head);
		const char *name = r ? r->name : "none";

		if (strcmp(name, cases[i].want ? cases[i].want : "none") != 0)
			fail_msg("%s: %s", cases[i].label, name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ris_whois),
		cmocka_unit_test(test_pfx2as),
		cmocka_unit_test(test_bgp_lines),
		cmocka_unit_test(test_as_names),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_many_paths),
		cmocka_unit_test(test_take_ends_it),
		cmocka_unit_test(test_recognised),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
