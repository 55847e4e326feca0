/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sends a message: real forms of receivers' results, and what a sender may write to be taken for another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/sender.h"
#include "util/buf.h"

#define FROM "From: Loop <fbl@example.net>\r\n"
#define PASS "Authentication-Results: mx.example.com; dkim=pass header.d=example.net\r\n"
#define FAIL "Authentication-Results: mx.example.com; dkim=none\r\n"
/* Our own host took it from one that is not ours; one within handed it on. */
#define TAKEN                                                                                      \
	"Received: from m.example (m.example [9.9.9.9])\r\n\tby mx.example.com (Postfix) with "    \
	"ESMTP id 4; Thu, 27 Nov 2025 12:00:00 +0100\r\n"
#define WITHIN(a)                                                                                  \
	"Received: from mx.example.com (mx.example.com [" a                                        \
	"])\r\n\tby store.example.com (Postfix) with ESMTP id 5; Thu, 27 Nov 2025 12:00:00 "       \
	"+0100\r\n"
/* What the sender's own hosts wrote, or he would have them written */
#define BEFORE                                                                                     \
	"Received: from x (x [8.8.8.8])\r\n\tby mx.example.com (Postfix) with ESMTP id 3; Thu, "   \
	"27 Nov 2025 11:00:00 +0100\r\n"
#define OK  SENDER_VERIFIED
#define NOT SENDER_UNPROVEN

