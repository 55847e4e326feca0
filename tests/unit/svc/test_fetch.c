/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The asking side, with children that are not what they should be: scripts in place of onus-fetch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "svc/fetch.h"
#include "util/clock.h"
#include "util/file.h"

static char dir[] = "/tmp/onus-test-fetch-XXXXXX";
static char program[sizeof(dir) + 16], body[sizeof(dir) + 16];

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(program, sizeof(program), "%s/child", dir);
	(void)snprintf(body, sizeof(body), "%s/body", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)unlink(program);
	(void)unlink(body);
	return rmdir(dir);
}

static struct fetch *start(const char *script)
{
	const struct fetch_opts o = { .program = program, .dir = dir };
	struct fetch *f = NULL;
	struct err e = { "" };
	char text[1024];
	int n = snprintf(text, sizeof(text), "#!/bin/sh\ncd %s\n%s\n", dir, script);

	assert_int_equal(file_write(program, span_of(text, (size_t)n), &e), 0);
	assert_int_equal(chmod(program, 0755), 0);
	(void)unlink(body);
	assert_int_equal(fetch_start(&o, &f, &e), 0);
	return f;
}

static const struct fetch_request request = {
	.id = 5, .url = "http://a.example/", .out = "body", .max_bytes = 10
};

/* One answer to one request, of a child that is that script. */
static struct fetch_answer answer_of(const char *script)
{
	struct fetch *f = start(script);
	struct fetch_answer a = { .id = 0 };
	struct err e = { "" };

	assert_int_equal(fetch_ask(f, &request, &e), 0);
	assert_int_equal(fetch_waiting(f), 1);
	assert_int_equal(fetch_wait(f, 60000, &a, &e), 1);
	assert_int_equal(a.id, 5);
	assert_int_equal(fetch_waiting(f), 0);
	assert_int_equal(fetch_wait(f, 60000, &a, &e), 0);
	f = fetch_stop(f);
	assert_null(f);
	return a;
}

static void scripts(void **state)
{
	static const struct {
		const char *label, *script;
		enum fetch_end want;
	} cases[] = {
		{ "well",
		    "read x; printf abc >body; echo "
		    "'{\"id\":5,\"end\":\"ok\",\"status\":200,\"bytes\":3}'",
		    FETCH_OK },
		{ "in pieces",
		    "read x; printf '{\"id\":5,\"end\":\"ok\",'; sleep 0.2; echo "
		    "'\"status\":404}'; sleep 1",
		    FETCH_OK },
		{ "ends at once", "exit 0", FETCH_LOST },
		{ "ends after reading", "read x", FETCH_LOST },
		{ "half a line", "read x; printf '{\"id\":5,'", FETCH_LOST },
		{ "no answer", "read x; echo hello; exec sleep 9", FETCH_LOST },
		{ "of another request",
		    "read x; echo '{\"id\":6,\"end\":\"ok\",\"status\":404}'; exec sleep 9",
		    FETCH_LOST },
		{ "a line without end", "read x; exec yes | tr -d '\\n'", FETCH_LOST },
		{ "no body",
		    "read x; echo '{\"id\":5,\"end\":\"ok\",\"status\":200,\"bytes\":3}'; exec "
		    "sleep 9",
		    FETCH_DISK },
		{ "another size",
		    "read x; printf abcd >body; echo "
		    "'{\"id\":5,\"end\":\"ok\",\"status\":200,\"bytes\":3}'; exec sleep 9",
		    FETCH_DISK },
		{ "a link",
		    "read x; ln -s child body; echo "
		    "'{\"id\":5,\"end\":\"ok\",\"status\":200,\"bytes\":5}'; exec sleep 9",
		    FETCH_DISK },
		{ "too large",
		    "read x; printf 12345678901 >body; echo "
		    "'{\"id\":5,\"end\":\"ok\",\"status\":200,\"bytes\":11}'; exec sleep 9",
		    FETCH_TOO_BIG },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fetch_answer a = answer_of(cases[i].script);

		if (a.end != cases[i].want || (a.end != FETCH_OK && (!a.error[0] || a.bytes)))
			fail_msg("%s: %s, %s", cases[i].label, fetch_end_name[a.end], a.error);
	}
}

static void the_same_twice(void **state)
{
	struct fetch *f = start("exec sleep 9");
	struct fetch_request other = request;
	struct err e = { "" };

	assert_int_equal(fetch_ask(f, &request, &e), 0);
	assert_int_equal(fetch_ask(f, &request, &e), -EINVAL);
	other.id = 6;
	assert_int_equal(fetch_ask(f, &other, &e), -EINVAL);
	(void)snprintf(other.out, sizeof(other.out), "other");
	assert_int_equal(fetch_ask(f, &other, &e), 0);
	(void)snprintf(other.out, sizeof(other.out), "../other");
	assert_int_equal(fetch_ask(f, &other, &e), -EINVAL);
	assert_int_equal(fetch_waiting(f), 2);
	f = fetch_stop(f);
}

/* A child that does not read must not stop the asker, however much is asked. */
static void deaf(void **state)
{
	struct fetch *f = start("exec sleep 60");
	struct fetch_request q = request;
	struct fetch_answer a;
	struct err e = { "" };
	int64_t began_us;

	memset(q.url + 17, 'x', FETCH_URL_MAX - 17);
	for (unsigned i = 0; i < FETCH_WAITING_MAX; i++) {
		q.id = i;
		(void)snprintf(q.out, sizeof(q.out), "body%u", i);
		assert_int_equal(fetch_ask(f, &q, &e), 0);
	}
	q.id = FETCH_WAITING_MAX;
	(void)snprintf(q.out, sizeof(q.out), "body");
	assert_int_equal(fetch_ask(f, &q, &e), -EAGAIN);
	began_us = clock_monotonic_us();
	assert_int_equal(fetch_wait(f, 100, &a, &e), 0);
	assert_true(clock_monotonic_us() - began_us >= 100000);
	assert_int_equal(fetch_waiting(f), FETCH_WAITING_MAX);
	f = fetch_stop(f);
}

/* All that is waited for is answered when the child dies, once each. */
static void all_lost(void **state)
{
	struct fetch *f = start("read x; read x; read x");
	struct fetch_request q = request;
	struct fetch_answer a;
	struct err e = { "" };
	unsigned seen = 0;

	for (unsigned i = 0; i < 3; i++) {
		q.id = i;
		(void)snprintf(q.out, sizeof(q.out), "body%u", i);
		assert_int_equal(fetch_ask(f, &q, &e), 0);
	}
	while (fetch_wait(f, 60000, &a, &e) == 1) {
		assert_int_equal(a.end, FETCH_LOST);
		seen |= 1u << a.id;
	}
	assert_int_equal(seen, 7);
	assert_true(fetch_lost(f));
	assert_int_equal(fetch_ask(f, &request, &e), -EPIPE);
	f = fetch_stop(f);
}

static void no_such_thing(void **state)
{
	struct fetch_opts o = { .program = "/nowhere/onus-fetch", .dir = dir };
	struct fetch *f = NULL;
	struct err e = { "" };

	assert_int_equal(fetch_start(&o, &f, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nowhere/onus-fetch"));
	o = (struct fetch_opts){ .program = "/bin/true", .dir = "/nowhere" };
	assert_int_equal(fetch_start(&o, &f, &e), -ENOENT);
	assert_null(f);
	assert_null(fetch_stop(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(the_same_twice),
		cmocka_unit_test(deaf),
		cmocka_unit_test(all_lost),
		cmocka_unit_test(no_such_thing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
