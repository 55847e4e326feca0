/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ONUS_PROG_ONUS_REGISTRY_MAKE_H
#define ONUS_PROG_ONUS_REGISTRY_MAKE_H

/* registry_make - compile inputs[n] into the registry file `to`; the first refusals go to stderr
 * merges  a list of merges (holders/merges.h); empty: there is none
 * Returns an exit code: 0, or 2 with the reason on stderr. */
int registry_make(const char *to, const char *merges, int n, char **inputs);

#endif
