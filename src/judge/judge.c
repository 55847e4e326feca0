/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/judge.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "judge/run.h"

struct judge *judge_new(const struct judge_conf *c)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->conf = *c;
	if (!(j->conf.l0 > 0))
		j->conf.l0 = JUDGE_L0;
	if (!(j->conf.m0 > 0))
		j->conf.m0 = JUDGE_M0;
	j->listed.least = true;
	if (c->world) {
		j->world = *c->world;
		j->conf.world = &j->world;
	}
	return j;
}

static void forget_run(struct judge *j)
{
	leaf_forget(j);
	pace_forget(j);
	sums_forget(j);
	rows_forget(j);
	free(j->as_wanted);
	j->as_wanted = NULL;
	free(j->walks);
	j->walks = NULL;
	for (unsigned k = 0; k < ENTITY_KIND_N; k++) {
		free(j->changed[k].v);
		j->changed[k] = (struct changed){ NULL };
	}
	j->ran = false;
}

struct judge *judge_free(struct judge *j)
{
	if (!j)
		return NULL;
	forget_run(j);
	bits_done(&j->bits);
	bits_done(&j->delta);
	bits_done(&j->listed);
	free(j->notices);
	free(j->formers);
	free(j->tracts);
	free(j);
	return NULL;
}

void judge_group(struct judge *j, unsigned group, double trust, bool anchor)
{
	double given = anchor || trust > 1 ? 1 : trust > 0 ? trust : 0;

	assert(group < JUDGE_GROUPS_MAX);
	j->stale |=
	    given < j->given[group] || given > j->given[group] || anchor != j->anchor[group];
	j->anchor[group] = anchor;
	j->anchor_mask = (j->anchor_mask & ~(UINT64_C(1) << group)) | (uint64_t)anchor << group;
	j->given[group] = given;
}

void judge_derived(struct judge *j, unsigned group, bool derived)
{
	assert(group < JUDGE_GROUPS_MAX);
	j->stale |= derived != j->derived[group];
	j->derived[group] = derived;
}

void judge_wrong(struct judge *j, unsigned group, uint64_t lines)
{
	assert(group < JUDGE_GROUPS_MAX);
	j->stale |= lines != j->wrong[group];
	j->wrong[group] = lines;
}

int judge_notice(struct judge *j, struct range told, int32_t day)
{
	if (grow_u32(
		&j->notices, &j->cap_notices, (uint64_t)j->n_notices + 1, sizeof(*j->notices)) < 0)
		return -ENOMEM;
	j->notices[j->n_notices++] = (struct noticed){ told, day };
	return 0;
}

void judge_map(struct judge *j, float *arrivals, float *returning)
{
	j->stale = true;
	j->map_arrivals = arrivals;
	j->map_returning = returning;
}

/* The bit of a sighting; false when it is none of the judge's business. */
static bool bit_make(const struct judge *j, struct addr a, enum category c, enum proof proof,
    int32_t day, unsigned group, uint64_t count, struct bit *ret)
{
	enum family f = category_family(c);
	int64_t lag = (int64_t)j->conf.today - day;

	assert(group < JUDGE_GROUPS_MAX);
	if (lag < 0 || lag >= JUDGE_WINDOW_DAYS || f >= FAMILY_SCORED_N)
		return false;
	if (!bit_host(a, &ret->host))
		return false;
	ret->meta = (uint64_t)f << 62 | (uint64_t)lag << 53 | (uint64_t)group << BIT_KEY_SHIFT |
		    (proof == PROOF_FULL ? 0 : BIT_WEAK) | (c == CATEGORY_SCANNER ? BIT_SCAN : 0) |
		    MIN_OF(count, BIT_COUNT_MAX);
	return true;
}

int judge_add(struct judge *j, struct addr host, enum category c, enum proof proof, int32_t day,
    unsigned group, uint64_t count)
{
	struct bit b;

	if (!bit_make(j, host, c, proof, day, group, count, &b))
		return 0;
	return bits_add(j->ran ? &j->delta : &j->bits, b, JUDGE_BITS_MAX);
}

int judge_expect(struct judge *j, size_t n)
{
	return bits_expect(j->ran ? &j->delta : &j->bits, MIN_OF(n, (size_t)JUDGE_BITS_MAX));
}

int judge_add_listed(
    struct judge *j, struct prefix listed, enum category c, int32_t day, unsigned group)
{
	struct bit b;

