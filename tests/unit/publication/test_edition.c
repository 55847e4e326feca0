/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reach against doc/contracts/reach.md and a naive model; editions: nothing that was cut, changed, invented or taken away is
 * opened, and what is read through them about an address is what was decided; following: what is worse never replaces what is
 * in force, under readers too. */
#include "standings.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/settings.h"
#include "publication/carved.h"
#include "publication/client.h"
#include "publication/decisions.h"
#include "publication/edition_parts.h"
#include "publication/editions.h"
#include "publication/manifest.h"

/* Public space: what is special is never decided about. */
static const struct golden_standing decided[] = {
	{ "addr:8.8.1.1", "block:8.8.1.0/24", "", 64500, 1, 1, .1, 20, 'E', "", LEVEL_BLOCK,
	    ACTION_DROP, 3600, "attacks" },
	{ "addr:8.8.1.2", "block:8.8.1.0/24", "", 64500, 1, 1, .1, 40, 'D', "", LEVEL_FRICTION,
	    ACTION_GREYLIST, 3600, "slow" },
	{ "addr:8.8.1.4", "block:8.8.1.0/24", "", 64500, 1, 1, .1, 40, 'D', "", LEVEL_WATCH,
	    ACTION_TAG, 600, "watched" },
	{ "addr:8.8.2.9", "block:8.8.2.0/24", "", 64500, 1, 1, .1, 40, 'D', "", LEVEL_BLOCK,
	    ACTION_DROP, 3600, "own" },
	{ "addr:2a00:1450:1:1::/64", NULL, "", 0, 1, 1, .1, 20, 'E', "", LEVEL_BLOCK, ACTION_REJECT,
	    60, "scans" },
	{ "block:8.8.1.0/24", "prefix:8.8.0.0/16", "", 64500, 3, 9, 1, 25, 'D', "", LEVEL_BLOCK,
	    ACTION_REJECT, 7200, "3 hosts" },
	{ "block:8.8.2.0/24", "prefix:8.8.0.0/16", "", 64500, 3, 9, 1, 25, 'D', "", 0, 0, 0, "" },
	{ "prefix:8.8.0.0/16", "as:64500", "", 64500, 3, 9, 1, 50, 'C', "", 0, 0, 0, "" },
	{ "net:RIPE/NET-1", "org:EXAMPLE/h", "", 64500, 3, 9, 1, 50, 'C', "", LEVEL_BLOCK,
	    ACTION_REJECT, 900, "a network" },
	{ "as:64500", "org:EXAMPLE/h", "", 64500, 3, 9, 1, 45, 'D', "", LEVEL_FRICTION,
	    ACTION_GREYLIST, 9000, "an AS" },
	{ "org:EXAMPLE/h", NULL, "", 64500, 3, 9, 1, 45, 'D', "", LEVEL_FRICTION, ACTION_GREYLIST,
	    9999, "a holder" },
};

static char dir[512], serve[600], at[700];
static int64_t expires_s = NOW + 86400;

static void put(const char *name, struct span text) /* not synced: hundreds of them */
{
	char path[900];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", at, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, span_len(text), f), span_len(text));
	assert_int_equal(fclose(f), 0);
}

static struct entity named(const char *name)
{
	struct entity en;
	struct err e;

	assert_int_equal(entity_parse(span_str(name), &en, &e), 0);
	return en;
}

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(text), &a), 0);
	return a;
}

static void put_reputation(uint64_t generation)
{
	struct publication_head head = golden_head;
	struct reputation_writer *w;
	char path[900];
	struct err e;

	head.generation = generation;
	head.expires_s = expires_s;
	assert_int_equal(reputation_writer_new(&head, &w, &e), 0);
	for (size_t i = 0; i < NELEM(decided); i++) {
		const struct golden_standing *g = &decided[i];
		struct entity en = named(g->entity), parent;
		struct standing s = { .entity = &en,
			.asn = g->asn,
			.hosts = g->hosts,
			.events = g->events,
			.scored = true,
			.score = g->score,
			.grade = g->grade,
			.title = span_str(g->title),
			.reason = span_str(g->reason),
			.groups = 1,
			.decision = {
			    g->level, g->action, NOW, NOW + g->until_s, span_str(g->why) } };

		if (g->parent) {
			parent = named(g->parent);
			s.parent = &parent;
		}
		if (reputation_writer_add(w, &s, &e) < 0)
			fail_msg("%s", e.text);
	}
	(void)snprintf(path, sizeof(path), "%s/reputation", at);
	if (reputation_writer_write(w, path, &e) < 0)
		fail_msg("%s", e.text);
	(void)reputation_writer_free(w);
}

