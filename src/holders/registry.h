/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file, read: who holds an address. Compiled, versioned, checksummed,
 * position-independent, mapped read-only; a lookup allocates nothing.
 * Format: doc/contracts/registry-file.md. */
#ifndef ONUS_HOLDERS_REGISTRY_H
#define ONUS_HOLDERS_REGISTRY_H

#include "core/chain.h"
#include "holders/mailbox.h"
#include "holders/org_rule.h"
#include "net/addr.h"
#include "util/err.h"

struct registry;

/* registry_open - map and check the whole file (sizes, checksum, every offset); of one that has a stamp which fits,
 * the sizes only: its rows were proven by who wrote the stamp
 * Returns 0; -errno; -EBADMSG with what is wrong and what to do. Safe for concurrent lookups. */
MUST_USE int registry_open(const char *path, struct registry **ret, struct err *e);

/* registry_open_copy - the same in memory of one's own: what is written into the file later does no harm */
MUST_USE int registry_open_copy(const char *path, struct registry **ret, struct err *e);
struct registry *registry_free(struct registry *r); /* NULL-safe, returns NULL */

/* enum registry_proof - why the rows of an open registry can be trusted */
enum registry_proof {
	PROOF_STAMP,	/* they were proven before: the stamp beside the file says so */
	PROOF_NO_STAMP, /* proven when it was opened: there is no stamp, or none was looked for */
	PROOF_OTHER_STAMP, /* … the stamp is that of another file, of the same before a change, of another release */
	PROOF_UNSAFE_STAMP, /* … others than the owner of the file could have written the stamp */
	PROOF_N
};
enum registry_proof registry_proof(const struct registry *r);
const char *registry_proof_text(enum registry_proof p); /* "proven just now: it has no stamp" */

/* registry_prove - check the whole file and, when it is good and nobody changes it meanwhile, put its stamp beside it
 *
 * For who wrote the file or put it there. Any change of it makes the stamp one of another file, so does a second
 * name that it is given.
 * Returns 0; -EBADMSG as registry_open; -EAGAIN when the file was changed or replaced meanwhile; -errno. Without a
 * stamp readers prove the rows themselves: but for -EBADMSG a failure needs no more than a warning. */
MUST_USE int registry_prove(const char *path, struct err *e);
char *registry_stamp(const char *path); /* its name, owned by the caller; NULL when out of memory */

/* registry_bytes - the file as it was read and checked, while r is open; empty when r was not opened from a file */
struct span registry_bytes(const struct registry *r);

#define REGISTRY_NONE UINT32_MAX

/* Indexes into the file's tables, REGISTRY_NONE where nothing is known. Stable within one file. */
struct attribution {
	uint32_t prefix, as, org;
	char country[3]; /* where the address was registered; "" when not known */
};

/* registry_lookup - the attribution of one address; all NONE when nobody announces it */
void registry_lookup(const struct registry *r, struct addr a, struct attribution *ret);

/* registry_place - which piece of announced space an address lies in: a number below registry_n_place, or
 * REGISTRY_NONE. All addresses of one piece have the same attribution, registry_place_at: for callers
 * who keep something ready for each piece. */
uint32_t registry_place(const struct registry *r, struct addr a);
uint32_t registry_n_place(const struct registry *r);
void registry_place_at(const struct registry *r, uint32_t place, struct attribution *ret);

/* registry_origin - the number of the AS that announces an address, 0 when nobody does: what a service
 * that answers millions a second needs, in three loads. Only after registry_origins, which puts the numbers side by
 * side for it, in milliseconds; else two more loads, far apart, of rows that hold much else. 0 or -ENOMEM */
MUST_USE int registry_origins(struct registry *r, struct err *e);
uint32_t registry_origin(const struct registry *r, struct addr a);

