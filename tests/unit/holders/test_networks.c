/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks of several registries: nested by range, each record kept beside the others of its range, whom to
 * write to inherited; and against a search through all of them, over ranges drawn at random. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "building.h"
#include "holders/verify.h"

static struct registry *make(const struct said *v, size_t n, struct refusals *refused)
{
	struct registry_build *b = begin(refused);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(said_take(b, v[i].from, &v[i]), 0);
	return built(b, NULL);
}

static uint32_t at(const struct registry *r, const char *address)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(address), &a), 0);
	return registry_network(r, a);
}

/* The names of the networks around an address, the narrowest first; those of one range side by side. */
static const char *chain(const struct registry *r, const char *address)
{
	static char text[512];
	uint32_t i = at(r, address);
	size_t n = 0;

	text[0] = '\0';
	for (; i != REGISTRY_NONE; i = registry_network_at(r, i).parent)
		for (uint32_t k = i; k != REGISTRY_NONE; k = registry_network_same(r, k))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s",
			    k > i   ? "="
			    : n > 0 ? " "
				    : "",
			    SPAN_ARG(registry_network_at(r, k).name));
	return text;
}

static const char *abuse(const struct registry *r, const char *address)
{
	static char text[256];
	uint32_t c = registry_network_abuse(r, at(r, address), NULL);

	if (c == REGISTRY_NONE)
		return "";
	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(registry_contact_at(r, c).mail));
	return text;
}

#define NET(kind, src, rng, nm, ...)                                                               \
	{                                                                                          \
		FACT_NETWORK, kind, src, .range = (rng), .name = (nm), __VA_ARGS__                 \
	}

static void test_nesting(void **state)
{
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/16", "wide", .handle = "net-1",
		    .status = "ALLOCATED PA", .country = "NL", .created_s = 86400 * 12000,
		    .changed_s = 86400 * 19000),
		NET(KIND_RPSL, "RIPE", "5.0.7.0-5.0.7.99", "odd", .status = "ASSIGNED PA"),
		NET(KIND_RPSL, "RIPE", "5.0.7.50", "host", .country = "DE"),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "head"),
		NET(KIND_RPSL, "RIPE", "5.0.255.0/24", "tail"),
		NET(KIND_RPSL, "APNIC", "255.0.0.0/8", "special"),
		NET(KIND_RPSL, "RIPE", "2a00:1::/32", "six"),
		NET(KIND_RPSL, "RIPE", "2a00:1:8000::/33", "half"),
		NET(KIND_RPSL, "RIPE", "2a00:1::7-2a00:1::9", "few"),
	};
	static const struct {
		const char *address, *chain;
	} cases[] = { { "4.255.255.255", "" }, { "5.0.0.0", "head wide" },
		{ "5.0.0.255", "head wide" }, { "5.0.1.0", "wide" }, { "5.0.6.255", "wide" },
		{ "5.0.7.0", "odd wide" }, { "5.0.7.49", "odd wide" },
		{ "5.0.7.50", "host odd wide" }, { "5.0.7.51", "odd wide" },
		{ "5.0.7.100", "wide" }, { "5.0.255.255", "tail wide" }, { "5.1.0.0", "" },
		{ "255.255.255.255", "" }, { "2a00:1::", "six" }, { "2a00:1::7", "few six" },
		{ "2a00:1::a", "six" }, { "2a00:1:8000::", "half six" },
		{ "2a00:1:ffff:ffff:ffff:ffff:ffff:ffff", "half six" }, { "2a00:2::", "" } };
	struct registry_network n;
	struct refusals refused;
	struct registry *r = make(said, NELEM(said), &refused);

	for (size_t i = 0; i < NELEM(cases); i++) {
		print_message("%s\n", cases[i].address);
		assert_string_equal(chain(r, cases[i].address), cases[i].chain);
	}
	assert_int_equal(refused.n, 1);
	assert_non_null(strstr(refused.text, "reserved"));
	assert_int_equal(registry_n_network(r), NELEM(said) - 1);
	n = registry_network_at(r, registry_find_network(r, SPAN("RIPE/NET-1")));
	assert_true(span_is(n.name, "wide") && span_is(n.status, "ALLOCATED PA"));
	assert_true(span_is(n.source, "RIPE") && span_is(n.handle, "NET-1"));
	assert_string_equal(n.country, "NL");
	assert_int_equal(n.created, 12000);
	assert_int_equal(n.changed, 19000);
	assert_int_equal(registry_find_network(r, SPAN("RIPE/NET-2")), REGISTRY_NONE);
	assert_int_equal(registry_find_network(r, SPAN("ARIN/NET-1")), REGISTRY_NONE);
	assert_int_equal(registry_find_network(r, SPAN("NET-1")), REGISTRY_NONE);
	r = registry_free(r);
}

