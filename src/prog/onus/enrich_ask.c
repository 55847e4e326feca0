/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions on their way: one at a time to a server and at its pace, many servers at once; redirects are followed
 * here, so that the server they lead to has its pace as well. The network is onus-fetch's alone. */
#include "prog/onus/enrich.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "holders/rdap.h"
#include "util/file.h"
#include "util/progress.h"

#define HOPS_MAX  5u
#define LOST_MAX  3u /* an onus-fetch that dies so often is not started again */
#define ACCEPT	  "application/rdap+json, application/json"
#define TAKEN_MAX (2 * REDUCED_MAX + 1) /* an entity may be two lines */

struct asking {
	struct enrich *x;
	struct fetch *fetch;
	char *dir; /* owned: where bodies come to lie */
	struct buf body, taken;
	unsigned lost;
	struct err *e;
};

static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* From when on a pause counts: rounded up, or it would be shorter than it has to be. */
static int64_t from_ms(void)
{
	return now_ms() + 1;
}

/* --- bodies ------------------------------------------------------------------------------------------- */

/* Answers as they came may hold persons: none outlives its reading, nor a run that was killed before it. */
static void clear_bodies(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *one;

	while (d && (one = readdir(d)) != NULL)
		if (one->d_type == DT_REG || one->d_type == DT_UNKNOWN)
			(void)unlinkat(dirfd(d), one->d_name, 0); /* "." and ".." stay */
	if (d)
		(void)closedir(d); /* read only */
}

static int body_path(const struct asking *a, const struct question *q, char **ret)
{
	return asprintf(ret, "%s/%zu.json", a->dir, (size_t)(q - a->x->question)) < 0 ? -ENOMEM : 0;
}

static int read_body(struct asking *a, const struct question *q)
{
	CLEANUP(free_p) char *path = NULL;
	int r = body_path(a, q, &path);

	buf_reset(&a->body);
	if (r < 0)
		return err_set(a->e, r, "out of memory");
	r = file_read(path, &a->body, a->e);
	(void)unlink(path); /* what stays is removed by the next run */
	return r;
}

/* --- what an answer means ----------------------------------------------------------------------------- */

static int keep(struct asking *a, struct question *q, enum cache_state state, struct span lines)
{
	struct enrich_count *n = &a->x->count;
	uint64_t *const counts[CACHE_STATE_N] = {
		[CACHE_KEPT] = &n->kept,
		[CACHE_NONE] = &n->none,
		[CACHE_REFUSED] = &n->refused,
		[CACHE_FAILED] = &n->failed,
	};

	q->state = QUESTION_DONE;
	(*counts[state])++;
	return cache_put(a->x->cache, q->text, state, lines, clock_now_s(&a->x->clock), a->e);
}

static void complain(const struct question *q, const char *why)
{
	struct err safe; /* which makes untrusted bytes printable */

	(void)err_set(&safe, 0, "%s: %.300s", q->url, why);
	(void)fprintf(stderr, "onus registry enrich: %s\n", safe.text);
}

/* What a server said in the way of trouble is on the disk at once: a run that is killed must not make us forget it. */
static int said(
    struct asking *a, const struct question *q, enum server_said what, uint64_t retry_after_s)
{
	struct enrich *x = a->x;

	server_said(x->servers, q->server, what, retry_after_s, from_ms());
	if (what == SERVER_ANSWERED)
		return 0;
	return servers_save(x->servers, x->servers_path, clock_now_s(&x->clock), now_ms(), a->e);
}

static int fail(struct asking *a, struct question *q, enum server_said what, const char *why)
{
	int r = said(a, q, what, 0);

	complain(q, why);
	return r < 0 ? r : keep(a, q, CACHE_FAILED, SPAN(""));
}

/* Is the server one that may speak: named by the bootstrap files, or a registry's by its name? */
static bool may_speak(const struct asking *a, struct span server)
{
	struct span host = server;
	const char *colon;

	if (bootstrap_names(a->x->bootstrap, server))
		return true;
	if (!span_starts(server, "https://"))
		return false;
	host.p += strlen("https://");
	colon = memchr(host.p, ':', span_len(host));
	return !colon && rdap_host_known(host);
}

