/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/networks.h"
#include "prog/web/wish.h"
#include "prog/web/site.h"
#include "prog/web/standing.h"

#include "util/log.h"
#include "util/num.h"

#define WORST_SHOWN    25
#define CHILDREN_SHOWN 20
#define RESULTS_SHOWN  50

static void free_model(struct model **m)
{
	(void)model_free(*m);
}

static struct model *model_for(const char *title)
{
	struct model *m = model_new(MODEL_BYTES_MAX);

	if (!m)
		abort();
	model_str(m, model_root(m), "page_title", title);
	return m;
}

void page_render(struct page *p, const char *name, struct model *m)
{
	struct err e = { "" };

	say_site(p->site, m);
	if (model_ok(m) &&
	    template_render(p->site->pages, name, model_root(m), &p->reply->body, &e) == 0)
		return;
	log_error("page %s: %s", name, e.text[0] ? e.text : "it needs more memory than is allowed");
	buf_reset(&p->reply->body);
	buf_str(&p->reply->body, "This page cannot be shown.\n");
	p->reply->type = "text/plain; charset=utf-8";
	p->reply->status = 500;
	p->reply->keep = false;
}

/* ---- home ---- */

struct order {
	const char *name; /* in ?by= */
	enum query query;
};
static const struct order orders[] = { { "attackers", QUERY_TOP }, { "score", QUERY_TOP_SCORE } };

static const enum entity_kind home_kinds[] = { ENTITY_ORG, ENTITY_AS, ENTITY_PREFIX, ENTITY_NET,
	ENTITY_BLOCK, ENTITY_ADDR, ENTITY_COUNTRY };

/* The choices above the table, each a link that keeps the other choice. */
static void say_choices(
    struct model *m, struct page *p, enum entity_kind kind, const struct order *order)
{
	struct value *root = model_root(m), *list = model_list(m, root, "kinds"), *o;

	for (unsigned i = 0; i < NELEM(home_kinds); i++) {
		if (!p->site->view->count[home_kinds[i]])
			continue;
		o = model_object(m, list, NULL);
		model_str(m, o, "kind", entity_kind_name(home_kinds[i]));
		model_str(m, o, "word", kind_word(home_kinds[i], true));
		model_bool(m, o, "chosen", home_kinds[i] == kind);
		model_str(m, o, "by", order->name);
	}
	list = model_list(m, root, "orders");
	for (unsigned i = 0; i < NELEM(orders); i++) {
		o = model_object(m, list, NULL);
		model_str(m, o, "by", orders[i].name);
		model_bool(m, o, "by_score", orders[i].query == QUERY_TOP_SCORE);
		model_bool(m, o, "chosen", &orders[i] == order);
		model_str(m, o, "kind", entity_kind_name(kind));
	}
	model_bool(m, root, "by_score", order->query == QUERY_TOP_SCORE);
	model_str(m, root, "kind_words", kind_word(kind, true));
	model_bool(m, root, "are_addresses", kind == ENTITY_ADDR);
}

