/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/site_db.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#include "publication/text.h"
#include "publication/sql_indexes.h"
#include "publication/sql_reputation.h"
#include "util/num.h"
#include "util/percent.h"

enum {
	META,
	ENTITY,
	PARENT,
	EVIDENCE,
	FACTOR,
	HISTORY,
	HOSTS,
	DECISION,
	TENURE,
	NAME,
	STATEMENT_N
};

static const char *const statements[STATEMENT_N] = {
	[META] = "INSERT OR REPLACE INTO meta VALUES(?,?)",
	[ENTITY] = "INSERT INTO entity(kind, name, title, asn, org, country, range_first, "
		   "range_last, announced, "
		   "announced_v6, hosts, events, first_day, last_day, expected, \"returning\", "
		   "arrivals, ratio, "
		   "low, high, score, grade, reason, \"groups\", rank) "
		   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
	[PARENT] = "INSERT OR IGNORE INTO parent VALUES(?,?)",
	[EVIDENCE] = "INSERT INTO evidence VALUES(?,?,?,?,?,?) "
		     "ON CONFLICT(entity, day, category, source) DO UPDATE SET "
		     "hosts = hosts + excluded.hosts, events = events + excluded.events",
	[FACTOR] = "INSERT INTO factor(entity, family, step, level, ratio, seen, expected, rate) "
		   "VALUES(?,?,?,?,?,?,?,?)",
	[HISTORY] =
	    "INSERT INTO history(entity, day, score, grade) VALUES(?,?,?,?) "
	    "ON CONFLICT(entity, day) DO UPDATE SET score = excluded.score, grade = excluded.grade",
	[HOSTS] = "INSERT INTO history(entity, day, hosts) VALUES(?,?,?) "
		  "ON CONFLICT(entity, day) DO UPDATE SET hosts = hosts + excluded.hosts",
	[DECISION] = "INSERT INTO decision VALUES(?,?,?,?,?,?)",
	[TENURE] = "INSERT INTO tenure(first, last, holder, from_day, to_day, reach) "
		   "VALUES(?,?,?,?,?,?)",
	[NAME] = "INSERT INTO name(title, entity, subject) VALUES(?,?,?)",
};

/* What was published on a day stays as it was. */
static const char older_sql[] =
    "INSERT INTO main.history(entity, day, score, grade) SELECT e.id, h.day, h.score, h.grade "
    "FROM older.history AS h JOIN older.entity AS p ON p.id = h.entity "
    "JOIN main.entity AS e ON e.name = p.name WHERE h.day >= ? AND h.day < ? AND h.score IS NOT "
    "NULL "
    "ON CONFLICT(entity, day) DO UPDATE SET score = excluded.score, grade = excluded.grade";

/* The rule of `onus top`: hosts, then events, then the name, numbers by their value. */
static const char rank_sql[] =
    "UPDATE entity SET rank = r.n FROM (SELECT id, row_number() OVER (PARTITION BY kind ORDER BY "
    "hosts DESC, events DESC, CASE kind WHEN 'as' THEN asn ELSE 0 END, range_first, name) AS n "
    "FROM entity) AS r WHERE r.id = entity.id;";

struct site_db {
	sqlite3 *sql;
	sqlite3_stmt *st[STATEMENT_N];
	char *path;
	struct addr reach; /* of the tenures so far */
	bool older;	   /* is attached */
};

static int trouble(struct site_db *db, struct err *e)
{
	int code = sqlite3_errcode(db->sql);

	return err_set(e,
	    code == SQLITE_NOMEM	? -ENOMEM
	    : code == SQLITE_CONSTRAINT ? -EEXIST
					: -EIO,
	    "%s: %s", db->path, sqlite3_errmsg(db->sql));
}

static int run(struct site_db *db, const char *sql, struct err *e)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : trouble(db, e);
}