/* Objects over statistics; of objects those of the registry whose space it is; what loses is shown too. */
static void test_precedence(void **state)
{
	static const struct said said[] = {
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0/16", "stats", .opaque = "x", .country = "GB"),
		NET(KIND_RPSL, "RADB", "5.0.1.0/24", "foreign", .country = "US"),
		NET(KIND_RPSL, "RIPE", "5.0.1.0/24", "home", .country = "NL"),
		NET(KIND_RDAP, "ARIN", "5.0.1.0/24", "asked-foreign"),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/16", "object", .country = "DE"),
		NET(KIND_RPSL, "ARIN", "9.0.0.0/24", "first"),
		NET(KIND_RPSL, "RIPE", "9.0.0.0/24", "second"),
		NET(KIND_RDAP, "RIPE", "9.0.0.0/24", "asked"),
	};
	struct refusals refused;
	struct registry *r = make(said, NELEM(said), &refused);
	uint32_t i = at(r, "5.0.2.1");

	assert_int_equal(refused.n, 0);
	assert_string_equal(chain(r, "5.0.1.1"), "home=asked-foreign=foreign object=stats");
	assert_string_equal(chain(r, "9.0.0.1"), "asked=first=second");
	assert_string_equal(registry_network_at(r, i).country, "DE");
	assert_string_equal(registry_network_at(r, registry_network_same(r, i)).country, "GB");
	r = registry_free(r);
}

/* Of two that cross the narrower is refused, and with it what was told of its range; what crosses only
 * one that is refused itself stays. */
static void test_crossing(void **state)
{
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0-5.0.0.127", "narrow", .line = 7),
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0-5.0.0.127", "narrow-too", .line = 8),
		NET(KIND_RPSL, "RIPE", "5.0.0.64-5.0.1.255", "wide", .line = 9),
		NET(KIND_RPSL, "RIPE", "5.0.0.0-5.0.0.99", "inside", .line = 10),
		NET(KIND_RPSL, "RIPE", "5.0.0.16-5.0.0.63", "safe", .line = 11),
		NET(KIND_RPSL, "RIPE", "5.0.0.0-5.0.0.31", "crosses-safe", .line = 12),
		NET(KIND_RPSL, "RIPE", "2a00::-2a00::9", "six"),
		NET(KIND_RPSL, "RIPE", "2a00::5-2a00::e", "six-later", .line = 13),
	};
	struct refusals refused;
	struct registry *r = make(said, NELEM(said), &refused);

	print_message("%s", refused.text);
	assert_int_equal(refused.n, 5);
	assert_non_null(strstr(
	    refused.text, "rpsl:7: 5.0.0.0/25: crosses the wider 5.0.0.64-5.0.1.255 of rpsl:9\n"));
	assert_non_null(strstr(refused.text, "rir-stats:8: "));
	assert_non_null(strstr(refused.text, "rpsl:10: "));
	assert_non_null(strstr(refused.text, "rpsl:12: "));
	assert_non_null(strstr(refused.text, "rpsl:13: "));
	assert_string_equal(chain(r, "5.0.0.70"), "wide");
	assert_string_equal(chain(r, "5.0.0.20"), "safe");
	assert_string_equal(chain(r, "5.0.0.1"), "");
	assert_string_equal(chain(r, "2a00::5"), "six");
	assert_int_equal(registry_input_at(r, KIND_RPSL).records, 3);
	assert_int_equal(registry_input_at(r, KIND_RPSL).refused, 4);
	r = registry_free(r);
}

static void test_refused(void **state)
{
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "a", .mail = "not an address", .line = 1),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "told again", .line = 2),
		NET(KIND_RPSL, "", "5.0.1.0/24", "of nobody", .line = 3),
		NET(KIND_RPSL, "RIPE", "0.0.0.0/0", "everything", .line = 4),
		NET(KIND_RPSL, "RIPE", "2000::/3", "everything", .line = 5),
		NET(KIND_RPSL, "RIPE", "10.0.0.0/8", "private", .line = 6),
		{ FACT_ORG, KIND_RPSL, "RIPE", .name = "no handle", .line = 7 },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 7, 6 }, .line = 8 },
	};
	struct refusals refused;
	struct registry *r = make(said, NELEM(said), &refused);

	print_message("%s", refused.text);
	assert_int_equal(refused.n, NELEM(said));
	assert_int_equal(registry_n_network(r), 1);
	assert_string_equal(abuse(r, "5.0.0.1"), "");
	r = registry_free(r);
}

/* Told twice by one source: the newer input's words stand, the same words are nothing to speak of. */
static void test_twice(void **state)
{
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "old", .line = 1),
		NET(KIND_RDAP, "RIPE", "5.0.0.0/24", "other kind", .line = 2),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "new", .line = 3),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "older still", .line = 4,
		    .handle = "5.0.0.0 - 5.0.0.255"), /* its range: no handle */
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "new", .line = 5),
	};
	static const int64_t days[NELEM(said)] = { 5, 5, 7, 3, 7 };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;

	for (size_t i = 0; i < NELEM(said); i++) {
		int input = build_input_add(b, "again", said[i].from);

		assert_true(input >= 0);
		b->input[input].date_s = days[i] * 86400;
		assert_int_equal(said_take(b, (unsigned)input, &said[i]), 0);
	}
	r = built(b, NULL);
	print_message("%s", refused.text);
	assert_int_equal(refused.n, 2);
	assert_non_null(strstr(refused.text, "again:1: 5.0.0.0/24: told already"));
	assert_non_null(strstr(refused.text, "again:4: 5.0.0.0/24: told already"));
	assert_string_equal(chain(r, "5.0.0.1"), "other kind=new");
	r = registry_free(r);
}

