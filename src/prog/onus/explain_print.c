/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "prog/onus/attribute.h"
#include "prog/onus/explain.h"
#include "util/clock.h"
#include "util/jout.h"

#define LINES_SHOWN 3u /* of evidence a host, in text */

static const char *const level_name[JUDGE_LEVEL_N] = { "as", "sixteen", "prefix", "part", "block" };
static const double level_shape[JUDGE_LEVEL_N] = { 1, 0.5, 0.5, 0.5, 0.3 };

/* What is left out of a list, as one sum. */
struct rest {
	size_t n;
	double sum, weighed;
};

static struct rest rest_hosts(const struct explained *x, size_t from)
{
	struct rest r = { 0 };

	for (; from < x->n_hosts; from++) {
		r.n++;
		r.sum += x->hosts[from].h.p7;
		r.weighed += x->hosts[from].weighed;
	}
	return r;
}

static struct rest rest_stretches(const struct explained *x, size_t from)
{
	struct rest r = { 0 };

	for (; from < x->n_stretches; from++) {
		r.n++;
		r.sum += x->stretches[from].s.arrivals;
		r.weighed += x->stretches[from].weighed;
	}
	return r;
}

static void say_day(int32_t day, char ret[UTC_TEXT_MAX])
{
	utc_format_day(day, ret);
}

static void text_head(const struct explained *x, const struct explain_style *s, FILE *to)
{
	const struct judgement *g = &x->total.judgement;
	char day[UTC_TEXT_MAX], registry[UTC_TEXT_MAX];

	say_day(x->today, day);
	say_day(day_of(registry_date_s(s->registry)), registry);
	(void)fprintf(
	    to, "%s on %s: score %.2f [%.0f to %.0f], ", s->name, day, g->score, g->low, g->high);
	if (g->grade)
		(void)fprintf(to, "grade %c%s", g->grade, g->provisional ? " (provisional)" : "");
	else
		(void)fprintf(to, "no grade: %s", judge_reason_text(g->reason));
	(void)fprintf(to,
	    "\nformula %s, registry of %s, %" PRIu64 " hosts, %" PRIu64 " events, %u group%s\n\n",
	    JUDGE_FORMULA, registry, g->hosts, g->events, g->groups, g->groups == 1 ? "" : "s");
}

/* Who stands behind it. */
static void text_shared(const struct explain_style *s, FILE *to)
{
	if (s->about && s->about->lease_s)
		(void)fprintf(to,
		    "%s: whoever has it now may be another in %jd hours; nothing lasts longer that "
		    "is decided about it, then its block is judged.\n\n",
		    s->about->said, (intmax_t)(s->about->lease_s / 3600));
	else if (s->about)
		(void)fprintf(to,
		    "%s: many people stand behind it. The evidence counts; a wall around it lasts "
		    "15 minutes at most, then it is slowed down.\n\n",
		    s->about->said);
	else if (s->users >= SHARED_TOLD)
		(void)fprintf(
		    to, "In the mean %.3g people stand behind an address of it.\n\n", s->users);
}

/* Whose word it is, and what that is worth. */
static void text_sources(const struct explained *x, const struct explain_style *s, FILE *to)
{
	(void)fprintf(to, "Sources:\n");
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		const struct judge_trust *t = &x->trust[g];

		if (!(x->total.judgement.group_mask >> g & 1))
			continue;
		(void)fprintf(to, "  %s: trust %.3g", s->group[g], t->trust);
		if (t->measured)
			(void)fprintf(to,
			    " (%.2f %% of %" PRIu64
			    " reports were seen here too, of their neighbours "
			    "%.2f %%; a good source gains %.2f %%; %.3g was given)",
			    100 * t->seen, t->reports, 100 * t->control, 100 * t->g0, t->given);
		if (t->turned)
			(void)fprintf(to, "; it has turned: far less than before");
		if (s->kinds[g] == 1u << HUB_SOURCE_ANALYSIS)
			(void)fprintf(to, "; an analysis: concluded from what others saw");
		if (t->copies != g)
			(void)fprintf(
			    to, "; copies %s, counts as one with it", s->group[t->copies]);
		(void)fprintf(to, "\n");
	}
	(void)fprintf(to, "\n");
}

