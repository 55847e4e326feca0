/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Received lines in the forms of many mailers, and such as nobody should believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/received.h"
#include "util/buf.h"

#define NONE "unreadable"
#define STEP "step"
#define USER "user"
#define DATE "; Fri, 27 Nov 2026 01:02:03 +0100"

/* 1.2.3.4 and 2a00:1450::5 are the clients, 9.9.9.9 is who must not be framed. */
static const struct {
	const char *label, *in, *want;
} lines[] = {
	{ "Postfix",
	    "from h.example (r.example [1.2.3.4])\r\n\tby mx.example (Postfix) with ESMTPS id "
	    "4AB\r\n\tfor <u@x>" DATE,
	    "1.2.3.4" },
	{ "Postfix, a literal as HELO",
	    "from [9.9.9.9] (unknown [1.2.3.4]) by mx (Postfix) with ESMTP id 4" DATE, "1.2.3.4" },
	{ "Postfix, TLS and a log-in",
	    "from [10.0.0.9] (r [1.2.3.4]) (using TLSv1.3 with cipher X (256/256 bits)) (Client CN "
	    "\"a\", Issuer \"b\" (not verified)) (Authenticated sender: u) by mx (Postfix) with "
	    "ESMTPSA id 4" DATE,
	    "1.2.3.4" },
	{ "Postfix, IPv6", "from h (r [IPv6:2a00:1450::5]) by mx (Postfix) with ESMTP id 4" DATE,
	    "2a00:1450::5" },
	{ "Postfix, no HELO", "from (r [1.2.3.4]) by mx (Postfix) with SMTP id 4" DATE, "1.2.3.4" },
	{ "IPv4 in IPv6", "from h (r [::ffff:1.2.3.4]) by mx with ESMTP id 4" DATE, "1.2.3.4" },
	{ "IPv4 in IPv6, marked", "from h (r [IPv6:::ffff:1.2.3.4]) by mx with ESMTP id 4" DATE,
	    "1.2.3.4" },
	{ "Sendmail",
	    "from h (r.example [1.2.3.4]) by mx (8.17.1/8.17.1) with ESMTP id 0A1 for <u@x>" DATE,
	    "1.2.3.4" },
	{ "Sendmail, no name", "from h ([1.2.3.4]) by mx (8.11.6/8.11.6) with ESMTP id g8" DATE,
	    "1.2.3.4" },
	{ "Sendmail, forged name",
	    "from h (r [1.2.3.4] (may be forged)) by mx (8.11.6/8.11.6) with SMTP id g8" DATE,
	    "1.2.3.4" },
	{ "Sendmail, forged name, folded",
	    "from h (r [1.2.3.4] (may\r\n\tbe forged)) by mx (8.11.6/8.11.6) with SMTP id g8" DATE,
	    "1.2.3.4" },
	{ "Sendmail, ident", "from h (root@r [1.2.3.4]) by mx (8.9.3/8.9.3) with ESMTP id HAA" DATE,
	    "1.2.3.4" },
	{ "Sendmail, ident without a name",
	    "from h (IDENT:root@[1.2.3.4]) by mx (8.9.3/8.9.3) with ESMTP id HAA" DATE, "1.2.3.4" },
	{ "Sendmail, log-in",
	    "from h (r [1.2.3.4]) (authenticated bits=0) by mx (8.14.4/8.14.4) with ESMTP id "
	    "u" DATE,
	    "1.2.3.4" },
	{ "Exim",
	    "from r.example ([1.2.3.4] helo=h) by mx with esmtps (TLS1.3) tls TLS_X (Exim 4.96) "
	    "(envelope-from <a@b>) id 1A-2B-3C for u@x" DATE,
	    "1.2.3.4" },
	{ "Exim, no HELO", "from [1.2.3.4] by mx with esmtp (Exim 4.96) id 1A" DATE, "1.2.3.4" },
	{ "Exim, no name", "from [1.2.3.4] (helo=h) by mx with smtp (Exim 3.31) id 1A" DATE,
	    "1.2.3.4" },
	{ "Exim, ports",
	    "from [1.2.3.4]:4711 (port=4711 helo=[9.9.9.9]) by mx with esmtp (Exim 4.96) id "
	    "1A" DATE,
	    "1.2.3.4" },
	{ "Exim, port and literal",
	    "from r ([1.2.3.4]:4711 helo=[9.9.9.9] ident=x) by mx with esmtp (Exim 4.96) id "
	    "1A" DATE,
	    "1.2.3.4" },
	{ "Exim, IPv6",
	    "from r ([2a00:1450::5]:4711 helo=h) by mx with esmtp (Exim 4.96) id 1A" DATE,
	    "2a00:1450::5" },
	{ "qmail", "from unknown (HELO h) (1.2.3.4) by mx with SMTP; 29 Aug 2002 12:32:22 -0000",
	    "1.2.3.4" },
	{ "qmail, the name it has",
	    "from r.example (1.2.3.4) by mx with SMTP; 29 Aug 2002 12:32:22 -0000", "1.2.3.4" },
	{ "qmail, ident",
	    "from r (HELO h) (root@1.2.3.4) by mx with SMTP; 29 Aug 2002 12:32:22 -0000",
	    "1.2.3.4" },
	{ "qmail, an ident like an address",
	    "from r (HELO h) (9.9.9.9@1.2.3.4) by mx with SMTP; 29 Aug 2002 12:32:22 -0000",
	    "1.2.3.4" },
	{ "qmail-ldap",
	    "from unknown (HELO h) ([1.2.3.4]) (envelope-sender <a@b>) by 10.1.1.1 "
	    "(qmail-ldap-1.03) with SMTP for <u@x>" DATE,
	    "1.2.3.4" },
	{ "IronPort, a literal as HELO",
	    "from r (HELO [9.9.9.9]) ([1.2.3.4]) by mx with ESMTP/TLS/ECDHE" DATE, "1.2.3.4" },
	{ "Zimbra", "from h (LHLO h) (1.2.3.4) by mx with LMTP" DATE, "1.2.3.4" },
	{ "Yahoo",
	    "from 127.0.0.1  (EHLO h) (1.2.3.4)\n  by mta.yahoo.example with SMTPs (version=TLS1_2 "
	    "cipher=X)" DATE,
	    "1.2.3.4" },
	{ "Exchange",
	    "from h (1.2.3.4) by mx (10.1.2.3) with Microsoft SMTP Server (version=TLS1_2, "
	    "cipher=X) id 15.1.2" DATE,
	    "1.2.3.4" },
	{ "Office 365",
	    "from h (1.2.3.4) by a.mail.protection.outlook.example (10.167.242.1) with Microsoft "
	    "SMTP Server (version=TLS1_2, cipher=X) id 15.20.1.2 via Frontend Transport" DATE,
	    "1.2.3.4" },
	{ "Office 365, IPv6",
	    "from h (2a00:1450::5) by b (2603:10a6::1) with Microsoft SMTP Server (version=TLS1_2, "
	    "cipher=X) id 15.20.1" DATE,
	    "2a00:1450::5" },
	{ "Exchange, within",
	    "from a ([fe80::1:2%14]) by a ([fe80::1:2%14]) with mapi id 15.20.1" DATE,
	    "fe80::1:2" },
	{ "IIS", "from h ([1.2.3.4]) by mx with Microsoft SMTPSVC(5.0.2195.2966)" DATE, "1.2.3.4" },
	{ "Gmail",
	    "from h (r.example. [1.2.3.4])\r\n        by mx.google.example with ESMTPS id "
	    "a1si2\r\n        for <u@x>\r\n        (version=TLS1_3 cipher=X bits=256/256);\r\n     "
	    "   Fri, 27 Nov 2026 01:02:03 -0800 (PST)",
	    "1.2.3.4" },
	{ "Courier",
	    "from h (r [::ffff:1.2.3.4])\n  (AUTH: LOGIN u, TLS: TLSv1)\n  by mx with esmtp; Fri, "
	    "27 Nov 2026",
	    "1.2.3.4" },
	{ "Courier, log-in first",
	    "from h (AUTH: LOGIN u, r [::ffff:1.2.3.4]) by mx with esmtp" DATE, "1.2.3.4" },
	{ "MDaemon",
	    "from h ([1.2.3.4]) by mx ([5.6.7.8]) with MDaemon via TCP with ESMTP id md5" DATE,
	    "1.2.3.4" },
	{ "MDaemon, old", "from h [1.2.3.4] by mx (MDaemon.PRO.v6.0.7.R) with ESMTP id 3" DATE,
	    "1.2.3.4" },
	{ "IMail", "from h [1.2.3.4] by mx with ESMTP (SMTPD32-7.12 ) id A1" DATE, "1.2.3.4" },
	{ "NetMail",
	    "from x.example u@s.example [1.2.3.4] by s.example with NetMail SMTP Agent $Revision:  "
	    " 3.11  $ on Novell NetWare via secured & encrypted transport (TLS)" DATE,
	    "1.2.3.4" },
	{ "CommuniGate",
	    "from [1.2.3.4] (HELO h) by mx (CommuniGate Pro SMTP 4.0) with ESMTP id 7" DATE,
	    "1.2.3.4" },
	{ "CommuniGate, log-in",
	    "from [1.2.3.4] (account u HELO h) by mx (CommuniGate Pro SMTP 4.0) with ESMTP id "
	    "7" DATE,
	    "1.2.3.4" },
	{ "CommuniGate, verified",
	    "from h ([1.2.3.4] verified) by mx (CommuniGate Pro SMTP 4.0) with ESMTP id 7" DATE,
	    "1.2.3.4" },
	{ "amavis",
	    "from mx ([127.0.0.1]) by localhost (mx [127.0.0.1]) (amavisd-new, port 10024) with "
	    "ESMTP id 4" DATE,
	    "127.0.0.1" },
	{ "smap", "from h(1.2.3.4) by mx via smap (V2.1) id 7" DATE, "1.2.3.4" },
	{ "InterScan", "from h(r[1.2.3.4]) by mx via csmap id 7" DATE, "1.2.3.4" },
	{ "OpenSMTPD",
	    "from h (r [1.2.3.4])\n\tby mx (OpenSMTPD) with ESMTPS id 1e (TLSv1.3:X:256:NO)\n\tfor "
	    "<u@x>" DATE,
	    "1.2.3.4" },
	{ "OpenSMTPD, old",
	    "from h (r [1.2.3.4]);\n\tby mx (OpenSMTPD) with ESMTP id 1e;\n\tfor <u@x>" DATE,
	    "1.2.3.4" },
	{ "a HELO of two words", "from my pc (r [1.2.3.4]) by mx with SMTP id 7" DATE, "1.2.3.4" },

	{ "Postfix, pickup", "by mx (Postfix, from userid 0) id 4" DATE, USER },
	{ "Postfix, its own", "by mx (Postfix) id 4" DATE, STEP },
	{ "Exim, local",
	    "from root by mx with local (Exim 4.96) (envelope-from <root@mx>) id 1" DATE, USER },
	{ "Sendmail, local", "(from root@localhost) by mx (8.11.6/8.11.6) id g8" DATE, USER },
	{ "qmail, the queue", "(qmail 7 invoked from network); 29 Aug 2002 12:32:22 -0000", STEP },
	{ "qmail, local", "(qmail 7 invoked by uid 500); 29 Aug 2002 12:32:22 -0000", USER },
	{ "Dovecot", "from mx by mx with LMTP id 4Z for <u@x>" DATE, STEP },
	{ "Cyrus", "from mx ([unix socket]) by mx (Cyrus v2.4) with LMTPA" DATE, STEP },
	{ "fetchmail",
	    "from mail.example [193.0.0.1] by localhost with POP3 (fetchmail-6.4.37) for "
	    "<u@localhost> (single-drop)" DATE,
	    STEP },
	{ "fdm", "by h (fdm 1.6, account \"a\")" DATE, STEP },
	{ "a recipient like fetchmail's comment",
	    "from h (r [1.2.3.4]) by mx (Postfix) with SMTP id 4 for <\"a (fetchmail-6) \"@x>" DATE,
	    "1.2.3.4" },
	{ "a sender like fdm's comment",
	    "from r ([1.2.3.4] helo=h) by mx with esmtp (Exim 4.96) (envelope-from <\"x) (fdm "
	    "\"@y>) id 1" DATE,
	    "1.2.3.4" },
	{ "a recipient like a local delivery", "from h by mx id 7 for <\"a with local \"@x>" DATE,
	    NONE },
	{ "a sender like a local delivery",
	    "from h by mx (envelope-from <\"x) with local (\"@y>) id 7" DATE, NONE },
	{ "a recipient like Exim's mark",
	    "from [9.9.9.9] by mx with SMTP id 7 for <\"a (Exim 4.96) \"@x>" DATE, NONE },
	{ "getmail", "from pop.example by h with POP3 (getmail6 6.18)" DATE, STEP },
	{ "Gmail, within", "by 2002:a05:6402:1:b0:5:6:7 with SMTP id a1csp2" DATE, STEP },
	{ "OpenSMTPD, local",
	    "from localhost (localhost [local]);\n\tby localhost (OpenSMTPD) with ESMTPA id "
	    "1e;\n\tfor <u@x>" DATE,
	    USER },
	{ "Sendmail, its own", "from localhost (localhost) by mx (8.14.3/8.14.3) id n3S" DATE,
	    STEP },
	{ "IIS, local", "from mail pickup service by mx with Microsoft SMTPSVC" DATE, USER },

	{ "dmail", "via dmail-2002(12) for +lists/x; Tue, 3 Sep 2002 15:33:27 -0500 (CDT)", STEP },
	{ "empty", "", NONE },
	{ "nothing but a word", "from", NONE },
	{ "no comment", "from h by mx with SMTP id 7" DATE, NONE },
	{ "a literal alone may be a HELO", "from [9.9.9.9] by mx with SMTP id 7" DATE, NONE },
	{ "an address alone may be a HELO", "from 9.9.9.9 by mx with SMTP id 7" DATE, NONE },
	{ "a name and a literal, nobody's form", "from h [9.9.9.9] by mx with SMTP id 7" DATE,
	    NONE },
	{ "HELO with a comment and an address",
	    "from x (y [9.9.9.9]) (r [1.2.3.4]) by mx (Postfix) with SMTP id 7" DATE, NONE },
	{ "HELO with a whole line",
	    "from x (y [9.9.9.9]) by z (Postfix) (r [1.2.3.4]) by mx (Postfix) with SMTP id 7" DATE,
	    NONE },
	{ "HELO with a whole line and a date",
	    "from x (y [9.9.9.9]) by z; 1 Jan 2026 (r [1.2.3.4]) by mx with SMTP id 7" DATE, NONE },
	{ "HELO that opens a comment",
	    "from x (y [9.9.9.9]) by z ( (r [1.2.3.4]) by mx with SMTP id 7" DATE, NONE },
	{ "HELO that closes one", "from x) (y [9.9.9.9]) by mx with SMTP id 7" DATE, NONE },
	{ "HELO like Exim's key",
	    "from r ([1.2.3.4] helo=x) ([9.9.9.9]) by mx with esmtp (Exim 4) id 1" DATE, NONE },
	{ "ident like Exim's key",
	    "from [9.9.9.9] (helo=x@r [1.2.3.4]) by mx (8.9.3/8.9.3) with SMTP id 7" DATE, NONE },
	{ "ident like Exim's key, no name",
	    "from [9.9.9.9] (helo=x@[1.2.3.4]) by mx (8.9.3/8.9.3) with SMTP id 7" DATE, NONE },
	{ "ident with an address",
	    "from h ([9.9.9.9]@r [1.2.3.4]) by mx (8.9.3/8.9.3) with SMTP id 7" DATE, NONE },
	{ "ident with an address and a key",
	    "from h ([9.9.9.9] helo=@r [1.2.3.4]) by mx (8.9.3/8.9.3) with SMTP id 7" DATE, NONE },
	{ "qmail's HELO with a comment",
	    "from unknown (HELO x) (9.9.9.9) (1.2.3.4) by mx with SMTP" DATE, NONE },
	{ "qmail's ident with an address and more words",
	    "from r (HELO h) ([9.9.9.9] y @1.2.3.4) by mx with SMTP" DATE, NONE },
	{ "what no mailer writes behind an address",
	    "from h ([9.9.9.9] said hello) by mx with SMTP id 7" DATE, NONE },
	{ "a certificate's name that closes the comment",
	    "from h (r [1.2.3.4]) (Client CN \"x) by y (z [9.9.9.9])\") by mx with SMTP id 7" DATE,
	    NONE },
	{ "CommuniGate's HELO with a comment",
	    "from [1.2.3.4] (HELO x) (9.9.9.9) by mx (CommuniGate Pro SMTP 4.0) with ESMTP id "
	    "7" DATE,
	    NONE },
	{ "qmail's ident with a whole line",
	    "from unknown (HELO h) ([9.9.9.9]) (HELO x y@1.2.3.4) by mx with SMTP" DATE, NONE },
	{ "words between comments",
	    "from unknown (HELO h) ([9.9.9.9]) x (HELO y) by mx with SMTP" DATE, NONE },
	{ "the log form of Exim",
	    "from r ([9.9.9.9]) [1.2.3.4] by mx with esmtp (Exim 4) id 1" DATE, NONE },
	{ "HELO before two literals",
	    "from [9.9.9.9] [1.2.3.4] by mx (MDaemon) with SMTP id 7" DATE, NONE },
	{ "HELO alone in a comment", "from h (HELO [9.9.9.9]) by mx with SMTP id 7" DATE, NONE },
	{ "envelope in the comment", "from h (envelope-from a@9.9.9.9) by mx with SMTP id 7" DATE,
	    NONE },
	{ "user in the comment", "from h (user a [9.9.9.9]) by mx with HTTP id 7" DATE, NONE },
	{ "leading zeros", "from h (r [010.1.1.1]) by mx (Postfix) with SMTP id 7" DATE, NONE },
	{ "a number as an address", "from h ([16909060]) by mx with SMTP id 7" DATE, NONE },
	{ "a semicolon before by", "from h; (r [9.9.9.9]) by mx with SMTP id 7" DATE, NONE },
	{ "a semicolon in what seems OpenSMTPD's",
	    "from x (y [9.9.9.9]); (r [1.2.3.4]) by mx (OpenSMTPD) with SMTP id 7" DATE, NONE },
	{ "a name like a local one", "from h (localhost) by mx with SMTP id 7" DATE, NONE },
	{ "a comment with a local one",
	    "from x ([unix socket]) (r [1.2.3.4]) by mx with SMTP id 7" DATE, NONE },
	{ "two lines in one",
	    "from h (r [9.9.9.9]) by a with SMTP from h (r [1.2.3.4]) by mx with SMTP id 7" DATE,
	    NONE },
	{ "no by", "from h (r [9.9.9.9]) with SMTP id 7" DATE, NONE },
	{ "a bare CR", "from h (r [9.9.9.9])\rby mx with SMTP id 7" DATE, NONE },
	{ "an escape", "from h (r [9.9.9.9]) by mx \x1b[2J with SMTP id 7" DATE, NONE },
	{ "deep comments", "from h (((((((((((r [9.9.9.9]))))))))))) by mx with SMTP" DATE, NONE },
	{ "a local form with a client",
	    "from x (y [9.9.9.9]) by z with local (r [1.2.3.4]) by mx with SMTP" DATE, NONE },
	{ "by alone, over the network", "by mx with SMTP id 7" DATE, NONE },
	{ "by alone, from everywhere", "by 8.8.8.8 with SMTP id 7" DATE, NONE },
	{ "qmail's client of a protocol of its own", "(ofmipd 9.9.9.9); 3 Sep 2002 03:38:13 -0000",
	    NONE },
};

