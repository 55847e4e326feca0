/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/rebuild.h"

#include <errno.h>
#include <stdlib.h>

#include "prog/load/archive.h"
#include "prog/load/inbox.h"
#include "util/log.h"

struct rebuilding {
	struct hub *h;
	struct spool_list list;
	int64_t *received;
	bool *bad; /* of each in the list: it is left out */
	struct rebuilt *out;
	void (*alive)(void *ctx);
	void *ctx;
};

static void leave_out(struct rebuilding *x, size_t i, const struct err *why)
{
	x->bad[i] = true;
	x->out->bad++;
	log_warn("batch=%s/new/%s left out: %s", x->list.v[i].dir, x->list.v[i].file, why->text);
}

/* 1: it is added; 0: the hub has it, or it is left out; -ESTALE: it is left out, and what was added before is to be
 * added again. */
static int add(struct rebuilding *x, size_t i, struct err *e)
{
	struct err why = { "" };
	struct batch b;
	int r = spool_read(&x->list.v[i], &b, &why);

	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE) {
		*e = why;
		return r;
	}
	if (r < 0) {
		leave_out(x, i, &why);
		return 0;
	}
	r = (archive_of_sensor(&x->list.v[i]) ? fold_sensor : hub_fold_add)(
	    x->h, &b, x->received[i], &why);
	batch_done(&b);
	if (r == -EBADMSG) {
		leave_out(x, i, &why);
		return -ESTALE;
	}
	if (r < 0)
		*e = why;
	return r;
}

/* As many from *at on as belong into one transaction. */
static int group(struct rebuilding *x, size_t *at, struct err *e)
{
	uint64_t known = 0;
	size_t i = *at;
	int r = 0;

	for (; i < x->list.n && !hub_fold_full(x->h); i++) {
		if (x->bad[i])
			continue;
		r = add(x, i, e);
		if (r < 0)
			return r;
		known += r == 0 && !x->bad[i];
		x->alive(x->ctx);
	}
	r = hub_fold_commit(x->h, &x->out->sum, e);
	if (r < 0)
		return r;
	x->out->sum.duplicates += known;
	*at = i;
	return 0;
}

int rebuild(struct hub *h, const char *dir, void (*alive)(void *ctx), void *ctx,
    struct rebuilt *ret, struct err *e)
{
	struct rebuilding x = { .h = h, .out = ret, .alive = alive, .ctx = ctx };
	int r = archive_list(dir, &x.list, &x.received, e);

	if (r < 0)
		return r;
	x.bad = calloc(x.list.n + 1, sizeof(*x.bad));
	if (!x.bad)
		abort();
	for (size_t at = 0; at < x.list.n && (r == 0 || r == -ESTALE);)
		r = group(&x, &at, e);
	spool_list_done(&x.list);
	free(x.received);
	free(x.bad);
	return r;
}
