/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const uint32_t measure_at[MEASURE_AT_N] = { 100, 1000, 10000, 100000 };

#define DIGIT_BITS 11
#define DIGITS	   (1u << DIGIT_BITS)

/* A block and its figure in one word: inverted bits of the float above, so that the highest comes first
 * (a float that is not negative sorts as its bits do). */
struct ranking {
	uint64_t *v, *spare;
	size_t n;
	double sum; /* of all figures */
};

struct ranking *ranking_new(void)
{
	struct ranking *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->v = calloc(MAP_N, sizeof(*r->v));
	r->spare = calloc(MAP_N, sizeof(*r->spare));
	return r->v && r->spare ? r : ranking_free(r);
}

struct ranking *ranking_free(struct ranking *r)
{
	if (!r)
		return NULL;
	free(r->v);
	free(r->spare);
	free(r);
	return NULL;
}

static uint32_t invert(float figure)
{
	uint32_t bits;

	if (!(figure > 0))
		figure = 0;
	memcpy(&bits, &figure, sizeof(bits));
	return ~bits;
}

static float figure_of(uint64_t word)
{
	uint32_t bits = ~(uint32_t)(word >> 32);
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static void sort_words(struct ranking *r)
{
	size_t n = r->n;

	for (unsigned shift = 32; shift < 64; shift += DIGIT_BITS) {
		size_t at[DIGITS] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			at[r->v[i] >> shift & (DIGITS - 1)]++;
		for (unsigned d = 0; d < DIGITS; d++) {
			size_t here = at[d];

			at[d] = sum;
			sum += here;
		}
		for (size_t i = 0; i < n; i++)
			r->spare[at[r->v[i] >> shift & (DIGITS - 1)]++] = r->v[i];
		uint64_t *swap = r->v;

		r->v = r->spare;
		r->spare = swap;
	}
}

void ranking_sort(struct ranking *r, const uint64_t *universe, const float *figure)
{
	r->n = 0;
	r->sum = 0;
	for (uint32_t b = 0; b < MAP_N; b++) {
		if (!(universe[b / 64] >> b % 64 & 1))
			continue;
		r->v[r->n++] = (uint64_t)invert(figure[b]) << 32 | b;
		r->sum += (double)figure[b];
	}
	sort_words(r);
}

bool ranking_tie(const struct ranking *r, size_t begin, struct tie *ret)
{
	size_t end = begin;

	if (begin >= r->n)
		return false;
	while (end < r->n && r->v[end] >> 32 == r->v[begin] >> 32)
		end++;
	*ret = (struct tie){ begin, end, (double)figure_of(r->v[begin]) };
	return true;
}

uint32_t ranking_at(const struct ranking *r, size_t rank)
{
	return (uint32_t)r->v[rank];
}

/* struct came - to the blocks of a tie */
struct came {
	double targets, blocks;
};

static struct came came_to(const struct ranking *r, const struct tie *t, const uint16_t *targets)
{
	struct came c = { 0 };

	for (size_t i = t->begin; i < t->end; i++) {
		uint16_t here = targets[ranking_at(r, i)];

		c.targets += here;
		c.blocks += here > 0;
	}
	return c;
}

static void take_hits(const struct tie *t, const struct came *c, struct measure *m)
{
	for (unsigned k = 0; k < MEASURE_AT_N; k++) {
		double within = (double)MIN_OF(t->end, measure_at[k]) - (double)t->begin;

		if (!(within > 0))
			continue;
		m->hit[k] += c->targets * within / (double)(t->end - t->begin);
		m->idle[k] += c->blocks * within / (double)(t->end - t->begin);
	}
}

/* Precision at every block of a tie, its blocks with targets spread evenly through it. */
static void take_ap(const struct tie *t, const struct came *c, double before, struct measure *m)
{
	double n = (double)(t->end - t->begin), share = c->blocks / n;
	double step = n > 1 ? (c->blocks - 1) / (n - 1) : 0;

	if (!(c->blocks > 0))
		return;
	for (size_t i = t->begin; i < t->end && i < MEASURE_AP_DEPTH; i++)
		m->ap += share * (before + 1 + step * (double)(i - t->begin)) / (double)(i + 1);
}

static void take_ties(const struct ranking *r, const uint16_t *targets, struct measure *m)
{
	double mean = r->sum / (double)r->n;
	struct tie t = { 0 };

	while (ranking_tie(r, t.end, &t)) {
		struct came c = came_to(r, &t, targets);

		take_hits(&t, &c, m);
		take_ap(&t, &c, m->blocks, m);
		m->blocks += c.blocks;
		m->targets += c.targets;
		m->auc += c.blocks * ((double)(r->n - t.end) + (double)(t.end - t.begin) / 2);
		if (c.targets > 0)
			m->ll += c.targets * log(t.figure > 0 ? t.figure / mean : 1e-30);
	}
}

void measure_ranking(const struct ranking *r, const uint16_t *targets, struct measure *ret)
{
	*ret = (struct measure){ 0 };
	if (r->n == 0)
		return;
	take_ties(r, targets, ret);
	for (unsigned k = 0; k < MEASURE_AT_N; k++) /* so far: those to which some came */
		ret->idle[k] = 1 - ret->idle[k] / (double)MIN_OF(r->n, (size_t)measure_at[k]);
	if (!(ret->targets > 0))
		return;
	for (unsigned k = 0; k < MEASURE_AT_N; k++)
		ret->hit[k] /= ret->targets;
	ret->auc /= ret->blocks * (double)r->n;
	ret->ll /= ret->targets;
	ret->ap /= ret->blocks;
}

/* Two-sided 95 % quantile of Student's t for 1 … 30 degrees of freedom. */
static const double student[] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
	2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074,
	2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042 };

struct spread measure_spread(const double *v, size_t n)
{
	struct spread s = { 0 };
	double square = 0;

	for (size_t i = 0; i < n; i++)
		s.mean += v[i] / (double)n;
	if (n < 2)
		return s;
	for (size_t i = 0; i < n; i++)
		square += (v[i] - s.mean) * (v[i] - s.mean);
	s.half = (n - 2 < NELEM(student) ? student[n - 2] : 1.96) *
		 sqrt(square / (double)(n - 1) / (double)n);
	return s;
}
