/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus top - logs, lists or events in, a ranked table of who answers for them out. */
#include <errno.h>

#include "core/conf.h"
#include "holders/opening.h"
#include "holders/stale.h"
#include "intake/any.h"
#include "prog/onus/commands.h"
#include "prog/onus/top.h"
#include "util/opt.h"
#include "util/progress.h"

#define OLDER_DAYS 7 /* events that much older than the registry: its holders may be others */

struct top_options {
	const char *conf_file, *registry, *by, *filter_path, *category, *map;
	struct opt_list set, filters;
	uint32_t limit, threads;
	bool json, csv, simulated;
};

/* One run over all files. */
struct topping {
	struct top top;
	const struct any_result *now; /* the file being read: what it is */
	unsigned lists;		      /* read before it */
};

/* Logs and event files are one group, this site's own; each list is one of its own. */
static unsigned group_of(const struct topping *g)
{
	return g->now->as.kind == INPUT_LIST ? MIN_OF(g->lists + 1, JUDGE_GROUPS_MAX - 1) : 0;
}

static void on_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct topping *g = ctx;

	top_count(&g->top, ev, group_of(g));
}

/* What one thread counts of logs. */
static void on_thread_event(void *ctx, const struct event *ev, uint64_t number)
{
	top_count(ctx, ev, 0);
}

/* A table for each thread. Returns them, [shards_threads], or NULL: out of memory, and the caller's thread
 * counts for all. */
static struct top *threads_new(struct shards *s)
{
	void *ctx[SHARDS_THREADS_MAX];
	unsigned n = s ? shards_threads(s) : 0;
	struct top *v = n > 1 ? calloc(n, sizeof(*v)) : NULL;

	for (unsigned i = 0; v && i < n; i++) {
		if (top_init(&v[i]) < 0) {
			while (i-- > 0)
				top_done(&v[i]);
			free(v);
			return NULL;
		}
		ctx[i] = &v[i];
	}
	if (v)
		shards_apart(s, on_thread_event, ctx);
	return v;
}

static void threads_add(struct top *to, struct top *v, struct shards *s)
{
	for (unsigned i = 0; v && i < shards_threads(s); i++) {
		top_add(to, &v[i]);
		top_done(&v[i]);
	}
	free(v);
}

static void say_refused(const char *path, const struct any_result *got)
{
	if (got->refused == 0)
		return;
	(void)fprintf(stderr, "onus top: %s: %llu of %llu lines refused", path,
	    (unsigned long long)got->refused, (unsigned long long)got->lines);
	if (got->first_number)
		(void)fprintf(stderr, ", the first in line %llu: %s",
		    (unsigned long long)got->first_number, got->first_why);
	(void)fprintf(stderr, "\n");
}

static void say_left_out(const struct topping *g, struct scan_counts c, struct scan_counts json)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ c.special + json.special, "lines from private or reserved space are left out" },
		{ c.own + json.own, "lines from own networks are left out" },
		{ c.names, "lines with a host name in place of the address are left out" },
	};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].n)
			(void)fprintf(stderr, "onus top: %llu %s\n", (unsigned long long)rows[i].n,
			    rows[i].what);
	if (g->top.out_of_memory)
		(void)fprintf(
		    stderr, "onus top: out of memory: some hosts are missing from the table\n");
}

static void say_ages(const struct top *t, const struct conf *conf)
{
	struct clock clock = clock_system();
	char warning[STALE_TEXT_MAX], day[UTC_TEXT_MAX];
	int64_t date_s = registry_date_s(t->registry);

	if (registry_stale(t->registry, clock_now_s(&clock), conf->registry_max_age_days, warning))
		(void)fprintf(stderr, "onus top: warning: %s\n", warning);
	if (t->events == 0 || t->oldest_s > date_s - OLDER_DAYS * DAY_S)
		return;
	utc_format_day(day_of(date_s), day);
	(void)fprintf(stderr,
	    "onus top: warning: events are older than the registry (%s): their addresses "
	    "may have had other holders then\n",
	    day);
}

static int read_one(struct topping *g, const struct any_options *options, const char *path,
    struct any_result *got, struct err *e)
{
	struct any_options o = *options;
	struct progress bar;
	struct input *in;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	progress_start(&bar, "reading", input_size(in));
	o.progress = &bar;
	g->now = got;
	r = any_input(in, &o, on_event, g, got, e);
	progress_end(&bar);
	in = input_free(in);
	return r;
}

/* All files; how many could not be read. */
static unsigned read_all(struct topping *g, const struct any_options *options, int n, char **files)
{
	struct top *threads = threads_new(options->shards);
	unsigned failed = 0;

	for (int i = 0; i < n; i++) {
		struct any_result got = { .refused = 0 };
		struct err e;

		if (read_one(g, options, files[i], &got, &e) < 0) {
			(void)fprintf(stderr, "onus top: %s\n", e.text);
			failed++;
		}
		say_refused(files[i], &got);
		g->lists += got.as.kind == INPUT_LIST;
	}
	top_settle(&g->top);
	threads_add(&g->top, threads, options->shards);
	say_left_out(g, shards_counts(options->shards), jlogs_counts(options->json));
	return failed;
}

static int write_table(
    struct topping *g, const struct top_options *o, enum entity_kind by, struct err *e)
{
	struct top_style style = { .by = by,
		.limit = o->limit,
		.simulated = o->simulated || g->top.simulated,
		.attribution = registry_attribution(g->top.registry) };
	CLEANUP(free_p) struct top_row *rows = NULL;
	size_t n = 0, shown;
	int r = top_rows(&g->top, by, &rows, &n, e);

