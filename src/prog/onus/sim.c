/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/sim.h"

#include <errno.h>
#include <math.h>

#include "util/clock.h"

#define TRIES	     64u  /* to find a block that is not special */
#define ONE_DAY_ONLY 0.55 /* of the attackers */
#define DAYS_MEAN    6.0  /* of the others: how long they go on */
#define ACTIVE	     0.75 /* … on each of those days */
#define TOGETHER     0.6  /* sits in the block of the attacker before it in its AS */
#define OVER_SIX     0.05 /* of the attackers, where their AS announces IPv6 */
#define SIZE_POWER   0.75 /* attackers grow slower than networks do */
#define BUSY_HOURS   14.0 /* an attacker's working day */

/* What kinds of attackers there are, and what they are seen doing. */
static const struct kind {
	double share;
	enum category category;
	enum proof proof;
	struct span service;
	double mean_count; /* events a day */
} kinds[] = {
	{ 0.34, CATEGORY_BRUTE_FORCE, PROOF_FULL, SPAN("sshd"), 24 },
	{ 0.16, CATEGORY_SCANNER, PROOF_WEAK, SPAN("firewall"), 6 },
	{ 0.10, CATEGORY_EXPLOIT, PROOF_FULL, SPAN("http"), 5 },
	{ 0.26, CATEGORY_SPAM, PROOF_FULL, SPAN("smtp"), 9 },
	{ 0.08, CATEGORY_INFECTED_SYSTEM, PROOF_FULL, SPAN("smtp"), 3 },
	{ 0.04, CATEGORY_PHISHING, PROOF_FULL, SPAN("http"), 2 },
	{ 0.02, CATEGORY_PROXY, PROOF_FULL, SPAN("http"), 3 },
};

/* Two groups of sensors, and how much of an active day each of them gets to see. */
static const struct {
	struct span source;
	double sees;
} sensors[] = { { SPAN(EVENT_SIMULATED_SOURCE "a"), 0.6 },
	{ SPAN(EVENT_SIMULATED_SOURCE "b"), 0.4 } };

struct sim {
	const struct sim_conf *c;
	uint64_t state;
	double *upto;	    /* by AS: sum of the weights so far */
	struct addr *block; /* by AS: of its last attacker; zero: none yet */
	struct event *v;
	size_t n, cap;
};

/* --- chance ------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct sim *s)
{
	uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double unit(struct sim *s) /* [0, 1) */
{
	return (double)(draw(s) >> 11) * 0x1p-53;
}

static uint64_t below(struct sim *s, uint64_t n) /* n > 0; the bias is far below a millionth */
{
	return (uint64_t)((unsigned __int128)draw(s) * n >> 64);
}

static double exponential(struct sim *s, double mean)
{
	return -mean * log(1 - unit(s));
}

static double normal(struct sim *s) /* Box and Muller */
{
	double radius = sqrt(-2 * log(1 - unit(s)));

	return radius * cos(2 * M_PI * unit(s));
}

/* --- where -------------------------------------------------------------------------------------- */

static int weigh(struct sim *s, struct err *e)
{
	const struct registry *r = s->c->registry;
	uint32_t n = registry_n_as(r);
	double sum = 0;

	s->upto = calloc(n + 1, sizeof(*s->upto));
	s->block = calloc(n + 1, sizeof(*s->block));
	if (!s->upto || !s->block)
		return err_set(e, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		double size = (double)registry_as_at(r, i).v4_addresses;

		sum += pow(size, SIZE_POWER) * exp(SIM_SPREAD * normal(s));
		s->upto[i] = sum;
	}
	return sum > 0 ? 0 : err_set(e, -ENODATA, "the registry has no announced IPv4 space");
}

