/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same as JSON, under the names that `onus lookup --json` and `onus top --json` use. */
#include "holders/tell.h"
#include "prog/web/networks.h"
#include "prog/web/wish.h"
#include "prog/web/site.h"
#include "prog/web/standing.h"

#include "util/jout.h"
#include "util/num.h"

#define TOP_DEFAULT 50u
#define TOP_MAX	    1000u

static void api_error(struct page *p, unsigned status, const char *text)
{
	struct jout j;

	p->reply->status = status;
	p->reply->keep = false;
	jout_init(&j, &p->reply->body);
	jout_object(&j, NULL);
	jout_str(&j, "error", text);
	jout_object_end(&j);
	buf_byte(&p->reply->body, '\n');
}

static void put_day(struct jout *j, const char *key, int32_t day)
{
	char text[UTC_TEXT_MAX];

	utc_format_day(day, text);
	jout_str(j, key, text);
}

static void put_site(struct jout *j, const struct site *s)
{
	const struct meta *meta = &s->view->meta;
	char text[UTC_TEXT_MAX];

	utc_format(meta->as_of_s, text);
	jout_str(j, "as_of", text);
	jout_str(j, "site", meta->site_name);
	jout_u64(j, "groups", meta->groups);
	jout_u64(j, "days", meta->days);
	jout_bool(j, "simulated", meta->simulated);
	jout_bool(j, "private", !s->conf->web_public);
	jout_bool(j, "provisional", meta->provisional);
	jout_str(j, "formula", meta->formula);
	jout_u64(j, "generation", meta->generation);
	if (meta->registry_date_s > 0)
		put_day(j, "registry", day_of(meta->registry_date_s));
	else
		jout_null(j, "registry");
	jout_bool(j, "registry_stale", meta->registry_stale);
	jout_str(j, "attribution", meta->attribution);
}

static void put_score(struct jout *j, const struct row *row)
{
	char grade[2] = { row->grade, '\0' };

	if (row->scored) {
		jout_real(j, "score", row->score, 1);
		jout_real(j, "low", row->low, 1);
		jout_real(j, "high", row->high, 1);
	} else {
		jout_null(j, "score");
		jout_null(j, "low");
		jout_null(j, "high");
	}
	jout_str(j, "grade", row->grade ? grade : NULL);
}

static const struct row *level(const struct subject *s, enum entity_kind kind)
{
	for (unsigned i = 0; i < s->n_chain; i++)
		if (s->chain[i].kind == kind)
			return &s->chain[i];
	return NULL;
}

/* An address as it was asked for (IPv6: not its /64), else the entity's own; NULL when it is none. */
static const char *address_of(struct span question, const struct row *row, char ret[ADDR_TEXT_MAX])
{
	struct addr a;

	if (row->kind != ENTITY_ADDR)
		return NULL;
	if (addr_parse(span_trim(question), &a) < 0)
		return row->title;
	(void)addr_format(a, ret);
	return ret;
}

/* Addresses are given as asked; the prefix is the announced one. */
static void put_holder(struct jout *j, const struct subject *s, const struct row *asked)
{
	const struct row *prefix = level(s, ENTITY_PREFIX), *as = level(s, ENTITY_AS);
	const struct row *org = level(s, ENTITY_ORG), *country = level(s, ENTITY_COUNTRY);
	char number[16];

	jout_str(j, "prefix", prefix ? prefix->title : NULL);
	if (as)
		jout_u64(j, "asn", as->asn);
	else
		jout_null(j, "asn");
	(void)snprintf(number, sizeof(number), "AS%u", as ? as->asn : 0);
	jout_str(j, "as_name", as && strcmp(as->title, number) != 0 ? as->title : NULL);
	jout_str(j, "org", org ? org->title : NULL);
	jout_str(j, "org_handle", org ? org->name + strlen("org:") : NULL);
	jout_str(j, "country",
	    country		? country->title
	    : asked->country[0] ? asked->country
				: NULL);
}

