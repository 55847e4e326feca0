/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flood_dns [OPTION…] udp:ADDRESS:PORT QUERIES - asks a DNS server for A records as fast as it answers, or at a rate, many with one
 * system call. QUERIES has a name a line, in the order they are asked, and behind it what the answer must be: "+" an address in
 * 127/8, "-" none. One thread, so that one processor is enough; what it waits for and what it checks is said in its one line
 * (flood.h).
 *   -r RATE      so many a second, however many of them wait for an answer; else as many as are answered
 *   -k SOCKETS   (4)    -o OUTSTANDING (32) of each, when there is no rate
 *   -e           an echo: the answer must be the question, to the byte
 *   -g           hands the kernel runs of questions of one length, to be cut there (UDP_SEGMENT): for more than one processor
 *                could send one by one
 *   -t, -w, -x, -p, -h  as in flood.h */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "flood.h"
#include "svc/listen.h"
#include "util/buf.h"
#include "util/input.h"
#include "util/num.h"

#define BATCH	    64u
#define HEAD_BYTES  12u
#define QUERY_MAX   (HEAD_BYTES + 255u + 4u)
#define ANSWER_MAX  1232u
#define IDS	    65536u
#define SOCKETS_MAX 64u
#define QUERIES_MAX 4000000u
#define RUN	    32u /* questions of one length, with -g */

enum { QR = 0x8000, TC = 0x0200, RCODE = 0x000f, NXDOMAIN = 3, TYPE_A = 1, CLASS_IN = 1 };

/* A question as it goes over the wire, behind the header. */
struct query {
	uint32_t at; /* in the pool */
	uint16_t len;
	char want;
};

struct slot {
	int64_t asked_ns;
	uint32_t query;
	bool waits;
};

/* struct asker - a socket; the ID of a question is the number of its slot, one after the other */
struct asker {
	int fd;
	uint16_t next, oldest;
	uint32_t waits;
	struct slot *slots; /* [IDS] */
};

struct gen {
	struct flood f;
	struct query *queries;
	uint32_t n_queries, at;
	struct buf pool;
	struct asker askers[SOCKETS_MAX];
	uint32_t n_askers, outstanding, turn;
	bool echo, told;
	unsigned run; /* questions that go out as one, at most */
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	_Alignas(struct cmsghdr) uint8_t out_control[BATCH][CMSG_SPACE(sizeof(uint16_t))];
	uint8_t in_bytes[BATCH][ANSWER_MAX], out_bytes[BATCH][QUERY_MAX];
};

static void die(const char *what)
{
	(void)fprintf(stderr, "flood_dns: %s: %m\n", what);
	exit(1);
}

/* --- questions -------------------------------------------------------------------------------------- */

static bool put_name(struct buf *b, struct span name)
{
	size_t before = b->len;
	struct span label;

	while (!span_empty(name)) {
		(void)span_cut(&name, '.', &label);
		if (span_empty(label) || span_len(label) > 63)
			return false;
		buf_byte(b, (char)span_len(label));
		buf_span(b, label);
	}
	buf_byte(b, 0);
	return b->len - before <= 255;
}

static void add_query(struct gen *g, struct span text)
{
	static const char tail[] = { 0, TYPE_A, 0, CLASS_IN };
	struct query *q = &g->queries[g->n_queries];
	struct span name;

	(void)span_cut(&text, ' ', &name);
	*q = (struct query){ .at = (uint32_t)g->pool.len, .want = span_empty(text) ? 0 : *text.p };
	if (!put_name(&g->pool, name)) {
		(void)fprintf(stderr, "flood_dns: no name: %.*s\n", SPAN_ARG(name));
		exit(2);
	}
	buf_put(&g->pool, tail, sizeof(tail));
	q->len = (uint16_t)(g->pool.len - q->at);
	g->n_queries++;
}

