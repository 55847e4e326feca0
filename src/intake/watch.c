/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/watch.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "intake/list_guard.h"
#include "util/file.h"
#include "util/num.h"

#define SNAPSHOT_MAGIC "ONUSLST1" /* then 8 bytes number, 8 bytes XXH3-64 of the entries, entries */
#define SNAPSHOT_HEAD  24u
#define SNAPSHOT_ENTRY 21u /* 16 bytes address, 1 prefix length, 4 count, little-endian */
#define ID_TEXT	       17

struct entry {
	struct addr addr;
	uint32_t count;
	uint8_t len;
};

/* struct set - sorted by address and length, unique */
struct set {
	struct entry *v;
	size_t n, cap;
};

struct list {
	char *path;
	uint64_t old, new; /* ids of snapshots, 0: none; equal: nothing is under way */
	uint64_t index;	   /* entries handed out of this change */
	int64_t time_s;	   /* of the change: what its events are dated */
	bool loaded;	   /* the sets of the change are in memory */
	struct set was, is;
	size_t at_was, at_is;
	struct stat seen; /* of the file when it was read last */
	bool held;	  /* it was not believed then */
};

struct watch {
	struct watch_options o;
	struct list *lists[WATCH_LISTS_MAX];
	unsigned n;
	struct list *turn; /* whose event watch_next showed */
	bool stale;	   /* there may be snapshots that nobody names */
	char *accept;	   /* the file that says that somebody has looked */
	uint64_t refused;
	struct err trouble;
	bool troubled;
};

static void set_done(struct set *s)
{
	free(s->v);
	*s = (struct set){ NULL, 0, 0 };
}

static struct list *list_free(struct list *l)
{
	set_done(&l->was);
	set_done(&l->is);
	free(l->path);
	free(l);
	return NULL;
}

struct watch *watch_new(const struct watch_options *o)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->o = *o;
	w->stale = true;
	if (asprintf(&w->accept, "%s/%s.accept", o->state_dir, o->source) < 0)
		abort();
	return w;
}

struct watch *watch_free(struct watch *w)
{
	if (!w)
		return NULL;
	for (unsigned i = 0; i < w->n; i++)
		(void)list_free(w->lists[i]);
	free(w->accept);
	free(w);
	return NULL;
}

static void say(struct watch *w, const struct err *e)
{
	w->trouble = *e;
	w->troubled = true;
}

const char *watch_trouble(struct watch *w)
{
	if (!w->troubled)
		return NULL;
	w->troubled = false;
	return w->trouble.text;
}

uint64_t watch_refused(struct watch *w)
{
	uint64_t n = w->refused;

	w->refused = 0;
	return n;
}

/* --- sets and snapshots ------------------------------------------------------------------------- */

static int entry_cmp(const struct entry *a, const struct entry *b)
{
	int c = addr_cmp(a->addr, b->addr);

	return c ? c : (int)a->len - (int)b->len;
}

static int entry_qsort(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = entry_cmp(x, y);

	return c ? c : x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void set_add(struct set *s, struct prefix p, uint32_t count)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 1024;
		s->v = reallocarray(s->v, s->cap, sizeof(*s->v));
		if (!s->v)
			abort();
	}
	s->v[s->n++] = (struct entry){ p.addr, count, p.len };
}

/* Sorted; of entries that stand there twice the one with the higher count. */
static void set_sort(struct set *s)
{
	size_t n = 0;

	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), entry_qsort);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || entry_cmp(&s->v[n - 1], &s->v[i]) != 0)
			s->v[n++] = s->v[i];
	s->n = n;
}

static void put_entry(struct buf *b, const struct entry *e)
{
	uint8_t addr[16];

	addr_to_bytes(e->addr, addr);
	buf_put(b, addr, sizeof(addr));
	buf_byte(b, (char)e->len);
	buf_le32(b, e->count);
}

/* An id says which entries there are, not how often each was counted; never 0. */
static uint64_t set_id(const struct set *s)
{
	XXH3_state_t *x = XXH3_createState();
	uint64_t id;

	if (!x || XXH3_64bits_reset(x) != XXH_OK)
		abort();
	for (size_t i = 0; i < s->n; i++) {
		uint8_t key[17];

		addr_to_bytes(s->v[i].addr, key);
		key[16] = s->v[i].len;
		if (XXH3_64bits_update(x, key, sizeof(key)) != XXH_OK)
			abort();
	}
	id = XXH3_64bits_digest(x);
	(void)XXH3_freeState(x); /* always XXH_OK */
	return id ? id : 1;
}

static char *snapshot_path(const struct watch *w, uint64_t id)
{
	char *path;

	if (asprintf(&path, "%s/%s.%016jx.list", w->o.state_dir, w->o.source, (uintmax_t)id) < 0)
		abort();
	return path;
}

