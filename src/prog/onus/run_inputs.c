/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/run_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <zlib.h>

#include "intake/jlog.h"
#include "intake/recognise.h"
#include "prog/onus/commands.h"
#include "util/clock.h"
#include "util/file.h"
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
	case INPUT_JSON:
		return "json";
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

/* The name of the map for a JSON log, a copy. */
static int choose_map(const char *json_path, struct span head, char **ret, struct err *e)
{
	struct clock clock = clock_system();
	struct jlogs maps = { .path = json_path, .options.clock = &clock };
	struct jlog *j;
	int err = jlogs_choose(&maps, head, &j, e);

	if (err == 0) {
		*ret = strdup(jlog_map(j));
		err = *ret ? 0 : err_set(e, -ENOMEM, "out of memory");
	}
	jlogs_done(&maps);
	return err;
}

/* map: set when it is a JSON log and json_path is not NULL */
static int peek_kind(
    const char *path, const char *json_path, struct recognised *ret, char **map, struct err *e)
{
	struct input *in;
	struct span head;
	int err = input_open(path, &in, e);

	if (err < 0)
		return err;
	err = input_peek(in, &head, e);
	if (err == 0) {
		*ret = recognise(head);
		if (ret->kind == INPUT_JSON && json_path) {
			err = choose_map(json_path, head, map, e);
			if (err < 0)
				(void)err_wrap(e, err, "%s", path);
		}
	}
	in = input_free(in);
	return err;
}

/* Add one file. An empty one is a log that has yet to fill. */
static int add(struct run_inputs *r, const char *path, struct err *e)
{
	struct recognised what = { .kind = INPUT_UNKNOWN };
	int err;

	if (r->n == RUN_INPUTS_MAX)
		return err_set(e, -E2BIG, "more than %d files", RUN_INPUTS_MAX);
	err = peek_kind(path, r->json_path, &what, &r->in[r->n].map, e);
	if (err < 0)
		return err;
	if (what.kind == INPUT_UNKNOWN)
		return err_set(e, -EINVAL, "%s: no log, list or event lines%s%s", path,
		    what.why ? ": " : "", what.why ? what.why : "");
	r->in[r->n].type = what.kind == INPUT_EMPTY ? "log" : type_of(what.kind);
	r->in[r->n].weak = what.open_to_clients;
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
		struct recognised what = { .kind = INPUT_UNKNOWN };
		struct err e;

		if (access(own_logs[i], R_OK) < 0 ||
		    peek_kind(own_logs[i], NULL, &what, NULL, &e) < 0 || what.kind != INPUT_LOG)
			continue;
		if (add(r, own_logs[i], &e) < 0)
			log_warn("%s", e.text);
	}
}

/* Run `onus sim` in a child with its standard output in a file. */
static int simulate_into(
    const char *path, const char *registry, const char *source, const char *until, struct err *e)
{
	char *argv[] = { (char[]){ "sim" }, (char[]){ "--registry" }, (char *)(uintptr_t)registry,
		(char[]){ "--source" }, (char *)(uintptr_t)source, (char[]){ "--until" },
		(char *)(uintptr_t)until, NULL };
	int status = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	pid_t pid;

	if (fd < 0)
		return err_set(e, -errno, "cannot create %s: %s", path, strerror(errno));
	(void)fflush(stdout); /* or the child would write it again */
	pid = fork();
	if (pid == 0) {
		int code;

		(void)dup2(fd, STDOUT_FILENO);
		code = cmd_sim(NELEM(argv) - 1, argv);
		_exit(fflush(stdout) == 0 ? code : 2);
	}
	(void)close(fd); /* the child writes */
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(
		    e, -ECHILD, "the simulation failed; try: onus sim --registry %s", registry);
	return 0;
}

/* Each group of the simulation is a source of its own. What an earlier start of the day made is kept:
 * the same events are not counted twice. */
static int simulation(struct run_inputs *r, const char *registry, struct err *e)
{
	static const char *const sources[] = { "sim-a", "sim-b" };
	struct clock clock = clock_system();
	char until[UTC_TEXT_MAX];
	int err = 0;

	utc_format(clock_now_s(&clock), until);
	for (unsigned i = 0; i < NELEM(sources) && err == 0; i++) {
		CLEANUP(free_p) char *path = NULL, *new = NULL;

		if (asprintf(&path, "%s/%s.events", r->dir, sources[i]) < 0 ||
		    asprintf(&new, "%s.new", path) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		if (access(path, R_OK) < 0) {
			err = simulate_into(new, registry, sources[i], until, e);
			if (err == 0 && rename(new, path) < 0)
				err = err_set(e, -errno, "%s: %s", path, strerror(errno));
		}
		if (err == 0)
			err = add(r, path, e);
		if (err == 0) /* events carry these names: the sources must be called so */
			(void)snprintf(
			    r->in[r->n - 1].name, sizeof(r->in[0].name), "%s", sources[i]);
	}
	return err;
}

/* The directory of these inputs, made when it is missing. */
static int choose_dir(struct run_inputs *r, bool named, const char *base, struct err *e)
{
	struct clock clock = clock_system();
	char day[UTC_TEXT_MAX], room[UTC_TEXT_MAX + 16];
	CLEANUP(free_p) char *dir = NULL;
	uLong sum = crc32(0, NULL, 0);
	int err;

	for (unsigned i = 0; i < r->n; i++)
		sum = crc32(sum, (const Bytef *)r->in[i].path, (uInt)strlen(r->in[i].path) + 1);
	utc_format_day(day_of(clock_now_s(&clock)), day);
	if (r->simulated)
		(void)snprintf(room, sizeof(room), "simulated-%s", day);
	else if (named)
		(void)snprintf(room, sizeof(room), "files-%08lx", sum);
	else
		(void)snprintf(room, sizeof(room), "logs");
	if (asprintf(&dir, "%s/%s", base, room) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	err = file_mkdirs(dir, 0755, e);
	if (err < 0)
		return err;
	r->dir = realpath(dir, NULL);
	return r->dir ? 0 : err_set(e, -errno, "%s: %s", dir, strerror(errno));
}

int run_inputs_find(struct run_inputs *r, int n_files, char **files, bool simulate,
    const char *base, const char *registry, struct err *e)
{
	int err = 0;

	for (int i = 0; i < n_files && err == 0; i++)
		err = add(r, files[i], e);
	if (err == 0 && n_files == 0 && !simulate)
		add_own(r);
	r->simulated = r->n == 0;
	if (err == 0)
		err = choose_dir(r, n_files > 0, base, e);
	if (err == 0 && r->simulated)
		err = simulation(r, registry, e);
	if (r->simulated)
		(void)snprintf(r->what, sizeof(r->what), "made up, over the real routing table");
	else if (n_files)
		(void)snprintf(r->what, sizeof(r->what), "%u file%s", r->n, r->n == 1 ? "" : "s");
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
		if (r->in[i].map)
			buf_fmt(out, "map = %s\n", r->in[i].map);
		if (r->in[i].weak)
			buf_str(out, "weak = yes\n");
		if (own) /* logs of one machine are one witness */
			buf_str(out, "group = own\n");
	}
}
