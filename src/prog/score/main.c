/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-score: judges everything the ledger holds evidence about, decides, and writes both back. It reads
 * in one consistent view, computes outside of any transaction, and writes in one: killed at whichever
 * instant, it leaves a whole run or none. */
#include <errno.h>
#include <string.h>

#include "core/conf.h"
#include "holders/live.h"
#include "ledger/hub_setting.h"
#include "prog/score/score.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define BUSY_WAIT_MS  300 /* another writes: it will not take long */
#define BUSY_PATIENCE 100u
#define RUNS_KEPT     3u /* besides the last one of every day */
#define NOW	      INT64_MIN
#define WARRANTS_TOLD 20u /* of those that do not stand, so many are named in the log */

/* struct stamp - what a result follows from; the same stamp gives the same result */
struct stamp {
	int64_t cursor, settings_rev;
	int32_t day;
	uint64_t sources;   /* hash of who is trusted how far, and of what is disputed */
	uint64_t transfers; /* transfers_hash */
	uint64_t never;	    /* hash of what no wall may touch: an allowance may end by itself */
	uint64_t shared;    /* shared_revision */
	uint64_t warrants;  /* hash of those that are set: whoever sets one may leave no revision */
	struct timespec registry;
};

struct score {
	struct daemon *d;
	struct conf *conf;
	struct addrset own;	  /* of the configuration */
	struct settings settings; /* of the hub */
	struct addrset never;	  /* own networks and allow list of both, now */
	char *state_file;
	struct hub *hub; /* NULL until it could be opened */
	struct registry_live registry;
	struct clock clock;
	struct evidence evidence;   /* of the newest run of this process, and its judge; or none */
	struct transfers transfers; /* that it was told of */
	struct known_good good;
	struct shared *shared;
	bool kept;	   /* evidence is in the state file as it is */
	bool behind;	   /* the hub lacks some of what the judge has made of it */
	struct stamp done; /* of the newest run of this process */
	bool any_done;
	int64_t next_end_s; /* of what stands: then there is something to decide again */
	int64_t next_us;    /* monotonic; until then it rests, or forgets old runs */
	uint64_t runs, updates;
	uint64_t turned, copies; /* groups that were told of */
	uint64_t warrants_told;	 /* hash of those that were, and what all cover */
	struct warrant_space warranted;
	unsigned busy;		/* turns in a row that found the hub locked */
	struct hub_run_age age; /* the round that is under way, or the last one */
	bool ages;
};

static int64_t option_at = NOW; /* --at; set by the command line alone */

static int score_check(const struct daemon *d, struct err *e)
{
	struct conf *c = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	struct shared *s = c ? shared_new(c, e) : NULL;
	int r = s ? 0 : -EINVAL;

	s = shared_free(s);
	c = conf_free(c);
	return r;
}

/* A state file that cannot be written is no trouble: the ledger is read instead. */
static void keep(struct score *s)
{
	struct err e = { "" };

	if (s->kept || !s->evidence.judge || option_at != NOW)
		return;
	if (file_mkdirs(s->conf->state_dir, 0750, &e) < 0 ||
	    evidence_save(&s->evidence, s->state_file, &e) < 0)
		log_warn("%s; the next start reads the whole ledger", e.text);
	else
		s->kept = !s->evidence.archived;
}

static void score_close(void *state)
{
	struct score *s = state;

	keep(s);
	evidence_done(&s->evidence);
	transfers_done(&s->transfers);
	known_done(&s->good);
	s->shared = shared_free(s->shared);
	free(s->state_file);
	s->hub = hub_free(s->hub);
	registry_live_done(&s->registry);
	s->conf = conf_free(s->conf);
	addrset_done(&s->own);
	addrset_done(&s->never);
	settings_done(&s->settings);
	free(s);
}

static int score_open(struct daemon *d, void **state, struct err *e)
{
	struct score *s = calloc(1, sizeof(*s));
	int r = -EINVAL;

	if (!s)
		abort();
	s->d = d;
	s->clock = clock_system();
	settings_init(&s->settings);
	s->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (s->conf)
		s->shared = shared_new(s->conf, e);
	if (s->shared)
		r = addrset_parse(span_str(s->conf->own_networks), &s->own, e);
	if (r == 0)
		r = daemon_status_dir(d, s->conf->status_dir, e);
	if (r == 0 && asprintf(&s->state_file, "%s/score.state", s->conf->state_dir) < 0)
		abort();
	if (r < 0) {
		score_close(s);
		return r;
	}
	*state = s;
	return 0;
}

