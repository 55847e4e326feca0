/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of shared addresses: who is on which, what becomes of one that cannot be read, or is not believed, and that the
 * last good copy outlives a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/evidence/shared.h"
#include "util/file.h"

static char dir[] = "/tmp/onus-test-shared-XXXXXX";
static char told[4096]; /* since the last poll */
static unsigned n_told;

static const char *in_dir(const char *name)
{
	static char path[4][sizeof(dir) + 32];
	static unsigned i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

/* Another file than before, to whoever looks at its time. */
static void put(const char *name, const char *text)
{
	static int64_t second = 1600000000;
	struct timespec t[2] = { { .tv_sec = second }, { .tv_sec = second } };
	struct err e = { "" };

	second++;
	assert_int_equal(file_write(in_dir(name), span_str(text), &e), 0);
	assert_int_equal(utimensat(AT_FDCWD, in_dir(name), t, 0), 0);
}

static void take_told(void *ctx, const char *text)
{
	size_t n = strlen(told);

	(void)ctx;
	(void)snprintf(told + n, sizeof(told) - n, "%s\n", text);
	n_told++;
}

static struct conf *configuration(const char *more)
{
	char text[4096], state[sizeof(dir) + 32];
	struct err e = { "" };
	struct conf *c;

	(void)snprintf(text, sizeof(text),
	    "[source tor]\ntype = shared\nreason = tor-exit\npath = %s\n"
	    "[source dsl]\ntype = shared\nusers = 8\nlease_s = 7200\npath = %s\n"
	    "[source nat]\ntype = shared\nformat = csv 1\npath = %s\n%s",
	    in_dir("tor"), in_dir("dsl"), in_dir("nat"), more);
	put("conf", text);
	(void)snprintf(state, sizeof(state), "state_dir=%s", dir);
	c = conf_open(in_dir("conf"), (const char *const[]){ state, "feeds=" }, 2, &e);
	if (!c)
		assert_string_equal(e.text, "");
	return c;
}

static unsigned poll_lists(struct shared *s, bool keep)
{
	told[0] = '\0';
	n_told = 0;
	shared_poll(s, keep, take_told, NULL);
	return n_told;
}

static struct shared *lists(const struct conf *c)
{
	struct err e = { "" };
	struct shared *s = shared_new(c, &e);

	assert_string_equal(e.text, "");
	assert_non_null(s);
	return s;
}

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(text), &a), 0);
	return a;
}

static struct range over(const char *text)
{
	struct range r;

	assert_int_equal(range_parse(span_str(text), &r), 0);
	return r;
}

static void expect(const struct shared *s, const char *addr, const char *said)
{
	const struct shared_list *l = shared_at(s, at(addr));

	if (!said)
		assert_null(l);
	else if (!l || strcmp(l->said, said) != 0)
		fail_msg("%s: %s instead of %s", addr, l ? l->said : "nothing", said);
}

static void near(double got, double want)
{
	if (got < want - 1e-9 || got > want + 1e-9)
		fail_msg("%g instead of %g", got, want);
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const files[] = { "tor", "dsl", "nat", "conf", "shared/tor",
		"shared/dsl", "shared/nat", "lists/tor.accept", "shared", "lists" };

	for (unsigned i = 0; i < NELEM(files); i++)
		(void)remove(in_dir(files[i]));
	return rmdir(dir);
}

static void who_is_on_them(void **state)
{
	struct conf *c = configuration("");
	struct shared *s = lists(c);

	assert_true(shared_any(s));
	expect(s, "45.0.0.1", NULL);
	put("tor", "45.0.0.1 # an exit\n2a00:0:0:7::9\n");
	put("dsl", "45.0.0.0/25\n46.0.0.0-46.0.0.63\n");
	put("nat", "range,country\n45.0.1.0/24,NL\n\"2a00:1::/48\",DE\n");
	assert_int_equal(poll_lists(s, true), 0);
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	expect(s, "45.0.0.2", "dynamic address, says dsl");
	expect(s, "45.0.0.128", NULL);
	expect(s, "45.0.1.255", "shared egress, says nat");
	expect(s, "2a00:0:0:7:1::", "shared egress (tor-exit), says tor");
	expect(s, "2a00:1:0:ff::", "shared egress, says nat");
	assert_int_equal(shared_at(s, at("46.0.0.63"))->lease_s, 7200);
	assert_int_equal(shared_at(s, at("45.0.0.1"))->lease_s, 0);
	near(shared_users(s, over("45.0.0.0/24")), (256 + 127 * 8 + 128) / 256.0);
	near(shared_users(s, over("45.0.1.0/24")), 256);
	near(shared_users(s, over("46.0.0.0/24")), (64 * 8 + 192) / 256.0);
	near(shared_users(s, over("2a00:1::/47")), (256 + 1) / 2.0);
	near(shared_users(s, over("9.0.0.0/8")), 1);
	near(shared_users(NULL, over("9.0.0.0/8")), 1);
	assert_null(shared_at(NULL, at("45.0.0.1")));
	s = shared_free(s);
	c = conf_free(c);
}

