/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Percent-encoding (RFC 3986 section 2.1). */
#ifndef ONUS_UTIL_PERCENT_H
#define ONUS_UTIL_PERCENT_H

#include <stddef.h>

/* percent_byte - c as it stands in a URI: itself where it is a letter or a digit of ASCII, or one of keep; else %XX
 *
 * ret  not terminated
 * Returns its length. */
size_t percent_byte(char c, const char *keep, char ret[3]);

#endif
