/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether JSON is of the form that a table says: what a schema would be asked for, without its language. */
#ifndef ONUS_INTAKE_REPORT_CHECK_H
#define ONUS_INTAKE_REPORT_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

enum check_kind {
	CHECK_TEXT,
	CHECK_FLAG,
	CHECK_COUNT, /* an integer from 0 on */
	CHECK_PORT,
	CHECK_NUMBER,
	CHECK_ADDRESS, /* IPv4 or IPv6 */
	CHECK_DATE,    /* RFC 3339 */
	CHECK_MAIL,
	CHECK_HOST,
	CHECK_UUID,
	CHECK_WORDS,  /* one of .words, between blanks */
	CHECK_TEXTS,  /* a list of texts */
	CHECK_FLAT,   /* an object of texts, numbers and flags */
	CHECK_OBJECT, /* by .of */
	CHECK_LIST,   /* of objects, by .of */
	CHECK_ANY,
};

/* struct check_member - one member; a table of them ends with a name of NULL */
struct check_member {
	const char *name;
	enum check_kind kind;
	bool needed;
	const char *words;
	const struct check_member *of;
	bool closed; /* of what is .of: no member but those of the table */
};

/* check_object - Returns 0, or -EINVAL with the member's name and what is wrong */
MUST_USE int check_object(const json_t *o, const struct check_member *table, bool closed,
    const char *name, struct err *why);

/* check_text - a member's text, or an empty span */
struct span check_text(const json_t *o, const char *name);

#endif
