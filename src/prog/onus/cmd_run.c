/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus run - the whole road on one machine, in the foreground: what a demo or a container starts. It
 * writes a configuration into its directory, works off once what the inputs hold, and then keeps every
 * program running until Ctrl-C. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/conf.h"
#include "prog/onus/commands.h"
#include "prog/onus/run_inputs.h"
#include "prog/onus/supervise.h"
#include "svc/program.h"
#include "util/file.h"
#include "util/log.h"
#include "util/opt.h"

#define WORDS_MAX 400

struct run {
	const char *dir, *program_dir, *data_dir, *registry, *listen;
	struct opt_list settings;
	bool simulate, verbose;
	struct run_inputs inputs;
	char *conf_path, *log_path;
	int signal_fd, log_fd;
};

/* The programs, in the order of the flow; once: worked off before the pages open; for_type: only where there is a source of
 * that type. */
static const struct {
	const char *name;
	bool once, wants_ready;
	const char *doing, *for_type;
} programs[] = {
	{ "onus-collect", true, false, "reading" },
	{ "onus-load", true, false, "loading" },
	{ "onus-analyse", false, false, NULL, CONF_ANALYSIS },
	{ "onus-score", true, false, "scoring" },
	{ "onus-publish", true, false, "publishing" },
	{ "onus-graph", false, false, NULL },
	{ "onus-web", false, true, NULL },
};

static const char usage_about[] =
    "Run everything on this machine, in the foreground: collect, load, score, publish and serve "
    "pages\n"
    "on loopback. FILE… are logs, JSON logs, lists or event lines; without any, this machine's own "
    "logs are "
    "taken,\n"
    "and where there are none, a simulation over the real routing table, labelled as such "
    "everywhere.\n"
    "Prints one line when it is ready, with the address to open. Ctrl-C ends it.";

static int write_conf(const struct run *r, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	static const struct {
		const char *name, *format;
	} paths[] = {
		{ "state_dir", "%s/state" },
		{ "spool_dir", "%s/spool" },
		{ "hub", "sqlite:%s/hub.sqlite" },
		{ "serve_dir", "%s/serve" },
		{ "open_dir", "%s/open" },
		{ "wish_file", "%s/wishes" },
		{ "graph_dir", "%s/graph" },
		{ "rdap_dir", "%s/rdap" },
	};

	buf_init(&b, 1u << 20);
	buf_str(&b, "# Written by `onus run` at every start: edit a copy.\n");
	for (unsigned i = 0; i < NELEM(paths); i++) {
		const char *at = strstr(paths[i].format, "%s");

		buf_fmt(&b, "%s = %.*s%s%s\n", paths[i].name, (int)(at - paths[i].format),
		    paths[i].format, r->inputs.dir, at + 2);
	}
	buf_fmt(&b, "registry_file = %s\n", r->registry);
	if (r->data_dir)
		buf_fmt(&b,
		    "filter_path = %s/etc/filter.d\njson_path = %s/etc/json.d\nweb_root = %s/web\n",
		    r->data_dir, r->data_dir, r->data_dir);
	if (r->listen)
		buf_fmt(&b, "web_listen = %s\n", r->listen);
	buf_str(&b, "collect_interval_s = 2\nload_interval_s = 1\nscore_interval_s = 5\n"
		    "publish_interval_s = 2\ngraph_step_s = 10\n");
	buf_fmt(&b, "simulated = %s\n", r->inputs.simulated ? "yes" : "no");
	for (unsigned i = 0; i < r->settings.n; i++)
		buf_fmt(&b, "%s\n", r->settings.v[i]);
	run_inputs_conf(&r->inputs, &b);
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	return file_write(r->conf_path, buf_text(&b), e);
}

/* The paths of all programs that run and their argument vectors. */
struct plan {
	struct child child[NELEM(programs)];
	unsigned row[NELEM(programs)]; /* of programs */
	unsigned n;
	char *path[NELEM(programs)];
	char *argv[NELEM(programs)][5];
};