static void put_reason(struct jout *j, const struct site *site, const struct subject *s)
{
	char text[REASON_MAX];

	if (s->special)
		(void)snprintf(text, sizeof(text), "%s address space is never scored", s->special);
	else if (!s->row.id && !s->known)
		(void)snprintf(text, sizeof(text), "not known to the registry");
	else if (!s->row.id && s->row.kind == ENTITY_PREFIX && !s->exact)
		(void)snprintf(text, sizeof(text), "not announced as one prefix");
	else if (!s->row.id)
		(void)snprintf(text, sizeof(text), "nothing reported in %llu days",
		    (unsigned long long)site->view->meta.days);
	else
		(void)snprintf(text, sizeof(text), "%s", s->row.reason);
	jout_str(j, "reason", text[0] ? text : NULL);
}

static void put_chain(struct jout *j, const struct subject *s)
{
	jout_array(j, "chain");
	for (unsigned i = 0; i < s->n_chain; i++) {
		jout_object(j, NULL);
		jout_str(j, "entity", s->chain[i].name);
		jout_str(j, "title", s->chain[i].title);
		put_score(j, &s->chain[i]);
		jout_object_end(j);
	}
	jout_array_end(j);
}

/* An IPv6 address is asked for as one host of its /64: networks may be narrower. */
static void put_networks(struct jout *j, struct view *v, struct span question,
    const struct entity *asked, const struct subject *s)
{
	struct entity en = *asked;
	struct seat seat;
	struct addr a;

	if (en.kind == ENTITY_ADDR && addr_parse(span_trim(question), &a) == 0)
		en.range = (struct range){ a, a };
	seat = seat_find(v, &en, s);
	if (v->registry && registry_n_rival(v->registry) && seat_ranged(&en))
		tell_origins(v->registry, en.range.first, j);
	if (v->registry && registry_n_as_said(v->registry) && en.kind == ENTITY_AS)
		tell_as_said(v->registry, seat.as, j);
	tell_json(v->registry, seat.network, seat.as, j);
	if (seat_ranged(&en))
		put_tenure(j, v, en.range);
}

static void put_lookup(
    struct page *p, struct span question, const struct entity *en, const struct subject *s)
{
	char address[ADDR_TEXT_MAX], path[ENTITY_PATH_MAX];
	struct jout j;

	(void)entity_path(s->row.name, path);
	jout_init(&j, &p->reply->body);
	jout_object(&j, NULL);
	jout_span(&j, "question", question);
	jout_str(&j, "entity", s->row.name);
	jout_str(&j, "title", s->row.title);
	jout_str(&j, "address", address_of(question, &s->row, address));
	put_holder(&j, s, &s->row);
	jout_str(&j, "special", s->special);
	put_score(&j, &s->row);
	put_reason(&j, p->site, s);
	jout_u64(&j, "hosts", s->row.hosts);
	jout_u64(&j, "events", s->row.events);
	if (s->row.id) {
		put_day(&j, "first", s->row.first_day);
		put_day(&j, "last", s->row.last_day);
		jout_u64(&j, "seen_by_groups", s->row.groups);
	} else {
		jout_null(&j, "first");
		jout_null(&j, "last");
		jout_u64(&j, "seen_by_groups", 0);
	}
	put_chain(&j, s);
	put_networks(&j, p->site->view, question, en, s);
	wish(p->site, en, s);
	if (en->kind == ENTITY_ADDR && standing_json(p->site, en->range.first, &j)) {
		p->reply->keep = false;
		p->reply->max_age_s = 0;
	}
	jout_str(&j, "page", path);
	put_site(&j, p->site);
	jout_object_end(&j);
	buf_byte(&p->reply->body, '\n');
}

static bool api_ready(struct page *p)
{
	p->reply->type = "application/json";
	p->reply->shared = true;
	p->reply->max_age_s = 60;
	p->reply->keep = true;
	if (p->site->view)
		return true;
	api_error(p, 503, "nothing is published yet");
	return false;
}

