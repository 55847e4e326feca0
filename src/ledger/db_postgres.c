/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PostgreSQL and what speaks its protocol, through libpq. Parameters go as text (blobs as bytes), rows come
 * in the protocol's binary form. Writers take turns at one row, `writer`; a walk is a cursor of the server. */
#include "ledger/db_postgres.h"

#include <errno.h>

#include "ledger/db_rewrite.h"
#include "util/buf.h"

#define PORTION	   "5000" /* rows of a walk at a time */
#define TEXT_MAX   32	  /* of a number */
#define PARAMS_MAX 24
#define STR(x)	   #x
#define XSTR(x)	   STR(x)

/* Of pg_type; they never change. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_NUMERIC = 1700
};

struct pg_stmt {
	struct pg *pg;
	char *sql;     /* with $1 … for ? */
	char name[24]; /* on the server, and of the cursor */
	unsigned age;  /* of the connection it was prepared on */
	bool walk;
	const char *value[PARAMS_MAX];
	int len[PARAMS_MAX], form[PARAMS_MAX];
	char room[PARAMS_MAX][TEXT_MAX];
	int n;		/* of parameters */
	PGresult *rows; /* NULL: not executed */
	int row;
	bool cursor;	    /* is open */
	bool held;	    /* longer than a transaction; otherwise it ends with */
	unsigned cursor_tx; /* this one */
};

/* --- errors ---------------------------------------------------------------------------------------- */

static int code_of(const char *state)
{
	static const struct {
		const char *state;
		int code;
	} codes[] = {
		{ "40001", -EAGAIN }, /* serialization_failure */
		{ "40P01", -EAGAIN }, /* deadlock_detected */
		{ "55P03", -EAGAIN }, /* lock_not_available */
		{ "53100", -ENOSPC }, /* disk_full */
		{ "23505", -EEXIST }, /* unique_violation */
	};

	for (size_t i = 0; state && i < NELEM(codes); i++)
		if (strcmp(state, codes[i].state) == 0)
			return codes[i].code;
	return -EIO;
}

/* The first line of what libpq says. */
int pg_say(const struct pg *pg, const PGresult *res, struct err *e)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	struct span line;
	struct span rest = span_str(text && *text ? text : PQerrorMessage(pg->c));

	(void)span_cut(&rest, '\n', &line);
	line = span_trim(line);
	return err_set(e, code_of(state), "PostgreSQL: %.*s",
	    SPAN_ARG(span_empty(line) ? SPAN("the connection was lost") : line));
}

int pg_done(const struct pg *pg, PGresult *res, struct err *e)
{
	ExecStatusType status = PQresultStatus(res);
	int r = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : pg_say(pg, res, e);

	PQclear(res);
	return r;
}

/* --- connection ------------------------------------------------------------------------------------ */

static void quiet(void *ctx, const char *message)
{
	(void)ctx;
	(void)message; /* notices: what is there already need not be made */
}

int pg_exec(void *conn, const char *sql, struct err *e)
{
	struct pg *pg = conn;
	bool idle = PQtransactionStatus(pg->c) == PQTRANS_IDLE;
	int r = pg_done(pg, PQexec(pg->c, sql), e);

	if (idle && PQtransactionStatus(pg->c) == PQTRANS_INTRANS)
		pg->tx++;
	return r;
}

static void pg_close(void *conn)
{
	struct pg *pg = conn;

	PQfinish(pg->c);
	free(pg);
}

/* What every session of ours is like. */
static int set_up(struct pg *pg, struct err *e)
{
	static const char sql[] =
	    "SET client_encoding = 'UTF8';"
	    "SET client_min_messages = warning;"
	    "SET cursor_tuple_fraction = 1;" /* all rows of a walk are wanted */
	    "SET lock_timeout = " XSTR(DB_LOCK_WAIT_MS);
	const char *encoding = PQparameterStatus(pg->c, "server_encoding");

	if (!encoding || (strcmp(encoding, "UTF8") != 0 && strcmp(encoding, "SQL_ASCII") != 0))
		return err_set(e, -EBADMSG,
		    "PostgreSQL: the database's encoding is %s; the hub wants UTF8",
		    encoding ? encoding : "unknown");
	return pg_exec(pg, sql, e);
}

/* A URL is "postgresql:" and what libpq calls a connection string, in either of its forms. *ret is owned by
 * the caller. */