/* On to the next server; the question stays the same. */
static int redirect(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	struct span server = url_server(span_str(f->location));
	uint32_t next = SERVERS_NONE;

	if (q->hops == HOPS_MAX)
		return fail(a, q, SERVER_FAILED, "leads on and on");
	server_said(a->x->servers, q->server, SERVER_ANSWERED, 0, from_ms());
	if (!span_empty(server) && may_speak(a, server))
		next = servers_of(a->x->servers, server);
	if (next == SERVERS_NONE) {
		complain(q, "leads to where no registry is known to answer");
		return keep(a, q, CACHE_FAILED, SPAN(""));
	}
	q->hops++;
	q->server = next;
	memcpy(q->url, f->location, sizeof(q->url));
	q->state = QUESTION_OPEN;
	a->x->count.redirected++;
	return 0;
}

static int take(struct asking *a, struct question *q)
{
	const char *why = "";
	int r = read_body(a, q);

	if (r < 0)
		return r == -EFBIG ? fail(a, q, SERVER_ANSWERED, "an answer that is too large") : r;
	buf_reset(&a->taken);
	r = rdap_reduce(buf_text(&a->body), &q->asked, &a->taken, &why);
	if (r == -ENOMEM)
		return err_set(a->e, r, "out of memory");
	if (r == -EINVAL)
		return fail(a, q, SERVER_FAILED, why);
	server_said(a->x->servers, q->server, SERVER_ANSWERED, 0, from_ms());
	return keep(a, q, r ? CACHE_KEPT : CACHE_NONE, buf_text(&a->taken));
}

static int busy(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	q->state = QUESTION_OPEN; /* it is not the question's fault */
	return said(a, q, SERVER_BUSY, f->retry_after_s);
}

static int forbidden(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	(void)f;
	return fail(a, q, SERVER_FORBIDDEN, "does not let us ask; it is left alone for a day");
}

static int none(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	(void)f;
	server_said(a->x->servers, q->server, SERVER_ANSWERED, 0, from_ms());
	return keep(a, q, CACHE_NONE, SPAN(""));
}

static int refused(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	(void)f;
	server_said(a->x->servers, q->server, SERVER_ANSWERED, 0, from_ms());
	return keep(a, q, CACHE_REFUSED, SPAN(""));
}

static int taken(struct asking *a, struct question *q, const struct fetch_answer *f)
{
	(void)f;
	return take(a, q);
}

/* Source: RFC 7480 section 5, RFC 9110 section 15. What is not here is a failure of the server. */
static const struct {
	unsigned status;
	int (*means)(struct asking *a, struct question *q, const struct fetch_answer *f);
} meanings[] = {
	{ 200, taken },
	{ 400, refused },
	{ 401, forbidden },
	{ 403, forbidden },
	{ 404, none },
	{ 410, none },
	{ 414, refused },
	{ 422, refused },
	{ 429, busy },
	{ 501, refused },
	{ 503, busy },
};

static int on_answer(struct asking *a, const struct fetch_answer *f)
{
	struct question *q = &a->x->question[f->id];
	char why[64];

	if (f->end == FETCH_REDIRECT && f->location[0])
		return redirect(a, q, f);
	if (f->end == FETCH_DISK)
		return err_set(a->e, -EIO, "%s", f->error);
	if (f->end == FETCH_TOO_BIG || f->end == FETCH_REFUSED)
		return fail(a, q, SERVER_ANSWERED, f->error);
	if (f->end != FETCH_OK)
		return fail(a, q, SERVER_FAILED, f->error);
	for (size_t i = 0; i < NELEM(meanings); i++)
		if (f->status == meanings[i].status)
			return meanings[i].means(a, q, f);
	(void)snprintf(why, sizeof(why), "answers with status %u", (unsigned)f->status); /* fits */
	return fail(a, q, SERVER_FAILED, why);
}

/* --- asking ------------------------------------------------------------------------------------------- */

static int start(struct asking *a)
{
	const struct fetch_opts o = { .program = a->x->program,
		.dir = a->dir,
		.contact = a->x->conf->fetch_contact,
		.ca = a->x->ca };

	return fetch_start(&o, &a->fetch, a->e);
}

