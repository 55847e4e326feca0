/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macros: what Sendmail and Postfix say of a client, and what nobody ought to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "prog/milter/macros.h"
#include "util/macro.h"

#define B(lit) lit, sizeof(lit) - 1

static const struct {
	const char *label;
	const char *first;
	size_t first_n;
	const char *then;
	size_t then_n;
	bool good, authenticated, certified; /* good: both are well-formed */
} cases[] = {
	{ "nothing said", B("C"), B("M"), true, false, false },
	{ "logged in", B("C"), B("M{auth_authen}\0joe\0"), true, true, false },
	{ "logged in as nobody", B("C"), B("M{auth_authen}\0\0"), true, false, false },
	{ "without braces", B("C"), B("Mauth_authen\0joe\0"), true, true, false },
	{ "among others", B("C"), B("Mi\0001A\0{auth_authen}\0joe\0x\0y\0"), true, true, false },
	{ "said before", B("H{auth_authen}\0joe\0"), B("Mi\0001\0"), true, true, false },
	{ "unsaid later", B("H{auth_authen}\0joe\0"), B("M{auth_authen}\0\0"), true, false, false },
	{ "replaced", B("M{auth_authen}\0joe\0"), B("Mi\0001\0"), true, false, false },
	{ "of no stage that counts", B("R{auth_authen}\0joe\0"), B("E{verify}\0OK\0"), true, false,
	    false },
	{ "another one's name", B("C"), B("M{auth_authen2}\0joe\0{auth_author}\0joe\0"), true,
	    false, false },
	{ "a trusted certificate", B("C"), B("M{verify}\0OK\0"), true, false, true },
	{ "one that is not", B("C"), B("M{verify}\0FAIL\0{cert_subject}\0x\0"), true, false,
	    false },
	{ "nearly", B("C"), B("M{verify}\0OKAY\0"), true, false, false },
	{ "Sendmail's subject", B("Cv\08.17\0"), B("M{cert_subject}\0x\0"), true, false, false },
	{ "Postfix's subject", B("Cv\0Postfix 3.7.11\0"), B("M{cert_subject}\0x\0"), true, false,
	    true },
	{ "in braces", B("C{v}\0Postfix 3.7.11\0"), B("H{cert_subject}\0x\0"), true, false, true },
	{ "Postfix's without one", B("Cv\0Postfix 3.7.11\0"), B("M{cert_subject}\0\0"), true, false,
	    false },
	{ "no value", B("C"), B("M{auth_authen}\0"), true, false, false },
	{ "no value of the last", B("C"), B("M{auth_authen}\0joe\0{verify}\0"), true, true, false },
	{ "no end of a value", B("C"), B("M{auth_authen}\0joe"), false, false, false },
	{ "no end of a name", B("C"), B("M{auth_authen}"), false, false, false },
	{ "no command", B("C"), B(""), false, false, false },
	{ "empty names", B("C"), B("M\0\0\0\0"), true, false, false },
	{ "half a brace", B("C"), B("M{\0x\0}\0x\0{}\0x\0"), true, false, false },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct macros m = { .value = { { 0 } } };
		bool good = macros_take(&m, rd_of(cases[i].first, cases[i].first_n));

		good = macros_take(&m, rd_of(cases[i].then, cases[i].then_n)) && good;
		if (good != cases[i].good || macros_authenticated(&m) != cases[i].authenticated ||
		    macros_certified(&m) != cases[i].certified)
			fail_msg("%s: %d %d %d", cases[i].label, good, macros_authenticated(&m),
			    macros_certified(&m));
		macros_forget(&m, MACROS_CONNECT);
		macros_forget(&m, MACROS_HELO);
		macros_forget(&m, MACROS_MAIL);
		assert_false(macros_authenticated(&m) || macros_certified(&m));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
