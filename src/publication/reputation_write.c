/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the reputation file: standings are packed as they come, sorted once, streamed out. */
#include "publication/reputation.h"

#include <errno.h>
#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "publication/reputation_format.h"
#include "publication/text.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/hash.h"

/* A text that was stored already, by its bytes. */
struct interned {
	UT_hash_handle hh;
	uint32_t ref;
	size_t len;
	char text[];
};

/* The key of a row. Texts and numbers are kept in first.lo: a reference, or the AS number. */
struct key {
	uint8_t segment; /* REP_SEGMENT_N: none */
	struct range range;
};

struct item {
	struct key key, parent;
	uint8_t row[REP_ROW_BYTES];
};

struct reputation_writer {
	struct publication_head head; /* its texts are interned below */
	uint32_t formula, site, attribution;
	struct item *items;
	size_t n, cap;
	struct buf strings;
	struct interned *by_text;
};

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put_real(uint8_t *p, double v)
{
	float f = (float)v;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	put32(p, bits);
}

/* --- texts --------------------------------------------------------------------------------------
 */

static uint32_t intern(struct reputation_writer *w, struct span s, size_t max)
{
	char text[REP_STRING_MAX];
	size_t n = text_cut(s, MIN_OF(max, sizeof(text)), text);
	struct interned *it = NULL;

	HASH_FIND(hh, w->by_text, text, n, it);
	if (it)
		return it->ref;
	it = malloc(sizeof(*it) + n);
	if (!it)
		abort(); /* as uthash does: state is on disk, the daemon restarts */
	it->ref = (uint32_t)w->strings.len;
	it->len = n;
	memcpy(it->text, text, n);
	HASH_ADD_KEYPTR(hh, w->by_text, it->text, it->len, it);
	buf_le16(&w->strings, (uint16_t)n);
	buf_put(&w->strings, text, n);
	return it->ref;
}

static struct span text_at(const struct reputation_writer *w, uint32_t ref)
{
	const uint8_t *p = (const uint8_t *)w->strings.p + ref;

	return span_of(w->strings.p + ref + 2, (size_t)(p[0] | p[1] << 8));
}

/* --- life ---------------------------------------------------------------------------------------
 */

int reputation_writer_new(
    const struct publication_head *head, struct reputation_writer **ret, struct err *e)
{
	struct reputation_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&w->strings, REPUTATION_STRINGS_MAX);
	w->head = *head;
	(void)intern(w, SPAN(""), 0); /* reference 0 is the empty text */
	w->formula = intern(w, head->formula, REP_STRING_MAX);
	w->site = intern(w, head->site, REP_STRING_MAX);
	w->attribution = intern(w, head->attribution, REP_STRING_MAX);
	*ret = w;
	return 0;
}

struct reputation_writer *reputation_writer_free(struct reputation_writer *w)
{
	struct interned *it, *next;

	if (!w)
		return NULL;
	HASH_ITER (hh, w->by_text, it, next) {
		HASH_DEL(w->by_text, it);
		free(it);
	}
	buf_done(&w->strings);
	free(w->items);
	free(w);
	return NULL;
}

/* --- adding -------------------------------------------------------------------------------------
 */

static struct key key_of(struct reputation_writer *w, const struct entity *en)
{
	bool v4 = addr_is_v4(en->range.first);
	struct key k = { .range = en->range };

	switch (en->kind) {
	case ENTITY_ADDR:
		k.segment = v4 ? REP_ADDR4 : REP_ADDR6;
		return k;
	case ENTITY_BLOCK:
		k.segment = v4 ? REP_BLOCK4 : REP_BLOCK6;
		return k;
	case ENTITY_PREFIX:
		k.segment = v4 ? REP_PREFIX4 : REP_PREFIX6;
		return k;
	case ENTITY_AS:
		k.segment = REP_AS;
		k.range = (struct range){ .first.lo = en->asn };
		return k;
	default:
		break;
	}
	k.segment = en->kind == ENTITY_NET   ? REP_NET
		    : en->kind == ENTITY_ORG ? REP_ORG
					     : REP_COUNTRY;
	k.range =
	    (struct range){ .first.lo = intern(w, span_str(en->handle), ENTITY_HANDLE_MAX - 1) };
	return k;
}

