/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One datepattern of fail2ban's filters: directives of strptime(3) with a regular expression (Python's syntax)
 * around them, compiled to one expression of PCRE2 whose groups are the parts of a date.
 *
 *   %Y-%m-%d %H:%M:%S      directives: a A b B c d f H I j k l m M p S U w W x X y Y z Z %, and the exact forms
 *                          Exd Exm ExH Exk Exl ExM ExS Exy ExY Exz ExZ; groups may also be named so by hand
 *   {^LN-BEG}…             at the beginning of the line, two bytes of punctuation may stand before it
 *   {UNB}…                 not only at the borders of words
 *   **…**                  the same, at one of the ends
 *   EPOCH LEPOCH TAI64N    or {EPOCH}, {LEPOCH} within an expression
 *   {NONE}                 no date at all
 *   ^WARNING:()**          an empty group and no directive: lines like that have no date
 * What is cut out of the line is its first group, or all of it where it has none of its own.
 * Source: fail2ban's jail.conf(5); what is cut, and where the borders are: what its datetemplate.py does. */
#ifndef ONUS_INTAKE_DATE_FORM_H
#define ONUS_INTAKE_DATE_FORM_H

#include "intake/date_read.h"
#include "util/err.h"

struct date_form;

#define DATE_FORM_BYTES	 4096u /* of a datepattern */
#define DATE_FORM_GROUPS 40u

/* struct date_found - where a form matched */
struct date_found {
	size_t begin;	 /* of the match */
	struct span cut; /* the date: empty where it was optional, and absent */
	struct span part[DATE_PART_N];
};

/* date_form_new - one datepattern, without %%: interpolation is done
 * Returns 0; -EINVAL or -ENOTSUP with the reason. */
MUST_USE int date_form_new(struct span pattern, struct date_form **ret, struct err *e);
struct date_form *date_form_free(struct date_form *f); /* NULL-safe, returns NULL */

bool date_form_is_start(const struct date_form *f); /* matches at the beginning of a line only */
bool date_form_is_none(const struct date_form *f);  /* {NONE}, or () */

/* struct date_room - of matching, for any number of forms */
struct date_room;
struct date_room *date_room_new(void); /* NULL: out of memory */
struct date_room *date_room_free(struct date_room *r);

/* date_form_find - the first place in line, beginning at byte last at the latest
 * Returns 1 with *ret; 0 for none; -E2BIG when a limit was reached. */
MUST_USE int date_form_find(const struct date_form *f, struct date_room *room, struct span line,
    size_t last, struct date_found *ret);

#endif
