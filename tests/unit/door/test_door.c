/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with a client, and in which words: decisions, grades, rules, the greylist, and texts that do not fit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "door/door.h"

#define NOON INT64_C(1764331200) /* 2025-11-28T12:00:00Z */

static struct door *door_of(const char *const *set, unsigned n)
{
	struct conf *c = conf_new();
	struct door *d = NULL;
	struct err e = { "" };

	assert_non_null(c);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(conf_set(c, set[i], &e), 0);
	if (door_new(c, &d, &e) < 0)
		fail_msg("%s", e.text);
	(void)conf_free(c);
	return d;
}

static struct door *door_at(const char *site_url)
{
	char url[300];
	const char *set[] = { url, "greylist_delay_s=300" };

	(void)snprintf(url, sizeof(url), "site_url=%s", site_url);
	return door_of(set, NELEM(set));
}

static struct entity scope;

static struct door_client client(enum level level, enum action action, char grade)
{
	static struct entity graded;
	struct err e;
	struct door_client c = { .decided = level != LEVEL_CLEAR,
		.level = level,
		.action = action,
		.scope = &scope,
		.until_s = NOON + 3600,
		.reason = SPAN("half of its mails were spam"),
		.grade = grade,
		.score = 23.4f,
		.graded = &graded };

	assert_int_equal(entity_parse(SPAN("block:192.0.2.0/24"), &scope, &e), 0);
	assert_int_equal(entity_parse(SPAN("as:64500"), &graded, &e), 0);
	assert_int_equal(addr_parse(SPAN("192.0.2.1"), &c.addr), 0);
	return c;
}

static const struct door_mail mail = { .sender = SPAN("a@example.org"),
	.recipient = SPAN("b@example.net") };

static const struct {
	const char *label;
	enum level level;
	enum action action;
	char grade;
	enum door_verdict want;
} verdicts[] = {
	{ "nothing known", LEVEL_CLEAR, ACTION_TAG, 0, DOOR_PASS },
	{ "a good grade", LEVEL_CLEAR, ACTION_TAG, 'C', DOOR_PASS },
	{ "a grade to tag", LEVEL_CLEAR, ACTION_TAG, 'D', DOOR_TAG },
	{ "the worst grade alone", LEVEL_CLEAR, ACTION_TAG, 'F', DOOR_TAG },
	{ "an action without a decision", LEVEL_CLEAR, ACTION_DROP, 0, DOOR_PASS },
	{ "watched", LEVEL_WATCH, ACTION_TAG, 'B', DOOR_TAG },
	{ "a block at tag", LEVEL_BLOCK, ACTION_TAG, 0, DOOR_TAG },
	{ "a block at greylist", LEVEL_BLOCK, ACTION_GREYLIST, 0, DOOR_GREYLIST },
	{ "a block, reject", LEVEL_BLOCK, ACTION_REJECT, 0, DOOR_REFUSE },
	{ "a block, drop", LEVEL_BLOCK, ACTION_DROP, 0, DOOR_REFUSE },
	{ "friction", LEVEL_FRICTION, ACTION_GREYLIST, 0, DOOR_GREYLIST },
	{ "friction that would refuse", LEVEL_FRICTION, ACTION_REJECT, 0, DOOR_GREYLIST },
	{ "probation", LEVEL_PROBATION, ACTION_GREYLIST, 0, DOOR_GREYLIST },
	{ "probation at tag", LEVEL_PROBATION, ACTION_TAG, 0, DOOR_TAG },
};

static void test_verdicts(void **state)
{
	struct door_answer a;

	for (unsigned i = 0; i < NELEM(verdicts); i++) {
		struct door *d = door_at("");
		struct door_client c =
		    client(verdicts[i].level, verdicts[i].action, verdicts[i].grade);

		door_judge(d, &c, &mail, NOON, &a);
		if (a.verdict != verdicts[i].want || a.rule || a.exempt)
			fail_msg("%s: %d", verdicts[i].label, (int)a.verdict);
		c.spared = true;
		door_judge(d, &c, &mail, NOON, &a);
		if (a.verdict != DOOR_PASS)
			fail_msg("%s, spared: %d", verdicts[i].label, (int)a.verdict);
		(void)door_free(d);
	}
}

static const char *told(struct door *d, const struct door_client *c, int64_t now_s)
{
	static struct door_answer a;

	door_judge(d, c, &mail, now_s, &a);
	assert_int_equal(strlen(a.text), a.len);
	return a.text;
}

static void test_words(void **state)
{
	struct door *d = door_at("https://onus.example//");
	struct door_client c = client(LEVEL_BLOCK, ACTION_REJECT, 'F');

	assert_string_equal(told(d, &c, NOON),
	    "client 192.0.2.1 refused: half of its mails were spam; scope block:192.0.2.0/24 until "
	    "2025-11-28T13:00:00Z; see https://onus.example/block/192.0.2.0/24");
	c.action = ACTION_GREYLIST;
	assert_string_equal(told(d, &c, NOON),
	    "greylisted, try again in 300 seconds: half of its mails were spam; scope "
	    "block:192.0.2.0/24 "
	    "until 2025-11-28T13:00:00Z; see https://onus.example/block/192.0.2.0/24");
	assert_string_equal(told(d, &c, NOON + 301),
	    "192.0.2.1; grade=F; score=23; graded=as:64500; level=block; action=greylist; "
	    "scope=block:192.0.2.0/24; until=2025-11-28T13:00:00Z; waited=301; "
	    "page=https://onus.example/block/192.0.2.0/24; reason=half of its mails were spam");
	c = client(LEVEL_CLEAR, ACTION_TAG, 'E');
	assert_string_equal(told(d, &c, NOON), "192.0.2.1; grade=E; score=23; graded=as:64500; "
					       "page=https://onus.example/as/64500");
	(void)door_free(d);
	d = door_at("");
	c = client(LEVEL_BLOCK, ACTION_REJECT, 'F');
	c.reason = SPAN("");
	assert_string_equal(told(d, &c, NOON), "client 192.0.2.1 refused; scope block:192.0.2.0/24 "
					       "until 2025-11-28T13:00:00Z");
	(void)door_free(d);
}