/* struct registry_as, _org, _prefix - rows of the tables; texts borrow from the map */
struct registry_prefix {
	struct range range; /* merged announced space of one origin around the address */
	uint32_t as;	    /* index */
	char country[3];
};
struct registry_as {
	uint32_t asn;
	uint32_t org; /* index, or NONE */
	struct span name;
	uint64_t v4_addresses;	/* announced, each counted once */
	uint64_t v6_blocks;	/* announced /48s */
	char country[3];	/* of the largest part of its space; "" when not known */
	uint32_t holder, abuse; /* as the registries say: indexes, or NONE */
};
struct registry_org {
	struct span handle; /* SOURCE/HANDLE, as in entity names */
	struct span name;
	uint64_t v4_addresses, v6_blocks;
	uint32_t n_as, n_holder; /* of the ASes there may be none */
	char country[3];
};
uint32_t registry_n_prefix(const struct registry *r);
uint32_t registry_n_as(const struct registry *r);
uint32_t registry_n_org(const struct registry *r);
struct registry_prefix registry_prefix_at(const struct registry *r, uint32_t index);
struct registry_as registry_as_at(const struct registry *r, uint32_t index);
struct registry_org registry_org_at(const struct registry *r, uint32_t index);
uint32_t registry_find_as(const struct registry *r, uint32_t asn); /* index or NONE */

/* registry_find_org - by its handle, by another that means it, or by that of one of its holders; index or NONE */
uint32_t registry_find_org(const struct registry *r, struct span handle);

/* The prefixes of an AS: indexes [*first, *first + n) into registry_as_prefix; IPv4 first, by address. */
uint32_t registry_as_prefixes(const struct registry *r, uint32_t as, uint32_t *first);
uint32_t registry_as_prefix(const struct registry *r, uint32_t i);

/* The ASes of an organisation: indexes [*first, *first + n) into registry_org_as. */
uint32_t registry_org_ases(const struct registry *r, uint32_t org, uint32_t *first);
uint32_t registry_org_as(const struct registry *r, uint32_t i);

/* The holders that are the organisation: indexes [*first, *first + n) into registry_org_holder. */
uint32_t registry_org_holders(const struct registry *r, uint32_t org, uint32_t *first);
uint32_t registry_org_holder(const struct registry *r, uint32_t i);

/* What made its members one, and from whom it is kept apart: indexes [*first, *first + n) into
 * registry_org_link_at. The joins come first; there is one less than members, and they hang together. */
struct registry_member {
	bool holder; /* else an AS */
	uint32_t index;
};
struct registry_org_link {
	struct registry_member a, b; /* ORG_APART: b is of another organisation */
	enum org_rule rule;
	struct span
	    why; /* the handle, id, domain or name that both have; or the reason that was given */
};
uint32_t registry_org_links(const struct registry *r, uint32_t org, uint32_t *first);
struct registry_org_link registry_org_link_at(const struct registry *r, uint32_t i);

/* registry_asn - the number of an AS, for those who want no more of it */
uint32_t registry_asn(const struct registry *r, uint32_t as);

/* --- origins besides the one that holds ------------------------------------------------------------- */

/* struct registry_rival - an AS that announces a piece of space as well, or did according to a table of ranges */
struct registry_rival {
	struct range range;
	uint32_t asn, seen; /* by so many peers; 0: not told */
	uint32_t input;	    /* index of an input of the kind that says so */
};

/* registry_rivals - those of an address: rows [*first, *first + n), the one held in highest regard first; n */
uint32_t registry_rivals(const struct registry *r, struct addr a, uint32_t *first);
uint32_t registry_n_rival(const struct registry *r);
struct registry_rival registry_rival_at(const struct registry *r, uint32_t index);

/* --- what records say of ASes and holders besides what holds ------------------------------------------ */