static void put_range(struct reach_writer *w, const char *entity, const char *range)
{
	struct entity en = named(entity);
	struct range r;

	assert_int_equal(range_parse(span_str(range), &r), 0);
	reach_put(w, &en, r);
}

static void put_reach(void)
{
	struct reach_writer w;
	struct buf b;

	buf_init(&b, 65536);
	reach_begin(&w, &b);
	put_range(&w, "net:RIPE/NET-1", "8.8.4.0-8.8.5.255");
	put_range(&w, "as:64500", "8.8.0.0/16");
	put_range(&w, "as:64500", "2a00:1450::/32");
	put_range(&w, "org:EXAMPLE/h", "8.8.0.0/16");
	put_range(&w, "org:EXAMPLE/h", "8.9.0.0/16");
	reach_end(&w);
	golden_same("reach", buf_text(&b));
	put(REACH_NAME, buf_text(&b));
	buf_done(&b);
}

static void put_carved(void)
{
	struct decision_line d = {
		.entity = named("addr:8.8.1.3"), .action = ACTION_TAG, .until_s = NOW + 9000
	};
	struct decisions_writer w;
	struct buf b;

	buf_init(&b, 65536);
	decisions_begin(&w, &b);
	decisions_put(&w, &d);
	d.entity = named("addr:8.8.1.1");
	decisions_put(&w, &d);
	decisions_end(&w);
	put(CARVED_NAME, buf_text(&b));
	buf_done(&b);
}

static void put_settings(void)
{
	struct settings s;
	struct buf b;
	struct err e;

	settings_init(&s);
	assert_int_equal(settings_take(&s, SPAN("allow/8.8.2.0/24"), SPAN(""), &e), 1);
	buf_init(&b, SETTINGS_BYTES_MAX);
	settings_format(&s, &b);
	put(SETTINGS_NAME, buf_text(&b));
	buf_done(&b);
	settings_done(&s);
}

static void sign_it(uint64_t generation, uint8_t seed_byte)
{
	static const char *const names[] = { "reputation", SETTINGS_NAME, CARVED_NAME, REACH_NAME };
	struct publication_head head = golden_head;
	uint8_t seed[32];
	struct sign_key k;
	struct err e;

	assert_true(sodium_init() >= 0);
	memset(seed, seed_byte, sizeof(seed));
	(void)crypto_sign_seed_keypair(k.public_key, k.secret, seed);
	head.generation = generation;
	head.expires_s = expires_s;
	if (manifest_write(at, "", &head, names, NELEM(names), &k, &e) < 0)
		fail_msg("%s", e.text);
}

static void make(uint64_t generation, uint8_t seed_byte)
{
	(void)snprintf(at, sizeof(at), "%s/%llu", serve, (unsigned long long)generation);
	(void)mkdir(serve, 0755);
	(void)mkdir(at, 0755);
	put_reputation(generation);
	put_reach();
	put_carved();
	put_settings();
	sign_it(generation, seed_byte);
}

static void show(const char *target)
{
	char link_at[900], tmp[900];

	(void)snprintf(link_at, sizeof(link_at), "%s/current", serve);
	(void)snprintf(tmp, sizeof(tmp), "%s/current.tmp", serve);
	(void)unlink(tmp);
	assert_int_equal(symlink(target, tmp), 0);
	assert_int_equal(rename(tmp, link_at), 0);
}

/* --- what is read about an address -------------------------------------------------------------- */

