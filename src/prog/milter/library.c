/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/library.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#define NUDGE_US 10000

struct library {
	pthread_t runs;
	int ended; /* an eventfd */
};

/* libmilter takes SIGTERM, SIGHUP and SIGINT in a thread that waits for them, and ends itself: here they are the daemon's,
 * whose loop reads them from a descriptor. What waits in that thread is this function, as a program's own comes before the
 * system's; nothing else in this program calls it. */
int sigwait(const sigset_t *set, int *sig)
{
	for (;;)
		(void)pause(); /* every signal that reaches it is for somebody else */
	return EINVAL;
}

static void *run(void *arg)
{
	struct library *l = arg;
	uint64_t one = 1;

	(void)smfi_main(); /* told to stop, or not: that it ended is all there is to know */
	(void)!write(l->ended, &one, sizeof(one)); /* a counter that nobody has filled */
	return NULL;
}

static void nudged(int sig)
{
	(void)sig;
}

static int listen_at(const struct where *w, const struct smfiDesc *calls, struct err *e)
{
	mode_t mask;
	int r;

	if (where_taken(w))
		return err_set(
		    e, -EADDRINUSE, "somebody listens at milter_listen = %s already", w->text);
	if (smfi_register(*calls) != MI_SUCCESS || smfi_setconn((char *)w->text) != MI_SUCCESS)
		return err_set(e, -EIO, "libmilter refuses to begin; the system's log says more");
	mask = umask(0117); /* for its owner and group, as every socket of ours */
	errno = 0;
	r = smfi_opensocket(w->path) == MI_SUCCESS ? 0 : errno ? -errno : -EIO;
	(void)umask(mask);
	if (r < 0)
		return err_set(e, r, "cannot listen at milter_listen = %s: %s", w->text,
		    r == -EIO ? "the system's log says more" : strerror(-r));
	return 0;
}

int library_start(
    const struct where *w, const struct smfiDesc *calls, struct library **ret, struct err *e)
{
	struct sigaction nudge = { .sa_handler = nudged };
	struct library *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return err_set(e, -ENOMEM, "out of memory");
	r = listen_at(w, calls, e);
	l->ended = r < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r == 0 && (l->ended < 0 || sigaction(SIGUSR1, &nudge, NULL) < 0))
		r = err_set(e, -errno, "cannot watch libmilter: %s", strerror(errno));
	if (r == 0) {
		r = -pthread_create(&l->runs, NULL, run, l);
		if (r < 0)
			(void)err_set(e, r, "cannot start libmilter: %s", strerror(-r));
	}
	if (r < 0) {
		close_fdp(&l->ended);
		free(l);
		return r;
	}
	*ret = l;
	return 0;
}

int library_fd(const struct library *l)
{
	return l->ended;
}

bool library_ended(const struct library *l)
{
	struct pollfd p = { .fd = l->ended, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void *stop(void *arg)
{
	(void)arg;
	(void)smfi_stop(); /* cannot fail */
	return NULL;
}

/* smfi_stop waits for a lock that the listener holds while it waits for a client, five seconds at a time; a signal wakes it,
 * and it finds that it is to end. */
struct library *library_stop(struct library *l)
{
	struct timespec apart = { .tv_nsec = NUDGE_US * 1000 };
	pthread_t stops;

	if (!l)
		return NULL;
	if (pthread_create(&stops, NULL, stop, NULL) == 0) {
		while (!library_ended(l)) {
			(void)pthread_kill(l->runs, SIGUSR1);
			(void)nanosleep(&apart, NULL);
		}
		(void)pthread_join(stops, NULL);
		(void)pthread_join(l->runs, NULL);
	}
	close_fdp(&l->ended);
	free(l);
	return NULL;
}
