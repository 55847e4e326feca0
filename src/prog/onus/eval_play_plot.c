/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of eval_play.h. */
#include <math.h>

#include "prog/onus/eval_play.h"
#include "prog/onus/svg.h"
#include "util/clock.h"

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

static double good_of(const struct play_day *d)
{
	const struct play_good *g = &d->good[PLAY_DAY];

	return g->all.hosts ? (double)g->met.hosts / (double)g->all.hosts : NAN;
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

/* The highest of five lines, at round figures. */
static double round_up(double most)
{
	double step = most > 0.05 ? 0.05 : most > 0.005 ? 0.005 : 0.0005;

	return MIN_OF(ceil(MAX_OF(most / step, 1)) * step, 1);
}

static void shares(FILE *to, const struct play *p, double left, const char *title,
    double (*of)(const struct play_day *d))
{
	struct panel n = { .left = left, .of = of };

	n.high = round_up(most_of(p, &n));
	svg_title(to, n.left, title);
	for (unsigned k = 0; k <= 5; k++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%.3g %%", n.high * k * 20);
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
	unsigned panels = p->good ? 3 : 2;

	svg_begin(to, LEFT + panels * (WIDTH + GAP) - 60, TOP + HEIGHT + 40);
	shares(to, p, LEFT, "Hosts of the day that met a wall", caught_of);
	spaces(to, p);
	if (p->good)
		shares(
		    to, p, LEFT + 2 * (WIDTH + GAP), "Good hosts of the day behind walls", good_of);
	svg_end(to);
}
