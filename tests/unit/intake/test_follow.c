/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rotation between two looks: a file that came and went meanwhile is read all the same; a log that was empty when it
 * was seen first; copies. Everything else of following files is in tests/system/kill.py. */
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
			follow_take(f, 1000000);
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

/* --- copies ---------------------------------------------------------------------------------------- */

struct place {
	char root[24], log[64], copy[64], packed[64];
};

static void place_init(struct place *p)
{
	(void)snprintf(p->root, sizeof(p->root), "/tmp/onus-follow-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	(void)snprintf(p->log, sizeof(p->log), "%s/log", p->root);
	(void)snprintf(p->copy, sizeof(p->copy), "%s/log.1", p->root);
	(void)snprintf(p->packed, sizeof(p->packed), "%s/log.1.gz", p->root);
}

static void place_done(struct place *p)
{
	(void)unlink(p->log); /* not every test has all of them */
	(void)unlink(p->copy);
	(void)unlink(p->packed);
	assert_int_equal(rmdir(p->root), 0);
}

static void shell(const char *command, const char *from, const char *to)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "from=%s; to=%s; %s", from, to, command);
	assert_int_equal(system(text), 0);
}

/* Lines of ten bytes, numbered. */
static void write_lines(const char *name, unsigned from, unsigned to)
{
	char line[16];

	for (unsigned i = from; i < to; i++) {
		(void)snprintf(line, sizeof(line), "line %04u\n", i);
		write_to(name, line);
	}
}

/* Each of the lines once, whatever order, and nothing else. */
static void has_lines(const char *got, unsigned from, unsigned to)
{
	char line[16];

	assert_int_equal(strlen(got), 10 * (to - from));
	for (unsigned i = from; i < to; i++) {
		(void)snprintf(line, sizeof(line), "line %04u\n", i);
		assert_non_null(strstr(got, line));
	}
}

/* copytruncate, seen while the copy is half done, and again when it is whole and the log not yet empty;
 * all names are followed, or the first alone. */
static void seen_while_copied(void **state)
{
	static char got[8192];

	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		struct place p;
		struct follow *f;
		char pattern[80];

		place_init(&p);
		(void)snprintf(pattern, sizeof(pattern), "%s%s", p.log, all ? "*" : "");
		f = follow_new("s", pattern);
		write_lines(p.log, 0, 300);
		read_all(f, got, sizeof(got));
		has_lines(got, 0, 300);
		write_lines(p.log, 300, 310);
		shell("head -c 2000 $from >$to", p.log, p.copy);
		follow_poll(f);
		follow_poll(f);
		shell("cat $from >$to", p.log, p.copy);
		follow_poll(f);
		assert_int_equal(truncate(p.log, 0), 0);
		write_lines(p.log, 310, 320);
		read_all(f, got, sizeof(got));
		has_lines(got, 300, 320);
		(void)follow_free(f);
		place_done(&p);
	}
}

/* What follows in f's place after a restart. */
static struct follow *restart(struct follow *f, const char *pattern)
{
	struct follow *next = follow_new("s", pattern);
	struct span rest, line;
	struct buf b;
	struct err e;

	buf_init(&b, 65536);
	follow_positions(f, &b);
	(void)follow_free(f);
	rest = b.len ? buf_text(&b) : SPAN("");
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		assert_int_equal(follow_restore(next, line, &e), 1);
	}
	buf_done(&b);
	return next;
}

/* Empty when it was seen first, beside an old file of its rotation, which is never read; what happens then, while
 * nobody looks; which lines there are afterwards. to is log.1. */
static const struct {
	const char *label, *command;
	unsigned lines;
} emptied[] = {
	{ "nothing", ":", 0 },
	{ "written", "echo 'line 0000' >>$from", 1 },
	{ "renamed empty", "mv $from $to; echo 'line 0000' >>$from", 1 },
	{ "renamed empty, and written late", "mv $from $to; : >$from; echo 'line 0000' >>$to", 1 },
	{ "written and renamed", "echo 'line 0000' >>$from; mv $from $to", 1 },
	{ "and again", "echo 'line 0000' >>$from; mv $from $to; echo 'line 0001' >>$from", 2 },
	{ "and empty", "echo 'line 0000' >>$from; mv $from $to; : >$from", 1 },
	{ "copied and truncated", "echo 'line 0000' >>$from; cp $from $to; : >$from", 1 },
	{ "and written",
	    "echo 'line 0000' >>$from; cp $from $to; : >$from; echo 'line 0001' >>$from", 2 },
	{ "packed", "echo 'line 0000' >>$from; mv $from $to; gzip $to; : >$from", 1 },
	{ "renamed twice, packed once",
	    "echo 'line 0000' >>$from; mv $from $from.2; gzip $from.2; "
	    "echo 'line 0001' >>$from; mv $from $to; echo 'line 0002' >>$from",
	    3 },
};

