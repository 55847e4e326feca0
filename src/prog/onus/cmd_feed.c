/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus feed - the lists that others publish: which there are, their copies, and what of them is believed. */
#include <errno.h>
#include <string.h>

#include "core/conf.h"
#include "prog/onus/commands.h"
#include "prog/onus/fetch_dir.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/jout.h"
#include "util/opt.h"

#define TRIES 3u

struct feeds {
	const char *conf_file, *ca, *program_dir;
	struct opt_list set;
	bool json;
	struct conf *conf;
	int64_t now_s;
	struct reg_input
	    *inputs; /* of the feeds, as fetch_job.h wants them; what they hold is conf's */
	const struct conf_source **feeds; /* in the order of inputs */
	struct fetch_job *jobs;
	unsigned n; /* of all three */
	int lock;
};

/* --- which ---------------------------------------------------------------------------------------------- */

static const struct conf_source *find(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->n_sources; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return &c->sources[i];
	return NULL;
}

static bool is_wanted(const struct conf_source *s, int n, char **names, bool all)
{
	if (!s->is_feed)
		return false;
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], s->name) == 0)
			return true;
	return n == 0 && (all || s->fetch);
}

static int check_names(const struct feeds *f, int n, char **names, struct err *e)
{
	for (int i = 0; i < n; i++) {
		const struct conf_source *s = find(f->conf, names[i]);

		if (!s || !s->is_feed || !*s->url)
			return err_set(e, -EINVAL,
			    "no feed \"%.60s\" with a url in the configuration; `onus feed list` "
			    "shows them",
			    names[i]);
	}
	return 0;
}

/* Jobs for the feeds that are named; without names for all, or for those that are to be fetched. */
static int jobs_open(struct feeds *f, int n, char **names, bool all, struct err *e)
{
	unsigned most = f->conf->n_sources + 1;
	int r = check_names(f, n, names, e);

	f->inputs = calloc(most, sizeof(*f->inputs));
	f->jobs = calloc(most, sizeof(*f->jobs));
	f->feeds = calloc(most, sizeof(*f->feeds));
	if (!f->inputs || !f->jobs || !f->feeds)
		abort();
	for (unsigned i = 0; i < f->conf->n_sources && r == 0; i++) {
		const struct conf_source *s = &f->conf->sources[i];
		static char none[] = "", lines[] = INPUT_LINES;

		if (!is_wanted(s, n, names, all) || !*s->url)
			continue;
		f->inputs[f->n] = (struct reg_input){ .name = s->name,
			.url = s->url,
			.index = none,
			.kind = lines,
			.terms = s->terms,
			.max_mib = s->max_mib };
		/* Any copy is taken that is whole: the collector judges what it holds (list_guard.h). */
		f->jobs[f->n] = (struct fetch_job){ .force = true, .max_tries = TRIES };
		f->feeds[f->n] = s;
		r = fetch_job_open(
		    &f->jobs[f->n], &f->inputs[f->n], f->conf->feeds_dir, f->now_s, e);
		f->n += r == 0;
	}
	return r;
}

/* Those that were asked for lately are left alone. */
static void drop_early(struct feeds *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		const struct copy_state *s = &f->jobs[i].good.state;

		if (f->jobs[i].good.known &&
		    (int64_t)s->checked_s + (int64_t)f->feeds[i]->every_min * 60 > f->now_s) {
			fetch_job_done(&f->jobs[i]);
			continue;
		}
		f->jobs[n] = f->jobs[i];
		f->feeds[n++] = f->feeds[i];
	}
	f->n = n;
}

/* --- telling -------------------------------------------------------------------------------------------- */

static bool is_stale(const struct fetch_job *j, const struct conf_source *s, int64_t now_s)
{
	return j->good.known &&
	       (int64_t)j->good.state.checked_s + (int64_t)s->stale_h * 3600 < now_s;
}

static const char *outcome_text(const struct fetch_job *j)
{
	static const char *const names[FETCHED_N] = { [FETCHED_NOT_YET] = "",
		[FETCHED_NEW] = "new",
		[FETCHED_SAME] = "unchanged",
		[FETCHED_HELD] = "unreadable",
		[FETCHED_NOT] = "failed" };

	return names[j->outcome];
}

