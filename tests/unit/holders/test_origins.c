/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who announces what, out of tables of BGP: what is believed, which of several origins holds, what tables of
 * ranges add; names of ASes; and that how a prefix is cut up for announcing it changes nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "building.h"

/* struct announced - one line of a table */
struct announced {
	enum input_kind from;
	const char *range;
	uint32_t as, seen;
};

static void announce(struct registry_build *b, const struct announced *v, size_t n)
{
	for (size_t i = 0; i < n && v[i].range; i++) {
		const struct said said = { .kind = FACT_ROUTE,
			.source = "BGP",
			.range = v[i].range,
			.as = { v[i].as, v[i].as },
			.seen = v[i].seen,
			.line = i + 1 };

		assert_int_equal(said_take(b, v[i].from, &said), 0);
	}
}

/* All prefixes of a registry with their AS. */
static void prefixes(const struct registry *r, struct buf *out)
{
	for (uint32_t i = 0; i < registry_n_prefix(r); i++) {
		struct registry_prefix p = registry_prefix_at(r, i);
		char text[RANGE_TEXT_MAX];

		(void)range_format(p.range, text);
		buf_fmt(out, "%s%s AS%u", i ? ", " : "", text, registry_asn(r, p.as));
	}
	buf_str(out, "");
}

/* All who announce something besides the AS that holds it; each is found at both ends of its range. */
static void rivals(const struct registry *r, struct buf *out)
{
	for (uint32_t i = 0; i < registry_n_rival(r); i++) {
		struct registry_rival v = registry_rival_at(r, i);
		char text[RANGE_TEXT_MAX];
		uint32_t first, n;

		(void)range_format(v.range, text);
		buf_fmt(out, "%s%s AS%u %.*s", i ? ", " : "", text, v.asn,
		    SPAN_ARG(registry_input_at(r, v.input).kind));
		if (v.seen)
			buf_fmt(out, " %u", v.seen);
		n = registry_rivals(r, v.range.first, &first);
		assert_true(first <= i && i < first + n);
		assert_int_equal(registry_rivals(r, v.range.last, &first), n);
		assert_int_not_equal(registry_origin(r, v.range.first), v.asn);
	}
	buf_str(out, "");
}

