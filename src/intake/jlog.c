/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/jlog.h"

#include <errno.h>

struct jlog {
	struct jmap *map;
	struct scan_options o;
	bool good;
	struct scan_counts counts;
	uint64_t first_refused;
	const char *why_refused;
};

int jlog_new(struct jmap *map, const struct scan_options *o, struct jlog **ret, struct err *e)
{
	struct jlog *j = calloc(1, sizeof(*j));

	if (!j) {
		(void)jmap_free(map);
		return err_set(e, -ENOMEM, "out of memory");
	}
	j->map = map;
	j->o = *o;
	if (span_empty(o->source))
		j->o.source = span_str(jmap_name(map));
	*ret = j;
	return 0;
}

struct jlog *jlog_free(struct jlog *j)
{
	if (!j)
		return NULL;
	(void)jmap_free(j->map);
	free(j);
	return NULL;
}

bool jlog_good(struct jlog *j)
{
	j->good = true;
	return jmap_has_good(j->map);
}

const struct scan_counts *jlog_counts(const struct jlog *j)
{
	return &j->counts;
}

uint64_t jlog_first_refused(struct jlog *j, const char **why)
{
	uint64_t number = j->first_refused;

	*why = j->why_refused;
	j->first_refused = 0;
	return number;
}

const char *jlog_map(const struct jlog *j)
{
	return jmap_name(j->map);
}

bool jlog_fits(const struct jlog *j, struct span line)
{
	return jmap_fits(j->map, line);
}

static void refuse(struct jlog *j, uint64_t number, const char *why)
{
	j->counts.refused++;
	if (j->first_refused == 0) {
		j->first_refused = number;
		j->why_refused = why;
	}
}

static void one_line(struct jlog *j, struct span line, uint64_t number, scan_sink *sink, void *ctx)
{
	struct event ev;
	const char *why;
	int r = jmap_line(j->map, line, j->good, &ev, &why);

	if (r < 0) {
		refuse(j, number, why);
		return;
	}
	if (r == 0)
		return;
	j->counts.matched++;
	if (event_date_check(ev.time_s, clock_now_s(j->o.clock), NULL) < 0) {
		refuse(j, number, "dated before 1990 or in the future");
	} else if (range_special(prefix_range(ev.subject))) {
		j->counts.special++;
	} else if (j->o.own && addrset_overlaps(j->o.own, prefix_range(ev.subject))) {
		j->counts.own++;
	} else {
		ev.source = j->o.source;
		if (j->o.weak)
			ev.proof = PROOF_WEAK;
		j->counts.events++;
		sink(ctx, &ev, number);
	}
}

uint64_t jlog_block(struct jlog *j, const struct block *b, scan_sink *sink, void *ctx)
{
	struct span rest = b->text, line;
	uint64_t n = 0;

	if (b->cut) {
		j->counts.lines++;
		refuse(j, b->first_number, "the line is too long");
		return 1;
	}
	for (; !span_empty(rest); n++) {
		(void)span_cut(&rest, '\n', &line); /* a block ends with LF */
		if (!span_empty(span_trim(line)))
			one_line(j, line, b->first_number + n, sink, ctx);
	}
	j->counts.lines += n;
	return n;
}
