/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of sensors. A sensor may call its sources what it likes: in the ledger they are HOST_SOURCE, so that what it says
 * is never said by another's source, or by one of the hub's own. No host has a _ in its name. A new one is of the group
 * HOST, for all that a sensor says is the word of one. */
#ifndef ONUS_LEDGER_HUB_SENSOR_H
#define ONUS_LEDGER_HUB_SENSOR_H

#include "ledger/hub.h"
#include "util/buf.h"

#define HUB_SENSOR_SOURCES_MAX                                                                     \
	64u /* of one host; what it says under more names is HOST_overflow's */
#define HUB_SENSOR_OVERFLOW  "overflow"
#define HUB_SENSOR_LINES_MAX (16u << 20) /* of a batch, with the names of its sources made longer */

/* hub_sensor_lines - the lines of a batch as they are folded, appended to out; sources that are new are made, of day
 * A line whose source is written with escapes, or is longer than it may be with its host, has none any more: it will be
 * refused. Returns 0; -errno as in hub.h. */
MUST_USE int hub_sensor_lines(struct hub *h, const char *host, struct span lines, int32_t day,
    struct buf *out, struct err *e);

#endif
