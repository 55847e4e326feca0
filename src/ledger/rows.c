/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/rows.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#define READ_BYTES (256u << 10)
#define HEAD_BYTES (sizeof(ROWS_HEADER) - 1)

enum mark { MARK_TABLE = 'T', MARK_ROW = 'R', MARK_TABLE_END = 'E', MARK_END = 'Z' };

bool rows_sum_same(const struct rows_sum *a, const struct rows_sum *b)
{
	return a->rows == b->rows && a->low == b->low && a->high == b->high;
}

static void add(struct rows_sum *sum, const void *p, size_t n)
{
	XXH128_hash_t h = XXH3_128bits(p, n);

	sum->rows++;
	sum->low += h.low64;
	sum->high += h.high64;
}

/* --- writing ------------------------------------------------------------------------------------ */

void rows_put_head(struct buf *out, uint32_t version, int64_t at_s)
{
	buf_str(out, ROWS_HEADER);
	buf_le32(out, version);
	buf_le64(out, (uint64_t)at_s);
}

static void put_name(struct buf *out, const char *name)
{
	size_t n = strlen(name);

	buf_byte(out, (char)n);
	buf_put(out, name, n);
}

void rows_put_table(struct buf *out, const char *name, const struct rows_column *c, unsigned n)
{
	buf_byte(out, MARK_TABLE);
	put_name(out, name);
	buf_byte(out, (char)n);
	for (unsigned i = 0; i < n; i++) {
		buf_byte(out, (char)c[i].type);
		put_name(out, c[i].name);
	}
}

static void put_field(struct buf *out, enum rows_type type, const struct rows_field *f)
{
	uint64_t bits;

	buf_byte(out, !f->null);
	if (f->null)
		return;
	switch (type) {
	case ROWS_INT:
		buf_le64(out, (uint64_t)f->i);
		break;
	case ROWS_REAL:
		memcpy(&bits, &f->r, sizeof(bits));
		buf_le64(out, bits);
		break;
	default:
		buf_le32(out, (uint32_t)span_len(f->bytes));
		buf_span(out, f->bytes);
		break;
	}
}

void rows_put_row(struct buf *out, const struct rows_column *c, const struct rows_field *f,
    unsigned n, struct rows_sum *sum)
{
	size_t from;

	buf_byte(out, MARK_ROW);
	from = out->len;
	for (unsigned i = 0; i < n; i++)
		put_field(out, c[i].type, &f[i]);
	if (buf_ok(out))
		add(sum, out->p + from, out->len - from);
}

void rows_put_table_end(struct buf *out, const struct rows_sum *sum)
{
	buf_byte(out, MARK_TABLE_END);
	buf_le64(out, sum->rows);
	buf_le64(out, sum->low);
	buf_le64(out, sum->high);
}

void rows_put_end(struct buf *out, unsigned tables)
{
	buf_byte(out, MARK_END);
	buf_byte(out, (char)tables);
}

/* --- reading ------------------------------------------------------------------------------------ */

/* n bytes from `from` on, counted from what comes next; NULL with a sentence: they do not come. */
static const uint8_t *peek(struct rows_reader *r, size_t from, size_t n, int *why, struct err *e)
{
	while (r->in.len - r->at < from + n) {
		char *room = buf_room(&r->in, READ_BYTES);
		ssize_t got;

		if (!room) {
			*why = err_set(e, -EBADMSG, "a row has more than %u bytes", ROWS_ROW_MAX);
			return NULL;
		}
		got = r->source(r->ctx, room, READ_BYTES, e);
		if (got <= 0) {
			*why = got < 0 ? (int)got
				       : err_set(e, -EBADMSG, "it ends before its end: it was cut");
			return NULL;
		}
		buf_grew(&r->in, (size_t)got);
	}
	return (const uint8_t *)r->in.p + r->at + from;
}

