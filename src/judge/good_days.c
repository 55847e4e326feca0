/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/good_days.h"

#include <errno.h>
#include <stdlib.h>

#include "judge/bits.h"
#include "util/grow.h"

int good_days_add(
    struct good_days *g, struct addr host, enum good kind, uint64_t count, int32_t day)
{
	if (grow(&g->v, &g->cap, g->n + 1, sizeof(*g->v)) < 0)
		return -ENOMEM;
	g->v[g->n++] =
	    (struct good_day){ .host = addr_host(host), .count = count, .day = day, .kind = kind };
	return 0;
}

static int cmp(const void *a, const void *b)
{
	const struct good_day *x = a, *y = b;
	int c = (x->day > y->day) - (x->day < y->day);

	if (c == 0)
		c = addr_cmp(x->host, y->host);
	return c ? c : (x->kind > y->kind) - (x->kind < y->kind);
}

void good_days_seal(struct good_days *g)
{
	size_t n = 0;

	if (g->n > 1)
		qsort(g->v, g->n, sizeof(*g->v), cmp);
	for (size_t i = 0; i < g->n; i++)
		if (n && cmp(&g->v[n - 1], &g->v[i]) == 0)
			g->v[n - 1].count += g->v[i].count;
		else
			g->v[n++] = g->v[i];
	g->n = n;
}

void good_days_done(struct good_days *g)
{
	free(g->v);
	*g = (struct good_days){ 0 };
}

static size_t from(const struct good_days *g, int32_t day)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->v[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int good_days_tell(const struct good_days *g, const struct series *s, const bool *own,
    int32_t first, int32_t last, struct replay *to)
{
	int r = 0;

	for (size_t i = from(g, first); i < g->n && g->v[i].day <= last && r == 0; i++)
		r = replay_good(to, g->v[i].host, g->v[i].kind, g->v[i].count, g->v[i].day);
	for (size_t i = series_from(s, first); i < s->n && s->v[i].day <= last; i++) {
		const struct sighting *v = &s->v[i];

		if ((!own || own[v->group]) &&
		    replay_is_attack((enum category)v->category, (enum proof)v->proof))
			replay_attack(to, bit_addr(v->host), v->count);
	}
	return r;
}
