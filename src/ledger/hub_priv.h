/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hub's files share with each other. Internal to this room. */
#ifndef ONUS_LEDGER_HUB_PRIV_H
#define ONUS_LEDGER_HUB_PRIV_H

#include "ledger/db.h"
#include "ledger/db_bulk.h"
#include "ledger/hub.h"

/* A stranger's file must not fill the table of sources: what comes after these is one newcomer. */
#define HUB_SOURCES_MAX	    4096u
#define HUB_SOURCE_OVERFLOW "overflow"

/* Statements that are prepared once and kept; their text is in hub.c. */
enum hub_sql {
	SQL_SOURCE_FIND,
	SQL_SOURCE_COUNT,
	SQL_SOURCE_ADD,
	SQL_SOURCE_UPDATE,
	SQL_SOURCE_FIRST_DAY,
	SQL_REV_LAST,
	SQL_REV_ADD,
	SQL_BATCH_FIND,
	SQL_BATCH_LAST,
	SQL_BATCH_ADD,
	SQL_RUN_ADD,
	SQL_RUN_AGAIN,
	SQL_NEWEST_HOUR,
	SQL_DECISION_DROP,
	SQL_EPISODE_DROP,
	SQL_SETTING_GET,
	SQL_SETTING_PUT,
	SQL_SETTING_DROP,
	SQL_SETTING_REV,
	SQL_AUDIT_ADD,
	SQL_INBOX_HOST,
	SQL_INBOX_PRODUCER,
	SQL_INBOX_ROW,
	SQL_INBOX_DROP,
	SQL_INBOX_DEPTH,
	SQL_HOURS_PUT,
	SQL_N
};

/* Tables that take many rows at once; what they are is in hub_bulk.c. */
enum hub_bulk {
	BULK_LEDGER,	     /* day, addr, plen, category, source, proof, service, hour, count */
	BULK_EVIDENCE_COUNT, /* day, addr, plen, category, source */
	BULK_EVIDENCE,	     /* the same, n, time, service, digest, detail */
	BULK_CHANGE,	     /* n, day, addr, plen, category, source, proof, count */
	BULK_GOOD,	     /* day, addr, kind, source, count */
	BULK_SCORE,	     /* run, entity, family, and what hub_score_put gives */
	BULK_DECISION,	     /* entity, action, level, since, until, reason, run, episode */
	BULK_EPISODE,	     /* entity, n, past, clean */
	BULK_N
};

struct fold;
struct inbox;

struct hub {
	struct db *db;
	bool write;
	struct db_stmt *stmt[SQL_N];
	struct db_bulk *bulk[BULK_N]; /* NULL until it is used */
	struct fold *fold;	      /* NULL until the first hub_fold_add */
	struct inbox *inbox;	      /* NULL until the first hub_inbox_walk */
};

/* hub_stmt - one of the kept statements, reset */
MUST_USE int hub_stmt(struct hub *h, enum hub_sql which, struct db_stmt **ret, struct err *e);

/* hub_bulk - one of them, ready for the next row
 * hub_bulk_flush_all - before a commit: what was put is in the tables
 * hub_bulk_drop_all - with a rollback; hub_bulk_free_all - before the database is closed */
struct db_bulk *hub_bulk(struct hub *h, enum hub_bulk which);
MUST_USE int hub_bulk_flush_all(struct hub *h, struct err *e);
void hub_bulk_drop_all(struct hub *h);
void hub_bulk_free_all(struct hub *h);

/* hub_tx_begin, hub_tx_end - the transaction of one call: its own, or part of the caller's. End commits
 * when r is 0 or more, else undoes what is its own, and returns r or the trouble of committing. */
struct hub_tx {
	bool own;
};
MUST_USE int hub_tx_begin(struct hub *h, struct hub_tx *tx, struct err *e);
MUST_USE int hub_tx_end(struct hub *h, const struct hub_tx *tx, int r, struct err *e);

/* hub_number - the first column of the first row of a query without parameters, 0 where there is none */
MUST_USE int hub_number(struct hub *h, const char *sql, int64_t *ret, struct err *e);

/* hub_source_id - the id of a source, which is made as a newcomer when it is not known; its first_day
 * becomes day when that is earlier */
MUST_USE int hub_source_id(
    struct hub *h, struct span name, int32_t day, int32_t *ret, struct err *e);

/* hub_hours_note - batch number n has brought rows with hours of that day
 * hub_hours_again - the same of all rows that are there: after they were written without it. Both within a
 * transaction. */
MUST_USE int hub_hours_note(struct hub *h, int32_t day, int64_t n, struct err *e);
MUST_USE int hub_hours_again(struct hub *h, struct err *e);

struct fold *fold_free(struct fold *f);
struct inbox *inbox_free(struct inbox *x);

/* hub_fold_forget - what was added since the last commit, and what a commit said that was undone afterwards */
void hub_fold_forget(struct hub *h);

/* hub_read_line - day, addr, plen, category, source: columns that begin a row of ledger, evidence and change;
 * false when the row is not one of ours (a hand-made database) */
bool hub_read_line(struct db_stmt *s, int32_t *day, struct prefix *subject, enum category *category,
    int32_t *source);

static inline void db_stmt_free_p(struct db_stmt **s)
{
	*s = db_stmt_free(*s);
}

#endif
