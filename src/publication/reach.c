/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlapping ranges are cut into disjoint pieces once, each with the list of rows over it; neighbours that have the same
 * list are one piece, and equal lists in a row are kept once. */
#include "publication/reach.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"
#include "util/num.h"

void reach_begin(struct reach_writer *w, struct buf *out)
{
	*w = (struct reach_writer){ .out = out };
	buf_fmt(out, REACH_HEADER "\n");
}

void reach_put(struct reach_writer *w, const struct entity *en, struct range range)
{
	char name[ENTITY_NAME_MAX], text[RANGE_TEXT_MAX];

	(void)entity_format(en, name);
	range_format(range, text);
	buf_fmt(w->out, "%s\t%s\n", name, text);
	w->count++;
}

void reach_end(struct reach_writer *w)
{
	buf_fmt(w->out, "end\t%" PRIu64 "\n", w->count);
}

/* --- reading ------------------------------------------------------------------------------------ */

struct whole { /* one range of the file */
	struct range range;
	uint32_t row;
};

struct piece {
	struct range range;
	uint32_t first, n; /* of rows */
};

struct reach {
	struct piece *pieces; /* ascending, disjoint; IPv4 stands before IPv6 */
	uint32_t *rows;
	size_t n, cap, n_rows, cap_rows;
};

struct reading {
	const struct reputation *from;
	struct whole *v;
	size_t n, cap;
	uint64_t lines;
	bool ended;
};

static int take_end(struct reading *rd, struct span count, struct err *e)
{
	uint64_t n;

	if (num_u64(count, REACH_RANGES_MAX, &n) < 0 || n != rd->lines)
		return err_set(e, -EBADMSG,
		    "it says that it has %.*s lines, but has %" PRIu64 ": it was cut or joined",
		    (int)MIN_OF(span_len(count), (size_t)20), count.p, rd->lines);
	rd->ended = true;
	return 0;
}

static bool is_holder(const struct entity *en)
{
	return en->kind == ENTITY_NET || en->kind >= ENTITY_AS;
}

