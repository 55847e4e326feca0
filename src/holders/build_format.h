/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of a build hand to each other; private to them. */
#ifndef ONUS_HOLDERS_BUILD_FORMAT_H
#define ONUS_HOLDERS_BUILD_FORMAT_H

#include "holders/build.h"
#include "holders/facts.h"
#include "holders/merges.h"
#include "holders/registry_format.h"
#include "net/addrmap.h"
#include "net/lpm.h"

/* From KIND_FACTS on inputs are read by a fact_reader of the name in build_kind_name. */
enum input_kind {
	KIND_ASN,
	KIND_COUNTRY,
	KIND_RIR_STATS,
	KIND_RPSL,
	KIND_RDAP,
	KIND_AS2ORG,
	KIND_PEERINGDB,
	KIND_ARIN_XML,
	KIND_ARIN_TEXT,
	KIND_ARIN_WHOIS,
	KIND_RIS,
	KIND_MRT,
	KIND_BGP_LINES,
	KIND_PFX2AS,
	KIND_AS_NAMES,
	KIND_MAILBOXES,
	KIND_GEOFEED,
	KIND_MERGES, /* read by registry_build_merges alone */
	KIND_N
};
#define KIND_FACTS KIND_RIR_STATS

/* build_kind_claims - inputs of that kind come from somebody who is no registry: they say who belongs together,
 * not who holds what */
static inline bool build_kind_claims(enum input_kind k)
{
	return k == KIND_AS2ORG || k == KIND_PEERINGDB;
}

/* build_kind_origins - inputs of that kind say who announces what */
bool build_kind_origins(enum input_kind k);

/* struct record - one line of an input. value: KIND_ASN an index into names, KIND_COUNTRY a country
 * code. seq counts the records in the order they came in; line and input say where it stands. */
struct record {
	struct range range;
	uint32_t value, seq, line;
	uint16_t input;
};

struct records {
	struct record *v; /* owned */
	size_t n, cap;
};

/* struct build_input - struct registry_input, owned */
struct build_input {
	char *name; /* without directories */
	enum input_kind kind;
	int64_t date_s;
	uint64_t records, refused, crossing;
	char sha256[65];
};

/* struct as_names - AS numbers in the order they came up, with a name each. The map's keys are
 * (struct addr){ 1, asn }. */
struct as_names {
	struct addrmap map;
	struct as_name {
		struct reg_text text;  /* into text below */
		uint32_t said;	       /* list of what others say of the AS; 0: nobody does */
		uint16_t source;       /* who names it so */
		uint8_t input, regard; /* regard 0: nobody does */
	} * name;		       /* owned, [map.n] */
	size_t cap;
	struct buf text;
};

/* struct route - one announcement: of a global part of a prefix, by the AS of that index in names */
struct route {
	struct range range;
	uint32_t name, seen, seq, line;
	uint16_t input;
	uint8_t class; /* which tables are heard first: origins.c */
};

struct routes {
	struct route *v; /* owned */
	size_t n, cap;
};

struct rivals {
	struct reg_rival *v; /* owned; as in the file */
	size_t n, cap;
};

struct registry_build {
	registry_refused_fn *refused;
	void *refused_ctx;
	struct records records[KIND_FACTS];
	struct as_names names;
	struct routes routes;
	struct rivals rivals;
	struct records places; /* value: a country */
	struct facts facts;
	struct build_input input[REGISTRY_INPUTS_MAX];
	struct build_facts {
		struct registry_build *b;
		unsigned input;
	} from[REGISTRY_INPUTS_MAX]; /* what build_facts hands out */
	unsigned n_input;
	uint32_t seq, n_fact;
	uint64_t n_repeat; /* records that only repeat another one */
	struct registry_contest contest;
	struct merges merges;
	unsigned merges_input; /* its row, when there are any */
};

/* build_input_add - a row for an input of that name; its index or -E2BIG, -ENOMEM */
MUST_USE int build_input_add(struct registry_build *b, const char *name, enum input_kind kind);

/* build_facts - where a reader's facts go; valid as long as b */
struct fact_to build_facts(struct registry_build *b, unsigned input);

const char *build_kind_name(enum input_kind k);
struct span build_kind_attribution(enum input_kind k); /* what pages and exports must say */

