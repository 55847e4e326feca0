/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/publish/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "prog/publish/publish.h"
#include "svc/program.h"
#include "util/clock.h"
#include "util/log.h"

#define NICE	    10
#define AGAIN_US    60000000 /* after it failed */
#define WORDS_FIXED 5u	     /* of its command line: program, --once --pages, -c FILE */

static bool same_run(const struct hub_run *a, const struct hub_run *b)
{
	return a->id == b->id && a->batch_cursor == b->batch_cursor && a->at_s == b->at_s;
}

/* Its stdout is open as long as it lives, and it writes nothing there. */
static bool has_ended(const struct apart *a)
{
	char c;
	ssize_t n = read(a->child.out, &c, 1);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* The last line of what it said. */
static struct span last_line(const struct child_end *end)
{
	struct span rest = span_trim(span_of(end->said, end->said_len)), line = rest;

	while (!span_empty(rest))
		(void)span_cut(&rest, '\n', &line);
	return line;
}

void apart_tend(struct apart *a, struct daemon *d)
{
	int64_t now_us = clock_monotonic_us();
	struct child_end end;
	struct span why;

	if (!a->runs || !has_ended(a))
		return;
	daemon_watch(d, -1);
	child_end(&a->child, &end);
	a->runs = false;
	a->next_us = now_us + (now_us - a->began_us);
	if (!end.signalled && end.status == 0) {
		a->fresh = true;
		log_info("pages were made apart took=%.2fs", (double)(now_us - a->began_us) / 1e6);
		return;
	}
	a->any = false;
	a->next_us = MAX_OF(a->next_us, now_us + AGAIN_US);
	why = last_line(&end);
	log_warn("pages could not be made apart (%s %d), those before them stay: %.*s",
	    end.signalled ? "signal" : "exit code", end.status, SPAN_ARG(why));
}

static int start(struct apart *a, const struct daemon *d, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(free_p)
	char **argv = calloc(WORDS_FIXED + 2 * (size_t)d->settings->n + 1, sizeof(*argv));
	unsigned n = 0;
	int r = argv ? program_find(NULL, "onus-publish", &path, e)
		     : err_set(e, -ENOMEM, "out of memory");

	if (r < 0)
		return r;
	argv[n++] = path;
	argv[n++] = (char *)(uintptr_t) "--once"; /* exec wants char *, and writes nothing */
	argv[n++] = (char *)(uintptr_t) "--pages";
	if (d->conf_file) {
		argv[n++] = (char *)(uintptr_t) "-c";
		argv[n++] = (char *)(uintptr_t)d->conf_file;
	}
	for (unsigned i = 0; i < d->settings->n; i++) {
		argv[n++] = (char *)(uintptr_t) "-o";
		argv[n++] = (char *)(uintptr_t)d->settings->v[i];
	}
	return child_start(argv, &a->child, e);
}

void apart_start(struct apart *a, struct daemon *d, const struct hub_run *run)
{
	int64_t now_us = clock_monotonic_us();
	struct err e;

	if (a->runs || now_us < a->next_us || (a->any && same_run(&a->of, run)))
		return;
	a->began_us = now_us;
	if (start(a, d, &e) < 0) {
		a->next_us = now_us + AGAIN_US;
		log_warn("pages cannot be made apart: %s", e.text);
		return;
	}
	(void)setpriority(
	    PRIO_PROCESS, (id_t)a->child.pid, NICE);	/* else it is as quick as we are */
	(void)fcntl(a->child.out, F_SETFL, O_NONBLOCK); /* a pipe of ours: cannot fail */
	a->runs = a->any = true;
	a->of = *run;
	daemon_watch(d, a->child.out);
}

void apart_stop(struct apart *a)
{
	struct child_end end;

	if (!a->runs)
		return;
	(void)kill(a->child.pid, SIGKILL); /* what it has made is worth nothing */
	child_end(&a->child, &end);
	a->runs = false;
}