static const struct {
	const char *label, *reporters, *authserv, *head;
	enum sender_state want;
} senders[] = {
	/* real forms */
	{ "results above the line (PREPEND, Exim)", "example.net", "mx.example.com",
	    PASS TAKEN FROM, OK },
	{ "results below it (a milter of Postfix or Sendmail)", "example.net", "mx.example.com",
	    TAKEN PASS FROM, OK },
	{ "handed on within", "example.net", "mx.example.com",
	    WITHIN("193.0.0.7") TAKEN PASS BEFORE FROM, OK },
	{ "through a content filter on the host", "example.net", "mx.example.com",
	    WITHIN("127.0.0.1") TAKEN PASS BEFORE FROM, OK },
	{ "a delivery over LMTP", "example.net", "mx.example.com",
	    "Return-Path: <x@y>\r\nReceived: from mx by mx with LMTP id 4Z for <u@x>; Thu, 27 Nov "
	    "2025 "
	    "12:00:00 +0100\r\n" TAKEN PASS BEFORE FROM,
	    OK },
	{ "OpenDKIM, folded, with comments", "example.net", "mx.example.com",
	    TAKEN
	    "Authentication-Results: mx.example.com;\r\n\tdkim=pass (2048-bit key; unprotected) "
	    "header.d=example.net header.i=@example.net "
	    "header.b=\"aB+/c\";\r\n\tdkim-atps=neutral\r\n" FROM,
	    OK },
	{ "OpenDMARC", "example.net", "mx.example.com",
	    TAKEN "Authentication-Results: mx.example.com; dmarc=pass (p=reject dis=none) "
		  "header.from=example.net\r\n" FROM,
	    OK },
	{ "Rspamd", "example.net", "mx.example.com",
	    TAKEN
	    "Authentication-Results: mx.example.com;\r\n\tdkim=pass header.d=example.net "
	    "header.s=s1 "
	    "header.b=abc;\r\n\tspf=pass (mx.example.com: domain of \"b@example.net\" designates "
	    "9.9.9.9 as permitted sender) smtp.mailfrom=b@example.net;\r\n\tdmarc=pass "
	    "(policy=none) header.from=example.net\r\n" FROM,
	    OK },
	{ "policyd-spf", "example.net", "mx.example.com",
	    "Authentication-Results: mx.example.com; spf=pass (mailfrom) "
	    "smtp.mailfrom=bounces.example.net (client-ip=9.9.9.9; helo=m)\r\n" TAKEN FROM,
	    OK },
	{ "Exchange Online", "example.net", "mx.example.com",
	    TAKEN
	    "Authentication-Results: mx.example.com; spf=pass (sender IP is 9.9.9.9)\r\n "
	    "smtp.mailfrom=example.net; dkim=pass (signature was verified)\r\n "
	    "header.d=example.net;dmarc=pass action=none header.from=example.net;compauth=pass "
	    "reason=100\r\n" FROM,
	    OK },
	{ "two filters, the last one says it", "example.net", "mx.example.com",
	    TAKEN PASS FAIL FROM, OK },
	{ "another receiver's above", "example.net", "mx.example.com",
	    "Authentication-Results: list.example.org; dkim=fail\r\n" TAKEN PASS FROM, OK },
	{ "the receiver's name in another case", "example.net", "MX.example.COM", TAKEN PASS FROM,
	    OK },

	/* lists */
	{ "his address is listed", "fbl@example.net", "mx.example.com", TAKEN PASS FROM, OK },
	{ "another address of his domain is", "other@example.net", "mx.example.com",
	    TAKEN PASS FROM, SENDER_UNLISTED },
	{ "blanks between the names", "example.org  example.net", "mx.example.com", TAKEN PASS FROM,
	    OK },
	{ "commas and blanks", "example.org ,example.net, a@b", "mx.example.com", TAKEN PASS FROM,
	    OK },
	{ "nobody is listed", "", "mx.example.com", TAKEN PASS FROM, SENDER_UNLISTED },
	{ "somebody else is", "example.org", "mx.example.com", TAKEN PASS FROM, SENDER_UNLISTED },
	{ "a name that only ends alike", "ample.net", "mx.example.com", TAKEN PASS FROM,
	    SENDER_UNLISTED },
	{ "a name below a listed one", "example.net", "mx.example.com",
	    TAKEN PASS "From: a@b.example.net\r\n", OK },
	{ "no receiver is named", "example.net", "", TAKEN PASS FROM, NOT },
	{ "another receiver is", "example.net", "mx.example.org", TAKEN PASS FROM, NOT },

	/* forgeries */
	{ "not signed", "example.net", "mx.example.com", TAKEN FROM, NOT },
	{ "signed by another domain", "example.net", "mx.example.com",
	    TAKEN "Authentication-Results: mx.example.com; dkim=pass header.d=example.org\r\n" FROM,
	    NOT },
	{ "results typed by the sender below our own", "example.net", "mx.example.com",
	    TAKEN FAIL PASS FROM, NOT },
	{ "ours made unreadable by an envelope, and his own below", "example.net", "mx.example.com",
	    TAKEN
	    "Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=\"x@y\r\n" PASS FROM,
	    NOT },
	{ "ours with a control character, and his own below", "example.net", "mx.example.com",
	    TAKEN
	    "Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=\x01x@y\r\n" PASS FROM,
	    NOT },
	{ "results typed by the sender below his own line", "example.net", "mx.example.com",
	    TAKEN BEFORE PASS FROM, NOT },
	{ "the same, with ours for another receiver", "example.net", "mx.example.com",
	    TAKEN "Authentication-Results: other.example.com; dkim=none\r\n" BEFORE PASS FROM,
	    NOT },
	{ "a line of the sender's that says it is from within", "example.net", "mx.example.com",
	    TAKEN WITHIN("193.0.0.7") PASS FROM, NOT },
	{ "a line that cannot be read ends it", "example.net", "mx.example.com",
	    "Received: from x by y\r\n" BEFORE PASS FROM, NOT },
	{ "a private address that nobody named", "example.net", "mx.example.com",
	    WITHIN("10.0.0.7") BEFORE PASS FROM, NOT },
	{ "a recipient like fetchmail's comment", "example.net", "mx.example.com",
	    "Received: from x (x [9.9.9.9]) by mx.example.com (Postfix) with ESMTP id 1 for <\"a "
	    "(fetchmail-6) \"@x>; Thu, 27 Nov 2025 12:00:00 +0100\r\n" BEFORE PASS FROM,
	    NOT },
	{ "no receiver took it: there is no Received line", "example.net", "mx.example.com",
	    PASS FROM, NOT },
	{ "in the body", "example.net", "mx.example.com", TAKEN FROM "\r\n" PASS, NOT },
	{ "behind what is no field", "example.net", "mx.example.com", TAKEN FROM "hello\r\n" PASS,
	    NOT },
	{ "within a folded Subject", "example.net", "mx.example.com",
	    TAKEN "Subject: x\r\n " PASS FROM, NOT },
	{ "a field that only begins alike", "example.net", "mx.example.com",
	    TAKEN "Authentication-Results-Original: mx.example.com; dkim=pass "
		  "header.d=example.net\r\n" FROM,
	    NOT },
	{ "ARC's results are no receiver's", "example.net", "mx.example.com",
	    TAKEN "ARC-Authentication-Results: i=1; mx.example.com; dkim=pass "
		  "header.d=example.net\r\n" FROM,
	    NOT },

	/* senders */
	{ "two senders", "example.net", "mx.example.com",
	    TAKEN PASS "From: a@example.net, b@example.org\r\n", SENDER_NOBODY },
	{ "two headers From", "example.net", "mx.example.com",
	    TAKEN PASS FROM "From: a@example.org\r\n", SENDER_NOBODY },
	{ "none", "example.net", "mx.example.com", TAKEN PASS, SENDER_NOBODY },
	{ "a listed name beside the address", "example.net", "mx.example.com",
	    TAKEN PASS "From: \"fbl@example.net\" <a@example.org>\r\n", SENDER_UNLISTED },
	{ "a listed name as a comment", "example.net", "mx.example.com",
	    TAKEN PASS "From: a@example.org (fbl@example.net)\r\n", SENDER_UNLISTED },
};