/* build_refuse - count and tell; reason is printf-like */
void build_refuse(struct registry_build *b, unsigned input, uint64_t line, const char *fmt, ...)
    PRINTF(4, 5);

/* record_put - one more record of a kind below KIND_FACTS; 0 or -ENOMEM */
MUST_USE int record_put(struct registry_build *b, enum input_kind kind, const struct record *rec);

/* as_name_put - the index of an AS, which is added when it is new; its name, where that is held in higher regard than
 * the one it has; the other one is kept beside it. name may be empty. ADDRMAP_NONE: no room.
 * source  label of who says so; 0: a table says so */
uint32_t as_name_put(
    struct registry_build *b, unsigned input, uint16_t source, uint32_t asn, struct span name);

/* Whose word on the country and the holder of an AS comes first, of those that do not hold */
enum { AS_REGARD_LIST = 1, AS_REGARD_RECORD };

/* as_country_put - the same for the country that a list of names gives to an AS which is there; 0 or -ENOMEM */
MUST_USE int as_country_put(struct registry_build *b, unsigned input, uint16_t source,
    uint32_t index, reg_country_code country);

/* space_take - range_take_global, but for the relays of transition mechanisms: they are special to whoever judges,
 * but they are announced, and a table that says by whom is believed */
bool space_take(struct range *rest, struct range *ret);

/* route_put - one FACT_ROUTE of an input that has origins; 0, with *why set where it is to be refused; -ENOMEM */
MUST_USE int route_put(
    struct registry_build *b, unsigned input, const struct fact *f, const char **why);

/* csv_read - the records of one file, whose input row exists already and gets its kind */
MUST_USE int csv_read(struct registry_build *b, unsigned input, const char *path, struct err *e);

/* build_date - the date that an input gives itself: package.json beside it, a date in its name or in
 * that of its directory, else its file time */
int64_t build_date(const char *path);

/* struct stretch - one piece of a settled layer */
struct stretch {
	struct range range;
	uint32_t value;
};

struct layer {
	struct stretch *v; /* owned; ascending, disjoint; neighbours of equal value are one */
	size_t n, cap;
};

/* settle - overlaps resolved: where records overlap the narrower one holds, of equally wide ones the one
 * that came first; of records with the same range and another value the later one is refused.
 * rec is sorted in place. Returns 0 or -ENOMEM. */
MUST_USE int settle(struct registry_build *b, struct records *rec, struct layer *ret);

/* layer_put - one more piece behind the others; 0 or -ENOMEM */
MUST_USE int layer_put(struct layer *l, struct range r, uint32_t value);

/* origins_settle - who announces what, an index into names; 0 or -ENOMEM */
MUST_USE int origins_settle(struct registry_build *b, struct layer *ret);

/* geofeed_put - one FACT_PLACE of an input; 0 or -ENOMEM */
MUST_USE int geofeed_put(struct registry_build *b, unsigned input, const struct fact *f);

#define NETWORK_DEPTH_MAX 24u /* networks around one another */
#define NETWORK_SAME_MAX  16u /* records of one range */

/* networks_nest - put facts' networks in order and find the network around each
 *
 * Ascending by first address, wider ones first; those of one range side by side, the one that is held
 * in the highest regard first and the rest marked NET_SAME. Refused, each with a reason: a network that
 * crosses a wider one which was not refused itself, one nested too deeply, and a record told twice.
 * Returns 0 or -ENOMEM. */
MUST_USE int networks_nest(struct registry_build *b);

/* networks_countries - where no table said which country space is registered in, what the statistics say of
 * nested networks; 0 or -ENOMEM */
MUST_USE int networks_countries(struct registry_build *b);

/* nest_cross - mark NET_REFUSED the first of each range that crosses a wider one (of equally wide ones:
 * that came earlier) which is not refused; v is in the order of networks_nest. ret_by[i] is set to the
 * index of the wider one. Returns 0 or -ENOMEM. */
MUST_USE int nest_cross(struct net_fact *v, size_t n, uint32_t *ret_by);

/* struct net_tables - the sections that networks make; every pointer owned */
struct net_tables {
	uint32_t *top4, *cut4, *cut4_at;
	struct buf lpm6;
	struct reg_net4 *net4;
	struct reg_net6 *net6;
	struct reg_network *network;
	struct reg_net_told *told;
	uint64_t *key;
	struct reg_holder *holder;
	uint64_t *holder_key;
	struct reg_contact *contact;
	struct reg_orphan *orphan;
	struct reg_text *label;
	size_t n_cut4, n_net4, n_net6, n_key, n_holder, n_contact, n_orphan, n_label;
	size_t cut4_cap, cut4_at_cap, holder_cap, contact_cap, orphan_cap;
};

