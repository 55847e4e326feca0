/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/settings_file.h"

#include <errno.h>
#include <string.h>

#include "publication/manifest.h"
#include "publication/place.h"
#include "util/file.h"

int settings_file_read(const char *dir, struct settings *ret, struct err *e)
{
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));
	CLEANUP(buf_done) struct buf b;
	char path[PLACE_PATH_MAX + 16];
	int r, held;

	if (!m)
		abort();
	buf_init(&b, SETTINGS_BYTES_MAX);
	r = manifest_read(dir, m, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/" SETTINGS_NAME, dir);
	r = file_read(path, &b, e);
	if (r < 0 && r != -ENOENT)
		return r;
	held = manifest_holds(m, SETTINGS_NAME, buf_text(&b), e);
	if (held <= 0 || r < 0)
		return held <= 0 ? held : r;
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
