/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ONUS_PROG_ONUS_REGISTRY_ENRICH_H
#define ONUS_PROG_ONUS_REGISTRY_ENRICH_H

/* registry_enrich - `onus registry enrich`: argv[0] is "enrich". Returns an exit code: 0; 1 when some question got no
 * answer this time; 2 when our own files are the trouble; 3 usage. */
int registry_enrich(int argc, char **argv);

#endif
