/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Abuse reports in any form, as the child of the collector reads them: what comes out is event lines that its parent
 * takes, of nobody's name; a refused report leaves nothing, and one reason. What is not verified is weak. */
#include "fuzz.h"

#include <assert.h>

#include "core/event.h"
#include "intake/report.h"

#define NOW_S 1764547200 /* 2025-12-01T00:00:00Z */

static int read_as(const uint8_t *data, size_t size, const struct report_options *o, bool weak)
{
	CLEANUP(buf_done) struct buf out;
	struct span rest, line;
	struct err why = { "" };
	int n, lines = 0;

	buf_init(&out, 8u << 20);
	n = report_read(span_of((const char *)data, size), o, &out, &why);
	assert(buf_ok(&out));
	assert(n >= 0 || (why.text[0] && out.len == 0));
	rest = out.len ? buf_text(&out) : SPAN("");
	while (!span_empty(rest)) {
		struct event_room room;
		struct event ev;

		(void)span_cut(&rest, '\n', &line);
		assert(event_parse(line, NOW_S, &room, &ev, &why) == 1);
		assert(event_is_host(&ev) && ev.time_s <= NOW_S && ev.count <= REPORT_COUNT_MAX);
		assert(span_empty(ev.source) && (!weak || ev.proof == PROOF_WEAK));
		lines++;
	}
	assert(n < 0 || n == lines);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrset none = { .v = NULL };
	const struct report_options nobody = { .now_s = NOW_S,
		.sender = { .reporters = SPAN(""), .authserv = SPAN(""), .trusted = &none } };
	const struct report_options listed = { .now_s = NOW_S,
		.sender = { .reporters = SPAN("example.net, abuse@example.org"),
		    .authserv = SPAN("mx.example.com"),
		    .trusted = &none } };
	static bool ready;

	if (!ready)
		report_init();
	ready = true;
	assert(read_as(data, size, &nobody, true) == read_as(data, size, &listed, false));
	return 0;
}
