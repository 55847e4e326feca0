/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody looked up and the registry file tells too little of: left in wish_file for `onus registry enrich`
 * (core/wishes.h). The one thing that onus-web writes. */
#ifndef ONUS_WEB_WISH_H
#define ONUS_WEB_WISH_H

#include "prog/web/networks.h"
#include "prog/web/site.h"

/* wish - remember it, where no holder or no contact of it is told, and registries can be asked about it */
void wish(const struct site *site, const struct entity *en, const struct subject *s);

/* wishes_keep - write the file when there is something new; a file that cannot be written is told of once */
void wishes_keep(struct site *site);

#endif
