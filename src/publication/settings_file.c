/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/settings_file.h"

#include <errno.h>
#include <string.h>

#include "publication/manifest.h"
#include "publication/place.h"
#include "util/file.h"

static int read_manifest(const char *dir, struct manifest *ret, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	char path[PLACE_PATH_MAX + 16];
	int r;

	buf_init(&b, MANIFEST_BYTES_MAX);
	(void)snprintf(
	    path, sizeof(path), "%s/" MANIFEST_NAME, dir); /* fits: a path that was opened */
	r = file_read(path, &b, e);
	return r < 0 ? r : manifest_parse(buf_text(&b), ret, e);
}

static const struct manifest_file *find(const struct manifest *m)
{
	for (unsigned i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, SETTINGS_NAME) == 0)
			return &m->files[i];
	return NULL;
}

int settings_file_read(const char *dir, struct settings *ret, struct err *e)
{
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));
	CLEANUP(buf_done) struct buf b;
	char path[PLACE_PATH_MAX + 16], sha[SHA256_HEX];
	const struct manifest_file *f;
	int r;

	if (!m)
		abort();
	buf_init(&b, SETTINGS_BYTES_MAX);
	r = read_manifest(dir, m, e);
	if (r < 0)
		return r;
	f = find(m);
	if (!f)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/" SETTINGS_NAME, dir);
	r = file_read(path, &b, e);
	if (r < 0)
		return r;
	bytes_sha256(buf_text(&b), sha);
	if (b.len != f->size_bytes || strcmp(sha, f->sha256) != 0)
		return err_set(e, -EBADMSG, "%s is not the file that its manifest names", path);
	r = settings_parse(buf_text(&b), ret, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 1;
}

int settings_file_look(struct settings_file *f, const char *serve_dir, struct err *e)
{
	char dir[PLACE_PATH_MAX];
	struct settings s;
	uint64_t generation;
	int r = place_current(serve_dir, dir, &generation, e);

	if (r == -ENOENT || (r == 0 && generation == f->generation))
		return 0; /* nothing was published, or nothing new */
	if (r < 0)
		return r;
	r = settings_file_read(dir, &s, e);
	if (r == -ENOENT) /* it was pruned while we looked: the next one is current */
		return 0;
	f->generation = generation;
	if (r != 1)
		return r;
	settings_done(&f->now);
	f->now = s;
	return 1;
}

void settings_file_done(struct settings_file *f)
{
	settings_done(&f->now);
}
