/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What records say of ASes and organisations besides what holds: who is believed, in whatever order inputs come, what
 * is a conflict and what only another spelling, and how much is kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "building.h"

#define ASN 64496u

static const char table[] = "5.0.0.0,5.0.0.255,64496,\n6.0.0.0,6.0.0.255,64497,\n";
static const char countries[] = "5.0.0.0,5.0.0.255,NL\n";
static struct refusals refused;

static void tell(struct registry_build *b, const struct said *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(said_take(b, v[i].from, &v[i]), 0);
}

static struct registry *make(const struct said *v, size_t n)
{
	struct registry_build *b = begin(&refused);

	add_csv(b, table);
	tell(b, v, n);
	return built(b, NULL);
}

/* What is said of AS64496 or of RIPE/ORG-1, as "name=FIRST(rpsl RIPE) country=DE(rir-stats ARIN)". */
static const char *besides(const struct registry *r, bool of_as)
{
	static const char *const fields[] = { "name", "country", "holder", "address", "abuse" };
	static char text[8192];
	uint32_t at =
		     of_as ? registry_find_as(r, ASN) : registry_find_holder(r, SPAN("RIPE/ORG-1")),
		 first, n;

	assert_int_not_equal(at, REGISTRY_NONE);
	n = of_as ? registry_as_said(r, at, &first) : registry_holder_said(r, at, &first);
	text[0] = '\0';
	for (uint32_t i = first; i < first + n; i++) {
		struct registry_said s =
		    of_as ? registry_as_said_at(r, i) : registry_holder_said_at(r, i);
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s%s=%.*s(%.*s %.*s)",
		    len ? " " : "", fields[s.field], SPAN_ARG(s.value),
		    SPAN_ARG(registry_input_at(r, s.input).kind), SPAN_ARG(s.source));
	}
	return text;
}

static const char *as_name(const struct registry *r)
{
	static char text[256];

	(void)snprintf(
	    text, sizeof(text), "%.*s", SPAN_ARG(registry_as_at(r, registry_find_as(r, ASN)).name));
	return text;
}

static void test_agree(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "Example, Inc.", "EXAMPLE INC", true },
		{ "  Example  Ltd", "example ltd ", true },
		{ "EXAMPLE-NET", "Example Net", true },
		{ "Example Net", "ExampleNet", false },
		{ "A", "A B", false },
		{ "A B", "A", false },
		{ "", "...", true },
		{ "One B.V.", "One BV", true },
		{ "No. 5", "No 5", true },
		{ "", "A", false },
		{ "1/2 Street", "12 Street", false },
		{ "Street 1\n1000 Town", "Street 1, 1000 TOWN", true },
		{ "M\xc3\xbcller", "M\xc3\xbcller.", true },
		{ "M\xc3\xbcller", "Muller", false },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		print_message("%s | %s\n", cases[i].a, cases[i].b);
		assert_int_equal(
		    said_agree(span_str(cases[i].a), span_str(cases[i].b)), cases[i].same);
		assert_int_equal(
		    said_agree(span_str(cases[i].b), span_str(cases[i].a)), cases[i].same);
	}
}

/* Of two that name the AS the one stands whose kind comes first, whoever was read first. */
static void test_as_names(void **state)
{
	static const struct {
		enum input_kind kind;
		const char *source;
	} order[] = { { KIND_AS_NAMES, "ASNAMES" }, { KIND_RDAP, "ARIN" }, { KIND_RPSL, "RIPE" },
		{ KIND_PEERINGDB, "PEERINGDB" }, { KIND_AS2ORG, "CAIDA" } };

	for (size_t i = 0; i + 1 < NELEM(order); i++) {
		const struct said higher = { FACT_AS, order[i].kind, order[i].source,
			.as = { ASN, ASN }, .name = "Higher" };
		const struct said lower = { FACT_AS, order[i + 1].kind, order[i + 1].source,
			.as = { ASN, ASN }, .name = "Lower" };
		char want[128];

		(void)snprintf(want, sizeof(want), "name=Lower(%s %s)",
		    build_kind_name(order[i + 1].kind), order[i + 1].source);
		for (int turned = 0; turned < 2; turned++) {
			const struct said v[] = { turned ? lower : higher,
				turned ? higher : lower };
			struct registry *r = make(v, 2);

			assert_string_equal(as_name(r), "Higher");
			assert_string_equal(besides(r, true), want);
			assert_int_equal(registry_n_as_said(r), 1);
			r = registry_free(r);
		}
	}
}