static struct addrset trusted;

static void test_senders(void **state)
{
	for (size_t i = 0; i < NELEM(senders); i++) {
		const struct sender_options o = { .reporters = span_str(senders[i].reporters),
			.authserv = span_str(senders[i].authserv),
			.trusted = &trusted };
		struct sender s;

		sender_check(span_str(senders[i].head), &o, &s);
		if (s.state != senders[i].want)
			fail_msg("%s: %s", senders[i].label, sender_state_text(s.state));
		assert_true((s.state == SENDER_NOBODY) == (*s.domain == '\0'));
	}
}

/* Neither a header that is too long to be read whole, nor one of lines without end, says anything. */
static void test_long(void **state)
{
	const struct sender_options o = { .reporters = SPAN("example.net"),
		.authserv = SPAN("mx.example.com"),
		.trusted = &trusted };
	CLEANUP(buf_done) struct buf in;
	struct sender s;

	buf_init(&in, 1u << 20);
	buf_str(&in, TAKEN PASS FROM "X: ");
	for (unsigned i = 0; i < 300000; i++)
		buf_byte(&in, 'x');
	buf_str(&in, "\r\nFrom: b@example.org\r\n");
	sender_check(buf_text(&in), &o, &s);
	assert_int_equal(s.state, SENDER_NOBODY);
	buf_reset(&in); /* ours too long to be read, and his own below */
	buf_str(&in, TAKEN "Authentication-Results: mx.example.com; dkim=none");
	for (unsigned i = 0; i < 400; i++)
		buf_str(&in, ";\r\n\tdkim=fail header.d=x.example");
	buf_str(&in, "\r\n" PASS FROM);
	sender_check(buf_text(&in), &o, &s);
	assert_int_equal(s.state, SENDER_UNPROVEN);
	buf_reset(&in);
	for (unsigned i = 0; i < 101; i++)
		buf_str(&in, WITHIN("193.0.0.7"));
	buf_str(&in, PASS FROM);
	sender_check(buf_text(&in), &o, &s);
	assert_int_equal(s.state, SENDER_UNPROVEN);
}

static const struct {
	const char *in, *want; /* NULL: none, or not one */
} mailboxes[] = {
	{ "a@b.example", "a@b.example" },
	{ "<a@b.example>", "a@b.example" },
	{ "A B <a@b.example>", "a@b.example" },
	{ "\"A, B <x@y>\" <a@b.example>", "a@b.example" },
	{ "\"A \\\" , \" <a@b.example>", "a@b.example" },
	{ "=?utf-8?q?A=2C_B?= <a@b.example>", "a@b.example" },
	{ "a@b.example (A, <x@y> B)", "a@b.example" },
	{ "(c (n) \\) ) a@b.example", "a@b.example" },
	{ "A\r\n <a@b.example>\r\n\t(c)", "a@b.example" },
	{ "\"a b\"@b.example", "\"a b\"@b.example" },
	{ "\"a@x\"@b.example", "\"a@x\"@b.example" },
	{ "a+b@B_c-d.Example", "a+b@B_c-d.Example" },
	{ "fbl@x.example <a@b.example>", "a@b.example" },
	{ "a@b.example, c@d.example", NULL },
	{ "A <a@b.example>, B <c@d.example>", NULL },
	{ "<a@b.example> <c@d.example>", NULL },
	{ "A <a@b.example> c@d.example", NULL },
	{ "a@b.example c@d.example", NULL },
	{ "a@b.example@c.example", NULL },
	{ "group: a@b.example;", NULL },
	{ "<@x.example:a@b.example>", NULL },
	{ "a@[9.9.9.9]", NULL },
	{ "a@b.example\x01", NULL },
	{ "a@b.ex\xc3\xa4mple", NULL },
	{ "a@b.example (", NULL },
	{ "\"a <a@b.example>", NULL },
	{ "<a@b.example", NULL },
	{ "a@b.example>", NULL },
	{ ">a@b.example<", NULL },
	{ "a@", NULL },
	{ "@b.example", NULL },
	{ "b.example", NULL },
	{ "(a@b.example\\", NULL },
	{ "", NULL },
};

