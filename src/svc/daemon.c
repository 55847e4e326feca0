/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/daemon.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>

#include "svc/notify.h"
#include "svc/status.h"
#include "util/clock.h"
#include "util/log.h"

#define WAIT_DEFAULT_MS 1000
#define RETRY_FIRST_MS	1000
#define RETRY_MOST_MS	60000
#define ONCE_FAILURES	5u
#define SAY_AGAIN_US	60000000 /* the same trouble is logged once a minute */
#define TELL_MS		5000	 /* asleep, the status is written so often */
#define EXIT_TROUBLE	2
#define EXIT_USAGE	3

struct daemon_priv {
	const struct daemon_def *def;
	struct daemon *d;
	void *state;
	bool opened, stop, reload, reopens, ready_said;
	int signal_fd, watch_fd;
	struct notify notify;
	unsigned failures;
	int64_t said_us;
	char said[ERR_MAX], message[ERR_MAX];
	struct status *status;
};

static void tell_state(struct daemon_priv *p, bool now);

/* --- signals and sleep --------------------------------------------------------------------------
 */

static int signals_open(struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set); /* these four cannot fail on valid signals */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(e, -errno, "cannot block signals: %s", strerror(errno));
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_set(e, -errno, "cannot read signals: %s", strerror(errno));
	return fd;
}

static void signals_read(struct daemon_priv *p)
{
	struct signalfd_siginfo si;

	while (read(p->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT)
			p->stop = true;
		else if (si.ssi_signo == SIGHUP)
			p->reload = true;
	}
}

static void doze(struct daemon_priv *p, int wait_ms)
{
	int64_t until_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;

	do {
		struct pollfd fds[2] = { { .fd = p->signal_fd, .events = POLLIN },
			{ .fd = p->watch_fd, .events = POLLIN } };
		int64_t left_ms = (until_us - clock_monotonic_us() + 999) / 1000;
		int64_t slice_ms = notify_interval_ms(&p->notify);

		notify_alive(&p->notify);
		tell_state(p, false);
		left_ms = MIN_OF(MAX_OF(left_ms, 0), TELL_MS);
		if (slice_ms > 0)
			left_ms = MIN_OF(left_ms, slice_ms);
		if (poll(fds, 2, (int)left_ms) > 0) {
			signals_read(p);
			return;
		}
	} while (clock_monotonic_us() < until_us);
}

void daemon_child(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* valid arguments: cannot fail */
	(void)signal(SIGPIPE, SIG_DFL);
}

bool daemon_stopping(struct daemon *d)
{
	signals_read(d->priv);
	return d->priv->stop || d->priv->reload;
}

bool daemon_reopens(const struct daemon *d)
{
	return d->priv->reopens;
}

void daemon_alive(struct daemon *d)
{
	notify_alive(&d->priv->notify);
	tell_state(d->priv, false);
}

int daemon_rest_ms(int64_t began_us, uint32_t interval_s)
{
	int64_t took_ms = (clock_monotonic_us() - began_us) / 1000;
	int64_t rest_ms = MAX_OF((int64_t)interval_s * 1000 - took_ms, took_ms / 4);

	return (int)MIN_OF(rest_ms, (int64_t)INT_MAX);
}

void daemon_ready(struct daemon *d)
{
	if (!d->priv->ready_said)
		notify_send(&d->priv->notify, "READY=1\n");
	d->priv->ready_said = true;
}

void daemon_watch(struct daemon *d, int fd)
{
	d->priv->watch_fd = fd;
}

/* --- status -------------------------------------------------------------------------------------
 */

int daemon_status_dir(struct daemon *d, const char *dir, struct err *e)
{
	return status_to(d->priv->status, dir, e);
}

void daemon_count(struct daemon *d, const char *key, uint64_t value)
{
	status_set(d->priv->status, STATUS_COUNTER, key,
	    (int64_t)MIN_OF(value, (uint64_t)INT64_MAX), clock_monotonic_us());
}

