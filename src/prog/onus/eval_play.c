/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_play.h"

#include "prog/onus/eval_good.h"
#include "util/clock.h"

/* --- text ----------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *key;
	int digits;
} figures[PLAY_FIGURE_N] = {
	[PLAY_STOPPED] = { "stopped", "stopped", 4 },
	[PLAY_REFUSED] = { "refused", "refused", 4 },
	[PLAY_CAUGHT] = { "caught", "caught", 4 },
	[PLAY_ADDRESSES] = { "addresses", "addresses", 0 },
	[PLAY_ADDRS] = { "around one", "walls_addr", 0 },
	[PLAY_BLOCKS] = { "around /24", "walls_block", 0 },
};
static const char *const wall_key[PLAY_WALL_N] = { "addr", "block" };

static double idle_share(const struct play_course *c, enum play_wall w)
{
	return c->walls[w] > 0 ? c->idle[w] / c->walls[w] : 0;
}

static void print_courses(const struct play *p)
{
	(void)printf("%-16s", "");
	for (unsigned f = 0; f < PLAY_FIGURE_N; f++)
		(void)printf("  %15s", figures[f].name);
	(void)printf("  %20s  %20s\n", "put up, met nobody", "/24: the same");
	for (unsigned k = 0; k < p->n_courses; k++) {
		const struct play_course *c = &p->course[k];

		(void)printf("%-16s", c->levels.name);
		for (unsigned f = 0; f < PLAY_FIGURE_N; f++) {
			struct spread s = play_spread(p, k, f);

			(void)printf(figures[f].digits ? "  %7.*f ±%.*f" : "  %7.*f ±%6.*f",
			    figures[f].digits, s.mean, figures[f].digits, s.half);
		}
		for (unsigned w = 0; w < PLAY_WALL_N; w++)
			(void)printf("  %13.0f  %.3f", c->walls[w], idle_share(c, w));
		(void)printf("\n");
		if (c->over_budget > 0)
			(void)printf("%-16s  %.0f times a /24 was left alone, as the budget was "
				     "spent\n",
			    "", c->over_budget);
	}
}

static void print_weeks(const struct play *p)
{
	(void)printf("\nweek of     hosts come   caught, addresses behind walls%s:\n%24s",
	    p->good ? ", good hosts behind those of its first day" : "", "");
	for (unsigned k = 0; k < p->n_courses; k++)
		(void)printf("  %*s", p->good ? 26 : 17, p->course[k].levels.name);
	(void)printf("\n");
	for (unsigned w = 0; w < p->n_weeks; w++) {
		char day[UTC_TEXT_MAX];

		utc_format_day(p->course[0].weeks[w].day, day);
		(void)printf("%s  %10.0f  ", day, p->course[0].weeks[w].came);
		for (unsigned k = 0; k < p->n_courses; k++) {
			const struct play_week *x = &p->course[k].weeks[w];

			(void)printf(
			    "  %7.4f %9.0f", x->figure[PLAY_CAUGHT], x->figure[PLAY_ADDRESSES]);
			if (p->good)
				(void)printf(" %8.0f", x->good[PLAY_WEEK][PLAY_GOOD_HOSTS]);
		}
		(void)printf("\n");
	}
}

void eval_play_print(const struct play *p)
{
	(void)printf(
	    "formula %s; walls of %u days, decided at the end of the day before, and on %u days "
	    "before "
	    "that do not count\n"
	    "mean over %u weeks ± half of its 95 %% interval; stopped: share of the hosts, day by "
	    "day, that met a wall; refused: that were not only slowed down;\ncaught: of the hosts "
	    "of a week, that met one on any day; then "
	    "walls and what is behind them, on a day\n\n",
	    JUDGE_FORMULA, p->n_days, p->warm, p->n_weeks);
	print_courses(p);
	eval_good_print(p);
	print_weeks(p);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void json_day(struct jout *j, const struct play_day *d, bool good)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(d->day, day);
	jout_object(j, NULL);
	jout_str(j, "day", day);
	jout_real(j, "came", d->came, 0);
	for (unsigned w = 0; w < PLAY_WALL_N; w++) {
		jout_object(j, wall_key[w]);
		jout_real(j, "walls", d->walls[w], 0);
		jout_real(j, "met", d->met[w], 3);
		jout_object_end(j);
	}
	jout_real(j, "refused", d->refused, 3);
	jout_real(j, "addresses", d->addresses, 0);
	if (good)
		eval_good_json_day(j, d);
	jout_object_end(j);
}

static void json_week(struct jout *j, const struct play_week *w)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(w->day, day);
	jout_object(j, NULL);
	jout_str(j, "from", day);
	jout_real(j, "came", w->came, 0);
	for (unsigned f = 0; f < PLAY_FIGURE_N; f++)
		jout_real(j, figures[f].key, w->figure[f], 5);
	jout_object_end(j);
}

static void json_course(struct jout *j, const struct play *p, unsigned k)
{
	const struct play_course *c = &p->course[k];

	jout_object(j, NULL);
	jout_str(j, "name", c->levels.name);
	jout_object(j, "thresholds");
	for (unsigned t = 0; t < THRESHOLD_N; t++)
		jout_real(j, threshold_rows[t].name, c->levels.thresholds.v[t], 4);
	jout_object_end(j);
	for (unsigned f = 0; f < PLAY_FIGURE_N; f++) {
		struct spread s = play_spread(p, k, f);

		jout_object(j, figures[f].key);
		jout_real(j, "mean", s.mean, 5);
		jout_real(j, "half_95", s.half, 5);
		jout_object_end(j);
	}
	for (unsigned w = 0; w < PLAY_WALL_N; w++) {
		jout_object(j, wall_key[w]);
		jout_real(j, "put_up", c->walls[w], 0);
		jout_real(j, "met_nobody", c->idle[w], 0);
		jout_object_end(j);
	}
	jout_real(j, "over_budget", c->over_budget, 0);
	if (p->good)
		eval_good_json(j, p, k);
	jout_array(j, "weeks");
	for (unsigned w = 0; w < p->n_weeks; w++)
		json_week(j, &c->weeks[w]);
	jout_array_end(j);
	jout_array(j, "days");
	for (unsigned d = 0; d < p->n_days; d++)
		json_day(j, &c->days[d], p->good);
	jout_array_end(j);
	jout_object_end(j);
}

void eval_play_json(struct jout *j, const struct play *p)
{
	jout_u64(j, "warm_days", p->warm);
	jout_array(j, "levels");
	for (unsigned k = 0; k < p->n_courses; k++)
		json_course(j, p, k);
	jout_array_end(j);
}
