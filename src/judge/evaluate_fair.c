/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is everybody treated alike (scoring.md D)? Of classes of networks, how many new hosts were said to come, and how many
 * came: by size, in tenths of all ASes, and by country. What the whole world does is not what a class is blamed for, so
 * each is measured beside all of them. */
#include "judge/evaluate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST	 0.7 /* of what all classes together have for what was said of them … */
#define MOST	 1.4
#define HOSTS	 100.0 /* … where so many were said or came, … */
#define DAYS_OF	 5u    /* … and on so many of so many days */
#define DAYS_OUT 4u

struct sized {
	double size;
	uint32_t as;
};

static int smaller_first(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->as < y->as ? -1 : x->as > y->as;
}

/* The tenth of every AS, by index; those of one size are in one, that of the last of them. */
static int tenths(const struct ground *g, uint8_t *ret, double largest[EVALUATE_TENTHS])
{
	CLEANUP(free_p) struct sized *v = calloc((size_t)g->n_as + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->n_as; i++)
		if (g->as_size[i] > 0)
			v[n++] = (struct sized){ g->as_size[i], i };
	qsort(v, n, sizeof(*v), smaller_first);
	for (size_t i = n; i-- > 0;) {
		bool same = i + 1 < n && !(v[i].size < v[i + 1].size);
		size_t t = same ? ret[v[i + 1].as] : i * EVALUATE_TENTHS / n;

		ret[v[i].as] = (uint8_t)t;
		largest[t] = MAX_OF(largest[t], v[i].size);
	}
	return 0;
}

static void class_add(struct evaluate_class *c, double said, double came)
{
	c->said += said;
	c->came += came;
}

double evaluate_beside(const struct evaluate_class *c, const struct evaluate_class *all)
{
	return c->said > 0 && all->came > 0 ? c->came / c->said * (all->said / all->came) : 1;
}

/* One day of a class into what it is over all of them. */
static void day_add(
    struct evaluate_class *to, const struct evaluate_class *day, const struct evaluate_class *all)
{
	double beside = evaluate_beside(day, all);

	class_add(to, day->said, day->came);
	to->days++;
	to->over += beside > MOST;
	to->under += beside < LEAST;
}

int evaluate_fair(const struct ground *g, const float *map, const uint16_t *targets,
    int32_t horizon, struct evaluate_fair *ret)
{
	CLEANUP(free_p) uint8_t *tenth = calloc((size_t)g->n_as + 1, 1);
	CLEANUP(free_p) struct evaluate_fair *day = calloc(1, sizeof(*day));

	if (!tenth || !day || tenths(g, tenth, ret->largest) < 0)
		return -ENOMEM;
	for (uint32_t b = 0; b < MAP_N; b++) {
		double said = (double)map[b] * horizon / 7, came = targets[b];

		if (!ground_has(g, b))
			continue;
		class_add(&day->all, said, came);
		class_add(&day->tenth[tenth[g->as[b]]], said, came);
		class_add(&day->country[g->country[b]], said, came);
	}
	day_add(&ret->all, &day->all, &day->all);
	for (unsigned i = 0; i < EVALUATE_TENTHS; i++)
		day_add(&ret->tenth[i], &day->tenth[i], &day->all);
	for (unsigned i = 0; i < EVALUATE_COUNTRIES; i++)
		day_add(&ret->country[i], &day->country[i], &day->all);
	return 0;
}

bool evaluate_told(const struct evaluate_class *c)
{
	return MAX_OF(c->said, c->came) >= HOSTS;
}

int evaluate_alarm(const struct evaluate_class *c, const struct evaluate_class *all)
{
	double beside = evaluate_beside(c, all);

	if (!evaluate_told(c))
		return 0;
	if (beside > MOST && c->over * DAYS_OF >= c->days * DAYS_OUT)
		return 1;
	return beside < LEAST && c->under * DAYS_OF >= c->days * DAYS_OUT ? -1 : 0;
}
