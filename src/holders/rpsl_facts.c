/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts out of objects of an RPSL dump. Source: RFC 2622, RFC 4012, and the templates of the registries'
 * whois servers; LACNIC's objects have owner and ownerid in place of an organisation of their own. */
#include <errno.h>
#include <strings.h>

#include "holders/rpsl.h"
#include "util/num.h"

static struct span slot(const struct rpsl_object *o, enum rpsl_slot s)
{
	return span_trim(o->slot[s].p ? buf_text(&o->slot[s]) : SPAN(""));
}

/* Handles are lists in some attributes: the first one. */
static struct span first_word(struct span s)
{
	const char *p = s.p;

	while (p < s.end && *p != ' ' && *p != '\t' && *p != ',' && *p != '\n')
		p++;
	return (struct span){ s.p, p };
}

static bool word_is(struct span a, const char *b)
{
	return span_len(a) == strlen(b) && strncasecmp(a.p, b, span_len(a)) == 0;
}

static bool word_starts(struct span a, const char *b)
{
	return span_len(a) >= strlen(b) && strncasecmp(a.p, b, strlen(b)) == 0;
}

/* --- what stands in every object ------------------------------------------------------------------- */

static bool is_lacnic(const struct rpsl_object *o)
{
	return !span_empty(slot(o, RPSL_OWNER)) || !span_empty(slot(o, RPSL_OWNERID));
}

/* A handle, or why there is none where the object has one. */
static const char *key_of(struct rpsl_object *o, enum rpsl_slot s, struct span *ret)
{
	struct span word = first_word(slot(o, s));

	*ret = fact_key(&o->room, word);
	return span_empty(*ret) && !span_empty(word) ? "not a handle" : NULL;
}

/* Where and when of a new fact. NULL, or why the object is none. */
static const char *begin(struct rpsl_object *o, enum fact_kind kind, struct fact *f)
{
	struct span source = slot(o, RPSL_SOURCE);

	fact_room_reset(&o->room);
	*f = (struct fact){ .kind = kind, .line = o->line };
	f->source = fact_source(&o->room, source);
	if (span_empty(source) && is_lacnic(o)) /* which has no need to say it */
		f->source = SPAN("LACNIC");
	if (span_empty(f->source))
		return "no source";
	(void)fact_country(slot(o, RPSL_COUNTRY), f->country); /* not worth an object */
	f->created_s = fact_date(slot(o, RPSL_CREATED));
	f->changed_s = fact_date(slot(o, RPSL_MODIFIED));
	if (!f->changed_s)
		f->changed_s = o->changed_s;
	return NULL;
}

/* Either refuses the fact or hands it on. */
static int end(
    struct rpsl_object *o, const struct fact_to *to, const char *why, const struct fact *f)
{
	if (!buf_ok(&o->room))
		return -ENOMEM;
	if (!why)
		return to->take(to->ctx, f);
	fact_refuse(to, o->line, why);
	return 0;
}

/* Whose it is, and whom to tell. In LACNIC's objects the abuse contact is a person: it is left out. */
static const char *responsible(struct rpsl_object *o, struct fact *f)
{
	bool lacnic = is_lacnic(o);
	const char *why = key_of(o, lacnic ? RPSL_OWNERID : RPSL_ORG, &f->org);

	if (!why && !lacnic)
		why = key_of(o, RPSL_ABUSE, &f->abuse);
	if (!why && !lacnic && span_empty(f->abuse))
		why = key_of(o, RPSL_IRT, &f->abuse);
	f->mail = fact_mail(&o->room, first_word(slot(o, RPSL_MAIL)));
	f->status = fact_text(&o->room, slot(o, RPSL_STATUS), FACT_TEXT_MAX);
	return why;
}

/* The description's first line; further ones are further attributes or continuations. */
static struct span first_line(struct span s)
{
	struct span line;

	(void)span_cut(&s, '\n', &line);
	return line;
}

static void named(struct rpsl_object *o, enum rpsl_slot name, struct fact *f)
{
	f->name = fact_text(&o->room, slot(o, name), FACT_TEXT_MAX);
	f->descr = fact_text(&o->room, first_line(slot(o, RPSL_DESCR)), FACT_TEXT_MAX);
}

