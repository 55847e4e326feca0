/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/shards.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#define ALONE_BLOCKS 4u /* a shorter input is done before threads would have started */
#define WITHIN	     UINT32_MAX

/* struct found - an event of a job; its detail lies in the job's text, or was copied */
struct found {
	struct event ev;
	uint32_t line;	 /* within the block, from 1 */
	uint32_t copied; /* offset in copies, or WITHIN */
};

/* struct job - one block on its way: filled by the caller, scanned by a thread, emptied by the caller */
struct job {
	char *memory; /* owned; of the input, which got ours for it */
	struct block block;
	bool done, failed;
	struct found *v;
	size_t n, cap;
	struct buf copies;
	uint64_t lines, refused_line;
	const char *refused_why;
};

struct worker {
	struct shards *of;
	struct filters filters;
	struct scan *scan;
	pthread_t thread;
};

struct shards {
	struct worker worker[SHARDS_THREADS_MAX];
	unsigned n, started;
	struct job job[2 * SHARDS_THREADS_MAX];
	unsigned n_jobs;
	/* Under the lock: how many blocks were filled, taken by a thread, emptied; and each job's done. */
	pthread_mutex_t lock;
	pthread_cond_t work, result;
	uint64_t filled, taken, emptied;
	bool stop;
	uint64_t line; /* of the input, before the next block that is emptied */
	uint64_t first_refused;
	const char *why_refused;
};

static unsigned processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)MIN_OF(MAX_OF(CPU_COUNT(&set), 1), (int)SHARDS_THREADS_MAX);
}

int shards_new(const char *const *specs, unsigned n, const char *path, const struct scan_options *o,
    unsigned threads, struct shards **ret, struct err *e)
{
	struct shards *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	s->n = MIN_OF(threads ? threads : processors(), SHARDS_THREADS_MAX);
	s->n_jobs = 2 * s->n;
	if (pthread_mutex_init(&s->lock, NULL) || pthread_cond_init(&s->work, NULL) ||
	    pthread_cond_init(&s->result, NULL))
		abort(); /* these fail for nothing that can happen here */
	for (unsigned i = 0; i < s->n_jobs; i++)
		buf_init(&s->job[i].copies, 1u << 30);
	for (unsigned i = 0; i < s->n && r == 0; i++) {
		struct worker *w = &s->worker[i];

		w->of = s;
		r = filters_load(&w->filters, specs, n, path, e);
		if (r == 0)
			r = scan_new(w->filters.v, w->filters.n, o, &w->scan, e);
	}
	if (r == 0)
		*ret = s;
	else
		(void)shards_free(s);
	return r;
}

static void stop_threads(struct shards *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_broadcast(&s->work);
	(void)pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->started; i++)
		(void)pthread_join(s->worker[i].thread, NULL);
	s->started = 0;
}

