/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ASes are one organisation. Rule "same-name": those whose names are the same but for case and
 * punctuation (entity_slug), except names that stand for nobody in particular. */
#include <errno.h>

#include "core/entity.h"
#include "holders/build_format.h"

#define SOURCE "ASNAME/"

/* Names that many unrelated holders have: they give no organisation. */
static const char *const nobody[] = { "", "reserved-as", "private", "private-customer",
	"private-person", "unknown", "n-a", "none", "test" };

struct member {
	char *slug; /* owned */
	uint32_t as;
};

static int by_slug(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;
	int c = strcmp(a->slug, b->slug);

	return c ? c : a->as < b->as ? -1 : a->as > b->as;
}

static bool stands_for_nobody(const char *slug)
{
	for (size_t i = 0; i < NELEM(nobody); i++)
		if (strcmp(slug, nobody[i]) == 0)
			return true;
	return false;
}

static int collect(const struct tables *t, struct member *m, size_t *n)
{
	for (uint32_t i = 0; i < t->n_as; i++) {
		char slug[ENTITY_HANDLE_MAX];

		(void)entity_slug(span_of(t->text.p + t->as[i].name.at, t->as[i].name.len), slug);
		if (stands_for_nobody(slug))
			continue;
		m[*n] = (struct member){ strdup(slug), i };
		if (!m[*n].slug)
			return -ENOMEM;
		(*n)++;
	}
	return 0;
}

static int by_number(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return a < b ? -1 : a > b;
}

/* /48s of all its ASes, each once: their IPv6 prefixes in ascending order. */
static int v6_blocks(const struct tables *t, const struct reg_org *o, uint64_t *ret)
{
	struct blocks own = { 0, 0 };
	uint32_t n = 0, *p;

	for (uint32_t k = 0; k < o->n_as; k++)
		n += t->as[t->org_as[o->first_as + k]].n_prefix;
	p = calloc(n + 1u, sizeof(*p));
	if (!p)
		return -ENOMEM;
	n = 0;
	for (uint32_t k = 0; k < o->n_as; k++) {
		const struct reg_as *as = &t->as[t->org_as[o->first_as + k]];

		for (uint32_t i = as->n_prefix4; i < as->n_prefix; i++)
			p[n++] = t->as_prefix[as->first_prefix + i];
	}
	qsort(p, n, sizeof(*p), by_number);
	for (uint32_t i = 0; i < n; i++) {
		const struct reg_prefix6 *q = &t->prefix6[p[i] - t->n_prefix4];

		blocks_add(&own, q->first_hi, q->last_hi);
	}
	free(p);
	*ret = own.n;
	return 0;
}

/* One organisation out of members [0, n): its largest AS gives name and country. */
static int org_make(struct tables *t, const struct member *m, size_t n)
{
	struct reg_org *o = &t->org[t->n_org];
	const struct reg_as *largest = &t->as[m[0].as];

	*o = (struct reg_org){
		.first_as = t->n_org_as, .n_as = (uint32_t)n, .handle = { (uint32_t)t->text.len, 0 }
	};
	buf_str(&t->text, SOURCE);
	buf_str(&t->text, m[0].slug);
	o->handle.len = (uint32_t)t->text.len - o->handle.at;
	for (size_t i = 0; i < n; i++) {
		struct reg_as *as = &t->as[m[i].as];

		as->org = t->n_org;
		t->org_as[t->n_org_as++] = m[i].as;
		o->v4_addresses += as->v4_addresses;
		if (as->v4_addresses > largest->v4_addresses)
			largest = as;
	}
	o->name = largest->name;
	o->country = largest->country;
	t->n_org++;
	return v6_blocks(t, o, &o->v6_blocks);
}

int tables_orgs(const struct registry_build *b, struct tables *t)
{
	struct member *m = calloc(t->n_as + 1u, sizeof(*m));
	size_t n = 0;
	int r = m ? collect(t, m, &n) : -ENOMEM;

	t->org = calloc(t->n_as + 1u, sizeof(*t->org));
	t->org_as = calloc(t->n_as + 1u, sizeof(*t->org_as));
	if (!t->org || !t->org_as)
		r = -ENOMEM;
	if (r == 0)
		qsort(m, n, sizeof(*m), by_slug);
	for (size_t i = 0, k; r == 0 && i < n; i = k) {
		for (k = i + 1; k < n && strcmp(m[i].slug, m[k].slug) == 0;)
			k++;
		r = org_make(t, m + i, k - i);
	}
	for (size_t i = 0; m && i < n; i++)
		free(m[i].slug);
	free(m);
	return r;
}