static int fresh_registry(struct score *s, struct err *e)
{
	struct err why = { "" };
	int r = registry_live_look(&s->registry, s->conf->registry_file, &why);

	if (r < 0)
		*e = why;
	else if (why.text[0])
		log_warn("%s; the registry read before serves on", why.text);
	return r;
}

/* FNV-1a: only to see a change. */
static void mix(uint64_t *h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
}

static int mix_source(void *ctx, const struct hub_source *s)
{
	mix(ctx, &s->id, sizeof(s->id));
	mix(ctx, &s->trust, sizeof(s->trust));
	mix(ctx, &s->anchor, sizeof(s->anchor));
	mix(ctx, s->group, strlen(s->group) + 1);
	return 0;
}

static int mix_dispute(void *ctx, const struct hub_dispute *d)
{
	mix(ctx, d->line_id, sizeof(d->line_id));
	mix(ctx, &d->state, sizeof(d->state));
	return 0;
}

/* What people have set, as it holds at that instant. */
static int fresh_settings(struct score *s, int64_t at_s, struct err *e)
{
	struct settings now;
	struct addrset never;
	int r = hub_settings_read(s->hub, &now, e);

	if (r < 0)
		return r;
	settings_done(&s->settings);
	s->settings = now;
	if (settings_never(&s->settings, &s->own, at_s, &never) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	addrset_done(&s->never);
	s->never = never;
	return 0;
}

static int stamp_now(struct score *s, int64_t at_s, struct stamp *ret, struct err *e)
{
	int r;

	*ret = (struct stamp){ .day = day_of(at_s),
		.sources = UINT64_C(0xcbf29ce484222325),
		.registry = s->registry.mtime,
		.settings_rev = s->settings.rev,
		.shared = shared_revision(s->shared) };
	mix(&ret->never, s->never.v, s->never.n * sizeof(*s->never.v));
	for (size_t i = 0; i < s->settings.warrants.n; i++)
		mix(&ret->warrants, s->settings.warrants.v[i].text,
		    strlen(s->settings.warrants.v[i].text) + 1);
	if ((r = hub_cursor(s->hub, &ret->cursor, e)) == 0 &&
	    (r = hub_each_source(s->hub, mix_source, &ret->sources, e)) == 0 &&
	    (r = hub_each_dispute(s->hub, mix_dispute, &ret->sources, e)) == 0)
		r = transfers_hash(s->hub, &ret->transfers, e);
	return r;
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
	return a->cursor == b->cursor && a->settings_rev == b->settings_rev && a->day == b->day &&
	       a->sources == b->sources && a->transfers == b->transfers && a->never == b->never &&
	       a->shared == b->shared && a->warrants == b->warrants &&
	       a->registry.tv_sec == b->registry.tv_sec &&
	       a->registry.tv_nsec == b->registry.tv_nsec;
}

static void alive(void *ctx)
{
	daemon_alive(ctx);
}

/* Says once what somebody should look at: a source that is not what it was, and one that copies. */
static void report_sources(struct score *s, const struct evidence *v)
{
	uint64_t turned = 0, copies = 0;

	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		struct judge_trust t;

		judge_trust(v->judge, g, &t);
		turned |= (uint64_t)t.turned << g;
		copies |= (uint64_t)(t.copies != g) << g;
		if (t.turned && !(s->turned >> g & 1))
			log_warn(
			    "source=%s has turned: of what it said 7 to 20 days ago, %.2f %% was "
			    "seen here too, far less than before; its trust is %.2f; look at it",
			    v->group[g], 100 * t.seen, t.trust);
		if (t.copies != g && !(s->copies >> g & 1))
			log_info("source=%s copies %s: %.0f %% of it was there earlier; they count "
				 "as one",
			    v->group[g], v->group[t.copies], 100 * t.copied);
	}
	s->turned = turned;
	s->copies = copies;
	daemon_gauge(s->d, "sources_turned", (uint64_t)__builtin_popcountll(turned));
	daemon_gauge(s->d, "sources_copying", (uint64_t)__builtin_popcountll(copies));
}

