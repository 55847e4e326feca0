/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the formats of export.c have in common; formats in files of their own. */
#ifndef ONUS_PUBLICATION_EXPORT_PRIV_H
#define ONUS_PUBLICATION_EXPORT_PRIV_H

#include "publication/export.h"

/* export_put_head - comment lines, each behind a '#' */
void export_put_head(
    FILE *to, const struct export_head *h, const char *what, const char *unit, uint64_t entries);

MUST_USE int export_rbldnsd(const struct wall *w, const struct export_head *h, FILE *to);

#endif
