/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status files as they are read: the golden file, what is refused, who is alive, the order of programs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/status_file.h"
#include "util/file.h"

#define NOW 1700000120

static struct status_file file;

static void test_golden(void **state)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(free_p) char *path = NULL;
	double v;

	assert_true(asprintf(&path, "%s/tests/golden/status", getenv("ONUS_SOURCE")) > 0);
	buf_init(&b, STATUS_BYTES_MAX);
	assert_int_equal(file_read(path, &b, NULL), 0);
	assert_int_equal(status_parse(buf_text(&b), &file, NULL), 0);
	assert_string_equal(file.program, "onus-load");
	assert_string_equal(file.version, "0.1.0");
	assert_string_equal(file.message, "120000 event lines loaded");
	assert_string_equal(file.error, "the hub is \"away\"?");
	assert_int_equal(file.pid, 4711);
	assert_int_equal(file.says, SAYS_OK);
	assert_false(file.once);
	assert_int_equal(file.started_s, 1700000000);
	assert_int_equal(file.updated_s, NOW);
	assert_int_equal(file.error_s, 1700000060);
	assert_true(status_find(&file, PART_COUNTER, "lines", &v) && v == 120000);
	assert_true(status_find(&file, PART_RATE, "lines", &v) && v == 1000);
	assert_true(status_find(&file, PART_GAUGE, "queue_batches", &v) && v == 3);
	assert_true(status_find(&file, PART_TIME, "queue_oldest", &v) && v == 1700000090);
	assert_true(status_find(&file, PART_TIME, "bad_oldest", &v) && v == 0);
	assert_false(status_find(&file, PART_GAUGE, "lines", &v));
}

/* A good file with one place for what is tried: %s */
#define HEAD                                                                                       \
	"{\"format\":\"onus-status "                                                               \
	"1\",\"program\":\"onus-load\",\"version\":\"1\",\"pid\":1,\"state\":\"ok\","              \
	"\"message\":\"\",\"started\":\"2023-11-14T22:13:20Z\",\"updated\":\"2023-11-14T22:15:"    \
	"20Z\","
#define TAIL "\"counters\":{},\"rates\":{},\"times\":{},\"last_error\":null}"

static const struct {
	const char *label, *text;
	int want;
} cases[] = {
	{ "good", HEAD "\"gauges\":{\"a\":1}," TAIL, 0 },
	{ "what is not known is passed over", HEAD "\"gauges\":{},\"later\":[1]," TAIL, 0 },
	{ "empty", "", -EBADMSG },
	{ "no JSON", "onus", -EBADMSG },
	{ "cut", HEAD "\"gauges\":{\"a\":1},", -EBADMSG },
	{ "more behind it", HEAD "\"gauges\":{}," TAIL "{}", -EBADMSG },
	{ "an array", "[]", -EBADMSG },
	{ "another format", "{\"format\":\"onus-status 2\"}", -EBADMSG },
	{ "said twice", HEAD "\"gauges\":{},\"pid\":1," TAIL, -EBADMSG },
	{ "no gauges", HEAD TAIL, -EBADMSG },
	{ "a figure that is text", HEAD "\"gauges\":{\"a\":\"1\"}," TAIL, -EBADMSG },
	{ "a figure below 0", HEAD "\"gauges\":{\"a\":-1}," TAIL, -EBADMSG },
	{ "a figure too large", HEAD "\"gauges\":{\"a\":1e999}," TAIL, -EBADMSG },
	{ "a key with a blank", HEAD "\"gauges\":{\"a b\":1}," TAIL, -EBADMSG },
	{ "an empty key", HEAD "\"gauges\":{\"\":1}," TAIL, -EBADMSG },
	{ "a key of 31", HEAD "\"gauges\":{\"a234567890123456789012345678901\":1}," TAIL, 0 },
	{ "a key of 32", HEAD "\"gauges\":{\"a2345678901234567890123456789012\":1}," TAIL,
	    -EBADMSG },
	{ "a NUL", HEAD "\"gauges\":{\"a\\u0000b\":1}," TAIL, -EBADMSG },
	{ "a process of all",
	    "{\"format\":\"onus-status 1\",\"program\":\"onus-load\",\"version\":\"1\",\"pid\":-1}",
	    -EBADMSG },
	{ "no process",
	    "{\"format\":\"onus-status 1\",\"program\":\"onus-load\",\"version\":\"1\",\"pid\":0}",
	    -EBADMSG },
	{ "a path",
	    "{\"format\":\"onus-status 1\",\"program\":\"../x\",\"version\":\"1\",\"pid\":1}",
	    -EBADMSG },
};

static void test_refused(void **state)
{
	CLEANUP(buf_done) struct buf b = { 0 };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct err e = { "" };
		int r = status_parse(span_str(cases[i].text), &file, &e);

		if (r != cases[i].want || (r < 0 && !e.text[0]))
			fail_msg("%s: %d, %s", cases[i].label, r, e.text);
	}
	buf_init(&b, 1u << 20);
	buf_str(&b, HEAD "\"gauges\":{\"a\":0");
	for (unsigned i = 1; i < STATUS_FIGURES_MAX; i++)
		buf_fmt(&b, ",\"k%u\":%u", i, i);
	buf_str(&b, "}," TAIL);
	assert_int_equal(status_parse(buf_text(&b), &file, NULL), 0);
	assert_int_equal(file.n, STATUS_FIGURES_MAX);
	buf_reset(&b);
	buf_str(&b, HEAD "\"gauges\":{\"a\":0");
	for (unsigned i = 0; i < STATUS_FIGURES_MAX; i++)
		buf_fmt(&b, ",\"k%u\":%u", i, i);
	buf_str(&b, "}," TAIL);
	assert_int_equal(status_parse(buf_text(&b), &file, NULL), -EBADMSG);
	buf_reset(&b);
	buf_str(&b, HEAD "\"gauges\":{},\"x\":\"");
	for (unsigned i = 0; i < STATUS_BYTES_MAX; i++)
		buf_byte(&b, 'x');
	buf_str(&b, "\"," TAIL);
	assert_int_equal(status_parse(buf_text(&b), &file, NULL), -EBADMSG);
}

