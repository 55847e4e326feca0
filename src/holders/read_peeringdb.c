/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What networks say of themselves in PeeringDB: which of them are one organisation's. A dump of everything
 * or what its API gives for one class of objects, as one JSON value, which need not have a line end:
 *   {"net": {"data": [{"id": 1, "org_id": 2, "asn": 64500, "name": "…", "status": "ok", …}, …], "meta": {}},
 *    "org": {"data": [{"id": 2, "name": "…", "country": "NL", "status": "ok", …}, …]}, "fac": …}
 *   {"data": [{…}, …], "meta": {}}
 * The value is walked through byte by byte; only the objects in those arrays are held and parsed, one at a time. Of
 * what is no network and no organisation (exchanges, buildings, contacts: persons are among those) not a byte is kept.
 * Source: PeeringDB's API documentation and schema (docs.peeringdb.com). No real dump has been read. */
#include <errno.h>

#include "holders/fact_text.h"
#include "holders/json_in.h"

#define SOURCE	     SPAN("PEERINGDB")
#define OBJECT_MAX   (1u << 18) /* bytes of one object: its notes may be long */
#define WALK_MAX     8u		/* arrays and objects around the objects that are taken */
#define KEY_MAX	     31u
#define NUMBER_BYTES 24u

enum what { OF_NONE, OF_NET, OF_ORG, OF_EITHER }; /* EITHER: the object itself has to tell */

struct level {
	bool object;
	char key[KEY_MAX + 1]; /* under which it stands in the object around it */
};

struct walk {
	const struct fact_to *to;
	struct buf room, object;
	struct level level[WALK_MAX];
	char key[KEY_MAX + 1], text[KEY_MAX + 1]; /* the last key; the string that is being read */
	size_t n_text;
	unsigned depth, inner; /* inner: brackets open within the object that is held */
	uint64_t line, begun;  /* where we are, and where the object began */
	bool in_text, escaped, held, too_large;
	enum what what;
	const char *end; /* why the walk cannot go on; NULL: it can */
};

/* --- one object ---------------------------------------------------------------------------------------- */

/* A member that is a number of at least 1. */
static bool number(const json_t *o, const char *key, json_int_t max, json_int_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > max)
		return false;
	*ret = json_integer_value(v);
	return true;
}

/* An answer of the API does not say of which class its objects are. */
static enum what what_of(const json_t *o)
{
	static const char *const others[] = { "org_id", "net_id", "fac_id", "ix_id", "ixlan_id" };

	if (json_object_get(o, "asn") && json_object_get(o, "org_id"))
		return json_object_get(o, "net_id") ? OF_NONE : OF_NET;
	for (size_t i = 0; i < NELEM(others); i++)
		if (json_object_get(o, others[i]))
			return OF_NONE;
	return json_object_get(o, "country") ? OF_ORG : OF_NONE;
}

static int told(struct walk *w, const json_t *o, enum what what)
{
	struct fact f = { .source = SOURCE, .line = w->begun };
	struct span status = json_in_text(o, "status");
	json_int_t asn = 0, org = 0;
	char id[NUMBER_BYTES];

	fact_room_reset(&w->room);
	if (!span_is(status, "ok")) {
		fact_leave(w->to, w->begun,
		    span_is(status, "deleted") ? "deleted" : "not said to be in force");
		return 0;
	}
	if (!number(o, what == OF_NET ? "org_id" : "id", INT64_MAX, &org)) {
		fact_refuse(w->to, w->begun, "no id of an organisation");
		return 0;
	}
	if (what == OF_NET && !number(o, "asn", UINT32_MAX, &asn)) {
		fact_refuse(w->to, w->begun, "not an AS number");
		return 0;
	}
	(void)snprintf(id, sizeof(id), "%lld", (long long)org); /* fits */
	f.name = fact_text(&w->room, json_in_text(o, "name"), FACT_TEXT_MAX);
	if (what == OF_NET) {
		f.kind = FACT_AS;
		f.as[0] = f.as[1] = (uint32_t)asn;
		f.org = span_str(id);
	} else {
		f.kind = FACT_ORG;
		f.handle = span_str(id);
		(void)fact_country(
		    json_in_text(o, "country"), f.country); /* not worth the record */
	}
	f.created_s = fact_date(json_in_text(o, "created"));
	f.changed_s = fact_date(json_in_text(o, "updated"));
	return w->to->take(w->to->ctx, &f);
}

static int object_end(struct walk *w)
{
	const char *why = "an object that is too large";
	enum what what;
	json_t *o;
	int r;

	w->held = false;
	r = w->too_large ? -EINVAL : json_in(buf_text(&w->object), &o, &why, NULL);
	if (r == -EINVAL) {
		fact_refuse(w->to, w->begun, why);
		return 0;
	}
	if (r < 0)
		return r;
	what = w->what == OF_EITHER ? what_of(o) : w->what;
	if (what == OF_NONE)
		fact_leave(w->to, w->begun, "neither a network nor an organisation");
	else
		r = told(w, o, what);
	json_decref(o);
	return r;
}

/* --- the walk ------------------------------------------------------------------------------------------ */

