/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the targets that look at log lines. */
#ifndef ONUS_FUZZ_EVENTS_H
#define ONUS_FUZZ_EVENTS_H

#include "intake/scan.h"

/* struct scanners - the same filters thrice: by our own matcher, by PCRE2 alone, and line by line. It must stay where
 * it is. */
struct scanners {
	struct clock clock;
	struct scan *scan[3];
};

void scanners_open(struct scanners *a, struct filter *const *f, unsigned n);
void scanners_close(struct scanners *a);

/* scanners_agree - the log at path: the same events, none of them about space that can never be punished; else abort */
void scanners_agree(struct scanners *a, const char *path);

#endif