/* A number of the Brazilian register of persons, 000.000.000-00; companies have 14 digits and a slash. */
static bool is_person_number(struct span s)
{
	unsigned digits = 0;

	for (const char *p = s.p; p < s.end; p++) {
		digits += *p >= '0' && *p <= '9';
		if ((*p < '0' || *p > '9') && *p != '.' && *p != '-')
			return false;
	}
	return digits == 11;
}

/* The owner that stands in an object of LACNIC itself. */
static int owner(struct rpsl_object *o, const struct fact_to *to)
{
	struct span id = first_word(slot(o, RPSL_OWNERID));
	const char *why;
	struct fact f;

	if (span_empty(slot(o, RPSL_OWNER)))
		return 0;
	if (span_empty(id) || is_person_number(id)) {
		buf_reset(&o->slot[RPSL_OWNERID]);
		fact_leave(to, o->line, "an owner that may be a person");
		return 0;
	}
	why = begin(o, FACT_ORG, &f);
	f.created_s = f.changed_s = 0; /* the object's days are not the owner's */
	if (!why)
		why = key_of(o, RPSL_OWNERID, &f.handle);
	f.name = fact_text(&o->room, slot(o, RPSL_OWNER), FACT_TEXT_MAX);
	f.address = fact_lines(&o->room, slot(o, RPSL_ADDRESS), FACT_ADDRESS_MAX);
	return end(o, to, why, &f);
}

/* --- ranges ------------------------------------------------------------------------------------------ */

/* "200.7.84/22", as LACNIC shortens it, into "200.7.84.0/22". */
static struct span quads(struct span s, char room[32])
{
	const char *slash = span_empty(s) ? NULL : memchr(s.p, '/', span_len(s));
	size_t n = slash ? (size_t)(slash - s.p) : 0, dots = 0;

	if (n == 0 || span_len(s) > 20 || memchr(s.p, ':', n))
		return s;
	memcpy(room, s.p, n);
	for (size_t i = 0; i < n; i++)
		dots += room[i] == '.';
	for (; dots < 3; dots++) {
		room[n++] = '.';
		room[n++] = '0';
	}
	memcpy(room + n, slash, (size_t)(s.end - slash));
	return span_of(room, n + (size_t)(s.end - slash));
}

static const char *prefix_of(struct span s, struct range *ret)
{
	struct prefix p;
	int r = prefix_parse(s, true, &p);

	if (r < 0)
		return r == -EDOM ? "a prefix with host bits" : "not a range";
	*ret = prefix_range(p);
	return NULL;
}

static const char *range_of(struct span s, bool v4, struct range *ret)
{
	const char *why = NULL;
	char room[32];
	int r;

	if (!span_empty(s) && memchr(s.p, '-', span_len(s))) {
		r = range_parse(s, ret);
		if (r < 0)
			why = r == -EDOM ? "a range backwards" : "not a range";
	} else {
		why = prefix_of(v4 ? quads(s, room) : s, ret);
	}
	if (!why && (addr_is_v4(ret->first) != v4 || addr_is_v4(ret->last) != v4))
		why = "of the other family";
	return why;
}

/* Objects by which a registry says that space is not its own to speak of. A name that ends in '*' stands for
 * all that begin so, one that begins with it for all that end so. */
static bool is_placeholder(struct span name, struct range r)
{
	static const char *const names[] = { "NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK", "IANA-BLK",
		"IANA-BLOCK", "IANA-NETBLOCK*", "ERX-NETBLOCK*", "*-CIDR-BLOCK" };
	const uint64_t all4 = UINT64_C(1) << 32;

	if (addr_is_v4(r.first) ? range_units(r) == all4
				: r.first.hi == 0 && r.last.hi == UINT64_MAX)
		return true;
	for (size_t i = 0; i < NELEM(names); i++) {
		size_t n = strlen(names[i]) - 1;
		bool is = word_is(name, names[i]);

		if (names[i][n] == '*')
			is = span_len(name) >= n && strncasecmp(name.p, names[i], n) == 0;
		else if (names[i][0] == '*')
			is = span_len(name) >= n && strncasecmp(name.end - n, names[i] + 1, n) == 0;
		if (is)
			return true;
	}
	return false;
}

