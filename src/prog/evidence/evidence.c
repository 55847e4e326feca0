/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "prog/evidence/evidence.h"
#include "util/clock.h"

/* struct teller - one source, as of the instant that is judged */
struct teller {
	int32_t id;
	bool anchor, revised;
	char group[EVENT_SOURCE_MAX + 1];
	double trust;
	unsigned index; /* of its group */
};

struct reader {
	struct evidence *out;
	struct teller *v;
	size_t n, cap;
	int32_t day; /* that is judged */
	uint8_t hour;
	bool anchored[JUDGE_GROUPS_MAX];
};

static void copy_group(struct teller *t, const char *group)
{
	size_t n = strnlen(group, sizeof(t->group) - 1);

	memcpy(t->group, group, n);
	t->group[n] = '\0';
}

static int take_source(void *ctx, const struct hub_source *s)
{
	struct reader *r = ctx;
	struct teller *t;

	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;

		t = reallocarray(r->v, cap, sizeof(*t));
		if (!t)
			return -ENOMEM;
		r->v = t;
		r->cap = cap;
	}
	t = &r->v[r->n++];
	*t = (struct teller){ .id = s->id, .anchor = s->anchor, .trust = s->trust };
	copy_group(t, s->group);
	return 0;
}

static struct teller *find(const struct reader *r, int32_t id)
{
	size_t lo = 0, hi = r->n; /* by id */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].id == id)
			return &r->v[mid];
		if (r->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Of a source's revisions the last one up to the day counts; before the first one, the first. */
static int take_rev(void *ctx, const struct hub_source *s)
{
	struct reader *r = ctx;
	struct teller *t = find(r, s->id);

	if (!t || (t->revised && s->first_day > r->day))
		return 0;
	t->revised = true;
	t->trust = s->trust;
	copy_group(t, s->group);
	return 0;
}

/* Groups get indexes in the order of their first source. The trust of a group is that of its least
 * trusted source: one operator cannot lend it to himself. */
static void number_groups(struct reader *r)
{
	double trust[JUDGE_GROUPS_MAX];
	unsigned n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct teller *t = &r->v[i];
		size_t k = 0;

		while (k < i && strcmp(r->v[k].group, t->group) != 0)
			k++;
		t->index = k < i ? r->v[k].index : MIN_OF(n, JUDGE_GROUPS_MAX - 1);
		if (k == i) {
			r->out->groups_beyond += n >= JUDGE_GROUPS_MAX;
			if (n < JUDGE_GROUPS_MAX) {
				memcpy(r->out->group[n], t->group, sizeof(t->group));
				trust[n++] = 1;
			}
		}
		r->anchored[t->index] |= t->anchor;
		trust[t->index] = MIN_OF(trust[t->index], t->anchor ? 1 : t->trust);
	}
	for (unsigned g = 0; g < n; g++)
		judge_group(r->out->judge, g, trust[g], r->anchored[g]);
}

static int take_row(void *ctx, const struct hub_ledger_row *row)
{
	struct reader *r = ctx;
	struct judge *j = r->out->judge;
	const struct teller *t = find(r, row->source);
	enum proof proof = row->proof;
	bool host =
	    addr_is_v4(row->subject.addr) ? row->subject.len == 128 : row->subject.len >= 64;

	if (!t || (row->day == r->day && row->hour != HUB_HOUR_DAY && row->hour > r->hour))
		return 0;
	r->out->rows++;
	if (!host) {
		r->out->listed++;
		return judge_add_listed(j, row->subject, row->category, row->day, t->index);
	}
	/* What a foreign source says in a group of one's own does not become one's own word. */
	if (r->anchored[t->index] && !t->anchor)
		proof = PROOF_WEAK;
	return judge_add(
	    j, row->subject.addr, row->category, proof, row->day, t->index, row->count);
}

/* FNV-1a: only to see a change. */
static void mix(uint64_t *h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
}

static uint64_t hash_tellers(const struct reader *r)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < r->n; i++) {
		const struct teller *t = &r->v[i];

		mix(&h, &t->id, sizeof(t->id));
		mix(&h, &t->anchor, sizeof(t->anchor));
		mix(&h, &t->trust, sizeof(t->trust));
		mix(&h, t->group, strlen(t->group) + 1);
	}
	return h;
}

/* Who says things, as of r->day. */
static int read_tellers(struct hub *h, struct reader *r, struct err *e)
{
	int err = hub_each_source(h, take_source, r, e);

	if (err == 0)
		err = hub_each_source_rev(h, take_rev, r, e);
	if (err == 0)
		r->out->tellers = hash_tellers(r);
	return err == -ENOMEM ? err_set(e, err, "out of memory") : err;
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
	r->out->judge = judge_new(&(struct judge_conf){
	    .today = r->day, .first_day = r->out->first_day, .guard = true, .measure = true });
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
	if ((err = judge_make(r, e)) < 0 || (err = read_tellers(h, r, e)) < 0)
		return err;
	number_groups(r);
	err = hub_scan_ledger(h, r->day - (JUDGE_WINDOW_DAYS - 1), r->day, take_row, r, e);
	return too_much(err, e);
}

int evidence_read(struct hub *h, int64_t at_s, bool now, struct evidence *ret, struct err *e)
{
	struct reader r = { .out = ret };
	int err = hub_read_begin(h, e);

	*ret = (struct evidence){ NULL };
	if (err < 0)
		return err;
	err = read_all(h, &r, at_s, now, e);
	hub_read_end(h);
	free(r.v);
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
	uint64_t tellers = old->tellers;
	int32_t day = r->day;
	int err = hub_batch_mark(h, old->run.batch_cursor, mark, e);

	if (err == 0)
		err = read_tellers(h, r, e);
	if (err < 0)
		return err;
	if (strcmp(mark, old->mark) != 0 || v->tellers != tellers)
		return 1;
	number_groups(r);
	r->day = v->day;
	err = hub_each_change(h, v->run.batch_cursor, take_row, r, e);
	r->day = day;
	if (err == 0 && r->day > v->day)
		err = next_days(h, r, e);
	return err == 0 ? read_run(h, v, e) : too_much(err, e);
}

int evidence_follow(struct hub *h, int64_t at_s, struct evidence *v, struct err *e)
{
	struct reader r = { .out = v, .day = day_of(at_s), .hour = 23 };
	int err;

	v->aged = false;
	if (v->archived || r.day < v->day)
		return 1;
	err = hub_read_begin(h, e);
	if (err < 0)
		return err;
	err = follow(h, &r, v, e);
	hub_read_end(h);
	free(r.v);
	if (err == 0)
		v->run.at_s = at_s;
	return err;
}

int evidence_begin(struct hub *h, struct evidence *v, struct err *e)
{
	struct reader r = { .out = v, .day = v->day };
	uint64_t tellers = v->tellers;
	int err = judge_make(&r, e);

	if (err == 0)
		err = read_tellers(h, &r, e);
	if (err == 0 && v->tellers != tellers)
		err = 1;
	if (err == 0)
		number_groups(&r);
	free(r.v);
	return err;
}

void evidence_done(struct evidence *v)
{
	v->judge = judge_free(v->judge);
}
