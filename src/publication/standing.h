/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an entity stands: everything that is published about it, as programs hand it to the writers
 * of this room. It knows no hub and no judge. */
#ifndef ONUS_PUBLICATION_STANDING_H
#define ONUS_PUBLICATION_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/category.h"
#include "core/decision.h"
#include "core/entity.h"
#include "util/span.h"

#define STANDING_TITLE_MAX  300u /* bytes; longer ones are cut at a character */
#define STANDING_REASON_MAX DECISION_REASON_MAX

struct standing_decision {
	enum level level; /* LEVEL_CLEAR: none, the rest is not looked at */
	enum action action;
	int64_t since_s, until_s;
	struct span reason;
};

/* All spans and pointers are borrowed for the call only. */
struct standing {
	const struct entity *entity;
	const struct entity *parent; /* the next known level of the chain, or NULL */
	struct span title;	     /* for people; may be empty */
	uint32_t asn;		     /* of the holder, 0 when not known */
	char country[3];
	uint64_t announced_v4; /* addresses */
	uint64_t announced_v6; /* /48s */
	uint64_t hosts, events;
	int32_t first_day, last_day; /* of the evidence, days since 1970-01-01 */
	bool scored;		     /* else the figures down to provisional are not looked at */
	double expected, returning, arrivals; /* attackers within 7 days; expected is the sum */
	double family[FAMILY_SCORED_N];	      /* expected, by family */
	double ratio;			      /* rho, >= 0 */
	double low, high, score;	      /* 0 … 100 */
	char grade;			      /* 'A' … 'F', 0: none */
	bool provisional;
	struct span reason; /* why there is no grade; else empty */
	uint32_t groups;    /* independent groups of sources behind it */
	struct standing_decision decision;
};

/* struct publication_head - what is true of the whole publication */
struct publication_head {
	uint64_t generation; /* only grows */
	int64_t created_s, expires_s;
	int64_t as_of_s;	 /* of the state it was made from */
	int64_t registry_date_s; /* 0 when there was none */
	bool simulated, provisional;
	struct span formula, site, attribution;
};

#endif
