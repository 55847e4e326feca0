/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_walls.h"

#include <stdio.h>

#define DAYS_MAX 512u

static struct spread policy_caught(const struct evaluation *ev, unsigned p)
{
	double v[DAYS_MAX];
	unsigned n = MIN_OF(ev->n_days, DAYS_MAX);

	for (unsigned d = 0; d < n; d++)
		v[d] = ev->walls[d].policy[p].caught;
	return measure_spread(v, n);
}

/* What stands behind it on a test day. */
static struct evaluate_wall policy_mean(const struct evaluation *ev, unsigned p)
{
	struct evaluate_wall m = { 0 };

	for (unsigned d = 0; d < ev->n_days; d++) {
		m.addresses += ev->walls[d].policy[p].addresses / ev->n_days;
		m.blocks += ev->walls[d].policy[p].blocks / ev->n_days;
	}
	return m;
}

/* What a row catches; beside: what onus catches more, day by day. */
static struct spread equal_caught(
    const struct evaluation *ev, unsigned row, unsigned budget, bool beside)
{
	double v[DAYS_MAX];
	unsigned n = MIN_OF(ev->n_days, DAYS_MAX);

	for (unsigned d = 0; d < n; d++) {
		double own = evaluation_equal(ev, row, d)[budget].caught;

		v[d] = beside ? evaluation_equal(ev, 0, d)[budget].caught - own : own;
	}
	return measure_spread(v, n);
}

static void print_policies(const struct evaluation *ev)
{
	(void)printf(
	    "\n%-26s  %13s  %9s  %9s\n", "walls, and all hosts", "caught", "addresses", "/24s");
	for (unsigned p = 0; p < EVALUATE_POLICY_N; p++) {
		struct spread s = policy_caught(ev, p);

		struct evaluate_wall m = policy_mean(ev, p);

		(void)printf("%-26s  %.4f ±%.4f  %9.0f  %9.0f\n", evaluate_policy_name[p], s.mean,
		    s.half, m.addresses, m.blocks);
	}
}

static void print_equal(const struct evaluation *ev)
{
	(void)printf("\ncaught at as many addresses, /24s in one's own order beside the addresses "
		     "of 30 days; "
		     "in brackets what onus catches more\n%-23s",
	    "addresses");
	for (unsigned k = 0; k < EVALUATE_BUDGET_N; k++)
		(void)printf("  %-24.0f", policy_mean(ev, evaluate_budget[k]).addresses);
	(void)printf("\n");
	for (unsigned row = 0; row < ev->n_rows; row++) {
		(void)printf("%-23s", evaluation_row_name(row));
		for (unsigned k = 0; k < EVALUATE_BUDGET_N; k++) {
			struct spread own = equal_caught(ev, row, k, false);
			struct spread more = equal_caught(ev, row, k, true);

			if (row == 0)
				(void)printf("  %.4f ±%.4f%11s", own.mean, own.half, "");
			else
				(void)printf(
				    "  %.4f (%+.4f ±%.4f)", own.mean, more.mean, more.half);
		}
		(void)printf("\n");
	}
}

/* What a band has beyond the one before, which is a part of it. */
static struct evaluate_band band_own(const struct evaluation *ev, unsigned k)
{
	struct evaluate_band b = ev->band[k];

	if (k) {
		b.blocks -= ev->band[k - 1].blocks;
		b.again -= ev->band[k - 1].again;
		b.again_new -= ev->band[k - 1].again_new;
	}
	return b;
}

static double share(double part, double of)
{
	return of > 0 ? part / of : 0;
}

static void print_bands(const struct evaluation *ev)
{
	(void)printf(
	    "\n/24s of which so many new hosts are expected or more, to which somebody came, "
	    "somebody new, /24s a test day;\nand somebody to those up to the line above\n");
	for (unsigned k = 0; k < EVALUATE_BAND_N; k++) {
		const struct evaluate_band *b = &ev->band[k];
		struct evaluate_band own = band_own(ev, k);

		(void)printf("%4.2f %9.4f %9.4f %9.0f %9.4f\n", evaluate_band_from[k],
		    share(b->again, b->blocks), share(b->again_new, b->blocks),
		    b->blocks / ev->n_days, share(own.again, own.blocks));
	}
}

void eval_walls_print(const struct evaluation *ev)
{
	print_policies(ev);
	print_equal(ev);
	print_bands(ev);
}

static void json_spread(struct jout *j, const char *key, struct spread s)
{
	jout_object(j, key);
	jout_real(j, "mean", s.mean, 5);
	jout_real(j, "half_95", s.half, 5);
	jout_object_end(j);
}

static void json_days(struct jout *j, const struct evaluation *ev, unsigned p)
{
	jout_array(j, "days");
	for (unsigned d = 0; d < ev->n_days; d++) {
		const struct evaluate_wall *w = &ev->walls[d].policy[p];

		jout_object(j, NULL);
		jout_real(j, "caught", w->caught, 5);
		jout_real(j, "addresses", w->addresses, 0);
		jout_real(j, "blocks", w->blocks, 0);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_policies(struct jout *j, const struct evaluation *ev)
{
	jout_array(j, "walls");
	for (unsigned p = 0; p < EVALUATE_POLICY_N; p++) {
		jout_object(j, NULL);
		jout_str(j, "policy", evaluate_policy_name[p]);
		json_spread(j, "caught", policy_caught(ev, p));
		jout_real(j, "addresses", policy_mean(ev, p).addresses, 0);
		jout_real(j, "blocks", policy_mean(ev, p).blocks, 0);
		json_days(j, ev, p);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_equal(struct jout *j, const struct evaluation *ev)
{
	jout_array(j, "equal_addresses");
	for (unsigned k = 0; k < EVALUATE_BUDGET_N; k++) {
		jout_object(j, NULL);
		jout_real(j, "addresses", policy_mean(ev, evaluate_budget[k]).addresses, 0);
		jout_array(j, "rows");
		for (unsigned row = 0; row < ev->n_rows; row++) {
			jout_object(j, NULL);
			jout_str(j, "name", evaluation_row_name(row));
			json_spread(j, "caught", equal_caught(ev, row, k, false));
			json_spread(j, "onus_more", equal_caught(ev, row, k, true));
			jout_object_end(j);
		}
		jout_array_end(j);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void eval_walls_json(struct jout *j, const struct evaluation *ev)
{
	json_policies(j, ev);
	json_equal(j, ev);
	jout_array(j, "attack_again");
	for (unsigned k = 0; k < EVALUATE_BAND_N; k++) {
		const struct evaluate_band *b = &ev->band[k];

		struct evaluate_band own = band_own(ev, k);

		jout_object(j, NULL);
		jout_real(j, "new_from", evaluate_band_from[k], 2);
		jout_real(j, "again", share(b->again, b->blocks), 5);
		jout_real(j, "again_new", share(b->again_new, b->blocks), 5);
		jout_real(j, "blocks", b->blocks, 0);
		jout_real(j, "again_of_band", share(own.again, own.blocks), 5);
		jout_object_end(j);
	}
	jout_array_end(j);
}
