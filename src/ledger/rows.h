/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as a stream of bytes that is the same on every engine: typed rows, each table with its columns before and
 * with count and checksum behind. Grammar and maxima: doc/contracts/backup.md. The checksum is a sum over rows, so
 * that the order in which an engine has them does not matter. */
#ifndef ONUS_LEDGER_ROWS_H
#define ONUS_LEDGER_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"

#define ROWS_HEADER	 "#onus-backup 1\n"
#define ROWS_NAME_MAX	 63u /* bytes, of a table or column */
#define ROWS_COLUMNS_MAX 32u
#define ROWS_TABLES_MAX	 64u
#define ROWS_BYTES_MAX	 (4u << 20) /* of one field */
#define ROWS_ROW_MAX	 (16u << 20)

enum rows_type { ROWS_INT = 'i', ROWS_REAL = 'r', ROWS_TEXT = 't', ROWS_BLOB = 'b' };

struct rows_column {
	char name[ROWS_NAME_MAX + 1];
	enum rows_type type;
};

struct rows_field {
	bool null;
	int64_t i;
	double r;
	struct span bytes; /* of a text or blob */
};

/* struct rows_sum - of the rows of one table; zeroed to begin with */
struct rows_sum {
	uint64_t rows, low, high; /* the sums of the two halves of each row's XXH3-128 */
};
bool rows_sum_same(const struct rows_sum *a, const struct rows_sum *b);

/* --- writing: appended to out, row by row; whoever calls empties it ------------------------------- */

void rows_put_head(struct buf *out, uint32_t version, int64_t at_s);
void rows_put_table(struct buf *out, const char *name, const struct rows_column *c, unsigned n);
void rows_put_row(struct buf *out, const struct rows_column *c, const struct rows_field *f,
    unsigned n, struct rows_sum *sum);
void rows_put_table_end(struct buf *out, const struct rows_sum *sum);
void rows_put_end(struct buf *out, unsigned tables);

/* --- reading -------------------------------------------------------------------------------------- */

/* rows_source - up to n bytes: how many, 0 at the end, -errno with a sentence */
typedef ssize_t rows_source(void *ctx, char *to, size_t n, struct err *e);

enum rows_kind { ROWS_TABLE, ROWS_ROW, ROWS_TABLE_END, ROWS_END };

/* struct rows_reader - what is read and where it stands; rows_open zeroes it. What is of the table holds from
 * ROWS_TABLE to the next one, fields until the next call. */
struct rows_reader {
	rows_source *source;
	void *ctx;
	struct buf in;
	size_t at; /* in in, of what comes next */
	uint32_t version;
	int64_t at_s;
	unsigned tables;
	bool in_table;
	char table[ROWS_NAME_MAX + 1];
	struct rows_column column[ROWS_COLUMNS_MAX];
	unsigned columns;
	struct rows_field field[ROWS_COLUMNS_MAX];
	struct rows_sum sum; /* of the rows of the table so far */
};

/* rows_open - reads the head. 0; -EBADMSG: it is no backup; -errno. rows_done ends it in any case. */
MUST_USE int rows_open(struct rows_reader *r, rows_source *source, void *ctx, struct err *e);
void rows_done(struct rows_reader *r); /* callable twice */

/* rows_next - an enum rows_kind; -EBADMSG with a reason when what comes is not in the grammar, over a maximum, cut, or not
 * what count and checksum say; -errno */
MUST_USE int rows_next(struct rows_reader *r, struct err *e);

#endif
