/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and blocks out of plain, packed, damaged and hostile files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

#include "util/file.h"
#include "util/input.h"

static char path[] = "/tmp/onus-test-input-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	return unlink(path);
}

static void put(const void *p, size_t n)
{
	struct err e;

	assert_int_equal(file_write(path, span_of(p, n), &e), 0);
}

/* All lines through input_line, joined with '|'; cut ones marked. */
static int by_line(struct buf *out)
{
	struct input *in;
	struct line l;
	struct err e;
	uint64_t n = 0;
	int r;

	assert_int_equal(input_open(path, &in, &e), 0);
	while ((r = input_line(in, &l, &e)) == 1) {
		assert_int_equal(l.number, ++n);
		buf_span(out, l.text);
		buf_str(out, l.cut ? "!|" : "|");
	}
	in = input_free(in);
	return r;
}

/* The same through input_block. */
static int by_block(struct buf *out)
{
	struct input *in;
	struct block b;
	struct err e;
	uint64_t n = 1;
	int r;

	assert_int_equal(input_open(path, &in, &e), 0);
	while ((r = input_block(in, &b, &e)) == 1) {
		uint64_t lines = 0;

		assert_int_equal(b.first_number, n);
		if (b.cut) {
			buf_span(out, b.text);
			buf_str(out, "!|");
			lines = 1;
		} else {
			assert_int_equal(b.text.end[-1], '\n');
			while (!span_empty(b.text)) {
				struct span l;

				assert_true(span_cut(&b.text, '\n', &l));
				assert_true(span_len(l) <= INPUT_LINE_MAX);
				if (!span_empty(l) && l.end[-1] == '\r')
					l.end--;
				buf_span(out, l);
				buf_byte(out, '|');
				lines++;
			}
		}
		input_block_lines(in, lines);
		n += lines;
	}
	in = input_free(in);
	return r;
}

static void expect(const char *want, size_t n)
{
	struct buf a, b;

	buf_init(&a, 16u << 20);
	buf_init(&b, 16u << 20);
	assert_int_equal(by_line(&a), 0);
	assert_int_equal(by_block(&b), 0);
	assert_int_equal(a.len, n);
	assert_memory_equal(a.p, want, n);
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, want, n);
	buf_done(&a);
	buf_done(&b);
}

static void test_plain(void **state)
{
	put("a\nb\r\n\nlast", 10);
	expect("a|b||last|", 10);
	put("a\0b\n", 4);
	expect("a\0b|", 4);
	put("\n", 1);
	expect("|", 1);
}

static void test_long_lines(void **state)
{
	enum { LONG = 3 * INPUT_LINE_MAX, BIG = 40 << 20 };
	struct buf in, want;

	buf_init(&in, 64u << 20);
	buf_init(&want, 4u << 20);
	/* long first, in the middle, at the very end; one exactly at the maximum, one past it */
	static const size_t lens[] = { LONG, 3, INPUT_LINE_MAX, 5, INPUT_LINE_MAX + 1, 7, BIG, 2,
		LONG };

	for (size_t i = 0; i < NELEM(lens); i++) {
		memset(buf_room(&in, lens[i]), 'a' + (int)i, lens[i]);
		buf_grew(&in, lens[i]);
		if (i + 1 < NELEM(lens))
			buf_byte(&in, '\n');
		size_t keep = lens[i] > INPUT_LINE_MAX ? INPUT_LINE_MAX : lens[i];

		memset(buf_room(&want, keep), 'a' + (int)i, keep);
		buf_grew(&want, keep);
		buf_str(&want, keep < lens[i] ? "!|" : "|");
	}
	put(in.p, in.len);
	expect(want.p, want.len);
	buf_done(&in);
	buf_done(&want);
}

static void test_packed(void **state)
{
	char gz[200], zs[400];
	z_stream z = { 0 };
	size_t n, half;
	struct buf out;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)"one\ntwo\n";
	z.avail_in = 8;
	z.next_out = (Bytef *)gz;
	z.avail_out = sizeof(gz) / 2;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = sizeof(gz) / 2 - z.avail_out;
	deflateEnd(&z);
	put(gz, n);
	expect("one|two|", 8);
	memcpy(gz + n, gz, n); /* members one after the other, as logrotate and cat make them */
	put(gz, 2 * n);
	expect("one|two|one|two|", 16);
	put(gz, 2 * n - 5); /* cut */
	buf_init(&out, 1000);
	assert_int_equal(by_line(&out), -EBADMSG);
	n = ZSTD_compress(zs, sizeof(zs), "one\ntwo\n", 8, 3);
	put(zs, n);
	expect("one|two|", 8);
	half = n / 2;
	put(zs, half);
	assert_int_equal(by_line(&out), -EBADMSG);
	zs[half] ^= 0x55;
	put(zs, n);
	assert_true(by_line(&out) <= 0); /* damaged, or by luck another text: no crash either way */
	buf_done(&out);
}

static void test_bzip2(void **state)
{
	char packed[400];
	unsigned n = sizeof(packed) / 2;
	struct buf out;

	for (int level = 1; level <= 9; level += 8) {
		n = sizeof(packed) / 2;
		assert_int_equal(
		    BZ2_bzBuffToBuffCompress(packed, &n, (char[]){ "one\ntwo\n" }, 8, level, 0, 0),
		    BZ_OK);
		put(packed, n);
		expect("one|two|", 8);
	}
	memcpy(packed + n, packed, n); /* as pbzip2 makes them */
	put(packed, 2 * n);
	expect("one|two|one|two|", 16);
	buf_init(&out, 1000);
	for (unsigned cut = 11; cut < n; cut++) {
		put(packed, cut);
		assert_int_equal(by_line(&out), -EBADMSG);
	}
	packed[n / 2] ^= 0x55;
	put(packed, n);
	assert_int_equal(by_line(&out), -EBADMSG);
	buf_done(&out);
	put("BZh9 is what it says\n", 21); /* and no archive */
	expect("BZh9 is what it says|", 21);
	put("BZh91AY&S", 9);
	expect("BZh91AY&S|", 10);
}

/* A short line that is typed is there before the next one is: it need not be as long as any magic. */
static void test_short_line_of_a_pipe(void **state)
{
	struct input *in;
	struct line l;
	struct err e;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "a\n", 2), 2);
	assert_int_equal(input_of_fd(fd[0], "pipe", &in, &e), 0);
	assert_int_equal(input_line(in, &l, &e), 1);
	assert_true(span_is(l.text, "a"));
	assert_int_equal(write(fd[1], "BZh", 3), 3);
	assert_int_equal(close(fd[1]), 0);
	assert_int_equal(input_line(in, &l, &e), 1);
	assert_true(span_is(l.text, "BZh"));
	assert_int_equal(input_line(in, &l, &e), 0);
	in = input_free(in);
}

static void test_bomb(void **state)
{
	size_t n = 160u << 20, cap = ZSTD_compressBound(n);
	char *zeros = calloc(1, n), *packed = malloc(cap);
	struct input *in;
	struct line l;
	struct err e;
	int r;

	assert_non_null(zeros);
	assert_non_null(packed);
	put(packed, ZSTD_compress(packed, cap, zeros, n, 1));
	free(zeros);
	free(packed);
	assert_int_equal(input_open(path, &in, &e), 0);
	while ((r = input_line(in, &l, &e)) == 1)
		;
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(e.text, path));
	in = input_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_bzip2),
		cmocka_unit_test(test_short_line_of_a_pipe),
		cmocka_unit_test(test_bomb),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
