/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much waits in a spool, per stage. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/spool_depth.h"
#include "util/file.h"

static char dir[] = "/tmp/onus-depth-XXXXXX";

static void put(const char *name, unsigned bytes, int64_t written_s)
{
	struct timespec when[2] = { { .tv_sec = written_s }, { .tv_sec = written_s } };
	char path[128], text[64];

	memset(text, 'x', sizeof(text));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, span_of(text, bytes), NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, when, 0), 0);
}

static void make(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_mkdirs(path, 0700, NULL), 0);
}

static void drop(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(remove(path), 0);
}

static void test_depth(void **state)
{
	struct spool_depth d = { .bad = { .batches = 9 } };
	struct spool_gauge g = { .again_us = 0 };

	assert_int_equal(spool_depth("/nonexistent", &d, NULL), 0);
	assert_int_equal(d.bad.batches, 0);
	assert_non_null(mkdtemp(dir));
	make("collect/new");
	make("collect/bad");
	make("good/new");
	make("collect/done");
	put("file", 5, 5); /* no producer */
	put("collect/new/a", 10, 2000);
	put("collect/new/b", 20, 1500);
	put("collect/new/.hidden", 40, 10);
	put("collect/done/z", 30, 10);
	put("good/new/c", 30, 1700);
	put("collect/bad/q", 7, 1000);
	put("collect/bad/q.reason", 3, 900);
	assert_int_equal(spool_depth(dir, &d, NULL), 0);
	assert_int_equal(d.waiting.batches, 3);
	assert_int_equal(d.waiting.bytes, 60);
	assert_int_equal(d.waiting.oldest_s, 1500);
	assert_int_equal(d.bad.batches, 1);
	assert_int_equal(d.bad.bytes, 7);
	assert_int_equal(d.bad.oldest_s, 1000);
	assert_int_equal(spool_gauge(&g, dir)->waiting.batches, 3);
	drop("collect/new/b");
	assert_int_equal(spool_gauge(&g, dir)->waiting.batches, 3); /* that of a moment ago */
	g.again_us = 0;
	assert_int_equal(spool_gauge(&g, dir)->waiting.batches, 2);
	drop("collect/new/a");
	drop("collect/new/.hidden");
	drop("collect/new");
	drop("collect/bad/q");
	drop("collect/bad/q.reason");
	drop("collect/bad");
	drop("collect/done/z");
	drop("collect/done");
	drop("collect");
	drop("good/new/c");
	drop("good/new");
	drop("good");
	drop("file");
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_depth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
