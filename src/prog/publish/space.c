/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom decisions about networks, ASes, organisations and countries are about, for those who know no registry. */
#include <errno.h>

#include "holders/spread.h"
#include "prog/publish/publish.h"
#include "publication/reach.h"
#include "util/file.h"

struct spreading {
	struct reach_writer *to;
	const struct entity *of;
};

static int put_range(void *ctx, struct range range)
{
	const struct spreading *s = ctx;

	reach_put(s->to, s->of, range);
	return 0;
}

static int put_rows(const struct publishing *p, const struct reputation *rep, enum entity_kind kind,
    struct reach_writer *w)
{
	uint32_t first, n = reputation_rows(rep, kind, &first);
	int r = 0;

	for (uint32_t i = first; i < first + n && r == 0; i++) {
		struct reputation_row row;

		reputation_at(rep, i, &row);
		if (row.decision.level == LEVEL_CLEAR)
			continue;
		r = spread_each(
		    p->registry->r, &row.entity, put_range, &(struct spreading){ w, &row.entity });
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int space_write(
    const struct publishing *p, const struct reputation *rep, const char *dir, struct err *e)
{
	static const enum entity_kind kinds[] = { ENTITY_NET, ENTITY_AS, ENTITY_ORG,
		ENTITY_COUNTRY };
	CLEANUP(buf_done) struct buf b;
	struct reach_writer w;
	char path[PATH_MAX];
	int r = 0;

	buf_init(&b, REACH_BYTES_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%s/" REACH_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	reach_begin(&w, &b);
	for (size_t k = 0; k < NELEM(kinds) && r == 0; k++)
		r = put_rows(p, rep, kinds[k], &w);
	reach_end(&w);
	if (r < 0)
		return err_set(e, r, "%s: cannot tell whom decisions are about", path);
	if (!buf_ok(&b) || w.count > REACH_RANGES_MAX)
		return err_set(e, -E2BIG,
		    "%s: the space of all that is decided about has more than %u ranges", path,
		    REACH_RANGES_MAX);
	return file_write(path, buf_text(&b), e);
}
