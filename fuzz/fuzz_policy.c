/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Postfix, or whoever connects, sends to onus-policy: requests one after the other, judged for clients of every kind.
 * An answer is one line of printable ASCII and an empty one. */
#include "fuzz.h"

#include <assert.h>

#include "prog/policy/answer.h"

static struct door *door_once(void)
{
	static struct door *door;
	struct conf *c;
	struct err e;

	if (door)
		return door;
	c = conf_new();
	assert(c && conf_set(c, "greylist_entries=1024", &e) == 0 &&
	       conf_set(c, "site_url=https://onus.example", &e) == 0 &&
	       door_new(c, &door, &e) == 0);
	(void)conf_free(c);
	return door;
}

/* Every kind of decision, about somebody whose name and reason are what the request's sender made up. */
static void judge(const struct policy_request *q, unsigned kind)
{
	struct entity en = entity_org("SITE", q->sender);
	struct door_client c = { .decided = true,
		.level = (enum level)(kind % LEVEL_N),
		.action = (enum action)(kind / LEVEL_N % ACTION_N),
		.scope = &en,
		.reason = q->recipient,
		.until_s = 1764331200 + kind,
		.grade = kind % 3 ? 'E' : 0,
		.graded = &en };
	struct door_mail m = { q->sender, q->recipient, kind % 5 == 1, kind % 7 == 1 };
	struct door_answer a;

	if (addr_parse(q->client_address, &c.addr) < 0)
		c.addr = addr_of_v4(kind);
	door_judge(door_once(), &c, &m, 1764331200 + kind, &a);
	assert(a.len < DOOR_TEXT_MAX && strlen(a.text) == a.len);
	for (size_t i = 0; i < a.len; i++)
		assert(a.text[i] >= ' ' && a.text[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size);
	struct policy_counts counts = { 0 };
	struct policy_request q;
	uint64_t prepended = 0;
	struct err e = { "" };
	int r;

	while ((r = request_take(&rest, &q, &e)) > 0) {
		char to[ANSWER_BYTES_MAX];
		size_t len =
		    answer_request(door_once(), NULL, &q, 1764331200, &prepended, &counts, to);

		assert(len <= sizeof(to) && memcmp(to + len - 2, "\n\n", 2) == 0);
		for (unsigned kind = 0; kind < 2 * LEVEL_N * ACTION_N; kind++)
			judge(&q, kind);
	}
	assert((r < 0) == (e.text[0] != '\0'));
	return 0;
}
