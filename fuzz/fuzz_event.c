/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event lines, both forms: what is read can be written, and reads back as the same. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "core/event.h"

static void round_trip(const struct event *ev)
{
	struct event_room room;
	struct event back;
	struct buf a, b;
	struct err e;

	buf_init(&a, 65536);
	buf_init(&b, 65536);
	event_format(ev, &a);
	assert(buf_ok(&a));
	assert(event_parse(span_of(a.p, a.len - 1), 0, &room, &back, &e) == 1);
	event_format(&back, &b);
	assert(span_eq(buf_text(&a), buf_text(&b)));
	buf_reset(&b);
	event_format_json(&back, 1, &b);
	assert(buf_ok(&b));
	buf_done(&a);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span line = span_of((const char *)data, size);
	struct event_room room;
	struct event ev;
	struct err e;

	if (event_parse(line, 1, &room, &ev, &e) == 1)
		round_trip(&ev);
	if (event_parse_json(line, 1, &room, &ev, &e) == 1)
		round_trip(&ev);
	return 0;
}