	if (!bit_make(j, listed.addr, c, PROOF_FULL, day, group, 1, &b))
		return 0;
	/* Only (prefix, group) is told: the length takes the place of family and lag, which is the count. */
	b.meta = (uint64_t)listed.len << 53 | (uint64_t)group << BIT_KEY_SHIFT | bit_lag(&b);
	j->more_listed = true;
	return bits_add(&j->listed, b, JUDGE_BITS_MAX);
}

/* Listed prefixes go to the row around their first address. */
void listed_count(struct judge *j)
{
	uint32_t row = 0;

	for (uint32_t i = 0; i < j->n_rows; i++)
		j->rows[i].listed = 0;
	for (size_t i = 0; i < j->listed.n; i++) {
		const struct bit *b = &j->listed.v[i];
		unsigned v = bit_version(b->host);
		uint64_t unit = bit_unit(b->host);

		while (row < j->n_own_rows &&
		       (j->rows[row].version < v ||
			   (j->rows[row].version == v && j->rows[row].last < unit)))
			row++;
		if (row == j->n_own_rows)
			return;
		if (j->rows[row].version != v || unit < j->rows[row].first)
			continue;
		j->rows[row].listed++;
	}
}

static unsigned collection_days(const struct judge *j)
{
	int64_t days = (int64_t)j->conf.today - j->conf.first_day + 1;

	for (size_t i = 0; i < j->bits.n; i++)
		days = MAX_OF(days, (int64_t)bit_lag(&j->bits.v[i]) + 1);
	return days < 1 ? 1 : days > JUDGE_WINDOW_DAYS ? JUDGE_WINDOW_DAYS : (unsigned)days;
}

/* Who is clean is told by all the hosts of a place: they are cut first, and then judged. */
static int leaves(struct judge *j)
{
	CLEANUP(leaf_filler_free) struct leaf_filler *filler = leaf_filler_new(j);
	int r = filler ? leaf_cut(j) : -ENOMEM;

	if (r == 0)
		r = pace_build(j);
	for (uint32_t i = 0; i < j->n_leaves && r == 0; i++)
		r = leaf_fill(filler, leaf_at(j, i), true);
	return r;
}

/* The evidence in its own order, which updates have left in that of the leaves. */
static int bits_gather(struct judge *j)
{
	struct bits to = { .sealed = true };

	if (!j->moved)
		return 0;
	if (bits_expect(&to, j->live_bits) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_order; i++) {
		const struct leaf *l = leaf_at(j, i);

		for (uint32_t k = 0; k < l->hosts; k++) {
			const struct bit *v = j->bits.v + j->hosts[l->host + k];
			uint64_t host = v->host;

			while (v < j->bits.v + j->bits.n && v->host == host)
				to.v[to.n++] = *v++;
		}
	}
	bits_done(&j->bits);
	j->bits = to;
	j->moved = false;
	return 0;
}

/* Without memory for it everything stays as it is: what has moved is found by the run alone. */
int judge_settle(struct judge *j)
{
	int r = j->broken ? -EBADMSG : bits_gather(j);

	if (r < 0)
		return r;
	forget_run(j);
	r = bits_seal(&j->bits);
	if (r == 0)
		r = bits_merge(&j->bits, &j->delta, JUDGE_BITS_MAX);
	if (r == 0)
		r = former_join(&j->bits);
	if (r == 0)
		r = bits_seal(&j->listed);
	return r;
}

int judge_run(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	int r = judge_settle(j);

	if (r < 0)
		return err_set(e, r,
		    r == -EBADMSG ? "judging: evidence was lost before" : "judging: out of memory");
	unsigned days = collection_days(j);

	j->space_ctx = ctx;
	model_init(&j->model, days);
	former_begin(j);
	j->world.provisional = days < JUDGE_PROVISIONAL_DAYS;
	if ((r = rows_load(j, space, ctx, e)) < 0)
		goto failed;
	listed_count(j);
	if ((r = trust_measure(j)) < 0)
		goto failed;
	guard_build(j);
	masks_build(j);
	rhythm_learn(j);
	if ((r = former_split(j, &j->bits)) < 0)
		goto failed;
	if ((r = leaves(j)) < 0)
		goto failed;
	if ((r = wanted_build(j)) < 0)
		goto failed;
	world_learn(j);
	if (j->map_returning)
		leaf_map(j, j->map_returning);
	if ((r = tree_run(j)) < 0 || (r = sums_build(j)) < 0)
		goto failed;
	j->ran = true;
	j->stale = j->moved = j->more_listed = false;
	j->live_bits = j->bits.n;
	return 0;
failed:
	forget_run(j);
	return r == -ENOMEM ? err_set(e, r, "judging: out of memory") : r;
}

