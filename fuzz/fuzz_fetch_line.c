/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as what is said to onus-fetch and by it, and as what it remembers: what is taken must read the same when it is written again. */
#include "fuzz.h"

#include "svc/fetch_line.h"

static struct span line_of(const struct buf *b)
{
	if (!buf_ok(b) || b->len < 2 || b->p[b->len - 1] != '\n')
		abort();
	return span_of(b->p, b->len - 1);
}

static void request(struct span in)
{
	static struct fetch_request q, back;
	struct buf out;
	struct err e;

	if (fetch_request_parse(in, &q, &e) < 0)
		return;
	buf_init(&out, FETCH_LINE_MAX * 2);
	fetch_request_put(&q, &out);
	/* quoting may make a line of many quotes longer than lines may be */
	if (out.len <= FETCH_LINE_MAX &&
	    (fetch_request_parse(line_of(&out), &back, &e) < 0 || back.id != q.id ||
		strcmp(back.url, q.url) != 0 || strcmp(back.etag, q.etag) != 0 ||
		back.max_bytes != q.max_bytes))
		abort();
	if (!q.max_bytes || !q.timeout_ms || !q.connect_ms || strchr(q.out, '/') || q.out[0] == '.')
		abort();
	buf_done(&out);
}

static void answer(struct span in)
{
	static struct fetch_answer a, back;
	struct buf out;
	struct err e;

	if (fetch_answer_parse(in, &a, &e) < 0)
		return;
	buf_init(&out, FETCH_LINE_MAX * 2);
	fetch_answer_put(&a, &out);
	if (out.len <= FETCH_LINE_MAX &&
	    (fetch_answer_parse(line_of(&out), &back, &e) < 0 || back.id != a.id ||
		back.end != a.end || back.bytes != a.bytes || strcmp(back.error, a.error) != 0))
		abort();
	buf_done(&out);
}

static void part(struct span in)
{
	static struct fetch_part p, back;
	struct buf out;
	struct err e;

	if (fetch_part_parse(in, &p, &e) < 0)
		return;
	buf_init(&out, FETCH_LINE_MAX * 2);
	fetch_part_put(&p, &out);
	if (out.len <= FETCH_LINE_MAX &&
	    (fetch_part_parse(line_of(&out), &back, &e) < 0 || strcmp(back.url, p.url) != 0 ||
		strcmp(back.etag, p.etag) != 0 || back.total != p.total || back.synced != p.synced))
		abort();
	if (!p.etag[0] && !p.modified_s)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		request(line);
		answer(line);
		part(line);
	}
	return 0;
}
