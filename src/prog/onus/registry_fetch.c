/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus registry fetch - what registries and others publish, as it is now: the last good copy of each. */
#include "prog/onus/registry_fetch.h"

#include <errno.h>
#include <string.h>

#include "core/conf.h"
#include "holders/enrich/mailboxes.h"
#include "prog/onus/fetch_dir.h"
#include "prog/onus/registry_make.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/opt.h"

#define SHRINK_PERCENT 10u
#define TRIES	       3u

struct fetching {
	const char *conf_file, *dir, *list, *ca, *program_dir;
	struct opt_list set, force;
	uint32_t shrink_percent, max_tries;
	bool json, show, build;
	struct conf *conf;
	struct reg_inputs inputs;
	struct fetch_job *jobs; /* of the inputs that are wanted */
	unsigned n_jobs;
	int lock;
};

static const char *const outcome_names[FETCHED_N] = {
	[FETCHED_NOT_YET] = "not asked",
	[FETCHED_NEW] = "new",
	[FETCHED_SAME] = "unchanged",
	[FETCHED_HELD] = "held back",
	[FETCHED_NOT] = "failed",
};

/* --- which ---------------------------------------------------------------------------------------------- */

static bool is_listed(const struct opt_list *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return true;
	return false;
}

static int check_names(
    const struct fetching *f, const char *const *names, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < f->inputs.n && strcmp(f->inputs.v[k].name, names[i]) != 0)
			k++;
		if (k == f->inputs.n)
			return err_set(e, -EINVAL, "no input \"%.60s\" in %s; --show lists them",
			    names[i], f->list);
	}
	return 0;
}

static int jobs_open(struct fetching *f, unsigned n, char **names, struct err *e)
{
	struct clock clock = clock_system();
	struct opt_list wanted = { .n = 0 };
	int r = 0;

	for (unsigned i = 0; i < n && i < OPT_LIST_MAX; i++)
		wanted.v[wanted.n++] = names[i];
	r = check_names(f, wanted.v, wanted.n, e);
	if (r == 0)
		r = check_names(f, f->force.v, f->force.n, e);
	f->jobs = calloc(f->inputs.n, sizeof(*f->jobs));
	if (r == 0 && !f->jobs)
		r = err_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < f->inputs.n && r == 0; i++) {
		const struct reg_input *in = &f->inputs.v[i];
		bool force = is_listed(&f->force, in->name);

		if (n ? !is_listed(&wanted, in->name) && !force : !in->fetch && !force)
			continue;
		f->jobs[f->n_jobs] = (struct fetch_job){ .force = force,
			.shrink_percent = f->shrink_percent,
			.max_tries = f->max_tries,
			.resumes = true };
		r = fetch_job_open(&f->jobs[f->n_jobs], in, f->dir, clock_now_s(&clock), e);
		f->n_jobs += r == 0;
	}
	return r;
}

/* --- telling -------------------------------------------------------------------------------------------- */

/* Days since the copy's own date, and whether that is too many. */
static bool is_old(const struct fetch_job *j, int64_t now_s, int32_t *days)
{
	const struct copy_state *s = &j->good.state;

	*days = s->modified_s ? day_of(now_s) - day_of((int64_t)s->modified_s) : 0;
	return j->good.known && j->in->max_age_days && *days > 0 &&
	       (uint32_t)*days > j->in->max_age_days;
}

static void copy_text(const struct fetch_job *j, struct buf *b)
{
	const struct copy_state *s = &j->good.state;
	char day[UTC_TEXT_MAX];

	if (!j->good.there) {
		buf_str(b, "there is no copy");
		return;
	}
	buf_fmt(b, "%llu records", (unsigned long long)s->records);
	if (s->refused)
		buf_fmt(b, ", %llu refused", (unsigned long long)s->refused);
	buf_fmt(b, ", %llu bytes", (unsigned long long)s->bytes);
	if (s->modified_s) {
		utc_format_day(day_of((int64_t)s->modified_s), day);
		buf_fmt(b, ", of %s", day);
	}
}

static void print_text(const struct fetch_job *j, int64_t now_s, struct buf *b)
{
	int32_t days;

	buf_fmt(b, "%-24s %-10s ", j->in->name, outcome_names[j->outcome]);
	if (j->resumed)
		buf_fmt(b, "gone on with at byte %llu; ", (unsigned long long)j->resumed);
	if (j->anew[0])
		buf_fmt(b, "begun anew (%s); ", j->anew);
	if (j->why[0])
		buf_fmt(b, "%s; ", j->why);
	if (j->outcome == FETCHED_HELD || j->outcome == FETCHED_NOT)
		buf_str(b, j->good.there ? "kept: " : "");
	copy_text(j, b);
	if (j->outcome == FETCHED_HELD)
		buf_fmt(
		    b, "; to take it all the same: onus registry fetch --force %s", j->in->name);
	if (is_old(j, now_s, &days))
		buf_fmt(b, "; that is %d days old", (int)days);
	buf_byte(b, '\n');
}

