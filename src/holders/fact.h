/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one record of a registry says, whatever format it came in: readers of inputs (read_*.c) make facts,
 * the build keeps them. A reader resolves nothing: handles are told as they stand, and joined later.
 *
 * Natural persons are in no fact: what a reader cannot tell to be a role or an organisation it leaves out. */
#ifndef ONUS_HOLDERS_FACT_H
#define ONUS_HOLDERS_FACT_H

#include <stdint.h>

#include "net/addr.h"
#include "util/err.h"
#include "util/input.h"
#include "util/span.h"

enum fact_kind {
	FACT_NETWORK, /* inetnum, inet6num, ARIN net, RDAP ip network, ipv4 and ipv6 lines of RIR statistics */
	FACT_AS, /* aut-num, ARIN asn, RDAP autnum, asn lines of RIR statistics: a number or a run of them */
	FACT_ORG,     /* organisation, ARIN org, RDAP entity with the role registrant */
	FACT_CONTACT, /* role, ARIN POC that is a role, RDAP entity with the role abuse */
	FACT_ROUTE,   /* route, route6, lines of BGP tables: as[0] may announce range */
	FACT_PLACE, /* lines of geofeeds: whose holder says that range is used in country, or does not say where: "" */
	FACT_MAILBOX, /* what was found out of a mailbox: mail, its state as status, on that day as changed_s */
	FACT_KIND_N
};

/* struct fact - spans are borrowed for the call and empty where the record does not say; UTF-8, Latin-1 made
 * so; without control bytes but '\n' between the lines of an address */
struct fact {
	enum fact_kind kind;
	struct span
	    source; /* registry: "RIPE", "APNIC", "ARIN", "LACNIC", "AFRINIC", or that of a NIR or IRR */
	struct span handle; /* its key there; NETWORK without one: empty, its range is its key */
	struct range range; /* NETWORK, ROUTE, PLACE */
	uint32_t as[2];	    /* AS: first and last number; ROUTE: the origin, twice */
	uint32_t seen;	    /* ROUTE: by how many peers of the table; 0: not told */
	struct span name;   /* netname, as-name, org-name, role */
	struct span descr;  /* first line of the description */
	struct span org;    /* handle of the organisation that holds it */
	struct span
	    opaque; /* NETWORK, AS of RIR statistics: all with the same one have the same holder */
	struct span abuse; /* handle of its abuse contact */
	struct span
	    mail; /* ORG, CONTACT: address for abuse; NETWORK, AS where it stands in the record itself */
	struct span address; /* ORG, CONTACT: postal */
	struct span status;  /* as it stands: "ALLOCATED PA", "Direct Allocation", "assigned" */
	struct span parent;  /* handle of the network around it */
	char country[3];     /* upper case; "" */
	bool geofeed;	     /* NETWORK: it names a geofeed as its holder's */
	int64_t created_s, changed_s; /* 0: not told */
	uint64_t line;		      /* where the record begins */
};

/* struct fact_to - where facts go
 * take    0, or -errno, which ends the reading
 * refuse  a record, or a part of one, was not taken: why; the reader goes on behind it
 * leave   a record makes no fact by rule (a person, free space): why; NULL where nobody asks
 * Reasons are few and constant, so that they can be counted; those of totals alone have figures in them. */
struct fact_to {
	int (*take)(void *ctx, const struct fact *f);
	void (*refuse)(void *ctx, uint64_t line, const char *why);
	void *ctx;
	void (*leave)(void *ctx, uint64_t line, const char *why);
};

/* struct fact_reader - one format
 * claims  whether an input that begins with these bytes (up to 4 KiB, lines not cut at the end of the file) is of it
 * read    all of it, streaming, in bounded memory; 0 or -errno
 * runs    it runs a program for that (util/child.h), and a thread */
struct fact_reader {
	const char *name; /* as reg_input.kind: "rir-stats", "rpsl", "rdap", "ris-whois", … */
	bool (*claims)(struct span head);
	int (*read)(struct input *in, const struct fact_to *to, struct err *e);
	bool runs;
};

extern const struct fact_reader
    fact_reader_rir_stats; /* read_rir_stats.c: delegated, delegated-extended */
extern const struct fact_reader fact_reader_rpsl; /* read_rpsl.c */
extern const struct fact_reader
    fact_reader_rdap; /* read_rdap.c: one JSON answer a line, or one in all */
extern const struct fact_reader fact_reader_geofeed;  /* read_geofeed.c: RFC 8805 */
extern const struct fact_reader fact_reader_arin_xml; /* read_arin_xml.c: bulk whois */
extern const struct fact_reader fact_reader_arin_text,
    fact_reader_arin_whois; /* read_arin_text.c: the same as text; answers */
extern const struct fact_reader fact_reader_as2org; /* read_as2org.c: CAIDA's, text or JSON lines */
extern const struct fact_reader
    fact_reader_peeringdb; /* read_peeringdb.c: dumps, answers of its API */
extern const struct fact_reader fact_reader_mailboxes; /* read_mailboxes.c: of our own checks */
extern const struct fact_reader fact_reader_mrt; /* read_mrt.c: tables of BGP routers, binary */
extern const struct fact_reader fact_reader_bgp_lines; /* read_bgp_lines.c: the same as lines */
extern const struct fact_reader fact_reader_ris_whois; /* read_origins.c: origin, prefix, peers */
extern const struct fact_reader fact_reader_pfx2as;    /* read_origins.c: prefix, length, origins */
extern const struct fact_reader fact_reader_as_names;  /* read_as_names.c: number, name, country */

#endif
