/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as a batch file; packed text as well, so that the fuzzer gets past the compression. */
#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#include "core/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_it(const void *p, size_t n)
{
	static const struct batch_name name = { "mx1.example.org", "collect", 42 };
	struct batch b;

	if (batch_unpack(span_of(p, n), &name, &b, NULL) == 0)
		batch_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char packed[2 << 20];
	struct buf text;
	size_t n;

	read_it(data, size);
	buf_init(&text, BATCH_TEXT_MAX);
	buf_put(&text, data, size);
	if (size && data[size - 1] != '\n') /* a text without its trailer gets a true one */
		buf_fmt(&text, "\n");
	n = 0;
	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	if (buf_ok(&text) && size) {
		buf_fmt(&text, "#end %zu 0 ", n > 8 ? n - 8 : 0);
		buf_fmt(&text, "%016jx\n", (uintmax_t)XXH3_64bits(text.p, text.len));
	}
	n = buf_ok(&text) ? ZSTD_compress(packed, sizeof(packed), text.p, text.len, 1) : 0;
	if (!ZSTD_isError(n))
		read_it(packed, n);
	buf_done(&text);
	return 0;
}