/* A table of ranges comes before all of them, and is of no registry. */
static void test_table_names(void **state)
{
	static const struct said v[] = {
		{ FACT_AS, KIND_AS_NAMES, "ASNAMES", .as = { ASN, ASN }, .name = "LISTED" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { ASN, ASN }, .name = "by table, ltd" },
		{ FACT_AS, KIND_PEERINGDB, "PEERINGDB", .as = { ASN, ASN }, .name = "Listed" },
	};

	for (int turned = 0; turned < 2; turned++) {
		struct registry_build *b = begin(&refused);
		struct registry *r;

		if (turned)
			tell(b, v, NELEM(v));
		add_csv(b, "5.0.0.0,5.0.0.99,64496,By Table Ltd.\n"
			   "5.0.0.100,5.0.0.199,64496,By  Table Ltd\n"
			   "5.0.0.200,5.0.0.255,64496,By Another\n");
		if (!turned)
			tell(b, v, NELEM(v));
		r = built(b, NULL);
		assert_string_equal(as_name(r), "By Table Ltd.");
		/* what two say is told once, by the one held in higher regard */
		assert_string_equal(
		    besides(r, true), "name=By Another(range-asn ) name=LISTED(as-names ASNAMES)");
		r = registry_free(r);
	}
}

static void test_as_countries(void **state)
{
	static const struct said v[] = {
		{ FACT_AS, KIND_AS_NAMES, "ASNAMES", .as = { ASN, ASN }, .name = "X",
		    .country = "FR" },
		{ FACT_AS, KIND_RIR_STATS, "ARIN", .as = { ASN, ASN }, .opaque = "1",
		    .country = "DE" },
		{ FACT_AS, KIND_RDAP, "ARIN", .as = { ASN, ASN }, .country = "NL" },
		{ FACT_AS, KIND_RIR_STATS, "ARIN", .as = { ASN + 1, ASN + 1 }, .opaque = "1",
		    .country = "NL" },
	};
	struct registry_build *b = begin(&refused);
	struct registry *r;
	uint32_t first;

	add_csv(b, table);
	add_csv(b, countries);
	tell(b, v, NELEM(v));
	r = built(b, NULL);
	assert_string_equal(registry_as_at(r, registry_find_as(r, ASN)).country, "NL");
	assert_string_equal(
	    besides(r, true), "country=DE(rir-stats ARIN) country=FR(as-names ASNAMES)");
	/* of the other one no table says where its space is */
	assert_int_equal(registry_as_said(r, registry_find_as(r, ASN + 1), &first), 1);
	r = registry_free(r);

	/* of the statistics of its space, where there is no table */
	b = begin(&refused);
	add_csv(b, table);
	tell(b, v, NELEM(v));
	tell(b,
	    &(const struct said){
		FACT_NETWORK, KIND_RIR_STATS, "ARIN", .range = "5.0.0.0/24", .country = "DE" },
	    1);
	r = built(b, NULL);
	assert_string_equal(registry_as_at(r, registry_find_as(r, ASN)).country, "DE");
	assert_string_equal(besides(r, true), "country=NL(rdap ARIN) country=FR(as-names ASNAMES)");
	r = registry_free(r);
}

#define AS(kind, source, who)                                                                      \
	{                                                                                          \
		FACT_AS, kind, source, .as = { ASN, ASN }, .org = (who)                            \
	}
#define ID(kind, source, id)                                                                       \
	{                                                                                          \
		FACT_AS, kind, source, .as = { ASN, ASN }, .opaque = (id)                          \
	}
#define RUN(kind, source, who)                                                                     \
	{                                                                                          \
		FACT_AS, kind, source, .as = { ASN - 9, ASN + 9 }, .org = (who)                    \
	}
#define ORG(kind, source, handle, called)                                                          \
	{                                                                                          \
		FACT_ORG, kind, source, handle, .name = (called)                                   \
	}

