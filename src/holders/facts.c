/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what readers tell to rows of the build: texts bounded and made harmless, ranges that cannot be
 * refused. Nothing is joined here. */
#include "holders/facts.h"

#include <errno.h>

#include "holders/build_format.h"
#include "holders/mailbox.h"
#include "util/clock.h"
#include "util/grow.h"

/* Bounds of a text, and whether its letters are made upper case: handles and sources are compared so. */
static const struct text_kind {
	unsigned max;
	bool upper, lines;
} handle_text = { 100, true, false }, source_text = { 20, true, false },
  status_text = { 60, false, false }, name_text = { 200, false, false },
  mail_text = { 200, false, false }, address_text = { 500, false, true };

/* The widest network that is believed, in bits: registries' own /8 and /12 are; the root objects of
 * their databases (0.0.0.0/0, ::/0) say nothing about anybody. */
#define WIDTH4 26u
#define WIDTH6 116u

int facts_init(struct facts *f)
{
	int r = words_init(&f->words, FACTS_TEXT_MAX);

	if (r == 0)
		r = addrmap_init(&f->party_of, 0);
	if (r == 0)
		r = addrmap_init(&f->label_of, 0);
	if (r == 0)
		r = addrmap_init(&f->checked_of, 0);
	if (r == 0 && addrmap_put(&f->label_of, (struct addr){ 1, 0 }, NULL) == ADDRMAP_NONE)
		r = -ENOMEM;
	return r;
}

void facts_done_networks(struct facts *f)
{
	free(f->net);
	f->net = NULL;
	f->n_net = f->net_cap = 0;
}

void facts_done(struct facts *f)
{
	words_done(&f->words);
	addrmap_done(&f->party_of);
	addrmap_done(&f->label_of);
	facts_done_networks(f);
	addrmap_done(&f->checked_of);
	free(f->checked);
	f->checked = NULL;
	free(f->as);
	free(f->party);
	free(f->claim);
	free(f->said);
	f->said = NULL;
	f->claim = NULL;
	f->as = NULL;
	f->party = NULL;
}

/* --- texts ---------------------------------------------------------------------------------------- */

