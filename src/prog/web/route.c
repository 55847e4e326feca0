/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a path to a page. Static files come out of memory by their exact name: no path of a request
 * ever reaches the file system. */
#include "prog/web/site.h"
#include "prog/web/standing.h"

struct route {
	const char *path;
	void (*fn)(struct page *p);
};

static void static_file(struct page *p, const struct asset *a)
{
	p->reply->type = a->type;
	p->reply->keep = true;
	/* its address holds its version where a page of ours names it */
	p->reply->max_age_s = http_arg(p->target, "v").p ? 7 * DAY_S : 3600;
	buf_span(&p->reply->body, buf_text(&a->body));
}

static void picture(struct page *p)
{
	if (!p->site->map.len) {
		page_message(p, 404);
		return;
	}
	p->reply->type = "image/png";
	p->reply->keep = true;
	p->reply->max_age_s = 60;
	buf_span(&p->reply->body, buf_text(&p->site->map));
}

static void health(struct page *p)
{
	const struct site *s = p->site;

	p->reply->type = "text/plain; charset=utf-8";
	if (!s->view) {
		p->reply->status = 503;
		buf_str(&p->reply->body, "WARNING - nothing is published yet\n");
		return;
	}
	buf_fmt(&p->reply->body, "%s - generation %llu as of %lld\n", s->trouble ? "WARNING" : "OK",
	    (unsigned long long)s->view->meta.generation, (long long)s->view->meta.as_of_s);
}

static void robots(struct page *p)
{
	p->reply->type = "text/plain; charset=utf-8";
	p->reply->keep = true;
	buf_str(&p->reply->body, p->site->conf->web_public
				     ? "User-agent: *\nDisallow: /search\nDisallow: /api/\n"
				     : "User-agent: *\nDisallow: /\n");
}

static const struct route routes[] = {
	{ "/", page_home },
	{ "/search", page_search },
	{ "/about", page_about },
	{ "/flows", page_flows },
	{ "/api/v1/lookup", api_lookup },
	{ "/api/v1/top", api_top },
	{ "/map.png", picture },
	{ "/healthz", health },
	{ "/robots.txt", robots },
};

/* "/as/64500" is the page of as:64500. A name that is written in another way than ours is sent to
 * the one address that its page has. */
static bool entity_page(struct page *p)
{
	CLEANUP(buf_done) struct buf name = { .max = ENTITY_NAME_MAX };
	struct span rest = p->target->path, kind;
	enum entity_kind k;
	struct entity en;
	char canonical[ENTITY_NAME_MAX], path[ENTITY_PATH_MAX];

	rest.p++;
	if (!span_cut(&rest, '/', &kind) || entity_kind_parse(kind, &k) < 0)
		return false;
	buf_span(&name, kind);
	buf_byte(&name, ':');
	buf_span(&name, rest);
	if (!buf_ok(&name) || entity_parse(buf_text(&name), &en, NULL) < 0)
		return false;
	(void)entity_format(&en, canonical);
	if (!span_is(buf_text(&name), canonical)) {
		(void)entity_path(canonical, path);
		buf_str(&p->reply->location, path);
		p->reply->status = 301;
		p->reply->type = "text/plain; charset=utf-8";
		return true;
	}
	page_entity(p, &en);
	return true;
}

void site_answer(void *ctx, const struct http_request *rq, struct http_reply *reply)
{
	struct page p = { .site = ctx, .target = rq->target, .reply = reply };
	const struct site *s = p.site;

	if (rq->refused) {
		page_message(&p, rq->refused);
		return;
	}
	for (unsigned i = 0; i < NELEM(routes); i++) {
		if (!span_is(rq->target->path, routes[i].path))
			continue;
		routes[i].fn(&p);
		return;
	}
	for (unsigned i = 0; i < s->n_assets; i++) {
		if (!span_is(rq->target->path, s->assets[i].name))
			continue;
		static_file(&p, &s->assets[i]);
		return;
	}
	if (!flow_picture(&p) && !entity_page(&p))
		page_message(&p, 404);
}

bool site_news(void *ctx)
{
	const struct site *s = ctx;

	return standings_news(s->standings, clock_now_s(&s->clock));
}
