/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file as it lies on disk, little-endian; private to its writer and its reader.
 * doc/contracts/registry-file.md says the same in words. */
#ifndef ONUS_HOLDERS_REGISTRY_FORMAT_H
#define ONUS_HOLDERS_REGISTRY_FORMAT_H

#include <stdint.h>

#include "holders/registry.h"

#define REG_MAGIC   "ONUSREG\n"
#define REG_VERSION 4u
#define REG_CHECK                                                                                  \
	1u /* counts on whenever the check finds what it did not find before: stamps end */
#define REG_SUMMED_FROM 32u /* the checksum covers everything from here */
#define REG_ALIGN	64u
#define REG_FILE_MAX	(UINT64_C(1) << 32)
#define REG_ROWS_MAX	(UINT32_C(1) << 29)
#define REG_TEXT_MAX	1024u /* bytes of one text */
#define REG_TEXTS_MAX	((size_t)REG_ROWS_MAX - 1)

enum reg_section {
	REG_LPM,   /* 64 bytes a row; the compiled address table, value: a place */
	REG_PLACE, /* struct reg_place: the announced space in pieces, IPv4 first, ascending, then one
	                * for each country that has space nobody announces */
	REG_SPACE4, /* uint32_t first address of places 0 … n-1 */
	REG_SPACE6, /* struct reg_first6 of places n …; a piece ends where the next one of its prefix
	                * begins, or where its prefix ends */
	REG_PREFIX4,	/* struct reg_prefix4, ascending, disjoint: prefixes 0 … n-1 */
	REG_PREFIX6,	/* struct reg_prefix6, ascending, disjoint: prefixes n … */
	REG_AS,		/* struct reg_as, ascending by number */
	REG_ORG,	/* struct reg_org, ascending by handle, bytewise */
	REG_AS_PREFIX,	/* uint32_t prefix, grouped by AS, ascending within */
	REG_ORG_AS,	/* uint32_t AS, grouped by organisation, ascending within */
	REG_ORG_HOLDER, /* uint32_t holder, grouped by organisation, ascending within */
	REG_ORG_LINK,	/* struct reg_org_link, grouped by the organisation of a */
	REG_ORG_ALIAS,	/* struct reg_org_alias, ascending by handle, bytewise */
	REG_COUNTRY,	/* struct reg_country, ascending */
	REG_INPUT,	/* struct reg_input */
	REG_TOP4, /* uint32_t cut in force where each /20 begins, and one more behind the last; no rows
	               * where there are no IPv4 networks */
	REG_CUT4,    /* uint32_t first address of a stretch, ascending from 0 */
	REG_CUT4_AT, /* uint32_t narrowest network there, or NONE */
	REG_LPM6,    /* 64 bytes a row; the same for IPv6, compiled; no rows where there are none */
	REG_NET4,    /* struct reg_net4: ranges of networks 0 … n-1 */
	REG_NET6,    /* struct reg_net6: ranges of networks n … */
	REG_NETWORK, /* struct reg_network, ascending by first address, wider ones first; those of one
	               * range side by side, the one held in highest regard first */
	REG_NET_TOLD, /* struct reg_net_told: of networks 0 … n-1 */
	REG_NET_KEY, /* uint64_t, ascending: upper half of registry_key, and in the lower half a network */
	REG_HOLDER,	 /* struct reg_holder */
	REG_HOLDER_KEY,	 /* uint64_t, ascending: as REG_NET_KEY, and in the lower half a holder */
	REG_CONTACT,	 /* struct reg_contact */
	REG_ORPHAN,	 /* struct reg_orphan */
	REG_LABEL,	 /* struct reg_text; the first is empty */
	REG_TEXT,	 /* bytes */
	REG_GEOFEED,	 /* struct reg_geofeed, ascending, disjoint */
	REG_RIVAL,	 /* struct reg_rival, ascending; ranges are the same or disjoint */
	REG_AS_SAID,	 /* struct reg_said of ASes, ascending by AS and field */
	REG_HOLDER_SAID, /* struct reg_said of holders, likewise */
	REG_SECTIONS
};

