/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody looked up and the registries may know more about: onus-web leaves it in a small file, and
 * `onus registry enrich` reads that. A wish says what was asked for, never by whom. However many wishes
 * strangers make, the file keeps its size: a new one takes the place of some other when it is full.
 *
 * The file, written whole each time:
 *	#onus-wishes 1
 *	TIME <tab> ENTITY			Unix seconds; addresses as their block */
#ifndef ONUS_CORE_WISHES_H
#define ONUS_CORE_WISHES_H

#include "core/entity.h"

#define WISHES_MAX   512u
#define WISHES_BYTES (WISHES_MAX * (ENTITY_NAME_MAX + 24u) + 64u) /* of a file */
#define WISHES_AGE_S 172800					  /* older ones are forgotten */

struct wishes;

struct wishes *wishes_new(void);	      /* NULL: out of memory */
struct wishes *wishes_free(struct wishes *w); /* NULL-safe, returns NULL */

/* wishes_add - one more; kinds that nobody can be asked for (countries) are left out
 * An address is kept as its block, so that a wish tells less. */
void wishes_add(struct wishes *w, const struct entity *en, int64_t now_s);

/* wishes_save - write the file, if anything changed since; not synced, as a lost wish costs nothing
 * Returns 0 or -errno with a text. */
MUST_USE int wishes_save(struct wishes *w, const char *path, int64_t now_s, struct err *e);

/* wishes_read - the wishes of a file, newest first
 *
 * ret      [WISHES_MAX]
 * refused  lines that are none
 * Returns how many; 0 when there is no file; -errno; -EBADMSG when it is another file. */
MUST_USE int wishes_read(const char *path, int64_t now_s, struct entity ret[WISHES_MAX],
    unsigned *refused, struct err *e);

#endif
