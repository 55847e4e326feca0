/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `onus registry verify`: how good a registry is, in words and as JSON. */
#ifndef ONUS_PROG_ONUS_REGISTRY_VERIFY_H
#define ONUS_PROG_ONUS_REGISTRY_VERIFY_H

#include "holders/registry.h"

/* verify_print - on stdout; 0; -ENOMEM, or what stdout says */
MUST_USE int verify_print(const struct registry *r, bool json);

#endif