static void test_as_holders(void **state)
{
	static const struct {
		const char *holds, *said;
		struct said v[4];
		size_t n;
	} cases[] = {
		{ "ORG-A", "holder=ORG-B(arin-xml ARIN)",
		    { AS(KIND_RPSL, "RIPE", "ORG-A"), AS(KIND_ARIN_XML, "ARIN", "ORG-B") }, 2 },
		{ "ORG-B", "holder=ORG-A(rpsl RIPE)",
		    { AS(KIND_ARIN_XML, "ARIN", "ORG-B"), AS(KIND_RPSL, "RIPE", "ORG-A") }, 2 },
		{ "ORG-A", "", { AS(KIND_RPSL, "RIPE", "ORG-A"), AS(KIND_RDAP, "RIPE", "org-a") },
		    2 },
		/* an object stands over statistics, whose id is no handle */
		{ "ORG-A", "", { ID(KIND_RIR_STATS, "RIPE", "17"), AS(KIND_RPSL, "RIPE", "ORG-A") },
		    2 },
		{ "17", "holder=18(rir-stats RIPE)",
		    { ID(KIND_RIR_STATS, "RIPE", "17"), ID(KIND_RIR_STATS, "RIPE", "18") }, 2 },
		/* the narrower run, whatever it is told by */
		{ "ORG-B", "holder=ORG-A(rpsl RIPE)",
		    { RUN(KIND_RPSL, "RIPE", "ORG-A"), AS(KIND_ARIN_XML, "ARIN", "ORG-B") }, 2 },
		{ "17", "holder=ORG-A(rpsl RIPE)",
		    { RUN(KIND_RPSL, "RIPE", "ORG-A"), ID(KIND_RIR_STATS, "ARIN", "17") }, 2 },
		/* two handles of one name are no conflict */
		{ "ORG-A", "",
		    { AS(KIND_RPSL, "RIPE", "ORG-A"), AS(KIND_ARIN_XML, "ARIN", "ORG-B"),
			ORG(KIND_RPSL, "RIPE", "ORG-A", "One, Ltd"),
			ORG(KIND_ARIN_XML, "ARIN", "ORG-B", "ONE LTD") },
		    4 },
		{ "ORG-A", "holder=ORG-B(arin-xml ARIN)",
		    { AS(KIND_RPSL, "RIPE", "ORG-A"), AS(KIND_ARIN_XML, "ARIN", "ORG-B"),
			ORG(KIND_RPSL, "RIPE", "ORG-A", "One, Ltd"),
			ORG(KIND_ARIN_XML, "ARIN", "ORG-B", "Two Ltd") },
		    4 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct registry *r = make(cases[i].v, cases[i].n);
		uint32_t holder = registry_as_at(r, registry_find_as(r, ASN)).holder;

		print_message("%zu\n", i);
		assert_true(span_is(registry_holder_at(r, holder).handle, cases[i].holds));
		assert_string_equal(besides(r, true), cases[i].said);
		r = registry_free(r);
	}
}

#define USED                                                                                       \
	{                                                                                          \
		FACT_AS, KIND_RPSL, "RIPE", .as = { ASN, ASN }, .org = "ORG-1"                     \
	}

/* Of two records of one handle the one stands whose kind comes first, whoever was read first. */
static void test_organisations(void **state)
{
	static const enum input_kind order[] = { KIND_RDAP, KIND_ARIN_WHOIS, KIND_RPSL,
		KIND_ARIN_XML, KIND_ARIN_TEXT };

	for (size_t i = 0; i + 1 < NELEM(order); i++) {
		const struct said higher = { FACT_ORG, order[i], "RIPE", "ORG-1", .name = "Higher",
			.country = "NL", .address = "Street 1\nTown" };
		const struct said lower = { FACT_ORG, order[i + 1], "RIPE", "ORG-1",
			.name = "Lower", .country = "DE", .address = "Street 2\nTown" };
		const char *kind = build_kind_name(order[i + 1]);
		char want[256];

		(void)snprintf(want, sizeof(want),
		    "name=Lower(%s RIPE) country=DE(%s RIPE) address=Street 2\nTown(%s RIPE)", kind,
		    kind, kind);
		for (int turned = 0; turned < 2; turned++) {
			const struct said v[] = { USED, turned ? lower : higher,
				turned ? higher : lower };
			struct registry *r = make(v, NELEM(v));
			struct registry_holder h =
			    registry_holder_at(r, registry_find_holder(r, SPAN("RIPE/ORG-1")));

			assert_true(span_is(h.name, "Higher"));
			assert_true(span_is(h.address, "Street 1\nTown"));
			assert_string_equal(h.country, "NL");
			assert_string_equal(besides(r, false), want);
			assert_int_equal(refused.n, 0);
			r = registry_free(r);
		}
	}
}

/* Of one kind the newer one stands, of one day the first. */
static void test_newer(void **state)
{
	static const struct said v[] = { USED, ORG(KIND_RPSL, "RIPE", "ORG-1", "One"),
		ORG(KIND_RPSL, "RIPE", "ORG-1", "Two") };

	for (int newer = -1; newer <= 1; newer++) {
		struct registry_build *b = begin(&refused);
		int other = build_input_add(b, "other", KIND_RPSL);
		struct registry *r;

		add_csv(b, table);
		b->input[other].date_s = b->input[KIND_RPSL].date_s + newer;
		tell(b, v, 2);
		assert_int_equal(said_take(b, (unsigned)other, &v[2]), 0);
		r = built(b, NULL);
		assert_string_equal(
		    besides(r, false), newer > 0 ? "name=One(rpsl RIPE)" : "name=Two(rpsl RIPE)");
		r = registry_free(r);
	}
}

/* What fills a gap and what is only written otherwise contradicts nothing; one input that says both is told of. */
static void test_no_conflict(void **state)
{
	static const struct said v[] = {
		USED,
		{ FACT_ORG, KIND_RPSL, "RIPE", "ORG-1", .name = "One, Ltd." },
		{ FACT_ORG, KIND_RPSL, "RIPE", "org-1", .name = "ONE LTD",
		    .address = "Street 1\nTown" },
		{ FACT_ORG, KIND_ARIN_XML, "RIPE", "ORG-1", .name = "one ltd", .country = "NL",
		    .address = "STREET 1, Town" },
		{ FACT_ORG, KIND_ARIN_XML, "RIPE", "ORG-2", .name = "Of nobody in the file" },
		{ FACT_ORG, KIND_RPSL, "RIPE", "ORG-2", .name = "Of nobody" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 7, 7 }, .name = "Announces nothing" },
		{ FACT_AS, KIND_RDAP, "RIPE", .as = { 7, 7 }, .name = "Not a thing" },
	};
	struct registry *r = make(v, NELEM(v));

	assert_int_equal(registry_n_as_said(r) + registry_n_holder_said(r), 0);
	assert_int_equal(refused.n, 0);
	r = registry_free(r);
	r = make((const struct said[]){ USED, ORG(KIND_RPSL, "RIPE", "ORG-1", "One"),
		     ORG(KIND_RPSL, "RIPE", "ORG-1", "Two") },
	    3);
	assert_string_equal(besides(r, false), "name=Two(rpsl RIPE)");
	assert_int_equal(refused.n, 1);
	r = registry_free(r);
}

