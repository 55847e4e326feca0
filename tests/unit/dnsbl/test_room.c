/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much may wait at a socket, with a socket of the kernel's and times of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prog/dnsbl/room.h"

#define SECOND_US INT64_C(1000000)
#define TENTH_US  INT64_C(100000)
#define BEGIN_US  (1000 * SECOND_US) /* since the machine began: not since the socket did */

struct scene {
	int server, client, most; /* most: what the kernel gives at all */
	struct room room;
};

static int buffer(const struct scene *s)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	assert_int_equal(getsockopt(s->server, SOL_SOCKET, SO_RCVBUF, &bytes, &len), 0);
	return bytes;
}

static int set_up(void **state)
{
	static struct scene s;
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	s = (struct scene){ .server = socket(AF_INET, SOCK_DGRAM, 0),
		.client = socket(AF_INET, SOCK_DGRAM, 0) };
	assert_int_equal(bind(s.server, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(s.server, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(s.client, (struct sockaddr *)&at, len), 0);
	room_open(s.server);
	s.most = buffer(&s);
	assert_true(s.most > 4 * ROOM_LEAST_BYTES);
	assert_false(room_took(&s.room, s.server, 1, true, BEGIN_US));
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	(void)close(s->client);
	(void)close(s->server);
	return 0;
}

static unsigned waiting(const struct scene *s)
{
	char c;
	unsigned n = 0;

	while (recv(s->server, &c, 1, MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void fill(const struct scene *s)
{
	char question[40] = "";

	for (unsigned i = 0; i < 20000; i++)
		(void)send(s->client, question, sizeof(question), 0); /* there is no room for all */
}

/* Slow, and asked more than it can do: no more waits than it does in ROOM_WAIT_MS, and what waited before is too much. */
static void test_slow(void **state)
{
	struct scene *s = *state;
	unsigned n = 0;
	char c;

	fill(s);
	/* the first look begins at a socket that was empty: nothing is known yet */
	assert_false(room_took(&s->room, s->server, 100, false, BEGIN_US + TENTH_US));
	assert_int_equal(buffer(s), s->most);
	assert_true(room_took(&s->room, s->server, 150, false, BEGIN_US + 2 * TENTH_US));
	assert_true(buffer(s) < s->most);
	while (room_over(&s->room, s->server) && recv(s->server, &c, 1, MSG_DONTWAIT) >= 0)
		n++;
	assert_true(n > 0);
	assert_in_range(waiting(s), 50, 400);
	fill(s);
	assert_in_range(waiting(s), 50, 400);
}

/* A quick one may have as much as there is. */
static void test_quick(void **state)
{
	struct scene *s = *state;

	assert_false(room_took(&s->room, s->server, 9, false, BEGIN_US + TENTH_US));
	assert_false(room_took(&s->room, s->server, 40000, false, BEGIN_US + 2 * TENTH_US));
	assert_int_equal(buffer(s), s->most);
}

/* Between two looks nothing changes, and what was taken is added up. */
static void test_adds_up(void **state)
{
	struct scene *s = *state;

	assert_false(room_took(&s->room, s->server, 9, false, BEGIN_US + TENTH_US));
	for (unsigned i = 1; i < 10; i++)
		assert_false(room_took(
		    &s->room, s->server, 4000, false, BEGIN_US + TENTH_US + i * TENTH_US / 10));
	assert_int_equal(buffer(s), s->most);
	assert_false(room_took(&s->room, s->server, 4000, false, BEGIN_US + 2 * TENTH_US));
	assert_int_equal(buffer(s), s->most);
}

/* A little slower than before: the room follows step by step, and nothing is shed for it. */
static void test_wavers(void **state)
{
	struct scene *s = *state;
	int64_t now_us = BEGIN_US + TENTH_US;
	int before, after;

	for (unsigned i = 0; i < 2; i++, now_us += TENTH_US)
		(void)room_took(&s->room, s->server, 200, false, now_us);
	before = buffer(s);
	assert_false(room_took(&s->room, s->server, 125, false, now_us));
	after = buffer(s);
	assert_in_range(after, before - before / 7, before - 1);
	assert_false(room_took(&s->room, s->server, 210, false, now_us + TENTH_US));
	assert_true(buffer(s) > before);
}

/* Once it is no longer asked too much the room comes back: step by step, and at once when nobody asks. */
static void test_comes_back(void **state)
{
	struct scene *s = *state;
	int64_t now_us = BEGIN_US + TENTH_US;
	int before;

	for (unsigned i = 0; i < 2; i++, now_us += TENTH_US)
		(void)room_took(&s->room, s->server, 50, false, now_us);
	before = buffer(s);
	assert_int_equal(before, 2 * ROOM_LEAST_BYTES);
	for (unsigned i = 0; i < 10; i++, now_us += TENTH_US)
		assert_false(room_took(&s->room, s->server, 100, true, now_us));
	assert_in_range(buffer(s), 2 * before, 8 * before);
	/* and a burst after a while of nothing says nothing of how quick it is */
	assert_false(room_took(&s->room, s->server, 512, false, now_us + 2 * SECOND_US));
	assert_int_equal(buffer(s), s->most);
}

/* Empty, then nothing for half a second, then a burst: that it took little in that time does not make it slow. */
static void test_burst(void **state)
{
	struct scene *s = *state;

	assert_false(room_took(&s->room, s->server, 5, true, BEGIN_US + TENTH_US));
	assert_false(room_took(&s->room, s->server, 512, false, BEGIN_US + 6 * TENTH_US));
	assert_int_equal(buffer(s), s->most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_adds_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wavers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_burst, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
