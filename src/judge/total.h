/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rows add up to, as integers: the same in whatever order they are added, and what was added can be taken out
 * again. Nothing but counting is known here. */
#ifndef ONUS_JUDGE_TOTAL_H
#define ONUS_JUDGE_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/category.h"
#include "judge/judge.h"

/* struct fixed - a sum of numbers from 0 to 2^33, each cut to 60 binary digits behind the point: 30 in steps of 2^-30,
 * the others in a word of their own, which has room for those of 2^33 numbers */
struct fixed {
	uint64_t whole, rest;
};

/* Whether something is put in or taken out. */
#define PUT  UINT64_C(1)
#define TAKE UINT64_MAX /* - 1 */

static inline void fixed_add(struct fixed *f, double v, uint64_t by)
{
	const double scaled = v < 0x1p33 ? v * 0x1p30 : 0x1p63 - 0x1p10;
	const int64_t whole = (int64_t)scaled;

	f->whole += by * (uint64_t)whole;
	f->rest += by * (uint64_t)(int64_t)((scaled - (double)whole) * 0x1p30);
}

static inline double fixed_is(const struct fixed *f)
{
	return (double)(int64_t)f->whole * 0x1p-30 + (double)(int64_t)f->rest * 0x1p-60;
}

/* What the evidence of a row comes to. */
enum amount {
	AMOUNT_RETURNING, /* of the first family; the others follow */
	AMOUNT_RETURNING_SCAN = AMOUNT_RETURNING + FAMILY_SCORED_N,
	AMOUNT_X_MID, /* arrivals under the two kernels, all families */
	AMOUNT_X_AS,
	AMOUNT_X_ATTACK, /* under the kernel of the AS */
	AMOUNT_X_SCAN,
	AMOUNT_N
};

/* struct lost_without - what would be less without one root, severity applied (A7, 4) */
struct lost_without {
	struct fixed returning, x;
};

/* struct total - of the rows of one entity. What evidence of today can only add to (roots, group_mask, anchor, first,
 * last) stays when a row is taken out, which is to be put in again; and so does the worst row. */
struct total {
	struct fixed v[AMOUNT_N], arrivals[FAMILY_SCORED_N], least;
	struct fixed x; /* arrivals under the kernel of the block, all families, severity applied */
	struct lost_without lost[JUDGE_GROUPS_MAX]; /* where roots says so */
	uint64_t roots, group_mask;
	uint64_t hosts, events, listed, size[2];
	double worst; /* as in struct sum … */
	uint32_t
	    worst_row; /* … and in judge.row_sums the first row that has it; NOWHERE: none has evidence */
	bool worst_fell; /* and another one may be worse by now */
	bool anchor;
	uint16_t first, last;
};

#endif
