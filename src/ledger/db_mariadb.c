/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MariaDB and what speaks the MySQL protocol, through libmariadb. Writers take turns at one row, `writer`; a walk is
 * a cursor of the server. The schema is no part of transactions: its files bear to be applied again. Of several hosts
 * one is talked to, and the next one when it is lost: in a cluster, who wrote at another node at the same time finds
 * out when he commits (-EAGAIN), or earlier. */
#include "ledger/db_mariadb.h"

#include <errno.h>
#include <mysqld_error.h>

#include "ledger/db_rewrite.h"
#include "util/num.h"

#define PORTION		   5000ul /* rows of a walk at a time */
#define PARAMS_MAX	   24u
#define COLUMNS_MAX	   32u
#define TEXT_ROOM	   256u /* of a column, at first */
#define CONNECT_S	   10u
#define SILENCE_S	   600u /* of the server, within one statement */
#define SILENCE_MAX_S	   86400u
#define LOCK_NAME	   "'onus.migrate'"
#define ER_WRITE_CONFLICT_ 9007 /* TiDB */

struct column {
	enum enum_field_types type; /* LONGLONG, DOUBLE or STRING */
	int64_t i;
	double d;
	char *text; /* owned; one byte more than room */
	unsigned long room, len;
	my_bool null, cut;
};

struct my_stmt {
	struct my *my;
	char *sql;
	MYSQL_STMT *s; /* NULL: to be prepared */
	unsigned age;
	bool walk, executed;
	unsigned n; /* parameters */
	MYSQL_BIND in[PARAMS_MAX];
	int64_t i[PARAMS_MAX];
	double d[PARAMS_MAX];
	unsigned long len[PARAMS_MAX];
	unsigned columns;
	struct column col[COLUMNS_MAX];
	MYSQL_BIND out[COLUMNS_MAX];
};

/* --- errors ---------------------------------------------------------------------------------------- */

static const struct {
	unsigned number;
	int code;
	bool lost; /* the connection */
} errors[] = {
	{ ER_LOCK_WAIT_TIMEOUT, -EAGAIN, false },
	{ ER_LOCK_DEADLOCK, -EAGAIN, false },	  /* what a cluster says of a conflict, too */
	{ ER_TABLE_DEF_CHANGED, -EAGAIN, false }, /* since the transaction began */
	{ ER_SP_DOES_NOT_EXIST, -EAGAIN, false }, /* the savepoint: nor does the transaction */
	{ ER_CHECKREAD, -EAGAIN, false }, { ER_WRITE_CONFLICT_, -EAGAIN, false },
	{ ER_DUP_ENTRY, -EEXIST, false }, { ER_DISK_FULL, -ENOSPC, false },
	{ ER_RECORD_FILE_FULL, -ENOSPC, false }, { ER_SERVER_SHUTDOWN, -EIO, true },
	{ ER_CONNECTION_KILLED, -EIO, true },
	{ ER_UNKNOWN_COM_ERROR, -EIO, true },	      /* a node that is cut off from its cluster */
	{ ER_OPTION_PREVENTS_STATEMENT, -EIO, true }, /* a server that only reads */
	{ 2002, -EIO, true },			      /* no server at the socket */
	{ 2003, -EIO, true },			      /* nor at the host */
	{ 2006, -EIO, true },			      /* gone away */
	{ 2013, -EIO, true },			      /* lost during a query */
	{ 2055, -EIO, true },			      /* the same, with the system's error */
};

int my_tell(struct my *my, unsigned number, const char *text, struct err *e)
{
	int code = -EIO;

	for (size_t i = 0; i < NELEM(errors); i++)
		if (errors[i].number == number) {
			code = errors[i].code;
			my->lost |= errors[i].lost;
		}
	return err_set(e, code, "MariaDB: %s", text && *text ? text : "the connection was lost");
}

static int say(struct my *my, struct err *e)
{
	return my_tell(my, mysql_errno(my->c), mysql_error(my->c), e);
}

