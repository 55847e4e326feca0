/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/route_text.h"

#include "util/num.h"

#define ROUTE_CLAIM_LINES 20u

const char *route_prefix(struct span s, struct range *ret)
{
	struct prefix p;

	/* an address without a length is no announcement, and IPv4 has one form only */
	if (!memchr(s.p, '/', span_len(s)) || prefix_parse(s, false, &p) < 0 ||
	    (prefix_is_v4(p) && memchr(s.p, ':', span_len(s))))
		return "not a prefix";
	if (prefix_parse(s, true, &p) < 0)
		return "a prefix with host bits";
	*ret = prefix_range(p);
	return NULL;
}

static bool is_among(const struct route_origins *o, uint32_t as)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->as[i] == as)
			return true;
	return false;
}

const char *route_origins(struct span s, struct route_origins *ret)
{
	const char *p = s.p, *end;

	ret->n = 0;
	if (span_len(s) >= 2 && *s.p == '{' && s.end[-1] == '}')
		s = (struct span){ s.p + 1, s.end - 1 };
	for (p = s.p;; p = end + 1) {
		uint32_t as;

		for (end = p; end < s.end && *end != '_' && *end != ',';)
			end++;
		if (num_u32((struct span){ p, end }, UINT32_MAX, &as) < 0)
			return "not an AS number";
		if (as == 0)
			return "AS0, which announces nothing";
		if (!is_among(ret, as)) {
			if (ret->n == ROUTE_ORIGINS_MAX)
				return "too many origins of one prefix";
			ret->as[ret->n++] = as;
		}
		if (end == s.end)
			return NULL;
	}
}

int route_take(const struct fact_to *to, const char *source, struct range range, uint32_t as,
    uint32_t seen, uint64_t line)
{
	const struct fact f = { .kind = FACT_ROUTE,
		.source = span_str(source),
		.range = range,
		.as = { as, as },
		.seen = seen,
		.line = line };

	return to->take(to->ctx, &f);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

unsigned route_fields(struct span line, struct span *ret, unsigned max)
{
	const char *p = line.p;
	unsigned n = 0;

	for (;;) {
		const char *from;

		while (p < line.end && is_blank(*p))
			p++;
		if (p == line.end)
			return n;
		for (from = p; p < line.end && !is_blank(*p);)
			p++;
		if (n < max)
			ret[n] = (struct span){ from, p };
		n++;
	}
}

bool route_claims(struct span head, const char *marks, bool (*is_line)(struct span line))
{
	for (unsigned n = 0; n < ROUTE_CLAIM_LINES && !span_empty(head);) {
		struct span line;

		(void)span_cut(&head, '\n', &line);
		line = span_trim(line);
		if (span_empty(line) || route_comment(line, marks))
			continue;
		if (is_line(line))
			return true;
		n++;
	}
	return false;
}
