/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the page of an entity is (prog/web/route.c): as:64500 has /as/64500. */
#ifndef ONUS_CORE_ENTITY_PAGE_H
#define ONUS_CORE_ENTITY_PAGE_H

#include "core/entity.h"

#define ENTITY_PATH_MAX (3 * ENTITY_NAME_MAX + 1) /* bytes, with NUL */

/* entity_path - the page's path: the '/' in front, what a path must not hold written as %XX
 *
 * name  as entity_format writes it
 * Returns its length. */
size_t entity_path(const char *name, char ret[ENTITY_PATH_MAX]);

/* entity_url - the same behind the address of the site
 *
 * site_url  a '/' at its end does not count
 * ret       [max], not terminated
 * Returns its length; 0 where site_url is "", or it does not fit. */
size_t entity_url(const char *site_url, const struct entity *en, char *ret, size_t max);

#endif