/* Says once which warrants do not stand, and that those which do cover much. */
static void report_warrants(struct score *s, const struct warrants *w)
{
	double budget = s->settings.levels.v[THRESHOLD_BUDGET];
	uint64_t hash = warrants_hash(w), refused = w->beyond;
	char covered[WARRANT_SPACE_TEXT];
	unsigned told = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct err why;

		if (w->v[i].verdict <= WARRANT_ENDED)
			continue;
		refused++;
		warrants_said(&w->v[i], &why);
		if (hash != s->warrants_told && told++ < WARRANTS_TOLD)
			log_warn("warrant about %.120s: %s; nothing is decided by it",
			    w->v[i].set->entity, why.text);
	}
	warrants_covered(w->covered, covered);
	if (((double)w->covered.v4 > budget || (double)w->covered.v6 > budget) &&
	    (w->covered.v4 != s->warranted.v4 || w->covered.v6 != s->warranted.v6))
		log_warn(
		    "warrants cover %s, more than all rules together may (%.0f)", covered, budget);
	s->warrants_told = hash;
	s->warranted = w->covered;
	daemon_gauge(s->d, "warrants", w->count[WARRANT_GOOD]);
	daemon_gauge(s->d, "warrants_refused", refused);
	daemon_gauge(s->d, "warranted_v4", w->covered.v4);
	daemon_gauge(s->d, "warranted_v6", w->covered.v6);
}

static void count_all(struct score *s, const struct evidence *v, const struct written *w)
{
	daemon_time(s->d, "judged", v->run.at_s);
	daemon_time(s->d, "registry", registry_date_s(s->registry.r));
	daemon_count(s->d, "runs", s->runs);
	daemon_count(s->d, "updates", s->updates);
	daemon_gauge(s->d, "rows", v->rows);
	daemon_gauge(s->d, "listed", v->listed);
	daemon_gauge(s->d, "disputed", v->disputed);
	daemon_gauge(s->d, "transfers", s->transfers.n);
	daemon_gauge(s->d, "scores", w->scores);
	daemon_gauge(s->d, "decisions", w->decisions);
	daemon_gauge(s->d, "spared", w->policy.spared);
	daemon_gauge(s->d, "shared", shared_ranges(s->shared));
	daemon_gauge(s->d, "at_tag", w->at_tag);
	daemon_gauge(s->d, "over_budget", w->policy.over_budget);
}

static void report(
    struct score *s, const struct evidence *v, const struct written *w, bool again, double took_s)
{
	char at[UTC_TEXT_MAX];

	utc_format(v->run.at_s, at);
	s->runs += !again;
	s->updates += again;
	count_all(s, v, w);
	daemon_say(s->d, "run %jd as of %s: %ju entities judged%s, %ju decisions, %.1f s",
	    (intmax_t)v->run.id, at, (uintmax_t)w->scores, again ? " anew" : "",
	    (uintmax_t)w->decisions, took_s);
	log_info("run=%jd%s as_of=%s rows=%ju scores=%ju decisions=%ju dropped=%ju spared=%u "
		 "took=%.2fs",
	    (intmax_t)v->run.id, again ? " again" : "", at, (uintmax_t)v->rows,
	    (uintmax_t)w->scores, (uintmax_t)w->decisions, (uintmax_t)w->dropped, w->policy.spared,
	    took_s);
	report_sources(s, v);
	if (v->groups_beyond && !again)
		log_warn("groups=%u over %u: the rest are counted as one", v->groups_beyond,
		    JUDGE_GROUPS_MAX);
}

/* --- one run ------------------------------------------------------------------------------------- */

/* Whose it all is, and what follows. */
static int run(struct score *s, const struct evidence *v, struct err *e)
{
	int r;

	transfers_done(&s->transfers);
	r = transfers_judge(s->hub, s->registry.r, v->day, v->judge, &s->transfers, e);
	return r < 0 ? r : judge_run(v->judge, registry_space, s->registry.r, e);
}

static void age_begin(struct score *s)
{
	s->age = (struct hub_run_age){ .keep = RUNS_KEPT,
		.days = s->conf->retention_days,
		.addr_days = s->conf->addr_scores_days };
	s->ages = true;
}

