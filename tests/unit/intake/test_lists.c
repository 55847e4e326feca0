/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses entry by entry, and what recognises the kind of an input. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/any.h"

static const struct {
	const char *label, *line, *want; /* want: range and count, "" for none, "!reason" */
} entries[] = {
	{ "address", "8.8.8.8", "8.8.8.8 1" },
	{ "IPv6", "2a01:4f8::1", "2a01:4f8::1 1" },
	{ "blanks around", "  8.8.8.8\t ", "8.8.8.8 1" },
	{ "CR", "8.8.8.8\r", "8.8.8.8 1" },
	{ "prefix", "8.8.8.0/24", "8.8.8.0/24 1" },
	{ "IPv6 prefix", "2a01:4f8::/32", "2a01:4f8::/32 1" },
	{ "range", "8.8.8.8-8.8.8.10", "8.8.8.8-8.8.8.10 1" },
	{ "range with blanks", "8.8.8.8 - 8.8.8.10", "8.8.8.8-8.8.8.10 1" },
	{ "range that is a prefix", "8.8.8.0-8.8.8.255", "8.8.8.0/24 1" },
	{ "count, TAB", "8.8.8.8\t17", "8.8.8.8 17" },
	{ "count, blanks", "8.8.8.8   17", "8.8.8.8 17" },
	{ "count, comma", "8.8.8.8,17", "8.8.8.8 17" },
	{ "count, comma and blank", "8.8.8.8, 17", "8.8.8.8 17" },
	{ "prefix and count", "8.8.8.0/24 3", "8.8.8.0/24 3" },
	{ "range and count", "8.8.8.8-8.8.8.9 3", "8.8.8.8/31 3" },
	{ "count too large is the largest", "8.8.8.8 99999999999999999999", "8.8.8.8 1000000000" },
	{ "comment behind #", "8.8.8.8 # 9.9.9.9", "8.8.8.8 1" },
	{ "comment behind ;", "8.8.8.0/24 ; SBL256894", "8.8.8.0/24 1" },
	{ "comment line", "# 8.8.8.8", "" },
	{ "comment line ;", "; 8.8.8.8", "" },
	{ "empty", "", "" },
	{ "blank", " \t\r", "" },
	{ "widest", "8.0.0.0/8", "8.0.0.0/8 1" },
	{ "one past the widest", "8.0.0.0/7", "!wider than an IPv4 /8 or an IPv6 /16" },
	{ "everything", "0.0.0.0/0", "!wider than an IPv4 /8 or an IPv6 /16" },
	{ "everything, IPv6", "::/0", "!wider than an IPv4 /8 or an IPv6 /16" },
	{ "a range of nearly everything", "1.0.0.0-223.255.255.255",
	    "!wider than an IPv4 /8 or an IPv6 /16" },
	{ "host bits", "8.8.8.8/24", "!host bits are set behind the prefix" },
	{ "backwards", "8.8.8.9-8.8.8.8", "!the range runs backwards, or over two families" },
	{ "two families", "8.8.8.8-2a01::1", "!the range runs backwards, or over two families" },
	{ "private", "192.168.1.1", "!private or reserved space" },
	{ "range into private space", "11.0.0.0-10.0.0.0",
	    "!the range runs backwards, or over two families" },
	{ "range touching private space", "9.255.255.0-10.0.0.0", "!private or reserved space" },
	{ "zero times", "8.8.8.8 0", "!counted zero times" },
	{ "a name", "evil.example.org", "!no address, prefix or range" },
	{ "octet over 255", "8.8.8.256", "!no address, prefix or range" },
	{ "leading zero", "08.8.8.8", "!no address, prefix or range" },
	{ "three columns", "8.8.8.8 3 4", "!no address, prefix or range" },
	{ "a number", "134744072", "!no address, prefix or range" },
	{ "length over 32", "8.8.8.8/33", "!no address, prefix or range" },
};

