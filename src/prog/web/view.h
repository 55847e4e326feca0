/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One publication, open for reading: reputation.sqlite of a directory under serve_dir, and the
 * registry beside it. Immutable; a new publication is a new view. Contract:
 * doc/contracts/reputation-sqlite.md. */
#ifndef ONUS_WEB_VIEW_H
#define ONUS_WEB_VIEW_H

#include <sqlite3.h>

#include "core/entity.h"
#include "holders/registry.h"
#include "prog/web/shared.h"
#include "util/clock.h"

#define TITLE_MAX  304u
#define REASON_MAX 504u

/* struct row - an entity there is evidence about */
struct row {
	int64_t id; /* 0: nothing is reported about it, and only kind, name and title are set */
	enum entity_kind kind;
	char name[ENTITY_NAME_MAX];
	char title[TITLE_MAX];
	uint32_t asn;		   /* 0 when not known */
	char org[ENTITY_NAME_MAX]; /* "" when not known */
	char country[3];	   /* "" when not known */
	uint64_t announced, announced_v6;
	uint64_t hosts, events;
	int32_t first_day, last_day;
	double expected, returning, arrivals, ratio;
	double low, high, score;
	bool scored;
	char grade; /* 'A' … 'F', 0 for none */
	char reason[REASON_MAX];
	uint32_t groups, rank;
};

/* struct meta - what a publication says of itself */
struct meta {
	uint64_t generation, groups, sources, days, events, hosts;
	int64_t created_s, as_of_s, registry_date_s;
	int32_t first_day;
	bool simulated, registry_stale, provisional;
	char formula[64], site_name[128], attribution[512];
};

struct view {
	sqlite3 *db;
	struct sqlite3_stmt **queries; /* by enum query */
	struct registry *registry;     /* that of shared; NULL when there is none */
	struct shared_registry *shared;
	struct meta meta;
	uint64_t count[ENTITY_KIND_N]; /* entities with evidence */
	char *dir;
	int budget; /* of the running query, see view.c */
};

enum query {
	QUERY_BY_NAME, /* ?1 name → row */
	QUERY_BY_ID,   /* ?1 id → row */
	QUERY_TOP,     /* ?1 kind ?2 limit → rows, most attackers first */
	QUERY_TOP_SCORE, /* ?1 kind ?2 limit → graded rows, worst first by the better end of the interval */
	QUERY_CHILDREN,	  /* ?1 id ?2 limit → rows */
	QUERY_N_CHILDREN, /* ?1 id → n */
	QUERY_WITHIN,	  /* ?1 first ?2 last ?3 limit → rows of blocks in a range */
	QUERY_N_WITHIN,	  /* ?1 first ?2 last → n */
	QUERY_PARENTS,	  /* ?1 id → rows */
	QUERY_EVIDENCE, /* ?1 id ?2 limit → day, category, source, hosts, events; newest first */
	QUERY_CATEGORIES, /* ?1 id → category, hosts (most on a day), events, first day, last day, days */
	QUERY_HISTORY,	 /* ?1 id ?2 from day → day, score, grade, hosts */
	QUERY_FACTORS,	 /* ?1 id → family, level, ratio, seen, expected, rate; steps in order */
	QUERY_DECISIONS, /* ?1 id ?2 now → action, level, since, until, reason */
	QUERY_NAMES,	 /* ?1 full-text expression ?2 limit → title, subject, row's id or NULL */
	QUERY_TENURE, /* ?1 address → range, holder, from day, to day, reach; the nearest first address first */
	QUERY_BLOCKS, /* → range_first, hosts of every block */
	QUERY_N
};

/* view_open - open DIR/reputation.sqlite and DIR/registry (else registry_file, which may be missing)
 * before  a view whose registry is taken over when the file is the same; may be NULL
 * Returns 0; -errno; -EBADMSG with what is wrong. */
MUST_USE int view_open(const char *dir, const char *registry_file, const struct view *before,
    struct view **ret, struct err *e);
struct view *view_free(struct view *v); /* NULL-safe, returns NULL */

/* view_query - a statement ready to bind and step; it is the view's. One at a time of a kind. NULL: of an older
 * publication, which has no such table (QUERY_TENURE) */
sqlite3_stmt *view_query(struct view *v, enum query q);

/* view_step - true for a row; false at the end, after an error, and when the query took too long */
bool view_step(sqlite3_stmt *s);

/* row_read - the columns of a row query */
void row_read(sqlite3_stmt *s, struct row *ret);

/* view_find - the row of a name; false when nothing is reported about it */
bool view_find(struct view *v, const char *name, struct row *ret);

/* column_text - a text column into a buffer, cut; "" for NULL */
void column_text(sqlite3_stmt *s, int column, char *to, size_t size);

#endif
