/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entity names against doc/contracts/entity-names.md, and the configuration file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/conf.h"
#include "core/entity.h"
#include "util/file.h"

static void test_golden(void **state)
{
	char path[512], name[ENTITY_NAME_MAX];
	struct span rest, line;
	struct entity en;
	unsigned n = 0;
	struct err e;
	struct buf b;

	(void)snprintf(
	    path, sizeof(path), "%s/tests/golden/entity-names.txt", getenv("ONUS_SOURCE"));
	buf_init(&b, 65536);
	assert_int_equal(file_read(path, &b, &e), 0);
	rest = buf_text(&b);
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		if (entity_parse(line, &en, &e) < 0)
			fail_msg("%s", e.text);
		(void)entity_format(&en, name);
		assert_true(span_is(line, name));
		n++;
	}
	assert_int_equal(n, 13);
	buf_done(&b);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "", "192.0.2.1", "addr:", "addr:192.0.2.0/24",
		"block:192.0.2.0/25", "block:192.0.2.1/24x", "as:", "as:0", "as:4294967296",
		"as:-1", "org:NAME", "org:/x", "org:A/", "org:A/b/c", "org:A/b c", "org:A/<b>",
		"country:nl", "country:NLD", "prefix:1.0.0.9-1.0.0.1", "prefix:1.0.0.1-::1",
		"host:1.2.3.4" };
	struct entity en;
	struct err e;

	for (size_t i = 0; i < NELEM(bad); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(entity_parse(span_str(bad[i]), &en, &e), -EINVAL);
	}
}

static void test_slug(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "Amazon.com, Inc.", "amazon-com-inc" },
		{ "  JSC \"ER-Telecom Holding\"", "jsc-er-telecom-holding" },
		{ "Telef\xc3\xb3nica", "telef\xc3\xb3nica" },
		{ "---", "" },
		{ "", "" },
		{ "A\xff"
		  "B",
		    "a-b" },
	};
	char slug[ENTITY_HANDLE_MAX], longest[400];

	for (size_t i = 0; i < NELEM(cases); i++) {
		assert_int_equal(entity_slug(span_str(cases[i].in), slug), strlen(cases[i].want));
		assert_string_equal(slug, cases[i].want);
	}
	memset(longest, 'x', sizeof(longest));
	assert_true(entity_slug(span_of(longest, sizeof(longest)), slug) < ENTITY_HANDLE_MAX);
}

static void test_conf(void **state)
{
	static const char text[] = "# a comment\nsite_name = example \n\n[source ssh]\ntype=log\n"
				   "path = /var/log/auth.log*\nanchor = no\ntrust = 0.25\n";
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "nonsense = 1\n", "unknown parameter" },
		{ "score_interval_s = 0\n", "wants 1 to" },
		{ "web_public = maybe\n", "wants yes|no" },
		{ "\nno equals sign\n", ":2: expected name = value" },
		{ "[sauce x]\n", "expected [source NAME]" },
		{ "[source ../x]\n", "a source's name" },
		{ "[source x]\nsite_name = y\n", "unknown parameter of a source" },
		{ "[rule x]\npath = y\n", "unknown parameter of a rule" },
		{ "[rule ../x]\n", "a rule's name" },
		{ "own_networks = 192.0.2.1/24\n", "is no address, prefix" },
		{ "[source x]\ntype = log\n", "give it a path" },
	};
	char path[] = "/tmp/onus-test-conf-XXXXXX";
	struct conf *c;
	struct err e;

	assert_return_code(close(mkstemp(path)), errno);
	assert_int_equal(file_write(path, span_str(text), &e), 0);
	c = conf_open(path, (const char *[]){ "web_public=yes" }, 1, &e);
	assert_non_null(c);
	assert_string_equal(c->site_name, "example");
	assert_true(c->web_public);
	assert_int_equal(c->n_sources, 1);
	assert_string_equal(c->sources[0].path, "/var/log/auth.log*");
	assert_false(c->sources[0].anchor);
	assert_true(c->sources[0].trust == 0.25);
	c = conf_free(c);
	for (size_t i = 0; i < NELEM(bad); i++) {
		assert_int_equal(file_write(path, span_str(bad[i].text), &e), 0);
		assert_null(conf_open(path, NULL, 0, &e));
		print_message("%s\n", e.text);
		assert_non_null(strstr(e.text, bad[i].want));
	}
	(void)unlink(path);
	assert_null(conf_open(path, NULL, 0, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_slug),
		cmocka_unit_test(test_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
