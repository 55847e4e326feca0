/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file, read. registry_check.c is what lets everything here trust it. */
#include "holders/registry.h"

#include <errno.h>

#include "holders/proven.h"
#include "holders/registry_check.h"
#include "util/file.h"

static int open_bytes(
    const void *p, size_t len, enum registry_proof proof, struct registry **ret, struct err *e)
{
	struct registry *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return err_set(e, -ENOMEM, "out of memory");
	r->proof = proof;
	code = registry_lay(p, len, r, e);
	if (code == 0 && proof != PROOF_STAMP)
		code = registry_check(r, e);
	if (code < 0) {
		free(r);
		return code;
	}
	*ret = r;
	return 0;
}

int registry_of_bytes(const void *p, size_t len, struct registry **ret, struct err *e)
{
	return open_bytes(p, len, PROOF_NO_STAMP, ret, e);
}

int registry_map(const char *path, struct file_map *ret, struct stat *st, struct err *e)
{
	int code = file_map_stat(path, ret, st, e);

	if (code == -ENOENT)
		return err_set(e, code,
		    "there is no registry %s; `onus registry build -o %s INPUT…` makes one", path,
		    path);
	return code;
}

static int open_map(const char *path, struct file_map map, enum registry_proof proof,
    struct registry **ret, struct err *e)
{
	int code = open_bytes(map.p, map.len, proof, ret, e);

	if (code < 0) {
		file_unmap(&map);
		return err_wrap(e, code, "%s", path);
	}
	(*ret)->map = map;
	return 0;
}

int registry_open(const char *path, struct registry **ret, struct err *e)
{
	struct file_map map;
	struct stat st;
	int code = registry_map(path, &map, &st, e);

	return code < 0 ? code : open_map(path, map, proven_look(path, &st), ret, e);
}

int registry_open_copy(const char *path, struct registry **ret, struct err *e)
{
	struct file_map map;
	int code = file_map_copy(path, &map, e);

	return code < 0 ? code : open_map(path, map, PROOF_NO_STAMP, ret, e);
}

struct registry *registry_free(struct registry *r)
{
	if (!r)
		return NULL;
	file_unmap(&r->map);
	free(r->origin);
	free(r);
	return NULL;
}

enum registry_proof registry_proof(const struct registry *r)
{
	return r->proof;
}

struct span registry_bytes(const struct registry *r)
{
	return span_of((const char *)r->map.p, r->map.len);
}

uint32_t registry_place(const struct registry *r, struct addr a)
{
	uint32_t at = lpm_find(&r->lpm, a);

	return at == LPM_NONE ? REGISTRY_NONE : at;
}

uint32_t registry_n_place(const struct registry *r)
{
	return r->n_place;
}

void registry_place_at(const struct registry *r, uint32_t place, struct attribution *ret)
{
	const struct reg_place *p = &r->place[place];

	ret->prefix = p->prefix;
	ret->as = p->as;
	ret->org = p->org;
	country_text(p->country, ret->country);
}

void registry_lookup(const struct registry *r, struct addr a, struct attribution *ret)
{
	uint32_t at = lpm_find(&r->lpm, a);

	if (at == LPM_NONE)
		*ret = (struct attribution){ REGISTRY_NONE, REGISTRY_NONE, REGISTRY_NONE, "" };
	else
		registry_place_at(r, at, ret);
}

int registry_origins(struct registry *r, struct err *e)
{
	uint32_t *origin = r->origin ? r->origin : calloc(r->n_place + 1u, sizeof(*origin));

	if (!origin)
		return err_set(e, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < r->n_place; i++)
		if (r->place[i].as != REGISTRY_NONE)
			origin[i] = r->as[r->place[i].as].asn;
	r->origin = origin;
	return 0;
}

uint32_t registry_origin(const struct registry *r, struct addr a)
{
	/* LPM_NONE is beyond all places; the row behind the last one says nobody, without a branch that
	 * nobody can predict. */
	uint32_t at = lpm_find(&r->lpm, a);

	return at == LPM_NONE ? 0 : r->origin[at];
}

uint32_t registry_n_prefix(const struct registry *r)
{
	return r->n_prefix4 + r->n_prefix6;
}

uint32_t registry_n_as(const struct registry *r)
{
	return r->n_as;
}

uint32_t registry_n_org(const struct registry *r)
{
	return r->n_org;
}

struct registry_prefix registry_prefix_at(const struct registry *r, uint32_t index)
{
	struct registry_prefix ret;

	if (index < r->n_prefix4) {
		const struct reg_prefix4 *p = &r->prefix4[index];

		ret.range = (struct range){ addr_of_v4(p->first), addr_of_v4(p->last) };
		ret.as = p->as;
		country_text(p->country, ret.country);
	} else {
		const struct reg_prefix6 *p = &r->prefix6[index - r->n_prefix4];

		ret.range =
		    (struct range){ { p->first_hi, p->first_lo }, { p->last_hi, p->last_lo } };
		ret.as = p->as;
		country_text(p->country, ret.country);
	}
	return ret;
}

struct registry_as registry_as_at(const struct registry *r, uint32_t index)
{
	const struct reg_as *a = &r->as[index];
	struct registry_as ret = { .asn = a->asn,
		.org = a->org,
		.name = text_of(r, a->name),
		.v4_addresses = a->v4_addresses,
		.v6_blocks = a->v6_blocks,
		.holder = a->holder,
		.abuse = a->abuse };

