/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of `onus registry enrich`: what to ask for, asking, and checking mailboxes. */
#ifndef ONUS_PROG_ONUS_ENRICH_H
#define ONUS_PROG_ONUS_ENRICH_H

#include "core/conf.h"
#include "holders/enrich/bootstrap.h"
#include "holders/enrich/cache.h"
#include "holders/enrich/reduce.h"
#include "holders/enrich/servers.h"
#include "holders/registry.h"
#include "svc/fetch.h"
#include "util/clock.h"

/* struct question - one on its way */
enum question_state { QUESTION_OPEN, QUESTION_ASKED, QUESTION_DONE };
struct question {
	char text[CACHE_QUESTION_MAX]; /* "ip/192.0.2.0/24", "autnum/64500", "entity/ARIN/GOGL" */
	char handle[CACHE_QUESTION_MAX];
	char url[FETCH_URL_MAX + 1];
	struct asked asked; /* its handle points to handle */
	enum question_state state;
	uint32_t server;
	unsigned hops;
};

/* struct enrich - one run; all but the counts is borrowed */
struct enrich {
	const struct conf *conf;
	const struct registry *registry; /* NULL: there is none */
	const struct bootstrap *bootstrap;
	struct cache *cache;
	struct servers *servers;
	const char *servers_path; /* where they are kept */
	struct clock clock;
	const char *program;	   /* of onus-fetch */
	const char *ca;		   /* or NULL */
	struct question *question; /* owned; enrich_done frees it */
	size_t n_question, question_cap;
	struct entity *entity; /* owned: those the questions are about, for their mailboxes */
	size_t n_entity, entity_cap;
	struct enrich_count {
		uint64_t entities, known, fresh, no_server, too_many; /* of what was wanted */
		uint64_t asked, kept, none, refused, failed, redirected, later;
		uint64_t mailboxes, mail_ok, mail_dead, mail_unsure;
	} count;
};
void enrich_done(struct enrich *x);

/* enrich_bootstrap - get those of IANA's lists that are missing in dir or older than a week; what cannot be had, or is no
 * such list, is told on stderr, and the old one stays. 0 or -errno (our own files). */
MUST_USE int enrich_bootstrap(const struct enrich *x, const char *dir, struct err *e);

/* enrich_plan_worst - questions about the n worst entities of each kind in the newest publication
 * Returns 0; -ENOENT when nothing is published; -errno. */
MUST_USE int enrich_plan_worst(struct enrich *x, unsigned n, struct err *e);

/* enrich_plan - questions about one entity: none where the registry file tells a holder and a contact, unless an
 * answer about it is kept and old; 0 or -ENOMEM */
MUST_USE int enrich_plan(struct enrich *x, const struct entity *en);

/* enrich_ask - ask all questions, each server at its pace; what is left when every server that is needed wants to be
 * left alone for longer than rdap_wait_s is counted as later
 * Returns 0; -errno when our own files or onus-fetch are the trouble: what came until then is kept. */
MUST_USE int enrich_ask(struct enrich *x, struct err *e);

/* enrich_mailboxes - check the abuse contacts of the entities, as the registry file and the answers tell them; at most
 * rdap_mailboxes that are due. 0 or -errno. */
MUST_USE int enrich_mailboxes(struct enrich *x, struct err *e);

#endif
