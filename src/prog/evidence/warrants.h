/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Warrants (core/warrant.h), as the hub has them, against the keys that the configuration of this host trusts and what the
 * registry knows: for who decides, who publishes, and who only wants to know. */
#ifndef ONUS_PROG_EVIDENCE_WARRANTS_H
#define ONUS_PROG_EVIDENCE_WARRANTS_H

#include "core/settings.h"
#include "holders/registry.h"
#include "judge/warranted.h"

/* struct warrants - zeroed to begin with */
struct warrants {
	struct warrant_case *v; /* owned; each borrows its `set` from the settings */
	size_t n;
	uint64_t count[WARRANT_VERDICT_N];
	struct warrant_space covered, announced; /* by those that stand; by all */
	uint64_t beyond;			 /* more than can be set: not looked at */
};

/* warrants_read - judge all that are set
 * keys   operator_keys of the configuration, which was checked
 * never  own networks and allow list
 * 0; -ENOMEM; warrants_done is callable twice. */
MUST_USE int warrants_read(struct warrants *ret, const struct settings *set, const char *keys,
    const struct registry *r, const struct addrset *never, int64_t now_s, struct err *e);
void warrants_done(struct warrants *w);

/* warrants_of - the one that stands about an entity, or NULL
 * warrants_back - may a decision that the hub has be believed? It is one that rules make, or a warrant stands that says
 * the same; what costs too much may be a tag instead. */
const struct warrant_case *warrants_of(
    const struct warrants *w, const struct registry *r, const struct entity *en);
bool warrants_back(const struct warrants *w, const struct registry *r, const struct entity *en,
    enum level level, enum action action, int64_t until_s, int32_t episode);

/* warrants_said - why one does not stand, in words; for those that are no warrants, what is wrong with them */
void warrants_said(const struct warrant_case *x, struct err *ret);

/* warrants_covered - "1024 addresses and 3 /48s" */
#define WARRANT_SPACE_TEXT 64u
void warrants_covered(struct warrant_space s, char ret[WARRANT_SPACE_TEXT]);

/* warrants_hash - of what does not stand though it should: to tell of it once */
uint64_t warrants_hash(const struct warrants *w);

#endif
