/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a stream of syslog messages, whole and in pieces of seven bytes: the same messages come out, each
 * of them within its bound, and what becomes of it is one line that begins with a date. */
#include "fuzz.h"

#include <assert.h>
#include <errno.h>

#include "intake/syslog.h"

static void one(struct span message, struct buf *out)
{
	struct clock clock = clock_fixed(1764547200);
	struct stamp_reader dates;
	size_t was = out->len;
	struct span line;
	struct stamp date;
	const char *why;

	stamp_init(&dates, &clock);
	if (syslog_line(&dates, message, SPAN("192.0.2.1"), out, &why) < 0) {
		assert(why && out->len == was);
		return;
	}
	line = (struct span){ out->p + was, out->p + out->len };
	assert(buf_ok(out) && span_len(line) <= SYSLOG_LINE_MAX);
	assert(memchr(line.p, '\n', span_len(line)) == line.end - 1);
	assert(!memchr(line.p, '\0', span_len(line)) && stamp_read(&dates, line, &date));
	assert(
	    date.time_s >= 1764547200 - SYSLOG_OLD_S && date.time_s <= 1764547200 + SYSLOG_AHEAD_S);
}

/* As a connection does it: bytes come, messages go, the rest moves to the front. */
static void stream(struct span in, size_t piece, struct buf *out)
{
	static char room[SYSLOG_FRAME_ROOM];
	struct syslog_cut cut = { 0 };
	size_t have = 0;

	while (!span_empty(in)) {
		size_t n = MIN_OF(MIN_OF(piece, span_len(in)), sizeof(room) - have);
		struct span rest, message;
		int r;

		assert(n > 0);
		memcpy(room + have, in.p, n);
		in.p += n;
		rest = span_of(room, have + n);
		while ((r = syslog_frame(&cut, &rest, &message)) == 1 || r == -EMSGSIZE) {
			assert(r < 0 || span_len(message) <= SYSLOG_MESSAGE_MAX);
			if (r == 1)
				one(message, out);
			else
				buf_str(out, "too long\n");
		}
		if (r == -EBADMSG) {
			buf_str(out, "broken\n");
			return;
		}
		have = span_len(rest);
		memmove(room, rest.p, have);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_done) struct buf whole, pieces;
	struct span in = span_of((const char *)data, size);

	buf_init(&whole, 64u << 20);
	buf_init(&pieces, 64u << 20);
	stream(in, SYSLOG_FRAME_ROOM, &whole);
	stream(in, 7, &pieces);
	assert(whole.len == pieces.len &&
	       (whole.len == 0 || memcmp(whole.p, pieces.p, whole.len) == 0));
	return 0;
}