static pid_t gone(void)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return pid;
}

static void test_life(void **state)
{
	const pid_t dead = gone(), here = getpid();
	const struct {
		const char *label;
		enum status_says says;
		pid_t pid;
		int64_t age_s;
		enum status_life want;
	} lives[] = {
		{ "up", SAYS_OK, here, 0, LIFE_UP },
		{ "of another user", SAYS_OK, 1, 0, LIFE_UP },
		{ "at the limit", SAYS_OK, here, 60, LIFE_UP },
		{ "behind it", SAYS_OK, here, 61, LIFE_STALE },
		{ "from the future", SAYS_OK, here, -100, LIFE_UP },
		{ "its work fails", SAYS_TROUBLE, here, 0, LIFE_TROUBLE },
		{ "killed a second ago", SAYS_OK, dead, 1, LIFE_DIED },
		{ "killed in trouble", SAYS_TROUBLE, dead, 1, LIFE_DIED },
		{ "ended", SAYS_STOPPED, dead, 1, LIFE_STOPPED },
		{ "ended long ago", SAYS_STOPPED, here, 100000, LIFE_STOPPED },
		{ "gave up", SAYS_FAILED, dead, 1, LIFE_FAILED },
	};

	for (unsigned i = 0; i < NELEM(lives); i++) {
		struct status_file s = { .says = lives[i].says,
			.pid = lives[i].pid,
			.updated_s = NOW - lives[i].age_s };
		enum status_life got = status_life(&s, NOW, 60);

		if (got != lives[i].want)
			fail_msg("%s: %s", lives[i].label, status_life_name[got]);
	}
}

static void put(const char *dir, const char *name, const char *program)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	char path[128];

	buf_init(&b, 65536);
	buf_fmt(&b,
	    "{\"format\":\"onus-status "
	    "1\",\"program\":\"%s\",\"version\":\"1\",\"pid\":%jd,\"state\":\"ok\",",
	    program, (intmax_t)getpid());
	buf_str(&b, "\"message\":\"\",\"started\":\"2023-11-14T22:13:20Z\",\"updated\":\"2023-11-"
		    "14T22:15:20Z\","
		    "\"gauges\":{}," TAIL);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, buf_text(&b), NULL), 0);
}

/* The order is that of the road; what is no status file is passed over, or told of, and holds up nobody. */
static void test_directory(void **state)
{
	static const char *const order[] = { "onus-collect", "onus-load", "onus-web", "a", "fifo",
		"liar" };
	static const char *const files[] = { "a.status", "onus-web.status", "onus-load.status",
		"onus-collect.status", "liar.status", "fifo.status", "ignored", ".onus-load.status",
		"B.status" };
	char dir[] = "/tmp/onus-status-XXXXXX", path[128];
	struct status_all all;

	assert_non_null(mkdtemp(dir));
	put(dir, "a.status", "a");
	put(dir, "onus-web.status", "onus-web");
	put(dir, "onus-load.status", "onus-load");
	put(dir, "onus-collect.status", "onus-collect");
	put(dir, "liar.status", "onus-load");
	put(dir, "ignored", "ignored");
	put(dir, ".onus-load.status", "onus-load");
	put(dir, "B.status", "B");
	(void)snprintf(path, sizeof(path), "%s/fifo.status", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(status_read_all(dir, NOW, 60, &all, NULL), 0);
	assert_int_equal(all.n, NELEM(order));
	for (unsigned i = 0; i < all.n; i++) {
		assert_string_equal(all.program[i].name, order[i]);
		assert_int_equal(all.program[i].life, i < 4 ? LIFE_UP : LIFE_UNREADABLE);
	}
	assert_non_null(strstr(status_program(&all, "liar")->why.text, "that of onus-load"));
	assert_null(status_program(&all, "nobody"));
	status_all_done(&all);
	for (unsigned i = 0; i < NELEM(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(status_read_all(dir, NOW, 60, &all, NULL), 0); /* none is there yet */
	assert_int_equal(all.n, 0);
}

static void test_many(void **state)
{
	char dir[] = "/tmp/onus-status-XXXXXX", name[16], path[128];
	struct status_all all;

	assert_non_null(mkdtemp(dir));
	for (unsigned i = 0; i < STATUS_PROGRAMS_MAX + 5; i++) {
		(void)snprintf(name, sizeof(name), "p%u.status", i);
		put(dir, name, "x");
	}
	assert_int_equal(status_read_all(dir, NOW, 60, &all, NULL), 0);
	assert_int_equal(all.n, STATUS_PROGRAMS_MAX);
	assert_int_equal(all.more, 5);
	status_all_done(&all);
	for (unsigned i = 0; i < STATUS_PROGRAMS_MAX + 5; i++) {
		(void)snprintf(path, sizeof(path), "%s/p%u.status", dir, i);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
