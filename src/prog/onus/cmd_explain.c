/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus explain - a score as the sum that it is, out of the hub or of event lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "judge/series.h"
#include "prog/evidence/disputes.h"
#include "prog/evidence/evidence.h"
#include "prog/evidence/names.h"
#include "prog/evidence/within.h"
#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "prog/onus/explain.h"
#include "util/clock.h"
#include "util/input.h"
#include "util/opt.h"

#define LIMIT	20u
#define OUT_MAX (1u << 28)

struct explain {
	const char *conf_file, *registry;
	struct opt_list set;
	int64_t at_s; /* INT64_MIN: not given */
	bool json, all, clear;
	struct attributor from;
	struct evidence evidence;
	struct notices notices;	  /* of a hub; so is … */
	struct disputes disputes; /* … what does not count */
	struct transfers transfers;
	struct explain_decision decision;
	int32_t today;
};

/* --- evidence ------------------------------------------------------------------------------------ */

/* As for `onus top`, all that one's own files say is one group's word. */
#define FILES_GROUP "these files"

static int read_events(struct explain *x, const char *path, struct series *s, struct err *e)
{
	struct clock clock = clock_system();
	int64_t now_s = clock_now_s(&clock), end_s = x->at_s == INT64_MIN ? now_s : x->at_s;
	uint64_t refused = 0, read = 0;
	struct input *in;
	struct line line;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	while ((r = input_line(in, &line, e)) > 0) {
		struct event_room room;
		struct event ev;
		struct err why;
		int got = event_parse(line.text, now_s, &room, &ev, &why);

		read++;
		if (got > 0)
			got = event_date_check(ev.time_s, now_s, &why) < 0 ? -ERANGE : got;
		if (got < 0 && refused++ == 0)
			(void)fprintf(stderr, "onus explain: %s:%" PRIu64 ": %s; left out\n", path,
			    line.number, why.text);
		if (got <= 0 || ev.time_s > end_s || !event_is_host(&ev))
			continue;
		r = series_add(
		    s, ev.subject.addr, ev.category, ev.proof, day_of(ev.time_s), 0, ev.count);
		if (r == -ENOMEM)
			break;
	}
	(void)input_free(in);
	if (refused)
		(void)fprintf(stderr,
		    "onus explain: %s: %" PRIu64 " of %" PRIu64 " lines left out\n", path, refused,
		    read);
	return r == -ENOMEM ? err_set(e, r, "%s: out of memory", path) : r;
}

/* Event files, judged on their newest day, or --at. */
static int from_files(struct explain *x, int n, char **files, struct err *e)
{
	struct series s = { .n = 0 };
	struct judge_conf c = { .delegation = registry_delegation,
		.network = registry_whole,
		.above = registry_whole_above };
	int r = 0;

	for (int i = 0; i < n && r >= 0; i++)
		r = read_events(x, files[i], &s, e);
	if (r >= 0 && (r = series_seal(&s)) < 0)
		(void)err_set(e, r, "out of memory");
	if (r >= 0) {
		c.first_day = s.n ? s.v[0].day : 0;
		c.today = x->at_s != INT64_MIN ? day_of(x->at_s) : s.n ? s.v[s.n - 1].day : 0;
		x->today = c.today;
		x->evidence.judge = judge_new(&c);
		r = x->evidence.judge ? 0 : -ENOMEM;
		if (r == 0) {
			judge_group(x->evidence.judge, 0, 1, true);
			(void)snprintf(
			    x->evidence.group[0], sizeof(x->evidence.group[0]), FILES_GROUP);
		}
		if (r == 0)
			r = series_judge(&s, c.today, NULL, x->evidence.judge);
		if (r < 0)
			(void)err_set(e, r, "the evidence does not fit into memory");
	}
	series_done(&s);
	return r;
}

static int from_hub(struct explain *x, const struct entity *en, struct err *e)
{
	struct clock clock = clock_system();
	bool now = x->at_s == INT64_MIN;
	int64_t at_s;
	struct hub *hub;
	int r = hub_open(x->from.conf->hub, HUB_READ, &hub, e);

	if (r < 0)
		return r;
	at_s = now ? clock_now_s(&clock) : x->at_s;
	r = evidence_read(hub, at_s, now, &x->evidence, e);
	if (r == 0)
		r = disputes_read(hub, at_s, &x->disputes, e);
	if (r == 0)
		r = notices_read(hub, at_s, &x->notices, e);
	if (r == 0 && now)
		r = explain_decision(hub, en, at_s, &x->decision, e);
	x->today = day_of(x->evidence.run.at_s);
	if (r == 0)
		r = transfers_judge(
		    hub, x->from.registry, x->today, x->evidence.judge, &x->transfers, e);
	hub = hub_free(hub);
	return r;
}

/* --- the entity ---------------------------------------------------------------------------------- */

