/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reputation file's layout, shared by its writer and its reader only. What stands at which offset
 * is in doc/contracts/reputation-file.md; the numbers in both files are those of that page. */
#ifndef ONUS_PUBLICATION_REPUTATION_FORMAT_H
#define ONUS_PUBLICATION_REPUTATION_FORMAT_H

#include <stdint.h>

#include "core/entity.h"

#define REP_MAGIC	  "ONUSREP\n"
#define REP_HEADER_BYTES  288u
#define REP_ROW_BYTES	  96u
#define REP_SUMMED_FROM	  32u
#define REP_SEGMENT_TABLE 128u
#define REP_STRING_MAX	  500u

enum rep_segment {
	REP_ADDR4,
	REP_ADDR6,
	REP_BLOCK4,
	REP_BLOCK6,
	REP_NET,
	REP_PREFIX4,
	REP_PREFIX6,
	REP_AS,
	REP_ORG,
	REP_COUNTRY,
	REP_SEGMENT_N
};

static const struct {
	enum entity_kind kind;
	uint32_t key_bytes;
} rep_segments[REP_SEGMENT_N] = {
	[REP_ADDR4] = { ENTITY_ADDR, 4 },
	[REP_ADDR6] = { ENTITY_ADDR, 8 },
	[REP_BLOCK4] = { ENTITY_BLOCK, 4 },
	[REP_BLOCK6] = { ENTITY_BLOCK, 8 },
	[REP_PREFIX4] = { ENTITY_PREFIX, 8 },
	[REP_PREFIX6] = { ENTITY_PREFIX, 32 },
	[REP_AS] = { ENTITY_AS, 4 },
	[REP_NET] = { ENTITY_NET, 4 },
	[REP_ORG] = { ENTITY_ORG, 4 },
	[REP_COUNTRY] = { ENTITY_COUNTRY, 4 },
};

enum { REP_HEAD_SIMULATED = 1, REP_HEAD_PROVISIONAL = 2, REP_HEAD_FLAGS = 3 };
enum { REP_ROW_PROVISIONAL = 1, REP_ROW_SCORED = 2, REP_ROW_FLAGS = 3 };

/* The layout that a file with these numbers must have. */
struct rep_layout {
	uint64_t keys[REP_SEGMENT_N], rows, strings, end;
	uint32_t
	    base[REP_SEGMENT_N + 1]; /* first row of each segment; the last is the number of rows */
};

/* rep_layout_of - from the number of keys of each segment; -EOVERFLOW past the maxima */
MUST_USE int rep_layout_of(
    const uint32_t n[REP_SEGMENT_N], uint64_t strings_bytes, struct rep_layout *ret);

#endif
