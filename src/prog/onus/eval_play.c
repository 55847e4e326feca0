/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_play.h"

#include <math.h>

#include "prog/onus/svg.h"
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
	(void)printf("\nweek of     hosts come   caught, addresses behind walls:\n%24s", "");
	for (unsigned k = 0; k < p->n_courses; k++)
		(void)printf("  %17s", p->course[k].levels.name);
	(void)printf("\n");
	for (unsigned w = 0; w < p->n_weeks; w++) {
		char day[UTC_TEXT_MAX];

		utc_format_day(p->course[0].weeks[w].day, day);
		(void)printf("%s  %10.0f  ", day, p->course[0].weeks[w].came);
		for (unsigned k = 0; k < p->n_courses; k++) {
			const double *f = p->course[k].weeks[w].figure;

			(void)printf("  %7.4f %9.0f", f[PLAY_CAUGHT], f[PLAY_ADDRESSES]);
		}
		(void)printf("\n");
	}
}

void eval_play_print(const struct play *p)
{
	(void)printf(
	    "formula %s; walls of %u days, decided at the end of the day before\n"
	    "mean over %u weeks ± half of its 95 %% interval; stopped: share of the hosts, day by "
	    "day, that met a wall; refused: that were not only slowed down;\ncaught: of the hosts "
	    "of a week, that met one on any day; then "
	    "walls and what is behind them, on a day\n\n",
	    JUDGE_FORMULA, p->n_days, p->n_weeks);
	print_courses(p);
	print_weeks(p);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void json_day(struct jout *j, const struct play_day *d)
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
	jout_array(j, "weeks");
	for (unsigned w = 0; w < p->n_weeks; w++)
		json_week(j, &c->weeks[w]);
	jout_array_end(j);
	jout_array(j, "days");
	for (unsigned d = 0; d < p->n_days; d++)
		json_day(j, &c->days[d]);
	jout_array_end(j);
	jout_object_end(j);
}

void eval_play_json(struct jout *j, const struct play *p)
{
	jout_array(j, "levels");
	for (unsigned k = 0; k < p->n_courses; k++)
		json_course(j, p, k);
	jout_array_end(j);
}

/* --- the picture ---------------------------------------------------------------------------------- */

#define WIDTH  460.0 /* of a panel */
#define HEIGHT 340.0
#define LEFT   60.0
#define TOP    40.0
#define GAP    200.0 /* beside a panel: names stand there */
#define LABEL  14.0  /* they are at least so far apart */

/* struct panel - a figure of every day, and how high it stands: 0 to 1 */
struct panel {
	double left, low, high; /* of the figure */
	bool log;
	double (*of)(const struct play_day *d);
};

static double caught_of(const struct play_day *d)
{
	return d->came > 0 ? (d->met[PLAY_ADDR] + d->met[PLAY_BLOCK]) / d->came : NAN;
}

static double addresses_of(const struct play_day *d)
{
	return d->addresses;
}

static double height(const struct panel *n, double v)
{
	double h = n->log ? log10(MAX_OF(v, n->low) / n->low) / log10(n->high / n->low)
			  : (v - n->low) / (n->high - n->low);

	return TOP + (1 - MIN_OF(MAX_OF(h, 0), 1)) * HEIGHT;
}

static double across(const struct play *p, const struct panel *n, unsigned day)
{
	return n->left + (p->n_days > 1 ? (double)day / (p->n_days - 1) : 0) * WIDTH;
}

static double most_of(const struct play *p, const struct panel *n)
{
	double most = 0;

	for (unsigned k = 0; k < p->n_courses; k++)
		for (unsigned d = 0; d < p->n_days; d++)
			most = fmax(most, n->of(&p->course[k].days[d])); /* not those without */
	return most;
}