/* What was taken is forgotten; before the next row, so that fields stay where they are. */
static void settle(struct rows_reader *r)
{
	if (r->at == 0 || (r->at < READ_BYTES && r->at < r->in.len))
		return;
	memmove(r->in.p, r->in.p + r->at, r->in.len - r->at);
	r->in.len -= r->at;
	r->at = 0;
}

static int take(struct rows_reader *r, size_t n, struct rd *ret, struct err *e)
{
	int why = 0;
	const uint8_t *p;

	settle(r);
	p = peek(r, 0, n, &why, e);
	if (!p)
		return why;
	*ret = rd_of(p, n);
	r->at += n;
	return 0;
}

int rows_open(struct rows_reader *r, rows_source *source, void *ctx, struct err *e)
{
	struct rd head;
	int err;

	*r = (struct rows_reader){ .source = source, .ctx = ctx };
	buf_init(&r->in, ROWS_ROW_MAX + 2 * READ_BYTES);
	err = take(r, HEAD_BYTES + 12, &head, e);
	if (err == -EBADMSG || (err == 0 && memcmp(head.p, ROWS_HEADER, HEAD_BYTES) != 0))
		return err_set(e, -EBADMSG, "it is no backup of onus, or of a later version");
	if (err < 0)
		return err;
	(void)rd_take(&head, HEAD_BYTES);
	r->version = rd_le32(&head);
	r->at_s = (int64_t)rd_le64(&head);
	return 0;
}

void rows_done(struct rows_reader *r)
{
	buf_done(&r->in);
}

static int take_name(struct rows_reader *r, char ret[ROWS_NAME_MAX + 1], struct err *e)
{
	struct rd b;
	int err = take(r, 1, &b, e);
	uint8_t n = err == 0 ? rd_u8(&b) : 0;

	if (err < 0)
		return err;
	if (n == 0 || n > ROWS_NAME_MAX)
		return err_set(e, -EBADMSG, "a name of %u bytes", n);
	err = take(r, n, &b, e);
	if (err < 0)
		return err;
	memcpy(ret, b.p, n);
	ret[n] = '\0';
	for (const char *p = ret; p < ret + n; p++)
		if (!(*p >= 'a' && *p <= 'z') && *p != '_')
			return err_set(e, -EBADMSG, "a name that is none");
	return 0;
}

static int take_column(struct rows_reader *r, struct rows_column *ret, struct err *e)
{
	static const char types[] = { ROWS_INT, ROWS_REAL, ROWS_TEXT, ROWS_BLOB };
	struct rd b;
	int err = take(r, 1, &b, e);
	char type = err == 0 ? (char)rd_u8(&b) : 0;

	if (err < 0)
		return err;
	if (!memchr(types, type, sizeof(types)))
		return err_set(e, -EBADMSG, "a column of no type");
	ret->type = (enum rows_type)type;
	return take_name(r, ret->name, e);
}

static int take_table(struct rows_reader *r, struct err *e)
{
	struct rd b;
	int err = r->tables == ROWS_TABLES_MAX ? err_set(e, -EBADMSG, "too many tables")
					       : take_name(r, r->table, e);

	if (err == 0)
		err = take(r, 1, &b, e);
	if (err < 0)
		return err;
	r->columns = rd_u8(&b);
	if (r->columns == 0 || r->columns > ROWS_COLUMNS_MAX)
		return err_set(e, -EBADMSG, "table %s has %u columns", r->table, r->columns);
	for (unsigned i = 0; i < r->columns && err == 0; i++)
		err = take_column(r, &r->column[i], e);
	if (err < 0)
		return err;
	r->tables++;
	r->in_table = true;
	r->sum = (struct rows_sum){ 0 };
	return ROWS_TABLE;
}

/* One field, *off bytes into the row. Where its bytes are is only certain when the row is whole: till then they are
 * an offset. */
