/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/networks.h"

#include "holders/tell.h"

#define INSIDE_SHOWN   8u /* networks inside a range */
#define CONTACTS_SHOWN 8u /* of an organisation */

/* ---- words ---- */

/* Always set, be it to nothing: a name that an object lacks would be looked up around it. */
static void say_span(struct model *m, struct value *to, const char *key, struct span s)
{
	if (span_empty(s))
		model_bool(m, to, key, false);
	else
		model_span(m, to, key, s);
}

static void say_day(struct model *m, struct value *to, const char *key, int32_t day)
{
	char text[UTC_TEXT_MAX];

	if (day)
		utc_format_day(day, text);
	model_str(m, to, key, day ? text : NULL);
}

/* A mailbox with a link that can only write to it: what mail programs read as a header or as a second
 * mailbox is escaped. */
static void say_mail(struct model *m, struct value *to, struct span mail)
{
	CLEANUP(buf_done) struct buf link = { 0 };
	struct span local;

	say_span(m, to, "mail", mail);
	if (span_empty(mail))
		return;
	buf_init(&link, 4096);
	(void)span_cut(&mail, '@', &local); /* there is one in every mailbox of the file */
	http_escape(&link, local);
	buf_byte(&link, '@');
	http_escape(&link, mail);
	model_span(m, to, "mailto", buf_text(&link));
}

/* The contact and, where we know that nobody is reached so, that. */
static void say_contact(
    struct model *m, struct value *to, const struct registry *r, uint32_t contact)
{
	struct registry_contact c = { .mail = SPAN("") };

	if (contact != REGISTRY_NONE)
		c = registry_contact_at(r, contact);
	say_mail(m, to, c.mail);
	model_str(m, to, "dead", mailbox_dead(c.state) ? mailbox_reason(c.state) : NULL);
	say_day(m, to, "checked", mailbox_dead(c.state) ? c.checked : 0);
}

static void say_lines(struct model *m, struct value *to, struct span text)
{
	struct value *list = model_list(m, to, "lines"), *o;
	struct span line;

	while (!span_empty(text)) {
		(void)span_cut(&text, '\n', &line); /* the last line has no end */
		o = model_object(m, list, NULL);
		model_span(m, o, "line", line);
		model_bool(m, o, "more", !span_empty(text));
	}
}

static void say_said(
    struct model *m, struct value *list, const struct registry *r, struct registry_said s)
{
	struct value *o = model_object(m, list, NULL);
	struct said_words w;

	tell_said(r, &s, &w);
	model_str(m, o, "how", w.how);
	model_str(m, o, "what", w.what);
	model_str(m, o, "from", w.from);
}

/* What records say of a holder besides. */
static void say_holder_said(
    struct model *m, struct value *to, const struct registry *r, uint32_t holder)
{
	struct value *list = model_list(m, to, "said");
	uint32_t first, n = registry_holder_said(r, holder, &first);

	for (uint32_t i = first; i < first + n; i++)
		say_said(m, list, r, registry_holder_said_at(r, i));
}

static void say_as_said(struct model *m, struct value *to, const struct registry *r, uint32_t as)
{
	uint32_t first, n = registry_as_said(r, as, &first);
	struct value *list;

	if (n == 0)
		return;
	list = model_list(m, model_object(m, to, "as_said"), "records");
	for (uint32_t i = first; i < first + n; i++)
		say_said(m, list, r, registry_as_said_at(r, i));
}

/* brief: without the postal address, which stands on the page already
 * Returns the holder, or NULL. */
static struct value *say_holder(
    struct model *m, struct value *to, const struct registry *r, uint32_t index, bool brief)
{
	struct registry_holder h;
	struct value *o;

	if (index == REGISTRY_NONE) {
		model_bool(m, to, "holder", false);
		return NULL;
	}
	h = registry_holder_at(r, index);
	o = model_object(m, to, "holder");
	say_span(m, o, "name", h.name);
	say_span(m, o, "source", h.source);
	say_span(m, o, "handle", h.handle);
	say_span(m, o, "country", span_str(h.country));
	say_lines(m, o, brief ? SPAN("") : h.address);
	return o;
}

static bool same_range(struct range a, struct range b)
{
	return addr_eq(a.first, b.first) && addr_eq(a.last, b.last);
}

/* The page of a range, where it has one: what is less than an IPv6 host has none. */
static void say_range(struct model *m, struct value *to, struct range range)
{
	char text[RANGE_TEXT_MAX], name[ENTITY_NAME_MAX], url[ENTITY_PATH_MAX];
	struct entity en = seat_entity(range);

	(void)range_format(range, text);
	model_str(m, to, "range", text);
	(void)entity_format(&en, name);
	if (!same_range(en.range, range)) {
		model_bool(m, to, "url", false);
		return;
	}
	(void)entity_path(name, url);
	model_str(m, to, "url", url);
}

/* Where the network is, unless it is where its holder is. */
static struct span country_apart(const struct registry *r, const struct registry_network *n)
{
	struct registry_holder h;

