/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether somebody can be written to: the states of a mailbox, and what it is by its looks.
 * Source: RFC 5321 section 4.1.2 (Mailbox). */
#ifndef ONUS_HOLDERS_MAILBOX_H
#define ONUS_HOLDERS_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "net/idn.h"
#include "util/span.h"

/* States of a mailbox; those of the file and the registry file: never renumber. */
enum mailbox_state {
	MAILBOX_UNCHECKED = 0,
	MAILBOX_OK = 1,	       /* a host takes mail for its domain, as far as DNS says */
	MAILBOX_UNSURE = 2,    /* name servers did not answer */
	MAILBOX_SYNTAX = 3,    /* dead, from here on */
	MAILBOX_NO_DOMAIN = 4, /* its domain does not exist */
	MAILBOX_NO_HOST = 5,   /* no MX and no address */
	MAILBOX_NULL_MX = 6,   /* its domain says that it takes no mail */
	MAILBOX_NOWHERE = 7,   /* hosts without an address that is reached from elsewhere */
	MAILBOX_STATE_N
};

/* mailbox_word - "ok", "unknown", "dead"; NULL when unchecked. mailbox_reason - why not ok, a few words; else NULL */
const char *mailbox_word(enum mailbox_state s);
const char *mailbox_reason(enum mailbox_state s);
static inline bool mailbox_dead(enum mailbox_state s)
{
	return s >= MAILBOX_SYNTAX;
}

/* mailbox_key, mailbox_parse - how files write a state ("no-domain"); false when it is none */
const char *mailbox_key(enum mailbox_state s);
bool mailbox_parse(struct span s, enum mailbox_state *ret);

/* mailbox_domain - the domain to ask about, as DNS has it
 * Returns false when mail is no mailbox that can be written to from anywhere (RFC 5321): then it is dead, and nobody
 * need be asked. */
bool mailbox_domain(struct span mail, char ret[IDN_NAME_MAX + 1]);

/* --- the file of what was found out -------------------------------------------------------------------- */

/* #onus-mailboxes 1
 * DAY <tab> STATE <tab> MAILBOX		2026-11-23, as mailbox_key; the last line about a mailbox counts */
#define MAILBOXES_HEAD "#onus-mailboxes 1"
#define MAILBOX_MAX    256u /* bytes of a mailbox */
struct mailbox_line {
	int32_t day;
	enum mailbox_state state;
	struct span mail; /* borrowed: printable, no blanks, one '@' or more */
};

/* mailbox_line_parse - false when it is none */
bool mailbox_line_parse(struct span line, struct mailbox_line *ret);

#endif
