/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rotation between two looks: a file that came and went meanwhile is read all the same. Everything else of
 * following files is in tests/system/kill.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intake/follow.h"

static char dir[] = "/tmp/onus-follow-XXXXXX";
static char path[5][64];

static void write_to(const char *name, const char *text)
{
	FILE *to = fopen(name, "a");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

/* What a poll brings, as one text. */
static void read_all(struct follow *f, char *ret, size_t size)
{
	struct block b;

	*ret = '\0';
	follow_poll(f);
	for (unsigned i = 0; i < 10; i++) {
		while (follow_next(f, &b)) {
			size_t n = strlen(ret);

			assert_true(n + span_len(b.text) < size);
			memcpy(ret + n, b.text.p, span_len(b.text));
			ret[n + span_len(b.text)] = '\0';
			follow_take(f, 1000);
		}
		follow_poll(f);
	}
}

static void between_looks(void **state)
{
	struct follow *f;
	char got[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (unsigned i = 0; i < 5; i++)
		(void)snprintf(path[i], sizeof(path[i]), i ? "%s/log.%u" : "%s/log", dir, i);
	f = follow_new("s", path[0]);
	write_to(path[0], "first file\n");
	read_all(f, got, sizeof(got));
	assert_string_equal(got, "first file\n");
	assert_int_equal(rename(path[0], path[1]), 0);
	read_all(f, got, sizeof(got)); /* seen under its new name, and no other is there yet */
	assert_string_equal(got, "");
	write_to(path[0], "second file\n");
	assert_int_equal(rename(path[1], path[2]), 0);
	assert_int_equal(rename(path[0], path[1]), 0);
	write_to(path[0], "third file\n");
	read_all(f, got, sizeof(got));
	assert_non_null(strstr(got, "second file\n"));
	assert_non_null(strstr(got, "third file\n"));
	assert_null(strstr(got, "first file\n"));
	read_all(f, got, sizeof(got));
	assert_string_equal(got, "");
	(void)follow_free(f);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(unlink(path[i]), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* The same, and nobody has the name after that. */
static void between_looks_and_last(void **state)
{
	char root[] = "/tmp/onus-follow-XXXXXX", name[4][64], got[256];
	struct follow *f;

	(void)state;
	assert_non_null(mkdtemp(root));
	for (unsigned i = 0; i < NELEM(name); i++)
		(void)snprintf(name[i], sizeof(name[i]), i ? "%s/log.%u" : "%s/log", root, i);
	f = follow_new("s", name[0]);
	write_to(name[0], "first file\n");
	read_all(f, got, sizeof(got));
	assert_int_equal(rename(name[0], name[1]), 0);
	read_all(f, got, sizeof(got));
	assert_string_equal(got, "");
	for (unsigned round = 0; round < 2; round++) {
		write_to(name[0], round ? "third file\n" : "second file\n");
		for (unsigned i = round + 2; i > 0; i--)
			assert_int_equal(rename(name[i - 1], name[i]), 0);
		read_all(f, got, sizeof(got));
		assert_string_equal(got, round ? "third file\n" : "second file\n");
	}
	read_all(f, got, sizeof(got));
	assert_string_equal(got, "");
	(void)follow_free(f);
	for (unsigned i = 1; i < NELEM(name); i++)
		assert_int_equal(unlink(name[i]), 0);
	assert_int_equal(rmdir(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(between_looks),
		cmocka_unit_test(between_looks_and_last) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
