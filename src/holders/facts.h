/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers told, kept until all inputs are read; private to the build. Texts are numbers of words,
 * sources and states are numbers of labels, 0 is none. */
#ifndef ONUS_HOLDERS_FACTS_H
#define ONUS_HOLDERS_FACTS_H

#include "holders/fact.h"
#include "holders/words.h"
#include "net/addrmap.h"

#define FACTS_TEXT_MAX	  ((UINT64_C(1) << 29) - (UINT64_C(1) << 26)) /* of all texts, bytes */
#define FACTS_LABELS_MAX  4096u /* different sources and states */
#define FACTS_PARTIES_MAX (1u << 26)
#define FACTS_NONE	  UINT32_MAX

enum net_flags {
	NET_SAME = 1, /* of the range of the one before it, which is held in higher regard */
	NET_CROSSES = 2,
	NET_REFUSED = 4,
	NET_OPAQUE = 8,	  /* org is an id that RIR statistics give to all of one holder's */
	NET_GEOFEED = 16, /* names a geofeed */
};

struct net_fact {
	struct range range;
	uint32_t handle, name, org, abuse, mail;
	uint32_t line, seq;
	uint32_t parent; /* its handle; from networks_nest on: index, or FACTS_NONE */
	uint16_t source, status, input;
	uint16_t created, changed; /* days since 1970, 0: not told */
	uint16_t country;	   /* as reg_country_code */
	uint8_t flags, depth;
};

struct as_fact {
	uint32_t first, last, org, abuse, mail, seq;
	uint16_t source, input, country;
	bool opaque;
};

/* struct claim - somebody who is no registry says whose an AS is */
struct claim {
	uint32_t asn, org, name; /* org: of that source; name: of the AS */
	uint16_t source;
};

enum party_kind { PARTY_ORG = 1, PARTY_CONTACT, PARTY_MAIL }; /* MAIL: handle is the address */

/* struct saying - what a record tells of an AS or a party that does not hold, or may not hold in the end */
struct saying {
	uint32_t next;	/* number of the next one of its list; 0: it is the last */
	uint32_t value; /* a word, or a country */
	uint16_t source;
	uint8_t input, field, regard; /* field: enum registry_said_field */
};

#define SAID_MAX 8u /* of one field in one list */
#define SAID_CONTACT                                                                               \
	SAID_FIELD_N /* in a list: a contact's handle, whose mailbox is SAID_ABUSE in the end */

enum party_field {
	PARTY_NAME,
	PARTY_COUNTRY,
	PARTY_ADDRESS,
	PARTY_ABUSE,
	PARTY_MAILBOX,
	PARTY_FIELD_N
};

/* struct party - an organisation or a contact; there from its first mention on */
struct party {
	uint32_t handle, name, mail, abuse, address;
	uint32_t row;	/* in the file; FACTS_NONE: not used there */
	uint32_t line;	/* of the first record about it */
	uint32_t said;	/* list; 0: empty */
	uint16_t input; /* which has its first record */
	uint16_t source, country;
	uint8_t kind;
	bool told, opaque;	   /* a record was about it; it is an id of RIR statistics */
	uint8_t by[PARTY_FIELD_N]; /* input that tells the value which holds */
};

/* struct checked - what was found out of a mailbox */
struct checked {
	uint16_t day;
	uint8_t state; /* enum mailbox_state */
};

struct facts {
	struct words words;
	struct addrmap party_of, label_of, checked_of;
	struct checked *checked; /* [checked_of.n] */
	struct net_fact *net;	 /* owned, as all */
	struct as_fact *as;
	struct party *party; /* [party_of.n] */
	struct claim *claim;
	struct saying *said;		  /* number 1 is the first */
	uint32_t label[FACTS_LABELS_MAX]; /* words; [0]: the empty one */
	size_t n_net, net_cap, n_as, as_cap, party_cap, n_claim, claim_cap, checked_cap, n_said,
	    said_cap;
};

MUST_USE int facts_init(struct facts *f); /* 0 or -ENOMEM */
void facts_done(struct facts *f);	  /* callable twice */
void facts_done_networks(
    struct facts *f); /* what networks told, when their rows are made; the rest stays */

/* facts_party - the party of that name, added when it is new; FACTS_NONE: no room */
uint32_t facts_party(struct facts *f, enum party_kind kind, uint16_t source, uint32_t handle);

/* facts_party_find - the party of that name; FACTS_NONE: nobody mentioned it */
uint32_t facts_party_find(
    const struct facts *f, enum party_kind kind, uint16_t source, uint32_t handle);

/* said_agree - whether two values are the same but for spelling: case; dots; blanks and punctuation, a run of which is
 * one blank, and none at the ends */
bool said_agree(struct span a, struct span b);

/* said_put - one more value into a list, where no other one there agrees; of those that do, the one held in higher
 * regard stays. next of s is not looked at. What is too much for a list is left out. 0 or -ENOMEM.
 * list  number of its first value; 0: it is empty */
MUST_USE int said_put(struct facts *f, uint32_t *list, struct saying s);

/* facts_checked - what was found out of the mailbox of that text; all 0 when nothing was */
struct checked facts_checked(const struct facts *f, uint32_t mail);

#endif
