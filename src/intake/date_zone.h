/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time zones as dates of logs name them. */
#ifndef ONUS_INTAKE_DATE_ZONE_H
#define ONUS_INTAKE_DATE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

/* date_zone - "Z", "CET", "+01", "-0330", "+01:00", or a name and an offset from it, "UTC+0100"
 * Returns true and seconds east of UTC; false for a name that is none. Summer time has its own name: CEST. */
bool date_zone(struct span s, int *ret);

#endif
