/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The greylist's table, for grey.c and grey_file.c. */
#ifndef ONUS_DOOR_GREY_PRIV_H
#define ONUS_DOOR_GREY_PRIV_H

#include <pthread.h>

#include "door/grey.h"

#define GREY_WAYS 8u /* entries of a corner of the table */
#define GREY_OWN  2u /* of these at most one network's that wait */

enum grey_kind { GREY_EMPTY, GREY_WAITING, GREY_PASSED, GREY_NETWORK, GREY_KIND_N }; /* stored */

struct grey_name { /* what is left of a triplet, or of a network */
	uint64_t hi, lo;
};

struct grey_entry {
	struct grey_name name;
	uint32_t first_s, last_s; /* Unix seconds, until 2106 */
	uint32_t net;		  /* waiting: whose; 0: from a snapshot, nobody's */
	uint16_t count;		  /* network: triplets that came back */
	uint8_t kind;
};
_Static_assert(sizeof(struct grey_entry) == 32, "the help of greylist_entries says so");

struct grey {
	struct grey_conf conf;
	uint8_t key[16];
	uint32_t sets;		 /* a power of two */
	pthread_mutex_t lock;	 /* over all that follows, and over the key */
	struct grey_entry *v;	 /* [sets * GREY_WAYS] */
	uint64_t n[GREY_KIND_N]; /* of GREY_EMPTY it means nothing */
	uint64_t evicted, changes;
};

void grey_lock(struct grey *g);
void grey_unlock(struct grey *g);
uint32_t grey_time(int64_t now_s);

/* Locked: grey_find - the entry of that name, or NULL; grey_room - an empty one for it, or NULL; net: of one that will wait,
 * whose; 0: it will not; grey_set - make it another kind; grey_over - its time is over */
struct grey_entry *grey_find(const struct grey *g, const struct grey_name *name);
struct grey_entry *grey_room(
    struct grey *g, const struct grey_name *name, uint32_t net, uint32_t now);
void grey_set(struct grey *g, struct grey_entry *x, enum grey_kind kind);
bool grey_over(const struct grey *g, const struct grey_entry *x, uint32_t now);

#endif
