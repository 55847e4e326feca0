/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round-robin files and pictures: a day of made-up flows goes in, and comes out by librrd's own reading: slopes of
 * counters, gaps where a program was down, restarts, nothing below zero; files of one size; a clock that is set back. */
#include <errno.h>
#include <math.h>
#include <rrd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/graph/graph.h"

#define NOW	  1700006400 /* a round hour */
#define STEP	  60
#define DOWN_FROM 300 /* steps: both programs are down */
#define DOWN_TO	  360
#define RESTART	  600 /* counters begin anew */

static char dir[] = "/tmp/onus-graph-XXXXXX";
static struct status_file files[2];
static struct health h;

static void figure(struct status_file *f, const char *key, double value)
{
	struct status_figure *g = &f->figure[f->n++];

	*g = (struct status_figure){ .part = PART_COUNTER, .value = value };
	(void)snprintf(g->key, sizeof(g->key), "%s", key);
}

/* The world at a step: 10 events a second, and from step 700 on 50; a queue that grows with the square of sines. */
static void world(unsigned step)
{
	double s = step * (double)STEP, since = step < RESTART ? 0 : RESTART * (double)STEP;
	bool down = step >= DOWN_FROM && step < DOWN_TO;
	double wave = sin(step / 90.);

	h = (struct health){ .now_s = NOW + step * STEP,
		.spool_known = !down,
		.spool_at_s = NOW + step * STEP,
		.published = true };
	for (unsigned i = 0; i < 2; i++) {
		struct status_program *p = &h.programs.program[h.programs.n++];

		*p = (struct status_program){ .life = down ? LIFE_DIED : LIFE_UP,
			.file = &files[i] };
		(void)snprintf(p->name, sizeof(p->name), "%s", i ? "onus-load" : "onus-collect");
		files[i].n = 0;
	}
	figure(&files[0], "events", (s - since) * 10 + (step > 700 ? (step - 700) * 60. * 40 : 0));
	figure(&files[0], "refused", floor((s - since) / 7));
	figure(&files[0], "datagrams_lost", 0);
	figure(&files[1], "lines", (s - since) * 9);
	figure(&files[1], "rows", (s - since) * 4);
	figure(&files[1], "refused", floor((s - since) / 100));
	h.spool.waiting = (struct spool_room){ (uint64_t)(200 * wave * wave), 0,
		wave * wave > 0.2 ? h.now_s - 40 : 0 };
	h.spool.bad.batches = step > 900;
	h.created_s = NOW + (step / 120) * 120 * STEP; /* every two hours */
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	DIR *d = opendir(dir);
	const struct dirent *de;
	char path[300];

	while (d && (de = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (de->d_name[0] != '.')
			(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
	return rmdir(dir);
}

/* value - what the file holds for a step, as librrd reads it */
static double value(const char *name, unsigned ds, const char *how, unsigned step)
{
	CLEANUP(free_p) char *path = NULL;
	time_t start = NOW + (step - 1) * STEP, end = NOW + step * STEP;
	unsigned long each = STEP, n;
	rrd_value_t *data;
	char **names;
	double v;

	assert_true(asprintf(&path, "%s/%s.rrd", dir, name) > 0);
	if (rrd_fetch_r(path, how, &start, &end, &each, &n, &names, &data) != 0)
		fail_msg("%s", rrd_get_error());
	assert_true(ds < n);
	v = data[ds];
	for (unsigned long i = 0; i < n; i++)
		rrd_freemem(names[i]);
	rrd_freemem(names);
	rrd_freemem(data);
	return v;
}

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 0.01 * fabs(want) + 0.01))
		fail_msg("%g, not %g", got, want);
}

