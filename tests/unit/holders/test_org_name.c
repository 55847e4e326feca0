/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What names of organisations say: which are one name, and how much a name is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "holders/org_name.h"

static struct org_names names;

static int setup(void **state)
{
	return org_names_init(&names);
}

static int teardown(void **state)
{
	org_names_done(&names);
	org_names_done(&names);
	return 0;
}

static struct org_name read_name(const char *text)
{
	struct org_name ret;

	assert_int_equal(org_name_read(&names, span_str(text), &ret), 0);
	return ret;
}

static void test_words(void **state)
{
	static const struct {
		const char *name, *core, *whole;
		uint8_t form;
	} cases[] = {
		{ "OOO \"Kvant-Telecom\"", "kvant telecom", "kvant telecom ooo", FORM_LIMITED },
		{ "KVANT  TELECOM, LLC", "kvant telecom", "kvant telecom llc", FORM_LIMITED },
		{ "Example Limited", "example", "example ltd", FORM_LIMITED },
		{ "The Example Company, Inc.", "example", "example inc", FORM_INC },
		{ "Example S.A.", "example", "example sa", FORM_STOCK },
		{ "Example S/A", "example", "example sa", FORM_STOCK },
		{ "Soci\303\251t\303\251 G\303\251n\303\251rale", "societe generale",
		    "societe generale", 0 },
		{ "\305\201\303\263d\305\272 Sp. z o.o.", "lodz", "lodz zoo", FORM_LIMITED },
		{ "\320\240\320\276\321\201", "\320\240\320\276\321\201",
		    "\320\240\320\276\321\201", 0 },
		{ "AS64500 - Example", "example", "example", 0 },
		{ "Hero Telecoms (Pty) Ltd - Hero Telecoms (Pty) Ltd", "hero telecoms",
		    "hero telecoms ltd pty", FORM_LIMITED },
		{ "I.T.E.N.O.S. GmbH", "itenos", "itenos gmbh", FORM_LIMITED },
		{ "A & C", "ac", "ac", 0 },
		{ "AS64500", "", "", 0 },
		{ "Ltd", "", "", FORM_LIMITED },
		{ "", "", "", 0 },
		{ " \302\240-- ", "", "", 0 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct org_name n = read_name(cases[i].name);

		print_message("%s\n", cases[i].name);
		assert_true(span_is(words_at(&names.name, n.core), cases[i].core));
		assert_true(span_is(words_at(&names.name, n.whole), cases[i].whole));
		assert_int_equal(n.form, cases[i].form);
	}
}

static void test_one_name(void **state)
{
	static const struct {
		const char *a, *b;
		bool one;
	} cases[] = {
		{ "LLC Example", "Example L.L.C.", true },
		{ "PT Example Nusantara", "Example Nusantara, PT", true },
		{ "Example Corp.", "EXAMPLE CORPORATION", true },
		{ "Example Pty Ltd", "Example Ltd", false },
		{ "Example Ltd", "Example GmbH", false },
		{ "Example Ltd", "Example", false },
		{ "Example One Ltd", "Example Ltd", false },
	};

	for (size_t i = 0; i < NELEM(cases); i++)
		assert_int_equal(
		    read_name(cases[i].a).whole == read_name(cases[i].b).whole, cases[i].one);
}

/* Two companies may be called the first, nobody else the second. */
static void test_bits(void **state)
{
	static const struct {
		const char *little, *much;
	} cases[] = {
		{ "Telecom", "Rostelekomov" },
		{ "IT Services Ltd", "Xqzit Ltd" },
		{ "Net Link Telecom", "Kvantex Telecom" },
		{ "ABC LLC", "Abcde LLC" },
		{ "Example Example", "Example Exemplar" },
		{ "12345", "Zwoelfdrei" },
	};
	struct org_name n;

	for (size_t i = 0; i < NELEM(cases); i++)
		assert_true(read_name(cases[i].little).bits < read_name(cases[i].much).bits);
	assert_int_equal(read_name("Telecom Internet Network").bits, 0);
	n = read_name("Kvantexic Orbitronic");
	assert_int_equal(n.bits, 30);
	assert_int_equal(n.best, 15);
}

static void test_who_is_nobody(void **state)
{
	static const struct {
		const char *name;
		bool placeholder, institution, national;
	} cases[] = {
		{ "-Reserved AS-", true, false, false },
		{ "RIPE Network Coordination Centre", true, false, false },
		{ "Japan Network Information Center", true, false, false },
		{ "Navy Network Information Center", false, false, false },
		{ "None", true, false, false },
		{ "Nonesuch Hosting", false, false, false },
		{ "APNIC Research and Development", true, false, false },
		{ "Apnical Ltd", false, false, false },
		{ "University of Example", false, true, false },
		{ "Example County", false, true, false },
		{ "St. Example's Hospital, Inc.", false, true, false },
		{ "Example Bank", false, true, false },
		{ "Example Bank PLC", false, false, false },
		{ "Example GmbH", false, false, true },
		{ "Example Ltd", false, false, false },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct org_name n = read_name(cases[i].name);

		print_message("%s\n", cases[i].name);
		assert_int_equal(n.placeholder, cases[i].placeholder);
		assert_int_equal(n.institution, cases[i].institution);
		assert_int_equal(n.national, cases[i].national);
	}
}

/* As long as a name may be, and longer; more words than are looked at; what is no text. */
static void test_bounds(void **state)
{
	char text[ORG_NAME_MAX + 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(read_name(text).core, 0);
	text[ORG_NAME_MAX] = '\0';
	assert_int_not_equal(read_name(text).core, 0);
	for (size_t i = 0; i < ORG_NAME_MAX; i += 3)
		memcpy(text + i, i % 2 ? "ab " : "cd ", 3);
	text[ORG_NAME_MAX] = '\0';
	assert_int_not_equal(read_name(text).core, 0);
	assert_int_not_equal(read_name("\xff\xc3").core, 0);
	assert_int_equal(read_name("\xc3").bits, read_name("\xc3").bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words),
		cmocka_unit_test(test_one_name), cmocka_unit_test(test_bits),
		cmocka_unit_test(test_who_is_nobody), cmocka_unit_test(test_bounds) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
