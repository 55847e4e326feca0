/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of one line of JSON, picked by path in one pass: nothing is built, nothing is allocated, what
 * nobody asked for is checked and passed over. It knows JSON and nothing of logs.
 *
 * A path is member names with dots between: alert.category. A name that holds a dot, a bracket, a blank or
 * a quotation mark stands in quotation marks: "id.orig_h"; [N] is element N of an array: ips[0].
 *
 * Defined where RFC 8259 leaves it open: a member on one of the paths that is told twice makes the line
 * refused, for nobody knows which one is meant; twice told members that nobody asked for do not matter.
 * Source: RFC 8259. */
#ifndef ONUS_INTAKE_JPICK_H
#define ONUS_INTAKE_JPICK_H

#include "util/err.h"
#include "util/span.h"

#define JPICK_LINE_MAX	65536u
#define JPICK_PATHS_MAX 64u
#define JPICK_DEPTH_MAX 32u /* arrays and objects within one another, and names of a path */
#define JPICK_NAME_MAX	128u
#define JPICK_INDEX_MAX 1023u

enum jpick_kind {
	JPICK_NONE, /* not there, or null */
	JPICK_TEXT,
	JPICK_NUMBER,
	JPICK_BOOL, /* text "true" or "false" */
	JPICK_WHOLE /* an object or array; no text */
};

/* struct jpick_value - what stands at one path */
struct jpick_value {
	enum jpick_kind kind;
	bool odd; /* escapes or bytes that are no characters: NUL, a lone surrogate, no UTF-8 */
	struct span text; /* unescaped; borrowed from the line or the jpick, until the next line */
};

struct jpick;

struct jpick *jpick_new(void);		   /* NULL: out of memory */
struct jpick *jpick_free(struct jpick *p); /* NULL-safe, returns NULL */

/* jpick_path - ask for one more path; the same one again has the same number
 * Returns 0 with *ret below JPICK_PATHS_MAX; -EINVAL (no path), -E2BIG, -ENOMEM. */
MUST_USE int jpick_path(struct jpick *p, struct span path, unsigned *ret, struct err *e);

/* jpick_line - all paths out of one line, which is one object and nothing behind it
 *
 * values    [number of paths], set only when NULL is returned
 * Returns NULL, or why the line is refused (a literal). */
const char *jpick_line(struct jpick *p, struct span line, struct jpick_value *values);

/* jpick_number - the value as a number, also when it was written as text; false when it is none */
bool jpick_number(const struct jpick_value *v, double *ret);

#endif
