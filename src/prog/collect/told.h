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

/* struct told - the first member of what such a kind of source keeps in source.in */
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

/* told_init - and is the source's path one that can be opened? -errno with a message; told_done may be called then */
MUST_USE int told_init(struct source *s, const char *mark, struct err *e);
void told_done(struct told *t); /* callable twice */

/* told_trust - whose Received lines are true: one's own networks and those that the source names; *ret is empty before */
MUST_USE int told_trust(const struct source *s, struct addrset *ret, struct err *e);

static inline bool told_full(const struct told *t)
{
	return t->n == TOLD_MAX;
}

/* told_in_hand - the message whose turn it is, or NULL. told_leave - it is the next one's. */
struct maildir_message *told_in_hand(struct told *t);
void told_leave(struct told *t);

/* told_put - the message in hand says nothing, and goes to done/ or bad/ at once; the next one's turn */
void told_put(struct told *t, enum maildir_place to);

/* told_look - moves that failed are tried again, and when no message is in hand, more are looked for
 * Returns how many of them have names that cannot be told of again: they are refused, and counted as that. */
MUST_USE uint64_t told_look(struct source *s, int64_t settled_s);

/* What kinds of source are asked for (collect.h): rows of their tables. told_take: the message in hand is in the batch,
 * all of it (source_kind.whole); not when that is full. */
MUST_USE int told_start(struct source *s, struct err *e);
MUST_USE int told_restore(struct source *s, struct span line, struct err *e);
void told_take(struct source *s, uint64_t lines);
void told_positions(struct source *s, struct buf *out);
void told_durable(struct source *s);
const char *told_say(struct source *s); /* the trouble, once; NULL */
const char *told_where(const struct source *s);

/* told_lines - the events of the message in hand, lines of one block, into the batch, and the next one's turn; of a kind
 * that is whole (collect.h), and whose take is told_take
 * Returns 1; 0 when it has to wait, since messages cannot be moved (told_say has it); -errno of flushing. */
MUST_USE int told_lines(struct source *s, const struct block *b, struct err *e);

void told_trouble(struct told *t, const struct err *why);

#endif
