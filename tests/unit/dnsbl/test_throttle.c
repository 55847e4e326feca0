/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many answers a network is given: by network and second, one in so many above that, none beyond the table's room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "prog/dnsbl/throttle.h"

static struct throttle *made(const char *rate, const char *slip, const char *unlimited)
{
	struct conf *c = conf_new();
	struct throttle *t = NULL;
	struct err e = { "" };

	if (conf_set(c, rate, &e) < 0 || conf_set(c, slip, &e) < 0 ||
	    conf_set(c, unlimited, &e) < 0 || throttle_new(c, &t, &e) < 0)
		fail_msg("%s", e.text);
	(void)conf_free(c);
	return t;
}

static struct addr parse(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(text), &a), 0);
	return a;
}

/* How each of n questions in a row is answered: "a" answer, "b" brief, "." silence */
static void row(struct throttle *t, const char *address, int64_t now_s, const char *want)
{
	for (const char *p = want; *p; p++) {
		enum throttle_says says = throttle_ask(t, parse(address), now_s);

		if (says != (*p == 'a'	    ? THROTTLE_ANSWER
				: *p == 'b' ? THROTTLE_BRIEF
					    : THROTTLE_SILENCE))
			fail_msg("%s: question %d is %u, not as in %s", address, (int)(p - want),
			    says, want);
	}
}

static void test_networks(void **state)
{
	struct throttle *t = made("dnsbl_rate=3", "dnsbl_slip=2", "dnsbl_unlimited=127.0.0.0/8");

	row(t, "45.0.0.1", 100, "aaa.b.b");
	row(t, "45.0.0.254", 100, ".b.b"); /* of the same /24 */
	row(t, "45.0.1.1", 100, "aaa.b");
	row(t, "2a00:1:2:300::1", 100, "aaa.");
	row(t, "2a00:1:2:3ff::1", 100, "b."); /* of the same /56 */
	row(t, "2a00:1:2:400::1", 100, "aaa.");
	row(t, "127.0.0.1", 100, "aaaaaaaaaaaa");
	row(t, "45.0.0.1", 101, "aaa.b"); /* a new second */
	row(t, "45.0.0.1", 100 + 65536, "aaa.");
	assert_null(throttle_free(t));
}

static void test_slip(void **state)
{
	struct throttle *t = made("dnsbl_rate=1", "dnsbl_slip=0", "dnsbl_unlimited=");

	row(t, "45.0.0.1", 1, "a.......");
	(void)throttle_free(t);
	t = made("dnsbl_rate=1", "dnsbl_slip=1", "dnsbl_unlimited=");
	row(t, "45.0.0.1", 1, "abbbbbbb");
	(void)throttle_free(t);
	t = made("dnsbl_rate=0", "dnsbl_slip=1", "dnsbl_unlimited=");
	row(t, "45.0.0.1", 1, "aaaaaaaa");
	(void)throttle_free(t);
}

/* More networks in a second than there is room for: who asks most is forgotten last. */
static void test_full(void **state)
{
	struct throttle *t = made("dnsbl_rate=1000", "dnsbl_slip=0", "dnsbl_unlimited=");

	for (unsigned i = 0; i < 1001; i++)
		(void)throttle_ask(t, parse("45.0.0.1"), 7);
	for (uint32_t i = 0; i < 500000; i++)
		assert_int_equal(
		    throttle_ask(t, addr_of_v4(0x40000000u + (i << 8)), 7), THROTTLE_ANSWER);
	row(t, "45.0.0.1", 7, ".");
	(void)throttle_free(t);
}

static void test_refused(void **state)
{
	struct conf *c = conf_new();
	struct throttle *t;
	struct err e;

	assert_int_equal(conf_set(c, "dnsbl_unlimited=127.0.0.1/8", &e), 0);
	assert_int_equal(throttle_new(c, &t, &e), -EINVAL);
	assert_non_null(strstr(e.text, "dnsbl_unlimited"));
	(void)conf_free(c);
	assert_null(throttle_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_slip),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
