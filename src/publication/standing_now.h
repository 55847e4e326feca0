/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the newest publication adds to what is known of this host's onus (core/health.h). */
#ifndef ONUS_PUBLICATION_STANDING_NOW_H
#define ONUS_PUBLICATION_STANDING_NOW_H

#include "core/health.h"

/* standing_now - generation, times and registry date of what is current in serve_dir; when there is nothing, or it
 * cannot be read, published_why says so */
void standing_now(struct health *h, const char *serve_dir);

#endif
