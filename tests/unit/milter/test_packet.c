/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of the milter protocol: what is one, what is not yet, what is none, and how they are built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "prog/milter/packet.h"
#include "util/macro.h"

#define AT(len, rest) len rest, sizeof(len rest) - 1

static const struct {
	const char *label, *in;
	size_t n; /* bytes that have come */
	int want;
	size_t body;
	uint32_t unread;
} cases[] = {
	{ "nothing", AT("", ""), 0, 0, 0 },
	{ "half a length", AT("\0\0\0", ""), 0, 0, 0 },
	{ "a length alone", AT("\0\0\0\1", ""), 0, 0, 0 },
	{ "a letter", AT("\0\0\0\1", "A"), 1, 0, 0 },
	{ "more behind it", AT("\0\0\0\1", "Axyz"), 1, 0, 0 },
	{ "a body", AT("\0\0\0\4", "Mab\0"), 1, 3, 0 },
	{ "most of a body", AT("\0\0\0\4", "Mab"), 0, 0, 0 },
	{ "without a letter", AT("\0\0\0\0", "A"), -EBADMSG, 0, 0 },
	{ "longest",
	    AT("\1\0\0\0", "L"
			   "0123456789012345678901234567890123456789012345678901234567890123"),
	    1, PACKET_HEAD, PACKET_MAX - 1 - PACKET_HEAD },
	{ "longer", AT("\1\0\0\1", "L"), -EBADMSG, 0, 0 },
	{ "longest that there is", AT("\xff\xff\xff\xff", "L"), -EBADMSG, 0, 0 },
	{ "longest that is wanted whole", AT("\0\1\0\0", "M"), 0, 0, 0 },
	{ "a byte longer", AT("\0\1\0\1", "M"), -EBADMSG, 0, 0 },
	{ "less than a head of one that is not", AT("\0\1\0\1", "Bxy"), 0, 0, 0 },
	{ "no such letter", AT("\0\0\0\1", "a"), -EBADMSG, 0, 0 },
	{ "beyond ASCII", AT("\0\0\0\1", "\xff"), -EBADMSG, 0, 0 },
	{ "too short for options", AT("\0\0\0\14", "O01234567890"), -EBADMSG, 0, 0 },
	{ "options", AT("\0\0\0\15", "O012345678901"), 1, 12, 0 },
	{ "macros of nothing", AT("\0\0\0\1", "D"), -EBADMSG, 0, 0 },
};

static void test_take(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct span in = span_of(cases[i].in, cases[i].n);
		struct packet p = { .what = '?' };
		struct err e = { "" };
		int r = packet_take(&in, &p, &e);

		if (r != cases[i].want)
			fail_msg("%s: %d %s", cases[i].label, r, e.text);
		assert_int_equal(*e.text != 0, r < 0);
		if (r <= 0) {
			assert_ptr_equal(in.p, cases[i].in);
			continue;
		}
		if (p.what != cases[i].in[4] || p.unread != cases[i].unread ||
		    (size_t)(p.body.end - p.body.p) != cases[i].body)
			fail_msg("%s: '%c', %zu bytes, %u to pass over", cases[i].label, p.what,
			    (size_t)(p.body.end - p.body.p), p.unread);
		assert_ptr_equal(in.p, cases[i].in + 5 + cases[i].body);
	}
}

static void test_text(void **state)
{
	struct rd r = rd_of("ab\0\0cd", 6);
	struct span s = SPAN("as it was");

	(void)state;
	assert_true(packet_text(&r, &s));
	assert_true(span_is(s, "ab"));
	assert_true(packet_text(&r, &s));
	assert_true(span_empty(s));
	assert_false(packet_text(&r, &s)); /* its NUL is beyond the end */
	assert_true(r.bad && span_empty(s));
	assert_false(packet_text(&r, &s));
}

static void test_build(void **state)
{
	char to[64];
	struct reply r = { .to = to, .max = sizeof(to) };

	(void)state;
	reply_put(&r, 'c', NULL, 0);
	reply_put(&r, 'y', "450", 4);
	reply_header(&r, 'm', 3, "X-Onus", SPAN(""));
	reply_header(&r, 'i', 0, "N", SPAN("v"));
	assert_int_equal(r.len, 5 + 9 + 17 + 13);
	assert_memory_equal(to, "\0\0\0\1c\0\0\0\5y450\0", 14);
	assert_memory_equal(to + 14, "\0\0\0\15m\0\0\0\3X-Onus\0", 16);
	assert_memory_equal(to + 31, "\0\0\0\11i\0\0\0\0N\0v", 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_take),
		cmocka_unit_test(test_text), cmocka_unit_test(test_build) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
