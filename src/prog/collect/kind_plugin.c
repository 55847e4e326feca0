/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that runs a program now and then and takes the event lines that it prints
 * (doc/contracts/plugins.md). A run counts whole, in one batch with the position that says so, or not at all: what a
 * run printed that failed, was killed or took too long is thrown away. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prog/collect/collect.h"
#include "util/child.h"
#include "util/log.h"
#include "util/num.h"

#define ARGS_MAX       32u
#define PRINTED_MAX    (1u << 20) /* bytes of one run: more than any batch holds */
#define SAID_LINES_MAX 20u	  /* of its stderr that are logged */
#define ONCE_WAIT_MS   50

enum { EXIT_OK, EXIT_WARNING, EXIT_CRITICAL, EXIT_UNKNOWN, EXIT_N };
static const char *const exit_name[] = { [EXIT_OK] = "OK",
	[EXIT_WARNING] = "WARNING",
	[EXIT_CRITICAL] = "CRITICAL",
	[EXIT_UNKNOWN] = "UNKNOWN" };
_Static_assert(NELEM(exit_name) == EXIT_N, "exit_name out of step");

struct plugin {
	char *words; /* of the command, each with its NUL */
	char *argv[ARGS_MAX + 1];
	struct child child;
	bool running;
	const char *killed; /* why, or NULL */
	int64_t started_us; /* monotonic, of the last run; 0: none */
	int64_t run_s;	    /* when the last run began that is in a batch; 0: none */
	int64_t this_run_s;
	struct buf printed;
	bool ready; /* printed is a whole run, waiting for its batch */
	uint64_t failed;
};

/* --- opening ------------------------------------------------------------------------------------- */

static int split(struct plugin *in, struct err *e)
{
	char *rest = in->words, *word;
	unsigned n = 0;

	while ((word = strsep(&rest, " \t")) != NULL) {
		if (!*word)
			continue;
		if (n == ARGS_MAX)
			return err_set(e, -E2BIG, "command: more than %u words", ARGS_MAX);
		in->argv[n++] = word;
	}
	if (n == 0 || in->argv[0][0] != '/')
		return err_set(e, -EINVAL, "command: give the program's whole path, from / on");
	if (access(in->argv[0], X_OK) < 0)
		return err_set(e, -errno, "command: %s: %s", in->argv[0], strerror(errno));
	return 0;
}

static int open_plugin(struct source *s, struct err *e)
{
	struct plugin *in = calloc(1, sizeof(*in));
	int r;

	if (!in || !(in->words = strdup(s->conf->command)))
		abort();
	buf_init(&in->printed, PRINTED_MAX);
	s->in = in;
	r = split(in, e);
	return r < 0 ? err_wrap(e, -EINVAL, "source %s", s->conf->name) : 0;
}

/* With its children; the program itself is not waited for. */
static void kill_run(struct plugin *in)
{
	(void)kill(-in->child.pid, SIGKILL); /* they may have gone by themselves */
}

static void done(struct source *s)
{
	struct plugin *in = s->in;
	struct child_end end;

	if (in->running) {
		kill_run(in);
		child_end(&in->child, &end);
	}
	buf_done(&in->printed);
	free(in->words);
	free(in);
	s->in = NULL;
}

/* --- a run --------------------------------------------------------------------------------------- */

