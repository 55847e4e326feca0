/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Syslog messages as lines of a log, and messages out of streams. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/syslog.h"

#define NOW_S	1764547200 /* 2025-12-01T00:00:00Z */
#define NOW	"2025-12-01T00:00:00Z "
#define NO_HEAD "!no RFC 5424 header where one begins"
#define NO_END	"!structured data that does not end"

static const struct {
	const char *label, *in, *want;
} messages[] = {
	{ "RFC 3164", "<38>Nov 30 23:59:58 mx sshd[17]: hello",
	    "2025-11-30T23:59:58Z mx sshd[17]: hello" },
	{ "RFC 3164, example 1",
	    "<34>Nov 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
	    "2025-11-11T22:14:15Z mymachine su: 'su root' failed for lonvick on /dev/pts/8" },
	{ "as syslog(3) writes it", "<38>Nov 30 23:59:58 sshd[17]: hello",
	    "2025-11-30T23:59:58Z 192.0.2.1 sshd[17]: hello" },
	{ "no pid", "<6>Nov 30 23:59:58 kernel: x", "2025-11-30T23:59:58Z 192.0.2.1 kernel: x" },
	{ "a day of one digit", "<6>Dec  1 00:00:01 h t: x", "2025-12-01T00:00:01Z h t: x" },
	{ "ISO date in the old form", "<6>2025-11-30T23:59:58.5+01:00 h t: x",
	    "2025-11-30T22:59:58Z h t: x" },
	{ "no date", "<6>t[1]: x", NOW "192.0.2.1 t[1]: x" },
	{ "a date far ahead", "<6>2026-01-01T00:00:00Z h t: x", NOW "h t: x" },
	{ "a date just ahead", "<6>2025-12-01T00:05:00Z h t: x", "2025-12-01T00:05:00Z h t: x" },
	{ "a date just too far ahead", "<6>2025-12-01T00:05:01Z h t: x", NOW "h t: x" },
	{ "a clock that was never set", "<6>1970-01-01T00:00:07Z h t: x", NOW "h t: x" },
	{ "late, for the network was away", "<6>2025-11-02T00:00:00Z h t: x",
	    "2025-11-02T00:00:00Z h t: x" },
	{ "RFC 5424, example 1",
	    "<34>1 2025-11-30T22:14:15.003Z mymachine.example.com su - ID47 - "
	    "\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8",
	    "2025-11-30T22:14:15Z mymachine.example.com su: 'su root' failed for lonvick on "
	    "/dev/pts/8" },
	{ "RFC 5424, example 3",
	    "<165>1 2025-11-30T22:14:15.003Z mymachine.example.com evntslog 8710 ID47 "
	    "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"] An app",
	    "2025-11-30T22:14:15Z mymachine.example.com evntslog[8710]: An app" },
	{ "RFC 5424, example 4: no text",
	    "<165>1 2025-11-30T22:14:15Z h evntslog - ID47 [a@1 b=\"3\"][c@1 d=\"high\"]",
	    "2025-11-30T22:14:15Z h evntslog: " },
	{ "structured data with escapes", "<1>1 - h a 1 - [x y=\"\\\"\\\\\\] [\"] t",
	    NOW "h a[1]: t" },
	{ "nothing given", "<1>1 - - - - - - text", NOW "192.0.2.1 text" },
	{ "structured data that does not end", "<1>1 - h a 1 - [x y=\"z] t", NO_END },
	{ "structured data and no blank", "<1>1 - h a 1 - [x]t", NO_END },
	{ "no structured data", "<1>1 - h a 1 - text", NO_END },
	{ "a date that is none", "<1>1 2025-13-01T00:00:00Z h a 1 - - t", NO_HEAD },
	{ "header cut", "<1>1 2025-11-30T22:14:15Z h a", NO_HEAD },
	{ "header with a control byte", "<1>1 - h a\x01 1 - - t", NO_HEAD },
	{ "a name too long", "<1>1 - h 1234567890123456789012345678901234567890123456789 1 - - t",
	    NO_HEAD },
	{ "a line forged behind another",
	    "<38>Nov 30 23:59:58 h sshd[1]: a\nNov 30 23:59:58 h sshd[1]: b\n",
	    "2025-11-30T23:59:58Z h sshd[1]: a#012Nov 30 23:59:58 h sshd[1]: b" },
	{ "control bytes, not those of UTF-8", "<1>Nov 30 23:59:58 h t: a\x1b[2J\t\x7f\xc3\xa4",
	    "2025-11-30T23:59:58Z h t: a#033[2J\t#177\xc3\xa4" },
	{ "ends of datagrams", "<1>Nov 30 23:59:58 h t: a\r\n", "2025-11-30T23:59:58Z h t: a" },
	{ "no PRI", "Nov 30 23:59:58 h t: a",
	    "!it does not begin with <PRI>, as a syslog message does" },
	{ "PRI out of range", "<192>x", "!it does not begin with <PRI>, as a syslog message does" },
	{ "PRI of nothing", "<>x", "!it does not begin with <PRI>, as a syslog message does" },
	{ "PRI that does not end", "<1",
	    "!it does not begin with <PRI>, as a syslog message does" },
	{ "nothing", "", "!it does not begin with <PRI>, as a syslog message does" },
	{ "PRI alone", "<191>", NOW "192.0.2.1 " },
};