/* Statistics come in two forms, of which one has no ids: a delegation of the same day is the same. */
static void test_gaps(void **state)
{
	static const struct said said[] = {
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0/24", "", .opaque = "x", .created_s = 864000),
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0/24", "", .created_s = 864000),
		NET(KIND_RIR_STATS, "RIPE", "5.0.1.0/24", "", .opaque = "x", .created_s = 864000),
		NET(KIND_RIR_STATS, "RIPE", "5.0.1.0/24", "", .created_s = 8640000),
	};
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;

	for (size_t i = 0; i < NELEM(said); i++) {
		int input = build_input_add(b, "again", said[i].from);

		assert_true(input >= 0);
		b->input[input].date_s = (int64_t)i * 86400;
		assert_int_equal(said_take(b, (unsigned)input, &said[i]), 0);
	}
	r = built(b, NULL);
	assert_int_equal(refused.n, 1);
	assert_int_equal(registry_n_network(r), 2);
	assert_int_not_equal(registry_network_at(r, at(r, "5.0.0.1")).holder, REGISTRY_NONE);
	assert_int_equal(registry_n_orphan(r), 0);
	assert_int_equal(registry_network_at(r, at(r, "5.0.1.1")).holder, REGISTRY_NONE);
	r = registry_free(r);
}

static void test_deep(void **state)
{
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;
	char range[64];

	for (unsigned i = 0; i < NETWORK_DEPTH_MAX + 3; i++) {
		struct said s = NET(KIND_RPSL, "RIPE", range, "n");

		(void)snprintf(range, sizeof(range), "5.0.0.0-5.0.1.%u", i);
		assert_int_equal(said_take(b, KIND_RPSL, &s), 0);
	}
	for (unsigned i = 0; i < NETWORK_SAME_MAX + 2; i++) {
		struct said s = NET(KIND_RPSL, "RIPE", "6.0.0.0/8", "n", .handle = range);

		(void)snprintf(range, sizeof(range), "H-%u", i);
		assert_int_equal(said_take(b, KIND_RPSL, &s), 0);
	}
	r = built(b, NULL);
	assert_int_equal(refused.n, 3 + 2);
	assert_non_null(strstr(refused.text, "nested too deeply"));
	assert_non_null(strstr(refused.text, "too many records"));
	assert_int_equal(registry_n_network(r), NETWORK_DEPTH_MAX + NETWORK_SAME_MAX);
	r = registry_free(r);
}

/* --- holders and contacts ------------------------------------------------------------------------- */

static const struct said parties[] = {
	/* named before they are told, in whatever case, and by another registry's name */
	NET(KIND_RPSL, "RIPE", "5.0.0.0/16", "by-org", .org = "org-1"),
	NET(KIND_RPSL, "RIPE", "5.0.1.0/24", "inherits"),
	NET(KIND_RPSL, "RIPE", "5.0.2.0/24", "own", .abuse = "AR-2"),
	NET(KIND_RPSL, "RIPE", "5.0.3.0/24", "mail", .mail = "mail@example.net"),
	NET(KIND_RPSL, "RIPE", "5.0.4.0/24", "lost", .abuse = "AR-LOST", .org = "ORG-LOST"),
	NET(KIND_RPSL, "APNIC", "5.0.5.0/24", "elsewhere", .org = "ORG-1"),
	NET(KIND_RPSL, "RIPE", "5.0.6.0/24", "mute", .abuse = "AR-MUTE", .mail = "m@example.net"),
	NET(KIND_RPSL, "RIPE", "6.0.0.0/24", "alone"),
	NET(KIND_RIR_STATS, "RIPE", "7.0.0.0/24", "", .opaque = "a1b2"),
	NET(KIND_RIR_STATS, "RIPE", "7.0.9.0/24", "", .opaque = "a1b2"),
	NET(KIND_RIR_STATS, "ARIN", "7.0.8.0/24", "", .opaque = "a1b2"),
	NET(KIND_RIR_STATS, "RIPE", "7.0.7.0/24", "", .opaque = "c3"),
	{ FACT_ORG, KIND_RPSL, "RIPE", "ORG-1", .name = "One B.V.", .abuse = "AR-1",
	    .country = "NL", .address = "Street 1\nTown" },
	{ FACT_ORG, KIND_ARIN_XML, "RIPE", "ORG-1", .name = "Later", .mail = "later@example.net" },
	{ FACT_CONTACT, KIND_RPSL, "RIPE", "AR-1", .name = "Abuse One", .mail = "one@example.net" },
	{ FACT_CONTACT, KIND_RPSL, "RIPE", "ar-2", .mail = "two@example.net" },
	{ FACT_CONTACT, KIND_RPSL, "RIPE", "AR-MUTE", .name = "without an address" },
};