static int take_line(struct reading *rd, struct span line, struct err *e)
{
	struct span name = line;
	struct whole w = { .row = REPUTATION_NONE };
	struct entity en;
	int r;

	(void)span_cut(&line, '\t', &name);
	if (rd->ended)
		return err_set(e, -EBADMSG, "something stands behind its end");
	if (span_is(name, "end"))
		return take_end(rd, line, e);
	r = entity_parse(name, &en, e);
	if (r < 0)
		return -EBADMSG;
	if (!is_holder(&en) || range_parse(line, &w.range) < 0)
		return err_set(e, -EBADMSG,
		    "want a network, an AS, an organisation or a country, a tab and a range");
	if (++rd->lines > REACH_RANGES_MAX)
		return err_set(e, -E2BIG, "more than %u ranges", REACH_RANGES_MAX);
	w.row = reputation_find(rd->from, &en);
	if (w.row == REPUTATION_NONE || range_special(w.range))
		return 0;
	if (grow(&rd->v, &rd->cap, rd->n + 1, sizeof(*rd->v)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	rd->v[rd->n++] = w;
	return 0;
}

static int take_text(struct reading *rd, struct span text, struct err *e)
{
	struct span line;
	uint64_t number = 1;
	int r = 0;

	if (!span_cut(&text, '\n', &line) || !span_is(line, REACH_HEADER))
		return err_set(e, -EBADMSG, "line 1: want \"" REACH_HEADER "\"");
	while (r == 0 && !span_empty(text)) {
		number++;
		if (!span_cut(&text, '\n', &line))
			r = err_set(e, -EBADMSG, "its end is missing: it was cut");
		else
			r = span_len(line) >= REACH_LINE_MAX
				? err_set(e, -EBADMSG, "it is too long")
				: take_line(rd, line, e);
	}
	if (r < 0)
		return err_wrap(e, r, "line %" PRIu64, number);
	return rd->ended ? 0 : err_set(e, -EBADMSG, "it does not end with \"end\": it was cut");
}

/* --- cutting into pieces ------------------------------------------------------------------------ */

static int by_first(const void *a, const void *b)
{
	const struct whole *x = a, *y = b;
	int c = addr_is_v4(y->range.first) - addr_is_v4(x->range.first);

	if (c == 0)
		c = addr_cmp(x->range.first, y->range.first);
	return c ? c : (x->row > y->row) - (x->row < y->row);
}

/* What is open at the sweep's position: rows ascending, which is narrowest kind first. */
struct open {
	struct whole *v; /* owned */
	size_t n, cap;
};

static int open_put(struct open *o, struct whole w)
{
	size_t i = o->n;

	if (grow(&o->v, &o->cap, o->n + 1, sizeof(*o->v)) < 0)
		return -ENOMEM;
	for (; i > 0 && o->v[i - 1].row > w.row; i--)
		o->v[i] = o->v[i - 1];
	o->v[i] = w;
	o->n++;
	return 0;
}

static void open_close(struct open *o, struct addr end)
{
	size_t k = 0;

	for (size_t i = 0; i < o->n; i++)
		if (addr_cmp(o->v[i].range.last, end) > 0)
			o->v[k++] = o->v[i];
	o->n = k;
}

static struct addr nearest_end(const struct open *o)
{
	struct addr end = o->v[0].range.last;

	for (size_t i = 1; i < o->n; i++)
		if (addr_cmp(o->v[i].range.last, end) < 0)
			end = o->v[i].range.last;
	return end;
}

static bool same_rows(
    const struct reach *r, const struct piece *p, const uint32_t *rows, uint32_t n)
{
	return p->n == n && memcmp(r->rows + p->first, rows, n * sizeof(*rows)) == 0;
}

static int put_piece(struct reach *r, struct range range, const struct open *o)
{
	struct piece *last = r->n ? &r->pieces[r->n - 1] : NULL;
	uint32_t rows[REACH_OVER_MAX], n = 0;

	for (size_t i = 0; i < o->n && n < REACH_OVER_MAX; i++)
		if (n == 0 || rows[n - 1] != o->v[i].row)
			rows[n++] = o->v[i].row;
	if (last && same_rows(r, last, rows, n)) {
		if (addr_eq(addr_next(last->range.last), range.first) &&
		    addr_is_v4(last->range.first) == addr_is_v4(range.first)) {
			last->range.last = range.last;
			return 0;
		}
	} else {
		if (grow(&r->rows, &r->cap_rows, r->n_rows + n, sizeof(*r->rows)) < 0)
			return -ENOMEM;
		memcpy(r->rows + r->n_rows, rows, n * sizeof(*rows));
		r->n_rows += n;
	}
	if (grow(&r->pieces, &r->cap, r->n + 1, sizeof(*r->pieces)) < 0)
		return -ENOMEM;
	r->pieces[r->n++] = (struct piece){ range, (uint32_t)(r->n_rows - n), n };
	return 0;
}

static int cut(struct reach *r, const struct whole *v, size_t n)
{
	struct open o = { .v = NULL };
	struct addr at = { 0, 0 };
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && (i < n || o.n > 0)) {
		struct addr end;

		if (o.n == 0)
			at = v[i].range.first;
		while (rc == 0 && i < n && addr_eq(v[i].range.first, at))
			rc = open_put(&o, v[i++]);
		if (rc < 0)
			break;
		end = nearest_end(&o);
		if (i < n && addr_is_v4(v[i].range.first) == addr_is_v4(at) &&
		    addr_cmp(v[i].range.first, end) <= 0)
			end = addr_prev(v[i].range.first);
		rc = put_piece(r, (struct range){ at, end }, &o);
		at = addr_next(end);
		open_close(&o, end);
	}
	free(o.v);
	return rc;
}

int reach_parse(struct span text, const struct reputation *from, struct reach **ret, struct err *e)
{
	struct reading rd = { .from = from };
	struct reach *r = calloc(1, sizeof(*r));
	int rc = r ? take_text(&rd, text, e) : err_set(e, -ENOMEM, "out of memory");

	if (rc == 0) {
		if (rd.n > 1)
			qsort(rd.v, rd.n, sizeof(*rd.v), by_first);
		if (cut(r, rd.v, rd.n) < 0)
			rc = err_set(e, -ENOMEM, "out of memory");
	}
	free(rd.v);
	if (rc < 0)
		(void)reach_free(r);
	else
		*ret = r;
	return rc;
}

struct reach *reach_free(struct reach *r)
{
	if (r) {
		free(r->pieces);
		free(r->rows);
		free(r);
	}
	return NULL;
}

uint32_t reach_over(const struct reach *r, struct addr a, const uint32_t **rows)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct piece *p = &r->pieces[mid];
		int side = addr_is_v4(p->range.first) - addr_is_v4(a); /* IPv4 first */

		if (side == 0 && addr_cmp(a, p->range.first) >= 0 &&
		    addr_cmp(a, p->range.last) <= 0) {
			*rows = r->rows + p->first;
			return p->n;
		}
		if (side > 0 || (side == 0 && addr_cmp(p->range.last, a) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}
