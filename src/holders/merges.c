/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/merges.h"

#include <errno.h>

#include "util/grow.h"
#include "util/input.h"

struct reading {
	struct merges *m;
	void (*refused)(void *ctx, uint64_t line, const char *why);
	void *ctx;
};

/* The next word of a line; blanks of any number are between them. */
static struct span word(struct span *line)
{
	struct span ret;

	*line = span_trim(*line);
	ret = (struct span){ line->p, line->p };
	while (ret.end < line->end && *ret.end != ' ' && *ret.end != '\t')
		ret.end++;
	line->p = ret.end;
	return ret;
}

/* Who a word names. NULL, or what is wrong. */
static const char *member(struct span s, struct merge_member *ret)
{
	struct entity en;

	*ret = (struct merge_member){ .asn = 0 };
	if (entity_parse(s, &en, NULL) < 0 || (en.kind != ENTITY_AS && en.kind != ENTITY_ORG))
		return "neither an AS (as:64500) nor an organisation of a registry "
		       "(org:RIPE/HANDLE)";
	if (en.kind == ENTITY_AS) {
		ret->asn = en.asn;
		return NULL;
	}
	for (char *p = en.handle; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	if (span_starts(span_str(en.handle), "ASNAME/"))
		return "a name is no member: name its ASes";
	memcpy(ret->handle, en.handle, sizeof(ret->handle));
	return NULL;
}

static bool same_member(const struct merge_member *a, const struct merge_member *b)
{
	return a->asn == b->asn && strcmp(a->handle, b->handle) == 0;
}

static const char *pair(struct reading *r, struct merge *m, struct span rest)
{
	const char *why = member(word(&rest), &m->a);

	if (!why)
		why = member(word(&rest), &m->b);
	if (why)
		return why;
	if (same_member(&m->a, &m->b))
		return "one member twice";
	for (size_t i = 0; i < r->m->n; i++) {
		const struct merge *old = &r->m->v[i];

		if (old->apart != m->apart &&
		    ((same_member(&old->a, &m->a) && same_member(&old->b, &m->b)) ||
			(same_member(&old->a, &m->b) && same_member(&old->b, &m->a))))
			return "an earlier line says the opposite";
	}
	rest = span_trim(rest);
	if (span_empty(rest))
		return "without a reason; say why, for those who come after";
	if (span_len(rest) >= sizeof(m->why) || !span_utf8(rest))
		return "a reason of more than 199 bytes, or that is no UTF-8";
	memcpy(m->why, rest.p, span_len(rest));
	span_tame(m->why, span_len(rest));
	return NULL;
}

/* NULL; or what is wrong; or "" when out of memory. */
static const char *line_read(struct reading *r, const struct line *line)
{
	struct span rest = line->text, verb = word(&rest), name;
	struct merge m = { .line = line->number };
	const char *why;

	if (line->cut)
		return "a line is too long";
	if (span_empty(verb) || *verb.p == '#')
		return NULL;
	if (span_is(verb, "without")) {
		name = word(&rest);
		for (enum org_rule i = 0; i < ORG_RULE_N; i++)
			if (span_is(name, org_rule_name(i)) && org_rule_free(i)) {
				r->m->without[i] = true;
				return NULL;
			}
		return "no rule that can be left out (`onus registry verify` names them)";
	}
	m.apart = span_is(verb, "apart");
	if (!m.apart && !span_is(verb, "same"))
		return "neither apart, same nor without";
	why = pair(r, &m, rest);
	if (why)
		return why;
	if (r->m->n == MERGES_MAX)
		return "one line more than there may be";
	if (grow(&r->m->v, &r->m->cap, r->m->n + 1, sizeof(m)) < 0)
		return "";
	r->m->v[r->m->n++] = m;
	return NULL;
}

int merges_read(const char *path, void (*refused)(void *ctx, uint64_t line, const char *why),
    void *ctx, struct merges *ret, struct err *e)
{
	struct merges m = { .n = 0 };
	struct reading r = { &m, refused, ctx };
	struct input *in = NULL;
	struct line line;
	int code = input_open(path, &in, e);

	while (code == 0 && (code = input_line(in, &line, e)) > 0) {
		const char *why = line_read(&r, &line);

		code = why && !*why ? err_set(e, -ENOMEM, "%s: out of memory", path) : 0;
		if (!why || !*why)
			continue;
		m.refused++;
		if (refused)
			refused(ctx, line.number, why);
	}
	(void)input_free(in);
	if (code < 0)
		merges_done(&m);
	else
		*ret = m;
	return code;
}

void merges_done(struct merges *m)
{
	free(m->v);
	*m = (struct merges){ .n = 0 };
}
