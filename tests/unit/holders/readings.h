/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a reader of registry inputs says of a text, line by line, for tests of readers. Include it behind
 * cmocka.h. */
#ifndef ONUS_TESTS_HOLDERS_READINGS_H
#define ONUS_TESTS_HOLDERS_READINGS_H

#include "holders/readers.h"
#include "util/clock.h"
#include "util/file.h"

static char path[] = "/tmp/onus-test-readers-XXXXXX";

static inline int setup(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static inline int teardown(void **state)
{
	return unlink(path);
}

/* --- facts as text ------------------------------------------------------------------------------------ */

static const char *const kind_name[] = {
	[FACT_NETWORK] = "network",
	[FACT_AS] = "as",
	[FACT_ORG] = "org",
	[FACT_CONTACT] = "contact",
	[FACT_MAILBOX] = "mailbox",
	[FACT_ROUTE] = "route",
	[FACT_PLACE] = "place",
};
_Static_assert(NELEM(kind_name) == FACT_KIND_N, "kind_name out of step");

struct got {
	struct buf text;
	int fail_at; /* take says -EIO at this fact; 0: never */
	int n;
};

static inline void say(struct buf *b, const char *key, struct span v)
{
	assert_true(span_empty(v) || span_utf8(v));
	if (span_empty(v))
		return;
	buf_fmt(b, " %s=", key);
	for (const char *p = v.p; p < v.end; p++) {
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
		buf_byte(b, *p == '\n' ? '/' : *p);
	}
}

static inline void say_day(struct buf *b, const char *key, int64_t t)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(day_of(t), day);
	if (t)
		buf_fmt(b, " %s=%s", key, day);
}

static inline int on_take(void *ctx, const struct fact *f)
{
	char range[RANGE_TEXT_MAX];
	struct got *g = ctx;

	buf_fmt(&g->text, "%llu %s %.*s", (unsigned long long)f->line, kind_name[f->kind],
	    SPAN_ARG(f->source));
	if (f->kind == FACT_NETWORK || f->kind == FACT_ROUTE || f->kind == FACT_PLACE) {
		(void)range_format(f->range, range);
		buf_fmt(&g->text, " %s", range);
	}
	if (f->kind == FACT_AS || f->kind == FACT_ROUTE)
		buf_fmt(&g->text, " AS%u", f->as[0]);
	if (f->as[1] != f->as[0])
		buf_fmt(&g->text, "-AS%u", f->as[1]);
	if (f->seen)
		buf_fmt(&g->text, " seen=%u", f->seen);
	say(&g->text, "handle", f->handle);
	say(&g->text, "name", f->name);
	say(&g->text, "descr", f->descr);
	say(&g->text, "org", f->org);
	say(&g->text, "opaque", f->opaque);
	say(&g->text, "abuse", f->abuse);
	say(&g->text, "mail", f->mail);
	say(&g->text, "address", f->address);
	say(&g->text, "status", f->status);
	say(&g->text, "parent", f->parent);
	say(&g->text, "country", span_str(f->country));
	say(&g->text, "geofeed", f->geofeed ? SPAN("yes") : SPAN(""));
	say_day(&g->text, "created", f->created_s);
	say_day(&g->text, "changed", f->changed_s);
	buf_byte(&g->text, '\n');
	return ++g->n == g->fail_at ? -EIO : 0;
}

static inline void on_refuse(void *ctx, uint64_t line, const char *why)
{
	buf_fmt(&((struct got *)ctx)->text, "%llu refused: %s\n", (unsigned long long)line, why);
}

static inline void on_leave(void *ctx, uint64_t line, const char *why)
{
	buf_fmt(&((struct got *)ctx)->text, "%llu left out: %s\n", (unsigned long long)line, why);
}

/* Everything a reader says of an input, one line each. The caller frees it with buf_done. */
static inline int read_all(
    const struct fact_reader *reader, struct span in, struct got *g, struct err *e)
{
	struct fact_to to = { .take = on_take, .refuse = on_refuse, .ctx = g, .leave = on_leave };
	struct input *from;
	int r;

	buf_init(&g->text, 16u << 20);
	buf_str(&g->text, "");
	g->n = 0;
	assert_int_equal(file_write(path, in, e), 0);
	assert_int_equal(input_open(path, &from, e), 0);
	r = reader->read(from, &to, e);
	from = input_free(from);
	return r;
}

struct reading {
	const char *label, *in, *want;
};

static inline void check(const struct fact_reader *reader, const struct reading *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct got g = { .fail_at = 0 };
		struct err e = { "" };
		int r = read_all(reader, span_str(cases[i].in), &g, &e);

		if (r != 0 || strcmp(g.text.p, cases[i].want) != 0)
			fail_msg("%s: %d (%s)\n%s", cases[i].label, r, e.text, g.text.p);
		buf_done(&g.text);
	}
}

#endif
