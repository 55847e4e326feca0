/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus extract - logs in, event lines out. */
#include <errno.h>
#include <inttypes.h>

#include "core/conf.h"
#include "core/event.h"
#include "intake/any.h"
#include "prog/onus/commands.h"
#include "util/jout.h"
#include "util/opt.h"
#include "util/progress.h"

#define OUT_FLUSH (64u << 10)
#define OUT_MAX	  (OUT_FLUSH + (64u << 10)) /* one more event always has room */

struct extract {
	struct buf out;
	uint64_t lines, events, refused;	      /* of all inputs, whatever they were */
	bool json, numbers, matches, verbose, failed; /* failed: stdout is gone */
};

static void flush(struct extract *x)
{
	struct span t = buf_text(&x->out);

	if (!buf_ok(&x->out) ||
	    (!span_empty(t) && fwrite(t.p, 1, span_len(t), stdout) != span_len(t)))
		x->failed = true;
	buf_reset(&x->out);
}

static void write_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct extract *x = ctx;

	x->events++;
	if (x->json)
		event_format_json(ev, x->numbers ? number : 0, &x->out);
	else
		event_format(ev, &x->out);
	if (x->out.len >= OUT_FLUSH)
		flush(x);
}

static void drop_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct extract *x = ctx;

	(void)ev;
	(void)number;
	x->events++;
}

/* What filters find, event or not: for those who write one. */
static void write_match(void *ctx, const struct scan_match *m)
{
	struct extract *x = ctx;
	char when[UTC_TEXT_MAX];
	struct jout j;

	utc_format(m->time_s, when);
	jout_init(&j, &x->out);
	jout_object(&j, NULL);
	jout_u64(&j, "line", m->number);
	jout_str(&j, "filter", m->filter->name);
	jout_str(&j, "time", when);
	jout_span(&j, "found", m->found);
	jout_str(&j, "outcome", scan_outcome_name(m->outcome));
	jout_object_end(&j);
	buf_byte(&x->out, '\n');
	if (x->out.len >= OUT_FLUSH)
		flush(x);
}

/* Returns 0, or -errno with the reason. */
static int one_file(struct extract *x, struct any_options *o, const char *path, struct err *e)
{
	struct any_result got;
	struct progress bar;
	struct input *in;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	progress_start(&bar, "reading", input_size(in));
	o->progress = &bar;
	r = any_input(in, o, x->matches ? drop_event : write_event, x, &got, e);
	progress_end(&bar);
	(void)input_free(in);
	x->lines += got.lines;
	x->refused += got.refused;
	if (got.first_number)
		(void)fprintf(stderr, "onus extract: %s:%" PRIu64 ": %s (%" PRIu64 " refused)\n",
		    path, got.first_number, got.first_why, got.refused);
	return r;
}

/* Filters whose addresses a stranger may have written. */
static void say_filters(const struct filters *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (!f->v[i]->anchored && f->v[i]->proof == PROOF_WEAK)
			(void)fprintf(stderr,
			    "onus extract: filter %s is not anchored: what it finds is "
			    "unverified\n",
			    f->v[i]->name);
}

static void say_counts(
    const struct extract *x, const struct scan_counts *c, struct scan_counts json)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ x->lines, "lines" },
		{ x->events, "events" },
		{ x->refused, "lines refused" },
		{ c->matched, "log lines matched a filter" },
		{ json.matched, "lines of JSON logs that a rule wanted" },
		{ c->ignored, "matched an ignoreregex too" },
		{ c->nofail, "matched, and are no failure by themselves" },
		{ c->pending, "matched, and no line says whom they are about" },
		{ c->ids, "matched, but are about an id, no address" },
		{ c->names, "matched, but no valid address stands where it should" },
		{ c->special + json.special, "matched, but private or reserved space" },
		{ c->wide, "matched, but about a network too wide to be believed" },
		{ c->own + json.own, "matched, but own networks" },
		{ c->undated, "log lines have no date" },
	};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].n > 0 || i < 3)
			(void)fprintf(stderr, "%12" PRIu64 "  %s\n", rows[i].n, rows[i].what);
}

static int run_files(struct extract *x, struct any_options *o, char **files, int n_files)
{
	int code = 0;

	buf_init(&x->out, OUT_MAX);
	if (!x->json && !x->matches)
		buf_str(&x->out, EVENT_HEADER "\n");
	for (int i = 0; i < n_files && !x->failed; i++) {
		struct err e;

		if (one_file(x, o, files[i], &e) < 0) {
			(void)fprintf(stderr, "onus extract: %s\n", e.text);
			code = 2;
		}
	}
	flush(x);
	if (fflush(stdout) != 0 || x->failed) {
		(void)fprintf(stderr, "onus extract: cannot write to the standard output\n");
		code = 2;
	}
	buf_done(&x->out);
	return code;
}