static void test_abuse(void **state)
{
	static const struct {
		const char *address, *mail;
	} cases[] = { { "5.0.0.1", "one@example.net" }, { "5.0.1.1", "one@example.net" },
		{ "5.0.2.1", "two@example.net" }, { "5.0.3.1", "mail@example.net" },
		{ "5.0.4.1", "one@example.net" }, { "5.0.5.1", "one@example.net" },
		{ "5.0.6.1", "m@example.net" }, { "6.0.0.1", "" }, { "8.0.0.1", "" } };
	struct registry_contact c;
	struct registry_holder h;
	struct refusals refused;
	struct registry *r = make(parties, NELEM(parties), &refused);
	uint32_t from;

	assert_int_equal(refused.n, 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		print_message("%s\n", cases[i].address);
		assert_string_equal(abuse(r, cases[i].address), cases[i].mail);
	}
	c = registry_contact_at(r, registry_network_abuse(r, at(r, "5.0.1.1"), &from));
	assert_int_equal(from, at(r, "5.0.0.1"));
	assert_true(span_is(c.handle, "AR-1") && span_is(c.name, "Abuse One"));
	h = registry_holder_at(r, registry_network_at(r, from).holder);
	assert_true(h.told && span_is(h.name, "One B.V.") && span_is(h.handle, "ORG-1"));
	assert_true(span_is(h.address, "Street 1\nTown") && span_is(h.source, "RIPE"));
	assert_string_equal(h.country, "NL");
	h = registry_holder_at(r, registry_network_at(r, at(r, "5.0.4.1")).holder);
	assert_true(!h.told && span_is(h.handle, "ORG-LOST"));
	h = registry_holder_at(r, registry_network_at(r, at(r, "5.0.5.1")).holder);
	assert_true(!h.told && span_is(h.source, "APNIC"));
	r = registry_free(r);
}

static void test_orphans(void **state)
{
	static const struct {
		enum registry_orphan_kind kind;
		const char *network, *handle;
	} want[] = { { ORPHAN_NETWORK_HOLDER, "lost", "ORG-LOST" },
		{ ORPHAN_NETWORK_ABUSE, "lost", "AR-LOST" },
		{ ORPHAN_NETWORK_HOLDER, "elsewhere", "ORG-1" },
		{ ORPHAN_NETWORK_ABUSE, "mute", "AR-MUTE" } };
	struct refusals refused;
	struct registry *r = make(parties, NELEM(parties), &refused);

	assert_int_equal(registry_n_orphan(r), NELEM(want));
	for (uint32_t i = 0; i < NELEM(want); i++) {
		struct registry_orphan o = registry_orphan_at(r, i);

		assert_int_equal(o.kind, want[i].kind);
		assert_true(span_is(o.handle, want[i].handle));
		assert_true(span_is(registry_network_at(r, o.index).name, want[i].network));
	}
	r = registry_free(r);
}

static void test_opaque(void **state)
{
	struct refusals refused;
	struct registry *r = make(parties, NELEM(parties), &refused);
	uint32_t one = registry_network_at(r, at(r, "7.0.0.1")).holder;

	assert_int_not_equal(one, REGISTRY_NONE);
	assert_int_equal(registry_network_at(r, at(r, "7.0.9.1")).holder, one);
	assert_int_not_equal(registry_network_at(r, at(r, "7.0.8.1")).holder, one);
	assert_int_not_equal(registry_network_at(r, at(r, "7.0.7.1")).holder, one);
	assert_true(span_is(registry_holder_at(r, one).handle, "A1B2"));
	r = registry_free(r);
}

/* Without a table of countries the statistics tell where space is registered, announced or not. */
static void test_countries(void **state)
{
	static const char table[] = "5.0.0.0,5.0.0.255,64500,a\n";
	static const struct said said[] = {
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0/23", "", .country = "NL"),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "object", .country = "DE"),
		NET(KIND_RIR_STATS, "ARIN", "5.0.0.128/25", "", .country = "US"),
		NET(KIND_RIR_STATS, "ARIN", "5.0.0.0/23", "", .country = "GB"),
		NET(KIND_RIR_STATS, "RIPE", "2a00::/32", "", .country = "FR"),
	};
	static const struct {
		const char *address, *country;
	} cases[] = { { "5.0.0.1", "NL" }, { "5.0.0.129", "US" }, { "5.0.1.1", "NL" },
		{ "5.0.2.1", "" }, { "2a00::1", "FR" } };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;

	add_csv(b, table);
	for (size_t i = 0; i < NELEM(said); i++)
		assert_int_equal(said_take(b, said[i].from, &said[i]), 0);
	r = built(b, NULL);
	assert_int_equal(refused.n, 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct attribution where;
		struct addr a;

		print_message("%s\n", cases[i].address);
		assert_int_equal(addr_parse(span_str(cases[i].address), &a), 0);
		registry_lookup(r, a, &where);
		assert_string_equal(where.country, cases[i].country);
	}
	r = registry_free(r);
}

