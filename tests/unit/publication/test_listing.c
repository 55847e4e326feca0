/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a DNS list says: codes, texts at their limits, listings against a naive model that asks address by address as client_look
 * does, and the zone for rbldnsd against a golden file. */
#include "standings.h"

#include "publication/export.h"

#define BASE  0x08080000u /* 8.8.0.0: any public space does */
#define SPACE 2048u

/* --- codes ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *label;
	bool scored;
	float family[FAMILY_SCORED_N];
	const char *list, *mask;
} codes[] = {
	{ "not scored", false, { 1, 1, 1, 1 }, "2", "32" },
	{ "nothing expected", true, { 0 }, "2", "32" },
	{ "attack", true, { 0.001f }, "3", "2" },
	{ "mail", true, { 0, 5 }, "4", "4" },
	{ "all", true, { 1, 1, 1, 1 }, "3 4 5 6", "30" },
	{ "a tenth", true, { 9, 0, 1, 0 }, "3 5", "10" },
	{ "less than a tenth", true, { 9.1f, 0, 0, 1 }, "3", "2" },
};

static void test_codes(void **state)
{
	for (size_t i = 0; i < NELEM(codes); i++) {
		struct reputation_row row = { .scored = codes[i].scored };

		memcpy(row.family, codes[i].family, sizeof(row.family));
		for (unsigned style = 0; style < LISTING_STYLE_N; style++) {
			const char *want = style == LISTING_MASK ? codes[i].mask : codes[i].list;
			uint32_t got[LISTING_CODES_MAX];
			unsigned n = listing_codes(&row, (enum listing_style)style, got);
			struct buf b;

			buf_init(&b, 100);
			for (unsigned k = 0; k < n; k++) {
				assert_int_equal(got[k] >> 8, 0x7f0000);
				buf_fmt(&b, "%s%u", k ? " " : "", got[k] & 255);
			}
			if (!span_is(buf_text(&b), want))
				fail_msg("%s: %s, not %s", codes[i].label, b.p, want);
			buf_done(&b);
		}
	}
}

/* --- texts ---------------------------------------------------------------------------------------------- */

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X200 X50 X50 X50 X50
#define BY   "scope=org until=2024-10-04T00:00:00Z"

static const struct {
	const char *label, *entity, *site, *reason, *want;
} texts[] = {
	{ "all", "org:RIPE/ORG-X", "https://s.example", "seen",
	    "seen; " BY " https://s.example/org/RIPE/ORG-X" },
	{ "a slash behind the site", "org:RIPE/ORG-X", "https://s.example/", "seen",
	    "seen; " BY " https://s.example/org/RIPE/ORG-X" },
	{ "no site", "org:RIPE/ORG-X", "", "seen", "seen; " BY },
	{ "no reason", "org:RIPE/ORG-X", "", "", BY },
	{ "letters that no address has", "org:X/m\xc3\xbc", "https://s.example", "",
	    BY " https://s.example/org/X/m%C3%BC" },
	{ "a control character", "org:RIPE/ORG-X", "", "a\nb\x7f", "a?b?; " BY },
	{ "a reason that just fits", "org:X/Y", "", X200 "123456789012345z",
	    X200 "123456789012345z; " BY },
	{ "one that is cut", "org:X/Y", "", X200 "123456789012345zz",
	    X200 "123456789012345z; " BY },
	{ "cut between characters", "org:X/Y", "", X200 "123456789012345\xc3\xbc",
	    X200 "123456789012345; " BY },
	{ "a page that does not fit", "org:X/Y", "https://" X200 "1234567", "seen", "seen; " BY },
	{ "500 bytes", "org:RIPE/ORG-X", "https://s.example", X200 X200 X50 X50,
	    X50 X50 X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; " BY
			" https://s.example/org/RIPE/ORG-X" },
	{ "dollar signs take the room of two", "org:X/Y", "", "$$$$" X200 "12345678zz",
	    "$$$$" X200 "12345678; " BY },
	{ "one that has room for one", "org:X/Y", "", X200 "123456789012345$",
	    X200 "123456789012345; " BY },
};

