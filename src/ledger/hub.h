/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hub: the SQL database that holds the ledger (what happened), and what is computed from it (runs,
 * scores, decisions); settings are in hub_setting.h. Schema and meaning of every column: doc/contracts/ledger.md.
 *
 * One struct hub is one connection and belongs to one thread. Every call that can fail returns 0 (or
 * what it says) or a negative errno with a sentence in e:
 *   -EAGAIN   another process holds the database: try again, nothing was changed
 *   -EIO      any other trouble of the database: try again later, nothing was changed; but of a commit whose
 *             connection was lost nobody knows: what was added before is to be added again, then it is found
 *   -EBADMSG  the database is no hub, or of a newer version
 * Callbacks return 0 to go on; anything else ends the walk and is what the walk returns. Rows handed to
 * callbacks, and the texts in them, are valid until the callback returns. A callback may read and write
 * through the same hub, but must not end a transaction that was open when the walk began. */
#ifndef ONUS_LEDGER_HUB_H
#define ONUS_LEDGER_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/batch.h"
#include "core/category.h"
#include "core/entity.h"
#include "core/event.h"
#include "net/addr.h"
#include "util/err.h"

struct hub;

enum hub_mode {
	HUB_READ,  /* must exist and be of this version; nothing is ever written */
	HUB_WRITE, /* made and migrated when needed */
};

/* hub_open - url is "sqlite:PATH", "postgresql:…" or "mysql:…" (the parameter `hub`; doc/hub.md) */
MUST_USE int hub_open(const char *url, enum hub_mode mode, struct hub **ret, struct err *e);
struct hub *hub_free(struct hub *h); /* NULL-safe, returns NULL; what was not committed is undone */

/* hub_begin … hub_commit - one write transaction around several calls; hub_rollback undoes it and is
 * harmless without one. Without them each call is a transaction of its own. They do not nest.
 * hub_read_begin … hub_read_end - one consistent view of the ledger for several reads; writers go on. */
MUST_USE int hub_begin(struct hub *h, struct err *e);
MUST_USE int hub_commit(struct hub *h, struct err *e);
void hub_rollback(struct hub *h);
MUST_USE int hub_read_begin(struct hub *h, struct err *e);
void hub_read_end(struct hub *h);

/* --- sources ------------------------------------------------------------------------------------ */

enum hub_source_kind { /* stored: never renumber */
	HUB_SOURCE_SENSOR = 0,
	HUB_SOURCE_REPORT = 1,
	HUB_SOURCE_LIST = 2,
	HUB_SOURCE_ANALYSIS = 3,
	HUB_SOURCE_KIND_N
};
extern const char *const hub_source_kind_name[HUB_SOURCE_KIND_N]; /* "sensor" … */

#define HUB_NEWCOMER_TRUST 0.1
struct hub_source {
	int32_t id;
	const char *name; /* at most EVENT_SOURCE_MAX bytes */
	enum hub_source_kind kind;
	bool anchor; /* a source of one's own */
	bool redistribute;
	const char *group; /* of sources that are not independent; today's, from source_rev */
	double trust;	   /* 0-1; today's */
	int32_t first_day; /* of its first event, or of its first mention in the configuration */
};

/* hub_source_set - make a source, or bring it up to date
 * s->id and s->first_day are ignored. A change of group or trust is appended to source_rev under day.
 * A source that appears in events without ever being set is a newcomer: kind list, no anchor, group =
 * its own name, trust 0.1 (scoring.md A1). */
MUST_USE int hub_source_set(
    struct hub *h, const struct hub_source *s, int32_t day, int32_t *ret_id, struct err *e);
typedef int hub_source_fn(void *ctx, const struct hub_source *s);
MUST_USE int hub_each_source(
    struct hub *h, hub_source_fn *fn, void *ctx, struct err *e); /* by id */

/* hub_each_source_rev - the history of group and trust, by source, then day; id, group, trust and
 * first_day (= the day of the change) are set */
