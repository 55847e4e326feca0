/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/carved.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "publication/decisions.h"
#include "util/file.h"

static int take(
    struct addrset *s, struct decisions_reader *rd, struct span line, int64_t now_s, struct err *e)
{
	struct decision_line d;
	int r = decisions_read(rd, line, &d, e);

	if (r <= 0)
		return r;
	if (d.entity.kind != ENTITY_ADDR)
		return err_set(e, -EBADMSG, "only addresses are carved out");
	if (d.remove || d.until_s <= now_s)
		return 0;
	return addrset_add(s, d.entity.range) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
}

int carved_parse(struct span text, int64_t now_s, struct addrset *ret, struct err *e)
{
	CLEANUP(addrset_done) struct addrset s = { .v = NULL };
	struct decisions_reader rd = { .count = 0 };
	struct span line;
	uint64_t number = 0;
	int r = 0;

	while (r == 0 && !span_empty(text)) {
		number++;
		(void)span_cut(&text, '\n', &line);
		r = take(&s, &rd, line, now_s, e);
	}
	if (r < 0)
		return err_wrap(e, r, "line %" PRIu64, number);
	r = decisions_whole(&rd, e);
	if (r < 0)
		return r;
	addrset_settle(&s);
	*ret = s;
	s = (struct addrset){ .v = NULL };
	return 0;
}

int carved_read(const char *dir, int64_t now_s, struct addrset *ret, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	char path[PATH_MAX];
	int r;

	*ret = (struct addrset){ .v = NULL };
	if ((size_t)snprintf(path, sizeof(path), "%s/" CARVED_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	buf_init(&b, CARVED_BYTES_MAX);
	r = file_read(path, &b, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = carved_parse(buf_text(&b), now_s, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}