struct shards *shards_free(struct shards *s)
{
	if (!s)
		return NULL;
	stop_threads(s);
	for (unsigned i = 0; i < s->n; i++) {
		s->worker[i].scan = scan_free(s->worker[i].scan);
		filters_done(&s->worker[i].filters);
	}
	for (unsigned i = 0; i < s->n_jobs; i++) {
		free(s->job[i].memory);
		free(s->job[i].v);
		buf_done(&s->job[i].copies);
	}
	(void)pthread_cond_destroy(&s->work);
	(void)pthread_cond_destroy(&s->result);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

/* --- in a thread -------------------------------------------------------------------------------- */

static void keep(void *ctx, const struct event *ev, uint64_t number)
{
	struct job *j = ctx;
	struct found *f;

	if (j->n == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 4096;

		f = reallocarray(j->v, cap, sizeof(*f));
		if (!f) {
			j->failed = true;
			return;
		}
		j->v = f;
		j->cap = cap;
	}
	f = &j->v[j->n++];
	*f = (struct found){ *ev, (uint32_t)number, WITHIN };
	if (span_empty(ev->detail) ||
	    (ev->detail.p >= j->block.text.p && ev->detail.p < j->block.text.end))
		return;
	f->copied = (uint32_t)j->copies.len;
	buf_span(&j->copies, ev->detail);
	j->failed |= !buf_ok(&j->copies);
}

static void scan_job(struct worker *w, struct job *j)
{
	j->n = 0;
	buf_reset(&j->copies);
	j->lines = scan_block(w->scan, &j->block, keep, j);
	j->refused_line = scan_first_refused(w->scan, &j->refused_why);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct shards *s = w->of;

	(void)pthread_mutex_lock(&s->lock);
	for (;;) {
		struct job *j;

		while (s->taken == s->filled && !s->stop)
			(void)pthread_cond_wait(&s->work, &s->lock);
		if (s->stop)
			break;
		j = &s->job[s->taken++ % s->n_jobs];
		(void)pthread_mutex_unlock(&s->lock);
		scan_job(w, j);
		(void)pthread_mutex_lock(&s->lock);
		j->done = true;
		(void)pthread_cond_signal(&s->result);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* --- in the caller's thread --------------------------------------------------------------------- */

static void refused(struct shards *s, uint64_t line, const char *why)
{
	if (line == 0 || s->first_refused)
		return;
	s->first_refused = s->line + line;
	s->why_refused = why;
}

/* Hand out what the oldest job found. */
static int empty_one(struct shards *s, scan_sink *sink, void *ctx)
{
	struct job *j = &s->job[s->emptied % s->n_jobs];

	(void)pthread_mutex_lock(&s->lock);
	while (!j->done)
		(void)pthread_cond_wait(&s->result, &s->lock);
	j->done = false;
	(void)pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < j->n; i++) {
		struct found *f = &j->v[i];

		if (f->copied != WITHIN)
			f->ev.detail = span_of(j->copies.p + f->copied, span_len(f->ev.detail));
		sink(ctx, &f->ev, s->line + f->line);
	}
	refused(s, j->refused_line, j->refused_why);
	s->line += j->lines;
	s->emptied++;
	return j->failed ? -ENOMEM : 0;
}

static int fill_one(struct shards *s, struct input *in, const struct block *b)
{
	struct job *j = &s->job[s->filled % s->n_jobs];

	if (!j->memory)
		j->memory = malloc(INPUT_SWAP_BYTES);
	if (!j->memory)
		return -ENOMEM;
	j->memory = input_swap(in, j->memory);
	j->block = *b;
	j->block.first_number =
	    1; /* within the block: lines are not counted before they are scanned */
	j->failed = false;
	(void)pthread_mutex_lock(&s->lock);
	s->filled++;
	(void)pthread_cond_signal(&s->work);
	(void)pthread_mutex_unlock(&s->lock);
	return 0;
}

/* The block at once, in this thread: nothing is under way. */
static void alone(struct shards *s, struct block *b, scan_sink *sink, void *ctx)
{
	const char *why;
	uint64_t n, line;

	b->first_number = s->line + 1;
	n = scan_block(s->worker[0].scan, b, sink, ctx);
	line = scan_first_refused(s->worker[0].scan, &why);
	if (line)
		refused(s, line - s->line, why);
	s->line += n;
}

/* Threads there are, or none can be had and it goes on without. */
static bool together(struct shards *s)
{
	while (s->started < s->n && pthread_create(&s->worker[s->started].thread, NULL, work,
					&s->worker[s->started]) == 0)
		s->started++;
	return s->started > 0;
}

int shards_input(struct shards *s, struct input *in, scan_sink *sink, shards_tick *tick, void *ctx,
    struct err *e)
{
	uint64_t blocks = 0;
	struct block b;
	int r = 0, failed = 0;

	s->line = 0;
	while (failed == 0 && (r = input_block(in, &b, e)) > 0) {
		input_block_lines(in, 0); /* we number them ourselves */
		if (blocks++ < ALONE_BLOCKS || s->n == 1 || !together(s)) {
			alone(s, &b, sink, ctx);
		} else {
			if (s->filled - s->emptied == s->n_jobs)
				failed = empty_one(s, sink, ctx);
			if (failed == 0)
				failed = fill_one(s, in, &b);
		}
		if (tick)
			tick(ctx, in);
	}
	while (s->emptied < s->filled) {
		int last = empty_one(s, sink, ctx);

		failed = failed ? failed : last;
	}
	return failed ? err_set(e, failed, "out of memory") : r;
}

struct scan_counts shards_counts(const struct shards *s)
{
	struct scan_counts sum = { 0 };

	for (unsigned i = 0; s && i < s->n; i++) {
		const struct scan_counts *c = scan_counts(s->worker[i].scan);

		sum.lines += c->lines;
		sum.matched += c->matched;
		sum.events += c->events;
		sum.ignored += c->ignored;
		sum.nofail += c->nofail;
		sum.names += c->names;
		sum.special += c->special;
		sum.own += c->own;
		sum.undated += c->undated;
		sum.refused += c->refused;
	}
	return sum;
}

uint64_t shards_first_refused(struct shards *s, const char **why)
{
	uint64_t line = s->first_refused;

	*why = s->why_refused;
	s->first_refused = 0;
	return line;
}
