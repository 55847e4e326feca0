/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the lines of a text end, found for a whole piece at once: a search for each single line costs a
 * branch that nobody can foresee, the length of the line. */
#ifndef ONUS_UTIL_ENDS_H
#define ONUS_UTIL_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDS_PIECE 16384u /* bytes: what was looked at is still in the first-level cache */
#define ENDS_SPARE 4u	  /* written beyond the last end, and no ends */

/* struct ends - the line ends of a piece, in order */
struct ends {
	uint32_t n;
	bool nul; /* there is a NUL byte in the piece */
	uint16_t at[ENDS_PIECE + ENDS_SPARE];
};

/* ends_find - all LF in the len <= ENDS_PIECE bytes at p; nothing behind them is read */
void ends_find(const char *p, size_t len, struct ends *ret);

#endif