static void run(struct source *s)
{
	static char plugin[] = "ONUS_PLUGIN=1", lang[] = "LANG=C.UTF-8",
		    path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const env[] = { plugin, lang, path, NULL };
	struct plugin *in = s->in;
	struct child_how how = { .env = env, .dir = "/", .group = true };
	struct epoll_event ev = { .events = EPOLLIN };
	struct err why;
	int in_fd, out;

	in->started_us = clock_monotonic_us();
	in->this_run_s = clock_now_s(&s->to->clock);
	in->killed = NULL;
	buf_reset(&in->printed);
	if (child_start_as(in->argv, &how, &in->child, &why) < 0) {
		in->failed++;
		log_warn("source=%s %s", s->conf->name, why.text);
		return;
	}
	in->running = true;
	in_fd = child_take_in(&in->child);
	close_fdp(&in_fd); /* it is told nothing */
	out = in->child.out;
	if (fcntl(out, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(s->to->wake, EPOLL_CTL_ADD, out, &ev) < 0)
		in->killed = "it could not be listened to";
}

/* What it says on stderr, a line each. */
static void tell_said(const struct source *s, struct child_end *end)
{
	struct span rest = span_of(end->said, end->said_len), line;

	for (unsigned n = 0; !span_empty(rest) && n < SAID_LINES_MAX; n++) {
		(void)span_cut(&rest, '\n', &line);
		span_tame((char *)end->said + (line.p - end->said), span_len(line));
		log_warn("source=%s says: %.*s", s->conf->name, SPAN_ARG(line));
	}
}

static void finish(struct source *s)
{
	struct plugin *in = s->in;
	struct child_end end;

	kill_run(
	    in); /* children that stayed behind; the number is still its, as it was not waited for */
	child_end(&in->child, &end);
	in->running = false;
	tell_said(s, &end);
	if (!in->killed && !buf_ok(&in->printed))
		in->killed = "it printed too much";
	in->ready = !in->killed && !end.signalled && end.status <= EXIT_WARNING;
	if (in->killed)
		log_warn(
		    "source=%s killed: %s; nothing of this run counts", s->conf->name, in->killed);
	else if (end.signalled)
		log_warn("source=%s ended by signal %d; nothing of this run counts", s->conf->name,
		    end.status);
	else if (end.status != EXIT_OK)
		log_warn("source=%s exit code %d (%s)%s", s->conf->name, end.status,
		    end.status < EXIT_N ? exit_name[end.status] : "none of a plug-in's",
		    in->ready ? "" : "; nothing of this run counts");
	in->failed += !in->ready;
	if (in->ready && in->printed.len && in->printed.p[in->printed.len - 1] != '\n')
		buf_byte(&in->printed, '\n');
}

/* What it has printed by now. */
static void hear(struct plugin *in)
{
	char room[16384];
	ssize_t n;

	while ((n = read(in->child.out, room, sizeof(room))) > 0 && buf_ok(&in->printed))
		buf_put(&in->printed, room, (size_t)n);
	if (n == 0) { /* closed; it may still run, and must not wake us for nothing */
		int out = child_take_out(&in->child);

		close_fdp(&out);
	}
}

static bool has_ended(const struct plugin *in)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)in->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

static void tend(struct source *s)
{
	struct plugin *in = s->in;
	bool ended;

	if (!in->running)
		return;
	ended = has_ended(in); /* before hearing: then all that it printed is in the pipe */
	if (in->child.out >= 0)
		hear(in);
	if (ended) {
		finish(s);
		return;
	}
	if (!in->killed && !buf_ok(&in->printed))
		in->killed = "it printed too much";
	if (!in->killed &&
	    clock_monotonic_us() - in->started_us > (int64_t)s->conf->timeout_s * 1000000)
		in->killed = "it took longer than timeout_s";
	if (in->killed)
		kill_run(in); /* its end is seen by a later turn */
}

/* --- the kind ------------------------------------------------------------------------------------ */

static bool is_due(const struct source *s, const struct plugin *in)
{
	int64_t now_s = clock_now_s(&s->to->clock);

	if (in->running || in->ready)
		return false;
	if (in->started_us)
		return clock_monotonic_us() - in->started_us >=
		       (int64_t)s->conf->interval_s * 1000000;
	/* a clock that was set back is no reason never to run again */
	return in->run_s > now_s || now_s - in->run_s >= (int64_t)s->conf->interval_s;
}

static bool poll_plugin(struct source *s, int64_t settled_s)
{
	struct plugin *in = s->in;

	if (is_due(s, in))
		run(s);
	if (in->running && settled_s == 0) { /* --once: nothing but to wait for it */
		(void)poll(NULL, 0, ONCE_WAIT_MS);
		tend(s);
	}
	return in->running;
}

static int pump(struct source *s, struct err *e)
{
	struct plugin *in = s->in;
	struct block b = { .text = buf_text(&in->printed), .first_number = 1 };
	int r;

	if (!in->ready)
		return 0;
	r = lines_take(s, &b, e);
	if (r >= 0)
		in->ready = false;
	return r;
}

/* A run is taken as a whole (whole, below). */
static void take(struct source *s, uint64_t lines)
{
	struct plugin *in = s->in;

	(void)lines;
	in->run_s = in->this_run_s;
}

static void positions(struct source *s, struct buf *out)
{
	const struct plugin *in = s->in;

	if (in->run_s)
		buf_fmt(out, "#plugin %s %jd\n", s->conf->name, (intmax_t)in->run_s);
}

static int restore(struct source *s, struct span line, struct err *e)
{
	struct plugin *in = s->in;
	struct span rest = line, word;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#plugin") ||
	    !span_cut(&rest, ' ', &word) || !span_is(word, s->conf->name))
		return 0;
	if (num_i64(rest, 0, INT64_MAX, &in->run_s) < 0)
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", s->conf->name,
		    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	return 1;
}

static const char *where(const struct source *s)
{
	const struct plugin *in = s->in;

	return in->argv[0];
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct plugin *in = s->in;

	to->plugin_failed += in->failed;
}

const struct source_kind kind_plugin = { .type = "plugin",
	.whole = true,
	.open = open_plugin,
	.done = done,
	.restore = restore,
	.tend = tend,
	.poll = poll_plugin,
	.pump = pump,
	.take = take,
	.positions = positions,
	.where = where,
	.count = count };