static const struct said {
	const char *address, *scope;
	enum action action;
	bool spared, carved;
} said[] = {
	{ "8.8.1.1", "addr:8.8.1.1", ACTION_DROP, false, true }, /* a decision about itself holds */
	{ "8.8.1.2", "block:8.8.1.0/24", ACTION_REJECT, false, false },
	{ "8.8.1.3", NULL, 0, false, true },
	{ "8.8.1.4", "block:8.8.1.0/24", ACTION_REJECT, false, false },
	{ "8.8.1.200", "block:8.8.1.0/24", ACTION_REJECT, false, false },
	{ "8.8.2.9", NULL, 0, true, false },			  /* allowed */
	{ "8.8.3.1", "as:64500", ACTION_GREYLIST, false, false }, /* of equal ones the narrowest */
	{ "8.8.4.0", "net:RIPE/NET-1", ACTION_REJECT, false, false },
	{ "8.8.5.255", "net:RIPE/NET-1", ACTION_REJECT, false, false },
	{ "8.8.6.0", "as:64500", ACTION_GREYLIST, false, false },
	{ "8.9.255.255", "org:EXAMPLE/h", ACTION_GREYLIST, false, false },
	{ "8.10.0.0", NULL, 0, false, false },
	{ "8.7.255.255", NULL, 0, false, false },
	{ "10.1.1.1", NULL, 0, true, false },
	{ "9.9.9.9", NULL, 0, true, false }, /* own */
	{ "2a00:1450:1:1:ffff::5", "addr:2a00:1450:1:1::/64", ACTION_REJECT, false, false },
	{ "2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff", "as:64500", ACTION_GREYLIST, false, false },
	{ "2a00:1451::", NULL, 0, false, false },
};

static void check_client(const struct said *s, const struct client *c)
{
	char name[ENTITY_NAME_MAX] = "";

	if (c->decided)
		(void)entity_format(&c->scope, name);
	if (c->decided != (s->scope != NULL) || strcmp(name, s->scope ? s->scope : "") != 0 ||
	    c->spared != s->spared || c->carved != s->carved ||
	    (s->scope && c->action != s->action))
		fail_msg("%s: decided %d about \"%s\", spared %d, carved %d", s->address,
		    c->decided, name, c->spared, c->carved);
}

static void check_said(const struct edition *ed, const struct said *s, int64_t now_s)
{
	struct client c, brief;

	client_look(ed, addr(s->address), now_s, &c);
	check_client(s, &c);
	client_decided(ed, addr(s->address), now_s, &brief);
	check_client(s, &brief);
	assert_int_equal(brief.row, c.row);
	assert_int_equal(brief.level, c.level);
	assert_int_equal(brief.until_s, c.until_s);
	assert_true(span_eq(brief.reason, c.reason));
	assert_int_equal(brief.chain.at[ENTITY_PREFIX], c.chain.at[ENTITY_PREFIX]);
	assert_int_equal(brief.chain.at[ENTITY_AS], REPUTATION_NONE);
}

static struct edition *opened(const uint8_t *key)
{
	struct addrset own = { .v = NULL };
	struct edition *ed = NULL;
	struct err e = { "" };

	assert_int_equal(addrset_parse(SPAN("9.9.9.0/24"), &own, &e), 0);
	if (edition_open(at, key, &own, &ed, &e) < 0)
		fail_msg("%s", e.text);
	addrset_done(&own);
	return ed;
}

static void check_grades(const struct edition *ed)
{
	static const struct {
		const char *address;
		char grade;
	} graded[] = { { "8.8.1.1", 'E' }, { "8.8.1.200", 'D' }, { "8.8.3.1", 'C' },
		{ "8.8.2.9", 0 }, { "9.9.9.9", 0 }, { "1.1.1.1", 0 } };
	struct reputation_row row;
	struct client c;

	for (size_t i = 0; i < NELEM(graded); i++) {
		client_look(ed, addr(graded[i].address), NOW, &c);
		assert_int_equal(client_graded(ed, &c, NOW, &row) ? row.grade : 0, graded[i].grade);
		assert_false(client_graded(ed, &c, golden_head.expires_s, &row));
		assert_false(client_graded(NULL, &c, NOW, &row));
	}
}

static void test_client(void **state)
{
	struct edition *ed;
	struct client c;

	make(7, 1);
	ed = opened(NULL);
	for (size_t i = 0; i < NELEM(said); i++)
		check_said(ed, &said[i], NOW);
	client_look(ed, addr("8.8.1.1"), NOW + 3600,
	    &c); /* what has ended is nothing; carved, so its block is nothing either */
	assert_false(c.decided);
	client_look(ed, addr("8.8.1.2"), NOW + 7200, &c);
	assert_true(c.decided && c.scope.kind == ENTITY_AS);
	client_look(ed, addr("8.8.1.2"), golden_head.expires_s - 1, &c);
	assert_false(c.decided);
	client_look(ed, addr("8.8.3.1"), NOW + 8999, &c);
	assert_true(c.decided);
	client_look(NULL, addr("8.8.1.1"), NOW, &c);
	assert_false(c.decided || c.spared || c.carved);
	assert_int_equal(c.chain.at[ENTITY_ADDR], REPUTATION_NONE);
	client_decided(NULL, addr("8.8.1.1"), NOW, &c);
	assert_false(c.decided || c.spared || c.carved);
	check_grades(ed);
	client_look(NULL, addr("127.0.0.1"), NOW, &c);
	assert_true(c.spared);
	client_decided(NULL, addr("fe80::1"), NOW, &c);
	assert_true(c.spared);
	assert_false(edition_stale(ed, golden_head.expires_s - 1));
	assert_true(edition_stale(ed, golden_head.expires_s));
	(void)edition_free(edition_hold(ed));
	check_said(ed, &said[0], NOW);
	(void)edition_free(ed);
}

