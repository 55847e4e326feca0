/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/view.h"

#include <errno.h>

#include "util/buf.h"
#include "util/num.h"

#define SCHEMA_VERSION 1
#define STEP_OPS       10000 /* virtual-machine steps between two looks at the budget */
#define STEP_BUDGET    4000  /* of those: some 40 million steps, a fraction of a second */

#define COLUMNS                                                                                    \
	"e.id, e.kind, e.name, e.title, e.asn, e.org, e.country, e.announced, e.announced_v6, "    \
	"e.hosts, e.events, e.first_day, e.last_day, e.expected, e.\"returning\", e.arrivals, "    \
	"e.ratio, e.low, e.high, e.score, e.grade, e.reason, e.\"groups\", e.rank "

static const char *const sql[] = {
	[QUERY_BY_NAME] = "SELECT " COLUMNS "FROM entity e WHERE e.name = ?1",
	[QUERY_BY_ID] = "SELECT " COLUMNS "FROM entity e WHERE e.id = ?1",
	[QUERY_TOP] = "SELECT " COLUMNS "FROM entity e WHERE e.kind = ?1 ORDER BY e.rank LIMIT ?2",
	[QUERY_TOP_SCORE] =
	    "SELECT " COLUMNS "FROM entity e WHERE e.kind = ?1 AND e.grade IS NOT NULL "
	    "ORDER BY e.high, e.rank LIMIT ?2",
	[QUERY_CHILDREN] =
	    "SELECT " COLUMNS "FROM parent p JOIN entity e ON e.id = p.child WHERE p.parent = ?1 "
	    "ORDER BY e.hosts DESC, e.high, e.events DESC, e.name LIMIT ?2",
	[QUERY_N_CHILDREN] = "SELECT count(*) FROM parent WHERE parent = ?1",
	[QUERY_WITHIN] = "SELECT " COLUMNS
			 "FROM entity e WHERE e.kind = 'block' AND e.range_first BETWEEN ?1 AND ?2 "
			 "ORDER BY e.hosts DESC, e.high, e.name LIMIT ?3",
	[QUERY_N_WITHIN] = "SELECT count(*) FROM entity "
			   "WHERE kind = 'block' AND range_first BETWEEN ?1 AND ?2",
	[QUERY_PARENTS] =
	    "SELECT " COLUMNS "FROM parent p JOIN entity e ON e.id = p.parent WHERE p.child = ?1",
	[QUERY_EVIDENCE] =
	    "SELECT day, category, source, hosts, events FROM evidence "
	    "WHERE entity = ?1 ORDER BY day DESC, hosts DESC, category, source LIMIT ?2",
	[QUERY_CATEGORIES] = "SELECT category, max(hosts), sum(events), min(day), max(day), "
			     "count(DISTINCT day), count(DISTINCT source) FROM evidence "
			     "WHERE entity = ?1 GROUP BY category ORDER BY sum(events) DESC",
	[QUERY_HISTORY] = "SELECT day, score, grade, hosts FROM history "
			  "WHERE entity = ?1 AND day >= ?2 ORDER BY day",
	[QUERY_FACTORS] =
	    "SELECT family, level, ratio, seen, expected, rate FROM factor WHERE entity = ?1 "
	    "ORDER BY family, step",
	[QUERY_DECISIONS] = "SELECT action, level, since, until, reason FROM decision "
			    "WHERE entity = ?1 AND until > ?2 ORDER BY until DESC",
	[QUERY_NAMES] =
	    "SELECT n.title, n.subject, e.id FROM name n "
	    "LEFT JOIN entity e ON e.id = n.entity WHERE n.name MATCH ?1 "
	    "ORDER BY e.hosts IS NULL, e.hosts DESC, length(n.title), n.subject LIMIT ?2",
	[QUERY_TENURE] = "SELECT first, last, holder, from_day, to_day, reach FROM tenure "
			 "WHERE first <= ?1 ORDER BY first DESC, last, from_day",
	[QUERY_BLOCKS] = "SELECT range_first, hosts FROM entity WHERE kind = 'block'",
};
_Static_assert(NELEM(sql) == QUERY_N, "sql out of step");

