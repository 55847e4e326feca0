/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in the form of fail2ban's filter.d: sections, `name = value` with indented continuation
 * lines, [INCLUDES] before and after, NAME.local beside NAME.conf, %(name)s interpolation. It knows
 * the form and nothing of what the values mean.
 * Source: configparser of Python 3 and fail2ban's manual, jail.conf(5). */
#ifndef ONUS_INTAKE_INI_H
#define ONUS_INTAKE_INI_H

#include "util/buf.h"
#include "util/err.h"

#define INI_FILE_MAX	(256u << 10) /* bytes of one file */
#define INI_FILES_MAX	32u	     /* a filter with all it includes */
#define INI_ENTRIES_MAX 4096u
#define INI_VALUE_MAX	(128u << 10) /* bytes of a value with everything interpolated */
#define INI_NEST_MAX	16u	     /* %(a)s naming %(b)s naming … */
#define INI_EXPAND_MAX	4096u	     /* interpolations in one value */

struct ini;

/* struct ini_entry - one value as written; lines of a continued value are joined with LF */
struct ini_entry {
	char *section, *key, *value; /* key in lower case */
	const char *file;
	unsigned line;
};

/* struct ini_vars - values that win over those of the file; borrowed */
struct ini_vars {
	const struct ini_var {
		struct span key, value;
	} * v;
	unsigned n;
};

/* ini_load - a file and all that it includes
 * A missing include is no error (fail2ban's own files name .local files that need not exist).
 * Returns 0; -ENOENT when path itself is missing; -EINVAL with file, line and reason. */
MUST_USE int ini_load(const char *path, struct ini **ret, struct err *e);

/* ini_parse - the same from memory, without includes; name stands in messages */
MUST_USE int ini_parse(const char *name, struct span text, struct ini **ret, struct err *e);
struct ini *ini_free(struct ini *in); /* NULL-safe, returns NULL */

/* ini_raw - the entry of exactly that section, or NULL */
const struct ini_entry *ini_raw(const struct ini *in, const char *section, struct span key);

/* ini_at - entry number i in the order of the files, NULL past the last */
const struct ini_entry *ini_at(const struct ini *in, unsigned i);

/* ini_value - a value with %(name)s resolved, appended to out
 *
 * key      "name", or "section/name" ("known/name" is what an earlier file said); case is ignored
 * vars     may be NULL
 * Looked up in vars, the section, [DEFAULT].
 * Returns 1 when there is one; 0 when not; -EINVAL with file, line and reason. */
MUST_USE int ini_value(const struct ini *in, const char *section, struct span key,
    const struct ini_vars *vars, struct buf *out, struct err *e);

#endif
