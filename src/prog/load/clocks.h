/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clocks of sensors beside the hub's: whose differs by more than he may is told of in the log, when it begins, once
 * an hour, and when it is right again. */
#ifndef ONUS_PROG_LOAD_CLOCKS_H
#define ONUS_PROG_LOAD_CLOCKS_H

#include <stdint.h>

#include "util/span.h"

#define CLOCKS_MAX	1024u /* hosts; later ones are not looked at */
#define CLOCKS_TEXT_MAX 200u

struct clocks;
struct clocks *clocks_new(uint32_t max_s);
struct clocks *clocks_free(struct clocks *c); /* NULL-safe, returns NULL */

/* clocks_note - one batch of a host: when it was made and when it was sent by his clock, when received by the hub's.
 * What was made later than it was received shows a clock that was ahead then; one that is behind shows in sent_s alone,
 * as a batch may have waited for long. */
void clocks_note(struct clocks *c, struct span host, int64_t created_s, int64_t sent_s,
    int64_t received_s, int64_t now_s);

/* clocks_wrong - how many were wrong in their newest batch; text: who, and by how much, as far as it has room */
unsigned clocks_wrong(const struct clocks *c, char text[CLOCKS_TEXT_MAX]);

#endif
