/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/tenures.h"

#include <errno.h>

#include "util/clock.h"

#define HOLDERS_BYTES_MAX (UINT32_C(1) << 28)

static int take(void *ctx, const struct hub_tenure *row)
{
	struct tenures *t = ctx;

	if ((t->n & (t->n - 1)) == 0) { /* full at powers of two */
		struct tenure_row *more = reallocarray(t->v, t->n ? 2 * t->n : 1, sizeof(*t->v));

		if (!more)
			return -ENOMEM;
		t->v = more;
	}
	t->v[t->n++] =
	    (struct tenure_row){ row->range, row->from_day, row->to_day, t->holders.len };
	buf_span(&t->holders, row->holder);
	buf_byte(&t->holders, '\0');
	return buf_ok(&t->holders) ? 0 : -ENOMEM;
}

int tenures_read(const char *url, int32_t day, struct tenures *ret, struct err *e)
{
	struct hub *h;
	int r = hub_open(url, HUB_READ, &h, e);

	*ret = (struct tenures){ .day = day };
	buf_init(&ret->holders, HOLDERS_BYTES_MAX);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = hub_each_tenure(h, take, ret, e);
	h = hub_free(h);
	if (r == -ENOMEM)
		(void)err_set(e, r, "out of memory");
	if (r < 0)
		tenures_done(ret);
	return r;
}

void tenures_done(struct tenures *t)
{
	free(t->v);
	buf_done(&t->holders);
	t->v = NULL;
	t->n = 0;
}

static bool then(const struct tenures *t, const struct tenure_row *row)
{
	return row->from_day <= t->day && (row->to_day == 0 || t->day < row->to_day);
}

static bool range_eq(struct range a, struct range b)
{
	return addr_eq(a.first, b.first) && addr_eq(a.last, b.last);
}

/* The rows [from, return) of one range, in words. */
static size_t put_range(const struct tenures *t, size_t from, struct buf *out)
{
	const struct tenure_row *on = NULL;
	char text[RANGE_TEXT_MAX];
	size_t i = from;

	(void)range_format(t->v[from].range, text);
	buf_fmt(out, "  tenure    %s held", text);
	for (; i < t->n && range_eq(t->v[i].range, t->v[from].range); i++) {
		const struct tenure_row *row = &t->v[i];

		buf_fmt(out, "%s by %s", i > from ? "," : "", t->holders.p + row->holder);
		if (row->to_day) {
			utc_format_day(row->to_day, text);
			buf_fmt(out, " until %s", text);
		} else {
			buf_str(out, " since");
		}
		if (then(t, row))
			on = row;
	}
	if (on) {
		utc_format_day(t->day, text);
		buf_fmt(out, "; on %s by %s", text, t->holders.p + on->holder);
	}
	buf_byte(out, '\n');
	return i;
}

void tenures_text(const struct tenures *t, struct addr a, struct buf *out)
{
	for (size_t i = 0; i < t->n;)
		i = range_has(t->v[i].range, a) ? put_range(t, i, out) : i + 1;
}

void tenures_json(const struct tenures *t, struct addr a, struct jout *j)
{
	char text[RANGE_TEXT_MAX];

	utc_format_day(t->day, text);
	jout_str(j, "as_of", text);
	jout_array(j, "tenure");
	for (size_t i = 0; i < t->n; i++) {
		const struct tenure_row *row = &t->v[i];

		if (!range_has(row->range, a))
			continue;
		jout_object(j, NULL);
		(void)range_format(row->range, text);
		jout_str(j, "range", text);
		jout_str(j, "holder", t->holders.p + row->holder);
		utc_format_day(row->from_day, text);
		jout_str(j, "from", text);
		utc_format_day(row->to_day, text);
		jout_str(j, "to", row->to_day ? text : NULL);
		jout_bool(j, "then", then(t, row));
		jout_object_end(j);
	}
	jout_array_end(j);
}