static void test_texts(void **state)
{
	for (size_t i = 0; i < NELEM(texts); i++) {
		char text[LISTING_TEXT_MAX];
		struct entity en;
		struct err e;
		size_t n;

		assert_int_equal(entity_parse(span_str(texts[i].entity), &en, &e), 0);
		assert_true(strlen(texts[i].want) <= LISTING_TEXT_MAX);
		n = listing_text(&en, span_str(texts[i].reason), NOW, texts[i].site, text);
		if (!span_is(span_of(text, n), texts[i].want))
			fail_msg("%s: %.*s", texts[i].label, (int)n, text);
	}
}

/* --- listings ------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

static void put(struct reputation_writer *w, struct entity en, uint32_t *x)
{
	static const struct {
		enum level level;
		enum action action;
	} kinds[] = { { LEVEL_BLOCK, ACTION_DROP }, { LEVEL_BLOCK, ACTION_REJECT },
		{ LEVEL_BLOCK, ACTION_TAG }, { LEVEL_FRICTION, ACTION_GREYLIST },
		{ LEVEL_PROBATION, ACTION_TAG }, { LEVEL_CLEAR, ACTION_TAG } };
	uint32_t k = next_random(x) % NELEM(kinds);
	struct standing s = { .entity = &en,
		.hosts = 1,
		.events = 1,
		.decision = { kinds[k].level, kinds[k].action, NOW - 1,
		    NOW - 10 + next_random(x) % 100, SPAN("x") } };
	struct err e;

	assert_int_equal(reputation_writer_add(w, &s, &e), 0);
}

static struct range small(uint32_t first, uint32_t last)
{
	return (struct range){ addr_of_v4(BASE + first), addr_of_v4(BASE + last) };
}

static struct reputation *random_reputation(const char *path, uint32_t *x)
{
	struct reputation_writer *w;
	struct reputation *r;
	struct err e = { "" };

	assert_int_equal(reputation_writer_new(&golden_head, &w, &e), 0);
	for (uint32_t i = 0; i < SPACE; i++)
		if (next_random(x) % 8 == 0)
			put(w, entity_addr(addr_of_v4(BASE + i)), x);
	for (uint32_t i = 0; i < SPACE; i += 256)
		if (next_random(x) % 4)
			put(w, entity_block(addr_of_v4(BASE + i)), x);
	for (uint32_t i = 0; i < SPACE;) {
		uint32_t last = MIN_OF(i + next_random(x) % 500, SPACE - 1);

		put(w, entity_prefix(small(i, last)), x);
		i = last + 1 + next_random(x) % 100;
	}
	assert_int_equal(reputation_writer_write(w, path, &e), 0);
	(void)reputation_writer_free(w);
	assert_int_equal(reputation_open(path, &r, &e), 0);
	return r;
}

/* As client_look has it, for one address. */
static uint32_t naive(const struct reputation *r, struct addr a, const struct addrset *never,
    const struct addrset *carved)
{
	static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_PREFIX };
	struct reputation_chain chain;
	struct reputation_row best = { .decision.level = LEVEL_CLEAR }, row;
	uint32_t found = REPUTATION_NONE;

	reputation_lookup(r, a, &chain);
	for (size_t k = 0; k < NELEM(kinds); k++) {
		uint32_t at = chain.at[kinds[k]];

		if (at == REPUTATION_NONE || (k > 0 && addrset_has(carved, a)))
			continue;
		reputation_at(r, at, &row);
		if (!reputation_in_force(&row, NOW) ||
		    (found != REPUTATION_NONE && row.decision.action <= best.decision.action))
			continue;
		best = row;
		found = at;
	}
	return addrset_has(never, a) || !listing_takes(best.decision.level, best.decision.action)
		   ? REPUTATION_NONE
		   : found;
}

static uint32_t row_of(const struct wall *w, struct addr a)
{
	for (size_t i = 0; i < w->n_nets; i++)
		if (range_has(w->nets[i].range, a))
			return w->nets[i].row;
	return REPUTATION_NONE;
}

