/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ONUS_PROG_ONUS_REGISTRY_READ_H
#define ONUS_PROG_ONUS_REGISTRY_READ_H

#include <stdbool.h>

enum read_as { READ_TEXT, READ_JSON, READ_FACTS };

/* registry_read - what the registry inputs paths[n] say, without building anything: sums of each as text or
 * as an object of JSON a line, or every fact as one. Refusals go to stderr, the first ones in words.
 * Returns an exit code: 0; 1 when nothing of some input could be used; 2 when some input cannot be read, or the
 * output not be written. */
int registry_read(int n, char **paths, enum read_as as);

#endif
