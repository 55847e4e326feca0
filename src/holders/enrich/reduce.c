/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader makes facts of an answer (its holder and contact first, then what it is about), and of these the
 * answer is made anew. */
#include "holders/enrich/reduce.h"

#include <errno.h>
#include <strings.h>

#include "holders/rdap.h"
#include "util/clock.h"
#include "util/jout.h"

/* struct party - a fact that waits for the one it belongs to; its texts are in a room of its own */
struct party {
	bool there;
	struct fact f;
	struct buf room;
};

struct reducing {
	const struct asked *asked;
	struct party org, contact;
	struct buf *out; /* lines */
	const char *refused, *left;
	bool other; /* a fact about something else than was asked for */
	bool taken;
	int bad;
};

/* --- one line out ------------------------------------------------------------------------------------- */

static void say(struct jout *j, const char *key, struct span s)
{
	if (!span_empty(s))
		jout_span(j, key, s);
}

static void say_event(struct jout *j, const char *action, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	if (time_s <= 0)
		return;
	utc_format(time_s, text);
	jout_object(j, NULL);
	jout_str(j, "eventAction", action);
	jout_str(j, "eventDate", text);
	jout_object_end(j);
}

/* What stands in every object; the registry is known by the name of its server. */
static void say_head(struct jout *j, const char *class, const struct fact *f)
{
	const char *host = rdap_host(f->source);

	jout_array(j, "rdapConformance");
	jout_str(j, NULL, "rdap_level_0");
	jout_array_end(j);
	jout_str(j, "objectClassName", class);
	jout_str(j, "port43", host ? host : "");
}

static void say_events(struct jout *j, const struct fact *f)
{
	if (f->created_s <= 0 && f->changed_s <= 0)
		return;
	jout_array(j, "events");
	say_event(j, "registration", f->created_s);
	say_event(j, "last changed", f->changed_s);
	jout_array_end(j);
}

static void say_text(struct jout *j, const char *name, struct span value)
{
	if (span_empty(value))
		return;
	jout_array(j, NULL);
	jout_str(j, NULL, name);
	jout_object(j, NULL);
	jout_object_end(j);
	jout_str(j, NULL, "text");
	jout_span(j, NULL, value);
	jout_array_end(j);
}

static void say_mail(struct jout *j, struct span mail)
{
	if (span_empty(mail))
		return;
	jout_array(j, NULL);
	jout_str(j, NULL, "email");
	jout_object(j, NULL);
	jout_str(j, "type", "abuse");
	jout_object_end(j);
	jout_str(j, NULL, "text");
	jout_span(j, NULL, mail);
	jout_array_end(j);
}

/* The reader takes the two characters '\' and 'n' for the end of a line: once made one, it stays one. */
static void say_label(struct jout *j, struct span s)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, FACT_ADDRESS_MAX + 1);
	for (const char *p = s.p; p < s.end; p++) {
		bool end = *p == '\\' && p + 1 < s.end && (p[1] == 'n' || p[1] == 'N');

		buf_byte(&b, end ? '\n' : *p);
		p += end;
	}
	j->out->bad |= b.bad;
	say(j, "label", buf_text(&b));
}

static void say_address(struct jout *j, const struct fact *f)
{
	if (span_empty(f->address) && !f->country[0])
		return;
	jout_array(j, NULL);
	jout_str(j, NULL, "adr");
	jout_object(j, NULL);
	if (!span_empty(f->address))
		say_label(j, f->address);
	say(j, "cc", span_str(f->country));
	jout_object_end(j);
	jout_str(j, NULL, "text");
	jout_array(j, NULL);
	jout_array_end(j);
	jout_array_end(j);
}

