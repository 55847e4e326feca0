/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/analyse/said.h"

#include "util/grow.h"

static int cmp(const void *a, const void *b)
{
	const struct said_line *x = a, *y = b;
	int r = addr_cmp(x->subject.addr, y->subject.addr);

	if (r)
		return r;
	if (x->subject.len != y->subject.len)
		return x->subject.len < y->subject.len ? -1 : 1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->category == y->category ? 0 : x->category < y->category ? -1 : 1;
}

int said_add(struct said *s, const struct said_line *line)
{
	if (s->n == SAID_ROWS_MAX) {
		said_settle(s);
		if (s->n >
		    SAID_LINES_MAX) /* else there is room for as many again until the next time */
			return -E2BIG;
	}
	if (grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) < 0)
		return -ENOMEM;
	s->v[s->n++] = *line;
	return 0;
}

void said_settle(struct said *s)
{
	size_t to = 0;

	if (s->n == 0)
		return;
	qsort(s->v, s->n, sizeof(*s->v), cmp);
	for (size_t i = 1; i < s->n; i++)
		if (cmp(&s->v[to], &s->v[i]) == 0)
			s->v[to].count += s->v[i].count;
		else
			s->v[++to] = s->v[i];
	s->n = to + 1;
}

void said_done(struct said *s)
{
	free(s->v);
	*s = (struct said){ NULL };
}

uint64_t said_take(struct said *s, const struct said_line *now)
{
	struct said_line *was = s->n ? bsearch(now, s->v, s->n, sizeof(*s->v), cmp) : NULL;
	uint64_t again = was ? MIN_OF(was->count, now->count) : 0;

	if (was)
		was->count -= again;
	return now->count - again;
}
