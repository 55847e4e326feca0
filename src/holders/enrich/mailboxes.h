/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found out of mailboxes, from run to run: the file that holders/mailbox.h describes, appended to, and
 * rewritten whole when it is opened. The cache's lock keeps a second process away. */
#ifndef ONUS_HOLDERS_MAILBOXES_H
#define ONUS_HOLDERS_MAILBOXES_H

#include "holders/mailbox.h"
#include "util/err.h"

#define MAILBOXES_FILE	     "checked.mailboxes"
#define MAILBOXES_ROWS_MAX   200000u
#define MAILBOX_RECHECK_DAYS 1 /* of those that are not well */

struct mailboxes;

/* mailboxes_open - read DIR/MAILBOXES_FILE, without what is older than keep_days; make it when it is missing
 * Returns 0; -EBADMSG when it is another file; -errno. */
MUST_USE int mailboxes_open(const char *dir, uint32_t fresh_days, uint32_t keep_days, int32_t today,
    struct mailboxes **ret, struct err *e);
struct mailboxes *mailboxes_free(struct mailboxes *m); /* NULL-safe, returns NULL */

/* mailboxes_due - is it to be checked today? A new one not when there is no room for more. mailboxes_put - what came of it, on the disk when it returns */
bool mailboxes_due(const struct mailboxes *m, struct span mail, int32_t today);
MUST_USE int mailboxes_put(
    struct mailboxes *m, struct span mail, enum mailbox_state state, int32_t today, struct err *e);

#endif
