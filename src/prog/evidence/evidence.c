/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "prog/evidence/evidence.h"
#include "prog/evidence/voices.h"
#include "util/clock.h"

struct reader {
	struct evidence *out;
	struct voices voices;
	int32_t day; /* that is judged */
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

static int read_all(struct hub *h, struct reader *r, int64_t at_s, bool archive, struct err *e)
{
	struct evidence *out = r->out;
	struct hub_totals totals;
	int64_t end;
	int err;

	if ((err = hub_totals(h, &totals, e)) < 0 ||
	    (err = hub_settings_rev(h, &out->run.settings_rev, e)) < 0)
		return err;
	end = ((int64_t)totals.last_day + 1) * DAY_S - 1;
	if (archive && totals.rows && end < at_s - (int64_t)ARCHIVE_DAYS * DAY_S)
		at_s = end;
	r->day = day_of(at_s);
	r->hour = (uint8_t)((at_s - (int64_t)r->day * DAY_S) / 3600);
	out->run.at_s = at_s;
	out->run.batch_cursor = totals.cursor;
	(void)snprintf(out->run.formula, sizeof(out->run.formula), "%s", JUDGE_FORMULA);
	out->judge = judge_new(&(struct judge_conf){ .today = r->day,
	    .first_day = totals.rows ? totals.first_day : r->day,
	    .guard = true,
	    .measure = true });
	if (!out->judge)
		return err_set(e, -ENOMEM, "out of memory");
	if ((err = voices_read(h, &r->voices, e)) < 0)
		return err;
	voices_as_of(&r->voices, r->day);
	voices_tell(&r->voices, out->judge);
	memcpy(out->group, r->voices.group, sizeof(out->group));
	out->groups_beyond = r->voices.groups_beyond;
	err = hub_each_ledger(h, r->day - (JUDGE_WINDOW_DAYS - 1), r->day, NULL, take_row, r, e);
	if (err == -ENOMEM || err == -E2BIG)
		return err_set(e, err, "the ledger's evidence does not fit into memory");
	return err;
}

int evidence_read(struct hub *h, int64_t at_s, bool archive, struct evidence *ret, struct err *e)
{
	int err = hub_read_begin(h, e);

	*ret = (struct evidence){ NULL };
	if (err < 0)
		return err;
	err = evidence_read_in(h, at_s, archive, ret, e);
	hub_read_end(h);
	return err;
}

int evidence_read_in(struct hub *h, int64_t at_s, bool archive, struct evidence *ret, struct err *e)
{
	struct reader r = { .out = ret };
	int err;

	*ret = (struct evidence){ NULL };
	err = read_all(h, &r, at_s, archive, e);
	voices_done(&r.voices);
	if (err < 0)
		evidence_done(ret);
	return err;
}

void evidence_done(struct evidence *v)
{
	v->judge = judge_free(v->judge);
}
