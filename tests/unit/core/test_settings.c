/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings as names and values, and as the file of a publication: doc/contracts/settings.md. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/settings.h"
#include "util/file.h"

static void take(struct settings *s, const char *name, const char *value, int want)
{
	struct err e = { "" };
	int r = settings_take(s, span_str(name), span_str(value), &e);

	if (r != want)
		fail_msg("%s: %d, not %d; %s", name, r, want, e.text);
	assert_int_equal(e.text[0] != '\0', want < 0);
}

static void golden(struct settings *s)
{
	settings_init(s);
	s->rev = 17;
	take(s, "own/20.0.0.0/16", "", 1);
	take(s, "own/2a02:1::/32", "", 1);
	take(s, "allow/20.1.7.0/24", "", 1);
	take(s, "allow/45.0.0.1/32", "1790000000", 1);
	take(s, "level/block.hosts", "5", 1);
	take(s, "level/addr.p7", "0.4", 1);
}

static void test_golden(void **state)
{
	char path[512];
	struct settings s, back;
	struct buf want, got;
	struct err e = { "" };

	golden(&s);
	buf_init(&want, 1 << 16);
	buf_init(&got, 1 << 16);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/settings", getenv("ONUS_SOURCE"));
	assert_int_equal(file_read(path, &want, &e), 0);
	settings_format(&s, &got);
	assert_string_equal(got.p, want.p);
	assert_int_equal(settings_parse(buf_text(&want), &back, &e), 0);
	buf_reset(&got);
	settings_format(&back, &got);
	assert_string_equal(got.p, want.p);
	assert_int_equal(back.rev, 17);
	settings_done(&s);
	settings_done(&back);
	settings_done(&back);
	buf_done(&want);
	buf_done(&got);
}

static void test_take(void **state)
{
	static const struct {
		const char *name, *value;
		int want;
	} cases[] = {
		{ "own/20.0.0.0/8", "", 1 },
		{ "own/20.0.0.1/8", "", -EBADMSG },
		{ "own/20.0.0.0/8", "1", -EBADMSG },
		{ "own/", "", -EBADMSG },
		{ "allow/20.0.0.0/8", "0", -EBADMSG },
		{ "allow/20.0.0.0/8", "-1", -EBADMSG },
		{ "allow/20.0.0.0/8", "253402300799", 1 },
		{ "allow/20.0.0.0/8", "253402300800", -EBADMSG },
		{ "allow/2a02::/19", "", 1 },
		{ "level/block.hosts", "2", 1 },
		{ "level/block.hosts", "1", -EBADMSG },
		{ "level/block.hosts", "256", 1 },
		{ "level/block.hosts", "257", -EBADMSG },
		{ "level/block.hosts", "4.5", -EBADMSG },
		{ "level/block.hosts", "", -EBADMSG },
		{ "level/addr.p7", "0.1999", -EBADMSG },
		{ "level/addr.p7", "0.95", 1 },
		{ "level/addr.p7", "0.3333333", -EBADMSG },
		{ "level/addr.p7", "nan", -EBADMSG },
		{ "level/budget", "1048576", 1 },
		{ "level/budget", "1048577", -EBADMSG },
		{ "level/of-tomorrow", "x", 1 },
		{ "source/drop", "trust=0.5", 0 },
		{ "allow", "", 0 },
	};
	struct settings s;

	settings_init(&s);
	for (size_t i = 0; i < NELEM(cases); i++)
		take(&s, cases[i].name, cases[i].value, cases[i].want);
	assert_int_equal(s.own.n, 1);
	assert_int_equal(s.allow.n, 2);
	assert_true(s.levels.v[THRESHOLD_BUDGET] >= 1048576);
	settings_done(&s);
}

#define H "#onus-settings 1\n"
static void test_bad_files(void **state)
{
	static const struct {
		const char *label, *text, *say;
	} cases[] = {
		{ "empty", "", "does not begin with" },
		{ "another version", "#onus-settings 2\nend\t0\n", "does not begin with" },
		{ "no end", H "rev\t1\n", "was cut" },
		{ "cut within a line", H "rev\t1\nown\t20.0.0", "line 3: \"20.0.0\" is no prefix" },
		{ "count too low", H "rev\t1\nown\t20.0.0.0/8\nend\t1\n", "line 4: 2 lines" },
		{ "count too high", H "end\t1\n", "line 2: 0 lines" },
		{ "no count", H "end\t\n", "line 2: 0 lines" },
		{ "after the end", H "end\t0\nown\t20.0.0.0/8\n", "something follows" },
		{ "a word after own", H "own\t20.0.0.0/8\tx\nend\t1\n",
		    "something follows an own" },
		{ "a revision below 0", H "rev\t-1\nend\t1\n", "rev is no number" },
		{ "beyond the bounds", H "level\tblock.hosts\t1\nend\t1\n", "2 to 256" },
		{ "host bits", H "allow\t20.0.0.1/8\nend\t1\n", "is no prefix" },
	};
	struct settings s = { .rev = -7 };

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct err e = { "" };
		int r = settings_parse(span_str(cases[i].text), &s, &e);

		if (r != -EBADMSG || !strstr(e.text, cases[i].say))
			fail_msg("%s: %d %s", cases[i].label, r, e.text);
	}
	assert_int_equal(s.rev, -7); /* untouched */
	assert_int_equal(settings_parse(SPAN(H "# a comment\n\nof-tomorrow\tx\nend\t1\n"), &s,
			     &(struct err){ "" }),
	    0);
	settings_done(&s);
}

