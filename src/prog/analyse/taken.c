/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "core/event_said.h"
#include "prog/analyse/analyse.h"
#include "util/clock.h"

/* It speaks of the days that it was shown: so it is found again in them when it is said again. */
static int check_day(const struct shown *shown, int32_t day, struct err *e)
{
	char first[UTC_TEXT_MAX], last[UTC_TEXT_MAX];

	if (day >= shown->first_day && day <= shown->last_day)
		return 0;
	utc_format_day(shown->first_day, first);
	utc_format_day(shown->last_day, last);
	return err_set(
	    e, -ERANGE, "dated on none of the days it was shown (%s to %s)", first, last);
}

static void refuse(struct taken *t, uint64_t number, const struct err *why)
{
	if (t->refused++ > 0)
		return;
	t->first_refused = number;
	t->why = *why;
}

static void take(const struct event *from, struct shown *shown, const struct known *known,
    struct buf *out, struct taken *t)
{
	struct event ev = *from;

	if (known_has(known, ev.subject, false)) {
		t->known_good++;
		return;
	}
	ev.count = (uint32_t)said_take(&shown->said,
	    &(struct said_line){ day_of(ev.time_s), ev.category, ev.subject, ev.count });
	if (ev.count == 0) {
		t->said++;
		return;
	}
	event_format(&ev, out);
	t->fresh++;
}

int taken_read(struct span printed, const char *source, bool weak, struct shown *shown,
    const struct known *known, int64_t now_s, struct buf *out, struct taken *ret)
{
	const struct event_said_by by = {
		.source = source, .own = &shown->own, .weak = weak, .dated = true
	};
	struct span rest = printed, line;

	*ret = (struct taken){ .fresh = 0 };
	for (uint64_t number = 1; !span_empty(rest); number++) {
		struct event_room room;
		struct event ev;
		struct err why;
		int r;

		(void)span_cut(&rest, '\n', &line);
		r = event_said(line, &by, now_s, &room, &ev, &why);
		if (r > 0 && check_day(shown, day_of(ev.time_s), &why) < 0)
			r = -ERANGE;
		if (r < 0)
			refuse(ret, number, &why);
		else if (r > 0)
			take(&ev, shown, known, out, ret);
	}
	return buf_ok(out) ? 0 : -ENOMEM;
}