static void print_text(
    const struct fetch_job *j, const struct conf_source *s, int64_t now_s, struct buf *b)
{
	const struct copy_state *c = &j->good.state;
	char when[UTC_TEXT_MAX];

	buf_fmt(b, "%-24s %-10s ", s->name, outcome_text(j));
	if (j->why[0])
		buf_fmt(b, "%s; ", j->why);
	if (j->good.known) {
		utc_format((int64_t)c->checked_s, when);
		buf_fmt(b, "%ju lines, checked %s%s", (uintmax_t)c->records, when,
		    is_stale(j, s, now_s) ? ", which is too long ago" : "");
	} else {
		buf_str(b, "there is no copy");
	}
	if (!s->fetch)
		buf_str(b, "; only fetched when named");
	buf_fmt(b, "\n%-24s ", "");
	if (strcmp(s->type, CONF_KNOWN_GOOD) == 0)
		buf_fmt(b, "known to be good%s", s->anchor ? ", for one's own sensors too" : "");
	else if (strcmp(s->type, CONF_SHARED) == 0)
		buf_fmt(b, "shared by many: %s, %u people an address",
		    *s->reason ? s->reason : "of whatever kind", s->users);
	else
		buf_fmt(b, "%s, group %s, trust %g", s->category, *s->group ? s->group : s->name,
		    s->trust);
	buf_fmt(b, "; %s\n", *s->terms ? s->terms : "terms not known");
}

static void print_json(
    const struct fetch_job *job, const struct conf_source *s, int64_t now_s, struct buf *b)
{
	const struct copy_state *c = &job->good.state;
	char when[UTC_TEXT_MAX];
	struct jout j;

	jout_init(&j, b);
	jout_object(&j, NULL);
	jout_str(&j, "feed", s->name);
	jout_str(&j, "url", s->url);
	jout_str(&j, "type", s->type);
	jout_str(&j, "category", s->category);
	if (strcmp(s->type, CONF_SHARED) == 0) {
		jout_str(&j, "reason", s->reason);
		jout_u64(&j, "users", s->users);
	}
	jout_str(&j, "group", *s->group ? s->group : s->name);
	jout_str(&j, "terms", s->terms);
	jout_bool(&j, "fetch", s->fetch);
	jout_bool(&j, "redistribute", s->redistribute);
	if (job->outcome != FETCHED_NOT_YET)
		jout_str(&j, "outcome", outcome_text(job));
	if (job->why[0])
		jout_str(&j, "why", job->why);
	if (job->good.known) {
		jout_str(&j, "file", job->good.path);
		jout_u64(&j, "lines", c->records);
		jout_u64(&j, "bytes", c->bytes);
		utc_format((int64_t)c->checked_s, when);
		jout_str(&j, "checked", when);
		if (c->modified_s) {
			utc_format((int64_t)c->modified_s, when);
			jout_str(&j, "modified", when);
		}
		jout_bool(&j, "stale", is_stale(job, s, now_s));
	}
	jout_object_end(&j);
	buf_byte(b, '\n');
}

/* Returns 1 when one of them wants to be looked at, else 0. */
static int print_all(const struct feeds *f)
{
	CLEANUP(buf_done) struct buf b;
	int code = 0;

	buf_init(&b, 1u << 20);
	for (unsigned i = 0; i < f->n; i++) {
		const struct fetch_job *j = &f->jobs[i];

		(f->json ? print_json : print_text)(j, f->feeds[i], f->now_s, &b);
		if (j->outcome == FETCHED_NOT || j->outcome == FETCHED_HELD ||
		    is_stale(j, f->feeds[i], f->now_s))
			code = 1;
	}
	(void)printf("%.*s", SPAN_ARG(buf_text(&b)));
	return code;
}

/* --- the verbs ------------------------------------------------------------------------------------------ */

static int list(struct feeds *f, int n, char **names, struct err *e)
{
	if (jobs_open(f, n, names, true, e) < 0)
		return 3;
	if (f->n == 0 && !f->json)
		(void)printf(
		    "no [feed NAME] with a url in the configuration; the parameter feeds names a "
		    "file of them\n");
	return print_all(f);
}