static int settings_of(const char *rest, PQconninfoOption **ret, struct err *e)
{
	char *why = NULL;
	struct buf whole;
	int r = 0;

	buf_init(&whole, 1u << 16);
	buf_str(&whole, strncmp(rest, "//", 2) == 0 ? "postgresql:" : "");
	buf_str(&whole, rest);
	*ret = buf_ok(&whole) ? PQconninfoParse(whole.p, &why) : NULL;
	if (!*ret) /* why may repeat what is wrong, a password with it */
		r = err_set(e, -EINVAL,
		    "hub \"postgresql:…\" is no connection string of PostgreSQL; "
		    "want NAME=VALUE … or //HOST/DATABASE");
	for (const PQconninfoOption *o = *ret; r == 0 && o && o->keyword; o++)
		if (strcmp(o->keyword, "password") == 0 && o->val)
			r = err_set(e, -EINVAL,
			    "a password does not belong in the hub's URL; passfile=FILE names a "
			    "file for it");
	if (r < 0) {
		PQconninfoFree(*ret);
		*ret = NULL;
	}
	PQfreemem(why);
	buf_done(&whole);
	return r;
}

static PGconn *connect_with(const PQconninfoOption *o)
{
	/* First, so that the URL's own settings win. A host that vanished is missed after two minutes. */
	const char *names[64] = { "application_name", "connect_timeout", "tcp_user_timeout",
		"keepalives_idle", "keepalives_interval", "keepalives_count" },
		   *values[64] = { "onus", "10", "60000", "60", "10", "6" };
	size_t n = 6;

	for (; o->keyword && n < NELEM(names) - 1; o++)
		if (o->val && *o->val) {
			names[n] = o->keyword;
			values[n++] = o->val;
		}
	return PQconnectdbParams(names, values, 0);
}

static int pg_open(const char *rest, bool write, void **ret, struct err *e)
{
	PQconninfoOption *o = NULL;
	struct pg *pg;
	int r = settings_of(rest, &o, e);

	if (r < 0)
		return r;
	pg = calloc(1, sizeof(*pg));
	if (!pg)
		abort();
	pg->c = connect_with(o);
	PQconninfoFree(o);
	if (!pg->c)
		abort();				/* libpq: out of memory */
	(void)PQsetNoticeProcessor(pg->c, quiet, NULL); /* the one before is not needed */
	r = PQstatus(pg->c) == CONNECTION_OK ? set_up(pg, e) : pg_say(pg, NULL, e);
	if (r < 0) {
		pg_close(pg);
		return r;
	}
	*ret = pg;
	return 0;
}

/* Who listens on the way sees nothing: TLS, or no way at all. */
static bool pg_guarded(const void *conn)
{
	const struct pg *pg = conn;
	const char *host = PQhost(pg->c);

	return PQsslInUse(pg->c) || (host && *host == '/');
}

static int pg_renew(void *conn, struct err *e)
{
	struct pg *pg = conn;

	if (PQstatus(pg->c) == CONNECTION_OK)
		return -EISCONN;
	PQreset(pg->c);
	pg->age++;
	return PQstatus(pg->c) == CONNECTION_OK ? set_up(pg, e) : pg_say(pg, NULL, e);
}

/* Of this database alone: two hubs on one server do not wait for each other. */
static int pg_migrate_begin(void *conn, struct err *e)
{
	int r = pg_exec(conn, "BEGIN; SELECT pg_advisory_xact_lock(20250721, 6)", e);

	if (r < 0)
		(void)pg_exec(conn, "ROLLBACK", NULL); /* the first error is told */
	return r;
}

static int pg_migrate_end(void *conn, bool keep, struct err *e)
{
	return pg_exec(conn, keep ? "COMMIT" : "ROLLBACK", e);
}

/* --- statements ------------------------------------------------------------------------------------ */

static int make_ready(struct pg_stmt *s, struct err *e)
{
	int r = pg_done(s->pg, PQprepare(s->pg->c, s->name, s->sql, 0, NULL), e);

	if (r == 0)
		s->age = s->pg->age;
	return r;
}

static void drop_rows(struct pg_stmt *s)
{
	PQclear(s->rows);
	s->rows = NULL;
	s->row = 0;
}

static void close_cursor(struct pg_stmt *s)
{
	char sql[48];
	PGTransactionStatusType t = PQtransactionStatus(s->pg->c);
	bool there = s->held ? t == PQTRANS_IDLE || t == PQTRANS_INTRANS
			     : t == PQTRANS_INTRANS && s->cursor_tx == s->pg->tx;

	if (s->cursor && s->age == s->pg->age && there) {
		(void)snprintf(sql, sizeof(sql), "CLOSE %s", s->name); /* fits */
		(void)pg_exec(s->pg, sql, NULL); /* else it goes with the session */
	}
	s->cursor = false;
}

