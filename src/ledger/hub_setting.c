/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_setting.h"

#include <errno.h>

#include "ledger/hub_priv.h"

/* --- reading ------------------------------------------------------------------------------------ */

int hub_setting_get(struct hub *h, const char *name, char **ret, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_SETTING_GET, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, span_str(name));
	r = db_step(s, e);
	if (r == 1) {
		*ret = span_dup(db_text(s, 0));
		if (!*ret)
			abort();
	}
	db_reset(s);
	return r;
}

int hub_settings_rev(struct hub *h, int64_t *ret, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_SETTING_REV, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	*ret = db_i64(s, 0);
	db_reset(s);
	return 0;
}

int hub_each_setting(struct hub *h, const char *head, hub_setting_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT s.name, s.value, s.rev, coalesce(a.at, 0), coalesce(a.who, ''), "
	    "coalesce(a.why, '') FROM setting s LEFT JOIN audit a ON a.id = s.rev ORDER BY s.name",
	    &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_setting x = { .name = db_text(s, 0),
			.value = db_text(s, 1),
			.rev = db_i64(s, 2),
			.at_s = db_i64(s, 3),
			.who = db_text(s, 4),
			.why = db_text(s, 5) };

		r = span_starts(x.name, head) ? fn(ctx, &x) : 0;
	}
	return r;
}

static struct span text_or_none(struct db_stmt *s, int n)
{
	return db_null(s, n) ? (struct span){ NULL, NULL } : db_text(s, n);
}

int hub_each_revision(struct hub *h, hub_revision_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT id, at, who, name, old, new, coalesce(why, '') FROM audit ORDER BY id DESC", &s,
	    e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_change c = { .rev = db_i64(s, 0),
			.at_s = db_i64(s, 1),
			.who = db_text(s, 2),
			.name = db_text(s, 3),
			.old_value = text_or_none(s, 4),
			.new_value = text_or_none(s, 5),
			.why = db_text(s, 6) };

		r = fn(ctx, &c);
	}
	return r;
}

struct taking {
	struct settings *to;
	struct err *e;
};

static int take(void *ctx, const struct hub_setting *s)
{
	const struct taking *t = ctx;
	int r = settings_take(t->to, s->name, s->value, t->e);

	return MIN_OF(r, 0);
}

