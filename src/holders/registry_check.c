/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has to be true of a registry file before a lookup may trust it. */
#include "holders/registry_check.h"

#include <errno.h>

static const size_t row_bytes[REG_SECTIONS] = {
	[REG_LPM] = 64,
	[REG_PLACE] = sizeof(struct reg_place),
	[REG_SPACE4] = 4,
	[REG_SPACE6] = sizeof(struct reg_first6),
	[REG_PREFIX4] = sizeof(struct reg_prefix4),
	[REG_PREFIX6] = sizeof(struct reg_prefix6),
	[REG_AS] = sizeof(struct reg_as),
	[REG_ORG] = sizeof(struct reg_org),
	[REG_AS_PREFIX] = 4,
	[REG_ORG_AS] = 4,
	[REG_ORG_HOLDER] = 4,
	[REG_ORG_LINK] = sizeof(struct reg_org_link),
	[REG_ORG_ALIAS] = sizeof(struct reg_org_alias),
	[REG_COUNTRY] = sizeof(struct reg_country),
	[REG_INPUT] = sizeof(struct reg_input),
	[REG_TOP4] = 4,
	[REG_CUT4] = 4,
	[REG_CUT4_AT] = 4,
	[REG_LPM6] = 64,
	[REG_NET4] = sizeof(struct reg_net4),
	[REG_NET6] = sizeof(struct reg_net6),
	[REG_NETWORK] = sizeof(struct reg_network),
	[REG_NET_TOLD] = sizeof(struct reg_net_told),
	[REG_NET_KEY] = 8,
	[REG_HOLDER] = sizeof(struct reg_holder),
	[REG_HOLDER_KEY] = 8,
	[REG_CONTACT] = sizeof(struct reg_contact),
	[REG_ORPHAN] = sizeof(struct reg_orphan),
	[REG_LABEL] = sizeof(struct reg_text),
	[REG_TEXT] = 1,
	[REG_GEOFEED] = sizeof(struct reg_geofeed),
	[REG_RIVAL] = sizeof(struct reg_rival),
	[REG_AS_SAID] = sizeof(struct reg_said),
	[REG_HOLDER_SAID] = sizeof(struct reg_said),
};

static int refuse(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG,
	    "the registry file is damaged (%s); build it again with `onus registry build`", what);
}

int registry_check_head(const void *p, size_t len, struct err *e)
{
	const struct reg_head *h = p;

	if (len < sizeof(*h) || memcmp(h->magic, REG_MAGIC, sizeof(h->magic)) != 0)
		return err_set(
		    e, -EBADMSG, "this is no registry file; `onus registry build` makes one");
	if (h->version != REG_VERSION)
		return err_set(e, -EBADMSG,
		    "registry file version %u, this program reads %u; build it again with "
		    "`onus registry build` of this release",
		    h->version, REG_VERSION);
	if (h->head_bytes != sizeof(*h) || h->file_bytes != len)
		return refuse(e, "it is cut, or something was added");
	return 0;
}

static int sections_check(const struct reg_head *h, size_t len, struct err *e)
{
	uint64_t at = sizeof(*h);

	for (size_t i = 0; i < REG_SECTIONS; i++) {
		const struct reg_extent *x = &h->section[i];

		at = (at + REG_ALIGN - 1) & ~(uint64_t)(REG_ALIGN - 1);
		if (x->offset != at || x->row_bytes != row_bytes[i] || at > len ||
		    x->rows > (len - at) / x->row_bytes || x->rows > REG_ROWS_MAX)
			return refuse(e, "a section does not fit");
		at += (uint64_t)x->rows * x->row_bytes;
	}
	return at == len ? 0 : refuse(e, "it does not end where its sections do");
}

static const void *section(const struct reg_head *h, enum reg_section s, uint32_t *ret_rows)
{
	*ret_rows = h->section[s].rows;
	return (const char *)h + h->section[s].offset;
}

