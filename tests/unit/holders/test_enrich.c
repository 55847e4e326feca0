/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to ask, how often, and what is kept of the answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "holders/enrich/bootstrap.h"
#include "holders/enrich/cache.h"
#include "holders/enrich/reduce.h"
#include "holders/enrich/servers.h"
#include "util/clock.h"
#include "util/file.h"

#define NOW 1700000000

static char dir[] = "/tmp/onus-test-enrich-XXXXXX";
static char path[sizeof(dir) + 32];

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const left[] = { "asked", "answers.rdap", "lock", "servers" };

	for (size_t i = 0; i < NELEM(left); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static const char *at(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* --- bootstrap ---------------------------------------------------------------------------------------- */

static void on_refused(void *ctx, const char *text)
{
	unsigned *n = ctx;

	assert_non_null(strstr(text, ": service "));
	(*n)++;
}

static struct bootstrap *make_bootstrap(unsigned *refused)
{
	static const char *const texts[4] = {
		"{\"version\": \"1.0\", \"services\": [[[\"1-10\", \"64496\"], [\"http://a/\", "
		"\"https://b.example/rdap\"]], [[\"5-6\"], [\"https://c/\"]], [[\"10-9\", "
		"\"0-4294967295\", "
		"\"4294967296\"], [\"https://c/\"]]]}",
		"{\"version\": \"1.0\", \"services\": [[[\"192.0.0.0/8\", \"10.0.0.1/8\"], "
		"[\"https://v4/\"]], [[\"192.0.2.0/24\"], [\"https://narrow/x/\"]], "
		"[[\"2001:db8::/32\"], "
		"[\"https://v4/\"]]]}",
		"{\"version\": \"1.0\", \"services\": [[[\"2001:db8::/32\"], [\"ftp://x/\", "
		"\"https://u@v6/\", \"https://v6/?q\"]], [[\"2001:db8:1::/48\"], "
		"[\"https://v6/\"]]]}",
		"{\"version\": \"1.0\", \"services\": [[[\"mail@example.net\"], [\"ARIN\", "
		"\"A-B\", \"\"], "
		"[\"https://tag/\"]], [[\"mail@example.net\"], [\"RIPE\"]]]}",
	};
	struct bootstrap *b = bootstrap_new(on_refused, refused);
	struct err e = { "" };

	for (unsigned i = 0; i < 4; i++)
		if (bootstrap_add(b, i, span_str(texts[i]), &e) < 0)
			fail_msg("%s", e.text);
	return b;
}

static const char *of(const struct bootstrap *b, const char *range)
{
	struct range r;
	const char *got;

	assert_int_equal(range_parse(span_str(range), &r), 0);
	got = bootstrap_range(b, r);
	return got ? got : "none";
}

static void whom_to_ask(void **state)
{
	unsigned refused = 0;
	struct bootstrap *b = make_bootstrap(&refused);

	assert_string_equal(bootstrap_as(b, 1), "https://b.example/rdap/");
	assert_string_equal(bootstrap_as(b, 6), "https://c/"); /* the narrower run */
	assert_string_equal(bootstrap_as(b, 64496), "https://b.example/rdap/");
	assert_string_equal(bootstrap_as(b, 64497), "https://c/");
	assert_string_equal(of(b, "192.0.2.7"), "https://narrow/x/");
	assert_string_equal(of(b, "192.0.2.0/23"), "https://v4/");
	assert_string_equal(of(b, "192.0.2.0-193.0.0.0"), "none");
	assert_string_equal(of(b, "10.0.0.1"), "none");
	assert_string_equal(of(b, "2001:db8:1::1"), "https://v6/");
	assert_string_equal(of(b, "2001:db8::1"), "none");
	assert_string_equal(of(b, "::1"), "none");
	assert_string_equal(bootstrap_tag(b, SPAN("arin")), "https://tag/");
	assert_null(bootstrap_tag(b, SPAN("RIPE")));
	assert_null(bootstrap_tag(b, SPAN("")));
	assert_true(bootstrap_names(b, SPAN("https://NARROW/elsewhere")));
	assert_false(bootstrap_names(b, SPAN("http://narrow/")));
	assert_false(bootstrap_names(b, SPAN("https://narrow:8443/")));
	assert_false(bootstrap_names(b, SPAN("https://narrow.evil/")));
	assert_false(bootstrap_names(b, SPAN("narrow")));
	assert_int_equal(refused, bootstrap_n_refused(b));
	/* 10-9, 4294967296; 10.0.0.1/8, an IPv6 prefix; two URLs that are none; A-B, "", no URLs */
	assert_int_equal(refused, 8);
	b = bootstrap_free(b);
}

static void bad_bootstrap(void **state)
{
	static const char *const texts[] = { "", "[]", "{", "<html>", "{\"services\": []}",
		"{\"version\": \"2.0\", \"services\": []}", "{\"version\": \"1.0\"}",
		"{\"version\": \"1.0\", \"services\": {}}" };
	struct bootstrap *b = bootstrap_new(NULL, NULL);
	struct err e;

	for (size_t i = 0; i < NELEM(texts); i++)
		assert_int_equal(bootstrap_add(b, 0, span_str(texts[i]), &e), -EBADMSG);
	/* odd, but nothing is wrong with the file */
	assert_int_equal(bootstrap_add(b, 1,
			     SPAN("{\"version\": \"1.0\", \"services\": [1, [], [[]], [[1], [2]], "
				  "[[\"192.0.2.0/24\"], [\"https://\"]]]}"),
			     &e),
	    0);
	assert_int_equal(bootstrap_n(b), 0);
	assert_int_equal(bootstrap_n_refused(b), 5);
	b = bootstrap_free(b);
	assert_int_equal(bootstrap_open(dir, NULL, NULL, &b, &e), -ENOENT);
}

/* --- servers ------------------------------------------------------------------------------------------ */

static void pauses(void **state)
{
	struct servers *s = servers_new(1000);
	uint32_t a = servers_of(s, SPAN("https://a")), b = servers_of(s, SPAN("https://B:1"));

	assert_int_equal(servers_of(s, SPAN("HTTPS://b:1")), b);
	assert_int_equal(servers_of(s, SPAN("")), SERVERS_NONE);
	assert_int_equal(servers_of(s, SPAN("a b")), SERVERS_NONE);
	assert_true(server_asks_ms(s, a) <= 0);
	server_asked(s, a, 5000);
	assert_true(server_asks_ms(s, a) == INT64_MAX); /* one at a time */
	assert_true(server_asks_ms(s, b) <= 0);
	server_said(s, a, SERVER_ANSWERED, 0, 5100);
	assert_int_equal(server_asks_ms(s, a), 6100);
	server_asked(s, a, 6100);
	server_said(s, a, SERVER_BUSY, 7, 6200); /* what it says */
	assert_int_equal(server_asks_ms(s, a), 13200);
	server_asked(s, a, 13200);
	server_said(s, a, SERVER_BUSY, UINT64_MAX, 13200); /* but for a day at most */
	assert_int_equal(server_asks_ms(s, a), 13200 + (int64_t)SERVER_PAUSE_MAX);
	server_said(s, a, SERVER_ANSWERED, 0, 13300); /* and no answer makes it shorter */
	assert_int_equal(server_asks_ms(s, a), 13200 + (int64_t)SERVER_PAUSE_MAX);
	server_said(s, b, SERVER_BUSY, 0, 0);
	assert_int_equal(server_asks_ms(s, b), 60000);
	server_said(s, b, SERVER_BUSY, 0, 60000);
	assert_int_equal(server_asks_ms(s, b), 180000);
	server_said(s, b, SERVER_FORBIDDEN, 0, 180000);
	assert_int_equal(server_asks_ms(s, b), 180000 + (int64_t)SERVER_PAUSE_MAX);
	s = servers_free(s);
}

static void given_up(void **state)
{
	struct servers *s = servers_new(1000), *next = servers_new(1000);
	uint32_t a = servers_of(s, SPAN("https://a"));
	int64_t now_ms = 0, waited = 0;
	struct err e;

	for (unsigned i = 0; i < SERVER_TROUBLES; i++) {
		assert_true(server_asks_ms(s, a) < INT64_MAX);
		server_asked(s, a, now_ms);
		server_said(s, a, SERVER_FAILED, 0, now_ms);
		if (i + 1 < SERVER_TROUBLES) {
			assert_int_equal(server_asks_ms(s, a) - now_ms, 2000 << i);
			now_ms = server_asks_ms(s, a);
		}
	}
	assert_true(server_asks_ms(s, a) == INT64_MAX);
	/* the next run may ask again, but not before its time, and the pause grows on */
	assert_int_equal(servers_save(s, at("servers"), NOW, now_ms, &e), 0);
	assert_int_equal(servers_load(next, at("servers"), NOW, 500, &e), 0);
	waited = server_asks_ms(next, servers_of(next, SPAN("https://a"))) - 500;
	assert_int_equal(waited, 32000);
	server_said(next, 0, SERVER_FAILED, 0, 40000);
	assert_int_equal(server_asks_ms(next, 0), 40000 + 64000);
	next = servers_free(next);
	s = servers_free(s);
}

static void bad_server_files(void **state)
{
	struct servers *s = servers_new(1000);
	struct err e;

	assert_int_equal(servers_load(s, at("nosuch"), NOW, 0, &e), 0);
	assert_int_equal(file_write(at("servers"), SPAN("x\n"), &e), 0);
	assert_int_equal(servers_load(s, at("servers"), NOW, 0, &e), -EBADMSG);
	assert_int_equal(
	    file_write(at("servers"),
		SPAN("#onus-rdap-servers 1\n\n1\t2\n-1\t0\thttps://x\n1\t65\thttps://x\n"
		     "9999999999999\t1\thttps://far\n1\t1\thttps://past\n1\t1\ta b\n"),
		&e),
	    0);
	assert_int_equal(servers_load(s, at("servers"), NOW, 0, &e), 0);
	assert_string_equal(server_name(s, 0), "https://far");
	assert_int_equal(server_asks_ms(s, 0), SERVER_PAUSE_MAX); /* no clock keeps it for longer */
	assert_string_equal(server_name(s, 1), "https://past");
	assert_int_equal(server_asks_ms(s, 1), 0);
	s = servers_free(s);
}

/* --- the cache ---------------------------------------------------------------------------------------- */

static const struct cache_ages ages = { .fresh_days = 14, .keep_days = 60 };

static struct cache *open_cache(int64_t now_s, unsigned want_refused)
{
	struct cache *c = NULL;
	unsigned refused = 0;
	struct err e = { "" };

	if (cache_open(dir, &ages, now_s, &c, &refused, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(refused, want_refused);
	return c;
}

static void answers_are(const char *want)
{
	CLEANUP(buf_done) struct buf b;
	struct err e;

	buf_init(&b, 1u << 20);
	assert_int_equal(file_read(at(CACHE_ANSWERS), &b, &e), 0);
	assert_true(span_is(buf_text(&b), want));
}

static void put(
    struct cache *c, const char *question, enum cache_state state, const char *text, int64_t now_s)
{
	struct err e = { "" };

	if (cache_put(c, question, state, span_str(text), now_s, &e) < 0)
		fail_msg("%s", e.text);
}

static void kept(void **state)
{
	struct cache *c = open_cache(NOW, 0), *other = NULL;
	unsigned refused;
	struct err e;

	assert_int_equal(cache_open(dir, &ages, NOW, &other, &refused, &e), -EBUSY);
	assert_true(cache_wants(c, "ip/192.0.2.0/24", NOW));
	put(c, "ip/192.0.2.0/24", CACHE_KEPT, "{\"a\":1}", NOW);
	put(c, "entity/X", CACHE_KEPT, "{\"o\":1}\n{\"c\":1}", NOW);
	put(c, "autnum/1", CACHE_NONE, "", NOW);
	put(c, "autnum/2", CACHE_FAILED, "", NOW);
	assert_false(cache_wants(c, "ip/192.0.2.0/24", NOW + 14 * DAY_S - 1));
	assert_true(cache_wants(c, "ip/192.0.2.0/24", NOW + 14 * DAY_S));
	assert_false(cache_wants(c, "autnum/1", NOW + 3600));
	assert_false(cache_wants(c, "autnum/2", NOW + 3599));
	assert_true(cache_wants(c, "autnum/2", NOW + 3600));
	/* killed here: everything is there for the next one */
	c = cache_free(c);
	c = open_cache(NOW + 10, 0);
	assert_int_equal(cache_n(c), 4);
	assert_string_equal(cache_find(c, "entity/X")->answers, "{\"o\":1}\n{\"c\":1}");
	answers_are("{\"a\":1}\n{\"o\":1}\n{\"c\":1}\n");
	/* an older answer stays while newer ones fail, each failure twice as long, but not for ever */
	for (unsigned i = 1; i <= 12; i++) {
		put(c, "ip/192.0.2.0/24", CACHE_FAILED, "", NOW + 10);
		assert_int_equal(cache_find(c, "ip/192.0.2.0/24")->tries, i);
		assert_int_equal(cache_find(c, "ip/192.0.2.0/24")->next_s - NOW - 10,
		    MIN_OF(INT64_C(3600) << (i - 1), INT64_C(14) * DAY_S));
	}
	assert_string_equal(cache_find(c, "ip/192.0.2.0/24")->answers, "{\"a\":1}");
	put(c, "entity/X", CACHE_NONE, "", NOW + 10); /* the registry has nothing any more */
	assert_int_equal(cache_close(c, &e), 0);
	answers_are("{\"a\":1}\n");
	c = cache_free(c);
	/* what is too old is not kept for anybody */
	c = open_cache(NOW + 61 * DAY_S, 0);
	answers_are("");
	assert_null(cache_find(c, "autnum/2"));
	c = cache_free(c);
}

static void torn(void **state)
{
	struct cache *c = open_cache(NOW, 0);
	CLEANUP(buf_done) struct buf b;
	struct err e;
	size_t first;

	put(c, "autnum/1", CACHE_KEPT, "{\"a\":1}", NOW);
	put(c, "autnum/2", CACHE_KEPT, "{\"b\":1}", NOW);
	c = cache_free(c);
	buf_init(&b, 1u << 20);
	assert_int_equal(file_read(at("asked"), &b, &e), 0);
	first = (size_t)((char *)memchr(b.p, '\n', b.len) - b.p) + 1;
	for (size_t cut = b.len; cut >= first; cut--) {
		struct span text = span_of(b.p, cut);
		unsigned refused = 0;

		assert_int_equal(file_write(at("asked"), text, &e), 0);
		assert_int_equal(cache_open(dir, &ages, NOW, &c, &refused, &e), 0);
		assert_in_range(refused, 0, 1); /* the last line alone can be hurt */
		if (text.p[cut - 1] == '\n')
			assert_int_equal(refused, 0);
		c = cache_free(c);
	}
	assert_int_equal(file_write(at("asked"), SPAN("something else\n"), &e), 0);
	assert_int_equal(cache_open(dir, &ages, NOW, &c, &(unsigned){ 0 }, &e), -EBADMSG);
}

static void bad_lines(void **state)
{
	static const char *const lines[] = { "", "x", "1\t1\tkept\t0\tq", "1\t0\tkept\t0\tq\t{}",
		"-1\t0\tnone\t0\tq", "1\t0\tnone\t33\tq", "1\t0\tnever\t0\tq", "1\t0\tnone\t0\t",
		"1\t0\tnone\t0\ta b", "1\t1\tnone\t0\tq", "1\t1\tkept\t0\tq\t",
		"1\t1\tkept\t0\tq\t{}\t{}\t{}", "1\t1\tkept\t0\tq\t{\x01}",
		"99999999999999999999\t0\tnone\t0\tq" };
	struct cache_row row;

	for (size_t i = 0; i < NELEM(lines); i++)
		if (cache_row_parse(span_str(lines[i]), &row) != -EINVAL)
			fail_msg("taken: %s", lines[i]);
	assert_int_equal(cache_row_parse(SPAN("1\t0\tnone\t32\tq"), &row), 0);
	assert_null(row.answers);
}

/* --- answers ------------------------------------------------------------------------------------------ */

#define PERSON                                                                                     \
	"{\"handle\": \"JD1-RIPE\", \"roles\": [\"administrative\"], \"vcardArray\": [\"vcard\", " \
	"[[\"fn\", {}, \"text\", \"John Doe\"], [\"kind\", {}, \"text\", \"individual\"], "        \
	"[\"tel\", "                                                                               \
	"{}, \"text\", \"+1-555\"]]]}"
#define ORG                                                                                        \
	"{\"handle\": \"ORG-A\", \"roles\": [\"registrant\"], \"vcardArray\": [\"vcard\", "        \
	"[[\"fn\", "                                                                               \
	"{}, \"text\", \"A B\"], [\"kind\", {}, \"text\", \"org\"], [\"adr\", {\"label\": "        \
	"\"Street 1\\nTown\", \"cc\": \"NL\"}, \"text\", []]]]}"

static void reduced(void **state)
{
	static const struct {
		const char *label, *text;
		int want;
		const char *part, *not_part;
	} cases[] = {
		{ "a network",
		    "{\"objectClassName\": \"ip network\", \"handle\": \"H\", \"startAddress\": "
		    "\"192.0.2.0\", \"endAddress\": \"192.0.2.255\", \"port43\": "
		    "\"whois.ripe.net\", "
		    "\"remarks\": [{\"title\": \"x\", \"description\": [\"call John\"]}], "
		    "\"entities\": "
		    "[" PERSON ", " ORG "], \"notices\": [{\"description\": [\"Terms\"]}]}",
		    1, "Street 1\\u000aTown", "John" },
		{ "its person",
		    "{\"objectClassName\": \"ip network\", \"handle\": \"H\", "
		    "\"startAddress\": \"192.0.0.0\", \"endAddress\": \"192.0.255.255\", "
		    "\"entities\": [" PERSON "]}",
		    1, "\"handle\":\"H\"", "JD1" },
		{ "of several the one that has it",
		    "{\"objectClassName\": \"ip network\", \"handle\": \"H\", \"cidr0_cidrs\": "
		    "[{\"v4prefix\": \"198.51.100.0\", \"length\": 24}, {\"v4prefix\": "
		    "\"192.0.2.0\", "
		    "\"length\": 24}]}",
		    1, "192.0.2.255", "198.51" },
		{ "elsewhere",
		    "{\"objectClassName\": \"ip network\", \"startAddress\": "
		    "\"198.51.100.0\", \"endAddress\": \"198.51.100.255\"}",
		    -EINVAL, "another question", NULL },
		{ "a part of it",
		    "{\"objectClassName\": \"ip network\", \"startAddress\": "
		    "\"192.0.2.0\", \"endAddress\": \"192.0.2.127\"}",
		    -EINVAL, "another question", NULL },
		{ "another kind", "{\"objectClassName\": \"autnum\", \"startAutnum\": 1}", -EINVAL,
		    "another question", NULL },
		{ "another class", "{\"objectClassName\": \"domain\"}", 0, "of another class",
		    NULL },
		{ "an error", "{\"errorCode\": 404}", 0, "an error", NULL },
		{ "HTML", "<html>", -EINVAL, "not JSON", NULL },
		{ "a list", "[]", -EINVAL, "not an RDAP answer", NULL },
		{ "nothing", "", -EINVAL, "not JSON", NULL },
		{ "backwards",
		    "{\"objectClassName\": \"ip network\", \"startAddress\": "
		    "\"192.0.2.255\", \"endAddress\": \"192.0.2.0\"}",
		    -EINVAL, "backwards", NULL },
	};
	struct asked asked = { .kind = ASKED_RANGE };

	assert_int_equal(range_parse(SPAN("192.0.2.0/24"), &asked.range), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		CLEANUP(buf_done) struct buf b;
		const char *why = "";
		int r;

		buf_init(&b, 1u << 20);
		buf_str(&b, "before\n");
		r = rdap_reduce(span_str(cases[i].text), &asked, &b, &why);
		if (r != cases[i].want || !strstr(r == 1 ? b.p : why, cases[i].part) ||
		    (cases[i].not_part && strstr(b.p, cases[i].not_part)))
			fail_msg("%s: %d, %s, %s", cases[i].label, r, why, b.p);
		if (r != 1)
			assert_true(span_is(buf_text(&b), "before\n"));
	}
}

static void entities(void **state)
{
	struct asked asked = { .kind = ASKED_ENTITY, .handle = SPAN("org-a") };
	static const char head[] =
	    "{\"objectClassName\": \"entity\", \"port43\": \"whois.ripe.net\", ";
	CLEANUP(buf_done) struct buf b;
	const char *why;
	char text[512];

	buf_init(&b, 1u << 20);
	(void)snprintf(text, sizeof(text), "%s%s", head, &ORG[1]);
	assert_int_equal(rdap_reduce(span_str(text), &asked, &b, &why), 1);
	assert_non_null(strstr(b.p, "\"handle\":\"ORG-A\""));
	asked.handle = SPAN("ORG-B");
	assert_int_equal(rdap_reduce(span_str(text), &asked, &b, &why), -EINVAL);
	(void)snprintf(text, sizeof(text), "%s%s", head, &PERSON[1]);
	asked.handle = SPAN("JD1-RIPE");
	assert_int_equal(rdap_reduce(span_str(text), &asked, &b, &why), 0);
	assert_non_null(strstr(why, "person"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whom_to_ask),
		cmocka_unit_test(bad_bootstrap),
		cmocka_unit_test(pauses),
		cmocka_unit_test(given_up),
		cmocka_unit_test(bad_server_files),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(kept),
		cmocka_unit_test(torn),
		cmocka_unit_test(reduced),
		cmocka_unit_test(entities),
	};

	return cmocka_run_group_tests_name("enrich", tests, setup, teardown);
}
