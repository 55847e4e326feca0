/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prog/onus/explain.h"
#include "util/grow.h"

static int take_host(void *ctx, const struct judge_host *h)
{
	struct explained *x = ctx;

	if (grow(&x->hosts, &x->hosts_cap, x->n_hosts + 1, sizeof(*x->hosts)) < 0)
		return -ENOMEM;
	x->hosts[x->n_hosts++] = (struct explain_host){ .h = *h, .line = x->n_lines };
	return 0;
}

static int take_line(void *ctx, const struct judge_line *l)
{
	struct explained *x = ctx;

	if (grow(&x->lines, &x->lines_cap, x->n_lines + 1, sizeof(*x->lines)) < 0)
		return -ENOMEM;
	x->lines[x->n_lines++] = *l;
	x->hosts[x->n_hosts - 1].n_line++;
	return 0;
}

static int take_stretch(void *ctx, const struct judge_stretch *s)
{
	struct explained *x = ctx;

	if (grow(&x->stretches, &x->stretches_cap, x->n_stretches + 1, sizeof(*x->stretches)) < 0)
		return -ENOMEM;
	x->stretches[x->n_stretches++] = (struct explain_stretch){ .s = *s };
	return 0;
}

static int by_host_weight(const void *a, const void *b)
{
	const struct explain_host *x = a, *y = b;

	if (x->weighed != y->weighed)
		return x->weighed > y->weighed ? -1 : 1;
	if (x->h.family != y->h.family)
		return x->h.family < y->h.family ? -1 : 1;
	return addr_cmp(x->h.addr, y->h.addr);
}

static int by_quiet_chain(const void *a, const void *b)
{
	const struct judge_stretch *x = &((const struct explain_stretch *)a)->s;
	const struct judge_stretch *y = &((const struct explain_stretch *)b)->s;

	if (x->quiet != y->quiet)
		return x->quiet ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->pooled != y->pooled)
		return x->pooled > y->pooled ? -1 : 1;
	return memcmp(x->step, y->step, sizeof(x->step));
}

/* Space without evidence whose chains are the same is one term: value x addresses. */
static void merge_quiet(struct explained *x)
{
	size_t to = 0;

	if (x->n_stretches)
		qsort(x->stretches, x->n_stretches, sizeof(*x->stretches), by_quiet_chain);
	for (size_t i = 0; i < x->n_stretches; i++) {
		struct explain_stretch *s = &x->stretches[i],
				       *before = &x->stretches[to - (to > 0)];

		if (to && s->s.quiet && by_quiet_chain(before, s) == 0) {
			before->s.units += s->s.units;
			before->s.arrivals += s->s.arrivals;
			continue;
		}
		x->stretches[to++] = *s;
	}
	x->n_stretches = to;
}

static int by_stretch_weight(const void *a, const void *b)
{
	const struct explain_stretch *x = a, *y = b;

	if (x->weighed != y->weighed)
		return x->weighed > y->weighed ? -1 : 1;
	if (x->s.family != y->s.family)
		return x->s.family < y->s.family ? -1 : 1;
	return addr_cmp(x->s.block, y->s.block);
}

static double score_at(const struct judge_total *t, double weighed)
{
	return 100 / (1 + (weighed + t->b0) / t->average / 4);
}

static void weigh(struct explained *x)
{
	const struct judge_total *t = &x->total;
	double held = t->judgement.held;

	for (size_t i = 0; i < x->n_hosts; i++) {
		struct explain_host *h = &x->hosts[i];

		h->weighed = h->h.p7 * (t->severity[h->h.family] - (h->h.scan ? t->scan_off : 0));
		/* What is held goes first: it does not count anyway. */
		h->regained = score_at(t, MIN_OF(t->weighed, t->weighed + held - h->weighed)) -
			      score_at(t, t->weighed);
	}
	for (size_t i = 0; i < x->n_stretches; i++) {
		struct explain_stretch *s = &x->stretches[i];
		double off = s->s.family == FAMILY_ATTACK ? t->scan_off * t->scan_share : 0;

		s->weighed = s->s.arrivals * (t->severity[s->s.family] - off);
	}
}

int explain_gather(
    struct judge *j, const struct judge_key *key, int32_t today, struct explained *ret)
{
	struct judge_listener to = { take_host, take_line, take_stretch, ret };
	int r;

	*ret = (struct explained){ .today = today };
	r = judge_explain(j, key, &to, &ret->total);
	judge_world(j, &ret->world);
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++)
		judge_trust(j, g, &ret->trust[g]);
	if (r <= 0)
		return r;
	merge_quiet(ret);
	weigh(ret);
	if (ret->n_hosts)
		qsort(ret->hosts, ret->n_hosts, sizeof(*ret->hosts), by_host_weight);
	if (ret->n_stretches)
		qsort(ret->stretches, ret->n_stretches, sizeof(*ret->stretches), by_stretch_weight);
	return 1;
}

void explained_done(struct explained *x)
{
	free(x->hosts);
	free(x->stretches);
	free(x->lines);
	*x = (struct explained){ .n_hosts = 0 };
}
