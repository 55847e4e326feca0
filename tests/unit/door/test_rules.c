/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules as the configuration has them: which one matches, and which are refused with a reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "door/rules.h"
#include "util/file.h"

static struct conf *conf_of(const char *text, struct err *e)
{
	char path[] = "/tmp/onus-test-rules-XXXXXX";
	int fd = mkstemp(path);
	struct conf *c;

	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(file_write(path, span_str(text), e), 0);
	c = conf_open(path, (const char *const[]){ "feeds=" }, 1, e);
	(void)unlink(path);
	return c;
}

static struct door_rules *rules_of(const char *text)
{
	struct door_rules *r = NULL;
	struct err e = { "" };
	struct conf *c = conf_of(text, &e);

	if (!c || door_rules_new(c, &r, &e) < 0)
		fail_msg("%s", e.text);
	(void)conf_free(c);
	return r;
}

/* struct who - "" of an address is 192.0.2.1 */
struct who {
	const char *client, *sender, *recipient;
	bool authenticated, verified;
	enum action action; /* above tag: listed */
	char grade;
};

static enum door_action match(const struct door_rules *r, struct who w, const char **name)
{
	struct door_client c = { .decided = w.action > ACTION_TAG,
		.level = LEVEL_BLOCK,
		.action = w.action,
		.grade = w.grade };
	struct door_mail m = { span_str(w.sender), span_str(w.recipient), w.authenticated,
		w.verified };

	assert_int_equal(addr_parse(span_str(w.client ? w.client : "192.0.2.1"), &c.addr), 0);
	return door_rules_match(r, &c, &m, name);
}

static const struct {
	const char *label, *rule;
	struct who who;
	bool matches;
} cases[] = {
	{ "nothing is asked for", "", { 0 }, true },
	{ "a prefix", "client = 192.0.2.0/25, 2001:db8::/32", { 0 }, true },
	{ "past the prefix", "client = 192.0.2.0/25", { "192.0.2.128" }, false },
	{ "an IPv6 prefix", "client = 192.0.2.0/25, 2001:db8::/32", { "2001:db8::9" }, true },
	{ "a sender", "sender = a@example.org", { .sender = "a@example.org" }, true },
	{ "case of a sender", "sender = A@example.org", { .sender = "a@EXAMPLE.org" }, true },
	{ "another sender", "sender = a@example.org", { .sender = "ba@example.org" }, false },
	{ "a domain", "sender = example.org", { .sender = "a@example.org" }, true },
	{ "below a domain", "sender = example.org", { .sender = "a@m.example.org" }, false },
	{ "what is below one", "sender = .example.org", { .sender = "a@m.example.org" }, true },
	{ "the domain itself", "sender = .example.org", { .sender = "a@example.org" }, false },
	{ "ends alike", "sender = .example.org", { .sender = "a@badexample.org" }, false },
	{ "a first half", "sender = news@", { .sender = "news@example.com" }, true },
	{ "another first half", "sender = news@", { .sender = "newsletter@example.com" }, false },
	{ "a quoted first half", "sender = example.org", { .sender = "\"a@b\"@example.org" },
	    true },
	{ "an address for a domain", "sender = a@[192.0.2.1]", { .sender = "a@[192.0.2.1]" },
	    true },
	{ "a domain beyond ASCII", "sender = m\xc3\xbcller.example",
	    { .sender = "a@m\xc3\xbcller.example" }, true },
	{ "bounces", "sender = <>", { .sender = "" }, true },
	{ "no bounce", "sender = <>", { .sender = "a@example.org" }, false },
	{ "bounces have no domain", "sender = example.org", { .sender = "" }, false },
	{ "one of several", "sender = a@x.example, example.org", { .sender = "b@example.org" },
	    true },
	{ "a recipient", "recipient = b@example.net", { .recipient = "b@example.net" }, true },
	{ "no recipient yet", "recipient = example.net", { .recipient = "" }, false },
	{ "without a domain", "recipient = root@", { .recipient = "root" }, true },
	{ "both", "sender = example.org\nrecipient = b@example.net",
	    { .sender = "a@example.org", .recipient = "b@example.net" }, true },
	{ "one of both", "sender = example.org\nrecipient = b@example.net",
	    { .sender = "a@example.org", .recipient = "c@example.net" }, false },
	{ "logged in", "authenticated = yes", { .authenticated = true }, true },
	{ "not logged in", "authenticated = yes", { 0 }, false },
	{ "only not logged in", "authenticated = no", { .authenticated = true }, false },
	{ "a certificate", "verified = yes", { .verified = true }, true },
	{ "no certificate", "verified = yes", { 0 }, false },
	{ "listed", "listed = yes", { .action = ACTION_GREYLIST }, true },
	{ "a tag is no listing", "listed = yes", { .action = ACTION_TAG }, false },
	{ "not listed", "listed = no", { 0 }, true },
	{ "a grade", "grade = E, F", { .grade = 'F' }, true },
	{ "a better grade", "grade = EF", { .grade = 'D' }, false },
	{ "no grade", "grade = ABCDEF", { 0 }, false },
};

static void test_matches(void **state)
{
	for (unsigned i = 0; i < NELEM(cases); i++) {
		char text[500];
		struct door_rules *r;
		const char *name;
		enum door_action a;

		(void)snprintf(
		    text, sizeof(text), "[rule own]\naction = refuse\n%s\n", cases[i].rule);
		r = rules_of(text);
		a = match(r, cases[i].who, &name);
		if ((a == DOOR_REFUSED) != cases[i].matches ||
		    (a == DOOR_REFUSED && strcmp(name, "own") != 0))
			fail_msg("%s: %d", cases[i].label, (int)a);
		(void)door_rules_free(r);
	}
}

