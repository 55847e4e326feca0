/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"
#include "util/grow.h"

void series_done(struct series *s)
{
	free(s->v);
	*s = (struct series){ 0 };
}

int series_add(struct series *s, struct addr host, enum category c, enum proof proof, int32_t day,
    unsigned group, uint32_t count)
{
	struct sighting x = { .day = day,
		.count = count,
		.category = (uint8_t)c,
		.proof = (uint8_t)proof,
		.group = (uint16_t)group };

	if (!bit_host(host, &x.host))
		return -EINVAL;
	if (grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) < 0)
		return -ENOMEM;
	s->v[s->n++] = x;
	return 0;
}

static int sighting_cmp(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	if (x->proof != y->proof)
		return x->proof < y->proof ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

static void add_up(struct series *s)
{
	size_t to = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct sighting *before = to ? &s->v[to - 1] : NULL;

		if (before && sighting_cmp(before, &s->v[i]) == 0) {
			uint32_t room = UINT32_MAX - before->count;

			before->count += MIN_OF(room, s->v[i].count);
			continue;
		}
		s->v[to++] = s->v[i];
	}
	s->n = to;
}

/* By host, keeping the order of days: the first row of each host, and those of the same day. */
static int find_first(struct series *s)
{
	struct keyed *k = calloc(s->n ? s->n : 1, sizeof(*k));
	int r = k ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		k[i] = (struct keyed){ s->v[i].host, i };
	if (r == 0)
		r = sort_by_key(k, s->n);
	for (size_t i = 0, head = 0; r == 0 && i < s->n; i++) {
		if (k[i].key != k[head].key)
			head = i;
		s->v[k[i].value].first = s->v[k[i].value].day == s->v[k[head].value].day;
	}
	free(k);
	return r;
}

int series_seal(struct series *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), sighting_cmp);
	add_up(s);
	return find_first(s);
}

/* Distinct hosts of the rows [i, end) of one day. */
static uint32_t distinct(const struct series *s, size_t i, size_t end)
{
	uint32_t n = 0;

	for (size_t k = i; k < end; k++)
		n += k == i || s->v[k].host != s->v[k - 1].host;
	return n;
}

unsigned series_drop_days(struct series *s, uint32_t max)
{
	size_t to = 0;
	unsigned dropped = 0;

	for (size_t i = 0; i < s->n;) {
		size_t end = i;

		while (end < s->n && s->v[end].day == s->v[i].day)
			end++;
		if (distinct(s, i, end) > max) {
			dropped++;
		} else {
			memmove(&s->v[to], &s->v[i], (end - i) * sizeof(*s->v));
			to += end - i;
		}
		i = end;
	}
	s->n = to;
	return dropped;
}

size_t series_from(const struct series *s, int32_t day)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int series_judge(const struct series *s, int32_t today,
    const struct series_voice voices[SERIES_VOICES_MAX], struct judge *j)
{
	size_t end = series_from(s, today + 1);

	for (size_t i = series_from(s, today - JUDGE_WINDOW_DAYS + 1); i < end; i++) {
		const struct sighting *x = &s->v[i];
		const struct series_voice own = { .group = (uint8_t)x->group };
		const struct series_voice *v = voices ? &voices[x->group] : &own;
		enum proof proof = v->weak ? PROOF_WEAK : (enum proof)x->proof;
		int r = judge_add(j, bit_addr(x->host), (enum category)x->category, proof, x->day,
		    v->group, x->count);

		if (r < 0)
			return r;
	}
	return 0;
}
