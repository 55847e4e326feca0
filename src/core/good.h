/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Good observations: that a host delivered a message which one's own server took, or that somebody logged in from it.
 * What a wall would have cost is measured on them; they are never given to others. One is an event line of category `other`
 * whose detail is the kind and nothing else: not who logged in, nor who wrote to whom. */
#ifndef ONUS_CORE_GOOD_H
#define ONUS_CORE_GOOD_H

#include "core/event.h"

enum good { GOOD_NONE, GOOD_DELIVERY, GOOD_LOGIN, GOOD_N }; /* stored: never renumber */

const char *good_name(enum good g); /* "" for GOOD_NONE */

/* good_parse - 0, or -EINVAL when it is no kind */
MUST_USE int good_parse(struct span name, enum good *ret);

#endif