	if (n->holder == REGISTRY_NONE)
		return span_str(n->country);
	h = registry_holder_at(r, n->holder);
	return strcmp(h.country, n->country) == 0 ? SPAN("") : span_str(n->country);
}

/* below: the holder of the network just above on the page, or REGISTRY_NONE */
static struct value *say_network(
    struct model *m, struct value *list, const struct registry *r, uint32_t index, uint32_t below)
{
	struct registry_network n = registry_network_at(r, index);
	struct value *o = model_object(m, list, NULL);

	say_range(m, o, n.range);
	say_span(m, o, "net_name", n.name); /* apart from the name of its holder */
	say_span(m, o, "source", n.source);
	say_span(m, o, "handle", n.handle);
	say_span(m, o, "status", n.status);
	say_span(m, o, "country", country_apart(r, &n));
	say_day(m, o, "created", n.created);
	say_day(m, o, "changed", n.changed);
	(void)say_holder(m, o, r, n.holder, n.holder == below);
	say_contact(m, o, r, n.abuse);
	return o;
}

/* ---- the chain, and what is inside ---- */

static void say_chain_of(
    struct model *m, struct value *to, const struct registry *r, uint32_t network)
{
	struct value *list = model_list(m, to, "networks"), *o, *also, *records;
	uint32_t below = REGISTRY_NONE;
	unsigned n;

	for (uint32_t i = network; i != REGISTRY_NONE; i = registry_network_link(r, i).parent) {
		o = say_network(m, list, r, i, below);
		below = registry_network_link(r, i).holder;
		n = 0;
		also = records = NULL;
		for (uint32_t k = registry_network_same(r, i); k != REGISTRY_NONE;
		     k = registry_network_same(r, k), n++) {
			if (!also) {
				also = model_object(m, o, "also");
				records = model_list(m, also, "records");
			}
			(void)say_network(m, records, r, k, REGISTRY_NONE);
		}
		if (also) {
			model_fmt(m, also, "n", "%u", n);
			model_bool(m, also, "one", n == 1);
		}
	}
}

/* The widest networks that lie in a range and are less than all of it; false when there are none. */
static bool say_inside(
    struct model *m, struct value *to, const struct registry *r, struct range range)
{
	uint32_t at = registry_network_from(r, range.first), n = 0;
	struct value *inside = NULL, *list = NULL;

	while (at < registry_n_network(r)) {
		struct range in = registry_network_at(r, at).range;

		if (addr_cmp(in.first, range.last) > 0)
			break;
		if (range_has(in, range.last)) { /* all of it, or beyond its end */
			at++;
			continue;
		}
		if (!inside) {
			inside = model_object(m, to, "inside");
			list = model_list(m, inside, "records");
		}
		if (n++ == INSIDE_SHOWN)
			break;
		(void)say_network(m, list, r, at, REGISTRY_NONE);
		at = registry_network_from(r, addr_next(in.last));
	}
	if (inside)
		model_bool(m, inside, "more", n > INSIDE_SHOWN);
	return inside != NULL;
}

/* ---- whom to write to ---- */

static void say_whom(struct model *m, struct value *to, const struct registry *r,
    const struct entity *en, const struct seat *seat)
{
	struct registry_network n;
	struct whom whom;
	struct value *o;

	if (!tell_whom(r, seat->network, seat->as, &whom)) {
		model_bool(m, to, "whom", false);
		return;
	}
	o = model_object(m, to, "whom");
	say_contact(m, o, r, whom.contact);
	say_span(m, o, "name", whom.name);
	model_str(m, o, "of", whom.of);
	if (whom.network == REGISTRY_NONE)
		return; /* of an AS */
	n = registry_network_at(r, whom.network);
	say_span(m, o, "network", n.name);
	model_bool(m, o, same_range(n.range, en->range) ? "itself" : "around", true);
}

/* struct told - what was told of an organisation's AS before */
struct told {
	uint32_t holder, abuse;
};

static bool told_before(const struct told *told, unsigned n, const struct registry_as *a)
{
	for (unsigned i = 0; i < n; i++)
		if (told[i].holder == a->holder && told[i].abuse == a->abuse)
			return true;
	return false;
}

static void say_as(
    struct model *m, struct value *list, const struct registry *r, const struct registry_as *a)
{
	struct value *o = model_object(m, list, NULL), *holder;

	model_fmt(m, o, "number", "AS%u", a->asn);
	model_fmt(m, o, "url", "/as/%u", a->asn);
	say_span(m, o, "as_name", a->name);
	holder = say_holder(m, o, r, a->holder, false);
	if (holder)
		say_holder_said(m, holder, r, a->holder);
	say_contact(m, o, r, a->abuse);
}

/* An organisation is who the registries say that its AS belong to: each answer once. */
static void say_ases(
    struct model *m, struct value *to, const struct registry *r, const struct entity *en)
{
	uint32_t org = registry_find_org(r, span_str(en->handle)), first, n;
	struct told told[CONTACTS_SHOWN];
	struct value *list = model_list(m, to, "ases");
	unsigned shown = 0;

