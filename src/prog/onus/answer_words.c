/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/entity.h"
#include "prog/onus/answers.h"
#include "prog/onus/networks_print.h"

#define WORDS_MAX 8u

/* struct match - somebody whose name has all the words */
struct match {
	enum match_kind { MATCH_ORG, MATCH_AS, MATCH_HOLDER, MATCH_NETWORK, MATCH_KIND_N } kind;
	uint32_t index;
	uint64_t size; /* IPv4 addresses, /48s counted as so many */
};

struct search {
	const struct registry *r;
	struct span word[WORDS_MAX];
	unsigned n_words;
	struct match *v; /* the largest, up to ANSWER_JSON_MAX of them */
	size_t n, cap;
	uint64_t all;
};

static unsigned char lower(unsigned char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same_letters(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower((unsigned char)a[i]) != lower((unsigned char)b[i]))
			return false;
	return true;
}

static bool has_word(struct span name, struct span word)
{
	size_t n = span_len(word);

	for (const char *p = name.p; p + n <= name.end; p++)
		if (same_letters(p, word.p, n))
			return true;
	return false;
}

static bool has_words(const struct search *s, struct span name)
{
	for (unsigned i = 0; i < s->n_words; i++)
		if (!has_word(name, s->word[i]))
			return false;
	return true;
}

static bool is_handle(struct span handle, struct span word)
{
	return span_len(handle) == span_len(word) && !span_empty(word) &&
	       same_letters(handle.p, word.p, span_len(word));
}

static int larger_first(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void add(struct search *s, enum match_kind kind, uint32_t index, uint64_t size)
{
	s->all++;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->v = reallocarray(s->v, s->cap, sizeof(*s->v));
		if (!s->v)
			abort();
	}
	s->v[s->n++] = (struct match){ kind, index, size };
	if (s->n == 4 * (size_t)ANSWER_JSON_MAX) { /* a word that everybody has */
		qsort(s->v, s->n, sizeof(*s->v), larger_first);
		s->n = ANSWER_JSON_MAX;
	}
}

static uint64_t network_size(struct range range)
{
	return addr_is_v4(range.first) ? (uint64_t)addr_v4(range.last) - addr_v4(range.first) + 1
				       : 1;
}

static void search_all(struct search *s)
{
	const struct registry *r = s->r;

	for (uint32_t i = 0; i < registry_n_org(r); i++) {
		struct registry_org o = registry_org_at(r, i);

		if (has_words(s, o.name))
			add(s, MATCH_ORG, i, o.v4_addresses + o.v6_blocks);
	}
	for (uint32_t i = 0; i < registry_n_as(r); i++) {
		struct registry_as as = registry_as_at(r, i);

		if (has_words(s, as.name))
			add(s, MATCH_AS, i, as.v4_addresses + as.v6_blocks);
	}
	for (uint32_t i = 0; i < registry_n_holder(r); i++)
		if (has_words(s, registry_holder_at(r, i).name))
			add(s, MATCH_HOLDER, i, 0);
	for (uint32_t i = 0; i < registry_n_network(r); i++) {
		struct registry_network n = registry_network_at(r, i);

		if (has_words(s, n.name) || (s->n_words == 1 && is_handle(n.handle, s->word[0])))
			add(s, MATCH_NETWORK, i, network_size(n.range));
	}
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), larger_first);
}

/* --- telling ---------------------------------------------------------------------------------------- */

static const char *const kind_name[] = { [MATCH_ORG] = "org",
	[MATCH_AS] = "AS",
	[MATCH_HOLDER] = "holder",
	[MATCH_NETWORK] = "network" };
_Static_assert(NELEM(kind_name) == MATCH_KIND_N, "kind_name out of step");

static void match_text(const struct registry *r, const struct match *m, struct buf *out)
{
	struct registry_org o;
	struct registry_as as;

	switch (m->kind) {
	case MATCH_ORG:
		o = registry_org_at(r, m->index);
		buf_fmt(out, "  org       %.*s (org:%.*s)%s%s, %ju IPv4 addresses\n",
		    SPAN_ARG(o.name), SPAN_ARG(o.handle), *o.country ? ", " : "", o.country,
		    (uintmax_t)o.v4_addresses);
		break;
	case MATCH_AS:
		as = registry_as_at(r, m->index);
		buf_fmt(out, "  AS        AS%u %.*s%s%s, %ju IPv4 addresses\n", as.asn,
		    SPAN_ARG(as.name), *as.country ? ", " : "", as.country,
		    (uintmax_t)as.v4_addresses);
		break;
	case MATCH_HOLDER:
		holder_line_text(r, "  holder    ", m->index, out);
		break;
	default:
		network_line_text(r, "network", m->index, out);
	}
}

