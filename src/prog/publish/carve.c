/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is carved out of the walls around more than a host: hosts that were good here in the last 30 days, attacked nobody
 * in that time, and about which no decision of their own stands. */
#include <errno.h>

#include "holders/spread.h"
#include "prog/publish/publish.h"
#include "publication/carved.h"
#include "publication/decisions.h"
#include "util/file.h"

static int take_range(void *ctx, struct range range)
{
	return replay_range(ctx, range);
}

/* Of what is decided about an entity, the severest. */
static int add_verdict(struct publishing *p, const struct verdict *v)
{
	struct replay *r = p->good->replay;
	int err = replay_decision(r, v->entity.kind, v->strongest->level, v->strongest->action);

	if (err == 0)
		err = spread_each(p->registry->r, &v->entity, take_range, r);
	return err == -ENOENT ? 0 : err;
}

static int add_host(struct publishing *p, uint32_t i)
{
	struct replay_host h;

	replay_host(p->good->replay, i, &h);
	return h.carved ? addrset_add(&p->carved, entity_addr(h.addr).range) : 0;
}

int carve_gather(struct publishing *p, struct err *e)
{
	CLEANUP(free_p) uint32_t *hosts = NULL;
	uint32_t n = 0;
	struct verdict *v, *next;
	int r = known_fresh(p->good, p->hub, p->now_s, e);

	if (r < 0 || known_nobody(p->good))
		return r;
	HASH_ITER (hh, p->verdicts, v, next)
		if (r == 0)
			r = add_verdict(p, v);
	if (r == 0)
		r = replay_run(p->good->replay, 1);
	if (r == 0)
		r = replay_worst_hosts(p->good->replay, &hosts, &n);
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = add_host(p, hosts[i]);
	addrset_settle(&p->carved);
	return r < 0 ? err_set(e, r, "out of memory") : 0;
}

/* Hosts that are neighbours are one range in the set, and a line each in the file. */
static void put_hosts(const struct publishing *p, struct range left, struct decisions_writer *w)
{
	while (addr_cmp(left.first, left.last) <= 0) {
		struct decision_line d = { .entity = entity_addr(left.first),
			.action = ACTION_TAG,
			.until_s = p->head.expires_s,
			.reason = SPAN("known good here") };

		decisions_put(w, &d);
		left.first = addr_next(d.entity.range.last);
	}
}

int carve_write(const struct publishing *p, const char *dir, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct decisions_writer w;
	char path[PATH_MAX];

	buf_init(&b, CARVED_BYTES_MAX);
	decisions_begin(&w, &b);
	for (size_t i = 0; i < p->carved.n; i++)
		put_hosts(p, p->carved.v[i], &w);
	decisions_end(&w);
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	if ((size_t)snprintf(path, sizeof(path), "%s/" CARVED_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	return file_write(path, buf_text(&b), e);
}
