/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carve-outs: hosts that are known good here, which walls around more than a host leave out. Decision lines of addresses,
 * in `serve/` alone: nobody else is told whom this site knows (doc/contracts/decisions.md, "Carve-outs"). */
#ifndef ONUS_PUBLICATION_CARVED_H
#define ONUS_PUBLICATION_CARVED_H

#include "net/addrset.h"
#include "util/err.h"

#define CARVED_NAME	 "carve-outs"
#define CARVED_BYTES_MAX (UINT32_C(1) << 30)

/* carved_parse - out of the file's bytes; 0; -EBADMSG with line and reason; -ENOMEM; as carved_read else */
MUST_USE int carved_parse(struct span text, int64_t now_s, struct addrset *ret, struct err *e);

/* carved_read - those of the publication in a directory that have not ended; the caller ends with addrset_done
 * A publication without any has nobody to leave out. 0; -EBADMSG; -errno */
MUST_USE int carved_read(const char *dir, int64_t now_s, struct addrset *ret, struct err *e);

#endif
