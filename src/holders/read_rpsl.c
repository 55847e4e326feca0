/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RPSL: the dumps of RIPE, APNIC, AFRINIC and routing registries, split by class or whole, and what their whois
 * servers and LACNIC's answer. Objects are lines of "name: value" with an empty line behind them:
 *   inetnum:        192.0.2.0 - 192.0.2.255        # a comment
 *   descr:          Example
 *                   and more of it                 (blank, tab or '+' begin a continuation)
 *   source:         RIPE # Filtered
 * Whois servers tell in a comment before an object whom to write to about it:
 *   % Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net'
 * Only what facts are made of is kept of an object, each attribute bounded, so its size does not matter: longer
 * texts are cut, an over-long handle, range or date costs the object. Of persons nothing is kept at all. */
#include <errno.h>
#include <strings.h>

#include "holders/rpsl.h"

#define ATTRIBUTE_NAME_MAX 64

static const struct attribute {
	const char *name;
	enum rpsl_slot slot;
	bool text; /* '#' is part of it ("Suite #5"); lines stay apart; what is too long is cut */
	unsigned max;
} attributes[] = {
	{ "netname", RPSL_NAME, false, FACT_TEXT_MAX },
	{ "as-name", RPSL_NAME, false, FACT_TEXT_MAX },
	{ "org-name", RPSL_NAME, true, FACT_TEXT_MAX },
	{ "nic-hdl", RPSL_HANDLE, false, FACT_TEXT_MAX },
	{ "descr", RPSL_DESCR, true, FACT_TEXT_MAX },
	{ "org", RPSL_ORG, false, FACT_TEXT_MAX },
	{ "abuse-c", RPSL_ABUSE, false, FACT_TEXT_MAX },
	{ "mnt-irt", RPSL_IRT, false, FACT_TEXT_MAX },
	{ "abuse-mailbox", RPSL_MAIL, false, FACT_TEXT_MAX },
	{ "address", RPSL_ADDRESS, true, FACT_ADDRESS_MAX },
	{ "status", RPSL_STATUS, false, FACT_TEXT_MAX },
	{ "country", RPSL_COUNTRY, false, FACT_TEXT_MAX },
	{ "parent", RPSL_PARENT, false, FACT_TEXT_MAX },
	{ "created", RPSL_CREATED, false, FACT_TEXT_MAX },
	{ "last-modified", RPSL_MODIFIED, false, FACT_TEXT_MAX },
	{ "source", RPSL_SOURCE, false, FACT_TEXT_MAX },
	{ "origin", RPSL_ORIGIN, false, FACT_TEXT_MAX },
	{ "owner", RPSL_OWNER, true, FACT_TEXT_MAX },
	{ "ownerid", RPSL_OWNERID, false, FACT_TEXT_MAX },
};

static const struct attribute key_attribute = { "", RPSL_KEY, false, FACT_TEXT_MAX };
static const struct attribute name_key_attribute = { "", RPSL_KEY, true, FACT_TEXT_MAX };

/* What becomes of the objects of a class: facts, or nothing and why. */
static const struct class
{
	const char *name, *leave;
	rpsl_make_fn *make;
	bool told; /* a comment may tell whom to write to */
} classes[] = {
	{ "inetnum", NULL, rpsl_inetnum, true },
	{ "inet6num", NULL, rpsl_inet6num, true },
	{ "aut-num", NULL, rpsl_aut_num, true },
	{ "organisation", NULL, rpsl_organisation },
	{ "role", NULL, rpsl_role },
	{ "irt", NULL, rpsl_irt },
	{ "route", NULL, rpsl_route },
	{ "route6", NULL, rpsl_route6 },
	{ "person", "a person", NULL },
	{ "as-block", "a block of AS numbers", NULL },
	{ "mntner", "a maintainer", NULL },
	{ "domain", "a domain", NULL },
	{ "key-cert", "of another class", NULL },
	{ "as-set", "of another class", NULL },
	{ "route-set", "of another class", NULL },
	{ "rtr-set", "of another class", NULL },
	{ "filter-set", "of another class", NULL },
	{ "peering-set", "of another class", NULL },
	{ "inet-rtr", "of another class", NULL },
	{ "poem", "of another class", NULL },
	{ "poetic-form", "of another class", NULL },
};

static const struct class unknown_class = { "", "of another class", NULL };
/* LACNIC's contacts begin with nic-hdl: the class follows. */
static const struct class no_class_yet = { "nic-hdl", "of another class", NULL };

