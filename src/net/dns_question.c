/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/dns_question.h"

#include <errno.h>

#define POINTER 0xc0u
#define KINDS	0xc0u /* the two bits that tell a length from a pointer */

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool label_put(struct dns_name *n, const uint8_t *p, size_t len)
{
	if (n->bytes + 1u + len + 1u > DNS_NAME_MAX)
		return false;
	n->at[n->n++] = n->bytes;
	n->wire[n->bytes++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		n->wire[n->bytes++] = lower(p[i]);
	return true;
}

static void name_end(struct dns_name *n)
{
	n->at[n->n] = n->bytes;
	n->wire[n->bytes++] = 0;
}

static bool read_name(struct rd *r, struct dns_name *n)
{
	n->n = n->bytes = 0;
	for (;;) {
		uint8_t len = rd_u8(r);
		const uint8_t *p;

		if (r->bad || len > DNS_LABEL_MAX)
			return false;
		if (len == 0)
			break;
		p = rd_take(r, len);
		if (!p || !label_put(n, p, len))
			return false;
	}
	name_end(n);
	return true;
}

/* The name of a record behind the question: its end is all that counts. True in *root when it is the root's. */
static bool skip_name(struct rd *r, bool *root)
{
	size_t bytes = 0;

	for (;;) {
		uint8_t len = rd_u8(r);

		*root = !r->bad && bytes == 0 && len == 0;
		if (r->bad || len == 0)
			return !r->bad;
		if ((len & KINDS) == POINTER)
			return rd_take(r, 1) != NULL;
		if (len > DNS_LABEL_MAX)
			return false;
		bytes += 1u + len;
		if (bytes >= DNS_NAME_MAX || !rd_take(r, len))
			return false;
	}
}

static bool read_record(struct rd *r, bool additional, struct dns_question *q)
{
	uint16_t type, class, bytes;
	uint32_t ttl;
	bool root;

	if (!skip_name(r, &root))
		return false;
	type = rd_be16(r);
	class = rd_be16(r);
	ttl = rd_be32(r);
	bytes = rd_be16(r);
	if (!rd_take(r, bytes) && r->bad)
		return false;
	if (type != DNS_TYPE_OPT)
		return true;
	if (!additional || !root || q->edns)
		return false;
	q->edns = true;
	q->edns_bytes = MAX_OF(class, (uint16_t)DNS_UDP_PLAIN);
	q->edns_version = (uint8_t)(ttl >> 16);
	q->edns_do = ttl & DNS_OPT_DO;
	return true;
}

static bool read_records(struct rd *r, unsigned before, unsigned additional, struct dns_question *q)
{
	if (before + additional > DNS_QUESTION_RECORDS_MAX)
		return false;
	for (unsigned i = 0; i < before + additional; i++)
		if (!read_record(r, i >= before, q))
			return false;
	return true;
}

int dns_question_read(struct rd message, struct dns_question *ret)
{
	const uint8_t *begin;
	unsigned questions, answers, authority, additional;

	ret->wire = NULL;
	ret->wire_bytes = 0;
	ret->type = ret->class = 0;
	ret->name.n = ret->name.bytes = 0;
	ret->edns = ret->edns_do = false;
	ret->edns_version = 0;
	ret->edns_bytes = DNS_UDP_PLAIN;
	ret->id = rd_be16(&message);
	ret->flags = rd_be16(&message);
	questions = rd_be16(&message);
	answers = rd_be16(&message);
	authority = rd_be16(&message);
	additional = rd_be16(&message);
	if (message.bad || ret->flags & DNS_FLAG_QR)
		return -ENOMSG;
	if (ret->flags & DNS_OPCODE)
		return -EOPNOTSUPP;
	begin = message.p;
	if (questions != 1 || !read_name(&message, &ret->name))
		return -EBADMSG;
	ret->type = rd_be16(&message);
	ret->class = rd_be16(&message);
	if (message.bad)
		return -EBADMSG;
	ret->wire = begin;
	ret->wire_bytes = (size_t)(message.p - begin);
	if (!read_records(&message, answers + authority, additional, ret) || !rd_done(&message))
		return -EBADMSG;
	return ret->edns_version ? -EPROTO : 0;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static bool host_like(struct span label)
{
	for (const char *p = label.p; p < label.end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
			return false;
	return !span_empty(label) && span_len(label) <= DNS_LABEL_MAX;
}

int dns_name_of(struct span text, struct dns_name *ret)
{
	struct dns_name n = { .n = 0 };
	struct span label;

	if (!span_empty(text) && text.end[-1] == '.')
		text.end--;
	if (span_empty(text))
		return -EINVAL;
	do {
		bool more = span_cut(&text, '.', &label);

		if (!host_like(label) ||
		    !label_put(&n, (const uint8_t *)label.p, span_len(label)) ||
		    (more && span_empty(text)))
			return -EINVAL;
	} while (!span_empty(text));
	name_end(&n);
	*ret = n;
	return 0;
}

bool dns_name_below(const struct dns_name *name, const struct dns_name *zone, unsigned *ret)
{
	unsigned more;

	if (name->n < zone->n || name->bytes < zone->bytes)
		return false;
	more = name->n - zone->n;
	if (name->at[more] + zone->bytes != name->bytes ||
	    memcmp(name->wire + name->at[more], zone->wire, zone->bytes) != 0)
		return false;
	*ret = more;
	return true;
}