	if (style.limit == UINT32_MAX)
		style.limit = o->json || o->csv ? 0 : 25;
	shown = style.limit && style.limit < n ? style.limit : n;
	if (r == 0)
		r = top_judge(&g->top, by, MIN_OF(g->lists + 1, JUDGE_GROUPS_MAX), rows, shown, e);
	if (r < 0)
		return r;
	if (o->json)
		return top_print_json(&g->top, rows, n, &style);
	if (o->csv)
		return top_print_csv(&g->top, rows, n, &style);
	top_print_text(&g->top, rows, n, &style);
	return 0;
}

static int fail(int code, const struct err *e)
{
	(void)fprintf(stderr, "onus top: %s\n", e->text);
	return code;
}

/* With everything open, but for the registry, which takes its time until the files are read. Returns the exit
 * code. */
static int run(const struct top_options *o, const struct conf *conf, struct opening *opening,
    const struct any_options *options, enum entity_kind by, int n, char **files)
{
	struct topping g = { 0 };
	struct registry *registry = NULL;
	unsigned failed = 0;
	struct err e = { "" };
	int r = top_init(&g.top), opened;

	if (r == 0)
		failed = read_all(&g, options, n, files);
	opened = opening_end(opening, &registry, &e);
	if (r < 0 || opened < 0) {
		top_done(&g.top);
		registry_free(registry);
		return r < 0 ? fail(2, &(struct err){ "out of memory" }) : fail(3, &e);
	}
	g.top.registry = registry;
	say_ages(&g.top, conf);
	r = failed == (unsigned)n ? -EIO : write_table(&g, o, by, &e);
	if (r < 0 && *e.text)
		(void)fail(2, &e);
	top_done(&g.top);
	registry_free(registry);
	return r < 0 ? 2 : failed ? 1 : 0;
}

static int with_conf(
    const struct top_options *o, const struct conf *conf, enum entity_kind by, int n, char **files)
{
	struct clock clock = clock_system();
	struct opening *opening;
	struct addrset own = { .v = NULL };
	struct scan_options scan = { .clock = &clock, .own = &own };
	struct jlogs json = {
		.path = conf->json_path, .name = o->map, .options = { .clock = &clock, .own = &own }
	};
	struct any_options any = { .clock = &clock,
		.own = &own,
		.json = &json,
		.is_json = o->map != NULL,
		.is_log = o->filters.n > 0,
		.list = { .category = ANY_LIST_CATEGORY, .proof = PROOF_FULL, .own = &own } };
	struct err e;
	int r, code;

	if (o->category && category_parse(span_str(o->category), &any.list.category) < 0)
		return fail(3, &(struct err){ "--category: no such category" });
	r = shards_new(o->filters.v, o->filters.n,
	    o->filter_path ? o->filter_path : conf->filter_path, &scan, o->threads, &any.shards,
	    &e);
	if (r < 0)
		r = any_missing(&any, o->filters.n, r, &e);
	if (r == 0)
		r = jlogs_ready(&json, &e);
	if (r < 0 || addrset_parse(span_str(conf->own_networks), &own, &e) < 0 ||
	    opening_start(o->registry ? o->registry : conf->registry_file, &opening, &e) < 0)
		code = fail(3, &e);
	else
		code = run(o, conf, opening, &any, by, n, files);
	any.shards = shards_free(any.shards);
	jlogs_done(&json);
	addrset_done(&own);
	return code;
}

int cmd_top(int argc, char **argv)
{
	struct top_options o = { .by = "org", .limit = UINT32_MAX };
	const struct opt opts[] = {
		{ "by", 'b', OPT_TEXT, &o.by, "KIND",
		    "addr, block, net, prefix, as, org (default) or country." },
		{ "limit", 'n', OPT_COUNT, &o.limit, "N",
		    "Show N rows; 0: all. Default 25, JSON and CSV all." },
		{ "json", 'j', OPT_FLAG, &o.json, NULL, "One JSON object a row." },
		{ "csv", 0, OPT_FLAG, &o.csv, NULL,
		    "Comma-separated, with a header; names that a spreadsheet would compute begin "
		    "with '." },
		{ "filter", 'f', OPT_LIST, &o.filters, "NAME[OPTIONS]",
		    "Logs: this filter; default: all shipped." },
		{ "filter-path", 0, OPT_TEXT, &o.filter_path, "DIR",
		    "Look for filters here (DIR:DIR…)." },
		{ "json-map", 0, OPT_TEXT, &o.map, "NAME",
		    "JSON logs: this map; default: the one that fits." },
		{ "category", 0, OPT_TEXT, &o.category, "NAME",
		    "Lists: what entries did (default scanner)." },
		{ "threads", 0, OPT_COUNT, &o.threads, "N",
		    "Read long logs with N threads; the table is the same. Default: all "
		    "processors." },
		{ "registry", 'r', OPT_TEXT, &o.registry, "FILE", "The registry file." },
		{ "config", 'c', OPT_TEXT, &o.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &o.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus top", "FILE…|-",
		"Who answers for the addresses in these logs, lists or event lines: a ranked table "
		"by\n"
		"distinct addresses. Files are recognised by content and may be packed.",
		"Examples: onus top /var/log/auth.log*\n"
		"          onus top --by as --json attackers.txt",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	enum entity_kind by;
	struct conf *conf;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (n == 0)
		return fail(3, &(struct err){ "name logs, lists or event files, or - for stdin" });
	if (entity_kind_parse(span_str(o.by), &by) < 0)
		return fail(
		    3, &(struct err){ "--by is addr, block, net, prefix, as, org or country" });
	conf = conf_open(o.conf_file, o.set.v, o.set.n, &e);
	if (!conf)
		return fail(3, &e);
	o.simulated = conf->simulated;
	code = with_conf(&o, conf, by, n, argv + 1);
	conf = conf_free(conf);
	return code;
}