/* A portion in a turn, so that judging goes on. */
static int age(struct score *s, struct err *e)
{
	int r = s->ages ? hub_run_forget(s->hub, &s->age, e) : 0;

	if (r == 0)
		s->ages = false;
	return MIN_OF(r, 0);
}

/* What somebody asks about a past instant: evidence and trust of then, no decisions. */
static int judge_past(struct score *s, struct err *e)
{
	int64_t began = clock_monotonic_us();
	struct evidence v;
	struct written w;
	int r = evidence_read(s->hub, option_at, false, &v, e);

	if (r < 0)
		return r;
	memcpy(v.run.registry_sha, s->registry.sha, sizeof(v.run.registry_sha));
	r = run(s, &v, e);
	if (r == 0)
		r = result_write(&(struct result){ s->hub, s->registry.r, &s->transfers, v.judge,
				     &v.run, alive, s->d },
		    NULL, &w, e);
	if (r == 0)
		age_begin(s);
	if (r == 0)
		report(s, &v, &w, false, (double)(clock_monotonic_us() - began) / 1e6);
	evidence_done(&v);
	return r;
}

/* The evidence as of now: what is new since the last time, or since the state file; else all of it. *whole: the
 * judge has to be run. */
static int gather(struct score *s, int64_t now_s, bool *whole, struct err *e)
{
	struct evidence *v = &s->evidence;
	struct err why = { "" };
	int r = v->judge ? evidence_follow(s->hub, now_s, v, &why) : 1;

	*whole = v->aged;
	if (r == 0)
		return 0;
	if (r < 0)
		log_warn("%s; the ledger is read anew", why.text);
	*whole = true;
	if (!v->judge && !s->any_done) {
		r = evidence_load(s->hub, s->state_file, now_s, v, &why);
		if (r == 0 || r == -EAGAIN)
			return r < 0 ? err_wrap(e, r, "%s", why.text) : 0;
		if (access(s->state_file, F_OK) == 0)
			log_info("%s; the ledger is read instead", why.text);
	}
	evidence_done(v);
	r = evidence_read(s->hub, now_s, true, v, e);
	if (r == 0 && v->archived && !s->any_done)
		log_warn("nothing in the ledger is newer than %d days: judged as of its last day",
		    ARCHIVE_DAYS);
	return r;
}

/* Everything, as a run of its own; then nobody needs to be told any more what has led to it. */
static int run_whole(
    struct score *s, const struct decide_when *decide, struct written *w, struct err *e)
{
	struct evidence *v = &s->evidence;
	int r;

	memcpy(v->run.registry_sha, s->registry.sha, sizeof(v->run.registry_sha));
	r = run(s, v, e);
	daemon_alive(s->d);
	if (r < 0)
		return r;
	s->kept = false;
	keep(s);
	r = result_write(&(struct result){ s->hub, s->registry.r, &s->transfers, v->judge, &v->run,
			     alive, s->d },
	    decide, w, e);
	if (r == 0)
		age_begin(s);
	if (r == 0 && s->kept)
		r = hub_change_forget(s->hub, v->run.batch_cursor, e);
	return r;
}

/* 0: done; 1: it takes a whole run; -errno */
static int run_again(
    struct score *s, const struct decide_when *decide, struct written *w, struct err *e)
{
	struct evidence *v = &s->evidence;
	int r = judge_update(v->judge, e);

	if (r < 0) /* half way: never to be kept */
		evidence_done(v);
	if (r != 0)
		return r;
	s->kept = false;
	return result_again(&(struct result){ s->hub, s->registry.r, &s->transfers, v->judge,
				&v->run, alive, s->d },
	    decide, w, e);
}

