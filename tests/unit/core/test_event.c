/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event lines and NDJSON against doc/contracts/event-line.md and its golden files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/event_said.h"
#include "util/file.h"

#define NOW 1800000000

static void load(const char *name, struct buf *b)
{
	char path[512];
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", getenv("ONUS_SOURCE"), name);
	buf_init(b, 1u << 20);
	assert_int_equal(file_read(path, b, &e), 0);
}

typedef int parse_fn(struct span, int64_t, struct event_room *, struct event *, struct err *);

/* Read a golden file, write every event again, compare with another golden file. */
static void convert(const char *from, parse_fn *parse, const char *to, bool json)
{
	struct buf in, want, out;
	struct event_room room;
	struct span rest, line;
	struct event ev;
	struct err e;

	load(from, &in);
	load(to, &want);
	buf_init(&out, 1u << 20);
	rest = buf_text(&in);
	while (!span_empty(rest)) {
		int r;

		(void)span_cut(&rest, '\n', &line);
		r = parse(line, NOW, &room, &ev, &e);
		if (r < 0)
			fail_msg("%s", e.text);
		if (r == 1 && json)
			event_format_json(&ev, 0, &out);
		else if (r == 1)
			event_format(&ev, &out);
	}
	assert_string_equal(out.p, want.p);
	buf_done(&in);
	buf_done(&want);
	buf_done(&out);
}

static void test_golden(void **state)
{
	convert("events.tsv", event_parse, "events.canonical.tsv", false);
	convert("events.canonical.tsv", event_parse, "events.canonical.tsv", false);
	convert("events.tsv", event_parse, "events.ndjson", true);
	convert("events.ndjson", event_parse_json, "events.ndjson", true);
}

static void test_refused(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "header", "#onus-events 1", 0 },
		{ "header of another version", "#onus-events 2", -EINVAL },
		{ "empty", "", 0 },
		{ "address alone", "\t192.0.2.1", 1 },
		{ "no address", "1700000000\t", -EINVAL },
		{ "address first", "192.0.2.1", -EINVAL },
		{ "unknown category", "1\t192.0.2.1\tnoise", -EINVAL },
		{ "count zero", "1\t192.0.2.1\t\t0", -EINVAL },
		{ "count at limit", "1\t192.0.2.1\t\t1000000000", 1 },
		{ "count past limit", "1\t192.0.2.1\t\t1000000001", -EINVAL },
		{ "unknown proof", "1\t192.0.2.1\t\t\tsure", -EINVAL },
		{ "nine fields", "1\t192.0.2.1\t\t\t\t\t\t\t", -EINVAL },
		{ "half an escape", "1\t192.0.2.1\t\t\t\t\t\t\\", -EINVAL },
		{ "an unknown escape", "1\t192.0.2.1\t\t\t\t\t\t\\q", -EINVAL },
		{ "an escaped NUL", "1\t192.0.2.1\t\t\t\t\t\t\\x00", -EINVAL },
		{ "octets over 255", "1\t192.0.2.256", -EINVAL },
		{ "prefix too long", "1\t192.0.2.1/33", -EINVAL },
	};
	struct event_room room;
	struct event ev;
	struct err e;

	for (size_t i = 0; i < NELEM(cases); i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(
		    event_parse(span_str(cases[i].in), NOW, &room, &ev, &e), cases[i].want);
	}
}

static void test_detail_maximum(void **state)
{
	char line[1200] = "1\t192.0.2.1\t\t\t\t\t\t";
	size_t head = strlen(line);
	struct event_room room;
	struct event ev;
	struct buf out;
	struct err e;

	memset(line + head, 'x', EVENT_DETAIL_MAX);
	assert_int_equal(event_parse(span_str(line), NOW, &room, &ev, &e), 1);
	line[head + EVENT_DETAIL_MAX] = 'x';
	assert_int_equal(event_parse(span_str(line), NOW, &room, &ev, &e), -EINVAL);
	/* the writer cuts, and never inside a character */
	ev.detail = span_of(line + head, EVENT_DETAIL_MAX + 1);
	memcpy(line + head + EVENT_DETAIL_MAX - 1, "\xc3\xa9", 2);
	buf_init(&out, 4096);
	event_format(&ev, &out);
	assert_true(span_utf8(buf_text(&out)));
	out.p[out.len - 1] = '\0';
	assert_int_equal(event_parse(span_of(out.p, out.len - 1), NOW, &room, &ev, &e), 1);
	assert_int_equal(span_len(ev.detail), EVENT_DETAIL_MAX - 1);
	buf_done(&out);
}

