/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts are found one by one in the key of the table, and so are their producers: what one of them has piled up is never
 * read to get at the others. */
#include "ledger/hub_inbox.h"

#include <errno.h>

#include "ledger/hub_priv.h"

/* struct name - bytes of a key that are somebody else's word */
struct name {
	char p[BATCH_HOST_MAX];
	size_t n;
};
_Static_assert(BATCH_HOST_MAX >= BATCH_PRODUCER_MAX, "a producer's name fits");

struct taken {
	struct name host, producer;
	int64_t seq;
};

struct turn { /* of a host: the producer that was served last */
	struct name host, producer;
};

struct inbox {
	struct name last; /* host that was served last */
	struct turn turn[HUB_INBOX_HOSTS_MAX];
	unsigned n_turns;
	struct taken taken[HUB_INBOX_TAKEN_MAX];
	unsigned n_taken;
};

/* struct walk - max: rows that are left to be handed over; of_host: of them of this host */
struct walk {
	struct hub *h;
	hub_inbox_fn *fn;
	void *ctx;
	struct err *e;
	unsigned left, of_host;
	bool enough;
};

static struct span name_span(const struct name *n)
{
	return span_of(n->p, n->n);
}

/* false: the database holds what its own checks do not allow. */
static bool name_set(struct name *n, struct span s)
{
	if (span_len(s) > sizeof(n->p))
		return false;
	n->n = span_len(s);
	memcpy(n->p, s.p, n->n);
	return true;
}

struct inbox *inbox_free(struct inbox *x)
{
	free(x);
	return NULL;
}

static struct inbox *inbox_of(struct hub *h)
{
	if (!h->inbox)
		h->inbox = calloc(1, sizeof(*h->inbox));
	if (!h->inbox)
		abort();
	return h->inbox;
}

/* --- finding ------------------------------------------------------------------------------------ */

/* The first name behind another: 1 with *ret, 0. host: of its producers, NULL: of hosts. */
static int next_name(struct hub *h, const struct name *host, const struct name *after,
    struct name *ret, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, host ? SQL_INBOX_PRODUCER : SQL_INBOX_HOST, &s, e), n = 1;

	if (r < 0)
		return r;
	if (host)
		db_bind_text(s, n++, name_span(host));
	db_bind_text(s, n, name_span(after));
	r = db_step(s, e);
	if (r == 1 && !name_set(ret, db_text(s, 0)))
		r = err_set(
		    e, -EBADMSG, "the inbox holds a name of more than %u bytes", BATCH_HOST_MAX);
	db_reset(s);
	return r;
}

/* Of whom there is something, from behind the one who was served last, around. */
static int find_hosts(struct hub *h, struct name *hosts, unsigned *n, struct err *e)
{
	const struct name start = h->inbox->last;
	struct name at = start;
	bool around = start.n == 0;
	int r = 0;

	*n = 0;
	while (*n < HUB_INBOX_HOSTS_MAX) {
		r = next_name(h, NULL, &at, &hosts[*n], e);
		if (r < 0)
			return r;
		if (r == 0 && around)
			break;
		if (r == 0) {
			around = true;
			at.n = 0;
			continue;
		}
		at = hosts[*n];
		if (around && start.n && span_cmp(name_span(&at), name_span(&start)) > 0)
			break;
		(*n)++;
	}
	return 0;
}

/* Whoever has nothing any more loses his turn when another one needs the room. */
static struct turn *turn_of(struct inbox *x, const struct name *host)
{
	unsigned i = 0;

	while (i < x->n_turns && !span_eq(name_span(&x->turn[i].host), name_span(host)))
		i++;
	if (i == HUB_INBOX_HOSTS_MAX)
		i = x->n_turns = 0;
	if (i == x->n_turns) {
		x->n_turns++;
		x->turn[i] = (struct turn){ .host = *host };
	}
	return &x->turn[i];
}

/* --- walking ------------------------------------------------------------------------------------ */

/* One row; 0 when there is none behind *seq. */
static int serve_row(
    struct walk *w, const struct name *host, const struct name *producer, int64_t *seq)
{
	struct db_stmt *s;
	struct hub_inbox_row row = { .host = name_span(host), .producer = name_span(producer) };
	int r = hub_stmt(w->h, SQL_INBOX_ROW, &s, w->e), told;

