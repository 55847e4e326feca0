/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The date of a log line, wherever it stands in it: by fail2ban's default forms, or by a filter's datepattern.
 *
 * Of several dates in a line, one at the beginning of the line counts, else the leftmost, else the form that comes
 * first. That is what a fail2ban does that has just been started; but here no line changes how the next one is
 * read. */
#ifndef ONUS_INTAKE_DATES_H
#define ONUS_INTAKE_DATES_H

#include "intake/date_form.h"

struct dates;

#define DATES_FORMS_MAX 128u

/* What web servers' filters have for a datepattern: in the first brackets of the line. Found quickly. */
#define DATES_BRACKETS "^[^\\[]*\\[({DATE})"

enum dates_result {
	DATES_NONE,   /* no date in the line, or an optional one that is not there */
	DATES_FOUND,  /* *ret is set */
	DATES_ABSENT, /* there need be none: {NONE}, or () */
	DATES_BAD,    /* a date, but impossible, before 1990, or more than a day ahead */
	DATES_COSTLY, /* a limit of matching was reached */
};

/* struct date - its place in a line */
struct date {
	int64_t time_s;
	uint32_t begin, end; /* [begin, end) of the line is the date */
	bool start;	     /* nothing but two bytes of punctuation stands before it */
};

/* dates_new - forms, one a line; empty, {DEFAULT} and {^LN-BEG} are fail2ban's defaults
 * Returns 0; -EINVAL or -ENOTSUP with the reason. */
MUST_USE int dates_new(struct span patterns, struct dates **ret, struct err *e);
struct dates *dates_free(struct dates *d); /* NULL-safe, returns NULL */

/* dates_find - *ret means something on DATES_FOUND alone */
enum dates_result dates_find(struct dates *d, int64_t now_s, struct span line, struct date *ret);

bool dates_may_lack(const struct dates *d); /* DATES_ABSENT is possible */

#endif
