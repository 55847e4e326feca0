/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every measure of core/health.h: what it is, when it is not known, at its limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/health.h"

#define NOW 1700000000

static struct status_file files[5];
static struct health h;

static void figure(struct status_file *f, enum status_part part, const char *key, double value)
{
	struct status_figure *g = &f->figure[f->n++];

	*g = (struct status_figure){ .part = part, .value = value };
	(void)snprintf(g->key, sizeof(g->key), "%s", key);
}

static void program(const char *name, enum status_life life)
{
	unsigned n = h.programs.n++;
	struct status_program *p = &h.programs.program[n];

	*p = (struct status_program){ .life = life,
		.file = life == LIFE_UNREADABLE ? NULL : &files[n] };
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	files[n] = (struct status_file){ .updated_s = NOW };
	(void)snprintf(files[n].message, sizeof(files[n].message), "%s says so", name);
}

static int setup(void **state)
{
	h = (struct health){ .now_s = NOW, .spool_known = true, .spool_at_s = NOW };
	(void)snprintf(h.published_why, sizeof(h.published_why), "nothing yet");
	program("onus-collect", LIFE_UP);
	program("onus-load", LIFE_UP);
	program("onus-score", LIFE_UP);
	program("onus-analyse", LIFE_UP);
	figure(&files[0], PART_RATE, "events", 2.5);
	figure(&files[0], PART_RATE, "refused", 1);
	figure(&files[0], PART_RATE, "lost", 0);
	figure(&files[0], PART_RATE, "datagrams_lost", 3);
	figure(&files[0], PART_GAUGE, "spool_full", 0);
	figure(&files[2], PART_GAUGE, "sources_turned", 0);
	figure(&files[2], PART_GAUGE, "warrants_refused", 0);
	figure(&files[3], PART_GAUGE, "analyses", 3);
	figure(&files[3], PART_GAUGE, "analyses_failing", 0);
	figure(&files[3], PART_GAUGE, "analyses_late", 0);
	figure(&files[1], PART_RATE, "refused", 0.5);
	figure(&files[1], PART_TIME, "folded", NOW - 30);
	figure(&files[1], PART_GAUGE, "inbox_batches", 1000);
	figure(&files[1], PART_TIME, "inbox_oldest", NOW - 60);
	figure(&files[1], PART_GAUGE, "clocks_wrong", 0);
	figure(&files[1], PART_GAUGE, "inbox_over", 0);
	h.spool.waiting = (struct spool_room){ 1000, 5000, NOW - 60 };
	h.published = true;
	h.generation = 7;
	h.created_s = NOW - 3600;
	h.expires_s = NOW + 86400;
	h.registry_s = NOW - 45 * 86400;
	return 0;
}

static struct health_result judge(const char *name)
{
	struct health_result j;
	const struct health_measure *m = health_measure(name);

	assert_non_null(m);
	assert_int_equal(health_judge(&h, m, NULL, NULL, &j, NULL), 0);
	assert_true(j.text[0]);
	return j;
}

static void check(const char *name, enum health_verdict verdict, double value)
{
	struct health_result j = judge(name);

	if (j.verdict != verdict || (j.known && (j.value < value - 1e-9 || j.value > value + 1e-9)))
		fail_msg("%s is %s, %g: %s", name, health_verdict_name[j.verdict], j.value, j.text);
}

static void test_well(void **state)
{
	static const struct {
		const char *name;
		double value;
	} rows[] = { { "programs", 0 }, { "trouble", 0 }, { "events", 2.5 }, { "refused", 1.5 },
		{ "queue", 1000 }, { "lag", 60 }, { "inbox", 1000 }, { "inbox_age", 60 },
		{ "inbox_over", 0 }, { "clocks", 0 }, { "full", 0 }, { "bad", 0 },
		{ "silence", 30 }, { "sources", 0 }, { "warrants", 0 }, { "analyses", 0 },
		{ "publication", 3600 }, { "expiry", 86400 }, { "registry", 45 * 86400. } };

	for (unsigned i = 0; i < NELEM(rows); i++)
		check(rows[i].name, HEALTH_OK, rows[i].value);
	check("lost", HEALTH_WARNING, 3);
	assert_int_equal(health_n_measures, NELEM(rows) + 1);
	assert_null(health_measure("nothing"));
}

