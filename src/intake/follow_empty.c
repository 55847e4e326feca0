/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that were found empty, and of whose rotation nothing is known yet. An empty file has nothing by which it could
 * be known again but its inode; so its name is kept, and since when: what is written to it, or to files that take
 * its place, may have been renamed, copied and packed before anybody looked again. */
#include "intake/follow_priv.h"
#include "util/clock.h"

#define GONE_PATIENCE_US                                                                           \
	INT64_C(600000000) /* so long nothing by its name is there, and it is sought */

static bool rotation_is_known(const struct follow *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (same_rotation(f->streams[i]->path, path))
			return true;
	return false;
}

static struct empty *empty_add(struct follow *f, const char *path)
{
	struct empty *m;

	if (f->n + f->n_empties >= FOLLOW_STREAMS_MAX)
		return NULL; /* it is told of when it is no more empty */
	f->empties = reallocarray(f->empties, f->n_empties + 1, sizeof(*f->empties));
	if (!f->empties)
		abort();
	m = &f->empties[f->n_empties];
	*m = (struct empty){ .path = strdup(path) };
	if (!m->path)
		abort();
	f->n_empties++;
	return m;
}

static void empty_drop(struct follow *f, size_t i)
{
	free(f->empties[i].path);
	f->n_empties--;
	memmove(&f->empties[i], &f->empties[i + 1], (f->n_empties - i) * sizeof(*f->empties));
}

void empties_done(struct follow *f)
{
	while (f->n_empties)
		empty_drop(f, f->n_empties - 1);
	free(f->empties);
	f->empties = NULL;
}

void empty_restore(struct follow *f, const struct stream *s)
{
	struct empty *m = empty_add(f, s->path);

	if (!m)
		return;
	m->dev = s->dev;
	m->ino = s->ino;
	m->since_s = s->mtime_s;
	m->look = true; /* whatever may have happened since */
}

void empty_seen(struct follow *f, const char *path, const struct stat *st)
{
	const struct clock clock = clock_system();
	struct empty *m = NULL;

	if (strlen(path) > FOLLOW_PATH_MAX || strchr(path, '\n'))
		return; /* it is told of when it is no more empty */
	for (size_t i = 0; i < f->n_empties && !m; i++)
		if (strcmp(f->empties[i].path, path) == 0)
			m = &f->empties[i];
	if (!m && (rotation_is_known(f, path) || !(m = empty_add(f, path))))
		return;
	if (m->since_s == 0) {
		m->dev = (uint64_t)st->st_dev;
		m->ino = (uint64_t)st->st_ino;
		m->since_s = clock_now_s(&clock);
		m->fresh = true;
		f->counts.begun++;
	}
	m->look = m->look || (m->now_ino && m->now_ino != (uint64_t)st->st_ino);
	m->now_ino = (uint64_t)st->st_ino;
	m->there = true;
	m->gone_us = 0;
}

/* Nobody needs to remember it: its rotation is known now, or it is gone for good. */
static bool is_over(const struct follow *f, struct empty *m)
{
	int64_t now_us = clock_monotonic_us();

	if (rotation_is_known(f, m->path))
		return true;
	if (!m->there && !m->gone_us)
		m->gone_us = now_us;
	return !m->there && now_us - m->gone_us > GONE_PATIENCE_US;
}

/* What is there already is not newer, though it were of the same second. */
static void leave_older(struct follow *f, struct empty *m, struct files *fs)
{
	find_rotated(f, m->path, fs);
	for (size_t i = 0; i < fs->n; i++)
		if (!fs->v[i].primary && same_rotation(fs->v[i].path, m->path))
			m->since_s = MAX_OF(m->since_s, (int64_t)fs->v[i].st.st_mtime + 1);
	m->fresh = false;
}

void empties_look(struct follow *f, struct files *fs)
{
	for (size_t i = 0; i < f->n_empties; i++) {
		struct empty *m = &f->empties[i];

		if (m->fresh)
			leave_older(f, m, fs);
		if (m->look || !m->there)
			look_beside(f, m->path,
			    &(struct newer){ .than_s = m->since_s, .dev = m->dev, .ino = m->ino },
			    fs);
	}
	for (size_t i = f->n_empties; i-- > 0 && !fs->unsettled;) {
		f->empties[i].look = false;
		if (is_over(f, &f->empties[i]))
			empty_drop(f, i);
	}
}