static void test_first_wins(void **state)
{
	struct door_rules *r = rules_of("[rule one]\nsender = a@example.org\naction = tag\n"
					"[rule two]\nsender = example.org\naction = greylist\n"
					"[rule three]\naction = exempt\n");
	const char *name;

	assert_int_equal(match(r, (struct who){ .sender = "a@example.org" }, &name), DOOR_TAG_ONLY);
	assert_string_equal(name, "one");
	assert_int_equal(
	    match(r, (struct who){ .sender = "b@example.org" }, &name), DOOR_GREYLISTED);
	assert_string_equal(name, "two");
	assert_int_equal(match(r, (struct who){ .sender = "b@example.com" }, &name), DOOR_EXEMPT);
	assert_string_equal(name, "three");
	(void)door_rules_free(r);
}

/* Complaints get through, and who has logged in; a rule takes it back. */
static void test_built_in(void **state)
{
	const struct who user = { .authenticated = true, .recipient = "b@example.net" };
	const struct who complaint = { .recipient = "Postmaster@example.net" };
	const struct who abuse = { .recipient = "abuse@example.net" };
	const struct who other = { .recipient = "abuses@example.net",
		.sender = "abuse@example.org" };
	struct door_rules *r = rules_of("");
	const char *name;

	assert_int_equal(match(r, user, &name), DOOR_EXEMPT);
	assert_string_equal(name, "authenticated");
	assert_int_equal(match(r, complaint, &name), DOOR_EXEMPT);
	assert_string_equal(name, "complaints");
	assert_int_equal(match(r, abuse, &name), DOOR_EXEMPT);
	assert_int_equal(match(r, other, &name), DOOR_JUDGE);
	assert_null(name);
	(void)door_rules_free(r);
}

/* Which rules of one's own stand before these two: what names the same. */
static const struct {
	const char *label, *rule;
	struct who who;
	bool before;
} befores[] = {
	{ "a user, by his listing", "listed = yes",
	    { .authenticated = true, .action = ACTION_REJECT }, false },
	{ "a user, by everything", "", { .authenticated = true }, false },
	{ "a user, by name", "authenticated = yes", { .authenticated = true }, true },
	{ "a complaint, by the client's listing", "listed = yes",
	    { .recipient = "abuse@example.net", .action = ACTION_REJECT }, false },
	{ "a complaint, by its domain", "recipient = example.net",
	    { .recipient = "abuse@example.net" }, false },
	{ "a complaint, by name", "recipient = x@example.net, Abuse@",
	    { .recipient = "abuse@example.net" }, true },
	{ "a complaint, by its address", "recipient = abuse@example.net",
	    { .recipient = "Abuse@example.net" }, true },
	{ "a complaint, by authenticated", "authenticated = no",
	    { .recipient = "abuse@example.net" }, false },
	{ "a user's complaint, by one of both", "authenticated = yes",
	    { .authenticated = true, .recipient = "abuse@example.net" }, false },
	{ "a user's complaint, by both", "authenticated = yes\nrecipient = abuse@",
	    { .authenticated = true, .recipient = "abuse@example.net" }, true },
};

static void test_before_built_in(void **state)
{
	for (unsigned i = 0; i < NELEM(befores); i++) {
		char text[500];
		struct door_rules *r;
		const char *name;
		enum door_action a;

		(void)snprintf(
		    text, sizeof(text), "[rule own]\naction = greylist\n%s\n", befores[i].rule);
		r = rules_of(text);
		a = match(r, befores[i].who, &name);
		if (a != (befores[i].before ? DOOR_GREYLISTED : DOOR_EXEMPT))
			fail_msg("%s: %d", befores[i].label, (int)a);
		(void)door_rules_free(r);
	}
}

static const struct {
	const char *text, *want;
} refused[] = {
	{ "[rule own]\n", "rule own: action is judge|exempt|tag|greylist|refuse, not \"\"" },
	{ "[rule own]\naction = no\n", "not \"no\"" },
	{ "[rule own]\naction = tag\nclient = 192.0.2.1/24\n", "client" },
	{ "[rule own]\naction = tag\nsender = @example.org\n", "not \"@example.org\"" },
	{ "[rule own]\naction = tag\nsender = *@example.org\n", "not \"*@example.org\"" },
	{ "[rule own]\naction = tag\nsender = *.example.org\n", "not \"*.example.org\"" },
	{ "[rule own]\naction = tag\nsender = <a@example.org>\n", "not \"<a@example.org>\"" },
	{ "[rule own]\naction = tag\nsender = example.org.\n", "not \"example.org.\"" },
	{ "[rule own]\naction = tag\nsender = ..example.org\n", "not \"..example.org\"" },
	{ "[rule own]\naction = tag\nsender = /@example.org$/\n", "not \"/@example.org$/\"" },
	{ "[rule own]\naction = tag\nrecipient = <>\n", "below it), not \"<>\"" },
	{ "[rule own]\naction = tag\nrecipient = .\n", "recipient is addresses" },
	{ "[rule own]\naction = tag\nlisted = maybe\n", "listed is yes|no" },
	{ "[rule own]\naction = tag\ngrade = G\n", "grade is letters A to F" },
};

static void test_refused(void **state)
{
	for (unsigned i = 0; i < NELEM(refused); i++) {
		struct err e = { "" };
		struct conf *c = conf_of(refused[i].text, &e);
		struct door_rules *r = NULL;

		assert_non_null(c);
		assert_int_equal(door_rules_new(c, &r, &e), -EINVAL);
		if (!strstr(e.text, refused[i].want) || !strstr(e.text, ":1: rule own: "))
			fail_msg("%s: %s", refused[i].text, e.text);
		(void)conf_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_first_wins),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_before_built_in),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
