/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of ASes, from whoever names them: the one held in the highest regard stays. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

#define NAME_MAX_BYTES 200u

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

uint32_t as_name_put(struct as_names *names, enum input_kind from, uint32_t asn, struct span name)
{
	bool is_new;
	uint32_t index = addrmap_put(&names->map, (struct addr){ 1, asn }, &is_new);
	struct as_name *n;

	if (index == ADDRMAP_NONE ||
	    grow(&names->name, &names->cap, (size_t)index + 1, sizeof(*names->name)) < 0)
		return ADDRMAP_NONE;
	n = &names->name[index];
	if (is_new)
		*n = (struct as_name){ .regard = 0 };
	if (regard[from] > n->regard && !span_empty(name))
		*n = (struct as_name){ text_put(&names->text, name), regard[from] };
	return buf_ok(&names->text) ? index : ADDRMAP_NONE;
}