static void what_is_wrong(void **state)
{
	struct conf *c = configuration("");
	struct shared *s = lists(c);
	uint64_t revision;

	assert_int_equal(poll_lists(s, true), 0); /* of the test before */
	revision = shared_revision(s);
	put("tor", "45.0.0.1\nhello\n10.0.0.1\n");
	assert_int_equal(poll_lists(s, true), 1);
	assert_non_null(strstr(told, "tor: "));
	assert_non_null(
	    strstr(told, "/tor: line 2: no address, prefix or range; 2 of its entries"));
	assert_true(shared_revision(s) > revision);
	expect(s, "2a00:0:0:7::", NULL);
	revision = shared_revision(s);
	assert_int_equal(poll_lists(s, true), 0); /* told once */

	put("tor", "<html>\n<p>sorry\n");
	assert_int_equal(poll_lists(s, true), 1);
	assert_non_null(strstr(told, "/tor: line 1: no address, prefix or range; no address in it; "
				     "what was known before stands"));
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	put("tor", "");
	assert_int_equal(poll_lists(s, true), 1);
	assert_non_null(strstr(told, "no address in it; what was known before stands"));
	assert_int_equal(remove(in_dir("tor")), 0);
	assert_int_equal(poll_lists(s, true), 1);
	assert_non_null(
	    strstr(told, "/tor: No such file or directory; what was known before stands"));
	assert_int_equal(poll_lists(s, true), 0);
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	assert_int_equal(shared_revision(s), revision);
	s = shared_free(s);

	s = lists(c); /* another program, which has not seen it */
	assert_int_equal(poll_lists(s, false), 1);
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	put("tor", "45.0.0.9\n");
	assert_int_equal(poll_lists(s, false), 0);
	expect(s, "45.0.0.9", "shared egress (tor-exit), says tor");
	s = shared_free(s);
	put("tor", "rubbish\n");
	s = lists(c); /* who keeps nothing has changed nothing */
	assert_int_equal(poll_lists(s, false), 1);
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	s = shared_free(s);
	c = conf_free(c);
}

static void what_is_not_believed(void **state)
{
	struct conf *c = configuration("");
	struct shared *s = lists(c);
	struct err e = { "" };

	put("tor", "45.0.0.1\n");
	assert_int_equal(poll_lists(s, true), 0);
	put("tor", "45.0.0.1\n50.0.0.0/8\n");
	assert_int_equal(poll_lists(s, true), 1);
	assert_non_null(strstr(told, "held back, it lists an IPv4 /8"));
	assert_non_null(strstr(told, "onus feed accept tor"));
	expect(s, "50.0.0.1", NULL);
	expect(s, "45.0.0.1", "shared egress (tor-exit), says tor");
	assert_int_equal(poll_lists(s, true), 0);
	assert_int_equal(file_mkdirs(in_dir("lists"), 0750, &e), 0);
	assert_int_equal(file_write(in_dir("lists/tor.accept"), SPAN("accepted\n"), &e), 0);
	assert_int_equal(poll_lists(s, true), 0);
	expect(s, "50.0.0.1", "shared egress (tor-exit), says tor");
	s = shared_free(s);
	c = conf_free(c);
}

static void configured(void **state)
{
	static const struct {
		const char *more, *why;
	} cases[] = {
		{ "[source x]\ntype = shared\n", "which file?" },
		{ "[source x]\ntype = shared\npath = x\nusers = 9\n", "users is 256" },
		{ "[source x]\ntype = shared\npath = x\nusers = 7\n", "users" },
		{ "[source x]\ntype = shared\npath = x\nlease_s = 1\n", "lease_s" },
		{ "[source x]\ntype = shared\npath = x\nreason = a;b\n", "reason is" },
		{ "[source x]\ntype = shared\npath = x\nformat = rows\n", "format is" },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct shared *s = NULL;
		struct err e = { "" };
		struct conf *c;

		put("conf", cases[i].more);
		c = conf_open(in_dir("conf"), (const char *const[]){ "feeds=" }, 1, &e);
		if (c)
			s = shared_new(c, &e);
		if (s || !strstr(e.text, cases[i].why))
			fail_msg("%s: %s", cases[i].more, e.text);
		c = conf_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_on_them),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(what_is_not_believed),
		cmocka_unit_test(configured),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
