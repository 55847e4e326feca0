/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and migrating, transactions, sources. */
#include <errno.h>

#include "ledger/hub_priv.h"
#include "util/embedded.h"
#include "util/num.h"

extern const struct embedded sql_sqlite[], sql_mariadb[], sql_postgresql[];

static const struct {
	const char *engine;
	const struct embedded *files;
} migrations[] = {
	{ "sqlite", sql_sqlite },
	{ "mysql", sql_mariadb },
	{ "postgresql", sql_postgresql },
};

const char *const hub_source_kind_name[HUB_SOURCE_KIND_N] = { [HUB_SOURCE_SENSOR] = "sensor",
	[HUB_SOURCE_REPORT] = "report",
	[HUB_SOURCE_LIST] = "list",
	[HUB_SOURCE_ANALYSIS] = "analysis" };

static const char *const sql_text[] = {
	[SQL_SOURCE_FIND] = "SELECT id FROM source WHERE name = ?",
	[SQL_SOURCE_COUNT] = "SELECT count(*), coalesce(max(id), 0) FROM source",
	[SQL_SOURCE_ADD] = "INSERT INTO source (id, name, kind, anchor, first_day, redistribute) "
			   "VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_SOURCE_UPDATE] =
	    "UPDATE source SET kind = ?, anchor = ?, redistribute = ? WHERE id = ?",
	[SQL_SOURCE_FIRST_DAY] = "UPDATE source SET first_day = ? WHERE id = ? AND first_day > ?",
	[SQL_REV_LAST] =
	    "SELECT rev, grp, trust FROM source_rev WHERE source = ? ORDER BY rev DESC LIMIT 1",
	[SQL_REV_ADD] =
	    "INSERT INTO source_rev (source, rev, day, grp, trust) VALUES (?, ?, ?, ?, ?)",
	[SQL_BATCH_FIND] = "SELECT n FROM batch WHERE host = ? AND producer = ? AND seq = ?",
	[SQL_BATCH_LAST] = "SELECT coalesce(max(n), 0) FROM batch",
	[SQL_BATCH_ADD] =
	    "INSERT INTO batch (host, producer, seq, received, \"lines\", refused, events, n) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_RUN_ADD] =
	    "INSERT INTO run (id, at, formula, registry_sha, settings_rev, batch_cursor) "
	    "VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_RUN_AGAIN] = "UPDATE run SET at = ?, batch_cursor = ? WHERE id = ?",
	[SQL_NEWEST_HOUR] =
	    "SELECT l.category, max(l.hour) FROM ledger l JOIN source s ON s.id = l.source "
	    "WHERE l.day = ? AND l.addr >= ? AND l.addr <= ? AND l.hour < 24 AND l.proof = 0 AND "
	    "s.anchor = 1 GROUP BY l.category",
	[SQL_DECISION_DROP] = "DELETE FROM decision WHERE entity = ? AND action = ?",
	[SQL_EPISODE_DROP] = "DELETE FROM episode WHERE entity = ?",
	[SQL_SETTING_GET] = "SELECT value FROM setting WHERE name = ?",
	[SQL_SETTING_PUT] =
	    "INSERT INTO setting (name, value, rev) VALUES (?, ?, ?) "
	    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, rev = excluded.rev",
	[SQL_SETTING_DROP] = "DELETE FROM setting WHERE name = ?",
	[SQL_SETTING_REV] = "SELECT coalesce(max(id), 0) FROM audit",
	[SQL_AUDIT_ADD] = "INSERT INTO audit (id, at, who, name, old, new, why) "
			  "VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_INBOX_HOST] = "SELECT host FROM inbox WHERE host > ? ORDER BY host LIMIT 1",
	[SQL_INBOX_PRODUCER] = "SELECT producer FROM inbox WHERE host = ? AND producer > ? "
			       "ORDER BY producer LIMIT 1",
	[SQL_INBOX_ROW] = "SELECT seq, sent, received, bytes FROM inbox "
			  "WHERE host = ? AND producer = ? AND seq > ? ORDER BY seq LIMIT 1",
	[SQL_INBOX_DROP] = "DELETE FROM inbox WHERE host = ? AND producer = ? AND seq = ?",
	[SQL_INBOX_DEPTH] =
	    "SELECT host, count(*), sum(length(bytes)), min(received) FROM inbox GROUP BY host",
	[SQL_HOURS_PUT] = "INSERT INTO hours (day, n) VALUES (?, ?) "
			  "ON CONFLICT (day) DO UPDATE SET n = excluded.n",
};
_Static_assert(NELEM(sql_text) == SQL_N, "sql_text out of step");

