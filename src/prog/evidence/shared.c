/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/shared.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "intake/list_guard.h"
#include "intake/list_set.h"
#include "net/rangemap.h"
#include "util/file.h"

struct list {
	struct shared_list is;
	const struct conf_source *conf;
	char what[CONF_REASON_MAX + 32];
	char *kept, *accept; /* paths */
	struct list_form form;
	struct addrset set;
	struct stat seen;
	bool begun, missing, held;
};

struct shared {
	char *dir;
	struct list *v; /* [n], those that say most people first */
	unsigned n;
	struct rangemap map;
	uint64_t revision;
};

/* --- which ---------------------------------------------------------------------------------------- */

static void describe(struct list *l, const struct conf_source *c)
{
	bool pool = c->users < CONF_USERS_MANY;
	const char *kind = pool ? "dynamic address" : "shared egress";

	l->conf = c;
	if (*c->reason)
		(void)snprintf(l->what, sizeof(l->what), "%s (%s)", kind, c->reason);
	else
		(void)snprintf(l->what, sizeof(l->what), "%s", kind);
	l->is = (struct shared_list){ .name = c->name,
		.what = l->what,
		.published = c->redistribute ? l->what : kind,
		.users = c->users,
		.lease_s = pool ? c->lease_s : 0 };
	(void)snprintf(l->is.said, sizeof(l->is.said), "%s, says %s", l->what, c->name); /* fits */
}

static int add(struct shared *s, const char *state_dir, const struct conf_source *c, struct err *e)
{
	struct list *l = &s->v[s->n];
	int r = list_form_parse(span_str(c->format), &l->form, e);

	if (r < 0)
		return err_wrap(e, r, "source %s", c->name);
	describe(l, c);
	s->n++;
	if (asprintf(&l->kept, "%s/%s", s->dir, c->name) < 0 ||
	    asprintf(&l->accept, "%s/lists/%s.accept", state_dir, c->name) < 0)
		abort();
	return 0;
}

/* With equal users, the first of the configuration holds. */
static int add_all(struct shared *s, const struct conf *c, uint32_t users, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < c->n_sources && r == 0; i++)
		if (strcmp(c->sources[i].type, CONF_SHARED) == 0 && c->sources[i].users == users)
			r = add(s, c->state_dir, &c->sources[i], e);
	return r;
}

struct shared *shared_new(const struct conf *c, struct err *e)
{
	struct shared *s = calloc(1, sizeof(*s));
	int r;

	if (!s || asprintf(&s->dir, "%s/shared", c->state_dir) < 0)
		abort();
	s->v = calloc((size_t)c->n_sources + 1, sizeof(*s->v));
	if (!s->v)
		abort();
	r = add_all(s, c, CONF_USERS_MANY, e);
	if (r == 0)
		r = add_all(s, c, CONF_USERS_POOL, e);
	return r < 0 ? shared_free(s) : s;
}

struct shared *shared_free(struct shared *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->n; i++) {
		addrset_done(&s->v[i].set);
		free(s->v[i].kept);
		free(s->v[i].accept);
	}
	free(s->v);
	free(s->dir);
	rangemap_done(&s->map);
	free(s);
	return NULL;
}

/* --- the last good copy ---------------------------------------------------------------------------- */

/* None, or one that is broken, is as if there had never been a list. */
static bool kept_read(struct list *l)
{
	CLEANUP(buf_done) struct buf b;
	struct err e;

	buf_init(&b, 2 * LIST_SET_FILE_MAX);
	return file_read(l->kept, &b, &e) == 0 && addrset_parse(buf_text(&b), &l->set, &e) == 0 &&
	       l->set.n > 0;
}

static int kept_write(const struct shared *s, const struct list *l, struct err *e)
{
	CLEANUP(file_new_done) struct file_new f = { .f = NULL };
	char text[RANGE_TEXT_MAX];
	int r = file_mkdirs(s->dir, 0750, e);

	if (r == 0)
		r = file_new_open(l->kept, &f, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->set.n; i++) {
		(void)range_format(l->set.v[i], text);
		(void)fprintf(f.f, "%s\n", text); /* commit tells of what went wrong */
	}
	return file_new_commit(&f, e);
}

/* --- a list ---------------------------------------------------------------------------------------- */

/* struct look - one poll */
struct look {
	struct shared *s;
	bool keep;
	shared_say_fn *say;
	void *ctx;
};

PRINTF(3, 4)
static void tell(const struct look *k, const struct list *l, const char *format, ...)
{
	struct err e = { "" };
	char text[ERR_MAX];
	va_list args;

	if (!k->say)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)err_set(&e, 0, "%s: %s", l->is.name, text);
	k->say(k->ctx, e.text);
}

static bool accepted(const struct list *l)
{
	struct stat st;

	return stat(l->accept, &st) == 0 && st.st_mtime >= l->seen.st_mtime;
}

static struct list_size size_of(const struct addrset *s)
{
	struct addrset_walk w = { .i = 0 };
	struct list_size size = { 0 };
	struct prefix p;

	while (addrset_next_prefix(s, &w, &p))
		list_size_add(&size, p);
	return size;
}

/* The file could not be had: told once, a feed's before its first fetch not at all. */
static void miss(const struct look *k, struct list *l, int error)
{
	if (!l->missing && !(l->conf->is_feed && error == ENOENT))
		tell(k, l, "%s: %s; %s", l->conf->path, strerror(error),
		    l->set.n ? "what was known before stands" : "nothing is known of it");
	l->missing = true;
	l->seen = (struct stat){ .st_size = 0 };
}