/* The narrowest run that has an AS tells its holder; statistics are behind objects. */
static void test_ases(void **state)
{
	static const char table[] = "5.0.0.0,5.0.0.255,64500,a\n5.0.1.0,5.0.1.255,64501,b\n"
				    "5.0.2.0,5.0.2.255,64502,c\n5.0.3.0,5.0.3.255,64510,d\n";
	static const struct said said[] = {
		{ FACT_AS, KIND_RIR_STATS, "RIPE", .as = { 64500, 64502 }, .opaque = "wide" },
		{ FACT_AS, KIND_RIR_STATS, "RIPE", .as = { 64501, 64501 }, .opaque = "one" },
		{ FACT_AS, KIND_RPSL, "RIPE", "AS64501", .as = { 64501, 64501 }, .org = "ORG-1" },
		{ FACT_AS, KIND_RPSL, "RIPE", .as = { 64600, 4294967295 }, .org = "ORG-1" },
		{ FACT_ORG, KIND_RPSL, "RIPE", "ORG-1", .name = "One", .mail = "one@example.net" },
	};
	static const struct {
		uint32_t asn;
		const char *holder, *mail;
	} cases[] = { { 64500, "WIDE", NULL }, { 64501, "ORG-1", "one@example.net" },
		{ 64502, "WIDE", NULL }, { 64510, NULL, NULL } };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;

	add_csv(b, table);
	for (size_t i = 0; i < NELEM(said); i++)
		assert_int_equal(said_take(b, said[i].from, &said[i]), 0);
	r = built(b, NULL);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct registry_as as = registry_as_at(r, registry_find_as(r, cases[i].asn));

		assert_int_equal(as.holder == REGISTRY_NONE, cases[i].holder == NULL);
		if (cases[i].holder)
			assert_true(
			    span_is(registry_holder_at(r, as.holder).handle, cases[i].holder));
		assert_int_equal(as.abuse == REGISTRY_NONE, cases[i].mail == NULL);
		if (cases[i].mail)
			assert_true(span_is(registry_contact_at(r, as.abuse).mail, cases[i].mail));
	}
	r = registry_free(r);
}

/* What readers should not let through does no harm: it is cut, replaced, or left out. */
static void test_texts(void **state)
{
	static char longest[4000];
	const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", longest, .org = longest, .status = "A\x1b[31m",
		    .country = "n1"),
		NET(KIND_RPSL, "RIPE", "5.0.1.0/24", "Z\xfcrich", .mail = "a@b@c.example"),
		NET(KIND_RPSL, "RIPE", "5.0.2.0/24",
		    " \xc2\x9b"
		    "1mA\tB\n",
		    .created_s = INT64_MAX, .changed_s = -5),
	};
	struct registry_network n;
	struct refusals refused;
	struct registry *r;

	for (size_t i = 0; i + 1 < sizeof(longest); i += 2)
		memcpy(longest + i, "\xc3\xa9", 2);
	longest[sizeof(longest) - 1] = '\0';
	r = make(said, NELEM(said), &refused);
	n = registry_network_at(r, at(r, "5.0.0.1"));
	assert_int_equal(span_len(n.name), 200);
	assert_true(span_utf8(n.name) && span_is(n.status, "A?[31m"));
	assert_string_equal(n.country, "");
	n = registry_network_at(r, at(r, "5.0.1.1"));
	assert_true(span_is(n.name, "Z?rich") && n.abuse == REGISTRY_NONE);
	n = registry_network_at(r, at(r, "5.0.2.1"));
	assert_true(span_is(n.name, "??1mA?B"));
	assert_int_equal(n.created, 0);
	assert_int_equal(n.changed, 0);
	r = registry_free(r);
}

/* --- against a search through all ----------------------------------------------------------------- */

#define WINDOW 512u
#define RANGES 48u
#define ROUNDS 60

static uint32_t below(uint32_t n)
{
	static uint64_t x = UINT64_C(0x853c49e6748fea9b);

	x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((x >> 33) % n);
}

struct drawn {
	uint32_t first, last;
	bool out;
};

static bool cross(const struct drawn *a, const struct drawn *b)
{
	return (a->first < b->first && b->first <= a->last && a->last < b->last) ||
	       (b->first < a->first && a->first <= b->last && b->last < a->last);
}

/* As the rule is told: the widest first, of equally wide ones the earlier; whoever crosses one that
 * stands is out, and so is who repeats a range. */
static void judge(struct drawn *v)
{
	for (uint32_t width = WINDOW; width-- > 0;)
		for (uint32_t i = 0; i < RANGES; i++)
			for (uint32_t k = 0; v[i].last - v[i].first == width && k < RANGES; k++) {
				uint32_t other = v[k].last - v[k].first;

				if (!v[k].out && (other > width || (other == width && k < i)))
					v[i].out |= cross(&v[i], &v[k]) ||
						    (k < i && v[i].first == v[k].first &&
							v[i].last == v[k].last);
			}
}

