/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worked examples of scoring.md A10, A0 to A5, A7 and A8, to the printed precision.
 * Reading of rows that do not give exact days: the hosts "over last 7 d" were each drawn two of these
 * days; those "in 30 d" begin on a day drawn from the 30, in a block drawn from all of them, and "each
 * active 5 days" are the five from that day on. The seed is one with which the draw comes out at the
 * printed sums. Collection has run for more than 400 days; every network is one AS of one prefix.
 * Hosts "a week" have come for 90 days, one every 1.4 days; the /16's into all of its blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "judge/model.h"
#include "world.h"

#define NET UINT32_C(0x14000000) /* 20.0.0.0 */

/* Printed figures: rounded to the places that the table shows. */
#define assert_printed(have, want, places)                                                         \
	do {                                                                                       \
		double have_ = (have), unit_ = pow(10, -(places));                                 \
		if (!(fabs(have_ - (want)) <= unit_ / 2 + 1e-9))                                   \
			fail_msg("%s is %.4f, the table prints %g", #have, have_, (double)(want)); \
	} while (0)

static struct judge *judge_over(const char *range, struct world *w)
{
	*w = (struct world){ 0 };
	world_put(w, range, 0, 0);
	return world_judge();
}

static double returning(const struct judgement *r)
{
	double v = 0;

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		v += r->part[f].returning;
	return v;
}

static double arrivals(const struct judgement *r)
{
	double v = 0;

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		v += r->part[f].arrivals;
	return v;
}

static void spotless(void **state)
{
	/* Evidence elsewhere makes the family one that counts; the clean networks themselves have
	 * no judgement, so their sum is taken from an organisation of which one AS is clean. */
	static const struct {
		const char *range;
		double arrivals, rho;
		int score;
	} cases[] = { { "20.0.0.0/16", 0.02, 0.58, 87 }, { "20.0.0.0/12", 0.04, 0.08, 98 } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w = { 0 };
		struct judge *j = world_judge();
		struct space *dirty;

		world_put(&w, cases[i].range, 0, 0);
		world_put(&w, "40.0.0.0/24", 1, 1);
		dirty = &w.v[1];
		dirty->country[0] = 'D';
		dirty->country[1] = 'E';
		dirty->org = w.v[0].org;
		see(j, 0x28000001, (unsigned[]){ 0 }, 1, 0);
		run(j, &w);

		struct judgement org = find_index(j, ENTITY_ORG, 1000);
		struct judgement as = find_index(j, ENTITY_AS, 1);
		double m = arrivals(&org) - arrivals(&as);
		double score = judge_score_of(j, m, org.size_v4 - 256, 0);

		assert_printed(m, cases[i].arrivals, 2);
		assert_printed(4 * (100 / score - 1), cases[i].rho, 2);
		assert_printed(score, cases[i].score, 0);
		judge_free(j);
	}
}

static void isp_two_hosts(void **state)
{
	struct world w;
	struct judge *j = judge_over("20.0.0.0/16", &w);

	see(j, NET + 0x1001, (unsigned[]){ 40 }, 1, 0);
	see(j, NET + 0x8001, (unsigned[]){ 70 }, 1, 0);
	run(j, &w);
	struct judgement r = find_index(j, ENTITY_AS, 0);

	assert_printed(returning(&r), 0.02, 2);
	assert_printed(arrivals(&r), 0.09, 2);
	assert_printed(r.rho, 0.68, 2);
	assert_printed(r.score, 85, 0);
	assert_int_equal(r.grade, 'B');
	assert_printed(r.low, 83, 0);
	assert_printed(r.high, 87, 0);
	judge_free(j);
}

/* The draws behind "over the last days", the same on every machine. */
static uint32_t draw(uint32_t *x, uint32_t n)
{
	*x = *x * 1664525 + 1013904223;
	return (*x >> 16) % n;
}

static void see_sixty(struct judge *j, unsigned silent)
{
	uint32_t x = 123701;

	for (unsigned i = 0; i < 60; i++)
		for (unsigned k = 0; k < 2; k++)
			see_as(j, NET + i, CATEGORY_SPAM, PROOF_FULL, silent + draw(&x, 7), 0);
}

/* The trim of A5 by the age of the incident: seven silent days part two incidents. */
static void trim_fades(void **state)
{
	static const struct {
		unsigned oldest, gap;
		double left;
	} cases[] = { { 14, 1, 1 }, { 14, 7, 1 }, { 18, 1, 3.0 / 7 }, { 21, 1, 0 }, { 30, 1, 0 },
		{ 32, 16, 1 } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/16", &w);
		double full, worst;

		for (unsigned h = 0; h < 40; h++)
			for (unsigned d = 0; d <= cases[i].oldest; d += cases[i].gap)
				see(j, NET + h, &d, 1, 0);
		run(j, &w);
		struct judgement as = find_index(j, ENTITY_AS, 0);
		struct judgement b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");
		double base = MODEL_B0 + 65536 * 6e-6, m = as.rho * base - MODEL_B0;

		worst = b.rho * (MODEL_B0 + 256 * 6e-6) - MODEL_B0;
		full = m - model_trim(m, worst);
		assert_true(full > 10);
		assert_true(fabs(as.trimmed -
				 model_score((m - cases[i].left * full + MODEL_B0) / base)) < 1e-6);
		assert_true(b.trimmed == b.score);
		judge_free(j);
	}
}

/* Who was told has a week from then, if he was told while nobody's patience had ended. */
static void trim_of_the_told(void **state)
{
	static const struct {
		const char *label, *range;
		unsigned oldest, notice, again;
		double left;
	} cases[] = {
		{ "told in the third week, and a day ago", "20.0.0.0/24", 30, 15, 1, 0 },
		{ "told in time, two weeks ago", "20.0.0.0/24", 25, 14, 14, 0 },
		{ "told in time, ten days ago", "20.0.0.0/24", 20, 10, 10, 4.0 / 7 },
		{ "told in time, a week ago", "20.0.0.0/24", 20, 7, 7, 1 },
		{ "told early: sooner over", "20.0.0.0/24", 12, 12, 12, 2.0 / 7 },
		{ "told too late", "20.0.0.0/24", 21, 3, 3, 0 },
		{ "told of one of its hosts", "20.0.0.3", 20, 7, 7, 1 },
		{ "told of something else", "20.0.1.0/24", 20, 7, 7, 1.0 / 7 },
		{ "told before it began", "20.0.0.0/24", 20, 25, 25, 1.0 / 7 },
		{ "told of all, twice", "20.0.0.0/8", 20, 10, 2, 4.0 / 7 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/16", &w);
		struct judgement as, b;
		struct range range;
		double base = MODEL_B0 + 65536 * 6e-6, full;

		print_message("%s\n", cases[i].label);
		for (unsigned h = 0; h < 40; h++)
			for (unsigned d = 0; d <= cases[i].oldest; d++)
				see(j, NET + h, &d, 1, 0);
		assert_int_equal(range_parse(span_str(cases[i].range), &range), 0);
		assert_int_equal(judge_notice(j, range, TODAY - (int32_t)cases[i].again), 0);
		assert_int_equal(judge_notice(j, range, TODAY - (int32_t)cases[i].notice), 0);
		run(j, &w);
		as = find_index(j, ENTITY_AS, 0);
		b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");
		full = (as.rho * base - MODEL_B0) - model_trim(as.rho * base - MODEL_B0,
							b.rho * (MODEL_B0 + 256 * 6e-6) - MODEL_B0);
		assert_true(
		    fabs(as.trimmed - model_score(as.rho - cases[i].left * full / base)) < 1e-6);
		judge_free(j);
	}
}

static void sixty_spammers(void **state)
{
	struct world w;
	struct judge *j = judge_over("20.0.0.0/16", &w);

	see_sixty(j, 0);
	run(j, &w);
	struct judgement b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");

	assert_printed(returning(&b), 16.1, 1);
	assert_printed(arrivals(&b), 2.6, 1);
	assert_printed(b.score, 9, 0);
	assert_int_equal(b.grade, 'F');
	assert_printed(b.low, 5, 0);
	assert_printed(b.high, 24, 0);
	assert_int_equal(b.hosts, 60);

	struct judgement as = find_index(j, ENTITY_AS, 0);

	assert_printed(returning(&as), 16.1, 1);
	assert_printed(arrivals(&as), 4.1, 1);
	assert_printed(as.rho, 23, 0);
	assert_printed(as.score, 15, 0);
	assert_int_equal(as.grade, 'E');
	assert_printed(as.trimmed, 49, 0);
	judge_free(j);
}

/* "Its /20" is a country of its own here, so that it can be asked for without a level of its own. */
static void sixty_spammers_twenty(void **state)
{
	struct world w = { 0 };
	struct judge *j = world_judge();

	world_put(&w, "20.0.0.0/20", 0, 0);
	world_put(&w, "20.0.16.0-20.0.255.255", 0, 0);
	w.v[1].country[0] = 'D';
	see_sixty(j, 0);
	run(j, &w);
	struct judge_key key = { .kind = ENTITY_COUNTRY, .country = "NL" };
	struct judgement r;

	assert_true(judge_find(j, &key, &r));
	assert_int_equal(r.size_v4, 4096);
	assert_printed(returning(&r), 16.1, 1);
	assert_printed(arrivals(&r), 3.4, 1);
	assert_printed(r.rho, 38, 0);
	assert_printed(r.score, 10, 0);
	assert_int_equal(r.grade, 'F');
	judge_free(j);
}

static void sixty_spammers_silent(void **state)
{
	static const struct {
		unsigned days;
		double m, rho;
		int score;
		char grade;
	} cases[] = {
		{ 14, 5.3, 11.5, 26, 'D' },
		{ 30, 2.9, 6.9, 37, 'D' },
		{ 60, 1.4, 3.7, 52, 'C' },
		{ 120, 0.4, 1.8, 68, 'C' },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/16", &w);

		see_sixty(j, cases[i].days);
		run(j, &w);
		struct judgement b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");

		assert_printed(b.m, cases[i].m, 1);
		assert_printed(b.rho, cases[i].rho, 1);
		assert_printed(b.score, cases[i].score, 0);
		assert_int_equal(b.grade, cases[i].grade);
		judge_free(j);
	}
}

static void all_today(void **state)
{
	static const struct {
		unsigned hosts;
		double returning, rho;
		int score;
		char grade;
	} cases[] = { { 60, 12.7, 26, 13, 'E' }, { 100, 21.2, 43, 8, 'F' } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/16", &w);

		for (unsigned h = 0; h < cases[i].hosts; h++)
			see(j, NET + h, (unsigned[]){ 0 }, 1, 0);
		run(j, &w);
		struct judgement b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");

		assert_printed(returning(&b), cases[i].returning, 1);
		assert_printed(arrivals(&b), 0.1, 1);
		assert_printed(b.rho, cases[i].rho, 0);
		assert_printed(b.score, cases[i].score, 0);
		assert_int_equal(b.grade, cases[i].grade);
		judge_free(j);
	}
}

static void cloud(void **state)
{
	static const struct {
		unsigned hosts, days;
		uint32_t seed;
		double returning, arrivals;
		int digits;
		double rho;
		int rho_digits, score;
		char grade;
		int among;
	} cases[] = {
		{ 500, 1, 253, 23.6, 47.0, 1, 10.5, 1, 28, 'D', 57 },
		{ 500, 5, 1656, 169, 46, 0, 32, 0, 11, 'E', 30 },
		{ 50, 1, 1463, 2.3, 4.4, 1, 1.07, 2, 79, 'B', 93 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/12", &w);
		uint32_t x = cases[i].seed;

		for (unsigned h = 0; h < cases[i].hosts; h++) {
			uint32_t block = draw(&x, 4096), lag = draw(&x, 30);
			uint32_t host = NET + (block << 8) + h % 256;

			for (unsigned d = 0; d < cases[i].days && d <= lag; d++)
				see(j, host, &(unsigned){ lag - d }, 1, 0);
		}
		run(j, &w);
		struct judgement r = find_index(j, ENTITY_AS, 0);

		assert_printed(returning(&r), cases[i].returning, cases[i].digits);
		assert_printed(arrivals(&r), cases[i].arrivals, cases[i].digits);
		assert_printed(r.rho, cases[i].rho, cases[i].rho_digits);
		assert_printed(r.score, cases[i].score, 0);
		assert_int_equal(r.grade, cases[i].grade);
		assert_printed(judge_score_among(j, &r, JUDGE_HOSTING), cases[i].among, 0);
		if (i == 0) {
			assert_printed(r.low, 17, 0);
			assert_printed(r.high, 54, 0);
		}
		judge_free(j);
	}
}

/* Five new hosts a week for 90 days (64 of them), each active for so many, in blocks drawn from all there
 * are; q as printed. */
static struct judgement five_a_week(
    const char *range, unsigned blocks, unsigned days, double q, unsigned silent)
{
	struct judge *j = judge_new(&(struct judge_conf){ .today = TODAY,
	    .first_day = TODAY - 800,
	    .l0 = 6e-7,
	    .m0 = 6e-6,
	    .fixed = true,
	    .q = q });
	struct world w = { 0 };
	struct judgement r;
	uint32_t x = 7;

	world_put(&w, range, 0, 0);
	judge_group(j, 0, 1, true);
	for (unsigned h = 0; h < 64; h++) {
		uint32_t host = NET + (draw(&x, blocks) << 8) + h;
		unsigned first = h * 7 / 5 + draw(&x, 2);

		for (unsigned d = 0; d < days && d <= first; d++)
			see(j, host, &(unsigned){ first - d + silent }, 1, 0);
	}
	run(j, &w);
	r = find_index(j, ENTITY_AS, 0);
	judge_free(j);
	return r;
}

/* The same arrivals, cleaned in a day or never (A8). */
static void cleaning(void **state)
{
	static const struct {
		const char *range;
		unsigned blocks, days, silent;
		double q, returning, arrivals; /* 0: the table does not say */
		int digits;
		double rho;
		int rho_digits, score;
	} cases[] = {
		{ "20.0.0.0/20", 16, 1, 0, 0.05, 0.5, 4.2, 1, 10, 0, 29 },
		{ "20.0.0.0/20", 16, 1, 30, 0.05, 0, 0, 0, 0, 0, 44 },
		{ "20.0.0.0/20", 16, 1, 90, 0.05, 0, 0, 0, 0, 0, 60 },
		{ "20.0.0.0/20", 16, 60, 0, 0.9, 47, 4.2, 0, 99, 0, 4 },
		{ "20.0.0.0/20", 16, 60, 7, 0.9, 0, 0, 0, 0, 0, 7 },
		{ "20.0.0.0/20", 16, 60, 30, 0.9, 0, 0, 0, 0, 0, 28 },
		{ "20.0.0.0/20", 16, 60, 90, 0.9, 0, 0, 0, 0, 0, 57 },
		{ "20.0.0.0/16", 256, 1, 0, 0.05, 0.5, 3.7, 1, 5.3, 1, 43 },
		{ "20.0.0.0/16", 256, 60, 0, 0.9, 47, 3.7, 0, 57, 0, 7 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judgement r = five_a_week(
		    cases[i].range, cases[i].blocks, cases[i].days, cases[i].q, cases[i].silent);

		assert_printed(r.score, cases[i].score, 0);
		if (!(cases[i].rho > 0))
			continue;
		assert_printed(r.rho, cases[i].rho, cases[i].rho_digits);
		assert_printed(returning(&r), cases[i].returning, cases[i].digits);
		assert_printed(arrivals(&r), cases[i].arrivals, 1);
	}
}

static void false_report(void **state)
{
	static const struct {
		double trust;
		unsigned lag;
		double p7, rho;
		int score, as_score;
	} cases[] = {
		{ 0.1, 0, 0.027, 1.05, 79, 86 },
		{ 0.3, 0, 0.076, 1.15, 78, 85 },
		{ 0.8, 0, 0.178, 1.36, 75, 82 },
		{ 1.0, 0, 0.212, 1.43, 74, 81 },
		{ 0.3, 14, 0.009, 1.02, 80, -1 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct world w;
		struct judge *j = judge_over("20.0.0.0/16", &w);

		judge_group(j, 1, cases[i].trust, false);
		see(j, NET + 1, &cases[i].lag, 1, 1);
		run(j, &w);
		struct judgement b = find_addr(j, ENTITY_BLOCK, "20.0.0.1");
		struct judgement as = find_index(j, ENTITY_AS, 0);

		assert_printed(returning(&b), cases[i].p7, 3);
		assert_printed(b.rho, cases[i].rho, 2);
		assert_printed(b.score, cases[i].score, 0);
		if (cases[i].as_score >= 0)
			assert_printed(as.score, cases[i].as_score, 0);
		assert_int_equal(b.grade, 0);
		assert_int_equal(b.reason, JUDGE_ONE_GROUP);
		judge_free(j);
	}
}

/* A million events on each of n hosts, every day for 30 days, by a group of this trust. */
static struct judgement liar(unsigned hosts, double trust)
{
	struct world w;
	struct judge *j = judge_over("20.0.0.0/16", &w);
	struct judgement r;

	judge_group(j, 1, trust, false);
	for (unsigned h = 0; h < hosts; h++)
		for (int32_t d = 0; d < 30; d++)
			assert_int_equal(judge_add(j, addr_of_v4(NET + h), CATEGORY_BRUTE_FORCE,
					     PROOF_FULL, TODAY - d, 1, 1000000),
			    0);
	run(j, &w);
	r = find_addr(j, ENTITY_BLOCK, "20.0.0.0");
	judge_free(j);
	return r;
}

static void liars(void **state)
{
	struct judgement one = liar(1, 0.1), all = liar(256, 0.1), known = liar(256, 0);

	assert_printed(one.m, 0.26, 2);
	assert_printed(one.rho, 1.5, 1);
	assert_printed(one.score, 73, 0);
	assert_int_equal(one.grade, 0);
	assert_printed(returning(&all), 66, 0);
	/* The row's .2 of arrivals is not all of one first day; it does not move what is printed. */
	assert_printed(all.rho + all.held / (MODEL_B0 + 256 * 6e-6), 134, 0); /* without rule 4 */
	assert_printed(all.rho, 3.0, 1);
	assert_printed(all.score, 57, 0);
	assert_int_equal(all.held_group, 1);
	assert_int_equal(all.grade, 0);
	assert_printed(known.score, 80, 0);
	assert_int_equal(known.reason, JUDGE_NOTHING);
	assert_int_equal(known.events, UINT64_C(256) * 30 * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spotless),
		cmocka_unit_test(isp_two_hosts),
		cmocka_unit_test(trim_fades),
		cmocka_unit_test(trim_of_the_told),
		cmocka_unit_test(sixty_spammers),
		cmocka_unit_test(sixty_spammers_twenty),
		cmocka_unit_test(sixty_spammers_silent),
		cmocka_unit_test(all_today),
		cmocka_unit_test(cloud),
		cmocka_unit_test(cleaning),
		cmocka_unit_test(false_report),
		cmocka_unit_test(liars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
