/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay: on each test day the judge and every baseline see the series up to and with that day only,
 * and are measured by what came in the days after. Protocol: scoring.md C1, T2 and T2b. */
#ifndef ONUS_JUDGE_EVALUATE_H
#define ONUS_JUDGE_EVALUATE_H

#include "judge/baseline.h"
#include "judge/ground.h"
#include "judge/measure.h"
#include "judge/series.h"

struct evaluate_conf {
	const int32_t
	    *days; /* test days, ascending; each needs `horizon` days of series after it */
	unsigned n_days;
	int32_t horizon; /* days */
	int32_t first_day;
	bool
	    foreign; /* the series is somebody else's word: fully trusted, but no anchor, so that the
			 volume guard heeds it */
	/* called before each test day with how many are done; NULL: nobody asks */
	void (*progress)(void *ctx, unsigned done);
	void *ctx;
};

/* Whose coming is foretold. */
enum evaluate_target {
	EVALUATE_NEW, /* hosts that the series never saw before */
	EVALUATE_ALL, /* every host that is seen */
	EVALUATE_TARGET_N
};

/* Chance of at least one new host in a block: what was said, and what came. */
#define EVALUATE_BIN_N 9
struct evaluate_bin {
	double said, came, blocks; /* sums over blocks of all days; divide by blocks */
};

struct evaluation {
	unsigned n_days, n_rows; /* row 0 is onus, then the baselines in their order */
	struct measure *v;	 /* owned; [row][target][day]: evaluation_at */
	struct evaluate_bin bin[EVALUATE_BIN_N];
};

static inline struct measure *evaluation_at(
    const struct evaluation *e, unsigned row, enum evaluate_target t, unsigned day)
{
	return &e->v[((size_t)row * EVALUATE_TARGET_N + t) * e->n_days + day];
}
const char *evaluation_row_name(unsigned row);

/* evaluate - all of it
 * Every group of the series has trust 1.
 * Returns 0; -ENOMEM; -EINVAL as judge_run. */
MUST_USE int evaluate(const struct evaluate_conf *c, const struct series *s, space_fn *space,
    const void *ctx, struct evaluation *ret, struct err *e);
void evaluation_done(struct evaluation *e);

/* evaluation_spread - of one figure of measure (an offset into it) over the test days */
struct spread evaluation_spread(
    const struct evaluation *e, unsigned row, enum evaluate_target t, size_t offset);

#endif
