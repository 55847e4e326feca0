/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/list_set.h"

#include <errno.h>
#include <jansson.h>

#include "intake/list.h"

static void refuse(struct list_set_refused *r, uint64_t line, const char *why)
{
	if (r->n++ == 0) {
		r->line = line;
		r->why = why;
	}
}

/* line: 0: it has none. form NULL: the text is the entry. 0: there was nothing to take. */
static int take(struct span text, const struct list_form *form, uint64_t line, struct addrset *s,
    struct list_set_refused *refused)
{
	char room[LIST_FORM_ROOM];
	const char *why = NULL;
	struct range r;
	uint32_t count;
	int got = form ? list_form_entry(form, text, room, &text, &why) : 1;

	if (got > 0)
		got = list_entry(text, &r, &count, &why);
	if (got < 0)
		refuse(refused, line, why);
	else if (got > 0 && addrset_add(s, r) < 0)
		abort();
	return got;
}

static int take_json(
    struct span text, struct addrset *s, struct list_set_refused *refused, struct err *e)
{
	json_error_t why;
	json_t *o = json_loadb(text.p, span_len(text), JSON_REJECT_DUPLICATES, &why);
	const json_t *list = json_is_object(o) ? json_object_get(o, "list") : NULL, *v;
	size_t i;
	int r = 0;

	if (!o)
		r = err_set(e, -EINVAL, "line %d: %s", why.line, why.text);
	else if (!json_is_array(list))
		r = err_set(
		    e, -EINVAL, "no warning list: it has no member \"list\" that is a list");
	else
		json_array_foreach(list, i, v)
		{
			if (json_is_string(v))
				(void)take(span_of(json_string_value(v), json_string_length(v)),
				    NULL, 0, s, refused);
			else
				refuse(refused, 0, "no text");
		}
	json_decref(o);
	return r;
}

/* Names of columns stand before all entries, and are nothing to be told of. */
static void take_lines(struct span text, const struct list_form *form, struct addrset *s,
    struct list_set_refused *refused)
{
	bool begun = form->layout == LIST_LINES || form->layout == LIST_JSON;
	uint64_t number = 0;
	struct span line;

	while (!span_empty(text)) {
		struct list_set_refused head = { 0 };

		(void)span_cut(&text, '\n', &line);
		if (take(line, form, ++number, s, begun ? refused : &head) != 0)
			begun = true;
	}
}

static int nothing(const struct list_set_refused *refused, struct err *e)
{
	if (refused->line)
		return err_set(e, -EINVAL, "line %ju: %s; no address in it",
		    (uintmax_t)refused->line, refused->why);
	return err_set(e, -EINVAL, "no address in it");
}

int list_set_parse(struct span text, const struct list_form *form, struct addrset *ret,
    struct list_set_refused *refused, struct err *e)
{
	struct addrset s = { .v = NULL };
	struct span whole = span_trim(text);
	int r = 0;

	*refused = (struct list_set_refused){ 0 };
	if (form->layout == LIST_LINES && span_starts(whole, "{"))
		r = take_json(whole, &s, refused, e);
	else
		take_lines(text, form, &s, refused);
	addrset_settle(&s);
	if (r == 0 && s.n == 0)
		r = nothing(refused, e);
	if (r < 0) {
		addrset_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}
