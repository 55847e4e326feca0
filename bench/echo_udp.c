/* SPDX-License-Identifier: GPL-3.0-or-later */
/* echo_udp [-b BATCH] [-n EVERY -d | -f | -s MILLISECONDS] PORT - sends every datagram back, at most BATCH (64) with one system
 * call: what a DNS server on one processor could do at best. To show that a generator does not lie, of EVERY so many one is dropped (-d), comes back
 * with its last byte changed (-f), or is held up for so long, and those behind it (-s). PORT 0 takes a free one; "port N" is printed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "flood.h"
#include "util/num.h"

#define BATCH	  64u
#define BYTES_MAX 1500u

enum mischief { NONE, DROP, FALSIFY, SLOW };

struct echo {
	enum mischief what;
	uint32_t batch, every, slow_ms;
	uint64_t n;
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t bytes[BATCH][BYTES_MAX];
};

static int open_port(uint32_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
		(void)fprintf(stderr, "echo_udp: port %u: %m\n", port);
		exit(1);
	}
	(void)printf("port %u\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	return fd;
}

/* Is this one to be sent back? */
static bool take(struct echo *e, struct mmsghdr *m)
{
	uint8_t *bytes = m->msg_hdr.msg_iov->iov_base;

	if (e->what == NONE || ++e->n % e->every != 0)
		return true;
	if (e->what == FALSIFY && m->msg_len)
		bytes[m->msg_len - 1] ^= 1;
	if (e->what == SLOW)
		(void)usleep(e->slow_ms * 1000);
	return e->what != DROP;
}

static void serve(struct echo *e, int fd)
{
	for (;;) {
		unsigned got, n = 0;
		int r;

		for (unsigned i = 0; i < e->batch; i++) {
			e->iov[i] = (struct iovec){ e->bytes[i], BYTES_MAX };
			e->in[i].msg_hdr = (struct msghdr){ .msg_name = &e->from[i],
				.msg_namelen = sizeof(e->from[i]),
				.msg_iov = &e->iov[i],
				.msg_iovlen = 1 };
		}
		r = recvmmsg(fd, e->in, e->batch, MSG_WAITFORONE, NULL);
		if (r < 0 && errno != EINTR)
			return;
		got = r < 0 ? 0 : (unsigned)r;
		for (unsigned i = 0; i < got; i++) {
			if (!take(e, &e->in[i]))
				continue;
			e->iov[i].iov_len = e->in[i].msg_len;
			e->out[n++].msg_hdr = e->in[i].msg_hdr;
		}
		for (unsigned sent = 0; sent < n;) {
			r = sendmmsg(fd, e->out + sent, n - sent, 0);
			if (r < 0 && errno != EINTR)
				break;
			sent += r < 0 ? 0 : (unsigned)r;
		}
	}
}

static bool options(struct echo *e, int argc, char **argv)
{
	static const struct {
		char letter;
		uint32_t max;
	} numbers[] = { { 'b', BATCH }, { 'n', 1u << 30 }, { 's', 10000 } };
	uint32_t *const to[] = { &e->batch, &e->every, &e->slow_ms };
	int c;

	while ((c = getopt(argc, argv, "b:n:dfs:")) != -1) {
		for (unsigned i = 0; i < NELEM(numbers); i++)
			if (c == numbers[i].letter &&
			    num_u32(span_str(optarg), numbers[i].max, to[i]) < 0)
				return false;
		if (c == '?')
			return false;
		if (c == 'd' || c == 'f' || c == 's')
			e->what = c == 'd' ? DROP : c == 'f' ? FALSIFY : SLOW;
	}
	return optind + 1 == argc && e->batch > 0 && (e->what == NONE || e->every > 0);
}

int main(int argc, char **argv)
{
	static struct echo e = { .batch = BATCH };
	uint32_t port = 0;

	if (!options(&e, argc, argv) || num_u32(span_str(argv[optind]), 65535, &port) < 0) {
		(void)fprintf(stderr, "Usage: echo_udp [-b BATCH] [-n EVERY -d|-f|-s MS] PORT\n");
		return 2;
	}
	serve(&e, open_port(port));
	return 1;
}