static off_t size_of(const char *name)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s.rrd", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void test_day(void **state)
{
	off_t born = 0;
	struct err e = { "" };

	for (unsigned step = 1; step <= 1440; step++) {
		world(step);
		for (unsigned i = 0; i < PICTURE_N; i++)
			if (record(dir, (enum picture)i, &h, STEP, &e) < 0)
				fail_msg("step %u: %s", step, e.text);
		if (step == 1)
			born = size_of("queue");
	}
	assert_int_equal(size_of("queue"), born);
	assert_in_range(born, 1, 2 << 20);
	near(value("events", 0, "AVERAGE", 200), 10);
	near(value("events", 0, "AVERAGE", 800), 50);
	near(value("load", 0, "MAX", 200), 9);
	near(value("load", 1, "AVERAGE", 200), 4);
	near(value("refused", 2, "AVERAGE", 200), 0);
	near(value("queue", 0, "AVERAGE", 141), 200);
	near(value("queue", 1, "AVERAGE", 1000), 1);
	near(value("lag", 0, "AVERAGE", 141), 40);
	near(value("publication", 0, "AVERAGE", 180), 1);
	/* while they were down nothing is known: not zero, not what was before */
	assert_true(isnan(value("events", 0, "AVERAGE", DOWN_FROM + 10)));
	assert_true(isnan(value("queue", 0, "AVERAGE", DOWN_FROM + 10)));
	near(value("events", 0, "AVERAGE", DOWN_TO + 5), 10);
	/* a counter that began anew makes no fall and no peak */
	assert_true(isnan(value("events", 0, "AVERAGE", RESTART)));
	near(value("events", 0, "AVERAGE", RESTART + 5), 10);
}

static void starts(const char *path, const char *head)
{
	CLEANUP(fclose_fp) FILE *f = fopen(path, "re");
	char got[8] = "";

	assert_non_null(f);
	assert_int_equal(fread(got, 1, strlen(head), f), strlen(head));
	assert_memory_equal(got, head, strlen(head));
}

static void test_draw(void **state)
{
	const char *keep = getenv("ONUS_KEEP_PICTURES"); /* to look at them: then they stay */
	unsigned drawn = 0;
	char path[300], name[PICTURE_FILE_MAX];
	struct err e = { "" };

	if (draw(dir, (1u << PERIOD_N) - 1, NOW + 1440 * STEP, "svg", &drawn, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(drawn, PICTURE_N * PERIOD_N);
	for (unsigned i = 0; i < PICTURE_N * PERIOD_N; i++) {
		picture_file(
		    (enum picture)(i / PERIOD_N), (enum picture_period)(i % PERIOD_N), name);
		assert_true(picture_known(span_str(name)));
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
		starts(path, "<?xml");
	}
	assert_int_equal(draw(dir, 1u << PERIOD_DAY, NOW + 1440 * STEP, "png", &drawn, &e), 0);
	assert_int_equal(drawn, PICTURE_N);
	for (unsigned i = 0; i < PICTURE_N; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s-day.png", dir, pictures[i].name);
		starts(path, "\x89PNG");
		(void)snprintf(name, sizeof(name), "%s.png", pictures[i].name);
		if (keep && chdir(keep) == 0)
			assert_int_equal(rename(path, name), 0);
	}
	assert_false(picture_known(SPAN("queue-day.png")));
	assert_false(picture_known(SPAN("../queue-day.svg")));
}

static void test_clock_set_back(void **state)
{
	struct err e = { "" };

	world(1000);
	assert_int_equal(record(dir, PICTURE_QUEUE, &h, STEP, &e), 0);
	world(1440); /* again */
	assert_int_equal(record(dir, PICTURE_QUEUE, &h, STEP, &e), 0);
}

/* What is no round-robin file, or none of ours, is told of and left alone. */
static void test_bad_file(void **state)
{
	char path[300];
	unsigned drawn;
	struct err e = { "" };
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/lag.rrd", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs("no such thing", f) >= 0);
	assert_int_equal(fclose(f), 0);
	world(1441);
	assert_int_equal(record(dir, PICTURE_LAG, &h, STEP, &e), -EIO);
	assert_non_null(strstr(e.text, "lag.rrd"));
	assert_int_equal(draw(dir, 1u << PERIOD_DAY, NOW, "svg", &drawn, &e), -EIO);
	assert_int_equal(drawn, PICTURE_N - 1);
	assert_non_null(strstr(e.text, "lag"));
	assert_int_equal(record(dir, PICTURE_QUEUE, &h, STEP, &e), 0);
	starts(path, "no such");
	assert_int_equal(record("/nonexistent", PICTURE_LAG, &h, STEP, &e), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_bad_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
