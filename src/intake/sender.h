/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sends a message, and whether one's own receiver says that it is he: his address in From against a list of those
 * who are believed, and the results that the receiver wrote (Authentication-Results, RFC 8601). The header is read as
 * bytes, no I/O, nothing is allocated; so who asks need not be without rights.
 *
 * A sender can write results in any name. Those count that stand where only one's own hosts write: above the first
 * Received line below the one in which they took the message from a client that is not theirs. Of these the topmost in
 * the receiver's name is the one. What the sender wrote directly below that line the receiver has to remove (RFC 8601
 * section 5); a receiver that adds no results of its own and removes none lets him write them. */
#ifndef ONUS_INTAKE_SENDER_H
#define ONUS_INTAKE_SENDER_H

#include "net/addrset.h"
#include "util/span.h"

#define SENDER_DOMAIN_MAX 253u

/* struct sender_options - borrowed */
struct sender_options {
	struct span
	    reporters; /* domains and mail addresses, commas or blanks between; may be empty */
	struct span
	    authserv; /* the receiver's name in its results; may be empty: nobody is proven */
	const struct addrset
	    *trusted; /* networks whose hosts' Received lines are true; loopback's always are */
};

enum sender_state {
	SENDER_NOBODY, /* no From with one mailbox in it, or a header too long to tell */
	SENDER_UNLISTED,
	SENDER_UNPROVEN, /* listed, and nothing says that it is he */
	SENDER_VERIFIED, /* listed, and the receiver says that it is he */
	SENDER_N
};

struct sender {
	enum sender_state state;
	char domain[SENDER_DOMAIN_MAX + 1]; /* of From, lower case; "" with SENDER_NOBODY */
};

void sender_check(struct span message, const struct sender_options *o, struct sender *ret);

/* sender_state_text - why he is not verified, as a sentence's end: "he is on no list" */
const char *sender_state_text(enum sender_state s);

/* sender_listed - the entry of a list that a sender falls under: himself ("abuse@example.net"), or his domain or one
 * above it ("example.net"). Sets *ret to the domain of that entry. */
bool sender_listed(struct span list, struct span mailbox, struct span *ret);

/* sender_mailbox - the one mailbox of a From
 *
 * value  of the field, untrusted
 * ret    [SENDER_MAILBOX_MAX + 1], "local@domain", without comments
 * Returns false when there are none or several, or it is not written as RFC 5322 section 3.4 has it. */
#define SENDER_MAILBOX_MAX 998u
bool sender_mailbox(struct span value, char *ret);

/* sender_results_by - are they those of this receiver? sender_results_pass - do they say that the message is from domain
 * or one below it, by DKIM, DMARC or SPF? Both of the value of one Authentication-Results. */
bool sender_results_by(struct span results, struct span authserv);
bool sender_results_pass(struct span results, struct span domain);

#endif