enum registry_said_field {
	SAID_NAME,    /* of both */
	SAID_COUNTRY, /* of both: two letters */
	SAID_HOLDER,  /* of an AS: a handle */
	SAID_ADDRESS, /* of a holder, in lines */
	SAID_ABUSE,   /* of a holder: a mailbox */
	SAID_FIELD_N
};
struct registry_said {
	enum registry_said_field field;
	struct span value; /* never empty */
	struct span
	    source; /* the registry that says so, or whose handle it is; empty: a table of ranges says so */
	uint32_t input; /* index of the input that says so, or of another that does */
};

/* registry_as_said, registry_holder_said - those of an AS, of a holder: rows [*first, *first + n) into
 * registry_as_said_at and registry_holder_said_at, by field and then the one held in highest regard first; n */
uint32_t registry_as_said(const struct registry *r, uint32_t as, uint32_t *first);
uint32_t registry_holder_said(const struct registry *r, uint32_t holder, uint32_t *first);
struct registry_said registry_as_said_at(const struct registry *r, uint32_t index);
struct registry_said registry_holder_said_at(const struct registry *r, uint32_t index);
uint32_t registry_n_as_said(const struct registry *r); /* rows of all */
uint32_t registry_n_holder_said(const struct registry *r);

/* --- networks: what the registries delegated to whom ---------------------------------------------- */

/* registry_network - the narrowest network around an address, or NONE. From it the chain of accountability
 * goes up by parent; those told of the very same range are behind it: registry_network_same. */
uint32_t registry_network(const struct registry *r, struct addr a);
uint32_t registry_n_network(const struct registry *r);

/* registry_networks - the same for many addresses: ret[i] is that of v[i]
 *
 * One address after another waits for memory at each step, and at each for the one before it; here each step is
 * taken for REGISTRY_AT_ONCE of them, and the memory of the next one is asked for meanwhile. What a walk up the
 * chain needs first has been asked for when it returns, so walk before many more are asked for. */
#define REGISTRY_AT_ONCE 32u
void registry_networks(const struct registry *r, const struct addr *v, uint32_t n, uint32_t *ret);

/* registry_network_around - the narrowest network that holds all of a range, or NONE
 * registry_network_from - index of the first network that begins at or behind a, in the order of networks: ascending
 * by first address, wider ones first; registry_n_network when there is none */
uint32_t registry_network_around(const struct registry *r, struct range range);
uint32_t registry_network_from(const struct registry *r, struct addr a);

struct registry_network {
	struct range range;
	struct span source;	  /* the registry that says so */
	struct span handle;	  /* its key there; may be empty */
	struct span name, status; /* may be empty */
	uint32_t parent;	  /* the narrowest network around it; NONE: no other is */
	uint32_t holder, abuse;	  /* indexes, or NONE; abuse: its own, or its holder's */
	int32_t created, changed; /* days since 1970; 0: not told */
	char country[3];	  /* "" when not told */
};
struct registry_network registry_network_at(const struct registry *r, uint32_t index);

/* struct registry_link - what a walk up the chain needs, in one load */
struct registry_link {
	uint32_t parent, holder, abuse; /* as in struct registry_network */
	char country[3];
};
struct registry_link registry_network_link(const struct registry *r, uint32_t index);

/* registry_network_same - the next record about the range of this one, held in lower regard; or NONE */
uint32_t registry_network_same(const struct registry *r, uint32_t index);

/* registry_network_abuse - the contact of the narrowest network from this one on upwards that has one
 * from     set to that network; may be NULL
 * Returns an index, or NONE. */
uint32_t registry_network_abuse(const struct registry *r, uint32_t index, uint32_t *from);

/* registry_find_network - by SOURCE/HANDLE, in capitals; index or NONE */
uint32_t registry_find_network(const struct registry *r, struct span name);

/* registry_geofeed - the country in which the holder of an address says that it is used (RFC 8805): ret is "" and
 * false is returned where none says so */
bool registry_geofeed(const struct registry *r, struct addr a, char ret[3]);
uint32_t registry_n_geofeed(const struct registry *r); /* ranges of which one does */

