/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "holders/stale.h"
#include "prog/evidence/walls.h"
#include "prog/publish/publish.h"
#include "publication/decisions.h"
#include "publication/export.h"
#include "publication/manifest.h"
#include "util/file.h"

#define CHUNK 65536u /* bytes of decision lines between two writes */

/* May everybody have it? Only addresses and blocks are traced to who told of them. */
static bool is_held(struct publishing *p, const struct entity *en)
{
	struct placed *at = NULL;

	if (en->kind == ENTITY_ADDR)
		at = placed_find(&p->known.addrs, en->range.first);
	else if (en->kind == ENTITY_BLOCK)
		at = placed_find(&p->known.blocks, en->range.first);
	return !at || at->held;
}

static int spill(struct buf *b, FILE *to)
{
	bool ok = buf_ok(b) && fwrite(b->p, 1, b->len, to) == b->len;

	buf_reset(b);
	return ok ? 0 : -EIO;
}

static int write_decisions(struct publishing *p, const char *path, bool open, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(file_new_done) struct file_new f = { NULL };
	struct decisions_writer w;
	struct verdict *v, *next;
	int r = file_new_open(path, &f, e);

	buf_init(&b, 2 * CHUNK);
	if (r < 0)
		return r;
	decisions_begin(&w, &b);
	HASH_ITER (hh, p->verdicts, v, next) {
		for (unsigned a = 0; a < ACTION_N && r == 0; a++) {
			struct decision_line line = { .entity = v->entity,
				.action = (enum action)a,
				.until_s = v->by_action[a].until_s,
				.reason = v->by_action[a].reason };

			if (v->by_action[a].level == LEVEL_CLEAR ||
			    (open && is_held(p, &v->entity)))
				continue;
			decisions_put(&w, &line);
			if (b.len > CHUNK)
				r = spill(&b, f.f);
		}
	}
	decisions_end(&w);
	if (r == 0)
		r = spill(&b, f.f);
	if (r < 0)
		return err_set(e, r, "%s: cannot write", path);
	return file_new_commit(&f, e);
}

static int fill_wall(struct publishing *p, const struct reputation *r, bool open, struct wall *w)
{
	static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK };
	int rc = 0;

	if (!open) {
		rc = wall_add_reputation(w, r, LEVEL_BLOCK);
		return rc < 0 ? rc : walls_add_holders(w, r, LEVEL_BLOCK, p->registry->r);
	}
	for (unsigned k = 0; k < NELEM(kinds); k++) {
		uint32_t first, n = reputation_rows(r, kinds[k], &first);

		for (uint32_t i = first; i < first + n && rc == 0; i++) {
			struct reputation_row row;

			reputation_at(r, i, &row);
			if (wall_wants(w, &row.decision, LEVEL_BLOCK) && !is_held(p, &row.entity))
				rc = wall_add_decided(w, &row, i, row.entity.range);
		}
	}
	return rc;
}

/* struct walls - one for firewalls, one for who can say why */
struct walls {
	struct wall wall, listing;
};

static int write_exports(struct publishing *p, const struct reputation *rep, const struct walls *w,
    const char *dir, const char **names, unsigned *n, struct err *e)
{
	struct export_head head = { .of = p->head,
		.from = rep,
		.site_url = p->conf->site_url,
		.style = p->conf->dnsbl_mask ? LISTING_MASK : LISTING_LIST,
		.ttl_s = p->conf->dnsbl_ttl_s };
	char sources[128], path[PATH_MAX], warning[STALE_TEXT_MAX];
	int r = 0;

	(void)snprintf(sources, sizeof(sources), "%u source%s in %u independent group%s",
	    p->sources, p->sources == 1 ? "" : "s", p->groups, p->groups == 1 ? "" : "s");
	head.sources = span_str(sources);
	if (registry_stale(p->registry->r, p->now_s, p->conf->registry_max_age_days, warning))
		head.warning = span_str(warning);
	for (unsigned i = 0; i < export_n_formats && r == 0; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir,
			export_formats[i].file_name) >= sizeof(path))
			return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
		r = export_file(&export_formats[i],
		    export_formats[i].listing ? &w->listing : &w->wall, &head, path, e);
		names[(*n)++] = export_formats[i].file_name;
	}
	return r;
}

static int make_wall(
    struct publishing *p, const struct reputation *rep, bool open, bool listing, struct wall *w)
{
	int r;

	wall_init(w, p->now_s, &p->never);
	w->carved = open ? NULL : &p->carved;
	w->listing = listing;
	r = fill_wall(p, rep, open, w);
	return r < 0 ? r : wall_finish(w);
}

int lists_write(struct publishing *p, const struct reputation *rep, const char *dir, bool open,
    const char **names, unsigned *n, struct err *e)
{
	struct walls w = { .wall = { NULL } };
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/decisions", dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	r = write_decisions(p, path, open, e);
	names[(*n)++] = "decisions";
	if (r < 0)
		return r;
	if (make_wall(p, rep, open, false, &w.wall) < 0 ||
	    make_wall(p, rep, open, true, &w.listing) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	else
		r = write_exports(p, rep, &w, dir, names, n, e);
	wall_done(&w.wall);
	wall_done(&w.listing);
	return r;
}
