/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filters that onus ships, over lines that daemons write and lines that attackers make them
 * write: which address is held to account, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "intake/scan.h"

#define NOW INT64_C(1764547200) /* 2025-12-01T00:00:00Z */

struct seen {
	char text[512]; /* addresses and their counts, blank between */
	unsigned n;
};

static void see(void *ctx, const struct event *ev, uint64_t number)
{
	struct seen *s = ctx;
	char p[PREFIX_TEXT_MAX];
	size_t at = strlen(s->text), n = prefix_format(ev->subject, p);

	if (event_is_host(ev))
		*strrchr(p, '/') = '\0';
	(void)n;
	(void)snprintf(s->text + at, sizeof(s->text) - at, "%s%s", at ? " " : "", p);
	if (ev->count > 1)
		(void)snprintf(
		    s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "*%u", ev->count);
	s->n++;
	(void)number;
}

static const char *filter_dir(void)
{
	static char dir[4096];

	(void)snprintf(dir, sizeof(dir), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	return dir;
}

struct line_case {
	const char *label, *filter, *line, *want; /* want: "" for no event */
};

#define SSHD "Nov 30 06:55:46 host sshd[24200]: "
#define X200                                                                                       \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxx"                                                                             \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxx"

static const struct line_case sshd_cases[] = {
	{ "password", "sshd", SSHD "Failed password for root from 192.0.43.1 port 38926 ssh2",
	    "192.0.43.1" },
	{ "unknown name", "sshd",
	    SSHD "Failed password for invalid user webmaster from 173.234.31.186 port 38926 ssh2",
	    "173.234.31.186" },
	{ "keyboard-interactive", "sshd",
	    SSHD "Failed keyboard-interactive/pam for root from 173.234.31.186 port 1 ssh2",
	    "173.234.31.186" },
	{ "IPv6 is its /64", "sshd",
	    SSHD "Failed password for root from 2a01:4f8:1:2:3:4:5:6 port 22 ssh2",
	    "2a01:4f8:1:2::" },
	{ "v4-mapped", "sshd", SSHD "Failed password for root from ::ffff:8.8.8.8 port 22 ssh2",
	    "8.8.8.8" },
	{ "invalid user, new form", "sshd", SSHD "Invalid user admin from 8.8.8.8 port 4022",
	    "8.8.8.8" },
	{ "invalid user, old form", "sshd", SSHD "Invalid user admin from 8.8.8.8", "8.8.8.8" },
	{ "invalid user, empty name", "sshd", SSHD "Invalid user  from 8.8.8.8 port 1", "8.8.8.8" },
	{ "repeated", "sshd",
	    SSHD "message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 "
		 "ssh2]",
	    "5.36.59.76*5" },
	{ "not allowed", "sshd",
	    SSHD "User root from 8.8.8.8 not allowed because not listed in AllowUsers", "8.8.8.8" },
	{ "root refused", "sshd", SSHD "ROOT LOGIN REFUSED FROM 8.8.8.8 port 22", "8.8.8.8" },
	{ "sshd-session", "sshd",
	    "Nov 30 06:55:46 host sshd-session[1]: Invalid user a from 8.8.8.8 port 1", "8.8.8.8" },
	{ "RFC 3339", "sshd",
	    "2025-11-23T18:04:05.123456+01:00 host sshd[1]: Invalid user a from 8.8.8.8 port 1",
	    "8.8.8.8" },
	{ "PRI", "sshd", "<38>Nov 30 06:55:46 host sshd[1]: Invalid user a from 8.8.8.8 port 1",
	    "8.8.8.8" },
	{ "PRI and RFC 3339", "sshd",
	    "<38>2025-11-23T18:04:05Z host sshd[1]: Invalid user a from 8.8.8.8 port 1",
	    "8.8.8.8" },
	{ "CR", "sshd", SSHD "Invalid user a from 8.8.8.8 port 1\r", "8.8.8.8" },

	{ "repeats: pam", "sshd",
	    SSHD
	    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
	    "rhost=8.8.8.8  user=root",
	    "" },
	{ "repeats: closed", "sshd", SSHD "Connection closed by 8.8.8.8 [preauth]", "" },
	{ "repeats: disconnect", "sshd",
	    SSHD "Received disconnect from 8.8.8.8: 11: Bye Bye [preauth]", "" },
	{ "no attempt: reverse mapping", "sshd",
	    SSHD
	    "reverse mapping checking getaddrinfo for a.b [8.8.8.8] failed - POSSIBLE BREAK-IN "
	    "ATTEMPT!",
	    "" },
	{ "no attempt: accepted", "sshd",
	    SSHD "Accepted password for root from 8.8.8.8 port 22 ssh2", "" },
	{ "no guess: publickey", "sshd",
	    SSHD "Failed publickey for root from 8.8.8.8 port 22 ssh2: RSA SHA256:abc", "" },
	{ "no guess: none", "sshd", SSHD "Failed none for invalid user a from 8.8.8.8 port 22 ssh2",
	    "" },
	{ "host name", "sshd",
	    SSHD "Failed password for root from ec2-52-80-34-196.example.com port "
		 "22 ssh2",
	    "" },
	{ "octet over 255", "sshd", SSHD "Failed password for root from 8.8.8.256 port 22 ssh2",
	    "" },
	{ "private", "sshd", SSHD "Failed password for root from 192.168.1.7 port 22 ssh2", "" },
	{ "loopback", "sshd", SSHD "Failed password for root from ::1 port 22 ssh2", "" },

	{ "hostile: name tells an address", "sshd",
	    SSHD "Failed password for invalid user x from 1.2.3.4 port 22 ssh2 from 8.8.8.8 port 2 "
		 "ssh2",
	    "8.8.8.8" },
	{ "hostile: and the real one is IPv6", "sshd",
	    SSHD
	    "Failed password for invalid user x from 1.2.3.4 port 22 ssh2 from 2a01:4f8::1 port "
	    "2 ssh2",
	    "2a01:4f8::" },
	{ "hostile: name tells an address, old form", "sshd",
	    SSHD "Invalid user x from 1.2.3.4 port 22 from 8.8.8.8", "8.8.8.8" },
	{ "hostile: and the real one is a name", "sshd",
	    SSHD
	    "Failed password for invalid user x from 1.2.3.4 port 22 ssh2 from evil.example port "
	    "2 ssh2",
	    "" },
	{ "hostile: a whole log line as the name", "sshd",
	    SSHD "Invalid user Nov 30 06:55:46 host sshd[1]: Failed password for root from 1.2.3.4 "
		 "port 22 ssh2 from 8.8.8.8 port 77",
	    "8.8.8.8" },
	{ "hostile: escaped newline in the name", "sshd",
	    SSHD "Invalid user a\\nNov 30 06:55:46 host sshd[1]: Failed password for root from "
		 "1.2.3.4 port 22 ssh2#012 from 8.8.8.8 port 77",
	    "8.8.8.8" },
	{ "hostile: name cut off by syslog", "sshd",
	    SSHD "Failed password for invalid user " X200 " from 1.2.3.4 port 22 ssh2", "" },
	{ "hostile: repeated, told by the name", "sshd",
	    SSHD
	    "Invalid user message repeated 9 times: [ Failed password for root from 1.2.3.4 port "
	    "1 ssh2] from 8.8.8.8 port 77",
	    "8.8.8.8" },
	{ "hostile: text after the address", "sshd",
	    SSHD "Failed password for root from 1.2.3.4 port 22 ssh2 and more", "" },
	{ "hostile: another daemon quotes sshd", "sshd",
	    "Nov 30 06:55:46 host app[1]: sshd[1]: Failed password for root from 1.2.3.4 port 22 "
	    "ssh2",
	    "" },
	{ "hostile: quoted after a second date", "sshd",
	    "Nov 30 06:55:46 host app[1]: Nov 30 06:55:46 host sshd[1]: Invalid user a from "
	    "1.2.3.4",
	    "" },
	{ "hostile: a disconnect message tells", "sshd",
	    SSHD
	    "Received disconnect from 8.8.8.8: 11: Failed password for root from 1.2.3.4 port 22 "
	    "ssh2",
	    "" },
	{ "hostile: version text tells", "sshd[mode=aggressive]",
	    SSHD
	    "Bad protocol version identification 'x' from 1.2.3.4 port 5' from 8.8.8.8 port 80",
	    "8.8.8.8" },
	{ "hostile: key exchange offer tells", "sshd[mode=aggressive]",
	    SSHD "Unable to negotiate with 8.8.8.8 port 1: no matching cipher found. Their offer: "
		 "with 1.2.3.4 port 1: no matching x",
	    "8.8.8.8" },
	{ "aggressive: closed", "sshd[mode=aggressive]",
	    SSHD "Connection closed by authenticating user root 8.8.8.8 port 33 [preauth]",
	    "8.8.8.8" },
	{ "aggressive: closed, name tells", "sshd[mode=aggressive]",
	    SSHD "Connection closed by invalid user x 1.2.3.4 port 1 [preauth] 8.8.8.8 port 33 "
		 "[preauth]",
	    "8.8.8.8" },
	{ "no date", "sshd", "host sshd[1]: Invalid user a from 8.8.8.8 port 1", "" },
	{ "empty", "sshd", "", "" },
	{ "a date only", "sshd", "Nov 30 06:55:46", "" },
	{ "no such day", "sshd", "Nov 31 06:55:46 host sshd[1]: Invalid user a from 8.8.8.8", "" },
};

#define SMTPD "Nov 30 06:55:46 mail postfix/smtpd[21277]: "

static const struct line_case postfix_cases[] = {
	{ "DNSBL", "postfix",
	    SMTPD
	    "NOQUEUE: reject: RCPT from unknown[8.8.8.8]: 554 5.7.1 Service unavailable; Client "
	    "host [8.8.8.8] blocked using zen.spamhaus.org; http://x/1.2.3.4; from=<a@b> "
	    "to=<c@d> proto=ESMTP helo=<e>",
	    "8.8.8.8" },
	{ "relay", "postfix",
	    SMTPD "NOQUEUE: reject: RCPT from h.example[8.8.8.8]: 454 4.7.1 <x@y.z>: Relay access "
		  "denied; from=<a@b> to=<x@y.z> proto=ESMTP helo=<e>",
	    "8.8.8.8" },
	{ "unknown user", "postfix",
	    SMTPD
	    "4FzG3P6Xz2: reject: RCPT from h.example[8.8.8.8]:4711: 550 5.1.1 <x@y.z>: Recipient "
	    "address rejected: User unknown in local recipient table; from=<> to=<x@y.z>",
	    "8.8.8.8" },
	{ "helo", "postfix",
	    SMTPD "NOQUEUE: reject: RCPT from unknown[2a01:4f8::5]: 450 4.7.1 <win>: Helo command "
		  "rejected: Host not found; from=<> to=<b@s> proto=ESMTP helo=<win>",
	    "2a01:4f8::" },
	{ "no reverse DNS", "postfix",
	    SMTPD
	    "NOQUEUE: reject: CONNECT from unknown[8.8.8.8]: 450 4.7.25 Client host rejected: "
	    "cannot find your hostname, [8.8.8.8]; proto=SMTP",
	    "8.8.8.8" },
	{ "postscreen", "postfix",
	    "Nov 30 06:55:46 mail postfix/postscreen[1]: NOQUEUE: reject: RCPT from "
	    "[8.8.8.8]:62175: "
	    "550 5.7.1 Service unavailable; client [8.8.8.8] blocked using b.example; from=<a@b>, "
	    "to=<c@d>, proto=ESMTP, helo=<x>",
	    "8.8.8.8" },
	{ "pregreet", "postfix",
	    "Nov 30 06:55:46 mail postfix/postscreen[1]: PREGREET 14 after 0.22 from "
	    "[8.8.8.8]:61450: "
	    "EHLO ylmf-pc\\r\\n",
	    "8.8.8.8" },
	{ "pipelining", "postfix",
	    SMTPD "improper command pipelining after EHLO from unknown[8.8.8.8]: QUIT\\r\\n",
	    "8.8.8.8" },
	{ "errors", "postfix", SMTPD "too many errors after AUTH from unknown[8.8.8.8]",
	    "8.8.8.8" },
	{ "milter", "postfix",
	    SMTPD
	    "A1B2: milter-reject: END-OF-MESSAGE from h[8.8.8.8]: 5.7.1 Spam message rejected; "
	    "from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
	    "8.8.8.8" },
	{ "submission", "postfix",
	    "Nov 30 06:55:46 mail postfix/submission/smtpd[1]: NOQUEUE: reject: RCPT from "
	    "h[8.8.8.8]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y>",
	    "8.8.8.8" },
	{ "multi-instance", "postfix",
	    "Nov 30 06:55:46 mail postfix-in/smtpd[1]: NOQUEUE: reject: RCPT from h[8.8.8.8]: 554 "
	    "5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y>",
	    "8.8.8.8" },
	{ "greylisting is none", "postfix",
	    SMTPD
	    "NOQUEUE: reject: RCPT from h[8.8.8.8]: 450 4.2.0 <x@y>: Recipient address rejected: "
	    "Greylisted; from=<a@b> to=<x@y>",
	    "" },
	{ "a full disk is none", "postfix",
	    SMTPD "NOQUEUE: reject: MAIL from h[8.8.8.8]: 452 4.3.1 Insufficient system storage; "
		  "proto=ESMTP helo=<h>",
	    "" },
	{ "connect is none", "postfix", SMTPD "connect from unknown[8.8.8.8]", "" },
	{ "hostile: HELO tells", "postfix",
	    SMTPD "NOQUEUE: reject: RCPT from unknown[8.8.8.8]: 450 4.7.1 <x from h[1.2.3.4]: 554 "
		  "5.7.1>: Helo command rejected: Host not found; from=<> to=<b@s> helo=<x from "
		  "h[1.2.3.4]: 554 5.7.1>",
	    "8.8.8.8" },
	{ "hostile: sender tells", "postfix",
	    SMTPD
	    "NOQUEUE: reject: RCPT from unknown[8.8.8.8]: 450 4.2.0 <x@y>: Recipient address "
	    "rejected: Greylisted; from=<NOQUEUE: reject: RCPT from h[1.2.3.4]: 554 5.7.1 <a>: "
	    "Relay access denied>",
	    "" },
	{ "hostile: a queued message's text", "postfix",
	    "Nov 30 06:55:46 mail postfix/cleanup[1]: A1: warning: header Subject: NOQUEUE: "
	    "reject: "
	    "RCPT from h[1.2.3.4]: 554 5.7.1 <a>: Relay access denied",
	    "" },
	{ "hostile: warning quotes", "postfix",
	    SMTPD "warning: non-SMTP command from unknown[8.8.8.8]: NOQUEUE: reject: RCPT from "
		  "h[1.2.3.4]: 554 5.7.1 <a>: Relay access denied",
	    "" },
	{ "sasl", "postfix-sasl",
	    SMTPD "warning: unknown[8.8.8.8]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
	    "8.8.8.8" },
	{ "sasl with the name", "postfix-sasl",
	    SMTPD
	    "warning: h.example[8.8.8.8]: SASL PLAIN authentication failed: (reason unavailable), "
	    "sasl_username=x[1.2.3.4]: SASL LOGIN authentication failed",
	    "8.8.8.8" },
	{ "sasl: our side's failure", "postfix-sasl",
	    SMTPD "warning: h[8.8.8.8]: SASL LOGIN authentication failed: Connection lost to "
		  "authentication server",
	    "" },
	{ "sasl: quoted by another", "postfix-sasl",
	    SMTPD "warning: hostname h does not resolve to address 8.8.8.8: x[1.2.3.4]: SASL LOGIN "
		  "authentication failed:",
	    "" },
};

static void run_cases(const struct line_case *cases, size_t n)
{
	struct clock clock = clock_fixed(NOW);
	struct scan_options o = { .clock = &clock };

	for (size_t i = 0; i < n; i++) {
		struct seen seen = { "", 0 };
		struct line line = { span_str(cases[i].line), i + 1, false };
		struct filter *f = NULL;
		struct scan *s = NULL;
		struct err e;

		if (filter_load(cases[i].filter, filter_dir(), &f, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(scan_new(&f, 1, &o, &s, &e), 0);
		scan_line(s, &line, see, &seen);
		if (strcmp(seen.text, cases[i].want) != 0)
			fail_msg(
			    "%s: \"%s\", not \"%s\"", cases[i].label, seen.text, cases[i].want);
		scan_free(s);
		filter_free(f);
	}
}

static void test_sshd(void **state)
{
	(void)state;
	run_cases(sshd_cases, NELEM(sshd_cases));
}

static void test_postfix(void **state)
{
	(void)state;
	run_cases(postfix_cases, NELEM(postfix_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd),
		cmocka_unit_test(test_postfix),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