struct reg_text {
	uint32_t at, len;
};

struct reg_head {
	char magic[8];
	uint32_t version, head_bytes;
	uint64_t file_bytes;
	uint64_t sum;	/* XXH3-64, seed 0, of everything from REG_SUMMED_FROM */
	int64_t date_s; /* of the newest origin input */
	uint64_t v4_addresses, v6_blocks;
	struct reg_text attribution; /* the inputs' sentences, joined */
	struct reg_extent {
		uint64_t offset;
		uint32_t rows, row_bytes;
	} section[REG_SECTIONS];
};
_Static_assert(sizeof(struct reg_head) == 64 + 16 * REG_SECTIONS, "no holes");

/* Two letters, the first in the low byte; 0: not known. */
typedef uint32_t reg_country_code;

struct reg_place { /* what a lookup finds: a piece of one prefix registered in one country */
	uint32_t prefix, as, org;
	reg_country_code country;
};
_Static_assert(sizeof(struct reg_place) == 16, "no holes");

struct reg_first6 {
	uint64_t hi, lo;
};
_Static_assert(sizeof(struct reg_first6) == 16, "no holes");

struct reg_prefix4 {
	uint32_t first, last, as;
	reg_country_code country;
};
_Static_assert(sizeof(struct reg_prefix4) == 16, "no holes");

struct reg_prefix6 {
	uint64_t first_hi, first_lo, last_hi, last_lo;
	uint32_t as;
	reg_country_code country;
};
_Static_assert(sizeof(struct reg_prefix6) == 40, "no holes");

struct reg_as {
	uint32_t asn, org;
	struct reg_text name;
	uint64_t v4_addresses, v6_blocks;
	uint32_t first_prefix, n_prefix, n_prefix4; /* in REG_AS_PREFIX; the IPv4 ones come first */
	reg_country_code country;
	uint32_t holder, abuse; /* REG_HOLDER, REG_CONTACT, as the registries say; or NONE */
};
_Static_assert(sizeof(struct reg_as) == 56, "no holes");

struct reg_org {
	struct reg_text handle, name;
	uint64_t v4_addresses, v6_blocks;
	uint32_t first_as, n_as;	 /* in REG_ORG_AS */
	uint32_t first_holder, n_holder; /* in REG_ORG_HOLDER */
	uint32_t first_link,
	    n_link; /* in REG_ORG_LINK: those that joined its members, then those to whom
					  * it is kept apart */
	reg_country_code country;
	uint32_t zero;
};
_Static_assert(sizeof(struct reg_org) == 64, "no holes");

struct reg_org_link {  /* two members, as ASes, or from the number of ASes on as holders */
	uint32_t a, b; /* a is of the organisation; b too, unless it is kept apart */
	uint32_t rule; /* enum org_rule */
	struct reg_text
	    why; /* what the join rests on: a handle, an id, a domain, a name, a reason */
};
_Static_assert(sizeof(struct reg_org_link) == 20, "no holes");

struct reg_org_alias { /* another handle that means the organisation */
	struct reg_text handle;
	uint32_t org;
};
_Static_assert(sizeof(struct reg_org_alias) == 12, "no holes");

struct reg_country {
	reg_country_code code;
	uint32_t zero;
	uint64_t v4_addresses, v6_blocks;
};
_Static_assert(sizeof(struct reg_country) == 24, "no holes");

struct reg_net4 {
	uint32_t first, last;
};
_Static_assert(sizeof(struct reg_net4) == 8, "no holes");

struct reg_net6 {
	uint64_t first_hi, first_lo, last_hi, last_lo;
};
_Static_assert(sizeof(struct reg_net6) == 32, "no holes");

struct reg_network {	 /* what a walk up the chain needs, and no more: four fill a cache line */
	uint32_t parent; /* the narrowest network around it, always an earlier row; or NONE */
	uint32_t holder, abuse; /* or NONE */
	uint16_t country;	/* two letters or 0 */
	uint16_t depth;		/* networks around it */
};
_Static_assert(sizeof(struct reg_network) == 16, "no holes");

