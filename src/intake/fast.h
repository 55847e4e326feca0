/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small matcher for the plain expressions that nearly all filters are made of: literals, classes,
 * repeats, optional groups, alternatives, ^ and $, addresses. It backtracks in PCRE2's order, so that
 * where it decides, it decides the same; where it cannot (an unusual IPv6 address, too many steps) it says so,
 * and expressions outside its subset it does not take at all. A test and a fuzz target hold it against
 * PCRE2. */
#ifndef ONUS_INTAKE_FAST_H
#define ONUS_INTAKE_FAST_H

#include "intake/regex.h"

#define FAST_OPS_MAX	3000u  /* of one program, alternatives unrolled */
#define FAST_STACK_MAX	256u   /* choices open at once */
#define FAST_WORK_MAX	50000u /* steps back and bytes run over in one match */
#define FAST_UNROLL_MAX 10u    /* (?:…){m,n}: copies of the group */
#define FAST_DEPTH_MAX	24u    /* groups in groups */

/* fast_new - a program for an expression as pattern_translate wrote it; flags as regex_new
 * Returns 0; -ENOTSUP when PCRE2 must decide it always; -ENOMEM. */
MUST_USE int fast_new(struct span marked, unsigned flags, struct fast **ret);
struct fast *fast_free(struct fast *f); /* NULL-safe, returns NULL */

/* fast_exec - search subject
 *
 * subject   its last byte is LF, and its only one; FAST_SLACK bytes behind it may be read, whatever
 *           they are
 * ret       set on FAST_YES
 * Not for two threads at once. (Declared in regex.h, whose inline function calls it.) */
#define FAST_SLACK REGEX_SLACK

/* struct fast_plain - what a known head is followed by where that is plain: digits, some text, and the rest as a group.
 * For fast_content (fast_op.h), which decides it without a branch. */
struct fast_plain {
	char text[16];
	uint32_t text_want; /* a bit for each of its bytes */
	uint32_t text_len;
	uint32_t digits;	    /* 0: none; or all bits, and then … */
	uint32_t not_digits;	    /* … bit n: not n of them */
	int64_t rest_min, rest_max; /* bytes up to the LF */
	const uint8_t *
	    next; /* what the first byte of the rest leads to: PLAIN_REST, nothing (0), or something else */
};
#define FAST_PLAIN_REST 2u

/* struct fast_from - where a search may begin in a subject whose first bytes are known: skip bytes of it are
 * matched already. op is private; NULL: at the beginning. */
struct fast_from {
	const struct op *op;
	uint32_t skip;
};

/* fast_plain - is what follows there plain? Then *ret. */
MUST_USE bool fast_plain(const struct fast_from *from, struct fast_plain *ret);

/* fast_after - what it makes of all subjects that begin with head, of which the first FAST_AFTER_MAX bytes are
 * looked at. (Slow: for what is remembered of many lines.)
 * Returns false when none of them matches; or true and *ret. */
#define FAST_AFTER_MAX 64u
MUST_USE bool fast_after(const struct fast *f, struct span head, struct fast_from *ret);

/* fast_exec_from - as fast_exec; from->op is not NULL, and the subject begins with that head */
enum fast_result fast_exec_from(
    struct fast *f, const struct fast_from *from, struct span subject, struct regex_match *ret);

/* fast_head - as regex_head */
MUST_USE int fast_head(const struct fast *f, struct regex_head *ret);

#endif
