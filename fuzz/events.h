/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the targets that look at log lines. */
#ifndef ONUS_FUZZ_EVENTS_H
#define ONUS_FUZZ_EVENTS_H

#include "intake/filter.h"

/* events_agree - the log at path through filters, by our own matcher and by PCRE2 alone, in blocks and
 * line by line: the same events, none of them about space that can never be punished; else abort */
void events_agree(struct filter *const *f, unsigned n, const char *path);

#endif
