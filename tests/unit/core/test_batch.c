/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches against doc/contracts/batch.md and its golden files, and against damage at every byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <xxhash.h>
#include <zstd.h>

#include "core/batch.h"
#include "util/file.h"

#define GOLDEN "mx1.example.org.collect.0000000000000042.zst"

static void load(const char *name, struct buf *b)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", getenv("ONUS_SOURCE"), name);
	buf_init(b, BATCH_FILE_MAX);
	assert_int_equal(file_read(path, b, NULL), 0);
}

static void unzip(const struct buf *packed, struct buf *text)
{
	char *to;
	size_t n;

	buf_init(text, BATCH_TEXT_MAX);
	assert_non_null(to = buf_room(text, BATCH_TEXT_MAX));
	n = ZSTD_decompress(to, BATCH_TEXT_MAX, packed->p, packed->len);
	assert_false(ZSTD_isError(n));
	buf_grew(text, n);
}

static void zip(struct span text, struct buf *packed)
{
	size_t room = ZSTD_compressBound(span_len(text)), n;
	char *to;

	buf_init(packed, 128u << 20);
	assert_non_null(to = buf_room(packed, room));
	n = ZSTD_compress(to, room, text.p, span_len(text), 1);
	assert_false(ZSTD_isError(n));
	buf_grew(packed, n);
}

static void test_names(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "golden", GOLDEN, 0 },
		{ "plain host", "mx1.collect.0000000000000001.zst", 0 },
		{ "highest", "a.b.9999999999999999.zst", 0 },
		{ "sequence zero", "a.b.0000000000000000.zst", -EINVAL },
		{ "fifteen digits", "a.b.000000000000001.zst", -EINVAL },
		{ "seventeen digits", "a.b.00000000000000001.zst", -EINVAL },
		{ "a letter", "a.b.000000000000000x.zst", -EINVAL },
		{ "no host", ".b.0000000000000001.zst", -EINVAL },
		{ "hidden host", "..a.b.0000000000000001.zst", -EINVAL },
		{ "no producer", "a..0000000000000001.zst", -EINVAL },
		{ "no dot", "ab0000000000000001.zst", -EINVAL },
		{ "blank", "a b.c.0000000000000001.zst", -EINVAL },
		{ "slash", "a/b.c.0000000000000001.zst", -EINVAL },
		{ "NUL-like", "a.b.0000000000000001.zst2", -EINVAL },
		{ "empty", "", -EINVAL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		char text[BATCH_NAME_MAX];
		struct batch_name n;

		print_message("%s\n", cases[i].label);
		assert_int_equal(batch_name_parse(span_str(cases[i].in), &n), cases[i].want);
		if (cases[i].want == 0) {
			batch_name_format(&n, text);
			assert_string_equal(text, cases[i].in);
		}
	}
}

