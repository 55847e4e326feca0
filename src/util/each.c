/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/each.h"

struct job {
	size_t from, end;
	int r;
};

struct each {
	each_work *work;
	void *ctx;
	struct job job[LANES_JOBS_MAX];
};

static void run(void *ctx, unsigned lane, unsigned job)
{
	struct each *e = ctx;
	struct job *of = &e->job[job];

	of->r = e->work(e->ctx, lane, of->from, of->end);
}

static int empty(struct lanes *l, const struct each *e, int r)
{
	int next = e->job[lanes_oldest(l)].r;

	lanes_emptied(l);
	return r < 0 ? r : next;
}

int each(unsigned threads, size_t n, size_t part, each_work *work, void *ctx)
{
	struct each e = { .work = work, .ctx = ctx };
	struct lanes *l = threads == 1 || n <= part ? NULL : lanes_new(threads, run, &e);
	int r = 0;

	if (!l || lanes_n(l) == 1 || !lanes_start(l)) {
		lanes_free(l);
		return n ? work(ctx, 0, 0, n) : 0;
	}
	for (size_t from = 0; from < n && r == 0; from += part) {
		if (lanes_full(l))
			r = empty(l, &e, r);
		e.job[lanes_next(l)] = (struct job){ from, MIN_OF(from + part, n), 0 };
		lanes_go(l);
	}
	while (lanes_busy(l))
		r = empty(l, &e, r);
	lanes_free(l);
	return r;
}