static void test_mailboxes(void **state)
{
	char got[SENDER_MAILBOX_MAX + 1], room[SENDER_MAILBOX_MAX + 2];

	for (size_t i = 0; i < NELEM(mailboxes); i++) {
		bool is = sender_mailbox(span_str(mailboxes[i].in), got);

		if (is != (mailboxes[i].want != NULL) ||
		    (is && strcmp(got, mailboxes[i].want) != 0))
			fail_msg("%s: %s", mailboxes[i].in, is ? got : "none");
	}
	memset(room, 'a', sizeof(room));
	memcpy(room + SENDER_MAILBOX_MAX - 2, "@bc", 3);
	assert_true(sender_mailbox(span_of(room, SENDER_MAILBOX_MAX), got));
	assert_false(sender_mailbox(span_of(room, SENDER_MAILBOX_MAX + 1), got));
}

static const struct {
	const char *in;
	bool pass;
} results[] = {
	{ "mx; dkim=pass header.d=example.net", true },
	{ "mx 1; dkim=pass (2048-bit key; ok) header.d=a.example.net header.b=x", true },
	{ "mx;\r\n\tspf=fail smtp.mailfrom=x@y;\r\n\tDKIM=Pass header.i=@Example.NET", true },
	{ "mx; dmarc=pass header.from=example.net", true },
	{ "mx; spf=pass smtp.mailfrom=bounce@m.example.net", true },
	{ "mx; dkim/1=pass header.d=example.net", true },
	{ "mx; dkim=fail header.d=example.net", false },
	{ "mx; dkim=pass header.d=example.net.evil.example", false },
	{ "mx; dkim=pass header.d=notexample.net", false },
	{ "mx; dkim=pass (header.d=example.net) header.d=evil.example", false },
	{ "mx; dkim=pass header.d=evil.example header.i=@example.net", false },
	{ "mx; dkim=pass header.d=evil.example header.d=example.net", false },
	{ "mx; dkim=pass header.d=example.net header.d=evil.example", false },
	{ "mx; dkim=pass header.d=evil.example reason=\"; dkim=pass header.d=example.net\"",
	    false },
	{ "mx; dkim=pass header.d=evil.example reason=\";\r\n dkim=pass\r\n header.d=example.net\"",
	    false },
	{ "mx; dkim=pass reason=\"x header.d=example.net\" header.d=evil.example", false },
	{ "mx; spf=pass smtp.mailfrom=\"x@example.net\r\n \"@evil.example", false },
	{ "mx; spf=fail smtp.mailfrom=\"a; dkim=pass header.d=example.net\"@evil.example", false },
	{ "mx; dkim=fail (; dkim=pass header.d=example.net; header.d=evil.example", false },
	{ "mx; dkim=fail (nested (comment) ; dkim=pass header.d=example.net)", false },
	{ "mx; x=pass header.d=example.net", false },
	{ "mx; spf=pass header.d=example.net", false },
	{ "mx; none", false },
	{ "dkim=pass header.d=example.net", false },
	{ "", false },
};

static void test_results(void **state)
{
	static const char nul[] = "mx; spf=pass smtp.mailfrom=\"a@example.net\0\"@evil.example";

	assert_false(sender_results_pass(span_of(nul, sizeof(nul) - 1), SPAN("example.net")));
	for (size_t i = 0; i < NELEM(results); i++)
		if (sender_results_pass(span_str(results[i].in), SPAN("example.net")) !=
		    results[i].pass)
			fail_msg("%s", results[i].in);
	assert_true(sender_results_by(SPAN(" (x) MX.example.com 1; none"), SPAN("mx.example.com")));
	assert_false(sender_results_by(SPAN("mx.example.com.evil; none"), SPAN("mx.example.com")));
	assert_false(sender_results_by(SPAN("; mx.example.com"), SPAN("mx.example.com")));
	assert_false(sender_results_by(SPAN("; none"), SPAN("")));
}

static int begin(void **state)
{
	struct err e;

	return addrset_parse(SPAN("193.0.0.0/24"), &trusted, &e);
}

static int end(void **state)
{
	addrset_done(&trusted);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