static void empty_at_first(void **state)
{
	static char got[8192];

	(void)state;
	for (unsigned i = 0; i < 2 * NELEM(emptied); i++) {
		struct place p;
		struct follow *f;

		place_init(&p);
		shell("echo old >$to.9; touch -d '1 hour ago' $to.9; : >$from", p.log, p.log);
		f = follow_new("s", p.log);
		read_all(f, got, sizeof(got));
		assert_string_equal(got, "");
		assert_int_equal(follow_counts(f).begun, 1); /* worth a position */
		f = restart(f, p.log);
		if (i % 2) { /* twice: what it was is not forgotten by looking again */
			read_all(f, got, sizeof(got));
			assert_string_equal(got, "");
			f = restart(f, p.log);
		}
		shell(emptied[i / 2].command, p.log, p.copy);
		read_all(f, got, sizeof(got));
		has_lines(got, 0, emptied[i / 2].lines);
		f = restart(f, p.log);
		write_lines(p.log, emptied[i / 2].lines, 5);
		read_all(f, got, sizeof(got));
		has_lines(got, emptied[i / 2].lines, 5);
		(void)follow_free(f);
		shell("rm -f $from*", p.log, p.log);
		place_done(&p);
	}
}

/* A log of which nothing is read yet, and its copy. */
static void copied_unread(void **state)
{
	char got[8192], pattern[80];
	struct place p;
	struct follow *f;

	(void)state;
	place_init(&p);
	(void)snprintf(pattern, sizeof(pattern), "%s*", p.log);
	f = follow_new("s", pattern);
	write_lines(p.log, 0, 300);
	follow_poll(f);
	shell("cp $from $to", p.log, p.copy);
	follow_poll(f);
	read_all(f, got, sizeof(got));
	has_lines(got, 0, 300);
	(void)follow_free(f);
	place_done(&p);
}

/* Packed beside the file that is being packed, which then goes; seen in between. */
static void seen_while_packed(void **state)
{
	static char got[65536];
	struct place p;
	struct follow *f;

	(void)state;
	place_init(&p);
	f = follow_new("s", p.log);
	write_lines(p.log, 0, 5000);
	read_all(f, got, sizeof(got));
	has_lines(got, 0, 5000);
	write_lines(p.log, 5000, 5010);
	assert_int_equal(rename(p.log, p.copy), 0);
	shell("gzip -1 <$from | head -c 6000 >$to", p.copy, p.packed);
	read_all(f, got, sizeof(got));
	has_lines(got, 5000, 5010);
	shell("gzip -1 <$from >$to", p.copy, p.packed);
	read_all(f, got, sizeof(got));
	assert_string_equal(got, "");
	assert_int_equal(unlink(p.copy), 0);
	write_lines(p.log, 5010, 5020);
	read_all(f, got, sizeof(got));
	has_lines(got, 5010, 5020);
	(void)follow_free(f);
	place_done(&p);
}

/* Seen and nothing of it read yet when the program is killed, then renamed. */
static void renamed_unread(void **state)
{
	char got[8192];
	struct place p;
	struct follow *f;
	struct buf b;
	struct err e;

	(void)state;
	place_init(&p);
	buf_init(&b, 4096);
	f = follow_new("s", p.log);
	write_lines(p.log, 0, 300);
	follow_poll(f);
	follow_positions(f, &b);
	(void)follow_free(f);
	assert_int_equal(rename(p.log, p.copy), 0);
	write_lines(p.log, 300, 310);
	f = follow_new("s", p.log);
	b.len--; /* its LF */
	assert_int_equal(follow_restore(f, buf_text(&b), &e), 1);
	read_all(f, got, sizeof(got));
	has_lines(got, 0, 310);
	(void)follow_free(f);
	buf_done(&b);
	place_done(&p);
}

/* Found, and before anything of it was read copied and truncated; what comes then is longer than it was. */
static void truncated_unread(void **state)
{
	char got[8192];
	struct place p;
	struct follow *f;
	struct block b;

	(void)state;
	place_init(&p);
	f = follow_new("s", p.log);
	write_lines(p.log, 0, 20);
	follow_poll(f);
	shell("cp $from $to", p.log, p.copy);
	assert_int_equal(truncate(p.log, 0), 0);
	write_lines(p.log, 20, 50);
	assert_false(follow_next(f, &b)); /* not what it was */
	read_all(f, got, sizeof(got));
	has_lines(got, 0, 50);
	(void)follow_free(f);
	place_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(between_looks),
		cmocka_unit_test(between_looks_and_last), cmocka_unit_test(empty_at_first),
		cmocka_unit_test(seen_while_copied), cmocka_unit_test(copied_unread),
		cmocka_unit_test(seen_while_packed), cmocka_unit_test(renamed_unread),
		cmocka_unit_test(truncated_unread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