static void test_golden(void **state)
{
	struct buf want, file, text, packed;
	struct batch_writer w;
	struct batch_name name;
	struct batch b;
	struct span rest, line;
	struct err e;

	load(GOLDEN, &file);
	load("batch.txt", &want);
	assert_int_equal(batch_name_parse(span_str(GOLDEN), &name), 0);
	if (batch_unpack(buf_text(&file), &name, &b, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(b.type, BATCH_EVENTS);
	assert_int_equal(b.created_s, 1790000000);
	assert_int_equal(b.count, 3);
	assert_int_equal(b.refused, 5);
	assert_true(span_starts(b.positions, "#log sshd 2049 "));
	assert_int_equal(b.positions.end[-1], '\n');
	assert_true(span_starts(b.lines, "1789999990\t192.0.2.7\t"));

	batch_writer_init(&w);
	for (rest = b.lines; !span_empty(rest);) {
		const char *from = rest.p;

		assert_true(span_cut(&rest, '\n', &line));
		assert_int_equal(batch_writer_add(&w, (struct span){ from, rest.p }), 0);
	}
	w.refused = 5;
	buf_init(&packed, BATCH_FILE_MAX);
	assert_int_equal(
	    batch_pack(&w, &name, BATCH_EVENTS, 1790000000, b.positions, &packed, &e), 0);
	unzip(&packed, &text);
	assert_string_equal(text.p, want.p);
	batch_done(&b);
	batch_writer_done(&w);
	buf_done(&packed);
	buf_done(&text);
	buf_done(&want);
	buf_done(&file);
}

/* Damage either is noticed, or (a bit that zstd does not look at) changes nothing. */
static void expect_same_or_refused(struct span packed, const struct buf *good)
{
	struct batch_name name;
	struct batch b;
	struct err e = { "" };
	int r;

	assert_int_equal(batch_name_parse(span_str(GOLDEN), &name), 0);
	r = batch_unpack(packed, &name, &b, &e);
	if (r < 0) {
		assert_int_equal(r, -EBADMSG);
		assert_true(e.text[0]);
		return;
	}
	assert_int_equal(b.text.len, good->len);
	assert_memory_equal(b.text.p, good->p, good->len);
	batch_done(&b);
}

/* Under the sanitizer every attempt maps memory anew, which on some machines takes milliseconds. */
#ifdef __SANITIZE_ADDRESS__
#define FLIP_STEP 36
#else
#define FLIP_STEP 1
#endif
static void test_damage(void **state)
{
	struct buf file, good;

	load(GOLDEN, &file);
	load("batch.txt", &good);
	for (size_t n = 0; n < file.len;
	     n++) { /* in memory of exactly that size, for the sanitizer */
		char *cut = malloc(n ? n : 1);

		assert_non_null(cut);
		memcpy(cut, file.p, n);
		expect_same_or_refused(span_of(cut, n), &good);
		free(cut);
	}
	for (size_t i = 0; i < file.len; i++)
		for (unsigned v = 1; v < 256; v += FLIP_STEP) {
			file.p[i] = (char)((unsigned char)file.p[i] ^ v);
			expect_same_or_refused(buf_text(&file), &good);
			file.p[i] = (char)((unsigned char)file.p[i] ^ v);
		}
	buf_byte(&file, '\0');
	expect_same_or_refused(buf_text(&file), &good);
	buf_done(&file);
	buf_done(&good);
}

/* What a hostile producer could send: a good checksum over a bad text. */
static void test_hostile(void **state)
{
#define HEAD "#onus-batch 1\n#type events\n#host mx1.example.org\n#producer collect\n"
#define MID  "#sequence 42\n#created 1\n"
#define LINE "1\t192.0.2.7\n"
	static const struct {
		const char *label, *body, *count;
		int want;
	} cases[] = {
		{ "least", HEAD MID "#positions 0\n#onus-events 1\n", "0 0", 0 },
		{ "one line", HEAD MID "#positions 0\n#onus-events 1\n" LINE, "1 0", 0 },
		{ "a line too few", HEAD MID "#positions 0\n#onus-events 1\n" LINE, "2 0",
		    -EBADMSG },
		{ "a line too many", HEAD MID "#positions 0\n#onus-events 1\n" LINE LINE, "1 0",
		    -EBADMSG },
		{ "negative count", HEAD MID "#positions 0\n#onus-events 1\n" LINE, "-1 0",
		    -EBADMSG },
		{ "refused past limit", HEAD MID "#positions 0\n#onus-events 1\n",
		    "0 99999999999999999999", -EBADMSG },
		{ "no refused", HEAD MID "#positions 0\n#onus-events 1\n", "0", -EBADMSG },
		{ "positions missing", HEAD MID "#positions 3\n#onus-events 1\n", "0 0", -EBADMSG },
		{ "position without #", HEAD MID "#positions 1\nx\n#onus-events 1\n", "0 0",
		    -EBADMSG },
		{ "positions past limit", HEAD MID "#positions 1025\n", "0 0", -EBADMSG },
		{ "no header of lines", HEAD MID "#positions 0\n" LINE, "1 0", -EBADMSG },
		{ "lines of another type", HEAD MID "#positions 0\n#onus-good 1\n", "0 0",
		    -EBADMSG },
		{ "another sequence",
		    HEAD "#sequence 43\n#created 1\n#positions 0\n#onus-events 1\n", "0 0",
		    -EBADMSG },
		{ "sequence with sign",
		    HEAD "#sequence +42\n#created 1\n#positions 0\n#onus-events 1\n", "0 0",
		    -EBADMSG },
		{ "another host",
		    "#onus-batch 1\n#type events\n#host mx2\n#producer collect\n" MID
		    "#positions 0\n#onus-events 1\n",
		    "0 0", -EBADMSG },
		{ "unknown type", "#onus-batch 1\n#type money\n#host mx1.example.org\n", "0 0",
		    -EBADMSG },
		{ "version 2", "#onus-batch 2\n", "0 0", -EBADMSG },
		{ "version 10", "#onus-batch 10\n", "0 0", -EBADMSG },
		{ "only a trailer", "", "0 0", -EBADMSG },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct batch_name name;
		struct buf text, packed;
		struct batch b;
		struct err e = { "" };
		int r;

		print_message("%s\n", cases[i].label);
		buf_init(&text, BATCH_TEXT_MAX);
		buf_str(&text, cases[i].body);
		buf_fmt(&text, "#end %s ", cases[i].count);
		buf_fmt(&text, "%016jx\n", (uintmax_t)XXH3_64bits(text.p, text.len));
		zip(buf_text(&text), &packed);
		assert_int_equal(batch_name_parse(span_str(GOLDEN), &name), 0);
		r = batch_unpack(buf_text(&packed), &name, &b, &e);
		assert_int_equal(r, cases[i].want);
		if (r == 0)
			batch_done(&b);
		else
			assert_true(e.text[0]);
		buf_done(&text);
		buf_done(&packed);
	}
}

static void test_bomb(void **state)
{
	struct batch_name name;
	struct buf text, packed;
	struct batch b;
	char *to;

	buf_init(&text, 64u << 20);
	assert_non_null(to = buf_room(&text, 64u << 20));
	memset(to, '\n', 64u << 20);
	buf_grew(&text, 64u << 20);
	zip(buf_text(&text), &packed);
	assert_true(packed.len < BATCH_FILE_MAX);
	assert_int_equal(batch_name_parse(span_str(GOLDEN), &name), 0);
	assert_int_equal(batch_unpack(buf_text(&packed), &name, &b, NULL), -EBADMSG);
	buf_done(&text);
	buf_done(&packed);
}

static void test_maxima(void **state)
{
	static char line[BATCH_LINE_MAX + 2];
	struct batch_writer w;
	struct batch_name name;
	struct buf positions, packed;
	struct batch b;
	uint64_t n = 0;
	uint32_t x = 1;

	batch_writer_init(&w);
	memset(line, 'a', sizeof(line));
	line[BATCH_LINE_MAX] = '\n';
	assert_int_equal(batch_writer_add(&w, span_of(line, BATCH_LINE_MAX + 1)), -EINVAL);
	assert_int_equal(batch_writer_add(&w, span_of(line, 10)), -EINVAL);
	assert_int_equal(batch_writer_add(&w, SPAN("a\nb\n")), -EINVAL);
	assert_int_equal(batch_writer_add(&w, SPAN("\n")), -EINVAL);
	assert_int_equal(batch_writer_add(&w, SPAN("")), -EINVAL);
	do { /* full of noise, which does not pack */
		for (size_t i = 0; i < BATCH_LINE_MAX - 1; i++) {
			x = x * 1664525 + 1013904223;
			line[i] = (char)(x >> 24 == '\n' ? 'n' : x >> 24);
		}
		line[BATCH_LINE_MAX - 1] = '\n';
	} while (batch_writer_add(&w, span_of(line, BATCH_LINE_MAX)) == 0 && ++n);
	assert_int_equal(batch_writer_add(&w, span_of(line, BATCH_LINE_MAX)), -ENOSPC);
	assert_int_equal(n, BATCH_LINES_ROOM / BATCH_LINE_MAX);

	buf_init(&positions, BATCH_TEXT_MAX);
	buf_init(&packed, BATCH_FILE_MAX);
	for (unsigned i = 0; i < BATCH_POSITIONS_MAX; i++)
		buf_fmt(&positions, "#%0190u\n", i);
	assert_int_equal(batch_name_make("h", "p", 7, &name, NULL), 0);
	assert_int_equal(
	    batch_pack(&w, &name, BATCH_EVENTS, 1, buf_text(&positions), &packed, NULL), 0);
	assert_int_equal(batch_unpack(buf_text(&packed), &name, &b, NULL), 0);
	assert_int_equal(b.count, n);
	assert_int_equal(span_len(b.positions), positions.len);
	batch_done(&b);
	buf_str(&positions, "#\n");
	assert_int_equal(
	    batch_pack(&w, &name, BATCH_EVENTS, 1, buf_text(&positions), &packed, NULL), -E2BIG);
	buf_done(&positions);
	buf_done(&packed);
	batch_writer_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_maxima),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
