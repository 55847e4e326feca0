/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who answers: the chain of an entity, out of the publication where there is evidence, out of the
 * registry above and beside that. */
#include "prog/web/networks.h"
#include "prog/web/site.h"

#include <errno.h>

#include "util/num.h"

static void text_copy(char *to, size_t size, struct span s)
{
	size_t n = MIN_OF(span_len(s), size - 1);

	while (n > 0 && n < span_len(s) && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

/* The row of an entity that nothing is reported about. */
static void row_bare(const struct entity *en, struct row *ret)
{
	const char *colon;

	*ret = (struct row){ .kind = en->kind };
	(void)entity_format(en, ret->name);
	colon = strchr(ret->name, ':');
	(void)snprintf(ret->title, sizeof(ret->title), "%s", colon ? colon + 1 : ret->name);
	if (en->kind == ENTITY_AS) {
		ret->asn = en->asn;
		(void)snprintf(ret->title, sizeof(ret->title), "AS%u", en->asn);
	}
}

static bool find_row(struct view *v, const struct entity *en, struct row *ret)
{
	char name[ENTITY_NAME_MAX];

	(void)entity_format(en, name);
	return v && view_find(v, name, ret);
}

static void push(struct subject *s, const struct row *row)
{
	for (unsigned i = 0; i < s->n_chain; i++)
		if (strcmp(s->chain[i].name, row->name) == 0)
			return;
	if (s->n_chain < CHAIN_MAX)
		s->chain[s->n_chain++] = *row;
}

/* Everything above a row with evidence, level by level. */
static void push_parents(struct view *v, struct subject *s, unsigned from)
{
	struct row row;
	sqlite3_stmt *q;

	for (unsigned i = from; i < s->n_chain; i++) {
		if (!s->chain[i].id)
			continue;
		q = view_query(v, QUERY_PARENTS);
		(void)sqlite3_bind_int64(q, 1, s->chain[i].id);
		while (view_step(q)) {
			row_read(q, &row);
			push(s, &row);
		}
		(void)sqlite3_reset(q);
	}
}

/* One level that the registry names: with evidence it brings its own parents, and the climb is over. */
static bool push_level(
    struct view *v, struct subject *s, const struct entity *en, struct span title)
{
	struct row row;

	if (find_row(v, en, &row)) {
		push(s, &row);
		push_parents(v, s, s->n_chain - 1);
		return true;
	}
	row_bare(en, &row);
	if (!span_empty(title))
		text_copy(row.title, sizeof(row.title), title);
	push(s, &row);
	return false;
}

static bool push_org(struct view *v, struct subject *s, uint32_t org)
{
	struct registry_org o = registry_org_at(v->registry, org);
	struct entity en = { .kind = ENTITY_ORG };

	text_copy(en.handle, sizeof(en.handle), o.handle);
	return push_level(v, s, &en, o.name);
}

static bool push_as(struct view *v, struct subject *s, uint32_t as)
{
	struct registry_as a = registry_as_at(v->registry, as);
	struct entity en = entity_as(a.asn);

	if (push_level(v, s, &en, a.name))
		return true;
	return a.org != REGISTRY_NONE && push_org(v, s, a.org);
}

static void push_country(struct view *v, struct subject *s, const char *country)
{
	struct entity en = entity_country(country);

	for (unsigned i = 0; i < s->n_chain; i++)
		if (s->chain[i].kind == ENTITY_COUNTRY)
			return;
	if (country[0])
		(void)push_level(v, s, &en, (struct span){ NULL, NULL });
}

/* What the registry says of a range as a whole: nothing when it is no part of one prefix. */
static struct attribution attribute(struct view *v, struct range r)
{
	struct attribution at = { REGISTRY_NONE, REGISTRY_NONE, REGISTRY_NONE, "" };

	if (v->registry)
		registry_lookup(v->registry, r.first, &at);
	if (at.prefix == REGISTRY_NONE ||
	    range_has(registry_prefix_at(v->registry, at.prefix).range, r.last))
		return at;
	return (struct attribution){ REGISTRY_NONE, REGISTRY_NONE, REGISTRY_NONE, "" };
}

/* Above an address, block or prefix without evidence. An IPv6 host is asked for by its first
 * address. */
static void climb_range(struct view *v, struct subject *s, const struct entity *en)
{
	struct attribution at = attribute(v, en->range);
	struct entity above;

	if (en->kind == ENTITY_ADDR) {
		above = entity_block(en->range.first);
		if (push_level(v, s, &above, (struct span){ NULL, NULL }))
			return;
	}
	if (at.prefix != REGISTRY_NONE) {
		above = entity_prefix(registry_prefix_at(v->registry, at.prefix).range);
		s->exact = addr_eq(above.range.first, en->range.first) &&
			   addr_eq(above.range.last, en->range.last);
		if (!(s->exact && en->kind == ENTITY_PREFIX) &&
		    push_level(v, s, &above, (struct span){ NULL, NULL }))
			return;
	}
	if (at.as != REGISTRY_NONE)
		(void)push_as(v, s, at.as); /* evidence above or not, the country is next */
	push_country(v, s, at.country);
}

static void climb(struct view *v, struct subject *s, const struct entity *en)
{
	uint32_t at;

	if (en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX) {
		s->known = true;
		climb_range(v, s, en);
	} else if (en->kind == ENTITY_AS && v->registry) {
		at = registry_find_as(v->registry, en->asn);
		if (at == REGISTRY_NONE)
			return;
		s->known = true;
		s->n_chain = 0;
		(void)push_as(v, s, at); /* as above */
		push_country(v, s, registry_as_at(v->registry, at).country);
	} else if (en->kind == ENTITY_ORG && v->registry) {
		at = registry_find_org(v->registry, span_str(en->handle));
		if (at == REGISTRY_NONE)
			return;
		s->known = true;
		s->n_chain = 0;
		(void)push_org(v, s, at);
		push_country(v, s, registry_org_at(v->registry, at).country);
	} else if (en->kind == ENTITY_COUNTRY && v->registry) {
		uint64_t v4, v6;

		registry_country_size(v->registry, en->handle, &v4, &v6);
		s->known = v4 + v6 > 0;
	}
}

static int by_kind(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Sizes and names that the registry knows and a bare row lacks. */
static void size_up(struct view *v, struct row *row, const struct entity *en, bool exact)
{
	uint32_t at;

	if (row->id || !v->registry)
		return;
	if (en->kind == ENTITY_AS &&
	    (at = registry_find_as(v->registry, en->asn)) != REGISTRY_NONE) {
		row->announced = registry_as_at(v->registry, at).v4_addresses;
		row->announced_v6 = registry_as_at(v->registry, at).v6_blocks;
	} else if (en->kind == ENTITY_ORG &&
		   (at = registry_find_org(v->registry, span_str(en->handle))) != REGISTRY_NONE) {
		row->announced = registry_org_at(v->registry, at).v4_addresses;
		row->announced_v6 = registry_org_at(v->registry, at).v6_blocks;
	} else if (en->kind == ENTITY_COUNTRY) {
		registry_country_size(v->registry, en->handle, &row->announced, &row->announced_v6);
	} else if (en->kind == ENTITY_PREFIX && exact) {
		if (addr_is_v4(en->range.first))
			row->announced = range_units(en->range);
		else
			row->announced_v6 = range_units(en->range);
	}
}

void subject_load(struct view *v, const struct entity *en, struct subject *ret)
{
	*ret = (struct subject){ 0 };
	if (find_row(v, en, &ret->row)) {
		ret->known = true;
		push(ret, &ret->row);
		push_parents(v, ret, 0);
		push_country(v, ret, ret->row.country);
	} else {
		row_bare(en, &ret->row);
		push(ret, &ret->row);
		climb(v, ret, en);
		ret->row = ret->chain[0]; /* with the registry's title */
		size_up(v, &ret->row, en, ret->exact);
	}
	if (!ret->row.id &&
	    (en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX))
		ret->special = range_special(en->range);
	qsort(ret->chain, ret->n_chain, sizeof(ret->chain[0]), by_kind);
}

/* ---- questions ---- */

static bool ask_asn(struct span q, struct entity *ret)
{
	uint32_t asn;

	if (span_len(q) > 2 && strncasecmp(q.p, "as", 2) == 0) {
		q.p += 2;
		if (*q.p == 'n' || *q.p == 'N')
			q.p++;
		q = span_trim(q);
	}
	if (num_u32(q, UINT32_MAX, &asn) < 0 || asn == 0)
		return false;
	*ret = entity_as(asn);
	return true;
}

/* A typed prefix is the merged prefix or the block that it lies in, whichever there is. */
static void ask_prefix(struct view *v, struct range r, struct entity *ret)
{
	struct entity prefix = entity_prefix(r), block = entity_block(r.first);
	struct attribution at = { .prefix = REGISTRY_NONE };
	struct row row;

	*ret = prefix;
	if (find_row(v, &prefix, &row))
		return;
	if (range_has(block.range, r.last)) {
		*ret = block;
		return;
	}
	if (v && v->registry)
		registry_lookup(v->registry, r.first, &at);
	if (at.prefix != REGISTRY_NONE) {
		prefix = entity_prefix(registry_prefix_at(v->registry, at.prefix).range);
		if (range_has(prefix.range, r.last))
			*ret = prefix;
	}
}

bool ask(struct view *v, struct span q, struct entity *ret)
{
	struct range r;
	struct row row;

	q = span_trim(q);
	if (span_len(q) > 2 && *q.p == '[' && q.end[-1] == ']')
		q = (struct span){ q.p + 1, q.end - 1 };
	if (span_empty(q))
		return false;
	if (entity_parse(q, ret, NULL) == 0) {
		(void)seat_network(v, ret); /* most are no network, */
		(void)seat_org(v, ret);	    /* nor organisations by another handle */
		return true;
	}
	if (ask_asn(q, ret))
		return true;
	if (range_parse(q, &r) == 0) {
		if (addr_eq(r.first, r.last))
			*ret = entity_addr(r.first);
		else if (!addr_is_v4(r.first) && range_has(entity_addr(r.first).range, r.last))
			*ret = entity_addr(r.first);
		else
			ask_prefix(v, r, ret);
		return true;
	}
	if (span_len(q) == 2) {
		char cc[3] = { (char)(q.p[0] & ~0x20), (char)(q.p[1] & ~0x20), '\0' };
		struct entity en = entity_country(cc);

		if (find_row(v, &en, &row)) {
			*ret = en;
			return true;
		}
	}
	return false;
}

bool ask_words(struct span q, struct buf *out)
{
	unsigned words = 0;
	const char *p = q.p;

	while (p < q.end && words < 8) {
		const char *start = p;

		while (p < q.end && ((unsigned char)*p >= 0x80 || (*p >= '0' && *p <= '9') ||
					(*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		if (words++)
			buf_byte(out, ' ');
		buf_byte(out, '"');
		buf_put(out, start, (size_t)(p - start));
		/* the beginning of a word, unless half of all words begin so */
		buf_str(out, p - start < 3 ? "\"" : "\"*");
	}
	return words > 0 && buf_ok(out);
}
