/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed and plain text: lines and blocks agree on how many lines there are. */
#include "fuzz.h"

#include <assert.h>

#include "util/input.h"

static uint64_t blocks(const char *path)
{
	struct input *in;
	struct block b;
	uint64_t n = 0;
	struct err e;

	assert(input_open(path, &in, &e) == 0);
	while (input_block(in, &b, &e) == 1) {
		uint64_t lines = b.cut;

		for (const char *p = b.text.p; !b.cut && p < b.text.end; p++)
			lines += *p == '\n';
		n += lines;
		input_block_lines(in, lines);
	}
	(void)input_free(in);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct input *in;
	struct line l;
	uint64_t n = 0;
	struct err e;
	int r;

	assert(input_open(path, &in, &e) == 0);
	while ((r = input_line(in, &l, &e)) == 1)
		assert(l.number == ++n);
	(void)input_free(in);
	if (r == 0)
		assert(blocks(path) == n);
	return 0;
}