static const struct {
	const char *label;
	struct announced v[8];
	const char *want, *refused;
	unsigned contested;
} cases[] = {
	{ "the most specific holds",
	    { { KIND_RIS, "5.0.0.0/16", 7, 300 }, { KIND_RIS, "5.0.3.0/24", 8, 300 },
		{ KIND_RIS, "5.0.3.0/24", 8, 300 } },
	    "5.0.0.0-5.0.2.255 AS7, 5.0.3.0/24 AS8, 5.0.4.0-5.0.255.255 AS7", "" },
	{ "halves and more-specifics of one origin are one prefix",
	    { { KIND_RIS, "5.0.0.0/17", 7, 300 }, { KIND_RIS, "5.0.128.0/17", 7, 300 },
		{ KIND_RIS, "5.0.3.0/24", 7, 300 }, { KIND_RIS, "2a00::/33", 7, 300 },
		{ KIND_RIS, "2a00:0:8000::/33", 7, 300 } },
	    "5.0.0.0/16 AS7, 2a00::/32 AS7", "" },
	{ "of several origins most peers decide, the parts of a table together",
	    { { KIND_MRT, "5.0.0.0/16", 7, 20 }, { KIND_MRT, "5.0.0.0/16", 8, 15 },
		{ KIND_BGP_LINES, "5.0.0.0/16", 8, 15 } },
	    "5.0.0.0/16 AS8", "", 1 },
	{ "where they are equal, the one that was named first",
	    { { KIND_PFX2AS, "5.0.0.0/16", 9, 0 }, { KIND_PFX2AS, "5.0.0.0/16", 7, 0 } },
	    "5.0.0.0/16 AS9", "", 1 },
	{ "RIS before other tables, those before pfx2as",
	    { { KIND_PFX2AS, "5.0.0.0/16", 9, 0 }, { KIND_MRT, "5.0.0.0/16", 8, 900 },
		{ KIND_RIS, "5.0.0.0/16", 7, 10 }, { KIND_PFX2AS, "5.1.0.0/16", 9, 0 },
		{ KIND_MRT, "5.1.0.0/16", 8, 900 } },
	    "5.0.0.0/16 AS7, 5.1.0.0/16 AS8", "", 2 },
	{ "a more specific one counts whatever table tells of it",
	    { { KIND_PFX2AS, "5.0.1.0/24", 9, 0 }, { KIND_RIS, "5.0.0.0/23", 7, 300 } },
	    "5.0.0.0/24 AS7, 5.0.1.0/24 AS9", "" },
	{ "ten peers are enough of many",
	    { { KIND_RIS, "5.0.0.0/16", 7, 300 }, { KIND_RIS, "5.0.3.0/24", 8, 9 },
		{ KIND_RIS, "5.0.4.0/24", 8, 10 }, { KIND_RIS, "5.0.0.0/16", 9, 1 },
		{ KIND_RIS, "2a00::/32", 6, 4 }, { KIND_RIS, "2a01::/32", 6, 1 } },
	    "5.0.0.0/22 AS7, 5.0.4.0/24 AS8, 5.0.5.0-5.0.255.255 AS7, 2a00::/32 AS6, 2a01::/32 AS6",
	    "seen by too few peers to be believed\nseen by too few peers to be believed\n" },
	{ "a tenth of few",
	    { { KIND_MRT, "5.0.0.0/16", 7, 41 }, { KIND_MRT, "5.0.3.0/24", 8, 4 },
		{ KIND_MRT, "5.0.4.0/24", 8, 5 } },
	    "5.0.0.0/22 AS7, 5.0.4.0/24 AS8, 5.0.5.0-5.0.255.255 AS7",
	    "seen by too few peers to be believed\n" },
	{ "what two collectors see a little of",
	    { { KIND_MRT, "5.0.0.0/16", 7, 41 }, { KIND_MRT, "5.0.3.0/24", 8, 4 },
		{ KIND_BGP_LINES, "5.0.3.0/24", 8, 1 } },
	    "5.0.0.0-5.0.2.255 AS7, 5.0.3.0/24 AS8, 5.0.4.0-5.0.255.255 AS7", "" },
	{ "default routes, widths and lengths at and past the limit",
	    { { KIND_RIS, "0.0.0.0/0", 7, 9 }, { KIND_RIS, "::/0", 7, 9 },
		{ KIND_RIS, "4.0.0.0/7", 7, 9 }, { KIND_RIS, "5.0.0.0/8", 7, 9 },
		{ KIND_RIS, "5.0.0.0/25", 8, 9 }, { KIND_RIS, "2a00::/15", 7, 9 },
		{ KIND_RIS, "2a00::/49", 7, 9 }, { KIND_RIS, "2a00::/48", 7, 9 } },
	    "5.0.0.0/8 AS7, 2a00::/48 AS7",
	    "a default route\na default route\na prefix too wide to be true\n"
	    "a prefix longer than networks take from others\na prefix too wide to be true\n"
	    "a prefix longer than networks take from others\n" },
	{ "space that is nobody's to announce, and what is announced beside it",
	    { { KIND_RIS, "10.1.0.0/16", 7, 9 }, { KIND_RIS, "192.168.0.0/24", 7, 9 },
		{ KIND_RIS, "2001:db8::/32", 7, 9 }, { KIND_RIS, "198.16.0.0/14", 7, 9 },
		{ KIND_RIS, "2002::/16", 6, 9 }, { KIND_RIS, "192.88.99.0/24", 6, 9 } },
	    "192.88.99.0/24 AS6, 198.16.0.0/15 AS7, 2002::/16 AS6",
	    "private\nprivate\ndocumentation\n" },
	{ "numbers that are nobody's",
	    { { KIND_RIS, "5.0.0.0/24", 23456, 9 }, { KIND_RIS, "5.0.0.0/24", 64511, 9 },
		{ KIND_RIS, "5.0.0.0/24", 64512, 9 }, { KIND_RIS, "5.0.0.0/24", 65535, 9 },
		{ KIND_RIS, "5.0.0.0/24", 4199999999, 9 },
		{ KIND_RIS, "5.0.1.0/24", 4200000000, 9 }, { KIND_RIS, "5.0.1.0/24", 131071, 9 },
		{ KIND_RIS, "5.0.1.0/24", 65551, 9 } },
	    "5.0.0.0/24 AS4199999999",
	    "AS_TRANS, which stands for another AS\nan AS number for documentation\n"
	    "a private AS number\na reserved AS number\na private AS number\na reserved AS number\n"
	    "an AS number for documentation\n" },
};

/* The reasons alone, without input and line. */
static void reasons(const char *text, struct buf *out)
{
	for (const char *end; *text; text = end + 1) {
		const char *why = strstr(text, ": ");

		end = strchr(text, '\n');
		assert_true(why && end && why < end);
		buf_span(out, (struct span){ why + 2, end + 1 });
	}
	buf_str(out, "");
}

