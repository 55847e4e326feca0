/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a publication to the door: what an edition knows of a client, as the door wants it (onus-policy, onus-milter). */
#ifndef ONUS_PROG_DOORWAY_DOORWAY_H
#define ONUS_PROG_DOORWAY_DOORWAY_H

#include "door/facts.h"
#include "publication/client.h"

/* struct doorway - facts points into it and into the edition: do not copy it */
struct doorway {
	struct client client;
	struct entity graded;
	struct door_client facts;
};

/* doorway_look - ed may be NULL, or stale: then nothing is known. Allocates nothing. Of own networks it knows by the
 * edition; the door knows them without one. */
void doorway_look(const struct edition *ed, struct addr a, int64_t now_s, struct doorway *ret);

#endif