/* "AS64500", "192.0.2.1", "192.0.2.0/24" and full names. */
static int parse_entity(
    const struct registry *reg, struct span text, struct entity *ret, struct err *e)
{
	char named[ENTITY_NAME_MAX];
	struct addr a;

	if (addr_parse(text, &a) == 0) {
		*ret = entity_addr(a);
		return 0;
	}
	if (!memchr(text.p, ':', span_len(text)) && span_len(text) < sizeof(named) - 8) {
		bool as = span_starts(text, "AS") || span_starts(text, "as");
		bool slash = memchr(text.p, '/', span_len(text)) != NULL;

		text.p += as ? 2 : 0;
		(void)snprintf(named, sizeof(named), "%s:%.*s", as || !slash ? "as" : "prefix",
		    SPAN_ARG(text));
		if (entity_parse(span_str(named), ret, e) == 0 && ret->kind != ENTITY_PREFIX)
			return 0;
		if (slash && ret->kind == ENTITY_PREFIX && addr_is_v4(ret->range.first) &&
		    addr_v4(ret->range.last) - addr_v4(ret->range.first) == 255) {
			struct attribution at;
			struct registry_prefix p;

			registry_lookup(reg, ret->range.first, &at);
			if (at.prefix == REGISTRY_NONE)
				p.range.first = p.range.last = ret->range.first;
			else
				p = registry_prefix_at(reg, at.prefix);
			if (addr_cmp(p.range.first, ret->range.first) != 0 ||
			    addr_cmp(p.range.last, ret->range.last) != 0)
				*ret = entity_block(ret->range.first);
		}
		text = span_str(named);
		if (ret->kind == ENTITY_BLOCK)
			return 0;
	}
	return entity_parse(text, ret, e);
}

/* --- what would clear it ------------------------------------------------------------------------- */

/* The score after each of these days of silence, until grade A. The same evidence, moved into the past;
 * world rates stay those of today. */
static int clear_days(
    struct explain *x, const struct judge_key *key, struct explain_clear *c, struct err *e)
{
	static const double least[] = { 90, 75, 50, 25 };
	static const unsigned days[] = { 0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 35, 45, 60, 75, 90, 120,
		150, 180, 240, 300, 360, 399 };
	unsigned at = 0, open = NELEM(least);

	for (unsigned g = 0; g < NELEM(least); g++)
		c->by_day[g] = INT32_MAX;
	for (unsigned i = 0; i < NELEM(days) && open > 0; i++) {
		struct judgement g;
		int r;

		if (days[i] > at) {
			r = judge_advance(x->evidence.judge, days[i] - at);
			at = days[i];
			if (r < 0)
				return err_set(e, r, "out of memory");
			r = judge_run(x->evidence.judge, registry_space, x->from.registry, e);
			if (r < 0)
				return r;
		}
		/* What has no evidence left is no worse than average. */
		if (!judge_find(x->evidence.judge, key, &g))
			break;
		while (open > 0 && g.score >= least[open - 1]) {
			c->by_day[--open] = x->today + (int32_t)at;
			c->score[open] = g.score;
		}
	}
	return 0;
}

/* --- the command --------------------------------------------------------------------------------- */

static int print(const struct explain *x, const struct explained *all,
    const struct explain_style *style, const struct explain_clear *clear)
{
	struct buf out;
	int code = 0;

	if (!x->json) {
		if (x->clear)
			explain_clear_text(all, style, clear, stdout);
		else
			explain_text(all, style, stdout);
	} else {
		buf_init(&out, OUT_MAX);
		if (x->clear)
			explain_clear_json(all, style, clear, &out);
		else
			explain_json(all, style, &out);
		code = buf_ok(&out) ? 0 : 2;
		(void)fwrite(out.p, 1, code ? 0 : out.len, stdout);
		buf_done(&out);
	}
	if (fflush(stdout) != 0 || ferror(stdout) || code) {
		(void)fprintf(stderr, "onus explain: cannot write to the standard output\n");
		return 2;
	}
	return 0;
}

/* Lines of the entity that do not count. */
static size_t count_disputed(const struct explain *x, const struct entity *en)
{
	size_t n = 0;

	for (size_t i = 0; i < x->disputes.n; i++) {
		struct entity of = entity_prefix(prefix_range(x->disputes.v[i].subject));

		n += entity_within(x->from.registry, &of, en);
	}
	return n;
}

