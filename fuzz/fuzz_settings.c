/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the file of settings: what is taken must read the same when it is written again. And any line of
 * it as what is set of a source, and as a network that somebody typed. */
#include "fuzz.h"

#include "core/settings.h"

static void again(struct span text)
{
	struct settings s, back;
	struct addrset never;
	struct buf a, b;
	struct err e;

	if (settings_parse(text, &s, &e) < 0)
		return;
	buf_init(&a, 2 * SETTINGS_BYTES_MAX);
	buf_init(&b, 2 * SETTINGS_BYTES_MAX);
	settings_format(&s, &a);
	if (settings_parse(buf_text(&a), &back, &e) < 0)
		abort();
	settings_format(&back, &b);
	if (!span_eq(buf_text(&a), buf_text(&b)))
		abort();
	if (settings_never(&s, NULL, 1790000000, &never) == 0)
		addrset_done(&never);
	settings_done(&s);
	settings_done(&back);
	buf_done(&a);
	buf_done(&b);
}

static void source(struct span line)
{
	struct settings_source s = { .trust = 0 }, back = { .trust = 0 };
	char a[SETTINGS_SOURCE_TEXT_MAX], b[SETTINGS_SOURCE_TEXT_MAX];
	struct err e;

	if (settings_source_parse(line, &s, &e) < 0)
		return;
	settings_source_format(&s, a);
	if (settings_source_parse(span_str(a), &back, &e) < 0)
		abort();
	settings_source_format(&back, b);
	if (strcmp(a, b) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct prefix p;
	struct err e;

	again(rest);
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		source(line);
		if (settings_net_parse(line, &p, &e) == 0 && range_special(prefix_range(p)))
			abort();
	}
	return 0;
}
