/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the golden files of this room are made from: documentation space, invented. */
#ifndef ONUS_TEST_STANDINGS_H
#define ONUS_TEST_STANDINGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "publication/standing.h"
#include "util/file.h"

#define DAY_20000 20000
#define NOW	  (INT64_C(20000) * 86400)

static const char golden_formula[] = "onus-1", golden_site[] = "example";

static const struct publication_head golden_head = {
	.generation = 7,
	.created_s = NOW,
	.expires_s = NOW + 86400,
	.as_of_s = NOW - 60,
	.registry_date_s = NOW - 10 * 86400,
	.simulated = true,
	.formula = { golden_formula, golden_formula + sizeof(golden_formula) - 1 },
	.site = { golden_site, golden_site + sizeof(golden_site) - 1 },
	.attribution = { "", "" },
};

static const struct golden_standing {
	const char *entity, *parent, *title;
	uint32_t asn;
	uint64_t hosts, events;
	double expected, score;
	char grade;
	const char *reason;
	enum level level;
	enum action action;
	int until_s; /* after NOW */
	const char *why;
} golden_standings[] = {
	{ "org:EXAMPLE/hosting", NULL, "Example Hosting", 64500, 3, 70, 2.5, 41.5, 'D', "", 0, 0, 0,
	    "" },
	{ "addr:192.0.2.7", "block:192.0.2.0/24", "192.0.2.7", 64500, 1, 40, 0.75, 12.25, 'E', "",
	    LEVEL_BLOCK, ACTION_DROP, 3600, "brute-force on 3 days" },
	{ "addr:192.0.2.6", "block:192.0.2.0/24", "192.0.2.6", 64500, 1, 20, 0.5, 30, 'D', "",
	    LEVEL_BLOCK, ACTION_DROP, 7200, "brute-force on 2 days" },
	{ "addr:192.0.2.200", "block:192.0.2.0/24", "192.0.2.200", 64500, 1, 10, 0.25, 60, 0,
	    "one source that is not verified", LEVEL_FRICTION, ACTION_GREYLIST, 600, "seen once" },
	{ "addr:2001:db8:1:2::/64", "block:2001:db8:1::/48", "2001:db8:1:2::/64", 0, 1, 1, 0.125,
	    70, 0, "one source that is not verified", LEVEL_BLOCK, ACTION_DROP, 60, "scanner" },
	{ "block:192.0.2.0/24", "prefix:192.0.2.0/23", "192.0.2.0/24", 64500, 3, 70, 1.5, 25, 'D',
	    "", LEVEL_BLOCK, ACTION_REJECT, 1800, "3 hosts in 7 days" },
	{ "block:2001:db8:1::/48", NULL, "2001:db8:1::/48", 0, 1, 1, 0.125, 75, 'B', "", 0, 0, 0,
	    "" },
	{ "prefix:192.0.2.0/23", "as:64500", "192.0.2.0/23", 64500, 3, 70, 1.75, 50, 'C', "", 0, 0,
	    0, "" },
	{ "as:64500", "org:EXAMPLE/hosting", "EXAMPLE-AS", 64500, 3, 70, 2.25, 45, 'D', "", 0, 0, 0,
	    "" },
	{ "country:NL", NULL, "Netherlands", 0, 3, 70, 2.5, 80, 'B', "", 0, 0, 0, "" },
};

/* golden_each - hand each of them to fn */
static inline void golden_each(void (*fn)(void *ctx, const struct standing *s), void *ctx)
{
	for (size_t i = 0; i < NELEM(golden_standings); i++) {
		const struct golden_standing *g = &golden_standings[i];
		struct entity en, parent;
		struct err e;
		struct standing s = {
			.entity = &en,
			.title = span_str(g->title),
			.asn = g->asn,
			.announced_v4 = 512,
			.hosts = g->hosts,
			.events = g->events,
			.first_day = DAY_20000 - 5,
			.last_day = DAY_20000,
			.scored = true,
			.expected = g->expected,
			.returning = g->expected / 2,
			.arrivals = g->expected / 2,
			.family = { g->expected },
			.ratio = 4,
			.low = g->score / 2,
			.high = g->score,
			.score = g->score,
			.grade = g->grade,
			.provisional = g->grade == 'D',
			.reason = span_str(g->reason),
			.groups = 2,
			.decision = { g->level, g->action, NOW - 100, NOW + g->until_s,
			    span_str(g->why) },
		};

		if (g->asn)
			memcpy(s.country, "NL", 2);
		assert_int_equal(entity_parse(span_str(g->entity), &en, &e), 0);
		if (g->parent) {
			assert_int_equal(entity_parse(span_str(g->parent), &parent, &e), 0);
			s.parent = &parent;
		}
		fn(ctx, &s);
	}
}

/* golden_same - text equals the golden file; with ONUS_UPDATE_GOLDEN set it is written instead */
static inline void golden_same(const char *name, struct span text)
{
	char path[512];
	struct buf want;
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", getenv("ONUS_SOURCE"), name);
	if (getenv("ONUS_UPDATE_GOLDEN")) {
		assert_int_equal(file_write(path, text, &e), 0);
		return;
	}
	buf_init(&want, 1u << 20);
	assert_int_equal(file_read(path, &want, &e), 0);
	assert_int_equal(span_len(text), want.len);
	assert_memory_equal(text.p, want.p, want.len);
	buf_done(&want);
}

#endif
