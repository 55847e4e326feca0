/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who an entity of an RDAP answer is. Its card is an array of properties,
 *   ["email", {"type": "abuse"}, "text", "abuse@example.net"]
 * the name, parameters, the type of the value, and the value. */
#include <strings.h>

#include "holders/rdap.h"

static bool same_word(struct span a, struct span b)
{
	a = span_trim(a);
	b = span_trim(b);
	return span_len(a) == span_len(b) && strncasecmp(a.p, b.p, span_len(a)) == 0;
}

static bool has_type(const json_t *property, const char *type)
{
	const json_t *t = json_object_get(json_array_get(property, 1), "type");

	if (json_is_string(t))
		return same_word(json_in_text(t, NULL), span_str(type));
	for (size_t i = 0; i < json_array_size(t) && i < RDAP_ENTITIES_MAX; i++)
		if (same_word(json_in_text(json_array_get(t, i), NULL), span_str(type)))
			return true;
	return false;
}

/* Without a kind, a card is believed to be an organisation's when it goes by the organisation's name. */
static enum rdap_party party_of(struct span kind, struct span name, struct span org)
{
	if (same_word(kind, SPAN("org")))
		return RDAP_ORG;
	if (same_word(kind, SPAN("group")))
		return RDAP_GROUP;
	return span_empty(span_trim(kind)) && !span_empty(span_trim(org)) && same_word(name, org)
		   ? RDAP_ORG
		   : RDAP_PERSON;
}

void rdap_card_read(const json_t *entity, struct rdap_card *ret)
{
	const json_t *card = json_array_get(json_object_get(entity, "vcardArray"), 1);
	struct span kind = SPAN(""), org = SPAN("");

	*ret = (struct rdap_card){ .name = SPAN(""), .mail = SPAN(""), .abuse_mail = SPAN("") };
	for (size_t i = 0; i < json_array_size(card) && i < RDAP_ENTITIES_MAX; i++) {
		const json_t *p = json_array_get(card, i), *v = json_array_get(p, 3);
		const struct {
			const char *name;
			struct span *to;
		} texts[] = {
			{ "fn", &ret->name },
			{ "kind", &kind },
			{ "org", &org },
			{ "email", &ret->mail },
		};
		struct span name = json_in_text(json_array_get(p, 0), NULL), text;

		if (json_is_array(v)) /* of a structured value the first part */
			text = json_in_text(json_array_get(v, 0), NULL);
		else
			text = json_in_text(v, NULL);
		for (size_t k = 0; k < NELEM(texts); k++)
			if (same_word(name, span_str(texts[k].name)) && span_empty(*texts[k].to))
				*texts[k].to = text;
		if (same_word(name, SPAN("email")) && span_empty(ret->abuse_mail) &&
		    has_type(p, "abuse"))
			ret->abuse_mail = text;
		if (same_word(name, SPAN("adr")) && !ret->address)
			ret->address = p;
	}
	ret->party = party_of(kind, ret->name, org);
}

/* A part of a structured address: a text or several. Appends lines. */
static void part(struct buf *to, const json_t *v)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;

	for (size_t i = 0; i < n && i < 16; i++) {
		struct span s = json_in_text(json_is_array(v) ? json_array_get(v, i) : v, NULL);

		buf_span(to, fact_head(s, FACT_TEXT_MAX));
		buf_byte(to, '\n');
	}
}

/* Some servers write the two characters '\' and 'n' for the end of a line. */
static void label(struct buf *to, struct span s)
{
	s = fact_head(s, FACT_ADDRESS_MAX);
	for (const char *p = s.p; p < s.end; p++) {
		bool end = *p == '\\' && p + 1 < s.end && (p[1] == 'n' || p[1] == 'N');

		buf_byte(to, end ? '\n' : *p);
		p += end;
	}
}

struct span rdap_card_address(const struct rdap_card *card, struct buf *room, char country[3])
{
	const json_t *params = json_array_get(card->address, 1),
		     *v = json_array_get(card->address, 3);
	struct span lines = json_in_text(params, "label"), ret;
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 128u << 10);
	if (!fact_country(json_in_text(params, "cc"), country) || !country[0])
		(void)fact_country(json_in_text(json_array_get(v, 6), NULL), country); /* a name */
	if (!span_empty(lines))
		label(&b, lines);
	for (size_t i = 0; span_empty(lines) && i < json_array_size(v) && i < 7; i++)
		part(&b, json_array_get(v, i));
	ret = buf_ok(&b) && b.len ? fact_lines(room, buf_text(&b), FACT_ADDRESS_MAX) : SPAN("");
	room->bad |= b.bad;
	return ret;
}

/* --- which registry ----------------------------------------------------------------------------------- */

static const struct {
	const char *host, *source; /* the host or the end of its name; the first that fits */
} hosts[] = {
	{ "jpnic.rdap.apnic.net", "JPNIC" },
	{ "ripe.net", "RIPE" },
	{ "arin.net", "ARIN" },
	{ "apnic.net", "APNIC" },
	{ "lacnic.net", "LACNIC" },
	{ "afrinic.net", "AFRINIC" },
	{ "registro.br", "NICBR" },
	{ "nic.ad.jp", "JPNIC" },
	{ "kisa.or.kr", "KRNIC" },
	{ "krnic.net", "KRNIC" },
	{ "twnic.tw", "TWNIC" },
	{ "cnnic.cn", "CNNIC" },
	{ "idnic.net", "IDNIC" },
};

static const char *source_of_host(struct span host)
{
	for (size_t i = 0; i < NELEM(hosts); i++) {
		size_t n = strlen(hosts[i].host), len = span_len(host);

		if (len >= n && strncasecmp(host.end - n, hosts[i].host, n) == 0 &&
		    (len == n || host.end[-(ptrdiff_t)n - 1] == '.'))
			return hosts[i].source;
	}
	return NULL;
}

const char *rdap_host(struct span source)
{
	for (size_t i = 0; i < NELEM(hosts); i++)
		if (span_is(source, hosts[i].source))
			return hosts[i].host;
	return NULL;
}

bool rdap_host_known(struct span host)
{
	return source_of_host(host) != NULL;
}

/* "https://rdap.arin.net/registry/…" or a bare host */
static struct span host_of(struct span url)
{
	const char *at = span_empty(url) ? NULL : memmem(url.p, span_len(url), "://", 3);
	const char *p;

	if (at)
		url.p = at + 3;
	for (p = url.p; p < url.end && *p != '/' && *p != ':' && *p != '?'; p++)
		;
	return (struct span){ url.p, p };
}

struct span rdap_source(const json_t *answer)
{
	const json_t *links = json_object_get(answer, "links");
	const char *source = source_of_host(span_trim(json_in_text(answer, "port43")));

	for (size_t i = 0; !source && i < json_array_size(links) && i < RDAP_ENTITIES_MAX; i++) {
		const json_t *link = json_array_get(links, i);

		if (same_word(json_in_text(link, "rel"), SPAN("self")))
			source = source_of_host(host_of(json_in_text(link, "href")));
	}
	return span_str(source ? source : "RDAP");
}
