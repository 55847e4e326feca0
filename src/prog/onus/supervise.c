/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/log.h"

#define CALM_US	    (60 * 1000000ll) /* alive that long: the next death counts as the first */
#define PATIENCE_US (10 * 1000000ll)

int supervise_signals(struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set); /* these only fail for signals that do not exist */
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(e, -errno, "cannot block signals: %s", strerror(errno));
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_set(e, -errno, "cannot watch signals: %s", strerror(errno));
	return fd;
}

/* What the child does between fork and exec. */
static void become(const struct child *c, pid_t parent, int out, int log_fd)
{
	sigset_t none;

	(void)prctl(
	    PR_SET_PDEATHSIG, SIGTERM); /* without it children would only outlive a kill -9 */
	if (getppid() != parent)	/* it ended before that: nobody would stop us */
		_exit(0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (log_fd >= 0)
		(void)dup2(log_fd, STDERR_FILENO);
	(void)dup2(out >= 0 ? out : STDERR_FILENO, STDOUT_FILENO);
	(void)execv(c->path, c->argv);
	_exit(127);
}

static int start(struct child *c, int log_fd, struct err *e)
{
	int out[2] = { -1, -1 };
	pid_t parent = getpid(), pid;

	if (c->wants_ready && pipe2(out, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become(c, parent, out[1], log_fd);
	if (out[1] >= 0)
		(void)close(out[1]); /* the child has its copy */
	if (pid < 0) {
		if (out[0] >= 0)
			(void)close(out[0]); /* unused */
		return err_set(e, -errno, "cannot start %s: %s", c->name, strerror(errno));
	}
	c->pid = pid;
	c->out = out[0];
	c->started_us = clock_monotonic_us();
	return 0;
}

/* Empty the signal descriptor; true when one of them says stop. */
static bool told_to_stop(int signal_fd)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		stop |= info.ssi_signo != SIGCHLD;
	return stop;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int supervise_run(struct child *c, int signal_fd, int log_fd, struct err *e)
{
	struct pollfd p = { .fd = signal_fd, .events = POLLIN };
	int status, r = start(c, log_fd, e);
	bool stopped = false;

	if (r < 0)
		return r;
	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		(void)poll(
		    &p, 1, 200); /* the time-out covers a signal that was folded into another */
		if (told_to_stop(signal_fd) && !stopped) {
			stopped = true;
			(void)kill(c->pid, SIGTERM); /* our child, not yet waited for */
		}
	}
	c->pid = 0;
	/* Ctrl-C reaches the child too, and it may be quicker. */
	stopped |= told_to_stop(signal_fd);
	return stopped ? -ECANCELED : exit_code(status);
}

/* Take note of the children that died. */
static void reap(struct child *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t now = clock_monotonic_us();
		int status;

		if (c[i].pid == 0 || waitpid(c[i].pid, &status, WNOHANG) != c[i].pid)
			continue;
		if (now - c[i].started_us > CALM_US)
			c[i].deaths = 0;
		c[i].restart_us = now + (100000ll << MIN_OF(c[i].deaths, 8u));
		c[i].deaths++;
		c[i].pid = 0;
		if (c[i].out >= 0)
			(void)close(c[i].out); /* read only */
		c[i].out = -1;
		c[i].code = exit_code(status);
		log_warn("%s ended with %d; it is started again", c[i].name, exit_code(status));
	}
}

static int start_due(struct child *c, unsigned n, int log_fd, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		int r = 0;

		if (c[i].pid == 0 && clock_monotonic_us() >= c[i].restart_us)
			r = start(&c[i], log_fd, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static void end_all(struct child *c, unsigned n)
{
	int64_t until = clock_monotonic_us() + PATIENCE_US;
	unsigned left = n;

	for (unsigned i = 0; i < n; i++)
		if (c[i].pid > 0)
			(void)kill(c[i].pid, SIGTERM); /* our child, not yet waited for */
	while (left > 0) {
		bool late = clock_monotonic_us() > until;

		left = 0;
		for (unsigned i = 0; i < n; i++) {
			if (c[i].pid > 0 && waitpid(c[i].pid, NULL, WNOHANG) == c[i].pid)
				c[i].pid = 0;
			if (c[i].pid > 0 && late)
				(void)kill(c[i].pid, SIGKILL); /* it had its time */
			left += c[i].pid > 0;
		}
		if (left)
			(void)usleep(20000);
	}
}

/* The first line a child prints is its ready line; what follows is read and dropped. */
static void read_ready(struct child *c, bool *seen, ready_fn *ready, void *ctx)
{
	char line[512];
	ssize_t n = read(c->out, line, sizeof(line) - 1);

	if (n <= 0) {
		(void)close(c->out); /* read only */
		c->out = -1;
		return;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (!*seen)
		ready(ctx, line);
	*seen = true;
}

int supervise_loop(struct child *c, unsigned n, int signal_fd, int log_fd, ready_fn *ready,
    void *ctx, struct err *e)
{
	bool seen = false;
	int r = 0;

	while (r == 0) {
		struct pollfd p[SUPERVISE_MAX + 1] = { { .fd = signal_fd, .events = POLLIN } };

		r = start_due(c, n, log_fd, e);
		for (unsigned i = 0; i < n && i < SUPERVISE_MAX; i++)
			p[i + 1] = (struct pollfd){ .fd = c[i].out, .events = POLLIN };
		(void)poll(p, n + 1, 500); /* the time-out drives restarts */
		if (told_to_stop(signal_fd))
			break;
		for (unsigned i = 0; i < n && i < SUPERVISE_MAX; i++)
			if (c[i].out >= 0 && p[i + 1].revents)
				read_ready(&c[i], &seen, ready, ctx);
		reap(c, n);
		for (unsigned i = 0; i < n && !seen && r == 0; i++)
			if (c[i].wants_ready && c[i].pid == 0 && c[i].deaths > 0)
				r = err_set(e, -ECHILD, "%s ended with %d before it was ready",
				    c[i].name, c[i].code);
	}
	end_all(c, n);
	return r;
}
