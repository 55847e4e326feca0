/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first step of an update: new evidence among that of its hosts, and what follows from it for their leaves. */
#ifndef ONUS_JUDGE_TOUCH_H
#define ONUS_JUDGE_TOUCH_H

#include "judge/run.h"

/* struct touch - a leaf with new evidence */
struct touch {
	uint32_t leaf;
	uint32_t at;	/* its position; fresh: in the order as it was, before which it comes */
	uint32_t block; /* number of its block, as of all touched */
	uint32_t fresh_hosts;
	size_t from, end;	   /* its new evidence in judge.delta … */
	size_t amended, n_amended; /* … and the hosts of that, in touched.amended */
	double x;		   /* arrivals before, under the kernel of the AS */
	bool fresh;
};

/* struct touched - all of them in the order of leaves, their hosts in that of addresses */
struct touched {
	struct touch *v; /* owned */
	size_t n, cap;
	struct amended *amended; /* owned */
};

/* touch_ahead - of the leaves 3 and 2 times `ahead` places behind the i-th of v, which ends at `end`: themselves, and what
 * they name, are asked for (fetch_ahead) */
static inline void touch_ahead(
    const struct judge *j, const struct touch *v, size_t i, size_t end, size_t ahead)
{
	const struct leaf *l;

	if (i + 3 * ahead < end)
		fetch_ahead(&j->leaves[v[i + 3 * ahead].leaf], sizeof(*l));
	if (i + 2 * ahead < end) {
		l = &j->leaves[v[i + 2 * ahead].leaf];
		fetch_leaf_ahead(j, l);
		if (l->row != NOWHERE)
			fetch_ahead(&j->rows[l->row], sizeof(*j->rows));
	}
}

/* touch_all - judge.delta into evidence, hosts and leaves, which are not in the order of leaves yet where they
 * are fresh. 0, -ENOMEM, -E2BIG: some of it is done. */
int touch_all(struct judge *j, struct touched *ret);
void touched_done(struct touched *t);

#endif