/* Of which class the objects in the array are that is open. */
static enum what class_here(const struct walk *w)
{
	const char *around;

	if (w->depth < 2 || w->level[w->depth - 1].object ||
	    strcmp(w->level[w->depth - 1].key, "data") != 0)
		return OF_NONE;
	around = w->level[w->depth - 2].key;
	return strcmp(around, "net") == 0   ? OF_NET
	       : strcmp(around, "org") == 0 ? OF_ORG
	       : *around == '\0'	    ? OF_EITHER
					    : OF_NONE;
}

static void open_bracket(struct walk *w, char c)
{
	struct level *l = &w->level[w->depth];
	enum what what = c == '{' ? class_here(w) : OF_NONE;

	if (what != OF_NONE) {
		w->held = true;
		w->too_large = false;
		w->what = what;
		w->inner = 1;
		w->begun = w->line;
		buf_reset(&w->object);
		buf_byte(&w->object, c);
		return;
	}
	if (w->depth == WALK_MAX) {
		/* of a class that is not looked at: how deep does not matter, but a walk is bounded */
		w->end = "JSON that is too deep";
		return;
	}
	l->object = c == '{';
	(void)memcpy(l->key, w->depth && w->level[w->depth - 1].object ? w->key : "",
	    w->depth && w->level[w->depth - 1].object ? sizeof(l->key) : 1);
	w->key[0] = '\0';
	w->depth++;
}

static void text_end(struct walk *w)
{
	w->in_text = false;
	w->text[MIN_OF(w->n_text, (size_t)KEY_MAX)] = '\0';
	if (w->n_text > KEY_MAX)
		w->text[0] = '\0'; /* no key that is looked for */
}

/* A byte outside the objects that are held. */
static void step(struct walk *w, char c)
{
	if (w->in_text) {
		if (c == '"' && !w->escaped) {
			text_end(w);
			return;
		}
		w->escaped = c == '\\' && !w->escaped;
		if (w->n_text < KEY_MAX)
			w->text[w->n_text] = c;
		w->n_text++;
		return;
	}
	switch (c) {
	case '"':
		w->in_text = true;
		w->escaped = false;
		w->n_text = 0;
		break;
	case ':':
		(void)memcpy(w->key, w->text, sizeof(w->key));
		break;
	case '{':
	case '[':
		open_bracket(w, c);
		break;
	case '}':
	case ']':
		if (w->depth == 0 || w->level[w->depth - 1].object != (c == '}'))
			w->end = "not JSON";
		else
			w->depth--;
		break;
	default:
		break; /* what lies between does not matter */
	}
}

/* A byte of an object that is held. */
static int held_step(struct walk *w, char c)
{
	if (w->object.len == OBJECT_MAX)
		w->too_large = true;
	else
		buf_byte(&w->object, c);
	if (w->in_text) {
		w->in_text = c != '"' || w->escaped;
		w->escaped = c == '\\' && !w->escaped;
		return 0;
	}
	if (c == '"') {
		w->in_text = true;
		w->escaped = false;
	} else if (c == '{' || c == '[') {
		w->inner++;
	} else if (c == '}' || c == ']') {
		w->inner--;
	}
	return w->inner == 0 ? object_end(w) : 0;
}

static int walk_bytes(struct walk *w, struct span s)
{
	int r = 0;

	for (const char *p = s.p; r == 0 && !w->end && p < s.end; p++) {
		w->line += *p == '\n';
		if (w->held)
			r = held_step(w, *p);
		else
			step(w, *p);
	}
	return r;
}

static int peeringdb_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct walk w = { .to = to, .line = 1 };
	struct span bytes;
	int code = fact_room_init(&w.room) ? 0 : -ENOMEM, got = 0;

	buf_init(&w.object, OBJECT_MAX);
	if (code == 0 && !buf_room(&w.object, OBJECT_MAX))
		code = -ENOMEM;
	while (code == 0 && !w.end && (got = input_bytes(in, &bytes, e)) > 0)
		code = walk_bytes(&w, bytes);
	if (code == 0 && got >= 0 && !w.end && (w.held || w.in_text || w.depth))
		w.end = "the file ends within its JSON";
	if (code == 0 && w.end)
		fact_refuse(to, w.line, w.end);
	buf_done(&w.object);
	buf_done(&w.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code < 0 ? code : MIN_OF(got, 0);
}

/* JSON with an array of data, and members that PeeringDB's objects have. */
static bool peeringdb_claims(struct span head)
{
	static const char *const members[] = { "\"org_id\"", "\"net_id\"", "\"fac_id\"",
		"\"ix_id\"", "\"as_set\"", "\"social_media\"" };

	head = span_trim(head);
	if (!span_starts(head, "{") || !memmem(head.p, span_len(head), "\"data\"", 6))
		return false;
	for (size_t i = 0; i < NELEM(members); i++)
		if (memmem(head.p, span_len(head), members[i], strlen(members[i])))
			return true;
	return false;
}

const struct fact_reader fact_reader_peeringdb = {
	.name = "peeringdb",
	.claims = peeringdb_claims,
	.read = peeringdb_read,
};
