/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A snapshot of the greylist, as it is and with the checksum that it would need: what is taken can be asked, and written
 * and read again without a loss. */
#include "fuzz.h"

#include <assert.h>
#include <sodium.h>

#include "door/grey.h"

#define NOW INT64_C(1764331200)

static void same_again(struct grey *g)
{
	const struct grey_conf conf = { 300, 7200, 86400, 2, 1024 };
	struct grey *other = grey_new(&conf);
	struct grey_figures a, b;
	struct buf text;
	struct err e;

	assert(other);
	buf_init(&text, grey_write_max(g));
	grey_write(g, &text);
	assert(buf_ok(&text) && grey_read(other, buf_text(&text), NOW, &e) == 0);
	grey_figures(g, &a);
	grey_figures(other, &b);
	assert(a.waiting == b.waiting && a.passed == b.passed && a.networks == b.networks);
	buf_done(&text);
	(void)grey_free(other);
}

static void read_it(struct span text)
{
	const struct grey_conf conf = { 300, 7200, 86400, 2, 1024 };
	struct grey *g = grey_new(&conf);
	uint32_t s;
	struct err e = { "" };

	assert(g);
	if (grey_read(g, text, NOW, &e) < 0)
		assert(e.text[0]);
	else
		same_again(g);
	assert(grey_ask(g, addr_of_v4(0xc0000201), SPAN("a@example.org"), text, NOW, &s) <
	       GREY_WORD_N);
	(void)grey_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf summed;
	uint8_t sum[32];

	read_it(span_of((const char *)data, size));
	buf_init(&summed, size + sizeof(sum));
	buf_put(&summed, data, size);
	(void)crypto_generichash(sum, sizeof(sum), data, size, NULL, 0);
	buf_put(&summed, sum, sizeof(sum));
	read_it(buf_text(&summed));
	buf_done(&summed);
	return 0;
}
