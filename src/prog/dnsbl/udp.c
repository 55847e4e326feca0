/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams in batches: as many as wait are taken with one call, answered, and sent with one call. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>

#include "prog/dnsbl/worker_priv.h"
#include "util/clock.h"

#define BATCH	    64u
#define ROUNDS	    8u	  /* of one socket, before the others have their turn */
#define QUERY_MAX   1232u /* bytes; a longer one is cut, and so malformed */
#define CONTROL_MAX CMSG_SPACE(sizeof(struct in6_pktinfo))
#define FULL_MS	    100 /* the kernel's buffer is waited for as long, once; then answers are lost */

struct udp_batch {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_at[BATCH], out_at[BATCH];
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_MAX];
	uint8_t query[BATCH][QUERY_MAX], answer[BATCH][ANSWER_MAX];
};

struct udp_batch *udp_batch_new(void)
{
	struct udp_batch *b = calloc(1, sizeof(*b));

	for (unsigned i = 0; b && i < BATCH; i++) {
		b->in_at[i] = (struct iovec){ b->query[i], QUERY_MAX };
		b->in[i].msg_hdr = (struct msghdr){ .msg_name = &b->from[i],
			.msg_iov = &b->in_at[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i] };
	}
	return b;
}

/* So that the answer leaves from where the question went to, by whatever way leads there. */
static void same_address(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_ifindex = 0;
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *to = (struct in6_pktinfo *)(void *)CMSG_DATA(c);

			if (!IN6_IS_ADDR_LINKLOCAL(&to->ipi6_addr))
				to->ipi6_ifindex = 0;
		}
	}
}

static bool has_port(const struct sockaddr_storage *from)
{
	return from->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_port != 0
					   : ((const struct sockaddr_in *)from)->sin_port != 0;
}

/* What a message of the usual form, d.c.b.a before a zone, asks about. A guess, to ask for memory by: nothing is believed of it. */
static bool guess(const uint8_t *p, size_t n, struct addr *ret)
{
	size_t at = DNS_HEADER_BYTES;
	uint32_t v4 = 0;

	for (unsigned i = 0; i < 4; i++) {
		size_t len = at < n ? p[at] : 0;
		uint32_t octet = 0;

		if (len < 1 || len > 3 || n - at <= len)
			return false;
		for (size_t k = 1; k <= len; k++)
			octet = octet * 10 + p[at + k] - '0';
		v4 |= (octet & 0xff) << 8 * i;
		at += 1 + len;
	}
	*ret = addr_of_v4(v4);
	return true;
}

/* What they will wait for comes for all of them at once. */
static void fetch(struct worker *w, unsigned n)
{
	const struct udp_batch *b = w->batch;
	struct addr about[BATCH];
	unsigned k = 0;

	if (!w->asked.edition)
		return;
	for (unsigned i = 0; i < n; i++)
		k += guess(b->query[i], b->in[i].msg_len, &about[k]);
	reputation_fetch(edition_reputation(w->asked.edition), about, k);
}

/* Question i; its answer is the next one to send. */
static unsigned answer_one(struct worker *w, unsigned i, unsigned n_out, bool wild)
{
	struct udp_batch *b = w->batch;
	struct msghdr *in = &b->in[i].msg_hdr;
	struct addr client = worker_addr(&b->from[i]);
	enum throttle_says says;
	size_t bytes;

	if (!has_port(&b->from[i]))
		return n_out;
	says = throttle_ask(w->v->throttle, client, w->asked.now_s);
	if (says != THROTTLE_ANSWER)
		count(&w->counts, COUNT_DROPPED);
	if (says == THROTTLE_SILENCE) {
		count(&w->counts, COUNT_QUERIES);
		return n_out;
	}
	w->asked.refused = !worker_lets(w, client);
	bytes = answer_make(&w->asked, rd_of(b->query[i], b->in[i].msg_len), says == THROTTLE_BRIEF,
	    b->answer[n_out], &w->counts);
	if (!bytes)
		return n_out;
	if (wild)
		same_address(in);
	b->out_at[n_out] = (struct iovec){ b->answer[n_out], bytes };
	b->out[n_out].msg_hdr = (struct msghdr){ .msg_name = in->msg_name,
		.msg_namelen = in->msg_namelen,
		.msg_iov = &b->out_at[n_out],
		.msg_iovlen = 1,
		.msg_control = wild ? in->msg_control : NULL,
		.msg_controllen = wild ? in->msg_controllen : 0 };
	return n_out + 1;
}

/* Is there room, or will there be? Who waited in vain does not wait again: others are not answered meanwhile. */
static bool has_room(int fd, int *wait_ms)
{
	struct pollfd full = { .fd = fd, .events = POLLOUT };
	int r = poll(&full, 1, *wait_ms);

	if (r == 0)
		*wait_ms = 0;
	return r > 0 || (r < 0 && errno == EINTR);
}

/* One that the kernel refuses is lost, not those behind it. */
static void send_all(struct worker *w, int fd, unsigned n, int *wait_ms)
{
	unsigned at = 0;

	while (at < n) {
		int sent = sendmmsg(fd, w->batch->out + at, n - at, 0);

		if (sent > 0) {
			at += (unsigned)sent;
			continue;
		}
		if (errno == EINTR || (errno == EAGAIN && has_room(fd, wait_ms)))
			continue;
		count(&w->counts, COUNT_LOST);
		at++;
	}
}

/* read_batch - what waits, an error of the network is one client's own */
static unsigned read_batch(struct worker *w, const struct ear *x)
{
	struct udp_batch *b = w->batch;
	int got;

	for (unsigned i = 0; i < BATCH; i++) {
		b->in[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
		b->in[i].msg_hdr.msg_controllen = x->wild ? CONTROL_MAX : 0;
	}
	got = recvmmsg(x->fd, b->in, BATCH, MSG_DONTWAIT, NULL);
	return got > 0 ? (unsigned)got : 0;
}

/* Whoever asked has gone by the time that an answer comes. */
static void shed(struct worker *w, const struct ear *x)
{
	unsigned n = BATCH;

	while (n == BATCH && room_over(&x->room, x->fd)) {
		n = read_batch(w, x);
		for (unsigned i = 0; i < n; i++)
			count(&w->counts, COUNT_SHED);
	}
}

void udp_ready(struct worker *w, struct ear *x)
{
	unsigned n = BATCH;
	uint32_t taken = 0;
	int wait_ms = FULL_MS;

	w->asked.tcp = false;
	for (unsigned round = 0; round < ROUNDS && n == BATCH; round++) {
		unsigned n_out = 0;

		n = read_batch(w, x);
		fetch(w, n);
		for (unsigned i = 0; i < n; i++)
			n_out = answer_one(w, i, n_out, x->wild);
		send_all(w, x->fd, n_out, &wait_ms);
		taken += n;
	}
	if (room_took(&x->room, x->fd, taken, n < BATCH, clock_monotonic_us()))
		shed(w, x);
}
