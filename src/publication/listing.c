/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/listing.h"

#include "core/entity_page.h"
#include "publication/text.h"
#include "util/clock.h"

#define LOOPBACK 0x7f000000u

/* By family; the last is for those of whom no family is expected: an operator's own decision. */
static const uint8_t codes[LISTING_STYLE_N][FAMILY_SCORED_N + 1] = {
	[LISTING_LIST] = { 3, 4, 5, 6, 2 },
	[LISTING_MASK] = { 2, 4, 8, 16, 32 },
};

/* families - a bit each; bit FAMILY_SCORED_N: none of them */
static unsigned families(const struct reputation_row *row)
{
	unsigned bits = 0;
	double sum = 0;

	for (unsigned f = 0; row->scored && f < FAMILY_SCORED_N; f++)
		sum += (double)row->family[f];
	for (unsigned f = 0; sum > 0 && f < FAMILY_SCORED_N; f++)
		if ((double)row->family[f] >= LISTING_SHARE * sum)
			bits |= 1u << f;
	return bits ? bits : 1u << FAMILY_SCORED_N;
}

unsigned listing_codes(
    const struct reputation_row *row, enum listing_style style, uint32_t ret[LISTING_CODES_MAX])
{
	unsigned bits = families(row), n = 0;
	uint32_t mask = 0;

	for (unsigned f = 0; f <= FAMILY_SCORED_N; f++) {
		if (!(bits & 1u << f))
			continue;
		mask |= codes[style][f];
		ret[n++] = LOOPBACK | codes[style][f];
	}
	if (style == LISTING_LIST)
		return n;
	ret[0] = LOOPBACK | mask;
	return 1;
}

static size_t dollars(const char *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += p[i] == '$';
	return k;
}

/* How many of the first bytes have room, where a dollar sign takes that of two. */
static size_t fitting(const char *p, size_t n, size_t room)
{
	size_t used = 0, i = 0;

	for (; i < n; i++) {
		used += p[i] == '$' ? 2 : 1;
		if (used > room)
			break;
	}
	return i;
}

/* What stands behind the reason. */
static size_t tail(const struct entity *scope, int64_t until_s, const char *site_url, char *ret)
{
	char until[UTC_TEXT_MAX], url[LISTING_TEXT_MAX];
	size_t n_url = entity_url(site_url, scope, url, sizeof(url)), n;

	utc_format(until_s, until);
	n = (size_t)snprintf(
	    ret, LISTING_TEXT_MAX, "scope=%s until=%s", entity_kind_name(scope->kind), until);
	if (n_url == 0 || n + 1 + n_url + dollars(url, n_url) > LISTING_TEXT_MAX)
		return n;
	ret[n] = ' ';
	memcpy(ret + n + 1, url, n_url);
	return n + 1 + n_url;
}

size_t listing_text(const struct entity *scope, struct span reason, int64_t until_s,
    const char *site_url, char ret[LISTING_TEXT_MAX])
{
	char behind[LISTING_TEXT_MAX];
	size_t n_behind = tail(scope, until_s, site_url, behind), n = 0;
	size_t used = n_behind + dollars(behind, n_behind) + 2;

	if (!span_empty(reason) && used < LISTING_TEXT_MAX) {
		size_t room = LISTING_TEXT_MAX - used;

		n = fitting(reason.p, MIN_OF(span_len(reason), room), room);
		n = text_cut(reason, n, ret);
		ret[n++] = ';';
		ret[n++] = ' ';
	}
	memcpy(ret + n, behind, n_behind);
	return n + n_behind;
}