MUST_USE int hub_each_source_rev(struct hub *h, hub_source_fn *fn, void *ctx, struct err *e);

/* --- the ledger --------------------------------------------------------------------------------- */

/* struct hub_folded - what one fold did */
struct hub_folded {
	uint64_t batches;    /* folded now */
	uint64_t duplicates; /* known already: nothing was counted again */
	uint64_t lines;	     /* event lines accepted */
	uint64_t refused;    /* lines refused here, plus what the producer says it refused */
	uint64_t rows;	     /* ledger rows written */
};

/* hub_fold_batch - count one checked batch, exactly once, in one transaction
 * now_s    events later than a day after it, or before 1990, are refused; it is also the batch's time of receipt
 * ret      may be NULL; figures are added to it
 * Returns 1; 0 when this batch (host, producer, sequence) was folded before. */
MUST_USE int hub_fold_batch(
    struct hub *h, const struct batch *b, int64_t now_s, struct hub_folded *ret, struct err *e);

/* hub_fold_add, hub_fold_commit - the same for several batches in one transaction: add collects in
 * memory (borrows nothing from b afterwards) and returns 1 or 0 as above (1 with a sentence in e when it
 * refused lines, else e is left alone); commit writes all or nothing.
 * After a negative return of either, everything added since the last commit is forgotten: add it again. */
MUST_USE int hub_fold_add(struct hub *h, const struct batch *b, int64_t now_s, struct err *e);
MUST_USE int hub_fold_commit(struct hub *h, struct hub_folded *ret, struct err *e);

/* hub_fold_full - as much is added as belongs into one transaction: many batches while they say the same again and again,
 * which costs little memory, fewer where every line is another's; a bound of memory and of how long others wait */
#define HUB_FOLD_BATCHES 256u
bool hub_fold_full(const struct hub *h);

/* hub_newest_batch - the highest sequence folded of a producer; 0 when none */
MUST_USE int hub_newest_batch(
    struct hub *h, const char *host, const char *producer, uint64_t *ret, struct err *e);

#define HUB_HOUR_DAY 255 /* hour of a row that was rolled up to its day */

struct hub_ledger_row {
	int32_t day;	       /* since 1970-01-01, UTC */
	uint8_t hour;	       /* 0-23, or HUB_HOUR_DAY */
	struct prefix subject; /* a host, or a listed prefix (event.h) */
	enum category category;
	enum proof proof;
	int32_t source;	     /* id */
	const char *service; /* "" when not known */
	uint64_t count;
};
typedef int hub_ledger_fn(void *ctx, const struct hub_ledger_row *row);

/* hub_each_ledger - rows of days first_day … last_day (both included), ordered by address, prefix
 * length, day, then the rest of the key
 * within   only subjects whose first address lies in it; NULL: all */
MUST_USE int hub_each_ledger(struct hub *h, int32_t first_day, int32_t last_day,
    const struct range *within, hub_ledger_fn *fn, void *ctx, struct err *e);

/* hub_scan_ledger - the same rows in any order, which is quicker */
MUST_USE int hub_scan_ledger(struct hub *h, int32_t first_day, int32_t last_day, hub_ledger_fn *fn,
    void *ctx, struct err *e);

/* hub_newest_hour - of a day in which an anchor saw something with full proof within a range (but abuse-of-service and
 * what is not scored); -1: in none that the ledger still knows */
MUST_USE int hub_newest_hour(
    struct hub *h, int32_t day, struct range within, int *ret, struct err *e);

/* hub_each_change - what batches with numbers above `after` (hub_cursor) have added to the ledger: rows
 * without hour and service, whose counts are to be added to what was there
 * Returns 0; 1, and nothing was told: some of that is forgotten, only the ledger has it all; -errno.
 * hub_change_forget - nobody asks for changes of batches up to that number any more */
MUST_USE int hub_each_change(
    struct hub *h, int64_t after, hub_ledger_fn *fn, void *ctx, struct err *e);
