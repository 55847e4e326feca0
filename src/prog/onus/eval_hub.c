/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_hub.h"

#include <errno.h>

#include "core/settings.h"
#include "ledger/hub_setting.h"
#include "prog/evidence/known.h"
#include "util/clock.h"

struct reader {
	struct eval_hub *out;
	struct series *series;
	int32_t oldest, first_day, today;
	uint8_t hour;
};

static unsigned number(const struct voices *v, const struct voice *t)
{
	return (unsigned)MIN_OF((size_t)(t - v->v), (size_t)SERIES_VOICES_MAX - 1);
}

static int take_row(void *ctx, const struct hub_ledger_row *row)
{
	struct reader *r = ctx;
	const struct voice *t = voices_find(&r->out->voices, row->source);
	bool host =
	    addr_is_v4(row->subject.addr) ? row->subject.len == 128 : row->subject.len >= 64;

	if (!t)
		return 0;
	r->out->rows++;
	if (row->day > r->today ||
	    (row->day == r->today && row->hour != HUB_HOUR_DAY && row->hour > r->hour))
		r->out->waiting++;
	else if (row->day < r->oldest)
		r->out->old++;
	else if (!host)
		r->out->listed++;
	else if (row->day >= r->first_day)
		return series_add(r->series, row->subject.addr, row->category, row->proof, row->day,
		    number(&r->out->voices, t), (uint32_t)MIN_OF(row->count, (uint64_t)UINT32_MAX));
	return 0;
}

static int take_good(void *ctx, const struct good_row *row)
{
	return good_days_add(ctx, row->addr, row->kind, row->count, row->day);
}

static void find_anchors(struct eval_hub *h)
{
	for (size_t i = 0; i < h->voices.n && i < SERIES_VOICES_MAX; i++)
		h->anchors[i] = h->voices.v[i].anchor;
}

/* What no wall may touch, and where walls begin, as is set now. */
static int read_settings(
    struct hub *h, const struct conf *conf, int64_t now_s, struct eval_hub *ret, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	struct settings s;
	int r = addrset_parse(span_str(conf->own_networks), &own, e);

	if (r < 0 || (r = hub_settings_read(h, &s, e)) < 0)
		return r;
	ret->levels = s.levels;
	r = settings_never(&s, &own, now_s, &ret->never);
	settings_done(&s);
	return r;
}

int eval_hub_read(const struct conf *conf, int32_t oldest, int32_t first_day, int64_t now_s,
    struct series *s, struct good_days *good, struct eval_hub *ret, struct err *e)
{
	struct reader r = { .out = ret,
		.series = s,
		.oldest = oldest,
		.first_day = first_day,
		.today = day_of(now_s),
		.hour = (uint8_t)(now_s / 3600 % 24) };
	struct hub *h;
	int err = hub_open(conf->hub, HUB_READ, &h, e);

	*ret = (struct eval_hub){ .rows = 0 };
	if (err < 0)
		return err;
	err = hub_read_begin(h, e);
	if (err == 0) {
		if ((err = read_settings(h, conf, now_s, ret, e)) == 0 &&
		    (err = voices_read(h, &ret->voices, e)) == 0)
			err = hub_each_ledger(h, INT32_MIN, INT32_MAX, NULL, take_row, &r, e);
		if (err == 0 && good)
			err = known_each(h, &ret->voices, MAX_OF(oldest, first_day), r.today,
			    take_good, good, e);
		find_anchors(ret);
		hub_read_end(h);
	}
	h = hub_free(h);
	if (err == -ENOMEM)
		(void)err_set(e, err, "the ledger does not fit into memory");
	return err;
}

void eval_hub_done(struct eval_hub *v)
{
	voices_done(&v->voices);
	addrset_done(&v->never);
}

void eval_hub_voices(
    void *ctx, int32_t day, struct judge *j, struct series_voice voices[SERIES_VOICES_MAX])
{
	struct eval_hub *h = ctx;
	struct voices *v = &h->voices;

	voices_as_of(v, day);
	voices_tell(v, j);
	for (size_t i = 0; i < v->n && i < SERIES_VOICES_MAX; i++)
		voices[i] = (struct series_voice){ .group = (uint8_t)v->v[i].group,
			.weak = voices_weak(v, &v->v[i]) };
}
