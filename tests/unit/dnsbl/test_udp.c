/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams whose answers the kernel does not take: the worker waits for room once, not once for each, counts what is lost, and
 * answers what comes next. sendmmsg and poll are ours here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "prog/dnsbl/worker_priv.h"

#define QUESTIONS 100u /* more than a batch */

static bool full;
static int polled_r, polled_errno; /* what poll says */
static unsigned waits, waited_ms;

int __wrap_poll(struct pollfd *v, nfds_t n, int ms);
int __real_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);

int __wrap_poll(struct pollfd *v, nfds_t n, int ms)
{
	waits++;
	waited_ms += (unsigned)ms;
	if (polled_errno == EINTR && waits > 3)
		full = false; /* room, at last */
	errno = polled_errno;
	return polled_r;
}

int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags)
{
	if (!full)
		return __real_sendmmsg(fd, v, n, flags);
	errno = EAGAIN;
	return -1;
}

struct scene {
	struct zone zone;
	struct addrset allow;
	struct service service;
	struct worker *w;
	int client;
};

static int set_up(void **state)
{
	static struct scene s;
	struct conf *conf = conf_new();
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct err e = { "" };
	void *p = NULL;

	assert_int_equal(posix_memalign(&p, 64, sizeof(struct worker)), 0);
	s = (struct scene){ .w = p };
	memset(s.w, 0, sizeof(*s.w));
	if (zone_open(conf, &s.zone, &e) < 0 || throttle_new(conf, &s.service.throttle, &e) < 0)
		fail_msg("%s", e.text);
	(void)conf_free(conf);
	s.service.zone = &s.zone;
	s.service.allow = &s.allow;
	s.w->v = &s.service;
	s.w->asked.zone = &s.zone;
	s.w->batch = udp_batch_new();
	assert_non_null(s.w->batch);
	s.w->udp[0] = (struct ear){ .kind = EAR_UDP, .fd = socket(AF_INET, SOCK_DGRAM, 0) };
	s.client = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(s.w->udp[0].fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(s.w->udp[0].fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(s.client, (struct sockaddr *)&at, len), 0);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	close_fdp(&s->client);
	close_fdp(&s->w->udp[0].fd);
	free(s->w->batch);
	free(s->w);
	(void)throttle_free(s->service.throttle);
	zone_done(&s->zone);
	return 0;
}

static void ask(struct scene *s, unsigned n)
{
	static const uint8_t q[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\5dnsbl\10internal\0\0\6\0\1";

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(send(s->client, q, sizeof(q) - 1, 0), sizeof(q) - 1);
	waits = waited_ms = 0;
	udp_ready(s->w, &s->w->udp[0]);
}

static unsigned answers(const struct scene *s)
{
	uint8_t a[ANSWER_MAX];
	unsigned n = 0;

	while (recv(s->client, a, sizeof(a), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static uint64_t lost(const struct scene *s)
{
	return counted(&s->w->counts, COUNT_LOST);
}

static void test_full(void **state)
{
	struct scene *s = *state;

	full = true;
	polled_r = polled_errno = 0;
	ask(s, QUESTIONS);
	assert_int_equal(answers(s), 0);
	assert_int_equal(lost(s), QUESTIONS);
	assert_in_range(waited_ms, 1, 1000); /* once */
	full = false;
	ask(s, QUESTIONS);
	assert_int_equal(answers(s), QUESTIONS);
	assert_int_equal(lost(s), QUESTIONS);
}

/* A wait that failed is one in vain; one that a signal ended is none. */
static void test_failed(void **state)
{
	struct scene *s = *state;
	uint64_t before = lost(s);

	full = true;
	polled_r = -1;
	polled_errno = ENOMEM;
	ask(s, 3);
	assert_int_equal(lost(s), before + 3);
	polled_errno = EINTR;
	ask(s, 3);
	assert_int_equal(answers(s), 3);
	assert_int_equal(lost(s), before + 3);
	full = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_failed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
