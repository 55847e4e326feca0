/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The skeleton of every daemon: command line, signals, readiness and watchdog (sd_notify(3)), the loop,
 * the status file. A program's main() is a table:
 *
 *	static const struct daemon_def def = {
 *		.name = "onus-load", .about = "…", .check = check,
 *		.open = open_hub, .turn = load_some, .close = close_hub,
 *	};
 *
 *	int main(int argc, char **argv)
 *	{
 *		return daemon_main(&def, argc, argv);
 *	}
 *
 * SIGTERM and SIGINT end it after the current turn; SIGHUP opens it anew with the configuration as it is
 * now. Signals are read from a descriptor between turns, so no handler interrupts anything and threads
 * that open() starts never see them. It knows nothing of the configuration's grammar: open() reads it. */
#ifndef ONUS_SVC_DAEMON_H
#define ONUS_SVC_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/opt.h"

/* struct daemon - what the skeleton tells the program; read it, do not write it */
struct daemon {
	const char *conf_file;		 /* -c FILE, or NULL */
	const struct opt_list *settings; /* -o name=value … */
	bool once;			 /* --once: work off what is there and exit */
	void *kept; /* the program's own: what close keeps for the next open; NULL at first */
	struct daemon_priv *priv;
};

#define DAEMON_DONE (-1)

struct daemon_def {
	const char *name;	  /* "onus-load" */
	const char *about, *more; /* for --help */
	const struct opt *opts;	  /* options of its own; their targets are the program's */
	unsigned n_opts;

	/* check - is the configuration good? For -t, and before a reload. May be NULL. */
	int (*check)(const struct daemon *d, struct err *e);

	/* open - read the configuration and get ready; *state is handed to turn and close. It may
	 * call daemon_status_dir. A negative errno ends the program with 2, -EINVAL (configuration)
	 * with 3. */
	int (*open)(struct daemon *d, void **state, struct err *e);

	/* turn - one round of work
	 *
	 * *wait_ms  set to how long to sleep until the next one (0: at once); 1000 when left alone
	 * Returns 0; a negative errno: it is logged, the status says so, and turns come 1, 2, 4 … 60 s
	 * apart until one succeeds. With --once turns follow each other without sleep until one sets
	 * *wait_ms to DAEMON_DONE (never without --once: then it is as 1000); after the fifth failure in
	 * a row the program gives up and exits with 2. */
	int (*turn)(struct daemon *d, void *state, int *wait_ms, struct err *e);

	void (*close)(void *state); /* after the last turn; may be NULL */
	void (*forget)(
	    struct daemon *d); /* the end: nothing opens again, free d->kept; may be NULL */
};

/* daemon_main - everything; returns the exit code: 0 ended as told, 2 trouble, 3 usage */
int daemon_main(const struct daemon_def *def, int argc, char **argv);

/* daemon_stopping - true once it was told to end, or to reload: long turns ask now and then */
bool daemon_stopping(struct daemon *d);

/* daemon_reopens - in close: open follows, since it was told to reload */
bool daemon_reopens(const struct daemon *d);

/* daemon_alive - tell the watchdog that a long turn is well; cheap, call it often */
void daemon_alive(struct daemon *d);

/* daemon_rest_ms - how long to sleep after a turn that began at began_us (monotonic), so that they begin interval_s apart; where
 * they take as long as that, a quarter of what this one took */
int daemon_rest_ms(int64_t began_us, uint32_t interval_s);

/* daemon_ready - say READY=1 now; otherwise it is said after open() */
void daemon_ready(struct daemon *d);

/* daemon_watch - wake from sleep when fd becomes readable (one descriptor; -1: none) */
void daemon_watch(struct daemon *d, int fd);

/* daemon_status_dir - where NAME.status is kept (svc/status.h): replaced whole, at most once a second and, but in
 * turns that never call daemon_alive, at least every ten; without a directory there is none. daemon_count sets a
 * figure that only grows, daemon_gauge one that goes up and down, daemon_time an instant in Unix seconds (0: never),
 * daemon_say the sentence. Keys are kept by pointer: literals. */
MUST_USE int daemon_status_dir(struct daemon *d, const char *dir, struct err *e);
void daemon_count(struct daemon *d, const char *key, uint64_t value);
void daemon_gauge(struct daemon *d, const char *key, uint64_t value);
void daemon_time(struct daemon *d, const char *key, int64_t time_s);
void daemon_say(struct daemon *d, const char *fmt, ...) PRINTF(2, 3);

/* daemon_child - to be called in a forked child before exec: default signals, nothing blocked */
void daemon_child(void);

#endif