static int network(struct rpsl_object *o, const struct fact_to *to, bool v4)
{
	const struct span key = slot(o, RPSL_KEY);
	const char *why;
	struct fact f;
	int r = owner(o, to);

	if (r < 0)
		return r;
	/* LACNIC calls them all inetnum */
	if (is_lacnic(o) && !span_empty(key) && memchr(key.p, ':', span_len(key)))
		v4 = false;
	why = begin(o, FACT_NETWORK, &f);
	if (!why)
		why = range_of(key, v4, &f.range);
	if (!why && is_placeholder(slot(o, RPSL_NAME), f.range)) {
		fact_leave(to, o->line, "a placeholder for space of others");
		return 0;
	}
	if (!why)
		why = responsible(o, &f);
	named(o, RPSL_NAME, &f);
	f.geofeed = o->geofeed;
	f.parent = fact_key(&o->room, slot(o, RPSL_PARENT));
	return end(o, to, why, &f);
}

int rpsl_inetnum(struct rpsl_object *o, const struct fact_to *to)
{
	return network(o, to, true);
}

int rpsl_inet6num(struct rpsl_object *o, const struct fact_to *to)
{
	return network(o, to, false);
}

/* --- the other classes ------------------------------------------------------------------------------- */

static const char *asn_of(struct span s, uint32_t *ret)
{
	s = first_word(s);
	if (word_starts(s, "AS")) /* LACNIC's dump is said to have the bare number */
		s.p += 2;
	if (num_u32(s, UINT32_MAX, ret) < 0)
		return "not an AS number";
	return *ret ? NULL : "AS0, which is nobody's";
}

int rpsl_aut_num(struct rpsl_object *o, const struct fact_to *to)
{
	const char *why;
	struct fact f;
	int r = owner(o, to);

	if (r < 0)
		return r;
	why = begin(o, FACT_AS, &f);
	if (!why)
		why = asn_of(slot(o, RPSL_KEY), &f.as[0]);
	if (!why)
		why = responsible(o, &f);
	f.as[1] = f.as[0];
	f.handle = fact_key(&o->room, first_word(slot(o, RPSL_KEY)));
	named(o, RPSL_NAME, &f);
	return end(o, to, why, &f);
}

/* Organisations and contacts: a handle, a name, an address and a mailbox. */
static int party(struct rpsl_object *o, const struct fact_to *to, enum fact_kind kind,
    enum rpsl_slot handle, enum rpsl_slot name)
{
	struct fact f;
	const char *why = begin(o, kind, &f);

	if (!why)
		why = key_of(o, handle, &f.handle);
	if (!why && span_empty(f.handle))
		why = "no handle";
	if (!why)
		why = key_of(o, RPSL_ABUSE, &f.abuse);
	named(o, name, &f);
	f.mail = fact_mail(&o->room, first_word(slot(o, RPSL_MAIL)));
	f.address = fact_lines(&o->room, slot(o, RPSL_ADDRESS), FACT_ADDRESS_MAX);
	return end(o, to, why, &f);
}

int rpsl_organisation(struct rpsl_object *o, const struct fact_to *to)
{
	return party(o, to, FACT_ORG, RPSL_KEY, RPSL_NAME);
}

int rpsl_role(struct rpsl_object *o, const struct fact_to *to)
{
	if (word_is(slot(o, RPSL_KEY), "Placeholder Role Object")) {
		fact_leave(to, o->line, "a placeholder for roles that were taken out");
		return 0;
	}
	return party(o, to, FACT_CONTACT, RPSL_HANDLE, RPSL_KEY);
}

int rpsl_irt(struct rpsl_object *o, const struct fact_to *to)
{
	if (!span_empty(slot(o, RPSL_MAIL)))
		return party(o, to, FACT_CONTACT, RPSL_KEY, RPSL_KEY);
	fact_leave(to, o->line, "a response team without a mailbox for abuse");
	return 0;
}

static int route(struct rpsl_object *o, const struct fact_to *to, bool v4)
{
	struct fact f;
	const char *why = begin(o, FACT_ROUTE, &f);
	struct span key = slot(o, RPSL_KEY);

	if (!why && (span_empty(key) || !memchr(key.p, '/', span_len(key))))
		why = "not a prefix";
	if (!why)
		why = range_of(key, v4, &f.range);
	if (!why)
		why = asn_of(slot(o, RPSL_ORIGIN), &f.as[0]);
	f.as[1] = f.as[0];
	f.descr = fact_text(&o->room, first_line(slot(o, RPSL_DESCR)), FACT_TEXT_MAX);
	return end(o, to, why, &f);
}

int rpsl_route(struct rpsl_object *o, const struct fact_to *to)
{
	return route(o, to, true);
}

int rpsl_route6(struct rpsl_object *o, const struct fact_to *to)
{
	return route(o, to, false);
}
