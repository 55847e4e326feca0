/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing reputation.sqlite, which pages and the API read. Whole, once, then never again.
 * Contract: doc/contracts/reputation-sqlite.md. */
#ifndef ONUS_PUBLICATION_SITE_DB_H
#define ONUS_PUBLICATION_SITE_DB_H

#include "publication/standing.h"
#include "util/err.h"

struct site_db;

/* site_db_new - an empty database at path, which must not exist. What is not finished is worthless.
 * older    the same file of the publication before, whose history is carried over; or NULL
 * Returns 0; -EBADMSG when the older one cannot be used (try again without); -EEXIST; -EIO. */
MUST_USE int site_db_new(const char *path, const char *older, struct site_db **ret, struct err *e);
struct site_db *site_db_free(struct site_db *db); /* NULL-safe, returns NULL */

/* site_db_generation - what meta has; -1: it is none of this version */
int64_t site_db_generation(const char *path);

MUST_USE int site_db_meta(struct site_db *db, const char *key, struct span value, struct err *e);
MUST_USE int site_db_meta_i64(struct site_db *db, const char *key, int64_t value, struct err *e);

/* site_db_entity - one row, and its decision when it has one
 * org      entity name of the holder, empty when not known
 * ret_id   what the other tables call it; they count from 1 in the order of the calls */
MUST_USE int site_db_entity(
    struct site_db *db, const struct standing *s, struct span org, int64_t *ret_id, struct err *e);
MUST_USE int site_db_parent(struct site_db *db, int64_t child, int64_t parent, struct err *e);

struct site_evidence {
	int64_t entity;
	int32_t day;
	enum category category;
	struct span source;
	uint64_t hosts, events;
};
/* site_db_evidence - added to what was said of the same before */
MUST_USE int site_db_evidence(struct site_db *db, const struct site_evidence *ev, struct err *e);

/* struct site_factor - one step of the chain that leads to an entity, in one family */
struct site_factor {
	int64_t entity;
	enum family family;
	unsigned step;	   /* 1: the first below the world */
	const char *level; /* as in the contract */
	double ratio, seen, expected;
	double rate; /* new attackers per address (IPv6: per /48) and day, after this step */
};
MUST_USE int site_db_factor(struct site_db *db, const struct site_factor *f, struct err *e);

struct site_history {
	int64_t entity;
	int32_t day;
	double score;
	char grade; /* 0: none */
};
/* site_db_history - a second one for the same entity and day replaces score and grade */
MUST_USE int site_db_history(struct site_db *db, const struct site_history *h, struct err *e);

/* site_db_history_hosts - how many more hosts were seen that day, whatever was published then */
MUST_USE int site_db_history_hosts(
    struct site_db *db, int64_t entity, int32_t day, uint64_t hosts, struct err *e);

/* site_db_history_older - scores and grades of days from first_day on, before before_day, out of the
 * older database, for entities (by name) that were written by now */
MUST_USE int site_db_history_older(
    struct site_db *db, int32_t first_day, int32_t before_day, struct err *e);

/* struct site_tenure - who held a range from a day to another; to_day 0: he holds it still */
struct site_tenure {
	struct range range;
	struct span holder; /* SOURCE/HANDLE */
	int32_t from_day, to_day;
};
/* site_db_tenure - by the first address of their ranges, then the last one, downwards */
MUST_USE int site_db_tenure(struct site_db *db, const struct site_tenure *t, struct err *e);

/* site_db_name - an organisation or AS for full-text search; id 0: there is no evidence about it */
MUST_USE int site_db_name(
    struct site_db *db, struct span title, int64_t id, const char *subject, struct err *e);

/* site_db_finish - ranks, indexes, and down to the disk */
MUST_USE int site_db_finish(struct site_db *db, struct err *e);

#endif
