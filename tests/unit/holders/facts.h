/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts as a reader would tell them, for tests that have no reader. */
#ifndef ONUS_TESTS_HOLDERS_FACTS_H
#define ONUS_TESTS_HOLDERS_FACTS_H

#include "holders/build_format.h"

/* struct said - one fact in words; NULL: not said */
struct said {
	enum fact_kind kind;
	enum input_kind from;
	const char *source, *handle, *range, *name, *descr, *org, *opaque, *abuse, *mail, *address,
	    *status, *country;
	uint32_t as[2], seen;
	bool geofeed;
	int64_t created_s, changed_s;
	uint64_t line;
};

static inline struct span said_span(const char *s)
{
	return s ? span_str(s) : (struct span){ NULL, NULL };
}

/* said_take - hand one over as a fact of an input; what take says */
static inline int said_take(struct registry_build *b, unsigned input, const struct said *s)
{
	struct fact_to to = build_facts(b, input);
	struct fact f = { .kind = s->kind,
		.source = said_span(s->source),
		.handle = said_span(s->handle),
		.as = { s->as[0], s->as[1] },
		.seen = s->seen,
		.geofeed = s->geofeed,
		.name = said_span(s->name),
		.descr = said_span(s->descr),
		.org = said_span(s->org),
		.opaque = said_span(s->opaque),
		.abuse = said_span(s->abuse),
		.mail = said_span(s->mail),
		.address = said_span(s->address),
		.status = said_span(s->status),
		.created_s = s->created_s,
		.changed_s = s->changed_s,
		.line = s->line };

	if (s->range && range_parse(span_str(s->range), &f.range) < 0)
		return -EDOM;
	if (s->country)
		memcpy(f.country, s->country, 2);
	return to.take(to.ctx, &f);
}

#endif
