/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What outlives a reload: the sockets, so that no question is lost by one, and what is followed, so that neither the edition
 * in force is lost nor whose publications, and from which generation on, are believed. */
#ifndef ONUS_PROG_DNSBL_KEPT_H
#define ONUS_PROG_DNSBL_KEPT_H

#include "core/conf.h"
#include "prog/dnsbl/sockets.h"
#include "publication/editions.h"

struct kept;

struct kept *kept_new(void);		/* NULL: out of memory */
struct kept *kept_free(struct kept *k); /* NULL-safe, returns NULL */

/* kept_check - can this configuration be followed, and listened by? Before a reload, while threads answer by the one before:
 * what it follows otherwise is looked for now, so that nobody waits for it, and other sockets are opened, whose questions
 * wait in them
 *
 * k  NULL: nothing runs yet
 * Returns 0; -EINVAL with a sentence; -ENOMEM; -errno. */
MUST_USE int kept_check(struct kept *k, const struct conf *c, unsigned threads, struct err *e);

/* kept_editions - what was followed before, when it is what is wanted now, which looks once more at what it refused; else a new
 *	one, which has looked once
 * kept_sockets - the same of the sockets; threads as of sockets_open
 * Both stay k's. 0; -EINVAL with a sentence; -errno. */
MUST_USE int kept_editions(
    struct kept *k, const struct conf *c, struct editions **ret, struct err *e);
MUST_USE int kept_sockets(
    struct kept *k, const struct conf *c, unsigned threads, struct sockets **ret, struct err *e);

#endif