	if (org == REGISTRY_NONE)
		return;
	n = MIN_OF(registry_org_ases(r, org, &first), SEAT_ASES_MAX);
	for (uint32_t i = 0; i < n && shown < CONTACTS_SHOWN; i++) {
		struct registry_as a = registry_as_at(r, registry_org_as(r, first + i));

		if ((a.holder == REGISTRY_NONE && a.abuse == REGISTRY_NONE) ||
		    told_before(told, shown, &a))
			continue;
		say_as(m, list, r, &a);
		told[shown++] = (struct told){ a.holder, a.abuse };
	}
}

/* ---- who announces it besides ---- */

/* Of a range: where all of it is announced by the same of them. */
static void say_rivals(
    struct model *m, struct value *to, const struct registry *r, struct range range)
{
	uint32_t first, n = registry_rivals(r, range.first, &first);
	struct value *list = NULL, *o;

	for (uint32_t i = first; i < first + n; i++) {
		struct registry_rival v = registry_rival_at(r, i);
		uint32_t as = registry_find_as(r, v.asn);

		if (!range_has(v.range, range.last))
			continue;
		if (!list)
			list = model_list(m, model_object(m, to, "rivals"), "records");
		o = model_object(m, list, NULL);
		model_fmt(m, o, "number", "AS%u", v.asn);
		if (as == REGISTRY_NONE)
			model_bool(m, o, "url", false);
		else
			model_fmt(m, o, "url", "/as/%u", v.asn);
		say_span(
		    m, o, "as_name", as == REGISTRY_NONE ? SPAN("") : registry_as_at(r, as).name);
		if (v.seen)
			model_fmt(m, o, "peers", "%u", v.seen);
		else
			model_bool(m, o, "peers", false);
		model_bool(m, o, "one_peer", v.seen == 1);
		say_span(m, o, "kind", registry_input_at(r, v.input).kind);
	}
}

/* ---- all of it ---- */

/* What to ask the registry itself for. */
static void say_question(struct model *m, struct value *to, const struct entity *en)
{
	char text[ADDR_TEXT_MAX];

	if (en->kind == ENTITY_AS) {
		model_fmt(m, to, "whois", "AS%u", en->asn);
		return;
	}
	(void)addr_format(en->range.first, text);
	model_str(m, to, "whois", text);
}

static void say_nothing(struct view *v, struct model *m, struct value *to, const struct entity *en,
    const struct subject *s)
{
	struct value *o;

	if (s->special || en->kind == ENTITY_ORG)
		return;
	o = model_object(m, to, "nothing");
	model_bool(m, o, "no_file", !v->registry);
	model_bool(m, o, "no_networks", v->registry && !registry_n_network(v->registry));
	model_bool(m, o, "is_as", en->kind == ENTITY_AS);
	say_question(m, o, en);
}

/* The holder of the AS, or those of an organisation's; false when the registries name none. */
static bool say_holders(struct view *v, struct model *m, struct value *to, const struct entity *en,
    const struct seat *seat)
{
	struct registry_as a;

	if (seat->as == REGISTRY_NONE)
		return false;
	if (en->kind == ENTITY_ORG) {
		say_ases(m, to, v->registry, en);
		return true;
	}
	a = registry_as_at(v->registry, seat->as);
	if (a.holder == REGISTRY_NONE && a.abuse == REGISTRY_NONE)
		return false;
	say_as(m, model_list(m, to, "ases"), v->registry, &a);
	return true;
}

void say_answer(struct view *v, struct model *m, const struct entity *en, const struct subject *s)
{
	struct seat seat = seat_find(v, en, s);
	bool any = seat.network != REGISTRY_NONE, ases;
	struct value *to;

	if (en->kind == ENTITY_COUNTRY || !s->known)
		return;
	to = model_object(m, model_root(m), "answer");
	say_whom(m, to, v->registry, en, &seat);
	model_bool(m, to, "is_range", seat_ranged(en));
	model_bool(m, to, "has_networks", any);
	say_chain_of(m, to, v->registry, seat.network);
	if (v->registry && seat_ranged(en))
		any |= say_inside(m, to, v->registry, en->range);
	if (v->registry && seat_ranged(en))
		say_rivals(m, to, v->registry, en->range);
	if (seat_ranged(en))
		say_tenure(v, m, to, en->range);
	ases = say_holders(v, m, to, en, &seat);
	if (v->registry && en->kind == ENTITY_AS && seat.as != REGISTRY_NONE)
		say_as_said(m, to, v->registry, seat.as);
	if (v->registry && en->kind == ENTITY_ORG)
		say_joins(m, to, v->registry, en);
	model_bool(m, to, "has_ases", ases);
	if (en->kind == ENTITY_AS ? !ases : !any)
		say_nothing(v, m, to, en, s);
}
