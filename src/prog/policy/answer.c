/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/policy/answer.h"

#include "prog/doorway/doorway.h"
#include "util/hash.h"

static const struct {
	struct span action;
} told[] = {
	[DOOR_PASS] = { { "", "" } },
	[DOOR_TAG] = { SPAN("action=PREPEND " DOOR_HEADER ": ") },
	[DOOR_GREYLIST] = { SPAN("action=DEFER_IF_PERMIT 4.7.1 ") },
	[DOOR_REFUSE] = { SPAN("action=REJECT 5.7.1 ") },
};
_Static_assert(NELEM(told) == DOOR_VERDICT_N, "told out of step");

static size_t put(char *to, struct span s)
{
	memcpy(to, s.p, span_len(s));
	return span_len(s);
}

size_t answer_dunno(char to[ANSWER_BYTES_MAX])
{
	return put(to, SPAN("action=DUNNO\n\n"));
}

static bool prepended_before(const struct policy_request *q, uint64_t *prepended)
{
	uint64_t h = span_empty(q->instance) ? 0 : hash_bytes(q->instance.p, span_len(q->instance));

	if (h && h == *prepended)
		return true;
	*prepended = h;
	return false;
}

size_t answer_request(struct door *door, const struct edition *ed, const struct policy_request *q,
    int64_t now_s, uint64_t *prepended, struct policy_counts *n, char to[ANSWER_BYTES_MAX])
{
	struct door_mail mail = { .sender = q->sender,
		.recipient = q->recipient,
		.authenticated = !span_empty(q->sasl_username),
		.verified = !span_empty(q->ccert_subject) };
	struct door_answer a;
	struct doorway way;
	struct addr client;
	size_t len;

	if (addr_parse(q->client_address, &client) < 0) { /* a mail that came over no network */
		n->door.verdict[DOOR_PASS]++;
		return answer_dunno(to);
	}
	doorway_look(ed, client, now_s, &way);
	door_judge(door, &way.facts, &mail, now_s, &a);
	if (a.verdict == DOOR_TAG && prepended_before(q, prepended))
		a.verdict = DOOR_PASS;
	door_count(&n->door, &a);
	if (a.verdict == DOOR_PASS)
		return answer_dunno(to);
	len = put(to, told[a.verdict].action);
	len += put(to + len, span_of(a.text, a.len));
	return len + put(to + len, SPAN("\n\n"));
}
