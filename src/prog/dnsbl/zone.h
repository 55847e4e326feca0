/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zone as the configuration has it, and what a name in it asks about (doc/dnsbl.md). */
#ifndef ONUS_PROG_DNSBL_ZONE_H
#define ONUS_PROG_DNSBL_ZONE_H

#include "core/conf.h"
#include "net/dns_question.h"
#include "publication/listing.h"

#define ZONE_SERVERS_MAX 8u

struct zone {
	struct dns_name name, contact;
	struct dns_name server[ZONE_SERVERS_MAX];
	unsigned n_servers;
	enum listing_style style;
	uint32_t ttl_s;
	char *site_url; /* owned */
};

/* zone_open - out of the configuration; -EINVAL names the parameter. zone_done: callable twice */
MUST_USE int zone_open(const struct conf *c, struct zone *ret, struct err *e);
void zone_done(struct zone *z);

enum ask_kind {
	ASK_NOBODY, /* there can be no such name */
	ASK_APEX,
	ASK_NODE, /* nothing but the middle of longer names */
	ASK_TEST, /* the test entry of RFC 5782 that is always listed */
	ASK_ADDR,
	ASK_AS,
	ASK_ORG,
};

/* struct ask - one question about the zone */
struct ask {
	enum ask_kind kind;
	bool score; /* in the zone of scores */
	bool node;  /* besides, longer names may go through it */
	struct addr addr;
	uint32_t asn;
	struct entity
	    org[3]; /* as it was asked, in upper and in lower case: DNS does not tell them apart */
};

/* zone_ask - what the first `labels` labels of a question's name, before the zone's, ask about */
void zone_ask(const struct dns_question *q, unsigned labels, struct ask *ret);

#endif