	if (r < 0)
		return r;
	db_bind_text(s, 1, row.host);
	db_bind_text(s, 2, row.producer);
	db_bind_i64(s, 3, *seq);
	r = db_step(s, w->e);
	if (r == 1) {
		*seq = row.seq = db_i64(s, 0);
		row.sent_s = db_i64(s, 1);
		row.received_s = db_i64(s, 2);
		row.bytes = db_blob(s, 3);
		told = w->fn(w->ctx, &row);
		r = told < 0 ? told : 1;
		w->enough = told == 1;
		w->left--;
		w->of_host--;
	}
	db_reset(s);
	return r;
}

static int serve_producer(struct walk *w, const struct name *host, const struct name *producer)
{
	int64_t seq = 0;
	int r = 1;

	while (r == 1 && w->of_host && !w->enough)
		r = serve_row(w, host, producer, &seq);
	return MIN_OF(r, 0);
}

static int serve_host(struct walk *w, const struct name *host)
{
	struct turn *t = turn_of(w->h->inbox, host);
	const struct name start = t->producer;
	struct name at = start;
	bool around = start.n == 0;
	int r = 0;

	while (r == 0 && w->of_host && !w->enough) {
		struct name producer = { .n = 0 };
		int found = next_name(w->h, host, &at, &producer, w->e);

		if (found < 0)
			return found;
		if (found == 0 && around)
			break;
		if (found == 0) {
			around = true;
			at.n = 0;
			continue;
		}
		if (around && start.n && span_cmp(name_span(&producer), name_span(&start)) > 0)
			break;
		r = serve_producer(w, host, &producer);
		at = t->producer = producer;
	}
	return r;
}

int hub_inbox_walk(struct hub *h, unsigned max, hub_inbox_fn *fn, void *ctx, struct err *e)
{
	struct walk w = { .h = h, .fn = fn, .ctx = ctx, .e = e };
	struct inbox *x = inbox_of(h);
	struct name *hosts = calloc(HUB_INBOX_HOSTS_MAX, sizeof(*hosts));
	unsigned n = 0;
	int r;

	if (!hosts)
		abort();
	w.left = MIN_OF(max, HUB_INBOX_TAKEN_MAX - x->n_taken);
	r = find_hosts(h, hosts, &n, e);
	for (unsigned i = 0; i < n && r == 0 && w.left && !w.enough; i++) {
		w.of_host = MIN_OF(w.left, MAX_OF(max / n, 1u));
		r = serve_host(&w, &hosts[i]);
		x->last = hosts[i];
	}
	free(hosts);
	return r;
}

/* --- done with ---------------------------------------------------------------------------------- */

void hub_inbox_take(struct hub *h, const struct hub_inbox_row *row)
{
	struct inbox *x = inbox_of(h);
	struct taken *t = &x->taken[x->n_taken];

	if (x->n_taken == HUB_INBOX_TAKEN_MAX || !name_set(&t->host, row->host) ||
	    !name_set(&t->producer, row->producer))
		abort(); /* the walk counts them, and made the row of such names */
	t->seq = row->seq;
	x->n_taken++;
}

void hub_inbox_forget(struct hub *h)
{
	inbox_of(h)->n_taken = 0;
	hub_fold_forget(h);
}

static int drop(struct hub *h, const struct taken *t, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_INBOX_DROP, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, name_span(&t->host));
	db_bind_text(s, 2, name_span(&t->producer));
	db_bind_i64(s, 3, t->seq);
	return db_run(s, e);
}

int hub_inbox_commit(struct hub *h, struct hub_folded *ret, struct err *e)
{
	struct inbox *x = inbox_of(h);
	struct hub_folded sum = { .batches = 0 };
	int r;

	if (x->n_taken == 0)
		return 0;
	r = hub_begin(h, e);
	for (unsigned i = 0; i < x->n_taken && r == 0; i++)
		r = drop(h, &x->taken[i], e);
	if (r == 0)
		r = hub_fold_commit(h, &sum, e);
	if (r == 0)
		r = hub_commit(h, e);
	else
		hub_rollback(h);
	x->n_taken = 0;
	if (r < 0) {
		hub_fold_forget(h);
		return r;
	}
	ret->batches += sum.batches;
	ret->lines += sum.lines;
	ret->refused += sum.refused;
	ret->rows += sum.rows;
	return 0;
}

static void add_host(struct hub_inbox_depth *d, struct db_stmt *s, uint32_t max)
{
	uint64_t batches = (uint64_t)db_i64(s, 1);
	int64_t oldest_s = db_i64(s, 3);

	d->batches += batches;
	d->bytes += (uint64_t)db_i64(s, 2);
	if (!d->oldest_s || oldest_s < d->oldest_s)
		d->oldest_s = oldest_s;
	d->over += batches > max;
	if (batches <= max || batches <= d->of_most)
		return;
	d->of_most = batches;
	(void)snprintf(d->most, sizeof(d->most), "%.*s", SPAN_ARG(db_text(s, 0))); /* fits */
}