static bool is_same(const struct list *l, const struct stat *st)
{
	return l->seen.st_ino == st->st_ino && l->seen.st_size == st->st_size &&
	       l->seen.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       l->seen.st_mtim.tv_nsec == st->st_mtim.tv_nsec && !(l->held && accepted(l));
}

/* Takes set. true: it is believed. */
static bool believe(const struct look *k, struct list *l, struct addrset *set)
{
	struct list_size was = size_of(&l->set), is = size_of(set);
	struct err why = { "" };

	l->held = list_guard(&was, &is, &why) && !accepted(l);
	if (l->held)
		tell(k, l,
		    "%s: held back, %s; what was known before stands. Look at it, then: onus feed "
		    "accept %s",
		    l->conf->path, why.text, l->is.name);
	if (l->held || addrset_eq(set, &l->set)) {
		addrset_done(set);
		return false;
	}
	addrset_done(&l->set);
	l->set = *set;
	return true;
}

/* true: its set is another one now */
static bool read_list(const struct look *k, struct list *l)
{
	CLEANUP(buf_done) struct buf b;
	struct list_set_refused refused;
	struct addrset set;
	struct err e = { "" };
	int r;

	buf_init(&b, LIST_SET_FILE_MAX);
	r = file_read(l->conf->path, &b, &e);
	if (r < 0) {
		tell(k, l, "%s; what was known before stands", e.text);
		return false;
	}
	if (list_set_parse(buf_text(&b), &l->form, &set, &refused, &e) < 0) {
		tell(k, l, "%s: %s; what was known before stands", l->conf->path, e.text);
		return false;
	}
	if (refused.line)
		tell(k, l, "%s: line %ju: %s; %ju of its entries are left out", l->conf->path,
		    (uintmax_t)refused.line, refused.why, (uintmax_t)refused.n);
	else if (refused.n)
		tell(k, l, "%s: %s; %ju of its entries are left out", l->conf->path, refused.why,
		    (uintmax_t)refused.n);
	return believe(k, l, &set);
}

static bool look_at(const struct look *k, struct list *l)
{
	bool changed = !l->begun && kept_read(l), is_new;
	struct stat st;
	struct err e;

	l->begun = true;
	if (stat(l->conf->path, &st) < 0) {
		miss(k, l, errno);
		return changed;
	}
	l->missing = false;
	if (is_same(l, &st))
		return changed;
	l->seen = st;
	is_new = read_list(k, l);
	if (is_new && k->keep && kept_write(k->s, l, &e) < 0)
		tell(k, l, "%s", e.text);
	return changed || is_new;
}

static void join(struct shared *s)
{
	rangemap_done(&s->map);
	for (unsigned i = 0; i < s->n; i++)
		if (rangemap_put(&s->map, &s->v[i].set, i, s->v[i].is.users - 1.0) < 0)
			abort();
	rangemap_settle(&s->map);
	s->revision++;
}

void shared_poll(struct shared *s, bool keep, shared_say_fn *say, void *ctx)
{
	const struct look k = { s, keep, say, ctx };
	bool changed = false;

	for (unsigned i = 0; i < s->n; i++)
		changed = look_at(&k, &s->v[i]) || changed;
	if (changed)
		join(s);
}

static void say_stderr(void *ctx, const char *text)
{
	(void)fprintf(stderr, "%s: %s\n", (const char *)ctx, text);
}

struct shared *shared_open(const struct conf *c, const char *command)
{
	struct err e = { "" };
	struct shared *s = shared_new(c, &e);

	if (s)
		shared_poll(s, false, command ? say_stderr : NULL, (void *)(uintptr_t)command);
	else if (command)
		(void)fprintf(stderr, "%s: %s\n", command, e.text);
	return s;
}

/* --- what is asked --------------------------------------------------------------------------------- */

bool shared_any(const struct shared *s)
{
	return s && s->n > 0;
}

uint64_t shared_revision(const struct shared *s)
{
	return s->revision;
}

uint64_t shared_ranges(const struct shared *s)
{
	return s->map.n;
}

const struct shared_list *shared_at(const struct shared *s, struct addr a)
{
	const struct rangemap_row *row = s ? rangemap_find(&s->map, a) : NULL;

	return row ? &s->v[row->value].is : NULL;
}

double shared_users(const struct shared *s, struct range r)
{
	return s ? 1 + rangemap_weight(&s->map, r) / rangemap_size(r) : 1;
}

/* struct crowd - of many ranges together */
struct crowd {
	double size, weight;
};

static void crowd_as(
    const struct shared *s, const struct registry *r, uint32_t as, struct crowd *ret)
{
	uint32_t first, n = registry_as_prefixes(r, as, &first);

	for (uint32_t i = 0; i < n; i++) {
		struct range range = registry_prefix_at(r, registry_as_prefix(r, first + i)).range;

		ret->size += rangemap_size(range);
		ret->weight += rangemap_weight(&s->map, range);
	}
}

double shared_users_of(const struct shared *s, const struct registry *r,
    const struct judge_key *key, struct range range)
{
	struct crowd c = { 0, 0 };
	uint32_t first, n;

	if (!s || s->map.n == 0)
		return 1;
	switch (key->kind) {
	case ENTITY_AS:
		crowd_as(s, r, key->index, &c);
		break;
	case ENTITY_ORG:
		n = key->index < registry_n_org(r) ? registry_org_ases(r, key->index, &first) : 0;
		for (uint32_t i = 0; i < n; i++)
			crowd_as(s, r, registry_org_as(r, first + i), &c);
		break;
	case ENTITY_COUNTRY:
		break;
	default:
		return shared_users(s, range);
	}
	return c.size > 0 ? 1 + c.weight / c.size : 1;
}
