/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of who stands at the door, in plain words: the room knows no publication, no Postfix and no milter. */
#ifndef ONUS_DOOR_FACTS_H
#define ONUS_DOOR_FACTS_H

#include "core/decision.h"
#include "core/entity.h"

/* struct door_client - a client's address as a publication sees it; all texts and entities are borrowed
 * Zeroed but for addr: nothing is known of it. */
struct door_client {
	struct addr addr;
	bool spared; /* own network, allow list or special space: nothing is done to it */

	bool decided; /* a decision is in force over it; else the five that follow mean nothing */
	enum level level;
	enum action action;
	const struct entity *scope; /* whom it is about */
	int64_t until_s;
	struct span reason;

	char
	    grade; /* 'A' … 'F' of what is known most closely of it; 0: none, then the two that follow mean nothing */
	float score;
	const struct entity *graded; /* whose grade that is */
};

/* struct door_mail - one recipient of one mail; texts are borrowed, untrusted, and may be empty */
struct door_mail {
	struct span sender;    /* without <>; empty: the null sender */
	struct span recipient; /* empty: not known (yet, or they are many) */
	bool authenticated;    /* by SASL */
	bool verified;	       /* by a TLS certificate that is trusted */
};

#endif
