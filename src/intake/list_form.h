/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the lines of a list are laid out, where they are not list.h's own; a text, as `format =` of a source has it:
 *
 *   lines                      an entry a line, as list.h has it; this is the default
 *   columns SEPARATOR N [M]    column N; with M the range from column N to column M
 *   csv N                      column N of comma-separated values, quoted or not
 *   json MEMBER                an object a line, this member of it
 *
 * SEPARATOR is tab, blank (any number of blanks and tabs), comma, semicolon, pipe or colon. "host" behind any of
 * them: an entry may also be ADDRESS:PORT, [ADDRESS]:PORT or a URL, and is then the address in it; one that has a
 * name in its place is nothing that we could list.
 * Source: the publishers' own files; RFC 4180 for csv, RFC 3986 section 3.2 for hosts. */
#ifndef ONUS_INTAKE_LIST_FORM_H
#define ONUS_INTAKE_LIST_FORM_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

#define LIST_COLUMN_MAX 64u
#define LIST_MEMBER_MAX 32u

enum list_layout { LIST_LINES, LIST_COLUMNS, LIST_CSV, LIST_JSON };

/* struct list_form - zeroed: lines */
struct list_form {
	enum list_layout layout;
	char separator;	      /* ' ' also stands for tabs, and for many */
	unsigned first, last; /* columns, from 1; last 0: there is none */
	char member[LIST_MEMBER_MAX + 1];
	bool host;
};

/* list_form_parse - 0, or -EINVAL with what is wrong and what would be right */
MUST_USE int list_form_parse(struct span text, struct list_form *ret, struct err *e);

/* list_form_entry - what list_entry is to read of a line
 *
 * room  LIST_FORM_ROOM bytes, for what does not stand in the line as it is
 * Returns 1 with *ret, in line or room; 0 for a line without an entry: a comment, an object without the member, a
 * name; -EINVAL with a constant *why. */
#define LIST_FORM_ROOM 1100u
MUST_USE int list_form_entry(
    const struct list_form *f, struct span line, char *room, struct span *ret, const char **why);

#endif
