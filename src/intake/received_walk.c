/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk down a header. */
#include "intake/received.h"

#include <string.h>

#include "intake/header.h"

static const char *const state_name[] = {
	[RELAY_FOUND] = "found",
	[RELAY_INSIDE] = "inside",
	[RELAY_NO_LINES] = "no-lines",
	[RELAY_UNREADABLE] = "unreadable",
	[RELAY_IMPOSSIBLE] = "impossible",
	[RELAY_TOO_LONG] = "too-long",
};
_Static_assert(NELEM(state_name) == RELAY_N, "state_name out of step");

const char *relay_state_name(enum relay_state s)
{
	return state_name[s];
}

/* What a host with this address may be: outside, inside, inside as far as one can see, or nobody. */
enum place { OUTSIDE, INSIDE, ASSUMED, NOWHERE };

static enum place place_of(struct addr a, const struct addrset *trusted)
{
	static const char *const within[] = { "private", "link-local", "shared" };
	const char *special = addr_special(a);

	if (addrset_has(trusted, a) || (special && strcmp(special, "loopback") == 0))
		return INSIDE;
	for (size_t i = 0; special && i < NELEM(within); i++)
		if (strcmp(special, within[i]) == 0)
			return ASSUMED;
	return special ? NOWHERE : OUTSIDE;
}

/* One line: true when the walk ends with it. */
static bool look(struct relay *r, struct span value, const struct addrset *trusted)
{
	enum received is = received_client(value, &r->client);

	r->line++;
	r->field = value;
	r->state = RELAY_INSIDE;
	r->assumed = r->assumed || is == RECEIVED_USER;
	if (is == RECEIVED_UNREADABLE)
		r->state = RELAY_UNREADABLE;
	if (is != RECEIVED_CLIENT)
		return is == RECEIVED_UNREADABLE;
	switch (place_of(r->client, trusted)) {
	case OUTSIDE:
		r->state = RELAY_FOUND;
		return true;
	case NOWHERE:
		r->state = RELAY_IMPOSSIBLE;
		return true;
	case ASSUMED:
		r->assumed = true;
		return false;
	case INSIDE:
		return false;
	}
	return true;
}

struct relay received_relay(struct span message, const struct addrset *trusted)
{
	struct relay r = { .state = RELAY_NO_LINES };
	bool cut = span_len(message) > RECEIVED_HEADER_MAX;
	struct span rest = cut ? span_of(message.p, RECEIVED_HEADER_MAX) : message, name, value;

	rest = header_begin(rest);
	while (header_next(&rest, &name, &value)) {
		if (!header_is(name, "Received"))
			continue;
		if (r.line == RECEIVED_LINES_MAX || (cut && span_empty(rest))) {
			r.state = RELAY_TOO_LONG;
			return r;
		}
		if (look(&r, value, trusted))
			return r;
	}
	if (cut && span_empty(rest))
		r.state = RELAY_TOO_LONG;
	return r;
}