void daemon_gauge(struct daemon *d, const char *key, uint64_t value)
{
	status_set(
	    d->priv->status, STATUS_GAUGE, key, (int64_t)MIN_OF(value, (uint64_t)INT64_MAX), 0);
}

void daemon_time(struct daemon *d, const char *key, int64_t time_s)
{
	status_set(d->priv->status, STATUS_TIME, key, time_s, 0);
}

void daemon_say(struct daemon *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(
	    d->priv->message, sizeof(d->priv->message), fmt, ap); /* long ones are cut */
	va_end(ap);
}

/* A status that cannot be written is no reason to stop working: readers see that it is stale. */
static void tell(struct daemon_priv *p, const char *state, bool now)
{
	struct err e = { "" };

	if (status_write(p->status, state, p->failures ? p->said : p->message, now, &e) < 0)
		log_debug("%s", e.text);
}

static void tell_state(struct daemon_priv *p, bool now)
{
	tell(p, p->failures ? "trouble" : "ok", now);
}

/* --- the loop -----------------------------------------------------------------------------------
 */

static void complain(struct daemon_priv *p, const char *what, int retry_ms, const struct err *e)
{
	int64_t now_us = clock_monotonic_us();
	struct clock clock = clock_system();

	status_error(p->status, e->text, clock_now_s(&clock));
	if (strcmp(p->said, e->text) == 0 && now_us - p->said_us < SAY_AGAIN_US && p->said_us)
		return;
	(void)snprintf(p->said, sizeof(p->said), "%s", e->text); /* same size */
	p->said_us = now_us;
	if (retry_ms > 0)
		log_error("%s%s; trying again in %d s", what, e->text, retry_ms / 1000);
	else
		log_error("%s%s", what, e->text);
}

static int retry_ms(unsigned failures)
{
	int ms = RETRY_FIRST_MS;

	for (unsigned i = 1; i < failures && ms < RETRY_MOST_MS; i++)
		ms *= 2;
	return MIN_OF(ms, RETRY_MOST_MS);
}

static int state_open(struct daemon_priv *p, struct err *e)
{
	int r = p->def->open(p->d, &p->state, e);

	if (r < 0)
		return r;
	p->opened = true;
	daemon_ready(p->d);
	tell_state(p, true);
	return 0;
}

static void state_close(struct daemon_priv *p)
{
	if (p->opened && p->def->close)
		p->def->close(p->state);
	p->opened = false;
	p->state = NULL;
	p->watch_fd = -1;
}

static void reload(struct daemon_priv *p)
{
	struct err e = { "" };

	p->reload = false;
	if (p->def->check && p->def->check(p->d, &e) < 0) {
		log_error("not reloaded, the old configuration stays: %s", e.text);
		return;
	}
	notify_send(&p->notify, "RELOADING=1\n");
	p->reopens = true;
	state_close(p);
	p->reopens = false;
	p->ready_said = false;
	log_info("reloading");
}

/* One turn, or one try to open again after a reload; returns how long to sleep, DAEMON_DONE to end.
 */
static int turn(struct daemon_priv *p)
{
	struct err e = { "" };
	int wait_ms = WAIT_DEFAULT_MS;
	int r = 0;

	if (!p->opened)
		r = state_open(p, &e);
	if (r == 0)
		r = p->def->turn(p->d, p->state, &wait_ms, &e);
	if (r == 0) {
		if (p->failures)
			log_info("all is well again");
		p->failures = 0;
		if (wait_ms == DAEMON_DONE && !p->d->once)
			wait_ms = WAIT_DEFAULT_MS;
		return p->d->once && wait_ms != DAEMON_DONE ? 0 : wait_ms;
	}
	p->failures++;
	if (p->d->once && p->failures >= ONCE_FAILURES) {
		complain(p, "", 0, &e);
		return DAEMON_DONE;
	}
	wait_ms = retry_ms(p->failures);
	complain(p, "", wait_ms, &e);
	return wait_ms;
}