static void test_messages(void **state)
{
	struct clock clock = clock_fixed(NOW_S);
	struct stamp_reader dates;

	(void)state;
	(void)setenv("TZ", "UTC", 1); /* dates without a zone are local */
	stamp_init(&dates, &clock);
	for (size_t i = 0; i < NELEM(messages); i++) {
		CLEANUP(buf_done) struct buf b;
		const char *why = NULL;

		buf_init(&b, SYSLOG_LINE_MAX);
		buf_str(&b, "");
		if (syslog_line(&dates, span_str(messages[i].in), SPAN("192.0.2.1"), &b, &why) < 0)
			buf_fmt(&b, "!%s\n", why);
		assert_true(buf_ok(&b) && b.len > 0);
		b.p[b.len - 1] = '\0';
		if (strcmp(b.p, messages[i].want) != 0)
			fail_msg(
			    "%s: \"%s\", not \"%s\"", messages[i].label, b.p, messages[i].want);
	}
}

static void test_longest(void **state)
{
	static char long_one[SYSLOG_MESSAGE_MAX + 1];
	CLEANUP(buf_done) struct buf b;
	struct clock clock = clock_fixed(NOW_S);
	struct stamp_reader dates;
	const char *why;

	(void)state;
	stamp_init(&dates, &clock);
	buf_init(&b, SYSLOG_LINE_MAX);
	memset(long_one, 1, sizeof(long_one)); /* each becomes four bytes */
	memcpy(long_one, "<1>", 3);
	assert_int_equal(
	    syslog_line(&dates, span_of(long_one, SYSLOG_MESSAGE_MAX), SPAN("h"), &b, &why), 0);
	assert_true(buf_ok(&b) && b.len > 4 * (SYSLOG_MESSAGE_MAX - 3));
	buf_reset(&b);
	assert_int_equal(
	    syslog_line(&dates, span_of(long_one, sizeof(long_one)), SPAN("h"), &b, &why), -EINVAL);
	assert_string_equal(why, "longer than a message may be");
	assert_int_equal(b.len, 0);
}

static const struct {
	const char *label, *in,
	    *want; /* messages in brackets; ~ too long; ! broken; the rest is waited for */
} streams[] = {
	{ "lines", "<1>a\n<2>b\n<3>c", "[<1>a][<2>b]" },
	{ "empty line", "\n<2>b\n", "[][<2>b]" },
	{ "counted", "4 <1>a5 <1>\nb4 <1>", "[<1>a][<1>\nb]" },
	{ "both on one connection", "4 <1>a<2>b\n4 <3>c", "[<1>a][<2>b][<3>c]" },
	{ "a count with a line end behind the message", "5 <1>a\n4 <2>b", "[<1>a\n][<2>b]" },
	{ "half a count", "12", "" },
	{ "a count of nothing is no count", "0 <1>a\n", "[0 <1>a]" },
	{ "no count", "12x", "!" },
	{ "longest count", "9999999 x", "~" },
	{ "count too long", "12345678 x", "!" },
	{ "over the maximum", "8193 x", "~" },
	{ "at the maximum, not there yet", "8192 x", "" },
	{ "no syslog at all", "GET / HTTP/1.1\r\n", "[GET / HTTP/1.1\r]" },
};

static void frames(struct span in, struct buf *out)
{
	struct syslog_cut cut = { 0 };
	struct span message;
	int r;

	buf_str(out, "");
	while ((r = syslog_frame(&cut, &in, &message)) != 0 && r != -EBADMSG) {
		if (r == 1)
			buf_fmt(out, "[%.*s]", SPAN_ARG(message));
		else
			buf_byte(out, '~');
	}
	if (r < 0)
		buf_byte(out, '!');
	buf_byte(out, '\0');
}

static void test_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(streams); i++) {
		CLEANUP(buf_done) struct buf b;

		buf_init(&b, 4096);
		frames(span_str(streams[i].in), &b);
		if (strcmp(b.p, streams[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", streams[i].label, b.p, streams[i].want);
	}
}

/* The message behind one that was too long is whole again, framed either way. */
static void test_too_long(void **state)
{
	CLEANUP(buf_done) struct buf in, out;

	(void)state;
	buf_init(&in, 1u << 20);
	buf_init(&out, 4096);
	buf_fmt(&in, "9000 <1>%08997d<2>b\n<3>%09000d\n<4>d\n", 1, 1);
	frames(buf_text(&in), &out);
	assert_string_equal(out.p, "~[<2>b]~[<4>d]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