/* The child is gone, with all that was asked of it. */
static int restart(struct asking *a, const char *why)
{
	if (++a->lost == LOST_MAX)
		return err_set(a->e, -EPIPE, "%s", why);
	for (size_t i = 0; i < a->x->n_question; i++) {
		struct question *q = &a->x->question[i];

		if (q->state != QUESTION_ASKED)
			continue;
		q->state = QUESTION_OPEN;
		server_said(a->x->servers, q->server, SERVER_ANSWERED, 0, from_ms());
	}
	a->fetch = fetch_stop(a->fetch);
	return start(a);
}

static int send(struct asking *a, struct question *q)
{
	struct fetch_request rq = { .id = (uint64_t)(q - a->x->question),
		.accept = ACCEPT,
		.max_bytes = RDAP_BYTES_MAX,
		.timeout_ms = a->x->conf->rdap_timeout_s * UINT64_C(1000),
		.max_redirects = FETCH_NO_REDIRECT };
	int r;

	memcpy(rq.url, q->url, sizeof(rq.url));
	(void)snprintf(rq.out, sizeof(rq.out), "%llu.json", (unsigned long long)rq.id); /* fits */
	r = fetch_ask(a->fetch, &rq, a->e);
	if (r == -EPIPE)
		return restart(a, "onus-fetch ends again and again");
	if (r == -EINVAL) { /* a URL that a server sent us to */
		complain(q, a->e->text);
		return keep(a, q, CACHE_FAILED, SPAN(""));
	}
	if (r < 0)
		return r;
	q->state = QUESTION_ASKED;
	server_asked(a->x->servers, q->server, from_ms());
	a->x->count.asked++;
	return 0;
}

/* Send what may be sent now. *next: in how many milliseconds something else may be, -1: nothing in this run. */
static int send_due(struct asking *a, int64_t *next)
{
	int64_t longest = (int64_t)a->x->conf->rdap_wait_s * 1000;
	int r = 0;

	*next = -1;
	for (size_t i = 0; i < a->x->n_question && r == 0; i++) {
		struct question *q = &a->x->question[i];
		int64_t at = server_asks_ms(a->x->servers, q->server), now = now_ms(), in;

		if (q->state != QUESTION_OPEN || at == INT64_MAX)
			continue;
		in = at > now ? at - now : 0; /* who was never asked has no time */
		if (in == 0 && fetch_waiting(a->fetch) < FETCH_WAITING_MAX)
			r = send(a, q);
		else if (in <= longest && (*next < 0 || in < *next))
			*next = in;
	}
	return r;
}

static size_t n_done(const struct enrich *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_question; i++)
		n += x->question[i].state == QUESTION_DONE;
	return n;
}

static int ask_all(struct asking *a)
{
	struct fetch_answer answer;
	struct progress bar;
	int64_t next;
	int r;

	progress_start(&bar, "asking registries", a->x->n_question);
	for (;;) {
		r = send_due(a, &next);
		if (r < 0 || (next < 0 && fetch_waiting(a->fetch) == 0))
			break;
		if (fetch_waiting(a->fetch) == 0) {
			(void)usleep((useconds_t)MIN_OF(next * 1000, 1000000)); /* and look again */
			continue;
		}
		r = fetch_wait(
		    a->fetch, (int)(next < 0 ? -1 : MIN_OF(next + 1, 60000)), &answer, a->e);
		if (r > 0)
			r = answer.end == FETCH_LOST ? restart(a, answer.error)
						     : on_answer(a, &answer);
		if (r < 0)
			break;
		progress_at(&bar, n_done(a->x), NULL);
	}
	progress_end(&bar);
	a->x->count.later = a->x->n_question - n_done(a->x);
	return r;
}

int enrich_ask(struct enrich *x, struct err *e)
{
	struct asking a = { .x = x, .e = e };
	int r;

	if (x->n_question == 0)
		return 0;
	for (size_t i = 0; i < x->n_question; i++) /* where the array is now */
		x->question[i].asked.handle = span_str(x->question[i].handle);
	if (asprintf(&a.dir, "%s/fetch", cache_dir(x->cache)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&a.body, RDAP_BYTES_MAX);
	buf_init(&a.taken, TAKEN_MAX);
	r = file_mkdirs(a.dir, 0700, e);
	if (r == 0) {
		clear_bodies(a.dir);
		r = start(&a);
	}
	if (r == 0)
		r = ask_all(&a);
	a.fetch = fetch_stop(a.fetch);
	clear_bodies(a.dir);
	buf_done(&a.body);
	buf_done(&a.taken);
	free(a.dir);
	return r;
}
