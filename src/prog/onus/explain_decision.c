/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands about the entity whose score is explained: by the rules, or by an operator's warrant. */
#include "core/decision.h"
#include "prog/onus/explain.h"
#include "util/clock.h"

_Static_assert(sizeof(((struct explain_decision *)0)->reason) > DECISION_REASON_MAX, "it fits");

struct finding {
	char name[ENTITY_NAME_MAX];
	int64_t at_s;
	struct explain_decision *to;
};

static int take(void *ctx, const struct hub_decision *d)
{
	struct finding *f = ctx;
	struct explain_decision *to = f->to;

	if (d->until_s <= f->at_s || !span_is(d->entity, f->name))
		return 0;
	to->stands = true;
	to->since_s = d->since_s;
	to->until_s = d->until_s;
	(void)snprintf(to->level, sizeof(to->level), "%.*s", SPAN_ARG(d->level));
	(void)snprintf(to->action, sizeof(to->action), "%.*s", SPAN_ARG(d->action));
	(void)snprintf(to->reason, sizeof(to->reason), "%.*s", SPAN_ARG(d->reason));
	return 0;
}

int explain_decision(struct hub *h, const struct entity *en, int64_t at_s,
    struct explain_decision *ret, struct err *e)
{
	struct finding f = { .at_s = at_s, .to = ret };

	*ret = (struct explain_decision){ .stands = false };
	(void)entity_format(en, f.name);
	return hub_each_decision(h, take, &f, e);
}

void explain_decision_text(const struct explain_decision *d, FILE *to)
{
	char since[UTC_TEXT_MAX], until[UTC_TEXT_MAX];

	if (!d->stands)
		return;
	utc_format(d->since_s, since);
	utc_format(d->until_s, until);
	(void)fprintf(to, "Decided (%s): %s since %s, until %s: %s\n", d->level, d->action, since,
	    until, d->reason);
}

void explain_decision_json(struct jout *j, const struct explain_decision *d)
{
	char since[UTC_TEXT_MAX], until[UTC_TEXT_MAX];

	if (!d->stands) {
		jout_null(j, "decision");
		return;
	}
	utc_format(d->since_s, since);
	utc_format(d->until_s, until);
	jout_object(j, "decision");
	jout_str(j, "level", d->level);
	jout_str(j, "action", d->action);
	jout_str(j, "since", since);
	jout_str(j, "until", until);
	jout_str(j, "reason", d->reason);
	jout_object_end(j);
}
