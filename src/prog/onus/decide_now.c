/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What would be decided if the hub were judged now. It changes nothing. */
#include <errno.h>

#include "ledger/hub_setting.h"
#include "prog/evidence/cost.h"
#include "prog/onus/decide.h"
#include "util/clock.h"

static int judge(struct decide *x, struct err *e)
{
	int r = evidence_read(x->hub, x->now_s, true, &x->evidence, e);

	if (r == 0)
		r = transfers_judge(
		    x->hub, x->from.registry, x->evidence.day, x->evidence.judge, &x->transfers, e);
	return r < 0 ? r : judge_run(x->evidence.judge, registry_space, x->from.registry, e);
}

static int read_settings(struct decide *x, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	int r = addrset_parse(span_str(x->from.conf->own_networks), &own, e);

	if (r == 0)
		r = hub_settings_read(x->hub, &x->settings, e);
	if (r == 0 && settings_never(&x->settings, &own, x->now_s, &x->never) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	return r;
}

/* By the rules, then by warrants. */
static int decide_all_of(struct decide *x)
{
	const struct deciding *d = &x->deciding;
	int r = policy_decide(x->evidence.judge, &d->conf, &x->list);

	return r < 0 ? r
		     : warrants_decide(&x->list, d->v, d->conf.n_standing, (uint32_t)d->n,
			   x->warrants.v, x->warrants.n);
}

static int decide_make(struct decide *x, struct err *e)
{
	struct clock clock = clock_system();
	uint64_t at_tag;
	int r = hub_open(x->from.conf->hub, HUB_READ, &x->hub, e);

	x->now_s = clock_now_s(&clock);
	if (r == 0)
		r = read_settings(x, e);
	if (r == 0)
		r = judge(x, e);
	x->deciding.conf.at_s = x->evidence.run.at_s;
	x->deciding.conf.never = &x->never;
	x->deciding.conf.thresholds = &x->settings.levels;
	x->deciding.shared = x->from.shared;
	if (r == 0)
		r = deciding_begin(&x->deciding, x->hub, x->from.registry, &x->transfers, e);
	if (r == 0)
		r = warrants_read(&x->warrants, &x->settings, x->from.conf->operator_keys,
		    x->from.registry, &x->never, x->now_s, e);
	if (r == 0 && decide_all_of(x) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		r = cost_apply(&x->good, x->from.conf->max_good_loss / 100, &x->deciding, &x->list,
		    &at_tag, e);
	return r;
}

static void decide_done(struct decide *x)
{
	policy_done(&x->list);
	known_done(&x->good);
	deciding_done(&x->deciding);
	evidence_done(&x->evidence);
	transfers_done(&x->transfers);
	warrants_done(&x->warrants);
	addrset_done(&x->never);
	settings_done(&x->settings);
	x->hub = hub_free(x->hub);
	attribute_done(&x->from);
}

int decide_now(struct decide *x, const char *conf_file, const struct opt_list *set)
{
	struct err e = { "" };
	int r = attribute_open(&x->from, "onus decide", conf_file, set->v, set->n, NULL);

	settings_init(&x->settings);
	if (r == 0) {
		attribute_shared(&x->from, "onus decide");
		r = decide_make(x, &e);
		if (r < 0)
			(void)fprintf(stderr, "onus decide: %s\n", e.text);
	}
	if (r == 0)
		decide_print(x);
	decide_done(x);
	return r < 0 ? 2 : x->diff && x->changes;
}
