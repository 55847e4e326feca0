/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a replay found, as a table or as JSON (doc/decide.md, "Replay"). */
#include <errno.h>
#include <inttypes.h>

#include "prog/onus/decide_replay.h"
#include "util/clock.h"
#include "util/jout.h"

#define OUT_FLUSH (64u << 10)
#define OUT_MAX	  (OUT_FLUSH + (64u << 10)) /* one more row always has room */

static const enum good kinds[] = { GOOD_DELIVERY, GOOD_LOGIN };

static double percent(const struct replay_sum *part, const struct replay_sum *all, enum good kind)
{
	return all->count[kind] ? 100 * (double)part->count[kind] / (double)all->count[kind] : 0;
}

static void days(const struct replay_totals *t, char first[UTC_TEXT_MAX], char last[UTC_TEXT_MAX])
{
	utc_format_day(t->first_day, first);
	utc_format_day(t->last_day, last);
}

static bool nothing(const struct replay_totals *t)
{
	return t->first_day > t->last_day;
}

/* Of n rows, how many are shown. */
static uint32_t shown(const struct decide_replayed *d, uint32_t n)
{
	return d->limit && d->limit < n ? d->limit : n;
}

/* --- text --------------------------------------------------------------------------------------------- */

static void text_sum(const char *name, const char *decisions, const struct replay_sum *s,
    const struct replay_sum *all, const char *more)
{
	(void)printf("%-32s %9s %10" PRIu64 " %8.3f%% %9" PRIu64 " %8.3f%% %9" PRIu64 "%s%s\n",
	    name, decisions, s->count[GOOD_DELIVERY], percent(s, all, GOOD_DELIVERY),
	    s->count[GOOD_LOGIN], percent(s, all, GOOD_LOGIN), s->hosts, *more ? "  " : "", more);
}

static void text_rules(const struct decide_replayed *d, const struct replay_totals *t)
{
	unsigned n;
	const struct replay_rule *rules = replay_rules(d->replay, &n);

	for (unsigned i = 0; i < n; i++) {
		const struct replay_rule *r = &rules[i];
		char name[64], decisions[24], more[120] = "";

		(void)snprintf(name, sizeof(name), "%s %s %s", entity_kind_name(r->kind),
		    level_name(r->level), action_name(r->action));
		(void)snprintf(decisions, sizeof(decisions), "%" PRIu64, r->decisions);
		if (r->verdict == REPLAY_TAG)
			(void)snprintf(
			    more, sizeof(more), "above %g %%: stays at tag", d->max_loss);
		else if (r->verdict == REPLAY_SPARED)
			(void)snprintf(more, sizeof(more),
			    "above %g %%: %" PRIu64 " of its decisions stay at tag", d->max_loss,
			    r->at_tag);
		else if (r->action == ACTION_TAG && r->level >= LEVEL_FRICTION)
			(void)snprintf(more, sizeof(more), "at tag already");
		text_sum(name, decisions, &r->met, &t->good, more);
	}
}

static void text_totals(const struct replay_totals *t)
{
	struct replay_sum refused = replay_both(&t->met[ACTION_REJECT], &t->met[ACTION_DROP]);

	text_sum("refused (reject, drop)", "", &refused, &t->good, "");
	text_sum("delayed (greylist)", "", &t->met[ACTION_GREYLIST], &t->good, "");
	text_sum("of both: known, attacked nobody", "", &t->carved, &t->good, "");
	if (t->doubtful.hosts)
		(void)printf("left out: %" PRIu64 " messages and %" PRIu64 " log-ins of %" PRIu64
			     " hosts that attacked as often\n",
		    t->doubtful.count[GOOD_DELIVERY], t->doubtful.count[GOOD_LOGIN],
		    t->doubtful.hosts);
	if (t->beyond)
		(void)printf("left out: %" PRIu64
			     " observations of more hosts than are remembered\n",
		    t->beyond);
}

static void text_decisions(const struct decide_replayed *d, const uint32_t *v, uint32_t n)
{
	if (n)
		(void)printf("\ndecisions that cost most: %u of %u\n", shown(d, n), n);
	for (uint32_t i = 0; i < shown(d, n); i++) {
		const struct replay_decided *x = replay_decided(d->replay, v[i]);
		char until[UTC_TEXT_MAX];

		utc_format(d->walls->v[v[i]].until_s, until);
		(void)printf("  %s %s until %s: %" PRIu64 " messages, %" PRIu64 " log-ins, %" PRIu64
			     " hosts%s; %s\n",
		    decide_wall_name(d->walls, v[i]), action_name(x->action), until,
		    x->met.count[GOOD_DELIVERY], x->met.count[GOOD_LOGIN], x->met.hosts,
		    x->at_tag ? "; stays at tag" : "", decide_wall_reason(d->walls, v[i]));
	}
}