static void read_queries(struct gen *g, const char *path)
{
	struct input *in;
	struct line l;
	struct err e;
	int r = input_open(path, &in, &e);

	buf_init(&g->pool, UINT32_MAX);
	g->queries = calloc(QUERIES_MAX, sizeof(*g->queries));
	if (!g->queries)
		die("queries");
	while (r >= 0 && g->n_queries < QUERIES_MAX && (r = input_line(in, &l, &e)) > 0)
		if (!span_empty(l.text))
			add_query(g, l.text);
	if (r < 0 || g->n_queries == 0 || !buf_ok(&g->pool)) {
		(void)fprintf(stderr, "flood_dns: %s\n", r < 0 ? e.text : "no queries");
		exit(1);
	}
	(void)input_free(in);
}

/* In runs of one length, in the order in which each has enough of them; what is left over comes last. */
static void group(struct gen *g)
{
	struct query *to = calloc(g->n_queries, sizeof(*to)),
		     *of_len = calloc(QUERY_MAX, RUN * sizeof(*of_len));
	uint32_t n = 0, have[QUERY_MAX] = { 0 };

	if (!to || !of_len)
		die("queries");
	for (uint32_t i = 0; i < g->n_queries; i++) {
		uint16_t len = g->queries[i].len;

		of_len[len * RUN + have[len]++] = g->queries[i];
		if (have[len] < RUN)
			continue;
		memcpy(to + n, of_len + len * RUN, RUN * sizeof(*to));
		n += RUN;
		have[len] = 0;
	}
	for (uint32_t len = 0; len < QUERY_MAX; len++)
		for (uint32_t i = 0; i < have[len]; i++)
			to[n++] = of_len[len * RUN + i];
	free(g->queries);
	free(of_len);
	g->queries = to;
}

static void connect_all(struct gen *g, const char *to)
{
	struct listen_at at;
	struct err e;
	int room = 4 << 20; /* as much as there may be: none of ours is to be lost here */

	if (listen_parse(to, &at, &e) < 0 || at.how != LISTEN_UDP) {
		(void)fprintf(stderr, "flood_dns: %s: udp:ADDRESS:PORT is wanted\n", to);
		exit(2);
	}
	for (uint32_t i = 0; i < g->n_askers; i++) {
		struct asker *a = &g->askers[i];

		a->slots = calloc(IDS, sizeof(*a->slots));
		a->fd = socket(at.at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (!a->slots || a->fd < 0 ||
		    setsockopt(a->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) < 0 ||
		    connect(a->fd, (struct sockaddr *)&at.at, at.len) < 0)
			die(to);
	}
}

/* --- asking ----------------------------------------------------------------------------------------- */

static void send_all(struct gen *g, const struct asker *a, unsigned n)
{
	for (unsigned sent = 0; sent < n;) {
		int r = sendmmsg(a->fd, g->out + sent, n - sent, 0);

		if (r < 0 && errno != EINTR)
			die("nobody takes questions there");
		sent += r < 0 ? 0 : (unsigned)r;
	}
}

static void say_length(struct msghdr *m, uint8_t *control, size_t len)
{
	uint16_t bytes = (uint16_t)len;
	struct cmsghdr *c;

	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(sizeof(bytes));
	c = CMSG_FIRSTHDR(m);
	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_UDP,
		.cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof(bytes)) };
	memcpy(CMSG_DATA(c), &bytes, sizeof(bytes));
}

/* n questions as messages, each of one or of a run of them; how many messages */
static unsigned put_messages(struct gen *g, unsigned n)
{
	unsigned m = 0;

	for (unsigned i = 0, k; i < n; i += k) {
		struct msghdr *h = &g->out[m].msg_hdr;

		for (k = 1; k < g->run && i + k < n; k++)
			if (g->out_iov[i + k].iov_len != g->out_iov[i].iov_len)
				break;
		*h = (struct msghdr){ .msg_iov = &g->out_iov[i], .msg_iovlen = k };
		if (k > 1)
			say_length(h, g->out_control[m], g->out_iov[i].iov_len);
		m++;
	}
	return m;
}

