/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last lines of a log, for expressions over several of them (maxlines). Memory is bounded: the oldest go
 * when there are too many, or they are too long.
 * Source: fail2ban's filter.py, findFailure; failregex.py, Regex.search. */
#ifndef ONUS_INTAKE_WINDOW_H
#define ONUS_INTAKE_WINDOW_H

#include <stdbool.h>

#include "intake/regex.h"

#define WINDOW_LINES_MAX 100u
#define WINDOW_BYTES	 (65u << 10) /* of all lines, with their LF: the longest line fits */

struct window;

/* window_new - lines: how many, 2 to WINDOW_LINES_MAX; NULL: out of memory */
struct window *window_new(unsigned lines);
struct window *window_free(struct window *w); /* NULL-safe, returns NULL */

/* window_add - line ends with its LF; at most WINDOW_BYTES */
void window_add(struct window *w, struct span line);

/* window_text - all lines, each with its LF; until the next window_add or window_take */
struct span window_text(const struct window *w);

/* window_take - a match in window_text has used up its lines, but not those it skipped */
void window_take(struct window *w, const struct regex_extent *match);
void window_clear(struct window *w);

#endif
