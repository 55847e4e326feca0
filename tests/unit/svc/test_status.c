/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status file as it is written: the golden file, rates, who may write. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "svc/status.h"
#include "util/file.h"

#define START_S	 1700000000
#define BEGAN_US 5000000

static int64_t after_s(int64_t s)
{
	return BEGAN_US + s * 1000000;
}

/* What differs from process to process and release to release becomes what it is in the golden file. */
static void settle(struct buf *b)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	char own[96];
	const char *at;

	(void)snprintf(
	    own, sizeof(own), "\"version\":\"" ONUS_VERSION "\",\"pid\":%jd", (intmax_t)getpid());
	at = strstr(b->p, own);
	assert_non_null(at);
	buf_init(&out, 65536);
	buf_put(&out, b->p, (size_t)(at - b->p));
	buf_str(&out, "\"version\":\"0.1.0\",\"pid\":4711");
	buf_str(&out, at + strlen(own));
	buf_reset(b);
	buf_span(b, buf_text(&out));
}

static void test_golden(void **state)
{
	CLEANUP(buf_done) struct buf b = { 0 }, want = { 0 };
	struct status *s = status_new("onus-load", false, START_S, BEGAN_US);

	buf_init(&b, 65536);
	buf_init(&want, 65536);
	for (int i = 0; i <= 120; i += 5) {
		status_set(s, STATUS_COUNTER, "lines", 1000 * i, after_s(i));
		status_set(s, STATUS_COUNTER, "refused", i / 60, after_s(i));
	}
	status_set(s, STATUS_GAUGE, "queue_batches", 3, after_s(120));
	status_set(s, STATUS_GAUGE, "queue_bytes", 2048, after_s(120));
	status_set(s, STATUS_TIME, "queue_oldest", START_S + 90, after_s(120));
	status_set(s, STATUS_TIME, "bad_oldest", 0, after_s(120));
	status_error(s, "the hub is \"away\"\n", START_S + 60);
	status_text(s, "ok", "120000 event lines loaded", START_S + 120, after_s(120), &b);
	settle(&b);
	assert_int_equal(file_read(ONUS_SOURCE "/tests/golden/status", &want, NULL), 0);
	assert_string_equal(b.p, want.p);
	(void)status_free(s);
}

static void check_rate(struct status *s, int64_t at_s, const char *want)
{
	CLEANUP(buf_done) struct buf b = { 0 };

	buf_init(&b, 65536);
	status_text(s, "ok", "", START_S, after_s(at_s), &b);
	if (!strstr(b.p, want))
		fail_msg("no %s in %s", want, b.p);
}

/* A rate is over the last minute; a counter that falls has begun anew, and does not make it negative. */
static void test_rates(void **state)
{
	struct status *s = status_new("onus-load", true, START_S, BEGAN_US);

	status_set(s, STATUS_COUNTER, "n", 10, after_s(0));
	check_rate(s, 0, "\"rates\":{\"n\":0.000}");
	check_rate(s, 10, "\"rates\":{\"n\":1.000}");
	for (int i = 0; i <= 600; i++)
		status_set(s, STATUS_COUNTER, "n", 10 + 7 * i, after_s(i));
	check_rate(s, 600, "\"rates\":{\"n\":7.000}");
	status_set(s, STATUS_COUNTER, "n", 5, after_s(600));
	check_rate(s, 610, "\"rates\":{\"n\":0.500}");
	check_rate(s, 600, "\"once\":true");
	(void)status_free(s);
}

static void test_too_many(void **state)
{
	static char keys[STATUS_FIGURES + 10][8];
	struct status *s = status_new("onus-load", true, START_S, BEGAN_US);
	CLEANUP(buf_done) struct buf b = { 0 };

	for (unsigned i = 0; i < STATUS_FIGURES + 10; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%u", i);
		status_set(s, STATUS_GAUGE, keys[i], 1, BEGAN_US);
	}
	buf_init(&b, 65536);
	status_text(s, "ok", "", START_S, BEGAN_US, &b);
	assert_non_null(strstr(b.p, "\"k95\":1"));
	assert_null(strstr(b.p, "\"k96\":1"));
	(void)status_free(s);
}

/* The first one writes; another of the same program tells nothing there until the first one is gone, killed or not. */
static void test_one_writer(void **state)
{
	char dir[] = "/tmp/onus-status-XXXXXX", path[64], lock[64];
	struct status *s = status_new("onus-load", true, START_S, BEGAN_US);
	int ready[2], status;
	char c;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/onus-load.status", dir);
	(void)snprintf(lock, sizeof(lock), "%s/.onus-load.lock", dir);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct status *daemon = status_new("onus-load", false, START_S, BEGAN_US);

		if (status_to(daemon, dir, NULL) < 0 ||
		    status_write(daemon, "ok", "", true, NULL) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(status_to(s, dir, NULL), 0);
	assert_int_equal(status_write(s, "ok", "", true, NULL), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status_write(s, "ok", "", true, NULL), 0);
	assert_int_equal(access(path, F_OK), 0);
	(void)status_free(s);
	(void)unlink(path);
	(void)unlink(lock);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_one_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