static void text_hosts(const struct explained *x, const struct explain_style *s, FILE *to)
{
	struct rest r = rest_hosts(x, MIN_OF(s->limit, x->n_hosts));

	(void)fprintf(to,
	    "Hosts expected to return within 7 days (weighed p7, p7, kernel sum in steps of %u "
	    "days x pace of their network, days active, days silent, active of 28):\n",
	    MAX_OF(x->world.rhythm, 1));
	for (size_t i = 0; i < x->n_hosts && i < s->limit; i++) {
		const struct explain_host *h = &x->hosts[i];
		const struct shared_list *shared = shared_at(s->shared, h->h.addr);
		char a[ADDR_TEXT_MAX];

		addr_format(h->h.addr, a);
		(void)fprintf(to, "  host %.9g %.9g %.6gx%.3g %u %u %u %s %s%s%s%s%s\n", h->weighed,
		    h->h.p7, h->h.k, h->h.pace, h->h.days, h->h.silent, h->h.active_28,
		    family_name(h->h.family), a, h->h.scan ? " scans only" : "",
		    h->h.former ? " former" : "", shared ? ", " : "", shared ? shared->what : "");
		for (size_t k = h->n_line; k > 0 && h->n_line - k < LINES_SHOWN; k--) {
			const struct judge_line *l = &x->lines[h->line + h->n_line - k];
			char day[UTC_TEXT_MAX];

			say_day(l->day, day);
			(void)fprintf(to, "       %s %s, %s proof, %" PRIu64 " times, weight %g\n",
			    day, s->group[l->group], l->weak ? "weak" : "full", l->count,
			    l->weight);
		}
		if (h->n_line > LINES_SHOWN)
			(void)fprintf(to, "       and %zu lines more\n", h->n_line - LINES_SHOWN);
	}
	if (r.n)
		(void)fprintf(to, "  hosts %.9g %.9g of %zu more\n", r.weighed, r.sum, r.n);
}

static void text_stretch(const struct explain_stretch *e, FILE *to)
{
	const struct judge_stretch *s = &e->s;
	char a[ADDR_TEXT_MAX];

	addr_format(s->block, a);
	(void)fprintf(to, "  space %.9g %.9g = 7 x %.6g x %" PRIu64 ", %s, %s: %.4g", e->weighed,
	    s->arrivals, s->pooled, s->units, family_name(s->family),
	    s->quiet ? "space without evidence" : a, s->l0);
	for (unsigned l = 0; l < JUDGE_LEVEL_N; l++)
		if (s->step[l].size > 0)
			(void)fprintf(to, " x%.3g %s (%.3g seen, %.3g expected)", s->step[l].ratio,
			    level_name[l], s->step[l].x, s->step[l].e);
	(void)fprintf(
	    to, "%s\n", s->former ? "; former: what of it is above the same without that" : "");
}

/* Whose word is held; NULL: nobody's, or that of somebody who speaks of the space around. */
static const char *holding_group(const struct judgement *g, const struct explain_style *s)
{
	return g->held > 0 && g->held_group < JUDGE_GROUPS_MAX ? s->group[g->held_group] : NULL;
}

static void text_total(const struct explained *x, const struct explain_style *s, FILE *to)
{
	const struct judge_total *t = &x->total;

	if (t->judgement.held > 0) {
		const char *who = holding_group(&t->judgement, s);

		(void)fprintf(to,
		    "  held %.9g: %s alone says it%s, and one source's word counts up to 1 host "
		    "and "
		    "twice what all others say\n",
		    -t->judgement.held, who ? who : "one source",
		    who ? "" : ", of the space around");
	}
	(void)fprintf(to, "\nweighed %.9g = the sum of the first column (severity:", t->weighed);
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		(void)fprintf(to, " %s %g", family_name((enum family)f), t->severity[f]);
	(void)fprintf(to, "; scans alone %g less)\naverage %.9g = %g + what an average network of ",
	    t->scan_off, t->average, t->b0);
	(void)fprintf(to, "%.0f IPv4 addresses and %.6g IPv6 /48s shows\n", t->size[0], t->size[1]);
	(void)fprintf(to, "rho %.9g = (weighed + %g) / average\n", t->judgement.rho, t->b0);
	(void)fprintf(to, "score %.9g = 100 / (1 + rho / 4)\n", t->judgement.score);
	if (t->judgement.trimmed > t->judgement.score + 0.05)
		(void)fprintf(to,
		    "Most of it is one block's, and that is new: without what that has above a "
		    "third, "
		    "%.1f.\n",
		    t->judgement.trimmed);
}

