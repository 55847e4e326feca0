/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of source there are, and what is the same for all of them. A new kind is a file of its own and
 * a row here. */
#include <errno.h>

#include "prog/collect/collect.h"

static const struct source_kind *const kinds[] = { &kind_log, &kind_json, &kind_list, &kind_events,
	&kind_syslog, &kind_journal, &kind_plugin, &kind_reports, &kind_mail };

static const struct source_kind *kind_of(const char *type)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (strcmp(type, kinds[i]->type) == 0)
			return kinds[i];
	return NULL;
}

bool source_gives_good(const char *type)
{
	const struct source_kind *k = kind_of(type);

	return k && (k->again || k->handed);
}

int source_open(struct source *s, struct collect *c, const struct conf_source *conf, struct err *e)
{
	*s = (struct source){
		.kind = kind_of(conf->type), .conf = conf, .to = c, .weak = conf->weak
	};
	if (!s->kind)
		return err_set(e, -EINVAL, "source %s: nothing here reads type \"%s\"", conf->name,
		    conf->type);
	return s->kind->open(s, e);
}

void source_keep(struct source *s)
{
	if (s->kind && s->in && s->kind->keep && s->to->kept)
		s->kind->keep(s);
}

void source_done(struct source *s)
{
	if (!s->kind)
		return;
	if (s->in)
		s->kind->done(s);
	lines_done(s);
}

int source_start(struct source *s, struct err *e)
{
	return s->kind->start ? s->kind->start(s, e) : 0;
}

int source_restore(struct source *s, struct span line, struct err *e)
{
	return s->kind->restore ? s->kind->restore(s, line, e) : 0;
}

void source_tend(struct source *s)
{
	if (s->kind->tend)
		s->kind->tend(s);
}

bool source_poll(struct source *s, int64_t settled_s)
{
	return s->kind->poll && s->kind->poll(s, settled_s);
}

int source_pump(struct source *s, struct err *e)
{
	return s->kind->pump(s, e);
}

void source_positions(struct source *s, struct buf *out)
{
	if (s->kind->positions)
		s->kind->positions(s, out);
}

void source_durable(struct source *s)
{
	if (s->kind->durable)
		s->kind->durable(s);
}

const char *source_trouble(struct source *s)
{
	return s->kind->trouble ? s->kind->trouble(s) : NULL;
}

void source_count(const struct source *s, struct source_counts *to)
{
	if (s->kind->count)
		s->kind->count(s, to);
}

bool source_knows(const struct source *s, const struct event *ev)
{
	bool known = known_has(s->to->known, ev->subject, s->conf->anchor);

	s->to->known_good += known;
	return known;
}