/* One past each limit. */
static void test_limits(void **state)
{
	h.spool.waiting.batches = 1001;
	check("queue", HEALTH_WARNING, 1001);
	h.spool.waiting.batches = 10001;
	check("queue", HEALTH_CRITICAL, 10001);
	h.spool.waiting.oldest_s = NOW - 61;
	check("lag", HEALTH_WARNING, 61);
	h.spool.waiting.oldest_s = NOW - 601;
	check("lag", HEALTH_CRITICAL, 601);
	h.spool.waiting.oldest_s = 0;
	check("lag", HEALTH_OK, 0);
	h.spool.waiting.oldest_s = NOW + 5; /* a clock that was set back */
	check("lag", HEALTH_OK, 0);
	h.spool.bad.batches = 1;
	check("bad", HEALTH_WARNING, 1);
	h.expires_s = NOW + 86399;
	check("expiry", HEALTH_WARNING, 86399);
	h.expires_s = NOW - 1;
	check("expiry", HEALTH_CRITICAL, -1);
	h.registry_s--;
	check("registry", HEALTH_WARNING, 45 * 86400. + 1);
	h.registry_s = NOW - 90 * 86400 - 1;
	check("registry", HEALTH_CRITICAL, 90 * 86400. + 1);
	/* as configured: registry_max_age_days, once and twice */
	(void)snprintf(h.registry_old, sizeof(h.registry_old), "%d", 91 * 86400);
	(void)snprintf(h.registry_too_old, sizeof(h.registry_too_old), "%d", 182 * 86400);
	check("registry", HEALTH_OK, 90 * 86400. + 1);
	h.registry_s = NOW - 91 * 86400 - 1;
	check("registry", HEALTH_WARNING, 91 * 86400. + 1);
	files[0].figure[4].value = 1;
	check("full", HEALTH_CRITICAL, 1);
	files[2].figure[0].value = 2;
	check("sources", HEALTH_WARNING, 2);
	files[2].figure[1].value = 1;
	check("warrants", HEALTH_WARNING, 1);
	files[3].figure[1].value = 1;
	files[3].figure[2].value = 1;
	check("analyses", HEALTH_WARNING, 2);
	h.programs.program[2].life = LIFE_DIED;
	check("sources", HEALTH_UNKNOWN, 0);
}

static void test_unknown(void **state)
{
	h.published = false;
	check("publication", HEALTH_UNKNOWN, 0);
	check("expiry", HEALTH_UNKNOWN, 0);
	h.registry_s = 0;
	check("registry", HEALTH_UNKNOWN, 0);
	h.spool_at_s = NOW - STATUS_STALE_S;
	check("queue", HEALTH_OK, 1000);
	h.spool_at_s--; /* who told of it has been silent for too long */
	check("queue", HEALTH_UNKNOWN, 0);
	check("lag", HEALTH_UNKNOWN, 0);
	h.spool_known = false;
	check("bad", HEALTH_UNKNOWN, 0);
	h.programs.program[0].life = LIFE_DIED; /* its rates are of then */
	check("events", HEALTH_UNKNOWN, 0);
	check("full", HEALTH_UNKNOWN, 0);
	files[1].figure[1].value = 0;
	check("silence", HEALTH_UNKNOWN, 0);
	files[1].n = 0;
	check("silence", HEALTH_UNKNOWN, 0);
	h.programs.n = 0;
	check("programs", HEALTH_UNKNOWN, 0);
	check("trouble", HEALTH_UNKNOWN, 0);
}

static void test_programs(void **state)
{
	static const enum status_life down[] = { LIFE_STALE, LIFE_STOPPED, LIFE_FAILED, LIFE_DIED };
	struct health_result j;

	for (unsigned i = 0; i < NELEM(down); i++) {
		h.programs.program[1].life = down[i];
		check("programs", HEALTH_CRITICAL, 1);
	}
	h.programs.program[1].life = LIFE_TROUBLE;
	check("programs", HEALTH_OK, 0);
	check("trouble", HEALTH_WARNING, 1);
	program("onus-publish", LIFE_UNREADABLE);
	check("programs", HEALTH_CRITICAL, 1);
	h.expected[0] = "onus-load";
	h.expected[1] = "onus-web";
	h.n_expected = 2;
	check("programs", HEALTH_CRITICAL, 1);
	j = judge("programs");
	assert_string_equal(j.text, "1 of 2 down: onus-web absent");
	j = judge("trouble");
	assert_string_equal(j.text, "onus-load: onus-load says so");
}

static void test_spans(void **state)
{
	static const struct {
		int64_t s;
		const char *want;
	} rows[] = { { 0, "0 s" }, { 119, "119 s" }, { 120, "2 min" }, { 7199, "119 min" },
		{ 7200, "2 h" }, { 172799, "47 h" }, { 172800, "2 days" }, { -30, "-30 s" } };

	for (unsigned i = 0; i < NELEM(rows); i++) {
		char got[32];

		health_span(rows[i].s, got);
		assert_string_equal(got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_well, setup),
		cmocka_unit_test_setup(test_limits, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_programs, setup),
		cmocka_unit_test_setup(test_spans, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