struct extract_options {
	const char *conf_file, *filter_path, *map, *time;
	struct opt_list set, filters;
};

/* All files through all filters; returns the exit code. */
static int run(
    struct extract *x, const struct extract_options *opt, char **files, int n_files, struct err *e)
{
	struct conf *conf = conf_open(opt->conf_file, opt->set.v, opt->set.n, e);
	struct clock clock = clock_system();
	struct addrset own = { .v = NULL };
	struct filters filters = { .n = 0 };
	struct scan_options so = { .clock = &clock,
		.own = &own,
		.matches = x->matches ? write_match : NULL,
		.matches_ctx = x };
	struct jlogs json = { .name = opt->map, .options = { .clock = &clock, .own = &own } };
	struct any_options o = { .clock = &clock,
		.own = &own,
		.json = &json,
		.is_log = opt->filters.n > 0 || opt->time,
		.is_json = opt->map != NULL,
		.list = { .category = ANY_LIST_CATEGORY, .proof = PROOF_WEAK, .own = &own } };
	int r = conf ? addrset_parse(span_str(conf->own_networks), &own, e) : -EINVAL, code = 3;
	int64_t time_s = clock_now_s(&clock);

	if (r == 0 && opt->time && strcmp(opt->time, "now") != 0 &&
	    utc_parse(span_str(opt->time), &time_s) < 0)
		r = err_set(e, -EINVAL,
		    "--time %s: write 2026-11-23T18:04:05Z, 2026-11-23, Unix seconds, or now",
		    opt->time);

	if (r == 0) {
		json.path = conf->json_path;
		r = jlogs_ready(&json, e);
	}
	if (r == 0) {
		r = filters_load(&filters, opt->filters.v, opt->filters.n,
		    opt->filter_path ? opt->filter_path : conf->filter_path, e);
		r = r < 0 ? any_missing(&o, opt->filters.n, r, e)
			  : scan_new(filters.v, filters.n, &so, &o.scan, e);
	}
	if (r == 0) {
		if (opt->time && o.scan)
			scan_time(o.scan, time_s);
		if (x->verbose)
			say_filters(&filters);
		code = run_files(x, &o, files, n_files);
		if (x->verbose)
			say_counts(x, scan_counts(o.scan), jlogs_counts(&json));
	} else {
		(void)fprintf(stderr, "onus extract: %s\n", e->text);
	}
	(void)scan_free(o.scan);
	jlogs_done(&json);
	filters_done(&filters);
	addrset_done(&own);
	(void)conf_free(conf);
	return code;
}

int cmd_extract(int argc, char **argv)
{
	struct extract_options o = { .conf_file = NULL };
	struct extract x = { .json = false };
	const struct opt opts[] = {
		{ "filter", 'f', OPT_LIST, &o.filters, "NAME[OPTIONS]",
		    "Use this filter; may stand several times. Default: all that onus ships." },
		{ "filter-path", 0, OPT_TEXT, &o.filter_path, "DIR",
		    "Look for filters here (DIR:DIR…)." },
		{ "json-map", 0, OPT_TEXT, &o.map, "NAME",
		    "The files are JSON logs, read by this map. Default: the one that fits them." },
		{ "time", 't', OPT_TEXT, &o.time, "WHEN",
		    "Log lines carry no date: all are of this time (RFC 3339, Unix seconds, "
		    "now)." },
		{ "json", 'j', OPT_FLAG, &x.json, NULL, "Write one JSON object an event." },
		{ "line-numbers", 'n', OPT_FLAG, &x.numbers, NULL,
		    "Say which line each event came from (with --json)." },
		{ "matches", 'm', OPT_FLAG, &x.matches, NULL,
		    "Write what filters match instead of events, as JSON: also what is no event, "
		    "and "
		    "why." },
		{ "verbose", 'v', OPT_FLAG, &x.verbose, NULL,
		    "Count lines and matches on stderr." },
		{ "config", 'c', OPT_TEXT, &o.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &o.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus extract", "FILE…|-",
		"Turn logs, JSON logs, and lists of addresses, into event lines: who was seen "
		"doing what.\n"
		"Files may be packed (gzip, zstd, xz, bzip2). Filters have the form of fail2ban's "
		"filter.d,\nand dates all forms of fail2ban's; maps of JSON logs that of "
		"doc/json-logs.md (json_path of the "
		"configuration).",
		"Example: onus extract /var/log/auth.log* | onus top -", opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv);
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (n == 0 || (x.numbers && !x.json)) {
		(void)fprintf(stderr, "onus extract: %s\n",
		    n == 0 ? "name the log files, or - for the standard input"
			   : "an event line has no place for --line-numbers; add --json");
		return 3;
	}
	if (o.map && o.filters.n) {
		(void)fprintf(stderr,
		    "onus extract: filters are for text, a map is for JSON: name one "
		    "or the other\n");
		return 3;
	}
	return run(&x, &o, argv + 1, n, &e);
}
