/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text files that were built into the program by tools/embed. */
#ifndef ONUS_UTIL_EMBEDDED_H
#define ONUS_UTIL_EMBEDDED_H

#include <stddef.h>

/* struct embedded - one file; the last row of a table has no name */
struct embedded {
	const char *name; /* without directories */
	const char *text; /* NUL-terminated too */
	size_t bytes;
};

#endif
