/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One expression of a filter, compiled: PCRE2 with its just-in-time compiler and limits decides. */
#ifndef ONUS_INTAKE_REGEX_H
#define ONUS_INTAKE_REGEX_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

/* Limits of one match: past them the line is refused, not the address guessed. */
#define REGEX_MATCH_LIMIT 200000u
#define REGEX_DEPTH_LIMIT 20000u
#define REGEX_HEAP_KIB	  4096u
#define REGEX_JIT_STACK	  (512u << 10)

/* The groups that we ask for; others are fail2ban's business and ignored here. */
enum regex_group {
	REGEX_IP4,
	REGEX_IP6,
	REGEX_DNS,
	REGEX_CONTENT, /* <F-CONTENT> of a prefregex */
	REGEX_NOFAIL,  /* <F-NOFAIL>: matched, and no failure */
	REGEX_COUNT,   /* <F-COUNT>: how many times it happened; ours */
	REGEX_GROUP_N
};

struct regex;

/* struct regex_match - the groups found; .p NULL where one took no part */
struct regex_match {
	struct span group[REGEX_GROUP_N];
};

/* regex_new - compile an expression as a filter file has it, tags and all
 * Returns 0; -EINVAL or -ENOTSUP with the reason. */
MUST_USE int regex_new(struct span python, struct regex **ret, struct err *e);
struct regex *regex_free(struct regex *re); /* NULL-safe, returns NULL */

bool regex_has(const struct regex *re, enum regex_group g);

/* regex_exec - search subject
 * Not for two threads at once: the room for the result is the regex's own.
 * Returns 1 with *ret; 0 for no match; -E2BIG when a limit was reached. */
MUST_USE int regex_exec(struct regex *re, struct span subject, struct regex_match *ret);

#endif