static int snapshot_write(const struct watch *w, uint64_t id, const struct set *s, struct err *e)
{
	CLEANUP(free_p) char *path = snapshot_path(w, id);
	CLEANUP(buf_done) struct buf b;
	uint64_t hash;

	buf_init(&b, SNAPSHOT_HEAD + (size_t)SNAPSHOT_ENTRY * WATCH_ENTRIES_MAX);
	if (access(path, F_OK) == 0)
		return 0; /* the same entries; a change that is under way keeps its counts */
	buf_str(&b, SNAPSHOT_MAGIC);
	buf_le64(&b, s->n);
	buf_le64(&b, 0);
	for (size_t i = 0; i < s->n; i++)
		put_entry(&b, &s->v[i]);
	if (!buf_ok(&b))
		abort();
	hash = XXH3_64bits(b.p + SNAPSHOT_HEAD, b.len - SNAPSHOT_HEAD);
	for (unsigned i = 0; i < 8; i++)
		b.p[16 + i] = (char)(hash >> (8 * i));
	return file_write(path, buf_text(&b), e);
}

static bool snapshot_parse(struct rd rd, struct set *ret)
{
	const uint8_t *magic = rd_take(&rd, 8);
	uint64_t n = rd_le64(&rd), hash = rd_le64(&rd);

	if (rd.bad || memcmp(magic, SNAPSHOT_MAGIC, 8) != 0 || n > WATCH_ENTRIES_MAX ||
	    (size_t)(rd.end - rd.p) != n * SNAPSHOT_ENTRY ||
	    XXH3_64bits(rd.p, (size_t)(rd.end - rd.p)) != hash)
		return false;
	for (; n; n--) {
		const uint8_t *addr = rd_take(&rd, 16);
		struct prefix p = { addr_of_bytes(addr), rd_u8(&rd) };

		set_add(ret, p, rd_le32(&rd));
	}
	return true;
}

static bool snapshot_read(const struct watch *w, uint64_t id, struct set *ret)
{
	CLEANUP(free_p) char *path = snapshot_path(w, id);
	struct file_map m = { NULL, 0 };
	bool good;

	if (id == 0)
		return true; /* before the first one there was nothing */
	if (file_map(path, &m, NULL) < 0)
		return false;
	good = snapshot_parse(rd_of(m.p, m.len), ret) && set_id(ret) == id;
	file_unmap(&m);
	if (!good)
		set_done(ret);
	return good;
}

/* --- a change ----------------------------------------------------------------------------------- */

/* Go to the next entry that only the new set has. */
static bool seek(struct list *l)
{
	while (l->at_is < l->is.n) {
		int c =
		    l->at_was < l->was.n ? entry_cmp(&l->was.v[l->at_was], &l->is.v[l->at_is]) : 1;

		if (c > 0)
			return true;
		l->at_was++;
		l->at_is += c == 0;
	}
	return false;
}

static void finish(struct watch *w, struct list *l)
{
	set_done(&l->was);
	set_done(&l->is);
	l->old = l->new;
	l->index = 0;
	l->loaded = false;
	w->stale = true;
}

/* What a position left off: both sets again, and over what was handed out. */
static void load_change(struct watch *w, struct list *l)
{
	struct err e;

	if (l->loaded || l->old == l->new)
		return;
	l->loaded = true;
	l->at_was = l->at_is = 0;
	if (!snapshot_read(w, l->old, &l->was) || !snapshot_read(w, l->new, &l->is)) {
		(void)err_set(&e, 0,
		    "%s: its snapshot in %s is lost; its entries count from now on only when they "
		    "are new",
		    l->path, w->o.state_dir);
		say(w, &e);
		finish(w, l);
		return;
	}
	for (uint64_t i = 0; i < l->index && seek(l); i++)
		l->at_is++;
}

struct reading {
	struct set set;
	uint64_t refused; /* over the maximum */
};

static void sink(void *ctx, const struct event *ev, uint64_t number)
{
	struct reading *rd = ctx;

	if (rd->set.n < WATCH_ENTRIES_MAX)
		set_add(&rd->set, ev->subject, ev->count);
	else
		rd->refused++;
}

static int read_list(
    struct watch *w, const char *path, struct set *ret, uint64_t *refused, struct err *e)
{
	struct reading rd = { .refused = 0 };
	struct list_options o = {
		.source = span_str(w->o.source), .own = w->o.own, .form = w->o.form
	};
	struct list_counts counts = { 0 };
	struct input *in = NULL;
	int r = input_open(path, &in, e);

