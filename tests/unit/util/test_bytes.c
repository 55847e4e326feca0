/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many bytes at once against one by one: line ends of a piece, and the wide looks of bytes.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "util/bytes.h"
#include "util/ends.h"

static uint64_t state = UINT64_C(0x243f6a8885a308d3);

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * n >> 32);
}

/* In memory of just this size, so that the sanitizers and valgrind see a byte read too many. */
static void check_ends(const char *text, size_t len)
{
	struct ends *got = malloc(sizeof(*got));
	char *p = malloc(len + !len);
	uint32_t n = 0;
	bool nul = false;

	assert_non_null(got);
	assert_non_null(p);
	memcpy(p, text, len);
	ends_find(p, len, got);
	for (size_t i = 0; i < len; i++) {
		nul |= p[i] == '\0';
		if (p[i] != '\n')
			continue;
		assert_true(n < got->n);
		assert_int_equal(got->at[n++], i);
	}
	assert_int_equal(got->n, n);
	assert_int_equal(got->nul, nul);
	free(p);
	free(got);
}

/* One LF, one NUL, or both side by side, at every place of pieces around the borders of a step. */
static void test_every_place(void **state_)
{
	char text[200];

	(void)state_;
	for (size_t len = 0; len < sizeof(text); len++)
		for (size_t at = 0; at < len; at++) {
			memset(text, 'x', sizeof(text));
			text[at] = '\n';
			check_ends(text, len);
			text[len - 1 - at] = '\0';
			check_ends(text, len);
			text[at] = 'x';
			check_ends(text, len);
		}
}

static void test_piece(void **state_)
{
	static const char some[] = { '\n', '\r', '\0', '\x0b', '\x8a', '\xff', 'a', 'b' };
	char *text = malloc(ENDS_PIECE);

	(void)state_;
	assert_non_null(text);
	memset(text, '\n', ENDS_PIECE); /* as many as there can be */
	check_ends(text, ENDS_PIECE);
	memset(text, 'x', ENDS_PIECE); /* none */
	check_ends(text, ENDS_PIECE);
	for (unsigned i = 0; i < 300; i++) {
		uint32_t rare = 1 + below(200);

		for (size_t k = 0; k < ENDS_PIECE; k++)
			text[k] = below(rare) ? 'x' : some[below(sizeof(some))];
		check_ends(text, below(2) ? ENDS_PIECE : below(ENDS_PIECE));
	}
	free(text);
}

static void test_wide(void **state_)
{
	char p[BYTES_WIDE + 1], q[16];

	(void)state_;
	for (unsigned i = 0; i < 20000; i++) {
		char c = (char)below(256);
		uint64_t are = 0, same = 0;

		for (unsigned k = 0; k < sizeof(p); k++)
			p[k] = below(3) ? (char)below(256) : (char)(c + (char)below(3) - 1);
		for (unsigned k = 0; k < 16; k++)
			q[k] = below(2) ? p[k + 1] : (char)(p[k + 1] ^ (1 << below(8)));
		for (unsigned k = 0; k < BYTES_WIDE; k++)
			are |= (uint64_t)(p[k + 1] == c) << k;
		for (unsigned k = 0; k < 16; k++)
			same |= (uint64_t)(p[k + 1] == q[k]) << k;
		assert_true(bytes_that_are(p + 1, c) == are);
		assert_true(bytes_same_16(p + 1, q) == same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
