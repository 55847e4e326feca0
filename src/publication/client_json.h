/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client in JSON, as `onus lookup --standing` and the API of onus-web tell of it. */
#ifndef ONUS_PUBLICATION_CLIENT_JSON_H
#define ONUS_PUBLICATION_CLIENT_JSON_H

#include "publication/client.h"
#include "util/jout.h"

/* client_json - "published", a member of the open object: generation, created, expired, spared, carved_out, decision (or
 * null), score (or null) */
void client_json(const struct edition *ed, struct addr a, int64_t now_s, struct jout *j);

#endif
