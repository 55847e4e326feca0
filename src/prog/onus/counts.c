/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/counts.h"

#include <inttypes.h>

#include "util/jout.h"

static void print_json(const struct count_row *rows, size_t n, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	for (size_t i = 0; i < n; i++)
		jout_u64(&j, rows[i].key, rows[i].n);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

void counts_print(const struct count_row *rows, size_t n, bool json)
{
	struct buf out;

	buf_init(&out, 16384);
	if (json)
		print_json(rows, n, &out);
	for (size_t i = 0; i < n && !json; i++)
		if (rows[i].n || rows[i].always)
			buf_fmt(&out, "%" PRIu64 " %s\n", rows[i].n, rows[i].words);
	(void)printf("%.*s", SPAN_ARG(buf_text(&out)));
	buf_done(&out);
}