/* Whoever says much is heard a little: eight of a field, sixteen records of an AS. */
static void test_bounds(void **state)
{
	struct registry_build *b = begin(&refused);
	struct registry *r;
	uint32_t first, n, names = 0;
	char name[16], country[3] = "A";

	add_csv(b, table);
	for (unsigned i = 0; i < 1000; i++) {
		struct said as = { FACT_AS, KIND_RPSL, "RIPE", .as = { ASN, ASN }, .name = name,
			.country = country, .org = i ? name : "ORG-1" };
		struct said org = { FACT_ORG, KIND_RPSL, "RIPE", "ORG-1", .name = name,
			.address = name };

		(void)snprintf(name, sizeof(name), "N%u", i);
		country[1] = (char)('A' + i % 26);
		assert_int_equal(said_take(b, KIND_RPSL, &as), 0);
		assert_int_equal(said_take(b, KIND_RPSL, &org), 0);
	}
	r = built(b, NULL);
	n = registry_as_said(r, registry_find_as(r, ASN), &first);
	for (uint32_t i = first; i < first + n; i++)
		names += registry_as_said_at(r, i).field == SAID_NAME;
	assert_int_equal(names, SAID_MAX);
	assert_int_equal(n, 3 * SAID_MAX);
	assert_int_equal(registry_n_holder_said(r), 2 * SAID_MAX);
	r = registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_as_names),
		cmocka_unit_test(test_table_names),
		cmocka_unit_test(test_as_countries),
		cmocka_unit_test(test_as_holders),
		cmocka_unit_test(test_organisations),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_no_conflict),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