static int say_stmt(struct my_stmt *s, struct err *e)
{
	return my_tell(s->my, mysql_stmt_errno(s->s), mysql_stmt_error(s->s), e);
}

/* --- connection ------------------------------------------------------------------------------------ */

enum {
	HOST,
	PORT,
	SOCKET,
	USER,
	DATABASE,
	FILE_,
	GROUP,
	SSL_CA,
	SSL_CAPATH,
	SSL_CERT,
	SSL_KEY,
	SSL_CRL,
	SSL_CIPHER,
	SSL_VERIFY,
	BULK,
	SILENCE,
	SETTINGS_N
};
static const char *const names[SETTINGS_N] = { [HOST] = "host",
	[PORT] = "port",
	[SOCKET] = "socket",
	[USER] = "user",
	[DATABASE] = "database",
	[FILE_] = "file",
	[GROUP] = "group",
	[SSL_CA] = "ssl-ca",
	[SSL_CAPATH] = "ssl-capath",
	[SSL_CERT] = "ssl-cert",
	[SSL_KEY] = "ssl-key",
	[SSL_CRL] = "ssl-crl",
	[SSL_CIPHER] = "ssl-cipher",
	[SSL_VERIFY] = "ssl-verify",
	[BULK] = "bulk",
	[SILENCE] = "silence" };

#define WANTED                                                                                     \
	"host, port, socket, user, database, file, group, ssl-ca, ssl-capath, ssl-cert, ssl-key, " \
	"ssl-crl, ssl-cipher, ssl-verify, bulk, silence"

_Static_assert(SETTINGS_N <= NELEM(((struct settings_of *)0)->v), "settings_of is too small");

static void settings_done(struct settings_of *set)
{
	for (unsigned i = 0; i < SETTINGS_N; i++)
		free(set->v[i]);
	*set = (struct settings_of){ { NULL } };
}

static int setting(struct settings_of *set, struct span name, struct span value, struct err *e)
{
	unsigned i = 0;

	if (span_is(name, "password"))
		return err_set(e, -EINVAL,
		    "a password does not belong in the hub's URL; file=FILE names an option file "
		    "for it");
	while (i < SETTINGS_N && !span_is(name, names[i]))
		i++;
	if (i == SETTINGS_N || span_empty(value))
		return err_set(e, -EINVAL, "hub \"mysql:…\": \"%.*s=\": want NAME=VALUE of " WANTED,
		    SPAN_ARG(name));
	free(set->v[i]);
	set->v[i] = span_dup(value);
	if (!set->v[i])
		abort();
	return 0;
}

static int settings_parse(struct my *my, const char *rest, struct err *e)
{
	struct settings_of *set = &my->set;
	struct span s = span_str(rest), word;
	uint32_t port = 0;
	int r = 0;

	while (r == 0 && !span_empty(s)) {
		struct span name;

		(void)span_cut(&s, ' ', &word);
		if (span_empty(word))
			continue;
		(void)span_cut(&word, '=', &name);
		r = setting(set, name, word, e);
	}
	if (r == 0 && !set->v[DATABASE])
		r = err_set(e, -EINVAL, "hub \"mysql:…\" names no database; want database=NAME");
	if (r == 0 && set->v[BULK] && strcmp(set->v[BULK], "rows") != 0)
		r = err_set(e, -EINVAL, "hub \"mysql:…\": bulk can only be rows");
	if (r == 0 && set->v[PORT] && num_u32(span_str(set->v[PORT]), 65535, &port) < 0)
		r = err_set(e, -EINVAL, "hub \"mysql:…\": port is no number up to 65535");
	my->silence_s = SILENCE_S;
	if (r == 0 && set->v[SILENCE] &&
	    (num_u32(span_str(set->v[SILENCE]), SILENCE_MAX_S, &my->silence_s) < 0 ||
		my->silence_s == 0))
		r = err_set(e, -EINVAL, "hub \"mysql:…\": silence is no number of seconds, 1-%u",
		    SILENCE_MAX_S);
	if (r == 0 && set->v[HOST])
		r = db_hosts_parse(span_str(set->v[HOST]), (uint16_t)port, &my->hosts, e);
	return r;
}

