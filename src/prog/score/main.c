/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-score: judges everything the ledger holds evidence about, decides, and writes both back. It reads
 * in one consistent view, computes outside of any transaction, and writes in one: killed at whichever
 * instant, it leaves a whole run or none. */
#include <errno.h>
#include <string.h>

#include "core/conf.h"
#include "holders/live.h"
#include "prog/score/score.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/log.h"

#define BUSY_WAIT_MS  300 /* another writes: it will not take long */
#define BUSY_PATIENCE 100u
#define RUNS_KEPT     3u /* besides the last one of every day */
#define NOW	      INT64_MIN

/* struct stamp - what a result follows from; the same stamp gives the same result */
struct stamp {
	int64_t cursor, settings_rev;
	int32_t day;
	uint64_t sources; /* hash of who is trusted how far */
	struct timespec registry;
};

struct score {
	struct daemon *d;
	struct conf *conf;
	struct addrset never; /* own networks */
	struct hub *hub;      /* NULL until it could be opened */
	struct registry_live registry;
	struct clock clock;
	struct stamp done; /* of the newest run of this process */
	bool any_done;
	uint64_t runs;
	uint64_t turned, copies; /* groups that were told of */
	unsigned busy;		 /* turns in a row that found the hub locked */
};

static int64_t option_at = NOW; /* --at; set by the command line alone */

static int score_check(const struct daemon *d, struct err *e)
{
	return conf_valid(d->conf_file, d->settings->v, d->settings->n, e);
}

static void score_close(void *state)
{
	struct score *s = state;

	s->hub = hub_free(s->hub);
	registry_live_done(&s->registry);
	s->conf = conf_free(s->conf);
	addrset_done(&s->never);
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
	s->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (s->conf)
		r = addrset_parse(span_str(s->conf->own_networks), &s->never, e);
	if (r == 0)
		r = daemon_status_dir(d, s->conf->status_dir, e);
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

static int stamp_now(struct score *s, int64_t at_s, struct stamp *ret, struct err *e)
{
	int r;

	*ret = (struct stamp){ .day = day_of(at_s),
		.sources = UINT64_C(0xcbf29ce484222325),
		.registry = s->registry.mtime };
	if ((r = hub_cursor(s->hub, &ret->cursor, e)) == 0 &&
	    (r = hub_settings_rev(s->hub, &ret->settings_rev, e)) == 0)
		r = hub_each_source(s->hub, mix_source, &ret->sources, e);
	return r;
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
	return a->cursor == b->cursor && a->settings_rev == b->settings_rev && a->day == b->day &&
	       a->sources == b->sources && a->registry.tv_sec == b->registry.tv_sec &&
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
	daemon_count(s->d, "sources_turned", (uint64_t)__builtin_popcountll(turned));
	daemon_count(s->d, "sources_copying", (uint64_t)__builtin_popcountll(copies));
}

static void report(
    struct score *s, const struct evidence *v, const struct written *w, double took_s)
{
	char at[UTC_TEXT_MAX];

	utc_format(v->run.at_s, at);
	s->runs++;
	daemon_count(s->d, "runs", s->runs);
	daemon_count(s->d, "rows", v->rows);
	daemon_count(s->d, "listed", v->listed);
	daemon_count(s->d, "scores", w->scores);
	daemon_count(s->d, "decisions", w->decisions);
	daemon_count(s->d, "spared", w->policy.spared);
	daemon_count(s->d, "over_budget", w->policy.over_budget);
	daemon_say(s->d, "run %jd as of %s: %ju entities judged, %ju decisions, %.1f s",
	    (intmax_t)v->run.id, at, (uintmax_t)w->scores, (uintmax_t)w->decisions, took_s);
	log_info(
	    "run=%jd as_of=%s rows=%ju scores=%ju decisions=%ju dropped=%ju spared=%u took=%.2fs",
	    (intmax_t)v->run.id, at, (uintmax_t)v->rows, (uintmax_t)w->scores,
	    (uintmax_t)w->decisions, (uintmax_t)w->dropped, w->policy.spared, took_s);
	report_sources(s, v);
	if (v->groups_beyond)
		log_warn("groups=%u over %u: the rest are counted as one", v->groups_beyond,
		    JUDGE_GROUPS_MAX);
}

static int judge_all(struct score *s, int64_t now_s, struct err *e)
{
	int64_t began = clock_monotonic_us(), at_s = option_at == NOW ? now_s : option_at;
	struct policy_conf decide = { .never = &s->never };
	struct evidence v;
	struct written w;
	int r = evidence_read(s->hub, at_s, option_at == NOW, &v, e);

	if (r < 0)
		return r;
	memcpy(v.run.registry_sha, s->registry.sha, sizeof(v.run.registry_sha));
	if (v.run.at_s != at_s && !s->any_done)
		log_warn("nothing in the ledger is newer than %d days: judged as of its last day",
		    ARCHIVE_DAYS);
	daemon_alive(s->d);
	r = judge_run(v.judge, registry_space, s->registry.r, e);
	daemon_alive(s->d);
	decide.at_s = v.run.at_s;
	if (r == 0) /* walls are built for now, never for a past that somebody asks about */
		r = result_write(s->hub, s->registry.r, v.judge, &v.run,
		    option_at == NOW ? &decide : NULL, alive, s->d, &w, e);
	if (r == 0)
		r = hub_run_forget(s->hub, RUNS_KEPT, s->conf->retention_days, e);
	if (r == 0)
		report(s, &v, &w, (double)(clock_monotonic_us() - began) / 1e6);
	evidence_done(&v);
	return r;
}

static int work(struct score *s, struct err *e)
{
	int64_t now_s = clock_now_s(&s->clock);
	struct stamp stamp;
	int r = 0;

	if (!s->hub)
		r = hub_open(s->conf->hub, HUB_WRITE, &s->hub, e);
	if (r == 0)
		r = fresh_registry(s, e);
	if (r == 0)
		r = stamp_now(s, now_s, &stamp, e);
	if (r < 0 || (s->any_done && stamp_same(&stamp, &s->done)))
		return r;
	r = judge_all(s, now_s, e);
	if (r == 0) {
		s->done = stamp;
		s->any_done = true;
	}
	return r;
}

static int score_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct score *s = state;
	int r = work(s, e);

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
	*wait_ms = d->once ? DAEMON_DONE : (int)s->conf->score_interval_s * 1000;
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
			"  onus-score --once --at 2026-06-01      what was the score then?",
		.opts = opts,
		.n_opts = NELEM(opts),
		.check = score_check,
		.open = score_open,
		.turn = score_turn,
		.close = score_close,
	};

	return daemon_main(&def, argc, argv);
}
