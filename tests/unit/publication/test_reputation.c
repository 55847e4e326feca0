/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reputation file against doc/contracts/reputation-file.md: what is written is read again, and
 * nothing that was cut, changed or invented is opened. */
#include "standings.h"

#include <errno.h>
#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "publication/reputation.h"

static char path[512];

static void add(void *w, const struct standing *s)
{
	struct err e;

	if (reputation_writer_add(w, s, &e) < 0)
		fail_msg("%s", e.text);
}

static void write_golden(struct buf *ret)
{
	struct reputation_writer *w;
	struct err e;

	assert_int_equal(reputation_writer_new(&golden_head, &w, &e), 0);
	golden_each(add, w);
	if (reputation_writer_write(w, path, &e) < 0)
		fail_msg("%s", e.text);
	(void)reputation_writer_free(w);
	buf_init(ret, 1u << 20);
	assert_int_equal(file_read(path, ret, &e), 0);
}

static void test_golden(void **state)
{
	struct buf b;

	write_golden(&b);
	golden_same("reputation-1.bin", buf_text(&b));
	buf_done(&b);
}

static uint32_t row_of(const struct reputation *r, const char *name)
{
	struct entity en;
	struct err e;

	assert_int_equal(entity_parse(span_str(name), &en, &e), 0);
	return reputation_find(r, &en);
}

static void check_row(const struct reputation *r, const struct golden_standing *g)
{
	struct reputation_row row;
	uint32_t i = row_of(r, g->entity);
	char name[ENTITY_NAME_MAX];

	assert_int_not_equal(i, REPUTATION_NONE);
	reputation_at(r, i, &row);
	(void)entity_format(&row.entity, name);
	assert_string_equal(name, g->entity);
	assert_true(span_is(row.title, g->title));
	assert_true(span_is(row.reason, g->reason));
	assert_int_equal(row.hosts, g->hosts);
	assert_int_equal(row.events, g->events);
	assert_true(row.score == (float)g->score && row.low == (float)(g->score / 2));
	assert_true(row.expected == (float)g->expected && row.family[0] == (float)g->expected);
	assert_int_equal(row.grade, g->grade);
	assert_true(row.scored);
	assert_int_equal(row.provisional, g->grade == 'D');
	assert_int_equal(row.asn, g->asn);
	assert_string_equal(row.country, g->asn ? "NL" : "");
	assert_int_equal(row.first_day, DAY_20000 - 5);
	assert_int_equal(row.last_day, DAY_20000);
	assert_int_equal(row.decision.level, g->level);
	assert_int_equal(reputation_in_force(&row, NOW), g->level != LEVEL_CLEAR);
	assert_false(reputation_in_force(&row, NOW + g->until_s));
	if (g->level)
		assert_true(span_is(row.decision.reason, g->why));
	if (!g->parent)
		assert_int_equal(row.parent, REPUTATION_NONE);
	else
		assert_int_equal(row.parent, row_of(r, g->parent));
}

static void test_rows(void **state)
{
	struct publication_head h;
	struct reputation *r;
	uint32_t first, n;
	struct buf b;
	struct err e;

	write_golden(&b);
	assert_int_equal(reputation_open(path, &r, &e), 0);
	h = reputation_head(r);
	assert_int_equal(h.generation, 7);
	assert_int_equal(h.created_s, NOW);
	assert_int_equal(h.expires_s, NOW + 86400);
	assert_true(h.simulated && !h.provisional);
	assert_true(span_is(h.formula, "onus-1") && span_is(h.site, "example"));
	assert_true(span_empty(h.attribution));
	assert_int_equal(reputation_n(r), NELEM(golden_standings));
	for (size_t i = 0; i < NELEM(golden_standings); i++)
		check_row(r, &golden_standings[i]);
	n = reputation_rows(r, ENTITY_ADDR, &first);
	assert_int_equal(n, 4);
	assert_int_equal(first, 0);
	n = reputation_rows(r, ENTITY_ORG, &first);
	assert_int_equal(n, 1);
	assert_int_equal(first, row_of(r, "org:EXAMPLE/hosting"));
	assert_int_equal(reputation_rows(r, ENTITY_NET, &first), 0);
	assert_int_equal(row_of(r, "as:64501"), REPUTATION_NONE);
	assert_int_equal(row_of(r, "prefix:192.0.2.0/24"), REPUTATION_NONE);
	assert_int_equal(row_of(r, "org:EXAMPLE/hostin"), REPUTATION_NONE);
	(void)reputation_free(r);
	buf_done(&b);
}

