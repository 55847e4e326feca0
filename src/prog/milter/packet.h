/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of the milter protocol: four bytes of length in network order, a letter, and what belongs to it. What they mean is
 * for the session. */
#ifndef ONUS_PROG_MILTER_PACKET_H
#define ONUS_PROG_MILTER_PACKET_H

#include "util/err.h"
#include "util/span.h"

#define PACKET_WHOLE_MAX 65536u	    /* bytes of one that is wanted whole, its letter among them */
#define PACKET_MAX	 (1u << 24) /* of any; what is not wanted is passed over */
#define PACKET_HEAD	 64u	    /* of one that is passed over this much is looked at */
#define PACKET_TAKEN_MAX (4 + PACKET_WHOLE_MAX)

/* struct packet - borrows from what was parsed */
struct packet {
	char what; /* enum milter_command */
	struct rd body;
	uint32_t unread; /* bytes of it that follow, and are to be passed over */
};

/* packet_take - the first packet off the head of *in
 * Returns 1 with *ret; 0: more is to come, *in is as it was; -EBADMSG with what is wrong. */
MUST_USE int packet_take(struct span *in, struct packet *ret, struct err *e);

/* packet_text - text up to its NUL; false, and r is bad: there is none */
MUST_USE bool packet_text(struct rd *r, struct span *ret);

/* struct reply - packets that are built one behind another */
struct reply {
	char *to; /* borrowed, max bytes; that they suffice is the caller's */
	size_t len, max;
};

/* reply_put - one packet: its letter, and body, n bytes (body may be NULL when n is 0)
 * reply_header - of a letter that is followed by a number and a header's name and value */
void reply_put(struct reply *r, char what, const void *body, size_t n);
void reply_header(struct reply *r, char what, uint32_t at, const char *name, struct span value);

#endif