struct reg_net_told { /* the rest of the same row */
	struct reg_text handle, name;
	uint16_t created, changed; /* days since 1970 or 0 */
	uint16_t source, status;   /* in REG_LABEL */
};
_Static_assert(sizeof(struct reg_net_told) == 24, "no holes");

#define REG_DEPTH_MAX  64u
#define REG_TOP4_SHIFT 12u
#define REG_TOP4_ROWS  ((UINT32_C(1) << 20) + 1)

struct reg_holder {
	struct reg_text handle, name, address; /* the address in lines */
	uint32_t abuse;			       /* or NONE */
	uint16_t country, source;
	uint32_t told; /* enum reg_told */
	uint32_t org;  /* or NONE: it alone */
};
_Static_assert(sizeof(struct reg_holder) == 40, "no holes");

enum reg_told {
	HOLDER_NAMED,  /* by its handle, in records of what it holds */
	HOLDER_TOLD,   /* a record of the registry is about it */
	HOLDER_OPAQUE, /* an id that statistics give to what it holds */
	HOLDER_TOLD_N
};

struct reg_contact {
	struct reg_text handle, mail, name; /* the handle may be empty, the mail is not */
	uint16_t source_state; /* in the lower 12 bits REG_LABEL, above them enum mailbox_state */
	uint16_t checked;      /* the day of that, since 1970, or 0 */
};
_Static_assert(sizeof(struct reg_contact) == 28, "no holes");
#define REG_STATE_SHIFT 12u
#define REG_SOURCE_MASK 0xfffu

struct reg_orphan {	/* a handle that resolved to nothing */
	uint32_t kind;	/* enum registry_orphan_kind */
	uint32_t index; /* of what named it: a network, a holder or an AS */
	struct reg_text handle;
};
_Static_assert(sizeof(struct reg_orphan) == 16, "no holes");

struct reg_geofeed { /* its holder says that it is used in that country */
	uint64_t first_hi, first_lo, last_hi, last_lo;
	reg_country_code country;
	uint32_t zero;
};
_Static_assert(sizeof(struct reg_geofeed) == 40, "no holes");

struct reg_rival { /* another origin of a piece of announced space than the one that holds */
	uint64_t first_hi, first_lo, last_hi, last_lo;
	uint32_t asn, seen; /* by so many peers; 0: not told */
	uint32_t input;	    /* which says so, or another of its kind */
	uint32_t zero;
};
_Static_assert(sizeof(struct reg_rival) == 48, "no holes");

struct reg_said {    /* what a record says of an AS or a holder, where another one's word holds */
	uint32_t of; /* row of REG_AS, of REG_HOLDER */
	uint16_t field;	       /* enum registry_said_field */
	uint16_t source;       /* REG_LABEL: who says so; HOLDER: whose handle it is */
	uint32_t input;	       /* where */
	struct reg_text value; /* not empty */
};
_Static_assert(sizeof(struct reg_said) == 20, "no holes");

struct reg_input {
	struct reg_text name, kind, attribution;
	int64_t date_s;
	uint64_t records, refused, crossing;
	char sha256[64];
};
_Static_assert(sizeof(struct reg_input) == 120, "no holes");

/* registry_of_bytes - registry_open without the file: p is 64-byte aligned and borrowed */
MUST_USE int registry_of_bytes(const void *p, size_t len, struct registry **ret, struct err *e);

/* registry_key - the hash by which REG_NET_KEY is in order: XXH3-64, seed 0, of SOURCE/HANDLE */
uint64_t registry_key(struct span source, struct span handle);

/* registry_sum - the checksum that belongs into the head of a file of len bytes */
uint64_t registry_sum(const void *p, size_t len);

/* struct blocks - counts /48s, each once, when ranges come in ascending order */
struct blocks {
	uint64_t n, next; /* next: the first block that is not counted yet */
};

static inline void blocks_add(struct blocks *b, uint64_t first_hi, uint64_t last_hi)
{
	uint64_t first = MAX_OF(first_hi >> 16, b->next), last = last_hi >> 16;

	if (first <= last) {
		b->n += last - first + 1;
		b->next = last + 1;
	}
}

#endif