static void say_worst(struct page *p, struct model *m, enum entity_kind kind, enum query query)
{
	struct view *v = p->site->view;
	struct value *list = model_list(m, model_root(m), "worst"), *o;
	struct row *rows = calloc(WORST_SHOWN, sizeof(*rows));
	sqlite3_stmt *s = view_query(v, query);
	unsigned n = 0;

	if (!rows)
		abort();
	(void)sqlite3_bind_text(s, 1, entity_kind_name(kind), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(s, 2, WORST_SHOWN);
	while (n < WORST_SHOWN && view_step(s))
		row_read(s, &rows[n++]);
	(void)sqlite3_reset(s);
	for (unsigned i = 0; i < n; i++) {
		o = model_object(m, list, NULL);
		say_row(m, o, &rows[i]);
		model_fmt(m, o, "place", "%u", i + 1);
		say_spark(v, m, o, &rows[i]);
	}
	free(rows);
}

void page_home(struct page *p)
{
	CLEANUP(free_model) struct model *m = model_for(NULL);
	enum entity_kind kind = ENTITY_ORG;
	const struct order *order = &orders[0];

	p->reply->keep = true;
	if (!p->site->view) {
		model_bool(m, model_root(m), "waits", true);
		page_render(p, "empty", m);
		return;
	}
	if (entity_kind_parse(http_arg(p->target, "kind"), &kind) < 0)
		kind = ENTITY_ORG;
	for (unsigned i = 0; i < NELEM(orders); i++)
		if (span_is(http_arg(p->target, "by"), orders[i].name))
			order = &orders[i];
	say_choices(m, p, kind, order);
	say_worst(p, m, kind, order->query);
	page_render(p, "home", m);
}

/* ---- search ---- */

static void redirect(struct page *p, const char *name, unsigned status)
{
	char path[ENTITY_PATH_MAX];

	(void)entity_path(name, path);
	buf_str(&p->reply->location, path);
	p->reply->status = status;
	p->reply->type = "text/plain; charset=utf-8";
}

struct hit {
	char title[TITLE_MAX], subject[ENTITY_NAME_MAX];
	int64_t id;
};

/* Names that differ by a comma are one organisation. */
static bool hit_before(const struct hit *hits, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(hits[i].subject, hits[n].subject) == 0)
			return true;
	return false;
}

static unsigned find_names(struct view *v, struct span words, struct hit *hits, unsigned max)
{
	sqlite3_stmt *s = view_query(v, QUERY_NAMES);
	unsigned n = 0;

	(void)sqlite3_bind_text(s, 1, words.p, (int)span_len(words), SQLITE_STATIC);
	(void)sqlite3_bind_int64(s, 2, max);
	while (n < max && view_step(s)) {
		column_text(s, 0, hits[n].title, sizeof(hits[n].title));
		column_text(s, 1, hits[n].subject, sizeof(hits[n].subject));
		hits[n].id = sqlite3_column_int64(s, 2);
		if (hits[n].subject[0] && !hit_before(hits, n))
			n++;
	}
	(void)sqlite3_reset(s);
	return n;
}

static void say_hit(struct view *v, struct model *m, struct value *list, const struct hit *hit)
{
	struct value *o = model_object(m, list, NULL);
	struct entity en;
	struct row row = { 0 };

	if (!hit->id || !view_find(v, hit->subject, &row)) {
		if (entity_parse(span_str(hit->subject), &en, NULL) == 0) {
			row.kind = en.kind;
			row.asn = en.asn;
		}
		(void)snprintf(row.name, sizeof(row.name), "%s", hit->subject);
		(void)snprintf(row.title, sizeof(row.title), "%s", hit->title);
	}
	say_row(m, o, &row);
}

static void search_names(struct page *p, struct model *m, struct span question)
{
	CLEANUP(buf_done) struct buf words;
	CLEANUP(free_p) struct hit *hits = calloc(RESULTS_SHOWN + 1, sizeof(*hits));
	struct value *list = model_list(m, model_root(m), "results");
	unsigned n = 0;

	if (!hits)
		abort();
	buf_init(&words, 4096);
	if (p->site->view && ask_words(question, &words))
		n = find_names(p->site->view, buf_text(&words), hits, RESULTS_SHOWN + 1);
	if (n == 1) {
		redirect(p, hits[0].subject, 302);
		return;
	}
	for (unsigned i = 0; i < n && i < RESULTS_SHOWN; i++)
		say_hit(p->site->view, m, list, &hits[i]);
	model_bool(m, model_root(m), "more", n > RESULTS_SHOWN);
	model_fmt(m, model_root(m), "shown", "%u", MIN_OF(n, RESULTS_SHOWN));
	page_render(p, "search", m);
}

void page_search(struct page *p)
{
	CLEANUP(free_model) struct model *m = model_for("Search");
	struct span q = http_arg(p->target, "q");
	struct entity en;
	char name[ENTITY_NAME_MAX];

	q = q.p ? span_trim(q) : (struct span){ "", "" };
	if (span_len(q) > QUESTION_MAX) {
		page_message(p, 400);
		return;
	}
	p->reply->keep = true;
	if (ask(p->site->view, q, &en)) {
		(void)entity_format(&en, name);
		redirect(p, name, 302);
		return;
	}
	model_span(m, model_root(m), "question", q);
	search_names(p, m, q);
}

