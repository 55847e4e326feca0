/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of address ranges as comma-separated lines, both ends inclusive, addresses as text or as
 * numbers:
 *   first,last,asn,name      1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."
 *   first,last,country       16777216,16777471,AU
 * Source: the README files of the packages asn and asn-country of ip-location-db. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/input.h"
#include "util/num.h"

#define FIELDS_MAX 16

__extension__ typedef unsigned __int128 u128;

/* The widest range that is believed, in bits: real tables stay below (2^25.6 and 2^108 of origins,
 * 2^26.9 and 2^112.1 of countries), and a default route is no origin. */
static const struct {
	const char *name;
	unsigned bits4, bits6;
} kinds[] = {
	[KIND_ASN] = { "range-asn", 26, 112 },
	[KIND_COUNTRY] = { "range-country", 27, 114 },
};
_Static_assert(NELEM(kinds) == KIND_FACTS, "kinds out of step");

/* struct fields - one line, cut; quoted fields are unquoted into room */
struct fields {
	struct span v[FIELDS_MAX];
	unsigned n;
	struct buf room;
};

/* A quoted field from p (behind its opening quote) on; NULL when it does not end well. */
static const char *quoted(const char *p, const char *end, struct fields *f)
{
	size_t start = f->room.len;

	for (; p < end; p++) {
		if (*p == '"' && p + 1 < end && p[1] == '"')
			p++;
		else if (*p == '"')
			break;
		buf_byte(&f->room, *p);
	}
	if (p == end || (p + 1 < end && p[1] != ',') || !buf_ok(&f->room))
		return NULL;
	f->v[f->n++] = span_of(f->room.p ? f->room.p + start : "", f->room.len - start);
	return p + 1;
}

/* Returns NULL or what is wrong. More than FIELDS_MAX fields: the rest is left. */
static const char *fields_cut(struct span line, struct fields *f)
{
	const char *p = line.p;

	f->n = 0;
	buf_reset(&f->room);
	if (!buf_room(&f->room, span_len(line))) /* spans point into it: it must not move */
		return "out of memory";
	while (f->n < FIELDS_MAX) {
		const char *comma;

		if (p < line.end && *p == '"') {
			p = quoted(p + 1, line.end, f);
			if (!p)
				return "a quoted field does not end";
		} else {
			comma = memchr(p, ',', (size_t)(line.end - p));
			f->v[f->n++] = (struct span){ p, comma ? comma : line.end };
			p = f->v[f->n - 1].end;
		}
		if (p == line.end)
			break;
		p++; /* the comma */
	}
	return NULL;
}

/* An address as text, or as a number: below 2^32 it is IPv4. */
static int address(struct span s, struct addr *ret)
{
	u128 v = 0;

	if (addr_parse(s, ret) == 0)
		return 0;
	if (span_empty(s) || span_len(s) > 39)
		return -EINVAL;
	for (const char *p = s.p; p < s.end; p++) {
		u128 ten;

		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, (u128)10, &ten) ||
		    __builtin_add_overflow(ten, (u128)(*p - '0'), &v))
			return -EINVAL;
	}
	*ret = v <= UINT32_MAX ? addr_of_v4((uint32_t)v)
			       : (struct addr){ (uint64_t)(v >> 64), (uint64_t)v };
	return 0;
}

static bool country(struct span s, reg_country_code *ret)
{
	if (span_len(s) != 2 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < 'A' || s.p[1] > 'Z')
		return false;
	*ret = (reg_country_code)s.p[0] | (reg_country_code)s.p[1] << 8;
	return true;
}

/* What kind of table a line is of; -EINVAL when of none. */
static int kind_of(const struct fields *f, enum input_kind *ret)
{
	reg_country_code cc;
	struct addr a;
	uint32_t asn;

	if (f->n < 3 || address(f->v[0], &a) < 0 || address(f->v[1], &a) < 0)
		return -EINVAL;
	if (f->n == 3 && country(f->v[2], &cc))
		*ret = KIND_COUNTRY;
	else if (f->n >= 4 && num_u32(f->v[2], UINT32_MAX, &asn) == 0)
		*ret = KIND_ASN;
	else
		return -EINVAL;
	return 0;
}

static const char *range_of(const struct fields *f, enum input_kind kind, struct range *ret)
{
	unsigned bits;

	if (address(f->v[0], &ret->first) < 0 || address(f->v[1], &ret->last) < 0)
		return "not an address";
	if (addr_is_v4(ret->first) != addr_is_v4(ret->last))
		return "a range over both families";
	if (addr_cmp(ret->first, ret->last) > 0)
		return "a range backwards";
	bits = addr_is_v4(ret->first) ? kinds[kind].bits4 : kinds[kind].bits6;
	if (bits < 64 ? ret->last.hi != ret->first.hi || (ret->last.lo - ret->first.lo) >> bits
		      : (ret->last.hi - ret->first.hi) >> (bits - 64))
		return "a range too wide to be true";
	return NULL;
}

