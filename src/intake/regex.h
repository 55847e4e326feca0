/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One expression of a filter, compiled twice: our own matcher (fast.h) decides what it can, PCRE2 with
 * its just-in-time compiler and limits all the rest. */
#ifndef ONUS_INTAKE_REGEX_H
#define ONUS_INTAKE_REGEX_H

#include <stdbool.h>

#include "intake/anchor.h"
#include "util/err.h"
#include "util/span.h"

/* Limits of one match: past them the line is refused, not the address guessed. */
#define REGEX_MATCH_LIMIT 200000u
#define REGEX_DEPTH_LIMIT 20000u
#define REGEX_HEAP_KIB	  4096u
#define REGEX_JIT_STACK	  (512u << 10)

/* The groups that we ask for; others are fail2ban's business and ignored here. */
enum regex_group {
	/* these on every line */
	REGEX_IP4,
	REGEX_IP6,
	REGEX_DNS,
	REGEX_CONTENT, /* <F-CONTENT> of a prefregex */
	REGEX_NOFAIL,  /* <F-NOFAIL>: matched, and no failure */
	REGEX_COUNT,   /* <F-COUNT>: how many times it happened; ours */
	REGEX_PLAIN_N,
	/* these are rare, and cost only where they are */
	REGEX_ID = REGEX_PLAIN_N, /* <F-ID>: whom, when there is no address */
	REGEX_CIDR,		  /* <CIDR>: how many bits of the address are the network */
	REGEX_MLFID,		  /* <F-MLFID>: lines of one id belong together */
	REGEX_MLFFORGET,	  /* <F-MLFFORGET>: this is the last of them */
	REGEX_MLFGAINED,	  /* <F-MLFGAINED>: what failed before is forgiven */
	REGEX_USER,		  /* <F-USER>, where lines are joined */
	REGEX_GROUP_N
};
extern const char *const regex_group_names[REGEX_GROUP_N];

/* What regex_new is to do besides. */
#define REGEX_LINES 1u /* the subject is several lines: ^ and $ match at each */
#define REGEX_JOINS 2u /* REGEX_USER is wanted */

#define REGEX_ALT_MAX  16u /* <F-ALT_…> groups of one expression that we ask for */
#define REGEX_SKIP_MAX 8u  /* <SKIPLINES> of one expression */

struct fast;

/* struct regex - private, but for the inline functions below */
struct regex {
	struct fast *fast; /* or NULL: PCRE2 decides it always */
	struct pcre2 *pcre2;
	struct anchor anchor;
	char head
	    [4]; /* what a subject begins with, where PCRE2 decides alone: REGEX_HEAD bytes at most */
	unsigned head_len;
};

/* struct regex_match - the groups found; .p NULL where one took no part */
struct regex_match {
	struct span group[REGEX_GROUP_N];
	uint32_t v4;   /* what ip4 says, where v4_known */
	bool v4_known; /* it was read on the way, and is valid */
};

/* regex_new - compile an expression as a filter file has it, tags and all
 * Returns 0; -EINVAL or -ENOTSUP with the reason. */
MUST_USE int regex_new(struct span python, unsigned flags, struct regex **ret, struct err *e);
struct regex *regex_free(struct regex *re); /* NULL-safe, returns NULL */

bool regex_has(const struct regex *re, enum regex_group g);

/* regex_group - what a rare group of the last match of re is, .p NULL where it has none or it took no part */
static inline struct span regex_group(
    const struct regex *re, const struct regex_match *m, enum regex_group g)
{
	return re && regex_has(re, g) ? m->group[g] : (struct span){ NULL, NULL };
}

/* struct regex_extent - where the last match of regex_exec_pcre2 was, and the lines that <SKIPLINES> ran over */
struct regex_extent {
	struct span whole, skipped[REGEX_SKIP_MAX];
	unsigned n_skipped;
};
void regex_extent(const struct regex *re, struct span subject, struct regex_extent *ret);

/* regex_exec - search subject
 *
 * subject  its last byte is LF, and its only one; REGEX_SLACK bytes behind it may be read
 * Not for two threads at once: the room for the result is the regex's own.
 * Returns 1 with *ret; 0 for no match; -E2BIG when a limit was reached. */
#define REGEX_SLACK 64u
MUST_USE static inline int regex_exec(
    struct regex *re, struct span subject, struct regex_match *ret);

/* regex_exec_pcre2 - the same by PCRE2 alone, on any subject; what regex_exec is measured against */
MUST_USE int regex_exec_pcre2(struct regex *re, struct span subject, struct regex_match *ret);

/* struct regex_head - can[k][b]: 1 when it can match a subject whose byte k is b, or when in doubt. Where the
 * subject is shorter, what stands behind it may say what it will.
 * regex_head - 0, or -ENOMEM */
#define REGEX_HEAD 4u
struct regex_head {
	uint8_t can[REGEX_HEAD][256];
};
MUST_USE int regex_head(const struct regex *re, struct regex_head *ret);

/* regex_is_fast - PCRE2 need not be asked about most lines */
static inline bool regex_is_fast(const struct regex *re)
{
	return re->fast != NULL;
}

/* What fast.h promises: FAST_NO 0, FAST_YES 1, FAST_UNDECIDED. */
enum fast_result { FAST_NO, FAST_YES, FAST_UNDECIDED };
enum fast_result fast_exec(struct fast *f, struct span subject, struct regex_match *ret);

static inline int regex_exec(struct regex *re, struct span subject, struct regex_match *ret)
{
	if (LIKELY(re->fast != NULL)) {
		enum fast_result r = fast_exec(re->fast, subject, ret);

		if (LIKELY(r != FAST_UNDECIDED))
			return (int)r;
	}
	return regex_exec_pcre2(re, subject, ret);
}

#endif