static int fetch(struct feeds *f, int n, char **names, struct err *e)
{
	struct fetch_dir_opts o = {
		.contact = f->conf->fetch_contact, .ca = f->ca, .program_dir = f->program_dir
	};
	int r = fetch_dir_open(f->conf->feeds_dir, "onus feed fetch", &f->lock, e);
	int code;

	if (r < 0)
		return 2;
	if (jobs_open(f, n, names, false, e) < 0)
		return 3;
	if (n == 0)
		drop_early(f);
	if (f->n)
		r = fetch_dir_run(f->conf->feeds_dir, &o, f->jobs, f->n, e);
	code = print_all(f);
	return r < 0 ? 2 : code;
}

/* The collector looks for this file: watch.h. */
static int accept_one(const struct feeds *f, const char *name, struct err *e)
{
	CLEANUP(free_p) char *dir = NULL, *path = NULL;
	int r;

	if (!find(f->conf, name))
		return err_set(
		    e, -EINVAL, "no source or feed \"%.60s\" in the configuration", name);
	if (asprintf(&dir, "%s/lists", f->conf->state_dir) < 0)
		abort();
	if (asprintf(&path, "%s/%s.accept", dir, name) < 0)
		abort();
	r = file_mkdirs(dir, 0750, e);
	return r < 0 ? r : file_write(path, SPAN("accepted\n"), e);
}

static int accept(struct feeds *f, int n, char **names, struct err *e)
{
	for (int i = 0; i < n; i++) {
		int r = accept_one(f, names[i], e);

		if (r < 0)
			return r == -EINVAL ? 3 : 2;
	}
	return 0;
}

static int run(struct feeds *f, int n, char **args, struct err *e)
{
	static const struct {
		const char *name;
		int (*run)(struct feeds *, int, char **, struct err *);
		int least;
	} verbs[] = { { "list", list, 0 }, { "fetch", fetch, 0 }, { "accept", accept, 1 } };

	for (size_t i = 0; i < NELEM(verbs) && n > 0; i++)
		if (strcmp(args[0], verbs[i].name) == 0 && n - 1 >= verbs[i].least)
			return verbs[i].run(f, n - 1, args + 1, e);
	(void)err_set(e, -EINVAL, "say list [NAME…], fetch [NAME…] or accept NAME…");
	return 3;
}

int cmd_feed(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct feeds f = { .now_s = clock_now_s(&clock), .lock = -1 };
	const struct opt opts[] = {
		{ "json", 'j', OPT_FLAG, &f.json, NULL, "One JSON object a feed." },
		{ "ca", 0, OPT_TEXT, &f.ca, "FILE",
		    "Trust these certificates and not the system's." },
		{ "program-dir", 0, OPT_TEXT, &f.program_dir, "DIR",
		    "Where onus-fetch is, in a build tree." },
		{ "config", 'c', OPT_TEXT, &f.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &f.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus feed", "list|fetch|accept [NAME…]",
		"Lists that others publish: the [feed NAME] sections of the configuration, and "
		"those of the file "
		"that\n"
		"its parameter feeds names. `list` shows them with terms and copies; `fetch` gets "
		"copies that are "
		"newer,\n"
		"each publisher asked no more often than the feed's every_min, one request at a "
		"time to a server. "
		"The\n"
		"collector watches the copies: an entry is an event when it appears. A copy that "
		"suddenly grew or "
		"shrank\n"
		"threefold, or lists an IPv4 /8, is held back until you `accept` it; that works "
		"for every source of "
		"type list or shared.\n"
		"Exit code 1: a feed did not come, cannot be read, or is older than its stale_h.",
		"Examples:\n"
		"  onus feed list\n"
		"  onus feed fetch\n"
		"  onus feed accept blocklist-de",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code = 3;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	f.conf = conf_open(f.conf_file, f.set.v, f.set.n, &e);
	if (f.conf)
		code = run(&f, n, argv + 1, &e);
	if (e.text[0])
		(void)fprintf(stderr, "onus feed: %s\n", e.text);
	for (unsigned i = 0; i < f.n; i++)
		fetch_job_done(&f.jobs[i]);
	free(f.jobs);
	free(f.inputs);
	free(f.feeds);
	f.conf = conf_free(f.conf);
	if (f.lock >= 0)
		(void)close(f.lock); /* and free */
	return code;
}