int hub_settings_read(struct hub *h, struct settings *ret, struct err *e)
{
	bool own = !db_in_transaction(h->db);
	struct settings s;
	int r = own ? db_begin(h->db, false, e) : 0;

	if (r < 0)
		return r;
	settings_init(&s);
	r = hub_settings_rev(h, &s.rev, e);
	if (r == 0)
		r = hub_each_setting(h, "", take, &(struct taking){ &s, e }, e);
	if (own)
		hub_rollback(h);
	if (r < 0) {
		settings_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int hub_settings_source(
    struct hub *h, const char *source, struct settings_source *ret, struct err *e)
{
	CLEANUP(free_p) char *value = NULL;
	char name[HUB_SETTING_NAME_MAX + 1];
	int r;

	*ret = (struct settings_source){ .trust = 0 };
	(void)snprintf(name, sizeof(name), SETTING_SOURCE "%s", source);
	r = hub_setting_get(h, name, &value, e);
	if (r <= 0)
		return r;
	r = settings_source_parse(span_str(value), ret, e);
	return r < 0 ? err_wrap(e, -EBADMSG, "setting %s", name) : 0;
}

/* --- changing ----------------------------------------------------------------------------------- */

static bool is_text(const char *s, size_t most, bool may_be_empty)
{
	struct span t = span_str(s);

	if (span_len(t) > most || (span_empty(t) && !may_be_empty) || !span_utf8(t))
		return false;
	for (const char *p = t.p; p < t.end; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static int check(const char *name, const char *value, const struct hub_author *by, struct err *e)
{
	if (!is_text(name, HUB_SETTING_NAME_MAX, false))
		return err_set(
		    e, -EINVAL, "a setting's name is 1 to %u bytes of text", HUB_SETTING_NAME_MAX);
	if (value && !is_text(value, HUB_SETTING_MAX, true))
		return err_set(e, -EINVAL, "setting %s: a value is at most %u bytes of text", name,
		    HUB_SETTING_MAX);
	if (!is_text(by->who, HUB_SETTING_WHO_MAX, false))
		return err_set(e, -EINVAL, "who changes a setting has a name of 1 to %u bytes",
		    HUB_SETTING_WHO_MAX);
	if (!is_text(by->why, HUB_SETTING_WHY_MAX, true))
		return err_set(
		    e, -EINVAL, "a reason is one line of at most %u bytes", HUB_SETTING_WHY_MAX);
	return 0;
}

static void bind_text_or_null(struct db_stmt *s, int n, const char *v)
{
	if (v)
		db_bind_text(s, n, span_str(v));
	else
		db_bind_null(s, n);
}

static int audit(struct hub *h, int64_t rev, const char *name, const char *old, const char *value,
    const struct hub_author *by, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_AUDIT_ADD, &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, rev);
	db_bind_i64(s, 2, by->at_s);
	db_bind_text(s, 3, span_str(by->who));
	db_bind_text(s, 4, span_str(name));
	bind_text_or_null(s, 5, old);
	bind_text_or_null(s, 6, value);
	db_bind_text(s, 7, span_str(by->why));
	return db_run(s, e);
}

static int write_one(struct hub *h, const char *name, const char *value, int64_t rev, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, value ? SQL_SETTING_PUT : SQL_SETTING_DROP, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, span_str(name));
	if (value) {
		db_bind_text(s, 2, span_str(value));
		db_bind_i64(s, 3, rev);
	}
	return db_run(s, e);
}

static int put(struct hub *h, const char *name, const char *value, const struct hub_author *by,
    int64_t *ret_rev, struct err *e)
{
	CLEANUP(free_p) char *old = NULL;
	int64_t rev = 0;
	int r = hub_setting_get(h, name, &old, e);

	if (r < 0)
		return r;
	if (old && value ? strcmp(old, value) == 0 : !old && !value)
		return 0;
	r = hub_settings_rev(h, &rev, e);
	if (r == 0)
		r = write_one(h, name, value, rev + 1, e);
	if (r == 0)
		r = audit(h, rev + 1, name, old, value, by, e);
	if (r < 0)
		return r;
	if (ret_rev)
		*ret_rev = rev + 1;
	return 1;
}

int hub_setting_put(struct hub *h, const char *name, const char *value, const struct hub_author *by,
    int64_t *ret_rev, struct err *e)
{
	struct hub_tx tx;
	int r = check(name, value, by, e);

	if (r == 0)
		r = hub_tx_begin(h, &tx, e);
	return r < 0 ? r : hub_tx_end(h, &tx, put(h, name, value, by, ret_rev, e), e);
}

/* struct revision - what an undo needs of one; texts are owned */
struct revision {
	char name[HUB_SETTING_NAME_MAX + 1];
	char *old;
	int64_t newest; /* revision of this setting */
};

static int find_revision(struct hub *h, int64_t rev, struct revision *ret, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT a.name, a.old, (SELECT max(b.id) FROM audit b WHERE b.name = a.name) "
	    "FROM audit a WHERE a.id = ?",
	    &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, rev);
	r = db_step(s, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, -ENOENT,
		    "there is no revision %jd; `onus settings log` lists them", (intmax_t)rev);
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s", SPAN_ARG(db_text(s, 0)));
	if (!db_null(s, 1) && !(ret->old = span_dup(db_text(s, 1))))
		abort();
	ret->newest = db_i64(s, 2);
	return 0;
}

static int undo(struct hub *h, int64_t rev, const struct hub_author *by, int64_t *ret_rev,
    char *ret_name, struct err *e)
{
	struct revision was = { .old = NULL };
	int r = find_revision(h, rev, &was, e);

	if (r == 0 && was.newest != rev)
		r = err_set(e, -ESTALE,
		    "revision %jd changed %s again; undo that one first, or set it anew",
		    (intmax_t)was.newest, was.name);
	if (r == 0)
		r = put(h, was.name, was.old, by, ret_rev, e);
	if (r == 0) /* the newest change of it left it as it was before? none does */
		r = err_set(
		    e, -EBADMSG, "revision %jd of %s changed nothing", (intmax_t)rev, was.name);
	if (r > 0)
		(void)snprintf(ret_name, HUB_SETTING_NAME_MAX + 1, "%s", was.name);
	free(was.old);
	return MIN_OF(r, 0);
}

int hub_setting_undo(struct hub *h, int64_t rev, const struct hub_author *by, int64_t *ret_rev,
    char *ret_name, struct err *e)
{
	struct hub_tx tx;
	int r = check("x", NULL, by, e);

	if (r == 0)
		r = hub_tx_begin(h, &tx, e);
	return r < 0 ? r : hub_tx_end(h, &tx, undo(h, rev, by, ret_rev, ret_name, e), e);
}