int record_put(struct registry_build *b, enum input_kind kind, const struct record *rec)
{
	struct records *all = &b->records[kind];

	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 65536;
		struct record *v = cap <= 2 * (size_t)REGISTRY_RECORDS_MAX
				       ? reallocarray(all->v, cap, sizeof(*v))
				       : NULL;

		if (!v)
			return -ENOMEM;
		all->v = v;
		all->cap = cap;
	}
	all->v[all->n++] = *rec;
	return 0;
}

static bool transition(struct range r)
{
	static const char *const relays[] = { "192.88.99.0/24", "2002::/16", "2001::/32" };
	struct prefix p;

	for (size_t i = 0; i < NELEM(relays); i++)
		if (prefix_parse(span_str(relays[i]), true, &p) == 0 && prefix_has(p, r.first) &&
		    prefix_has(p, r.last))
			return true;
	return false;
}

bool space_take(struct range *rest, struct range *ret)
{
	if (addr_cmp(rest->first, rest->last) > 0 || !transition(*rest))
		return range_take_global(rest, ret);
	*ret = *rest;
	*rest = (struct range){ ret->last, ret->first };
	if (addr_eq(rest->first, rest->last))
		rest->first = addr_next(rest->first);
	return true;
}

/* The global parts of one line's range. Returns 0, -ENOMEM; *reason is set when it is to be refused. */
static int line_take(struct registry_build *b, unsigned input, const struct fields *f,
    uint64_t line, const char **reason)
{
	enum input_kind kind = b->input[input].kind;
	struct record rec = { .seq = b->seq++,
		.line = (uint32_t)MIN_OF(line, (uint64_t)UINT32_MAX),
		.input = (uint16_t)input };
	struct range r, whole;
	uint32_t asn;
	bool any = false;

	if (f->n < (kind == KIND_ASN ? 4u : 3u)) {
		*reason = "fields are missing";
		return 0;
	}
	if ((*reason = range_of(f, kind, &whole)))
		return 0;
	if (kind == KIND_ASN) {
		if (num_u32(f->v[2], UINT32_MAX, &asn) < 0 || asn == 0) {
			*reason = "not an AS number";
			return 0;
		}
		rec.value = as_name_put(b, input, 0, asn, f->v[3]);
		if (rec.value == ADDRMAP_NONE)
			return -ENOMEM;
	} else if (!country(f->v[2], &rec.value)) {
		*reason = "not a country of two capital letters";
		return 0;
	}
	for (r = whole; space_take(&r, &rec.range); any = true)
		if (record_put(b, kind, &rec) < 0)
			return -ENOMEM;
	if (!any)
		*reason = range_special(whole);
	return 0;
}

/* The kind is that of the first line of any kind within the first lines. */
static int recognise(struct input *in, struct fields *f, enum input_kind *ret, struct err *e)
{
	struct span rest, line;
	int r = input_peek(in, &rest, e);

	for (int i = 0; r == 0 && i < 20 && !span_empty(rest); i++) {
		(void)span_cut(&rest, '\n', &line);
		if (!fields_cut(span_trim(line), f) && kind_of(f, ret) == 0)
			return 0;
		if (!buf_ok(&f->room))
			return err_set(e, -ENOMEM, "%s: out of memory", input_name(in));
	}
	return r < 0
		   ? r
		   : err_set(e, -EINVAL,
			 "%s: not a table this program knows; it reads \"first,last,asn,name\" and "
			 "\"first,last,country\" lines (ip-location-db asn, asn-country)",
			 input_name(in));
}

static int lines_read(
    struct registry_build *b, unsigned input, struct input *in, struct fields *f, struct err *e)
{
	struct build_input *row = &b->input[input];
	struct line line;
	int r;

	while ((r = input_line(in, &line, e)) > 0) {
		const char *reason = NULL;

		if (span_empty(line.text) || *line.text.p == '#')
			continue;
		if (row->records + row->refused >= REGISTRY_RECORDS_MAX)
			return err_set(e, -EFBIG, "%s: more than %u records", input_name(in),
			    REGISTRY_RECORDS_MAX);
		reason = line.cut ? "the line is too long" : fields_cut(line.text, f);
		if (!reason && line_take(b, input, f, line.number, &reason) < 0)
			return err_set(e, -ENOMEM, "%s: out of memory", input_name(in));
		if (reason)
			build_refuse(b, input, line.number, "%s", reason);
		else
			row->records++;
	}
	return r;
}

int csv_read(struct registry_build *b, unsigned input, const char *path, struct err *e)
{
	struct fields f = { .n = 0 };
	struct input *in = NULL;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	buf_init(&f.room, 2 * INPUT_LINE_MAX);
	r = recognise(in, &f, &b->input[input].kind, e);
	if (r == 0)
		r = lines_read(b, input, in, &f, e);
	if (r == 0 && b->input[input].records == 0)
		r = err_set(e, -EINVAL, "%s: nothing in it could be used", path);
	buf_done(&f.room);
	(void)input_free(in);
	return r;
}
