/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layouts of lists: every form of a `format =` text, and entries out of lines as publishers write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/list.h"

static const struct {
	const char *form, *line, *want; /* want: the entry, "" for none, "!reason" */
} entries[] = {
	{ "", "8.8.8.8 17", "8.8.8.8 17" },
	{ "lines", "# 8.8.8.8", "" },
	{ "columns tab 1 2", "8.8.8.0\t8.8.8.255\t24\t1234\tNET\tUS\tabuse@example.net",
	    "8.8.8.0-8.8.8.255" },
	{ "columns pipe 3", "64500  |  EXAMPLE  |  8.8.8.8  |  2026-11-01 02:03:04  |  sshpwauth",
	    "8.8.8.8" },
	{ "columns pipe 4", "a|b|c", "!fewer columns than the format says" },
	{ "columns pipe 3", "a|b|", "" },
	{ "columns blank 2", "ExitAddress  8.8.8.8 2026-11-01 02:03:04", "8.8.8.8" },
	{ "columns blank 2", " \tExitAddress \t 8.8.8.8", "8.8.8.8" },
	{ "columns blank 3", "ExitAddress 8.8.8.8 ", "!fewer columns than the format says" },
	{ "columns semicolon 2", "x; 8.8.8.8 ;y", "8.8.8.8" },
	{ "columns comma 64", "a,b", "!fewer columns than the format says" },
	{ "csv 2", "\"2026-11-01 02:03:04\",\"8.8.8.8\",443", "8.8.8.8" },
	{ "csv 2", "a, 8.8.8.8 ,b", "8.8.8.8" },
	{ "csv 3", "\"a,b\" , \"c \"\"9.9.9.9\"\"\",8.8.8.8", "8.8.8.8" },
	{ "csv 1", "\"a\"\"b\"", "a\"b" },
	{ "csv 2", "\"8.8.8.8", "!a quote that does not end" },
	{ "csv 2", "\"x\"y,8.8.8.8", "!something between a quote and the next comma" },
	{ "csv 3", "x,8.8.8.8", "!fewer columns than the format says" },
	{ "json cidr", "{\"cidr\":\"8.8.8.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}",
	    "8.8.8.0/24" },
	{ "json cidr", "{\"type\":\"metadata\",\"timestamp\":1,\"records\":2}", "" },
	{ "json cidr", "{\"cidr\":8}", "!the member is no text" },
	{ "json cidr", "[\"8.8.8.8\"]", "!no JSON object, or a member of it stands there twice" },
	{ "json cidr", "{\"cidr\":\"8.8.8.8\",\"cidr\":\"9.9.9.9\"}",
	    "!no JSON object, or a member of it stands there twice" },
	{ "lines host", "8.8.8.8:443", "8.8.8.8" },
	{ "lines host", "8.8.8.8:443 # botnet", "8.8.8.8" },
	{ "lines host", "8.8.8.8", "8.8.8.8" },
	{ "lines host", "[2a01:4f8::1]:443", "2a01:4f8::1" },
	{ "lines host", "2a01:4f8::1", "2a01:4f8::1" },
	{ "lines host", "http://8.8.8.8/9.9.9.9/x.sh", "8.8.8.8" },
	{ "lines host", "http://8.8.8.8:8080?u=9.9.9.9", "8.8.8.8" },
	{ "lines host", "https://9.9.9.9:pass@8.8.8.8/", "8.8.8.8" },
	{ "lines host", "http://[2a01:4f8::1]/", "2a01:4f8::1" },
	{ "lines host", "http://evil.example.org/?h=8.8.8.8", "" },
	{ "lines host", "http://8.8.8.8.evil.example.org/", "" },
	{ "csv 3 host", "\"1\",\"x\",\"8.8.8.8:4321\"", "8.8.8.8" },
};

static void test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(entries); i++) {
		char got[256] = "", room[LIST_FORM_ROOM];
		struct list_form f;
		const char *why = NULL;
		struct span s;
		struct err e;
		int r;

		assert_int_equal(list_form_parse(span_str(entries[i].form), &f, &e), 0);
		r = list_form_entry(&f, span_str(entries[i].line), room, &s, &why);
		if (r != 0)
			(void)snprintf(got, sizeof(got), "%s%.*s", r < 0 ? "!" : "",
			    SPAN_ARG(r < 0 ? span_str(why) : s));
		if (strcmp(got, entries[i].want) != 0)
			fail_msg("%s: \"%s\": \"%s\", not \"%s\"", entries[i].form, entries[i].line,
			    got, entries[i].want);
	}
}

static void test_forms_refused(void **state)
{
	static const char *const bad[] = { "rows", "columns", "columns tab", "columns tab 0",
		"columns tab 65", "columns x 1", "columns tab 1 2 3", "columns tab 2 2", "csv",
		"csv x", "json", "json abcdefghijklmnopqrstuvwxyzabcdefg", "lines 1",
		"lines host host" };

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct list_form f;
		struct err e = { "" };

		if (list_form_parse(span_str(bad[i]), &f, &e) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(e.text, "columns SEPARATOR"));
	}
}

static void count_one(void *ctx, const struct event *ev, uint64_t number)
{
	(void)ev;
	*(uint64_t *)ctx += number;
}

/* Names of columns are no refusal, and only before the first entry. */
static void test_header(void **state)
{
	static const char text[] =
	    "# list\nStart\tEnd\n8.8.8.0\t8.8.8.255\nStart\tEnd\n9.9.9.9\t9.9.9.9\n";
	struct list_options o = { .source = SPAN("x") };
	struct list_counts n = { 0 };
	uint64_t numbers = 0;
	struct input *in;
	struct err e;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0 && fflush(file) == 0, 1);
	rewind(file);
	assert_int_equal(input_of_fd(dup(fileno(file)), "x", &in, &e), 0);
	assert_int_equal(list_form_parse(SPAN("columns tab 1 2"), &o.form, &e), 0);
	assert_int_equal(list_input(in, &o, count_one, NULL, &numbers, &n, &e), 0);
	(void)input_free(in);
	(void)fclose(file);
	assert_int_equal(n.entries, 2);
	assert_int_equal(n.refused, 1);
	assert_int_equal(numbers, 3 + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_entries),
		cmocka_unit_test(test_forms_refused), cmocka_unit_test(test_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