int hub_inbox_depth(struct hub *h, uint32_t max, struct hub_inbox_depth *ret, struct err *e)
{
	struct hub_inbox_depth d = { .batches = 0 };
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_INBOX_DEPTH, &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		add_host(&d, s, max);
		r = 0;
	}
	if (r == 0) {
		db_reset(s);
		*ret = d;
	}
	return r;
}

/* --- who may put something there ------------------------------------------------------------------ */

#define COLUMNS "producer, seq, sent, bytes"

static void grants_mariadb(
    const char *database, const char *host, const char *from, const char *password, struct buf *out)
{
	buf_fmt(out,
	    "CREATE USER '%s'@'%s' IDENTIFIED BY '%s' REQUIRE SSL WITH MAX_USER_CONNECTIONS 4;\n"
	    "GRANT INSERT (" COLUMNS ") ON `%s`.inbox TO '%s'@'%s';\n"
	    "GRANT SELECT ON `%s`.inbox_mine TO '%s'@'%s';\n",
	    host, from ? from : "%", password, database, host, from ? from : "%", database, host,
	    from ? from : "%");
}

/* TLS is demanded by pg_hba.conf. What everybody may do by default and no sensor needs is taken away from all but
 * the database's owner. */
static void grants_postgresql(
    const char *database, const char *host, const char *from, const char *password, struct buf *out)
{
	buf_fmt(out,
	    "-- These lines belong into pg_hba.conf, above all others; then SELECT "
	    "pg_reload_conf():\n"
	    "-- pg_hba.conf: hostssl \"%s\" \"%s\" %s scram-sha-256\n"
	    "-- pg_hba.conf: host all \"%s\" all reject\n"
	    "CREATE ROLE \"%s\" LOGIN CONNECTION LIMIT 4 PASSWORD '%s';\n"
	    "GRANT CONNECT ON DATABASE \"%s\" TO \"%s\";\n"
	    "GRANT USAGE ON SCHEMA public TO \"%s\";\n"
	    "GRANT INSERT (" COLUMNS ") ON inbox TO \"%s\";\n"
	    "GRANT SELECT ON inbox_mine TO \"%s\";\n"
	    "REVOKE TEMPORARY ON DATABASE \"%s\" FROM PUBLIC;\n"
	    "REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), "
	    "lo_from_bytea(oid, bytea) FROM PUBLIC;\n",
	    database, host, from ? from : "all", host, host, password, database, host, host, host,
	    host, database);
}

static const struct {
	const char *engine, *database;
	unsigned host_max; /* bytes of a user's name */
	void (*put)(const char *database, const char *host, const char *from, const char *password,
	    struct buf *out);
} grants[] = {
	{ "mysql", "SELECT database()", BATCH_HOST_MAX, grants_mariadb },
	{ "postgresql", "SELECT current_database()::text", 63, grants_postgresql },
};

static int check_from(const char *from, struct err *e)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/-%_";

	return from && (!*from || from[strspn(from, allowed)])
		   ? err_set(e, -EINVAL, "\"%.60s\" is no address, network or name of a host", from)
		   : 0;
}

int hub_inbox_grants(struct hub *h, const char *host, const char *from, const char *password,
    struct buf *out, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	CLEANUP(free_p) char *database = NULL;
	struct batch_name name;
	unsigned i = 0;
	int r;

	while (i < NELEM(grants) && strcmp(grants[i].engine, db_engine_name(h->db)) != 0)
		i++;
	if (i == NELEM(grants))
		return err_set(e, -EOPNOTSUPP,
		    "SQLite knows no users: sensors want a hub on PostgreSQL or MariaDB");
	r = batch_name_make(host, "p", 1, &name, e);
	if (r == 0)
		r = check_from(from, e);
	if (r < 0)
		return r;
	if (strlen(host) > grants[i].host_max)
		return err_set(e, -EINVAL,
		    "the name of a user has at most %u bytes there; give the sensor a shorter "
		    "host_name",
		    grants[i].host_max);
	r = db_prepare(h->db, grants[i].database, &s, e);
	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	database = span_dup(db_text(s, 0));
	if (!database || strpbrk(database, "`\"'\\\n"))
		return err_set(e, -EINVAL, "the database has a name that cannot be written here");
	grants[i].put(database, host, from, password, out);
	return 0;
}
