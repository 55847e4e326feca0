/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_plot.h"

#include <math.h>
#include <stddef.h>

#include "prog/onus/svg.h"

#define WIDTH  460.0 /* of a panel */
#define HEIGHT 340.0
#define LEFT   60.0
#define TOP    40.0
#define GAP    250.0 /* between the panels: the names of the first stand there */
#define LABEL  12.0  /* lines of names, at least so far apart */

static double hit_x(double blocks)
{
	return LEFT + (log10(blocks) - 2) / 3 * WIDTH;
}

static double share_y(double share)
{
	return TOP + (1 - share) * HEIGHT;
}

static void shares(FILE *to, double left)
{
	for (unsigned k = 0; k <= 5; k++) {
		char text[8];

		(void)snprintf(text, sizeof(text), "%u %%", k * 20);
		svg_line(to, left, share_y(k / 5.0), left + WIDTH, share_y(k / 5.0), "#e4e4e4");
		svg_label(to, left - 6, share_y(k / 5.0) + 4, "end", text);
	}
}

/* --- hits by list size --------------------------------------------------------------------------- */

static double hit_of(const struct evaluation *ev, unsigned row, unsigned k)
{
	return evaluation_spread(
	    ev, row, EVALUATE_NEW, offsetof(struct measure, hit[0]) + k * sizeof(double))
	    .mean;
}

static void curve(FILE *to, const struct evaluation *ev, unsigned row)
{
	(void)fprintf(to, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" points=\"",
	    row ? "#a8b0b8" : "#c0392b", row ? "1.2" : "3");
	for (unsigned k = 0; k < MEASURE_AT_N; k++)
		(void)fprintf(to, "%.1f,%.1f ", hit_x(measure_at[k]), share_y(hit_of(ev, row, k)));
	(void)fprintf(to, "\"/>\n");
}

/* Names at the ends of the curves, best first, pushed down until they stand apart. */
static void names(FILE *to, const struct evaluation *ev)
{
	bool done[64] = { false };
	double y = 0;

	for (unsigned n = 0; n < ev->n_rows && n < NELEM(done); n++) {
		unsigned best = 0;
		double most = -1, at;

		for (unsigned row = 0; row < ev->n_rows && row < NELEM(done); row++)
			if (!done[row] && hit_of(ev, row, MEASURE_AT_N - 1) > most) {
				most = hit_of(ev, row, MEASURE_AT_N - 1);
				best = row;
			}
		done[best] = true;
		at = share_y(most) + 4;
		y = n && at < y + LABEL ? y + LABEL : at;
		(void)fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\"%s>%s, %.0f %%</text>\n",
		    LEFT + WIDTH + 8, y, best ? "#555" : "#c0392b",
		    best ? "" : " font-weight=\"bold\"", evaluation_row_name(best), 100 * most);
	}
}

static void hits(FILE *to, const struct evaluation *ev)
{
	static const char *const sizes[MEASURE_AT_N] = { "100", "1,000", "10,000", "100,000" };

	svg_title(to, LEFT, "New attackers on a list of so many /24s");
	shares(to, LEFT);
	for (unsigned k = 0; k < MEASURE_AT_N; k++)
		svg_label(to, hit_x(measure_at[k]), TOP + HEIGHT + 18, "middle", sizes[k]);
	for (unsigned row = ev->n_rows; row-- > 0;) /* onus on top of all */
		curve(to, ev, row);
	names(to, ev);
}

/* --- what was said, and what came ---------------------------------------------------------------- */

/* 0.0001 to 1 on both axes. */
static double log_share(double p)
{
	return MIN_OF(MAX_OF((log10(MAX_OF(p, 1e-9)) + 4) / 4, 0), 1);
}

static void dots(FILE *to, double left, const struct evaluate_bin bin[EVALUATE_BIN_N],
    const char *colour, const char *shape)
{
	for (unsigned k = 0; k < EVALUATE_BIN_N; k++) {
		double x, y;

		if (!(bin[k].blocks > 0) || !(bin[k].came > 0))
			continue;
		x = left + log_share(bin[k].said / bin[k].blocks) * WIDTH;
		y = share_y(log_share(bin[k].came / bin[k].blocks));
		if (shape[0] == 'c')
			(void)fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n",
			    x, y, colour);
		else
			(void)fprintf(to,
			    "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" fill=\"none\" "
			    "stroke=\"%s\" stroke-width=\"2\"/>\n",
			    x - 4.5, y - 4.5, colour);
	}
}

static void reliability(FILE *to, const struct evaluation *ev)
{
	static const char *const chance[] = { "0.01 %", "0.1 %", "1 %", "10 %", "100 %" };
	double left = LEFT + WIDTH + GAP;

	svg_title(to, left, "What was said (across), and what came (up)");
	for (unsigned k = 0; k < NELEM(chance); k++) {
		svg_line(to, left, share_y(k / 4.0), left + WIDTH, share_y(k / 4.0), "#e4e4e4");
		svg_label(to, left - 6, share_y(k / 4.0) + 4, "end", chance[k]);
		svg_label(to, left + k / 4.0 * WIDTH, TOP + HEIGHT + 18, "middle", chance[k]);
	}
	svg_line(to, left, share_y(0), left + WIDTH, share_y(1), "#888");
	dots(to, left, ev->bin, "#c0392b", "circle");
	dots(to, left, ev->host_bin, "#2c5d8a", "square");
	svg_label(to, left, TOP + HEIGHT + 44, "start",
	    "dots: a /24 gets a new attacker; squares: a known host returns");
}

void eval_plot(const struct evaluation *ev, FILE *to)
{
	svg_begin(to, LEFT + WIDTH + GAP + WIDTH + 30, TOP + HEIGHT + 60);
	hits(to, ev);
	reliability(to, ev);
	svg_end(to);
}
