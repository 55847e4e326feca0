/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opened file and the check that it passed; private to the reader. */
#ifndef ONUS_HOLDERS_REGISTRY_CHECK_H
#define ONUS_HOLDERS_REGISTRY_CHECK_H

#include "holders/registry_format.h"
#include "net/lpm.h"
#include "util/file.h"

struct registry {
	struct file_map map; /* owned; empty when the bytes are somebody else's */
	enum registry_proof proof;
	const struct reg_head *head;
	uint32_t *origin; /* owned: AS number by place, 0: none; NULL before registry_origins */
	struct lpm lpm;
	const struct reg_place *place;
	const uint32_t *space4;
	const struct reg_first6 *space6;
	const struct reg_prefix4 *prefix4;
	const struct reg_prefix6 *prefix6;
	const struct reg_as *as;
	const struct reg_org *org;
	const uint32_t *as_prefix, *org_as, *org_holder;
	const struct reg_org_link *org_link;
	const struct reg_org_alias *org_alias;
	const struct reg_country *country;
	const struct reg_input *input;
	const uint32_t *top4, *cut4, *cut4_at;
	struct lpm lpm6;
	const struct reg_net4 *net4;
	const struct reg_net6 *net6;
	const struct reg_network *network;
	const struct reg_net_told *net_told;
	const uint64_t *net_key, *holder_key;
	const struct reg_holder *holder;
	const struct reg_contact *contact;
	const struct reg_orphan *orphan;
	const struct reg_geofeed *geofeed;
	const struct reg_rival *rival;
	const struct reg_said *as_said, *holder_said;
	const struct reg_text *label;
	const char *text;
	uint32_t n_top4, n_cut4, n_cut4_at, n_lpm6, n_net4, n_net6, n_network, n_net_told,
	    n_net_key, n_holder, n_contact, n_orphan, n_geofeed, n_rival, n_label, n_as_said,
	    n_holder_said;
	uint32_t n_place, n_space4, n_space6, n_prefix4, n_prefix6, n_as, n_org, n_as_prefix,
	    n_org_as, n_org_holder, n_org_link, n_org_alias, n_holder_key, n_country, n_input,
	    n_text;
};

/* registry_lay - point r into the file: its head holds, and every section is inside
 * Returns 0 or -EBADMSG with what is wrong and what to do. */
MUST_USE int registry_lay(const void *p, size_t len, struct registry *r, struct err *e);

/* registry_check - prove that the checksum and every index, extent and order in the rows hold
 * Returns as registry_lay, which comes first. */
MUST_USE int registry_check(struct registry *r, struct err *e);

/* registry_check_head - what can be told at once: a registry file, of this version, of this length */
MUST_USE int registry_check_head(const void *p, size_t len, struct err *e);

/* registry_map - the file, unchecked; as file_map_stat, with what to do where there is none */
MUST_USE int registry_map(const char *path, struct file_map *ret, struct stat *st, struct err *e);

/* registry_check_networks - the same for what is known of networks, when sections and texts are checked
 * Returns 0 or -EBADMSG. */
MUST_USE int registry_check_networks(struct registry *r, struct err *e);

/* registry_orgs_ok - the same for organisations and their members, when sections and texts are checked */
bool registry_orgs_ok(const struct registry *r);

/* registry_rivals_ok - the same for origins besides those that hold */
bool registry_rivals_ok(const struct registry *r);

/* registry_said_ok - the same for what is said of ASes and holders besides */
bool registry_said_ok(const struct registry *r);

/* text_ok - a text inside the section of texts, which as a whole was proved to be UTF-8 */
static inline bool text_ok(const struct registry *r, struct reg_text t)
{
	return t.len <= REG_TEXT_MAX && t.at <= r->n_text && t.len <= r->n_text - t.at &&
	       (t.len == 0 ||
		   ((r->text[t.at] & 0xc0) != 0x80 &&
		       (t.at + t.len == r->n_text || (r->text[t.at + t.len] & 0xc0) != 0x80)));
}

static inline bool country_ok(reg_country_code c)
{
	unsigned a = c & 255, b = c >> 8;

	return c == 0 || (a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z');
}

static inline void country_text(reg_country_code c, char ret[3])
{
	ret[0] = (char)(c & 255);
	ret[1] = (char)(c >> 8);
	ret[2] = '\0';
}

static inline struct span text_of(const struct registry *r, struct reg_text t)
{
	return span_of(r->text + t.at, t.len);
}

static inline struct range registry_net_range(const struct registry *r, uint32_t i)
{
	const struct reg_net6 *n;

	if (i < r->n_net4)
		return (struct range){ addr_of_v4(r->net4[i].first), addr_of_v4(r->net4[i].last) };
	n = &r->net6[i - r->n_net4];
	return (struct range){ { n->first_hi, n->first_lo }, { n->last_hi, n->last_lo } };
}

static inline bool registry_net_same(const struct registry *r, uint32_t a, uint32_t b)
{
	struct range x = registry_net_range(r, a), y = registry_net_range(r, b);

	return addr_eq(x.first, y.first) && addr_eq(x.last, y.last);
}

static inline struct addr registry_piece_first(const struct registry *r, uint32_t place)
{
	if (place < r->n_space4)
		return addr_of_v4(r->space4[place]);
	return (
	    struct addr){ r->space6[place - r->n_space4].hi, r->space6[place - r->n_space4].lo };
}

#endif