static uint32_t pick_as(struct sim *s)
{
	uint32_t lo = 0, hi = registry_n_as(s->c->registry) - 1;
	double at = unit(s) * s->upto[hi];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->upto[mid] > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* An address of an AS, each of its announced ones as likely as the other. */
static bool any_v4(struct sim *s, uint32_t as, struct addr *ret)
{
	const struct registry *r = s->c->registry;
	uint64_t at = below(s, registry_as_at(r, as).v4_addresses);
	uint32_t first, n = registry_as_prefixes(r, as, &first);

	for (uint32_t i = first; i < first + n; i++) {
		struct range p = registry_prefix_at(r, registry_as_prefix(r, i)).range;
		uint64_t size = range_units(p);

		if (!addr_is_v4(p.first))
			return false;
		if (at < size) {
			*ret = addr_of_v4(addr_v4(p.first) + (uint32_t)at);
			return true;
		}
		at -= size;
	}
	return false;
}

/* A /64 near the beginning of one of its IPv6 prefixes, where customers sit. */
static bool any_v6(struct sim *s, uint32_t as, struct addr *ret)
{
	const struct registry *r = s->c->registry;
	uint32_t first, n = registry_as_prefixes(r, as, &first);
	struct range p;

	if (n == 0)
		return false;
	p = registry_prefix_at(r, registry_as_prefix(r, first + n - 1)).range; /* IPv6 comes last */
	if (addr_is_v4(p.first))
		return false;
	*ret = (struct addr){ p.first.hi + (below(s, 8) << 16) + below(s, 256), 0 };
	return range_has(p, *ret);
}

static bool pick_host(struct sim *s, uint32_t as, struct addr *ret)
{
	struct addr *block = &s->block[as];

	if (unit(s) < OVER_SIX && any_v6(s, as, ret))
		return !addr_special(*ret);
	if ((block->hi || block->lo) && unit(s) < TOGETHER) {
		struct attribution at;

		*ret = addr_of_v4(addr_v4(*block) + 1 + (uint32_t)below(s, 254));
		registry_lookup(s->c->registry, *ret, &at);
		if (at.as == as && !addr_special(*ret))
			return true;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		if (!any_v4(s, as, ret) || addr_special(*ret))
			continue;
		*block = addr_block(*ret).addr;
		return true;
	}
	return false;
}

/* --- what and when ------------------------------------------------------------------------------ */

static const struct kind *pick_kind(struct sim *s)
{
	double at = unit(s);

	for (unsigned i = 0; i + 1 < NELEM(kinds); i++) {
		if (at < kinds[i].share)
			return &kinds[i];
		at -= kinds[i].share;
	}
	return &kinds[NELEM(kinds) - 1];
}

static int put(struct sim *s, struct addr host, const struct kind *k, unsigned sensor, int32_t day,
    double hour)
{
	int64_t time_s = (int64_t)day * DAY_S + (int64_t)(fmod(hour, 24) * 3600);

	if (time_s > s->c->until_s)
		return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 4096;
		struct event *v = reallocarray(s->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = (struct event){ .time_s = time_s,
		.subject = event_subject(host),
		.category = k->category,
		.proof = k->proof,
		.count = 1 + (uint32_t)MIN_OF(exponential(s, k->mean_count), 100000.0),
		.source = sensors[sensor].source,
		.service = k->service,
		.detail = SPAN(EVENT_SIMULATED) };
	return 0;
}

static int live(struct sim *s, struct addr host)
{
	const struct kind *k = pick_kind(s);
	int32_t last = day_of(s->c->until_s), first = last - (int32_t)s->c->days + 1;
	int32_t day = first + (int32_t)below(s, s->c->days), end = day;
	double wakes = unit(s) * 24;
	int r = 0;

	if (unit(s) >= ONE_DAY_ONLY)
		end = (int32_t)MIN_OF((double)last, day + 1 + exponential(s, DAYS_MEAN));
	for (int32_t d = day; d <= end && r == 0; d++) {
		bool active = d == day || unit(s) < ACTIVE;

		for (unsigned i = 0; i < NELEM(sensors) && r == 0; i++)
			if (active && unit(s) < sensors[i].sees)
				r = put(s, host, k, i, d, wakes + unit(s) * BUSY_HOURS);
	}
	return r;
}

static int by_time(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;
	int c;

	if (a->time_s != b->time_s)
		return a->time_s < b->time_s ? -1 : 1;
	c = addr_cmp(a->subject.addr, b->subject.addr);
	if (c == 0 && a->category != b->category)
		c = a->category < b->category ? -1 : 1;
	if (c == 0 && a->source.p != b->source.p)
		c = a->source.p == sensors[0].source.p ? -1 : 1;
	return c;
}

int sim_run(const struct sim_conf *c, struct event **ret, size_t *ret_n, struct err *e)
{
	struct sim s = { .c = c, .state = c->seed };
	int r = registry_n_as(c->registry) == 0 ? err_set(e, -ENODATA, "the registry is empty")
						: weigh(&s, e);

	for (uint32_t i = 0; i < c->hosts && r == 0; i++) {
		struct addr host;

		if (pick_host(&s, pick_as(&s), &host) && live(&s, host) < 0)
			r = err_set(e, -ENOMEM, "out of memory");
	}
	free(s.upto);
	free(s.block);
	if (r < 0) {
		free(s.v);
		return r;
	}
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_time);
	*ret = s.v;
	*ret_n = s.n;
	return 0;
}
