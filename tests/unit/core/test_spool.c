/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spool's directories: order, restarts, what a crash leaves behind, hostile files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "core/spool.h"
#include "util/file.h"

#define NOW   1790000000
#define FIRST (UINT64_C(1000000) * NOW)

static char dir[64];

static int setup(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/onus-spool-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct spool *open_as(const char *producer, uint64_t max)
{
	struct spool *s = NULL;
	struct err e;

	if (spool_open(dir, "h.example", producer, max, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void put(struct spool *s, const char *line, const char *positions)
{
	struct batch_writer w;
	struct err e;

	batch_writer_init(&w);
	assert_int_equal(batch_writer_add(&w, span_str(line)), 0);
	if (spool_put(s, &w, BATCH_EVENTS, NOW, span_str(positions), &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(w.count, 0);
	batch_writer_done(&w);
}

static void expect_positions(const char *want)
{
	struct spool *s = open_as("collect", 1 << 20);
	struct buf b;

	buf_init(&b, BATCH_TEXT_MAX);
	assert_int_equal(spool_positions(s, &b, NULL), 0);
	assert_string_equal(b.p ? b.p : "", want);
	buf_done(&b);
	(void)spool_free(s);
}

static void path_of(const char *room, uint64_t sequence, char ret[256])
{
	(void)snprintf(
	    ret, 256, "%s/collect/%s/h.example.collect.%016ju.zst", dir, room, (uintmax_t)sequence);
}

static void damage(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\xff\xff", 2, 20), 2);
	(void)close(fd);
}

static bool exists(const char *room, uint64_t sequence)
{
	char path[256];

	path_of(room, sequence, path);
	return access(path, F_OK) == 0;
}

static void test_flow(void **state)
{
	struct spool *s = open_as("collect", 1 << 20), *other = NULL;
	struct spool_list l;
	struct batch b;

	assert_int_equal(spool_open(dir, "h.example", "collect", 1, &other, NULL), -EBUSY);
	put(s, "1\t192.0.2.1\n", "#one\n");
	put(s, "1\t192.0.2.2\n", "#two\n");
	assert_int_equal(spool_last_sequence(s), FIRST + 1);
	(void)spool_free(s);
	s = open_as("web", 1 << 20);
	put(s, "1\t192.0.2.3\n", "");
	(void)spool_free(s);
	expect_positions("#two\n");

	assert_int_equal(spool_scan(dir, 2, &l, NULL), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.waiting, 3);
	assert_int_equal(l.producers, 2);
	assert_string_equal(l.v[0].name.producer, "collect");
	assert_string_equal(
	    l.v[1].name.producer, "web"); /* it does not wait for the other's second */
	spool_list_done(&l);
	assert_int_equal(spool_scan(dir, 3, &l, NULL), 0);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].name.sequence, FIRST);
	assert_int_equal(l.v[2].name.sequence, FIRST + 1);
	assert_int_equal(spool_read(&l.v[0], &b, NULL), 0);
	assert_true(span_is(b.lines, "1\t192.0.2.1\n"));
	batch_done(&b);
	assert_int_equal(spool_finish(&l.v[0], NULL), 0);
	assert_true(exists("done", FIRST));
	assert_int_equal(spool_finish(&l.v[2], NULL), 0);
	assert_false(exists("done", FIRST));
	assert_true(exists("done", FIRST + 1));
	assert_int_equal(spool_finish(&l.v[2], NULL), 0); /* twice is harmless */
	spool_list_done(&l);

	expect_positions("#two\n");
	s = open_as("collect", 1 << 20);
	put(s, "1\t192.0.2.4\n", "#three\n");
	assert_int_equal(spool_last_sequence(s), FIRST + 2);
	(void)spool_free(s);
	expect_positions("#three\n");
}

/* A half-written file in tmp/ goes; a wiped spool starts above all that was. */
static void test_restart(void **state)
{
	char path[256];
	struct spool *s = open_as("collect", 1 << 20);

	put(s, "1\t192.0.2.1\n", "#one\n");
	(void)spool_free(s);
	path_of("tmp", FIRST + 1, path);
	assert_int_equal(file_write(path, SPAN("half"), NULL), 0);
	expect_positions("#one\n");
	assert_false(exists("tmp", FIRST + 1));
	path_of("new", FIRST, path);
	assert_int_equal(unlink(path), 0);
	expect_positions("");
	s = open_as("collect", 1 << 20);
	put(s, "1\t192.0.2.1\n", "#one\n");
	assert_int_equal(spool_last_sequence(s), FIRST);
	(void)spool_free(s);
}

static void test_unreadable_newest(void **state)
{
	struct spool *s = open_as("collect", 1 << 20);
	struct spool_list l;
	char path[256];
	struct batch b;
	struct buf buf;
	struct err e = { "" };

	put(s, "1\t192.0.2.1\n", "#one\n");
	put(s, "1\t192.0.2.2\n", "#two\n");
	(void)spool_free(s);
	path_of("new", FIRST + 1, path);
	damage(path);
	expect_positions("#one\n"); /* what it held will never be counted: read it again */
	assert_int_equal(spool_scan(dir, 9, &l, NULL), 0);
	assert_int_equal(spool_read(&l.v[1], &b, &e), -EBADMSG);
	assert_int_equal(spool_reject(&l.v[1], e.text, NULL), 0);
	assert_int_equal(spool_finish(&l.v[0], NULL), 0);
	spool_list_done(&l);
	assert_true(exists("bad", FIRST + 1));
	expect_positions("#one\n");
	s = open_as("collect", 1 << 20); /* the refused one's number is not used again */
	assert_int_equal(spool_last_sequence(s), FIRST + 1);
	path_of("done", FIRST, path);
	damage(path);
	buf_init(&buf, 100);
	assert_int_equal(spool_positions(s, &buf, &e), -EIO); /* it was counted: never guess */
	assert_non_null(strstr(e.text, path));
	(void)spool_free(s);
}

static void test_full(void **state)
{
	struct spool *s = open_as("collect", 250);
	struct spool_list l;

	assert_false(spool_full(s));
	put(s, "1\t192.0.2.1\n", "#one\n");
	assert_false(spool_full(s));
	put(s, "1\t192.0.2.2\n", "#two\n");
	assert_true(spool_full(s));
	assert_int_equal(spool_scan(dir, 9, &l, NULL), 0);
	assert_int_equal(spool_finish(&l.v[0], NULL), 0);
	assert_false(spool_full(s));
	spool_list_done(&l);
	(void)spool_free(s);
}

static void test_hostile_files(void **state)
{
	struct spool *s = open_as("collect", 1 << 20);
	struct spool_list l;
	struct batch b;
	char path[256];
	int fd;

	(void)spool_free(s);
	(void)snprintf(path, sizeof(path), "%s/collect/new/README", dir);
	assert_int_equal(file_write(path, SPAN("hello"), NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/stray-file", dir);
	assert_int_equal(file_write(path, SPAN("hello"), NULL), 0);
	path_of("new", 1, path);
	assert_int_equal(mkfifo(path, 0600), 0);
	path_of("new", 2, path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	path_of("new", 3, path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of("new", 4, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	(void)close(fd);
	assert_int_equal(spool_scan(dir, 9, &l, NULL), 0);
	assert_int_equal(l.n, 4);
	for (size_t i = 0; i < l.n; i++) {
		struct err e = { "" };

		assert_int_equal(spool_read(&l.v[i], &b, &e), -EBADMSG);
		assert_int_equal(spool_reject(&l.v[i], e.text, NULL), 0);
	}
	spool_list_done(&l);
	assert_int_equal(spool_scan(dir, 9, &l, NULL), 0);
	assert_int_equal(l.n, 0);
	(void)snprintf(path, sizeof(path), "%s/collect/bad/README.reason", dir);
	assert_int_equal(access(path, F_OK), 0);
}

static void test_no_disk(void **state)
{
	struct spool *s = open_as("collect", 1 << 20);
	struct batch_writer w;
	char path[256];

	batch_writer_init(&w);
	assert_int_equal(batch_writer_add(&w, SPAN("1\t192.0.2.1\n")), 0);
	(void)snprintf(path, sizeof(path), "%s/collect/tmp", dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(spool_put(s, &w, BATCH_EVENTS, NOW, SPAN("#x\n"), NULL), -ENOENT);
	assert_int_equal(w.count, 1); /* still there, to be put later */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(spool_put(s, &w, BATCH_EVENTS, NOW, SPAN("#x\n"), NULL), 0);
	assert_int_equal(w.count, 0);
	batch_writer_done(&w);
	(void)spool_free(s);
}

static void touch_batch(const char *producer, uint64_t sequence)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s/new/h.example.%s.%016ju.zst", dir, producer,
	    producer, (uintmax_t)sequence);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* The oldest of each in turns, whatever order the directory has them in and however many wait. */
static void test_turns(void **state)
{
	static const struct {
		const char *name;
		uint64_t n;
	} producer[] = { { "a", 1000 }, { "b", 5 }, { "c", 1 } };
	static const char *const want[] = { "a1", "b1", "c1", "a2", "b2", "a3", "b3", "a4", "b4",
		"a5", "b5", "a6", "a7", "a8", "a9", "a10" };
	struct spool_list l;

	for (size_t p = 0; p < NELEM(producer); p++) {
		(void)spool_free(open_as(producer[p].name, 1 << 20));
		for (uint64_t i = 0; i < producer[p].n; i++)
			touch_batch(producer[p].name, 1 + i * 709 % producer[p].n);
	}
	for (size_t max = 0; max <= NELEM(want); max++) {
		assert_int_equal(spool_scan(dir, max, &l, NULL), 0);
		assert_int_equal(l.waiting, 1006);
		assert_int_equal(l.n, max);
		for (size_t i = 0; i < l.n; i++) {
			char got[64];

			(void)snprintf(got, sizeof(got), "%s%ju", l.v[i].name.producer,
			    (uintmax_t)l.v[i].name.sequence);
			assert_string_equal(got, want[i]);
		}
		spool_list_done(&l);
	}
	assert_int_equal(spool_scan(dir, SIZE_MAX, &l, NULL), 0);
	assert_int_equal(l.n, 1006);
	assert_int_equal(l.v[1005].name.sequence, 1000);
	spool_list_done(&l);
}

/* How far the loader is: the oldest that waits, the newest that was loaded; what was refused is neither. */
static void test_loaded(void **state)
{
	struct spool *s = open_as("collect", 1 << 20);
	uint64_t waits, loaded;
	struct spool_list l;

	assert_int_equal(spool_loaded(s, &waits, &loaded, NULL), 0);
	assert_true(waits == UINT64_MAX && loaded == 0);
	for (unsigned i = 0; i < 3; i++)
		put(s, "1\t192.0.2.1\n", "");
	assert_int_equal(spool_scan(dir, SIZE_MAX, &l, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(spool_loaded(s, &waits, &loaded, NULL), 0);
		assert_true(waits == FIRST + i && loaded == (i ? FIRST + i - 1 : 0));
		assert_int_equal(
		    i == 2 ? spool_reject(&l.v[i], "why", NULL) : spool_finish(&l.v[i], NULL), 0);
	}
	assert_int_equal(spool_loaded(s, &waits, &loaded, NULL), 0);
	assert_true(waits == UINT64_MAX && loaded == FIRST + 1);
	spool_list_done(&l);
	(void)spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_flow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_newest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loaded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
