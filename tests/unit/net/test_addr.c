/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "net/addr.h"

static struct addr addr_must(const char *text)
{
	struct addr a = { 0, 0 };

	if (addr_parse(span_str(text), &a) < 0)
		fail_msg("no address: %s", text);
	return a;
}

static void parse_accepts(void **state)
{
	static const struct {
		const char *label, *in, *out;
	} cases[] = {
		{ "quad", "192.0.2.1", "192.0.2.1" },
		{ "lowest", "0.0.0.0", "0.0.0.0" },
		{ "highest", "255.255.255.255", "255.255.255.255" },
		{ "any", "::", "::" },
		{ "one", "::1", "::1" },
		{ "gap at the end", "2001:db8::", "2001:db8::" },
		{ "gap of one group", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "gap of one group at the start", "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "longest run is cut", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "first of equal runs is cut", "2001:0:0:1:1:0:0:1", "2001::1:1:0:0:1" },
		{ "capitals and leading zeros", "2001:0DB8::00Ab", "2001:db8::ab" },
		{ "mapped quad is IPv4", "::ffff:192.0.2.1", "192.0.2.1" },
		{ "mapped hex is IPv4", "::ffff:c000:201", "192.0.2.1" },
		{ "quad in the last 32 bits", "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "quad after six groups", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "compatible stays IPv6", "::1.2.3.4", "::102:304" },
		{ "highest of 128 bits", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "longest text", "0000:0000:0000:0000:0000:ffff:255.255.255.255",
		    "255.255.255.255" },
	};
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct addr a;

		if (addr_parse(span_str(cases[i].in), &a) < 0)
			fail_msg("%s: refused %s", cases[i].label, cases[i].in);
		assert_int_equal(addr_format(a, text), strlen(cases[i].out));
		assert_string_equal(text, cases[i].out);
	}
}

static void parse_refuses(void **state)
{
	static const char *const cases[] = {
		"",
		".",
		":",
		"1",
		"1.2",
		"1.2.3",
		"1.2.3.",
		"1.2.3.4.",
		".1.2.3.4",
		"1.2.3.4.5",
		"256.1.1.1",
		"1.1.1.256",
		"01.2.3.4",
		"1.2.3.04",
		"00.0.0.0",
		"1..2.3",
		"1.2.3.1000",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3.4/24",
		"0x1.2.3.4",
		"1,2,3,4",
		"1.2.3.a",
		"-1.2.3.4",
		":::",
		"1:::2",
		"::1::",
		"1::2::3",
		":1",
		"1:",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"::1:2:3:4:5:6:7:8",
		"1:2:3:4::5:6:7:8",
		"12345::",
		"g::",
		"::1%eth0",
		"[::1]",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3",
		"::1.2.3.256",
		"::1.2.3.4:5",
		"1.2.3.4::",
		"1::2:",
		"2001:db8::/32",
		"::ffff:01.2.3.4",
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct addr a = { 7, 7 };

		if (addr_parse(span_str(cases[i]), &a) != -EINVAL)
			fail_msg("accepted '%s'", cases[i]);
		assert_true(a.hi == 7 && a.lo == 7);
	}
}

static uint64_t rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* The libc's inet_pton and inet_ntop are the oracle; they differ from us by intention in nothing
 * but the text of v4-compatible and v4-mapped addresses. */
static void parse_agrees_with_libc(void **state)
{
	static const char alphabet[] = "0123456789abcdefA::::::....f10";
	uint64_t seed = 88172645463325252u;
	char text[64];
	unsigned accepted = 0;

	for (int i = 0; i < 400000; i++) {
		uint64_t r = rnd(&seed);
		size_t n = 0;
		uint8_t want[16] = { [10] = 0xff, [11] = 0xff }, got[16];
		struct addr a;
		int ok;

		if (r & 1) { /* a good one with one byte changed */
			addr_format((struct addr){ rnd(&seed) & rnd(&seed) & rnd(&seed),
					rnd(&seed) & rnd(&seed) & rnd(&seed) & rnd(&seed) },
			    text);
			if (r & 2)
				addr_format(addr_of_v4((uint32_t)rnd(&seed)), text);
			n = strlen(text);
			if (r & 12)
				text[rnd(&seed) % n] =
				    alphabet[rnd(&seed) % (sizeof(alphabet) - 1)];
		} else {
			for (n = 0; n < (r >> 8) % 24; n++)
				text[n] = alphabet[rnd(&seed) % (sizeof(alphabet) - 1)];
			text[n] = '\0';
		}
		ok = inet_pton(AF_INET6, text, want) == 1 ||
		     inet_pton(AF_INET, text, want + 12) == 1;
		if ((addr_parse(span_of(text, n), &a) == 0) != ok)
			fail_msg("we and inet_pton differ about '%s'", text);
		if (!ok)
			continue;
		accepted++;
		addr_to_bytes(a, got);
		if (memcmp(got, want, 16) != 0)
			fail_msg("we and inet_pton differ in the value of '%s'", text);
		assert_true(addr_eq(addr_of_bytes(got), a));
		if (!addr_is_v4(a) && a.hi != 0) {
			char ours[ADDR_TEXT_MAX], theirs[ADDR_TEXT_MAX];

			addr_format(a, ours);
			assert_non_null(inet_ntop(AF_INET6, want, theirs, sizeof(theirs)));
			assert_string_equal(ours, theirs);
		}
	}
	assert_true(accepted > 50000);
}

static void prefixes(void **state)
{
	static const struct {
		const char *in;
		bool strict;
		int want;
		const char *out;
	} cases[] = {
		{ "192.0.2.0/24", true, 0, "192.0.2.0/24" },
		{ "192.0.2.1/24", true, -EDOM, NULL },
		{ "192.0.2.1/24", false, 0, "192.0.2.0/24" },
		{ "192.0.2.1", true, 0, "192.0.2.1/32" },
		{ "0.0.0.0/0", true, 0, "0.0.0.0/0" },
		{ "255.255.255.255/0", false, 0, "0.0.0.0/0" },
		{ "::/0", true, 0, "::/0" },
		{ "2001:db8::/32", true, 0, "2001:db8::/32" },
		{ "2001:db8::1", true, 0, "2001:db8::1/128" },
		{ "::ffff:192.0.2.0/120", true, 0, "192.0.2.0/24" },
		{ "192.0.2.0/33", true, -EINVAL, NULL },
		{ "192.0.2.0/024", true, -EINVAL, NULL },
		{ "192.0.2.0/", true, -EINVAL, NULL },
		{ "192.0.2.0/-1", true, -EINVAL, NULL },
		{ "2001:db8::/129", true, -EINVAL, NULL },
		{ "2001:db8::/32/32", true, -EINVAL, NULL },
		{ "/24", true, -EINVAL, NULL },
		{ "", true, -EINVAL, NULL },
	};
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct prefix p;
		int r = prefix_parse(span_str(cases[i].in), cases[i].strict, &p);

		if (r != cases[i].want)
			fail_msg("'%s': %d", cases[i].in, r);
		if (r == 0) {
			assert_int_equal(prefix_format(p, text), strlen(cases[i].out));
			assert_string_equal(text, cases[i].out);
		}
	}
}

