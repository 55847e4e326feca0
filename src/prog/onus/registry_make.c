/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/registry_make.h"

#include <errno.h>

#include "holders/build.h"
#include "holders/builds.h"
#include "holders/registry.h"
#include "util/clock.h"

#define REFUSED_SHOWN 20u

static void on_refused(void *ctx, const char *text)
{
	unsigned *shown = ctx;

	if ((*shown)++ < REFUSED_SHOWN)
		(void)fprintf(stderr, "onus registry: refused: %s\n", text);
}

static void contest_print(const struct registry_contest *c)
{
	if (c->prefixes)
		(void)printf("  %llu prefixes are announced by several ASes, of which one holds\n",
		    (unsigned long long)c->prefixes);
	if (c->v4_addresses || c->v6_blocks)
		(void)printf("  of %llu IPv4 addresses and %llu IPv6 /48s tables of ranges say "
			     "otherwise than tables of BGP, which hold\n",
		    (unsigned long long)c->v4_addresses, (unsigned long long)c->v6_blocks);
}

/* After a day's name was given to it, which is a change of the file. */
static int prove(const char *to)
{
	struct err e;
	int r = registry_prove(to, &e);

	if (r < 0)
		(void)fprintf(
		    stderr, "onus registry: %s%s\n", r == -EBADMSG ? "" : "warning: ", e.text);
	return r == -EBADMSG ? r : 0;
}

int registry_make(const char *to, const char *merges, uint32_t keep_days, int n, char **inputs)
{
	unsigned shown = 0;
	struct registry_build *b = registry_build_new(on_refused, &shown);
	struct registry_contest contest;
	const struct clock clock = clock_system();
	struct err e = { "out of memory" };
	int r = b ? 0 : -1;

	builds_tidy(to);
	for (int i = 0; i < n && r == 0; i++)
		r = registry_build_add(b, inputs[i], &e);
	if (r == 0 && *merges)
		r = registry_build_merges(b, merges, &e);
	if (r == 0)
		r = registry_build_write(b, to, &e);
	if (r == 0 && keep_days)
		r = builds_keep(to, day_of(clock_now_s(&clock)), keep_days, &e);
	if (r < 0) {
		b = registry_build_free(b);
		(void)fprintf(stderr, "onus registry: %s\n", e.text);
		return 2;
	}
	(void)printf("%s: %llu records, %llu refused\n", to,
	    (unsigned long long)registry_build_records(b),
	    (unsigned long long)registry_build_refused(b));
	if (registry_build_repeats(b))
		(void)printf("  %llu records only repeat another one, and were left out\n",
		    (unsigned long long)registry_build_repeats(b));
	contest = registry_build_contest(b);
	contest_print(&contest);
	b = registry_build_free(b);
	return prove(to) < 0 ? 2 : 0;
}
