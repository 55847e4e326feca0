/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decision lines against doc/contracts/decisions.md. */
#include "standings.h"

#include <errno.h>

#include "publication/decisions.h"

static void put(void *w, const struct standing *s)
{
	struct decision_line d = {
		.entity = *s->entity,
		.action = s->decision.action,
		.until_s = s->decision.until_s,
		.reason = s->decision.reason,
	};

	if (s->decision.level != LEVEL_CLEAR)
		decisions_put(w, &d);
}

/* read_all - decision lines of a whole list, or the first error */
static int read_all(struct span text, struct buf *again, struct err *e)
{
	struct decisions_reader rd = { 0 };
	struct decisions_writer w;
	struct decision_line d;
	struct span line;
	int r = 0, n = 0;

	decisions_begin(&w, again);
	while (r >= 0 && !span_empty(text)) {
		(void)span_cut(&text, '\n', &line);
		r = decisions_read(&rd, line, &d, e);
		if (r == 1) {
			decisions_put(&w, &d);
			n++;
		}
	}
	decisions_end(&w);
	if (r >= 0)
		r = decisions_whole(&rd, e);
	return r < 0 ? r : n;
}

static void test_golden(void **state)
{
	struct decisions_writer w;
	struct buf out, again;
	struct err e;

	buf_init(&out, 65536);
	buf_init(&again, 65536);
	decisions_begin(&w, &out);
	golden_each(put, &w);
	decisions_end(&w);
	golden_same("decisions", buf_text(&out));
	assert_int_equal(read_all(buf_text(&out), &again, &e), 5);
	assert_string_equal(out.p, again.p);
	for (size_t n = 0; n + 1 < out.len; n++)
		if (read_all(span_of(out.p, n), &again, &e) >= 0)
			fail_msg("a list cut at %zu was taken", n);
	buf_done(&out);
	buf_done(&again);
}

#define H   DECISIONS_HEADER "\n"
#define ONE "+\tas:64500\tgreylist\t1700000000\tx\n"

static void test_lists(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "empty list", H "end\t0\n", 0 },
		{ "one", H ONE "end\t1\n", 1 },
		{ "comment and empty line", H "# x\n\n" ONE "end\t1\n", 1 },
		{ "no reason", H "-\tas:64500\tgreylist\t1700000000\nend\t1\n", 1 },
		{ "RFC 3339", H "+\tas:64500\tdrop\t2026-01-01T00:00:00Z\t\nend\t1\n", 1 },
		{ "nothing at all", "", -EBADMSG },
		{ "no header", ONE "end\t1\n", -EBADMSG },
		{ "another version", "#onus-decisions 2\nend\t0\n", -EBADMSG },
		{ "no end", H ONE, -EBADMSG },
		{ "one too few", H ONE "end\t2\n", -EBADMSG },
		{ "one too many", H ONE ONE "end\t1\n", -EBADMSG },
		{ "something after the end", H "end\t0\n" ONE, -EBADMSG },
		{ "end without count", H "end\n", -EBADMSG },
		{ "unknown operation", H "*\tas:64500\tdrop\t1\t\nend\t1\n", -EBADMSG },
		{ "no entity", H "+\t192.0.2.1\tdrop\t1\t\nend\t1\n", -EBADMSG },
		{ "backwards range", H "+\tprefix:192.0.2.9-192.0.2.1\tdrop\t1\t\nend\t1\n",
		    -EBADMSG },
		{ "unknown action", H "+\tas:64500\tban\t1\t\nend\t1\n", -EBADMSG },
		{ "no time", H "+\tas:64500\tdrop\tsoon\t\nend\t1\n", -EBADMSG },
		{ "no time at all", H "+\tas:64500\tdrop\nend\t1\n", -EBADMSG },
		{ "control character", H "+\tas:64500\tdrop\t1\ta\x1b[2J\nend\t1\n", -EBADMSG },
		{ "a tab in the reason", H "+\tas:64500\tdrop\t1\ta\tb\nend\t1\n", -EBADMSG },
		{ "not UTF-8", H "+\tas:64500\tdrop\t1\t\xff\nend\t1\n", -EBADMSG },
		{ "spaces for tabs", H "+ as:64500 drop 1 x\nend\t1\n", -EBADMSG },
	};
	struct buf again;
	struct err e;

	buf_init(&again, 65536);
	for (size_t i = 0; i < NELEM(cases); i++) {
		int r;

		buf_reset(&again);
		r = read_all(span_str(cases[i].in), &again, &e);
		if (r != cases[i].want)
			fail_msg("%s: %d", cases[i].label, r);
	}
	buf_done(&again);
}

static void test_words(void **state)
{
	enum action a;
	enum level l;

	for (unsigned i = 0; i < ACTION_N; i++) {
		assert_int_equal(action_parse(span_str(action_name((enum action)i)), &a), 0);
		assert_int_equal(a, i);
	}
	for (unsigned i = 0; i < LEVEL_N; i++) {
		assert_int_equal(level_parse(span_str(level_name((enum level)i)), &l), 0);
		assert_int_equal(l, i);
	}
	assert_int_equal(action_parse(SPAN("Drop"), &a), -EINVAL);
	assert_int_equal(level_parse(SPAN(""), &l), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
