/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay as an event. */
#include "intake/received.h"

void received_event(const struct relay *r, int64_t stored_s, int64_t now_s, struct event *ret)
{
	int64_t time_s;
	struct err why;

	if (!received_time(r->field, &time_s) || event_date_check(time_s, now_s, &why) < 0)
		time_s = stored_s > 0 && stored_s < now_s ? stored_s : now_s;
	ret->time_s = time_s;
	ret->subject = event_subject(r->client);
	ret->proof = r->assumed ? PROOF_WEAK : PROOF_FULL;
	ret->count = 1;
	ret->service = SPAN("smtp");
}
