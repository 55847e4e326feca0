/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that many people stand behind, as the sources of type `shared` list them: shared egress (CGNAT, VPN and Tor
 * exits) and pools of dynamic addresses. What of several lists names an address holds that says more people.
 *
 * A list is read again when it changes. One that cannot be read, holds no address, or is not to be believed
 * (intake/list_guard.h; `onus feed accept` says that it may be) changes nothing: the last good copy stands, which
 * onus-score keeps in STATE_DIR/shared, and all others read there. */
#ifndef ONUS_PROG_EVIDENCE_SHARED_H
#define ONUS_PROG_EVIDENCE_SHARED_H

#include "core/conf.h"
#include "holders/registry.h"
#include "judge/judge.h"

#define SHARED_SAID_MAX 200u
#define SHARED_TOLD	1.005 /* fewer people an address are nothing to be told of */

/* struct shared_list - what one of them says of its addresses */
struct shared_list {
	const char *name;
	const char *what;      /* "shared egress (tor-exit)" */
	const char *published; /* the same where others may have the list; else without the word */
	char said[SHARED_SAID_MAX]; /* the same with whose word it is */
	uint32_t users;
	int64_t lease_s; /* of a pool; 0 */
};

struct shared;

/* shared_say_fn - something that somebody should know, once: what is wrong with which list */
typedef void shared_say_fn(void *ctx, const char *text);

/* shared_new - of the configuration, which is borrowed until shared_free; nothing is read yet. NULL, with a message in e:
 * a format that there is none of. shared_free is NULL-safe and returns NULL. */
struct shared *shared_new(const struct conf *c, struct err *e);
struct shared *shared_free(struct shared *s);

/* shared_poll - look for lists that changed; out of memory aborts
 * keep  keep copies of what is good; one program does
 * say   NULL: nobody wants to know */
void shared_poll(struct shared *s, bool keep, shared_say_fn *say, void *ctx);

/* shared_open - both, for a command that looks once and says what is wrong on stderr (command NULL: nothing).
 * NULL, told there, as for shared_new. */
struct shared *shared_open(const struct conf *c, const char *command);

bool shared_any(const struct shared *s);	  /* is any list configured? */
uint64_t shared_revision(const struct shared *s); /* another one when what is known is another */
uint64_t shared_ranges(const struct shared *s);	  /* how many */

/* shared_at - what is said of a host, or NULL; of nothing known (s NULL), too */
const struct shared_list *shared_at(const struct shared *s, struct addr a);

/* shared_users - people behind an address of a range, in the mean: 1 to CONF_USERS_MANY (B3) */
double shared_users(const struct shared *s, struct range r);

/* shared_users_of - the same of all that an AS or an organisation announces; of any other entity, of its range */
double shared_users_of(const struct shared *s, const struct registry *r,
    const struct judge_key *key, struct range range);

#endif