static void match_json(const struct registry *r, const struct match *m, struct jout *j)
{
	struct registry_org o;
	struct registry_as as;
	struct registry_holder h;
	struct registry_network n;
	char text[RANGE_TEXT_MAX];

	jout_object(j, NULL);
	jout_str(j, "kind", kind_name[m->kind]);
	switch (m->kind) {
	case MATCH_ORG:
		o = registry_org_at(r, m->index);
		jout_span(j, "handle", o.handle);
		jout_span(j, "name", o.name);
		jout_str(j, "country", *o.country ? o.country : NULL);
		break;
	case MATCH_AS:
		as = registry_as_at(r, m->index);
		jout_u64(j, "asn", as.asn);
		jout_span(j, "name", as.name);
		jout_str(j, "country", *as.country ? as.country : NULL);
		break;
	case MATCH_HOLDER:
		h = registry_holder_at(r, m->index);
		jout_span(j, "source", h.source);
		jout_span(j, "handle", h.handle);
		jout_span(j, "name", h.name);
		jout_str(j, "country", *h.country ? h.country : NULL);
		break;
	default:
		n = registry_network_at(r, m->index);
		(void)range_format(n.range, text);
		jout_str(j, "range", text);
		jout_span(j, "source", n.source);
		jout_span(j, "handle", n.handle);
		jout_span(j, "name", n.name);
		jout_str(j, "country", *n.country ? n.country : NULL);
	}
	jout_object_end(j);
}

static void found_text(const struct search *s, struct span words, struct buf *out)
{
	size_t of_kind[MATCH_KIND_N] = { 0 };

	buf_fmt(out, "\"%.*s\"\n", SPAN_ARG(words));
	for (size_t i = 0; i < s->n; i++)
		if (of_kind[s->v[i].kind]++ < ANSWER_ROWS_MAX)
			match_text(s->r, &s->v[i], out);
	if (s->all > s->n || of_kind[0] > ANSWER_ROWS_MAX || of_kind[1] > ANSWER_ROWS_MAX ||
	    of_kind[2] > ANSWER_ROWS_MAX || of_kind[3] > ANSWER_ROWS_MAX)
		buf_fmt(out, "  … %ju in all; more words find fewer, --json shows more\n",
		    (uintmax_t)s->all);
}

static void found_json(
    const struct attributor *a, const struct search *s, struct span words, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_span(&j, "question", words);
	jout_array(&j, "found");
	for (size_t i = 0; i < MIN_OF(s->n, (size_t)ANSWER_JSON_MAX); i++)
		match_json(s->r, &s->v[i], &j);
	jout_array_end(&j);
	jout_u64(&j, "n_found", s->all);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* The one holder that has this handle, SOURCE/HANDLE or without a source; NONE where none has, or several. */
static uint32_t holder_called(const struct registry *r, struct span handle)
{
	struct span source = { NULL, NULL }, rest = handle;
	uint32_t found = REGISTRY_NONE;

	if (span_cut(&rest, '/', &source) && !span_empty(rest))
		handle = rest;
	else
		source = (struct span){ NULL, NULL };
	for (uint32_t i = 0; i < registry_n_holder(r); i++) {
		struct registry_holder h = registry_holder_at(r, i);

		if (!is_handle(h.handle, handle) || (source.p && !is_handle(h.source, source)))
			continue;
		if (found != REGISTRY_NONE)
			return REGISTRY_NONE;
		found = i;
	}
	return found;
}

bool answer_words(const struct attributor *a, struct span words, bool json, struct buf *out)
{
	struct search s = { .r = a->registry };
	struct span rest = words, word;
	uint32_t holder = holder_called(a->registry, words);
	bool any;

	if (holder != REGISTRY_NONE) {
		answer_holder(a, holder, json, out);
		return true;
	}
	while (s.n_words < WORDS_MAX && !span_empty(rest)) {
		(void)span_cut(&rest, ' ', &word);
		if (!span_empty(word))
			s.word[s.n_words++] = word;
	}
	if (s.n_words == 0)
		return false;
	search_all(&s);
	any = s.all != 0;
	if (any && json)
		found_json(a, &s, words, out);
	else if (any)
		found_text(&s, words, out);
	free(s.v);
	return any;
}