static void put_question(struct gen *g, struct asker *a, unsigned k)
{
	const struct query *q = &g->queries[g->at];
	uint8_t *b = g->out_bytes[k];

	memset(b, 0, HEAD_BYTES);
	b[0] = (uint8_t)(a->next >> 8);
	b[1] = (uint8_t)a->next;
	b[5] = 1; /* one question */
	memcpy(b + HEAD_BYTES, g->pool.p + q->at, q->len);
	g->out_iov[k] = (struct iovec){ b, HEAD_BYTES + q->len };
}

static void ask(struct gen *g, struct asker *a, unsigned n, int64_t now_ns)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		struct slot *s = &a->slots[a->next];

		if ((uint16_t)(a->next + 1) == a->oldest) { /* there are no more numbers */
			flood_passed(&g->f);
			continue;
		}
		*s = (struct slot){ g->f.rate > 0 ? flood_due_ns(&g->f) : now_ns, g->at, true };
		put_question(g, a, k++);
		g->at = g->at + 1 == g->n_queries ? 0 : g->at + 1;
		a->next++;
		a->waits++;
		flood_asked(&g->f);
	}
	send_all(g, a, put_messages(g, k));
}

/* --- answers ---------------------------------------------------------------------------------------- */

static void skip_name(struct rd *r)
{
	uint8_t len;

	while ((len = rd_u8(r)) != 0 && !r->bad) {
		if (len >= 0xc0) {
			(void)rd_u8(r);
			return;
		}
		(void)rd_take(r, len);
	}
}

/* The first record that answers is an address in 127/8. */
static bool listed(struct rd *r)
{
	const uint8_t *rdata;
	uint16_t type;

	skip_name(r);
	type = rd_be16(r);
	(void)rd_be16(r); /* class */
	(void)rd_be32(r); /* TTL */
	if (rd_be16(r) != 4 || type != TYPE_A)
		return false;
	rdata = rd_take(r, 4);
	return rdata && rdata[0] == 127;
}

static bool right(const struct gen *g, const struct query *q, struct rd r)
{
	const uint8_t *question;
	uint16_t flags, n_questions, n_answers;

	(void)rd_be16(&r); /* its number led here */
	flags = rd_be16(&r);
	n_questions = rd_be16(&r);
	n_answers = rd_be16(&r);
	(void)rd_be32(&r);
	question = rd_take(&r, q->len);
	if (!question || memcmp(question, g->pool.p + q->at, q->len) != 0)
		return false;
	if (g->echo)
		return flags == 0 && n_questions == 1 && n_answers == 0 && rd_done(&r);
	if (!(flags & QR) || flags & TC || n_questions != 1)
		return false;
	if (q->want == '+')
		return (flags & RCODE) == 0 && n_answers > 0 && listed(&r);
	if (q->want == '-')
		return ((flags & RCODE) == 0 || (flags & RCODE) == NXDOMAIN) && n_answers == 0;
	return (flags & RCODE) == 0 || (flags & RCODE) == NXDOMAIN;
}

static void tell(struct gen *g, const uint8_t *p, size_t n)
{
	if (g->told)
		return;
	g->told = true;
	(void)fprintf(stderr, "flood_dns: the first wrong answer:");
	for (size_t i = 0; i < n && i < 96; i++)
		(void)fprintf(stderr, " %02x", p[i]);
	(void)fprintf(stderr, "\n");
}

/* What comes for nobody that waits is late, and its question was counted as lost. */
static void take(struct gen *g, struct asker *a, const uint8_t *p, size_t n, int64_t now_ns)
{
	struct slot *s;

	if (n < HEAD_BYTES) {
		g->f.wrong++;
		tell(g, p, n);
		return;
	}
	s = &a->slots[p[0] << 8 | p[1]];
	if (!s->waits)
		return;
	s->waits = false;
	a->waits--;
	if (right(g, &g->queries[s->query], rd_of(p, n))) {
		flood_answered(&g->f, s->asked_ns, now_ns);
		return;
	}
	g->f.wrong++;
	tell(g, p, n);
}

