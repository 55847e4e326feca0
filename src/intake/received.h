/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who handed a message over: out of its Received lines, of which only those count that hosts one trusts have written.
 *
 * Each receiver writes a line on top of those before it, so a message's chain can be believed from its top down to the
 * first line that a trusted host wrote about a client which is none; what stands below, that client may have invented.
 * In a line, only what the receiver saw counts: the address of the connection. The name that the client gave of itself
 * (HELO, which may be an address), its ident, its certificate and the envelope are its own words.
 *
 * A line is read in the form of the mailer that wrote it, or not at all: where two addresses could be the client, it is
 * unreadable, and what is below an unreadable line is not looked at. So mail may escape, and nobody is framed.
 * No I/O, nothing is allocated. Source: RFC 5321 section 4.4; the sources, documents and mails of the mailers. */
#ifndef ONUS_INTAKE_RECEIVED_H
#define ONUS_INTAKE_RECEIVED_H

#include "core/event.h"
#include "net/addrset.h"

#define RECEIVED_FIELD_MAX                                                                         \
	8192u /* bytes of one field, folds included; a longer one is unreadable */
#define RECEIVED_HEADER_MAX (256u << 10) /* bytes of a header that are looked at */
#define RECEIVED_LINES_MAX  100u /* Received lines that are looked at; RFC 5321 section 6.3 */

enum received {
	RECEIVED_CLIENT, /* it came over the network: *client */
	RECEIVED_STEP,	 /* a step within the host: a delivery, a queue, mail that was fetched */
	RECEIVED_USER,	 /* an account on the host handed it over */
	RECEIVED_UNREADABLE, /* none of the forms that are known, or it can be read in two ways */
};

/* received_client - what one line says
 *
 * value   the field behind "Received:", folded or not, untrusted
 * client  the address that the host which wrote the line saw; set with RECEIVED_CLIENT alone */
enum received received_client(struct span value, struct addr *client);

/* received_time - when the host that wrote the line says it took the message: the date behind the last ';'
 * Returns true and Unix seconds; false when there is none of RFC 5322's form (years of two digits are refused). */
bool received_time(struct span value, int64_t *ret);

enum relay_state {
	RELAY_FOUND,
	RELAY_INSIDE,	  /* every line is about hosts that are trusted: it came from within */
	RELAY_NO_LINES,	  /* there is no Received line */
	RELAY_UNREADABLE, /* line .line; nothing below it was looked at */
	RELAY_IMPOSSIBLE, /* line .line has an address that no client can have (documentation, multicast …) */
	RELAY_TOO_LONG, /* more lines or bytes than are looked at, and none of them told */
	RELAY_N
};

/* struct relay - the host outside that handed the message to one that is trusted */
struct relay {
	enum relay_state state;
	struct addr client; /* with RELAY_FOUND */
	unsigned line;	    /* counted from the top, from 1; 0: none was looked at */
	struct span field;  /* of that line: borrowed from the header */
	bool
	    assumed; /* a private address that the set does not name, or a local account, was passed over on the way:
		       * whoever has broken in there could have written the rest */
};

/* received_relay - walk down a message's header
 *
 * message  the message or its header alone; it is read to the first empty line, or the first that is no field. An
 *          mbox's "From " line before it is skipped.
 * trusted  networks whose hosts write true lines, one's own among them; loopback always is, and private addresses
 *          are passed over */
struct relay received_relay(struct span message, const struct addrset *trusted);

/* received_event - what *ret says of a relay that was found: when its receiver took the mail (else when it was stored,
 * 0: not known; else now), who, and how sure that is. Category and source are the caller's. */
void received_event(const struct relay *r, int64_t stored_s, int64_t now_s, struct event *ret);

/* relay_state_name - a word for machines: "found", "inside", "no-lines" … */
const char *relay_state_name(enum relay_state s);

#endif
