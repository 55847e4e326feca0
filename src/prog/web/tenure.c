/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges around something that changed hands: who held them when, for its page and the API. */
#include <stdlib.h>

#include "prog/web/networks.h"

#define ROWS_MAX 32u /* shown; the nearest ranges first */

/* struct held - a row of the publication's table */
struct held {
	struct range range;
	char holder[ENTITY_HANDLE_MAX];
	int32_t from_day, to_day; /* to_day 0: still */
};

static bool column_addr(sqlite3_stmt *s, int column, struct addr *ret)
{
	const void *p = sqlite3_column_blob(s, column);

	if (!p || sqlite3_column_bytes(s, column) != 16)
		return false;
	*ret = addr_of_bytes(p);
	return true;
}

/* Of all ranges that hold all of one; how many. */
static unsigned held_around(struct view *v, struct range range, struct held ret[ROWS_MAX])
{
	sqlite3_stmt *s = view_query(v, QUERY_TENURE);
	struct addr reach = range.last;
	uint8_t first[16];
	unsigned n = 0;

	if (!s)
		return 0;
	addr_to_bytes(range.first, first);
	(void)sqlite3_bind_blob(s, 1, first, sizeof(first), SQLITE_STATIC);
	while (n < ROWS_MAX && view_step(s)) {
		struct held *to = &ret[n];

		if (!column_addr(s, 0, &to->range.first) || !column_addr(s, 1, &to->range.last) ||
		    !column_addr(s, 5, &reach) || addr_cmp(reach, range.last) < 0)
			break; /* nothing further down reaches so far */
		if (addr_cmp(to->range.last, range.last) < 0)
			continue;
		column_text(s, 2, to->holder, sizeof(to->holder));
		to->from_day = sqlite3_column_int(s, 3);
		to->to_day = sqlite3_column_int(s, 4);
		n++;
	}
	(void)sqlite3_reset(s);
	return n;
}

static bool same(struct range a, struct range b)
{
	return addr_eq(a.first, b.first) && addr_eq(a.last, b.last);
}

/* By his name, and with his page, where the registry of today knows him. */
static void say_party(
    struct model *m, struct value *to, const struct registry *r, const struct held *h)
{
	uint32_t at = r ? registry_find_holder(r, span_str(h->holder)) : REGISTRY_NONE;
	char name[ENTITY_NAME_MAX], url[ENTITY_PATH_MAX], day[UTC_TEXT_MAX];
	struct span called = SPAN("");
	uint32_t org = REGISTRY_NONE;

	if (at != REGISTRY_NONE) {
		called = registry_holder_at(r, at).name;
		org = registry_holder_at(r, at).org;
	}
	model_str(m, to, "handle", h->holder);
	if (span_empty(called))
		model_bool(m, to, "called", false);
	else
		model_span(m, to, "called", called);
	if (org == REGISTRY_NONE) {
		model_bool(m, to, "url", false);
	} else {
		(void)snprintf(
		    name, sizeof(name), "org:%.*s", SPAN_ARG(registry_org_at(r, org).handle));
		(void)entity_path(name, url);
		model_str(m, to, "url", url);
	}
	utc_format_day(h->to_day, day);
	model_str(m, to, "until", h->to_day ? day : NULL);
	utc_format_day(h->from_day, day);
	model_str(m, to, "since", day);
}

void say_tenure(struct view *v, struct model *m, struct value *to, struct range range)
{
	struct held *held = calloc(ROWS_MAX, sizeof(*held));
	struct value *list = NULL, *parties = NULL, *o;
	char text[RANGE_TEXT_MAX];
	unsigned n;

	if (!held)
		abort();
	n = held_around(v, range, held);
	if (n)
		list = model_list(m, model_object(m, to, "tenure"), "ranges");
	for (unsigned i = 0; i < n; i++) {
		if (i == 0 || !same(held[i].range, held[i - 1].range)) {
			o = model_object(m, list, NULL);
			(void)range_format(held[i].range, text);
			model_str(m, o, "range", text);
			parties = model_list(m, o, "parties");
		}
		say_party(m, model_object(m, parties, NULL), v->registry, &held[i]);
	}
	free(held);
}

void put_tenure(struct jout *j, struct view *v, struct range range)
{
	struct held *held = calloc(ROWS_MAX, sizeof(*held));
	char text[RANGE_TEXT_MAX];
	unsigned n;

	if (!held)
		abort();
	n = held_around(v, range, held);
	jout_array(j, "tenure");
	for (unsigned i = 0; i < n; i++) {
		jout_object(j, NULL);
		(void)range_format(held[i].range, text);
		jout_str(j, "range", text);
		jout_str(j, "holder", held[i].holder);
		utc_format_day(held[i].from_day, text);
		jout_str(j, "from", text);
		utc_format_day(held[i].to_day, text);
		jout_str(j, "to", held[i].to_day ? text : NULL);
		jout_object_end(j);
	}
	jout_array_end(j);
	free(held);
}
