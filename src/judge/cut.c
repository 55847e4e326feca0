/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

/* The place of a unit: in the row that holds it, or in the gap before the row that comes next. Units come in order,
 * so the cursor, a row, only moves on. */
static uint32_t place_of(const struct judge *j, uint32_t *row, unsigned realm, uint64_t unit)
{
	for (; *row < j->n_rows; ++*row) {
		const struct row *r = &j->rows[*row];

		if (r->realm > realm || (r->realm == realm && unit < r->first))
			return 2 * *row;
		if (r->realm == realm && unit <= r->last)
			return 2 * *row + 1;
	}
	return 2 * *row;
}

static unsigned block_shift(unsigned version)
{
	return version ? 0 : 8;
}

/* How much of a block lies within a row. */
static uint64_t units_within(const struct judge *j, uint32_t row, unsigned version, uint64_t block)
{
	uint64_t first = block << block_shift(version);
	uint64_t last = first + ((UINT64_C(1) << block_shift(version)) - 1);

	if (row == NOWHERE)
		return last - first + 1;
	return MIN_OF(last, j->rows[row].last) - MAX_OF(first, j->rows[row].first) + 1;
}

void leaf_key(const struct judge *j, uint64_t host, uint32_t *row, struct leaf *ret)
{
	unsigned version = bit_version(host), realm = bit_realm(host);
	uint64_t unit = bit_unit(host);
	uint32_t place = place_of(j, row, realm, unit);

	*ret = (struct leaf){ .block = unit >> block_shift(version),
		.row = place % 2 ? place / 2 : NOWHERE,
		.place = place,
		.version = (uint8_t)version,
		.realm = (uint8_t)realm };
	ret->units = units_within(j, ret->row, version, ret->block);
}

int leaf_cmp(const struct leaf *a, const struct leaf *b)
{
	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return a->place == b->place ? 0 : a->place < b->place ? -1 : 1;
}

int leaf_put(struct judge *j, const struct leaf *l)
{
	if (grow_u32(&j->leaves, &j->cap_leaves, (uint64_t)j->n_leaves + 1, sizeof(*j->leaves)) < 0)
		return -ENOMEM;
	j->leaves[j->n_leaves++] = *l;
	return 0;
}

static int cut(struct judge *j)
{
	uint32_t row = 0;
	struct leaf *l = NULL;

	for (size_t i = 0; i < j->bits.n;) {
		struct leaf next;
		struct days d = { 0, 0 };
		uint32_t from = (uint32_t)i;

		leaf_key(j, j->bits.v[i].host, &row, &next);
		if (!l || leaf_cmp(l, &next) != 0) {
			next.host = j->n_hosts;
			if (leaf_put(j, &next) < 0)
				return -ENOMEM;
			l = &j->leaves[j->n_leaves - 1];
		}
		j->hosts[j->n_hosts++] = from;
		host_cleaned(j, &i, &d);
		l->again += d.again;
		l->gone += d.gone;
		l->hosts++;
	}
	return 0;
}

/* The order, as cut has made the leaves: first leaf of every row and of every block. */
static int leaf_index(struct judge *j)
{
	uint32_t *order = reallocarray(j->order, (size_t)j->n_leaves + 1, sizeof(*order)),
		 hosts = 0;
	uint32_t *host_at = reallocarray(j->host_at, (size_t)j->n_leaves + 1, sizeof(*host_at));
	uint32_t *blocks = reallocarray(j->blocks, (size_t)j->n_leaves + 1, sizeof(*blocks));

	j->order = order ? order : j->order;
	j->host_at = host_at ? host_at : j->host_at;
	j->blocks = blocks ? blocks : j->blocks;
	if (!order || !host_at || !blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = &j->leaves[i], *before = i ? l - 1 : NULL;

		order[i] = i;
		host_at[i] = hosts;
		hosts += l->hosts;
		j->n_own += !is_former(l->realm);
		if (!is_former(l->realm) &&
		    (!before || before->block != l->block || before->version != l->version))
			j->blocks[j->n_blocks++] = i;
		if (l->row != NOWHERE && j->rows[l->row].n_leaf++ == 0)
			j->rows[l->row].leaf = i;
	}
	host_at[j->n_leaves] = hosts;
	j->n_order = j->n_leaves;
	j->end_hosts = j->cap_hosts = j->n_hosts;
	return 0;
}

static uint32_t count_hosts(const struct judge *j)
{
	uint32_t n = 0;

	for (size_t i = 0; i < j->bits.n; i++)
		n += i == 0 || j->bits.v[i].host != j->bits.v[i - 1].host;
	return n;
}

void leaf_forget(struct judge *j)
{
	free(j->leaves);
	free(j->order);
	free(j->host_at);
	free(j->parts);
	free(j->says);
	free(j->hosts);
	free(j->blocks);
	j->leaves = NULL;
	j->order = j->host_at = NULL;
	j->parts = NULL;
	j->says = NULL;
	j->hosts = j->blocks = NULL;
	j->n_order = j->n_own = j->end_hosts = j->cap_hosts = 0;
	j->n_leaves = j->cap_leaves = j->n_parts = j->cap_parts = 0;
	j->n_hosts = j->n_blocks = j->n_says = j->cap_says = 0;
	memset(j->arrived, 0, sizeof(j->arrived));
	memset(j->arrived_on, 0, sizeof(j->arrived_on));
	j->arrived_all = 0;
}

int leaf_cut(struct judge *j)
{
	j->hosts = calloc((size_t)count_hosts(j) + 1, sizeof(*j->hosts));
	if (!j->hosts || cut(j) < 0)
		return -ENOMEM;
	return leaf_index(j);
}