static const char *name(enum received is, struct addr a, char text[ADDR_TEXT_MAX])
{
	static const char *const names[] = { "", STEP, USER, NONE };

	if (is != RECEIVED_CLIENT)
		return names[is];
	(void)addr_format(a, text);
	return text;
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(lines); i++) {
		char text[ADDR_TEXT_MAX];
		struct addr a = { 0, 0 };
		enum received is = received_client(span_str(lines[i].in), &a);

		if (strcmp(name(is, a, text), lines[i].want) != 0)
			fail_msg(
			    "%s: %s, not %s", lines[i].label, name(is, a, text), lines[i].want);
	}
}

static const struct {
	const char *label, *in;
	int64_t want; /* 0: none */
} times[] = {
	{ "as all write it", "from h by mx; Thu, 29 Aug 2002 06:03:34 -0400 (EDT)", 1030615414 },
	{ "no day's name, no seconds", "by mx; 29 Aug 2002 10:03 GMT", 1030615380 },
	{ "folded", "by mx;\r\n        Thu, 29 Aug 2002 06:03:34\r\n -0400", 1030615414 },
	{ "a leap second", "by mx; Sat, 31 Dec 2016 23:59:60 +0000", 1483228800 },
	{ "the last semicolon", "by mx (a; b); 29 Aug 2002 12:03:34 +0200", 1030615414 },
	{ "a zone by name", "by mx; 29 Aug 2002 06:03:34 EDT", 1030615414 },
	{ "none", "from h by mx", 0 },
	{ "empty", "", 0 },
	{ "nothing behind it", "by mx;", 0 },
	{ "a day that is none", "by mx; 29 Feb 2002 06:03:34 -0400", 0 },
	{ "a year of two digits", "by mx; 29 Aug 02 06:03:34 -0400", 0 },
	{ "no zone", "by mx; 29 Aug 2002 06:03:34", 0 },
	{ "a zone of nowhere", "by mx; 29 Aug 2002 06:03:34 LOL", 0 },
	{ "an hour too many", "by mx; 29 Aug 2002 24:03:34 +0000", 0 },
	{ "just a comma", "by mx; , 29", 0 },
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(times); i++) {
		int64_t t = 0;

		if (received_time(span_str(times[i].in), &t) != (times[i].want != 0) ||
		    t != times[i].want)
			fail_msg("%s: %jd", times[i].label, (intmax_t)t);
	}
}

