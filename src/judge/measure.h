/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a ranking foretold what came: all figures over the whole announced space, ties shared evenly
 * (mid-ranks), so that a forecast that says nothing of most blocks gains nothing by saying it.
 *
 * A map has one figure for each of the 2^24 IPv4 /24s, by number. */
#ifndef ONUS_JUDGE_MEASURE_H
#define ONUS_JUDGE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define MAP_N (1u << 24)

#define MEASURE_AT_N 4
extern const uint32_t measure_at[MEASURE_AT_N]; /* 100, 1000, 10000, 100000 blocks */
#define MEASURE_AP_DEPTH 100000u

struct measure {
	double hit[MEASURE_AT_N];  /* share of the targets within the best measure_at blocks */
	double idle[MEASURE_AT_N]; /* share of the best measure_at blocks to which no target came */
	double auc;		   /* chance that a block with targets ranks above any block */
	double ap; /* average precision over blocks with targets, to MEASURE_AP_DEPTH */
	double ll; /* mean over targets of ln(figure / mean figure): what a target gains, in nats */
	double targets; /* how many there were */
	double blocks;	/* with at least one */
};

/* struct ranking - blocks in an order, and the memory that this takes; make one, use it for many */
struct ranking;
struct ranking *ranking_new(void); /* NULL: out of memory */
struct ranking *ranking_free(struct ranking *r);

/* ranking_sort - the blocks of the universe (bit per block: announced) by figure (>= 0, finite), highest first
 * ranking_tie  - those of one figure, from rank `begin`, which is the end of the tie before, or 0; false: there are no more
 * ranking_at   - the block of a rank */
struct tie {
	size_t begin, end; /* ranks */
	double figure;
};
void ranking_sort(struct ranking *r, const uint64_t *universe, const float *figure);
bool ranking_tie(const struct ranking *r, size_t begin, struct tie *ret);
uint32_t ranking_at(const struct ranking *r, size_t rank);

/* measure_ranking - what was sorted; targets: hosts to come in each block; those outside the universe do not count */
void measure_ranking(const struct ranking *r, const uint16_t *targets, struct measure *ret);

/* struct spread - mean of n figures and the half width of its 95 % interval (Student) */
struct spread {
	double mean, half;
};
struct spread measure_spread(const double *v, size_t n);

#endif
