/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/play_good.h"

#include <errno.h>
#include <math.h>

#define WEEK 7

static const int32_t days_ahead[] = { [PLAY_DAY] = 1, [PLAY_WEEK] = WEEK };
_Static_assert(NELEM(days_ahead) == PLAY_AHEAD_N, "days_ahead out of step");

bool play_wall(const struct policy_standing *p, enum play_wall *kind)
{
	if ((p->key.kind != ENTITY_ADDR && p->key.kind != ENTITY_BLOCK) ||
	    p->state.level == LEVEL_CLEAR || p->state.action < ACTION_GREYLIST)
		return false;
	*kind = p->key.kind == ENTITY_ADDR ? PLAY_ADDR : PLAY_BLOCK;
	return true;
}

/* --- what was and what will be -------------------------------------------------------------------- */

static int read_days(const struct play_conf *c, int32_t first, int32_t last, struct replay **ret)
{
	*ret = replay_new(0);
	return *ret ? good_days_tell(c->good, c->judge->series, c->anchors, first, last, *ret)
		    : -ENOMEM;
}

int play_goods_read(const struct play_conf *c, int32_t today, struct play_goods *ret)
{
	int r = read_days(c, today - REPLAY_KNOWN_DAYS + 1, today, &ret->before);

	for (unsigned k = 0; k < PLAY_AHEAD_N && r == 0; k++) {
		if (today + days_ahead[k] > c->last + 1)
			continue;
		r = read_days(c, today + 1, today + days_ahead[k], &ret->after[k]);
		if (r == 0)
			replay_known_before(ret->after[k], ret->before);
	}
	return r;
}

void play_goods_done(struct play_goods *g)
{
	g->before = replay_free(g->before);
	for (unsigned k = 0; k < PLAY_AHEAD_N; k++)
		g->after[k] = replay_free(g->after[k]);
}

/* --- walls beside it ------------------------------------------------------------------------------ */

static int put(struct replay *r, const struct policy_standing *p)
{
	struct entity en =
	    p->key.kind == ENTITY_ADDR ? entity_addr(p->key.addr) : entity_block(p->key.addr);
	int err = replay_decision(r, p->key.kind, p->state.level, p->state.action);

	return err < 0 ? err : replay_range(r, en.range);
}

/* All walls, but those that stay at tag where that is decided already. */
static int run(struct replay *r, double max_loss, const struct play_stand *stand, bool decided)
{
	enum play_wall kind;
	int err = 0;

	replay_forget(r);
	for (uint32_t i = 0; i < stand->n && err == 0; i++)
		if (play_wall(&stand->v[i], &kind) && !(decided && stand->at_tag[i]))
			err = put(r, &stand->v[i]);
	return err < 0 ? err : replay_run(r, max_loss);
}

static void count_rules(const struct replay *r, struct play_course *c)
{
	unsigned n;
	const struct replay_rule *rule = replay_rules(r, &n);

	for (unsigned i = 0; i < n; i++) {
		enum play_wall kind = rule[i].kind == ENTITY_ADDR ? PLAY_ADDR : PLAY_BLOCK;

		c->bound[kind][rule[i].level][rule[i].action].days[rule[i].verdict]++;
	}
}

int play_goods_bound(
    struct play_goods *g, double max_loss, const struct play_stand *stand, struct play_course *c)
{
	int r = run(g->before, max_loss, stand, false);
	enum play_wall kind;
	uint32_t number = 0;

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < stand->n; i++)
		stand->at_tag[i] =
		    play_wall(&stand->v[i], &kind) && replay_decided(g->before, number++)->at_tag;
	count_rules(g->before, c);
	return 0;
}

static void meet(const struct replay *r, struct play_good *ret)
{
	struct replay_totals t;
	unsigned n;
	const struct replay_rule *rule = replay_rules(r, &n);

	replay_totals(r, &t);
	*ret = (struct play_good){ .known = true,
		.all = t.good,
		.doubtful = t.doubtful,
		.refused = replay_both(&t.met[ACTION_REJECT], &t.met[ACTION_DROP]),
		.carved = t.carved };
	ret->met = replay_both(&ret->refused, &t.met[ACTION_GREYLIST]);
	for (unsigned i = 0; i < n; i++)
		ret->above |= rule[i].verdict != REPLAY_WITHIN;
}

int play_goods_meet(
    struct play_goods *g, double max_loss, const struct play_stand *stand, struct play_day *day)
{
	int r = 0;

	for (uint32_t i = 0; i < stand->n; i++)
		day->at_tag += stand->at_tag[i];
	for (unsigned k = 0; k < PLAY_AHEAD_N && r == 0; k++) {
		if (!g->after[k])
			continue;
		r = run(g->after[k], max_loss, stand, true);
		if (r == 0)
			meet(g->after[k], &day->good[k]);
	}
	return r;
}

/* --- figures -------------------------------------------------------------------------------------- */

static double share(const struct replay_sum *part, const struct replay_sum *all, enum good kind)
{
	return all->count[kind] ? (double)part->count[kind] / (double)all->count[kind] : NAN;
}

static void figures(const struct play_good *g, double n, double ret[PLAY_GOOD_FIGURE_N])
{
	ret[PLAY_GOOD_HOSTS] = (double)g->met.hosts / n;
	ret[PLAY_GOOD_MESSAGES] = share(&g->met, &g->all, GOOD_DELIVERY);
	ret[PLAY_GOOD_LOGINS] = share(&g->met, &g->all, GOOD_LOGIN);
	ret[PLAY_GOOD_CARVED] = (double)g->carved.hosts / n;
}

void play_goods_week(const struct play_day days[7], struct play_week *week)
{
	struct play_good sum = { .known = false };

	for (unsigned d = 0; d < WEEK; d++) {
		const struct play_good *g = &days[d].good[PLAY_DAY];

		sum.all = replay_both(&sum.all, &g->all);
		sum.met = replay_both(&sum.met, &g->met);
		sum.carved = replay_both(&sum.carved, &g->carved);
	}
	figures(&sum, WEEK, week->good[PLAY_DAY]);
	figures(&days[0].good[PLAY_WEEK], 1, week->good[PLAY_WEEK]);
}
