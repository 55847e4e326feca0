/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_good.h"

#include <inttypes.h>
#include <math.h>

static const struct {
	const char *key, *title;
} aheads[PLAY_AHEAD_N] = {
	[PLAY_DAY] = { "day", "behind the walls of a day, on it" },
	[PLAY_WEEK] = { "week", "and in the week that begins with it" },
};

static const struct {
	const char *name, *key;
	double times;
	int digits, json_digits;
} figures[PLAY_GOOD_FIGURE_N] = {
	[PLAY_GOOD_HOSTS] = { "hosts", "hosts", 1, 1, 3 },
	[PLAY_GOOD_MESSAGES] = { "messages %", "messages_percent", 100, 3, 5 },
	[PLAY_GOOD_LOGINS] = { "log-ins %", "logins_percent", 100, 3, 5 },
	[PLAY_GOOD_CARVED] = { "carved out", "carved_out_hosts", 1, 1, 3 },
};

static const enum entity_kind kind_of[PLAY_WALL_N] = {
	[PLAY_ADDR] = ENTITY_ADDR,
	[PLAY_BLOCK] = ENTITY_BLOCK,
};

static struct spread figure_of(
    const struct play *p, unsigned k, enum play_ahead a, enum play_good_figure f)
{
	struct spread s = play_good_spread(p, k, a, f);

	return (struct spread){ s.mean * figures[f].times, s.half * figures[f].times };
}

static double at_tag(const struct play *p, unsigned k)
{
	double sum = 0;

	for (unsigned d = 0; d < p->n_days; d++)
		sum += p->course[k].days[d].at_tag;
	return p->n_days ? sum / p->n_days : 0;
}

/* Days on which a rule cost more in the week after than it may, of those whose week was played. */
static unsigned days_above(const struct play_course *c, unsigned n, unsigned *of)
{
	unsigned above = 0;

	*of = 0;
	for (unsigned d = 0; d < n; d++) {
		*of += c->days[d].good[PLAY_WEEK].known;
		above += c->days[d].good[PLAY_WEEK].above;
	}
	return above;
}

/* --- text ----------------------------------------------------------------------------------------- */

static double a_day(const struct play *p, uint64_t sum)
{
	return p->n_days ? (double)sum / p->n_days : 0;
}

/* What there is: the same at every level. */
static void print_all(const struct play *p)
{
	struct replay_sum all = { .hosts = 0 }, doubtful = { .hosts = 0 };

	for (unsigned d = 0; d < p->n_days; d++) {
		const struct play_good *g = &p->course[0].days[d].good[PLAY_DAY];

		all = replay_both(&all, &g->all);
		doubtful = replay_both(&doubtful, &g->doubtful);
	}
	(void)printf("\ngood traffic, on a day: %.1f messages and %.1f log-ins of %.1f hosts; of "
		     "%.1f hosts that attacked as often: in no share\n",
	    a_day(p, all.count[GOOD_DELIVERY]), a_day(p, all.count[GOOD_LOGIN]),
	    a_day(p, all.hosts), a_day(p, doubtful.hosts));
}

static void print_head(void)
{
	(void)printf("%-16s", "");
	for (unsigned a = 0; a < PLAY_AHEAD_N; a++)
		(void)printf("  %-65s", aheads[a].title);
	(void)printf("\n%-16s", "");
	for (unsigned a = 0; a < PLAY_AHEAD_N; a++)
		for (unsigned f = 0; f < PLAY_GOOD_FIGURE_N; f++)
			(void)printf("  %15s", figures[f].name);
	(void)printf("  %9s\n", "at tag");
}

static void print_rules(const struct play *p, unsigned k)
{
	for (unsigned w = 0; w < PLAY_WALL_N; w++)
		for (unsigned i = LEVEL_N * ACTION_N; i-- > 0;) {
			enum level level = (enum level)(i / ACTION_N);
			enum action action = (enum action)(i % ACTION_N);
			const unsigned *days = p->course[k].bound[w][level][action].days;

			if (days[REPLAY_SPARED] + days[REPLAY_TAG] == 0)
				continue;
			(void)printf("%-16s  %s %s %s above %g %%: all at tag on %u of %u days, "
				     "the worst of it on %u\n",
			    "", entity_kind_name(kind_of[w]), level_name(level),
			    action_name(action), 100 * p->max_good_loss, days[REPLAY_TAG],
			    p->n_days, days[REPLAY_SPARED]);
		}
}

