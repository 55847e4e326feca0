/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval - how well the score foretells: dated evidence, of the hub or of event lines, replayed day by
 * day beside the baselines. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "holders/registry.h"
#include "judge/evaluate.h"
#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "prog/onus/eval_fair.h"
#include "prog/onus/eval_hub.h"
#include "prog/onus/eval_play.h"
#include "prog/onus/eval_plot.h"
#include "prog/onus/eval_walls.h"
#include "prog/onus/good_logs.h"
#include "util/clock.h"
#include "util/input.h"
#include "util/jout.h"
#include "util/opt.h"
#include "util/progress.h"

#define DAYS_MAX   400
#define SKIP_DAYS  45 /* a young series calls everything new */
#define DAY_STEP   14
#define DAYS_AUTO  5
#define WARM_DAYS  28
#define OUT_MAX	   (8u << 20)
#define OLDEST_DAY day_of(EVENT_OLDEST_S)

struct eval {
	const char *conf_file, *registry, *days_text, *since, *plot;
	struct opt_list set;
	uint32_t horizon, drop_over, warm;
	bool json, foreign, alarm, walls, good_logs;
	struct series series;
	struct good_days good;
	uint64_t unverified; /* good observations: left out */
	bool of_hub;
	struct eval_hub hub;
	uint64_t lines, refused, waiting, listed; /* waiting: dated later than now */
	int32_t first_day, last_day, since_day;
	int32_t days[DAYS_MAX];
	unsigned n_days;
};

static void refuse(struct eval *x, const char *file, uint64_t line, const char *why)
{
	if (x->refused++ == 0)
		(void)fprintf(stderr, "onus eval: %s:%" PRIu64 ": %s; left out\n", file, line, why);
}

/* Whoever was good is no attacker. Of what somebody else saw nothing is one's own. */
static int take_good(struct eval *x, const struct event *ev, enum good kind)
{
	if (ev->proof == PROOF_WEAK || x->foreign) {
		x->unverified += ev->count;
		return 0;
	}
	return good_days_add(&x->good, ev->subject.addr, kind, ev->count, day_of(ev->time_s));
}

static int take_event(
    struct eval *x, const char *file, uint64_t line, const struct event *ev, int64_t now_s)
{
	int32_t day = day_of(ev->time_s);
	struct err why;
	int r;

	if (ev->time_s > now_s) {
		x->waiting++;
		refuse(x, file, line, "dated in the future");
		return 0;
	}
	if (event_date_check(ev->time_s, now_s, &why) < 0) {
		refuse(x, file, line, why.text);
		return 0;
	}
	if (!event_is_host(ev)) {
		x->listed++;
		return 0;
	}
	if (day < x->since_day)
		return 0;
	if (good_of(ev) != GOOD_NONE)
		return take_good(x, ev, good_of(ev));
	r = series_add(&x->series, ev->subject.addr, ev->category, ev->proof, day, 0, ev->count);
	if (r == -EINVAL) {
		refuse(x, file, line, "not the address of a host");
		return 0;
	}
	return r;
}

static int read_file(struct eval *x, const char *path, struct err *e)
{
	struct clock clock = clock_system();
	int64_t now_s = clock_now_s(&clock);
	struct progress bar;
	struct input *in;
	struct line line;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	progress_start(&bar, "reading", input_size(in));
	while ((r = input_line(in, &line, e)) > 0) {
		struct event_room room;
		struct event ev;
		struct err why;
		int got = event_parse(line.text, now_s, &room, &ev, &why);

		x->lines++;
		if (x->lines % 4096 == 0)
			progress_at(&bar, input_taken(in), path);
		if (got < 0)
			refuse(x, path, line.number, why.text);
		if (got > 0 && (r = take_event(x, path, line.number, &ev, now_s)) < 0)
			break;
	}
	progress_end(&bar);
	(void)input_free(in);
	return r == -ENOMEM ? err_set(e, r, "%s: out of memory", path) : r;
}

