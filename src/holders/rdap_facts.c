/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts out of RDAP answers. A network's holder is the registrant that stands in it itself: those within other
 * entities hold these entities (in RIPE's answers maintainers do). Its abuse contact may stand deeper, as ARIN
 * puts it into the holder; the one nearest to the network counts. Who is a person, or does not say what it is,
 * is left out with handle and all. */
#include <errno.h>
#include <strings.h>

#include "holders/rdap.h"

struct answer {
	const json_t *json;
	uint64_t line;
	struct buf *room;
	const struct fact_to *to;
};

/* struct entities - those of an object, nearest first */
struct entities {
	const json_t *v[RDAP_ENTITIES_MAX];
	unsigned n, n_own; /* n_own: those of the object itself */
};

static void add_entities(struct entities *all, const json_t *of)
{
	const json_t *list = json_object_get(of, "entities");

	for (size_t i = 0; i < json_array_size(list) && all->n < RDAP_ENTITIES_MAX; i++)
		all->v[all->n++] = json_array_get(list, i);
}

static void entities_of(const json_t *of, struct entities *all)
{
	unsigned from = 0, to;

	all->n = 0;
	add_entities(all, of);
	all->n_own = to = all->n;
	for (unsigned level = 1; level < RDAP_NESTING_MAX; level++) {
		for (; from < to; from++)
			add_entities(all, all->v[from]);
		to = all->n;
	}
}

static bool has_role(const json_t *entity, const char *role)
{
	const json_t *roles = json_object_get(entity, "roles");

	for (size_t i = 0; i < json_array_size(roles) && i < RDAP_ENTITIES_MAX; i++) {
		struct span r = json_in_text(json_array_get(roles, i), NULL);

		if (span_len(r) == strlen(role) && strncasecmp(r.p, role, strlen(role)) == 0)
			return true;
	}
	return false;
}

/* The first of v[n] that has the role and is no person; NULL. In told, who was passed over is told of. */
static const json_t *who(
    const json_t *const *v, unsigned n, const char *role, const struct answer *told)
{
	struct rdap_card card;

	for (unsigned i = 0; i < n; i++) {
		if (!has_role(v[i], role))
			continue;
		rdap_card_read(v[i], &card);
		if (card.party != RDAP_PERSON &&
		    !span_empty(span_trim(json_in_text(v[i], "handle"))))
			return v[i];
		if (told)
			fact_leave(told->to, told->line, "an entity that may be a person");
	}
	return NULL;
}

/* --- what stands in every object ---------------------------------------------------------------------- */

static int64_t event_of(const json_t *o, const char *action)
{
	const json_t *events = json_object_get(o, "events");

	for (size_t i = 0; i < json_array_size(events) && i < RDAP_ENTITIES_MAX; i++) {
		const json_t *event = json_array_get(events, i);

		if (span_is(json_in_text(event, "eventAction"), action))
			return fact_date(json_in_text(event, "eventDate"));
	}
	return 0;
}

/* The first line of the remark that describes, which is called so or nothing. */
static struct span description(const json_t *o)
{
	const json_t *remarks = json_object_get(o, "remarks");

	for (size_t i = 0; i < json_array_size(remarks) && i < RDAP_ENTITIES_MAX; i++) {
		const json_t *remark = json_array_get(remarks, i);
		struct span title = json_in_text(remark, "title");

		if (span_empty(title) ||
		    (span_len(title) == 11 && strncasecmp(title.p, "description", 11) == 0))
			return json_in_text(
			    json_array_get(json_object_get(remark, "description"), 0), NULL);
	}
	return SPAN("");
}

/* A link of that relation (RFC 9877), or a remark that names one. */
static bool geofeed(const json_t *o)
{
	const json_t *links = json_object_get(o, "links"), *remarks = json_object_get(o, "remarks");

	for (size_t i = 0; i < json_array_size(links) && i < RDAP_ENTITIES_MAX; i++)
		if (span_is(json_in_text(json_array_get(links, i), "rel"), "geo"))
			return true;
	for (size_t i = 0; i < json_array_size(remarks) && i < RDAP_ENTITIES_MAX; i++) {
		const json_t *lines = json_object_get(json_array_get(remarks, i), "description");

		for (size_t k = 0; k < json_array_size(lines) && k < RDAP_ENTITIES_MAX; k++)
			if (fact_geofeed(json_in_text(json_array_get(lines, k), NULL)))
				return true;
	}
	return false;
}

static void begin(const struct answer *a, const json_t *o, enum fact_kind kind, struct fact *f)
{
	fact_room_reset(a->room);
	*f = (struct fact){ .kind = kind,
		.line = a->line,
		.source = rdap_source(a->json),
		.created_s = event_of(o, "registration"),
		.changed_s = event_of(o, "last changed") };
	f->handle = fact_key(a->room, json_in_text(o, "handle"));
}

static int end(const struct answer *a, const char *why, const struct fact *f)
{
	if (!buf_ok(a->room))
		return -ENOMEM;
	if (!why)
		return a->to->take(a->to->ctx, f);
	fact_refuse(a->to, a->line, why);
	return 0;
}

/* An entity as the holder or the contact that it is. */
static int party(const struct answer *a, const json_t *entity, enum fact_kind kind)
{
	struct rdap_card card;
	struct entities all;
	const json_t *abuse;
	struct span mail;
	struct fact f;

	rdap_card_read(entity, &card);
	begin(a, entity, kind, &f);
	entities_of(entity, &all);
	abuse = kind == FACT_ORG ? who(all.v, all.n, "abuse", NULL) : NULL;
	f.name = fact_text(a->room, card.name, FACT_TEXT_MAX);
	f.abuse = fact_key(a->room, json_in_text(abuse, "handle"));
	mail = fact_mail(a->room, card.abuse_mail);
	if (span_empty(mail) && kind == FACT_CONTACT)
		mail = fact_mail(a->room, card.mail);
	f.mail = mail;
	f.address = rdap_card_address(&card, a->room, f.country);
	return end(a, span_empty(f.handle) ? "not a handle" : NULL, &f);
}

/* Whose a network or number is; their own facts first. */
static int parties(const struct answer *a, struct span *org, struct span *abuse)
{
	struct entities all;
	const json_t *holder, *contact;
	int r = 0;

	entities_of(a->json, &all);
	holder = who(all.v, all.n_own, "registrant", a);
	contact = who(all.v, all.n, "abuse", a);
	*org = json_in_text(holder, "handle");
	*abuse = json_in_text(contact, "handle");
	if (holder)
		r = party(a, holder, FACT_ORG);
	if (r == 0 && contact)
		r = party(a, contact, FACT_CONTACT);
	return r;
}

static void resource(
    const struct answer *a, enum fact_kind kind, struct span org, struct span abuse, struct fact *f)
{
	struct span status = json_in_text(a->json, "type");

	begin(a, a->json, kind, f);
	if (span_empty(status))
		status = json_in_text(json_array_get(json_object_get(a->json, "status"), 0), NULL);
	f->name = fact_text(a->room, json_in_text(a->json, "name"), FACT_TEXT_MAX);
	f->descr = fact_text(a->room, description(a->json), FACT_TEXT_MAX);
	f->status = fact_text(a->room, status, FACT_TEXT_MAX);
	f->parent = fact_key(a->room, json_in_text(a->json, "parentHandle"));
	f->geofeed = kind == FACT_NETWORK && geofeed(a->json);
	f->org = fact_key(a->room, org);
	f->abuse = fact_key(a->room, abuse);
	(void)fact_country(json_in_text(a->json, "country"), f->country); /* not worth an answer */
}

/* --- networks ----------------------------------------------------------------------------------------- */

/* An address; some servers write it as a prefix of one. */
static bool address_of(struct span s, struct addr *ret)
{
	struct span host;
	bool slash;

	s = span_trim(s);
	slash = span_cut(&s, '/', &host);
	if (!fact_addr(host, ret))
		return false;
	return !slash || span_is(s, addr_is_v4(*ret) ? "32" : "128");
}

static const char *range_of(const json_t *o, struct range *ret)
{
	struct span version = json_in_text(o, "ipVersion");

	if (!address_of(json_in_text(o, "startAddress"), &ret->first) ||
	    !address_of(json_in_text(o, "endAddress"), &ret->last))
		return "not a range";
	if (addr_is_v4(ret->first) != addr_is_v4(ret->last))
		return "a range over both families";
	if (!span_empty(version) && span_is(version, "v4") != addr_is_v4(ret->first))
		return "of the other family";
	return addr_cmp(ret->first, ret->last) > 0 ? "a range backwards" : NULL;
}

/* {"v4prefix": "192.0.2.0", "length": 24} */
static const char *cidr_of(const json_t *o, struct range *ret)
{
	bool v4 = json_object_get(o, "v4prefix") != NULL;
	const json_t *length = json_object_get(o, "length");
	json_int_t len = json_integer_value(length);
	struct addr a;
	struct prefix p;

	if (!json_is_integer(length) || len < 0 || len > (v4 ? 32 : 128) ||
	    addr_parse(json_in_text(o, v4 ? "v4prefix" : "v6prefix"), &a) < 0 ||
	    addr_is_v4(a) != v4)
		return "not a range";
	p = prefix_make(a, (unsigned)len + (v4 ? 96 : 0));
	*ret = prefix_range(p);
	if (addr_is_v4(ret->first) != v4 || addr_is_v4(ret->last) != v4)
		return "of the other family";
	return addr_eq(p.addr, a) ? NULL : "a prefix with host bits";
}

static int network(const struct answer *a)
{
	const json_t *cidrs = json_object_get(a->json, "cidr0_cidrs");
	bool has_ends = json_object_get(a->json, "startAddress") ||
			json_object_get(a->json, "endAddress") || json_array_size(cidrs) == 0;
	size_t n = has_ends ? 1 : MIN_OF(json_array_size(cidrs), (size_t)RDAP_ENTITIES_MAX);
	struct span org, abuse;
	int r = parties(a, &org, &abuse);
	struct fact f;

	for (size_t i = 0; i < n && r == 0; i++) {
		const char *why;

		resource(a, FACT_NETWORK, org, abuse, &f);
		why = has_ends ? range_of(a->json, &f.range)
			       : cidr_of(json_array_get(cidrs, i), &f.range);
		r = end(a, why, &f);
	}
	return r;
}

/* --- the other classes -------------------------------------------------------------------------------- */

static bool number_of(const json_t *v, uint32_t *ret)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n <= 0 || n > (json_int_t)UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static int autnum(const struct answer *a)
{
	const json_t *first = json_object_get(a->json, "startAutnum");
	const json_t *last = json_object_get(a->json, "endAutnum");
	const char *why = NULL;
	struct span org, abuse;
	int r = parties(a, &org, &abuse);
	struct fact f;

	if (r < 0)
		return r;
	resource(a, FACT_AS, org, abuse, &f);
	if (!number_of(first, &f.as[0]) || !number_of(last ? last : first, &f.as[1]))
		why = "not an AS number";
	else if (f.as[0] > f.as[1])
		why = "a range backwards";
	return end(a, why, &f);
}

/* An entity asked for by its handle: mostly it has no role, and its card tells what it is. */
static int entity(const struct answer *a)
{
	bool any = json_array_size(json_object_get(a->json, "roles")) > 0;
	bool org = has_role(a->json, "registrant"), contact = has_role(a->json, "abuse");
	struct rdap_card card;
	int r = 0;

	rdap_card_read(a->json, &card);
	if (card.party == RDAP_PERSON || (any && !org && !contact)) {
		fact_leave(a->to, a->line,
		    card.party == RDAP_PERSON ? "an entity that may be a person"
					      : "an entity of another role");
		return 0;
	}
	if (org || (!any && card.party == RDAP_ORG))
		r = party(a, a->json, FACT_ORG);
	if (r == 0 && (contact || (!any && card.party == RDAP_GROUP)))
		r = party(a, a->json, FACT_CONTACT);
	return r;
}

static const struct {
	const char *class, *member; /* the member tells it where servers leave the class out */
	int (*make)(const struct answer *a);
} classes[] = {
	{ "ip network", "startAddress", network },
	{ "autnum", "startAutnum", autnum },
	{ "entity", "vcardArray", entity },
};

int rdap_answer(const json_t *json, uint64_t line, struct buf *room, const struct fact_to *to)
{
	const struct answer a = { json, line, room, to };
	struct span class = json_in_text(json, "objectClassName");

	for (size_t i = 0; i < NELEM(classes); i++)
		if (span_empty(class) ? json_object_get(json, classes[i].member) != NULL
				      : span_is(class, classes[i].class))
			return classes[i].make(&a);
	if (!span_empty(class))
		fact_leave(to, line, "of another class");
	else if (json_object_get(json, "errorCode"))
		fact_leave(to, line, "an error, not an answer");
	else
		fact_refuse(to, line, "not an RDAP answer");
	return 0;
}
