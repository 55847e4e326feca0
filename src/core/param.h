/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings out of a table: one row is a parameter's name, type, default, bounds, unit and help; reading, printing
 * and describing follow from it. And the lines in which settings stand: `name = value`, `[KIND NAME]`, `#`. */
#ifndef ONUS_CORE_PARAM_H
#define ONUS_CORE_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define PARAM_VALUE_MAX 4096u
#define PARAM_NAME_MAX	64u /* of a section */

enum param_type {
	PARAM_TEXT,   /* char *, owned */
	PARAM_COUNT,  /* uint32_t, within min and max */
	PARAM_LARGE,  /* uint64_t, any */
	PARAM_YESNO,  /* bool */
	PARAM_TRUST,  /* double, 0 to 1 */
	PARAM_PERCENT /* double, 0 to 100; a % sign may follow */
};

struct param {
	const char *name;
	enum param_type type;
	size_t at;	      /* offset in its struct */
	const char *standard; /* the default, as text */
	uint32_t min, max;    /* COUNT */
	const char *unit, *help;
};

/* param_find - the row of that name, or NULL */
const struct param *param_find(const struct param *rows, size_t n, struct span name);

/* param_assign - set one value inside the struct at base; -EINVAL with what it wants, -ENOMEM */
MUST_USE int param_assign(const struct param *p, void *base, struct span v, struct err *e);

/* params_standard - all defaults; texts must be NULL or owned. 0 or -ENOMEM. */
MUST_USE int params_standard(const struct param *rows, size_t n, void *base);
void params_done(const struct param *rows, size_t n, void *base); /* frees texts */

/* params_print - `name = value` lines; params_describe - the rows as a commented file */
void params_print(const struct param *rows, size_t n, const void *base, FILE *to);
void params_describe(const struct param *rows, size_t n, FILE *to);

/* struct setting - one line: `name = value`, or `[kind name]` with an empty value; borrows from the text */
struct setting {
	unsigned number; /* of its line */
	bool section;
	struct span kind, name, value;
};

/* setting_next - the next one; zero *s before the first. Comments and empty lines are passed over.
 * Returns 1; 0 at the end; -EINVAL with what was expected, and s->number of where. */
MUST_USE int setting_next(struct span *text, struct setting *s, struct err *e);

/* setting_split - one `name = value`, as -o on a command line has it. 0 or -EINVAL. */
MUST_USE int setting_split(struct span line, struct setting *s, struct err *e);

/* section_name_ok - 1 to PARAM_NAME_MAX letters, digits, '.', '_' or '-' */
bool section_name_ok(struct span s);

#endif
