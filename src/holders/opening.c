/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/opening.h"

#include <errno.h>

#include "holders/registry_check.h"
#include "util/file.h"
#include "util/lanes.h"

struct opening {
	struct lanes *lanes; /* of one thread; NULL: none was to be had */
	char *path;
	struct registry *registry;
	struct err err;
	int code;
};

static void work(void *ctx, unsigned lane, unsigned job)
{
	struct opening *o = ctx;

	(void)lane;
	(void)job;
	o->code = registry_open(o->path, &o->registry, &o->err);
}

static int glance(const char *path, struct err *e)
{
	struct file_map map;
	struct stat st;
	int r = registry_map(path, &map, &st, e);

	if (r < 0)
		return r;
	r = registry_check_head(map.p, map.len, e);
	file_unmap(&map);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

int opening_start(const char *path, struct opening **ret, struct err *e)
{
	struct opening *o;
	int r = glance(path, e);

	if (r < 0)
		return r;
	o = calloc(1, sizeof(*o));
	if (o)
		o->path = strdup(path);
	if (!o || !o->path) {
		free(o);
		return err_set(e, -ENOMEM, "out of memory");
	}
	o->lanes = lanes_new(1, work, o);
	if (o->lanes && lanes_start(o->lanes))
		lanes_go(o->lanes);
	else
		o->lanes = lanes_free(o->lanes);
	*ret = o;
	return 0;
}

int opening_end(struct opening *o, struct registry **ret, struct err *e)
{
	int r;

	if (o->lanes) {
		(void)lanes_oldest(o->lanes); /* there is but one */
		lanes_emptied(o->lanes);
	} else {
		work(o, 0, 0);
	}
	r = o->code;
	if (r < 0)
		*e = o->err;
	else
		*ret = o->registry;
	o->lanes = lanes_free(o->lanes);
	free(o->path);
	free(o);
	return r;
}