static int run(struct daemon_priv *p)
{
	while (!p->stop) {
		int wait_ms = turn(p);

		tell_state(p, p->failures > 0);
		if (wait_ms == DAEMON_DONE)
			break;
		doze(p, wait_ms);
		if (p->reload && !p->stop)
			reload(p);
	}
	notify_send(&p->notify, "STOPPING=1\n");
	state_close(p);
	if (p->def->forget)
		p->def->forget(p->d);
	tell(p, p->failures && p->d->once ? "failed" : "stopped", true);
	return p->failures && p->d->once ? EXIT_TROUBLE : 0;
}

/* --- the command line ---------------------------------------------------------------------------
 */

struct own_opts {
	struct opt_list settings;
	bool once, test, verbose;
};

static int command_line(
    const struct daemon_def *def, int argc, char **argv, struct daemon *d, struct own_opts *own)
{
	struct opt opts[32] = {
		{ "config", 'c', OPT_TEXT, &d->conf_file, "FILE", "Configuration file." },
		{ "option", 'o', OPT_LIST, &own->settings, "NAME=VALUE",
		    "Set one parameter; may stand several times." },
		{ "once", 0, OPT_FLAG, &own->once, NULL, "Work off what is there, then exit." },
		{ "test", 't', OPT_FLAG, &own->test, NULL, "Check the configuration and exit." },
		{ "verbose", 'v', OPT_FLAG, &own->verbose, NULL, "Say more." },
	};
	struct opt_usage u = { .command = def->name,
		.operands = "",
		.about = def->about,
		.more = def->more,
		.opts = opts,
		.n_opts = 5 };
	int n;

	for (unsigned i = 0; i < def->n_opts && u.n_opts < NELEM(opts); i++)
		opts[u.n_opts++] = def->opts[i];
	n = opt_main(&u, argc, argv);
	if (n > 0) {
		(void)fprintf(stderr, "%s: takes no operands, but got \"%s\"; try %s --help\n",
		    def->name, argv[1], def->name);
		return -EINVAL;
	}
	return n;
}

static int test_config(const struct daemon *d, const struct daemon_def *def)
{
	struct err e = { "" };

	if (def->check && def->check(d, &e) < 0) {
		(void)fprintf(stderr, "%s: %s\n", def->name, e.text);
		return EXIT_USAGE;
	}
	return 0;
}

int daemon_main(const struct daemon_def *def, int argc, char **argv)
{
	struct own_opts own = { .once = false };
	struct daemon d = { .settings = &own.settings };
	struct daemon_priv p = { .def = def, .d = &d, .signal_fd = -1, .watch_fd = -1 };
	struct clock clock = clock_system();
	struct err e = { "" };
	int r = command_line(def, argc, argv, &d, &own);

	if (r < 0)
		return opt_exit(r);
	d.priv = &p;
	d.once = own.once;
	log_open(def->name, own.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (own.test)
		return test_config(&d, def);
	p.status = status_new(def->name, d.once, clock_now_s(&clock), clock_monotonic_us());
	if (!p.status)
		abort();
	notify_init(&p.notify);
	p.signal_fd = signals_open(&e);
	r = p.signal_fd < 0 ? p.signal_fd : state_open(&p, &e);
	if (r < 0) {
		complain(&p, "", 0, &e);
		(void)snprintf(p.message, sizeof(p.message), "%s", e.text); /* same size */
		tell(&p, "failed", true);
	}
	r = r == -EINVAL ? EXIT_USAGE : r < 0 ? EXIT_TROUBLE : run(&p);
	notify_done(&p.notify);
	if (p.signal_fd >= 0)
		(void)close(p.signal_fd); /* read only */
	(void)status_free(p.status);
	return r;
}