static void test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(entries); i++) {
		char got[256] = "", range[RANGE_TEXT_MAX];
		const char *why = NULL;
		struct range r;
		uint32_t n;
		int code = list_entry(span_str(entries[i].line), &r, &n, &why);

		if (code > 0) {
			(void)range_format(r, range);
			(void)snprintf(got, sizeof(got), "%s %u", range, n);
		} else if (code < 0) {
			(void)snprintf(got, sizeof(got), "!%s", why);
		}
		if (strcmp(got, entries[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", entries[i].label, got, entries[i].want);
	}
}

struct got {
	char text[1024];
	unsigned refused;
};

static void got_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct got *g = ctx;
	size_t at = strlen(g->text);
	char p[PREFIX_TEXT_MAX];

	(void)prefix_format(ev->subject, p);
	(void)snprintf(g->text + at, sizeof(g->text) - at, "%d:%s*%u %s %s\n", (int)number, p,
	    ev->count, category_name(ev->category), event_is_host(ev) ? "host" : "prefix");
}

static struct input *input_of(const char *text, size_t n)
{
	char path[] = "/tmp/onus-test-XXXXXX";
	int fd = mkstemp(path);
	struct input *in = NULL;
	struct err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	(void)close(fd);
	assert_int_equal(input_open(path, &in, &e), 0);
	(void)unlink(path);
	return in;
}

static void got_refusal(void *ctx, uint64_t number, struct span text, const char *why)
{
	struct got *g = ctx;

	(void)number;
	(void)text;
	(void)why;
	g->refused++;
}

static void test_list(void **state)
{
	static const char text[] = "# a list\r\n8.8.8.8\t3\r\n5.5.5.0-5.5.5.2\r\n10.0.0.1\r\n"
				   "2a01:4f8::1\n9.9.9.0/24\n\xff\xfe\n2a01:4f8:1::/48";
	struct input *in = input_of(text, sizeof(text) - 1);
	struct got g = { "", 0 };
	struct list_counts c = { 0 };
	struct addrset own = { .v = NULL };
	struct err e;
	struct list_options o = { .time_s = 1, .category = CATEGORY_SPAM, .own = &own };

	(void)state;
	assert_int_equal(addrset_parse(SPAN("9.9.0.0/16, 2001:db8::/32"), &own, &e), 0);
	assert_int_equal(list_input(in, &o, got_event, got_refusal, &g, &c, &e), 0);
	assert_string_equal(g.text, "2:8.8.8.8/32*3 spam host\n3:5.5.5.0/31*1 spam prefix\n"
				    "3:5.5.5.2/32*1 spam host\n5:2a01:4f8::/64*1 spam host\n"
				    "8:2a01:4f8:1::/48*1 spam prefix\n");
	assert_int_equal(g.refused, 3);
	assert_int_equal(c.refused, 3);
	assert_int_equal(c.lines, 8);
	assert_int_equal(c.entries, 4);
	assert_int_equal(c.events, 5);
	addrset_done(&own);
	input_free(in);
}

static const struct {
	const char *label, *text;
	enum input_kind want;
	const char *daemon;
} kinds[] = {
	{ "sshd log", "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user a from 8.8.8.8\n", INPUT_LOG,
	    "sshd" },
	{ "postfix log", "2026-01-02T03:04:05Z h postfix/smtpd[1]: connect from a[8.8.8.8]\n",
	    INPUT_LOG, "postfix" },
	{ "log with a PRI", "<38>Dec 10 06:55:46 h sshd[1]: x\n", INPUT_LOG, "sshd" },
	{ "log whose first line was cut",
	    "ed for root\nDec 10 06:55:46 h a: x\nDec 10 06:55:47 h a: y\n", INPUT_LOG, "a" },
	{ "web server's log", "8.8.8.8 - - [03/Jan/2026:01:02:03 +0000] \"GET / HTTP/1.1\" 404 5\n",
	    INPUT_LOG, "" },
	{ "named's log", "03-Jan-2026 01:02:03.252 client 8.8.8.8#9 (a): query denied\n", INPUT_LOG,
	    "" },
	{ "squid's log", "1767402123.123     11 8.8.8.8 TCP_DENIED/403 3\n", INPUT_LOG, "" },
	{ "event header", "#onus-events 1\n1\t8.8.8.8\n", INPUT_EVENTS, "" },
	{ "events without a header", "1764365683\t8.8.8.8\tspam\t1\n", INPUT_EVENTS, "" },
	{ "NDJSON", "{\"source.ip\":\"8.8.8.8\"}\n", INPUT_EVENTS_JSON, "" },
	{ "other JSON", "{\"src_ip\":\"8.8.8.8\"}\n", INPUT_JSON, "" },
	{ "list", "# x\n8.8.8.8\n9.9.9.9\n", INPUT_LIST, "" },
	{ "list with counts", "8.8.8.8\t3\n", INPUT_LIST, "" },
	{ "list of private space is a list", "10.0.0.1\n10.0.0.2\n", INPUT_LIST, "" },
	{ "prose", "It was a dark and stormy night.\n", INPUT_UNKNOWN, "" },
	{ "binary",
	    "\x7f"
	    "ELF\x02\x01\x01\n\x03\n\x04\x05",
	    INPUT_UNKNOWN, "" },
	{ "nothing", "", INPUT_EMPTY, "" },
	{ "comments", "# nothing today\n\n", INPUT_EMPTY, "" },
};

static void test_recognise(void **state)
{
	static const char zeros[4096];

	(void)state;
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct recognised r = recognise(span_str(kinds[i].text));

		if (r.kind != kinds[i].want || strcmp(r.daemon, kinds[i].daemon) != 0)
			fail_msg(
			    "%s: %s of \"%s\"", kinds[i].label, input_kind_name(r.kind), r.daemon);
		assert_true(r.kind != INPUT_UNKNOWN || r.why);
	}
	assert_int_equal(recognise(span_of(zeros, sizeof(zeros))).kind, INPUT_UNKNOWN);
	assert_int_equal(recognise(span_of(NULL, 0)).kind, INPUT_EMPTY);
}

