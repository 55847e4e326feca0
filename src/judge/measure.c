/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/measure.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const uint32_t measure_at[MEASURE_AT_N] = { 100, 1000, 10000, 100000 };

#define DIGIT_BITS 11
#define DIGITS	   (1u << DIGIT_BITS)

/* A block and its figure in one word: inverted bits of the float above, so that the highest comes first
 * (a float that is not negative sorts as its bits do). */
struct ranking {
	uint64_t *v, *spare;
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

static void sort_words(struct ranking *r, size_t n)
{
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

/* struct tie - blocks of one figure */
struct tie {
	size_t begin, end; /* ranks */
	double targets, blocks;
};

static void take_hits(const struct tie *t, struct measure *m)
{
	for (unsigned k = 0; k < MEASURE_AT_N; k++) {
		double within = (double)MIN_OF(t->end, measure_at[k]) - (double)t->begin;

		if (!(within > 0))
			continue;
		m->hit[k] += t->targets * within / (double)(t->end - t->begin);
		m->idle[k] += t->blocks * within / (double)(t->end - t->begin);
	}
}

/* Precision at every block of a tie, its blocks with targets spread evenly through it. */
static void take_ap(const struct tie *t, double before, struct measure *m)
{
	double n = (double)(t->end - t->begin), share = t->blocks / n;
	double step = n > 1 ? (t->blocks - 1) / (n - 1) : 0;

	if (!(t->blocks > 0))
		return;
	for (size_t i = t->begin; i < t->end && i < MEASURE_AP_DEPTH; i++)
		m->ap += share * (before + 1 + step * (double)(i - t->begin)) / (double)(i + 1);
}

static void take_ties(
    const struct ranking *r, size_t n, double mean, const uint16_t *targets, struct measure *m)
{
	double before = 0; /* blocks with targets above */

	for (size_t i = 0; i < n;) {
		struct tie t = { .begin = i };
		double figure = (double)figure_of(r->v[i]);

		for (; i < n && r->v[i] >> 32 == r->v[t.begin] >> 32; i++) {
			uint16_t here = targets[(uint32_t)r->v[i]];

			t.targets += here;
			t.blocks += here > 0;
		}
		t.end = i;
		take_hits(&t, m);
		take_ap(&t, before, m);
		before += t.blocks;
		m->targets += t.targets;
		m->auc += t.blocks * ((double)(n - t.end) + (double)(t.end - t.begin) / 2);
		if (t.targets > 0)
			m->ll += t.targets * log(figure > 0 ? figure / mean : 1e-30);
	}
	m->blocks = before;
}

void measure_map(struct ranking *r, const uint64_t *universe, const float *figure,
    const uint16_t *targets, struct measure *ret)
{
	size_t n = 0;
	double sum = 0;

	*ret = (struct measure){ 0 };
	for (uint32_t b = 0; b < MAP_N; b++) {
		if (!(universe[b / 64] >> b % 64 & 1))
			continue;
		r->v[n++] = (uint64_t)invert(figure[b]) << 32 | b;
		sum += (double)figure[b];
	}
	if (n == 0)
		return;
	sort_words(r, n);
	take_ties(r, n, sum / (double)n, targets, ret);
	for (unsigned k = 0; k < MEASURE_AT_N; k++) /* so far: those to which some came */
		ret->idle[k] = 1 - ret->idle[k] / (double)MIN_OF(n, (size_t)measure_at[k]);
	if (!(ret->targets > 0))
		return;
	for (unsigned k = 0; k < MEASURE_AT_N; k++)
		ret->hit[k] /= ret->targets;
	ret->auc /= ret->blocks * (double)n;
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