MUST_USE int hub_change_forget(struct hub *h, int64_t upto, struct err *e);

/* hub_batch_mark - what tells batch number n of this hub from number n of another; "" when there is none */
#define HUB_MARK_MAX 512u
MUST_USE int hub_batch_mark(struct hub *h, int64_t n, char ret[HUB_MARK_MAX], struct err *e);

/* struct hub_evidence - a sample behind a ledger line; its detail never leaves the hub's host */
struct hub_evidence {
	int32_t day;
	struct prefix subject;
	enum category category;
	int32_t source;
	uint8_t n; /* 0-2 */
	int64_t time_s;
	const char *service;
	uint8_t digest[16]; /* BLAKE2b-128 of the event line */
	struct span detail;
};
typedef int hub_evidence_fn(void *ctx, const struct hub_evidence *ev);
MUST_USE int hub_each_evidence(struct hub *h, int32_t first_day, int32_t last_day,
    const struct range *within, hub_evidence_fn *fn, void *ctx, struct err *e);

struct hub_totals {
	uint64_t events; /* sum of counts */
	uint64_t rows;	 /* of the ledger */
	uint64_t hosts;	 /* distinct subjects */
	uint64_t batches, lines, refused;
	int32_t first_day, last_day; /* of the ledger; 0, -1 when it is empty */
	int64_t newest_s;	     /* receipt of the newest batch, 0 when none */
	int64_t cursor;		     /* number of the newest batch: what a run was computed from */
};
/* hub_totals - reads the whole ledger; hub_cursor - the last figure alone, at once */
MUST_USE int hub_totals(struct hub *h, struct hub_totals *ret, struct err *e);
MUST_USE int hub_cursor(struct hub *h, int64_t *ret, struct err *e);

/* hub_days - of the ledger's oldest and newest row; 0 when it is empty */
MUST_USE int hub_days(struct hub *h, int32_t *first, int32_t *last, struct err *e);

/* hub_last_day - of the ledger's newest row; 0 when it is empty */
MUST_USE int hub_last_day(struct hub *h, int32_t *ret, struct err *e);

/* struct hub_age - a round of what the ledger's growing old brings with it, and how far it has come. Zeroed, and
 * the three days set, it begins. */
struct hub_age {
	int32_t today;	   /* periods are made for it, and the next one */
	int32_t first_day; /* what is of days before it is forgotten */
	int32_t hours_day; /* rows of days before it lose their hours: one row a day */
	struct err
	    put_off;   /* text: why periods were not made or dropped; the ledger is whole without
			       them, another round tries again */
	uint64_t days; /* rolled up */
	unsigned stage, table; /* the rest is hub_age's own */
	int32_t day, rolled_day;
	int64_t batch;
	uint8_t from[16];
};

/* hub_age - one portion of it, in transactions that others wait for no longer than for a batch. Not within a
 * transaction. Counts are the same before, within and after it, wherever it is killed.
 * Returns 1 when there is more to do, 0 when the round is done. */
MUST_USE int hub_age(struct hub *h, struct hub_age *a, struct err *e);

/* --- runs, scores, decisions -------------------------------------------------------------------- */

#define HUB_FORMULA_MAX 64u /* bytes with NUL */

struct hub_run {
	int64_t id;   /* grows */
	int64_t at_s; /* the instant that was judged */
	char formula[HUB_FORMULA_MAX];
	char registry_sha[65]; /* hex, or "" */
	int64_t settings_rev;  /* hub_settings_rev when the ledger was read */
	int64_t batch_cursor;  /* hub_totals.cursor when the ledger was read */
};

/* hub_run_begin … hub_run_end - one run's scores and decisions, all or nothing (a transaction): a killed
 * run leaves no trace. Read and compute first, then begin, put, end: the loader waits in between.
 * begin sets run->id. hub_rollback gives a run up. */
MUST_USE int hub_run_begin(struct hub *h, struct hub_run *run, struct err *e);
MUST_USE int hub_run_end(struct hub *h, const struct hub_run *run, struct err *e);

