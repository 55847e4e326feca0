/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_judge [HOSTS PREFIXES ASES CHANGED NETWORKS TRANSFERS]: the judge alone, over an announced space and evidence that are
 * drawn: sizes of prefixes from /24 to /14, few networks with most of the attackers, hosts active on one
 * to thirty days of the last 60 by three groups; NETWORKS 1: allocations of a /16, three quarters of which is
 * assigned in /22s; TRANSFERS /22s changed hands within 60 days, half of them together with who announces them.
 * Prints seconds and the peak of memory. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "judge/judge.h"
#include "util/clock.h"
#include "util/each.h"
#include "util/num.h"
#include "util/span.h"

#define TODAY  20000
#define CYCLES 5
#define PART   4096 /* judgements that a thread reads at a time */

struct plan {
	uint32_t hosts, prefixes, ases, changed, networks, transfers;
	struct space *v;
	uint32_t n;
	double *weight; /* cumulative, by prefix */
	uint64_t random;
};

static uint32_t below(struct plan *p, uint32_t n)
{
	p->random = p->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((p->random >> 32) * n >> 32);
}

static double unit(struct plan *p)
{
	return below(p, UINT32_MAX) / (double)UINT32_MAX;
}

static bool space(const void *ctx, uint32_t index, struct space *ret)
{
	const struct plan *p = ctx;

	if (index >= p->n)
		return false;
	*ret = p->v[index];
	return true;
}

#define ALLOCATIONS UINT32_C(65536)

/* An allocation's number is that of its /16, an assignment's that of its /22 behind them all. */
static uint32_t network(const void *ctx, struct addr a, struct addr *last)
{
	uint32_t v = addr_v4(a), part = v >> 10;

	(void)ctx;
	*last = addr_of_v4(MIN_OF(addr_v4(*last), v | 1023));
	return part * 2654435761u >> 30 ? ALLOCATIONS + part + 1 : (v >> 16) + 1;
}

static uint32_t above(const void *ctx, uint32_t n)
{
	(void)ctx;
	return n < ALLOCATIONS ? 0 : ((n - ALLOCATIONS) >> 6) + 1;
}

/* Prefixes side by side from 1.0.0.0 on; AS a with a share that falls as 1 / a. */
static void announce(struct plan *p)
{
	uint32_t at = UINT32_C(1) << 24;
	double sum = 0;

	p->v = calloc(p->prefixes, sizeof(*p->v));
	p->weight = calloc(p->prefixes, sizeof(*p->weight));
	if (!p->v || !p->weight)
		exit(1);
	for (; p->n < p->prefixes; p->n++) {
		unsigned grow = 0;

		while (grow < 10 && below(p, 5) < 2)
			grow++;
		uint32_t size = UINT32_C(256) << grow;
		uint32_t as = (uint32_t)(pow(p->ases, unit(p))) - 1;

		if (at > UINT32_MAX - size)
			break;
		p->v[p->n] = (struct space){ .range = { addr_of_v4(at), addr_of_v4(at + size - 1) },
			.prefix = p->n,
			.as = p->n < p->ases ? p->n : as,
			.org = (p->n < p->ases ? p->n : as) * 7 / 10,
			.country = { (char)('A' + as % 26), 'A', 0 } };
		p->weight[p->n] = sum += pow(unit(p) + 1e-4, -0.9) * size;
		at += size;
	}
}

/* /22s at the same distance from each other, all over what is announced. */
static void sell(const struct plan *p, struct judge *j)
{
	struct judge_former *v = calloc(p->transfers, sizeof(*v));
	uint32_t begin = addr_v4(p->v[0].range.first) >> 10;
	uint32_t end = addr_v4(p->v[p->n - 1].range.last) >> 10;
	uint32_t step = (end - begin) / p->transfers;

	for (uint32_t i = 0; v && step && i < p->transfers; i++) {
		uint32_t first = (begin + i * step) << 10;

		v[i] =
		    (struct judge_former){ .range = { addr_of_v4(first), addr_of_v4(first + 1023) },
			    .from = INT32_MIN,
			    .until = TODAY - (int32_t)(i % 60),
			    .org = { p->ases + i % 1000, CHAIN_NONE },
			    .network = p->networks ? (first >> 16) + 1 : 0,
			    .moved = i % 2 };
	}
	if (!v || !step || judge_formers(j, v, p->transfers) < 0)
		exit(1);
	free(v);
}

static uint32_t draw_host(struct plan *p)
{
	double want = unit(p) * p->weight[p->n - 1];
	uint32_t lo = 0, hi = p->n - 1;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->weight[mid] < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	uint32_t first = addr_v4(p->v[lo].range.first), last = addr_v4(p->v[lo].range.last);

	return first + below(p, last - first + 1);
}

