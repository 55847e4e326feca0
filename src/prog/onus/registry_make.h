/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ONUS_PROG_ONUS_REGISTRY_MAKE_H
#define ONUS_PROG_ONUS_REGISTRY_MAKE_H

#include <stdint.h>

/* registry_make - compile inputs[n] into the registry file `to`; the first refusals go to stderr
 * merges     a list of merges (holders/merges.h); empty: there is none
 * keep_days  not 0: keep it as today's build, too, and let go of builds that are so much older
 * Returns an exit code: 0, or 2 with the reason on stderr. */
int registry_make(const char *to, const char *merges, uint32_t keep_days, int n, char **inputs);

#endif