static void test_random(void **state)
{
	char path[] = "/tmp/onus-listing-XXXXXX";
	uint32_t x = 11;
	unsigned listed = 0;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)close(fd);
	for (unsigned round = 0; round < 40; round++) {
		struct addrset never = { .v = NULL }, carved = { .v = NULL };
		struct reputation *r = random_reputation(path, &x);
		struct wall w;

		for (unsigned i = 0; i < 20; i++) {
			uint32_t first = next_random(&x) % (SPACE - 40);

			assert_int_equal(addrset_add(&never, small(first, first + i)), 0);
			first = next_random(&x) % SPACE;
			assert_int_equal(addrset_add(&carved, small(first, first)), 0);
		}
		addrset_settle(&never);
		addrset_settle(&carved);
		wall_init(&w, NOW, &never);
		w.carved = &carved;
		w.listing = true;
		assert_int_equal(wall_add_reputation(&w, r, LEVEL_BLOCK), 0);
		assert_int_equal(wall_finish(&w), 0);
		assert_int_equal(w.n_hosts, 0);
		for (uint32_t i = 0; i < SPACE; i++) {
			uint32_t want = naive(r, addr_of_v4(BASE + i), &never, &carved);
			uint32_t got = row_of(&w, addr_of_v4(BASE + i));

			if (got != want)
				fail_msg(
				    "round %u, address %u: row %u, not %u", round, i, got, want);
			listed += want != REPUTATION_NONE;
		}
		wall_done(&w);
		addrset_done(&never);
		addrset_done(&carved);
		(void)reputation_free(r);
	}
	(void)unlink(path);
	assert_true(listed > 1000);
}

/* --- the zone for rbldnsd ------------------------------------------------------------------------------- */

static const struct {
	const char *entity;
	float family[FAMILY_SCORED_N];
	enum action action;
	int for_s;
	const char *why;
} golden[] = {
	{ "addr:8.8.4.4", { 1 }, ACTION_DROP, 3600, "brute-force on 3 days" },
	{ "addr:8.8.4.5", { 1, 1 }, ACTION_REJECT, 60, "spam; and $1 asked for" },
	{ "addr:8.8.4.6", { 1 }, ACTION_DROP, 0, "over" },
	{ "addr:8.8.4.7", { 1 }, ACTION_DROP, 60, "$$ " X200 X200 "500 bytes of reason" },
	{ "addr:8.8.4.8", { 1 }, ACTION_DROP, 60, "=$" },
	{ "block:8.8.4.0/24", { 0, 0, 1 }, ACTION_REJECT, 1800, "3 hosts in 7 days" },
	{ "addr:2a00:1450:1:2::/64", { 0, 0, 0, 1 }, ACTION_DROP, 90, "proxy" },
	{ "prefix:2a00:1460::/31", { 1, 0, 0, 1 }, ACTION_REJECT, 90, "" },
};

static void test_rbldnsd(void **state)
{
	struct export_head h = { .of = golden_head,
		.sources = SPAN("2 sources"),
		.site_url = "https://rep.example",
		.ttl_s = 120 };
	const struct export_format *f = export_find("rbldnsd");
	char path[] = "/tmp/onus-listing-XXXXXX", *text = NULL;
	struct reputation_writer *rw;
	struct reputation *r;
	struct wall w;
	struct err e = { "" };
	int fd = mkstemp(path);
	size_t n;
	FILE *to = open_memstream(&text, &n);

	assert_true(fd >= 0 && f && f->listing);
	(void)close(fd);
	assert_int_equal(reputation_writer_new(&golden_head, &rw, &e), 0);
	for (size_t i = 0; i < NELEM(golden); i++) {
		struct entity en;
		struct standing s = { .entity = &en,
			.hosts = 1,
			.events = 1,
			.scored = true,
			.decision = { LEVEL_BLOCK, golden[i].action, NOW - 1, NOW + golden[i].for_s,
			    span_str(golden[i].why) } };

		for (unsigned k = 0; k < FAMILY_SCORED_N; k++)
			s.family[k] = (double)golden[i].family[k];
		assert_int_equal(entity_parse(span_str(golden[i].entity), &en, &e), 0);
		assert_int_equal(reputation_writer_add(rw, &s, &e), 0);
	}
	assert_int_equal(reputation_writer_write(rw, path, &e), 0);
	assert_int_equal(reputation_open(path, &r, &e), 0);
	h.from = r;
	wall_init(&w, NOW, NULL);
	w.listing = true;
	assert_int_equal(wall_add_reputation(&w, r, LEVEL_BLOCK), 0);
	assert_int_equal(wall_finish(&w), 0);
	assert_int_equal(export_write(f, &w, &h, to, &e), 0);
	(void)fclose(to);
	golden_same("export-onus.rbldnsd", span_of(text, n));
	free(text);
	wall_done(&w);
	(void)reputation_writer_free(rw);
	(void)reputation_free(r);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_rbldnsd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
