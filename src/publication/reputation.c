/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the reputation file. Everything is checked once, at open; lookups trust it afterwards. */
#include "publication/reputation.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "publication/reputation_format.h"
#include "publication/text.h"
#include "util/file.h"

/* struct table - the keys of a segment of 32-bit keys by what they hash to, at most half full: a search through all of them
 * waits for memory at each step, this one once */
struct slot {
	uint32_t key, row; /* REPUTATION_NONE: nobody's */
};
struct table {
	struct slot *v; /* [mask + 1], owned */
	uint32_t mask;
};

struct reputation {
	struct file_map map; /* p is NULL when the bytes are the caller's */
	const uint8_t *p;
	size_t n;
	struct rep_layout at;
	uint32_t keys[REP_SEGMENT_N];
	uint64_t strings_bytes;
	struct table addrs, blocks; /* of IPv4 */
	uint32_t *prefixes;	    /* [INDEX_N]: how many of IPv4 end below i << 16 */
	uint64_t *decided;	    /* a bit for each row that has a decision */
};

#define INDEX_N 65537u

/* The file is little-endian and its sections are aligned, but a caller's memory need not be. */
static inline uint32_t le32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t le64_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint16_t le16_at(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline float f32_at(const uint8_t *p)
{
	uint32_t bits = le32_at(p);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

int rep_layout_of(const uint32_t n[REP_SEGMENT_N], uint64_t strings_bytes, struct rep_layout *ret)
{
	struct rep_layout l = { 0 };
	uint64_t at = REP_HEADER_BYTES, rows = 0;

	if (strings_bytes > REPUTATION_STRINGS_MAX)
		return -EOVERFLOW;
	for (unsigned s = 0; s < REP_SEGMENT_N; s++) {
		l.keys[s] = at;
		l.base[s] = (uint32_t)rows;
		at = (at + (uint64_t)n[s] * rep_segments[s].key_bytes + 7) & ~UINT64_C(7);
		rows += n[s];
		if (rows > REPUTATION_ROWS_MAX)
			return -EOVERFLOW;
	}
	l.base[REP_SEGMENT_N] = (uint32_t)rows;
	l.rows = at;
	at += rows * REP_ROW_BYTES;
	l.strings = at;
	l.end = at + strings_bytes;
	*ret = l;
	return 0;
}

/* --- keys ---------------------------------------------------------------------------------------
 */

static inline const uint8_t *key_at(const struct reputation *r, enum rep_segment s, uint32_t i)
{
	return r->p + r->at.keys[s] + (size_t)i * rep_segments[s].key_bytes;
}

static const uint8_t *row_at(const struct reputation *r, uint32_t row)
{
	return r->p + r->at.rows + (size_t)row * REP_ROW_BYTES;
}

static struct span string_at(const struct reputation *r, uint32_t ref)
{
	const uint8_t *p = r->p + r->at.strings + ref;

	return span_of((const char *)p + 2, le16_at(p));
}

static struct addr addr_at(const uint8_t *p)
{
	return (struct addr){ le64_at(p), le64_at(p + 8) };
}

static int text_cmp(struct span a, struct span b)
{
	size_t n = MIN_OF(span_len(a), span_len(b));
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c)
		return c;
	return span_len(a) < span_len(b) ? -1 : span_len(a) > span_len(b);
}

static uint32_t slot_of(const struct table *t, uint32_t key)
{
	key ^= key >> 16;
	key *=
	    0x7feb352du; /* constants of a known good mixer of 32 bits: C. Wellons, "lowbias32" */
	key ^= key >> 15;
	key *= 0x846ca68bu;
	return (key ^ key >> 16) & t->mask;
}

/* find4 - a row, or REPUTATION_NONE */
static uint32_t find4(const struct table *t, uint32_t key)
{
	uint32_t i = slot_of(t, key);

	while (t->v[i].row != REPUTATION_NONE && t->v[i].key != key)
		i = (i + 1) & t->mask;
	return t->v[i].row;
}

/* The other segments share one search; key_cmp tells on which side of row i the wanted key is. */
struct wanted {
	struct addr addr;
	uint32_t asn;
	struct span text;
};

static int key_cmp(
    const struct reputation *r, enum rep_segment s, uint32_t i, const struct wanted *w)
{
	const uint8_t *k = key_at(r, s, i);
	uint64_t v;

	switch (s) {
	case REP_ADDR6:
	case REP_BLOCK6:
		v = le64_at(k);
		return w->addr.hi < v ? -1 : w->addr.hi > v;
	case REP_PREFIX4:
		if (addr_v4(w->addr) < le32_at(k))
			return -1;
		return addr_v4(w->addr) > le32_at(k + 4);
	case REP_PREFIX6:
		if (addr_cmp(w->addr, addr_at(k)) < 0)
			return -1;
		return addr_cmp(w->addr, addr_at(k + 16)) > 0;
	case REP_AS:
		return w->asn < le32_at(k) ? -1 : w->asn > le32_at(k);
	default:
		return text_cmp(w->text, string_at(r, le32_at(k)));
	}
}

static uint32_t find_in(const struct reputation *r, enum rep_segment s, uint32_t lo, uint32_t hi,
    const struct wanted *w)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = key_cmp(r, s, mid, w);

		if (c == 0)
			return r->at.base[s] + mid;
		if (c > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return REPUTATION_NONE;
}

static uint32_t find(const struct reputation *r, enum rep_segment s, const struct wanted *w)
{
	return find_in(r, s, 0, r->keys[s], w);
}

/* At most one prefix runs on into the next 65,536 addresses. */
static uint32_t find_prefix4(const struct reputation *r, const struct wanted *w)
{
	uint32_t high = addr_v4(w->addr) >> 16, lo = r->prefixes[high], hi = r->prefixes[high + 1];

	return find_in(r, REP_PREFIX4, lo, MIN_OF(hi + 1, r->keys[REP_PREFIX4]), w);
}

static enum rep_segment segment_of(const struct reputation *r, uint32_t row)
{
	unsigned s = 0;

	while (row >= r->at.base[s + 1])
		s++;
	return (enum rep_segment)s;
}

/* --- checking -----------------------------------------------------------------------------------
 */

#define BAD(e, ...) err_set((e), -EBADMSG, __VA_ARGS__)

static int check_header(struct reputation *r, struct err *e)
{
	const uint8_t *p = r->p;
	int rc;

	if (r->n < REP_HEADER_BYTES || memcmp(p, REP_MAGIC, 8) != 0)
		return BAD(e, "this is no reputation file");
	if (le32_at(p + 8) != REPUTATION_VERSION)
		return BAD(e,
		    "version %" PRIu32 ", but this program reads version %u: use the "
		    "programs of one release",
		    le32_at(p + 8), REPUTATION_VERSION);
	if (le64_at(p + 16) != r->n)
		return BAD(e,
		    "%zu bytes long, but its header says %" PRIu64 ": it was cut or "
		    "changed; publish again",
		    r->n, le64_at(p + 16));
	if (le32_at(p + 12) != REP_HEADER_BYTES || le32_at(p + 76) != REP_ROW_BYTES ||
	    le32_at(p + 84) != REP_SEGMENT_N || le32_at(p + 72) & ~(uint32_t)REP_HEAD_FLAGS ||
	    le32_at(p + 124))
		return BAD(e, "its header is not that of version %u", REPUTATION_VERSION);
	if (XXH3_64bits(p + REP_SUMMED_FROM, r->n - REP_SUMMED_FROM) != le64_at(p + 24))
		return BAD(e, "checksum does not match: it was changed or damaged; publish again");
	for (unsigned at = 40; at < 72; at += 8)
		if (le64_at(p + at) > UINT32_MAX)
			return BAD(e, "a time in its header is out of bounds");
	for (unsigned s = 0; s < REP_SEGMENT_N; s++)
		r->keys[s] = le32_at(p + REP_SEGMENT_TABLE + s * 16 + 8);
	r->strings_bytes = le64_at(p + 104);
	rc = rep_layout_of(r->keys, r->strings_bytes, &r->at);
	if (rc < 0 || r->at.end != r->n || r->strings_bytes < 2)
		return BAD(e, "its sections do not add up to its size");
	for (unsigned s = 0; s < REP_SEGMENT_N; s++)
		if (le64_at(p + REP_SEGMENT_TABLE + s * 16) != r->at.keys[s] ||
		    le32_at(p + REP_SEGMENT_TABLE + s * 16 + 12) != rep_segments[s].key_bytes)
			return BAD(e, "segment %u is not where it belongs", s);
	if (le64_at(p + 88) != r->at.rows || le64_at(p + 96) != r->at.strings ||
	    le32_at(p + 80) != r->at.base[REP_SEGMENT_N])
		return BAD(e, "a section is not where it belongs");
	return 0;
}

static bool string_ok(const struct reputation *r, uint32_t ref, size_t max)
{
	size_t len;

	if (ref > r->strings_bytes - 2)
		return false;
	len = le16_at(r->p + r->at.strings + ref);
	if (len > max || len > r->strings_bytes - 2 - ref)
		return false;
	return text_clean(string_at(r, ref));
}

/* check_key - one key's own form */
static bool key_ok(const struct reputation *r, enum rep_segment s, const uint8_t *k)
{
	struct addr first, last;
	struct span t;

	switch (s) {
	case REP_ADDR4:
	case REP_ADDR6:
		return true;
	case REP_BLOCK4:
		return (le32_at(k) & 0xff) == 0;
	case REP_BLOCK6:
		return (le64_at(k) & 0xffff) == 0;
	case REP_PREFIX4:
		return le32_at(k) <= le32_at(k + 4);
	case REP_PREFIX6:
		first = addr_at(k), last = addr_at(k + 16);
		return !addr_is_v4(first) && !addr_is_v4(last) && addr_cmp(first, last) <= 0;
	case REP_AS:
		return le32_at(k) != 0;
	default:
		if (!string_ok(r, le32_at(k), ENTITY_HANDLE_MAX - 1))
			return false;
		t = string_at(r, le32_at(k));
		return s == REP_COUNTRY ? span_len(t) == 2 : !span_empty(t);
	}
}

/* ordered - row i's key is wholly above the key before it */
static bool ordered(const struct reputation *r, enum rep_segment s, uint32_t i)
{
	const uint8_t *k = key_at(r, s, i), *before = key_at(r, s, i - 1);
	struct wanted w = { .asn = le32_at(k) };

	switch (s) {
	case REP_ADDR4:
	case REP_BLOCK4:
		return le32_at(k) > le32_at(before);
	case REP_ADDR6:
	case REP_BLOCK6:
		w.addr.hi = le64_at(k);
		break;
	case REP_PREFIX4:
		w.addr = addr_of_v4(le32_at(k));
		break;
	case REP_PREFIX6:
		w.addr = addr_at(k);
		break;
	case REP_AS:
		break;
	default:
		w.text = string_at(r, le32_at(k));
	}
	return key_cmp(r, s, i - 1, &w) > 0;
}

static int check_keys(const struct reputation *r, struct err *e)
{
	for (unsigned s = 0; s < REP_SEGMENT_N; s++) {
		for (uint32_t i = 0; i < r->keys[s]; i++) {
			if (!key_ok(r, (enum rep_segment)s, key_at(r, (enum rep_segment)s, i)))
				return BAD(e, "key %" PRIu32 " of segment %u is malformed", i, s);
			if (i > 0 && !ordered(r, (enum rep_segment)s, i))
				return BAD(
				    e, "key %" PRIu32 " of segment %u is out of order", i, s);
		}
	}
	return 0;
}

static int table_of(const struct reputation *r, enum rep_segment s, struct table *ret)
{
	uint64_t slots = 2;

	while (slots < 2 * (uint64_t)r->keys[s])
		slots *= 2;
	ret->mask = (uint32_t)(slots - 1); /* REPUTATION_ROWS_MAX is far below */
	ret->v = malloc(slots * sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	memset(ret->v, 0xff, slots * sizeof(*ret->v)); /* REPUTATION_NONE */
	for (uint32_t i = 0; i < r->keys[s]; i++) {
		uint32_t key = le32_at(key_at(r, s, i)), at = slot_of(ret, key);

		while (ret->v[at].row != REPUTATION_NONE)
			at = (at + 1) & ret->mask;
		ret->v[at] = (struct slot){ key, r->at.base[s] + i };
	}
	return 0;
}

static uint32_t *prefixes_of(const struct reputation *r)
{
	uint32_t *index = malloc(INDEX_N * sizeof(*index)), i = 0;

	for (uint32_t high = 0; index && high < INDEX_N; high++) {
		while (
		    i < r->keys[REP_PREFIX4] && le32_at(key_at(r, REP_PREFIX4, i) + 4) >> 16 < high)
			i++;
		index[high] = i;
	}
	return index;
}

/* decided_of - the rows that have a decision, or had one: most have none, and need not be read to be told so */
static uint64_t *decided_of(const struct reputation *r)
{
	uint32_t n = r->at.base[REP_SEGMENT_N];
	uint64_t *bits = calloc(n / 64 + 1, sizeof(*bits));

	for (uint32_t row = 0; bits && row < n; row++)
		if (row_at(r, row)[80] != LEVEL_CLEAR)
			bits[row / 64] |= UINT64_C(1) << row % 64;
	return bits;
}

static bool real_ok(const uint8_t *p, float max)
{
	float v = f32_at(p);

	return isfinite(v) && v >= 0 && v <= max;
}

static bool row_ok(const struct reputation *r, uint32_t row, enum entity_kind kind)
{
	const uint8_t *p = row_at(r, row);
	uint32_t parent = le32_at(p + 56);

	for (unsigned at = 0; at < 12; at += 4)
		if (!real_ok(p + at, 100))
			return false;
	for (unsigned at = 12; at < 40; at += 4)
		if (!real_ok(p + at, 3e38f))
			return false;
	if (parent != REPUTATION_NONE && (parent >= r->at.base[REP_SEGMENT_N] ||
					     rep_segments[segment_of(r, parent)].kind <= kind))
		return false;
	if (p[78] > 6 || (p[79] & ~(unsigned)REP_ROW_FLAGS) || p[80] >= LEVEL_N ||
	    p[81] >= ACTION_N)
		return false;
	if ((p[82] == 0) != (p[83] == 0) ||
	    (p[82] && (p[82] < 'A' || p[82] > 'Z' || p[83] < 'A' || p[83] > 'Z')))
		return false;
	return string_ok(r, le32_at(p + 60), REP_STRING_MAX) &&
	       string_ok(r, le32_at(p + 88), REP_STRING_MAX) &&
	       string_ok(r, le32_at(p + 92), REP_STRING_MAX);
}

static int check_rows(const struct reputation *r, struct err *e)
{
	for (unsigned s = 0; s < REP_SEGMENT_N; s++)
		for (uint32_t row = r->at.base[s]; row < r->at.base[s + 1]; row++)
			if (!row_ok(r, row, rep_segments[s].kind))
				return BAD(e, "row %" PRIu32 " is malformed", row);
	for (unsigned at = 112; at < 124; at += 4)
		if (!string_ok(r, le32_at(r->p + at), REP_STRING_MAX))
			return BAD(e, "a text of the header is malformed");
	return 0;
}

static int check(struct reputation *r, struct err *e)
{
	int rc = check_header(r, e);

	if (rc == 0)
		rc = check_keys(r, e);
	if (rc == 0)
		rc = check_rows(r, e);
	if (rc < 0)
		return rc;
	r->prefixes = prefixes_of(r);
	r->decided = decided_of(r);
	if (table_of(r, REP_ADDR4, &r->addrs) < 0 || table_of(r, REP_BLOCK4, &r->blocks) < 0 ||
	    !r->prefixes || !r->decided)
		return err_set(e, -ENOMEM, "out of memory");
	return 0;
}

int reputation_open_memory(const void *p, size_t n, struct reputation **ret, struct err *e)
{
	struct reputation *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_set(e, -ENOMEM, "out of memory");
	r->p = p;
	r->n = n;
	rc = check(r, e);
	if (rc < 0) {
		(void)reputation_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

int reputation_open(const char *path, struct reputation **ret, struct err *e)
{
	struct file_map map;
	struct reputation *r;
	int rc = file_map(path, &map, e);

	if (rc < 0)
		return rc;
	rc = reputation_open_memory(map.p, map.len, &r, e);
	if (rc < 0) {
		file_unmap(&map);
		return err_wrap(e, rc, "%s", path);
	}
	r->map = map;
	*ret = r;
	return 0;
}

struct reputation *reputation_free(struct reputation *r)
{
	if (r) {
		file_unmap(&r->map);
		free(r->addrs.v);
		free(r->blocks.v);
		free(r->prefixes);
		free(r->decided);
		free(r);
	}
	return NULL;
}

/* --- looking up ---------------------------------------------------------------------------------
 */

struct publication_head reputation_head(const struct reputation *r)
{
	return (struct publication_head){
		.generation = le64_at(r->p + 32),
		.created_s = (int64_t)le64_at(r->p + 40),
		.expires_s = (int64_t)le64_at(r->p + 48),
		.as_of_s = (int64_t)le64_at(r->p + 56),
		.registry_date_s = (int64_t)le64_at(r->p + 64),
		.simulated = le32_at(r->p + 72) & REP_HEAD_SIMULATED,
		.provisional = le32_at(r->p + 72) & REP_HEAD_PROVISIONAL,
		.formula = string_at(r, le32_at(r->p + 112)),
		.site = string_at(r, le32_at(r->p + 116)),
		.attribution = string_at(r, le32_at(r->p + 120)),
	};
}

uint32_t reputation_n(const struct reputation *r)
{
	return r->at.base[REP_SEGMENT_N];
}

uint32_t reputation_rows(const struct reputation *r, enum entity_kind kind, uint32_t *first)
{
	uint32_t n = 0;

	*first = 0;
	for (unsigned s = REP_SEGMENT_N; s-- > 0;) {
		if (rep_segments[s].kind != kind)
			continue;
		*first = r->at.base[s];
		n += r->keys[s];
	}
	return n;
}

void reputation_lookup_near(const struct reputation *r, struct addr a, struct reputation_chain *ret)
{
	struct wanted w = { .addr = a };

	for (unsigned k = 0; k < ENTITY_KIND_N; k++)
		ret->at[k] = REPUTATION_NONE;
	if (addr_is_v4(a)) {
		uint32_t v4 = addr_v4(a);

		ret->at[ENTITY_ADDR] = find4(&r->addrs, v4);
		ret->at[ENTITY_BLOCK] = find4(&r->blocks, v4 & ~0xffu);
		ret->at[ENTITY_PREFIX] = find_prefix4(r, &w);
	} else {
		ret->at[ENTITY_PREFIX] = find(r, REP_PREFIX6, &w);
		ret->at[ENTITY_ADDR] = find(r, REP_ADDR6, &w);
		w.addr.hi &= ~UINT64_C(0xffff);
		ret->at[ENTITY_BLOCK] = find(r, REP_BLOCK6, &w);
	}
}

/* First where the rows are told of, then the rows: what is asked for comes for all of them at once. */
void reputation_fetch(const struct reputation *r, const struct addr *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t v4 = addr_v4(v[i]);

		__builtin_prefetch(&r->addrs.v[slot_of(&r->addrs, v4)]);
		__builtin_prefetch(&r->blocks.v[slot_of(&r->blocks, v4 & ~0xffu)]);
		__builtin_prefetch(&r->prefixes[v4 >> 16]);
	}
	for (unsigned i = 0; i < n; i++) {
		uint32_t v4 = addr_v4(v[i]), row = find4(&r->addrs, v4);
		uint32_t lo = r->prefixes[v4 >> 16], hi = r->prefixes[(v4 >> 16) + 1];

		__builtin_prefetch(key_at(r, REP_PREFIX4, lo + (hi - lo) / 2));
		if (row != REPUTATION_NONE && reputation_decides(r, row))
			__builtin_prefetch(row_at(r, row) + 64);
	}
}

void reputation_lookup(const struct reputation *r, struct addr a, struct reputation_chain *ret)
{
	struct wanted w = { .addr = a };
	uint32_t best = REPUTATION_NONE;

	reputation_lookup_near(r, a, ret);
	for (unsigned k = 0; k < ENTITY_KIND_N && best == REPUTATION_NONE; k++)
		best = ret->at[k];
	if (best == REPUTATION_NONE)
		return;
	if (row_at(r, best)[82]) {
		w.text = span_of((const char *)row_at(r, best) + 82, 2);
		ret->at[ENTITY_COUNTRY] = find(r, REP_COUNTRY, &w);
	}
	for (uint32_t up = best; up != REPUTATION_NONE; up = le32_at(row_at(r, up) + 56)) {
		enum entity_kind k = rep_segments[segment_of(r, up)].kind;

		if (ret->at[k] == REPUTATION_NONE)
			ret->at[k] = up;
	}
}

static enum rep_segment segment_for(const struct entity *en)
{
	bool v4 = addr_is_v4(en->range.first);

	switch (en->kind) {
	case ENTITY_ADDR:
		return v4 ? REP_ADDR4 : REP_ADDR6;
	case ENTITY_BLOCK:
		return v4 ? REP_BLOCK4 : REP_BLOCK6;
	case ENTITY_PREFIX:
		return v4 ? REP_PREFIX4 : REP_PREFIX6;
	case ENTITY_AS:
		return REP_AS;
	case ENTITY_NET:
		return REP_NET;
	case ENTITY_ORG:
		return REP_ORG;
	default:
		return REP_COUNTRY;
	}
}

static struct range range_at(const struct reputation *r, enum rep_segment s, uint32_t i)
{
	const uint8_t *k = key_at(r, s, i);

	switch (s) {
	case REP_ADDR4:
		return (struct range){ addr_of_v4(le32_at(k)), addr_of_v4(le32_at(k)) };
	case REP_ADDR6:
		return (struct range){ { le64_at(k), 0 }, { le64_at(k), UINT64_MAX } };
	case REP_BLOCK4:
		return (struct range){ addr_of_v4(le32_at(k)), addr_of_v4(le32_at(k) | 0xff) };
	case REP_BLOCK6:
		return (struct range){ { le64_at(k), 0 }, { le64_at(k) | 0xffff, UINT64_MAX } };
	case REP_PREFIX4:
		return (struct range){ addr_of_v4(le32_at(k)), addr_of_v4(le32_at(k + 4)) };
	default:
		return (struct range){ addr_at(k), addr_at(k + 16) };
	}
}

uint32_t reputation_find(const struct reputation *r, const struct entity *en)
{
	enum rep_segment s = segment_for(en);
	struct wanted w = { .addr = en->range.first, .asn = en->asn, .text = span_str(en->handle) };
	uint32_t row;
	struct range found;

	if (s == REP_ADDR4 || s == REP_BLOCK4)
		return find4(s == REP_ADDR4 ? &r->addrs : &r->blocks, addr_v4(en->range.first));
	row = find(r, s, &w);
	if (row == REPUTATION_NONE || (s != REP_PREFIX4 && s != REP_PREFIX6))
		return row;
	found = range_at(r, s, row - r->at.base[s]); /* the search took any address inside */
	if (!addr_eq(found.first, en->range.first) || !addr_eq(found.last, en->range.last))
		return REPUTATION_NONE;
	return row;
}

uint32_t reputation_find_as(const struct reputation *r, uint32_t asn)
{
	struct entity en = entity_as(asn);

	return reputation_find(r, &en);
}

static void entity_at(const struct reputation *r, uint32_t row, struct entity *ret)
{
	enum rep_segment s = segment_of(r, row);
	uint32_t i = row - r->at.base[s];
	struct entity en = { .kind = rep_segments[s].kind };
	struct span t;

	switch (en.kind) {
	case ENTITY_AS:
		en.asn = le32_at(key_at(r, s, i));
		break;
	case ENTITY_NET:
	case ENTITY_ORG:
	case ENTITY_COUNTRY:
		t = string_at(r, le32_at(key_at(r, s, i)));
		memcpy(en.handle, t.p, span_len(t)); /* shorter than the room: checked at open */
		break;
	default:
		en.range = range_at(r, s, i);
	}
	*ret = en;
}

enum entity_kind reputation_kind(const struct reputation *r, uint32_t index)
{
	return rep_segments[segment_of(r, index)].kind;
}

bool reputation_decides(const struct reputation *r, uint32_t index)
{
	return r->decided[index / 64] >> index % 64 & 1;
}

static struct standing_decision decision_at(const struct reputation *r, const uint8_t *p)
{
	return (struct standing_decision){
		.since_s = le32_at(p + 64),
		.until_s = le32_at(p + 68),
		.level = (enum level)p[80],
		.action = (enum action)p[81],
		.reason = string_at(r, le32_at(p + 88)),
	};
}

void reputation_decision(const struct reputation *r, uint32_t index, struct entity *ret_entity,
    struct standing_decision *ret)
{
	*ret = decision_at(r, row_at(r, index));
	entity_at(r, index, ret_entity);
}

void reputation_at(const struct reputation *r, uint32_t index, struct reputation_row *ret)
{
	const uint8_t *p = row_at(r, index);
	struct reputation_row row = {
		.score = f32_at(p),
		.low = f32_at(p + 4),
		.high = f32_at(p + 8),
		.ratio = f32_at(p + 12),
		.expected = f32_at(p + 16),
		.returning = f32_at(p + 20),
		.events = le64_at(p + 40),
		.hosts = le32_at(p + 48),
		.asn = le32_at(p + 52),
		.parent = le32_at(p + 56),
		.reason = string_at(r, le32_at(p + 60)),
		.first_day = le16_at(p + 72),
		.last_day = le16_at(p + 74),
		.groups = le16_at(p + 76),
		.grade = p[78] ? (char)('A' + p[78] - 1) : 0,
		.provisional = p[79] & REP_ROW_PROVISIONAL,
		.scored = p[79] & REP_ROW_SCORED,
		.title = string_at(r, le32_at(p + 92)),
		.decision = decision_at(r, p),
	};

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		row.family[f] = f32_at(p + 24 + f * 4);
	memcpy(row.country, p + 82, 2);
	entity_at(r, index, &row.entity);
	*ret = row;
}