static void see(struct judge *j, uint32_t host, unsigned lag, unsigned group)
{
	static const enum category c[] = { CATEGORY_BRUTE_FORCE, CATEGORY_SPAM, CATEGORY_SCANNER };

	if (judge_add(
		j, addr_of_v4(host), c[host % 3], PROOF_FULL, TODAY - (int32_t)lag, group, 1) < 0)
		exit(1);
}

static double seconds(int64_t *since)
{
	int64_t now = clock_monotonic_us();
	double s = (double)(now - *since) / 1e6;

	*since = now;
	return s;
}

static double peak_gib(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024 / 1024;
}

/* Processor time of all threads, in seconds since. */
static double worked(double *since)
{
	struct rusage u;
	double now, s;

	(void)getrusage(RUSAGE_SELF, &u);
	now = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	s = now - *since;
	*since = now;
	return s;
}

/* struct asked - entities of one kind whose judgements are read */
struct asked {
	const struct judge *j;
	enum entity_kind kind;
	const uint32_t *v;
};

static int ask(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct asked *a = ctx;
	struct judgement g;

	(void)lane;
	for (; from < end; from++)
		judge_at(a->j, a->kind, a->v[from], &g);
	return 0;
}

/* New evidence, and what is judged anew for it. */
static int cycle(struct plan *p, struct judge *j)
{
	size_t changed = 0;
	double update, those, work = 0;
	struct err e;
	int64_t t;

	for (uint32_t i = 0; i < p->changed; i++)
		see(j, draw_host(p), 0, below(p, 3));
	(void)worked(&work);
	t = clock_monotonic_us();
	if (judge_update(j, &e) != 0)
		return -1;
	update = seconds(&t);
	for (enum entity_kind k = 0; k < ENTITY_KIND_N; k++) {
		struct asked a = { .j = j, .kind = k };
		uint32_t n = judge_changed(j, k, &a.v);

		changed += n;
		if (each(0, n, PART, ask, &a) < 0)
			return -1;
	}
	those = seconds(&t);
	(void)printf("cycle      %6.2f s  %.2f s of processors; update %.2f s, %zu entities that "
		     "changed %.2f s\n",
	    update + those, worked(&work), update, changed, those);
	return 0;
}

int main(int argc, char **argv)
{
	struct plan p = { .hosts = 12500000,
		.prefixes = 1000000,
		.ases = 100000,
		.changed = 100000,
		.random = 1 };
	uint32_t *arg[] = { &p.hosts, &p.prefixes, &p.ases, &p.changed, &p.networks, &p.transfers };
	struct judge_conf conf = {
		.today = TODAY, .first_day = TODAY - 500, .guard = true, .measure = true
	};
	struct judge *j;
	struct judgement g;
	struct err e;
	int64_t t = clock_monotonic_us();
	double score = 0;

	for (int i = 1; i < argc && i <= (int)NELEM(arg); i++) {
		uint64_t n;

		if (num_u64(span_str(argv[i]), UINT32_MAX, &n) < 0)
			return 1;
		*arg[i - 1] = (uint32_t)n;
	}
	if (p.networks) {
		conf.network = network;
		conf.above = above;
	}
	j = judge_new(&conf);
	if (!j)
		return 1;
	for (unsigned k = 0; k < 3; k++)
		judge_group(j, k, 0.3, k == 0);
	announce(&p);
	if (p.transfers)
		sell(&p, j);
	for (uint32_t i = 0; i < p.hosts; i++) {
		uint32_t host = draw_host(&p);
		unsigned lag = below(&p, 60), days = below(&p, 3) ? 1 : 1 + below(&p, 8);

		for (unsigned d = 0; d < days; d++)
			see(j, host, lag + d, below(&p, 3));
	}
	(void)printf("made       %6.2f s  %u prefixes\n", seconds(&t), p.n);
	if (judge_run(j, space, &p, &e) < 0)
		return 1;
	(void)printf(
	    "run        %6.2f s  %u addresses, %u blocks, %u networks, %u prefixes, %u AS\n",
	    seconds(&t), judge_n(j, ENTITY_ADDR), judge_n(j, ENTITY_BLOCK), judge_n(j, ENTITY_NET),
	    judge_n(j, ENTITY_PREFIX), judge_n(j, ENTITY_AS));
	for (enum entity_kind k = 0; k < ENTITY_KIND_N; k++)
		for (uint32_t i = 0; i < judge_n(j, k); i++) {
			judge_at(j, k, i, &g);
			score += g.score;
		}
	(void)printf("every one  %6.2f s  (sum of scores %.6f)\n", seconds(&t), score);
	t = clock_monotonic_us();
	for (unsigned i = 0; i < CYCLES; i++)
		if (cycle(&p, j) < 0)
			return 1;
	t = clock_monotonic_us();
	if (judge_age(j, 1) < 0 || judge_run(j, space, &p, &e) < 0)
		return 1;
	(void)printf("tick       %6.2f s\n", seconds(&t));
	(void)printf("peak       %6.2f GiB\n", peak_gib());
	judge_free(j);
	free(p.v);
	free(p.weight);
	return 0;
}
