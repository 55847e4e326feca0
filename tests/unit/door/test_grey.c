/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The greylist: who passes when, what makes room, what a snapshot brings back, and that nothing but a whole one does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "door/grey.h"
#include "util/clock.h"
#include "util/file.h"

#define NOON   INT64_C(1764331200)
#define DELAY  300
#define WINDOW 7200
#define KEEP   (35 * DAY_S)

static struct grey *new_of(uint32_t known, uint32_t entries)
{
	const struct grey_conf c = { DELAY, WINDOW, KEEP, known, entries };
	struct grey *g = grey_new(&c);

	assert_non_null(g);
	return g;
}

static enum grey_word ask(struct grey *g, const char *client, const char *sender,
    const char *recipient, int64_t now_s, uint32_t *s)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(client), &a), 0);
	return grey_ask(g, a, span_str(sender), span_str(recipient), now_s, s);
}

static enum grey_word from(struct grey *g, const char *client, int64_t now_s)
{
	uint32_t s;

	return ask(g, client, "a@example.org", "b@example.net", now_s, &s);
}

static void test_wait(void **state)
{
	struct grey *g = new_of(0, 1024);
	uint32_t s;

#define ASK(at) ask(g, "192.0.2.1", "a@example.org", "b@example.net", NOON + (at), &s)
	assert_int_equal(ASK(0), GREY_WAIT);
	assert_int_equal(s, DELAY);
	assert_int_equal(ASK(1), GREY_WAIT);
	assert_int_equal(s, DELAY - 1);
	assert_int_equal(ASK(DELAY - 1), GREY_WAIT);
	assert_int_equal(s, 1);
	assert_int_equal(ASK(DELAY), GREY_BACK);
	assert_int_equal(s, DELAY);
	assert_int_equal(ASK(DELAY), GREY_PASS);
	assert_int_equal(s, 0);
	assert_int_equal(ASK(DELAY + KEEP), GREY_PASS);
	assert_int_equal(ASK(DELAY + 2 * KEEP), GREY_PASS);
	assert_int_equal(ASK(DELAY + 3 * KEEP + 1), GREY_WAIT);
#undef ASK
	(void)grey_free(g);
}

static void test_window(void **state)
{
	struct grey *g = new_of(0, 1024);

	assert_int_equal(from(g, "192.0.2.1", NOON), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON + WINDOW + 1), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON + 2 * WINDOW + 1), GREY_BACK);
	(void)grey_free(g);
}

/* A clock that goes back neither lets anybody pass nor keeps him out for longer than a new wait. */
static void test_clock(void **state)
{
	struct grey *g = new_of(0, 1024);

	assert_int_equal(from(g, "192.0.2.1", NOON), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON - 60), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON - 365 * DAY_S), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON - 365 * DAY_S + DELAY), GREY_BACK);
	assert_int_equal(from(g, "192.0.2.1", -5), GREY_WAIT);
	(void)grey_free(g);
}

static const struct {
	const char *label, *client, *sender, *recipient;
	bool same;
} others[] = {
	{ "the same", "192.0.2.1", "a@example.org", "b@example.net", true },
	{ "its network", "192.0.2.254", "a@example.org", "b@example.net", true },
	{ "another network", "192.0.3.1", "a@example.org", "b@example.net", false },
	{ "case", "192.0.2.1", "A@Example.org", "B@example.NET", true },
	{ "another sender", "192.0.2.1", "aa@example.org", "b@example.net", false },
	{ "another domain", "192.0.2.1", "a@example.com", "b@example.net", false },
	{ "another recipient", "192.0.2.1", "a@example.org", "c@example.net", false },
	{ "an extension of the sender", "192.0.2.1", "a+x@example.org", "b@example.net", true },
	{ "an extension of the recipient", "192.0.2.1", "a@example.org", "b+x@example.net", false },
	{ "no sender", "192.0.2.1", "", "b@example.net", false },
	{ "run into each other", "192.0.2.1", "a@example.orgb", "@example.net", false },
};

static void test_triplet(void **state)
{
	uint32_t s;

	for (unsigned i = 0; i < NELEM(others); i++) {
		struct grey *g = new_of(0, 1024);
		enum grey_word w;

		assert_int_equal(from(g, "192.0.2.1", NOON), GREY_WAIT);
		w = ask(
		    g, others[i].client, others[i].sender, others[i].recipient, NOON + DELAY, &s);
		if (w != (others[i].same ? GREY_BACK : GREY_WAIT))
			fail_msg("%s: %d", others[i].label, (int)w);
		(void)grey_free(g);
	}
}