static int read_hub(struct eval *x, const struct conf *conf, struct err *e)
{
	struct clock clock = clock_system();
	struct err why = { "" };
	int r = eval_hub_read(conf, OLDEST_DAY, x->since_day, clock_now_s(&clock), &x->series,
	    x->walls && !x->good_logs ? &x->good : NULL, &x->hub, &why);

	if (r < 0)
		return err_set(e, r, "%s; or name files of event lines", why.text);
	x->of_hub = true;
	x->lines = x->hub.rows;
	x->listed = x->hub.listed;
	x->refused = x->hub.old + x->hub.waiting;
	if (x->refused)
		(void)fprintf(stderr,
		    "onus eval: %s: %" PRIu64 " rows are dated before 1990, %" PRIu64
		    " in the future\n",
		    conf->hub, x->hub.old, x->hub.waiting);
	return 0;
}

static int take_logged(void *ctx, struct addr host, enum good kind, uint64_t count, int32_t day)
{
	struct eval *x = ctx;

	return day < x->since_day ? 0 : good_days_add(&x->good, host, kind, count, day);
}

/* 1: some of them could not be read. */
static int read_good_logs(
    struct eval *x, const struct conf *conf, int n, char **files, struct err *e)
{
	struct good_logs logs = { .command = "onus eval",
		.filter_path = conf->filter_path,
		.fn = take_logged,
		.ctx = x };
	int r = good_logs_read(&logs, conf, n, files, e);

	x->unverified = logs.unverified;
	return r < 0 ? r : logs.failed > 0;
}

/* "2025-10-22,2025-11-05": the test days. */
static int parse_days(struct eval *x, struct err *e)
{
	struct span rest = span_str(x->days_text), one;

	for (bool more = true; more;) {
		int64_t s;

		more = span_cut(&rest, ',', &one);

		if (utc_parse(one, &s) < 0)
			return err_set(e, -EINVAL, "--days: '%.*s' is no date (2025-10-22)",
			    (int)span_len(one), one.p);
		if (x->n_days == DAYS_MAX)
			return err_set(e, -EINVAL, "--days: more than %d", DAYS_MAX);
		x->days[x->n_days++] = day_of(s);
	}
	return 0;
}

static bool came_after(const struct eval *x, int32_t day)
{
	return series_from(&x->series, day + 1) <
	       series_from(&x->series, day + (int32_t)x->horizon + 1);
}

/* Days of which the series says nothing: not collected, or nobody came. */
static void say_missing(const struct eval *x)
{
	int32_t first = 0, missing = 0, next = x->first_day;
	char text[UTC_TEXT_MAX];

	for (size_t i = 0; i < x->series.n; i++) {
		int32_t day = x->series.v[i].day;

		if (day > next) {
			first = missing ? first : next;
			missing += day - next;
		}
		next = day + 1;
	}
	if (!missing)
		return;
	utc_format_day(first, text);
	(void)fprintf(stderr,
	    "onus eval: the series says nothing of %d of its %d days, the first %s; days that were "
	    "not collected count as quiet ones\n",
	    missing, x->last_day - x->first_day + 1, text);
}

/* Without --days: the last ones that the series can answer for, two weeks apart. */
static void choose_days(struct eval *x)
{
	int32_t last = x->last_day - (int32_t)x->horizon;

	while (x->n_days < DAYS_AUTO &&
	       last - DAY_STEP * (int32_t)x->n_days - x->first_day >= SKIP_DAYS)
		x->n_days++;
	for (unsigned i = 0; i < x->n_days; i++)
		x->days[i] = last - DAY_STEP * (int32_t)(x->n_days - 1 - i);
	for (unsigned i = 0; i < x->n_days;) { /* nothing to be measured by: not a test day */
		if (came_after(x, x->days[i])) {
			i++;
			continue;
		}
		x->n_days--;
		memmove(&x->days[i], &x->days[i + 1], (x->n_days - i) * sizeof(x->days[0]));
	}
}