static void test_rules(void **state)
{
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct refusals refused;
		struct registry_contest contest;
		struct registry_build *b = begin(&refused);
		struct registry *r;
		struct buf got, why;

		announce(b, cases[i].v, NELEM(cases[i].v));
		r = built(b, &contest);
		buf_init(&got, 4096);
		buf_init(&why, 4096);
		prefixes(r, &got);
		reasons(refused.text, &why);
		if (strcmp(got.p, cases[i].want) != 0 || strcmp(why.p, cases[i].refused) != 0 ||
		    contest.prefixes != cases[i].contested)
			fail_msg("%s: %s\n%s%llu contested", cases[i].label, got.p, why.p,
			    (unsigned long long)contest.prefixes);
		buf_done(&got);
		buf_done(&why);
		r = registry_free(r);
	}
}

/* Tables of ranges fill the gaps of tables of BGP, and are counted where they say otherwise. */
static void test_under(void **state)
{
	static const struct announced v[] = { { KIND_RIS, "5.0.2.0/24", 7, 9 },
		{ KIND_RIS, "5.0.4.0/24", 8, 9 }, { KIND_RIS, "5.0.8.0/21", 7, 9 },
		{ KIND_RIS, "2a00:0:1::/48", 8, 9 } };
	struct registry_contest contest;
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;
	struct buf got;

	add_csv(b, "5.0.0.0,5.0.9.99,7,Seven\n"	 /* around, and into the last one */
		   "5.0.15.200,5.0.15.255,9,x\n" /* within it */
		   "5.0.16.0,5.0.16.7,7,x\n"	 /* behind: one prefix with it */
		   "6.0.0.0,6.0.0.255,9,Nine\n"	 /* alone */
		   "2a00::,2a00::ffff:ffff:ffff:ffff,9,x\n"
		   "2a00:0:1::,2a00:0:2:ffff:ffff:ffff:ffff:ffff,9,x\n");
	announce(b, v, NELEM(v));
	r = built(b, &contest);
	buf_init(&got, 4096);
	prefixes(r, &got);
	assert_string_equal(got.p,
	    "5.0.0.0/22 AS7, 5.0.4.0/24 AS8, 5.0.5.0-5.0.16.7 AS7, 6.0.0.0/24 AS9, "
	    "2a00::/64 AS9, 2a00:0:1::/48 AS8, 2a00:0:2::/48 AS9");
	assert_int_equal(contest.prefixes, 0);
	assert_int_equal(contest.v4_addresses, 256 + 56);
	assert_int_equal(contest.v6_blocks, 1);
	assert_int_equal(refused.n, 0);
	assert_true(span_is(registry_as_at(r, registry_find_as(r, 7)).name, "Seven"));
	buf_reset(&got);
	rivals(r, &got);
	assert_string_equal(got.p, "5.0.4.0/24 AS7 range-asn, 5.0.15.200-5.0.15.255 AS9 range-asn, "
				   "2a00:0:1::/48 AS9 range-asn");
	buf_done(&got);
	r = registry_free(r);
}

/* What does not hold is kept, the best first, of each piece of a prefix for which it does not. */
static void test_rivals(void **state)
{
	static const struct announced v[] = { { KIND_RIS, "5.0.0.0/16", 7, 300 },
		{ KIND_RIS, "5.0.0.0/16", 8, 20 }, { KIND_RIS, "5.0.0.0/16", 6, 90 },
		{ KIND_PFX2AS, "5.0.0.0/16", 5, 0 }, { KIND_PFX2AS, "5.0.0.0/16", 8, 0 },
		{ KIND_RIS, "5.0.4.0/24", 8, 300 }, { KIND_RIS, "2a00::/32", 7, 30 },
		{ KIND_MRT, "2a00::/32", 8, 40 } };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;
	struct buf got;

	announce(b, v, NELEM(v));
	for (uint32_t as = 100; as < 120; as++) { /* more than are kept */
		struct announced many = { KIND_RIS, "6.0.0.0/24", as, as };

		announce(b, &many, 1);
	}
	add_csv(b, "5.0.0.0,5.0.7.255,6,Six\n5.0.8.0,5.0.15.255,9,Nine\n");
	r = built(b, NULL);
	buf_init(&got, 8192);
	rivals(r, &got);
	if (!strstr(got.p,
		"5.0.0.0/22 AS6 ris-whois 90, 5.0.0.0/22 AS8 ris-whois 20, 5.0.0.0/22 AS5 pfx2as, "
		"5.0.4.0/24 AS6 range-asn, "
		"5.0.5.0-5.0.7.255 AS6 ris-whois 90, 5.0.5.0-5.0.7.255 AS8 ris-whois 20, "
		"5.0.5.0-5.0.7.255 AS5 pfx2as, "
		"5.0.8.0/21 AS6 ris-whois 90, 5.0.8.0/21 AS8 ris-whois 20, 5.0.8.0/21 AS5 pfx2as, "
		"5.0.8.0/21 AS9 range-asn, "
		"5.0.16.0-5.0.255.255 AS6 ris-whois 90, 5.0.16.0-5.0.255.255 AS8 ris-whois 20, "
		"5.0.16.0-5.0.255.255 AS5 pfx2as, 6.0.0.0/24 AS118 ris-whois 118, ") ||
	    !strstr(got.p, "6.0.0.0/24 AS103 ris-whois 103, 2a00::/32 AS8 mrt 40"))
		fail_msg("%s", got.p);
	buf_done(&got);
	r = registry_free(r);
}