void api_lookup(struct page *p)
{
	CLEANUP(free_p) struct subject *s = calloc(1, sizeof(*s));
	struct span q = http_arg(p->target, "q");
	struct entity en;

	if (!s)
		abort();
	if (!api_ready(p))
		return;
	if (!q.p || span_empty(span_trim(q)) || span_len(q) > QUESTION_MAX) {
		api_error(p, 400, "ask with ?q=ADDRESS, PREFIX, AS number or entity name");
		return;
	}
	if (!ask(p->site->view, q, &en)) {
		api_error(p, 400,
		    "q is no address, prefix, AS number or entity name; for names use /search");
		return;
	}
	subject_load(p->site->view, &en, s);
	put_lookup(p, q, &en, s);
}

static void put_top_row(struct jout *j, struct view *v, const struct row *row)
{
	char text[REASON_MAX];
	struct row org;

	jout_object(j, NULL);
	jout_str(j, "entity", row->name);
	jout_str(j, "title", row->title);
	if (row->asn)
		jout_u64(j, "asn", row->asn);
	else
		jout_null(j, "asn");
	jout_str(j, "as_name", row->kind == ENTITY_AS ? row->title : NULL);
	if (row->kind == ENTITY_ORG)
		jout_str(j, "org", row->title);
	else
		jout_str(j, "org", row->org[0] && view_find(v, row->org, &org) ? org.title : NULL);
	jout_str(j, "country", row->country[0] ? row->country : NULL);
	jout_u64(j, "addresses", row->hosts);
	jout_u64(j, "events", row->events);
	jout_u64(j, "announced", row->announced);
	jout_u64(j, "announced_v6", row->announced_v6);
	if (row->announced)
		jout_real(j, "share", (double)row->hosts / (double)row->announced, 9);
	else
		jout_null(j, "share");
	put_score(j, row);
	(void)snprintf(text, sizeof(text), "%s", row->reason);
	jout_str(j, "reason", text[0] ? text : NULL);
	jout_u64(j, "seen_by_groups", row->groups);
	jout_u64(j, "rank", row->rank);
	jout_object_end(j);
}

void api_top(struct page *p)
{
	struct span kind_arg = http_arg(p->target, "kind"), n_arg = http_arg(p->target, "n");
	struct span by = http_arg(p->target, "by");
	bool by_score = span_is(by, "score");
	enum entity_kind kind = ENTITY_ORG;
	uint32_t n = TOP_DEFAULT;
	sqlite3_stmt *s;
	struct row row;
	struct jout j;

	if (!api_ready(p))
		return;
	if ((kind_arg.p && entity_kind_parse(kind_arg, &kind) < 0) ||
	    (n_arg.p && (num_u32(n_arg, TOP_MAX, &n) < 0 || n == 0)) ||
	    (by.p && !by_score && !span_is(by, "attackers"))) {
		api_error(p, 400,
		    "kind is org, as, prefix, net, block, addr or country; n is 1 to 1000; by is "
		    "attackers or "
		    "score");
		return;
	}
	jout_init(&j, &p->reply->body);
	jout_object(&j, NULL);
	jout_str(&j, "kind", entity_kind_name(kind));
	jout_str(&j, "by", by_score ? "score" : "attackers");
	put_site(&j, p->site);
	jout_array(&j, "rows");
	s = view_query(p->site->view, by_score ? QUERY_TOP_SCORE : QUERY_TOP);
	(void)sqlite3_bind_text(s, 1, entity_kind_name(kind), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(s, 2, n);
	while (view_step(s)) {
		row_read(s, &row);
		put_top_row(&j, p->site->view, &row);
	}
	(void)sqlite3_reset(s);
	jout_array_end(&j);
	jout_object_end(&j);
	buf_byte(&p->reply->body, '\n');
}
