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

/* fast_head - as regex_head */
MUST_USE int fast_head(const struct fast *f, struct regex_head *ret);

#endif
