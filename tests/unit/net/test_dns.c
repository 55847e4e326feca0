/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS on the wire: what is a question and what is none, at every limit; names of the configuration; and answers at the size
 * where they no longer fit. What the answers hold is read back by another's library in tests/unit/dnsbl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "net/dns_answer.h"

#define HEAD(flags, q, an, ns, ar)   "\xbe\xef" flags "\0" q "\0" an "\0" ns "\0" ar
#define PLAIN(ar)		     HEAD("\1\0", "\1", "\0", "\0", ar)
#define NAME			     "\3oNe\2bL\0"
#define A_IN			     "\0\1\0\1"
#define OPT(size, version, flags, n) "\0\0\x29" size "\0" version flags "\0" n
#define L63			     "\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define M(s)                                                                                       \
	{                                                                                          \
		s, &(s)[sizeof(s) - 1]                                                             \
	}

static const struct {
	const char *label;
	struct span m;
	int want;
	bool wire, edns; /* as far as it was understood */
} messages[] = {
	{ "plain", M(PLAIN("\0") NAME A_IN), 0, true, false },
	{ "empty", M(""), -ENOMSG, false, false },
	{ "11 bytes", M("\xbe\xef\1\0\0\1\0\0\0\0\0"), -ENOMSG, false, false },
	{ "an answer", M(HEAD("\x81\0", "\1", "\0", "\0", "\0") NAME A_IN), -ENOMSG, false, false },
	{ "a header alone", M(PLAIN("\0")), -EBADMSG, false, false },
	{ "no question", M(HEAD("\1\0", "\0", "\0", "\0", "\0")), -EBADMSG, false, false },
	{ "two questions", M(HEAD("\1\0", "\2", "\0", "\0", "\0") NAME A_IN NAME A_IN), -EBADMSG,
	    false, false },
	{ "notify", M(HEAD("\x21\0", "\1", "\0", "\0", "\0") NAME A_IN), -EOPNOTSUPP, false,
	    false },
	{ "update, cut", M(HEAD("\x29\0", "\1", "\0", "\0", "\0")), -EOPNOTSUPP, false, false },
	{ "the root", M(PLAIN("\0") "\0" A_IN), 0, true, false },
	{ "no end of the name", M(PLAIN("\0") "\3one"), -EBADMSG, false, false },
	{ "a label that is cut", M(PLAIN("\0") "\3on"), -EBADMSG, false, false },
	{ "a pointer", M(PLAIN("\0") "\xc0\x0c" A_IN), -EBADMSG, false, false },
	{ "a label of 64",
	    M(PLAIN("\0") "\100aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "aaaaaaaa\0" A_IN),
	    -EBADMSG, false, false },
	{ "a name of 255",
	    M(PLAIN("\0") L63 L63 L63 "\75aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "aaaaaaaaaaaaaaaaaaaaa\0" A_IN),
	    0, true, false },
	{ "a name of 256",
	    M(PLAIN("\0") L63 L63 L63 "\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "aaaaaaaaaaaaaaaaaaaaaa\0" A_IN),
	    -EBADMSG, false, false },
	{ "a class that is cut", M(PLAIN("\0") NAME "\0\1\0"), -EBADMSG, false, false },
	{ "a byte behind", M(PLAIN("\0") NAME A_IN "\0"), -EBADMSG, true, false },
	{ "EDNS", M(PLAIN("\1") NAME A_IN OPT("\4\xd0", "\0", "\x80\0", "\0")), 0, true, true },
	{ "EDNS with an option",
	    M(PLAIN("\1") NAME A_IN OPT("\4\xd0", "\0", "\0\0", "\5") "\0\12\0\1x"), 0, true,
	    true },
	{ "EDNS of version 1", M(PLAIN("\1") NAME A_IN OPT("\4\xd0", "\1", "\0\0", "\0")), -EPROTO,
	    true, true },
	{ "OPT promised", M(PLAIN("\1") NAME A_IN), -EBADMSG, true, false },
	{ "OPT cut", M(PLAIN("\1") NAME A_IN "\0\0\x29\4\xd0\0\0\0\0\0"), -EBADMSG, true, false },
	{ "an option that is cut", M(PLAIN("\1") NAME A_IN OPT("\4\xd0", "\0", "\0\0", "\5") "\0"),
	    -EBADMSG, true, false },
	{ "two OPT",
	    M(PLAIN("\2") NAME A_IN OPT("\4\xd0", "\0", "\0\0", "\0")
		    OPT("\4\xd0", "\0", "\0\0", "\0")),
	    -EBADMSG, true, true },
	{ "OPT of a name", M(PLAIN("\1") NAME A_IN "\1x\0\0\x29\4\xd0\0\0\0\0\0\0"), -EBADMSG, true,
	    false },
	{ "OPT among answers",
	    M(HEAD("\1\0", "\1", "\1", "\0", "\0") NAME A_IN OPT("\4\xd0", "\0", "\0\0", "\0")),
	    -EBADMSG, true, false },
	{ "a record of authority, as IXFR has it",
	    M(HEAD("\1\0", "\1", "\0", "\1", "\0") NAME A_IN "\xc0\x0c\0\6\0\1\0\0\0\0\0\2xx"), 0,
	    true, false },
	{ "17 records", M(PLAIN("\x11") NAME A_IN), -EBADMSG, true, false },
};

static void test_question(void **state)
{
	for (size_t i = 0; i < NELEM(messages); i++) {
		struct span m = messages[i].m;
		static struct dns_question q;
		int r = dns_question_read(rd_of(m.p, span_len(m)), &q);

		if (r != messages[i].want || (q.wire != NULL) != messages[i].wire ||
		    q.edns != messages[i].edns)
			fail_msg("%s: %d, %s question, %s EDNS", messages[i].label, r,
			    q.wire ? "a" : "no", q.edns ? "with" : "without");
	}
}

static void test_understood(void **state)
{
	static const char m[] = PLAIN("\1") NAME A_IN OPT("\4\xd0", "\0", "\x80\0", "\0");
	static const char small[] = PLAIN("\1") NAME A_IN OPT("\0\1", "\0", "\0\0", "\0");
	static struct dns_question q;

	assert_int_equal(dns_question_read(rd_of(m, sizeof(m) - 1), &q), 0);
	assert_int_equal(q.id, 0xbeef);
	assert_int_equal(q.flags, DNS_FLAG_RD);
	assert_int_equal(q.type, DNS_TYPE_A);
	assert_int_equal(q.class, DNS_CLASS_IN);
	assert_int_equal(q.name.n, 2);
	assert_int_equal(q.name.bytes, 8);
	assert_memory_equal(q.name.wire, "\3one\2bl", 8); /* lower case */
	assert_memory_equal(q.wire, "\3oNe\2bL", 8);	  /* as it was asked */
	assert_true(span_is(dns_label(&q.name, 1), "bl"));
	assert_int_equal(q.wire_bytes, 12);
	assert_true(q.edns_do);
	assert_int_equal(q.edns_bytes, 1232);
	assert_int_equal(dns_question_read(rd_of(small, sizeof(small) - 1), &q), 0);
	assert_int_equal(q.edns_bytes, DNS_UDP_PLAIN); /* nobody takes less */
}

static void test_names(void **state)
{
	static const struct {
		const char *text;
		int want;
	} names[] = { { "bl.example.org", 0 }, { "bl.example.org.", 0 }, { "x", 0 },
		{ "_a-b.1", 0 }, { "", -EINVAL }, { ".", -EINVAL }, { "a..b", -EINVAL },
		{ ".a", -EINVAL }, { "a b", -EINVAL }, { "a..", -EINVAL },
		{ "\xc3\xa9.org", -EINVAL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", -EINVAL } };
	struct dns_name zone, n;
	unsigned more;

	for (size_t i = 0; i < NELEM(names); i++)
		if (dns_name_of(span_str(names[i].text), &n) != names[i].want)
			fail_msg("%s", names[i].text);
	assert_int_equal(dns_name_of(SPAN("bl.Example"), &zone), 0);
	assert_int_equal(dns_name_of(SPAN("BL.example"), &n), 0);
	assert_true(dns_name_below(&n, &zone, &more) && more == 0);
	assert_int_equal(dns_name_of(SPAN("a.b.bl.example"), &n), 0);
	assert_true(dns_name_below(&n, &zone, &more) && more == 2);
	assert_int_equal(dns_name_of(SPAN("bl.example.b"), &n), 0);
	assert_false(dns_name_below(&n, &zone, &more));
	assert_int_equal(dns_name_of(SPAN("example"), &n), 0);
	assert_false(dns_name_below(&n, &zone, &more));
	/* the zone's bytes within a label are not the zone */
	memcpy(n.wire, "\xbx\2bl\7example", 13);
	n.bytes = 13;
	n.n = 2;
	n.at[0] = 0, n.at[1] = 12, n.at[2] = 12;
	assert_false(dns_name_below(&n, &zone, &more));
}

/* Into every size of answer from the least on: what does not fit is cut whole, and what is there is counted. */
static void test_sizes(void **state)
{
	static const char m[] = PLAIN("\1") NAME "\0\x10\0\1" OPT("\4\xd0", "\0", "\0\0", "\0");
	static struct dns_question q;
	static uint8_t out[2048];
	char text[300];
	size_t needs = DNS_HEADER_BYTES + 12 + 12 + 2 + sizeof(text) + 11 + 16;

	memset(text, 'x', sizeof(text));
	assert_int_equal(dns_question_read(rd_of(m, sizeof(m) - 1), &q), 0);
	for (size_t max = DNS_UDP_PLAIN; max < sizeof(out); max += 7) {
		struct dns_answer a;
		unsigned records = 0;
		size_t n;

		memset(out, 0xee, sizeof(out));
		dns_answer_begin(&a, out, max, &q);
		dns_answer_txt(&a, DNS_ANSWER, 0, 1, span_of(text, sizeof(text)));
		for (; !a.truncated && records < 60; records++)
			dns_answer_a(&a, DNS_ANSWER, 0, 1, 0x7f000002);
		n = dns_answer_end(&a);
		assert_true(n <= max);
		assert_int_equal(out[max], 0xee);
		assert_int_equal(
		    a.truncated, needs + 16 * 59 > max); /* all sixty, or only the question */
		assert_int_equal(n, a.truncated ? DNS_HEADER_BYTES + 12 + 11 : needs + 16 * 59);
		assert_int_equal(out[2] & 2, a.truncated ? 2 : 0);
		assert_int_equal(out[7], a.truncated ? 0 : 61);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_understood),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
