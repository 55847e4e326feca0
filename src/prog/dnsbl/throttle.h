/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many answers a network is given over UDP, where whoever asks may be made up: so that we are nobody's amplifier.
 * One table for all threads, of a size that nobody can change. */
#ifndef ONUS_PROG_DNSBL_THROTTLE_H
#define ONUS_PROG_DNSBL_THROTTLE_H

#include "core/conf.h"
#include "net/addrset.h"

struct throttle;

enum throttle_says {
	THROTTLE_ANSWER,
	THROTTLE_BRIEF, /* a truncated answer, no longer than the question: who is real asks over TCP */
	THROTTLE_SILENCE
};

/* throttle_new - dnsbl_rate, dnsbl_slip, dnsbl_unlimited; 0, -EINVAL with a sentence, -ENOMEM
 * throttle_free - NULL-safe, returns NULL */
MUST_USE int throttle_new(const struct conf *c, struct throttle **ret, struct err *e);
struct throttle *throttle_free(struct throttle *t);

/* throttle_network - a's network (/24, /56), as a hash that no stranger can foretell */
uint64_t throttle_network(struct addr a);

/* throttle_ask - one more question out of a's network (/24, /56) within the second now_s; any thread */
enum throttle_says throttle_ask(struct throttle *t, struct addr a, int64_t now_s);

#endif
