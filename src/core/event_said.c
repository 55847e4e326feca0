/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/event_said.h"

#include <errno.h>

#define NO_TIME (-1) /* before all that a line can say */

int event_said(struct span line, const struct event_said_by *by, int64_t now_s,
    struct event_room *room, struct event *ret, struct err *e)
{
	int64_t undated_s = by->dated ? NO_TIME : now_s;
	struct event ev;
	int r;

	if (!span_empty(line) && line.end[-1] == '\r')
		line.end--;
	r = span_starts(line, "{") ? event_parse_json(line, undated_s, room, &ev, e)
				   : event_parse(line, undated_s, room, &ev, e);
	if (r <= 0)
		return r;
	if (ev.time_s == NO_TIME)
		return err_set(e, -EINVAL, "no time: say when that was which it is concluded from");
	r = event_date_check(ev.time_s, now_s, e);
	if (r < 0)
		return r;
	if (range_special(prefix_range(ev.subject)) ||
	    addrset_overlaps(by->own, prefix_range(ev.subject)))
		return err_set(e, -EINVAL, "one's own, private or special address space");
	ev.source = span_str(by->source);
	if (by->weak)
		ev.proof = PROOF_WEAK;
	*ret = ev;
	return 1;
}