struct registry_holder {
	struct span source, handle; /* SOURCE/HANDLE is its name */
	struct span name, address;  /* may be empty; the address in lines */
	uint32_t abuse;		    /* index, or NONE */
	uint32_t org;		    /* index, or NONE: no other is the same organisation */
	bool told;		    /* the registry has a record of it */
	char country[3];
};
uint32_t registry_n_holder(const struct registry *r);

/* registry_find_holder - by SOURCE/HANDLE, in capitals; index or NONE */
uint32_t registry_find_holder(const struct registry *r, struct span name);
struct registry_holder registry_holder_at(const struct registry *r, uint32_t index);

struct registry_contact {
	struct span source, handle; /* empty where an address stood in the record itself */
	struct span mail, name;	    /* the mail is never empty */
	enum mailbox_state state;   /* what was found out of it … */
	int32_t checked;	    /* … on that day, since 1970; 0: it was not checked */
};
uint32_t registry_n_contact(const struct registry *r);
struct registry_contact registry_contact_at(const struct registry *r, uint32_t index);

/* struct registry_answer - who answers for an address: the narrowest network's holder that has a name, or that of the
 * next one around it; whom to write to. Empty where none is told */
struct registry_answer {
	struct span holder, mail;
};

/* registry_answers - of many addresses, as registry_networks: ret[i] is that of v[i] */
void registry_answers(
    const struct registry *r, const struct addr *v, uint32_t n, struct registry_answer *ret);

/* Handles that resolved to nothing when the file was made. */
enum registry_orphan_kind {
	ORPHAN_NETWORK_HOLDER,
	ORPHAN_NETWORK_ABUSE,
	ORPHAN_HOLDER_ABUSE,
	ORPHAN_AS_HOLDER,
	ORPHAN_AS_ABUSE,
	ORPHAN_KIND_N
};
struct registry_orphan {
	enum registry_orphan_kind kind;
	uint32_t index;	    /* of what named it: a network, a holder, an AS */
	struct span handle; /* as it was named */
};
uint32_t registry_n_orphan(const struct registry *r);
struct registry_orphan registry_orphan_at(const struct registry *r, uint32_t index);

/* registry_chain - the chain of accountability of an address (a chain_fn; ctx is the registry) */
void registry_chain(const void *ctx, struct addr a, struct chain *ret);

/* registry_space - the announced space row by row (a space_fn; ctx is the registry) */
bool registry_space(const void *ctx, uint32_t index, struct space *ret);

/* registry_delegation - whose part of a prefix an address is in (a delegation_fn; ctx is the registry) */
uint32_t registry_delegation(const void *ctx, struct addr a, struct addr *last);

/* registry_whole, registry_whole_above - the networks that hold whole blocks (a network_fn and an above_fn; ctx is the
 * registry) */
uint32_t registry_whole(const void *ctx, struct addr a, struct addr *last);
uint32_t registry_whole_above(const void *ctx, uint32_t network);

/* Totals over the routed space, each address once. */
uint64_t registry_v4_addresses(const struct registry *r);
uint64_t registry_v6_blocks(const struct registry *r);

/* registry_country_size - announced space registered in a country */
void registry_country_size(const struct registry *r, const char *cc, uint64_t *v4, uint64_t *v6);

/* struct registry_input - what the file was made from */
struct registry_input {
	struct span name;	 /* file name without directories */
	struct span kind;	 /* "range-asn", "range-country", "rir-stats", "rpsl", … */
	struct span attribution; /* sentence that pages and exports must carry */
	int64_t date_s;		 /* newest date the input gives itself, else its file time */
	uint64_t records, refused;
	uint64_t crossing; /* of those refused: networks that cross a wider one */
	char sha256[65];
};
uint32_t registry_n_input(const struct registry *r);
struct registry_input registry_input_at(const struct registry *r, uint32_t index);
int64_t registry_date_s(const struct registry *r);	    /* of its newest origin input */
struct span registry_attribution(const struct registry *r); /* the inputs' sentences, joined */

#endif
