/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map: what lines of a JSON log become which events, told by a few lines in json.d/NAME.conf (the form:
 * doc/json-logs.md):
 *
 *   [map]                          what holds for every rule that does not say otherwise
 *   recognise = eventid is given   which lines are of this form (conditions, one a line, all must hold)
 *   time = timestamp               members are named by paths (intake/jpick.h)
 *   address = src_ip
 *
 *   [rule login]                   the first rule whose conditions hold is the one
 *   when = eventid is cowrie.login.failed
 *   category = brute-force
 *   proof = full
 *
 * Only the member that `address` names can become an address, and only when all of it is one: what
 * attackers write into user names, URLs and user agents is text and stays text. */
#ifndef ONUS_INTAKE_JMAP_H
#define ONUS_INTAKE_JMAP_H

#include "core/good.h"
#include "util/err.h"

#define JMAP_NAME_MAX	EVENT_SOURCE_MAX
#define JMAP_RULES_MAX	64u
#define JMAP_TESTS_MAX	512u  /* conditions of one map */
#define JMAP_VALUES_MAX 2048u /* values in all of them, and in tables of categories */
#define JMAP_DETAIL_MAX 4u    /* members that make up the detail */
#define JMAP_COUNT_MAX	10000u

struct jmap;

/* jmap_load - NAME, found as NAME.conf in the first of the directories that has it (colon-separated), or a
 * path with a slash. NAME.local beside it wins over it.
 * Returns 0; -ENOENT with the directories; -EINVAL and the like with file, line and reason. */
MUST_USE int jmap_load(const char *name, const char *path, struct jmap **ret, struct err *e);

/* jmap_parse - the same from memory */
MUST_USE int jmap_parse(const char *name, struct span text, struct jmap **ret, struct err *e);
struct jmap *jmap_free(struct jmap *m); /* NULL-safe, returns NULL */

const char *jmap_name(const struct jmap *m);

/* jmap_fits - is the line one of this form? What is no JSON is of none. */
bool jmap_fits(struct jmap *m, struct span line);

/* jmap_has_good - has it rules for good observations? */
bool jmap_has_good(const struct jmap *m);

/* jmap_line - one line
 *
 * good    only good observations, whose detail is their kind; else only what is none
 * ret     set on 1, without a source; borrows from line and map until the next line. Its address may be
 *         private or one's own: that is the caller's to look at.
 * why     set when refused, a literal
 * Returns 1 for an event; 0 when no rule wants the line; -EINVAL when it is refused: no JSON, or a rule
 * applies and what it needs is not there or is no address, no time. */
MUST_USE int jmap_line(
    struct jmap *m, struct span line, bool good, struct event *ret, const char **why);

#endif
