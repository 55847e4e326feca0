/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole logs through filters in blocks, against the same lines one by one with PCRE2: line ends wherever they
 * may lie, and filters whose expressions begin alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "intake/scan.h"
#include "util/ends.h"

static uint64_t state = UINT64_C(0x243f6a8885a308d3);

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * n >> 32);
}

struct events {
	uint64_t hash;
	uint64_t n;
};

static void hash_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct events *t = ctx;

	t->n++;
	t->hash = t->hash * 1099511628211u + ev->subject.addr.lo + ev->subject.addr.hi + number +
		  ev->count + (uint64_t)ev->time_s;
	for (const char *d = ev->detail.p; d < ev->detail.end; d++)
		t->hash = (t->hash ^ (unsigned char)*d) * 1099511628211u;
}

/* --- logs ---------------------------------------------------------------------------------------- */

static void repeat(FILE *f, char c, uint32_t n)
{
	while (n-- > 0)
		assert_int_equal(putc(c, f), (unsigned char)c);
}

/* A log of about so many bytes. Some lines are as long as a piece, or as the longest that there may be, or
 * longer; some have NULs or CRs. */
static void write_log(FILE *f, long bytes, bool last_lf)
{
	static const uint32_t long_ones[] = { ENDS_PIECE - 1, ENDS_PIECE, ENDS_PIECE + 1,
		INPUT_LINE_MAX - 1, INPUT_LINE_MAX, INPUT_LINE_MAX + 1, 2 * INPUT_LINE_MAX };

	while (ftell(f) < bytes) {
		uint32_t kind = below(2000);

		if (kind < 1600)
			(void)fprintf(f,
			    "Nov 30 06:%02u:46 h sshd[%u]: %s for %s from 9.%u.2.3 port %u ssh2",
			    kind / 400, below(40000),
			    kind & 1 ? "Failed password" : "Accepted password",
			    kind & 2 ? "root" : "invalid user x y", below(256), below(65536));
		else if (kind < 1700) /* the last address counts, however far it is */
			(void)fprintf(f,
			    "Nov 30 06:55:46 h sshd[1]: Failed none for %.*s from 8.8.8.8 port 1 "
			    "from 9.9.9.9 port 22 ssh2",
			    (int)below(90),
			    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
			    "uuuuuuuuuuuuuuuuuuuu");
		else if (kind < 1900)
			repeat(f, "x\r \0"[below(4)], below(80));
		else if (kind < 1990)
			(void)fprintf(f,
			    "Nov 30 06:55:46 h sshd[1]: Invalid user a from 9.9.9.%u%c", below(300),
			    "\r\0 x"[below(4)]);
		else { /* a NUL in the piece before the one that the line ends in */
			repeat(f, '\0', below(2));
			repeat(f, 'y', long_ones[below(NELEM(long_ones))]);
		}
		if (below(20) == 0)
			repeat(f, '\r', 1 + below(2));
		repeat(f, '\n', 1 + (below(50) == 0));
	}
	if (!last_lf)
		(void)fprintf(f, "Nov 30 06:55:46 h sshd[1]: Invalid user a from 9.9.9.9");
}

static void by_lines(struct scan *s, const char *path, struct events *ret)
{
	struct input *in;
	struct line line;
	struct err e;
	int r;

	assert_int_equal(input_open(path, &in, &e), 0);
	while ((r = input_line(in, &line, &e)) > 0)
		scan_line(s, &line, hash_event, ret);
	assert_int_equal(r, 0);
	input_free(in);
}

static void by_blocks(struct scan *s, const char *path, struct events *ret)
{
	struct input *in;
	struct err e;

	assert_int_equal(input_open(path, &in, &e), 0);
	assert_int_equal(scan_input(s, in, hash_event, ret, &e), 0);
	input_free(in);
}

static void both_ways(struct filters *f, const char *path, bool some)
{
	struct clock clock = clock_fixed(1764547200);
	struct scan_options fast = { .clock = &clock }, slow = { .clock = &clock, .pcre2 = true };
	struct events x = { 0, 0 }, y = { 0, 0 };
	struct scan *a, *b;
	struct err e;

	assert_int_equal(scan_new(f->v, f->n, &fast, &a, &e), 0);
	assert_int_equal(scan_new(f->v, f->n, &slow, &b, &e), 0);
	by_blocks(a, path, &x);
	by_lines(b, path, &y);
	assert_int_equal(x.n, y.n);
	assert_true(x.hash == y.hash);
	assert_memory_equal(scan_counts(a), scan_counts(b), sizeof(struct scan_counts));
	if (some)
		assert_true(x.n > 20);
	scan_free(a);
	scan_free(b);
}