static int check_days(const struct eval *x, struct err *e)
{
	if (x->n_days == 0)
		return err_set(e, -EINVAL,
		    "the series has %d days: too few to learn from %d and be measured by %" PRIu32,
		    x->series.n ? x->last_day - x->first_day + 1 : 0, SKIP_DAYS, x->horizon);
	for (unsigned i = 0; i < x->n_days; i++)
		if (x->days[i] < x->first_day || x->days[i] + (int32_t)x->horizon > x->last_day ||
		    (i && x->days[i] <= x->days[i - 1]))
			return err_set(e, -EINVAL,
			    "test day %u is out of order, or the series does not reach from it to "
			    "the "
			    "end of its %" PRIu32 " days",
			    i + 1, x->horizon);
	for (unsigned i = 0; i < x->n_days; i++)
		if (!came_after(x, x->days[i])) {
			char text[UTC_TEXT_MAX];

			utc_format_day(x->days[i], text);
			return err_set(e, -EINVAL,
			    "nobody came in the %" PRIu32
			    " days after %s: nothing to measure by; choose other --days",
			    x->horizon, text);
		}
	return 0;
}

/* struct column - of a table: a figure by its offset */
struct column {
	const char *name, *key;
	size_t offset;
};

static const struct column columns[] = {
	{ "@100", "hit_100", offsetof(struct measure, hit[0]) },
	{ "@1k", "hit_1k", offsetof(struct measure, hit[1]) },
	{ "@10k", "hit_10k", offsetof(struct measure, hit[2]) },
	{ "@100k", "hit_100k", offsetof(struct measure, hit[3]) },
	{ "AUC", "auc", offsetof(struct measure, auc) },
	{ "AP", "ap", offsetof(struct measure, ap) },
};
static const struct column idle_columns[] = {
	{ "@100", "idle_100", offsetof(struct measure, idle[0]) },
	{ "@1k", "idle_1k", offsetof(struct measure, idle[1]) },
	{ "@10k", "idle_10k", offsetof(struct measure, idle[2]) },
	{ "@100k", "idle_100k", offsetof(struct measure, idle[3]) },
};
#define LL_OFFSET offsetof(struct measure, ll)

static const char *const target_name[EVALUATE_TARGET_N] = { "new", "all" };

static void print_table(const struct evaluation *ev, const char *title, enum evaluate_target t,
    const struct column *v, unsigned n)
{
	(void)printf("%-23s", title);
	for (unsigned c = 0; c < n; c++)
		(void)printf("  %13s", v[c].name);
	(void)printf("\n");
	for (unsigned row = 0; row < ev->n_rows; row++) {
		(void)printf("%-23s", evaluation_row_name(row));
		for (unsigned c = 0; c < n; c++) {
			struct spread s = evaluation_spread(ev, row, t, v[c].offset);

			(void)printf("  %.4f ±%.4f", s.mean, s.half);
		}
		(void)printf("\n");
	}
}

/* The mean over n days of one figure, by its offset in structs of this size. */
static struct spread spread_of(const void *first, size_t size, size_t offset, unsigned n)
{
	double v[DAYS_MAX];

	for (unsigned i = 0; i < n; i++)
		memcpy(&v[i], (const char *)first + i * size + offset, sizeof(v[i]));
	return measure_spread(v, n);
}

static struct spread host_spread(const struct evaluation *ev, unsigned who, size_t offset)
{
	return spread_of(&ev->hosts[0][who], sizeof(ev->hosts[0]), offset, ev->n_days);
}

static struct spread as_spread(const struct evaluation *ev, unsigned who, size_t offset)
{
	return spread_of(&ev->as[0][who], sizeof(ev->as[0]), offset, ev->n_as_days);
}

static const struct column host_columns[] = {
	{ "@1k", "hit_1k", offsetof(struct evaluate_hosts, hit[0]) },
	{ "@3k", "hit_3k", offsetof(struct evaluate_hosts, hit[1]) },
	{ "@10k", "hit_10k", offsetof(struct evaluate_hosts, hit[2]) },
	{ "Brier", "brier", offsetof(struct evaluate_hosts, brier) },
};
static const struct column as_columns[] = {
	{ "silent", "silent", offsetof(struct evaluate_as, silent) },
	{ "10 x world", "tenfold", offsetof(struct evaluate_as, tenfold) },
};

