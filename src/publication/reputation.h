/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reputation file: scores and decisions of every entity there is evidence about, compiled,
 * mapped read-only, position-independent. A lookup allocates nothing and takes no lock. Format:
 * doc/contracts/reputation-file.md. */
#ifndef ONUS_PUBLICATION_REPUTATION_H
#define ONUS_PUBLICATION_REPUTATION_H

#include "publication/standing.h"
#include "util/err.h"

#define REPUTATION_VERSION     1u
#define REPUTATION_NONE	       UINT32_MAX
#define REPUTATION_ROWS_MAX    100000000u
#define REPUTATION_STRINGS_MAX (UINT32_C(1) << 30) /* bytes */

struct reputation;

/* reputation_open - map and check the whole file: sizes, checksum, order of every key, every
 * reference Returns 0; -errno; -EBADMSG with what is wrong and what to do. */
MUST_USE int reputation_open(const char *path, struct reputation **ret, struct err *e);

/* reputation_open_memory - the same over bytes that the caller keeps until reputation_free */
MUST_USE int reputation_open_memory(
    const void *p, size_t n, struct reputation **ret, struct err *e);
struct reputation *reputation_free(struct reputation *r); /* NULL-safe, returns NULL */

/* reputation_head - texts borrow from the map */
struct publication_head reputation_head(const struct reputation *r);
uint32_t reputation_n(const struct reputation *r);

/* reputation_rows - the rows of one kind: [*first, *first + n) */
uint32_t reputation_rows(const struct reputation *r, enum entity_kind kind, uint32_t *first);

/* struct reputation_chain - row of each kind of entity around an address, REPUTATION_NONE where
 * there is no evidence about it; indexed by enum entity_kind */
struct reputation_chain {
	uint32_t at[ENTITY_KIND_N];
};

/* reputation_lookup - addr, block and prefix by the address; what is above them through the most
 * specific of them that has evidence. Thread-safe. */
void reputation_lookup(const struct reputation *r, struct addr a, struct reputation_chain *ret);

/* reputation_lookup_near - of it addr, block and prefix alone, without a look into any row */
void reputation_lookup_near(
    const struct reputation *r, struct addr a, struct reputation_chain *ret);

/* reputation_find - the row of an entity, or REPUTATION_NONE */
uint32_t reputation_find(const struct reputation *r, const struct entity *en);
uint32_t reputation_find_as(const struct reputation *r, uint32_t asn);

/* reputation_fetch - ask for the memory that looking at these n addresses of IPv4 will need, all at once; some dozens at most,
 * for they are looked at next */
void reputation_fetch(const struct reputation *r, const struct addr *v, unsigned n);

/* struct reputation_row - one row; texts borrow from the map */
struct reputation_row {
	struct entity entity;
	uint32_t parent; /* row, or REPUTATION_NONE */
	uint32_t asn;
	char country[3];
	struct span title;
	uint64_t events;
	uint32_t hosts, groups; /* saturated */
	int32_t first_day, last_day;
	bool scored; /* else the figures below are 0 and mean nothing */
	float expected, returning, ratio, low, high, score;
	float family[FAMILY_SCORED_N];
	char grade; /* 0: none */
	bool provisional;
	struct span reason;
	struct standing_decision decision; /* as written: see reputation_in_force */
};

/* reputation_kind - of the entity of a row, index below reputation_n */
enum entity_kind reputation_kind(const struct reputation *r, uint32_t index);

/* reputation_at - index below reputation_n */
void reputation_at(const struct reputation *r, uint32_t index, struct reputation_row *ret);

/* reputation_decides - is there a decision about it, in force or ended? Without a look into the row */
bool reputation_decides(const struct reputation *r, uint32_t index);

/* reputation_decision - as reputation_at has it, without all else */
void reputation_decision(const struct reputation *r, uint32_t index, struct entity *ret_entity,
    struct standing_decision *ret);

/* reputation_in_force - there is a decision and it has not ended: walls end by themselves */
static inline bool reputation_in_force(const struct reputation_row *row, int64_t now_s)
{
	return row->decision.level != LEVEL_CLEAR && now_s < row->decision.until_s;
}

/* The writer: add standings in any order, then write. Two with the same entity: -EEXIST at the end;
 * overlapping prefixes: -EINVAL. Texts are cut at their maxima, bytes that are not UTF-8 become
 * '?'. */
struct reputation_writer;
MUST_USE int reputation_writer_new(
    const struct publication_head *head, struct reputation_writer **ret, struct err *e);
struct reputation_writer *reputation_writer_free(struct reputation_writer *w);
MUST_USE int reputation_writer_add(
    struct reputation_writer *w, const struct standing *s, struct err *e);

/* reputation_writer_write - through a file beside it, synced and renamed */
MUST_USE int reputation_writer_write(struct reputation_writer *w, const char *path, struct err *e);

#endif
