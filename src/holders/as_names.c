/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of ASes, from whoever names them: the one held in the highest regard stays. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

#define NAME_MAX_BYTES 200u
_Static_assert(REGISTRY_INPUTS_MAX <= UINT8_MAX, "an input does not fit into struct as_name");

/* Whose name stands: that of a table of ranges is an organisation's, in plain words; those of the lists are
 * handles, with the words of a registry behind most of them; the rest are handles. */
static const uint8_t regard[KIND_N] = {
	[KIND_ASN] = 6,
	[KIND_AS_NAMES] = 5,
	[KIND_RDAP] = 4,
	[KIND_ARIN_XML] = 4,
	[KIND_ARIN_TEXT] = 4,
	[KIND_ARIN_WHOIS] = 4,
	[KIND_RPSL] = 3,
	[KIND_PEERINGDB] = 2,
	[KIND_AS2ORG] = 1,
};

/* Names are text of others: control characters, broken UTF-8 and what is too long are not worth losing a record
 * for: they are replaced or cut. */
static struct reg_text text_put(struct buf *to, struct span name)
{
	struct reg_text at = { (uint32_t)to->len, 0 };
	bool valid = span_utf8(name);

	if (span_len(name) > NAME_MAX_BYTES)
		name.end = name.p + NAME_MAX_BYTES;
	while (valid && !span_utf8(name))
		name.end--; /* a character cut in two */
	for (const char *p = name.p; p < name.end; p++)
		buf_byte(to, (unsigned char)*p >= 0x80 && !valid ? '?' : *p);
	at.len = (uint32_t)(to->len - at.at);
	if (at.len)
		span_tame(to->p + at.at, at.len);
	return at;
}

/* What does not hold is kept as one of the words of facts. */
static int keep(
    struct registry_build *b, struct as_name *n, struct span name, unsigned input, uint16_t source)
{
	struct saying s = { .value = words_put(&b->facts.words, name),
		.source = source,
		.input = (uint8_t)input,
		.field = SAID_NAME,
		.regard = regard[b->input[input].kind] };

	if (s.value == WORDS_NONE)
		return -ENOMEM;
	return s.value == 0 ? 0 : said_put(&b->facts, &n->said, s);
}

static struct span text_of(const struct as_names *names, struct reg_text at)
{
	return span_of(names->text.p + at.at, at.len);
}

/* Of the name an AS has and another one the one held in higher regard becomes, or stays, its name. */
static int rename_as(
    struct registry_build *b, struct as_name *n, struct span name, unsigned input, uint16_t source)
{
	struct as_names *names = &b->names;
	struct as_name was = *n;
	struct reg_text text;
	bool holds = regard[b->input[input].kind] > was.regard;
	int r = 0;

	if (!holds && span_eq(text_of(names, was.text), name))
		return 0; /* tables say it with each of the ranges */
	text = text_put(&names->text, name);
	if (!buf_ok(&names->text))
		return -ENOMEM;
	if (was.regard && !said_agree(text_of(names, was.text), text_of(names, text)))
		r = keep(b, n, text_of(names, holds ? was.text : text), holds ? was.input : input,
		    holds ? was.source : source);
	if (holds)
		*n = (struct as_name){ text, n->said, source, (uint8_t)input,
			regard[b->input[input].kind] };
	else
		names->text.len = text.at;
	return r;
}

uint32_t as_name_put(
    struct registry_build *b, unsigned input, uint16_t source, uint32_t asn, struct span name)
{
	struct as_names *names = &b->names;
	bool is_new;
	uint32_t index = addrmap_put(&names->map, (struct addr){ 1, asn }, &is_new);

	if (index == ADDRMAP_NONE ||
	    grow(&names->name, &names->cap, (size_t)index + 1, sizeof(*names->name)) < 0)
		return ADDRMAP_NONE;
	if (is_new)
		names->name[index] = (struct as_name){ .regard = 0 };
	if (span_empty(name) || regard[b->input[input].kind] == 0)
		return index;
	return rename_as(b, &names->name[index], name, input, source) < 0 ? ADDRMAP_NONE : index;
}

int as_country_put(struct registry_build *b, unsigned input, uint16_t source, uint32_t index,
    reg_country_code country)
{
	struct saying s = { .value = country,
		.source = source,
		.input = (uint8_t)input,
		.field = SAID_COUNTRY,
		.regard = AS_REGARD_LIST };

	return country ? said_put(&b->facts, &b->names.name[index].said, s) : 0;
}