/* struct tables - the sections of a file that is being made; every pointer owned */
struct tables {
	struct reg_head head;
	struct lpm_entry *entry; /* [n_entry]: the address table's ranges */
	size_t n_entry, entry_cap;
	struct reg_place *place;
	struct reg_first6 *first; /* [n_place], of IPv4 too */
	size_t n_place, place_cap;
	uint32_t n_space4, n_space6;
	uint32_t *first_place; /* [n_prefix + 1]: of each prefix */
	uint32_t n_prefix, n_prefix4;
	struct reg_prefix4 *prefix4;
	struct reg_prefix6 *prefix6;
	struct reg_as *as;
	uint32_t *as_index; /* [names.map.n]: row of the AS with that index in names */
	uint32_t n_as;
	uint16_t *as_country; /* [n_as]: where an AS is registered, as its registry says; or 0 */
	struct reg_org *org;
	uint32_t n_org, n_org_as, n_org_holder, n_org_link, n_org_alias;
	uint32_t *as_prefix, *org_as, *org_holder;
	struct reg_org_link *org_link;
	struct reg_org_alias *org_alias;
	struct reg_country country[26 * 26];
	uint32_t n_country;
	struct reg_geofeed *geofeed;
	size_t n_geofeed;
	struct reg_said *as_said, *holder_said;
	size_t n_as_said, n_holder_said, as_said_cap, holder_said_cap;
	struct buf text;
	struct net_tables net;
};

/* tables_make - everything but the compiled address table, out of the settled layers */
MUST_USE int tables_make(const struct registry_build *b, const struct layer *origin,
    const struct layer *country, struct tables *t);
void tables_done(struct tables *t);

/* tables_find_as - the row of an AS, or REGISTRY_NONE */
uint32_t tables_find_as(const struct tables *t, uint32_t asn);

/* tables_geofeed - which country holders say that their space is used in, once networks are nested. Refused is what
 * lies in no network that names a geofeed: its holder did not say so. Returns 0 or -ENOMEM. */
MUST_USE int tables_geofeed(struct registry_build *b, struct tables *t);

/* tables_networks - the sections of networks, holders and contacts, and holders of ASes
 * ret_text_from  where the texts of b's facts begin in the text of the file */
MUST_USE int tables_networks(struct registry_build *b, struct tables *t, uint32_t *ret_text_from);

/* tables_orgs - which ASes and holders are one organisation, after tables_networks: sets org of every AS, holder and
 * place, and the sections of organisations */
MUST_USE int tables_orgs(struct registry_build *b, struct tables *t, uint32_t text_from);

/* tables_said - what records say of ASes and holders besides what holds, after tables_networks; 0 or -ENOMEM */
MUST_USE int tables_said(struct registry_build *b, struct tables *t, uint32_t text_from);

/* holders_resolve - handles to rows: holder and abuse contact of row i of network, and of every AS
 * text_from    where the texts of b's facts begin in the text of the file */
MUST_USE int holders_resolve(struct registry_build *b, struct tables *t, uint32_t text_from);

/* cuts_make - the address tables out of nested networks */
MUST_USE int cuts_make(const struct facts *f, struct net_tables *t);
void net_tables_done(struct net_tables *t);

/* tables_write - lay the sections out and replace path whole */
MUST_USE int tables_write(
    const struct registry_build *b, struct tables *t, const char *path, struct err *e);

/* fact_text - where a word of the facts stands in the text of the file */
static inline struct reg_text fact_text(const struct facts *f, uint32_t from, uint32_t word)
{
	return (
	    struct reg_text){ from + f->words.at[word], f->words.at[word + 1] - f->words.at[word] };
}

static inline uint32_t country_index(reg_country_code c) /* 0 … 675; c is not 0 */
{
	return ((c & 255) - 'A') * 26 + ((c >> 8) - 'A');
}

static inline reg_country_code country_code(uint32_t index)
{
	return ('A' + index / 26) | ('A' + index % 26) << 8;
}

#endif