void judge_world(const struct judge *j, struct judge_world *ret)
{
	*ret = j->world;
}

int judge_age(struct judge *j, unsigned n)
{
	size_t to = 0;
	int r = judge_settle(j);

	if (r < 0)
		return r;
	for (size_t i = 0; i < j->bits.n; i++) {
		struct bit b = j->bits.v[i];

		if (bit_lag(&b) + (uint64_t)n >= JUDGE_WINDOW_DAYS)
			continue;
		b.meta += (uint64_t)n << 53;
		j->bits.v[to++] = b;
	}
	j->bits.n = to;
	to = 0;
	for (size_t i = 0; i < j->listed.n; i++)
		if (bit_count(&j->listed.v[i]) + n < JUDGE_WINDOW_DAYS) {
			j->listed.v[to] = j->listed.v[i];
			j->listed.v[to++].meta += n;
		}
	j->listed.n = to;
	j->conf.today += (int32_t)n;
	return 0;
}

int judge_advance(struct judge *j, unsigned n)
{
	int r = judge_age(j, n);

	j->trust_kept = true;
	j->conf.world = &j->world;
	return r;
}

int judge_began(struct judge *j, int32_t first_day)
{
	size_t to = 0;
	int r = judge_settle(j);

	if (r < 0)
		return r;
	for (size_t i = 0; i < j->bits.n; i++)
		if (j->conf.today - (int32_t)bit_lag(&j->bits.v[i]) >= first_day)
			j->bits.v[to++] = j->bits.v[i];
	j->bits.n = to;
	to = 0;
	for (size_t i = 0; i < j->listed.n; i++)
		if (j->conf.today - (int32_t)bit_count(&j->listed.v[i]) >= first_day)
			j->listed.v[to++] = j->listed.v[i];
	j->listed.n = to;
	j->conf.first_day = first_day;
	return 0;
}

int judge_keep(struct judge *j, struct judge_kept *ret)
{
	_Static_assert(sizeof(struct bit) == 2 * sizeof(uint64_t), "two words");
	int r = j->moved || j->delta.n || !j->ran ? judge_settle(j) : 0;

	if (r == 0)
		*ret = (struct judge_kept){ .hosts = (const uint64_t *)j->bits.v,
			.listed = (const uint64_t *)j->listed.v,
			.n_hosts = j->bits.n,
			.n_listed = j->listed.n };
	return r;
}

static struct bits view_of(const uint64_t *v, size_t n, bool least)
{
	return (
	    struct bits){ .v = (struct bit *)(uintptr_t)v, .n = n, .least = least }; /* only read */
}

/* What was kept, among what is there; the two may overlap. */
static int bits_take(struct bits *to, const struct bits *kept)
{
	struct bits from = { .least = to->least };
	int r;

	if (kept->n == 0)
		return 0;
	if ((r = bits_expect(&from, kept->n)) < 0)
		return r;
	memcpy(from.v, kept->v, kept->n * sizeof(*kept->v));
	from.n = kept->n;
	from.sealed = true;
	if ((r = former_join(&from)) == 0 && (r = bits_seal(to)) == 0)
		r = bits_merge(to, &from, JUDGE_BITS_MAX);
	bits_done(&from);
	return r;
}

int judge_restore(struct judge *j, const struct judge_kept *k)
{
	const struct bits hosts = view_of(k->hosts, k->n_hosts, false);
	const struct bits listed = view_of(k->listed, k->n_listed, true);
	int r;

	if (hosts.n > JUDGE_BITS_MAX || listed.n > JUDGE_BITS_MAX ||
	    !bits_sound(&hosts, JUDGE_WINDOW_DAYS) || !bits_sound(&listed, JUDGE_WINDOW_DAYS))
		return -EBADMSG;
	r = judge_settle(j);
	if (r == 0)
		r = bits_take(&j->bits, &hosts);
	return r < 0 ? r : bits_take(&j->listed, &listed);
}