static char harmless(char c, const struct text_kind *k, bool valid)
{
	unsigned char u = (unsigned char)c;

	if (k->upper && c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return u >= 0x80 && !valid ? '?' : c;
}

/* Line ends of an address stay; what else could speak to a terminal does not. */
static void tame(char *p, size_t n, bool lines)
{
	for (size_t i = 0, from = 0; i <= n; i++) {
		if (i < n && !(lines && p[i] == '\n'))
			continue;
		span_tame(p + from, i - from);
		from = i + 1;
	}
}

/* The number of a text, cut to its maximum; WORDS_NONE: no room. */
static uint32_t word_of(struct facts *f, struct span s, const struct text_kind *k)
{
	char room[512];
	size_t n = 0;
	bool valid;

	if (span_empty(s))
		return 0;
	s = span_trim(s);
	valid = span_utf8(s);
	if (span_len(s) > k->max)
		s.end = s.p + k->max;
	while (valid && !span_utf8(s))
		s.end--; /* a character cut in two */
	for (const char *p = s.p; p < s.end; p++)
		room[n++] = harmless(*p, k, valid);
	tame(room, n, k->lines);
	return words_put(&f->words, span_of(room, n));
}

#define LABEL_NO_ROOM (FACTS_LABELS_MAX + 1)

/* A label of a text; FACTS_LABELS_MAX: too many different ones; LABEL_NO_ROOM: out of memory. */
static uint32_t label_of(struct facts *f, struct span s, const struct text_kind *k)
{
	uint32_t word = word_of(f, s, k), label;

	if (word == WORDS_NONE)
		return LABEL_NO_ROOM;
	label = addrmap_find(&f->label_of, (struct addr){ 1, word });
	if (label != ADDRMAP_NONE)
		return label;
	if (f->label_of.n == FACTS_LABELS_MAX)
		return FACTS_LABELS_MAX;
	label = addrmap_put(&f->label_of, (struct addr){ 1, word }, NULL);
	if (label == ADDRMAP_NONE)
		return LABEL_NO_ROOM;
	f->label[label] = word;
	return label;
}

/* Printable, one '@' inside: enough to be shown and written to. */
static bool mail_ok(struct span s)
{
	const char *at = span_empty(s) ? NULL : memchr(s.p, '@', span_len(s));

	for (const char *p = s.p; p < s.end; p++)
		if (*p <= ' ' || *p > '~' || strchr("<>\"(),;:\\", *p))
			return false;
	return at && at > s.p && at + 1 < s.end && span_len(s) <= mail_text.max &&
	       !memchr(at + 1, '@', (size_t)(s.end - at - 1));
}

static uint16_t country_of(const char cc[3])
{
	if (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z' || cc[2])
		return 0;
	return (uint16_t)((unsigned)cc[0] | (unsigned)cc[1] << 8);
}

static uint16_t days_of(int64_t time_s)
{
	int32_t day = time_s > 0 && time_s < INT32_MAX * INT64_C(86400) ? day_of(time_s) : 0;

	return (uint16_t)MIN_OF(day, UINT16_MAX);
}

/* --- rows ----------------------------------------------------------------------------------------- */

struct taking {
	struct registry_build *b;
	unsigned input;
	const struct fact *f;
	uint16_t source;
	bool full; /* a text or a row found no room */
};

static void wrong(struct taking *t, const char *why)
{
	build_refuse(t->b, t->input, t->f->line, "%s", why);
}

static uint32_t word(struct taking *t, struct span s, const struct text_kind *k)
{
	uint32_t w = word_of(&t->b->facts, s, k);

	t->full |= w == WORDS_NONE;
	return w;
}

static uint32_t mail(struct taking *t)
{
	if (span_empty(t->f->mail))
		return 0;
	if (mail_ok(t->f->mail))
		return word(t, t->f->mail, &mail_text);
	wrong(t, "not an address to write to; the rest of the record counts");
	return 0;
}

uint32_t facts_party(struct facts *f, enum party_kind kind, uint16_t source, uint32_t handle)
{
	struct addr key = { kind, (uint64_t)source << 32 | handle };
	bool is_new;
	uint32_t at;

	if (f->party_of.n == FACTS_PARTIES_MAX ||
	    grow(&f->party, &f->party_cap, (size_t)f->party_of.n + 1, sizeof(*f->party)) < 0)
		return FACTS_NONE;
	at = addrmap_put(&f->party_of, key, &is_new);
	if (at != ADDRMAP_NONE && is_new)
		f->party[at] = (struct party){
			.handle = handle, .source = source, .kind = (uint8_t)kind, .row = FACTS_NONE
		};
	return at == ADDRMAP_NONE ? FACTS_NONE : at;
}

uint32_t facts_party_find(
    const struct facts *f, enum party_kind kind, uint16_t source, uint32_t handle)
{
	struct addr key = { kind, (uint64_t)source << 32 | handle };
	uint32_t at = addrmap_find(&f->party_of, key);

	return at == ADDRMAP_NONE ? FACTS_NONE : at;
}

static const char *range_wrong(struct range r)
{
	struct range rest = r, global;
	bool v4 = addr_is_v4(r.first);
	unsigned bits = v4 ? WIDTH4 : WIDTH6;

	if (v4 != addr_is_v4(r.last))
		return "a range over both families";
	if (addr_cmp(r.first, r.last) > 0)
		return "a range backwards";
	if (v4 ? (r.last.lo - r.first.lo) >> bits : (r.last.hi - r.first.hi) >> (bits - 64))
		return "a network too wide to hold anybody to account";
	if (!v4 && (r.first.hi >> 61 != 1 || r.last.hi >> 61 != 1))
		return "reserved";
	return range_take_global(&rest, &global) ? NULL : range_special(r);
}

/* Servers of registries that know networks by their ranges alone give those for a handle. */
static struct span handle_of(struct span s)
{
	struct range r;

	return range_parse(s, &r) == 0 ? (struct span){ NULL, NULL } : s;
}

static int take_network(struct taking *t)
{
	struct facts *all = &t->b->facts;
	const struct fact *f = t->f;
	const char *why = range_wrong(f->range);
	bool opaque = span_empty(f->org);
	uint32_t status;
	struct net_fact n;

	if (why) {
		wrong(t, why);
		return 1;
	}
	status = label_of(all, f->status, &status_text);
	t->full |= status == LABEL_NO_ROOM;
	n = (struct net_fact){ .range = f->range,
		.handle = word(t, handle_of(f->handle), &handle_text),
		.parent = word(t, handle_of(f->parent), &handle_text),
		.name = word(t, span_empty(f->name) ? f->descr : f->name, &name_text),
		.org = word(t, opaque ? f->opaque : f->org, &handle_text),
		.abuse = word(t, f->abuse, &handle_text),
		.mail = mail(t),
		.line = (uint32_t)MIN_OF(f->line, (uint64_t)UINT32_MAX),
		.seq = t->b->seq++,
		.source = t->source,
		.status = (uint16_t)(status < FACTS_LABELS_MAX ? status : 0),
		.input = (uint16_t)t->input,
		.created = days_of(f->created_s),
		.changed = days_of(f->changed_s),
		.country = country_of(f->country),
		.flags = (uint8_t)((opaque && !span_empty(f->opaque) ? NET_OPAQUE : 0) |
				   (f->geofeed ? NET_GEOFEED : 0)) };
	if (t->full || grow(&all->net, &all->net_cap, all->n_net + 1, sizeof(n)) < 0)
		return -ENOMEM;
	all->net[all->n_net++] = n;
	return 0;
}

/* What somebody says who is no registry holds nothing; it may join organisations. */
static int take_claim(struct taking *t)
{
	struct facts *all = &t->b->facts;
	const struct fact *f = t->f;
	struct claim c = { .asn = f->as[0],
		.org = word(t, f->org, &handle_text),
		.name = word(t, f->name, &name_text),
		.source = t->source };

	if (f->as[0] != f->as[1]) {
		wrong(t, "a run of AS numbers, where one has to stand");
		return 1;
	}
	if (t->full || grow(&all->claim, &all->claim_cap, all->n_claim + 1, sizeof(c)) < 0)
		return -ENOMEM;
	all->claim[all->n_claim++] = c;
	return 0;
}

/* What a list of names tells besides a handle is in words; elsewhere it may be anything. */
static bool as_named(struct taking *t)
{
	bool list = t->b->input[t->input].kind == KIND_AS_NAMES;
	const struct fact *f = t->f;
	bool words = list ? !span_empty(f->descr) : span_empty(f->name);
	struct span name = words ? f->descr : f->name;
	uint32_t index;

	if (f->as[0] != f->as[1] || span_empty(name))
		return true;
	index = as_name_put(t->b, t->input, t->source, f->as[0], name);
	if (index == ADDRMAP_NONE)
		return false;
	return !list ||
	       as_country_put(t->b, t->input, t->source, index, country_of(f->country)) == 0;
}

static int take_as(struct taking *t)
{
	struct facts *all = &t->b->facts;
	const struct fact *f = t->f;
	bool opaque = span_empty(f->org);
	struct as_fact a;

	if (f->as[0] == 0 || f->as[0] > f->as[1]) {
		wrong(t, "not a run of AS numbers");
		return 1;
	}
	if (!as_named(t))
		return -ENOMEM;
	if (t->b->input[t->input].kind == KIND_AS_NAMES)
		return 0;
	if (build_kind_claims(t->b->input[t->input].kind))
		return take_claim(t);
	a = (struct as_fact){ .first = f->as[0],
		.last = f->as[1],
		.org = word(t, opaque ? f->opaque : f->org, &handle_text),
		.abuse = word(t, f->abuse, &handle_text),
		.mail = mail(t),
		.seq = t->b->seq++,
		.source = t->source,
		.input = (uint16_t)t->input,
		.country = country_of(f->country),
		.opaque = opaque };
	if (t->full || grow(&all->as, &all->as_cap, all->n_as + 1, sizeof(a)) < 0)
		return -ENOMEM;
	all->as[all->n_as++] = a;
	return 0;
}

/* Whose record of a handle holds: who is asked today before the dumps of yesterday, as with networks. */
static const uint8_t party_regard[KIND_N] = {
	[KIND_RDAP] = 5,
	[KIND_ARIN_WHOIS] = 4,
	[KIND_RPSL] = 3,
	[KIND_ARIN_XML] = 2,
	[KIND_ARIN_TEXT] = 1,
};

static const uint8_t said_as[PARTY_FIELD_N] = {
	[PARTY_NAME] = SAID_NAME,
	[PARTY_COUNTRY] = SAID_COUNTRY,
	[PARTY_ADDRESS] = SAID_ADDRESS,
	[PARTY_ABUSE] = SAID_CONTACT,
	[PARTY_MAILBOX] = SAID_ABUSE,
};

/* Does this input's record stand over that of another one? Of equal regard the newer one does. */
static bool stands(const struct taking *t, unsigned other)
{
	const struct build_input *mine = &t->b->input[t->input], *its = &t->b->input[other];
	uint8_t a = party_regard[mine->kind], b = party_regard[its->kind];

	return a != b ? a > b : mine->date_s > its->date_s;
}

static bool agree(const struct facts *f, enum party_field field, uint32_t a, uint32_t b)
{
	if (a == b || (field != PARTY_NAME && field != PARTY_ADDRESS))
		return a == b;
	return said_agree(words_at(&f->words, a), words_at(&f->words, b));
}

/* The value of one field, beside the one that stands there: fills a gap, takes its place, or is kept as said. Returns
 * false where they are two. */
static bool hold(
    struct taking *t, struct party *p, enum party_field field, uint32_t *held, uint32_t with)
{
	uint8_t by = p->by[field];
	bool mine = *held == 0 || (with != *held && stands(t, by)), same;
	struct saying s = { .value = mine ? *held : with,
		.source = p->source,
		.input = mine ? by : (uint8_t)t->input,
		.field = said_as[field] };

	if (with == 0 || with == WORDS_NONE)
		return true;
	same = *held == 0 || agree(&t->b->facts, field, *held, with);
	s.regard = party_regard[t->b->input[s.input].kind];
	if (!same && (p->kind == PARTY_ORG || field == PARTY_MAILBOX))
		t->full |= said_put(&t->b->facts, &p->said, s) < 0;
	if (mine) {
		*held = with;
		p->by[field] = (uint8_t)t->input;
	}
	return same;
}

/* Records of one handle: each value is that of the record held in highest regard that tells it, of equal ones the
 * newer, else the first. One that says otherwise in the same input is a handle used twice. */
static int take_party(struct taking *t, enum party_kind kind)
{
	const struct fact *f = t->f;
	uint32_t handle = word(t, f->handle, &handle_text), at, country;
	struct party *p;
	bool same;

	if (handle == 0) {
		wrong(t, "a record without a handle");
		return 1;
	}
	at = t->full ? FACTS_NONE : facts_party(&t->b->facts, kind, t->source, handle);
	if (at == FACTS_NONE)
		return -ENOMEM;
	p = &t->b->facts.party[at];
	if (!p->told) {
		p->told = true;
		p->input = (uint16_t)t->input;
		p->line = (uint32_t)f->line;
	}
	country = p->country;
	same = hold(t, p, PARTY_NAME, &p->name,
	    word(t, span_empty(f->name) ? f->descr : f->name, &name_text));
	same &= hold(t, p, PARTY_MAILBOX, &p->mail, mail(t));
	same &= hold(t, p, PARTY_ABUSE, &p->abuse, word(t, f->abuse, &handle_text));
	same &= hold(t, p, PARTY_ADDRESS, &p->address, word(t, f->address, &address_text));
	same &= hold(t, p, PARTY_COUNTRY, &country, country_of(f->country));
	p->country = (uint16_t)country;
	if (!same && p->input == t->input)
		build_refuse(t->b, t->input, f->line,
		    "another record of the handle of line %u, which says otherwise; what it adds "
		    "counts",
		    p->line);
	return t->full ? -ENOMEM : 0;
}

static int take_org(struct taking *t)
{
	return take_party(t, PARTY_ORG);
}

static int take_contact(struct taking *t)
{
	return take_party(t, PARTY_CONTACT);
}

/* What was found out last counts. */
static int take_mailbox(struct taking *t)
{
	struct facts *all = &t->b->facts;
	uint32_t handle = mail(t), at;
	enum mailbox_state state;

	if (handle == 0 || !mailbox_parse(t->f->status, &state)) {
		wrong(t, "not a mailbox and its state");
		return 1;
	}
	at = t->full || grow(&all->checked, &all->checked_cap, (size_t)all->checked_of.n + 1,
			    sizeof(*all->checked)) < 0
		 ? ADDRMAP_NONE
		 : addrmap_put(&all->checked_of, (struct addr){ 1, handle }, NULL);
	if (at == ADDRMAP_NONE)
		return -ENOMEM;
	all->checked[at] = (struct checked){ days_of(t->f->changed_s), (uint8_t)state };
	return 0;
}

struct checked facts_checked(const struct facts *f, uint32_t mail)
{
	uint32_t at = addrmap_find(&f->checked_of, (struct addr){ 1, mail });

	return at == ADDRMAP_NONE ? (struct checked){ 0, MAILBOX_UNCHECKED } : f->checked[at];
}

/* Who announces what is told by tables of origins; a route of a registry says who may. */
static int take_route(struct taking *t)
{
	const char *why = NULL;
	int r = 0;

	if (build_kind_origins(t->b->input[t->input].kind))
		r = route_put(t->b, t->input, t->f, &why);
	if (why)
		wrong(t, why);
	return why ? 1 : r;
}

static int take_place(struct taking *t)
{
	const char *why = range_wrong(t->f->range);

	if (!why)
		return geofeed_put(t->b, t->input, t->f);
	wrong(t, why);
	return 1;
}

static int (*const takers[])(struct taking *t) = {
	[FACT_NETWORK] = take_network,
	[FACT_AS] = take_as,
	[FACT_ORG] = take_org,
	[FACT_CONTACT] = take_contact,
	[FACT_MAILBOX] = take_mailbox,
	[FACT_ROUTE] = take_route,
	[FACT_PLACE] = take_place,
};
_Static_assert(NELEM(takers) == FACT_KIND_N, "takers out of step");

static int take(void *ctx, const struct fact *f)
{
	const struct build_facts *from = ctx;
	struct build_input *row = &from->b->input[from->input];
	struct taking t = { .b = from->b, .input = from->input, .f = f };
	uint32_t source;
	int r;

	if ((unsigned)f->kind >= FACT_KIND_N)
		return -EINVAL;
	if (from->b->n_fact >= REGISTRY_RECORDS_MAX)
		return -E2BIG;
	from->b->n_fact++;
	source = label_of(&from->b->facts, f->source, &source_text);
	if (source == LABEL_NO_ROOM)
		return -ENOMEM;
	if (source == 0 || source == FACTS_LABELS_MAX) {
		wrong(&t, source ? "too many different sources" : "a record of no source");
		return 0;
	}
	t.source = (uint16_t)source;
	r = takers[f->kind](&t);
	row->records += r == 0;
	return r < 0 ? r : 0;
}

static void refuse(void *ctx, uint64_t line, const char *why)
{
	const struct build_facts *from = ctx;

	build_refuse(from->b, from->input, line, "%s", why);
}

struct fact_to build_facts(struct registry_build *b, unsigned input)
{
	struct build_facts *ctx = &b->from[input];

	*ctx = (struct build_facts){ b, input };
	return (struct fact_to){ take, refuse, ctx };
}