static void print_course(const struct play *p, unsigned k)
{
	unsigned of, above = days_above(&p->course[k], p->n_days, &of);

	(void)printf("%-16s", p->course[k].levels.name);
	for (unsigned a = 0; a < PLAY_AHEAD_N; a++)
		for (unsigned f = 0; f < PLAY_GOOD_FIGURE_N; f++) {
			struct spread s = figure_of(p, k, a, f);

			if (isnan(s.mean))
				(void)printf("  %15s", "-");
			else
				(void)printf("  %7.*f ±%6.*f", figures[f].digits, s.mean,
				    figures[f].digits, s.half);
		}
	(void)printf("  %9.1f\n", at_tag(p, k));
	print_rules(p, k);
	if (above)
		(void)printf("%-16s  in the week after, what still stood cost more than %g %% on "
			     "%u of %u days\n",
		    "", 100 * p->max_good_loss, above, of);
}

void eval_good_print(const struct play *p)
{
	if (!p->good) {
		(void)printf("\nno good traffic is known, nor what walls would cost of it\n");
		return;
	}
	print_all(p);
	print_head();
	for (unsigned k = 0; k < p->n_courses; k++)
		print_course(p, k);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void json_sum(struct jout *j, const char *key, const struct replay_sum *s)
{
	jout_object(j, key);
	jout_u64(j, "hosts", s->hosts);
	jout_u64(j, "messages", s->count[GOOD_DELIVERY]);
	jout_u64(j, "logins", s->count[GOOD_LOGIN]);
	jout_object_end(j);
}

void eval_good_json_day(struct jout *j, const struct play_day *d)
{
	jout_real(j, "at_tag", d->at_tag, 0);
	jout_object(j, "good");
	for (unsigned a = 0; a < PLAY_AHEAD_N; a++) {
		const struct play_good *g = &d->good[a];

		if (!g->known) {
			jout_null(j, aheads[a].key);
			continue;
		}
		jout_object(j, aheads[a].key);
		json_sum(j, "all", &g->all);
		json_sum(j, "doubtful", &g->doubtful);
		json_sum(j, "met", &g->met);
		json_sum(j, "refused", &g->refused);
		json_sum(j, "carved_out", &g->carved);
		jout_bool(j, "above", g->above);
		jout_object_end(j);
	}
	jout_object_end(j);
}

static void json_rules(struct jout *j, const struct play_course *c)
{
	jout_array(j, "rules");
	for (unsigned w = 0; w < PLAY_WALL_N; w++)
		for (unsigned i = LEVEL_N * ACTION_N; i-- > 0;) {
			enum level level = (enum level)(i / ACTION_N);
			enum action action = (enum action)(i % ACTION_N);
			const unsigned *days = c->bound[w][level][action].days;

			if (days[REPLAY_WITHIN] + days[REPLAY_SPARED] + days[REPLAY_TAG] == 0)
				continue;
			jout_object(j, NULL);
			jout_str(j, "kind", entity_kind_name(kind_of[w]));
			jout_str(j, "level", level_name(level));
			jout_str(j, "action", action_name(action));
			for (unsigned v = 0; v < REPLAY_VERDICT_N; v++)
				jout_u64(j, replay_verdict_name((enum replay_verdict)v), days[v]);
			jout_object_end(j);
		}
	jout_array_end(j);
}

void eval_good_json(struct jout *j, const struct play *p, unsigned course)
{
	const struct play_course *c = &p->course[course];
	unsigned of, above = days_above(c, p->n_days, &of);

	jout_object(j, "good");
	for (unsigned a = 0; a < PLAY_AHEAD_N; a++) {
		jout_object(j, aheads[a].key);
		for (unsigned f = 0; f < PLAY_GOOD_FIGURE_N; f++) {
			struct spread s = figure_of(p, course, (enum play_ahead)a, f);

			jout_object(j, figures[f].key);
			jout_real(j, "mean", s.mean, figures[f].json_digits);
			jout_real(j, "half_95", s.half, figures[f].json_digits);
			jout_object_end(j);
		}
		jout_object_end(j);
	}
	jout_real(j, "max_good_loss_percent", 100 * p->max_good_loss, 6);
	jout_real(j, "at_tag", at_tag(p, course), 3);
	json_rules(j, c);
	jout_u64(j, "days_above", above);
	jout_u64(j, "days_above_of", of);
	jout_object_end(j);
}
