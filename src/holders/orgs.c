/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ASes and holders are one organisation: the rules in the order of org_rule.h, each joining what the ones
 * before it have not. What a list of merges keeps apart no rule joins, and a name joins nobody whom identifiers
 * hold to be two. */
#include "holders/orgs.h"

#include <errno.h>

static const struct {
	enum org_rule rule;
	org_rule_fn *join;
} rules[] = {
	{ ORG_BY_HAND, orgs_by_hand },
	{ ORG_REGISTRY, orgs_by_holder },
	{ ORG_STATISTICS, orgs_by_holder },
	{ ORG_RECORD, orgs_by_record },
	{ ORG_AS2ORG, orgs_by_claim },
	{ ORG_PEERINGDB, orgs_by_claim },
	{ ORG_ID_NAME, orgs_by_id_and_name },
	{ ORG_MAILBOX, orgs_by_mailbox },
	{ ORG_NAME, orgs_by_name },
};
_Static_assert(NELEM(rules) == ORG_RULE_N, "rules out of step");

const struct party *orgs_claim_of(const struct org_work *w, const struct claim *c)
{
	const struct facts *f = &w->b->facts;
	uint32_t at = addrmap_find(
	    &f->party_of, (struct addr){ PARTY_ORG, (uint64_t)c->source << 32 | c->org });

	return at == ADDRMAP_NONE ? NULL : &f->party[at];
}

/* The name and country of every member, and what registries hold it to be. */
static int members_read(struct org_work *w)
{
	const struct tables *t = w->t;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < w->n_as; i++) {
		const struct reg_as *as = &t->as[i];
		uint32_t country = t->as_country[i];

		if (!country && as->holder != REGISTRY_NONE)
			country = t->net.holder[as->holder].country;
		w->member[i].country = (uint16_t)(country ? country : as->country);
		r = org_name_read(&w->names, org_text(w, as->name), &w->member[i].name);
	}
	for (uint32_t i = w->n_as; r == 0 && i < w->n; i++) {
		const struct reg_holder *h = org_holder(w, i);

		w->member[i].country = h->country;
		r = org_name_read(&w->names, org_text(w, h->name), &w->member[i].name);
		/* an id of the statistics counts where it is a holder's: where ORG_STATISTICS joins by it */
		if (h->told == HOLDER_TOLD || orgs_id_is_holder(w, h))
			org_join_seal(&w->join, i,
			    (struct org_seal){ 1u + h->source * HOLDER_TOLD_N + h->told, i });
	}
	return r;
}

static int work(struct org_work *w)
{
	int r = members_read(w);

	for (size_t i = 0; r == 0 && i < NELEM(rules); i++)
		if (!w->b->merges.without[rules[i].rule])
			r = rules[i].join(w, rules[i].rule);
	if (r == 0)
		r = orgs_rows(w);
	return r == 0 && !buf_ok(&w->t->text) ? -ENOMEM : r;
}

int tables_orgs(struct registry_build *b, struct tables *t, uint32_t text_from)
{
	struct org_work w = { .b = b,
		.t = t,
		.text_from = text_from,
		.n_as = t->n_as,
		.n = t->n_as + (uint32_t)t->net.n_holder };
	int r = org_names_init(&w.names);

	w.member = calloc(w.n + 1u, sizeof(*w.member));
	if (r == 0)
		r = w.member ? org_join_init(&w.join, w.n) : -ENOMEM;
	if (r == 0)
		r = work(&w);
	for (uint32_t i = 0; r == 0 && i < t->n_place; i++)
		t->place[i].org =
		    t->place[i].as == REGISTRY_NONE ? REGISTRY_NONE : t->as[t->place[i].as].org;
	org_join_done(&w.join);
	org_names_done(&w.names);
	free(w.member);
	return r;
}