static void sections_find(const struct reg_head *h, struct registry *r)
{
	r->head = h;
	r->place = section(h, REG_PLACE, &r->n_place);
	r->space4 = section(h, REG_SPACE4, &r->n_space4);
	r->space6 = section(h, REG_SPACE6, &r->n_space6);
	r->prefix4 = section(h, REG_PREFIX4, &r->n_prefix4);
	r->prefix6 = section(h, REG_PREFIX6, &r->n_prefix6);
	r->as = section(h, REG_AS, &r->n_as);
	r->org = section(h, REG_ORG, &r->n_org);
	r->as_prefix = section(h, REG_AS_PREFIX, &r->n_as_prefix);
	r->org_as = section(h, REG_ORG_AS, &r->n_org_as);
	r->org_holder = section(h, REG_ORG_HOLDER, &r->n_org_holder);
	r->org_link = section(h, REG_ORG_LINK, &r->n_org_link);
	r->org_alias = section(h, REG_ORG_ALIAS, &r->n_org_alias);
	r->country = section(h, REG_COUNTRY, &r->n_country);
	r->input = section(h, REG_INPUT, &r->n_input);
	r->top4 = section(h, REG_TOP4, &r->n_top4);
	r->cut4 = section(h, REG_CUT4, &r->n_cut4);
	r->cut4_at = section(h, REG_CUT4_AT, &r->n_cut4_at);
	r->n_lpm6 = h->section[REG_LPM6].rows;
	r->net4 = section(h, REG_NET4, &r->n_net4);
	r->net6 = section(h, REG_NET6, &r->n_net6);
	r->network = section(h, REG_NETWORK, &r->n_network);
	r->net_told = section(h, REG_NET_TOLD, &r->n_net_told);
	r->net_key = section(h, REG_NET_KEY, &r->n_net_key);
	r->holder = section(h, REG_HOLDER, &r->n_holder);
	r->holder_key = section(h, REG_HOLDER_KEY, &r->n_holder_key);
	r->contact = section(h, REG_CONTACT, &r->n_contact);
	r->orphan = section(h, REG_ORPHAN, &r->n_orphan);
	r->geofeed = section(h, REG_GEOFEED, &r->n_geofeed);
	r->rival = section(h, REG_RIVAL, &r->n_rival);
	r->as_said = section(h, REG_AS_SAID, &r->n_as_said);
	r->holder_said = section(h, REG_HOLDER_SAID, &r->n_holder_said);
	r->label = section(h, REG_LABEL, &r->n_label);
	r->text = section(h, REG_TEXT, &r->n_text);
}

static bool prefixes_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_prefix4; i++) {
		const struct reg_prefix4 *p = &r->prefix4[i];

		if (p->first > p->last || p->as >= r->n_as || !country_ok(p->country) ||
		    (i > 0 && p[-1].last >= p->first))
			return false;
	}
	for (uint32_t i = 0; i < r->n_prefix6; i++) {
		const struct reg_prefix6 *p = &r->prefix6[i];
		struct addr first = { p->first_hi, p->first_lo }, last = { p->last_hi, p->last_lo };

		/* IPv6 is 2000::/3 here, so that the families never mix */
		if (first.hi >> 61 != 1 || last.hi >> 61 != 1 || addr_cmp(first, last) > 0 ||
		    p->as >= r->n_as || !country_ok(p->country) ||
		    (i > 0 && addr_cmp((struct addr){ p[-1].last_hi, p[-1].last_lo }, first) >= 0))
			return false;
	}
	return true;
}

/* The pieces tile the prefixes: each prefix has its own, in order, from its first address on. */
static bool pieces_ok(const struct registry *r)
{
	uint32_t n = r->n_space4 + r->n_space6, prefix = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++) {
		const struct reg_place *p = &r->place[i];
		struct addr first = registry_piece_first(r, i);
		struct registry_prefix whole;

		if (p->prefix != prefix && p->prefix != prefix + 1)
			return false;
		if (p->prefix >= registry_n_prefix(r) ||
		    (i < r->n_space4) != (p->prefix < r->n_prefix4))
			return false;
		whole = registry_prefix_at(r, p->prefix);
		if (p->prefix != prefix ? !addr_eq(first, whole.range.first)
					: addr_cmp(first, registry_piece_first(r, i - 1)) <= 0)
			return false;
		if (addr_cmp(first, whole.range.last) > 0 || p->as != whole.as)
			return false;
		prefix = p->prefix;
	}
	return prefix + 1 == registry_n_prefix(r);
}

