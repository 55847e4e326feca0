/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sockets of onus-dnsbl are set to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "prog/dnsbl/sockets.h"

/* An answer leaves at once, whatever was not acknowledged yet. */
static void test_no_delay(void **state)
{
	struct sockets *s = NULL;
	struct err e = { "" };
	int client = socket(AF_INET, SOCK_STREAM, 0), on = 0;
	socklen_t len = sizeof(on);
	CLEANUP(close_fdp) int fd = -1;
	struct pollfd p = { .events = POLLIN };

	if (sockets_open("127.0.0.1:0", 1, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(connect(client, (struct sockaddr *)&s->at[0].at, s->at[0].len), 0);
	p.fd = s->pair[0][0].tcp;
	assert_int_equal(poll(&p, 1, 60000), 1);
	fd = accept(p.fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	assert_true(on);
	close_fdp(&client);
	(void)sockets_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
