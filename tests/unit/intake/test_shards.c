/* SPDX-License-Identifier: GPL-3.0-or-later */
/* However many threads read a log: the same events, in the same order, with the same line numbers and
 * details, and the same counts; also where lines are refused, odd or copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "intake/shards.h"
#include "util/file.h"

#define LINES 150000u /* some ten blocks */

static char path[] = "/tmp/onus-test-shards-XXXXXX";
static char filters[4096];

/* Everything an event says, in one number that depends on the order. */
struct digest {
	uint64_t sum, n;
};

static void mix(struct digest *d, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d->sum = (d->sum ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
}

static void take(void *ctx, const struct event *ev, uint64_t number)
{
	struct digest *d = ctx;

	d->n++;
	mix(d, &number, sizeof(number));
	mix(d, &ev->time_s, sizeof(ev->time_s));
	mix(d, &ev->subject.addr.lo, sizeof(ev->subject.addr.lo));
	mix(d, ev->source.p, span_len(ev->source));
	mix(d, ev->detail.p, span_len(ev->detail));
}

static void write_log(void)
{
	static char nuls[] = "Dec 10 09:11:12 h sshd[9]: Failed password for a\0b from 8.8.8.8\n";
	struct buf b;
	struct err e;

	buf_init(&b, 64u << 20);
	for (unsigned i = 0; i < LINES; i++) {
		const char *end = i % 11 == 0 ? "\r\n" : "\n";

		if (i % 997 == 0)
			buf_put(&b, nuls, sizeof(nuls) - 1);
		if (i == 70000) {
			for (unsigned k = 0; k < 3 * INPUT_LINE_MAX; k++)
				buf_byte(&b, 'x');
			buf_byte(&b, '\n');
		}
		buf_fmt(&b,
		    "%sDec 10 %02u:%02u:%02u LabSZ sshd[%u]: Failed password for %sroot from "
		    "%u.%u.%u.%u port %u ssh2%s",
		    i % 13 == 0 ? "<38>" : "", i / 3600 % 24, i / 60 % 60, i % 60, i % 30000,
		    i % 3 ? "" : "invalid user ", 45 + i % 3, i % 251, i % 17, 1 + i % 250,
		    i % 60000, i + 1 == LINES ? "" : end); /* the last line has no end */
		if (i % 5 == 0)
			buf_str(&b, "Dec 10 09:11:12 LabSZ CRON[1]: session opened\n");
	}
	assert_int_equal(file_write(path, buf_text(&b), &e), 0);
	buf_done(&b);
}

static void read_log(unsigned threads, struct digest *d, struct scan_counts *counts,
    uint64_t *refused, const char **why)
{
	static const char *const names[] = { "sshd" };
	struct clock clock = clock_fixed(1795489256);
	struct scan_options o = { .clock = &clock };
	struct shards *s;
	struct input *in;
	struct err e;

	*d = (struct digest){ .n = 0 };
	assert_int_equal(shards_new(names, 1, filters, &o, threads, &s, &e), 0);
	for (unsigned pass = 0; pass < 2; pass++) { /* threads that are there already */
		assert_int_equal(input_open(path, &in, &e), 0);
		assert_int_equal(shards_input(s, in, take, NULL, d, &e), 0);
		in = input_free(in);
	}
	*counts = shards_counts(s);
	*refused = shards_first_refused(s, why);
	s = shards_free(s);
}

static void test_same(void **state)
{
	struct digest one, many;
	struct scan_counts c1, c;
	uint64_t refused1, refused;
	const char *why1, *why;

	read_log(1, &one, &c1, &refused1, &why1);
	assert_true(one.n > LINES); /* two passes */
	assert_true(c1.refused > 100);
	for (unsigned threads = 2; threads <= 7; threads += 5) {
		read_log(threads, &many, &c, &refused, &why);
		assert_int_equal(many.n, one.n);
		assert_int_equal(many.sum, one.sum);
		assert_memory_equal(&c, &c1, sizeof(c));
		assert_int_equal(refused, refused1);
		assert_string_equal(why, why1);
	}
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)snprintf(filters, sizeof(filters), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	if (fd < 0)
		return -1;
	(void)close(fd);
	write_log();
	return 0;
}

static int teardown(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
