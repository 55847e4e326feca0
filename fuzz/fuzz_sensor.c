/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the lines of a sensor's batch: as many come out, of each all but the source is as it was, and whatever an
 * event line then says is said by a source of that sensor, of which there are not too many. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "core/event.h"
#include "ledger/hub_sensor.h"

#define HOST  "mx.example"
#define DAY   20000
#define FIELD 5 /* the source's */

static struct hub *hub;

static void open_hub(void)
{
	struct err e;

	if (hub_open("sqlite::memory:", HUB_WRITE, &hub, &e) < 0)
		abort();
}

static void close_hub(void)
{
	hub = hub_free(hub);
}

static bool is_ours(struct span source)
{
	return span_starts(source, HOST "_") && span_len(source) <= EVENT_SOURCE_MAX;
}

static void check_line(struct span was, struct span is)
{
	struct span a, b;
	struct event ev;
	struct event_room room;
	struct err e;

	if (event_parse(is, (int64_t)DAY * 86400, &room, &ev, &e) == 1)
		assert(span_empty(ev.source) || is_ours(ev.source));
	for (int i = 0; !span_empty(was) || !span_empty(is); i++) {
		bool more = span_cut(&was, '\t', &a);

		assert(span_cut(&is, '\t', &b) == more);
		assert(span_eq(a, b) || (i == FIELD && (span_empty(b) || is_ours(b))));
	}
}

static int count(void *ctx, const struct hub_source *s)
{
	unsigned *n = ctx;

	*n += is_ours(span_str(s->name)) && strcmp(s->group, HOST) == 0;
	assert(*n <= HUB_SENSOR_SOURCES_MAX + 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span was = span_of((const char *)data, MIN_OF(size, BATCH_LINES_ROOM)), is, a, b;
	struct buf out;
	unsigned n = 0;
	struct err e;

	if (!hub) {
		open_hub();
		(void)atexit(close_hub);
	}
	buf_init(&out, HUB_SENSOR_LINES_MAX);
	if (hub_begin(hub, &e) < 0 || hub_sensor_lines(hub, HOST, was, DAY, &out, &e) < 0 ||
	    hub_each_source(hub, count, &n, &e) < 0)
		abort();
	hub_rollback(hub);
	is = out.len ? buf_text(&out) : SPAN("");
	while (!span_empty(was)) {
		(void)span_cut(&was, '\n', &a);
		assert(span_cut(&is, '\n', &b));
		check_line(a, b);
	}
	assert(span_empty(is));
	buf_done(&out);
	return 0;
}
