/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dotted quads against a reader that takes one byte after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/quad.h"

static uint64_t state = UINT64_C(0x243f6a8885a308d3);

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * n >> 32);
}

static unsigned slow(const char *p, struct quad *ret)
{
	const char *q = p;

	*ret = (struct quad){ 0, true };
	for (unsigned part = 0; part < 4; part++) {
		bool zero = *q == '0';
		uint32_t v = 0;
		unsigned n = 0;

		for (; n < 3 && *q >= '0' && *q <= '9'; n++)
			v = v * 10 + (uint32_t)(*q++ - '0');
		if (n == 0 || (part < 3 && *q++ != '.'))
			return 0;
		ret->good &= v <= 255 && !(n > 1 && zero);
		ret->value = ret->value << 8 | (v & 0xff);
	}
	return (unsigned)(q - p);
}

static unsigned compare(const char *text)
{
	struct quad a = { 0, false }, b;
	unsigned want = slow(text, &b), got = quad_read(text, &a);

	if (got != want || (want && (a.good != b.good || (b.good && a.value != b.value))))
		fail_msg("%u %08x %d, want %u %08x %d from \"%.16s\"", got, a.value, a.good, want,
		    b.value, b.good, text);
	return want;
}

static void test_table(void **state_)
{
	static const struct {
		const char *in;
		unsigned n;
	} cases[] = { { "1.2.3.4", 7 }, { "255.255.255.255", 15 }, { "255.255.255.2555", 15 },
		{ "256.1.1.1", 9 }, { "999.999.999.999", 15 }, { "01.2.3.4", 8 }, { "0.0.0.0", 7 },
		{ "1.2.3.00", 8 }, { "1.2.3.4.05", 7 }, { "1.2.3.4.5.6.7.8", 7 }, { "1.2.3.", 0 },
		{ "1.2.3", 0 }, { ".1.2.3.4", 0 }, { "1..2.3.4", 0 }, { "1234.1.1.1", 0 },
		{ "1.2.3.x", 0 }, { "1.2.3x.4", 0 }, { "1x.2.3.4", 0 }, { "x", 0 }, { "", 0 },
		{ "1.2.3.4\n5.6.7", 7 }, { "1.2.3.4\xb0", 7 }, { "\xb1.2.3.4", 0 },
		{ "1.2.3\n4.5.6.7", 0 } };

	(void)state_;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char text[32] = { 0 };

		memcpy(text, cases[i].in, strlen(cases[i].in));
		assert_int_equal(compare(text), cases[i].n);
	}
}

static void test_random(void **state_)
{
	static const char some[] = "0123456789..........\n/:;- x\xb1\xae";
	unsigned found = 0;
	char text[32];

	(void)state_;
	for (unsigned i = 0; i < 300000; i++) {
		int n = snprintf(text, sizeof(text), "%u.%u.%u.%u", below(300), below(300),
		    below(300), below(3000));

		for (size_t k = (size_t)n; k < sizeof(text); k++)
			text[k] = some[below(sizeof(some))];
		for (uint32_t k = below(4); k > 0; k--)
			text[below(16)] = some[below(sizeof(some))];
		found += compare(text) > 0;
	}
	assert_true(found > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