static bool in(double v, double max)
{
	return isfinite(v) && v >= 0 && v <= max;
}

static bool sound(const struct standing *s)
{
	const double any[] = { s->expected, s->returning, s->ratio };
	const double of_100[] = { s->score, s->low, s->high };

	if (!s->scored)
		return true;
	for (unsigned i = 0; i < 3; i++)
		if (!in(any[i], 3e38) || !in(of_100[i], 100))
			return false;
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		if (!in(s->family[f], 3e38))
			return false;
	return s->grade == 0 || (s->grade >= 'A' && s->grade <= 'F');
}

static uint32_t seconds32(int64_t s)
{
	return (uint32_t)(s < 0 ? 0 : MIN_OF(s, (int64_t)UINT32_MAX));
}

static uint32_t day16(int32_t day)
{
	return day < 0 ? 0 : MIN_OF((uint32_t)day, 65535u);
}

static bool is_country(const char cc[3])
{
	return cc[0] >= 'A' && cc[0] <= 'Z' && cc[1] >= 'A' && cc[1] <= 'Z';
}

static void row_put(struct reputation_writer *w, const struct standing *s, uint8_t *p)
{
	const struct standing_decision *d = &s->decision;
	const double reals[] = { s->score, s->low, s->high, s->ratio, s->expected, s->returning };

	memset(p, 0, REP_ROW_BYTES);
	for (unsigned i = 0; i < NELEM(reals) && s->scored; i++)
		put_real(p + i * 4, reals[i]);
	for (unsigned f = 0; f < FAMILY_SCORED_N && s->scored; f++)
		put_real(p + 24 + f * 4, s->family[f]);
	put64(p + 40, s->events);
	put32(p + 48, (uint32_t)MIN_OF(s->hosts, (uint64_t)UINT32_MAX));
	put32(p + 52, s->asn);
	put32(p + 56, REPUTATION_NONE);
	put32(p + 60, intern(w, s->reason, STANDING_REASON_MAX));
	put16(p + 72, day16(s->first_day));
	put16(p + 74, day16(s->last_day));
	put16(p + 76, MIN_OF(s->groups, 65535u));
	p[78] = s->scored && s->grade ? (uint8_t)(s->grade - 'A' + 1) : 0;
	p[79] = (uint8_t)((s->provisional ? REP_ROW_PROVISIONAL : 0) |
			  (s->scored ? REP_ROW_SCORED : 0));
	if (is_country(s->country))
		memcpy(p + 82, s->country, 2);
	put32(p + 92, intern(w, s->title, STANDING_TITLE_MAX));
	if (d->level == LEVEL_CLEAR)
		return;
	put32(p + 64, seconds32(d->since_s));
	put32(p + 68, seconds32(d->until_s));
	p[80] = (uint8_t)d->level;
	p[81] = (uint8_t)d->action;
	put32(p + 88, intern(w, d->reason, DECISION_REASON_MAX));
}

int reputation_writer_add(struct reputation_writer *w, const struct standing *s, struct err *e)
{
	char name[ENTITY_NAME_MAX];
	struct item *it;

	if (!sound(s)) {
		(void)entity_format(s->entity, name);
		return err_set(e, -EINVAL, "%s: a figure is not finite or out of its bounds", name);
	}
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 1024;
		struct item *more =
		    w->n >= REPUTATION_ROWS_MAX ? NULL : reallocarray(w->items, cap, sizeof(*more));

		if (!more)
			return err_set(e, -ENOMEM, "no room for more than %zu entities", w->n);
		w->items = more;
		w->cap = cap;
	}
	it = &w->items[w->n++];
	it->key = key_of(w, s->entity);
	it->parent = (struct key){ .segment = REP_SEGMENT_N };
	if (s->parent && s->parent->kind > s->entity->kind)
		it->parent = key_of(w, s->parent);
	row_put(w, s, it->row);
	return 0;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static int key_cmp(const struct reputation_writer *w, const struct key *a, const struct key *b)
{
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	if (rep_segments[a->segment].kind == ENTITY_NET || a->segment >= REP_ORG) {
		struct span s = text_at(w, (uint32_t)a->range.first.lo);
		struct span t = text_at(w, (uint32_t)b->range.first.lo);
		size_t n = MIN_OF(span_len(s), span_len(t));
		int c = n ? memcmp(s.p, t.p, n) : 0;

		return c ? c : span_len(s) < span_len(t) ? -1 : span_len(s) > span_len(t);
	}
	return addr_cmp(a->range.first, b->range.first);
}