/* Names and reasons of any bytes and lengths: one line of printable ASCII, with the scope and the page whole. */
static void test_long(void **state)
{
	char url[230], reason[600], page[400];
	struct door *d;
	struct door_client c;
	struct err e;

	memset(url, 'u', sizeof(url));
	memcpy(url, "site_url=https://", 17);
	url[9 + 120] = '\0';
	d = door_of((const char *const[]){ url }, 1);
	for (size_t n = 0; n < sizeof(reason); n += n < 100 ? 1 : 37) {
		const char *text;

		c = client(LEVEL_BLOCK, ACTION_REJECT, 'F');
		memset(reason, '\n', n);
		c.reason = span_of(reason, n);
		assert_int_equal(
		    entity_parse(SPAN("org:RIPE/M\xc3\xbcller-\xc3\xb6-1"), &scope, &e), 0);
		text = told(d, &c, NOON);
		(void)snprintf(
		    page, sizeof(page), "; see %s/org/RIPE/M%%C3%%BCller-%%C3%%B6-1", url + 9);
		assert_non_null(strstr(text, page));
		assert_non_null(strstr(text, "; scope org:RIPE/M?"
					     "?ller-?"
					     "?-1 until "));
		for (const char *p = text; *p; p++)
			assert_true(*p >= ' ' && *p <= '~');
		c.action = ACTION_TAG;
		text = told(d, &c, NOON);
		assert_non_null(strstr(text, page + 6));
		for (const char *p = text; *p; p++)
			assert_true(*p >= ' ' && *p <= '~');
	}
	(void)door_free(d);
}

/* Even where nothing fits, it ends where it must. */
static void test_longest(void **state)
{
	char url[9 + 200 + 1], name[ENTITY_NAME_MAX] = "org:RIPE/";
	struct door_client c = client(LEVEL_BLOCK, ACTION_REJECT, 'F');
	struct door_answer a;
	struct door *d;
	struct err e;

	memset(url, 'u', sizeof(url) - 1);
	memcpy(url, "site_url=https://", 17);
	url[sizeof(url) - 1] = '\0';
	d = door_of((const char *const[]){ url }, 1);
	while (strlen(name) + 3 < ENTITY_HANDLE_MAX)
		(void)snprintf(name + strlen(name), sizeof(name) - strlen(name), "\xc3\xbc");
	assert_int_equal(entity_parse(span_str(name), &scope, &e), 0);
	for (enum action action = ACTION_TAG; action < ACTION_N; action++) {
		c.action = action;
		door_judge(d, &c, &mail, NOON, &a);
		assert_true(a.len < DOOR_TEXT_MAX && a.len > DOOR_TEXT_MAX / 2);
		assert_int_equal(strlen(a.text), a.len);
	}
	(void)door_free(d);
}

static const struct {
	const char *set, *want;
} refused[] = {
	{ "tag_grade=G", "tag_grade is a letter" },
	{ "tag_grade=DE", "tag_grade is a letter" },
	{ "greylist_window_s=300", "must be more than" },
};

static void test_refused(void **state)
{
	for (unsigned i = 0; i < NELEM(refused); i++) {
		struct conf *c = conf_new();
		struct door *d = NULL;
		struct err e = { "" };

		assert_int_equal(conf_set(c, refused[i].set, &e), 0);
		assert_int_equal(door_new(c, &d, &e), -EINVAL);
		if (!strstr(e.text, refused[i].want))
			fail_msg("%s: %s", refused[i].set, e.text);
		(void)conf_free(c);
	}
}

static void test_no_tag_by_grade(void **state)
{
	struct door *d = door_of((const char *const[]){ "tag_grade=" }, 1);
	struct door_client c = client(LEVEL_CLEAR, ACTION_TAG, 'F');
	struct door_answer a;

	door_judge(d, &c, &mail, NOON, &a);
	assert_int_equal(a.verdict, DOOR_PASS);
	(void)door_free(d);
}

/* Own networks are spared although no publication says so, whatever a rule of their own wants. */
static void test_own(void **state)
{
	struct door *d =
	    door_of((const char *const[]){ "own_networks=45.0.9.0/24, 2a00:45::/32" }, 1);
	const struct {
		const char *client;
		bool spared;
	} own[] = { { "45.0.9.7", true }, { "45.0.8.255", false }, { "2a00:45::1", true },
		{ "2a00:46::1", false } };

	for (unsigned i = 0; i < NELEM(own); i++) {
		struct door_client c = client(LEVEL_BLOCK, ACTION_REJECT, 'F');
		struct door_answer a;

		assert_int_equal(addr_parse(span_str(own[i].client), &c.addr), 0);
		door_judge(d, &c, &mail, NOON, &a);
		assert_int_equal(a.spared, own[i].spared);
		assert_int_equal(a.verdict, own[i].spared ? DOOR_PASS : DOOR_REFUSE);
	}
	(void)door_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_tag_by_grade),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
