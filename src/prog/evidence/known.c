/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/known.h"

#include <errno.h>

#include "util/clock.h"

/* struct owned - what is handed on: of sources that are anchors */
struct owned {
	const struct voices *voices;
	hub_good_fn *fn;
	void *ctx;
};

static bool own(const struct voices *voices, int32_t source)
{
	const struct voice *v = voices_find(voices, source);

	return v && v->anchor;
}

static int take_own(void *ctx, const struct good_row *row)
{
	struct owned *o = ctx;

	return own(o->voices, row->source) ? o->fn(o->ctx, row) : 0;
}

int known_each(struct hub *h, const struct voices *voices, int32_t first_day, int32_t last_day,
    hub_good_fn *fn, void *ctx, struct err *e)
{
	struct owned o = { voices, fn, ctx };

	return hub_each_good(h, first_day, last_day, take_own, &o, e);
}

struct reader {
	struct voices voices;
	struct replay *to;
};

static void reader_done(struct reader *r)
{
	voices_done(&r->voices);
}

static int take_good(void *ctx, const struct good_row *row)
{
	struct reader *r = ctx;

	return replay_good(r->to, row->addr, row->kind, row->count, row->day);
}

static int take_attack(void *ctx, const struct hub_ledger_row *row)
{
	struct reader *r = ctx;
	unsigned host = addr_is_v4(row->subject.addr) ? 128 : 64;

	if (row->subject.len >= host && replay_is_attack(row->category, row->proof) &&
	    own(&r->voices, row->source))
		replay_attack(r->to, row->subject.addr, row->count);
	return 0;
}

int known_read(struct hub *h, int32_t first_day, int32_t last_day, struct replay *to, struct err *e)
{
	CLEANUP(reader_done) struct reader r = { .to = to };
	int err = voices_read(h, &r.voices, e);

	if (err == 0)
		err = known_each(h, &r.voices, first_day, last_day, take_good, &r, e);
	if (err == 0 && replay_n_hosts(to))
		err = hub_scan_ledger(h, first_day, last_day, take_attack, &r, e);
	return err == -ENOMEM ? err_set(e, err, "out of memory") : err;
}

static bool due(const struct known_good *k, int64_t now_s)
{
	return !k->replay || day_of(k->read_s) != day_of(now_s) || now_s < k->read_s ||
	       now_s - k->read_s >= KNOWN_EVERY_S;
}

int known_fresh(struct known_good *k, struct hub *h, int64_t now_s, struct err *e)
{
	int32_t today = day_of(now_s);
	struct replay *fresh;
	int r;

	if (!due(k, now_s)) {
		replay_forget(k->replay);
		return 0;
	}
	fresh = replay_new(0);
	if (!fresh)
		return err_set(e, -ENOMEM, "out of memory");
	r = known_read(h, today - REPLAY_KNOWN_DAYS + 1, today, fresh, e);
	if (r < 0) {
		(void)replay_free(fresh);
		return r;
	}
	known_done(k);
	*k = (struct known_good){ fresh, now_s };
	return 0;
}

bool known_nobody(const struct known_good *k)
{
	return !k->replay || replay_n_hosts(k->replay) == 0;
}

void known_done(struct known_good *k)
{
	k->replay = replay_free(k->replay);
}
