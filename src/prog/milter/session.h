/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mail server's connection, from what is agreed upon to the end of its last mail. Recipients are judged one by one; of
 * messages only headers of our own name are looked at. Where anything is amiss on our side, the mail passes. It knows no
 * sockets. */
#ifndef ONUS_PROG_MILTER_SESSION_H
#define ONUS_PROG_MILTER_SESSION_H

#include "prog/milter/macros.h"
#include "prog/milter/packet.h"
#include "prog/milter/porter.h"

#define SESSION_FORGED_MAX 100u	 /* headers of our name that one mail may bring along */
#define SESSION_ANSWER_MAX 4096u /* bytes that one packet is answered with */
#define SESSION_QUIT	   2

/* struct session - zeroed to begin with */
struct session {
	bool agreed; /* the three that follow mean something */
	uint32_t actions, steps;
	uint32_t unread; /* of a packet that is passed over */

	bool admitted, known; /* there is a client; and it has an address */
	struct addr client;
	struct macros macros;

	/* of the mail that is under way */
	char *sender; /* owned */
	bool authenticated, certified;
	bool foreign;		    /* its client may bring no headers of our name along */
	char header[DOOR_TEXT_MAX]; /* to be added; "": none */
	unsigned forged;
};

/* session_take - one packet, or what there is of one that is passed over, off the head of *in
 *
 * to    room for SESSION_ANSWER_MAX bytes; *len is set to how many of them answer it
 * Returns 1; 0: more is to come, *in is as it was; SESSION_QUIT; -EBADMSG with what is wrong: the connection is to be
 * closed, as in the case before. */
MUST_USE int session_take(
    struct session *s, struct porter *p, struct span *in, char *to, size_t *len, struct err *e);

bool session_in_mail(const struct session *s);	       /* one has begun, and is not at its end */
void session_end(struct session *s, struct porter *p); /* zeroed again */

#endif