/* Senders that number each mail anew. */
static void test_digits(void **state)
{
	struct grey *g = new_of(0, 1024);
	uint32_t s;

	assert_int_equal(
	    ask(g, "192.0.2.1", "bounce-1764-9@l.example", "b@example.net", NOON, &s), GREY_WAIT);
	assert_int_equal(
	    ask(g, "192.0.2.1", "bounce-88-123@l.example", "b@example.net", NOON + DELAY, &s),
	    GREY_BACK);
	assert_int_equal(
	    ask(g, "192.0.2.1", "bounce-88-123@l2.example", "b@example.net", NOON + DELAY, &s),
	    GREY_WAIT);
	(void)grey_free(g);
}

static void test_ipv6(void **state)
{
	struct grey *g = new_of(0, 1024);

	assert_int_equal(from(g, "2001:db8:0:1::1", NOON), GREY_WAIT);
	assert_int_equal(from(g, "2001:db8:0:1:ffff::9", NOON + DELAY), GREY_BACK);
	assert_int_equal(from(g, "2001:db8:0:2::1", NOON + DELAY), GREY_WAIT);
	(void)grey_free(g);
}

static void come_back(struct grey *g, const char *client, unsigned i, int64_t now_s)
{
	char to[40];
	uint32_t s;

	(void)snprintf(to, sizeof(to), "u%u@example.net", i);
	assert_int_equal(ask(g, client, "a@example.org", to, now_s, &s), GREY_WAIT);
	assert_int_equal(ask(g, client, "a@example.org", to, now_s + DELAY, &s), GREY_BACK);
}

