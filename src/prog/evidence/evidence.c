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
	if ((err = hub_each_source(h, take_source, r, e)) < 0 ||
	    (err = hub_each_source_rev(h, take_rev, r, e)) < 0)
		return err;
	number_groups(r);
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
	free(r.v);
	if (err < 0)
		evidence_done(ret);
	return err;
}

void evidence_done(struct evidence *v)
{
	v->judge = judge_free(v->judge);
}
