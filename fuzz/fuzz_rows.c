/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a backup, in pieces of any size: what is taken must be the same bytes when it is written again. */
#include "fuzz.h"

#include "ledger/rows.h"

struct pieces {
	struct span left;
	size_t most;
};

static ssize_t source(void *ctx, char *to, size_t n, struct err *e)
{
	struct pieces *p = ctx;
	size_t k = MIN_OF(MIN_OF(n, p->most), span_len(p->left));

	if (k)
		memcpy(to, p->left.p, k);
	p->left.p += k;
	return (ssize_t)k;
}

static int all(struct rows_reader *r, struct buf *out, struct err *e)
{
	struct rows_sum sum = { 0 };
	int kind;

	rows_put_head(out, r->version, r->at_s);
	while ((kind = rows_next(r, e)) >= 0) {
		if (kind == ROWS_TABLE) {
			sum = (struct rows_sum){ 0 };
			rows_put_table(out, r->table, r->column, r->columns);
		} else if (kind == ROWS_ROW) {
			rows_put_row(out, r->column, r->field, r->columns, &sum);
		} else if (kind == ROWS_TABLE_END) {
			rows_put_table_end(out, &sum);
		} else {
			rows_put_end(out, r->tables);
			return 0;
		}
	}
	return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pieces p = { span_of((const char *)data, size),
		size ? data[size - 1] % 64u + 1 : 1 };
	struct span whole = p.left;
	struct rows_reader r;
	struct buf out;
	struct err e;

	buf_init(&out, 64u << 20);
	if (rows_open(&r, source, &p, &e) == 0 && all(&r, &out, &e) == 0 &&
	    !span_eq(buf_text(&out), whole))
		abort();
	rows_done(&r);
	buf_done(&out);
	return 0;
}
