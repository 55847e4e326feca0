/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administrator's own rules, `[rule NAME]` of the configuration: the first that matches decides. Before them stand
 * two of ours: who has logged in is exempt, and so is mail to postmaster and abuse, for complaints must get through
 * (RFC 2142; RFC 6471, section 2.2.3). Only an own rule that itself names what they are about goes before them:
 * `authenticated`, or that recipient by `user@` or `user@domain`. */
#ifndef ONUS_DOOR_RULES_H
#define ONUS_DOOR_RULES_H

#include "core/conf.h"
#include "door/facts.h"

enum door_action {
	DOOR_JUDGE,	 /* as the decision has it */
	DOOR_EXEMPT,	 /* nothing is done, not even a header */
	DOOR_TAG_ONLY,	 /* at most a header */
	DOOR_GREYLISTED, /* greylisted, whatever is known */
	DOOR_REFUSED,	 /* refused, whatever is known */
	DOOR_ACTION_N
};

struct door_rules;

/* door_rules_new - of the rules in c, which is not kept; 0; -EINVAL with place, rule and what it wants; -ENOMEM */
MUST_USE int door_rules_new(const struct conf *c, struct door_rules **ret, struct err *e);
struct door_rules *door_rules_free(struct door_rules *r); /* NULL-safe, returns NULL */

/* door_rules_match - what is done, and by which rule: *name lives as long as r; NULL: by none */
enum door_action door_rules_match(const struct door_rules *r, const struct door_client *c,
    const struct door_mail *m, const char **name);

#endif
