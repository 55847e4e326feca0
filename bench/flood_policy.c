/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flood_policy [OPTION…] tcp:ADDRESS:PORT | unix-stream:PATH CLIENTS - asks a policy server as Postfix 3.7 does, with every
 * attribute that it sends, over connections of which each waits for its answer before it asks again. CLIENTS has an address a
 * line, in the order they are asked about, and behind it what the answer must be: "-" DUNNO or a header, "+" something else.
 *   -c CONNECTIONS  (20)
 *   -r RATE         so many a second come in, each takes a connection that is free, and is passed over when none is, as at
 *                   the process limit of a mail server; else each connection asks as soon as it was answered
 *   -t, -w, -x, -p, -h  as in flood.h */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "flood.h"
#include "svc/listen.h"
#include "util/buf.h"
#include "util/input.h"
#include "util/num.h"

#define CONNECTIONS_MAX 20000u
#define REQUESTS_MAX	65536u
#define ANSWER_MAX	1024u
#define EVENTS		64
#define LOOK_EVERY_NS	INT64_C(10000000) /* for those that wait too long */

struct request {
	size_t at, len; /* in the pool */
	char want;
};

struct connection {
	int fd; /* -1: closed */
	bool waits;
	uint32_t request;
	int64_t asked_ns;
	size_t have;
	char in[ANSWER_MAX];
};

struct gen {
	struct flood f;
	struct request *requests;
	uint32_t n_requests, at;
	struct buf pool;
	struct listen_at to;
	struct connection *conns;
	uint32_t n_conns;
	uint32_t *free, n_free; /* connections that wait for nothing */
	int64_t looked_ns;
	int epoll;
	bool told;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "flood_policy: %s: %m\n", what);
	exit(1);
}

/* --- requests --------------------------------------------------------------------------------------- */

static uint32_t below(uint32_t n)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((unsigned __int128)(state * UINT64_C(2685821657736338717)) * n >> 64);
}

static const char *const words[] = { "alpha", "bergamo", "newsletter", "mx", "smtp-out", "cloud",
	"kunde", "office", "billing", "no-reply", "shop", "info", "j.doe", "sales", "static",
	"mail" };

static const char *word(void)
{
	return words[below(NELEM(words))];
}

static void put_client(struct buf *b, struct span address, bool named)
{
	char name[96];

	(void)snprintf(
	    name, sizeof(name), "%s%u.%s-%u.example.net", word(), below(100), word(), below(10000));
	buf_fmt(b, "client_name=%s\nclient_address=%.*s\nclient_port=%u\n",
	    named ? name : "unknown", SPAN_ARG(address), 1024 + below(64000));
	buf_fmt(b, "reverse_client_name=%s\n", named || below(2) ? name : "unknown");
	buf_str(b, "server_address=192.0.2.25\nserver_port=25\n");
	buf_fmt(b, "helo_name=%s\n", below(4) ? name : "[192.0.2.77]");
}

static void put_crypto(struct buf *b)
{
	buf_str(
	    b, "ccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n");
	if (below(10) < 7)
		buf_str(b, "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
			   "encryption_keysize=256\n");
	else
		buf_str(b, "encryption_protocol=\nencryption_cipher=\nencryption_keysize=0\n");
}

/* In the order of smtpd_check.c. */
static void put_request(struct buf *b, struct span address)
{
	buf_str(b, "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n");
	put_client(b, address, below(10) < 6);
	buf_fmt(b, "sender=%s+%u@%s%u.example.com\n", word(), below(100000), word(), below(50000));
	buf_fmt(b, "recipient=%s%u@%s.example\nrecipient_count=0\nqueue_id=\n", word(), below(3000),
	    word());
	buf_fmt(b, "instance=%x.%x.%x.0\n", below(1u << 22), 0x65000000 + below(1u << 24),
	    below(1000000));
	buf_fmt(b, "size=%u\netrn_domain=\nstress=\n", below(200000));
	buf_str(b, "sasl_method=\nsasl_username=\nsasl_sender=\n");
	put_crypto(b);
	buf_str(b, "policy_context=\n\n");
}

static void read_clients(struct gen *g, const char *path)
{
	struct span address;
	struct input *in;
	struct line l;
	struct err e;
	int r = input_open(path, &in, &e);

	buf_init(&g->pool, UINT32_MAX);
	g->requests = calloc(REQUESTS_MAX, sizeof(*g->requests));
	if (!g->requests)
		die("requests");
	while (r >= 0 && g->n_requests < REQUESTS_MAX && (r = input_line(in, &l, &e)) > 0) {
		struct request *q = &g->requests[g->n_requests];

		if (span_empty(l.text))
			continue;
		(void)span_cut(&l.text, ' ', &address);
		q->want = span_empty(l.text) ? 0 : *l.text.p;
		q->at = g->pool.len;
		put_request(&g->pool, address);
		q->len = g->pool.len - q->at;
		g->n_requests++;
	}
	if (r < 0 || g->n_requests == 0 || !buf_ok(&g->pool)) {
		(void)fprintf(stderr, "flood_policy: %s\n", r < 0 ? e.text : "no clients");
		exit(1);
	}
	(void)input_free(in);
}

/* --- connections ------------------------------------------------------------------------------------ */

static bool open_one(struct gen *g, uint32_t i)
{
	struct connection *c = &g->conns[i];
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
	int one = 1;

	c->fd = socket(g->to.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (struct sockaddr *)&g->to.at, g->to.len) < 0) {
		(void)close(c->fd);
		c->fd = -1;
		return false;
	}
	if (g->to.how == LISTEN_TCP)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->have = 0;
	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		die("epoll");
	return true;
}