static void test_lookup(void **state)
{
	static const struct {
		const char *addr;
		const char *chain[ENTITY_KIND_N]; /* NULL: none */
	} cases[] = {
		{ "192.0.2.7",
		    { "addr:192.0.2.7", "block:192.0.2.0/24", NULL, "prefix:192.0.2.0/23",
			"as:64500", "org:EXAMPLE/hosting", "country:NL" } },
		{ "192.0.2.8", { NULL, "block:192.0.2.0/24", NULL, "prefix:192.0.2.0/23",
				   "as:64500", "org:EXAMPLE/hosting", "country:NL" } },
		{ "192.0.3.255", { NULL, NULL, NULL, "prefix:192.0.2.0/23", "as:64500",
				     "org:EXAMPLE/hosting", "country:NL" } },
		{ "192.0.4.0", { NULL } },
		{ "192.0.1.255", { NULL } },
		{ "0.0.0.0", { NULL } },
		{ "255.255.255.255", { NULL } },
		{ "2001:db8:1:2:ffff::1",
		    { "addr:2001:db8:1:2::/64", "block:2001:db8:1::/48", NULL } },
		{ "2001:db8:1:3::", { NULL, "block:2001:db8:1::/48", NULL } },
		{ "2001:db8:2::", { NULL } },
		{ "::", { NULL } },
	};
	struct reputation *r;
	struct buf b;
	struct err e;

	write_golden(&b);
	assert_int_equal(reputation_open_memory(b.p, b.len, &r, &e), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct reputation_chain chain;
		struct addr a;

		assert_int_equal(addr_parse(span_str(cases[i].addr), &a), 0);
		reputation_lookup(r, a, &chain);
		for (unsigned k = 0; k < ENTITY_KIND_N; k++) {
			const char *want = cases[i].chain[k];

			if ((want ? row_of(r, want) : REPUTATION_NONE) != chain.at[k])
				fail_msg(
				    "%s: %s", cases[i].addr, entity_kind_name((enum entity_kind)k));
		}
	}
	(void)reputation_free(r);
	buf_done(&b);
}

/* --- prefixes of IPv4, which are looked for by way of an index of each 65,536 addresses ------------------------------- */

#define PREFIXES 400u

static uint64_t drawn = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t below(uint32_t n)
{
	drawn ^= drawn >> 12;
	drawn ^= drawn << 25;
	drawn ^= drawn >> 27;
	return (uint32_t)((unsigned __int128)(drawn * UINT64_C(2685821657736338717)) * n >> 64);
}

/* Ascending, disjoint: of a few addresses, up to and from the very border of an index row, over several of them. */
static uint32_t draw_ranges(struct range v[PREFIXES])
{
	static const uint32_t sizes[] = { 1, 2, 256, 65536, 65537, 200000, 1u << 24 };
	uint64_t at = 0;
	uint32_t n = 0;

	while (n < PREFIXES) {
		uint64_t size = sizes[below(NELEM(sizes))];

		if (below(3) == 0)
			at = (at + 65535) & ~UINT64_C(65535);
		else if (below(3) == 0)
			at += below(300000);
		if (at + size > UINT64_C(1) << 32)
			break;
		v[n++] = (struct range){ addr_of_v4((uint32_t)at),
			addr_of_v4((uint32_t)(at + size - 1)) };
		at += size;
	}
	return n;
}

static void check_prefix(const struct reputation *r, const struct range *v, uint32_t n, uint32_t v4)
{
	struct addr a = addr_of_v4(v4);
	struct reputation_chain chain, near;
	struct reputation_row row;
	uint32_t i = 0;

	while (i < n && !range_has(v[i], a))
		i++;
	reputation_lookup(r, a, &chain);
	reputation_lookup_near(r, a, &near);
	assert_int_equal(chain.at[ENTITY_PREFIX], near.at[ENTITY_PREFIX]);
	if ((i < n) != (chain.at[ENTITY_PREFIX] != REPUTATION_NONE))
		fail_msg("%08x: prefix %u of %u", v4, i, n);
	if (i == n)
		return;
	reputation_at(r, chain.at[ENTITY_PREFIX], &row);
	assert_true(addr_eq(row.entity.range.first, v[i].first));
	assert_int_equal(reputation_decides(r, chain.at[ENTITY_PREFIX]), i % 3 == 0);
}

static struct reputation *write_ranges(const struct range *v, uint32_t n)
{
	struct reputation_writer *w;
	struct reputation *r;
	struct err e;

	assert_int_equal(reputation_writer_new(&golden_head, &w, &e), 0);
	for (uint32_t i = 0; i < n; i++) {
		struct entity en = entity_prefix(v[i]);
		struct standing s = { .entity = &en };

		if (i % 3 == 0)
			s.decision = (struct standing_decision){ LEVEL_BLOCK, ACTION_DROP,
				NOW - 100, NOW + 100, SPAN("x") };
		add(w, &s);
	}
	assert_int_equal(reputation_writer_write(w, path, &e), 0);
	w = reputation_writer_free(w);
	assert_int_equal(reputation_open(path, &r, &e), 0);
	return r;
}

static void test_prefixes(void **unused)
{
	static struct range v[PREFIXES];

	for (unsigned round = 0; round < 20; round++) {
		uint32_t n = draw_ranges(v);
		struct reputation *r = write_ranges(v, n);

		for (uint32_t i = 0; i < n; i++) {
			check_prefix(r, v, n, addr_v4(v[i].first) - 1);
			check_prefix(r, v, n, addr_v4(v[i].first));
			check_prefix(r, v, n, addr_v4(v[i].last));
			check_prefix(r, v, n, addr_v4(v[i].last) + 1);
		}
		for (unsigned i = 0; i < 1000; i++)
			check_prefix(r, v, n, below(UINT32_MAX));
		(void)reputation_free(r);
	}
}