static void pg_stmt_free(void *stmt)
{
	struct pg_stmt *s = stmt;
	char sql[48];

	drop_rows(s);
	close_cursor(s);
	if (!s->walk && s->age == s->pg->age && PQstatus(s->pg->c) == CONNECTION_OK &&
	    PQtransactionStatus(s->pg->c) != PQTRANS_INERROR) {
		(void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name); /* fits */
		(void)pg_exec(s->pg, sql, NULL); /* then it goes with the session */
	}
	free(s->sql);
	free(s);
}

static int pg_prepare(void *conn, const char *sql, bool walk, void **ret, struct err *e)
{
	struct pg *pg = conn;
	struct pg_stmt *s = calloc(1, sizeof(*s));
	struct buf b;
	int r = 0;

	if (!s)
		abort();
	s->pg = pg;
	s->walk = walk;
	s->age = pg->age;
	(void)snprintf(s->name, sizeof(s->name), "onus_%u", pg->names++); /* fits */
	buf_init(&b, 1u << 16);
	s->n = (int)rewrite_dollars(span_str(sql), &b);
	if (!buf_ok(&b) || s->n > PARAMS_MAX)
		abort(); /* SQL is our own */
	s->sql = b.p;
	if (!walk)
		r = make_ready(s, e);
	if (r < 0) {
		free(s->sql);
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int bind(struct pg_stmt *s, int n, const char *v, size_t len, int form)
{
	if (n < 1 || n > s->n || len > INT32_MAX)
		return -EINVAL;
	s->value[n - 1] = v;
	s->len[n - 1] = (int)len;
	s->form[n - 1] = form;
	return 0;
}

static int pg_bind_i64(void *stmt, int n, int64_t v)
{
	struct pg_stmt *s = stmt;

	if (n < 1 || n > s->n)
		return -EINVAL;
	(void)snprintf(s->room[n - 1], TEXT_MAX, "%jd", (intmax_t)v); /* fits */
	return bind(s, n, s->room[n - 1], 0, 0);
}

static int pg_bind_real(void *stmt, int n, double v)
{
	struct pg_stmt *s = stmt;

	if (n < 1 || n > s->n)
		return -EINVAL;
	(void)snprintf(s->room[n - 1], TEXT_MAX, "%.17g", v); /* fits */
	return bind(s, n, s->room[n - 1], 0, 0);
}

/* As bytes too: texts here end without NUL. */
static int pg_bind_bytes(void *stmt, int n, struct span v)
{
	return bind(stmt, n, v.p ? v.p : "", span_len(v), 1);
}

static int pg_bind_null(void *stmt, int n)
{
	return bind(stmt, n, NULL, 0, 0);
}

/* Takes res; the rows of it become those of the statement. */
static int take_result(struct pg_stmt *s, PGresult *res, struct err *e)
{
	drop_rows(s);
	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
		return pg_done(s->pg, res, e);
	s->rows = res;
	return 0;
}

static int fetch(struct pg_stmt *s, struct err *e)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "FETCH " PORTION " FROM %s", s->name); /* fits */
	return take_result(s, PQexecParams(s->pg->c, sql, 0, NULL, NULL, NULL, NULL, 1), e);
}

/* Outside of a transaction the server keeps the rows. */
static int open_cursor(struct pg_stmt *s, struct err *e)
{
	struct buf b;
	int r;

	s->held = PQtransactionStatus(s->pg->c) != PQTRANS_INTRANS;
	s->cursor_tx = s->pg->tx;
	buf_init(&b, 1u << 16);
	buf_fmt(&b, "DECLARE %s NO SCROLL CURSOR %s FOR %s", s->name, s->held ? "WITH HOLD" : "",
	    s->sql);
	if (!buf_ok(&b))
		abort();
	r = pg_done(
	    s->pg, PQexecParams(s->pg->c, b.p, s->n, NULL, s->value, s->len, s->form, 1), e);
	buf_done(&b);
	s->age = s->pg->age;
	s->cursor = r == 0;
	return r < 0 ? r : fetch(s, e);
}