/* A table of names and spreads. */
static void print_rows(const struct evaluation *ev, const char *const names[], unsigned n,
    const struct column *c, unsigned n_columns,
    struct spread of(const struct evaluation *, unsigned, size_t))
{
	for (unsigned k = 0; k < n_columns; k++)
		(void)printf("  %13s", c[k].name);
	(void)printf("\n");
	for (unsigned who = 0; who < n; who++) {
		(void)printf("%-26s", names[who]);
		for (unsigned k = 0; k < n_columns; k++) {
			struct spread s = of(ev, who, c[k].offset);

			(void)printf("  %.4f ±%.4f", s.mean, s.half);
		}
		(void)printf("\n");
	}
}

static void print_hosts(const struct evaluation *ev)
{
	(void)printf("\n%-26s", "known hosts that return");
	print_rows(ev, evaluate_host_name, EVALUATE_HOST_N, host_columns, NELEM(host_columns),
	    host_spread);
	(void)printf(
	    "known at all: %.4f of the hosts to come; @N: of these, on a list of N hosts\n",
	    host_spread(ev, 0, offsetof(struct evaluate_hosts, known)).mean);
}

static void print_as(const struct evaluation *ev)
{
	if (!ev->n_as_days)
		return;
	(void)printf("\n%-26s", "the 50 worst AS, 28 days");
	print_rows(ev, evaluate_as_name, EVALUATE_AS_N, as_columns, NELEM(as_columns), as_spread);
	(void)printf(
	    "%u days; ASes whose new hosts came within the 80 %% forecast, by arrivals seen:\n",
	    ev->n_as_days);
	for (unsigned k = 0; k < EVALUATE_COVER_N; k++)
		if (ev->cover[k].n > 0)
			(void)printf("  from %3.0f: %.3f of %.0f\n", evaluate_cover_from[k],
			    ev->cover[k].in / ev->cover[k].n, ev->cover[k].n);
}

static void print_bins(
    const char *what, const char *of, const struct evaluate_bin bin[EVALUATE_BIN_N])
{
	(void)printf("\n%s: said, came, %s\n", what, of);
	for (unsigned k = 0; k < EVALUATE_BIN_N; k++)
		if (bin[k].blocks > 0)
			(void)printf("%9.4f %9.4f %12.0f\n", bin[k].said / bin[k].blocks,
			    bin[k].came / bin[k].blocks, bin[k].blocks);
}

static void print_text(const struct eval *x, const struct evaluation *ev)
{
	struct spread ll = evaluation_spread(ev, 0, EVALUATE_NEW, LL_OFFSET);
	double targets = 0;

	for (unsigned d = 0; d < ev->n_days; d++)
		targets += evaluation_at(ev, 0, EVALUATE_NEW, d)->targets;
	(void)printf("formula %s, %u test days, %" PRIu32
		     " days ahead, %.0f new hosts a test day\n",
	    JUDGE_FORMULA, ev->n_days, x->horizon, targets / ev->n_days);
	(void)printf(
	    "mean over test days ± half of its 95 %% interval; @N: share of the hosts in the "
	    "best N /24s\n\n");
	print_table(ev, "hosts never seen before", EVALUATE_NEW, columns, NELEM(columns));
	(void)printf("what a new host gains in nats (LL): %.3f ±%.3f\n\n", ll.mean, ll.half);
	print_table(ev, "all hosts", EVALUATE_ALL, columns, NELEM(columns));
	(void)printf("\n");
	print_table(ev, "listed, and nobody came", EVALUATE_ALL, idle_columns, NELEM(idle_columns));
	print_bins("a /24 gets a new host", "blocks", ev->bin);
	print_hosts(ev);
	print_bins("a host returns", "hosts", ev->host_bin);
	print_as(ev);
	eval_walls_print(ev);
	eval_fair_print(&ev->fair);
}

