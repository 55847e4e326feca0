/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/registry_diff.h"

#include <errno.h>

#include "holders/diff.h"
#include "util/clock.h"
#include "util/jout.h"

#define OUT_MAX	      (1u << 30)
#define CHANGES_SHOWN 10u /* of a kind */

static const struct {
	const char *name, *words;
} kinds[] = {
	[DIFF_TRANSFER] = { "transfer", "changed hands" },
	[DIFF_HOLDER] = { "holder", "other holders, but no transfer" },
	[DIFF_APPEARED] = { "appeared", "appeared" },
	[DIFF_VANISHED] = { "vanished", "vanished" },
	[DIFF_COUNTRY] = { "country", "other countries" },
	[DIFF_ABUSE] = { "abuse", "other abuse contacts" },
	[DIFF_STATUS] = { "status", "other states" },
	[DIFF_ORIGIN] = { "origin", "announced by another AS" },
};
_Static_assert(NELEM(kinds) == DIFF_KIND_N, "kinds out of step");

/* struct shown - the changes of each kind, written out as they are told */
struct shown {
	const struct registry *was, *is;
	uint64_t max; /* of a kind */
	bool json;
	struct {
		struct buf text; /* lines, or elements of an array with their commas */
		struct jout j;
		uint64_t n;
	} of[DIFF_KIND_N];
};

/* --- what a change is about ----------------------------------------------------------------------- */

/* What a record says in the matter of a kind; false: nothing. */
static bool put_value(
    const struct registry *r, enum diff_kind kind, uint32_t index, struct buf *out)
{
	struct registry_network n;
	struct registry_holder h;

	if (index == REGISTRY_NONE)
		return false;
	if (kind == DIFF_ORIGIN) {
		buf_fmt(out, "AS%u", registry_asn(r, registry_prefix_at(r, index).as));
		return true;
	}
	n = registry_network_at(r, index);
	switch (kind) {
	case DIFF_COUNTRY:
		buf_str(out, n.country);
		return *n.country != '\0';
	case DIFF_ABUSE:
		if (n.abuse != REGISTRY_NONE)
			buf_span(out, registry_contact_at(r, n.abuse).mail);
		return n.abuse != REGISTRY_NONE;
	case DIFF_STATUS:
		buf_span(out, n.status);
		return !span_empty(n.status);
	default:
		if (n.holder == REGISTRY_NONE)
			return false;
		h = registry_holder_at(r, n.holder);
		buf_fmt(out, "%.*s/%.*s", SPAN_ARG(h.source), SPAN_ARG(h.handle));
		return true;
	}
}

static void put_change(const struct shown *s, const struct diff_change *c, struct buf *out)
{
	bool old = c->is == REGISTRY_NONE, one = old || c->was == REGISTRY_NONE;
	const struct registry *r = old ? s->was : s->is;
	char range[RANGE_TEXT_MAX];

	(void)range_format(c->range, range);
	buf_fmt(out, "    %s", range);
	if (c->kind != DIFF_ORIGIN) {
		struct registry_network n = registry_network_at(r, old ? c->was : c->is);

		buf_fmt(out, " %.*s%s(%.*s)", SPAN_ARG(n.name), span_empty(n.name) ? "" : " ",
		    SPAN_ARG(n.source));
	}
	buf_str(out, ": ");
	if (!one) {
		if (!put_value(s->was, c->kind, c->was, out))
			buf_str(out, "none");
		buf_str(out, " -> ");
	}
	if (!put_value(r, c->kind, old ? c->was : c->is, out))
		buf_str(out, one ? "no holder" : "none");
	if (c->kind == DIFF_TRANSFER) {
		char day[UTC_TEXT_MAX];

		utc_format_day(diff_transfer_day(s->was, s->is, c), day);
		buf_fmt(out, ", %s", day);
	}
	buf_byte(out, '\n');
}

static void say_value(
    const struct registry *r, const char *key, enum diff_kind kind, uint32_t index, struct jout *j)
{
	struct buf value;
	bool any;

	buf_init(&value, 4096);
	any = put_value(r, kind, index, &value);
	jout_span(j, key, any ? buf_text(&value) : (struct span){ NULL, NULL });
	buf_done(&value);
}

static void say_change(const struct shown *s, const struct diff_change *c, struct jout *j)
{
	bool old = c->is == REGISTRY_NONE;
	char text[RANGE_TEXT_MAX];

	jout_object(j, NULL);
	jout_str(j, "kind", kinds[c->kind].name);
	(void)range_format(c->range, text);
	jout_str(j, "range", text);
	if (c->kind != DIFF_ORIGIN) {
		struct registry_network n =
		    registry_network_at(old ? s->was : s->is, old ? c->was : c->is);

		jout_span(j, "source", n.source);
		jout_span(j, "name", span_empty(n.name) ? (struct span){ NULL, NULL } : n.name);
	}
	say_value(s->was, "was", c->kind, c->was, j);
	say_value(s->is, "is", c->kind, c->is, j);
	if (c->kind == DIFF_TRANSFER) {
		utc_format_day(diff_transfer_day(s->was, s->is, c), text);
		jout_str(j, "day", text);
	}
	jout_object_end(j);
}

