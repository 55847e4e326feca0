/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/shards.h"

#include <errno.h>

#include "util/lanes.h"

#define ALONE_BLOCKS 16u /* a shorter input is done before threads would have started */
#define WITHIN	     UINT32_MAX

_Static_assert(SHARDS_THREADS_MAX == LANES_MAX, "as many");

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
	bool failed;
	struct found *v;
	size_t n, cap;
	struct buf copies;
	uint64_t lines, refused_line;
	const char *refused_why;
};

struct shards {
	struct lanes *lanes;
	struct {
		struct filters filters;
		struct scan *scan;
	} of[LANES_MAX]; /* a lane */
	struct job job[LANES_JOBS_MAX];
	scan_sink *apart; /* NULL: events are kept, and handed out in order */
	void *apart_ctx[LANES_MAX];
	uint64_t line; /* of the input, before the next block that is emptied */
	uint64_t first_refused;
	const char *why_refused;
};

static lanes_work scan_job;

int shards_new(const char *const *specs, unsigned n, const char *path, const struct scan_options *o,
    unsigned threads, struct shards **ret, struct err *e)
{
	struct shards *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	r = filters_load(&s->of[0].filters, specs, n, path, e);
	if (r == 0) {
		if (filters_remember(&s->of[0].filters))
			threads = 1;
		s->lanes = lanes_new(threads, scan_job, s);
		if (!s->lanes)
			r = err_set(e, -ENOMEM, "out of memory");
	}
	if (r < 0) {
		filters_done(&s->of[0].filters);
		free(s);
		return r;
	}
	for (unsigned i = 0; i < lanes_n_jobs(s->lanes); i++)
		buf_init(&s->job[i].copies, 1u << 30);
	for (unsigned i = 0; i < lanes_n(s->lanes) && r == 0; i++) {
		if (i > 0)
			r = filters_load(&s->of[i].filters, specs, n, path, e);
		if (r == 0)
			r = scan_new(s->of[i].filters.v, s->of[i].filters.n, o, &s->of[i].scan, e);
	}
	if (r == 0)
		*ret = s;
	else
		(void)shards_free(s);
	return r;
}

struct shards *shards_free(struct shards *s)
{
	if (!s)
		return NULL;
	s->lanes = lanes_free(s->lanes);
	for (unsigned i = 0; i < LANES_MAX; i++) {
		s->of[i].scan = scan_free(s->of[i].scan);
		filters_done(&s->of[i].filters);
	}
	for (unsigned i = 0; i < LANES_JOBS_MAX; i++) {
		free(s->job[i].memory);
		free(s->job[i].v);
		buf_done(&s->job[i].copies);
	}
	free(s);
	return NULL;
}

unsigned shards_threads(const struct shards *s)
{
	return lanes_n(s->lanes);
}

void shards_apart(struct shards *s, scan_sink *sink, void *const ctx[])
{
	s->apart = sink;
	for (unsigned i = 0; i < lanes_n(s->lanes); i++)
		s->apart_ctx[i] = ctx[i];
}

void shards_weak(struct shards *s, bool weak)
{
	for (unsigned i = 0; i < lanes_n(s->lanes); i++)
		scan_weak(s->of[i].scan, weak);
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

static void scan_job(void *ctx, unsigned lane, unsigned job)
{
	struct shards *s = ctx;
	struct scan *scan = s->of[lane].scan;
	struct job *j = &s->job[job];

	j->n = 0;
	buf_reset(&j->copies);
	if (s->apart)
		j->lines = scan_block(scan, &j->block, s->apart, s->apart_ctx[lane]);
	else
		j->lines = scan_block(scan, &j->block, keep, j);
	j->refused_line = scan_first_refused(scan, &j->refused_why);
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
	struct job *j = &s->job[lanes_oldest(s->lanes)];

	for (size_t i = 0; i < j->n; i++) {
		struct found *f = &j->v[i];

		if (f->copied != WITHIN)
			f->ev.detail = span_of(j->copies.p + f->copied, span_len(f->ev.detail));
		sink(ctx, &f->ev, s->line + f->line);
	}
	refused(s, j->refused_line, j->refused_why);
	s->line += j->lines;
	lanes_emptied(s->lanes);
	return j->failed ? -ENOMEM : 0;
}

static int fill_one(struct shards *s, struct input *in, const struct block *b)
{
	struct job *j = &s->job[lanes_next(s->lanes)];

	if (!j->memory)
		j->memory = malloc(INPUT_SWAP_BYTES);
	if (!j->memory)
		return -ENOMEM;
	j->memory = input_swap(in, j->memory);
	j->block = *b;
	j->block.first_number =
	    1; /* within the block: lines are not counted before they are scanned */
	j->failed = false;
	lanes_go(s->lanes);
	return 0;
}

/* The block at once, in this thread: nothing is under way. */
static void alone(struct shards *s, struct block *b, scan_sink *sink, void *ctx)
{
	const char *why;
	uint64_t n, line;

	b->first_number = s->line + 1;
	n = scan_block(s->of[0].scan, b, sink, ctx);
	line = scan_first_refused(s->of[0].scan, &why);
	if (line)
		refused(s, line - s->line, why);
	s->line += n;
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
		if (blocks++ < ALONE_BLOCKS || lanes_n(s->lanes) == 1 || !lanes_start(s->lanes)) {
			alone(s, &b, sink, ctx);
		} else {
			if (lanes_full(s->lanes))
				failed = empty_one(s, sink, ctx);
			if (failed == 0)
				failed = fill_one(s, in, &b);
		}
		if (tick)
			tick(ctx, in);
	}
	while (lanes_busy(s->lanes)) {
		int last = empty_one(s, sink, ctx);

		failed = failed ? failed : last;
	}
	return failed ? err_set(e, failed, "out of memory") : r;
}

struct scan_counts shards_counts(const struct shards *s)
{
	struct scan_counts sum = { 0 };

	for (unsigned i = 0; s && i < lanes_n(s->lanes); i++) {
		const struct scan_counts *c = scan_counts(s->of[i].scan);

		sum.lines += c->lines;
		sum.matched += c->matched;
		sum.events += c->events;
		sum.ignored += c->ignored;
		sum.nofail += c->nofail;
		sum.pending += c->pending;
		sum.ids += c->ids;
		sum.names += c->names;
		sum.special += c->special;
		sum.wide += c->wide;
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