void column_text(sqlite3_stmt *s, int column, char *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, column);
	size_t n = text ? (size_t)sqlite3_column_bytes(s, column) : 0;

	if (n >= size) {
		n = size - 1;
		while (n > 0 && (text[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
	}
	if (n)
		memcpy(to, text, n);
	to[n] = '\0';
}

static uint64_t column_u64(sqlite3_stmt *s, int column)
{
	int64_t v = sqlite3_column_int64(s, column);

	return v < 0 ? 0 : (uint64_t)v;
}

static uint32_t column_u32(sqlite3_stmt *s, int column)
{
	return (uint32_t)MIN_OF(column_u64(s, column), (uint64_t)UINT32_MAX);
}

static int32_t column_day(sqlite3_stmt *s, int column)
{
	int64_t v = sqlite3_column_int64(s, column);

	return v < 0 || v > 3000000 ? 0 : (int32_t)v;
}

void row_read(sqlite3_stmt *s, struct row *ret)
{
	char kind[16], grade[4];

	*ret = (struct row){ .id = sqlite3_column_int64(s, 0) };
	column_text(s, 1, kind, sizeof(kind));
	if (entity_kind_parse(span_str(kind), &ret->kind) < 0)
		ret->kind = ENTITY_NET; /* a kind of a later version */
	column_text(s, 2, ret->name, sizeof(ret->name));
	column_text(s, 3, ret->title, sizeof(ret->title));
	ret->asn = column_u32(s, 4);
	column_text(s, 5, ret->org, sizeof(ret->org));
	column_text(s, 6, ret->country, sizeof(ret->country));
	ret->announced = column_u64(s, 7);
	ret->announced_v6 = column_u64(s, 8);
	ret->hosts = column_u64(s, 9);
	ret->events = column_u64(s, 10);
	ret->first_day = column_day(s, 11);
	ret->last_day = column_day(s, 12);
	ret->expected = sqlite3_column_double(s, 13);
	ret->returning = sqlite3_column_double(s, 14);
	ret->arrivals = sqlite3_column_double(s, 15);
	ret->ratio = sqlite3_column_double(s, 16);
	ret->low = sqlite3_column_double(s, 17);
	ret->high = sqlite3_column_double(s, 18);
	ret->score = sqlite3_column_double(s, 19);
	ret->scored = sqlite3_column_type(s, 19) != SQLITE_NULL;
	column_text(s, 20, grade, sizeof(grade));
	ret->grade = grade[0] >= 'A' && grade[0] <= 'F' ? grade[0] : '\0';
	column_text(s, 21, ret->reason, sizeof(ret->reason));
	ret->groups = column_u32(s, 22);
	ret->rank = column_u32(s, 23);
	if (!ret->title[0])
		(void)snprintf(ret->title, sizeof(ret->title), "%s", ret->name);
}

/* A query that runs away (a word that half the names share) ends early instead of stopping the only
 * thread; what it found until then is shown. */
static int tick(void *ctx)
{
	struct view *v = ctx;

	return --v->budget < 0;
}

sqlite3_stmt *view_query(struct view *v, enum query q)
{
	sqlite3_stmt *s = v->queries[q];

	if (!s)
		return NULL;
	(void)sqlite3_reset(s); /* repeats the last step's error, which was looked at then */
	(void)sqlite3_clear_bindings(s);
	v->budget = STEP_BUDGET;
	return s;
}

bool view_step(sqlite3_stmt *s)
{
	return sqlite3_step(s) == SQLITE_ROW;
}

bool view_find(struct view *v, const char *name, struct row *ret)
{
	sqlite3_stmt *s = view_query(v, QUERY_BY_NAME);
	bool found;

	(void)sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	found = view_step(s);
	if (found)
		row_read(s, ret);
	(void)sqlite3_reset(s);
	return found;
}

/* ---- opening ---- */

enum meta_type { META_U64, META_I64, META_DAY, META_FLAG, META_TEXT };

#define M(name, type)                                                                              \
	{                                                                                          \
#name, type, offsetof(struct meta, name), sizeof(((struct meta *)NULL)->name)      \
	}
#define MS(name, type)                                                                             \
	{                                                                                          \
#name, type, offsetof(struct meta, name##_s), sizeof(int64_t)                      \
	}
static const struct {
	const char *key;
	enum meta_type type;
	size_t at, size;
} meta_rows[] = {
	M(generation, META_U64),
	M(groups, META_U64),
	M(sources, META_U64),
	M(days, META_U64),
	M(events, META_U64),
	M(hosts, META_U64),
	MS(created, META_I64),
	MS(as_of, META_I64),
	MS(registry_date, META_I64),
	M(first_day, META_DAY),
	M(simulated, META_FLAG),
	M(registry_stale, META_FLAG),
	M(provisional, META_FLAG),
	M(formula, META_TEXT),
	M(site_name, META_TEXT),
	M(attribution, META_TEXT),
};

static void meta_set(struct meta *meta, const char *key, sqlite3_stmt *s)
{
	for (unsigned i = 0; i < NELEM(meta_rows); i++) {
		void *to = (char *)meta + meta_rows[i].at;

		if (strcmp(meta_rows[i].key, key) != 0)
			continue;
		switch (meta_rows[i].type) {
		case META_U64:
			*(uint64_t *)to = column_u64(s, 1);
			break;
		case META_I64:
			*(int64_t *)to = sqlite3_column_int64(s, 1);
			break;
		case META_DAY:
			*(int32_t *)to = column_day(s, 1);
			break;
		case META_FLAG:
			*(bool *)to = sqlite3_column_int(s, 1) != 0;
			break;
		case META_TEXT:
			column_text(s, 1, to, meta_rows[i].size);
			break;
		}
	}
}

static int bad(struct view *v, struct err *e)
{
	return err_set(e, -EBADMSG, "%s/reputation.sqlite: %s; publish again with onus-publish",
	    v->dir, sqlite3_errmsg(v->db));
}

static int one_number(struct view *v, const char *text, int64_t *ret, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(v->db, text, -1, &s, NULL);

	if (r != SQLITE_OK || !view_step(s)) {
		(void)sqlite3_finalize(s); /* the error below says it */
		return bad(v, e);
	}
	*ret = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return 0;
}

static int read_meta(struct view *v, struct err *e)
{
	sqlite3_stmt *s = NULL;
	char key[32];
	enum entity_kind kind;

	v->budget = STEP_BUDGET;
	if (sqlite3_prepare_v2(v->db, "SELECT key, value FROM meta", -1, &s, NULL) != SQLITE_OK)
		return bad(v, e);
	while (view_step(s)) {
		column_text(s, 0, key, sizeof(key));
		meta_set(&v->meta, key, s);
	}
	(void)sqlite3_finalize(s);
	if (sqlite3_prepare_v2(v->db, "SELECT kind, max(rank) FROM entity GROUP BY kind", -1, &s,
		NULL) != SQLITE_OK)
		return bad(v, e);
	while (view_step(s)) {
		column_text(s, 0, key, sizeof(key));
		if (entity_kind_parse(span_str(key), &kind) == 0)
			v->count[kind] = column_u64(s, 1);
	}
	(void)sqlite3_finalize(s);
	if (v->meta.generation == 0)
		return err_set(e, -EBADMSG,
		    "%s/reputation.sqlite: no generation in it; publish again with onus-publish",
		    v->dir);
	return 0;
}

static int prepare(struct view *v, struct err *e)
{
	v->queries = calloc(QUERY_N, sizeof(*v->queries));
	if (!v->queries)
		return err_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < QUERY_N; i++)
		if (sqlite3_prepare_v3(v->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &v->queries[i],
			NULL) != SQLITE_OK &&
		    (i != QUERY_TENURE || sqlite3_errcode(v->db) != SQLITE_ERROR))
			return bad(v, e);
	return 0;
}

/* immutable=1: the file never changes, so no locks are taken and no journal is looked for */
static int open_db(struct view *v, struct err *e)
{
	CLEANUP(buf_done) struct buf uri;
	int64_t version = 0;
	int r;

	buf_init(&uri, 8192);
	buf_str(&uri, "file:");
	for (const char *p = v->dir; *p; p++) {
		if (strchr("?#%", *p))
			buf_fmt(&uri, "%%%02x", (unsigned)(unsigned char)*p);
		else
			buf_byte(&uri, *p);
	}
	buf_str(&uri, "/reputation.sqlite?immutable=1");
	if (!buf_ok(&uri))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", v->dir);
	r = sqlite3_open_v2(
	    uri.p, &v->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return err_set(e, r == SQLITE_CANTOPEN ? -ENOENT : -EBADMSG,
		    "%s/reputation.sqlite: %s", v->dir,
		    v->db ? sqlite3_errmsg(v->db) : "out of memory");
	(void)sqlite3_db_config(v->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(v->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_exec(v->db,
	    "PRAGMA query_only = 1; PRAGMA cell_size_check = 1; PRAGMA mmap_size = 1073741824; "
	    "PRAGMA temp_store = memory",
	    NULL, NULL, NULL); /* refinements: the file is readable without them */
	(void)sqlite3_limit(v->db, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_progress_handler(v->db, STEP_OPS, tick, v);
	v->budget = STEP_BUDGET;
	r = one_number(v, "PRAGMA user_version", &version, e);
	if (r < 0)
		return r;
	if (version != SCHEMA_VERSION)
		return err_set(e, -EBADMSG,
		    "%s/reputation.sqlite: version %lld, this program reads version %d", v->dir,
		    (long long)version, SCHEMA_VERSION);
	return 0;
}

static int open_registry(
    struct view *v, const char *registry_file, struct shared_registry *before, struct err *e)
{
	CLEANUP(buf_done) struct buf path;
	bool published;
	int r;

	buf_init(&path, 8192);
	buf_fmt(&path, "%s/registry", v->dir);
	if (!buf_ok(&path))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", v->dir);
	published = access(path.p, F_OK) == 0;
	if (!published && (!registry_file || access(registry_file, F_OK) < 0))
		return 0; /* pages say that holders are not known */
	/* what is published does not change; the other file may be written into */
	r = shared_open(published ? path.p : registry_file, !published, before, &v->shared, e);
	if (r == 0)
		v->registry = v->shared->r;
	return r;
}

int view_open(const char *dir, const char *registry_file, const struct view *before,
    struct view **ret, struct err *e)
{
	struct view *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	v->dir = strdup(dir);
	r = v->dir ? open_db(v, e) : err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		r = read_meta(v, e);
	if (r == 0)
		r = prepare(v, e);
	if (r == 0)
		r = open_registry(v, registry_file, before ? before->shared : NULL, e);
	if (r < 0) {
		(void)view_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

struct view *view_free(struct view *v)
{
	if (!v)
		return NULL;
	for (unsigned i = 0; v->queries && i < QUERY_N; i++)
		(void)sqlite3_finalize(v->queries[i]);
	free(v->queries);
	(void)sqlite3_close(v->db);
	(void)shared_close(v->shared);
	free(v->dir);
	free(v);
	return NULL;
}