static void text_hosts(const struct decide_replayed *d, const uint32_t *v, uint32_t n)
{
	if (n)
		(void)printf("\ngood hosts under them: %u of %u\n", shown(d, n), n);
	for (uint32_t i = 0; i < shown(d, n); i++) {
		struct replay_host h;
		struct entity en;
		char name[ENTITY_NAME_MAX];

		replay_host(d->replay, v[i], &h);
		en = entity_addr(h.addr);
		(void)entity_format(&en, name);
		(void)printf("  %s: %" PRIu64 " messages, %" PRIu64 " log-ins; %s by %s\n", name,
		    h.count[GOOD_DELIVERY], h.count[GOOD_LOGIN],
		    action_name(replay_decided(d->replay, h.decision)->action),
		    decide_wall_name(d->walls, h.decision));
	}
}

static void text_head(const struct decide_replayed *d, const struct replay_totals *t)
{
	char first[UTC_TEXT_MAX], last[UTC_TEXT_MAX];

	days(t, first, last);
	(void)printf("good traffic in %s, %s to %s: %" PRIu64 " delivered messages and %" PRIu64
		     " log-ins of %" PRIu64 " hosts\n",
	    d->from, first, last, t->good.count[GOOD_DELIVERY], t->good.count[GOOD_LOGIN],
	    t->good.hosts);
	if (d->unverified)
		(void)printf("left out: %" PRIu64
			     " observations in logs that clients can write into\n",
		    d->unverified);
	(void)printf("what %u decisions would have met of it, had they stood all the time:\n\n",
	    replay_n_decisions(d->replay));
	(void)printf("%-32s %9s %10s %9s %9s %9s %9s\n", "rule", "decisions", "messages", "share",
	    "log-ins", "share", "hosts");
}

int decide_replay_text(const struct decide_replayed *d)
{
	CLEANUP(free_p) uint32_t *decisions = NULL;
	CLEANUP(free_p) uint32_t *hosts = NULL;
	uint32_t n_decisions, n_hosts;
	struct replay_totals t;

	if (replay_worst_decisions(d->replay, &decisions, &n_decisions) < 0 ||
	    replay_worst_hosts(d->replay, &hosts, &n_hosts) < 0)
		return -ENOMEM;
	replay_totals(d->replay, &t);
	if (nothing(&t)) {
		(void)printf("no good traffic in %s: nothing is known of what %u decisions would "
			     "cost\n",
		    d->from, replay_n_decisions(d->replay));
		return 0;
	}
	text_head(d, &t);
	text_rules(d, &t);
	text_totals(&t);
	text_decisions(d, decisions, n_decisions);
	text_hosts(d, hosts, n_hosts);
	return 0;
}

/* --- JSON --------------------------------------------------------------------------------------------- */

static const char *const kind_keys[] = { [GOOD_DELIVERY] = "messages", [GOOD_LOGIN] = "logins" };

static void json_sum(
    struct jout *j, const char *key, const struct replay_sum *s, const struct replay_sum *all)
{
	static const char *const share_keys[] = {
		[GOOD_DELIVERY] = "messages_percent", [GOOD_LOGIN] = "logins_percent"
	};

	jout_object(j, key);
	for (unsigned i = 0; i < NELEM(kinds); i++) {
		jout_u64(j, kind_keys[kinds[i]], s->count[kinds[i]]);
		if (all)
			jout_real(j, share_keys[kinds[i]], percent(s, all, kinds[i]), 6);
	}
	jout_u64(j, "hosts", s->hosts);
	jout_object_end(j);
}

static void flush(struct buf *out)
{
	struct span t = buf_text(out);

	if (!span_empty(t))
		(void)fwrite(t.p, 1, span_len(t), stdout); /* the caller's fflush tells */
	buf_reset(out);
}

static void flush_full(struct buf *out)
{
	if (out->len >= OUT_FLUSH)
		flush(out);
}