static void option(MYSQL *c, enum mysql_option o, const void *v)
{
	if (mysql_optionsv(c, o, v) != 0)
		abort(); /* all of them are known to the library we are built with */
}

/* The options of a connection that is to be made; the option file's are among them. */
static MYSQL *prepared(const struct my *my)
{
	const struct settings_of *set = &my->set;
	static const struct {
		unsigned setting;
		enum mysql_option option;
	} texts[] = { { SSL_CA, MYSQL_OPT_SSL_CA }, { SSL_CAPATH, MYSQL_OPT_SSL_CAPATH },
		{ SSL_CERT, MYSQL_OPT_SSL_CERT }, { SSL_KEY, MYSQL_OPT_SSL_KEY },
		{ SSL_CRL, MYSQL_OPT_SSL_CRL }, { SSL_CIPHER, MYSQL_OPT_SSL_CIPHER } };
	unsigned silence_s = my->silence_s, connect_s = MIN_OF(CONNECT_S, silence_s);
	my_bool yes = 1;
	MYSQL *c = mysql_init(NULL);

	if (!c)
		abort();
	option(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	option(c, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	option(c, MYSQL_OPT_READ_TIMEOUT, &silence_s);
	option(c, MYSQL_OPT_WRITE_TIMEOUT, &silence_s);
	if (set->v[FILE_]) {
		option(c, MYSQL_READ_DEFAULT_FILE, set->v[FILE_]);
		option(c, MYSQL_READ_DEFAULT_GROUP, set->v[GROUP] ? set->v[GROUP] : "onus");
	}
	for (size_t i = 0; i < NELEM(texts); i++)
		if (set->v[texts[i].setting])
			option(c, texts[i].option, set->v[texts[i].setting]);
	if (set->v[SSL_VERIFY] && strcmp(set->v[SSL_VERIFY], "yes") == 0) {
		option(c, MYSQL_OPT_SSL_ENFORCE, &yes);
		option(c, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
	return c;
}

static int my_exec(void *conn, const char *sql, struct err *e)
{
	struct my *my = conn;
	int r, more;

	if (my->lost)
		return say(my, e);
	if (mysql_query(my->c, sql) != 0)
		return say(my, e);
	do {
		MYSQL_RES *rows = mysql_store_result(my->c);

		mysql_free_result(rows);
		r = mysql_errno(my->c) ? say(my, e) : 0;
		more = r == 0 ? mysql_next_result(my->c) : -1;
	} while (more == 0);
	return r == 0 && more > 0 ? say(my, e) : r;
}

/* Arrays of parameters are MariaDB's own: other servers get statements of many rows. */
static bool takes_arrays(MYSQL *c)
{
	uint64_t capabilities = 0; /* the library writes 64 bits, its manual says 32 */

	return mariadb_get_infov(
		   c, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities) == 0 &&
	       (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32));
}

/* The value that a SHOW … LIKE gives. */
static int shown_is(struct my *my, const char *sql, const char *value, bool *ret, struct err *e)
{
	MYSQL_RES *rows = NULL;
	MYSQL_ROW row;

	if (mysql_query(my->c, sql) != 0 || !(rows = mysql_store_result(my->c)))
		return say(my, e);
	row = mysql_fetch_row(rows);
	*ret = row && mysql_num_fields(rows) > 1 && row[1] && strcmp(row[1], value) == 0;
	mysql_free_result(rows);
	return 0;
}

/* Where there are others to choose from, a server that answers but cannot serve is as good as none. */
static int serves(struct my *my, struct err *e)
{
	static const struct {
		const char *sql, *value, *what;
		bool writing;
	} no[] = {
		{ "SHOW STATUS LIKE 'wsrep_ready'", "OFF", "it is cut off from its cluster",
		    false },
		{ "SHOW GLOBAL VARIABLES LIKE 'read_only'", "ON", "it is set to read only", true },
	};
	bool is = false;
	int r = 0;

	for (size_t i = 0; i < NELEM(no) && r == 0; i++) {
		if (my->hosts.n < 2 || (no[i].writing && !my->write))
			continue;
		r = shown_is(my, no[i].sql, no[i].value, &is, e);
		if (r == 0 && is)
			r = err_set(e, -EIO, "MariaDB: %s", no[i].what);
	}
	return r;
}

/* Not in a Galera cluster: where another node's transaction won while an array was executed, MariaDB 10.11 undoes
 * ours and says nothing of it, and what comes after is committed row by row. */
static int choose_arrays(struct my *my, struct err *e)
{
	bool cluster = false;
	int r = shown_is(my, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'", "ON", &cluster, e);

	my->arrays = r == 0 && !cluster && !my->set.v[BULK] && takes_arrays(my->c);
	return r;
}

/* With the host that is its turn, or at the socket. */
static int make_one(struct my *my, struct err *e)
{
	/* Names in double quotes; nothing is cut or guessed; who waits for a turn waits for a second. */
	static const char sql[] =
	    "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
	    "ERROR_FOR_DIVISION_BY_ZERO'; SET SESSION innodb_lock_wait_timeout = 1;"
	    "SET SESSION lock_wait_timeout = 1;" /* for changes of the schema */
	    "SET SESSION autocommit = 1";
	const struct settings_of *set = &my->set;
	const struct db_host *host = my->hosts.n ? &my->hosts.v[my->hosts.at] : NULL;
	int r;

	_Static_assert(DB_LOCK_WAIT_MS == 1000, "innodb_lock_wait_timeout out of step");
	my->lost = false;
	my->c = prepared(my);
	if (!mysql_real_connect(my->c, host ? host->name : NULL, set->v[USER], NULL,
		set->v[DATABASE], host ? host->port : 0, set->v[SOCKET], CLIENT_MULTI_STATEMENTS))
		r = say(my, e);
	else
		r = my_exec(my, sql, e);
	if (r == 0)
		r = serves(my, e);
	if (r == 0)
		r = choose_arrays(my, e);
	return r < 0 && host ? err_wrap(e, r, "host %s", host->name) : r;
}

static int make(struct my *my, struct err *e)
{
	int r = make_one(my, e);

	for (unsigned i = 1; i < my->hosts.n && r < 0; i++) {
		mysql_close(my->c);
		db_hosts_next(&my->hosts);
		r = make_one(my, e);
	}
	return r;
}

static void my_close(void *conn)
{
	struct my *my = conn;

	mysql_close(my->c);
	settings_done(&my->set);
	db_hosts_done(&my->hosts);
	free(my);
}

static int my_open(const char *rest, bool write, void **ret, struct err *e)
{
	struct my *my = calloc(1, sizeof(*my));
	int r;

	if (!my)
		abort();
	my->write = write;
	r = settings_parse(my, rest, e);
	if (r == 0)
		r = make(my, e);
	if (r < 0) {
		my_close(my);
		return r;
	}
	*ret = my;
	return 0;
}

/* Who listens on the way sees nothing: TLS, or no way at all. */
static bool my_guarded(const void *conn)
{
	const struct my *my = conn;

	return my->c->unix_socket || mysql_get_ssl_cipher(my->c);
}

static int my_renew(void *conn, struct err *e)
{
	struct my *my = conn;
	int r;

	if (!my->lost)
		return -EISCONN;
	/* Statements look at the connection they were made with until they are made anew: that is not freed. */
	mysql_close(my->c);
	my->age++;
	db_hosts_next(&my->hosts);
	r = make(my, e);
	my->lost |= r < 0;
	return r;
}

/* Of this database alone: two hubs on one server do not wait for each other. */
static int my_migrate_begin(void *conn, struct err *e)
{
	static const char sql[] = "SELECT GET_LOCK(concat(" LOCK_NAME ", database()), 1)";
	struct my *my = conn;
	MYSQL_RES *rows;
	MYSQL_ROW row;
	int r = 0;

	if (mysql_query(my->c, sql) != 0 || !(rows = mysql_store_result(my->c)))
		return say(my, e);
	row = mysql_fetch_row(rows);
	if (!row || !row[0] || strcmp(row[0], "1") != 0)
		r = err_set(e, -EAGAIN, "MariaDB: another process migrates the hub");
	mysql_free_result(rows);
	return r;
}

static int my_migrate_end(void *conn, bool keep, struct err *e)
{
	(void)keep; /* it is done */
	return my_exec(conn, "SELECT RELEASE_LOCK(concat(" LOCK_NAME ", database()))", e);
}

/* --- statements ------------------------------------------------------------------------------------ */

static void forget_stmt(struct my_stmt *s)
{
	if (s->s)
		(void)mysql_stmt_close(s->s); /* its memory goes in any case */
	s->s = NULL;
	s->executed = false;
}

static int make_ready(struct my_stmt *s, struct err *e)
{
	unsigned long cursor = CURSOR_TYPE_READ_ONLY, portion = PORTION;
	int r;

	forget_stmt(s);
	if (s->my->lost)
		return say(s->my, e);
	s->s = mysql_stmt_init(s->my->c);
	if (!s->s)
		abort();
	s->age = s->my->age;
	if (s->walk && (mysql_stmt_attr_set(s->s, STMT_ATTR_CURSOR_TYPE, &cursor) != 0 ||
			   mysql_stmt_attr_set(s->s, STMT_ATTR_PREFETCH_ROWS, &portion) != 0))
		abort(); /* both are known to the library */
	r = mysql_stmt_prepare(s->s, s->sql, strlen(s->sql)) != 0 ? say_stmt(s, e) : 0;
	s->n = (unsigned)mysql_stmt_param_count(s->s);
	s->columns = mysql_stmt_field_count(s->s);
	if (r == 0 && (s->n > PARAMS_MAX || s->columns > COLUMNS_MAX))
		abort(); /* SQL is our own */
	return r;
}

static void my_stmt_free(void *stmt)
{
	struct my_stmt *s = stmt;

	forget_stmt(s);
	for (unsigned i = 0; i < COLUMNS_MAX; i++)
		free(s->col[i].text);
	free(s->sql);
	free(s);
}

static void bind_nulls(struct my_stmt *s)
{
	memset(s->in, 0, sizeof(s->in));
	for (unsigned i = 0; i < PARAMS_MAX; i++)
		s->in[i].buffer_type = MYSQL_TYPE_NULL;
}

static int my_prepare(void *conn, const char *sql, bool walk, void **ret, struct err *e)
{
	struct my_stmt *s = calloc(1, sizeof(*s));
	struct buf b;
	int r;

	if (!s)
		abort();
	s->my = conn;
	s->walk = walk;
	buf_init(&b, 1u << 16);
	rewrite_duplicate_key(span_str(sql), &b);
	if (!buf_ok(&b))
		abort(); /* SQL is our own */
	s->sql = b.p;
	bind_nulls(s);
	r = make_ready(s, e);
	if (r < 0) {
		my_stmt_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int bind(struct my_stmt *s, int n, enum enum_field_types type, void *v, unsigned long len)
{
	if (n < 1 || (unsigned)n > s->n)
		return -EINVAL;
	s->len[n - 1] = len;
	s->in[n - 1] = (MYSQL_BIND){
		.buffer_type = type, .buffer = v, .buffer_length = len, .length = &s->len[n - 1]
	};
	return 0;
}

static int my_bind_i64(void *stmt, int n, int64_t v)
{
	struct my_stmt *s = stmt;

	if (n < 1 || (unsigned)n > s->n)
		return -EINVAL;
	s->i[n - 1] = v;
	return bind(s, n, MYSQL_TYPE_LONGLONG, &s->i[n - 1], sizeof(v));
}

static int my_bind_real(void *stmt, int n, double v)
{
	struct my_stmt *s = stmt;

	if (n < 1 || (unsigned)n > s->n)
		return -EINVAL;
	s->d[n - 1] = v;
	return bind(s, n, MYSQL_TYPE_DOUBLE, &s->d[n - 1], sizeof(v));
}

/* The library only reads them. */
static int bind_bytes(struct my_stmt *s, int n, enum enum_field_types type, struct span v)
{
	union {
		const char *in;
		char *out;
	} p = { .in = v.p ? v.p : "" };

	return bind(s, n, type, p.out, span_len(v));
}

static int my_bind_text(void *stmt, int n, struct span v)
{
	return bind_bytes(stmt, n, MYSQL_TYPE_STRING, v);
}

static int my_bind_blob(void *stmt, int n, struct span v)
{
	return bind_bytes(stmt, n, MYSQL_TYPE_BLOB, v);
}

static int my_bind_null(void *stmt, int n)
{
	return bind(stmt, n, MYSQL_TYPE_NULL, NULL, 0);
}

static enum enum_field_types simple_type(const MYSQL_FIELD *f)
{
	switch (f->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_NEWDECIMAL: /* what sums are of */
		return MYSQL_TYPE_LONGLONG;
	case MYSQL_TYPE_FLOAT:
	case MYSQL_TYPE_DOUBLE:
		return MYSQL_TYPE_DOUBLE;
	default:
		return MYSQL_TYPE_STRING;
	}
}

static void out_text(struct column *c, MYSQL_BIND *b)
{
	if (!c->text) {
		c->room = TEXT_ROOM;
		c->text = calloc(1, c->room + 1);
		if (!c->text)
			abort();
	}
	b->buffer = c->text;
	b->buffer_length = c->room;
}

/* Where the columns of a row go. */
static int bind_out(struct my_stmt *s, struct err *e)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(s->s);
	const MYSQL_FIELD *f = meta ? mysql_fetch_fields(meta) : NULL;

	if (!f) {
		mysql_free_result(meta);
		return say_stmt(s, e);
	}
	memset(s->out, 0, sizeof(s->out));
	for (unsigned i = 0; i < s->columns; i++) {
		struct column *c = &s->col[i];
		MYSQL_BIND *b = &s->out[i];

		c->type = simple_type(&f[i]);
		b->buffer_type = c->type;
		b->length = &c->len;
		b->is_null = &c->null;
		b->error = &c->cut;
		if (c->type == MYSQL_TYPE_STRING)
			out_text(c, b);
		else
			b->buffer = c->type == MYSQL_TYPE_DOUBLE ? (void *)&c->d : (void *)&c->i;
	}
	mysql_free_result(meta);
	return mysql_stmt_bind_result(s->s, s->out) != 0 ? say_stmt(s, e) : 0;
}

static int execute(struct my_stmt *s, struct err *e)
{
	int r = s->s && s->age == s->my->age ? 0 : make_ready(s, e);

	if (r < 0)
		return r;
	if ((s->n && mysql_stmt_bind_param(s->s, s->in) != 0) || mysql_stmt_execute(s->s) != 0)
		return say_stmt(s, e);
	s->executed = true;
	if (s->columns == 0)
		return 0;
	r = bind_out(s, e);
	if (r == 0 && !s->walk && mysql_stmt_store_result(s->s) != 0)
		r = say_stmt(s, e);
	return r;
}

/* Texts that had no room are fetched once more, with as much as they need. */
static int grow_texts(struct my_stmt *s, struct err *e)
{
	unsigned long len[COLUMNS_MAX];
	bool grown = false;

	for (unsigned i = 0; i < s->columns; i++) {
		struct column *c = &s->col[i];

		len[i] = c->len;

		if (c->type != MYSQL_TYPE_STRING || c->null || c->len <= c->room)
			continue;
		free(c->text);
		c->room = c->len;
		c->text = calloc(1, c->room + 1);
		if (!c->text)
			abort();
		out_text(c, &s->out[i]);
		if (mysql_stmt_fetch_column(s->s, &s->out[i], i, 0) != 0)
			return say_stmt(s, e);
		grown = true;
	}
	if (grown && mysql_stmt_bind_result(s->s, s->out) != 0) /* for the rows to come */
		return say_stmt(s, e);
	for (unsigned i = 0; grown && i < s->columns; i++) /* libmariadb 10.11.18 forgets them */
		s->col[i].len = len[i];
	return 0;
}

static int my_step(void *stmt, struct err *e)
{
	struct my_stmt *s = stmt;
	int r = s->executed ? 0 : execute(s, e);

	if (r < 0 || s->columns == 0)
		return r;
	r = mysql_stmt_fetch(s->s);
	if (r == MYSQL_NO_DATA)
		return 0;
	if (r != 0 && r != MYSQL_DATA_TRUNCATED)
		return say_stmt(s, e);
	r = grow_texts(s, e);
	for (unsigned i = 0; i < s->columns; i++)
		if (s->col[i].text)
			s->col[i].text[s->col[i].null ? 0 : MIN_OF(s->col[i].len, s->col[i].room)] =
			    '\0';
	return r < 0 ? r : 1;
}

static void my_reset(void *stmt)
{
	struct my_stmt *s = stmt;

	/* Rows that nobody wanted end with word of a transaction that the server gave up, perhaps: whoever missed
	 * that would go on without one. */
	if (s->executed && s->age == s->my->age && !s->my->lost &&
	    mysql_stmt_free_result(s->s) != 0)
		s->my->lost = true;
	s->executed = false;
	bind_nulls(s); /* texts were borrowed */
}

/* --- columns --------------------------------------------------------------------------------------- */

static int64_t my_i64(void *stmt, int n)
{
	const struct column *c = &((struct my_stmt *)stmt)->col[n];

	return c->null || c->type != MYSQL_TYPE_LONGLONG ? 0 : c->i;
}

static double my_real(void *stmt, int n)
{
	const struct column *c = &((struct my_stmt *)stmt)->col[n];

	return c->null || c->type != MYSQL_TYPE_DOUBLE ? 0 : c->d;
}

static struct span my_bytes(void *stmt, int n)
{
	const struct column *c = &((struct my_stmt *)stmt)->col[n];

	return c->null || c->type != MYSQL_TYPE_STRING ? SPAN("") : span_of(c->text, c->len);
}

static bool my_null(void *stmt, int n)
{
	return ((struct my_stmt *)stmt)->col[n].null != 0;
}

const struct db_engine db_mariadb = {
	.scheme = "mysql",
	.alias = "mariadb",
	.open = my_open,
	.close = my_close,
	.exec = my_exec,
	.prepare = my_prepare,
	.stmt_free = my_stmt_free,
	.bind_i64 = my_bind_i64,
	.bind_real = my_bind_real,
	.bind_text = my_bind_text,
	.bind_blob = my_bind_blob,
	.bind_null = my_bind_null,
	.step = my_step,
	.reset = my_reset,
	.i64 = my_i64,
	.real = my_real,
	.text = my_bytes,
	.blob = my_bytes,
	.null = my_null,
	.guarded = my_guarded,
	.renew = my_renew,
	.migrate_begin = my_migrate_begin,
	.migrate_end = my_migrate_end,
	.bulk_new = my_bulk_new,
	.bulk_free = my_bulk_free,
	.bulk_send = my_bulk_send,
	.bulk_end = my_bulk_end,
	/* Not READ ONLY as well: TiDB's grammar has no room for both. */
	.begin_read = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
		      "START TRANSACTION WITH CONSISTENT SNAPSHOT",
	/* A server may undo a transaction and say nothing of it (choose_arrays). What follows is then in another one, not
	 * committed row by row, and the savepoint tells whether it is the one that was begun. */
	.begin_write = "SET SESSION autocommit = 0; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
		       "START TRANSACTION; UPDATE writer SET turns = turns + 1; SAVEPOINT onus",
	.commit_write = "RELEASE SAVEPOINT onus; COMMIT; SET SESSION autocommit = 1",
	.rollback = "ROLLBACK; SET SESSION autocommit = 1",
	.count_table =
	    "SELECT count(*) FROM information_schema.tables WHERE table_name = 'migration' "
	    "AND table_schema = database()",
	.who = "SELECT left(current_user(), char_length(current_user()) - "
	       "char_length(substring_index(current_user(), '@', -1)) - 1)",
};
