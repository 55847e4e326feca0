/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "util/span.h"

#define PORT_TRIES 20u /* for one that is free over UDP and TCP */

static struct sockaddr_in *v4_of(struct listen_at *at)
{
	return (struct sockaddr_in *)&at->at;
}

static struct sockaddr_in6 *v6_of(struct listen_at *at)
{
	return (struct sockaddr_in6 *)&at->at;
}

static bool is_v6(const struct listen_at *at)
{
	return at->at.ss_family == AF_INET6;
}

static in_port_t *port_of(struct listen_at *at)
{
	return is_v6(at) ? &v6_of(at)->sin6_port : &v4_of(at)->sin_port;
}

static bool is_wild(struct listen_at *at)
{
	return is_v6(at) ? IN6_IS_ADDR_UNSPECIFIED(&v6_of(at)->sin6_addr)
			 : v4_of(at)->sin_addr.s_addr == htonl(INADDR_ANY);
}

void sockets_place(const struct listen_at *at, char ret[SOCKETS_PLACE_MAX])
{
	struct listen_at copy = *at;
	char host[INET6_ADDRSTRLEN];
	const void *p = is_v6(at) ? (const void *)&v6_of(&copy)->sin6_addr
				  : (const void *)&v4_of(&copy)->sin_addr;

	if (!inet_ntop(at->at.ss_family, p, host, sizeof(host)))
		host[0] = '\0';
	(void)snprintf(ret, SOCKETS_PLACE_MAX, is_v6(at) ? "[%s]:%u" : "%s:%u", host,
	    ntohs(*port_of(&copy))); /* it fits */
}

/* --- the addresses -------------------------------------------------------------------------------------- */

static int parse_one(struct span one, struct sockets *s, struct err *e)
{
	char text[SOCKETS_PLACE_MAX];
	size_t n = span_len(one);

	if (s->n == SOCKETS_ADDRESSES_MAX)
		return err_set(
		    e, -EINVAL, "dnsbl_listen wants %u addresses at most", SOCKETS_ADDRESSES_MAX);
	if (n < sizeof(text)) {
		memcpy(text, one.p, n);
		text[n] = '\0';
	}
	if (n >= sizeof(text) || listen_address(text, &s->at[s->n]) < 0)
		return err_set(e, -EINVAL,
		    "dnsbl_listen wants address:port, as in 127.0.0.1:53 or [::1]:53, not \"%.*s\"",
		    (int)MIN_OF(n, (size_t)60), one.p);
	s->at[s->n++].shared = true;
	return 0;
}

static int parse(const char *listen, struct sockets *s, struct err *e)
{
	struct span text = span_str(listen), one;

	s->n = 0;
	while (!span_empty(text)) {
		int r = 0;

		(void)span_cut(&text, ',', &one); /* the last one has no comma behind it */
		one = span_trim(one);
		if (!span_empty(one))
			r = parse_one(one, s, e);
		if (r < 0)
			return r;
	}
	return s->n ? 0 : err_set(e, -EINVAL, "dnsbl_listen names no address");
}

int sockets_check(const char *listen, struct err *e)
{
	struct sockets *s = malloc(sizeof(*s));
	int r = s ? parse(listen, s, e) : err_set(e, -ENOMEM, "out of memory");

	free(s);
	return r;
}

/* --- opening -------------------------------------------------------------------------------------------- */

struct sockets *sockets_free(struct sockets *s)
{
	for (unsigned t = 0; s && t < s->threads; t++)
		for (unsigned i = 0; i < s->n; i++) {
			close_fdp(&s->pair[t][i].udp);
			close_fdp(&s->pair[t][i].tcp);
		}
	if (s)
		free(s->listen);
	free(s);
	return NULL;
}

/* What a socket of UDP wants besides: which address was asked, where there are several; and no path that cuts
 * answers into fragments, or is said to (RFC 9715). All but the first may be refused. */
static int tune(int fd, struct listen_at *at, bool wild)
{
	int on = 1, omit = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;

	if (is_v6(at))
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof(omit));
	if (!wild)
		return 0;
	if (is_v6(at))
		return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

static int open_pair(struct listen_at *at, struct socket_pair *p, struct err *e)
{
	int r, on = 1;

	p->wild = is_wild(at);
	at->how = LISTEN_UDP;
	r = listen_open(at, &p->udp, e);
	if (r < 0)
		return r;
	if (tune(p->udp, at, p->wild) < 0)
		return err_set(e, -errno, "cannot prepare a socket: %s", strerror(errno));
	at->how = LISTEN_TCP;
	r = listen_open(at, &p->tcp, e);
	if (r == 0) /* connections inherit it */
		(void)setsockopt(p->tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return r;
}

/* A free port for port 0: not asked for by a socket that would share one with others of ours. */
static int take_port(struct listen_at *at, struct err *e)
{
	CLEANUP(close_fdp) int fd = -1;
	socklen_t len = sizeof(at->at);
	int r;

	at->how = LISTEN_UDP;
	at->shared = false;
	r = listen_open(at, &fd, e);
	if (r == 0 && getsockname(fd, (struct sockaddr *)&at->at, &len) < 0)
		r = err_set(e, -errno, "%s", strerror(errno));
	at->shared = true;
	return r;
}

/* The first thread's: a port that is free over UDP need not be over TCP. */
static int open_first(struct listen_at *at, struct socket_pair *p, struct err *e)
{
	bool any = *port_of(at) == 0;
	int r = -EADDRINUSE;

	for (unsigned k = 0; k < (any ? PORT_TRIES : 1) && r == -EADDRINUSE; k++) {
		close_fdp(&p->udp);
		p->udp = -1;
		if (any)
			*port_of(at) = 0;
		r = any ? take_port(at, e) : 0;
		if (r == 0)
			r = open_pair(at, p, e);
	}
	return r;
}

static int open_all(struct sockets *s, struct err *e)
{
	char place[SOCKETS_PLACE_MAX];

	for (unsigned t = 0; t < s->threads; t++)
		for (unsigned i = 0; i < s->n; i++) {
			int r = t ? open_pair(&s->at[i], &s->pair[t][i], e)
				  : open_first(&s->at[i], &s->pair[t][i], e);

			if (r < 0) {
				sockets_place(&s->at[i], place);
				return err_wrap(e, r, "%s", place);
			}
		}
	return 0;
}

int sockets_open(const char *listen, unsigned threads, struct sockets **ret, struct err *e)
{
	struct sockets *s = calloc(1, sizeof(*s));
	int r;

	if (s)
		s->listen = strdup(listen);
	if (!s || !s->listen) {
		free(s);
		return err_set(e, -ENOMEM, "out of memory");
	}
	s->threads = threads;
	for (unsigned t = 0; t < threads; t++)
		for (unsigned i = 0; i < SOCKETS_ADDRESSES_MAX; i++)
			s->pair[t][i].udp = s->pair[t][i].tcp = -1;
	r = parse(listen, s, e);
	if (r == 0)
		r = open_all(s, e);
	if (r < 0)
		(void)sockets_free(s);
	else
		*ret = s;
	return r;
}
