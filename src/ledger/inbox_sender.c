/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/inbox_sender.h"

#include <errno.h>

#include "ledger/hub_priv.h"

#define NO_USERS "load_into = inbox wants a hub on PostgreSQL or MariaDB; SQLite knows no users"

struct inbox_sender {
	struct db *db;
	struct db_stmt *insert, *mine; /* mine: NULL, the hub does not tell */
	char host[BATCH_HOST_MAX + 1];
};

struct inbox_sender *inbox_sender_free(struct inbox_sender *s)
{
	if (!s)
		return NULL;
	s->insert = db_stmt_free(s->insert);
	s->mine = db_stmt_free(s->mine);
	s->db = db_free(s->db);
	free(s);
	return NULL;
}

static int ask_who(struct inbox_sender *s, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *who = NULL;
	const char *sql = db_who_sql(s->db);
	int r;

	if (!sql)
		return err_set(e, -EOPNOTSUPP, NO_USERS);
	if (!db_guarded(s->db))
		return err_set(e, -EPERM,
		    "the connection to the hub is not encrypted; give `hub` %s",
		    strcmp(db_engine_name(s->db), "mysql") == 0 ? "ssl-verify=yes and ssl-ca=FILE"
								: "sslmode=verify-full and "
								  "sslrootcert=FILE");
	r = db_prepare(s->db, sql, &who, e);
	if (r == 0)
		r = db_step(who, e);
	if (r < 0)
		return r;
	if (span_len(db_text(who, 0)) > BATCH_HOST_MAX)
		return err_set(
		    e, -EINVAL, "the name of the database's user is longer than a host's");
	(void)snprintf(s->host, sizeof(s->host), "%.*s", SPAN_ARG(db_text(who, 0))); /* fits */
	return 0;
}

int inbox_sender_open(const char *url, struct inbox_sender **ret, struct err *e)
{
	struct inbox_sender *s;
	int r = 0;

	if (strncmp(url, "sqlite:", 7) == 0) /* before it is made */
		return err_set(e, -EOPNOTSUPP, NO_USERS);
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	r = db_open(url, true, &s->db, e);
	if (r == 0)
		r = ask_who(s, e);
	if (r == 0) {
		r = db_prepare(s->db,
		    "INSERT INTO inbox (producer, seq, sent, bytes) VALUES (?, ?, ?, ?)",
		    &s->insert, e);
		if (r < 0)
			r = err_wrap(e, r, "the hub's inbox does not take batches of %s", s->host);
	}
	if (r < 0) {
		(void)inbox_sender_free(s);
		return r;
	}
	if (db_prepare(s->db, "SELECT batches FROM inbox_mine", &s->mine, NULL) < 0)
		s->mine = NULL;
	*ret = s;
	return 0;
}

int inbox_sender_waiting(struct inbox_sender *s, uint64_t *ret, struct err *e)
{
	int r;

	if (!s->mine)
		return 0;
	r = db_step(s->mine, e);
	if (r == 1)
		*ret = (uint64_t)db_i64(s->mine, 0);
	db_reset(s->mine);
	return r;
}

const char *inbox_sender_host(const struct inbox_sender *s)
{
	return s->host;
}

int inbox_send(struct inbox_sender *s, const struct batch_name *name, struct span packed,
    int64_t now_s, struct err *e)
{
	int r;

	db_reset(s->insert);
	db_bind_text(s->insert, 1, span_str(name->producer));
	db_bind_i64(s->insert, 2, (int64_t)name->sequence);
	db_bind_i64(s->insert, 3, now_s);
	db_bind_blob(s->insert, 4, packed);
	r = db_run(s->insert, e); /* a transaction of its own */
	return r == -EEXIST ? 0 : r < 0 ? r : 1;
}
