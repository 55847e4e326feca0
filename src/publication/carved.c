/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/carved.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "publication/decisions.h"
#include "util/input.h"

static int take(struct addrset *s, struct decisions_reader *rd, const struct line *l, int64_t now_s,
    struct err *e)
{
	struct decision_line d;
	int r = l->cut ? err_set(e, -EBADMSG, "the line is too long")
		       : decisions_read(rd, l->text, &d, e);

	if (r <= 0)
		return r;
	if (d.entity.kind != ENTITY_ADDR)
		return err_set(e, -EBADMSG, "only addresses are carved out");
	if (d.remove || d.until_s <= now_s)
		return 0;
	return addrset_add(s, d.entity.range) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
}

static int read_all(struct input *in, int64_t now_s, struct addrset *s, struct err *e)
{
	struct decisions_reader rd = { .count = 0 };
	struct line l;
	int r = 0, got;

	while (r == 0 && (got = input_line(in, &l, e)) != 0)
		r = got < 0 ? got : take(s, &rd, &l, now_s, e);
	return r < 0 ? r : decisions_whole(&rd, e);
}

int carved_read(const char *dir, int64_t now_s, struct addrset *ret, struct err *e)
{
	CLEANUP(addrset_done) struct addrset s = { .v = NULL };
	char path[PATH_MAX];
	struct input *in;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/" CARVED_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	*ret = (struct addrset){ .v = NULL };
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = input_open(path, &in, e);
	if (r < 0)
		return r;
	r = read_all(in, now_s, &s, e);
	(void)input_free(in);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	addrset_settle(&s);
	*ret = s;
	s = (struct addrset){ .v = NULL };
	return 0;
}