/* attach_older - read-only and unlocked: publications never change. The name is part of a URI. */
static int attach_older(struct site_db *db, const char *older, struct err *e)
{
	CLEANUP(buf_done) struct buf uri;
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_NOMEM;
	char byte[3];

	buf_init(&uri, 65536);
	buf_str(&uri, "file:");
	for (const char *p = older; *p; p++)
		buf_put(&uri, byte, percent_byte(*p, "-._~/", byte));
	buf_str(&uri, "?mode=ro&immutable=1");
	if (buf_ok(&uri))
		rc = sqlite3_prepare_v2(db->sql, "ATTACH ? AS older", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, uri.p, (int)uri.len, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	(void)sqlite3_finalize(st); /* repeats the step's error */
	if (rc == SQLITE_DONE)
		rc = sqlite3_exec(db->sql,
		    "SELECT entity, day, score, grade FROM older.history LIMIT 1; "
		    "SELECT id, name FROM older.entity LIMIT 1",
		    NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return err_set(e, -EBADMSG, "%s: %s", older, sqlite3_errmsg(db->sql));
	db->older = true;
	return 0;
}

static int open_sql(struct site_db *db, const char *older, struct err *e)
{
	/* Nobody reads it before it is whole, and a killed writer starts anew: no journal, one sync. */
	static const char setup[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
				    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 8192; "
				    "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;";
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
	int r;

	if (access(db->path, F_OK) == 0)
		return err_set(e, -EEXIST, "%s: is there already", db->path);
	/* our paths do not begin with "file:", so the flag serves ATTACH only */
	if (sqlite3_open_v2(db->path, &db->sql, flags, NULL) != SQLITE_OK)
		return err_set(e, -EIO, "%s: cannot make: %s", db->path, sqlite3_errmsg(db->sql));
	r = run(db, setup, e);
	if (r == 0 && older)
		r = attach_older(db, older, e);
	if (r == 0)
		r = run(db, "BEGIN", e);
	if (r == 0)
		r = run(db, sql_reputation, e);
	for (unsigned i = 0; i < STATEMENT_N && r == 0; i++)
		if (sqlite3_prepare_v2(db->sql, statements[i], -1, &db->st[i], NULL) != SQLITE_OK)
			r = trouble(db, e);
	return r;
}

int site_db_new(const char *path, const char *older, struct site_db **ret, struct err *e)
{
	struct site_db *db = calloc(1, sizeof(*db));
	int r;

	if (!db || !(db->path = strdup(path))) {
		free(db);
		return err_set(e, -ENOMEM, "out of memory");
	}
	r = open_sql(db, older, e);
	if (r == 0)
		*ret = db;
	else
		(void)site_db_free(db);
	if (r == -EBADMSG)
		(void)unlink(path); /* so that the next call finds none */
	return r;
}

/* The version that the schema says. */
static int64_t version_now(void)
{
	static const char word[] = "user_version = ";
	const char *at = strstr(sql_reputation, word);
	struct span rest = span_str(at ? at + strlen(word) : ""), digits;
	uint64_t n = 0;

	(void)span_cut(&rest, ';', &digits);
	return num_u64(digits, INT32_MAX, &n) == 0 ? (int64_t)n : -1;
}

/* The first column of the first row, or -1. */
static int64_t ask(sqlite3 *sql, const char *question)
{
	sqlite3_stmt *st = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(sql, question, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st); /* only read */
	return n;
}

int64_t site_db_generation(const char *path)
{
	sqlite3 *sql = NULL;
	int64_t n = -1;

	if (sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    ask(sql, "PRAGMA user_version") == version_now())
		n = ask(sql, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'");
	(void)sqlite3_close(sql);
	return n;
}

static void close_sql(struct site_db *db)
{
	for (unsigned i = 0; i < STATEMENT_N; i++) {
		(void)sqlite3_finalize(
		    db->st[i]); /* repeats the last step's error, which was told */
		db->st[i] = NULL;
	}
	(void)sqlite3_close(db->sql); /* no statement is left that could keep it open */
	db->sql = NULL;
}

struct site_db *site_db_free(struct site_db *db)
{
	if (db) {
		close_sql(db);
		free(db->path);
		free(db);
	}
	return NULL;
}

/* --- binding ------------------------------------------------------------------------------------ */

/* struct row - a statement being filled from left to right; the first failure sticks */
struct row {
	struct site_db *db;
	sqlite3_stmt *st;
	int at, code;
};

static struct row row_of(struct site_db *db, int statement)
{
	return (struct row){ db, db->st[statement], 0, SQLITE_OK };
}

static void note(struct row *r, int code)
{
	if (r->code == SQLITE_OK)
		r->code = code;
}

static void bind_i64(struct row *r, int64_t v)
{
	note(r, sqlite3_bind_int64(r->st, ++r->at, v));
}

static void bind_u64(struct row *r, uint64_t v)
{
	bind_i64(r, (int64_t)MIN_OF(v, (uint64_t)INT64_MAX));
}

static void bind_real(struct row *r, double v)
{
	r->at++;
	if (isfinite(v)) /* else it stays NULL */
		note(r, sqlite3_bind_double(r->st, r->at, v));
}

static void bind_null(struct row *r)
{
	r->at++; /* bindings are cleared after each row */
}

/* bind_span - cleaned and cut; an empty one is NULL where null is true */
static void bind_span(struct row *r, struct span s, size_t max, bool null)
{
	char text[TEXT_MAX];
	size_t n = text_cut(s, MIN_OF(max, sizeof(text)), text);

	r->at++;
	if (n > 0 || !null)
		note(r, sqlite3_bind_text(r->st, r->at, text, (int)n, SQLITE_TRANSIENT));
}

static void bind_text(struct row *r, const char *s)
{
	note(r, sqlite3_bind_text(r->st, ++r->at, s, -1, SQLITE_TRANSIENT));
}

static void bind_addr(struct row *r, struct addr a)
{
	uint8_t b[16];

	addr_to_bytes(a, b);
	note(r, sqlite3_bind_blob(r->st, ++r->at, b, sizeof(b), SQLITE_TRANSIENT));
}

static void bind_grade(struct row *r, char grade)
{
	r->at++;
	if (grade)
		note(r, sqlite3_bind_text(r->st, r->at, &grade, 1, SQLITE_TRANSIENT));
}

static int put(struct row *r, struct err *e)
{
	int rc = 0;

	if (r->code != SQLITE_OK || sqlite3_step(r->st) != SQLITE_DONE)
		rc = trouble(r->db, e);
	(void)sqlite3_reset(r->st);	     /* repeats the step's error */
	(void)sqlite3_clear_bindings(r->st); /* cannot fail */
	return rc;
}

/* --- rows --------------------------------------------------------------------------------------- */

int site_db_meta(struct site_db *db, const char *key, struct span value, struct err *e)
{
	struct row r = row_of(db, META);

	bind_text(&r, key);
	bind_span(&r, value, TEXT_MAX, false);
	return put(&r, e);
}

int site_db_meta_i64(struct site_db *db, const char *key, int64_t value, struct err *e)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	return site_db_meta(db, key, span_str(text), e);
}

static void bind_range(struct row *r, const struct entity *en)
{
	if (en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX) {
		bind_addr(r, en->range.first);
		bind_addr(r, en->range.last);
	} else {
		bind_null(r);
		bind_null(r);
	}
}

static int put_decision(
    struct site_db *db, int64_t id, const struct standing_decision *d, struct err *e)
{
	struct row r = row_of(db, DECISION);

	bind_i64(&r, id);
	bind_text(&r, action_name(d->action));
	bind_text(&r, level_name(d->level));
	bind_i64(&r, d->since_s);
	bind_i64(&r, d->until_s);
	bind_span(&r, d->reason, DECISION_REASON_MAX, false);
	return put(&r, e);
}

int site_db_entity(
    struct site_db *db, const struct standing *s, struct span org, int64_t *ret_id, struct err *e)
{
	struct row r = row_of(db, ENTITY);
	char name[ENTITY_NAME_MAX];
	int64_t id;
	int rc;

	(void)entity_format(s->entity, name);
	bind_text(&r, entity_kind_name(s->entity->kind));
	bind_text(&r, name);
	bind_span(&r, s->title, STANDING_TITLE_MAX, false);
	if (s->asn)
		bind_i64(&r, s->asn);
	else
		bind_null(&r);
	bind_span(&r, org, ENTITY_NAME_MAX, true);
	bind_span(&r, span_str(s->country), 2, true);
	bind_range(&r, s->entity);
	bind_u64(&r, s->announced_v4);
	bind_u64(&r, s->announced_v6);
	bind_u64(&r, s->hosts);
	bind_u64(&r, s->events);
	bind_i64(&r, s->first_day);
	bind_i64(&r, s->last_day);
	bind_real(&r, s->scored ? s->expected : NAN);
	bind_real(&r, s->scored ? s->returning : NAN);
	bind_real(&r, s->scored ? s->arrivals : NAN);
	bind_real(&r, s->scored ? s->ratio : NAN);
	bind_real(&r, s->scored ? s->low : NAN);
	bind_real(&r, s->scored ? s->high : NAN);
	bind_real(&r, s->scored ? s->score : NAN);
	bind_grade(&r, s->scored ? s->grade : 0);
	bind_span(&r, s->grade && s->provisional ? SPAN("provisional") : s->reason,
	    STANDING_REASON_MAX, true);
	bind_i64(&r, s->groups);
	rc = put(&r, e);
	if (rc < 0)
		return rc;
	id = sqlite3_last_insert_rowid(db->sql);
	if (s->decision.level != LEVEL_CLEAR)
		rc = put_decision(db, id, &s->decision, e);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

int site_db_parent(struct site_db *db, int64_t child, int64_t parent, struct err *e)
{
	struct row r = row_of(db, PARENT);

	bind_i64(&r, child);
	bind_i64(&r, parent);
	return put(&r, e);
}

int site_db_evidence(struct site_db *db, const struct site_evidence *ev, struct err *e)
{
	struct row r = row_of(db, EVIDENCE);

	bind_i64(&r, ev->entity);
	bind_i64(&r, ev->day);
	bind_text(&r, category_name(ev->category));
	bind_span(&r, ev->source, TEXT_MAX, false);
	bind_u64(&r, ev->hosts);
	bind_u64(&r, ev->events);
	return put(&r, e);
}

int site_db_factor(struct site_db *db, const struct site_factor *f, struct err *e)
{
	struct row r = row_of(db, FACTOR);

	bind_i64(&r, f->entity);
	bind_text(&r, family_name(f->family));
	bind_i64(&r, f->step);
	bind_text(&r, f->level);
	bind_real(&r, f->ratio);
	bind_real(&r, f->seen);
	bind_real(&r, f->expected);
	bind_real(&r, f->rate);
	return put(&r, e);
}

int site_db_history(struct site_db *db, const struct site_history *h, struct err *e)
{
	struct row r = row_of(db, HISTORY);

	bind_i64(&r, h->entity);
	bind_i64(&r, h->day);
	bind_real(&r, h->score);
	bind_grade(&r, h->grade);
	return put(&r, e);
}

int site_db_history_hosts(
    struct site_db *db, int64_t entity, int32_t day, uint64_t hosts, struct err *e)
{
	struct row r = row_of(db, HOSTS);

	bind_i64(&r, entity);
	bind_i64(&r, day);
	bind_u64(&r, hosts);
	return put(&r, e);
}

int site_db_history_older(struct site_db *db, int32_t first_day, int32_t before_day, struct err *e)
{
	sqlite3_stmt *st;
	struct row r;
	int rc;

	if (!db->older)
		return 0;
	if (sqlite3_prepare_v2(db->sql, older_sql, -1, &st, NULL) != SQLITE_OK)
		return trouble(db, e);
	r = (struct row){ db, st, 0, SQLITE_OK };
	bind_i64(&r, first_day);
	bind_i64(&r, before_day);
	rc = put(&r, e);
	(void)sqlite3_finalize(st); /* put told the error */
	return rc;
}

int site_db_tenure(struct site_db *db, const struct site_tenure *t, struct err *e)
{
	struct row r = row_of(db, TENURE);

	if (addr_cmp(db->reach, t->range.last) < 0)
		db->reach = t->range.last;
	bind_addr(&r, t->range.first);
	bind_addr(&r, t->range.last);
	bind_span(&r, t->holder, ENTITY_HANDLE_MAX, false);
	bind_i64(&r, t->from_day);
	if (t->to_day)
		bind_i64(&r, t->to_day);
	else
		bind_null(&r);
	bind_addr(&r, db->reach);
	return put(&r, e);
}

int site_db_name(
    struct site_db *db, struct span title, int64_t id, const char *subject, struct err *e)
{
	struct row r = row_of(db, NAME);

	bind_span(&r, title, STANDING_TITLE_MAX, false);
	if (id)
		bind_i64(&r, id);
	else
		bind_null(&r);
	bind_text(&r, subject);
	return put(&r, e);
}

int site_db_finish(struct site_db *db, struct err *e)
{
	CLEANUP(close_fdp) int fd = -1;
	int r = run(db, rank_sql, e);

	if (r == 0)
		r = run(db, sql_indexes, e);
	if (r == 0)
		r = run(db, "COMMIT; PRAGMA optimize;", e);
	if (r < 0)
		return r;
	close_sql(db);
	fd = open(db->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_set(e, -errno, "%s: cannot sync: %m", db->path);
	return 0;
}
