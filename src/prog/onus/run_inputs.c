/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/run_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "core/event.h"
#include "intake/recognise.h"
#include "prog/onus/commands.h"
#include "util/input.h"
#include "util/log.h"

/* Where Debian's and other systems' services write what the shipped filters read. */
static const char *const own_logs[] = {
	"/var/log/auth.log",
	"/var/log/auth.log.1",
	"/var/log/secure",
	"/var/log/mail.log",
	"/var/log/mail.log.1",
	"/var/log/maillog",
};

static const char *type_of(enum input_kind kind)
{
	switch (kind) {
	case INPUT_LOG:
		return "log";
	case INPUT_LIST:
		return "list";
	case INPUT_EVENTS:
	case INPUT_EVENTS_JSON:
		return "events";
	default:
		return NULL;
	}
}

/* A source's name out of a file's: its last part, what a name may not hold becomes '-'. */
static void name_source(struct run_inputs *r, unsigned i, const char *path)
{
	const char *base = strrchr(path, '/');
	char *to = r->in[i].name;
	size_t n = 0, max = sizeof(r->in[i].name) - 4;

	for (base = base ? base + 1 : path; *base && n < max; base++) {
		bool word = (*base >= 'a' && *base <= 'z') || (*base >= 'A' && *base <= 'Z') ||
			    (*base >= '0' && *base <= '9') || *base == '.' || *base == '_';

		to[n++] = word ? *base : '-';
	}
	to[n] = '\0';
	for (unsigned k = 0; k < i; k++)
		if (strcmp(r->in[k].name, to) == 0)
			(void)snprintf(to + n, 4, "-%u", i % 100); /* at most 64 inputs: unique */
}

static int peek_kind(const char *path, enum input_kind *ret, const char **why, struct err *e)
{
	struct input *in;
	struct recognised what;
	struct span head;
	int err = input_open(path, &in, e);

	if (err < 0)
		return err;
	err = input_peek(in, &head, e);
	if (err == 0) {
		what = recognise(head);
		*ret = what.kind;
		*why = what.why;
	}
	in = input_free(in);
	return err;
}

/* Add one file. An empty one is a log that has yet to fill. */
static int add(struct run_inputs *r, const char *path, struct err *e)
{
	enum input_kind kind = INPUT_UNKNOWN;
	const char *why = NULL;
	int err;

	if (r->n == RUN_INPUTS_MAX)
		return err_set(e, -E2BIG, "more than %d files", RUN_INPUTS_MAX);
	err = peek_kind(path, &kind, &why, e);
	if (err < 0)
		return err;
	if (kind == INPUT_UNKNOWN)
		return err_set(e, -EINVAL, "%s: no log, list or event lines%s%s", path,
		    why ? ": " : "", why ? why : "");
	r->in[r->n].type = kind == INPUT_EMPTY ? "log" : type_of(kind);
	r->in[r->n].path = realpath(path, NULL);
	if (!r->in[r->n].path)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	name_source(r, r->n, path);
	r->n++;
	return 0;
}

/* The machine's own logs: those that can be read and hold something. */
static void add_own(struct run_inputs *r)
{
	for (unsigned i = 0; i < NELEM(own_logs); i++) {
		enum input_kind kind = INPUT_UNKNOWN;
		const char *why;
		struct err e;

		if (access(own_logs[i], R_OK) < 0 || peek_kind(own_logs[i], &kind, &why, &e) < 0 ||
		    kind != INPUT_LOG)
			continue;
		if (add(r, own_logs[i], &e) < 0)
			log_warn("%s", e.text);
	}
}