static void open_all(struct gen *g, const char *to)
{
	struct err e;

	if (listen_parse(to, &g->to, &e) < 0 || !listen_streams(&g->to)) {
		(void)fprintf(stderr,
		    "flood_policy: %s: tcp:ADDRESS:PORT or unix-stream:PATH is wanted\n", to);
		exit(2);
	}
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	g->conns = calloc(g->n_conns, sizeof(*g->conns));
	g->free = calloc(g->n_conns, sizeof(*g->free));
	if (g->epoll < 0 || !g->conns || !g->free)
		die("connections");
	for (uint32_t i = 0; i < g->n_conns; i++) {
		if (!open_one(g, i))
			die(to);
		g->free[g->n_free++] = i;
	}
}

static void set_free(struct gen *g, uint32_t i)
{
	g->conns[i].waits = false;
	g->free[g->n_free++] = i;
}

static void hang_up(struct gen *g, uint32_t i)
{
	struct connection *c = &g->conns[i];

	(void)close(c->fd); /* and epoll forgets it */
	c->fd = -1;
	if (c->waits) {
		g->f.lost++;
		set_free(g, i);
	}
}

/* --- asking and answers ----------------------------------------------------------------------------- */

static void ask(struct gen *g, int64_t now_ns)
{
	uint32_t i = g->free[--g->n_free];
	struct connection *c = &g->conns[i];
	const struct request *q = &g->requests[g->at];

	c->asked_ns = g->f.rate > 0 ? flood_due_ns(&g->f) : now_ns;
	c->request = g->at;
	c->waits = true;
	g->at = g->at + 1 == g->n_requests ? 0 : g->at + 1;
	flood_asked(&g->f);
	if ((c->fd < 0 && !open_one(g, i)) ||
	    send(c->fd, g->pool.p + q->at, q->len, MSG_NOSIGNAL) != (ssize_t)q->len)
		hang_up(g, i);
}

static bool right(const struct request *q, struct span answer)
{
	bool passes = span_is(answer, "action=DUNNO\n\n") || span_starts(answer, "action=PREPEND ");

	if (!span_starts(answer, "action=") || span_len(answer) < sizeof("action=x\n"))
		return false;
	return q->want == '+' ? !passes : q->want == '-' ? passes : true;
}

static void take(struct gen *g, uint32_t i)
{
	struct connection *c = &g->conns[i];
	ssize_t n = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			hang_up(g, i);
		return;
	}
	c->have += (size_t)n;
	if (c->waits && (c->have < 2 || memcmp(c->in + c->have - 2, "\n\n", 2) != 0) &&
	    c->have < sizeof(c->in))
		return;
	if (c->waits && right(&g->requests[c->request], span_of(c->in, c->have))) {
		flood_answered(&g->f, c->asked_ns, flood_ns());
	} else {
		g->f.wrong++;
		if (!g->told)
			(void)fprintf(stderr, "flood_policy: the first wrong answer: %.*s",
			    (int)c->have, c->in);
		g->told = true;
	}
	c->have = 0;
	if (c->waits)
		set_free(g, i);
}

static void give_up(struct gen *g, int64_t now_ns)
{
	if (now_ns - g->looked_ns < LOOK_EVERY_NS)
		return;
	g->looked_ns = now_ns;
	for (uint32_t i = 0; i < g->n_conns; i++)
		if (g->conns[i].waits && now_ns - g->conns[i].asked_ns > g->f.patience_ns)
			hang_up(g, i);
}

/* --- the run ---------------------------------------------------------------------------------------- */

static bool owe(struct gen *g, int64_t now_ns)
{
	uint64_t n = flood_owes(&g->f, now_ns);

	for (uint64_t i = 0; i < n; i++) {
		if (g->n_free)
			ask(g, now_ns);
		else
			flood_passed(&g->f);
	}
	return n > 0;
}

static bool turn(struct gen *g, bool asks, int64_t now_ns)
{
	struct epoll_event ev[EVENTS];
	uint32_t n_free = asks && g->f.rate <= 0 ? g->n_free : 0;
	bool busy = n_free > 0 || (asks && g->f.rate > 0 && owe(g, now_ns));
	int n;

	while (n_free-- > 0)
		ask(g, flood_ns());
	n = epoll_wait(g->epoll, ev, EVENTS, 0);
	for (int i = 0; i < n; i++)
		take(g, ev[i].data.u32);
	give_up(g, now_ns);
	return busy || n > 0;
}

static void run(struct gen *g)
{
	int64_t now_ns, after_ns;

	flood_begin(&g->f);
	now_ns = flood_ns();
	while (flood_goes_on(&g->f, now_ns)) {
		bool busy = turn(g, true, now_ns);

		after_ns = flood_ns();
		if (!busy)
			g->f.idle_ns += after_ns - now_ns;
		now_ns = after_ns;
	}
	while (g->n_free < g->n_conns)
		if (!turn(g, false, flood_ns()))
			(void)usleep(1000);
}

int main(int argc, char **argv)
{
	static struct gen g = { .n_conns = 20 };
	int c;

	flood_default(&g.f);
	while ((c = getopt(argc, argv, "c:" FLOOD_OPTIONS)) != -1)
		if (c == 'c' ? num_u32(span_str(optarg), CONNECTIONS_MAX, &g.n_conns) < 0 ||
				   g.n_conns == 0
			     : flood_option(&g.f, c, optarg) < 0)
			return 2;
	if (optind + 2 != argc) {
		(void)fprintf(stderr, "Usage: flood_policy [OPTION…] WHERE CLIENTS\n");
		return 2;
	}
	read_clients(&g, argv[optind + 1]);
	open_all(&g, argv[optind]);
	run(&g);
	flood_print(&g.f);
	return g.f.wrong > 0;
}