__extension__ typedef unsigned __int128 u128;

/* The first or last address of a place; those of IPv6 are 2^shift addresses wide. */
static struct addr place(bool six, uint32_t at, bool upper, unsigned shift)
{
	u128 a = ((u128)at << shift) + (upper ? ((u128)1 << shift) - 1 : 0);

	if (!six)
		return addr_of_v4((5u << 24) + at);
	return (struct addr){ (UINT64_C(0x2a00) << 48) + (uint64_t)(a >> 64), (uint64_t)a };
}

static uint32_t narrowest(const struct drawn *v, uint32_t first, uint32_t last, uint32_t but)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < RANGES; i++)
		if (i != but && !v[i].out && v[i].first <= first && last <= v[i].last &&
		    (best == UINT32_MAX || v[i].last - v[i].first < v[best].last - v[best].first))
			best = i;
	return best;
}

static uint32_t number(const struct registry *r, uint32_t index)
{
	uint32_t n = 0;

	if (index == REGISTRY_NONE)
		return UINT32_MAX;
	for (const char *p = registry_network_at(r, index).name.p;
	     p < registry_network_at(r, index).name.end; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	return n;
}

/* Who answers for an address, one by one. */
static struct registry_answer answer_of(const struct registry *r, struct addr a)
{
	struct registry_answer ret = { SPAN(""), SPAN("") };
	uint32_t at = registry_network(r, a), abuse = registry_network_abuse(r, at, NULL);

	if (abuse != REGISTRY_NONE)
		ret.mail = registry_contact_at(r, abuse).mail;
	for (; at != REGISTRY_NONE && span_empty(ret.holder);
	     at = registry_network_at(r, at).parent) {
		uint32_t holder = registry_network_at(r, at).holder;

		if (holder != REGISTRY_NONE)
			ret.holder = registry_holder_at(r, holder).name;
	}
	return ret;
}

/* Many at once find what one by one does, whatever their number, order and family. */
static void many_at_once(const struct registry *r, unsigned shift)
{
	enum { MANY = 3 * REGISTRY_AT_ONCE + 1 };
	struct addr a[MANY];
	uint32_t got[MANY + 1];
	struct registry_answer who[MANY];

	for (uint32_t n = 0; n <= MANY; n++) {
		got[n] = 12345;
		for (uint32_t i = 0; i < n; i++)
			a[i] = place(below(2), below(WINDOW), below(2), shift);
		registry_networks(r, a, n, got);
		assert_int_equal(got[n], 12345);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(got[i], registry_network(r, a[i]));
		registry_answers(r, a, n, who);
		for (uint32_t i = 0; i < n; i++) {
			struct registry_answer want = answer_of(r, a[i]);

			assert_true(span_eq(who[i].holder, want.holder));
			assert_true(span_eq(who[i].mail, want.mail));
		}
	}
}

static void test_random(void **state)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned shift = round * 13 % 97;
		struct drawn v[2][RANGES];
		struct refusals refused;
		struct registry_build *b = begin(&refused);
		struct registry *r;
		unsigned out = 0;

		for (uint32_t i = 0; i < 2 * RANGES; i++) {
			struct drawn *d = &v[i % 2][i / 2];
			struct fact_to to = build_facts(b, KIND_RPSL);
			struct fact f = { .kind = FACT_NETWORK, .source = SPAN("RIPE") };
			char name[16];

			*d = (struct drawn){ .first = below(WINDOW) };
			d->last = MIN_OF(d->first + below(1u << below(10)), WINDOW - 1);
			if (below(2)) { /* aligned: nests well */
				uint32_t size = 1u << below(9);

				d->first -= d->first % size;
				d->last = d->first + size - 1;
			}
			(void)snprintf(name, sizeof(name), "%u", i / 2);
			f.name = span_str(name);
			f.range = (struct range){ place(i % 2, d->first, false, shift),
				place(i % 2, d->last, true, shift) };
			assert_int_equal(to.take(to.ctx, &f), 0);
		}
		for (int six = 0; six < 2; six++)
			judge(v[six]);
		r = built(b, NULL);
		for (uint32_t i = 0; i < 2 * RANGES; i++)
			out += v[i % 2][i / 2].out;
		assert_int_equal(refused.n, out);
		assert_int_equal(registry_n_network(r), 2 * RANGES - out);
		for (uint32_t q = 0; q < 4 * WINDOW; q++) {
			bool six = q % 2, upper = q / 2 % 2;
			uint32_t i = registry_network(r, place(six, q / 4, upper, shift));
			uint32_t want = narrowest(v[six], q / 4, q / 4, UINT32_MAX);

			assert_int_equal(number(r, i), want);
			while (i != REGISTRY_NONE) {
				i = registry_network_at(r, i).parent;
				want =
				    narrowest(v[six], v[six][want].first, v[six][want].last, want);
				assert_int_equal(number(r, i), want);
			}
		}
		many_at_once(r, shift);
		r = registry_free(r);
	}
}

