/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "holders/registry.h"
#include "ledger/hub_setting.h"
#include "prog/evidence/disputes.h"
#include "prog/evidence/evidence.h"
#include "prog/evidence/voices.h"
#include "util/clock.h"

struct reader {
	struct evidence *out;
	struct voices voices;
	struct disputes disputes;
	int64_t heard_s; /* disputes count as they stood then */
	int32_t day;	 /* that is judged */
	uint8_t hour;
};

static int take_row(void *ctx, const struct hub_ledger_row *row)
{
	struct reader *r = ctx;
	struct judge *j = r->out->judge;
	const struct voice *t = voices_find(&r->voices, row->source);
	enum proof proof = row->proof;
	bool host =
	    addr_is_v4(row->subject.addr) ? row->subject.len == 128 : row->subject.len >= 64;

	if (!t || (row->day == r->day && row->hour != HUB_HOUR_DAY && row->hour > r->hour))
		return 0;
	if (!(t->anchor && proof == PROOF_FULL) && disputes_silence(&r->disputes, row))
		return 0;
	r->out->rows++;
	if (!host) {
		r->out->listed++;
		return judge_add_listed(j, row->subject, row->category, row->day, t->group);
	}
	if (voices_weak(&r->voices, t))
		proof = PROOF_WEAK;
	return judge_add(
	    j, row->subject.addr, row->category, proof, row->day, t->group, row->count);
}

/* FNV-1a: only to see a change. */
static void mix(uint64_t *h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
}

static uint64_t hash_voices(const struct voices *v, const struct disputes *d)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < v->n; i++) {
		const struct voice *t = &v->v[i];

		mix(&h, &t->id, sizeof(t->id));
		mix(&h, &t->kind, sizeof(t->kind));
		mix(&h, &t->anchor, sizeof(t->anchor));
		mix(&h, &t->trust, sizeof(t->trust));
		mix(&h, t->name, strlen(t->name) + 1);
	}
	for (size_t i = 0; i < d->n; i++) {
		const struct disputed *l = &d->v[i];

		mix(&h, &l->subject.addr, sizeof(l->subject.addr));
		mix(&h, &l->subject.len, sizeof(l->subject.len));
		mix(&h, &l->day, sizeof(l->day));
		mix(&h, &l->category, sizeof(l->category));
		mix(&h, &l->source, sizeof(l->source));
		mix(&h, &l->upheld, sizeof(l->upheld));
	}
	return h;
}

/* Who says things, as of r->day, and which lines do not count. */
static int read_voices(struct hub *h, struct reader *r, struct err *e)
{
	struct evidence *out = r->out;
	int err = voices_read(h, &r->voices, e);

	if (err == 0)
		err = disputes_read(h, r->heard_s, &r->disputes, e);
	if (err < 0)
		return err;
	voices_as_of(&r->voices, r->day);
	out->disputed = r->disputes.n;
	out->voices = hash_voices(&r->voices, &r->disputes);
	memcpy(out->group, r->voices.group, sizeof(out->group));
	memcpy(out->kinds, r->voices.kinds, sizeof(out->kinds));
	out->groups_beyond = r->voices.groups_beyond;
	return 0;
}

static void tell(const struct reader *r)
{
	uint64_t wrong[JUDGE_GROUPS_MAX] = { 0 };

	voices_tell(&r->voices, r->out->judge);
	for (size_t i = 0; i < r->disputes.n; i++) {
		const struct voice *t = voices_find(&r->voices, r->disputes.v[i].source);

		if (t && r->disputes.v[i].upheld)
			wrong[t->group]++;
	}
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++)
		judge_wrong(r->out->judge, g, wrong[g]);
}

static void reader_done(struct reader *r)
{
	voices_done(&r->voices);
	disputes_done(&r->disputes);
}

static int too_much(int err, struct err *e)
{
	if (err == -ENOMEM || err == -E2BIG)
		return err_set(e, err, "the ledger's evidence does not fit into memory");
	return err;
}

/* What a run is computed from, beside the evidence. */
static int read_run(struct hub *h, struct evidence *out, struct err *e)
{
	int err = hub_cursor(h, &out->run.batch_cursor, e);

	if (err == 0)
		err = hub_settings_rev(h, &out->run.settings_rev, e);
	if (err == 0)
		err = hub_batch_mark(h, out->run.batch_cursor, out->mark, e);
	(void)snprintf(out->run.formula, sizeof(out->run.formula), "%s", JUDGE_FORMULA);
	return err;
}

static int judge_make(struct reader *r, struct err *e)
{
	r->out->judge = judge_new(&(struct judge_conf){ .today = r->day,
	    .first_day = r->out->first_day,
	    .guard = true,
	    .measure = true,
	    .delegation = registry_delegation,
	    .network = registry_whole,
	    .above = registry_whole_above });
	return r->out->judge ? 0 : err_set(e, -ENOMEM, "out of memory");
}

