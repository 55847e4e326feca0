/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why an entity is expected to show more new attackers than its neighbours: the run's steps, made once more
 * from the same ledger, at the same instant and over the same registry. The judge is cheap (a tenth of a
 * publication) and rows are not, so of blocks and prefixes only those with most hosts have theirs. */
#include <errno.h>
#include <string.h>

#include "judge/explain.h"
#include "prog/evidence/evidence.h"
#include "prog/publish/publish.h"

#define SHOWN_MAX 20000u /* of each kind, blocks and prefixes */

static const char *const levels[JUDGE_LEVEL_N][2] = {
	[JUDGE_LEVEL_AS] = { "as", "as" },
	[JUDGE_LEVEL_SIXTEEN] = { "/16", "/32" },
	[JUDGE_LEVEL_PREFIX] = { "prefix", "prefix" },
	[JUDGE_LEVEL_PART] = { "/20", "/44" },
	[JUDGE_LEVEL_BLOCK] = { "/24", "/48" },
};

struct walk {
	struct publishing *p;
	uint32_t least_block, least_prefix; /* hosts */
	struct err *e;
};

static int by_most(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* The least number of hosts that no more than SHOWN_MAX of them have. */
static int least_hosts(const struct placed_list *l, uint32_t *ret, struct err *e)
{
	CLEANUP(free_p) uint32_t *hosts = calloc(l->n + 1, sizeof(*hosts));

	*ret = 0;
	if (!hosts)
		return err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < l->n; i++)
		hosts[i] = l->v[i].hosts;
	if (l->n <= SHOWN_MAX)
		return 0;
	qsort(hosts, l->n, sizeof(*hosts), by_most);
	*ret = hosts[SHOWN_MAX] + 1;
	return 0;
}

/* 0: it has no row, or is not shown. */
static int64_t row_of(const struct walk *w, const struct judge_key *key)
{
	struct publishing *p = w->p;
	struct placed *at;

	switch (key->kind) {
	case ENTITY_AS:
		return p->known.as[key->index];
	case ENTITY_PREFIX:
		at = placed_find(
		    &p->known.prefixes, registry_prefix_at(p->registry->r, key->index).range.first);
		return at && at->hosts >= w->least_prefix ? at->id : 0;
	default:
		at = placed_find(&p->known.blocks, key->addr);
		return at && at->hosts >= w->least_block ? at->id : 0;
	}
}

static const char *step_name(const struct judge_chain *c, enum judge_level l)
{
	return l == JUDGE_LEVEL_PART && c->delegated ? "delegation" : levels[l][c->v6];
}

static int take_chain(void *ctx, const struct judge_chain *c)
{
	struct walk *w = ctx;
	int64_t id = row_of(w, &c->key);
	int r = 0;

	for (unsigned i = 0; i < c->n && id && r == 0; i++) {
		const struct judge_link *l = &c->link[i];
		struct site_factor f = { .entity = id,
			.family = c->family,
			.step = i + 1,
			.level = step_name(c, l->level),
			.ratio = l->step.ratio,
			.seen = l->step.x,
			.expected = l->step.e,
			.rate = l->rate };

		r = site_db_factor(w->p->site, &f, w->e);
	}
	return r;
}

int factors_write(struct publishing *p, struct err *e)
{
	struct walk w = { .p = p, .e = e };
	struct evidence v;
	int r;

	if (strcmp(p->run.formula, JUDGE_FORMULA) != 0)
		return 0; /* an older program judged: its steps are not ours to tell */
	if ((r = least_hosts(&p->known.blocks, &w.least_block, e)) < 0 ||
	    (r = least_hosts(&p->known.prefixes, &w.least_prefix, e)) < 0 ||
	    (r = evidence_read_in(p->hub, p->run.at_s, false, &v, e)) < 0)
		return r;
	daemon_alive(p->d);
	r = judge_formers(v.judge, p->transfers.former, p->transfers.n);
	if (r == 0)
		r = judge_run(v.judge, registry_space, p->registry->r, e);
	daemon_alive(p->d);
	if (r == 0)
		r = judge_chains(v.judge, take_chain, &w);
	if (r == -ENOMEM)
		(void)err_set(e, r, "out of memory");
	evidence_done(&v);
	return r;
}
