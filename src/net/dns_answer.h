/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing an answer into a buffer of the caller's: header, the question as it was asked, records whose names are that of
 * the question or end it, OPT when the question had one. What does not fit makes the answer a truncated one. */
#ifndef ONUS_NET_DNS_ANSWER_H
#define ONUS_NET_DNS_ANSWER_H

#include "net/dns_question.h"

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_SECTION_N };

struct dns_answer {
	uint8_t *p;
	size_t len, max;
	const struct dns_question *q;
	enum dns_rcode rcode;
	bool authoritative, truncated;
	uint16_t records[DNS_SECTION_N];
};

/* dns_answer_begin - to a question that was read, or could not be
 *
 * p, max  where it goes; max at least DNS_UDP_PLAIN
 * q       borrowed until dns_answer_end */
void dns_answer_begin(struct dns_answer *a, uint8_t *p, size_t max, const struct dns_question *q);

/* One record each, those of a section after those of the section before. skip is how many labels of the question's name
 * stand before the record's own name. */
void dns_answer_a(
    struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s, uint32_t v4);
void dns_answer_txt(
    struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s, struct span text);
void dns_answer_hinfo(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    struct span cpu, struct span os); /* each at most DNS_STRING_MAX */
void dns_answer_ns(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    const struct dns_name *server);

struct dns_soa {
	const struct dns_name *server, *contact;
	uint32_t serial, refresh_s, retry_s, expire_s, negative_s;
};
void dns_answer_soa(struct dns_answer *a, enum dns_section s, unsigned skip, uint32_t ttl_s,
    const struct dns_soa *soa);

/* dns_answer_cut - nothing but the question: whoever gets it asks again over TCP */
void dns_answer_cut(struct dns_answer *a);

/* dns_answer_end - how many bytes the answer has */
size_t dns_answer_end(struct dns_answer *a);

#endif
