/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus extract - logs in, event lines out. */
#include <inttypes.h>

#include "core/conf.h"
#include "core/event.h"
#include "intake/scan.h"
#include "prog/onus/commands.h"
#include "util/opt.h"
#include "util/progress.h"

#define OUT_FLUSH (64u << 10)
#define OUT_MAX	  (OUT_FLUSH + (64u << 10)) /* one more event always has room */

struct extract {
	struct buf out;
	bool json, numbers, failed; /* failed: stdout is gone */
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

	if (x->json)
		event_format_json(ev, x->numbers ? number : 0, &x->out);
	else
		event_format(ev, &x->out);
	if (x->out.len >= OUT_FLUSH)
		flush(x);
}

static int one_file(struct extract *x, struct scan *s, const char *path, struct err *e)
{
	struct input *in = NULL;
	struct progress bar;
	struct block b;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	progress_start(&bar, "reading", input_size(in));
	while (!x->failed && (r = input_block(in, &b, e)) > 0) {
		input_block_lines(in, scan_block(s, &b, write_event, x));
		progress_at(&bar, input_taken(in), path);
	}
	progress_end(&bar);
	(void)input_free(in);
	return r;
}

static void say_counts(const struct scan_counts *c)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ c->lines, "lines" },
		{ c->matched, "matched a filter" },
		{ c->events, "events" },
		{ c->ignored, "matched an ignoreregex too" },
		{ c->nofail, "matched, and are no failure by themselves" },
		{ c->names, "matched, but no valid address stands where it should" },
		{ c->special, "matched, but private or reserved space" },
		{ c->own, "matched, but own networks" },
		{ c->undated, "lines without a date at their start" },
		{ c->refused, "lines refused: over-long, with NUL bytes, or past a match limit" },
	};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].n > 0 || i < 3)
			(void)fprintf(stderr, "%12" PRIu64 "  %s\n", rows[i].n, rows[i].what);
}

/* All files; returns the exit code. */
static int run(struct extract *x, const struct filters *f, struct conf *conf, char **files,
    int n_files, bool verbose)
{
	struct clock clock = clock_system();
	struct own own = { 0 };
	struct scan_options o = { .clock = &clock, .own = &own };
	struct scan *s = NULL;
	struct err e;
	int code = 0;

	if (own_parse(conf->own_networks, &own, &e) < 0 || scan_new(f->v, f->n, &o, &s, &e) < 0) {
		(void)fprintf(stderr, "onus extract: %s\n", e.text);
		own_done(&own);
		return 3;
	}
	buf_init(&x->out, OUT_MAX);
	if (!x->json)
		buf_str(&x->out, EVENT_HEADER "\n");
	for (int i = 0; i < n_files && !x->failed; i++)
		if (one_file(x, s, files[i], &e) < 0) {
			(void)fprintf(stderr, "onus extract: %s\n", e.text);
			code = 2;
		}
	flush(x);
	if (fflush(stdout) != 0 || x->failed) {
		(void)fprintf(stderr, "onus extract: cannot write to the standard output\n");
		code = 2;
	}
	if (verbose)
		say_counts(scan_counts(s));
	buf_done(&x->out);
	(void)scan_free(s);
	own_done(&own);
	return code;
}

int cmd_extract(int argc, char **argv)
{
	const char *file = NULL, *path = NULL;
	struct opt_list set = { 0 }, names = { 0 };
	struct extract x = { .json = false };
	bool verbose = false;
	const struct opt opts[] = {
		{ "filter", 'f', OPT_LIST, &names, "NAME[OPTIONS]",
		    "Use this filter; may stand several times. Default: all that onus ships." },
		{ "filter-path", 0, OPT_TEXT, &path, "DIR", "Look for filters here (DIR:DIR…)." },
		{ "json", 'j', OPT_FLAG, &x.json, NULL, "Write one JSON object an event." },
		{ "line-numbers", 'n', OPT_FLAG, &x.numbers, NULL,
		    "Say which line each event came from (with --json)." },
		{ "verbose", 'v', OPT_FLAG, &verbose, NULL, "Count lines and matches on stderr." },
		{ "config", 'c', OPT_TEXT, &file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus extract", "FILE…|-",
		"Turn logs into event lines: who was seen doing what. Files may be packed (gzip,\n"
		"zstd, xz). Filters have fail2ban's form, so its own directory works too.",
		"Example: onus extract /var/log/auth.log* | onus top -", opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct filters filters = { .n = 0 };
	struct conf *conf;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (n == 0 || (x.numbers && !x.json)) {
		(void)fprintf(stderr, "onus extract: %s\n",
		    n == 0 ? "name the log files, or - for the standard input"
			   : "an event line has no place for --line-numbers; add --json");
		return 3;
	}
	conf = conf_open(file, set.v, set.n, &e);
	if (!conf ||
	    filters_load(&filters, names.v, names.n, path ? path : conf->filter_path, &e) < 0) {
		(void)fprintf(stderr, "onus extract: %s\n", e.text);
		code = 3;
	} else {
		code = run(&x, &filters, conf, argv + 1, n, verbose);
	}
	filters_done(&filters);
	(void)conf_free(conf);
	return code;
}
