/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections of a program whose requests are letters: each is answered with itself; 'q' ends the connection behind it, '!' is
 * malformed, 'w' waits until the test lets it go, "(x" wants one letter more; from 'm' to 'e' it is busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "svc/streams.h"

struct test {
	char path[64];
	struct streams *streams;
	sem_t taken, go;
	_Atomic int open;
};

static void begin(void *arg, void *own, const struct streams_now *now)
{
	struct test *t = arg;

	t->open++;
}

static bool busy(const void *own)
{
	return *(const char *)own == 'm';
}

static void end(void *arg, void *own)
{
	struct test *t = arg;

	t->open--;
}

static int take(void *arg, void *own, const struct streams_now *now, struct span *in, char *to,
    size_t *len, struct err *e)
{
	struct test *t = arg;
	size_t n = !span_empty(*in) && *in->p == '(' ? 2 : 1;

	if (span_len(*in) < n)
		return 0;
	if (*in->p == '!')
		return err_set(e, -EBADMSG, "a shout");
	if (*in->p == 'w') {
		(void)sem_post(&t->taken);
		while (sem_wait(&t->go) < 0)
			;
	}
	if (*in->p == 'm' || *in->p == 'e')
		*(char *)own = *in->p;
	memcpy(to, in->p, n);
	*len = n;
	in->p += n;
	return *to == 'q' ? STREAMS_CLOSE : 1;
}

static void start(struct test *t, uint32_t limit)
{
	struct streams_def def = { .limit = limit,
		.idle_s = 3600,
		.own_bytes = 1,
		.request_max = 2,
		.answer_max = 2,
		.arg = t,
		.begin = begin,
		.take = take,
		.busy = busy,
		.end = end };
	struct listen_at at;
	char place[96];
	struct err e = { "" };

	*t = (struct test){ .path = "/tmp/onus-streams-XXXXXX" };
	assert_non_null(mkdtemp(t->path));
	(void)snprintf(place, sizeof(place), "unix-stream:%s/s", t->path);
	assert_int_equal(sem_init(&t->taken, 0, 0) | sem_init(&t->go, 0, 0), 0);
	assert_int_equal(listen_parse(place, &at, &e), 0);
	assert_int_equal(streams_new(&def, &at, 1, &t->streams, &e), 0);
}

static void stop(struct test *t)
{
	char path[96];

	assert_null(streams_free(t->streams));
	assert_int_equal(t->open, 0);
	(void)snprintf(path, sizeof(path), "%s/s", t->path);
	(void)unlink(path);
	assert_int_equal(rmdir(t->path), 0);
}

static int dial(const struct test *t)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", t->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(int fd, const char *want)
{
	char got[64] = "";

	assert_int_equal(recv(fd, got, strlen(want), MSG_WAITALL), strlen(want));
	assert_string_equal(got, want);
}

static void hear_end(int fd)
{
	char c;

	assert_true(recv(fd, &c, 1, 0) <= 0);
	(void)close(fd);
}

static void await_taken(struct test *t)
{
	while (sem_wait(&t->taken) < 0)
		;
}

static void test_answers(void **state)
{
	struct streams_figures f;
	struct test t;
	int a, b;

	(void)state;
	start(&t, 8);
	a = dial(&t);
	b = dial(&t);
	say(a, "xy(");
	hear(a, "xy");
	say(b, "(zv"); /* beside one that has said half a word */
	hear(b, "(zv");
	say(a, "uq");
	hear(a, "(uq");
	hear_end(a);
	say(b, "x!x");
	hear(b, "x");
	hear_end(b);
	do
		streams_figures(t.streams, &f);
	while (f.connections || f.malformed != 1 || usleep(1000) < 0);
	assert_int_equal(f.accepted, 2);
	stop(&t);
}

/* What a client has not been told since it is gone is told to nobody else. */
static void test_gone_before_its_answer(void **state)
{
	struct test t;
	int a, b;

	(void)state;
	start(&t, 8);
	a = dial(&t);
	b = dial(&t);
	say(a, "w");
	await_taken(&t);
	(void)close(a);
	(void)sem_post(&t.go);
	say(b, "xyq");
	hear(b, "xyq");
	hear_end(b);
	stop(&t);
}

static void talk(int fd, const char *text)
{
	say(fd, text);
	hear(fd, text);
}

static void closed_full(const struct test *t, uint64_t want, uint64_t open)
{
	struct streams_figures f;

	do
		streams_figures(t->streams, &f);
	while (f.closed_full != want || f.connections != open || usleep(1000) < 0);
}

static void test_full(void **state)
{
	struct test t;
	int a, b, c;

	(void)state;
	start(&t, 2);
	a = dial(&t);
	talk(a, "x");
	b = dial(&t);
	talk(b, "x");
	talk(a, "x"); /* b is silent longest */
	c = dial(&t);
	talk(c, "x");
	hear_end(b);
	closed_full(&t, 1, 2);
	(void)close(a);
	(void)close(c);
	stop(&t);
}

/* Who is in the midst of something stays, and is answered; who comes goes again. */
static void test_full_of_work(void **state)
{
	struct test t;
	int a, b, c;

	(void)state;
	start(&t, 2);
	a = dial(&t);
	talk(a, "m");
	b = dial(&t);
	say(b, "x("); /* half a word */
	hear(b, "x");
	hear_end(dial(&t));
	closed_full(&t, 1, 2);
	say(b, "x");
	hear(b, "(x");
	c = dial(&t); /* a is silent longest, but busy */
	talk(c, "m");
	hear_end(b);
	hear_end(dial(&t));
	closed_full(&t, 3, 2);
	talk(c, "xe");
	talk(a, "x");
	b = dial(&t);
	talk(b, "x");
	hear_end(c);
	talk(a, "xe");
	closed_full(&t, 4, 2);
	(void)close(a);
	(void)close(b);
	stop(&t);
}

/* What has come and was not read yet counts as well: here it comes while the round is on in which there is one too many. */
static void test_full_of_unread(void **state)
{
	struct test t;
	int a, b, c;

	(void)state;
	start(&t, 2);
	b = dial(&t);
	talk(b, "x");
	a = dial(&t);
	say(a, "w");
	await_taken(&t);
	c = dial(&t);
	say(a, "w");
	(void)sem_post(&t.go);
	await_taken(&t);
	say(b, "x");
	(void)sem_post(&t.go);
	hear(a, "ww");
	hear(b, "x");
	talk(c, "x");
	hear_end(a);
	closed_full(&t, 1, 2);
	(void)close(b);
	(void)close(c);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers),
		cmocka_unit_test(test_gone_before_its_answer), cmocka_unit_test(test_full),
		cmocka_unit_test(test_full_of_work), cmocka_unit_test(test_full_of_unread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