static void say_card(struct jout *j, const struct fact *f)
{
	jout_array(j, "vcardArray");
	jout_str(j, NULL, "vcard");
	jout_array(j, NULL);
	say_text(j, "fn", f->name);
	say_text(j, "kind", f->kind == FACT_ORG ? SPAN("org") : SPAN("group"));
	say_mail(j, f->mail);
	say_address(j, f);
	jout_array_end(j);
	jout_array_end(j);
}

/* The members of an entity; abuse: the handle of its contact, empty when it has none. */
static void say_entity(struct jout *j, const struct fact *f, struct span abuse)
{
	const struct fact contact = { .kind = FACT_CONTACT };

	say(j, "handle", f->handle);
	jout_array(j, "roles");
	jout_str(j, NULL, f->kind == FACT_ORG ? "registrant" : "abuse");
	jout_array_end(j);
	say_card(j, f);
	say_events(j, f);
	if (span_empty(abuse))
		return;
	jout_array(j, "entities");
	jout_object(j, NULL);
	say(j, "handle", abuse);
	jout_array(j, "roles");
	jout_str(j, NULL, "abuse");
	jout_array_end(j);
	say_card(j, &contact);
	jout_object_end(j);
	jout_array_end(j);
}

/* A holder's contact counts for its networks as well: where these have none, it is not told. */
static void say_parties(struct jout *j, const struct reducing *r)
{
	if (!r->org.there && !r->contact.there)
		return;
	jout_array(j, "entities");
	if (r->contact.there) {
		jout_object(j, NULL);
		say_entity(j, &r->contact.f, SPAN(""));
		jout_object_end(j);
	}
	if (r->org.there) {
		jout_object(j, NULL);
		say_entity(j, &r->org.f, r->contact.there ? r->org.f.abuse : SPAN(""));
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void say_ends(struct jout *j, const struct fact *f)
{
	char text[ADDR_TEXT_MAX];

	if (f->kind == FACT_AS) {
		jout_u64(j, "startAutnum", f->as[0]);
		jout_u64(j, "endAutnum", f->as[1]);
		return;
	}
	(void)addr_format(f->range.first, text);
	jout_str(j, "startAddress", text);
	(void)addr_format(f->range.last, text);
	jout_str(j, "endAddress", text);
}

static void say_resource(struct jout *j, const struct reducing *r, const struct fact *f)
{
	say_head(j, f->kind == FACT_AS ? "autnum" : "ip network", f);
	say(j, "handle", f->handle);
	say_ends(j, f);
	say(j, "name", f->name);
	say(j, "type", f->status);
	say(j, "country", span_str(f->country));
	say(j, "parentHandle", f->parent);
	say_events(j, f);
	if (!span_empty(f->descr)) {
		jout_array(j, "remarks");
		jout_object(j, NULL);
		jout_array(j, "description");
		jout_span(j, NULL, f->descr);
		jout_array_end(j);
		jout_object_end(j);
		jout_array_end(j);
	}
	say_parties(j, r);
}

/* f: a network or AS with its parties, or an entity by itself */
static int line_put(struct reducing *r, const struct fact *f)
{
	CLEANUP(buf_done) struct buf line;
	struct jout j;

	buf_init(&line, REDUCED_MAX);
	jout_init(&j, &line);
	jout_object(&j, NULL);
	if (f->kind == FACT_NETWORK || f->kind == FACT_AS) {
		say_resource(&j, r, f);
	} else {
		say_head(&j, "entity", f);
		say_entity(&j, f, f->kind == FACT_ORG ? f->abuse : SPAN(""));
	}
	jout_object_end(&j);
	if (!buf_ok(&line)) {
		r->refused = "an answer with too much text";
		return 0;
	}
	if (r->taken)
		buf_byte(r->out, '\n');
	buf_span(r->out, buf_text(&line));
	r->taken = true;
	return buf_ok(r->out) ? 0 : -ENOMEM;
}

/* --- facts in ----------------------------------------------------------------------------------------- */

static struct span copy(struct buf *room, struct span s)
{
	size_t at = room->len;

	buf_span(room, s);
	return buf_ok(room) ? span_of(room->p + at, span_len(s)) : SPAN("");
}

static int party_put(struct party *p, const struct fact *f)
{
	struct span *texts[] = { &p->f.source, &p->f.handle, &p->f.name, &p->f.abuse, &p->f.mail,
		&p->f.address };

	p->there = true;
	p->f = *f;
	buf_reset(&p->room);
	if (!buf_room(&p->room, FACT_ROOM_BYTES))
		return -ENOMEM;
	for (size_t i = 0; i < NELEM(texts); i++)
		*texts[i] = copy(&p->room, *texts[i]);
	return buf_ok(&p->room) ? 0 : -ENOMEM;
}

static bool is_asked(const struct asked *a, const struct fact *f)
{
	if (f->kind == FACT_NETWORK)
		return a->kind == ASKED_RANGE && range_has(f->range, a->range.first) &&
		       range_has(f->range, a->range.last) &&
		       addr_is_v4(f->range.first) == addr_is_v4(a->range.first);
	return a->kind == ASKED_AS && f->as[0] <= a->asn && a->asn <= f->as[1];
}

static int on_take(void *ctx, const struct fact *f)
{
	struct reducing *r = ctx;

	if (f->kind == FACT_ORG || f->kind == FACT_CONTACT)
		return party_put(f->kind == FACT_ORG ? &r->org : &r->contact, f);
	if (!is_asked(r->asked, f)) {
		r->other = true;
		return 0;
	}
	return r->taken ? 0 : line_put(r, f); /* of several that have it the first one */
}

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	struct reducing *r = ctx;

	(void)line; /* there is one */
	r->refused = why;
}

static void on_leave(void *ctx, uint64_t line, const char *why)
{
	struct reducing *r = ctx;

	(void)line; /* there is one */
	r->left = why;
}

/* An entity that was asked for by itself. */
static int entities_put(struct reducing *r)
{
	struct party *both[] = { &r->org, &r->contact };
	struct span asked = r->asked->handle;
	int code = 0;

	for (size_t i = 0; i < NELEM(both) && code == 0; i++) {
		struct span own = both[i]->f.handle;

		if (!both[i]->there)
			continue;
		if (span_len(own) != span_len(asked) ||
		    strncasecmp(own.p, asked.p, span_len(own)) != 0)
			r->other = true;
		else
			code = line_put(r, &both[i]->f);
	}
	return code;
}

static int reduce(struct reducing *r, const json_t *json)
{
	const struct fact_to to = { on_take, on_refuse, r, on_leave };
	bool entity = span_is(json_in_text(json, "objectClassName"), "entity");
	CLEANUP(buf_done) struct buf room;
	int code = fact_room_init(&room) ? 0 : -ENOMEM;

	if (code == 0)
		code = rdap_answer(json, 1, &room, &to);
	if (code == 0 && entity && r->asked->kind == ASKED_ENTITY)
		code = entities_put(r);
	return code;
}

int rdap_reduce(struct span text, const struct asked *asked, struct buf *out, const char **why)
{
	struct reducing r = { .asked = asked, .out = out };
	size_t before = out->len;
	json_t *json;
	int code = json_in(text, &json, why, NULL);

	if (code < 0)
		return code;
	buf_init(&r.org.room, FACT_ROOM_BYTES);
	buf_init(&r.contact.room, FACT_ROOM_BYTES);
	if (json_is_object(json))
		code = reduce(&r, json);
	else
		r.refused = "not an RDAP answer";
	json_decref(json);
	buf_done(&r.org.room);
	buf_done(&r.contact.room);
	if (code < 0) {
		out->len = before;
		return code;
	}
	if (r.taken)
		return 1;
	*why = r.refused ? r.refused : r.left ? r.left : "an answer to another question";
	return !r.refused && r.left && !r.other ? 0 : -EINVAL;
}