#define OWN	"Received: from a (b [193.0.0.1]) by mx with ESMTP id 1" DATE "\n"
#define OUTSIDE "Received: from h (r [1.2.3.4]) by mx2 with ESMTP id 2" DATE "\n"
#define FORGED	"Received: from h (r [9.9.9.9]) by mx3 with ESMTP id 3" DATE "\n"
#define INNER	"Received: from h (r [10.0.0.7]) by mx1 with ESMTP id 4" DATE "\n"
#define BAD	"Received: from h by mx with ESMTP id 5" DATE "\n"
#define QUEUE	"Received: (qmail 7 invoked from network); 29 Aug 2002 12:32:22 -0000\n"

static const struct {
	const char *label, *in;
	enum relay_state want;
	unsigned line;
	bool assumed;
} headers[] = {
	{ "the first outside", OUTSIDE FORGED "\n", RELAY_FOUND, 1, false },
	{ "behind one's own", OWN OUTSIDE FORGED "\nbody", RELAY_FOUND, 2, false },
	{ "behind a private one", INNER OUTSIDE FORGED "\n", RELAY_FOUND, 2, true },
	{ "behind a queue", OWN QUEUE OUTSIDE, RELAY_FOUND, 3, false },
	{ "other fields between", "Return-Path: <a@b>\r\nX: y\r\n z\r\n" OUTSIDE "Subject: x\n",
	    RELAY_FOUND, 1, false },
	{ "mbox", "From a@b Fri Nov 27 01:02:03 2026\n" OUTSIDE, RELAY_FOUND, 1, false },
	{ "an unreadable line", OWN BAD FORGED, RELAY_UNREADABLE, 2, false },
	{ "all inside", OWN INNER "\n" FORGED, RELAY_INSIDE, 2, true },
	{ "none", "Subject: x\n\n" FORGED, RELAY_NO_LINES, 0, false },
	{ "nothing", "", RELAY_NO_LINES, 0, false },
	{ "an empty line first", "\n" FORGED, RELAY_NO_LINES, 0, false },
	{ "no field ends the header", "Subject: x\nhello\n" FORGED, RELAY_NO_LINES, 0, false },
	{ "an address of nobody",
	    "Received: from h (r [192.0.2.1]) by mx with SMTP" DATE "\n" FORGED, RELAY_IMPOSSIBLE,
	    1, false },
	{ "another field's name",
	    "X-Received: from h (r [9.9.9.9]) by mx with SMTP\nReceived-SPF: x\n" OUTSIDE,
	    RELAY_FOUND, 1, false },
	{ "a line within a folded one",
	    "Subject: x\n Received: from h (r [9.9.9.9]) by mx with SMTP\n" OUTSIDE, RELAY_FOUND, 1,
	    false },
};