	country_text(a->country, ret.country);
	return ret;
}

uint32_t registry_asn(const struct registry *r, uint32_t as)
{
	return r->as[as].asn;
}

uint32_t registry_find_as(const struct registry *r, uint32_t asn)
{
	uint32_t lo = 0, hi = r->n_as;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->as[mid].asn < asn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n_as && r->as[lo].asn == asn ? lo : REGISTRY_NONE;
}

uint32_t registry_as_prefixes(const struct registry *r, uint32_t as, uint32_t *first)
{
	*first = r->as[as].first_prefix;
	return r->as[as].n_prefix;
}

uint32_t registry_as_prefix(const struct registry *r, uint32_t i)
{
	return r->as_prefix[i];
}

uint64_t registry_v4_addresses(const struct registry *r)
{
	return r->head->v4_addresses;
}

uint64_t registry_v6_blocks(const struct registry *r)
{
	return r->head->v6_blocks;
}

void registry_country_size(const struct registry *r, const char *cc, uint64_t *v4, uint64_t *v6)
{
	*v4 = *v6 = 0;
	for (uint32_t i = 0; i < r->n_country; i++) {
		char code[3];

		country_text(r->country[i].code, code);
		if (strcmp(code, cc) != 0)
			continue;
		*v4 = r->country[i].v4_addresses;
		*v6 = r->country[i].v6_blocks;
		return;
	}
}

uint32_t registry_n_input(const struct registry *r)
{
	return r->n_input;
}

struct registry_input registry_input_at(const struct registry *r, uint32_t index)
{
	const struct reg_input *in = &r->input[index];
	struct registry_input ret = { .name = text_of(r, in->name),
		.kind = text_of(r, in->kind),
		.attribution = text_of(r, in->attribution),
		.date_s = in->date_s,
		.records = in->records,
		.refused = in->refused,
		.crossing = in->crossing };

	memcpy(ret.sha256, in->sha256, sizeof(in->sha256));
	return ret;
}

int64_t registry_date_s(const struct registry *r)
{
	return r->head->date_s;
}

struct span registry_attribution(const struct registry *r)
{
	return text_of(r, r->head->attribution);
}

/* The addresses (IPv6: /48s) that an AS announces within a prefix. */
static uint64_t as_within(const struct registry *r, uint32_t as, struct prefix window)
{
	const struct reg_as *a = &r->as[as];
	bool v4 = prefix_is_v4(window);
	struct range w = prefix_range(window);
	uint32_t lo = a->first_prefix + (v4 ? 0 : a->n_prefix4);
	uint32_t end = a->first_prefix + (v4 ? a->n_prefix4 : a->n_prefix), hi = end;
	struct blocks blocks = { 0, 0 };
	uint64_t n = 0;

	while (lo < hi) { /* the first that does not end before the window */
		uint32_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(registry_prefix_at(r, r->as_prefix[mid]).range.last, w.first) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < end; lo++) {
		struct range p = registry_prefix_at(r, r->as_prefix[lo]).range;

		if (addr_cmp(p.first, w.last) > 0)
			break;
		if (addr_cmp(p.first, w.first) < 0)
			p.first = w.first;
		if (addr_cmp(p.last, w.last) > 0)
			p.last = w.last;
		if (v4)
			n += range_units(p);
		else
			blocks_add(&blocks, p.first.hi, p.last.hi);
	}
	return v4 ? n : blocks.n;
}

void registry_chain(const void *ctx, struct addr a, struct chain *ret)
{
	const struct registry *r = ctx;
	struct attribution at;
	bool v4 = addr_is_v4(a);

	registry_lookup(r, a, &at);
	*ret = (struct chain){
		.prefix = at.prefix, .as = at.as, .org = at.org, .block_size = v4 ? 256 : 1
	};
	memcpy(ret->country, at.country, sizeof(ret->country));
	if (at.prefix == REGISTRY_NONE)
		return;
	ret->prefix_size = range_units(registry_prefix_at(r, at.prefix).range);
	ret->part_size = as_within(r, at.as, prefix_make(a, v4 ? 116 : 44));
	ret->sixteen_size = as_within(r, at.as, prefix_make(a, v4 ? 112 : 32));
	ret->as_size = v4 ? r->as[at.as].v4_addresses : r->as[at.as].v6_blocks;
	if (at.org != REGISTRY_NONE)
		ret->org_size = v4 ? r->org[at.org].v4_addresses : r->org[at.org].v6_blocks;
}

bool registry_space(const void *ctx, uint32_t index, struct space *ret)
{
	const struct registry *r = ctx;
	const struct reg_place *p = &r->place[index];
	uint32_t n = r->n_space4 + r->n_space6;
	struct addr next;

	if (index >= n)
		return false;
	*ret = (struct space){ .prefix = p->prefix, .as = p->as, .org = p->org };
	country_text(p->country, ret->country);
	ret->range.first = registry_piece_first(r, index);
	ret->range.last = registry_prefix_at(r, p->prefix).range.last;
	if (index + 1 < n && p[1].prefix == p->prefix) {
		next = registry_piece_first(r, index + 1);
		ret->range.last = addr_prev(next);
	}
	return true;
}
