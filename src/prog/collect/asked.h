/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that reads abuse reports for the collector (onus-reports --serve): one message at a time goes to it, and
 * what it says comes back. It may die of a message, or never answer: it is killed then, and started again for the next
 * one. Nothing of it is believed here but where its answer ends. */
#ifndef ONUS_PROG_COLLECT_ASKED_H
#define ONUS_PROG_COLLECT_ASKED_H

#include "util/buf.h"
#include "util/child.h"
#include "util/err.h"

#define ASKED_ANSWER_MAX (2u << 20)
#define ASKED_WAIT_S	 60 /* from one that could not run to the next one */
#define ASKED_MESSAGES                                                                             \
	100u /* that one process reads: what a message made of it reaches no further */

enum asked_state {
	ASKED_IDLE,
	ASKED_BUSY,
	ASKED_ANSWERED, /* .lines is events, which may be none */
	ASKED_REFUSED,	/* .why says why */
	ASKED_DIED,	/* of the message, as .why says */
	ASKED_BROKEN,	/* it cannot run at all, as .why says; the message is not to blame */
};

struct asked {
	char *const *argv; /* borrowed */
	const char *name;  /* of the source, for the log; borrowed */
	int wake;	   /* epoll that hears when it speaks */
	int64_t limit_us;  /* for one message */
	struct child child;
	bool running;
	unsigned n;		 /* messages that it was asked about */
	struct buf sends, hears; /* the message with its head; what came */
	size_t sent;
	int64_t asked_us, broken_us; /* monotonic */
	enum asked_state state;
	struct span lines; /* in hears, until the next question */
	struct err why;
};

void asked_init(struct asked *a);
void asked_done(struct asked *a); /* callable twice */

/* asked_room - where a message is put, in two steps: room for n bytes and a head before them; then asked_put, which
 * says how many they are and when the message came, and asks. Only when idle. */
char *asked_room(struct asked *a, size_t n);
void asked_put(struct asked *a, size_t n, int64_t time_s);

/* asked_renew - the next question goes to another process. Only when idle. */
void asked_renew(struct asked *a);

/* asked_tend - go on; wait at most so long for it
 * Returns the state. From the four last ones asked_next leads back to idle. */
enum asked_state asked_tend(struct asked *a, int wait_ms);
void asked_next(struct asked *a);

/* asked_ready - may it be asked? Not within ASKED_WAIT_S of when it could not run. */
bool asked_ready(const struct asked *a);

#endif