/* ---- one entity ---- */

static void say_chain(struct model *m, const struct subject *s)
{
	struct value *list = model_list(m, model_root(m), "chain"), *o;
	struct value *answers = NULL;
	bool here;

	if (!s->row.id && s->n_chain > 1 && !s->special)
		answers = model_list(m, model_object(m, model_root(m), "above"), "rows");
	for (unsigned i = 0; i < s->n_chain; i++) {
		here = strcmp(s->chain[i].name, s->row.name) == 0;
		o = model_object(m, list, NULL);
		say_row(m, o, &s->chain[i]);
		model_bool(m, o, "here", here);
		if (answers && !here)
			say_row(m, model_object(m, answers, NULL), &s->chain[i]);
	}
}

/* A table of what lies below: the rows of a bound query, of all that there are. */
static bool say_below(struct page *p, struct model *m, sqlite3_stmt *s, uint64_t all)
{
	struct row *rows = calloc(CHILDREN_SHOWN, sizeof(*rows));
	struct value *below, *list, *o;
	unsigned n = 0;

	if (!rows)
		abort();
	while (n < CHILDREN_SHOWN && view_step(s))
		row_read(s, &rows[n++]);
	(void)sqlite3_reset(s);
	if (n) {
		all = MAX_OF(all, (uint64_t)n);
		below = model_object(m, model_root(m), "below");
		model_str(m, below, "kind_words", kind_word(rows[0].kind, all != 1));
		model_count(m, below, "all", all);
		model_bool(m, below, "cut", all > n);
		model_fmt(m, below, "shown", "%u", n);
		list = model_list(m, below, "rows");
		for (unsigned i = 0; i < n; i++) {
			o = model_object(m, list, NULL);
			say_row(m, o, &rows[i]);
			say_spark(p->site->view, m, o, &rows[i]);
		}
	}
	free(rows);
	return n > 0;
}

static uint64_t one_count(sqlite3_stmt *s)
{
	int64_t n = view_step(s) ? sqlite3_column_int64(s, 0) : 0;

	(void)sqlite3_reset(s);
	return n > 0 ? (uint64_t)n : 0;
}

static void say_children(struct page *p, struct model *m, const struct row *row)
{
	sqlite3_stmt *s = view_query(p->site->view, QUERY_N_CHILDREN);
	uint64_t all;

	(void)sqlite3_bind_int64(s, 1, row->id);
	all = one_count(s);
	s = view_query(p->site->view, QUERY_CHILDREN);
	(void)sqlite3_bind_int64(s, 1, row->id);
	(void)sqlite3_bind_int(s, 2, CHILDREN_SHOWN);
	(void)say_below(p, m, s, all);
}

/* A range that somebody typed and that is nobody's prefix: the blocks in it. */
static void say_inside(struct page *p, struct model *m, const struct entity *en)
{
	static const enum query queries[] = { QUERY_N_WITHIN, QUERY_WITHIN };
	uint8_t first[16], last[16];
	uint64_t all = 0;
	sqlite3_stmt *s;

	addr_to_bytes(en->range.first, first);
	addr_to_bytes(en->range.last, last);
	for (unsigned i = 0; i < NELEM(queries); i++) {
		s = view_query(p->site->view, queries[i]);
		(void)sqlite3_bind_blob(s, 1, first, sizeof(first), SQLITE_STATIC);
		(void)sqlite3_bind_blob(s, 2, last, sizeof(last), SQLITE_STATIC);
		if (queries[i] == QUERY_N_WITHIN) {
			all = one_count(s);
			continue;
		}
		(void)sqlite3_bind_int(s, 3, CHILDREN_SHOWN);
		model_bool(m, model_root(m), "inside", say_below(p, m, s, all));
		(void)view_query(p->site->view, queries[i]); /* forget the borrowed bounds */
	}
}