/* All that is to be said of an entity that the registry knows. */
static int tell(struct explain *x, const struct entity *en, const struct judge_key *key,
    const struct explain_transfers *transfers, struct err *e)
{
	char name[ENTITY_NAME_MAX];
	struct explain_clear clear = { .score = { 0 } };
	struct explained all;
	struct explain_style style = { .registry = x->from.registry,
		.name = name,
		.group = (const char(*)[EVENT_SOURCE_MAX + 1]) x->evidence.group,
		.kinds = x->evidence.kinds,
		.response = notices_response(&x->notices, x->from.registry, en),
		.disputed = count_disputed(x, en),
		.transfers = transfers,
		.shared = x->from.shared,
		.about = en->kind == ENTITY_ADDR ? shared_at(x->from.shared, key->addr) : NULL,
		.users = shared_users_of(x->from.shared, x->from.registry, key, en->range),
		.decision = &x->decision,
		.limit = x->all ? SIZE_MAX : LIMIT };
	int r = explain_gather(x->evidence.judge, key, x->today, &all);

	(void)entity_format(en, name);
	if (r == 0) {
		(void)printf("%s: nothing reported in %d days\n", name, JUDGE_WINDOW_DAYS);
		explain_transfers_text(transfers, style.limit, stdout);
		explain_decision_text(&x->decision, stdout);
		return 0;
	}
	if (r > 0 && x->clear)
		r = clear_days(x, key, &clear, e);
	else if (r < 0)
		(void)err_set(e, r, "out of memory");
	if (r >= 0)
		r = print(x, &all, &style, &clear);
	explained_done(&all);
	return r;
}

static int explain(struct explain *x, const struct entity *en, struct err *e)
{
	CLEANUP(free_p) struct explain_transfer *v = NULL;
	struct explain_transfers transfers;
	char name[ENTITY_NAME_MAX];
	struct judge_key key;
	int r = names_find(x->from.registry, &x->transfers, en, &key, e);

	if (r < 0) {
		(void)entity_format(en, name);
		(void)fprintf(stderr, "onus explain: %s: %s\n", name, e->text);
		return 1;
	}
	r = notices_tell(&x->notices, x->from.registry, x->evidence.judge, e);
	if (r == 0)
		r = judge_run(x->evidence.judge, registry_space, x->from.registry, e);
	if (r < 0)
		return r;
	r = explain_transfers(&x->transfers, x->from.registry, x->evidence.judge, en, &transfers);
	v = transfers.v;
	return r < 0 ? err_set(e, r, "out of memory") : tell(x, en, &key, &transfers, e);
}

int cmd_explain(int argc, char **argv)
{
	struct explain x = { .at_s = INT64_MIN };
	const struct opt opts[] = {
		{ "at", 0, OPT_TIME, &x.at_s, "DATE",
		    "As of then: what is dated later does not count (where the ledger keeps no "
		    "hours "
		    "any more: later than that day)." },
		{ "clear", 0, OPT_FLAG, &x.clear, NULL,
		    "What would clear it: hosts by score regained, and by when." },
		{ "all", 'a', OPT_FLAG, &x.all, NULL,
		    "Every host and every stretch of space, not the heaviest 20." },
		{ "json", 'j', OPT_FLAG, &x.json, NULL, "One JSON object, figures in full." },
		{ "registry", 'r', OPT_TEXT, &x.registry, "FILE", "The registry file." },
		{ "config", 'c', OPT_TEXT, &x.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &x.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus explain", "ENTITY [FILE…]",
		"A score, term by term: the hosts expected to return with their evidence, the "
		"space where "
		"new\nones are expected with the steps down its chain, and how they make the "
		"score. The "
		"evidence is\nthat of the hub, or of files of event lines (- is the standard "
		"input). It tells of space\nthat changed hands what is held against whom, as the "
		"hub "
		"knows it (onus registry tenure),\nof addresses that many share, which, and what "
		"is decided now.",
		"Examples: onus explain as:64500\n"
		"          onus extract /var/log/auth.log | onus explain 192.0.2.0/24 -\n"
		"          onus explain --clear org:EXAMPLE/ORG-1",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), r;
	struct entity en;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (n == 0) {
		(void)fprintf(stderr, "onus explain: name what to explain, e.g. as:64500\n");
		return 3;
	}
	if (attribute_open(&x.from, "onus explain", x.conf_file, x.set.v, x.set.n, x.registry) < 0)
		return 3;
	r = parse_entity(x.from.registry, span_trim(span_str(argv[1])), &en, &e);
	if (r < 0) {
		(void)fprintf(stderr, "onus explain: %s\n", e.text);
		attribute_done(&x.from);
		return 3;
	}
	if (x.at_s == INT64_MIN)
		attribute_shared(&x.from, "onus explain");
	r = n > 1 ? from_files(&x, n - 1, argv + 2, &e) : from_hub(&x, &en, &e);
	if (r >= 0)
		r = explain(&x, &en, &e);
	if (r < 0)
		(void)fprintf(stderr, "onus explain: %s\n", e.text);
	evidence_done(&x.evidence);
	notices_done(&x.notices);
	disputes_done(&x.disputes);
	transfers_done(&x.transfers);
	attribute_done(&x.from);
	return r < 0 ? 2 : r;
}
