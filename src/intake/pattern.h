/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the regular expressions of filter files (Python's syntax, with fail2ban's tags) to those of
 * PCRE2. What the two read differently is translated or refused, never guessed.
 *
 * Bytes, not characters: \d \w \s are ASCII, a class matches one byte. Python, working on decoded
 * text, also takes other scripts' digits, letters and blanks; no daemon writes those where a filter
 * asks for them.
 * Source: Python's re documentation, pcre2pattern(3), fail2ban's jail.conf(5). */
#ifndef ONUS_INTAKE_PATTERN_H
#define ONUS_INTAKE_PATTERN_H

#include "util/buf.h"
#include "util/err.h"

#define PATTERN_MAX (64u << 10) /* bytes, after all tags are replaced */

/* Where an address stands, in the marked form that pattern_translate writes; no other control bytes
 * occur in it. */
#define PATTERN_IP4 '\x01'
#define PATTERN_IP6 '\x02'

/* pattern_translate - tags and syntax; the result is PCRE2 syntax with address marks
 * Returns 0; -ENOTSUP or -EINVAL with the reason (without file and line: the caller knows them). */
MUST_USE int pattern_translate(struct span python, struct buf *marked, struct err *e);

/* pattern_syntax - syntax alone: tags are text, as in a datepattern */
MUST_USE int pattern_syntax(struct span python, struct buf *out, struct err *e);

/* pattern_expand - the marks as what they stand for: groups ip4 and ip6 */
void pattern_expand(struct span marked, struct buf *out);

#endif