static void plan_done(struct plan *p)
{
	for (unsigned i = 0; i < p->n; i++)
		free(p->path[i]);
}

static int plan_add(struct plan *p, const struct run *r, unsigned row, struct err *e)
{
	unsigned i = p->n;
	int err = program_find(r->program_dir, programs[row].name, &p->path[i], e);

	if (err < 0)
		return err;
	p->n++;
	p->row[i] = row;
	p->argv[i][0] = p->path[i];
	p->argv[i][1] = (char *)(uintptr_t) "-c"; /* execv wants char *, and writes nothing */
	p->argv[i][2] = r->conf_path;
	p->child[i] = (struct child){ .name = programs[row].name,
		.path = p->path[i],
		.argv = p->argv[i],
		.wants_ready = programs[row].wants_ready,
		.out = -1 };
	return 0;
}

static int plan_make(struct plan *p, const struct run *r, struct err *e)
{
	struct conf *conf = conf_open(r->conf_path, NULL, 0, e);
	int err = conf ? 0 : -EINVAL;

	*p = (struct plan){ .n = 0 };
	for (unsigned i = 0; i < NELEM(programs) && err == 0; i++)
		if (!programs[i].for_type || conf_has_type(conf, programs[i].for_type))
			err = plan_add(p, r, i, e);
	(void)conf_free(conf);
	return err;
}

/* What a program said last: ": TEXT", or nothing when it went to the terminal. */
static const char *last_words(const struct run *r, const char *name, char ret[WORDS_MAX])
{
	char tail[8 * WORDS_MAX], *line = NULL, *next = tail;
	off_t end = r->log_fd < 0 ? 0 : lseek(r->log_fd, 0, SEEK_END);
	off_t from = MAX_OF(end - (off_t)sizeof(tail) + 1, (off_t)0);
	ssize_t n = end > 0 ? pread(r->log_fd, tail, sizeof(tail) - 1, from) : 0;

	tail[MAX_OF(n, (ssize_t)0)] = '\0';
	while ((next = strstr(next, name)) != NULL) {
		line = next;
		next += strlen(name);
	}
	ret[0] = '\0';
	if (line) {
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(ret, WORDS_MAX, "\n%s", line);
	}
	return ret;
}

/* Everything that the inputs hold, through to the first publication. */
static int first_pass(struct plan *p, const struct run *r, struct err *e)
{
	for (unsigned i = 0; i < p->n; i++) {
		int code;

		if (!programs[p->row[i]].once)
			continue;
		(void)printf("onus: %s …\n", programs[p->row[i]].doing);
		(void)fflush(stdout); /* a lost progress line harms nobody */
		p->argv[i][3] = (char *)(uintptr_t) "--once"; /* as above */
		code = supervise_run(&p->child[i], r->signal_fd, r->log_fd, e);
		p->argv[i][3] = NULL;
		if (code < 0)
			return code;
		if (code != 0)
			return err_set(e, -ECHILD,
			    "%s ended with %d%s\nTry by hand: %s -c %s --once", p->child[i].name,
			    code, last_words(r, p->child[i].name, (char[WORDS_MAX]){ "" }),
			    p->path[i], r->conf_path);
	}
	return 0;
}

static void say_ready(void *ctx, const char *line)
{
	const struct run *r = ctx;
	const char *url = strstr(line, "http://");

	(void)printf("onus: ready on %s (%s%s; Ctrl-C ends it)\n", url ? url : line,
	    r->inputs.simulated ? "SIMULATED: " : "", r->inputs.what);
	(void)fflush(stdout); /* a lost ready line shows in the test that waits for it */
}

