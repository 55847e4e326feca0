/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_scan newlines|fast|pcre2 FILE [FILTER…] - one pass over a log in memory and how fast it went: line ends
 * only, the filters with our own matcher, or with PCRE2 alone. The sum shows that the work was done. */
#include <inttypes.h>

#include "intake/scan.h"
#include "kept.h"

struct sum {
	uint64_t n, addresses;
};

static void add(void *ctx, const struct event *ev, uint64_t number)
{
	struct sum *s = ctx;

	(void)number;
	s->n++;
	s->addresses += ev->subject.addr.lo;
}

static uint64_t count_newlines(const struct kept *k)
{
	uint64_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		for (const char *p = k->v[i].text.p, *end = k->v[i].text.end; p < end; n++) {
			const char *lf = memchr(p, '\n', (size_t)(end - p));

			p = lf ? lf + 1 : end;
		}
	return n;
}

int main(int argc, char **argv)
{
	const char *dir = getenv("ONUS_FILTERS"), *how = argc > 1 ? argv[1] : "";
	struct clock clock = clock_system();
	struct scan_options o = { .clock = &clock, .pcre2 = strcmp(how, "pcre2") == 0 };
	struct filters f = { .n = 0 };
	struct scan *s = NULL;
	struct input *in = NULL;
	struct kept kept;
	struct sum sum = { 0, 0 };
	uint64_t lines = 0;
	int64_t us;
	struct err e;

	if (argc < 3 || !dir ||
	    filters_load(&f, (const char *const *)argv + 3, (unsigned)argc - 3, dir, &e) < 0 ||
	    scan_new(f.v, f.n, &o, &s, &e) < 0 || input_open(argv[2], &in, &e) < 0) {
		(void)fprintf(stderr,
		    "Usage: ONUS_FILTERS=DIR time_scan newlines|fast|pcre2 FILE "
		    "[FILTER…]\n%s\n",
		    argc < 3 || !dir ? "" : e.text);
		return 3;
	}
	if (kept_read(in, &kept, &e) < 0)
		return 2;
	us = kept_clock();
	if (strcmp(how, "newlines") == 0) {
		lines = count_newlines(&kept);
	} else {
		for (size_t i = 0; i < kept.n; i++)
			lines += scan_block(s, &kept.v[i], add, &sum);
	}
	us = kept_clock() - us;
	(void)printf("%s %" PRIu64 " lines %" PRIu64 " events %.3f s %.0f lines/s sum %" PRIx64
		     "\n",
	    how, lines, sum.n, (double)us / 1e6, (double)lines * 1e6 / (double)(us ? us : 1),
	    sum.addresses);
	kept_free(&kept);
	(void)input_free(in);
	(void)scan_free(s);
	filters_done(&f);
	return 0;
}