static void test_open_logs(void **state)
{
#define FORGED "Nov 10 03:01:11 h sshd[7]: Failed password for x from 8.8.8.8 port 22 ssh2\n"
	static const struct {
		const char *text;
		bool open;
	} logs[] = {
		{ FORGED, false },
		{ FORGED FORGED "2026/11/10 03:01:11 [error] 7#7: *1 open() \"/x\nfailed\n", true },
		{ "[Tue Nov 10 03:01:11.123456 2026] [core:error] [pid 7] x\n" FORGED, true },
		{ "[Tue Nov 10 03:01:11 2026] [error] x\n", true },
		{ "2026-11-10  3:01:11 12 [Warning] Access denied for user 'a\n" FORGED, true },
		{ "2026-11-10 13:01:11 0 [Note] x\n", true },
		{ "2026-11-10T03:01:11.123456Z 12 [Warning] [MY-1] x\n", true },
		{ "2026-11-10 03:01:11.123 UTC [712] FATAL:  x\n", true },
		{ "2026-11-10 03:01:11.123 CEST [712] a@b FATAL:  x\n", true },
		{ "2026-11-10 03:01:11 1rKabc-000000-00 <= a@b H=c [8.8.8.8]\n", false }, /* Exim */
		{ "2026-11-10 03:01:11 login authenticator failed for (a) [8.8.8.8]\n", false },
		{ "2026-11-10T03:01:11.123456+01:00 h sshd[7]: x\n", false },
		{ "2026-11-10 03:01:11,123 h proftpd[7] h (a[8.8.8.8]): x\n", false },
		{ "8.8.8.8 - - [10/Nov/2026:03:01:11 +0000] \"GET / HTTP/1.1\" 404 5\n", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(logs); i++)
		if (recognise(span_str(logs[i].text)).open_to_clients != logs[i].open)
			fail_msg("wrong about %s", logs[i].text);
}

/* Event lines may come from anywhere: they are held to the same guards. */
static void test_any_events(void **state)
{
#define AT "1764365683\t"
	static const char text[] =
	    "#onus-events 1\n" AT "8.8.8.8\tspam\n" AT "10.0.0.1\tspam\n" AT "nonsense\tspam\n" AT
	    "9.9.9.9\tspam\n" AT "9.9.0.0/16\tspam\n1\t8.8.4.4\tspam\n";
	struct input *in = input_of(text, sizeof(text) - 1);
	struct clock clock = clock_fixed(1764365700);
	struct addrset own = { .v = NULL };
	struct any_options o = { .clock = &clock, .own = &own };
	struct any_result r;
	struct got g = { "", 0 };
	struct err e;

	(void)state;
	assert_int_equal(addrset_parse(SPAN("9.9.9.0/24"), &own, &e), 0);
	assert_int_equal(any_input(in, &o, got_event, &g, &r, &e), 0);
	assert_string_equal(g.text, "2:8.8.8.8/32*1 spam host\n");
	assert_int_equal(r.refused, 5);
	assert_int_equal(r.first_number, 3);
	assert_non_null(strstr(r.first_why, "private"));
	addrset_done(&own);
	input_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_recognise),
		cmocka_unit_test(test_open_logs),
		cmocka_unit_test(test_any_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