/* What its owner was told, and what he said. */
static void text_owner(const struct explain_style *s, FILE *to)
{
	const struct response *r = &s->response;

	if (s->disputed)
		(void)fprintf(to, "%zu line%s of evidence %s disputed and not counted.\n",
		    s->disputed, s->disputed == 1 ? "" : "s", s->disputed == 1 ? "is" : "are");
	if (r->cases)
		(void)fprintf(to,
		    "Its owner was told %u time%s, and cleaned up %u of them; half of all cases "
		    "are "
		    "clean within %.1f days: response %c.\n",
		    r->cases, r->cases == 1 ? "" : "s", r->cleaned, response_days(r),
		    response_grade(r));
}

void explain_text(const struct explained *x, const struct explain_style *s, FILE *to)
{
	size_t shown = MIN_OF(s->limit, x->n_stretches);
	struct rest r = rest_stretches(x, shown);

	text_head(x, s, to);
	text_shared(s, to);
	text_sources(x, s, to);
	explain_transfers_text(s->transfers, s->limit, to);
	text_hosts(x, s, to);
	if (x->n_stretches)
		(void)fprintf(to,
		    "\nNew hosts expected within 7 days (weighed, arrivals = 7 x rate x "
		    "addresses; rate = world's x steps down the chain):\n");
	for (size_t i = 0; i < shown; i++)
		text_stretch(&x->stretches[i], to);
	if (r.n)
		(void)fprintf(to, "  spaces %.9g %.9g of %zu more\n", r.weighed, r.sum, r.n);
	text_total(x, s, to);
	text_owner(s, to);
	explain_decision_text(s->decision, to);
}

/* --- JSON ---------------------------------------------------------------------------------------- */

#define FULL 15 /* decimals: what adds up, adds up */

static void json_head(struct jout *j, const struct explained *x, const struct explain_style *s)
{
	const struct judge_total *t = &x->total;
	const struct judgement *g = &t->judgement;
	char day[UTC_TEXT_MAX];

	jout_str(j, "entity", s->name);
	say_day(x->today, day);
	jout_str(j, "at", day);
	jout_str(j, "formula", JUDGE_FORMULA);
	say_day(day_of(registry_date_s(s->registry)), day);
	jout_str(j, "registry", day);
	jout_real(j, "score", g->score, FULL);
	jout_real(j, "low", g->low, 6);
	jout_real(j, "high", g->high, 6);
	jout_str(j, "grade", g->grade ? (char[2]){ g->grade, 0 } : NULL);
	jout_str(j, "reason", g->grade ? NULL : judge_reason_text(g->reason));
	jout_bool(j, "provisional", g->provisional);
	jout_real(j, "trimmed", g->trimmed, 6);
	jout_real(j, "rho", g->rho, FULL);
	jout_real(j, "weighed", t->weighed, FULL);
	jout_real(j, "held", g->held, FULL);
	jout_str(j, "held_group", holding_group(g, s));
	jout_real(j, "average", t->average, FULL);
	jout_real(j, "b0", t->b0, FULL);
	jout_u64(j, "rhythm", MAX_OF(x->world.rhythm, 1));
	jout_real(j, "drift", x->world.drift, 6);
	jout_real(j, "scan_off", t->scan_off, FULL);
	jout_real(j, "scan_share", t->scan_share, FULL);
	jout_real(j, "size_v4", t->size[0], 0);
	jout_real(j, "size_v6", t->size[1], FULL);
	jout_object(j, "severity");
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		jout_real(j, family_name((enum family)f), t->severity[f], 3);
	jout_object_end(j);
	for (unsigned v = 0; v < 2; v++) {
		jout_object(j, v ? "m0_v6" : "m0_v4");
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
			jout_real(j, family_name((enum family)f), t->m0[f][v], 20);
		jout_object_end(j);
	}
}