static void json_totals(struct jout *j, const struct decide_replayed *d)
{
	char first[UTC_TEXT_MAX], last[UTC_TEXT_MAX];
	struct replay_totals t;
	struct replay_sum refused;

	replay_totals(d->replay, &t);
	refused = replay_both(&t.met[ACTION_REJECT], &t.met[ACTION_DROP]);
	days(&t, first, last);
	jout_str(j, "from", d->from);
	jout_str(j, "first_day", nothing(&t) ? NULL : first);
	jout_str(j, "last_day", nothing(&t) ? NULL : last);
	jout_real(j, "max_good_loss_percent", d->max_loss, 6);
	jout_u64(j, "decisions", replay_n_decisions(d->replay));
	jout_u64(j, "decisions_ended", d->walls->ended);
	jout_u64(j, "decisions_unknown", d->walls->unknown);
	json_sum(j, "good", &t.good, NULL);
	json_sum(j, "doubtful", &t.doubtful, NULL);
	jout_u64(j, "unverified", d->unverified);
	jout_u64(j, "beyond", t.beyond);
	json_sum(j, "refused", &refused, &t.good);
	json_sum(j, "delayed", &t.met[ACTION_GREYLIST], &t.good);
	json_sum(j, "tagged", &t.met[ACTION_TAG], &t.good);
	json_sum(j, "carved_out", &t.carved, &t.good);
}

static void json_rules(struct jout *j, const struct decide_replayed *d)
{
	unsigned n;
	const struct replay_rule *rules = replay_rules(d->replay, &n);
	struct replay_totals t;

	replay_totals(d->replay, &t);
	jout_array(j, "rules");
	for (unsigned i = 0; i < n; i++) {
		const struct replay_rule *r = &rules[i];

		jout_object(j, NULL);
		jout_str(j, "kind", entity_kind_name(r->kind));
		jout_str(j, "level", level_name(r->level));
		jout_str(j, "action", action_name(r->action));
		jout_u64(j, "decisions", r->decisions);
		json_sum(j, "met", &r->met, &t.good);
		json_sum(j, "carved_out", &r->carved, &t.good);
		jout_real(j, "loss_percent", 100 * r->loss, 6);
		jout_str(j, "verdict", replay_verdict_name(r->verdict));
		jout_u64(j, "at_tag", r->at_tag);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_decisions(
    struct jout *j, const struct decide_replayed *d, const uint32_t *v, uint32_t n, struct buf *out)
{
	jout_array(j, "worst_decisions");
	for (uint32_t i = 0; i < shown(d, n); i++) {
		const struct replay_decided *x = replay_decided(d->replay, v[i]);
		char until[UTC_TEXT_MAX];

		utc_format(d->walls->v[v[i]].until_s, until);
		jout_object(j, NULL);
		jout_str(j, "entity", decide_wall_name(d->walls, v[i]));
		jout_str(j, "level", level_name(x->level));
		jout_str(j, "action", action_name(x->action));
		jout_str(j, "until", until);
		jout_str(j, "reason", decide_wall_reason(d->walls, v[i]));
		json_sum(j, "met", &x->met, NULL);
		jout_real(j, "loss_percent", 100 * x->loss, 6);
		jout_bool(j, "at_tag", x->at_tag);
		jout_object_end(j);
		flush_full(out);
	}
	jout_array_end(j);
}

static void json_hosts(
    struct jout *j, const struct decide_replayed *d, const uint32_t *v, uint32_t n, struct buf *out)
{
	jout_array(j, "worst_hosts");
	for (uint32_t i = 0; i < shown(d, n); i++) {
		struct replay_host h;
		struct entity en;
		char name[ENTITY_NAME_MAX];

		replay_host(d->replay, v[i], &h);
		en = entity_addr(h.addr);
		(void)entity_format(&en, name);
		jout_object(j, NULL);
		jout_str(j, "entity", name);
		for (unsigned k = 0; k < NELEM(kinds); k++)
			jout_u64(j, kind_keys[kinds[k]], h.count[kinds[k]]);
		jout_u64(j, "attacks", h.attacks);
		jout_str(j, "decision", decide_wall_name(d->walls, h.decision));
		jout_bool(j, "carved_out", h.carved);
		jout_object_end(j);
		flush_full(out);
	}
	jout_array_end(j);
}

int decide_replay_json(const struct decide_replayed *d)
{
	CLEANUP(free_p) uint32_t *decisions = NULL;
	CLEANUP(free_p) uint32_t *hosts = NULL;
	uint32_t n_decisions, n_hosts;
	struct jout j;
	struct buf out;
	int r;

	if (replay_worst_decisions(d->replay, &decisions, &n_decisions) < 0 ||
	    replay_worst_hosts(d->replay, &hosts, &n_hosts) < 0)
		return -ENOMEM;
	buf_init(&out, OUT_MAX);
	jout_init(&j, &out);
	jout_object(&j, NULL);
	json_totals(&j, d);
	json_rules(&j, d);
	json_decisions(&j, d, decisions, n_decisions, &out);
	json_hosts(&j, d, hosts, n_hosts, &out);
	jout_object_end(&j);
	buf_byte(&out, '\n');
	r = buf_ok(&out) ? 0 : -ENOMEM;
	flush(&out);
	buf_done(&out);
	return r;
}