static void test_known(void **state)
{
	struct grey *g = new_of(3, 1024);

	for (unsigned i = 0; i < 3; i++)
		come_back(g, "192.0.2.1", i, NOON);
	assert_int_equal(from(g, "192.0.2.77", NOON + DELAY), GREY_KNOWN);
	assert_int_equal(from(g, "192.0.2.77", NOON + DELAY + KEEP), GREY_KNOWN);
	assert_int_equal(from(g, "192.0.3.1", NOON + DELAY), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.77", NOON + DELAY + 2 * KEEP + 1), GREY_WAIT);
	(void)grey_free(g);
	g = new_of(0, 1024);
	for (unsigned i = 0; i < 40; i++)
		come_back(g, "192.0.2.1", i, NOON);
	assert_int_equal(from(g, "192.0.2.77", NOON + DELAY), GREY_WAIT);
	(void)grey_free(g);
}

/* fill - n that never come back, each of a network of its own, or all of one; returns how many were put off */
static unsigned fill(
    struct grey *g, const char *client, unsigned base, unsigned n, int64_t now_s, unsigned *full)
{
	unsigned waiting = 0;
	char from_[40], net[20];
	uint32_t s;

	*full = 0;
	for (unsigned i = base; i < base + n; i++) {
		enum grey_word w;

		(void)snprintf(from_, sizeof(from_), "a@x%c%c%c.example", 'a' + (int)(i % 26),
		    'a' + (int)(i / 26 % 26), 'a' + (int)(i / 676 % 26));
		(void)snprintf(
		    net, sizeof(net), "%u.%u.%u.1", 11 + (i >> 16), i >> 8 & 255, i & 255);
		w = ask(g, client ? client : net, from_, "b@example.net", now_s, &s);
		assert_true(w == GREY_WAIT || w == GREY_FULL);
		waiting += w == GREY_WAIT;
		*full += w == GREY_FULL;
	}
	return waiting;
}

/* Nobody is put off whom there is no room to remember. */
static void test_full(void **state)
{
	struct grey *g = new_of(0, 1024);
	struct grey_figures f;
	unsigned waiting, full, back = 0;
	char from_[40], net[20];
	uint32_t s;

	waiting = fill(g, NULL, 0, 17000, NOON, &full);
	assert_int_equal(waiting, 1024);
	assert_int_equal(full, 17000 - 1024);
	grey_figures(g, &f);
	assert_int_equal(f.waiting, 1024);
	assert_int_equal(f.evicted, 0);
	for (unsigned i = 0; i < 17000; i++) {
		(void)snprintf(from_, sizeof(from_), "a@x%c%c%c.example", 'a' + (int)(i % 26),
		    'a' + (int)(i / 26 % 26), 'a' + (int)(i / 676 % 26));
		(void)snprintf(net, sizeof(net), "11.%u.%u.1", i >> 8 & 255, i & 255);
		back += ask(g, net, from_, "b@example.net", NOON + DELAY, &s) == GREY_BACK;
	}
	assert_int_equal(back, 1024);
	(void)grey_free(g);
}

static void test_room(void **state)
{
	struct grey *g = new_of(0, 1024);
	struct grey_figures f;
	unsigned full;

	assert_int_equal(from(g, "192.0.2.1", NOON), GREY_WAIT);
	(void)fill(g, NULL, 0, 900, NOON, &full);
	assert_int_equal(from(g, "192.0.2.1", NOON + DELAY), GREY_BACK);
	/* who had his chance makes room before him that passed */
	assert_int_equal(fill(g, NULL, 100000, 60, NOON + DELAY + GREY_CHANCE_S, &full), 60);
	grey_figures(g, &f);
	assert_true(f.evicted > 0 && f.passed == 1);
	assert_int_equal(from(g, "192.0.2.1", NOON + DELAY + GREY_CHANCE_S), GREY_PASS);
	/* he that passed within a week, for nobody that waits */
	(void)fill(g, NULL, 200000, 20000, NOON + DELAY + GREY_RECENT_S, &full);
	grey_figures(g, &f);
	assert_true(full > 0);
	assert_int_equal(f.passed, 1);
	assert_int_equal(f.waiting, 1023);
	/* and after it, before those that had no chance yet */
	(void)fill(g, NULL, 300000, 20000, NOON + DELAY + GREY_CHANCE_S + GREY_RECENT_S, &full);
	grey_figures(g, &f);
	assert_int_equal(f.passed, 0);
	/* and whose time is over, before all */
	assert_int_equal(fill(g, NULL, 400000, 8, NOON + KEEP, &full), 8);
	(void)grey_free(g);
}

/* A network that tries and tries is put off each time, wipes out nobody's pass, and leaves room for others. */
static void test_one_network(void **state)
{
	struct grey *g = new_of(0, 1024);
	struct grey_figures f;
	unsigned full;
	uint32_t s;

	for (unsigned i = 0; i < 50; i++) {
		char sender[30];

		(void)snprintf(sender, sizeof(sender), "%c%c@example.org", 'a' + (int)(i % 26),
		    'a' + (int)(i / 26));
		assert_int_equal(
		    ask(g, "198.51.100.1", sender, "b@example.net", NOON, &s), GREY_WAIT);
		assert_int_equal(
		    ask(g, "198.51.100.1", sender, "b@example.net", NOON + DELAY, &s), GREY_BACK);
	}
	assert_int_equal(fill(g, "192.0.2.1", 0, 17000, NOON + DELAY, &full), 17000);
	grey_figures(g, &f);
	assert_int_equal(f.passed, 50);
	assert_int_equal(f.waiting, 1024 / 4);
	assert_int_equal(f.evicted, 17000 - 1024 / 4);
	assert_true(fill(g, NULL, 0, 300, NOON + DELAY, &full) > 270);
	/* many /64 of one customer are one */
	for (unsigned i = 0; i < 256; i++) {
		char host[40];

		(void)snprintf(host, sizeof(host), "2a00:45:0:%x::1", i);
		(void)fill(g, host, 67 * i, 67, NOON + DELAY, &full);
	}
	grey_figures(g, &f);
	assert_int_equal(f.passed, 50);
	assert_true(f.waiting <= 1024 / 4 + 300 + 1024 / 4);
	/* also where the corner is full of others */
	(void)fill(g, NULL, 0, 17000, NOON + DELAY, &full);
	(void)fill(g, "192.0.2.1", 0, 17000, NOON + DELAY, &full);
	grey_figures(g, &f);
	assert_int_equal(f.passed, 50);
	(void)grey_free(g);
}

/* --- snapshots ------------------------------------------------------------------------------------------ */

static struct grey *sample(void)
{
	struct grey *g = new_of(2, 1024);

	assert_int_equal(from(g, "192.0.2.1", NOON), GREY_WAIT);
	for (unsigned i = 0; i < 2; i++)
		come_back(g, "198.51.100.1", i, NOON);
	return g;
}

static void is_sample(struct grey *g)
{
	assert_int_equal(from(g, "192.0.2.1", NOON + DELAY - 1), GREY_WAIT);
	assert_int_equal(from(g, "192.0.2.1", NOON + DELAY), GREY_BACK);
	assert_int_equal(from(g, "198.51.100.2", NOON + DELAY), GREY_KNOWN);
}

static void test_snapshot(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct grey *g = sample(), *other = new_of(2, 8192);
	struct grey_figures f;
	struct err e;

	buf_init(&b, grey_write_max(g));
	grey_write(g, &b);
	assert_true(buf_ok(&b));
	assert_int_equal(b.len, 32 + 4 * 28 + 32);
	(void)grey_free(g);
	assert_int_equal(from(other, "203.0.113.1", NOON), GREY_WAIT);
	assert_int_equal(grey_read(other, buf_text(&b), NOON + DELAY - 1, &e), 0);
	grey_figures(other, &f);
	assert_int_equal(f.waiting, 1);
	assert_int_equal(f.passed, 2);
	assert_int_equal(f.networks, 1);
	is_sample(other);
	assert_int_equal(grey_read(other, buf_text(&b), NOON + KEEP + DELAY + 1, &e), 0);
	grey_figures(other, &f);
	assert_int_equal(f.waiting + f.passed + f.networks, 0);
	(void)grey_free(other);
}

/* A full table is written whole, and read into one that is smaller as far as there is room. */
static void test_snapshot_full(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct grey *g = new_of(0, 8192), *small = new_of(0, 1024);
	struct grey_figures f;
	unsigned full;
	struct err e;

	(void)fill(g, NULL, 0, 100000, NOON, &full);
	buf_init(&b, grey_write_max(g));
	grey_write(g, &b);
	assert_true(buf_ok(&b));
	assert_int_equal(b.len, grey_write_max(g));
	assert_int_equal(grey_read(small, buf_text(&b), NOON, &e), 0);
	grey_figures(small, &f);
	assert_int_equal(f.waiting, 1024);
	(void)grey_free(g);
	(void)grey_free(small);
}

/* Cut anywhere, longer, or with any bit turned: refused, and what was there stays. */
static void test_snapshot_bad(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct grey *g = sample(), *other = sample();
	struct err e;

	buf_init(&b, grey_write_max(g) + 1);
	grey_write(g, &b);
	for (size_t n = 0; n < b.len; n++) {
		assert_int_equal(grey_read(other, span_of(b.p, n), NOON, &e), -EBADMSG);
		for (unsigned bit = 0; bit < 8; bit++) {
			b.p[n] = (char)(b.p[n] ^ (1 << bit));
			assert_int_equal(grey_read(other, buf_text(&b), NOON, &e), -EBADMSG);
			b.p[n] = (char)(b.p[n] ^ (1 << bit));
		}
	}
	buf_byte(&b, '\0');
	assert_int_equal(grey_read(other, buf_text(&b), NOON, &e), -EBADMSG);
	is_sample(other);
	(void)grey_free(g);
	(void)grey_free(other);
}

/* The file that the contract's page names: read, and written again to the byte. */
static void test_golden(void **state)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf golden, again;
	struct grey *g = new_of(5, 1024);
	struct grey_figures f;
	struct err e;

	assert_true(asprintf(&path, "%s/tests/golden/greylist", getenv("ONUS_SOURCE")) > 0);
	buf_init(&golden, 4096);
	buf_init(&again, grey_write_max(g));
	assert_int_equal(file_read(path, &golden, &e), 0);
	assert_int_equal(grey_read(g, buf_text(&golden), NOON, &e), 0);
	grey_figures(g, &f);
	assert_int_equal(f.waiting, 1);
	assert_int_equal(f.passed, 1);
	assert_int_equal(f.networks, 1);
	grey_write(g, &again);
	assert_true(buf_ok(&again) && span_eq(buf_text(&golden), buf_text(&again)));
	(void)grey_free(g);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/onus-test-grey-XXXXXX", path[64], bad[72];
	struct grey *g = sample(), *other = new_of(2, 1024);
	struct stat st;
	struct err e;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/list", dir);
	(void)snprintf(bad, sizeof(bad), "%s.bad", path);
	assert_int_equal(grey_load(other, path, NOON, &e), 0);
	assert_int_equal(grey_save(g, path, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(grey_load(other, path, NOON, &e), 1);
	is_sample(other);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(grey_load(other, path, NOON, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "list is set aside as"));
	assert_non_null(strstr(e.text, "it is cut"));
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(stat(bad, &st), 0);
	assert_int_equal(grey_load(other, path, NOON, &e), 0);
	assert_int_equal(grey_save(g, "/nonexistent/list", &e), -ENOENT);
	(void)unlink(bad);
	(void)rmdir(dir);
	(void)grey_free(g);
	(void)grey_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_triplet),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_one_network),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_snapshot_full),
		cmocka_unit_test(test_snapshot_bad),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