/* Days of which the series says nothing part a line. */
static void curve(FILE *to, const struct play *p, const struct panel *n, unsigned k)
{
	static const struct {
		const char *stroke, *dash;
	} style[PLAY_MAX] = { { "#2c5d8a", "2 3" }, { "#2c5d8a", "8 4" }, { "#c0392b", "none" },
		{ "#555", "8 3 2 3" }, { "#1e8449", "none" } };
	bool on = false;

	(void)fprintf(to,
	    "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" d=\"",
	    style[k].stroke, style[k].dash);
	for (unsigned d = 0; d < p->n_days; d++) {
		double v = n->of(&p->course[k].days[d]);

		if (!isnan(v))
			(void)fprintf(
			    to, "%s%.1f,%.1f ", on ? "L" : "M", across(p, n, d), height(n, v));
		on = !isnan(v);
	}
	(void)fprintf(to, "\"/>\n");
}

/* The last figure that a course has. */
static double end_of(const struct play *p, const struct panel *n, unsigned k)
{
	for (unsigned d = p->n_days; d-- > 0;)
		if (!isnan(n->of(&p->course[k].days[d])))
			return n->of(&p->course[k].days[d]);
	return 0;
}

/* Names at the ends, highest first, pushed down until they stand apart. */
static void names(FILE *to, const struct play *p, const struct panel *n)
{
	bool done[PLAY_MAX] = { false };
	double y = 0;

	for (unsigned i = 0; i < p->n_courses; i++) {
		unsigned best = 0;
		double most = -1, at;

		for (unsigned k = 0; k < p->n_courses; k++)
			if (!done[k] && end_of(p, n, k) > most) {
				most = end_of(p, n, k);
				best = k;
			}
		done[best] = true;
		at = height(n, most) + 4;
		y = i && at < y + LABEL ? y + LABEL : at;
		svg_label(to, n->left + WIDTH + 8, y, "start", p->course[best].levels.name);
	}
}

static void panel(FILE *to, const struct play *p, const struct panel *n)
{
	char first[UTC_TEXT_MAX], last[UTC_TEXT_MAX];

	utc_format_day(p->course[0].days[0].day, first);
	utc_format_day(p->course[0].days[p->n_days - 1].day, last);
	svg_label(to, n->left, TOP + HEIGHT + 18, "start", first);
	svg_label(to, n->left + WIDTH, TOP + HEIGHT + 18, "end", last);
	for (unsigned k = 0; k < p->n_courses; k++)
		curve(to, p, n, k);
	names(to, p, n);
}

static void shares(FILE *to, const struct play *p)
{
	struct panel n = { .left = LEFT, .of = caught_of };

	n.high = MIN_OF(ceil(MAX_OF(most_of(p, &n), 0.01) * 20) / 20, 1);
	svg_title(to, LEFT, "Hosts of the day that met a wall");
	for (unsigned k = 0; k <= 5; k++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%.0f %%", n.high * k * 20);
		svg_line(to, n.left, height(&n, n.high * k / 5), n.left + WIDTH,
		    height(&n, n.high * k / 5), "#e4e4e4");
		svg_label(to, n.left - 6, height(&n, n.high * k / 5) + 4, "end", text);
	}
	panel(to, p, &n);
}

static void spaces(FILE *to, const struct play *p)
{
	struct panel n = {
		.left = LEFT + WIDTH + GAP, .low = 100, .log = true, .of = addresses_of
	};

	n.high = pow(10, ceil(log10(MAX_OF(most_of(p, &n), 1000))));
	svg_title(to, n.left, "Addresses behind walls");
	for (double v = n.low; v <= n.high * 1.01; v *= 10) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%.0f", v);
		svg_line(to, n.left, height(&n, v), n.left + WIDTH, height(&n, v), "#e4e4e4");
		svg_label(to, n.left - 6, height(&n, v) + 4, "end", text);
	}
	panel(to, p, &n);
}

void eval_play_plot(const struct play *p, FILE *to)
{
	svg_begin(to, LEFT + WIDTH + GAP + WIDTH + GAP - 60, TOP + HEIGHT + 40);
	shares(to, p);
	spaces(to, p);
	svg_end(to);
}