/* Now, evidence of all of today counts: what is dated a little ahead comes from clocks that are wrong, and is as
 * true an hour later. A past instant is judged by what was known then. */
static int read_all(struct hub *h, struct reader *r, int64_t at_s, bool now, struct err *e)
{
	struct evidence *out = r->out;
	int32_t last_day;
	int64_t end;
	int err = read_run(h, out, e);

	if (err == 0)
		err = hub_days(h, &out->first_day, &last_day, e);
	if (err < 0)
		return err;
	end = ((int64_t)last_day + 1) * DAY_S - 1;
	out->archived = now && last_day && end < at_s - (int64_t)ARCHIVE_DAYS * DAY_S;
	if (out->archived)
		at_s = end;
	r->day = day_of(at_s);
	r->hour = now ? 23 : (uint8_t)((at_s - (int64_t)r->day * DAY_S) / 3600);
	out->run.at_s = at_s;
	out->day = r->day;
	if (!last_day)
		out->first_day = r->day;
	if ((err = judge_make(r, e)) < 0 || (err = read_voices(h, r, e)) < 0)
		return err;
	tell(r);
	err = hub_scan_ledger(h, r->day - (JUDGE_WINDOW_DAYS - 1), r->day, take_row, r, e);
	return too_much(err, e);
}

int evidence_read(struct hub *h, int64_t at_s, bool now, struct evidence *ret, struct err *e)
{
	int err = hub_read_begin(h, e);

	*ret = (struct evidence){ NULL };
	if (err < 0)
		return err;
	err = evidence_read_in(h, at_s, now, ret, e);
	hub_read_end(h);
	return err;
}

int evidence_read_in(struct hub *h, int64_t at_s, bool now, struct evidence *ret, struct err *e)
{
	struct reader r = { .out = ret, .heard_s = at_s };
	int err;

	*ret = (struct evidence){ NULL };
	err = read_all(h, &r, at_s, now, e);
	reader_done(&r);
	if (err < 0)
		evidence_done(ret);
	return err;
}

/* Days that have begun since: their rows may have been there before, as of tomorrow. */
static int next_days(struct hub *h, struct reader *r, struct err *e)
{
	struct evidence *v = r->out;
	int32_t from = v->day + 1, ignored;
	int err = hub_days(h, &v->first_day, &ignored, e);

	if (err < 0)
		return err;
	err = judge_age(v->judge, (unsigned)(r->day - v->day));
	if (err == 0)
		err = judge_began(v->judge, v->first_day);
	v->day = r->day;
	v->aged = true;
	if (err == 0)
		err = hub_scan_ledger(h, from, r->day, take_row, r, e);
	return err;
}

/* What a batch added that was folded since. Its rows of days yet to come are read when they have. */
static int follow(struct hub *h, struct reader *r, struct evidence *old, struct err *e)
{
	struct evidence *v = r->out;
	char mark[HUB_MARK_MAX];
	uint64_t voices = old->voices;
	int32_t day = r->day;
	int err = hub_batch_mark(h, old->run.batch_cursor, mark, e);

	if (err == 0)
		err = read_voices(h, r, e);
	if (err < 0)
		return err;
	if (strcmp(mark, old->mark) != 0 || v->voices != voices)
		return 1;
	tell(r);
	r->day = v->day;
	err = hub_each_change(h, v->run.batch_cursor, take_row, r, e);
	r->day = day;
	if (err == 0 && r->day > v->day)
		err = next_days(h, r, e);
	return err == 0 ? read_run(h, v, e) : too_much(err, e);
}

int evidence_follow(struct hub *h, int64_t at_s, struct evidence *v, struct err *e)
{
	struct reader r = { .out = v, .heard_s = at_s, .day = day_of(at_s), .hour = 23 };
	int err;

	v->aged = false;
	if (v->archived || r.day < v->day)
		return 1;
	err = hub_read_begin(h, e);
	if (err < 0)
		return err;
	err = follow(h, &r, v, e);
	hub_read_end(h);
	reader_done(&r);
	if (err == 0)
		v->run.at_s = at_s;
	return err;
}

int evidence_begin(struct hub *h, struct evidence *v, struct err *e)
{
	struct reader r = { .out = v, .heard_s = v->run.at_s, .day = v->day };
	uint64_t voices = v->voices;
	int err = judge_make(&r, e);

	if (err == 0)
		err = read_voices(h, &r, e);
	if (err == 0 && v->voices != voices)
		err = 1;
	if (err == 0)
		tell(&r);
	reader_done(&r);
	return err;
}

void evidence_done(struct evidence *v)
{
	v->judge = judge_free(v->judge);
}
