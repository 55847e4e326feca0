/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed between two registry files, in words. */
#ifndef ONUS_PROG_ONUS_REGISTRY_DIFF_H
#define ONUS_PROG_ONUS_REGISTRY_DIFF_H

#include "holders/registry.h"

/* diff_print - counts of each source, then changes by kind, to stdout
 * all  every change, else the first few of each kind
 * Returns 0, -ENOMEM, -EIO. */
MUST_USE int diff_print(const struct registry *was, const struct registry *is, bool json, bool all);

#endif
