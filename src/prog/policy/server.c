/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/policy/server.h"

#include <errno.h>
#include <pthread.h>

#include "svc/streams.h"

/* struct conn - what is known of one */
struct conn {
	bool over; /* one too many: its requests are not judged */
	uint64_t prepended;
};

struct server {
	struct server_conf conf;
	struct streams *streams;
	pthread_mutex_t lock; /* over told */
	struct policy_counts told;

	/* of the thread of streams alone */
	struct policy_counts n;
	struct edition *ed; /* of this round; NULL: not taken yet, or none */
	bool has_ed;
};

/* --- places --------------------------------------------------------------------------------------------- */

static int parse_places(
    const char *text, struct listen_at v[STREAMS_PLACES_MAX], unsigned *n, struct err *e)
{
	struct span rest = span_str(text), word;
	char one[256];

	*n = 0;
	while (!span_empty(rest)) {
		(void)span_cut(&rest, ',', &word); /* the last one has none behind it */
		word = span_trim(word);
		if (*n == STREAMS_PLACES_MAX || span_len(word) >= sizeof(one))
			return err_set(
			    e, -EINVAL, "policy_listen: %u places at most", STREAMS_PLACES_MAX);
		memcpy(one, word.p, span_len(word));
		one[span_len(word)] = '\0';
		if (listen_parse(one, &v[*n], e) < 0 || !listen_streams(&v[*n]))
			return err_set(e, -EINVAL,
			    "policy_listen = %s: give tcp:ADDRESS:PORT or unix-stream:/PATH, as in "
			    "tcp:127.0.0.1:10031",
			    one);
		(*n)++;
	}
	return *n ? 0
		  : err_set(e, -EINVAL, "policy_listen is empty: onus-policy has nothing to do");
}

int server_check(const char *listen, struct err *e)
{
	struct listen_at v[STREAMS_PLACES_MAX];
	unsigned n;

	return parse_places(listen, v, &n, e);
}

void server_places(const struct server *s, struct buf *out)
{
	streams_places(s->streams, out);
}

/* --- requests ------------------------------------------------------------------------------------------- */

static const struct edition *edition(struct server *s)
{
	if (!s->has_ed)
		s->ed = editions_take(s->conf.editions);
	s->has_ed = true;
	return s->ed;
}

static void begin(void *arg, void *own, const struct streams_now *now)
{
	const struct server *s = arg;
	struct conn *c = own;

	c->over = now->connections > s->conf.connections;
}

static bool to_shed(const struct server *s, struct conn *c, const struct streams_now *now)
{
	if (c->over && now->connections <= s->conf.connections)
		c->over = false;
	return c->over || now->us - now->seen_us > (int64_t)s->conf.wait_ms * 1000;
}

static size_t answer(struct server *s, struct conn *c, const struct streams_now *now,
    const struct policy_request *q, char *to)
{
	s->n.requests++;
	if (to_shed(s, c, now)) {
		s->n.shed++;
		return answer_dunno(to);
	}
	return answer_request(s->conf.door, edition(s), q, now->s, &c->prepended, &s->n, to);
}

static int take(void *arg, void *own, const struct streams_now *now, struct span *in, char *to,
    size_t *len, struct err *e)
{
	const char *first = in->p;
	struct policy_request q;
	int r = request_take(in, &q, e);

	if (r > 0 && (size_t)(in->p - first) > REQUEST_BYTES_MAX)
		return err_set(e, -EBADMSG, "it has %zu bytes", (size_t)(in->p - first));
	if (r > 0)
		*len = answer(arg, own, now, &q, to);
	return r;
}

static void rest(void *arg)
{
	struct server *s = arg;

	if (s->has_ed)
		s->ed = edition_free(s->ed);
	s->has_ed = false;
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	s->told = s->n;
	(void)pthread_mutex_unlock(&s->lock);
}

/* --- beginning and end ---------------------------------------------------------------------------------- */

static int start(struct server *s, const struct listen_at *at, unsigned n_at, struct err *e)
{
	const struct server_conf *c = &s->conf;
	struct streams_def def = { .limit = c->connections + MAX_OF(c->connections / 4, 16u),
		.idle_s = c->idle_s,
		.late_us = (int64_t)c->wait_ms * 1000,
		.own_bytes = sizeof(struct conn),
		.request_max = REQUEST_BYTES_MAX,
		.answer_max = ANSWER_BYTES_MAX,
		.arg = s,
		.begin = begin,
		.take = take,
		.rest = rest };
	uintmax_t files;
	int r;

	if (streams_room(def.limit, &files) < 0)
		return err_set(e, -EINVAL,
		    "policy_connections = %u wants more than the %ju open files that are allowed "
		    "(LimitNOFILE=)",
		    c->connections, files);
	r = streams_new(&def, at, n_at, &s->streams, e);
	return r < 0 ? err_wrap(e, r, "policy_listen = %s", c->listen) : 0;
}

int server_new(const struct server_conf *c, struct server **ret, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));
	struct listen_at at[STREAMS_PLACES_MAX];
	unsigned n_at;
	int r;

	if (!s || pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	s->conf = *c;
	r = parse_places(c->listen, at, &n_at, e);
	if (r == 0)
		r = start(s, at, n_at, e);
	if (r < 0) {
		(void)server_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;
	(void)streams_free(s->streams);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

void server_figures(struct server *s, struct server_figures *ret)
{
	streams_figures(s->streams, &ret->streams);
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	ret->n = s->told;
	(void)pthread_mutex_unlock(&s->lock);
}
