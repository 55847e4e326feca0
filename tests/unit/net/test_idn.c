/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/idn.h"

#define TEN   "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* Pairs of RFC 3492 section 7.1 whose code points are of one case, and names that are registered. */
static void names(void **state)
{
	static const struct {
		const char *label, *in, *out; /* out NULL: no name */
	} cases[] = {
		{ "plain", "Example.NET", "example.net" },
		{ "one letter", "bücher.example", "xn--bcher-kva.example" },
		{ "no basic letter", "пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f" },
		{ "(B) Chinese", "他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye" },
		{ "(E) Hebrew", "למההםפשוטלאמדבריםעברית", "xn--4dbcagdahymbxekheh6e0a7fei0b" },
		{ "(L) Japanese with digits", "3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b" },
		{ "(P) mixed", "majiでkoiする5秒前", "xn--majikoi5-783gue6qz075azm5e" },
		{ "a picture, which IDNA2008 does not take for a letter", "😀.example", NULL },
		{ "the same, written for DNS", "xn--e28h.example", "xn--e28h.example" },
		{ "done already", "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "a dot at the end", "example.net.", "example.net" },
		{ "one label", "localhost", "localhost" },
		{ "63 letters", SIXTY "abc", SIXTY "abc" },
		{ "64 letters", SIXTY "abcd", NULL },
		{ "253 bytes", SIXTY "abc." SIXTY "abc." SIXTY "abc." SIXTY "a",
		    SIXTY "abc." SIXTY "abc." SIXTY "abc." SIXTY "a" },
		{ "254 bytes", SIXTY "abc." SIXTY "abc." SIXTY "abc." SIXTY "ab", NULL },
		{ "64 letters beyond ASCII",
		    "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", NULL },
		{ "nothing", "", NULL },
		{ "a dot", ".", NULL },
		{ "two dots", "a..b", NULL },
		{ "a hyphen first", "-a.b", NULL },
		{ "a hyphen last", "a-.b", NULL },
		{ "a blank", "a b.c", NULL },
		{ "an underscore", "_a.b", NULL },
		{ "no UTF-8",
		    "b\xfc"
		    "cher.example",
		    NULL },
		{ "cut UTF-8", "b\xc3", NULL },
	};
	char got[IDN_NAME_MAX + 1];

	for (size_t i = 0; i < NELEM(cases); i++) {
		bool ok = idn_ascii(span_str(cases[i].in), got);

		if (ok != (cases[i].out != NULL) || (ok && strcmp(got, cases[i].out) != 0))
			fail_msg("%s: %s", cases[i].label, ok ? got : "refused");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests_name("idn", tests, NULL, NULL);
}
