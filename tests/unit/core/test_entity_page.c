/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the pages of entities are: every kind, what must be escaped, the longest name, and what does not fit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/entity_page.h"

static const struct {
	const char *name, *path;
} paths[] = {
	{ "addr:192.0.2.1", "/addr/192.0.2.1" },
	{ "addr:2001:db8::/64", "/addr/2001:db8::/64" },
	{ "block:192.0.2.0/24", "/block/192.0.2.0/24" },
	{ "net:RIPE/2001:db8::-2001:db8::ff", "/net/RIPE/2001:db8::-2001:db8::ff" },
	{ "prefix:1.0.128.0-1.0.196.255", "/prefix/1.0.128.0-1.0.196.255" },
	{ "as:64500", "/as/64500" },
	{ "org:RIPE/ORG_X.1~", "/org/RIPE/ORG_X.1~" },
	{ "org:X/m\xc3\xbc", "/org/X/m%C3%BC" },
	{ "org:X/a b%?#\"<\x7f", "/org/X/a%20b%25%3F%23%22%3C%7F" },
	{ "country:NL", "/country/NL" },
};

static void test_path(void **state)
{
	char path[ENTITY_PATH_MAX];

	for (size_t i = 0; i < NELEM(paths); i++) {
		size_t n = entity_path(paths[i].name, path);

		assert_string_equal(path, paths[i].path);
		assert_int_equal(n, strlen(path));
	}
}

/* Longer than any name, all of it to be escaped: cut, but never within an escape. */
static void test_longest(void **state)
{
	char name[ENTITY_NAME_MAX + 40], path[ENTITY_PATH_MAX];
	size_t n;

	memset(name, '\xc3', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	n = entity_path(name, path);
	assert_int_equal(n, strlen(path));
	name[ENTITY_NAME_MAX - 1] = '\0';
	n = entity_path(name, path);
	assert_int_equal(n, 1 + 3 * (ENTITY_NAME_MAX - 1));
	assert_int_equal(n, strlen(path));
	assert_string_equal(path + n - 3, "%C3");
}

static const struct {
	const char *site, *name, *url;
} urls[] = {
	{ "https://s.example", "as:64500", "https://s.example/as/64500" },
	{ "https://s.example/", "as:64500", "https://s.example/as/64500" },
	{ "https://s.example/rep", "org:X/m\xc3\xbc", "https://s.example/rep/org/X/m%C3%BC" },
	{ "", "as:64500", "" },
	{ "/", "as:64500", "" },
};

static void test_url(void **state)
{
	for (size_t i = 0; i < NELEM(urls); i++) {
		size_t want = strlen(urls[i].url);
		struct entity en;
		struct err e;
		char url[100];

		assert_int_equal(entity_parse(span_str(urls[i].name), &en, &e), 0);
		assert_int_equal(entity_url(urls[i].site, &en, url, sizeof(url)), want);
		assert_memory_equal(url, urls[i].url, want);
		if (want == 0)
			continue;
		assert_int_equal(entity_url(urls[i].site, &en, url, want), want);
		assert_int_equal(entity_url(urls[i].site, &en, url, want - 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