static bool opens(const void *p, size_t n)
{
	struct reputation *r;
	struct err e;

	if (reputation_open_memory(p, n, &r, &e) < 0)
		return false;
	(void)reputation_free(r);
	return true;
}

static void test_damaged(void **state)
{
	struct buf b;

	write_golden(&b);
	assert_true(opens(b.p, b.len));
	for (size_t n = 0; n < b.len; n++)
		if (opens(b.p, n))
			fail_msg("opened when cut at %zu", n);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 0x20;
		if (opens(b.p, b.len))
			fail_msg("opened with byte %zu changed", i);
		b.p[i] ^= 0x20;
	}
	buf_done(&b);
}

/* A file whose sum is right but whose content is not: each byte in turn, with the sum made to fit. What
 * opens all the same must answer without stepping outside (the sanitizers watch). */
static void test_forged(void **state)
{
	struct buf b;
	struct err e;

	write_golden(&b);
	for (size_t i = 0; i < b.len; i++) {
		struct reputation *r;
		struct reputation_row row;
		char was = b.p[i];
		uint64_t sum;

		b.p[i] = (char)(was + 1 + (char)(i % 200));
		sum = XXH3_64bits(b.p + 32, b.len - 32);
		memcpy(b.p + 24, &sum, 8);
		if (reputation_open_memory(b.p, b.len, &r, &e) == 0) {
			for (uint32_t k = 0; k < reputation_n(r); k++) {
				reputation_at(r, k, &row);
				assert_int_equal(reputation_find(r, &row.entity), k);
			}
			(void)reputation_free(r);
		}
		b.p[i] = was;
	}
	buf_done(&b);
}

static int write_two(const char *one, const char *two, double score)
{
	const char *names[] = { one, two };
	struct reputation_writer *w;
	struct err e;
	int rc = 0;

	assert_int_equal(reputation_writer_new(&golden_head, &w, &e), 0);
	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		struct entity en;
		struct standing s = { .entity = &en, .scored = true, .score = score };

		assert_int_equal(entity_parse(span_str(names[i]), &en, &e), 0);
		rc = reputation_writer_add(w, &s, &e);
	}
	if (rc == 0)
		rc = reputation_writer_write(w, path, &e);
	(void)reputation_writer_free(w);
	return rc;
}

static void test_refused(void **state)
{
	assert_int_equal(write_two("as:1", "as:1", 50), -EEXIST);
	assert_int_equal(write_two("org:A/b", "org:A/b", 50), -EEXIST);
	assert_int_equal(write_two("prefix:192.0.2.0/24", "prefix:192.0.2.0/25", 50), -EINVAL);
	assert_int_equal(
	    write_two("prefix:192.0.2.0/24", "prefix:192.0.2.255-192.0.3.9", 50), -EINVAL);
	assert_int_equal(write_two("prefix:192.0.2.0/24", "prefix:192.0.3.0/24", 50), 0);
	assert_int_equal(write_two("as:1", "as:2", NAN), -EINVAL);
	assert_int_equal(write_two("as:1", "as:2", 100.5), -EINVAL);
	assert_int_equal(write_two("as:1", "as:2", -1), -EINVAL);
	assert_int_equal(write_two("addr:255.255.255.255", "addr:0.0.0.0", 0), 0);
}

static void test_texts(void **state)
{
	char longest[900];
	struct reputation_writer *w;
	struct reputation *r;
	struct reputation_row row;
	struct entity one = entity_as(1), two = entity_as(2);
	struct standing s = { .entity = &one };
	struct err e;

	for (unsigned i = 0; i < 450; i++)
		memcpy(longest + 2 * (size_t)i, "\xc3\xa9", 2);
	assert_int_equal(reputation_writer_new(&golden_head, &w, &e), 0);
	s.title = span_of(longest + 1, 800); /* begins inside a character: not UTF-8 */
	s.reason = SPAN("tab\there, \x7f, nul \0 end");
	assert_int_equal(reputation_writer_add(w, &s, &e), 0);
	s.entity = &two;
	s.title = span_of(longest, 900);
	s.reason = SPAN("");
	assert_int_equal(reputation_writer_add(w, &s, &e), 0);
	assert_int_equal(reputation_writer_write(w, path, &e), 0);
	(void)reputation_writer_free(w);
	assert_int_equal(reputation_open(path, &r, &e), 0);
	reputation_at(r, 0, &row);
	assert_false(row.scored);
	assert_int_equal(span_len(row.title), STANDING_TITLE_MAX);
	assert_int_equal(row.title.p[0], '?');
	assert_true(span_is(row.reason, "tab?here, ?, nul ? end"));
	reputation_at(r, 1, &row);
	assert_int_equal(span_len(row.title), STANDING_TITLE_MAX);
	assert_true(span_utf8(row.title));
	(void)reputation_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_texts),
	};
	char dir[] = "/tmp/onus-test-reputation-XXXXXX";
	int failed;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/reputation", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(dir);
	return failed;
}