static bool places_ok(const struct registry *r)
{
	uint32_t n = r->n_space4 + r->n_space6;

	if (n > r->n_place || !pieces_ok(r))
		return false;
	for (uint32_t i = 0; i < r->n_place; i++) {
		const struct reg_place *p = &r->place[i];

		if (!country_ok(p->country))
			return false;
		if (i < n ? p->org != r->as[p->as].org
			  : p->prefix != REGISTRY_NONE || p->as != REGISTRY_NONE ||
				p->org != REGISTRY_NONE)
			return false;
	}
	return true;
}

static bool as_list_ok(const struct registry *r, const struct reg_as *a, uint32_t index)
{
	for (uint32_t i = 0; i < a->n_prefix; i++) {
		uint32_t p = r->as_prefix[a->first_prefix + i];

		if (p >= registry_n_prefix(r) || registry_prefix_at(r, p).as != index ||
		    (i > 0 && r->as_prefix[a->first_prefix + i - 1] >= p) ||
		    (i < a->n_prefix4) != (p < r->n_prefix4))
			return false;
	}
	return true;
}

static bool ases_ok(const struct registry *r)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < r->n_as; i++) {
		const struct reg_as *a = &r->as[i];

		if (a->asn == 0 || (i > 0 && a[-1].asn >= a->asn) || !text_ok(r, a->name) ||
		    (a->org != REGISTRY_NONE && a->org >= r->n_org) || !country_ok(a->country))
			return false;
		if ((a->holder != REGISTRY_NONE && a->holder >= r->n_holder) ||
		    (a->abuse != REGISTRY_NONE && a->abuse >= r->n_contact))
			return false;
		if (a->first_prefix != next || a->n_prefix > r->n_as_prefix - next ||
		    a->n_prefix4 > a->n_prefix || !as_list_ok(r, a, i))
			return false;
		next += a->n_prefix;
	}
	return next == r->n_as_prefix && next == registry_n_prefix(r);
}

static bool rest_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_country; i++)
		if (r->country[i].code == 0 || !country_ok(r->country[i].code))
			return false;
	for (uint32_t i = 0; i < r->n_input; i++)
		if (!text_ok(r, r->input[i].name) || !text_ok(r, r->input[i].kind) ||
		    !text_ok(r, r->input[i].attribution))
			return false;
	return text_ok(r, r->head->attribution);
}

/* A table of addresses, when its section is inside; there may be none of networks. */
static int table_map(const struct reg_head *h, enum reg_section s, struct lpm *ret, struct err *e)
{
	const struct reg_extent *x = &h->section[s];
	int code = x->rows == 0 && s == REG_LPM6
		       ? 0
		       : lpm_map((const char *)h + x->offset, (size_t)x->rows * 64, ret, e);

	return code < 0 ? err_wrap(e, code, "the registry file is damaged") : 0;
}

int registry_lay(const void *p, size_t len, struct registry *r, struct err *e)
{
	const struct reg_head *h = p;
	int code;

	if (len < sizeof(*h) || (uintptr_t)p % REG_ALIGN != 0)
		return err_set(
		    e, -EBADMSG, "this is no registry file; `onus registry build` makes one");
	code = registry_check_head(h, len, e);
	if (code == 0)
		code = sections_check(h, len, e);
	if (code < 0)
		return code;
	sections_find(h, r);
	code = table_map(h, REG_LPM, &r->lpm, e);
	return code < 0 ? code : table_map(h, REG_LPM6, &r->lpm6, e);
}

int registry_check(struct registry *r, struct err *e)
{
	const struct reg_head *h = r->head;
	const struct reg_extent *lpm = &h->section[REG_LPM];
	int code;

	if (h->sum != registry_sum(h, h->file_bytes))
		return refuse(e, "its checksum is wrong");
	if (!span_utf8(span_of(r->text, r->n_text)))
		return refuse(e, "its texts are no UTF-8");
	if (!prefixes_ok(r))
		return refuse(e, "its prefixes are out of order");
	if (!ases_ok(r) || !registry_orgs_ok(r))
		return refuse(e, "its holders are out of order");
	if (!places_ok(r) || !rest_ok(r) || !registry_rivals_ok(r))
		return refuse(e, "its places are out of order");
	if (!registry_said_ok(r))
		return refuse(e, "what is said besides is out of order");
	code =
	    lpm_open((const char *)h + lpm->offset, (size_t)lpm->rows * 64, r->n_place, &r->lpm, e);
	if (code < 0)
		return err_wrap(e, code, "the registry file is damaged");
	return registry_check_networks(r, e);
}
