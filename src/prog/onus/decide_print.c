/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "prog/evidence/names.h"
#include "prog/onus/decide.h"
#include "util/clock.h"

enum change { STANDS, BEGINS, BECOMES, ENDS, SPARED, CHANGE_N };

static const struct {
	char mark;
	const char *name;
} changes[] = {
	[STANDS] = { '=', "stands" },
	[BEGINS] = { '+', "begins" },
	[BECOMES] = { '~', "becomes" },
	[ENDS] = { '-', "ends" },
	[SPARED] = { '!', "spared" },
};
_Static_assert(NELEM(changes) == CHANGE_N, "changes out of step");

static const char *const spared_texts[] = {
	[DECIDE_SPARED_NOT] = "",
	[DECIDE_SPARED_NEVER] = "own network, allow list or special space",
	[DECIDE_SPARED_BUDGET] = "the budget is used up",
	[DECIDE_SPARED_AS] = "as much of its AS is covered as may be",
	[DECIDE_SPARED_COUNTRY] = "as much of its country is covered as may be",
};
_Static_assert(NELEM(spared_texts) == DECIDE_SPARED_N, "spared_texts out of step");

static enum change change_of(const struct policy_decision *d)
{
	bool was = d->was.level != LEVEL_CLEAR, is = d->now.level != LEVEL_CLEAR;

	if (was && is)
		return d->was.level == d->now.level && d->was.action == d->now.action &&
			       d->was.since_s == d->now.since_s
			   ? STANDS
			   : BECOMES;
	return is ? BEGINS : was ? ENDS : SPARED;
}

/* How much of the address space it is about. */
static void scope(const struct decide *x, const struct judge_key *key, char ret[64])
{
	struct judgement g;

	if (key->kind == ENTITY_ADDR)
		(void)snprintf(ret, 64, "%s", addr_is_v4(key->addr) ? "1 address" : "a /64");
	else if (key->kind == ENTITY_BLOCK)
		(void)snprintf(ret, 64, "%s", addr_is_v4(key->addr) ? "256 addresses" : "a /48");
	else if (!judge_find(x->evidence.judge, key, &g))
		(void)snprintf(ret, 64, "unknown");
	else if (g.size_v4)
		(void)snprintf(ret, 64, "%" PRIu64 " addresses", g.size_v4);
	else
		(void)snprintf(ret, 64, "%" PRIu64 " /48s", g.size_v6);
}

/* struct said - one line's worth */
struct said {
	enum change change;
	char name[ENTITY_NAME_MAX], scope[64];
	const struct decide_state *state; /* what stands, or of an end what stood */
	struct span reason;
	int64_t run;			  /* that made it; 0: none did yet */
	const struct shared_list *shared; /* of an address */
};

/* Of a warrant, which may be about what no evidence is of. */
static void scope_warranted(const struct decide *x, const char *name, char ret[64])
{
	const struct warrant_case *w;
	struct entity en;

	_Static_assert(WARRANT_SPACE_TEXT <= 64, "it fits");
	if (entity_parse(span_str(name), &en, NULL) == 0 &&
	    (w = warrants_of(&x->warrants, x->from.registry, &en)) != NULL)
		warrants_covered(w->size, ret);
}

static struct said say(const struct decide *x, const struct policy_decision *d)
{
	const struct standing_row *row = deciding_row(&x->deciding, d);
	struct said s = { .change = change_of(d) };

	s.state = s.change == ENDS ? &d->was : &d->now;
	if (row)
		(void)snprintf(s.name, sizeof(s.name), "%s", row->entity);
	else {
		struct entity en = names_of(x->from.registry, &x->transfers, &d->key);

		(void)entity_format(&en, s.name);
	}
	if (d->standing != POLICY_NEW && x->deciding.v[d->standing].unknown)
		(void)snprintf(s.scope, sizeof(s.scope), "unknown");
	else
		scope(x, &d->key, s.scope);
	if (d->warranted)
		scope_warranted(x, s.name, s.scope);
	if (s.change == SPARED)
		s.reason = span_str(spared_texts[d->spared]);
	else if (d->reason)
		s.reason = span_str(d->reason);
	else if (row && row->reason)
		s.reason = span_str(row->reason);
	s.run = row && !d->reason ? row->run : 0;
	if (d->key.kind == ENTITY_ADDR)
		s.shared = shared_at(x->from.shared, d->key.addr);
	return s;
}

static void text(const struct decide *x, const struct said *s)
{
	char until[UTC_TEXT_MAX] = "-";

	if (s->state->until_s)
		utc_format(s->state->until_s, until);
	if (x->diff || x->spared)
		(void)printf("%c ", changes[s->change].mark);
	(void)printf("%-9s %-8s %-28s %-20s %2d  %s (%s%s%s)\n",
	    s->change == SPARED ? "-" : level_name(s->state->level),
	    s->change == SPARED ? "-" : action_name(s->state->action), s->name, until,
	    s->state->episode, s->reason.p ? s->reason.p : "", s->scope, s->shared ? "; " : "",
	    s->shared ? s->shared->said : "");
}

static void time_json(struct jout *j, const char *name, int64_t at_s)
{
	char at[UTC_TEXT_MAX];

	utc_format(at_s, at);
	jout_str(j, name, at_s ? at : NULL);
}

static void state_json(struct jout *j, const struct decide_state *s)
{
	jout_str(j, "level", level_name(s->level));
	jout_str(j, "action", s->level == LEVEL_CLEAR ? NULL : action_name(s->action));
	time_json(j, "since", s->since_s);
	time_json(j, "until", s->until_s);
	jout_i64(j, "episode", s->episode);
}

static void json(const struct policy_decision *d, const struct said *s)
{
	CLEANUP(buf_done) struct buf b;
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "entity", s->name);
	jout_str(&j, "change", changes[s->change].name);
	state_json(&j, &d->now);
	jout_str(&j, "scope", s->scope);
	attribute_shared_json(s->shared, &j);
	jout_span(&j, "reason", s->reason);
	jout_str(&j, "spared", d->spared ? decide_spared_name(d->spared) : NULL);
	if (s->run)
		jout_i64(&j, "run", s->run);
	else
		jout_null(&j, "run");
	if (d->was.level != LEVEL_CLEAR) {
		jout_object(&j, "was");
		state_json(&j, &d->was);
		jout_object_end(&j);
	} else {
		jout_null(&j, "was");
	}
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

void decide_print(struct decide *x)
{
	for (uint32_t i = 0; i < x->list.n; i++) {
		const struct policy_decision *d = &x->list.v[i];
		struct said s;
		enum change c = change_of(d);
		bool changed = c != STANDS && c != SPARED;

		if ((c == SPARED && (!d->spared || !x->spared)) || (c == ENDS && !x->diff) ||
		    (c == STANDS && x->diff))
			continue;
		s = say(x, d);
		x->changes += changed;
		if (x->json)
			json(d, &s);
		else
			text(x, &s);
	}
}