static int show(void *ctx, const struct diff_change *c)
{
	struct shown *s = ctx;

	if (s->of[c->kind].n++ >= s->max)
		return 0;
	if (s->json && s->of[c->kind].n > 1)
		buf_byte(&s->of[c->kind].text, ',');
	if (s->json)
		say_change(s, c, &s->of[c->kind].j);
	else
		put_change(s, c, &s->of[c->kind].text);
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static void days(const struct shown *s, char was[UTC_TEXT_MAX], char is[UTC_TEXT_MAX])
{
	utc_format_day(diff_told_day(s->was), was);
	utc_format_day(diff_told_day(s->is), is);
}

static void diff_text(const struct shown *s, const struct diff *d, struct buf *out)
{
	char was[UTC_TEXT_MAX], is[UTC_TEXT_MAX];

	days(s, was, is);
	buf_fmt(out, "from %s to %s\n", was, is);
	for (uint32_t i = 0; i < d->n_source; i++) {
		const struct diff_source *t = &d->source[i];

		buf_fmt(out, "  %-15.*s %llu networks, now %llu", SPAN_ARG(t->name),
		    (unsigned long long)t->was, (unsigned long long)t->is);
		for (unsigned k = 0; k < DIFF_ORIGIN; k++)
			if (t->n[k])
				buf_fmt(
				    out, "; %llu %s", (unsigned long long)t->n[k], kinds[k].words);
		buf_str(out, t->anew ? " (it numbered its holders anew)\n" : "\n");
	}
	buf_fmt(out, "  %-15s %llu IPv4 addresses, %llu IPv6 /48s by another AS than before\n",
	    "announced", (unsigned long long)d->v4_addresses, (unsigned long long)d->v6_blocks);
	for (unsigned k = 0; k < DIFF_KIND_N; k++) {
		if (s->of[k].n == 0)
			continue;
		buf_fmt(out, "  %llu %s\n", (unsigned long long)s->of[k].n, kinds[k].words);
		buf_span(out, buf_text(&s->of[k].text));
		if (s->of[k].n > s->max)
			buf_str(out, "    …\n");
	}
}

static void diff_json(const struct shown *s, const struct diff *d, struct buf *out)
{
	char was[UTC_TEXT_MAX], is[UTC_TEXT_MAX];
	bool first = true;
	struct jout j;

	days(s, was, is);
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "was", was);
	jout_str(&j, "is", is);
	jout_array(&j, "sources");
	for (uint32_t i = 0; i < d->n_source; i++) {
		const struct diff_source *t = &d->source[i];

		jout_object(&j, NULL);
		jout_span(&j, "source", t->name);
		jout_u64(&j, "was", t->was);
		jout_u64(&j, "is", t->is);
		jout_bool(&j, "numbered_anew", t->anew);
		for (unsigned k = 0; k < DIFF_ORIGIN; k++)
			jout_u64(&j, kinds[k].name, t->n[k]);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object(&j, "origin");
	jout_u64(&j, "stretches", d->origins);
	jout_u64(&j, "v4_addresses", d->v4_addresses);
	jout_u64(&j, "v6_blocks", d->v6_blocks);
	jout_object_end(&j);
	jout_array(&j, "changes");
	for (unsigned k = 0; k < DIFF_KIND_N; k++) { /* elements that were written before */
		if (s->of[k].n == 0)
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		buf_span(out, buf_text(&s->of[k].text));
	}
	jout_array_end(&j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

int diff_print(const struct registry *was, const struct registry *is, bool json, bool all)
{
	struct shown s = {
		.was = was, .is = is, .max = all ? UINT64_MAX : CHANGES_SHOWN, .json = json
	};
	struct buf out;
	struct diff d;
	int code;

	buf_init(&out, OUT_MAX);
	for (unsigned k = 0; k < DIFF_KIND_N; k++) {
		buf_init(&s.of[k].text, OUT_MAX);
		jout_init(&s.of[k].j, &s.of[k].text);
	}
	code = diff_registries(was, is, show, &s, &d);
	if (code == 0)
		(json ? diff_json : diff_text)(&s, &d, &out);
	for (unsigned k = 0; k < DIFF_KIND_N; k++) {
		if (!buf_ok(&s.of[k].text))
			code = -ENOMEM;
		buf_done(&s.of[k].text);
	}
	if (code == 0 && !buf_ok(&out))
		code = -ENOMEM;
	else if (code == 0 && (fwrite(out.p, 1, out.len, stdout) != out.len || fflush(stdout) != 0))
		code = -EIO;
	buf_done(&out);
	diff_done(&d);
	return code;
}
