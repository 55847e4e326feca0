/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus top, the scores: the judge over the same events. */
#include "prog/onus/top.h"

#include <errno.h>

#include "util/clock.h"

static int tell(const struct top *t, struct judge *j, struct err *e)
{
	if (judge_expect(j, t->n_marks) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < t->n_marks; i++) {
		const struct top_mark *m = &t->marks[i];
		int r = judge_add(j, addrmap_key(&t->map, m->host), (enum category)m->category,
		    (enum proof)m->proof, m->day, m->group, 1);

		if (r < 0)
			return err_set(e, r, "too many sightings to judge");
	}
	return 0;
}

static void fill(const struct judge *j, struct top_row *row)
{
	struct judge_key key = { .kind = row->kind };
	struct judgement g;

	if (row->unannounced)
		return;
	if (row->kind == ENTITY_ADDR || row->kind == ENTITY_BLOCK)
		key.addr = row->addr;
	else if (row->kind == ENTITY_COUNTRY)
		memcpy(key.country, row->country, sizeof(key.country));
	else
		key.index = row->index;
	if (!judge_find(j, &key, &g))
		return;
	row->judged = true;
	if (row->kind == ENTITY_NET) {
		row->announced = g.size_v4;
		row->announced_v6 = g.size_v6;
	}
	row->score = g.score;
	row->low = g.low;
	row->high = g.high;
	row->grade = g.grade ? &"A\0B\0C\0D\0E\0F"[2 * (g.grade - 'A')] : NULL;
	row->reason =
	    g.grade ? (g.provisional ? "provisional" : NULL) : judge_reason_text(g.reason);
}

/* The ASes that the scores of these rows are made of, by index; NULL where that is not known beforehand,
 * or no memory: then all are judged. */
static uint8_t *only_of(
    const struct top *t, enum entity_kind by, const struct top_row *rows, size_t n)
{
	bool told = by == ENTITY_AS || by == ENTITY_ORG || by == ENTITY_PREFIX;
	uint8_t *only = told ? calloc((size_t)registry_n_as(t->registry) + 1, 1) : NULL;

	for (size_t i = 0; only && i < n; i++) {
		uint32_t k, n_as;

		if (rows[i].unannounced)
			continue;
		if (by != ENTITY_ORG) {
			only[rows[i].main_as] = 1; /* a prefix has one AS */
			continue;
		}
		n_as = registry_org_ases(t->registry, rows[i].index, &k);
		for (uint32_t end = k + n_as; k < end; k++)
			only[registry_org_as(t->registry, k)] = 1;
	}
	return only;
}

int top_judge(const struct top *t, enum entity_kind by, unsigned n_groups, struct top_row *rows,
    size_t n, struct err *e)
{
	CLEANUP(free_p) uint8_t *only = only_of(t, by, rows, n);
	struct judge_conf conf = { .today = day_of(t->newest_s),
		.first_day = day_of(t->oldest_s),
		.kinds = 1u << by,
		.only = only,
		.n_only = registry_n_as(t->registry),
		.delegation = registry_delegation,
		.network = registry_whole,
		.above = registry_whole_above };
	struct judge *j;
	int r;

	if (t->n_marks == 0)
		return 0;
	j = judge_new(&conf);
	if (!j)
		return err_set(e, -ENOMEM, "out of memory");
	for (unsigned g = 0; g < n_groups; g++)
		judge_group(j, g, 1, true);
	r = tell(t, j, e);
	if (r == 0)
		r = judge_run(j, registry_space, t->registry, e);
	for (size_t i = 0; i < n && r == 0; i++)
		fill(j, &rows[i]);
	j = judge_free(j);
	return r;
}
