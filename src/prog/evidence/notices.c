/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/notices.h"

#include <errno.h>
#include <stdlib.h>

#include "prog/evidence/within.h"
#include "util/clock.h"
#include "util/grow.h"

static int take(void *ctx, const struct hub_notice *from)
{
	struct notices *n = ctx;
	struct notice *to;
	struct err e;
	bool told = from->state == HUB_NOTICE_SENT || from->state == HUB_NOTICE_CLEAN;
	bool clean = from->state == HUB_NOTICE_CLEAN && from->closed_s <= n->at_s;

	if (!told || from->sent_s > n->at_s)
		return 0;
	if (grow(&n->v, &n->cap, n->n + 1, sizeof(*n->v)) < 0)
		return -ENOMEM;
	to = &n->v[n->n];
	if (entity_parse(from->entity, &to->about, &e) < 0) {
		n->unread++;
		return 0;
	}
	to->sent_s = from->sent_s;
	to->end_s = clean ? from->closed_s : n->at_s;
	to->clean = clean;
	n->n++;
	return 0;
}

int notices_read(struct hub *h, int64_t at_s, struct notices *ret, struct err *e)
{
	int r;

	*ret = (struct notices){ .at_s = at_s };
	r = hub_each_notice(h, take, ret, e);
	if (r < 0)
		notices_done(ret);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

void notices_done(struct notices *n)
{
	free(n->v);
	*n = (struct notices){ NULL };
}

/* --- to the judge -------------------------------------------------------------------------------- */

static int tell_as(const struct registry *r, uint32_t as, struct judge *j, int32_t day)
{
	uint32_t first = 0, n = registry_as_prefixes(r, as, &first);
	int err = 0;

	for (uint32_t i = first; i < first + n && err == 0; i++)
		err = judge_notice(j, registry_prefix_at(r, registry_as_prefix(r, i)).range, day);
	return err;
}

static int tell_org(const struct registry *r, uint32_t org, struct judge *j, int32_t day)
{
	uint32_t first = 0, n = registry_org_ases(r, org, &first);
	int err = 0;

	for (uint32_t i = first; i < first + n && err == 0; i++)
		err = tell_as(r, registry_org_as(r, i), j, day);
	return err;
}

int notices_tell(const struct notices *n, const struct registry *r, struct judge *j, struct err *e)
{
	int err = 0;

	for (size_t i = 0; i < n->n && err == 0; i++) {
		const struct entity *en = &n->v[i].about;
		int32_t day = day_of(n->v[i].sent_s);
		uint32_t as = en->kind == ENTITY_AS ? registry_find_as(r, en->asn) : REGISTRY_NONE;
		uint32_t org = en->kind == ENTITY_ORG ? registry_find_org(r, span_str(en->handle))
						      : REGISTRY_NONE;

		if (entity_is_space(en))
			err = judge_notice(j, en->range, day);
		else if (as != REGISTRY_NONE)
			err = tell_as(r, as, j, day);
		else if (org != REGISTRY_NONE)
			err = tell_org(r, org, j, day);
	}
	return err < 0 ? err_set(e, err, "out of memory") : 0;
}

/* --- the response of one holder ------------------------------------------------------------------ */

struct response notices_response(
    const struct notices *n, const struct registry *r, const struct entity *of)
{
	struct response ret = { 0 };

	for (size_t i = 0; i < n->n; i++) {
		const struct notice *c = &n->v[i];

		if (entity_within(r, &c->about, of))
			response_add(&ret, (double)(c->end_s - c->sent_s) / DAY_S, c->clean);
	}
	return ret;
}
