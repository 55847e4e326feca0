/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of a build hand to each other; private to build*.c, csv.c, settle.c, tables.c. */
#ifndef ONUS_HOLDERS_BUILD_FORMAT_H
#define ONUS_HOLDERS_BUILD_FORMAT_H

#include "holders/build.h"
#include "holders/registry_format.h"
#include "net/addrmap.h"
#include "net/lpm.h"

enum input_kind { KIND_ASN, KIND_COUNTRY, KIND_N };

/* struct record - one line of an input. value: KIND_ASN an index into names, KIND_COUNTRY a country
 * code. seq counts the records in the order they came in; line and input say where it stands. */
struct record {
	struct range range;
	uint32_t value, seq, line;
	uint16_t input;
};

struct records {
	struct record *v; /* owned */
	size_t n, cap;
};

/* struct build_input - struct registry_input, owned */
struct build_input {
	char *name; /* without directories */
	enum input_kind kind;
	int64_t date_s;
	uint64_t records, refused;
	char sha256[65];
};

/* struct as_names - AS numbers in the order they came up, with the first name each was given. The map's
 * keys are (struct addr){ 1, asn }. */
struct as_names {
	struct addrmap map;
	struct reg_text *name; /* owned, [map.n]; into text */
	size_t cap;
	struct buf text;
};

struct registry_build {
	registry_refused_fn *refused;
	void *refused_ctx;
	struct records records[KIND_N];
	struct as_names names;
	struct build_input input[REGISTRY_INPUTS_MAX];
	unsigned n_input;
	uint32_t seq;
};

/* build_refuse - count and tell; reason is printf-like */
void build_refuse(struct registry_build *b, unsigned input, uint64_t line, const char *fmt, ...)
    PRINTF(4, 5);

/* csv_read - the records of one file, whose input row exists already and gets its kind */
MUST_USE int csv_read(struct registry_build *b, unsigned input, const char *path, struct err *e);

/* build_date - the date that an input gives itself: package.json beside it, a date in its name or in
 * that of its directory, else its file time */
int64_t build_date(const char *path);

/* struct stretch - one piece of a settled layer */
struct stretch {
	struct range range;
	uint32_t value;
};

struct layer {
	struct stretch *v; /* owned; ascending, disjoint; neighbours of equal value are one */
	size_t n, cap;
};

/* settle - overlaps resolved: where records overlap the narrower one holds, of equally wide ones the one
 * that came first; of records with the same range and another value the later one is refused.
 * rec is sorted in place. Returns 0 or -ENOMEM. */
MUST_USE int settle(struct registry_build *b, struct records *rec, struct layer *ret);

/* struct tables - the sections of a file that is being made; every pointer owned */
struct tables {
	struct reg_head head;
	struct lpm_entry *entry; /* [n_entry]: the address table's ranges */
	size_t n_entry, entry_cap;
	struct reg_place *place;
	struct reg_first6 *first; /* [n_place], of IPv4 too */
	size_t n_place, place_cap;
	uint32_t n_space4, n_space6;
	uint32_t *first_place; /* [n_prefix + 1]: of each prefix */
	uint32_t n_prefix, n_prefix4;
	struct reg_prefix4 *prefix4;
	struct reg_prefix6 *prefix6;
	struct reg_as *as;
	uint32_t *as_index; /* [names.map.n]: row of the AS with that index in names */
	uint32_t n_as;
	struct reg_org *org;
	uint32_t n_org, n_org_as;
	uint32_t *as_prefix, *org_as;
	struct reg_country country[26 * 26];
	uint32_t n_country;
	struct buf text;
};

/* tables_make - everything but the compiled address table, out of the settled layers */
MUST_USE int tables_make(const struct registry_build *b, const struct layer *origin,
    const struct layer *country, struct tables *t);
void tables_done(struct tables *t);

/* tables_orgs - which ASes are one organisation: sets org of every AS, and org, n_org, org_as of t */
MUST_USE int tables_orgs(const struct registry_build *b, struct tables *t);

static inline uint32_t country_index(reg_country_code c) /* 0 … 675; c is not 0 */
{
	return ((c & 255) - 'A') * 26 + ((c >> 8) - 'A');
}

static inline reg_country_code country_code(uint32_t index)
{
	return ('A' + index / 26) | ('A' + index % 26) << 8;
}

#endif
