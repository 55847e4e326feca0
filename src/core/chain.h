/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of accountability of one address, as the rooms hand it to each other: the holders room
 * fills it, the judge reads it, neither knows the other. Ids are opaque and stable within one
 * registry file; sizes are in host units of the family (IPv4: addresses; IPv6: /48s), announced
 * space only, each address counted once. */
#ifndef ONUS_CORE_CHAIN_H
#define ONUS_CORE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

#define CHAIN_NONE UINT32_MAX

struct chain {
	uint32_t prefix, as, org; /* CHAIN_NONE where nobody is known */
	uint64_t block_size;	  /* of the /24 (256) or /48 (1), announced or not */
	uint64_t part_size;	  /* of this AS within the /20 (IPv6: /44) around the address */
	uint64_t prefix_size;	  /* of the merged prefix */
	uint64_t sixteen_size;	  /* of this AS within the /16 (IPv6: /32) around the address */
	uint64_t as_size;
	uint64_t org_size;
	char country[3]; /* "" when not known */
};

/* chain_fn - the chain of one address; ctx is the registry */
typedef void chain_fn(const void *ctx, struct addr a, struct chain *ret);

/* struct space - one row of the announced space: a whole merged prefix, or a piece of one where its
 * country changes. Rows do not overlap; those of one prefix lie side by side. The judge adds their
 * sizes up, so that they are counted once and evidence and size always agree. */
struct space {
	struct range range;
	uint32_t prefix, as, org; /* indexes; org may be CHAIN_NONE */
	char country[3];	  /* "" when not known */
};

/* space_fn - row number index of the announced space, from 0; false past the last one */
typedef bool space_fn(const void *ctx, uint32_t index, struct space *ret);

/* delegation_fn - whose part of a prefix an announced address is in: 1 + index of the narrowest network around it that
 * holds whole blocks (/24, IPv6 /48), is a part of the prefix and no wider than a /20 (IPv6 /44); 0: of none
 * last  from the address on the last one of which the same is true: the end of a block, or of the prefix
 * ctx   the registry */
typedef uint32_t delegation_fn(const void *ctx, struct addr a, struct addr *last);

/* network_fn - 1 + index of the narrowest network around an address that holds whole blocks, announced or not, however
 * wide it is; 0: none does
 * last  from the address on the last one of which the same is true; it is not sought beyond what last is before
 * above_fn - 1 + index of the narrowest such network around one of them; 0: none is
 * ctx   the registry */
typedef uint32_t network_fn(const void *ctx, struct addr a, struct addr *last);
typedef uint32_t above_fn(const void *ctx, uint32_t network);

#endif
