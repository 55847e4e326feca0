/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"

#include <assert.h>

#include "fuzz.h"
#include "holders/fact_text.h"

static void fit(struct span s, size_t max, bool lines)
{
	assert(span_len(s) <= max && (span_empty(s) || span_utf8(s)));
	for (const char *p = s.p; p < s.end; p++)
		assert(((unsigned char)*p >= 0x20 && *p != 0x7f) || (lines && *p == '\n'));
}

static int on_take(void *ctx, const struct fact *f)
{
	const struct span keys[] = { f->source, f->handle, f->org, f->opaque, f->abuse, f->parent };
	const struct span texts[] = { f->name, f->descr, f->mail, f->status };

	assert(f->kind < FACT_KIND_N && f->line >= 1 && !span_empty(f->source));
	for (size_t i = 0; i < NELEM(keys); i++)
		fit(keys[i], FACT_KEY_MAX, false);
	for (size_t i = 0; i < NELEM(texts); i++)
		fit(texts[i], FACT_TEXT_MAX, false);
	fit(f->address, FACT_ADDRESS_MAX, true);
	assert(f->country[2] == '\0' && (!f->country[0] || f->country[1]));
	assert(f->created_s >= 0 && f->changed_s >= 0);
	if (f->kind == FACT_NETWORK || f->kind == FACT_ROUTE || f->kind == FACT_PLACE)
		assert(addr_cmp(f->range.first, f->range.last) <= 0 &&
		       addr_is_v4(f->range.first) == addr_is_v4(f->range.last));
	if (f->kind == FACT_AS || f->kind == FACT_ROUTE)
		assert(f->as[0] && f->as[0] <= f->as[1]);
	if (f->kind == FACT_ORG || f->kind == FACT_CONTACT)
		assert(!span_empty(f->handle));
	return 0;
}

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	assert(why && *why);
}

void fuzz_facts(const struct fact_reader *reader, const uint8_t *data, size_t size)
{
	const struct fact_to to = { .take = on_take, .refuse = on_refuse, .leave = on_refuse };
	struct input *in;
	struct span head;
	struct err e;

	if (input_open(fuzz_file(data, size), &in, &e) < 0)
		abort();
	if (input_peek(in, &head, &e) == 0) {
		(void)reader->claims(head);	 /* either answer will do */
		(void)reader->read(in, &to, &e); /* a damaged archive fails */
	}
	in = input_free(in);
}