static void prefix_bounds(void **state)
{
	struct prefix p;

	assert_int_equal(prefix_parse(SPAN("10.0.0.0/8"), true, &p), 0);
	assert_true(prefix_has(p, addr_must("10.255.255.255")));
	assert_false(prefix_has(p, addr_must("11.0.0.0")));
	assert_false(prefix_has(p, addr_must("::10.0.0.1")));
	assert_true(addr_eq(prefix_range(p).last, addr_must("10.255.255.255")));
	assert_true(addr_eq(addr_block(addr_must("192.0.2.77")).addr, addr_must("192.0.2.0")));
	assert_int_equal(addr_block(addr_must("2001:db8:1:2::3")).len, 48);
	assert_true(addr_eq(addr_host(addr_must("2001:db8:1:2::3")), addr_must("2001:db8:1:2::")));
	assert_true(addr_eq(addr_next(addr_must("::ffff:ffff:ffff:ffff")), addr_must("0:0:0:1::")));
	assert_true(addr_eq(
	    addr_prev(addr_must("::")), addr_must("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
}

static void ranges(void **state)
{
	static const struct {
		const char *in;
		int want;
		const char *out;
		unsigned prefixes;
		uint64_t units;
	} cases[] = {
		{ "192.0.2.0-192.0.2.255", 0, "192.0.2.0/24", 1, 256 },
		{ "192.0.2.0 - 192.0.2.255", 0, "192.0.2.0/24", 1, 256 },
		{ "192.0.2.7", 0, "192.0.2.7", 1, 1 },
		{ "1.0.128.0-1.0.196.255", 0, "1.0.128.0-1.0.196.255", 3, 17664 },
		{ "0.0.0.1-255.255.255.254", 0, "0.0.0.1-255.255.255.254", 62, 0xfffffffe },
		{ "0.0.0.0/0", 0, "0.0.0.0/0", 1, 0x100000000 },
		{ "::/0", 0, "::/0", 1, UINT64_C(1) << 48 },
		{ "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 0,
		    "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 254, UINT64_C(1) << 48 },
		{ "2001:db8::/47", 0, "2001:db8::/47", 1, 2 },
		{ "2001:db8::/64", 0, "2001:db8::/64", 1, 1 },
		{ "192.0.2.9-192.0.2.1", -EDOM, NULL, 0, 0 },
		{ "192.0.2.9-2001:db8::", -EDOM, NULL, 0, 0 },
		{ "192.0.2.9-", -EINVAL, NULL, 0, 0 },
		{ "-192.0.2.9", -EINVAL, NULL, 0, 0 },
		{ "", -EINVAL, NULL, 0, 0 },
	};
	char text[RANGE_TEXT_MAX];

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct range r, left;
		struct prefix p;
		unsigned n = 1;
		int got = range_parse(span_str(cases[i].in), &r);

		if (got != cases[i].want)
			fail_msg("'%s': %d", cases[i].in, got);
		if (got < 0)
			continue;
		assert_int_equal(range_format(r, text), strlen(cases[i].out));
		assert_string_equal(text, cases[i].out);
		assert_true(range_units(r) == cases[i].units);
		left = r;
		for (; range_take_prefix(&left, &p); n++)
			assert_true(addr_cmp(prefix_range(p).last, r.last) < 0);
		assert_true(addr_eq(prefix_range(p).last, r.last));
		if (n != cases[i].prefixes)
			fail_msg("'%s': %u prefixes", cases[i].in, n);
		assert_true(range_prefix(r, &p) == (n == 1));
	}
}

static void special_space(void **state)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "0.1.2.3", "this network" },
		{ "1.0.0.0", NULL },
		{ "9.255.255.255", NULL },
		{ "10.0.0.0", "private" },
		{ "100.63.255.255", NULL },
		{ "100.64.0.0", "shared" },
		{ "100.128.0.0", NULL },
		{ "127.0.0.1", "loopback" },
		{ "169.254.1.1", "link-local" },
		{ "172.15.255.255", NULL },
		{ "172.31.255.255", "private" },
		{ "192.0.2.1", "documentation" },
		{ "192.0.1.0", NULL },
		{ "192.168.0.1", "private" },
		{ "198.19.255.255", "benchmarking" },
		{ "203.0.113.9", "documentation" },
		{ "223.255.255.255", NULL },
		{ "224.0.0.1", "multicast" },
		{ "255.255.255.254", "reserved" },
		{ "255.255.255.255", "broadcast" },
		{ "::", "unspecified" },
		{ "::1", "loopback" },
		{ "::1.2.3.4", "reserved" },
		{ "64:ff9b::1", "translation" },
		{ "1fff::1", "reserved" },
		{ "2001::1", "teredo" },
		{ "2001:4:112::1", NULL },
		{ "2001:200::", NULL },
		{ "2001:1ff:ffff::", "protocol assignment" },
		{ "2001:db8::1", "documentation" },
		{ "2001:db9::1", NULL },
		{ "2002::1", "6to4" },
		{ "2a00::1", NULL },
		{ "3fff::1", "documentation" },
		{ "4000::1", "reserved" },
		{ "fd00::1", "private" },
		{ "fe80::1", "link-local" },
		{ "ff02::1", "multicast" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		const char *why = addr_special(addr_must(cases[i].in));

		if (!why != !cases[i].why || (why && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: %s", cases[i].in, why ? why : "global");
	}
}

static void special_ranges(void **state)
{
	static const struct {
		const char *in;
		bool special;
	} cases[] = {
		{ "9.0.0.0/8", false },
		{ "8.0.0.0/6", true },
		{ "9.0.0.0-10.0.0.0", true },
		{ "2000::/16", false },
		{ "3fff:1000::-4000::", true },
		{ "2001:4:112::/48", false },
		{ "::/0", true },
		{ "0.0.0.0/0", true },
		{ "2001:3::/32", false },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct range r;

		assert_int_equal(range_parse(span_str(cases[i].in), &r), 0);
		if ((range_special(r) != NULL) != cases[i].special)
			fail_msg("%s", cases[i].in);
	}
}

static void global_stretches(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "1.0.0.0/8", "1.0.0.0/8 " },
		{ "10.1.0.0/16", "" },
		{ "9.0.0.0-11.0.0.0", "9.0.0.0/8 11.0.0.0 " },
		{ "192.0.0.0-192.0.3.255", "192.0.1.0/24 192.0.3.0/24 " },
		{ "223.0.0.0-255.255.255.255", "223.0.0.0/8 " },
		{ "0.0.0.0-1.0.0.0", "1.0.0.0 " },
		{ "2001:4:111::-2001:4:113::", "2001:4:112::/48 " },
		{ "3fff:ffff::-4000::1", "3fff:ffff::/32 " },
		{ "fc00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "" },
		{ "1000::-2000::", "2000:: " },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		char got[4 * RANGE_TEXT_MAX] = "", text[RANGE_TEXT_MAX];
		struct range r, part;

		assert_int_equal(range_parse(span_str(cases[i].in), &r), 0);
		while (range_take_global(&r, &part)) {
			range_format(part, text);
			strncat(got, text, sizeof(got) - strlen(got) - 2);
			strncat(got, " ", 2);
			assert_null(range_special(part));
		}
		assert_string_equal(got, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_accepts),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(parse_agrees_with_libc),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(prefix_bounds),
		cmocka_unit_test(ranges),
		cmocka_unit_test(special_space),
		cmocka_unit_test(special_ranges),
		cmocka_unit_test(global_stretches),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
