/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mails where they lie: a file with one in it, a directory of such, a maildir, a mailbox file. Of each the header. */
#ifndef ONUS_PROG_ONUS_MESSAGES_H
#define ONUS_PROG_ONUS_MESSAGES_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

/* struct message - borrowed until the callback returns */
struct message {
	const char *path;
	unsigned number;   /* in a mailbox, from 1; 0: the file is one message */
	int64_t changed_s; /* when the file was written last; 0: not known (stdin) */
	struct span
	    header; /* the message from its first byte on, cut where more would not be looked at */
};

typedef void message_take(void *ctx, const struct message *m);

/* messages_read - path: a file, a directory (a maildir's new/ and cur/; else its files, sorted), or "-". Files may be
 * packed.
 *
 * mbox  files are mailboxes: a message begins at "From " behind an empty line. Only where it is said: in a file of
 *       one message, such a line is the sender's.
 * Returns 0, or -errno with the reason: what was read before it was handed over. */
MUST_USE int messages_read(
    const char *path, bool mbox, message_take *take, void *ctx, struct err *e);

#endif