/* Run `onus sim` in a child with its standard output in a file. */
static int simulate_into(const char *path, const char *registry, struct err *e)
{
	int status = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	pid_t pid;

	if (fd < 0)
		return err_set(e, -errno, "cannot create %s: %s", path, strerror(errno));
	(void)fflush(stdout); /* or the child would write it again */
	pid = fork();
	if (pid == 0) {
		char *argv[] = { (char[]){ "sim" }, (char[]){ "--registry" },
			(char *)(uintptr_t)registry, NULL };
		int code;

		(void)dup2(fd, STDOUT_FILENO);
		code = cmd_sim(3, argv);
		_exit(fflush(stdout) == 0 ? code : 2);
	}
	(void)close(fd); /* the child writes */
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(
		    e, -ECHILD, "the simulation failed; try: onus sim --registry %s", registry);
	return 0;
}

/* Split the simulated events by source: each group of the simulation is a source of its own. */
static int split(const char *from, const char *dir, struct err *e)
{
	static const char *const sources[] = { "sim-a", "sim-b" };
	FILE *to[NELEM(sources)] = { NULL };
	struct event_room room;
	struct input *in;
	struct event ev;
	struct line line;
	int r = input_open(from, &in, e);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < NELEM(sources); i++) {
		CLEANUP(free_p) char *path = NULL;

		if (asprintf(&path, "%s/%s.events", dir, sources[i]) >= 0)
			to[i] = fopen(path, "we");
		if (to[i])
			(void)fprintf(to[i], "%s\n", EVENT_HEADER); /* checked below by fclose */
	}
	while (to[0] && to[1] && (r = input_line(in, &line, e)) > 0) {
		if (event_parse(line.text, 0, &room, &ev, e) <= 0)
			continue;
		for (unsigned i = 0; i < NELEM(sources); i++)
			if (span_is(ev.source, sources[i]))
				(void)fprintf(to[i], "%.*s\n", SPAN_ARG(line.text)); /* as above */
	}
	for (unsigned i = 0; i < NELEM(sources); i++)
		if ((!to[i] || fclose(to[i]) != 0) && r == 0)
			r = err_set(e, -EIO, "cannot write %s/%s.events", dir, sources[i]);
	in = input_free(in);
	return r;
}

static int simulation(struct run_inputs *r, const char *dir, const char *registry, struct err *e)
{
	static const char *const names[] = { "sim-a.events", "sim-b.events" };
	CLEANUP(free_p) char *all = NULL;
	int err = 0;

	if (asprintf(&all, "%s/sim.events", dir) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	if (access(all, R_OK) <
	    0) { /* kept from an earlier start: the same events are not counted twice */
		err = simulate_into(all, registry, e);
		if (err == 0)
			err = split(all, dir, e);
	}
	for (unsigned i = 0; i < NELEM(names) && err == 0; i++) {
		CLEANUP(free_p) char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, names[i]) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		err = add(r, path, e);
		if (err == 0) /* events carry these names: the sources must be called so */
			r->in[r->n - 1].name[strlen("sim-a")] = '\0';
	}
	r->simulated = true;
	(void)snprintf(r->what, sizeof(r->what), "two made-up sources over the real routing table");
	return err;
}

int run_inputs_find(struct run_inputs *r, int n_files, char **files, bool simulate, const char *dir,
    const char *registry, struct err *e)
{
	int err = 0;

	for (int i = 0; i < n_files && err == 0; i++)
		err = add(r, files[i], e);
	if (err == 0 && n_files == 0 && !simulate)
		add_own(r);
	if (err == 0 && r->n == 0)
		return simulation(r, dir, registry, e);
	if (n_files)
		(void)snprintf(r->what, sizeof(r->what), "%u files", r->n);
	else
		(void)snprintf(r->what, sizeof(r->what), "this machine's own logs");
	return err;
}

void run_inputs_conf(const struct run_inputs *r, struct buf *out)
{
	for (unsigned i = 0; i < r->n; i++) {
		bool own = strcmp(r->in[i].type, "list") != 0 && !r->simulated;

		buf_fmt(out, "\n[source %s]\ntype = %s\npath = %s\n", r->in[i].name, r->in[i].type,
		    r->in[i].path);
		if (own) /* logs of one machine are one witness */
			buf_str(out, "group = own\n");
	}
}