int hub_stmt(struct hub *h, enum hub_sql which, struct db_stmt **ret, struct err *e)
{
	if (!h->stmt[which]) {
		int r = db_prepare(h->db, sql_text[which], &h->stmt[which], e);

		if (r < 0)
			return r;
	}
	db_reset(h->stmt[which]);
	*ret = h->stmt[which];
	return 0;
}

int hub_number(struct hub *h, const char *sql, int64_t *ret, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db, sql, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	*ret = r == 1 ? db_i64(s, 0) : 0;
	return 0;
}

/* --- migrations --------------------------------------------------------------------------------- */

static const struct embedded *files_of(const struct hub *h)
{
	for (size_t i = 0; i < NELEM(migrations); i++)
		if (strcmp(migrations[i].engine, db_engine_name(h->db)) == 0)
			return migrations[i].files;
	abort(); /* an engine without its folder in sql/ */
}

static int64_t version_of(const struct embedded *file)
{
	uint32_t v;

	if (num_u32(span_of(file->name, 3), 999, &v) < 0)
		abort(); /* sql/ENGINE/NNN-what.sql is our own naming */
	return v;
}

/* Of the database; 0 when no hub was ever made in it. */
static int version_there(struct hub *h, int64_t *ret, struct err *e)
{
	int64_t tables = 0;
	int r = hub_number(h, db_count_table_sql(h->db), &tables, e);

	*ret = 0;
	if (r == 0 && tables > 0)
		r = hub_number(h, "SELECT coalesce(max(version), 0) FROM migration", ret, e);
	return r;
}

static int migrate_to(struct hub *h, const struct embedded *file, struct err *e)
{
	char done[64];
	int r = db_exec(h->db, file->text, e);

	(void)snprintf(done, sizeof(done), "INSERT INTO migration (version) VALUES (%jd)",
	    (intmax_t)version_of(file)); /* fits */
	if (r == 0)
		r = db_exec(h->db, done, e);
	return r < 0 ? err_wrap(e, r, "migration %s", file->name) : 0;
}

/* One process at a time: the others wait, and find it done. */
static int migrate_all(struct hub *h, struct err *e)
{
	int64_t version = 0;
	int r = db_migrate_begin(h->db, e);

	if (r < 0)
		return r;
	r = db_exec(h->db,
	    "CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL PRIMARY KEY)", e);
	if (r == 0)
		r = version_there(h, &version, e);
	for (const struct embedded *file = files_of(h); r == 0 && file->name; file++)
		if (version < version_of(file))
			r = migrate_to(h, file, e);
	return db_migrate_end(h->db, r, e);
}

static int check_version(int64_t version, int64_t newest, struct err *e)
{
	if (version == 0)
		return err_set(e, -ENOENT, "no hub there yet; onus-load makes it");
	if (version > newest)
		return err_set(e, -EBADMSG,
		    "the hub has version %jd, this program knows %jd; update onus",
		    (intmax_t)version, (intmax_t)newest);
	if (version < newest)
		return err_set(e, -EBADMSG,
		    "the hub has version %jd, this program wants %jd; "
		    "start onus-load once, it migrates",
		    (intmax_t)version, (intmax_t)newest);
	return 0;
}

static int migrate(struct hub *h, struct err *e)
{
	int64_t newest = 0, version = 0;
	int r = version_there(h, &version, e);

	for (const struct embedded *file = files_of(h); file->name; file++)
		newest = version_of(file);
	if (r == 0 && h->write && version < newest) {
		r = migrate_all(h, e);
		if (r == 0)
			r = version_there(h, &version, e);
	}
	return r < 0 ? r : check_version(version, newest, e);
}

