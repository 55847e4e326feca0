/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an analysis prints: only what it may say is taken, of the days it was shown, by its own name; and said again,
 * once it is in the ledger, it is not new. */
#include "fuzz.h"

#include <assert.h>

#include "prog/analyse/analyse.h"
#include "util/clock.h"

#define NOW INT64_C(1800000000)

static struct shown shown_to(const struct said *said)
{
	struct shown s = { .fd = -1, .first_day = day_of(NOW) - 6, .last_day = day_of(NOW) };

	assert(addrset_parse(SPAN("46.0.0.0/16"), &s.own, NULL) == 0);
	for (size_t i = 0; said && i < said->n; i++)
		assert(said_add(&s.said, &said->v[i]) == 0);
	said_settle(&s.said);
	return s;
}

/* As the loader and the ledger have it. */
static void load(struct span lines, struct said *to, uint64_t *n)
{
	struct span rest = lines, line;

	while (!span_empty(rest)) {
		struct event_room room;
		struct event ev;
		struct err e;

		(void)span_cut(&rest, '\n', &line);
		assert(event_parse(line, 0, &room, &ev, &e) == 1);
		assert(span_is(ev.source, "scans") && ev.proof == PROOF_WEAK);
		assert(day_of(ev.time_s) <= day_of(NOW) && day_of(ev.time_s) >= day_of(NOW) - 6);
		assert(!range_special(prefix_range(ev.subject)));
		assert(said_add(to, &(struct said_line){ day_of(ev.time_s), ev.category, ev.subject,
					ev.count }) == 0);
		(*n)++;
	}
}

static struct taken take(struct span printed, const struct said *said, struct buf *out)
{
	struct known *known = known_new();
	struct shown shown = shown_to(said);
	struct taken t;

	assert(taken_read(printed, "scans", true, &shown, known, NOW, out, &t) == 0);
	shown_done(&shown);
	(void)known_free(known);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span printed = span_of((const char *)data, size);
	struct said said = { NULL };
	struct taken first, again;
	struct buf out;
	uint64_t n = 0;

	buf_init(&out, 64u << 20);
	first = take(printed, NULL, &out);
	load(out.len ? buf_text(&out) : SPAN(""), &said, &n);
	assert(n == first.fresh);
	again = take(printed, &said, &out);
	assert(again.fresh == 0 && again.said == first.fresh && again.refused == first.refused);
	said_done(&said);
	buf_done(&out);
	return 0;
}
