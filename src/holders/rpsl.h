/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An object of an RPSL dump between its reader, which cuts lines into attributes, and what makes facts of it. */
#ifndef ONUS_HOLDERS_RPSL_H
#define ONUS_HOLDERS_RPSL_H

#include "holders/fact_text.h"

/* What is kept of an object; the first one that says anything holds. */
enum rpsl_slot {
	RPSL_KEY, /* the value of its first attribute, which names its class */
	RPSL_NAME,
	RPSL_HANDLE,
	RPSL_DESCR,
	RPSL_ORG,
	RPSL_ABUSE,
	RPSL_IRT,
	RPSL_MAIL,
	RPSL_ADDRESS, /* all of them, one line each */
	RPSL_STATUS,
	RPSL_COUNTRY,
	RPSL_PARENT,
	RPSL_CREATED,
	RPSL_MODIFIED,
	RPSL_SOURCE,
	RPSL_ORIGIN,
	RPSL_OWNER,
	RPSL_OWNERID,
	RPSL_SLOT_N
};

struct rpsl_object {
	struct buf slot[RPSL_SLOT_N]; /* as they stand, without comments; bounded */
	int64_t changed_s;	      /* the last day of its changed: attributes; 0 */
	bool geofeed;		      /* it names one */
	uint64_t line;
	struct buf room; /* of the fact in the making */
};

/* rpsl_make_fn - the facts of one object. Returns 0, -ENOMEM, or what take returned. */
typedef int rpsl_make_fn(struct rpsl_object *o, const struct fact_to *to);
rpsl_make_fn rpsl_inetnum, rpsl_inet6num, rpsl_aut_num, rpsl_organisation, rpsl_role, rpsl_irt,
    rpsl_route, rpsl_route6;

#endif
