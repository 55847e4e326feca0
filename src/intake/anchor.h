/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Can text that a stranger writes into a log be taken for the address by an expression? Decided by its form
 * alone, to the safe side: what is called anchored cannot be led astray, of the rest some could not either.
 *
 * An expression is anchored when
 *   it begins with ^, in every alternative;
 *   nothing that takes any text, blanks and all, stands before the first word that it spells out (so that the
 *   line is of the program meant, and not one that quotes it);
 *   before the address all is spelled out; or behind it all is, to a $ in every alternative, so that the address
 *   is the last one that the program itself wrote.
 * Spelled out: text, digits, blanks, and single bytes of a set. */
#ifndef ONUS_INTAKE_ANCHOR_H
#define ONUS_INTAKE_ANCHOR_H

#include <stdbool.h>

#include "util/span.h"

/* What is looked for in an expression. */
enum anchor_mark { ANCHOR_ADDR, ANCHOR_CONTENT, ANCHOR_ID, ANCHOR_MARKS };

struct anchor {
	bool begins, ends; /* ^ and $ in every alternative */
	struct {
		bool
		    there; /* it is in the expression, and what follows is true of all its places */
		bool head; /* all before it is spelled out */
		bool tail; /* all behind it is */
		bool
		    loose; /* any text may stand before the first word before it, or before it when there is none */
		bool word; /* a word is spelled out before it */
	} mark[ANCHOR_MARKS];
};

/* anchor_read - marked is what pattern_translate wrote, and PCRE2 accepts */
struct anchor anchor_read(struct span marked);

/* anchor_holds - of a failregex, and the prefregex before it, which may be NULL */
bool anchor_holds(const struct anchor *prefix, const struct anchor *fail);

#endif