	if (r == 0)
		r = list_input(in, &o, sink, NULL, &rd, &counts, e);
	in = input_free(in);
	if (r < 0) {
		set_done(&rd.set);
		return r;
	}
	set_sort(&rd.set);
	*ret = rd.set;
	*refused = counts.refused + rd.refused;
	return 0;
}

static struct list_size size_of(const struct set *s)
{
	struct list_size size = { 0 };

	for (size_t i = 0; i < s->n; i++)
		list_size_add(&size, (struct prefix){ s->v[i].addr, s->v[i].len });
	return size;
}

static bool accepted(const struct watch *w, const struct stat *list)
{
	struct stat st;

	return stat(w->accept, &st) == 0 && st.st_mtime >= list->st_mtime;
}

/* true: the new copy is not believed, and nobody has said that it may be */
static bool held_back(struct watch *w, const struct list *l, const struct set *s)
{
	struct set before = { NULL, 0, 0 };
	struct list_size was, is = size_of(s);
	struct err why, e;
	bool held;

	(void)snapshot_read(w, l->new, &before); /* lost: as if there had been none */
	was = size_of(&before);
	set_done(&before);
	held = list_guard(&was, &is, &why) && !accepted(w, &l->seen);
	if (held) {
		(void)err_set(&e, 0,
		    "%s: held back, %s; what was there before stands. Look at it, then: onus feed "
		    "accept %s",
		    l->path, why.text, w->o.source);
		say(w, &e);
	}
	return held;
}

static void begin_change(
    struct watch *w, struct list *l, uint64_t id, const struct set *s, int64_t time_s)
{
	struct err e;

	if (snapshot_write(w, id, s, &e) < 0) {
		l->seen.st_mtim.tv_sec = 0; /* again in the next poll */
		say(w, &e);
		return;
	}
	l->old = l->new;
	l->new = id;
	l->index = 0;
	l->time_s = time_s;
	l->loaded = false;
}

/* The list was read: a change begins, unless nothing changed. Takes s. */
static void compare(struct watch *w, struct list *l, struct set *s, int64_t time_s)
{
	uint64_t id = set_id(s);
	struct err e;

	l->held = false;
	if (s->n == 0 && l->new) {
		(void)err_set(
		    &e, 0, "%s: is empty; taken for a broken fetch, nothing changes", l->path);
		say(w, &e);
	} else if (s->n && id != l->new) {
		l->held = held_back(w, l, s);
		if (!l->held)
			begin_change(w, l, id, s, time_s);
	}
	set_done(s);
}

unsigned watch_held(const struct watch *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		n += w->lists[i]->held;
	return n;
}

static struct list *list_of(struct watch *w, const char *path)
{
	struct list *l;
	struct err e;

	for (unsigned i = 0; i < w->n; i++)
		if (strcmp(w->lists[i]->path, path) == 0)
			return w->lists[i];
	if (w->n == WATCH_LISTS_MAX || strlen(path) > WATCH_PATH_MAX || strchr(path, '\n')) {
		(void)err_set(&e, 0,
		    "%.80s: not watched; source %s has %u lists already, or its path "
		    "is over %u bytes",
		    path, w->o.source, w->n, WATCH_PATH_MAX);
		say(w, &e);
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->path = strdup(path);
	if (!l->path)
		abort();
	w->lists[w->n++] = l;
	return l;
}

/* Was it seen as it is, and is there nothing new to be said of it? */
static bool is_known(const struct watch *w, const struct list *l, const struct stat *st)
{
	return l->seen.st_ino == st->st_ino && l->seen.st_size == st->st_size &&
	       l->seen.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       l->seen.st_mtim.tv_nsec == st->st_mtim.tv_nsec && (!l->held || !accepted(w, st));
}

/* true: not now */
static bool look_at(struct watch *w, const char *path, int64_t now_s, int64_t settled_s)
{
	struct set s = { NULL, 0, 0 };
	struct list *l;
	struct stat st;
	uint64_t refused = 0, was;
	struct err e;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || now_s - st.st_mtime < settled_s)
		return false;
	l = list_of(w, path);
	if (l && l->old != l->new)
		return true;
	if (!l || is_known(w, l, &st))
		return false;
	l->seen = st;
	if (read_list(w, path, &s, &refused, &e) < 0) {
		say(w, &e); /* until it changes again */
		return false;
	}
	was = l->new;
	compare(w, l, &s, MIN_OF((int64_t)st.st_mtime, now_s));
	if (l->new != was) /* the same list read again refuses nothing new */
		w->refused += refused;
	return false;
}