static int open_log(struct run *r, struct err *e)
{
	if (asprintf(&r->conf_path, "%s/onus.conf", r->inputs.dir) < 0 ||
	    asprintf(&r->log_path, "%s/onus.log", r->inputs.dir) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	if (r->verbose)
		return 0;
	r->log_fd = open(r->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return r->log_fd < 0
		   ? err_set(e, -errno, "cannot open %s: %s", r->log_path, strerror(errno))
		   : 0;
}

static int registry_path(struct run *r, struct err *e)
{
	char *path = NULL;

	if (!r->registry) {
		if (asprintf(&path, "%s/registry", r->dir) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		r->registry = path;
	}
	path = realpath(r->registry, NULL);
	if (!path)
		return err_set(e, -ENOENT,
		    "no registry %s; make one: onus registry build -o %s INPUT…", r->registry,
		    r->registry);
	r->registry = path;
	return 0;
}

static int run_all(struct run *r, int n_files, char **files, struct err *e)
{
	CLEANUP(plan_done) struct plan plan = { 0 };
	CLEANUP(free_p) char *json_path = NULL;
	int err = registry_path(r, e);

	r->inputs.json_path = CONF_JSON_PATH;
	if (err == 0 && r->data_dir && asprintf(&json_path, "%s/etc/json.d", r->data_dir) < 0)
		err = err_set(e, -ENOMEM, "out of memory");
	if (json_path)
		r->inputs.json_path = json_path;
	if (err == 0)
		err = run_inputs_find(
		    &r->inputs, n_files, files, r->simulate, r->dir, r->registry, e);
	if (err == 0)
		err = open_log(r, e);
	if (err == 0)
		err = write_conf(r, e);
	if (err == 0)
		err = plan_make(&plan, r, e);
	if (err < 0)
		return err;
	r->signal_fd = supervise_signals(e);
	if (r->signal_fd < 0)
		return r->signal_fd;
	err = first_pass(&plan, r, e);
	if (err < 0)
		return err;
	err = supervise_loop(plan.child, plan.n, r->signal_fd, r->log_fd, say_ready, r, e);
	if (err == -ECHILD) {
		struct err why = *e;

		(void)err_set(
		    e, err, "%s%s", why.text, last_words(r, "onus-web", (char[WORDS_MAX]){ "" }));
	}
	return err;
}

int cmd_run(int argc, char **argv)
{
	static struct run r = { .dir = "onus-run", .signal_fd = -1, .log_fd = -1 };
	const struct opt opts[] = {
		{ "dir", 'd', OPT_TEXT, &r.dir, "DIR",
		    "Keep everything below it, each set of inputs apart (default onus-run)." },
		{ "registry", 0, OPT_TEXT, &r.registry, "FILE",
		    "The registry file (default DIR/registry)." },
		{ "listen", 0, OPT_TEXT, &r.listen, "ADDR:PORT",
		    "Where the pages are (127.0.0.1:8025)." },
		{ "simulate", 0, OPT_FLAG, &r.simulate, NULL,
		    "Simulate, whatever logs there are." },
		{ "option", 'o', OPT_LIST, &r.settings, "NAME=VALUE", "Set a parameter." },
		{ "program-dir", 0, OPT_TEXT, &r.program_dir, "DIR",
		    "Find the programs in a build tree." },
		{ "data-dir", 0, OPT_TEXT, &r.data_dir, "DIR",
		    "Find filters and pages in a source tree." },
		{ "verbose", 'v', OPT_FLAG, &r.verbose, NULL, "Show what the programs say." },
	};
	const struct opt_usage usage = { "onus run", "[FILE…]", usage_about, NULL, opts,
		NELEM(opts) };
	int n = opt_main(&usage, argc, argv);
	struct err e = { "" };
	int err;

	if (n < 0)
		return opt_exit(n);
	if (r.data_dir)
		r.data_dir = realpath(r.data_dir, NULL);
	err = run_all(&r, n, argv + 1, &e);
	if (err == -ECANCELED || err == 0) {
		(void)printf("onus: stopped\n");
		return 0;
	}
	(void)fprintf(stderr, "onus run: %s\n", e.text);
	return 2;
}