static void test_headers(void **state)
{
	struct addrset trusted = { .v = NULL };
	struct err e;
	struct addr client = addr_of_v4(0x01020304);

	(void)state;
	assert_int_equal(addrset_parse(SPAN("193.0.0.0/24"), &trusted, &e), 0);
	for (size_t i = 0; i < NELEM(headers); i++) {
		struct relay r = received_relay(span_str(headers[i].in), &trusted);

		if (r.state != headers[i].want || r.line != headers[i].line ||
		    r.assumed != headers[i].assumed)
			fail_msg("%s: %s, line %u, assumed %d", headers[i].label,
			    relay_state_name(r.state), r.line, r.assumed);
		if (r.state == RELAY_FOUND)
			assert_true(addr_eq(r.client, client));
	}
	addrset_done(&trusted);
}

/* One line more than is looked at, one byte more than is read, and just as many. */
static void test_limits(void **state)
{
	struct addrset none = { .v = NULL };
	struct buf b;
	struct relay r;

	(void)state;
	buf_init(&b, 8u << 20);
	for (unsigned i = 0; i < RECEIVED_LINES_MAX - 1; i++)
		buf_str(&b, QUEUE);
	buf_str(&b, OUTSIDE);
	r = received_relay(buf_text(&b), &none);
	assert_int_equal(r.state, RELAY_FOUND);
	buf_reset(&b);
	for (unsigned i = 0; i < 10000; i++)
		buf_str(&b, QUEUE);
	buf_str(&b, FORGED);
	r = received_relay(buf_text(&b), &none);
	assert_int_equal(r.state, RELAY_TOO_LONG);
	assert_int_equal(r.line, RECEIVED_LINES_MAX);
	for (unsigned k = 0; k < 2; k++) {
		buf_reset(&b);
		buf_str(&b, k ? "Subject: " : "Received: from ");
		for (unsigned i = 0; i < 1u << 20; i++)
			buf_byte(&b, 'x');
		buf_str(&b, " (r [9.9.9.9]) by mx with SMTP\n" FORGED);
		r = received_relay(buf_text(&b), &none);
		assert_int_equal(r.state, RELAY_TOO_LONG);
	}
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