/* --- what is refused ---------------------------------------------------------------------------- */

static int try_open(const uint8_t *key)
{
	struct edition *ed = NULL;
	struct err e = { "" };
	int r = edition_open(at, key, NULL, &ed, &e);

	assert_true((r == 0) == (ed != NULL) && (r == 0) == (*e.text == '\0'));
	(void)edition_free(ed);
	return r;
}

static void test_refused(void **state)
{
	static const char *const files[] = { "manifest", "reputation", SETTINGS_NAME, CARVED_NAME,
		REACH_NAME };
	uint8_t other[SIGN_KEY_BYTES] = { 1 };

	make(7, 1);
	assert_int_equal(try_open(NULL), 0);
	assert_int_equal(try_open(other), -EKEYREJECTED);
	for (size_t i = 0; i < NELEM(files); i++) {
		char path[900];
		struct buf b;
		struct err e;

		(void)snprintf(path, sizeof(path), "%s/%s", at, files[i]);
		buf_init(&b, 1u << 20);
		assert_int_equal(file_read(path, &b, &e), 0);
		for (size_t cut = 0; cut < b.len; cut += 1 + b.len / 50) {
			put(files[i], span_of(b.p, cut));
			assert_int_equal(try_open(NULL), -EBADMSG);
		}
		for (size_t k = 0; k < b.len; k += 1 + b.len / 50) {
			b.p[k] ^= 1;
			put(files[i], buf_text(&b));
			assert_int_equal(try_open(NULL), -EBADMSG);
			b.p[k] ^= 1;
		}
		assert_int_equal(unlink(path), 0);
		assert_int_equal(try_open(NULL), i <= 1 ? -ENOENT : -EBADMSG);
		put(files[i], buf_text(&b));
		assert_int_equal(try_open(NULL), 0);
		buf_done(&b);
	}
	{
		char path[900];

		(void)snprintf(path, sizeof(path), "%s/" REACH_NAME, at);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0); /* is not waited for */
		assert_int_equal(try_open(NULL), -EBADMSG);
		assert_int_equal(unlink(path), 0);
		put_reach();
		assert_int_equal(try_open(NULL), 0);
	}
	put_reputation(8); /* of another generation, though signed */
	sign_it(7, 1);
	assert_int_equal(try_open(NULL), -EBADMSG);
}

/* --- reach -------------------------------------------------------------------------------------- */

static void test_reach_text(void **state)
{
	static const struct {
		const char *text;
		int want;
	} texts[] = {
		{ "#onus-reach 1\nend\t0\n", 0 },
		{ "#onus-reach 1\nas:64500\t8.8.8.0/24\nend\t1\n", 0 },
		{ "#onus-reach 1\nas:1\t8.8.8.0/24\nend\t1\n", 0 }, /* no row: passed over */
		{ "#onus-reach 1\nas:64500\t8.8.8.0/24\nend\t2\n", -EBADMSG },
		{ "#onus-reach 1\nas:64500\t8.8.8.0/24\n", -EBADMSG },
		{ "#onus-reach 1\nas:64500\t8.8.8.0/24\nend\t1", -EBADMSG },
		{ "#onus-reach 1\nend\t0\nx", -EBADMSG },
		{ "#onus-reach 1\nend\t0\nas:64500\t8.8.8.0/24\n", -EBADMSG },
		{ "#onus-reach 2\nend\t0\n", -EBADMSG },
		{ "", -EBADMSG },
		{ "#onus-reach 1\naddr:8.8.8.8\t8.8.8.8\nend\t1\n", -EBADMSG },
		{ "#onus-reach 1\nas:64500\t8.8.8.9-8.8.8.1\nend\t1\n", -EBADMSG },
		{ "#onus-reach 1\nas:64500\nend\t1\n", -EBADMSG },
	};
	struct edition *ed;

	make(7, 1);
	ed = opened(NULL);
	for (size_t i = 0; i < NELEM(texts); i++) {
		struct reach *r = NULL;
		struct err e;
		int got = reach_parse(span_str(texts[i].text), edition_reputation(ed), &r, &e);

		if (got != texts[i].want)
			fail_msg("\"%s\": %d", texts[i].text, got);
		(void)reach_free(r);
	}
	(void)edition_free(ed);
}