bool watch_poll(struct watch *w, int64_t now_s, int64_t settled_s)
{
	glob_t g = { 0 };
	bool left = false;

	if (glob(w->o.pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			left = look_at(w, g.gl_pathv[i], now_s, settled_s) || left;
	globfree(&g);
	return left;
}

bool watch_next(struct watch *w, struct event *ret)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct list *l = w->lists[i];
		const struct entry *en;

		load_change(w, l);
		if (l->old == l->new)
			continue;
		if (!seek(l)) {
			finish(w, l);
			continue;
		}
		en = &l->is.v[l->at_is];
		*ret = (struct event){ .time_s = l->time_s,
			.subject = { en->addr, en->len },
			.category = w->o.category,
			.proof = w->o.proof,
			.count = en->count,
			.source = span_str(w->o.source) };
		w->turn = l;
		return true;
	}
	w->turn = NULL;
	return false;
}

void watch_take(struct watch *w)
{
	struct list *l = w->turn;

	if (!l)
		return;
	l->at_is++;
	l->index++;
	w->turn = NULL;
}

/* --- positions ---------------------------------------------------------------------------------- */

static void put_id(struct buf *b, uint64_t id)
{
	if (id)
		buf_fmt(b, "%016jx ", (uintmax_t)id);
	else
		buf_str(b, "- ");
}

void watch_positions(struct watch *w, struct buf *out)
{
	for (unsigned i = 0; i < w->n; i++) {
		const struct list *l = w->lists[i];

		if (!l->new)
			continue; /* never read */
		buf_fmt(out, "#list %s ", w->o.source);
		put_id(out, l->old);
		put_id(out, l->new);
		buf_fmt(out, "%ju %jd %s\n", (uintmax_t)l->index, (intmax_t)l->time_s, l->path);
	}
}

static bool take_id(struct span *rest, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	struct span word;

	if (!span_cut(rest, ' ', &word))
		return false;
	*ret = 0;
	if (span_is(word, "-"))
		return true;
	for (const char *p = word.p; p < word.end; p++) {
		const char *at = *p ? strchr(digits, *p) : NULL;

		if (!at)
			return false;
		*ret = *ret << 4 | (uint64_t)(at - digits);
	}
	return span_len(word) == ID_TEXT - 1;
}

static bool read_position(struct watch *w, struct span rest)
{
	CLEANUP(free_p) char *path = NULL;
	uint64_t old, new, index, time_s;
	struct span word;
	struct list *l;

	if (!take_id(&rest, &old) || !take_id(&rest, &new) || new == 0 ||
	    !span_cut(&rest, ' ', &word) || num_u64(word, UINT64_MAX, &index) < 0 ||
	    !span_cut(&rest, ' ', &word) || num_u64(word, INT64_MAX, &time_s) < 0 ||
	    span_empty(rest) || memchr(rest.p, '\0', span_len(rest)))
		return false;
	path = span_dup(rest);
	if (!path)
		abort();
	l = list_of(w, path);
	if (!l)
		return false;
	l->old = old;
	l->new = new;
	l->index = index;
	l->time_s = (int64_t)time_s;
	return true;
}

int watch_restore(struct watch *w, struct span line, struct err *e)
{
	struct span rest = line, word;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#list") ||
	    !span_cut(&rest, ' ', &word) || !span_is(word, w->o.source))
		return 0;
	if (!read_position(w, rest))
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", w->o.source,
		    SPAN_ARG(line));
	return 1;
}

static bool named(const struct watch *w, uint64_t id)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->lists[i]->old == id || w->lists[i]->new == id)
			return true;
	return false;
}

/* What was accepted is in the positions now; or there was nothing to accept. */
static void drop_accept(const struct watch *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->lists[i]->held || !w->lists[i]->seen.st_ino)
			return;
	(void)unlink(w->accept); /* there may be none */
}

void watch_durable(struct watch *w)
{
	size_t n = strlen(w->o.source);
	const struct dirent *de;
	DIR *d;

	drop_accept(w);

	if (!w->stale)
		return;
	w->stale = false;
	d = opendir(w->o.state_dir);
	while (d && (de = readdir(d)) != NULL) {
		struct span name = span_str(de->d_name), hex;
		CLEANUP(free_p) char *path = NULL;
		char id[ID_TEXT + 1];
		uint64_t v;

		if (span_len(name) != n + 1 + 16 + 5 || memcmp(name.p, w->o.source, n) != 0 ||
		    name.p[n] != '.' || memcmp(name.end - 5, ".list", 5) != 0)
			continue;
		memcpy(id, name.p + n + 1, 16);
		id[16] = ' ';
		hex = span_of(id, ID_TEXT);
		if (!take_id(&hex, &v) || named(w, v))
			continue;
		path = snapshot_path(w, v);
		(void)unlink(path); /* it stays, and harms nobody */
	}
	if (d)
		(void)closedir(d); /* read only */
}
