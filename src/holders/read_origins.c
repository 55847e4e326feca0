/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of prefixes with the AS that originates each, as lines of three fields:
 *   13335       1.1.1.0/24  352             RIS whois dump: origin, prefix, peers of RIS that see it; % comments
 *   1.0.4.0     22          38803_56203     CAIDA pfx2as: prefix, its length, origins; several by _, sets by ,
 * An origin of several numbers makes a fact of each; those of pfx2as come in the order they stand in, which is
 * by how many peers see them (since 2010-10-27).
 * Source: https://ris.ripe.net/docs/ris-whois and the header of the dumps; the README of CAIDA's dataset
 * "Routeviews Prefix to AS mappings" and its note on multi-origin ASes. */
#include <errno.h>

#include "holders/fact_text.h"
#include "holders/route_text.h"
#include "util/num.h"

#define FIELDS 3u

/* struct route - what one line says */
struct route {
	struct range range;
	struct route_origins origins;
	uint32_t seen;
};

/* struct form - one kind of line; parse returns NULL or why it is none */
struct form {
	const char *source, *comments;
	const char *(*parse)(const struct span f[FIELDS], struct route *ret);
};

static const char *ris_parse(const struct span f[FIELDS], struct route *ret)
{
	const char *why = route_prefix(f[1], &ret->range);

	if (!why)
		why = route_origins(f[0], &ret->origins);
	if (!why && num_u32(f[2], UINT32_MAX, &ret->seen) < 0)
		why = "not a number of peers";
	if (!why && ret->seen == 0)
		why = "seen by nobody";
	return why;
}

static const char *pfx2as_parse(const struct span f[FIELDS], struct route *ret)
{
	struct addr a;
	uint32_t len;

	ret->seen = 0;
	if (addr_parse(f[0], &a) < 0)
		return "not a prefix";
	if (addr_is_v4(a) && memchr(f[0].p, ':', span_len(f[0])))
		return "not a prefix";
	if (num_u32(f[1], addr_is_v4(a) ? 32 : 128, &len) < 0)
		return "not the length of a prefix";
	ret->range = prefix_range(prefix_make(a, addr_is_v4(a) ? len + 96 : len));
	if (!addr_eq(ret->range.first, a))
		return "a prefix with host bits";
	return route_origins(f[2], &ret->origins);
}

static const struct form ris_form = { "RIS", "%#", ris_parse };
static const struct form pfx2as_form = { "CAIDA", "#", pfx2as_parse };

static const char *parse(const struct form *form, const struct line *line, struct route *ret)
{
	struct span f[FIELDS];

	if (line->cut)
		return "the line is too long";
	if (route_fields(line->text, f, FIELDS) != FIELDS)
		return "not three fields";
	return form->parse(f, ret);
}

static int read_lines(
    const struct form *form, struct input *in, const struct fact_to *to, struct err *e)
{
	struct line line;
	int r = 0, got = 0;

	while (r >= 0 && (got = input_line(in, &line, e)) > 0) {
		struct span text = span_trim(line.text);
		struct route route;
		const char *why;

		if (span_empty(text) || route_comment(text, form->comments))
			continue;
		why = parse(form, &line, &route);
		if (why) {
			fact_refuse(to, line.number, why);
			continue;
		}
		for (unsigned i = 0; r >= 0 && i < route.origins.n; i++)
			r = route_take(to, form->source, route.range, route.origins.as[i],
			    route.seen, line.number);
	}
	return r < 0 ? r : got;
}

static bool is_ris(struct span line)
{
	struct span f[FIELDS];
	struct range r;

	return route_fields(line, f, FIELDS) == FIELDS && route_prefix(f[1], &r) == NULL;
}

static bool is_pfx2as(struct span line)
{
	struct span f[FIELDS];
	struct route r;

	return route_fields(line, f, FIELDS) == FIELDS && pfx2as_parse(f, &r) == NULL;
}

static bool ris_claims(struct span head)
{
	return route_claims(head, ris_form.comments, is_ris);
}

static bool pfx2as_claims(struct span head)
{
	return route_claims(head, pfx2as_form.comments, is_pfx2as);
}

static int ris_read(struct input *in, const struct fact_to *to, struct err *e)
{
	return read_lines(&ris_form, in, to, e);
}

static int pfx2as_read(struct input *in, const struct fact_to *to, struct err *e)
{
	return read_lines(&pfx2as_form, in, to, e);
}

const struct fact_reader fact_reader_ris_whois = {
	.name = "ris-whois",
	.claims = ris_claims,
	.read = ris_read,
};

const struct fact_reader fact_reader_pfx2as = {
	.name = "pfx2as",
	.claims = pfx2as_claims,
	.read = pfx2as_read,
};