#define SPACE 600u
#define BASE  0x08080000u

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

/* Random ranges of three entities, against a table of every address. */
static void reach_round(const struct reputation *rep, uint32_t *x)
{
	static const char *const names[] = { "net:RIPE/NET-1", "as:64500", "org:EXAMPLE/h" };
	static bool over[SPACE + 1][NELEM(names)];
	uint32_t rows[NELEM(names)], n = 1 + next_random(x) % 40;
	struct reach_writer w;
	struct reach *r = NULL;
	struct buf b;
	struct err e;

	memset(over, 0, sizeof(over));
	buf_init(&b, 65536);
	reach_begin(&w, &b);
	for (size_t k = 0; k < NELEM(names); k++) {
		struct entity en = named(names[k]);

		rows[k] = reputation_find(rep, &en);
	}
	while (n--) {
		uint32_t k = next_random(x) % NELEM(names), first = next_random(x) % SPACE;
		uint32_t more = next_random(x) % 90, last = MIN_OF(first + more, SPACE - 1);
		struct entity en = named(names[k]);

		reach_put(
		    &w, &en, (struct range){ addr_of_v4(BASE + first), addr_of_v4(BASE + last) });
		for (uint32_t i = first; i <= last; i++)
			over[i][k] = true;
	}
	reach_end(&w);
	if (reach_parse(buf_text(&b), rep, &r, &e) < 0)
		fail_msg("%s", e.text);
	for (uint32_t i = 0; i <= SPACE; i++) {
		const uint32_t *got = NULL;
		uint32_t m = reach_over(r, addr_of_v4(BASE + i), &got), want = 0;

		for (size_t k = 0; k < NELEM(names); k++)
			if (over[i][k]) {
				assert_true(want < m && got[want] == rows[k]);
				want++;
			}
		assert_int_equal(m, want);
	}
	(void)reach_free(r);
	buf_done(&b);
}

static void test_reach_naive(void **state)
{
	struct edition *ed;
	uint32_t x = 20261128;

	make(7, 1);
	ed = opened(NULL);
	for (unsigned i = 0; i < 300; i++)
		reach_round(edition_reputation(ed), &x);
	(void)edition_free(ed);
}

/* --- following ---------------------------------------------------------------------------------- */

static struct editions *follow_editions(const char *key_hex)
{
	struct editions *f = NULL;
	struct err e;

	if (editions_new(serve, key_hex, "9.9.9.0/24", &f, &e) < 0)
		fail_msg("%s", e.text);
	return f;
}

static void want(struct editions *f, int got, uint64_t generation, const char *trouble)
{
	struct editions_state s;
	struct err e = { "" };

	assert_int_equal(editions_look(f, &e), got);
	editions_state(f, &s);
	assert_int_equal(s.generation, generation);
	if (!strstr(s.trouble, trouble) || (*trouble == '\0') != (*s.trouble == '\0'))
		fail_msg("\"%s\", not \"%s\"", s.trouble, trouble);
}

static const char *link_of(const char *name)
{
	static char path[900];

	(void)snprintf(path, sizeof(path), "%s/%s", serve, name);
	return path;
}