static void test_too_many(void **state)
{
	struct settings s;
	struct err e = { "" };

	settings_init(&s);
	for (unsigned i = 0; i < SETTINGS_NETS_MAX; i++)
		take(&s, "own/20.0.0.0/8", "", 1);
	take(&s, "own/20.0.0.0/8", "", -E2BIG);
	settings_done(&s);
	assert_int_equal(settings_parse(span_of("", SETTINGS_BYTES_MAX + 1u), &s, &e), -E2BIG);
}

static bool has(const struct addrset *set, const char *a)
{
	struct addr x;

	assert_int_equal(addr_parse(span_str(a), &x), 0);
	return addrset_has(set, x);
}

static void test_never(void **state)
{
	struct addrset conf, set;
	struct err e = { "" };
	struct settings s;

	golden(&s);
	assert_int_equal(addrset_parse(SPAN("30.0.0.0/24"), &conf, &e), 0);
	assert_int_equal(settings_never(&s, &conf, 1789999999, &set), 0);
	assert_true(has(&set, "20.0.9.9") && has(&set, "30.0.0.1") && has(&set, "20.1.7.1"));
	assert_true(has(&set, "45.0.0.1") && has(&set, "2a02:1::1") && !has(&set, "45.0.0.2"));
	addrset_done(&set);
	assert_int_equal(settings_never(&s, NULL, 1790000000, &set), 0);
	assert_true(!has(&set, "45.0.0.1")); /* it ended at that instant */
	assert_true(!has(&set, "30.0.0.1") && has(&set, "20.1.7.1"));
	addrset_done(&set);
	assert_int_equal(settings_own(&s, &conf, &set), 0);
	assert_true(has(&set, "20.0.9.9") && has(&set, "30.0.0.1"));
	assert_true(!has(&set, "20.1.7.1") && !has(&set, "45.0.0.1"));
	addrset_done(&set);
	addrset_done(&conf);
	settings_done(&s);
}

static void test_typed(void **state)
{
	static const struct {
		const char *text, *want; /* the prefix, or what is said */
		int r;
	} cases[] = {
		{ "20.0.0.0/8", "20.0.0.0/8", 0 },
		{ "20.0.0.0/7", "wider than the bound: IPv4 /8", -EINVAL },
		{ "0.0.0.0/0", "wider than the bound", -EINVAL },
		{ "::/0", "wider than the bound", -EINVAL },
		{ "::/95", "is or holds", -EINVAL },
		{ "20.0.0.7", "20.0.0.7/32", 0 },
		{ "20.0.0.7/24", "has bits set", -EINVAL },
		{ "2a02::/19", "2a02::/19", 0 },
		{ "2a02::/18", "IPv6 /19 is the widest", -EINVAL },
		{ "2a02::1", "2a02::1/128", 0 },
		{ "10.0.0.0/8", "private", -EINVAL },
		{ "192.0.2.0/24", "documentation", -EINVAL },
		{ "127.0.0.1", "loopback", -EINVAL },
		{ "", "no address", -EINVAL },
		{ "everybody", "no address", -EINVAL },
		{ "20.0.0.0/8 ", "no address", -EINVAL },
		{ "20.0.0.0-20.0.0.255", "no address", -EINVAL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		char text[PREFIX_TEXT_MAX];
		struct err e = { "" };
		struct prefix p;
		int r = settings_net_parse(span_str(cases[i].text), &p, &e);

		if (r != cases[i].r)
			fail_msg("%s: %d %s", cases[i].text, r, e.text);
		if (r == 0)
			(void)prefix_format(p, text);
		if (!strstr(r == 0 ? text : e.text, cases[i].want))
			fail_msg("%s: %s", cases[i].text, r == 0 ? text : e.text);
	}
}

static void test_sources(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "trust=0.5", "trust=0.5" },
		{ "redistribute=no trust=1", "trust=1 redistribute=no" },
		{ "trust=default", "redistribute=no" },
		{ "group=Spamhaus_1.x", "group=Spamhaus_1.x redistribute=no" },
		{ "trust=1.1", NULL },
		{ "trust=0.1234567", NULL },
		{ "trust=0.5 group=a b", NULL },
		{ "group=", NULL },
		{ "anchor=yes", NULL },
		{ "redistribute=perhaps", NULL },
		{ "trust", NULL },
		{ "redistribute=default group=default", "" },
	};
	struct settings_source s = { .trust = 0 };
	char was[SETTINGS_SOURCE_TEXT_MAX] = "", got[SETTINGS_SOURCE_TEXT_MAX];

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct err e = { "" };
		int r = settings_source_parse(span_str(cases[i].text), &s, &e);

		assert_int_equal(r, cases[i].want ? 0 : -EINVAL);
		assert_int_equal(e.text[0] != '\0', r < 0);
		settings_source_format(&s, got);
		assert_string_equal(got, cases[i].want ? cases[i].want : was);
		(void)snprintf(was, sizeof(was), "%s", got);
	}
}

/* They are kept as they stand, whatever that is: who judges them says what they are. More than are looked at are counted. */
static void test_warrants(void **state)
{
	char name[64];
	struct settings s;

	settings_init(&s);
	for (unsigned i = 0; i < SETTINGS_WARRANTS + 3; i++) {
		(void)snprintf(name, sizeof(name), "warrant/as:%u", i + 1);
		take(&s, name, "anything", 1);
	}
	assert_int_equal(s.warrants.n, SETTINGS_WARRANTS);
	assert_int_equal(s.warrants.beyond, 3);
	assert_string_equal(s.warrants.v[1].entity, "as:2");
	assert_string_equal(s.warrants.v[1].text, "anything");
	settings_done(&s);
	assert_int_equal(s.warrants.n, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_warrants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