static void json_copy(struct jout *j, const char *key, const struct fetch_copy *c)
{
	char text[UTC_TEXT_MAX];

	if (!c->there)
		return;
	jout_object(j, key);
	jout_str(j, "file", c->path);
	if (c->known) {
		jout_str(j, "url", c->state.url);
		jout_u64(j, "bytes", c->state.bytes);
		jout_u64(j, "records", c->state.records);
		jout_u64(j, "refused", c->state.refused);
		if (c->state.modified_s) {
			utc_format((int64_t)c->state.modified_s, text);
			jout_str(j, "modified", text);
		}
		utc_format((int64_t)c->state.fetched_s, text);
		jout_str(j, "fetched", text);
	}
	jout_object_end(j);
}

static void print_json(const struct fetch_job *job, int64_t now_s, struct buf *b)
{
	struct jout j;
	int32_t days;

	jout_init(&j, b);
	jout_object(&j, NULL);
	jout_str(&j, "input", job->in->name);
	jout_str(&j, "outcome", outcome_names[job->outcome]);
	if (job->why[0])
		jout_str(&j, "why", job->why);
	if (job->resumed)
		jout_u64(&j, "resumed", job->resumed);
	if (job->anew[0])
		jout_str(&j, "anew", job->anew);
	jout_bool(&j, "old", is_old(job, now_s, &days));
	json_copy(&j, "copy", &job->good);
	json_copy(&j, "held", &job->held);
	jout_object_end(&j);
	buf_byte(b, '\n');
}

static int print_outcomes(const struct fetching *f)
{
	struct clock clock = clock_system();
	int64_t now_s = clock_now_s(&clock);
	CLEANUP(buf_done) struct buf b;
	int code = 0;
	int32_t days;

	buf_init(&b, 1u << 20);
	for (unsigned i = 0; i < f->n_jobs; i++) {
		const struct fetch_job *j = &f->jobs[i];

		if (f->json)
			print_json(j, now_s, &b);
		else
			print_text(j, now_s, &b);
		if (!j->good.there)
			code = 2;
		else if (j->outcome == FETCHED_HELD || j->outcome == FETCHED_NOT ||
			 is_old(j, now_s, &days))
			code = MAX_OF(code, 1);
	}
	(void)printf("%.*s", SPAN_ARG(buf_text(&b)));
	return code;
}

static int show(const struct fetching *f)
{
	for (unsigned i = 0; i < f->inputs.n; i++) {
		const struct reg_input *in = &f->inputs.v[i];

		(void)printf("%-24s %-12s %s%s\n%-24s %s\n", in->name, in->kind,
		    *in->url ? in->url : in->index, in->fetch ? "" : " (only by name)", "",
		    in->terms);
	}
	return 0;
}

/* --- doing ---------------------------------------------------------------------------------------------- */

/* What registries answered over RDAP, and what is known of mailboxes, are inputs like the others. */
static char *enriched(const struct conf *conf)
{
	CLEANUP(free_p) char *file = NULL;

	if (asprintf(&file, "%s/" MAILBOXES_FILE, conf->rdap_dir) < 0)
		file = NULL;
	return file && access(file, R_OK) == 0 ? strdup(conf->rdap_dir) : NULL;
}

static int build(const struct fetching *f)
{
	char *paths[INPUTS_MAX + 1];
	bool there[INPUTS_MAX] = { false };
	struct clock clock = clock_system();
	int n = 0, code = 2;

	for (unsigned i = 0; i < f->inputs.n; i++) {
		struct fetch_job j = { 0 };

		/* what no reader knows, a registry cannot be made of */
		if (strcmp(f->inputs.v[i].kind, INPUT_LINES) == 0 ||
		    fetch_job_open(&j, &f->inputs.v[i], f->dir, clock_now_s(&clock), NULL) < 0)
			continue;
		there[i] = j.good.there && (paths[n] = strdup(j.good.path)) != NULL;
		n += there[i];
		fetch_job_done(&j);
	}
	if (n && (paths[n] = enriched(f->conf)) != NULL)
		n++;
	if (n)
		code = registry_make(f->conf->registry_file, f->conf->registry_merges,
		    f->conf->registry_keep_days, n, paths);
	else
		(void)fprintf(stderr, "onus registry fetch: nothing to build a registry of\n");
	for (int i = 0; i < n; i++)
		free(paths[i]);
	return code;
}

