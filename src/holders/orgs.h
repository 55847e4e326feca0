/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Organisations in the making: what the rules look at, and what they join. Private to the build. */
#ifndef ONUS_HOLDERS_ORGS_H
#define ONUS_HOLDERS_ORGS_H

#include "holders/build_format.h"
#include "holders/org_join.h"
#include "holders/org_name.h"

/* struct org_member - an AS, or from n_as on a holder */
struct org_member {
	struct org_name name;
	uint16_t
	    country; /* where it is registered, else where most of its space is; 0: not known */
};

struct org_work {
	struct registry_build *b;
	struct tables *t;
	uint32_t text_from, n_as, n; /* n: members */
	struct org_join join;
	struct org_names names;
	struct org_member *member; /* owned, [n] */
};

/* A rule joins members. 0 or -ENOMEM. */
typedef int org_rule_fn(struct org_work *w, enum org_rule rule);
org_rule_fn orgs_by_hand;	 /* orgs_hand.c */
org_rule_fn orgs_by_holder;	 /* orgs_ids.c: registry, statistics */
org_rule_fn orgs_by_record;	 /* orgs_ids.c */
org_rule_fn orgs_by_claim;	 /* orgs_ids.c: as2org, peeringdb */
org_rule_fn orgs_by_id_and_name; /* orgs_names.c */
org_rule_fn orgs_by_mailbox;	 /* orgs_names.c */
org_rule_fn orgs_by_name;	 /* orgs_names.c */

/* orgs_id_is_holder - a holder is an id of the statistics of a registry where ids are holders' */
bool orgs_id_is_holder(const struct org_work *w, const struct reg_holder *h);

/* orgs_rows - the sections of organisations, out of what was joined */
MUST_USE int orgs_rows(struct org_work *w);

/* orgs_claim_of - the organisation of a claim: its party, NULL when nobody told of it */
const struct party *orgs_claim_of(const struct org_work *w, const struct claim *c);

static inline struct span org_text(const struct org_work *w, struct reg_text at)
{
	return span_of(w->t->text.p + at.at, at.len);
}

/* org_text_put - a text of the file; w->t->text remembers when memory is out */
static inline struct reg_text org_text_put(struct org_work *w, const char *head, struct span s)
{
	struct reg_text at = { (uint32_t)w->t->text.len, 0 };

	buf_str(&w->t->text, head);
	buf_span(&w->t->text, s);
	at.len = (uint32_t)w->t->text.len - at.at;
	return at;
}

static inline struct reg_holder *org_holder(const struct org_work *w, uint32_t member)
{
	return &w->t->net.holder[member - w->n_as];
}

static inline struct span org_source(const struct org_work *w, uint32_t source)
{
	return org_text(w, w->t->net.label[source]);
}

/* org_same_form - the legal forms of two names do not speak against each other */
static inline bool org_same_form(const struct org_name *a, const struct org_name *b)
{
	return a->form == b->form || !a->form || !b->form;
}

#endif
