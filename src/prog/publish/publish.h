/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-publish, its parts. One publication, in this order:
 *   verdicts.c  decisions in force                    hub → memory
 *   entities.c  every entity and where it stands      hub, registry → reputation, reputation.sqlite
 *   evidence.c  who was seen doing what on which day  hub → reputation.sqlite
 *   factors.c   why new attackers are expected there      hub, judge → reputation.sqlite
 *   lists.c     walls and decision lines              reputation → a file a format
 *   carve.c     who is left out of walls around more than a host  hub → memory, serve/carve-outs
 *   settings.c  what people have set               hub, configuration → serve/settings
 *   pages.c     what of it is for pages                    → reputation.sqlite
 *   make.c      all of it, signed and shown           → serve_dir, open_dir
 *   apart.c     the process that makes pages where they are large
 * All functions return 0 or a negative errno with a sentence in e. */
#ifndef ONUS_PROG_PUBLISH_PUBLISH_H
#define ONUS_PROG_PUBLISH_PUBLISH_H

#include <limits.h>

#include "core/conf.h"
#include "holders/live.h"
#include "ledger/hub_setting.h"
#include "prog/evidence/known.h"
#include "prog/evidence/transfers.h"
#include "prog/evidence/warrants.h"
#include "publication/reputation.h"
#include "publication/site_db.h"
#include "svc/daemon.h"
#include "util/hash.h"

/* --- what is in force --------------------------------------------------------------------------- */

/* struct verdict - every decision in force about one entity */
struct verdict {
	char name[ENTITY_NAME_MAX]; /* key */
	struct entity entity;
	struct standing_decision by_action[ACTION_N]; /* LEVEL_CLEAR: none; reasons are owned */
	const struct standing_decision *strongest;
	bool published;
	UT_hash_handle hh;
};

void verdicts_free(struct verdict **v);

/* --- what has a row ----------------------------------------------------------------------------- */

/* struct placed - an entity with a range: its row, and whether it may be given to everybody */
struct placed {
	struct addr first;
	int64_t id;
	uint32_t hosts;
	bool held; /* a source whose word is not ours to give away spoke of it */
};
struct placed_list {
	struct placed *v;
	size_t n, cap;
	bool sorted;
};
MUST_USE int placed_add(struct placed_list *l, struct addr first, int64_t id, uint64_t hosts);
/* placed_from - index of the first one at or after a; placed_find - the one at a, or NULL */
size_t placed_from(struct placed_list *l, struct addr a);
struct placed *placed_find(struct placed_list *l, struct addr a);

#define COUNTRIES (26u * 26u)

/* struct known - row numbers in reputation.sqlite; 0: none */
struct known {
	struct placed_list addrs, blocks, prefixes;
	int64_t *as, *org,
	    *net; /* by index in the registry; org goes on with those of transfers_org */
	int64_t country[COUNTRIES];
};

/* --- one publication ---------------------------------------------------------------------------- */

struct publishing {
	struct daemon *d;
	const struct conf *conf;
	struct hub *hub;
	const struct registry_live *registry;
	int64_t now_s;

	struct hub_run run; /* the scores' */
	struct hub_totals totals;
	struct publication_head head;
	int64_t settings_rev;
	struct settings settings; /* of the hub, with own_networks of the configuration */
	struct addrset never;	  /* that follows from them, now, as do … */
	struct warrants warrants;
	struct known_good *good; /* borrowed: it outlives the publication */
	struct addrset carved;	 /* serve/ alone */
	struct verdict *verdicts;
	struct transfers transfers;
	struct known known;
	bool apart;			      /* pages are made by another process */
	struct reputation_writer *reputation; /* NULL: pages alone are made */
	struct site_db *site;		      /* NULL where they are made apart */
	uint64_t entities, hosts, events, n_verdicts;
	unsigned sources, groups;
};

/* entities_write - all rows, into what there is of reputation and site; known is filled */
MUST_USE int entities_write(struct publishing *p, struct err *e);

/* entities_attribution - of a block: of its first host that anybody announces. Needs known.addrs. */
void entities_block_at(struct publishing *p, struct addr block, struct attribution *ret);
int64_t *known_country(struct known *k, const char *cc); /* NULL: no country */

/* entities_net - the row of the narrowest network that has one, from a network (REGISTRY_NONE: 0) on upwards */
int64_t entities_net(const struct publishing *p, uint32_t network);

/* evidence_write - days, categories and sources behind every row; marks what is held */
MUST_USE int evidence_write(struct publishing *p, struct err *e);

/* factors_write - the steps of the judge's chain to every AS, and to the blocks and prefixes with most hosts */
MUST_USE int factors_write(struct publishing *p, struct err *e);

/* verdicts_read - p->verdicts, by entity name; after settings_gather. Those that have ended, those that touch anything of
 * never, and those that nobody but an operator may decide and no warrant backs, are left out */
MUST_USE int verdicts_read(struct publishing *p, struct err *e);

/* settings_gather - settings, never and warrants, for forget to end; settings_write - the file, into dir */
MUST_USE int settings_gather(struct publishing *p, struct err *e);
MUST_USE int settings_write(const struct publishing *p, const char *dir, struct err *e);

/* carve_gather - p->carved; after verdicts_read. carve_write - the file, into dir */
MUST_USE int carve_gather(struct publishing *p, struct err *e);
MUST_USE int carve_write(const struct publishing *p, const char *dir, struct err *e);

/* space_write - publication/reach.h, into dir: of all that is decided in rep */
MUST_USE int space_write(
    const struct publishing *p, const struct reputation *rep, const char *dir, struct err *e);

/* lists_write - decisions and every export format into dir
 * open    leave out what is held
 * names   of the files, appended at *n (room for MANIFEST_FILES_MAX) */
MUST_USE int lists_write(struct publishing *p, const struct reputation *r, const char *dir,
    bool open, const char **names, unsigned *n, struct err *e);

/* pages_begin - p->site, empty, at path, with the histories of the current one; pages_end - what follows from entities and
 * evidence, and down to the disk */
#define PAGES_NAME "reputation.sqlite"
MUST_USE int pages_begin(struct publishing *p, const char *path, struct err *e);
MUST_USE int pages_end(struct publishing *p, struct err *e);

/* pages_large - are those of the current publication such that the next ones are to be made apart?
 * pages_take - the newer of those that were made apart and those of the current publication, by another name
 * pages_make - apart, where pages_take finds them */
bool pages_large(const struct conf *c);
MUST_USE int pages_take(struct publishing *p, const char *path, struct err *e);
MUST_USE int pages_make(struct publishing *p, struct err *e);

/* publish_make - read the newest run and publish it
 * Returns 1; 0 when there is no run to publish that fits the registry: e says what is awaited. */
MUST_USE int publish_make(struct publishing *p, struct err *e);
/* publish_pages - the same, but pages_make alone */
MUST_USE int publish_pages(struct publishing *p, struct err *e);

#endif
