/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the heads of an answer that may be the rest of a body: what is taken for it goes on exactly where the
 * beginning ends, within the whole, and the whole is as long as was known. */
#include "fuzz.h"

#include "svc/fetch_range.h"

struct heads {
	char text[4][FETCH_LINE_MAX];
	struct fetch_heads h;
};

/* A line each of ETag, Content-Range, Content-Encoding, Accept-Ranges; an empty one is none. */
static void heads_of(struct span *rest, struct heads *ret)
{
	const char **const to[4] = { &ret->h.etag, &ret->h.range, &ret->h.encoding,
		&ret->h.ranges };

	ret->h = (struct fetch_heads){ .length = -1 };
	for (unsigned i = 0; i < NELEM(to); i++) {
		struct span line;
		size_t n;

		(void)span_cut(rest, '\n', &line);
		n = MIN_OF(span_len(line), sizeof(ret->text[i]) - 1);
		memcpy(ret->text[i], line.p, n);
		ret->text[i][n] = '\0';
		*to[i] = n ? ret->text[i] : NULL;
	}
	ret->h.n_range = ret->h.range ? 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heads heads;
	struct rd rd = rd_of(data, size);
	struct fetch_part p = { .modified_s = rd_le32(&rd) };
	uint64_t have = rd_le32(&rd), end = 0, total = 0, first, last, all;
	struct span rest;

	p.total = rd_le32(&rd);
	heads.h.modified_s = 0;
	rest = span_of((const char *)rd.p, (size_t)(rd.end - rd.p));
	if (rd.bad)
		return 0;
	heads_of(&rest, &heads);
	heads.h.modified_s = heads.h.date_s = p.modified_s;
	if (heads.h.etag && fetch_range_keeps(&heads.h))
		memcpy(p.etag, heads.h.etag, strlen(heads.h.etag) + 1);
	if (fetch_range_misfit(&p, have, &heads.h, &end, &total))
		return 0;
	if (fetch_range_parse(span_str(heads.h.range), &first, &last, &all) < 0)
		abort();
	if (first != have || end != last + 1 || end > total || end <= have ||
	    (p.total && total != p.total) || total > FETCH_BYTES_MAX)
		abort();
	return 0;
}
