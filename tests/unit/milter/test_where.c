/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where onus-milter listens: what is taken, and in which form it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "prog/milter/where.h"

#define LONG_PATH /* 107 bytes: the last one of sun_path is its NUL */                             \
	"/23456789012345678901234567890123456789012345678901234567890123456789012345678901234567"  \
	"89012345678901234567"

static const struct {
	const char *label, *in, *want; /* NULL: refused */
} cases[] = {
	{ "IPv4", "inet:10032@127.0.0.1", "inet:10032@[127.0.0.1]" },
	{ "in brackets", "inet:10032@[127.0.0.1]", "inet:10032@[127.0.0.1]" },
	{ "IPv6", "inet6:1@::1", "inet6:1@[::1]" },
	{ "IPv6 in brackets", "inet6:65535@[2001:db8::1]", "inet6:65535@[2001:db8::1]" },
	{ "path", "unix:/run/onus/milter", "local:/run/onus/milter" },
	{ "path by its other name", "local:/run/a:b@c", "local:/run/a:b@c" },
	{ "longest path", "unix:" LONG_PATH, "local:" LONG_PATH },
	{ "one longer", "unix:" LONG_PATH "x", NULL },
	{ "empty", "", NULL },
	{ "kind alone", "inet:", NULL },
	{ "no kind", "10032@127.0.0.1", NULL },
	{ "another kind", "tcp:127.0.0.1:10032", NULL },
	{ "as Postfix has it", "inet:127.0.0.1:10032", NULL },
	{ "every address", "inet:10032", NULL },
	{ "no port", "inet:@127.0.0.1", NULL },
	{ "port 0", "inet:0@127.0.0.1", NULL },
	{ "port too large", "inet:65536@127.0.0.1", NULL },
	{ "service", "inet:smtp@127.0.0.1", NULL },
	{ "name", "inet:10032@localhost", NULL },
	{ "short address", "inet:10032@127.1", NULL },
	{ "two addresses", "inet:10032@127.0.0.1@127.0.0.1", NULL },
	{ "half a bracket", "inet:10032@[127.0.0.1", NULL },
	{ "empty brackets", "inet:10032@[]", NULL },
	{ "of the other family", "inet6:10032@127.0.0.1", NULL },
	{ "and the other way round", "inet:10032@::1", NULL },
	{ "with a scope", "inet6:10032@fe80::1%lo", NULL },
	{ "blank", "inet:10032@ 127.0.0.1", NULL },
	{ "relative path", "unix:run/milter", NULL },
	{ "long address",
	    "inet6:1@0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
	    NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct where w = { .text = "as it was" };
		struct err e = { "" };
		int r = where_parse(cases[i].in, &w, &e);

		if (r != (cases[i].want ? 0 : -EINVAL))
			fail_msg("%s: %d %s", cases[i].label, r, e.text);
		assert_string_equal(w.text, cases[i].want ? cases[i].want : "as it was");
		if (r < 0)
			assert_non_null(strstr(e.text, "milter_listen"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