/* hub_run_again - as hub_run_begin, for the newest run once more: its scores are added to and replaced, it is
 * of at_s and batch_cursor now. -EAGAIN when run->id is not the newest one. */
MUST_USE int hub_run_again(struct hub *h, const struct hub_run *run, struct err *e);

/* hub_newest_run - 1 with *ret, 0 when there is none */
MUST_USE int hub_newest_run(struct hub *h, struct hub_run *ret, struct err *e);

/* struct hub_run_age - a round of forgetting runs, and how far it has come. Zeroed, and the three bounds set, it begins. */
struct hub_run_age {
	unsigned keep; /* the newest so many stay as they are; */
	unsigned
	    days; /* of each earlier day the last one stays, for so many days before the newest run, */
	unsigned addr_days; /* and with the scores of addresses and blocks for so many */
	int64_t done;	    /* hub_run_forget's own: runs from this one on are as they are to be */
};

/* hub_run_forget - one portion of it, in a transaction of its own; newer runs come first. A run that is half forgotten
 * has its row still. Returns 1 when there is more to do, 0 when the round is done. */
MUST_USE int hub_run_forget(struct hub *h, struct hub_run_age *a, struct err *e);

#define HUB_FAMILY_ALL 255 /* the row over all families */

struct hub_score {
	struct span entity; /* its name (entity.h) */
	uint8_t family;	    /* enum family, or HUB_FAMILY_ALL */
	double m;	    /* expected attackers in the next 7 days (scoring.md A4) */
	double returning;   /* of them: seen before */
	double low, high;   /* of the score, 80 % */
	double score;	    /* 0-100 */
	char grade;	    /* 'A' … 'F', or 0: none */
	struct span
	    reason; /* why there is no grade, or what is said with it ("provisional"); may be empty */
	uint64_t size;		     /* announced units it was judged by */
	uint64_t hosts;		     /* distinct subjects with evidence */
	uint64_t events;	     /* sum of their counts in the window */
	uint32_t groups;	     /* independent groups that saw it */
	int32_t first_day, last_day; /* of its evidence; 0, -1 when there is none */
};
MUST_USE int hub_score_put(struct hub *h, int64_t run, const struct hub_score *s, struct err *e);
typedef int hub_score_fn(void *ctx, const struct hub_score *s);
MUST_USE int hub_each_score(struct hub *h, int64_t run, hub_score_fn *fn, void *ctx,
    struct err *e); /* by entity name, then family */

/* hub_each_score_of - the history of one entity, oldest run first */
typedef int hub_history_fn(void *ctx, const struct hub_run *run, const struct hub_score *s);
MUST_USE int hub_each_score_of(
    struct hub *h, struct span entity, hub_history_fn *fn, void *ctx, struct err *e);

/* struct hub_decision - what stands, or has ended and is not replaced yet; an entity has one */
struct hub_decision {
	struct span entity;
	struct span action; /* "tag", "greylist", "reject", "drop" */
	struct span level;  /* "clear", "watch", "friction", "block", "probation" */
	int64_t since_s, until_s;
	struct span reason;
	int64_t run;	 /* that made it */
	int32_t episode; /* which one of the entity's it is, or follows; 0: none */
};
/* hub_decision_put - one per (entity, action): a later one replaces it, when its transaction ends */
MUST_USE int hub_decision_put(struct hub *h, const struct hub_decision *d, struct err *e);
MUST_USE int hub_decision_drop(
    struct hub *h, struct span entity, struct span action, struct err *e);
typedef int hub_decision_fn(void *ctx, const struct hub_decision *d);
MUST_USE int hub_each_decision(
    struct hub *h, hub_decision_fn *fn, void *ctx, struct err *e); /* by entity, action */

