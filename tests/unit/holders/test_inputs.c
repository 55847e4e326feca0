/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of what is fetched: what is taken and refused, days in addresses, indexes; and the list that is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "holders/inputs.h"
#include "util/clock.h"
#include "util/file.h"

static char file[] = "/tmp/onus-test-inputs-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(file);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(file);
}

static int load(const char *text, struct reg_inputs *ret, struct err *e)
{
	assert_int_equal(file_write(file, span_str(text), NULL), 0);
	return reg_inputs_load(file, ret, e);
}

#define URL "url = http://a.example/x\n"

static void lists(void **state)
{
	static const struct {
		const char *label, *in, *want; /* NULL: taken */
	} cases[] = {
		{ "least", "[input a]\n" URL, NULL },
		{ "all",
		    "[input a_B-1]\nurl=https://a/%Y/%m/%d/%%20\nkind = rpsl\nterms = "
		    "free\nmin_kib = 1\nmax_mib = 1\n"
		    "back_days = 400\nmax_age_days = 0\nfetch = no\n",
		    NULL },
		{ "two", "[input a]\n" URL "# between\n\n[input b]\n" URL, NULL },
		{ "empty", "", "no [input NAME]" },
		{ "before any", URL, ":1: expected [input NAME]" },
		{ "another section", "[source a]\n", ":1: expected [input NAME]" },
		{ "no name", "[input ]\n", ":1: an input's name" },
		{ "a dot", "[input a.state]\n", ":1: an input's name" },
		{ "a path", "[input ../a]\n", ":1: an input's name" },
		{ "twice", "[input a]\n" URL "[input a]\n", ":3: input a stands twice" },
		{ "unknown", "[input a]\ncolour = red\n", ":2: an input has no \"colour\"" },
		{ "no address", "[input a]\nkind = rpsl\n", "input a: give it a url or an index" },
		{ "two addresses", "[input a]\n" URL "index = http://a/b\n",
		    "give it a url or an index" },
		{ "another scheme", "[input a]\nurl = ftp://a/\n", "input a: url wants" },
		{ "a sign unknown", "[input a]\nurl = http://a/%H\n", "input a: url wants" },
		{ "a sign cut", "[input a]\nurl = http://a/%\n", "input a: url wants" },
		{ "a blank", "[input a]\nurl = http://a/ b\n", "input a: url wants" },
		{ "no reader", "[input a]\n" URL "kind = whois\n",
		    "input a: there is no reader \"whois\"" },
		{ "bounds crossed", "[input a]\n" URL "min_kib = 4000\nmax_mib = 2\n",
		    "min_kib is more than max_mib" },
		{ "too far back", "[input a]\n" URL "back_days = 401\n",
		    ":3: back_days wants 0 to 400 days" },
		{ "yes or no", "[input a]\n" URL "fetch = perhaps\n", ":3: fetch wants" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct reg_inputs l = { .n = 0 };
		struct err e = { "" };
		int r = load(cases[i].in, &l, &e);

		if ((r == 0) != (cases[i].want == NULL) ||
		    (r < 0 && !strstr(e.text, cases[i].want)))
			fail_msg("%s: %d, %s", cases[i].label, r, e.text);
		assert_true(r == 0 ? l.n > 0 : l.v == NULL);
		reg_inputs_done(&l);
	}
}

static void days(void **state)
{
	char url[INPUT_URL_MAX + 1];
	const int64_t now_s = (int64_t)utc_days(2026, 3, 2) * DAY_S + 3600;
	struct reg_inputs l;
	struct err e;

	assert_int_equal(load("[input d]\nurl = http://a/%Y/%m/%d?%%\nback_days = 2\n"
			      "[input m]\nurl = http://a/%Y%m01\nback_days = 60\n"
			      "[input p]\n" URL "back_days = 9\n",
			     &l, &e),
	    0);
	assert_int_equal(reg_input_url(&l.v[0], now_s, 0, url), 0);
	assert_string_equal(url, "http://a/2026/03/02?%");
	assert_int_equal(reg_input_url(&l.v[0], now_s, 2, url), 0);
	assert_string_equal(url, "http://a/2026/02/28?%");
	assert_int_equal(reg_input_url(&l.v[0], now_s, 3, url), -ENOENT);
	assert_int_equal(reg_input_url(&l.v[1], now_s, 2, url), 0);
	assert_string_equal(url, "http://a/20260101");
	assert_int_equal(reg_input_url(&l.v[1], now_s, 3, url), -ENOENT);
	assert_int_equal(reg_input_url(&l.v[2], now_s, 0, url), 0);
	assert_int_equal(reg_input_url(&l.v[2], now_s, 1, url), -ENOENT);
	reg_inputs_done(&l);
}

static void indexes(void **state)
{
	static const struct {
		const char *label, *in, *want; /* NULL: refused */
	} cases[] = {
		{ "as CAIDA has it", "# Format: 1.0\n1\t100\t2026/01/a.gz\n2\t200\t2026/02/b.gz\n",
		    "http://a/x/2026/02/b.gz" },
		{ "no end of line", "a b c.gz", "http://a/x/c.gz" },
		{ "DOS", "a b c.gz\r\n\r\n", "http://a/x/c.gz" },
		{ "empty", "", NULL },
		{ "comments", "# a\n#b\n", NULL },
		{ "up", "1 ../../etc/x", NULL },
		{ "absolute", "1 /etc/x", NULL },
		{ "elsewhere", "1 http://b/x", NULL },
		{ "question", "1 x?y", NULL },
		{ "NUL", NULL, NULL },
	};
	char url[INPUT_URL_MAX + 1];
	struct reg_inputs l;
	struct err e;

	assert_int_equal(load("[input i]\nindex = http://a/x/creation.log\n", &l, &e), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct span in = cases[i].in ? span_str(cases[i].in) : span_of("1 a\0b", 5);
		int r = reg_input_indexed(&l.v[0], in, url);

		if ((r == 0) != (cases[i].want != NULL) ||
		    (r == 0 && strcmp(url, cases[i].want) != 0))
			fail_msg("%s: %d, %s", cases[i].label, r, url);
	}
	reg_inputs_done(&l);
}

/* What we ship is sound, and every entry says on which terms. */
static void shipped(void **state)
{
	CLEANUP(free_p) char *path = NULL;
	struct reg_inputs l;
	struct err e = { "" };

	assert_true(asprintf(&path, "%s/etc/registry-inputs.conf", getenv("ONUS_SOURCE")) > 0);
	if (reg_inputs_load(path, &l, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(l.n >= 20);
	for (unsigned i = 0; i < l.n; i++)
		if (!*l.v[i].terms || strcmp(l.v[i].kind, INPUT_LINES) == 0)
			fail_msg("%s: no terms, or no reader", l.v[i].name);
	reg_inputs_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(days),
		cmocka_unit_test(indexes),
		cmocka_unit_test(shipped),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