int hub_open(const char *url, enum hub_mode mode, struct hub **ret, struct err *e)
{
	struct hub *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		abort();
	h->write = mode == HUB_WRITE;
	r = db_open(url, h->write, &h->db, e);
	if (r == 0)
		r = migrate(h, e);
	if (r < 0) {
		(void)hub_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

struct hub *hub_free(struct hub *h)
{
	if (!h)
		return NULL;
	for (unsigned i = 0; i < SQL_N; i++)
		(void)db_stmt_free(h->stmt[i]);
	hub_bulk_free_all(h);
	(void)fold_free(h->fold);
	(void)inbox_free(h->inbox);
	(void)db_free(h->db);
	free(h);
	return NULL;
}

/* --- transactions ------------------------------------------------------------------------------- */

int hub_begin(struct hub *h, struct err *e)
{
	return db_begin(h->db, true, e);
}

int hub_commit(struct hub *h, struct err *e)
{
	int r = hub_bulk_flush_all(h, e);

	if (r < 0) {
		hub_rollback(h);
		return r;
	}
	return db_commit(h->db, e);
}

void hub_rollback(struct hub *h)
{
	/* A statement that stopped half-way would keep the transaction's locks. */
	for (unsigned i = 0; i < SQL_N; i++)
		if (h->stmt[i])
			db_reset(h->stmt[i]);
	hub_bulk_drop_all(h);
	db_rollback(h->db);
}

int hub_read_begin(struct hub *h, struct err *e)
{
	return db_begin(h->db, false, e);
}

void hub_read_end(struct hub *h)
{
	hub_rollback(h);
}

int hub_tx_begin(struct hub *h, struct hub_tx *tx, struct err *e)
{
	tx->own = !db_in_transaction(h->db);
	return tx->own ? db_begin(h->db, true, e) : 0;
}

int hub_tx_end(struct hub *h, const struct hub_tx *tx, int r, struct err *e)
{
	if (r < 0) {
		if (tx->own)
			hub_rollback(h);
		return r;
	}
	if (tx->own) {
		int c = hub_commit(h, e);

		if (c < 0)
			return c;
	}
	return r;
}

/* --- sources ------------------------------------------------------------------------------------ */

static int source_find(struct hub *h, struct span name, int32_t *ret, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_SOURCE_FIND, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, name);
	r = db_step(s, e);
	if (r == 1)
		*ret = (int32_t)db_i64(s, 0);
	db_reset(s);
	return r;
}

static int source_add(struct hub *h, const struct hub_source *src, int32_t day, unsigned limit,
    int32_t *ret, struct err *e)
{
	struct db_stmt *s;
	int64_t known = 0, id = 0;
	int r = hub_stmt(h, SQL_SOURCE_COUNT, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	if (r == 1) {
		known = db_i64(s, 0);
		id = db_i64(s, 1) + 1;
	}
	db_reset(s);
	if (known >= limit)
		return err_set(e, -E2BIG, "more than %u sources", limit);
	r = hub_stmt(h, SQL_SOURCE_ADD, &s, e);
	if (r < 0)
		return r;
	db_bind_i64(s, 1, id);
	db_bind_text(s, 2, span_str(src->name));
	db_bind_i64(s, 3, src->kind);
	db_bind_i64(s, 4, src->anchor);
	db_bind_i64(s, 5, day);
	db_bind_i64(s, 6, src->redistribute);
	*ret = (int32_t)id;
	return db_run(s, e);
}

static int source_update(struct hub *h, const struct hub_source *src, int32_t id, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_SOURCE_UPDATE, &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, src->kind);
	db_bind_i64(s, 2, src->anchor);
	db_bind_i64(s, 3, src->redistribute);
	db_bind_i64(s, 4, id);
	return db_run(s, e);
}

/* Append to the history what is new in it. */
static int source_revise(
    struct hub *h, const struct hub_source *src, int32_t id, int32_t day, struct err *e)
{
	struct db_stmt *s;
	int64_t rev = 0;
	int r = hub_stmt(h, SQL_REV_LAST, &s, e);
	bool same;

	if (r < 0)
		return r;
	db_bind_i64(s, 1, id);
	r = db_step(s, e);
	if (r < 0)
		return r;
	same = r == 1 && span_is(db_text(s, 1), src->group) && db_real(s, 2) >= src->trust &&
	       db_real(s, 2) <= src->trust;
	if (r == 1)
		rev = db_i64(s, 0);
	db_reset(s);
	if (same)
		return 0;
	r = hub_stmt(h, SQL_REV_ADD, &s, e);
	if (r < 0)
		return r;
	db_bind_i64(s, 1, id);
	db_bind_i64(s, 2, rev + 1);
	db_bind_i64(s, 3, day);
	db_bind_text(s, 4, span_str(src->group));
	db_bind_real(s, 5, src->trust);
	return db_run(s, e);
}

int hub_source_set(
    struct hub *h, const struct hub_source *src, int32_t day, int32_t *ret_id, struct err *e)
{
	struct hub_tx tx;
	int32_t id = 0;
	int r;

	if (!*src->name || strlen(src->name) > EVENT_SOURCE_MAX ||
	    !(src->trust >= 0 && src->trust <= 1))
		return err_set(e, -EINVAL,
		    "source \"%s\": a name of 1-%u bytes and a trust of 0-1, please", src->name,
		    EVENT_SOURCE_MAX);
	r = hub_tx_begin(h, &tx, e);
	if (r < 0)
		return r;
	r = source_find(h, span_str(src->name), &id, e);
	if (r == 1)
		r = source_update(h, src, id, e);
	else if (r == 0)
		r = source_add(h, src, day, HUB_SOURCES_MAX, &id, e);
	if (r == 0)
		r = source_revise(h, src, id, day, e);
	r = hub_tx_end(h, &tx, r, e);
	if (r == 0 && ret_id)
		*ret_id = id;
	return r;
}

static int newcomer(
    struct hub *h, const char *name, int32_t day, unsigned limit, int32_t *ret, struct err *e)
{
	struct hub_source src = {
		.name = name, .group = name, .kind = HUB_SOURCE_LIST, .trust = HUB_NEWCOMER_TRUST
	};
	int r = source_add(h, &src, day, limit, ret, e);

	return r < 0 ? r : source_revise(h, &src, *ret, day, e);
}

int hub_source_id(struct hub *h, struct span name, int32_t day, int32_t *ret, struct err *e)
{
	char text[EVENT_SOURCE_MAX + 1] = "";
	struct db_stmt *s;
	int r = source_find(h, name, ret, e);

	if (r == 0) {
		memcpy(text, name.p, MIN_OF(span_len(name), (size_t)EVENT_SOURCE_MAX));
		r = newcomer(h, text, day, HUB_SOURCES_MAX, ret, e);
		if (r != -E2BIG)
			return r;
		r = source_find(h, span_str(HUB_SOURCE_OVERFLOW), ret, e);
		if (r == 0)
			return newcomer(h, HUB_SOURCE_OVERFLOW, day, HUB_SOURCES_MAX + 1, ret, e);
	}
	if (r == 1)
		r = hub_stmt(h, SQL_SOURCE_FIRST_DAY, &s, e);
	if (r < 0)
		return r;
	db_bind_i64(s, 1, day);
	db_bind_i64(s, 2, *ret);
	db_bind_i64(s, 3, day);
	return db_run(s, e);
}

/* Columns: id, name, kind, anchor, redistribute, day, grp, trust. */
static int each_source(struct hub *h, const char *sql, hub_source_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db, sql, &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		int64_t kind = db_i64(s, 2);
		struct hub_source src = {
			.id = (int32_t)db_i64(s, 0),
			.name = db_text(s, 1).p,
			.kind = kind >= 0 && kind < HUB_SOURCE_KIND_N ? (enum hub_source_kind)kind
								      : HUB_SOURCE_LIST,
			.anchor = db_i64(s, 3) != 0,
			.redistribute = db_i64(s, 4) != 0,
			.first_day = (int32_t)db_i64(s, 5),
			.group = db_text(s, 6).p,
			.trust = db_real(s, 7),
		};

		r = fn(ctx, &src);
	}
	return r;
}

int hub_each_source(struct hub *h, hub_source_fn *fn, void *ctx, struct err *e)
{
	return each_source(h,
	    "SELECT s.id, s.name, s.kind, s.anchor, s.redistribute, s.first_day, r.grp, r.trust "
	    "FROM source s JOIN source_rev r ON r.source = s.id WHERE r.rev = "
	    "(SELECT max(rev) FROM source_rev WHERE source = s.id) ORDER BY s.id",
	    fn, ctx, e);
}

int hub_each_source_rev(struct hub *h, hub_source_fn *fn, void *ctx, struct err *e)
{
	return each_source(h,
	    "SELECT s.id, s.name, s.kind, s.anchor, s.redistribute, r.day, r.grp, r.trust "
	    "FROM source s JOIN source_rev r ON r.source = s.id ORDER BY s.id, r.rev",
	    fn, ctx, e);
}