static void test_many_of_one_family(void **state)
{
	static const struct said six[] = { NET(KIND_RPSL, "RIPE", "2a00::/32", "six") };
	static const struct said four[] = { NET(KIND_RPSL, "RIPE", "5.0.0.0/25", "four") };
	struct refusals refused;
	struct registry *r = make(six, 1, &refused);

	many_at_once(r, 80);
	r = registry_free(r);
	r = make(four, 1, &refused);
	many_at_once(r, 80);
	r = registry_free(r);
}

/* --- how good a registry is ------------------------------------------------------------------------ */

/* Does the narrowest network around an address, or one around that, have a bit? */
static bool has(const struct registry *r, uint32_t i, enum verify_has what)
{
	for (; i != REGISTRY_NONE; i = registry_network_at(r, i).parent)
		for (uint32_t k = i; k != REGISTRY_NONE; k = registry_network_same(r, k)) {
			struct registry_network n = registry_network_at(r, k);
			bool holder = n.holder != REGISTRY_NONE;
			const bool bit[HAS_N] = { [HAS_NETWORK] = true,
				[HAS_HOLDER] = holder,
				[HAS_NAMED_HOLDER] =
				    holder && !span_empty(registry_holder_at(r, n.holder).name),
				[HAS_COUNTRY] = *n.country,
				[HAS_ABUSE] = n.abuse != REGISTRY_NONE };

			if (bit[what])
				return true;
		}
	return false;
}

/* Networks drawn over announced and other space, of both families, and told by the statistics as well. */
static struct registry *draw_for_verify(void)
{
	static const struct said org = { FACT_ORG, KIND_RPSL, "RIPE", "ORG-1", .name = "One" };
	static const char table[] = "5.0.0.0,5.0.0.99,64500,a\n5.0.0.101,5.0.1.7,64501,b\n"
				    "2a00:0:3::,2a00:0:7f:ffff:ffff:ffff:ffff:ffff,64502,c\n"
				    "2a00:0:100::,2a00:0:100:1::,64502,c\n";
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	char range[RANGE_TEXT_MAX];

	add_csv(b, table);
	assert_int_equal(said_take(b, org.from, &org), 0);
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t bits = below(7), first = below(WINDOW) >> bits << bits;
		bool six = below(2), stats = below(3) == 0;
		struct said s = NET(stats ? KIND_RIR_STATS : KIND_RPSL, "RIPE", range, "n");

		if (below(3) == 0)
			s.org = below(2) ? "ORG-1" : "ORG-2";
		s.mail = below(4) == 0 ? "a@example.net" : NULL;
		s.country = below(3) == 0 ? "NL" : NULL;
		(void)range_format((struct range){ place(six, first, false, 80),
				       place(six, first + (1u << bits) - 1, true, 80) },
		    range);
		assert_int_equal(said_take(b, s.from, &s), 0);
	}
	return built(b, NULL);
}

static void test_verify(void **state)
{
	for (int round = 0; round < 20; round++) {
		struct registry *r = draw_for_verify();
		struct verdict_space want[HAS_N] = { { 0, 0 } };
		struct registry_verdict got;

		many_at_once(r,
		    80); /* holders with and without a name, mailboxes of their own and of what is around */
		assert_int_equal(registry_verify(r, &got), 0);
		for (uint32_t q = 0; q < 2 * WINDOW; q++) {
			struct addr a = place(q % 2, q / 2, false, 80);
			struct attribution at;

			registry_lookup(r, a, &at);
			for (unsigned k = 0; k < HAS_N && at.as != REGISTRY_NONE; k++) {
				if (!has(r, registry_network(r, a), k))
					continue;
				if (q % 2)
					want[k].v6_blocks++;
				else
					want[k].v4_addresses++;
			}
		}
		assert_memory_equal(got.has, want, sizeof(want));
		assert_int_equal(got.announced.v4_addresses, 100 + 155 + 8);
		assert_int_equal(got.announced.v6_blocks, 0x7d + 1);
		assert_int_equal(got.records, registry_n_network(r));
		r = registry_free(r);
	}
}

/* What differs is counted where it is told, not where one says nothing. */
static void test_verify_differs(void **state)
{
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/24", "a", .country = "NL", .org = "A"),
		NET(KIND_RIR_STATS, "RIPE", "5.0.0.0/24", "a", .country = "DE", .opaque = "x"),
		NET(KIND_RPSL, "RIPE", "5.0.1.0/24", "b", .country = "NL", .org = "A"),
		NET(KIND_RPSL, "ARIN", "5.0.1.0/24", "b", .org = "B"),
		NET(KIND_RPSL, "RIPE", "5.0.2.0/24", "c"),
		{ FACT_ORG, KIND_RPSL, "RIPE", "A", .name = "Ay", .abuse = "LOST" },
		{ FACT_ORG, KIND_RPSL, "ARIN", "B", .name = "Bee" },
	};
	struct registry_verdict v;
	struct refusals refused;
	struct registry *r = make(said, NELEM(said), &refused);

	assert_int_equal(registry_verify(r, &v), 0);
	assert_int_equal(v.records, 5);
	assert_int_equal(v.ranges, 3);
	assert_int_equal(v.several, 2);
	assert_int_equal(v.countries_differ, 1);
	assert_int_equal(v.holders_differ, 1);
	assert_int_equal(v.orphans[ORPHAN_HOLDER_ABUSE], 1);
	assert_int_equal(v.has[HAS_NETWORK].v4_addresses, 0);
	r = registry_free(r);
}