static int take_field(struct rows_reader *r, enum rows_type type, struct rows_field *ret,
    size_t *off, size_t *where, struct err *e)
{
	bool wide = type == ROWS_INT || type == ROWS_REAL;
	const uint8_t *p;
	struct rd b;
	uint64_t v;
	int why = 0;

	*ret = (struct rows_field){ .null = true };
	p = peek(r, *off, 1, &why, e);
	if (!p)
		return why;
	(*off)++;
	if (*p == 0)
		return 0;
	if (*p != 1)
		return err_set(e, -EBADMSG, "a field that is neither there nor not");
	p = peek(r, *off, wide ? 8 : 4, &why, e);
	if (!p)
		return why;
	b = rd_of(p, wide ? 8 : 4);
	v = wide ? rd_le64(&b) : rd_le32(&b);
	*off += wide ? 8 : 4;
	ret->null = false;
	ret->i = (int64_t)v;
	memcpy(&ret->r, &v, sizeof(v));
	if (wide)
		return 0;
	if (v > ROWS_BYTES_MAX || *off + v > ROWS_ROW_MAX)
		return err_set(e, -EBADMSG, "a field of %ju bytes", (uintmax_t)v);
	*where = *off;
	*off += v;
	return peek(r, *where, v, &why, e) ? 0 : why;
}

static int take_row(struct rows_reader *r, struct err *e)
{
	size_t off = 0, where[ROWS_COLUMNS_MAX] = { 0 };
	const char *row;
	int err = 0;

	settle(r);
	for (unsigned i = 0; i < r->columns && err == 0; i++)
		err = take_field(r, r->column[i].type, &r->field[i], &off, &where[i], e);
	if (err < 0)
		return err;
	row = r->in.p + r->at;
	for (unsigned i = 0; i < r->columns; i++)
		if (!r->field[i].null &&
		    (r->column[i].type == ROWS_TEXT || r->column[i].type == ROWS_BLOB))
			r->field[i].bytes = span_of(row + where[i], (size_t)r->field[i].i);
	add(&r->sum, row, off);
	r->at += off;
	return ROWS_ROW;
}

static int take_table_end(struct rows_reader *r, struct err *e)
{
	struct rows_sum said;
	struct rd b;
	int err = take(r, 24, &b, e);

	if (err < 0)
		return err;
	said.rows = rd_le64(&b);
	said.low = rd_le64(&b);
	said.high = rd_le64(&b);
	r->in_table = false;
	if (!rows_sum_same(&said, &r->sum))
		return err_set(e, -EBADMSG,
		    "table %s: %ju rows came that are not the %ju that were written", r->table,
		    (uintmax_t)r->sum.rows, (uintmax_t)said.rows);
	return ROWS_TABLE_END;
}

static int take_end(struct rows_reader *r, struct err *e)
{
	struct rd b;
	char more;
	ssize_t got;
	int err = take(r, 1, &b, e);

	if (err < 0)
		return err;
	if (rd_u8(&b) != r->tables)
		return err_set(e, -EBADMSG, "tables are missing");
	got = r->in.len > r->at ? 1 : r->source(r->ctx, &more, 1, e);
	if (got < 0)
		return (int)got;
	return got ? err_set(e, -EBADMSG, "something follows the end") : ROWS_END;
}

int rows_next(struct rows_reader *r, struct err *e)
{
	struct rd b;
	int err = take(r, 1, &b, e);
	uint8_t mark = err == 0 ? rd_u8(&b) : 0;

	if (err < 0)
		return err;
	if (r->in_table && mark == MARK_ROW)
		return take_row(r, e);
	if (r->in_table && mark == MARK_TABLE_END)
		return take_table_end(r, e);
	if (!r->in_table && mark == MARK_TABLE)
		return take_table(r, e);
	if (!r->in_table && mark == MARK_END)
		return take_end(r, e);
	return err_set(e, -EBADMSG, "byte %u where a row or a table begins", mark);
}