static void say_reported(struct page *p, struct model *m, const struct row *row)
{
	struct value *root = model_root(m);
	struct view *v = p->site->view;

	model_count(m, root, "of_all", v->count[row->kind]);
	model_str(m, root, "kind_words", kind_word(row->kind, true));
	model_bool(m, root, "one_host", row->kind == ENTITY_ADDR);
	model_bool(m, root, "reported_here", true);
	say_history(v, m, root, row);
	say_evidence(v, m, root, row);
	say_sum(v, m, root, row);
	say_decisions(p->site, m, root, row);
	say_children(p, m, row);
}

/* Of a network nothing is reported: the page of its range says whose it is. Else its own may be called otherwise, as
 * that of an organisation. */
static bool page_elsewhere(struct page *p, const struct entity *en, struct entity *is)
{
	char asked[ENTITY_NAME_MAX], name[ENTITY_NAME_MAX];

	*is = *en;
	if (en->kind != ENTITY_NET && en->kind != ENTITY_ORG)
		return false;
	(void)seat_network(p->site->view, is); /* the name tells */
	(void)seat_org(p->site->view, is);     /* as before */
	(void)entity_format(en, asked);
	(void)entity_format(is, name);
	if (strcmp(asked, name) == 0)
		return false;
	redirect(p, name, 302);
	return true;
}

void page_entity(struct page *p, const struct entity *asked)
{
	CLEANUP(free_model) struct model *m = NULL;
	CLEANUP(buf_done) struct buf query = { .max = HTTP_TARGET_MAX };
	CLEANUP(free_p) struct subject *s = calloc(1, sizeof(*s));
	struct entity is;
	const struct entity *en = &is;

	if (!s)
		abort();
	if (!p->site->view) {
		page_home(p);
		p->reply->status = 503;
		p->reply->keep = false;
		return;
	}
	if (page_elsewhere(p, asked, &is))
		return;
	subject_load(p->site->view, en, s);
	m = model_for(s->row.title);
	p->reply->keep =
	    s->row.id == 0; /* walls end by themselves: pages that show them are made anew */
	say_row(m, model_object(m, model_root(m), "it"), &s->row);
	http_escape(&query, span_str(s->row.name));
	model_span(m, model_root(m), "query", buf_text(&query));
	model_bool(m, model_root(m), "climbs", s->n_chain > 1);
	model_bool(m, model_root(m), "range_only",
	    !s->row.id && s->row.kind == ENTITY_PREFIX && !s->exact);
	model_str(m, model_root(m), "special", s->special);
	model_bool(m, model_root(m), "known", s->known);
	say_chain(m, s);
	say_answer(p->site->view, m, en, s);
	wish(p->site, en, s);
	if (en->kind == ENTITY_ADDR && standing_say(p->site, m, model_root(m), en->range.first))
		p->reply->keep = false;
	if (s->row.id)
		say_reported(p, m, &s->row);
	else if (s->known && s->row.kind == ENTITY_PREFIX)
		say_inside(p, m, en);
	else if (!s->known)
		p->reply->status = 404;
	page_render(p, "entity", m);
}

/* ---- the rest ---- */

void page_about(struct page *p)
{
	CLEANUP(free_model) struct model *m = model_for("How this works");

	p->reply->keep = true;
	page_render(p, "about", m);
}

struct message {
	unsigned status;
	const char *title;
};
static const struct message messages[] = {
	{ 400, "This request is not understood" },
	{ 404, "There is no such page" },
	{ 405, "Pages here are only read" },
	{ 413, "Pages here take no data" },
	{ 414, "This address is too long" },
};

void page_message(struct page *p, unsigned status)
{
	CLEANUP(free_model) struct model *m = NULL;
	const struct message *which = &messages[0];
	char flag[16];

	for (unsigned i = 0; i < NELEM(messages); i++)
		if (messages[i].status == status)
			which = &messages[i];
	m = model_for(which->title);
	(void)snprintf(flag, sizeof(flag), "is_%u", which->status);
	model_bool(m, model_root(m), flag, true);
	model_fmt(m, model_root(m), "status", "%u", which->status);
	p->reply->status = which->status;
	p->reply->keep = false;
	page_render(p, "message", m);
}