static int item_cmp(const void *a, const void *b, void *w)
{
	return key_cmp(w, &((const struct item *)a)->key, &((const struct item *)b)->key);
}

static uint32_t find_row(const struct reputation_writer *w, const struct key *k)
{
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = key_cmp(w, k, &w->items[mid].key);

		if (c == 0)
			return (uint32_t)mid;
		if (c > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return REPUTATION_NONE;
}

static void item_name(
    const struct reputation_writer *w, const struct item *it, char ret[ENTITY_NAME_MAX])
{
	struct entity en = { .kind = rep_segments[it->key.segment].kind, .range = it->key.range };

	if (en.kind == ENTITY_AS) {
		en.asn = (uint32_t)it->key.range.first.lo;
	} else if (en.kind == ENTITY_NET || en.kind >= ENTITY_ORG) {
		struct span t = text_at(w, (uint32_t)it->key.range.first.lo);

		memcpy(en.handle, t.p, span_len(t));
	}
	(void)entity_format(&en, ret);
}

/* arrange - sort, refuse what is there twice or overlaps, link the parents */
static int arrange(struct reputation_writer *w, uint32_t n[REP_SEGMENT_N], struct err *e)
{
	char one[ENTITY_NAME_MAX], two[ENTITY_NAME_MAX];

	memset(n, 0, REP_SEGMENT_N * sizeof(n[0]));
	if (w->n > 1)
		qsort_r(w->items, w->n, sizeof(*w->items), item_cmp, w);
	for (size_t i = 0; i < w->n; i++) {
		struct item *it = &w->items[i];
		bool same = i > 0 && item_cmp(it - 1, it, w) == 0 &&
			    addr_eq(it[-1].key.range.last, it->key.range.last);
		bool laps = i > 0 && it[-1].key.segment == it->key.segment &&
			    rep_segments[it->key.segment].kind == ENTITY_PREFIX &&
			    addr_cmp(it[-1].key.range.last, it->key.range.first) >= 0;

		if (same || laps) {
			item_name(w, it - 1, one);
			item_name(w, it, two);
			return err_set(e, same ? -EEXIST : -EINVAL, "%s and %s %s", one, two,
			    same ? "are one entity" : "overlap: rebuild the registry");
		}
		n[it->key.segment]++;
		if (it->parent.segment < REP_SEGMENT_N)
			put32(it->row + 56, find_row(w, &it->parent));
	}
	return 0;
}

struct out {
	FILE *f;
	XXH3_state_t sum;
	uint64_t at;
	bool bad;
};

static void out_put(struct out *o, const void *p, size_t n)
{
	if (n == 0)
		return;
	o->bad |= fwrite(p, 1, n, o->f) != n;
	(void)XXH3_64bits_update(&o->sum, p, n); /* fails for NULL only */
	o->at += n;
}

static void out_align(struct out *o)
{
	static const uint8_t zero[8];

	out_put(o, zero, (size_t)(-o->at & 7));
}

static void put_key(struct out *o, const struct key *k)
{
	uint8_t b[32];
	const struct range *r = &k->range;

	switch (k->segment) {
	case REP_ADDR6:
	case REP_BLOCK6:
		put64(b, r->first.hi);
		break;
	case REP_PREFIX4:
		put32(b, addr_v4(r->first));
		put32(b + 4, addr_v4(r->last));
		break;
	case REP_PREFIX6:
		put64(b, r->first.hi);
		put64(b + 8, r->first.lo);
		put64(b + 16, r->last.hi);
		put64(b + 24, r->last.lo);
		break;
	default:
		put32(b, (uint32_t)r->first.lo);
	}
	out_put(o, b, rep_segments[k->segment].key_bytes);
}

static void header_put(const struct reputation_writer *w, const uint32_t n[REP_SEGMENT_N],
    const struct rep_layout *l, uint8_t *p)
{
	const struct publication_head *h = &w->head;

	memset(p, 0, REP_HEADER_BYTES);
	memcpy(p, REP_MAGIC, 8);
	put32(p + 8, REPUTATION_VERSION);
	put32(p + 12, REP_HEADER_BYTES);
	put64(p + 16, l->end);
	put64(p + 32, h->generation);
	put64(p + 40, seconds32(h->created_s));
	put64(p + 48, seconds32(h->expires_s));
	put64(p + 56, seconds32(h->as_of_s));
	put64(p + 64, seconds32(h->registry_date_s));
	put32(p + 72, (h->simulated ? REP_HEAD_SIMULATED : 0u) |
			  (h->provisional ? REP_HEAD_PROVISIONAL : 0u));
	put32(p + 76, REP_ROW_BYTES);
	put32(p + 80, l->base[REP_SEGMENT_N]);
	put32(p + 84, REP_SEGMENT_N);
	put64(p + 88, l->rows);
	put64(p + 96, l->strings);
	put64(p + 104, w->strings.len);
	put32(p + 112, w->formula);
	put32(p + 116, w->site);
	put32(p + 120, w->attribution);
	for (unsigned s = 0; s < REP_SEGMENT_N; s++) {
		put64(p + REP_SEGMENT_TABLE + s * 16, l->keys[s]);
		put32(p + REP_SEGMENT_TABLE + s * 16 + 8, n[s]);
		put32(p + REP_SEGMENT_TABLE + s * 16 + 12, rep_segments[s].key_bytes);
	}
}

static bool put_all(const struct reputation_writer *w, const uint32_t n[REP_SEGMENT_N],
    const struct rep_layout *l, FILE *f)
{
	struct out o = { .f = f };
	uint8_t header[REP_HEADER_BYTES];

	header_put(w, n, l, header);
	(void)XXH3_64bits_reset(&o.sum); /* fails for NULL only */
	o.bad = fwrite(header, 1, REP_SUMMED_FROM, f) != REP_SUMMED_FROM;
	o.at = REP_SUMMED_FROM;
	out_put(&o, header + REP_SUMMED_FROM, sizeof(header) - REP_SUMMED_FROM);
	for (unsigned s = 0; s < REP_SEGMENT_N; s++) {
		for (uint32_t i = l->base[s]; i < l->base[s + 1]; i++)
			put_key(&o, &w->items[i].key);
		out_align(&o);
	}
	for (size_t i = 0; i < w->n; i++)
		out_put(&o, w->items[i].row, REP_ROW_BYTES);
	out_put(&o, w->strings.p, w->strings.len);
	put64(header, XXH3_64bits_digest(&o.sum));
	o.bad |= o.at != l->end || fseek(f, 24, SEEK_SET) != 0 || fwrite(header, 1, 8, f) != 8;
	return !o.bad;
}

int reputation_writer_write(struct reputation_writer *w, const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new f = { 0 };
	uint32_t n[REP_SEGMENT_N];
	struct rep_layout l;
	int r;

	if (!buf_ok(&w->strings)) /* references past the end would be followed */
		return err_set(e, -EFBIG, "%s: more texts than the format holds", path);
	r = arrange(w, n, e);
	if (r < 0)
		return r;
	if (rep_layout_of(n, w->strings.len, &l) < 0)
		return err_set(e, -EFBIG, "%s: more than the format holds", path);
	r = file_new_open(path, &f, e);
	if (r < 0)
		return r;
	if (!put_all(w, n, &l, f.f))
		return err_set(e, -EIO, "%s: cannot write: %m", path);
	return file_new_commit(&f, e);
}