/* What part_of says of every block, found by looking at all networks. */
static uint32_t naive_part(const struct registry *r, struct addr a, struct range prefix)
{
	uint32_t best = REGISTRY_NONE;

	for (uint32_t i = 0; i < registry_n_network(r); i++) {
		struct range n = registry_network_at(r, i).range;
		bool whole =
		    addr_cmp(n.first, prefix.first) == 0 && addr_cmp(n.last, prefix.last) == 0;

		if (!addr_is_v4(n.first) || !range_has(n, a) || !range_has(prefix, n.first) ||
		    !range_has(prefix, n.last) || whole || addr_v4(n.first) % 256 ||
		    addr_v4(n.last) % 256 != 255 || range_units(n) > 4096)
			continue;
		if (best == REGISTRY_NONE ||
		    range_units(n) < range_units(registry_network_at(r, best).range))
			best = i;
	}
	return best;
}

/* Whose part of a prefix: stretch by stretch as block by block. */
static void test_delegation(void **state)
{
	static const char csv[] = "5.0.0.0,5.3.255.255,64496,Wide\n5.4.0.0,5.4.19.77,64497,Odd\n"
				  "2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Six\n";
	static const struct said said[] = {
		NET(KIND_RPSL, "RIPE", "5.0.0.0/8", "around"),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/14", "whole"),
		NET(KIND_RPSL, "RIPE", "5.0.0.0/15", "too wide"),
		NET(KIND_RPSL, "RIPE", "5.1.0.0/20", "twenty"),
		NET(KIND_RPSL, "RIPE", "5.1.4.0/22", "part"),
		NET(KIND_RPSL, "RIPE", "5.1.5.0/24", "block"),
		NET(KIND_RPSL, "RIPE", "5.1.5.8/29", "few"),
		NET(KIND_RPSL, "RIPE", "5.1.6.0-5.1.7.99", "odd"),
		NET(KIND_RPSL, "RIPE", "5.2.250.0-5.3.3.255", "across"),
		NET(KIND_RPSL, "RIPE", "5.3.255.0/24", "last"),
		NET(KIND_RPSL, "RIPE", "5.4.16.0-5.4.19.255", "beyond"),
		NET(KIND_RPSL, "RIPE", "5.4.19.0/26", "in half a block"),
		NET(KIND_RPSL, "RIPE", "2a00:1:8000::/44", "some"),
		NET(KIND_RPSL, "RIPE", "2a00:1:8000::/64", "lan"),
	};
	static const char *const prefixes[] = { "5.0.0.0-5.3.255.255", "5.4.0.0-5.4.19.77" };
	struct refusals refused;
	struct registry_build *b = begin(&refused);
	struct registry *r;
	struct addr last;
	uint32_t some;

	for (size_t i = 0; i < NELEM(said); i++)
		(void)said_take(b, said[i].from, &said[i]);
	add_csv(b, csv);
	r = built(b, NULL);
	for (size_t k = 0; k < NELEM(prefixes); k++) {
		struct range p;
		struct addr a;

		assert_int_equal(range_parse(span_str(prefixes[k]), &p), 0);
		for (a = p.first;; a = addr_next(last)) {
			uint32_t got = registry_delegation(r, a, &last);

			assert_true(addr_cmp(last, a) >= 0 && addr_cmp(last, p.last) <= 0);
			for (uint32_t v4 = addr_v4(a); v4 <= addr_v4(last); v4 += 256)
				assert_int_equal(naive_part(r, addr_of_v4(v4), p), got - 1);
			if (addr_eq(last, p.last))
				break;
			assert_int_equal(addr_v4(last) % 256, 255);
			assert_true(registry_delegation(r, addr_next(last), &a) != got);
		}
	}
	some = registry_network(r, (struct addr){ UINT64_C(0x2a000001800f0000), 0 });
	assert_int_equal(
	    registry_delegation(r, (struct addr){ UINT64_C(0x2a00000180000000), 5 }, &last),
	    some + 1);
	assert_true(last.hi == UINT64_C(0x2a000001800fffff) && last.lo == UINT64_MAX);
	assert_int_equal(
	    registry_delegation(r, (struct addr){ UINT64_C(0x2a00000100000000), 0 }, &last), 0);
	assert_true(last.hi == UINT64_C(0x2a0000017fffffff));
	assert_int_equal(registry_delegation(r, addr_of_v4(0x09090909), &last), 0);
	(void)registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_abuse),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_countries),
		cmocka_unit_test(test_ases),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_delegation),
		cmocka_unit_test(test_many_of_one_family),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_verify_differs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
