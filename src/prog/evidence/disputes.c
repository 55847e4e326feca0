/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/disputes.h"

#include <errno.h>
#include <stdlib.h>

#include "util/grow.h"

static int take(void *ctx, const struct hub_dispute *from)
{
	struct disputes *d = ctx;
	bool shown = from->state == HUB_DISPUTE_REJECTED && from->closed_s <= d->at_s;

	if (from->opened_s > d->at_s || shown)
		return 0;
	if (grow(&d->v, &d->cap, d->n + 1, sizeof(*d->v)) < 0)
		return -ENOMEM;
	d->v[d->n++] = (struct disputed){ .subject = from->subject,
		.day = from->day,
		.source = from->source,
		.category = from->category,
		.upheld = from->state == HUB_DISPUTE_UPHELD && from->closed_s <= d->at_s };
	return 0;
}

int disputes_read(struct hub *h, int64_t at_s, struct disputes *ret, struct err *e)
{
	int r;

	*ret = (struct disputes){ .at_s = at_s };
	r = hub_each_dispute(h, take, ret, e);
	if (r < 0)
		disputes_done(ret);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

void disputes_done(struct disputes *d)
{
	free(d->v);
	*d = (struct disputes){ NULL };
}

static int cmp_i64(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int cmp(const struct disputed *d, const struct hub_ledger_row *row)
{
	int r = addr_cmp(d->subject.addr, row->subject.addr);

	if (r == 0)
		r = cmp_i64(d->subject.len, row->subject.len);
	if (r == 0)
		r = cmp_i64(d->day, row->day);
	if (r == 0)
		r = cmp_i64(d->category, row->category);
	return r ? r : cmp_i64(d->source, row->source);
}

bool disputes_silence(const struct disputes *d, const struct hub_ledger_row *row)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = cmp(&d->v[mid], row);

		if (r == 0)
			return true;
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}
