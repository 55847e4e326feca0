/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/known.h"

#include <sys/stat.h>

#include "intake/list_set.h"
#include "util/file.h"

#define FILES_MAX 256u

struct known_file {
	const char *source, *path;
	struct list_form form;
	bool anchor;
	struct stat seen;
	struct addrset set;
};

struct known {
	struct known_file file[FILES_MAX];
	unsigned n;
	struct addrset anchors, all; /* those that hold for one's own sensors, and for others */
	struct err trouble;
	bool troubled;
};

struct known *known_new(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	return k;
}

struct known *known_free(struct known *k)
{
	if (!k)
		return NULL;
	for (unsigned i = 0; i < k->n; i++)
		addrset_done(&k->file[i].set);
	addrset_done(&k->anchors);
	addrset_done(&k->all);
	free(k);
	return NULL;
}

static void say(struct known *k, const struct known_file *f, const char *what)
{
	(void)err_set(
	    &k->trouble, 0, "%s: %s: %s; what was known before stands", f->source, f->path, what);
	k->troubled = true;
}

const char *known_trouble(struct known *k)
{
	if (!k->troubled)
		return NULL;
	k->troubled = false;
	return k->trouble.text;
}

void known_add(struct known *k, const char *source, const char *path, const struct list_form *form,
    bool anchor)
{
	if (k->n == FILES_MAX) /* as many as there can be sources */
		abort();
	k->file[k->n++] =
	    (struct known_file){ .source = source, .path = path, .form = *form, .anchor = anchor };
}

/* --- all of them ---------------------------------------------------------------------------------------- */

/* true: its set is another one now */
static bool look_at(struct known *k, struct known_file *f)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	struct list_set_refused refused;
	struct addrset set;
	struct stat st;
	struct err e;

	if (stat(f->path, &st) < 0 ||
	    (st.st_ino == f->seen.st_ino && st.st_size == f->seen.st_size &&
		st.st_mtim.tv_sec == f->seen.st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == f->seen.st_mtim.tv_nsec))
		return false;
	f->seen = st;
	buf_init(&b, LIST_SET_FILE_MAX);
	if (file_read(f->path, &b, &e) < 0 ||
	    list_set_parse(buf_text(&b), &f->form, &set, &refused, &e) < 0) {
		say(k, f, e.text);
		return false;
	}
	addrset_done(&f->set);
	f->set = set;
	return true;
}

static void join(struct addrset *to, const struct known *k, bool anchors_only)
{
	struct addrset s = { .v = NULL };

	for (unsigned i = 0; i < k->n; i++)
		for (size_t v = 0; v < k->file[i].set.n; v++)
			if ((k->file[i].anchor || !anchors_only) &&
			    addrset_add(&s, k->file[i].set.v[v]) < 0)
				abort();
	addrset_settle(&s);
	addrset_done(to);
	*to = s;
}

void known_poll(struct known *k)
{
	bool changed = false;

	for (unsigned i = 0; i < k->n; i++)
		changed = look_at(k, &k->file[i]) || changed;
	if (!changed)
		return;
	join(&k->anchors, k, true);
	join(&k->all, k, false);
}

bool known_has(const struct known *k, struct prefix subject, bool anchor)
{
	return addrset_covers(anchor ? &k->anchors : &k->all, prefix_range(subject));
}
