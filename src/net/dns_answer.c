/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/dns_answer.h"

#include <assert.h>

#define OPT_BYTES    11u
#define RECORD_BYTES 12u /* of a record, before its data: a pointer, type, class, TTL, length */
#define POINTER	     0xc000u

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

void dns_answer_begin(struct dns_answer *a, uint8_t *p, size_t max, const struct dns_question *q)
{
	assert(max >= DNS_UDP_PLAIN);
	*a = (struct dns_answer){ .p = p, .q = q, .len = DNS_HEADER_BYTES };
	a->max = max - (q->edns ? OPT_BYTES : 0);
	if (q->wire_bytes > 0)
		memcpy(p + a->len, q->wire, q->wire_bytes);
	a->len += q->wire_bytes; /* a name of 255 bytes and 4 more: it fits into 512 */
}

void dns_answer_cut(struct dns_answer *a)
{
	a->truncated = true;
	a->len = DNS_HEADER_BYTES + a->q->wire_bytes;
	for (unsigned s = 0; s < DNS_SECTION_N; s++)
		a->records[s] = 0;
}

/* record - its head, and room for its data; NULL where it does not fit */
static uint8_t *record(struct dns_answer *a, enum dns_section s, unsigned skip, enum dns_type type,
    uint32_t ttl_s, size_t bytes)
{
	uint8_t *p = a->p + a->len;

	assert(a->q->wire && skip <= a->q->name.n);
	if (a->truncated || a->max - a->len < RECORD_BYTES + bytes) {
		dns_answer_cut(a);
		return NULL;
	}
	put16(p, POINTER | (DNS_HEADER_BYTES + a->q->name.at[skip]));
	put16(p + 2, type);
	put16(p + 4, DNS_CLASS_IN);
	put32(p + 6, ttl_s);
	put16(p + 10, (unsigned)bytes);
	a->len += RECORD_BYTES + bytes;
	a->records[s]++;
	return p + RECORD_BYTES;
}

void dns_answer_a(
    struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s, uint32_t v4)
{
	uint8_t *p = record(a, s, skip, DNS_TYPE_A, ttl_s, 4);

	if (p)
		put32(p, v4);
}

static uint8_t *put_string(uint8_t *p, struct span s)
{
	size_t n = MIN_OF(span_len(s), (size_t)DNS_STRING_MAX);

	*p = (uint8_t)n;
	memcpy(p + 1, s.p, n);
	return p + 1 + n;
}

/* A text of more than 255 bytes is several strings. */
void dns_answer_txt(
    struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s, struct span text)
{
	size_t n = span_len(text), strings = n ? (n + DNS_STRING_MAX - 1) / DNS_STRING_MAX : 1;
	uint8_t *p = record(a, s, skip, DNS_TYPE_TXT, ttl_s, n + strings);

	for (; p && strings > 0; strings--) {
		size_t cut = MIN_OF(span_len(text), (size_t)DNS_STRING_MAX);

		p = put_string(p, span_of(text.p, cut));
		text.p += cut;
	}
}

void dns_answer_hinfo(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    struct span cpu, struct span os)
{
	uint8_t *p = record(a, s, skip, DNS_TYPE_HINFO, ttl_s, 2 + span_len(cpu) + span_len(os));

	if (p)
		(void)put_string(put_string(p, cpu), os); /* where it ends is known */
}

void dns_answer_ns(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    const struct dns_name *server)
{
	uint8_t *p = record(a, s, skip, DNS_TYPE_NS, ttl_s, server->bytes);

	if (p)
		memcpy(p, server->wire, server->bytes);
}

void dns_answer_soa(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    const struct dns_soa *soa)
{
	size_t names = (size_t)soa->server->bytes + soa->contact->bytes;
	uint8_t *p = record(a, s, skip, DNS_TYPE_SOA, ttl_s, names + 20);

	if (!p)
		return;
	memcpy(p, soa->server->wire, soa->server->bytes);
	memcpy(p + soa->server->bytes, soa->contact->wire, soa->contact->bytes);
	p += names;
	put32(p, soa->serial);
	put32(p + 4, soa->refresh_s);
	put32(p + 8, soa->retry_s);
	put32(p + 12, soa->expire_s);
	put32(p + 16, soa->negative_s);
}

static void put_opt(struct dns_answer *a)
{
	uint8_t *p = a->p + a->len;

	*p = 0; /* the root */
	put16(p + 1, DNS_TYPE_OPT);
	put16(p + 3, DNS_UDP_MAX);
	p[5] = (uint8_t)(a->rcode >> 4);
	p[6] = 0; /* version */
	put16(p + 7, a->q->edns_do ? DNS_OPT_DO : 0);
	put16(p + 9, 0);
	a->len += OPT_BYTES;
}

size_t dns_answer_end(struct dns_answer *a)
{
	unsigned flags = DNS_FLAG_QR | (a->q->flags & (DNS_OPCODE | DNS_FLAG_RD | DNS_FLAG_CD)) |
			 (a->rcode & 15u);

	if (a->authoritative)
		flags |= DNS_FLAG_AA;
	if (a->truncated)
		flags |= DNS_FLAG_TC;
	put16(a->p, a->q->id);
	put16(a->p + 2, flags);
	put16(a->p + 4, a->q->wire ? 1 : 0);
	put16(a->p + 6, a->records[DNS_ANSWER]);
	put16(a->p + 8, a->records[DNS_AUTHORITY]);
	put16(a->p + 10, a->q->edns ? 1 : 0);
	if (a->q->edns)
		put_opt(a);
	return a->len;
}