static void test_names(void **state)
{
	static const struct announced v[] = { { KIND_RIS, "5.0.0.0/24", 1, 9 },
		{ KIND_RIS, "5.0.1.0/24", 2, 9 }, { KIND_RIS, "5.0.2.0/24", 3, 9 },
		{ KIND_RIS, "5.0.3.0/24", 4, 9 }, { KIND_RIS, "5.0.4.0/24", 5, 9 } };
	static const struct said said[] = {
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 1, 1 }, .name = "ONE-AS" },
		{ FACT_AS, KIND_AS_NAMES, "X", .as = { 1, 1 }, .name = "ONE-NAMES",
		    .descr = "One" },
		{ FACT_AS, KIND_AS_NAMES, "X", .as = { 1, 1 }, .name = "ONE-AGAIN" },
		{ FACT_AS, KIND_AS_NAMES, "X", .as = { 2, 2 }, .name = "TWO-NAMES",
		    .descr = "Two" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 2, 2 }, .name = "TWO-AS" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 3, 3 }, .name = "THREE-AS", .descr = "x" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 3, 4 }, .name = "A-RUN" },
		{ FACT_AS, KIND_AS_NAMES, "X", .as = { 9, 9 }, .name = "NOT-ANNOUNCED" },
	};
	static const char *const want[] = { "Uno", "Two", "THREE-AS", "", "Control?[m" };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;

	announce(b, v, NELEM(v));
	for (size_t i = 0; i < NELEM(said); i++)
		assert_int_equal(said_take(b, said[i].from, &said[i]), 0);
	add_csv(b, "6.0.0.0,6.0.0.255,1,Uno\n6.0.1.0,6.0.1.255,5,Control\x1b[m\n");
	r = built(b, NULL);
	assert_int_equal(registry_n_as(r), 5);
	for (uint32_t i = 0; i < 5; i++)
		if (!span_is(registry_as_at(r, i).name, want[i]))
			fail_msg("AS%u: %.*s", i + 1, SPAN_ARG(registry_as_at(r, i).name));
	r = registry_free(r);
}

/* Nothing but routes that are not believed: there is no registry to be made of that. */
static void test_nothing(void **state)
{
	static const struct announced v[] = { { KIND_RIS, "10.0.0.0/8", 7, 9 } };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct err e;

	announce(b, v, NELEM(v));
	assert_int_equal(registry_build_write(b, reg, &e), -EINVAL);
	assert_non_null(strstr(e.text, "BGP origins"));
	b = registry_build_free(b);
}

/* --- prefixes drawn at random --------------------------------------------------------------------- */

#define DRAWN 300u

static uint64_t drawn = 88172645463325252u; /* xorshift64: the same in every run */

static uint32_t draw(uint32_t n)
{
	drawn ^= drawn << 13;
	drawn ^= drawn >> 7;
	drawn ^= drawn << 17;
	return (uint32_t)(drawn % n);
}

/* A prefix within 5.0.0.0/16 or 2a00::/32, by one of five. */
static struct prefix draw_prefix(void)
{
	bool v4 = draw(2);
	unsigned len = v4 ? 96 + 16 + draw(9) : 32 + draw(17);
	struct addr a = v4 ? addr_of_v4(0x05000000 | draw(1u << 16))
			   : (struct addr){ UINT64_C(0x2a000000) << 32 | draw(1u << 16) << 16, 0 };

	return prefix_make(a, len);
}

struct drawn {
	struct prefix p;
	uint32_t as, seen;
};

