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

static inline struct fixed fixed_of(double v)
{
	const double scaled = v < 0x1p33 ? v * 0x1p30 : 0x1p63 - 0x1p10;
	const int64_t whole = (int64_t)scaled;

	return (struct fixed){ (uint64_t)whole,
		(uint64_t)(int64_t)((scaled - (double)whole) * 0x1p30) };
}

static inline double fixed_is(const struct fixed *f)
{
	return (double)(int64_t)f->whole * 0x1p-30 + (double)(int64_t)f->rest * 0x1p-60;
}

static inline void fixed_put(struct fixed *to, const struct fixed *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		to[i].whole += v[i].whole;
		to[i].rest += v[i].rest;
	}
}

static inline void fixed_take(struct fixed *to, const struct fixed *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		to[i].whole -= v[i].whole;
		to[i].rest -= v[i].rest;
	}
}

/* What a row comes to. */
enum amount {
	AMOUNT_RETURNING, /* of the first family; the others follow */
	AMOUNT_RETURNING_SCAN = AMOUNT_RETURNING + FAMILY_SCORED_N,
	AMOUNT_X_MID, /* arrivals under the two kernels, all families */
	AMOUNT_X_AS,
	AMOUNT_X_ATTACK, /* under the kernel of the AS */
	AMOUNT_X_SCAN,
	AMOUNT_X_BLOCK,	 /* under the kernel of the block, all families, severity applied */
	AMOUNT_ARRIVALS, /* to come, of the first family; the others follow */
	AMOUNT_LEAST = AMOUNT_ARRIVALS + FAMILY_SCORED_N,
	AMOUNT_N
};

/* struct said - what would be less without one root, severity applied (A7, 4): returning hosts, and arrivals under the
 * kernel of the block */
enum { LOST_RETURNING, LOST_X, LOST_N };
struct said {
	struct fixed lost[LOST_N];
	uint32_t root;
};

/* struct total - of the rows of one entity. What evidence of today can only add to (roots, group_mask, anchor, first,
 * last) stays when a row is taken out, which is to be put in again; and so does the worst row. */
struct total {
	struct fixed v[AMOUNT_N];
	struct fixed lost[JUDGE_GROUPS_MAX][LOST_N]; /* where roots says so */
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