struct reading {
	const struct fact_to *to;
	struct rpsl_object o;
	const struct class *class;   /* of the open object; NULL between objects */
	const struct attribute *now; /* what continuations add to; NULL: to nothing that is kept */
	const char *broken;	     /* why the open object cannot be taken */
	struct buf of, mail; /* what the last comment about an abuse contact says: of what, whom */
};

static bool name_is(struct span name, const char *is)
{
	return span_len(name) == strlen(is) && strncasecmp(name.p, is, span_len(name)) == 0;
}

static const struct class *class_of(struct span name)
{
	for (size_t i = 0; i < NELEM(classes); i++)
		if (name_is(name, classes[i].name))
			return &classes[i];
	return NULL;
}

static const struct attribute *attribute_of(struct span name)
{
	for (size_t i = 0; i < NELEM(attributes); i++)
		if (name_is(name, attributes[i].name))
			return &attributes[i];
	return NULL;
}

/* The name before the first ':'; false when the line is no attribute. */
static bool name_cut(struct span *line, struct span *name)
{
	if (!span_cut(line, ':', name) || span_empty(*name) || span_len(*name) > ATTRIBUTE_NAME_MAX)
		return false;
	for (const char *p = name->p; p < name->end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
			return false;
	return true;
}

/* --- values ------------------------------------------------------------------------------------------ */

/* What registries write where they have taken out what may be personal: as good as nothing. The first is what
 * RIPE's dumps have as the address of every organisation, the second what AFRINIC's have for who changed something
 * ("***@example.net"). */
static bool is_dummy(struct span value)
{
	static const char *const heads[] = { "Dummy address for ", "***", "* * *", "Dummified",
		"Name Removed", "unread@ripe.net" };

	value = span_trim(value);
	for (size_t i = 0; i < NELEM(heads); i++)
		if (span_starts(value, heads[i]))
			return true;
	return false;
}

/* "hostmaster@example.net 20021025", or a day alone: the last one that is told. */
static void changed(struct rpsl_object *o, struct span value)
{
	if (span_starts(span_trim(value), "unread@ripe.net")) /* and so is the day behind it */
		return;
	while (!span_empty(value)) {
		struct span word;

		(void)span_cut(&value, ' ', &word);
		o->changed_s = MAX_OF(o->changed_s, fact_date(word));
	}
}

/* What is not kept as it stands, but says something. */
static void aside(struct rpsl_object *o, struct span name, struct span value)
{
	if (name_is(name, "changed"))
		changed(o, value);
	else if (name_is(name, "geofeed"))
		o->geofeed |= span_starts(span_trim(value), "https://");
	else if (name_is(name, "remarks"))
		o->geofeed |= fact_geofeed(value);
}

/* Add a line of an attribute. The first line of a single one that has text already is not added. */
static void add(struct reading *r, struct span value, bool continued)
{
	const struct attribute *a = r->now;
	struct buf *slot = &r->o.slot[a->slot];
	size_t room;

	if (!continued && slot->len && a->slot != RPSL_ADDRESS) {
		r->now = NULL;
		return;
	}
	if (!a->text) {
		struct span rest = value;

		(void)span_cut(&rest, '#', &value);
	}
	value = span_trim(value);
	if (span_empty(value) || is_dummy(value))
		return;
	room = slot->len < a->max ? a->max - slot->len : 0;
	if (slot->len && room)
		buf_byte(slot, a->text ? '\n' : ' ');
	room -= slot->len && room;
	if (span_len(value) > room && !a->text)
		r->broken = "an attribute is too long";
	buf_span(slot, fact_head(value, room));
}

static void object_begin(struct reading *r, uint64_t line)
{
	for (unsigned i = 0; i < RPSL_SLOT_N; i++)
		buf_reset(&r->o.slot[i]);
	r->o.changed_s = 0;
	r->o.geofeed = false;
	r->o.line = line;
	r->now = NULL;
	r->broken = NULL;
	r->class = &unknown_class;
}

/* "% Abuse contact for 'KEY' is 'MAIL'": both are quoted, and neither has a quote in it. */
static void comment(struct reading *r, struct span text)
{
	static const char of[] = "% Abuse contact for '", is[] = " is '";
	struct span key, mail;

	if (!span_starts(text, of))
		return;
	text.p += sizeof(of) - 1;
	if (!span_cut(&text, '\'', &key) || !span_starts(text, is))
		return;
	text.p += sizeof(is) - 1;
	if (!span_cut(&text, '\'', &mail) || span_len(key) > FACT_KEY_MAX ||
	    span_len(mail) > FACT_TEXT_MAX)
		return;
	buf_reset(&r->of);
	buf_reset(&r->mail);
	buf_span(&r->of, span_trim(key));
	buf_span(&r->mail, span_trim(mail));
}

/* The comment counts for the object that it names. */
static void add_comment(struct reading *r)
{
	struct span key = span_trim(buf_text(&r->o.slot[RPSL_KEY]));
	struct span of = buf_text(&r->of);

	if (!r->of.len || r->o.slot[RPSL_MAIL].len)
		return;
	if (span_len(of) == span_len(key) && strncasecmp(of.p, key.p, span_len(of)) == 0)
		buf_span(&r->o.slot[RPSL_MAIL], buf_text(&r->mail));
}

static bool slots_ok(const struct rpsl_object *o)
{
	for (unsigned i = 0; i < RPSL_SLOT_N; i++)
		if (!buf_ok(&o->slot[i]))
			return false;
	return true;
}

static int object_end(struct reading *r)
{
	const struct class *class = r->class;

	r->class = NULL;
	if (!class)
		return 0;
	if (class->told)
		add_comment(r);
	if (!slots_ok(&r->o) || !buf_ok(&r->of) || !buf_ok(&r->mail))
		return -ENOMEM;
	if (r->broken)
		fact_refuse(r->to, r->o.line, r->broken);
	else if (class->leave)
		fact_leave(r->to, r->o.line, class->leave);
	else
		return class->make(&r->o, r->to);
	return 0;
}

/* --- lines ------------------------------------------------------------------------------------------- */

static void attribute(struct reading *r, struct span text, uint64_t number)
{
	bool first = !r->class;
	struct span name;

	if (first)
		object_begin(r, number);
	r->now = NULL;
	if (!name_cut(&text, &name)) {
		if (!r->class->leave || first)
			r->broken = "a line is no attribute";
		return;
	}
	if (first || r->class == &no_class_yet) {
		const struct class *class = class_of(name);

		if (class) {
			r->class = class;
			r->now = class->make == rpsl_role ? &name_key_attribute : &key_attribute;
		} else if (first && name_is(name, "nic-hdl")) {
			r->class = &no_class_yet;
		}
	}
	if (!r->now)
		r->now = attribute_of(name);
	if (r->class->leave && r->class != &no_class_yet)
		r->now = NULL;
	if (r->now)
		add(r, text, false);
	else if (!r->class->leave)
		aside(&r->o, name, text);
}

static int line_read(struct reading *r, const struct line *line)
{
	struct span text = line->text;

	if (line->number == 1 && span_starts(text, "\xef\xbb\xbf"))
		text.p += 3;
	if (span_empty(span_trim(text)))
		return object_end(r);
	if (*text.p == '%')
		comment(r, text);
	if (*text.p == '%' || *text.p == '#')
		return 0;
	if (r->class && (*text.p == ' ' || *text.p == '\t' || *text.p == '+')) {
		text.p++;
		if (r->now)
			add(r, text, true);
	} else {
		attribute(r, text, line->number);
	}
	if (line->cut && r->now && !r->now->text)
		r->broken = "an attribute is too long";
	return 0;
}

static int rpsl_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct reading r = { .to = to };
	struct line line;
	int code = fact_room_init(&r.o.room) ? 0 : -ENOMEM, got = 0;

	for (unsigned i = 0; i < RPSL_SLOT_N; i++)
		buf_init(&r.o.slot[i], FACT_ADDRESS_MAX);
	buf_init(&r.of, FACT_KEY_MAX);
	buf_init(&r.mail, FACT_TEXT_MAX);
	while (code == 0 && (got = input_line(in, &line, e)) > 0)
		code = line_read(&r, &line);
	if (code == 0 && got == 0)
		code = object_end(&r);
	for (unsigned i = 0; i < RPSL_SLOT_N; i++)
		buf_done(&r.o.slot[i]);
	buf_done(&r.of);
	buf_done(&r.mail);
	buf_done(&r.o.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code < 0 ? code : got;
}

/* The first line that is no comment names a class, known here or not but to RPSL. */
static bool rpsl_claims(struct span head)
{
	struct span line, name;

	if (span_starts(head, "\xef\xbb\xbf"))
		head.p += 3;
	while (!span_empty(head)) {
		(void)span_cut(&head, '\n', &line);
		if (span_empty(span_trim(line)) || *line.p == '%' || *line.p == '#')
			continue;
		return name_cut(&line, &name) && (class_of(name) || name_is(name, "nic-hdl"));
	}
	return false;
}

const struct fact_reader fact_reader_rpsl = {
	.name = "rpsl",
	.claims = rpsl_claims,
	.read = rpsl_read,
};
