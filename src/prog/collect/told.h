/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of a maildir that were taken, each once, whoever is killed when: a message's events go into one batch,
 * together with its name as a position; once that batch is durable the message is moved to done/, and the name leaves
 * the positions. Killed in between, one finds the name in the newest batch, and moves the message without reading it
 * again. A message that says nothing needs no such care: read twice it says nothing twice. */
#ifndef ONUS_PROG_COLLECT_TOLD_H
#define ONUS_PROG_COLLECT_TOLD_H

#include "prog/collect/collect.h"
#include "prog/collect/maildir.h"

#define TOLD_MAX 200u /* messages of one batch */

struct told_name {
	char name[MAILDIR_NAME_MAX + 1]; /* up to its ':' */
	bool durable;			 /* a batch in the spool says so: it can be moved */
};

struct told {
	const char
	    *mark; /* "#reports ": how positions of this kind begin; borrowed, as is source */
	const char *source; /* its name */
	struct maildir dir;
	struct told_name *v; /* [TOLD_MAX] */
	unsigned n;
	struct err trouble; /* the last thing that went wrong with the directory */
	bool troubled;
};

void told_init(struct told *t, const char *mark, const char *source);
void told_done(struct told *t); /* callable twice */

static inline bool told_full(const struct told *t)
{
	return t->n == TOLD_MAX;
}

/* told_take - the message in hand is in the batch; not when it is full */
void told_take(struct told *t);

/* told_in_hand - the message whose turn it is, or NULL. told_leave - it is the next one's. */
struct maildir_message *told_in_hand(struct told *t);
void told_leave(struct told *t);

/* told_put - the message in hand says nothing, and goes to done/ or bad/ at once; the next one's turn */
void told_put(struct told *t, enum maildir_place to);

/* told_look - when none is in hand: look for more; how many of them have names that cannot be told of again, and are
 * refused */
uint64_t told_look(struct told *t, int64_t now_s, int64_t settled_s, uint32_t keep_days);

/* What kinds of source are asked for (collect.h). */
MUST_USE int told_restore(struct told *t, struct span line, struct err *e);
void told_positions(const struct told *t, struct buf *out);
void told_durable(struct told *t);

/* told_lines - the events of the message in hand, lines of one block, into the batch, and the next one's turn; of a kind
 * that is whole (collect.h), and whose take is told_take
 * Returns 1; 0 when it has to wait, since messages cannot be moved (told_say has it); -errno of flushing. */
MUST_USE int told_lines(struct source *s, struct told *t, const struct block *b, struct err *e);

/* told_retry - moves that failed once */
void told_retry(struct told *t);

void told_trouble(struct told *t, const struct err *why);
const char *told_say(struct told *t); /* the trouble, once; NULL */

#endif