/* Every byte at every place of a text: only what must be escaped is, and it comes back the same. */
static void test_every_byte(void **state)
{
	static const char head[] = "1\t192.0.2.1\tother\t1\tweak\t\t\t";
	char text[21];
	struct event_room room;
	struct event ev, back;
	struct buf out;
	struct err e;

	assert_int_equal(event_parse(SPAN("1\t192.0.2.1"), NOW, &room, &ev, &e), 1);
	buf_init(&out, 4096);
	for (unsigned at = 0; at < sizeof(text); at++) {
		for (unsigned c = 1; c < 256; c++) {
			bool plain = c >= 0x20 && c < 0x7f && c != '\\';

			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			ev.detail = span_of(text, sizeof(text));
			buf_reset(&out);
			event_format(&ev, &out);
			assert_memory_equal(out.p, head, sizeof(head) - 1);
			assert_int_equal(plain, out.len == sizeof(head) + sizeof(text));
			assert_true(span_utf8(buf_text(&out)));
			assert_int_equal(
			    event_parse(span_of(out.p, out.len - 1), NOW, &room, &back, &e), 1);
			assert_int_equal(span_len(back.detail), sizeof(text));
			assert_memory_equal(back.detail.p, text, sizeof(text));
		}
	}
	buf_done(&out);
}

static void test_defaults(void **state)
{
	struct event_room room;
	struct event ev;
	struct err e;

	assert_int_equal(event_parse(SPAN("\t::ffff:192.0.2.1"), NOW, &room, &ev, &e), 1);
	assert_int_equal(ev.time_s, NOW);
	assert_int_equal(ev.category, CATEGORY_OTHER);
	assert_int_equal(ev.proof, PROOF_WEAK);
	assert_int_equal(ev.count, 1);
	assert_true(addr_is_v4(ev.subject.addr));
	assert_true(event_is_host(&ev));
}

/* What is said is believed of its source alone, with its time where that is asked for. */
static void test_said(void **state)
{
	static const struct {
		const char *label, *line;
		bool dated, weak;
		int want;
		enum proof proof;
	} cases[] = {
		{ "another's name", "1799990000\t20.0.0.1\tspam\t1\tfull\tliar", false, false, 1,
		    PROOF_FULL },
		{ "weak in any case", "1799990000\t20.0.0.1\tspam\t1\tfull", true, true, 1,
		    PROOF_WEAK },
		{ "CR LF", "1799990000\t20.0.0.1\r", true, false, 1, PROOF_WEAK },
		{ "JSON", "{\"source.ip\":\"20.0.0.1\",\"feed.name\":\"liar\"}", false, false, 1,
		    PROOF_WEAK },
		{ "JSON without a time", "{\"source.ip\":\"20.0.0.1\"}", true, false, -EINVAL, 0 },
		{ "of now", "\t20.0.0.1", false, false, 1, PROOF_WEAK },
		{ "without a time", "\t20.0.0.1", true, false, -EINVAL, 0 },
		{ "the first second of all", "0\t20.0.0.1", true, false, -ERANGE, 0 },
		{ "two days ahead", "1800172801\t20.0.0.1", false, false, -ERANGE, 0 },
		{ "own space", "1799990000\t46.0.7.1", false, false, -EINVAL, 0 },
		{ "around own space", "1799990000\t46.0.0.0/8", false, false, -EINVAL, 0 },
		{ "private space", "1799990000\t10.0.0.1", false, false, -EINVAL, 0 },
		{ "nothing", "", false, false, 0, 0 },
		{ "a comment", "# 20.0.0.1", true, false, 0, 0 },
		{ "rubbish", "rubbish", false, false, -EINVAL, 0 },
	};
	CLEANUP(addrset_done) struct addrset own = { NULL };

	assert_int_equal(addrset_parse(SPAN("46.0.0.0/16"), &own, NULL), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct event_said_by by = {
			.source = "its", .own = &own, .weak = cases[i].weak, .dated = cases[i].dated
		};
		struct event_room room;
		struct event ev;
		struct err e;
		int got = event_said(span_str(cases[i].line), &by, NOW, &room, &ev, &e);

		if (got != cases[i].want)
			fail_msg("%s: %d", cases[i].label, got);
		if (got == 1 && (!span_is(ev.source, "its") || ev.proof != cases[i].proof))
			fail_msg("%s: source %.*s, proof %d", cases[i].label, SPAN_ARG(ev.source),
			    ev.proof);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_detail_maximum),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
