/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn. Colours are those of Okabe and Ito's palette, which people who see colours differently can tell
 * apart. */
#include "prog/graph/graph.h"

#define BLUE   "0072B2"
#define ORANGE "D55E00"
#define GREEN  "009E73"

static bool fresh(const struct health *h)
{
	return h->spool_known && h->now_s - h->spool_at_s <= STATUS_STALE_S;
}

static bool waiting(const struct health *h, double *ret)
{
	*ret = (double)h->spool.waiting.batches;
	return fresh(h);
}

static bool unreadable(const struct health *h, double *ret)
{
	*ret = (double)h->spool.bad.batches;
	return fresh(h);
}

static bool lag(const struct health *h, double *ret)
{
	int64_t oldest = h->spool.waiting.oldest_s;

	*ret = oldest ? (double)MAX_OF(h->now_s - oldest, (int64_t)0) : 0;
	return fresh(h);
}

static bool published(const struct health *h, double *ret)
{
	*ret = (double)MAX_OF(h->now_s - h->created_s, (int64_t)0) / 3600;
	return h->published;
}

const struct flow flows[PICTURE_N] = {
	[PICTURE_EVENTS] = { "a second",
	    { { "events", "events", BLUE, true, "onus-collect", "events", NULL } }, 1 },
	[PICTURE_REFUSED] = { "a second",
	    { { "collect", "lines refused", ORANGE, true, "onus-collect", "refused", NULL },
		{ "load", "events refused", BLUE, true, "onus-load", "refused", NULL },
		{ "lost", "datagrams lost", GREEN, true, "onus-collect", "datagrams_lost", NULL } },
	    3 },
	[PICTURE_QUEUE] = { "batches",
	    { { "waiting", "waiting", BLUE, false, NULL, NULL, waiting },
		{ "bad", "unreadable", ORANGE, false, NULL, NULL, unreadable } },
	    2 },
	[PICTURE_LAG] = { "seconds", { { "lag", "oldest batch", BLUE, false, NULL, NULL, lag } },
	    1 },
	[PICTURE_LOAD] = { "a second",
	    { { "lines", "events", BLUE, true, "onus-load", "lines", NULL },
		{ "rows", "rows written", GREEN, true, "onus-load", "rows", NULL } },
	    2 },
	[PICTURE_PUBLICATION] = { "hours", { { "age", "age", BLUE, false, NULL, NULL, published } },
	    1 },
};

bool series_value(const struct series *s, const struct health *h, double *ret)
{
	const struct status_program *p;

	if (s->of)
		return s->of(h, ret);
	p = status_program(&h->programs, s->program);
	/* of who is down, what it said last is of then */
	return p && (p->life == LIFE_UP || p->life == LIFE_TROUBLE) &&
	       status_find(p->file, PART_COUNTER, s->key, ret);
}
