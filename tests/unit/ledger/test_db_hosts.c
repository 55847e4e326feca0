/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of hosts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "ledger/db_hosts.h"

#define SIXTEEN "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p"

/* As text again, the port of each behind it. */
static void list_of(const struct db_hosts *h, char *ret, size_t n)
{
	size_t at = 0;

	for (unsigned i = 0; i < h->n; i++)
		at += (size_t)snprintf(
		    ret + at, n - at, "%s%s %u", i ? ", " : "", h->v[i].name, h->v[i].port);
}

static void test_parse(void **state)
{
	static const struct {
		const char *label, *in, *want; /* NULL: refused */
	} cases[] = {
		{ "one", "db.example.net", "db.example.net 7" },
		{ "with a port", "db:3307", "db 3307" },
		{ "three", "10.0.0.1,10.0.0.2:65535,c", "10.0.0.1 7, 10.0.0.2 65535, c 7" },
		{ "IPv6", "2001:db8::1,::1", "2001:db8::1 7, ::1 7" },
		{ "IPv6 in brackets", "[2001:db8::1]:1,[::1]", "2001:db8::1 1, ::1 7" },
		{ "as many as there may be", SIXTEEN,
		    "a 7, b 7, c 7, d 7, e 7, f 7, g 7, h 7, i 7, j 7, k 7, l 7, m 7, n 7, o 7, p "
		    "7" },
		{ "one more", SIXTEEN ",q", NULL },
		{ "nothing", "", NULL },
		{ "a comma too many", "a,", NULL },
		{ "no port", "a:", NULL },
		{ "port 0", "a:0", NULL },
		{ "port too large", "a:65536", NULL },
		{ "a name for a port", "a:b", NULL },
		{ "no name", ":1", NULL },
		{ "brackets without an end", "[::1", NULL },
		{ "empty brackets", "[]:1", NULL },
		{ "words behind brackets", "[::1]x", NULL },
		{ "no port behind brackets", "[::1]:", NULL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct db_hosts h = { .n = 0 };
		struct err e = { "" };
		char got[512] = "";
		int r = db_hosts_parse(span_str(cases[i].in), 7, &h, &e);

		print_message("%s\n", cases[i].label);
		assert_int_equal(r, cases[i].want ? 0 : -EINVAL);
		assert_int_equal(e.text[0] != '\0', r < 0);
		list_of(&h, got, sizeof(got));
		assert_string_equal(got, cases[i].want ? cases[i].want : "");
		db_hosts_done(&h);
		assert_int_equal(h.n, 0);
	}
}

static void test_turns(void **state)
{
	struct db_hosts h = { .n = 0 };

	db_hosts_next(&h); /* of none */
	assert_int_equal(h.at, 0);
	assert_int_equal(db_hosts_parse(SPAN("a,b"), 1, &h, NULL), 0);
	db_hosts_next(&h);
	assert_int_equal(h.at, 1);
	db_hosts_next(&h);
	assert_int_equal(h.at, 0);
	db_hosts_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse),
		cmocka_unit_test(test_turns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
