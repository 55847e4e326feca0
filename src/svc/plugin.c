/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/log.h"

#define SAID_LINES_MAX 20u /* of its stderr that are logged */

enum { EXIT_OK, EXIT_WARNING, EXIT_CRITICAL, EXIT_UNKNOWN, EXIT_N };
static const char *const exit_name[] = { [EXIT_OK] = "OK",
	[EXIT_WARNING] = "WARNING",
	[EXIT_CRITICAL] = "CRITICAL",
	[EXIT_UNKNOWN] = "UNKNOWN" };
_Static_assert(NELEM(exit_name) == EXIT_N, "exit_name out of step");

static int split(struct plugin *p, struct err *e)
{
	char *rest = p->words, *word;
	unsigned n = 0;

	while ((word = strsep(&rest, " \t")) != NULL) {
		if (!*word)
			continue;
		if (n == PLUGIN_ARGS_MAX)
			return err_set(e, -E2BIG, "command: more than %u words", PLUGIN_ARGS_MAX);
		p->argv[n++] = word;
	}
	if (n == 0 || p->argv[0][0] != '/')
		return err_set(e, -EINVAL, "command: give the program's whole path, from / on");
	if (access(p->argv[0], X_OK) < 0)
		return err_set(e, -errno, "command: %s: %s", p->argv[0], strerror(errno));
	return 0;
}

int plugin_init(struct plugin *p, const char *name, const char *command, uint32_t timeout_s,
    size_t printed_max, struct err *e)
{
	*p = (struct plugin){ .name = name, .timeout_s = timeout_s, .words = strdup(command) };
	if (!p->words)
		abort();
	buf_init(&p->printed, printed_max);
	return split(p, e);
}

/* With its children; the program itself is not waited for. */
static void kill_group(struct plugin *p)
{
	(void)kill(-p->child.pid, SIGKILL); /* they may have gone by themselves */
}

void plugin_done(struct plugin *p)
{
	struct child_end end;

	if (p->running) {
		kill_group(p);
		child_end(&p->child, &end);
	}
	buf_done(&p->printed);
	free(p->words);
	*p = (struct plugin){ .running = false };
}

int plugin_start(struct plugin *p, int in, struct err *e)
{
	static char plugin[] = "ONUS_PLUGIN=1", lang[] = "LANG=C.UTF-8",
		    path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const env[] = { plugin, lang, path, NULL };
	struct child_how how = { .env = env, .dir = "/", .group = true, .in = in };
	int unused, r;

	p->started_us = clock_monotonic_us();
	p->killed = NULL;
	buf_reset(&p->printed);
	r = child_start_as(p->argv, &how, &p->child, e);
	if (r < 0)
		return r;
	p->running = true;
	unused = child_take_in(&p->child);
	close_fdp(&unused);
	if (fcntl(p->child.out, F_SETFL, O_NONBLOCK) < 0)
		plugin_kill(p, "it could not be listened to");
	return 0;
}

void plugin_kill(struct plugin *p, const char *why)
{
	if (!p->running)
		return;
	if (!p->killed)
		p->killed = why;
	kill_group(p);
}

/* What it says on stderr, a line each. */
static void tell_said(const struct plugin *p, struct child_end *end)
{
	struct span rest = span_of(end->said, end->said_len), line;

	for (unsigned n = 0; !span_empty(rest) && n < SAID_LINES_MAX; n++) {
		(void)span_cut(&rest, '\n', &line);
		span_tame((char *)end->said + (line.p - end->said), span_len(line));
		log_warn("source=%s says: %.*s", p->name, SPAN_ARG(line));
	}
}

static bool tell_end(const struct plugin *p, const struct child_end *end)
{
	static const char nothing[] = "nothing of this run counts";
	bool good = !p->killed && !end->signalled && end->status <= EXIT_WARNING;

	if (p->killed)
		log_warn("source=%s killed: %s; %s", p->name, p->killed, nothing);
	else if (end->signalled)
		log_warn("source=%s ended by signal %d; %s", p->name, end->status, nothing);
	else if (end->status != EXIT_OK)
		log_warn("source=%s exit code %d (%s)%s%s", p->name, end->status,
		    end->status < EXIT_N ? exit_name[end->status] : "none of a plug-in's",
		    good ? "" : "; ", good ? "" : nothing);
	return good;
}

static enum plugin_turn finish(struct plugin *p)
{
	struct child_end end;
	bool good;

	kill_group(
	    p); /* children that stayed behind; the number is still its, as it was not waited for */
	child_end(&p->child, &end);
	p->running = false;
	tell_said(p, &end);
	if (!p->killed && !buf_ok(&p->printed))
		p->killed = "it printed too much";
	good = tell_end(p, &end);
	if (good && p->printed.len && p->printed.p[p->printed.len - 1] != '\n')
		buf_byte(&p->printed, '\n');
	return good ? PLUGIN_GOOD : PLUGIN_FAILED;
}

/* What it has printed by now. */
static void hear(struct plugin *p)
{
	char room[16384];
	ssize_t n;

	while ((n = read(p->child.out, room, sizeof(room))) > 0 && buf_ok(&p->printed))
		buf_put(&p->printed, room, (size_t)n);
	if (n == 0) { /* closed; it may still run, and must not wake us for nothing */
		int out = child_take_out(&p->child);

		close_fdp(&out);
	}
}

static bool has_ended(const struct plugin *p)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)p->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

enum plugin_turn plugin_tend(struct plugin *p)
{
	bool ended;

	if (!p->running)
		return PLUGIN_IDLE;
	ended = has_ended(p); /* before hearing: then all that it printed is in the pipe */
	if (p->child.out >= 0)
		hear(p);
	if (ended)
		return finish(p);
	if (!p->killed && !buf_ok(&p->printed))
		p->killed = "it printed too much";
	if (!p->killed && clock_monotonic_us() - p->started_us > (int64_t)p->timeout_s * 1000000)
		p->killed = "it took longer than timeout_s";
	if (p->killed)
		kill_group(p); /* its end is seen by a later turn */
	return PLUGIN_RUNS;
}