static FILE *temporary(char path[32])
{
	int fd;

	(void)snprintf(path, 32, "/tmp/onus-test-scan-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return fdopen(fd, "w");
}

static void test_blocks(void **state_)
{
	static const char *const names[] = { "sshd[mode=aggressive]", "sshd" };
	struct filters f;
	struct err e;
	char dir[4096], path[32];

	(void)state_;
	(void)snprintf(dir, sizeof(dir), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	for (unsigned i = 0; i < 12; i++) {
		FILE *log = temporary(path);

		assert_int_equal(filters_load(&f, names, 1 + i / 6, dir, &e), 0);
		assert_non_null(log);
		write_log(log, i % 6 < 4 ? 3000000 : (long)below(3000), i & 1);
		assert_int_equal(fclose(log), 0);
		both_ways(&f, path, i % 6 < 4);
		assert_int_equal(unlink(path), 0);
		filters_done(&f);
	}
}

/* --- heads --- */

#define N_HERE '~' /* in these: a number */
static const char *const programs[] = { "sshd[~]: ", "postfix/smtpd[~]: ",
	"postfix/submission/smtpd[~]: ", "postfix/qmgr[~]: ", "postfix-out/smtp[~]: ", "sshd: ",
	"kernel: ", "kernel: [~.123] ", "dovecot: ", "CRON[~]: ", "named[~]: ", "exim[~]: ",
	"sshd-session[~]: ", "sshd [~]: ", "pure-ftpd: ", "a" };
static const char *const messages[] = { "Failed password for root from 9.8.7.~ port 22 ssh2",
	"error: Failed password for root from 9.8.7.~ port 22 ssh2",
	"error: PAM: Authentication failure for root from 9.8.7.~",
	"NOQUEUE: reject: RCPT from x[9.8.7.~]: 554 5.7.1 <a@b>: Relay access denied; to=<a@b>",
	"warning: x[9.8.7.~]: SASL LOGIN authentication failed: authentication failure",
	"warning: non-SMTP command from x[9.8.7.~]: GET / HTTP/1.1",
	"pam_unix(sshd:auth): authentication failure; rhost=9.8.7.~",
	"Accepted password for a from 9.8.7.~ port 1 ssh2",
	"client 9.8.7.~#53: query (cache) 'a/IN' denied",
	"DROP IN=eth0 OUT= SRC=9.8.7.~ DST=1.2.3.4 PROTO=TCP DPT=22",
	"9.8.7.~ - - [30/Nov/2025:06:55:46 +0000] \"GET /.env HTTP/1.1\" 404 12",
	"[30/Nov/2025:06:55:~] x", "" };

static void put(FILE *f, const char *text, uint32_t n)
{
	for (; *text; text++)
		if (*text == N_HERE)
			(void)fprintf(f, "%u", n);
		else
			(void)putc(*text, f);
}

/* Lines of many programs and hosts, more than are remembered, whose dates are near each other, or not. Most are of
 * a few hosts: what is remembered of them gives way to others between two lines of a block. */
static void write_heads(FILE *f, unsigned lines, uint32_t hosts)
{
	for (unsigned i = 0; i < lines; i++) {
		bool fits;

		if (below(300) == 0)
			(void)fprintf(f, "2025-11-30T06:%02u:46+00:00 ", below(60));
		else
			(void)fprintf(f, "Nov 30 06:%02u:%02u%c", below(100) ? 55 : below(60),
			    below(50) ? below(60) : below(100), below(500) ? ' ' : '.');
		(void)fprintf(f, "%s%.*s%u ",
		    below(50)  ? "h"
		    : below(2) ? ""
			       : "202",
		    below(4) ? 0 : (int)below(3) * 25,
		    "-0123456789-0123456789-0123456789-0123456789-0123456789",
		    below(5) ? below(3) : below(hosts));
		fits = below(2); /* the first message is of the first program */
		put(f, programs[fits ? 0 : below(NELEM(programs))], below(100000));
		put(f, messages[fits ? 0 : below(NELEM(messages))], below(300));
		(void)fputs(below(100) ? "\n" : "\r\n", f);
	}
}

/* Through all filters, and through one alone. */
static void test_heads(void **state_)
{
	static const uint32_t hosts[] = { 1, 3, 300, 100000 };
	static const char *const names[] = { "sshd", "postfix" };
	struct filters f;
	struct err e;
	char dir[4096], path[32];

	(void)state_;
	(void)snprintf(dir, sizeof(dir), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	for (unsigned i = 0; i < 3 * NELEM(hosts); i++) {
		FILE *log = temporary(path);

		assert_int_equal(filters_load(&f, names + i % 3 / 2, i % 3 > 0, dir, &e), 0);
		assert_non_null(log);
		write_heads(log, 30000, hosts[i / 3]);
		assert_int_equal(fclose(log), 0);
		both_ways(&f, path, true);
		assert_int_equal(unlink(path), 0);
		filters_done(&f);
	}
}

/* Lines that begin nearly as the one before them. */
static const char *const nearly[] = {
	"Nov 30 06:55:4x h sshd[1]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:x4 h sshd[1]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:60 h sshd[1]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55 46 h sshd[1]: Invalid user a from 9.8.7.~",
	"Dec 30 06:55:46 h sshd[1]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:46 h sshe[1]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:46 h sshd[]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:46 h sshd[123456789]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:46 h sshd[12345678901]: Invalid user a from 9.8.7.~",
	"Nov 30 06:55:46 h sshd[30/Nov/2025:06:55:47 +0000] odd 9.8.7.~",
	"Nov 30 06:55:46 h sshd: Invalid user a from 9.8.7.~",
	"2025-11-30T06:55:46+00:00 h sshd[1]: Invalid user a from 9.8.7.~",
	"2025-11-30T06:55:46+00:00 2024 sshd[1]: Invalid user a from 9.8.7.~", /* a host "2024" */
	"Nov 30 06:55:46 2024 sshd[1]: Invalid user a from 9.8.7.~",	       /* and a year */
	"2025-11-30T06:55:46Z.5 sshd[1]: Invalid user a from 9.8.7.~",	       /* a host ".5" */
	"Nov 30 06:55:46.5 sshd[1]: Invalid user a from 9.8.7.~",	       /* and a fraction */
	"Nov 30 06:55:46 h sshd[",
	"Nov 30 06:55:4",
	"Nov",
};

static const char usual[] = "Nov 30 06:55:46 h sshd[~]: Invalid user a from 9.8.7.6";
static const char in_brackets[] = "[Definition]\nfailregex = odd <HOST>$\n"
				  "datepattern = ^[^\\[]*\\[({DATE})\n";

static void write_nearly(FILE *f)
{
	for (unsigned i = 0; i < 30000; i++) {
		put(f, below(2) ? usual : nearly[below(NELEM(nearly))], below(256));
		if (below(300) == 0) {
			repeat(f, '\n', 1);
			put(f, usual, 1);
			repeat(f, ' ', INPUT_LINE_MAX - 60 + below(20));
		}
		repeat(f, '\n', 1);
	}
}

/* Through a filter alone, and beside one whose dates stand in brackets. */
static void test_nearly(void **state_)
{
	struct filters f = { .n = 0 };
	struct err e;
	char dir[4096];

	(void)state_;
	(void)snprintf(dir, sizeof(dir), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	assert_int_equal(filter_load("sshd", dir, &f.v[0], &e), 0);
	assert_int_equal(filter_parse("brackets", SPAN(in_brackets), &f.v[1], &e), 0);
	for (f.n = 1; f.n <= 2; f.n++) {
		char path[32];
		FILE *log = temporary(path);

		assert_non_null(log);
		write_nearly(log);
		assert_int_equal(fclose(log), 0);
		both_ways(&f, path, true);
		assert_int_equal(unlink(path), 0);
	}
	f.n = 2;
	filters_done(&f);
}

/* --- expressions that begin alike ---------------------------------------------------------------- */

static const char alike[] = "[Definition]\n"
			    "prefregex = ^ <F-CONTENT>.+</F-CONTENT>$\n"
			    "failregex = ^Fa<HOST>$\n"
			    " ^Fail <HOST>$\n"
			    " ^F(?:ai|b)l+ <HOST>\n"
			    " ^(?:Fa|Fb)?i?l <HOST>$\n"
			    " ^[FG][ab]{1,3} <HOST>$\n"
			    " ^\\S* from <HOST>$\n"
			    " ^G\\s*<HOST>$\n"
			    " ^(?i)fail: <HOST>$\n"
			    " from: <HOST>$\n"
			    " ^<HOST>$\n"
			    " ^.?<HOST> x$\n"
			    " ^F?$|^F<HOST>\n";

/* More than are told apart by their first bytes, and none that may begin anyhow. */
static void add_many(struct buf *text)
{
	buf_str(text,
	    "[Definition]\nprefregex = ^ <F-CONTENT>.+</F-CONTENT>$\nfailregex = ^Z<HOST>$\n");
	for (unsigned i = 0; i < 70; i++)
		buf_fmt(text, " ^Z%u <HOST>$\n", i);
	buf_str(text, " ^Fail <HOST>$\n ^G\\s*<HOST>$\n ^\\S+ from <HOST>$\n");
}

static struct filter *filter_alike(bool many)
{
	struct filter *ret;
	struct buf text;
	struct err e;

	buf_init(&text, 1 << 16);
	if (many)
		add_many(&text);
	else
		buf_str(&text, alike);
	assert_int_equal(filter_parse("alike", buf_text(&text), &ret, &e), 0);
	buf_done(&text);
	return ret;
}

static void test_alike(void **state_)
{
	static const char *const words[] = { "F", "Fa", "Fb", "Fail", "G", "a", "b", "i", "l", " ",
		" ", "9.8.7.6", "9.8.7.6", "2a01::1", " from ", ": ", "f", " x", "Z", "Z6", "64",
		"fail", "\t", "\r" };

	(void)state_;
	for (unsigned many = 0; many < 2; many++) {
		struct filters f = { .v = { filter_alike(many) }, .n = 1 };
		char path[32];
		FILE *log = temporary(path);

		assert_non_null(log);
		for (unsigned i = 0; i < 40000; i++) {
			(void)fprintf(log, "Nov 30 06:55:46 ");
			for (uint32_t n = below(6); n > 0; n--)
				(void)fprintf(log, "%s", words[below(NELEM(words))]);
			(void)fprintf(log, "\n");
		}
		assert_int_equal(fclose(log), 0);
		both_ways(&f, path, true);
		assert_int_equal(unlink(path), 0);
		filters_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_nearly),
		cmocka_unit_test(test_alike),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
