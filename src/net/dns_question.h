/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stranger asks over DNS: one question, and what EDNS(0) says of who asks. Nothing outside of the message is
 * read, nothing is believed of it, and no pointer in it is followed. */
#ifndef ONUS_NET_DNS_QUESTION_H
#define ONUS_NET_DNS_QUESTION_H

#include "net/dns.h"
#include "util/macro.h"
#include "util/span.h"

#define DNS_QUESTION_RECORDS_MAX 16u /* behind the question */

struct dns_question {
	uint16_t id, flags; /* as they came */
	uint16_t type, class;
	struct dns_name name; /* n is 0 for the root, and where there is no question */
	const uint8_t *
	    wire; /* borrowed: the question as it was written, upper case and all; NULL: there is none */
	size_t wire_bytes;
	bool edns, edns_do;
	uint8_t edns_version;
	uint16_t edns_bytes; /* it takes answers of this size; at least DNS_UDP_PLAIN */
};

/* dns_question_read - a message
 *
 * ret  set as far as it was understood, so that an answer can be made that says what was wrong
 * Returns 0; -EBADMSG: malformed (FORMERR); -EOPNOTSUPP: another opcode than QUERY (NOTIMP); -EPROTO: EDNS of a version
 * that we do not know (BADVERS); -ENOMSG: no question at all, but an answer or a scrap: say nothing.
 * Source: RFC 1035 section 4.1; RFC 6891 section 6.1; a question's name is never compressed. */
MUST_USE int dns_question_read(struct rd message, struct dns_question *ret);

/* dns_name_of - "bl.example.org" as the configuration has it: labels of letters, digits, '-' and '_'; a dot may end it
 * Returns 0; -EINVAL. *ret is set only on success. */
MUST_USE int dns_name_of(struct span text, struct dns_name *ret);

/* dns_name_below - is it zone's own or below it? *ret is then how many labels it has more */
bool dns_name_below(const struct dns_name *name, const struct dns_name *zone, unsigned *ret);

/* dns_label - label i, 0 the first, without its length */
static inline struct span dns_label(const struct dns_name *n, unsigned i)
{
	const uint8_t *p = n->wire + n->at[i];

	return span_of((const char *)p + 1, *p);
}

#endif