static void put(struct registry_build *b, struct prefix p, const struct drawn *d)
{
	char text[PREFIX_TEXT_MAX];
	struct announced v = { KIND_RIS, text, d->as, d->seen };

	(void)prefix_format(p, text);
	announce(b, &v, 1);
}

static bool halves(struct prefix p, struct prefix ret[2])
{
	struct range r = prefix_range(p);

	if (p.len == (prefix_is_v4(p) ? 120 : 48))
		return false; /* nobody would take the halves */
	ret[0] = prefix_make(r.first, p.len + 1u);
	ret[1] = prefix_make(r.last, p.len + 1u);
	return true;
}

/* The origin of an address by looking at all of them: the longest prefix; there the AS which most peers see, all
 * lines that name it together; of equal ones the first. */
static uint32_t search(const struct drawn *v, struct addr a)
{
	uint32_t seen[6] = { 0 }, best = 0;
	unsigned len = 0;

	for (size_t i = 0; i < DRAWN; i++)
		if (prefix_has(v[i].p, a))
			len = MAX_OF(len, v[i].p.len);
	for (size_t i = 0; i < DRAWN; i++)
		if (prefix_has(v[i].p, a) && v[i].p.len == len)
			seen[v[i].as] += v[i].seen;
	for (size_t i = 0; i < DRAWN; i++)
		if (prefix_has(v[i].p, a) && v[i].p.len == len && seen[v[i].as] > seen[best])
			best = v[i].as;
	return best;
}

/* how: 0 as drawn; 1 in halves; 2 with more-specifics of the same origin beside them. Where two ASes announce one
 * prefix, all that is cut out of it would be contested as well: there it stays as it is. */
static struct registry *build_drawn(const struct drawn *v, unsigned how)
{
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct prefix half[2];

	for (size_t i = 0; i < DRAWN; i++) {
		if (how != 1 || !halves(v[i].p, half))
			put(b, v[i].p, &v[i]);
		for (unsigned k = 0; how && halves(v[i].p, half) && k < 2; k++)
			put(b, half[k], &v[i]);
	}
	assert_int_equal(refused.n, 0);
	return built(b, NULL);
}

static bool is_cut(const struct drawn *v, size_t n, struct prefix p)
{
	for (size_t i = 0; i < n; i++) {
		struct range a = prefix_range(v[i].p), b = prefix_range(p);

		/* the halves of a wider one would stand beside it and hold by the peers that see them */
		if (addr_cmp(a.first, b.last) <= 0 && addr_cmp(b.first, a.last) <= 0 &&
		    (v[i].p.len > p.len ? v[i].p.len - p.len : p.len - v[i].p.len) <= 1)
			return true;
	}
	return false;
}

static void test_drawn(void **state)
{
	static struct drawn v[DRAWN];

	for (unsigned round = 0; round < 12; round++) {
		struct registry *r;
		size_t n = 0;

		while (n < DRAWN)
			v[n++] = (struct drawn){ draw_prefix(), 1 + draw(5), 10 + draw(3) };
		r = build_drawn(v, 0);
		for (unsigned i = 0; i < 3000; i++) {
			struct addr a = prefix_range(v[draw(DRAWN)].p).first;

			if (draw(2))
				a = draw(2) ? addr_prev(a)
					    : (struct addr){ a.hi, a.lo + draw(65536) };
			if (registry_origin(r, a) != search(v, a))
				fail_msg("round %u: AS%u, not AS%u", round, registry_origin(r, a),
				    search(v, a));
		}
		r = registry_free(r);
	}
}

static void test_cut_up(void **state)
{
	static struct drawn v[DRAWN];

	for (unsigned round = 0; round < 12; round++) {
		struct buf want, got;
		size_t n = 0;

		for (unsigned tries = 0; n < DRAWN; tries++) {
			struct drawn d = { draw_prefix(), 1 + draw(5), 10 + draw(3) };

			if (tries > 20000) { /* no more room: the same again */
				v[n] = v[n - 1];
				n++;
			} else if (!is_cut(v, n, d.p)) {
				v[n++] = d;
			}
		}
		buf_init(&want, 1u << 20);
		buf_init(&got, 1u << 20);
		for (unsigned how = 0; how < 3; how++) {
			struct registry *r = build_drawn(v, how);

			buf_reset(&got);
			prefixes(r, how ? &got : &want);
			if (how && strcmp(got.p, want.p) != 0)
				fail_msg("round %u, %u: %s\nnot %s", round, how, got.p, want.p);
			r = registry_free(r);
		}
		buf_done(&want);
		buf_done(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_under),
		cmocka_unit_test(test_rivals),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_drawn),
		cmocka_unit_test(test_cut_up),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