static int judge_now(struct score *s, const struct stamp *stamp, int64_t now_s, struct err *e)
{
	const struct timespec *seen = &s->done.registry;
	int64_t began = clock_monotonic_us();
	CLEANUP(warrants_done) struct warrants warrants = { .n = 0 };
	struct decide_when decide = { .never = &s->never,
		.warrants = &warrants,
		.thresholds = &s->settings.levels,
		.shared = s->shared,
		.good = &s->good,
		.max_loss = s->conf->max_good_loss / 100 };
	struct written w;
	bool whole;
	int r = gather(s, now_s, &whole, e);

	if (r == 0)
		r = warrants_read(&warrants, &s->settings, s->conf->operator_keys, s->registry.r,
		    &s->never, now_s, e);
	if (r < 0)
		return r;
	daemon_alive(s->d);
	decide.at_s = s->evidence.run.at_s;
	whole |= s->behind || !s->any_done || stamp->settings_rev != s->done.settings_rev ||
		 stamp->never != s->done.never || stamp->shared != s->done.shared ||
		 stamp->transfers != s->done.transfers || stamp->registry.tv_sec != seen->tv_sec ||
		 stamp->registry.tv_nsec != seen->tv_nsec;
	if (!whole)
		r = run_again(s, &decide, &w, e);
	if (r == 1)
		whole = true;
	if (whole)
		r = run_whole(s, &decide, &w, e);
	if (r == 0) {
		report(s, &s->evidence, &w, !whole, (double)(clock_monotonic_us() - began) / 1e6);
		report_warrants(s, &warrants);
	}
	s->next_end_s = r == 0 ? w.next_end_s : s->next_end_s;
	s->behind = r < 0;
	return r;
}

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	log_warn("%s", text);
}

static int work(struct score *s, struct err *e)
{
	int64_t now_s = clock_now_s(&s->clock);
	struct stamp stamp;
	int r = 0;

	shared_poll(s->shared, true, warn, NULL);
	if (!s->hub)
		r = hub_open(s->conf->hub, HUB_WRITE, &s->hub, e);
	if (r == 0)
		r = fresh_registry(s, e);
	if (r == 0)
		r = fresh_settings(s, now_s, e);
	if (r == 0)
		r = stamp_now(s, now_s, &stamp, e);
	if (r < 0 || (s->any_done && stamp_same(&stamp, &s->done) && now_s < s->next_end_s))
		return r;
	r = option_at == NOW ? judge_now(s, &stamp, now_s, e) : judge_past(s, e);
	if (r == 0) {
		s->done = stamp;
		s->any_done = true;
	}
	return r;
}

/* What is done in a turn: judging where that is due, and a portion of what is to be forgotten. */
static int turn(struct score *s, int64_t now_us, struct err *e)
{
	int r = 0;

	if (s->d->once || !s->hub || now_us >= s->next_us) {
		r = work(s, e);
		if (r == 0)
			s->next_us =
			    clock_monotonic_us() +
			    INT64_C(1000) * daemon_rest_ms(now_us, s->conf->score_interval_s);
	}
	return r == 0 ? age(s, e) : r;
}

static int score_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct score *s = state;
	int r = turn(s, clock_monotonic_us(), e);

	if (r == -EAGAIN &&
	    s->busy++ < BUSY_PATIENCE) { /* another writer's transaction: no trouble */
		*wait_ms = BUSY_WAIT_MS;
		return 0;
	}
	if (r < 0) {
		s->hub = hub_free(s->hub); /* a fresh connection next time */
		return r;
	}
	s->busy = 0;
	*wait_ms = s->ages   ? 0
		   : d->once ? DAEMON_DONE
			     : (int)MAX_OF((s->next_us - clock_monotonic_us()) / 1000, INT64_C(1));
	return 0;
}

int main(int argc, char **argv)
{
	static const struct opt opts[] = {
		{ "at", 0, OPT_TIME, &option_at, "TIME",
		    "Judge as of then: evidence and trust of that instant. Decides nothing." },
	};
	static const struct daemon_def def = {
		.name = "onus-score",
		.about =
		    "Judge every address, block, prefix, AS, organisation and country that the\n"
		    "ledger holds evidence about: expected attackers in the next seven days, "
		    "score,\n"
		    "interval and grade; and decide what is dropped or slowed down, until when, "
		    "and\n"
		    "why. Works whenever new evidence was loaded, and at the beginning of a day "
		    "(UTC).",
		.more = "  onus-score --once                      judge and exit\n"
			"  onus-score --once --at 2026-06-01      what was the score then?\n\n"
			"It keeps what it has read of the ledger in score.state of state_dir. That "
			"file may be\ndeleted at any time; the next start then reads the ledger "
			"whole.",
		.opts = opts,
		.n_opts = NELEM(opts),
		.check = score_check,
		.open = score_open,
		.turn = score_turn,
		.close = score_close,
	};

	return daemon_main(&def, argc, argv);
}
