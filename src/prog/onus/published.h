/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the newest publication has an address: what is decided over it and the score that goes with it, as DNSBL, policy and
 * milter answer by (publication/client.h). */
#ifndef ONUS_PROG_ONUS_PUBLISHED_H
#define ONUS_PROG_ONUS_PUBLISHED_H

#include "core/conf.h"
#include "net/addr.h"
#include "util/jout.h"

struct edition;

/* published_open - what is current in serve_dir, signed by publication_key where there is one
 * Returns 0; -ENOENT: nothing is published there; as edition_open. edition_free ends it. */
MUST_USE int published_open(const struct conf *conf, struct edition **ret, struct err *e);

/* published_text - lines of `onus lookup --standing` */
void published_text(const struct edition *ed, struct addr a, int64_t now_s, struct buf *out);

#endif