static bool receive(struct gen *g, struct asker *a)
{
	int64_t now_ns;
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		g->in_iov[i] = (struct iovec){ g->in_bytes[i], ANSWER_MAX };
		g->in[i].msg_hdr = (struct msghdr){ .msg_iov = &g->in_iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(a->fd, g->in, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			die("nobody answers there");
		return false;
	}
	now_ns = flood_ns();
	for (int i = 0; i < n; i++)
		take(g, a, g->in_bytes[i], g->in[i].msg_len, now_ns);
	return n > 0;
}

static void give_up(struct gen *g, struct asker *a, int64_t now_ns)
{
	while (a->oldest != a->next) {
		struct slot *s = &a->slots[a->oldest];

		if (s->waits && now_ns - s->asked_ns < g->f.patience_ns)
			return;
		if (s->waits) {
			s->waits = false;
			a->waits--;
			g->f.lost++;
		}
		a->oldest++;
	}
}

/* --- the run ---------------------------------------------------------------------------------------- */

/* As many at a time as make a call worth its while. */
static bool refill(struct gen *g, struct asker *a, int64_t now_ns)
{
	uint32_t free = a->waits < g->outstanding ? g->outstanding - a->waits : 0;

	if (free == 0 || free < g->outstanding / 4)
		return false;
	ask(g, a, MIN_OF(free, BATCH), now_ns);
	return true;
}

static bool owe(struct gen *g, int64_t now_ns)
{
	uint64_t n = flood_owes(&g->f, now_ns);

	if (n == 0)
		return false;
	ask(g, &g->askers[g->turn], (unsigned)MIN_OF(n, BATCH), now_ns);
	g->turn = g->turn + 1 == g->n_askers ? 0 : g->turn + 1;
	return true;
}

static bool turn(struct gen *g, bool asks, int64_t now_ns)
{
	bool busy = asks && g->f.rate > 0 && owe(g, now_ns);

	for (uint32_t i = 0; i < g->n_askers; i++) {
		busy |= receive(g, &g->askers[i]);
		if (asks && g->f.rate <= 0)
			busy |= refill(g, &g->askers[i], now_ns);
		give_up(g, &g->askers[i], now_ns);
	}
	return busy;
}

static bool any_waits(const struct gen *g)
{
	for (uint32_t i = 0; i < g->n_askers; i++)
		if (g->askers[i].waits)
			return true;
	return false;
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
	while (any_waits(g))
		if (!turn(g, false, flood_ns()))
			(void)usleep(1000);
}

static bool option(struct gen *g, int c)
{
	switch (c) {
	case 'k':
		return num_u32(span_str(optarg), SOCKETS_MAX, &g->n_askers) == 0 && g->n_askers > 0;
	case 'o':
		return num_u32(span_str(optarg), IDS / 2, &g->outstanding) == 0 &&
		       g->outstanding > 0;
	case 'e':
		g->echo = true;
		return true;
	case 'g':
		g->run = RUN;
		return true;
	default:
		return flood_option(&g->f, c, optarg) == 0;
	}
}

int main(int argc, char **argv)
{
	static struct gen g = { .n_askers = 4, .outstanding = 32, .run = 1 };
	int c;

	flood_default(&g.f);
	while ((c = getopt(argc, argv, "k:o:eg" FLOOD_OPTIONS)) != -1)
		if (!option(&g, c))
			return 2;
	if (optind + 2 != argc) {
		(void)fprintf(stderr, "Usage: flood_dns [OPTION…] udp:ADDRESS:PORT QUERIES\n");
		return 2;
	}
	read_queries(&g, argv[optind + 1]);
	if (g.run > 1)
		group(&g);
	connect_all(&g, argv[optind]);
	run(&g);
	flood_print(&g.f);
	return g.f.wrong > 0;
}
