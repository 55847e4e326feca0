/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opened file and the check that it passed; private to the reader. */
#ifndef ONUS_HOLDERS_REGISTRY_CHECK_H
#define ONUS_HOLDERS_REGISTRY_CHECK_H

#include "holders/registry_format.h"
#include "net/lpm.h"
#include "util/file.h"

struct registry {
	struct file_map map; /* owned; empty when the bytes are somebody else's */
	const struct reg_head *head;
	uint32_t *origin; /* owned: AS number by place, 0: none */
	struct lpm lpm;
	const struct reg_place *place;
	const uint32_t *space4;
	const struct reg_first6 *space6;
	const struct reg_prefix4 *prefix4;
	const struct reg_prefix6 *prefix6;
	const struct reg_as *as;
	const struct reg_org *org;
	const uint32_t *as_prefix, *org_as;
	const struct reg_country *country;
	const struct reg_input *input;
	const char *text;
	uint32_t n_place, n_space4, n_space6, n_prefix4, n_prefix6, n_as, n_org, n_as_prefix,
	    n_org_as, n_country, n_input, n_text;
};

/* registry_check - point r into the file and prove that every index, extent and order in it holds
 * Returns 0 or -EBADMSG with what is wrong and what to do. */
MUST_USE int registry_check(const void *p, size_t len, struct registry *r, struct err *e);

/* registry_check_head - what can be told at once: a registry file, of this version, of this length */
MUST_USE int registry_check_head(const void *p, size_t len, struct err *e);

/* registry_map - the file, unchecked; as file_map, with what to do where there is none */
MUST_USE int registry_map(const char *path, struct file_map *ret, struct err *e);

static inline struct addr registry_piece_first(const struct registry *r, uint32_t place)
{
	if (place < r->n_space4)
		return addr_of_v4(r->space4[place]);
	return (
	    struct addr){ r->space6[place - r->n_space4].hi, r->space6[place - r->n_space4].lo };
}

/* text_cmp - bytewise, a shorter one before a longer one that begins with it */
static inline int text_cmp(struct span a, struct span b)
{
	size_t n = MIN_OF(span_len(a), span_len(b));
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c != 0 || span_len(a) == span_len(b))
		return c;
	return span_len(a) < span_len(b) ? -1 : 1;
}

#endif
