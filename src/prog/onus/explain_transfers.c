/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus explain: who held it before. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "prog/onus/explain.h"
#include "util/clock.h"

int explain_transfers(const struct transfers *t, const struct registry *r, const struct judge *j,
    const struct entity *en, struct explain_transfers *ret)
{
	*ret = (struct explain_transfers){ .v = calloc(t->n + 1, sizeof(*ret->v)) };
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		enum transfer_side side = transfers_side(t, r, i, en);
		struct explain_transfer *to = &ret->v[ret->n];

		if (side == TRANSFER_APART)
			continue;
		*to = (struct explain_transfer){ .range = t->former[i].range,
			.day = t->former[i].until,
			.was = t->party[t->told[i].was].name,
			.is = t->party[t->told[i].is].name,
			.kept = side == TRANSFER_KEPT };
		judge_former_seen(j, i, &to->hosts, &to->events);
		ret->n += to->events > 0;
	}
	return 0;
}

void explain_transfers_text(const struct explain_transfers *t, size_t limit, FILE *to)
{
	size_t shown = MIN_OF(t->n, limit);

	if (t->n)
		(void)fprintf(to, "Changed hands:\n");
	for (size_t i = 0; i < shown; i++) {
		const struct explain_transfer *x = &t->v[i];
		char day[UTC_TEXT_MAX], range[RANGE_TEXT_MAX];

		(void)range_format(x->range, range);
		utc_format_day(x->day, day);
		(void)fprintf(to,
		    "  %s on %s, from %s to %s: what was seen there before, of %" PRIu64
		    " host%s, %" PRIu64 " event%s, is %s\n",
		    range, day, x->was, x->is, x->hosts, x->hosts == 1 ? "" : "s", x->events,
		    x->events == 1 ? "" : "s",
		    x->kept ? "held against it, whose it was" : "not held against it");
	}
	if (shown < t->n)
		(void)fprintf(to, "  and %zu more\n", t->n - shown);
	if (t->n)
		(void)fprintf(to, "\n");
}

void explain_transfers_json(struct jout *j, const struct explain_transfers *t, size_t limit)
{
	jout_u64(j, "n_transfers", t->n);
	jout_array(j, "transfers");
	for (size_t i = 0; i < t->n && i < limit; i++) {
		const struct explain_transfer *x = &t->v[i];
		char text[RANGE_TEXT_MAX];

		jout_object(j, NULL);
		(void)range_format(x->range, text);
		jout_str(j, "range", text);
		utc_format_day(x->day, text);
		jout_str(j, "day", text);
		jout_str(j, "from", x->was);
		jout_str(j, "to", x->is);
		jout_bool(j, "held_against", x->kept);
		jout_u64(j, "hosts", x->hosts);
		jout_u64(j, "events", x->events);
		jout_object_end(j);
	}
	jout_array_end(j);
}