static void json_host(struct jout *j, const struct explained *x, const struct explain_style *s,
    const struct explain_host *h)
{
	char a[ADDR_TEXT_MAX], day[UTC_TEXT_MAX];

	jout_object(j, NULL);
	addr_format(h->h.addr, a);
	jout_str(j, "host", a);
	jout_str(j, "family", family_name(h->h.family));
	jout_real(j, "p7", h->h.p7, FULL);
	jout_real(j, "kernel", h->h.k, FULL);
	jout_real(j, "pace", h->h.pace, FULL);
	jout_u64(j, "days", h->h.days);
	jout_u64(j, "silent", h->h.silent);
	jout_u64(j, "active_28", h->h.active_28);
	jout_bool(j, "scans_only", h->h.scan);
	jout_bool(j, "former", h->h.former);
	attribute_shared_json(shared_at(s->shared, h->h.addr), j);
	jout_real(j, "score_regained", h->regained, 6);
	say_day(h->h.quiet_by, day);
	jout_str(j, "quiet_by", day);
	jout_array(j, "lines");
	for (size_t k = 0; k < h->n_line; k++) {
		const struct judge_line *l = &x->lines[h->line + k];

		jout_object(j, NULL);
		say_day(l->day, day);
		jout_str(j, "day", day);
		jout_str(j, "group", s->group[l->group]);
		jout_str(j, "proof", l->weak ? "weak" : "full");
		jout_u64(j, "count", l->count);
		jout_real(j, "weight", l->weight, FULL);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_object_end(j);
}

static void json_stretch(struct jout *j, const struct explain_stretch *e)
{
	const struct judge_stretch *s = &e->s;
	char a[ADDR_TEXT_MAX];

	jout_object(j, NULL);
	addr_format(s->block, a);
	jout_str(j, "block", s->quiet ? NULL : a);
	jout_bool(j, "former", s->former);
	jout_str(j, "family", family_name(s->family));
	jout_u64(j, "units", s->units);
	jout_real(j, "l0", s->l0, 20);
	jout_real(j, "lambda", s->lambda, 20);
	jout_real(j, "pooled", s->pooled, 20);
	jout_real(j, "arrivals", s->arrivals, FULL);
	jout_array(j, "steps");
	for (unsigned l = 0; l < JUDGE_LEVEL_N; l++) {
		if (!(s->step[l].size > 0))
			continue;
		jout_object(j, NULL);
		jout_str(j, "level", level_name[l]);
		jout_real(j, "shape", level_shape[l], 1);
		jout_real(j, "x", s->step[l].x, FULL);
		jout_real(j, "e", s->step[l].e, FULL);
		jout_real(j, "size", s->step[l].size, 0);
		jout_real(j, "ratio", s->step[l].ratio, FULL);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_object_end(j);
}

static void json_owner(struct jout *j, const struct explain_style *s)
{
	const struct response *r = &s->response;

	attribute_shared_json(s->about, j);
	jout_real(j, "users", s->users, 3);
	jout_u64(j, "disputed", s->disputed);
	if (!r->cases) {
		jout_null(j, "response");
		return;
	}
	jout_object(j, "response");
	jout_u64(j, "told", r->cases);
	jout_u64(j, "cleaned", r->cleaned);
	jout_real(j, "median_days", response_days(r), 6);
	jout_str(j, "grade", (char[2]){ response_grade(r), 0 });
	jout_object_end(j);
}

static void json_rest(struct jout *j, const char *key, struct rest r)
{
	jout_object(j, key);
	jout_u64(j, "n", r.n);
	jout_real(j, "sum", r.sum, FULL);
	jout_real(j, "weighed", r.weighed, FULL);
	jout_object_end(j);
}

static void json_kinds(struct jout *j, unsigned kinds)
{
	jout_array(j, "kinds");
	for (unsigned k = 0; k < HUB_SOURCE_KIND_N; k++)
		if (kinds >> k & 1)
			jout_str(j, NULL, hub_source_kind_name[k]);
	jout_array_end(j);
}

static void json_sources(struct jout *j, const struct explained *x, const struct explain_style *s)
{
	jout_array(j, "sources");
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		const struct judge_trust *t = &x->trust[g];

		if (!(x->total.judgement.group_mask >> g & 1))
			continue;
		jout_object(j, NULL);
		jout_str(j, "group", s->group[g]);
		json_kinds(j, s->kinds[g]);
		jout_real(j, "trust", t->trust, FULL);
		jout_real(j, "given", t->given, 6);
		jout_bool(j, "measured", t->measured);
		if (t->measured) {
			jout_u64(j, "reports", t->reports);
			jout_real(j, "seen", t->seen, 6);
			jout_real(j, "control", t->control, 6);
			jout_real(j, "good", t->g0, 6);
		}
		jout_bool(j, "turned", t->turned);
		jout_str(j, "copies", t->copies == g ? NULL : s->group[t->copies]);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void explain_json(const struct explained *x, const struct explain_style *s, struct buf *out)
{
	size_t hosts = MIN_OF(s->limit, x->n_hosts), stretches = MIN_OF(s->limit, x->n_stretches);
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	json_head(&j, x, s);
	json_sources(&j, x, s);
	json_owner(&j, s);
	explain_decision_json(&j, s->decision);
	explain_transfers_json(&j, s->transfers, s->limit);
	jout_array(&j, "hosts");
	for (size_t i = 0; i < hosts; i++)
		json_host(&j, x, s, &x->hosts[i]);
	jout_array_end(&j);
	json_rest(&j, "other_hosts", rest_hosts(x, hosts));
	jout_array(&j, "stretches");
	for (size_t i = 0; i < stretches; i++)
		json_stretch(&j, &x->stretches[i]);
	jout_array_end(&j);
	json_rest(&j, "other_stretches", rest_stretches(x, stretches));
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* --- what would clear it ------------------------------------------------------------------------- */

void explain_clear_text(const struct explained *x, const struct explain_style *s,
    const struct explain_clear *c, FILE *to)
{
	struct rest r = rest_hosts(x, MIN_OF(s->limit, x->n_hosts));

	text_head(x, s, to);
	(void)fprintf(to, "If nothing new is seen:\n");
	for (unsigned g = 0; g < NELEM(c->by_day); g++) {
		char day[UTC_TEXT_MAX];

		if (c->by_day[g] == INT32_MAX) {
			(void)fprintf(to, "  grade %c: not within 400 days\n", (char)('A' + g));
			continue;
		}
		say_day(c->by_day[g], day);
		(void)fprintf(
		    to, "  grade %c: by %s (score %.1f)\n", (char)('A' + g), day, c->score[g]);
	}
	(void)fprintf(to,
	    "\nHosts by score regained if they fall silent, and the day by which less than "
	    "1 %% is expected of them:\n");
	for (size_t i = 0; i < x->n_hosts && i < s->limit; i++) {
		const struct explain_host *h = &x->hosts[i];
		char a[ADDR_TEXT_MAX], day[UTC_TEXT_MAX];

		addr_format(h->h.addr, a);
		say_day(h->h.quiet_by, day);
		(void)fprintf(
		    to, "  +%.3f  %s  %s  %s\n", h->regained, day, a, family_name(h->h.family));
	}
	if (r.n)
		(void)fprintf(to, "  and %zu hosts more; --all shows them\n", r.n);
}

void explain_clear_json(const struct explained *x, const struct explain_style *s,
    const struct explain_clear *c, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	json_head(&j, x, s);
	jout_array(&j, "clears");
	for (unsigned g = 0; g < NELEM(c->by_day); g++) {
		char day[UTC_TEXT_MAX];

		jout_object(&j, NULL);
		jout_str(&j, "grade", (char[2]){ (char)('A' + g), 0 });
		if (c->by_day[g] == INT32_MAX)
			jout_null(&j, "by");
		else {
			say_day(c->by_day[g], day);
			jout_str(&j, "by", day);
			jout_real(&j, "score", c->score[g], 4);
		}
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_array(&j, "hosts");
	for (size_t i = 0; i < x->n_hosts && i < s->limit; i++)
		json_host(&j, x, s, &x->hosts[i]);
	jout_array_end(&j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}