/* struct hub_episode - the past of an entity (judge/decide.h: episode, after_s, clean_s), as long as it counts */
struct hub_episode {
	struct span entity;
	int32_t n;
	int64_t past_s, clean_s;
};
/* hub_episode_put - one per entity, as above */
MUST_USE int hub_episode_put(struct hub *h, const struct hub_episode *x, struct err *e);
MUST_USE int hub_episode_drop(struct hub *h, struct span entity, struct err *e);
typedef int hub_episode_fn(void *ctx, const struct hub_episode *x);
MUST_USE int hub_each_episode(
    struct hub *h, hub_episode_fn *fn, void *ctx, struct err *e); /* by entity */

/* --- notices and disputes ------------------------------------------------------------------------ */

enum hub_dispute_state { /* stored: never renumber */
	HUB_DISPUTE_OPEN = 0,
	HUB_DISPUTE_UPHELD =
	    1, /* its source could not show the record: the line is gone for good */
	HUB_DISPUTE_REJECTED = 2, /* it could */
	HUB_DISPUTE_STATE_N
};

/* struct hub_dispute - what an owner says against a line of evidence: the rows of one source about one subject,
 * in one category, on one day */
struct hub_dispute {
	uint8_t line_id[16]; /* keyed BLAKE2b-128 of day, address, length, category and source */
	int32_t day;
	struct prefix subject;
	enum category category;
	int32_t source; /* id */
	enum hub_dispute_state state;
	int64_t opened_s, due_s; /* due: when the source must have shown the record */
	int64_t closed_s;	 /* 0: open */
};
/* hub_dispute_put - a line has one dispute: a later one replaces it */
MUST_USE int hub_dispute_put(struct hub *h, const struct hub_dispute *d, struct err *e);
typedef int hub_dispute_fn(void *ctx, const struct hub_dispute *d);
MUST_USE int hub_each_dispute(struct hub *h, hub_dispute_fn *fn, void *ctx,
    struct err *e); /* by address, length, day, category, source */

enum hub_notice_state { /* stored: never renumber */
	HUB_NOTICE_NEW = 0,
	HUB_NOTICE_SENT = 1,
	HUB_NOTICE_FAILED = 2, /* the contact takes no mail: nobody was told */
	HUB_NOTICE_CLEAN = 3,  /* told, and silent since */
	HUB_NOTICE_STATE_N
};

/* struct hub_notice - what an owner was told of an entity */
struct hub_notice {
	int64_t id;		     /* 0: a new one */
	struct span entity, contact; /* its name (entity.h); mail address */
	enum hub_notice_state state;
	int64_t opened_s;
	int64_t sent_s,
	    closed_s;	/* 0: not yet. closed: the last day on which it was seen, if it is clean */
	uint32_t lines; /* of evidence that it showed */
};
MUST_USE int hub_notice_put(
    struct hub *h, const struct hub_notice *n, int64_t *ret_id, struct err *e);
typedef int hub_notice_fn(void *ctx, const struct hub_notice *n);
MUST_USE int hub_each_notice(
    struct hub *h, hub_notice_fn *fn, void *ctx, struct err *e); /* by id */

/* --- tenure --------------------------------------------------------------------------------------- */

/* struct hub_tenure - who held a range, from a day on and until another day, on which it was somebody else's */
struct hub_tenure {
	struct range range;
	struct span holder;	  /* SOURCE/HANDLE */
	int32_t from_day, to_day; /* to_day 0: he still does */
	struct span rule;	  /* by which it was concluded */
};
/* hub_tenure_put - one per range and from_day: a later one replaces it */
MUST_USE int hub_tenure_put(struct hub *h, const struct hub_tenure *t, struct err *e);
typedef int hub_tenure_fn(void *ctx, const struct hub_tenure *t);
MUST_USE int hub_each_tenure(struct hub *h, hub_tenure_fn *fn, void *ctx,
    struct err *e); /* by first address, the wider range first, then by from_day */

/* hub_each_tenure_at - of the ranges around an address, in the same order */
MUST_USE int hub_each_tenure_at(
    struct hub *h, struct addr a, hub_tenure_fn *fn, void *ctx, struct err *e);

#endif
