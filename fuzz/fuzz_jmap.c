/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a map of a JSON log, and behind a line of "---" any bytes as the log: what becomes an event is
 * one that may be, and the counts add up. */
#include "fuzz.h"

#include <assert.h>

#include "intake/jlog.h"

#define CUT "\n---\n"

static void see(void *ctx, const struct event *ev, uint64_t number)
{
	uint64_t *n = ctx;

	assert(!range_special(prefix_range(ev->subject)) && event_is_host(ev));
	assert(ev->count >= 1 && ev->count <= JMAP_COUNT_MAX && ev->category < CATEGORY_N);
	assert(
	    span_len(ev->service) <= EVENT_SERVICE_MAX && span_len(ev->source) <= EVENT_SOURCE_MAX);
	assert(ev->time_s >= EVENT_OLDEST_S && number > 0);
	(*n)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size), log = { NULL, NULL };
	const char *cut = size ? memmem(data, size, CUT, strlen(CUT)) : NULL;
	struct clock clock = clock_fixed(1764547200);
	struct scan_options o = { .clock = &clock };
	const struct scan_counts *c;
	uint64_t events = 0, lines;
	struct jmap *map;
	struct jlog *j;

	if (cut) {
		text.end = cut + 1;
		log = (struct span){ cut + strlen(CUT), (const char *)data + size };
	}
	if (jmap_parse("fuzz", text, &map, NULL) < 0)
		return 0;
	assert(jlog_new(map, &o, &j, NULL) == 0);
	if (!span_empty(log)) {
		lines =
		    jlog_block(j, &(struct block){ .text = log, .first_number = 1 }, see, &events);
		c = jlog_counts(j);
		assert(c->lines == lines && c->events == events && c->events <= c->matched);
		assert(c->matched + c->refused <= 2 * lines && c->special + c->events <= lines);
	}
	(void)jlog_free(j);
	return 0;
}