static void test_follow(void **state)
{
	struct editions *f;
	struct edition *ed;
	struct err e;

	assert_int_equal(editions_new(serve, "abc", "", &f, &e), -EINVAL);
	assert_int_equal(editions_new(serve, "", "nowhere", &f, &e), -EINVAL);
	(void)snprintf(serve, sizeof(serve), "%s/followed", dir);
	f = follow_editions("");
	assert_null(editions_take(f));
	want(f, 0, 0, ""); /* nothing was published yet */
	expires_s = UINT32_MAX;
	make(7, 1);
	show("7");
	want(f, 1, 7, "");
	want(f, 0, 7, "");
	ed = editions_take(f);
	make(8, 1);
	put("reputation", SPAN("rubbish"));
	show("8");
	want(f, -EBADMSG, 7, "not the file that its manifest names");
	want(f, 0, 7, "not the file");
	make(9, 2);
	show("9");
	want(f, -EKEYREJECTED, 7, "another key");
	make(6, 1);
	show("6");
	want(f, -EBADMSG, 7, "lower");
	make(10, 1);
	show("10");
	want(f, 1, 10, "");
	check_said(ed, &said[0], NOW); /* the older one, as long as somebody holds it */
	(void)edition_free(ed);
	show("nonsense");
	want(f, -EBADMSG, 10, "points at no publication");
	want(f, 0, 10, "points at no publication");
	show("11");
	want(f, -ENOENT, 10, "11");
	want(f, 0, 10, "11");
	make(11, 1);
	want(f, 1, 11, "");
	show("nowhere-else");
	(void)unlink(link_of("current"));
	want(f, -ENOENT, 11, "nothing was published there");
	want(f, 0, 11, "nothing was published there");
	show("11");
	want(f, 1, 11, "");
	expires_s = NOW + 86400; /* long over */
	make(12, 1);
	show("12");
	want(f, 1, 12, "");
	make(3, 1); /* of a hub that was made anew */
	show("3");
	want(f, 1, 3, "");
	(void)editions_free(f);
}

/* f ends, and what follows after it by other words is returned */
static struct editions *after(struct editions *f, const char *key_hex, const char *own)
{
	struct editions *next = NULL;
	struct err e;

	if (editions_after(f, serve, key_hex, own, &next, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(editions_is(next, serve, key_hex, own));
	assert_false(editions_is(next, serve, key_hex, "9.9.8.0/24"));
	(void)editions_free(f);
	return next;
}

/* Who was believed, and how far publications had come, outlives two changes while nothing can be believed; a key that is given
 * begins anew. */
static void test_editions_after(void **state)
{
	struct editions *f;

	assert_false(editions_is(NULL, "", "", ""));
	(void)snprintf(serve, sizeof(serve), "%s/after", dir);
	expires_s = UINT32_MAX;
	f = follow_editions("");
	make(7, 1);
	show("7");
	want(f, 1, 7, "");
	make(8, 2);
	show("8");
	want(f, -EKEYREJECTED, 7, "another key");
	for (unsigned i = 0; i < 2; i++) {
		f = after(f, "", i ? "9.9.7.0/24" : "");
		want(f, -EKEYREJECTED, 0, "another key");
	}
	make(6, 1);
	show("6");
	want(f, -EBADMSG, 0, "lower");
	want(f, 0, 0, "lower");
	editions_again(f);
	want(f, -EBADMSG, 0, "lower");
	show("7");
	want(f, 1, 7, "");
	editions_again(f);
	want(f, 0, 7, "");
	f = after(f, "0000000000000000000000000000000000000000000000000000000000000000", "");
	want(f, -EKEYREJECTED, 0, "another key");
	(void)editions_free(f);
}

static atomic_bool ended;

static void *read_all(void *arg)
{
	struct editions *f = arg;
	uint64_t n = 0;

	while (!atomic_load(&ended) || n == 0) {
		struct edition *ed = editions_take(f);
		struct client c;

		if (ed) {
			client_look(ed, addr_of_v4(0x08080104), NOW, &c);
			if (!c.decided || c.action != ACTION_REJECT)
				return NULL;
			n++;
		}
		(void)edition_free(ed);
	}
	return f;
}

static void test_editions_threads(void **state)
{
	struct editions *f;
	pthread_t t[2];

	(void)snprintf(serve, sizeof(serve), "%s/threads", dir);
	f = follow_editions("");
	for (unsigned i = 0; i < NELEM(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_all, f), 0);
	for (unsigned g = 1; g <= 12; g++) {
		char name[16];

		make(g, 1);
		(void)snprintf(name, sizeof(name), "%u", g);
		show(name);
		want(f, 1, g, "");
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < NELEM(t); i++) {
		void *ret = NULL;

		(void)pthread_join(t[i], &ret);
		assert_ptr_equal(ret, f);
	}
	(void)editions_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reach_text),
		cmocka_unit_test(test_reach_naive),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_editions_after),
		cmocka_unit_test(test_editions_threads),
	};
	char clear[600];
	int r;

	(void)snprintf(dir, sizeof(dir), "/tmp/onus-edition-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(serve, sizeof(serve), "%s/serve", dir);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(clear, sizeof(clear), "rm -rf '%s'", dir);
	return system(clear) != 0 || r;
}