static const char *input_name(const void *ctx, unsigned n)
{
	const struct reg_inputs *l = ctx;

	return n < l->n ? l->v[n].name : NULL;
}

static int run(struct fetching *f, unsigned n, char **names, struct err *e)
{
	struct fetch_dir_opts o = {
		.contact = f->conf->fetch_contact, .ca = f->ca, .program_dir = f->program_dir
	};
	int code, built = 0, r = reg_inputs_load(f->list, &f->inputs, e);

	if (r < 0)
		return 3;
	if (f->show)
		return show(f);
	if (fetch_dir_open(f->dir, "onus registry fetch", &f->lock, e) < 0)
		return 2;
	fetch_dir_forget(f->dir, input_name, &f->inputs);
	r = jobs_open(f, n, names, e);
	if (r < 0)
		return r == -EINVAL ? 3 : 2;
	r = fetch_dir_run(f->dir, &o, f->jobs, f->n_jobs, e);
	code = print_outcomes(f);
	if (f->build)
		built = build(f);
	return r < 0 ? 2 : MAX_OF(code, built);
}

static void done(struct fetching *f)
{
	for (unsigned i = 0; i < f->n_jobs; i++)
		fetch_job_done(&f->jobs[i]);
	free(f->jobs);
	reg_inputs_done(&f->inputs);
	f->conf = conf_free(f->conf);
	if (f->lock >= 0)
		(void)close(f->lock); /* and free */
}

int registry_fetch(int argc, char **argv)
{
	struct fetching f = { .shrink_percent = SHRINK_PERCENT, .max_tries = TRIES, .lock = -1 };
	const struct opt opts[] = {
		{ "to", 0, OPT_TEXT, &f.dir, "DIR",
		    "Keep copies here (else registry_inputs_dir)." },
		{ "list", 0, OPT_TEXT, &f.list, "FILE",
		    "The list of inputs (else registry_inputs)." },
		{ "show", 0, OPT_FLAG, &f.show, NULL,
		    "Say what is in the list, with terms; fetch nothing." },
		{ "force", 0, OPT_LIST, &f.force, "NAME",
		    "Take its newest copy, though it is worse." },
		{ "shrink", 0, OPT_COUNT, &f.shrink_percent, "PERCENT",
		    "Fewer records by more than that are worse (10)." },
		{ "tries", 0, OPT_COUNT, &f.max_tries, "N",
		    "Of an address that is busy or away (3)." },
		{ "build", 0, OPT_FLAG, &f.build, NULL,
		    "Then build the registry file of all copies." },
		{ "json", 'j', OPT_FLAG, &f.json, NULL, "One JSON object an input." },
		{ "ca", 0, OPT_TEXT, &f.ca, "FILE",
		    "Trust these certificates and not the system's." },
		{ "program-dir", 0, OPT_TEXT, &f.program_dir, "DIR",
		    "Where onus-fetch is, in a build tree." },
		{ "config", 'c', OPT_TEXT, &f.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &f.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus registry fetch", "[NAME…]",
		"Get what registries and others publish, all that the list names or just these: "
		"asked only for what is\n"
		"newer, one request at a time to a server. A copy is taken when it is whole and "
		"what it should be, read to\n"
		"its end by a process without network; and when it is not worse than the last good "
		"one: of an earlier\n"
		"date, a tenth of the records gone, far more of them refused. Otherwise it is held "
		"back, the last good one\n"
		"stays, and the exit code is 1. Killed at any moment it leaves every copy whole. "
		"What "
		"was cut, or killed, is\n"
		"gone on with where it ended, if the server still has the same file.",
		"Examples:\n"
		"  onus registry fetch --show\n"
		"  onus registry fetch --build\n"
		"  onus registry fetch --force apnic-inetnum apnic-inetnum",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code = 3;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	f.conf = conf_open(f.conf_file, f.set.v, f.set.n, &e);
	if (f.conf && f.shrink_percent > 100)
		(void)err_set(&e, 0, "--shrink wants 0 to 100 percent");
	else if (f.conf) {
		f.dir = f.dir ? f.dir : f.conf->registry_inputs_dir;
		f.list = f.list ? f.list : f.conf->registry_inputs;
		code = run(&f, (unsigned)n, argv + 1, &e);
	}
	if (e.text[0])
		(void)fprintf(stderr, "onus registry fetch: %s\n", e.text);
	done(&f);
	return code;
}
