/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How old a registry is, said the same way in every output. */
#ifndef ONUS_HOLDERS_STALE_H
#define ONUS_HOLDERS_STALE_H

#include "holders/registry.h"

#define STALE_TEXT_MAX 200

/* registry_stale - true when the registry's newest origin input is older than max_age_days
 * ret   then set to a sentence: how old, and what to do; may be NULL */
bool registry_stale(
    const struct registry *r, int64_t now_s, uint32_t max_age_days, char ret[STALE_TEXT_MAX]);

/* registry_date_stale - the same, of what was made with a registry of that date */
bool registry_date_stale(
    int64_t date_s, int64_t now_s, uint32_t max_age_days, char ret[STALE_TEXT_MAX]);

#endif
