/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCRE2's compiling, as everything that comes from a filter is compiled: bytes, and limits. */
#ifndef ONUS_INTAKE_REGEX_CODE_H
#define ONUS_INTAKE_REGEX_CODE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "intake/regex.h"

/* regex_code - a pattern of PCRE2's syntax; options are PCRE2's
 * Returns 0; -EINVAL with the reason and the place. */
MUST_USE int regex_code(struct span pattern, uint32_t options, pcre2_code **ret, struct err *e);

#endif
