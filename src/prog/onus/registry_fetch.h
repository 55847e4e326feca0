/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ONUS_PROG_ONUS_REGISTRY_FETCH_H
#define ONUS_PROG_ONUS_REGISTRY_FETCH_H

/* registry_fetch - `onus registry fetch`: argv[0] is "fetch". Returns an exit code: 0; 1 when something was held back, did
 * not come or is old; 2 when of some input there is no copy at all, or our own files are the trouble; 3 usage. */
int registry_fetch(int argc, char **argv);

#endif
