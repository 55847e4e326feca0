/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of onus-web share: the publication at hand, templates and static files, and the
 * answers to requests. Markup stands in web/, never here. */
#ifndef ONUS_WEB_SITE_H
#define ONUS_WEB_SITE_H

#include "core/conf.h"
#include "core/entity_page.h"
#include "core/wishes.h"
#include "prog/web/view.h"
#include "svc/http.h"
#include "svc/template.h"
#include "util/clock.h"

#define ASSETS_MAX	32u
#define ASSET_BYTES_MAX (1u << 20)
#define MODEL_BYTES_MAX (8u << 20)
#define DAYS_SHOWN	90   /* of history */
#define QUESTION_MAX	200u /* bytes of what is searched for */

struct asset {
	char *name; /* "/static/onus.css" */
	const char *type;
	struct buf body;
};

struct site {
	struct conf *conf;
	struct clock clock;
	struct template_set *pages;
	struct asset assets[ASSETS_MAX];
	unsigned n_assets;
	char asset_version
	    [17]; /* of all assets together: in their addresses, so that they may be kept */
	struct view *view; /* NULL: nothing is published yet */
	struct buf map;	   /* the picture of the address space, a PNG; empty when there is none */
	struct wishes *wishes; /* what was looked up; NULL: it is not kept */
	struct standings
	    *standings;	     /* what is decided over addresses; NULL: not followed (in tests) */
	const char *trouble; /* why the newest publication is not shown, or NULL */
};

/* site_open - templates and static files of conf->web_root; when that does not exist, of the same
 * directory beside the program (a build tree, or another prefix). site_free returns NULL. */
MUST_USE int site_open(struct conf *conf, struct site **ret, struct err *e); /* borrows conf */
struct site *site_free(struct site *s);

/* site_answer - an http_fn; site_news - its http_news_fn */
void site_answer(void *ctx, const struct http_request *rq, struct http_reply *reply);
bool site_news(void *ctx);

/* ---- subjects: what a page is about ---- */

#define CHAIN_MAX 14u

/* struct subject - an entity and who answers for it, with and without evidence */
struct subject {
	struct row row;	     /* id 0 when nothing is reported about it */
	bool known;	     /* evidence or the registry knows it; addresses always */
	bool exact;	     /* without evidence, of a prefix: it is announced as just this */
	const char *special; /* "private", …: never scored; else NULL */
	struct row chain[CHAIN_MAX]; /* from itself up to its country */
	unsigned n_chain;
};

void subject_load(struct view *v, const struct entity *en, struct subject *ret);

/* ask - what somebody typed: an address, prefix, range, AS number or entity name
 * true with *ret; false when it can only be a name to search for. v may be NULL. */
bool ask(struct view *v, struct span question, struct entity *ret);

/* ask_words - a full-text expression for a name typed by somebody; false when no word is left */
bool ask_words(struct span question, struct buf *out);

/* ---- what is said about rows ---- */

void say_row(struct model *m, struct value *to, const struct row *row);
void say_site(const struct site *s, struct model *m);
void say_history(struct view *v, struct model *m, struct value *to, const struct row *row);
void say_spark(struct view *v, struct model *m, struct value *to, const struct row *row);
void say_evidence(struct view *v, struct model *m, struct value *to, const struct row *row);
void say_sum(struct view *v, struct model *m, struct value *to, const struct row *row);
void say_decisions(const struct site *s, struct model *m, struct value *to, const struct row *row);
const char *kind_word(enum entity_kind k, bool plural);

/* ---- pages and API; each fills the reply ---- */

struct page { /* what a handler gets */
	const struct site *site;
	const struct http_target *target;
	struct http_reply *reply;
	struct span rest; /* the path behind the route */
};
void page_home(struct page *p);
void page_search(struct page *p);
void page_entity(struct page *p, const struct entity *en);
void page_about(struct page *p);
void page_flows(struct page *p);
bool flow_picture(struct page *p); /* false: it is none */
void page_message(struct page *p, unsigned status);
void api_lookup(struct page *p);
void api_top(struct page *p);

/* page_render - site-wide values, then the template; the reply is 500 when that fails */
void page_render(struct page *p, const char *name, struct model *m);

/* map_draw - the picture: a Hilbert curve over IPv4, announced space and attackers
 * 512 × 512 PNG into out; leaves it empty when the view has no blocks. */
void map_draw(struct view *v, struct buf *out);

#endif