static void json_rows(struct jout *j, const struct evaluation *ev, enum evaluate_target t)
{
	jout_array(j, target_name[t]);
	for (unsigned row = 0; row < ev->n_rows; row++) {
		jout_object(j, NULL);
		jout_str(j, "name", evaluation_row_name(row));
		for (unsigned c = 0; c < NELEM(columns); c++) {
			struct spread s = evaluation_spread(ev, row, t, columns[c].offset);

			jout_object(j, columns[c].key);
			jout_real(j, "mean", s.mean, 5);
			jout_real(j, "half_95", s.half, 5);
			jout_object_end(j);
		}
		for (unsigned c = 0; c < NELEM(idle_columns); c++)
			jout_real(j, idle_columns[c].key,
			    evaluation_spread(ev, row, t, idle_columns[c].offset).mean, 5);
		if (row == 0)
			jout_real(j, "ll", evaluation_spread(ev, row, t, LL_OFFSET).mean, 4);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_days(struct jout *j, const struct eval *x, const struct evaluation *ev)
{
	jout_array(j, "days");
	for (unsigned d = 0; d < ev->n_days; d++) {
		const struct measure *m = evaluation_at(ev, 0, EVALUATE_NEW, d);
		char text[UTC_TEXT_MAX];

		utc_format_day(x->days[d], text);
		jout_object(j, NULL);
		jout_str(j, "day", text);
		jout_real(j, "new_hosts", m->targets, 0);
		for (unsigned c = 0; c < NELEM(columns); c++)
			jout_real(j, columns[c].key,
			    *(const double *)(const void *)((const char *)m + columns[c].offset),
			    5);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_bins(
    struct jout *j, const char *key, const char *of, const struct evaluate_bin bin[EVALUATE_BIN_N])
{
	jout_array(j, key);
	for (unsigned k = 0; k < EVALUATE_BIN_N; k++) {
		const struct evaluate_bin *b = &bin[k];

		if (!(b->blocks > 0))
			continue;
		jout_object(j, NULL);
		jout_real(j, "said", b->said / b->blocks, 6);
		jout_real(j, "came", b->came / b->blocks, 6);
		jout_real(j, of, b->blocks, 0);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_spreads(struct jout *j, const struct evaluation *ev, const char *const names[],
    unsigned n, const struct column *c, unsigned n_columns,
    struct spread of(const struct evaluation *, unsigned, size_t))
{
	for (unsigned who = 0; who < n; who++) {
		jout_object(j, NULL);
		jout_str(j, "name", names[who]);
		for (unsigned k = 0; k < n_columns; k++) {
			struct spread s = of(ev, who, c[k].offset);

			jout_object(j, c[k].key);
			jout_real(j, "mean", s.mean, 5);
			jout_real(j, "half_95", s.half, 5);
			jout_object_end(j);
		}
		jout_object_end(j);
	}
}

static void json_hosts(struct jout *j, const struct evaluation *ev)
{
	jout_real(
	    j, "hosts_known", host_spread(ev, 0, offsetof(struct evaluate_hosts, known)).mean, 5);
	jout_array(j, "hosts");
	json_spreads(j, ev, evaluate_host_name, EVALUATE_HOST_N, host_columns, NELEM(host_columns),
	    host_spread);
	jout_array_end(j);
}

static void json_as(struct jout *j, const struct evaluation *ev)
{
	jout_array(j, "worst_as");
	if (ev->n_as_days)
		json_spreads(j, ev, evaluate_as_name, EVALUATE_AS_N, as_columns, NELEM(as_columns),
		    as_spread);
	jout_array_end(j);
	jout_array(j, "coverage");
	for (unsigned k = 0; k < EVALUATE_COVER_N; k++) {
		if (!(ev->cover[k].n > 0))
			continue;
		jout_object(j, NULL);
		jout_real(j, "arrivals_from", evaluate_cover_from[k], 0);
		jout_real(j, "within", ev->cover[k].in / ev->cover[k].n, 5);
		jout_real(j, "entities", ev->cover[k].n, 0);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_evaluation(struct jout *j, const struct eval *x, const struct evaluation *ev)
{
	json_days(j, x, ev);
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		json_rows(j, ev, t);
	json_bins(j, "calibration", "blocks", ev->bin);
	json_hosts(j, ev);
	json_bins(j, "hosts_calibration", "hosts", ev->host_bin);
	json_as(j, ev);
	eval_walls_json(j, ev);
	eval_fair_json(j, &ev->fair);
}

/* One of both. */
static int print_json(const struct eval *x, const struct evaluation *ev, const struct play *p)
{
	struct buf out;
	struct jout j;
	bool ok;

	buf_init(&out, OUT_MAX);
	jout_init(&j, &out);
	jout_object(&j, NULL);
	jout_str(&j, "formula", JUDGE_FORMULA);
	jout_u64(&j, "horizon_days", x->horizon);
	jout_u64(&j, "lines", x->lines);
	jout_u64(&j, "refused", x->refused);
	if (ev)
		json_evaluation(&j, x, ev);
	else
		eval_play_json(&j, p);
	jout_object_end(&j);
	ok = buf_ok(&out);
	(void)fwrite(buf_text(&out).p, 1, span_len(buf_text(&out)), stdout);
	(void)putchar('\n');
	buf_done(&out);
	return ok ? 0 : -ENOMEM;
}

/* One of both. */
static int plot(const char *path, const struct evaluation *ev, const struct play *p, struct err *e)
{
	FILE *to = fopen(path, "we");
	bool good;

	if (!to)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (ev)
		eval_plot(ev, to);
	else
		eval_play_plot(p, to);
	good = !ferror(to);
	if (fclose(to) != 0 || !good)
		return err_set(e, -EIO, "%s: could not be written", path);
	return 0;
}

static void show_progress(void *ctx, unsigned done)
{
	progress_at(ctx, done, "day");
}

static int run_evaluation(struct eval *x, struct evaluate_conf *c, struct err *e)
{
	struct evaluation ev;
	struct progress bar;
	int r;

	c->progress = show_progress;
	c->ctx = &bar;
	progress_start(&bar, "replaying", x->n_days);
	r = evaluate(c, &ev, e);
	progress_end(&bar);
	if (r < 0)
		return r;
	if (x->plot)
		r = plot(x->plot, &ev, NULL, e);
	if (r == 0 && x->json)
		r = print_json(x, &ev, NULL);
	else if (r == 0)
		print_text(x, &ev);
	if (r == 0 && x->alarm)
		r = eval_fair_alarm(&ev.fair) > 0;
	evaluation_done(&ev);
	return r;
}

static void say_unverified(const struct eval *x)
{
	if (x->unverified)
		(void)fprintf(stderr,
		    "onus eval: %" PRIu64 " good observations that are not one's own or could be "
		    "written by others are left out\n",
		    x->unverified);
}

/* From the first test day to the end of what the last is measured by. */
static int run_play(
    struct eval *x, const struct evaluate_conf *judge, double max_good_loss, struct err *e)
{
	static const bool nobody[SERIES_VOICES_MAX];
	struct play_levels levels[PLAY_MAX];
	struct play_conf c = { .judge = judge,
		.first = x->days[0],
		.last = x->days[x->n_days - 1] + (int32_t)x->horizon - 1,
		.warm = MIN_OF((int32_t)x->warm, x->days[0] - x->first_day),
		.levels = levels,
		.n_levels = PLAY_GIVEN,
		.good = x->good.n ? &x->good : NULL,
		.anchors = x->of_hub	? x->hub.anchors
			   : x->foreign ? nobody
					: NULL,
		.max_good_loss = max_good_loss,
		.progress = show_progress };
	struct progress bar;
	struct play p;
	int r;

	say_unverified(x);
	good_days_seal(&x->good);
	play_levels_given(levels);
	if (x->of_hub) {
		c.never = &x->hub.never;
		levels[c.n_levels++] = (struct play_levels){ "as set", x->hub.levels };
	}
	c.ctx = &bar;
	progress_start(&bar, "playing", (uint64_t)(c.last - c.first + 1 + c.warm));
	r = play(&c, &p, e);
	progress_end(&bar);
	if (r < 0)
		return r;
	if (x->plot)
		r = plot(x->plot, NULL, &p, e);
	if (r == 0 && x->json)
		r = print_json(x, NULL, &p);
	else if (r == 0)
		eval_play_print(&p);
	play_done(&p);
	return r;
}

static int replay(struct eval *x, const struct attributor *a, struct err *e)
{
	struct evaluate_conf c = { .series = &x->series,
		.space = registry_space,
		.space_ctx = a->registry,
		.days = x->days,
		.horizon = (int32_t)x->horizon,
		.delegation = registry_delegation };
	int r = series_seal(&x->series);

	if (r == 0 && x->drop_over > 0) {
		unsigned gone = series_drop_days(&x->series, x->drop_over);

		(void)fprintf(stderr,
		    "onus eval: %u days with more than %" PRIu32 " hosts left out\n", gone,
		    x->drop_over);
	}
	if (r < 0)
		return err_set(e, r, "out of memory");
	if (x->series.n) {
		x->first_day = x->series.v[0].day;
		x->last_day = x->series.v[x->series.n - 1].day;
	}
	say_missing(x);
	if (x->n_days == 0)
		choose_days(x);
	if ((r = check_days(x, e)) < 0)
		return r;
	c.n_days = x->n_days;
	c.first_day = x->first_day;
	c.foreign = x->foreign;
	c.voices = x->of_hub ? eval_hub_voices : NULL;
	c.voices_ctx = &x->hub;
	return x->walls ? run_play(x, &c, a->conf->max_good_loss / 100, e)
			: run_evaluation(x, &c, e);
}

static int run(struct eval *x, char **files, int n_files)
{
	struct attributor a;
	struct err e;
	int r, failed = 0;

	if (attribute_open(&a, "onus eval", x->conf_file, x->set.v, x->set.n, x->registry) < 0)
		return 3;
	r = x->days_text ? parse_days(x, &e) : 0;
	if (x->good_logs && r >= 0) {
		r = failed = read_good_logs(x, a.conf, n_files, files, &e);
		n_files = 0;
	}
	if (n_files == 0 && r >= 0)
		r = read_hub(x, a.conf, &e);
	for (int i = 0; i < n_files && r >= 0; i++)
		r = read_file(x, files[i], &e);
	if (x->refused)
		(void)fprintf(stderr, "onus eval: %" PRIu64 " of %" PRIu64 " %s left out\n",
		    x->refused, x->lines, x->of_hub ? "rows" : "lines");
	if (r >= 0)
		r = replay(x, &a, &e);
	if (r < 0)
		(void)fprintf(stderr, "onus eval: %s\n", e.text);
	series_done(&x->series);
	good_days_done(&x->good);
	eval_hub_done(&x->hub);
	attribute_done(&a);
	return r < 0 ? 2 : MAX_OF(r, failed);
}

/* What goes with what: of n files. */
static int check_options(const struct eval *x, int n)
{
	const char *why = NULL;

	if (x->walls && x->alarm)
		why = "--walls knows of no --alarm";
	else if (x->good_logs && (!x->walls || n == 0))
		why = "--good goes with --walls, and with logs to read";
	else if (x->foreign && (n == 0 || x->good_logs))
		why = "--foreign is for files; whose word a row of the ledger is, it knows itself";
	else if (x->horizon == 0 || x->horizon > JUDGE_WINDOW_DAYS)
		why = "--horizon: 1 to 400 days";
	else if (x->warm > JUDGE_WINDOW_DAYS)
		why = "--warm: 0 to 400 days";
	if (why)
		(void)fprintf(stderr, "onus eval: %s\n", why);
	return why ? -EINVAL : 0;
}

int cmd_eval(int argc, char **argv)
{
	struct eval x = { .horizon = 7, .warm = WARM_DAYS, .since_day = OLDEST_DAY };
	const struct opt opts[] = {
		{ "days", 'd', OPT_TEXT, &x.days_text, "DATE,DATE…",
		    "Test days. Default: the last five that the series can answer for, 14 days "
		    "apart." },
		{ "horizon", 'H', OPT_COUNT, &x.horizon, "DAYS",
		    "Measure by what came in so many days after each test day (7)." },
		{ "since", 0, OPT_TEXT, &x.since, "DATE", "Forget what is dated earlier." },
		{ "drop-days-over", 0, OPT_COUNT, &x.drop_over, "HOSTS",
		    "Learn nothing from days with more hosts than this, as bulk loads are; their "
		    "hosts "
		    "count as seen." },
		{ "foreign", 0, OPT_FLAG, &x.foreign, NULL,
		    "FILE is somebody else's word, not that of own sensors: days on which it says "
		    "far "
		    "more than usual weigh less. (The ledger knows who is whose.)" },
		{ "json", 'j', OPT_FLAG, &x.json, NULL, "Write one JSON object." },
		{ "alarm", 0, OPT_FLAG, &x.alarm, NULL,
		    "Exit with 1 when of some class of networks (a tenth of all AS by size, a "
		    "country) far more "
		    "or fewer new hosts came than said, beside all others: for a weekly check." },
		{ "walls", 0, OPT_FLAG, &x.walls, NULL,
		    "Instead, play the policy from the first test day to the last, at several "
		    "thresholds (onus level): "
		    "who met a wall, what stood behind walls, how many met nobody, and who that "
		    "was good, where that is known: to the hub, or by event lines of good filters "
		    "in FILE. "
		    "max_good_loss holds." },
		{ "warm", 0, OPT_COUNT, &x.warm, "DAYS",
		    "With --walls, decide from so many days before the first test day on, as far "
		    "as "
		    "the series goes, "
		    "so that something stands on it (28); 0: as on the first day of a site." },
		{ "good", 0, OPT_FLAG, &x.good_logs, NULL,
		    "With --walls: FILEs are logs, and what is good is what they tell (as of onus "
		    "decide --replay), not what the hub knows; the evidence is the hub's." },
		{ "plot", 0, OPT_TEXT, &x.plot, "FILE",
		    "Draw hits and reliability into FILE (SVG); with --walls what they catch and "
		    "cost, day by day." },
		{ "registry", 'r', OPT_TEXT, &x.registry, "FILE",
		    "Registry file of those days (default: the parameter registry_file)." },
		{ "config", 'c', OPT_TEXT, &x.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &x.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus eval", "[FILE…|-]",
		"Replay dated evidence: on each test day judge by what was known then, and measure "
		"by what\ncame after, beside the usual ways to rank networks (raw counts, EWMA, "
		"BGP-Ranking, UCEPROTECT …).\nThe evidence is that of the hub, every source with "
		"its "
		"group and trust as of each test day, measured as\nonus-score measures it; or of "
		"files of event lines (- is the standard input), all one group and fully\ntrusted.",
		"Examples: onus eval\n"
		"          onus eval --walls --plot walls.svg\n"
		"          onus eval --walls --good /var/log/mail.log*\n"
		"          tools/series data-shield prod.csv | onus eval --registry "
		"registry-of-then -",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv);
	int64_t since_s;

	if (n < 0)
		return opt_exit(n);
	if (check_options(&x, n) < 0)
		return 3;
	if (x.since) {
		if (utc_parse(span_str(x.since), &since_s) < 0) {
			(void)fprintf(stderr, "onus eval: --since: no date (2025-07-25)\n");
			return 3;
		}
		x.since_day = day_of(since_s);
	}
	return run(&x, argv + 1, n);
}