static int execute(struct pg_stmt *s, struct err *e)
{
	int r = s->walk || s->age == s->pg->age ? 0 : make_ready(s, e);

	if (r < 0)
		return r;
	if (s->walk)
		return open_cursor(s, e);
	return take_result(
	    s, PQexecPrepared(s->pg->c, s->name, s->n, s->value, s->len, s->form, 1), e);
}

static int pg_step(void *stmt, struct err *e)
{
	struct pg_stmt *s = stmt;
	int r = 0;

	if (!s->rows)
		r = execute(s, e);
	else if (++s->row == PQntuples(s->rows) && s->cursor)
		r = fetch(s, e);
	if (r < 0)
		return r;
	return s->row < PQntuples(s->rows);
}

static void pg_reset(void *stmt)
{
	struct pg_stmt *s = stmt;

	drop_rows(s);
	close_cursor(s);
	memset(s->value, 0, sizeof(s->value)); /* borrowed */
}

/* --- columns --------------------------------------------------------------------------------------- */

/* numeric is what sums are of: digits of base 10,000, the highest first, of which there are weight + 1 before the
 * point. */
static int64_t numeric(const uint8_t *p, size_t len)
{
	struct rd r = rd_of(p, len);
	unsigned n = rd_be16(&r);
	int weight = (int16_t)rd_be16(&r);
	bool minus = rd_be16(&r) == 0x4000;
	int64_t v = 0;

	(void)rd_be16(&r); /* how many digits are shown after the point */
	for (int i = 0; i <= weight && !r.bad; i++) {
		int64_t digit = (unsigned)i < n ? rd_be16(&r) : 0;

		if (__builtin_mul_overflow(v, 10000, &v) || __builtin_add_overflow(v, digit, &v))
			return INT64_MAX;
	}
	return minus ? -v : v;
}

static struct span pg_bytes(void *stmt, int n)
{
	const struct pg_stmt *s = stmt;

	return span_of(PQgetvalue(s->rows, s->row, n), (size_t)PQgetlength(s->rows, s->row, n));
}

static double pg_real(void *stmt, int n)
{
	const struct pg_stmt *s = stmt;
	struct span v = pg_bytes(stmt, n);
	struct rd r = rd_of(v.p, span_len(v));
	double d = 0;
	uint64_t bits;

	if (PQftype(s->rows, n) == OID_FLOAT8) {
		bits = rd_be64(&r);
		memcpy(&d, &bits, sizeof(d));
	}
	return d;
}

static int64_t pg_i64(void *stmt, int n)
{
	const struct pg_stmt *s = stmt;
	struct span v = pg_bytes(stmt, n);
	struct rd r = rd_of(v.p, span_len(v));

	if (span_empty(v))
		return 0; /* NULL */
	switch (PQftype(s->rows, n)) {
	case OID_INT2:
		return (int16_t)rd_be16(&r);
	case OID_INT4:
		return (int32_t)rd_be32(&r);
	case OID_INT8:
		return (int64_t)rd_be64(&r);
	case OID_BOOL:
		return rd_u8(&r);
	case OID_NUMERIC:
		return numeric((const uint8_t *)v.p, span_len(v));
	default:
		return 0;
	}
}

static bool pg_null(void *stmt, int n)
{
	const struct pg_stmt *s = stmt;

	return PQgetisnull(s->rows, s->row, n) != 0;
}

const struct db_engine db_postgresql = {
	.scheme = "postgresql",
	.alias = "postgres",
	.open = pg_open,
	.close = pg_close,
	.exec = pg_exec,
	.prepare = pg_prepare,
	.stmt_free = pg_stmt_free,
	.bind_i64 = pg_bind_i64,
	.bind_real = pg_bind_real,
	.bind_text = pg_bind_bytes,
	.bind_blob = pg_bind_bytes,
	.bind_null = pg_bind_null,
	.step = pg_step,
	.reset = pg_reset,
	.i64 = pg_i64,
	.real = pg_real,
	.text = pg_bytes,
	.blob = pg_bytes,
	.null = pg_null,
	.guarded = pg_guarded,
	.renew = pg_renew,
	.migrate_begin = pg_migrate_begin,
	.migrate_end = pg_migrate_end,
	.bulk_new = pg_bulk_new,
	.bulk_free = pg_bulk_free,
	.bulk_send = pg_bulk_send,
	.bulk_end = pg_bulk_end,
	.begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	.begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
		       "UPDATE writer SET turns = turns + 1",
	.count_table =
	    "SELECT count(*) FROM information_schema.tables WHERE table_name = 'migration' "
	    "AND table_schema = current_schema()",
	.who = "SELECT session_user::text",
};
