/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the first bytes of a subject must be for an expression to match: found by walking the program along
 * all ways at once. */
#include <errno.h>

#include "intake/fast_op.h"

/* struct walk - the places in the program that so many bytes lead to: op and byte of it, which only a
 * literal has several of */
struct walk {
	const struct fast *f;
	uint8_t (*now)[8], (*next)[8]; /* [f->n] */
	uint32_t *todo;		       /* ops to be looked at, [2 f->n + 4] */
	uint32_t n;
	bool over; /* a match can end here: the bytes that follow are nothing to it */
};

static void reach(struct walk *w, uint32_t op, int32_t by)
{
	w->todo[w->n++] = (uint32_t)((int32_t)op + by);
}

/* All that op i leads to without a byte, into w->next. */
static void spread(struct walk *w, uint32_t i)
{
	w->n = 0;
	reach(w, i, 0);
	while (w->n > 0) {
		const struct op *op = &w->f->ops[i = w->todo[--w->n]];

		if (w->next[i][0])
			continue;
		w->next[i][0] = 1;
		switch (op->code) {
		case OP_SPLIT:
		case OP_CHAIN:
			reach(w, i, op->x);
			reach(w, i, op->y);
			break;
		case OP_JUMP:
			reach(w, i, op->x);
			break;
		case OP_SAVE:
		case OP_BEGIN:
		case OP_ADDR: /* what it takes, the ops behind it take */
			reach(w, i, 1);
			break;
		case OP_RUN:
		case OP_DIGITS:
		case OP_MAYBE:
		case OP_DOTS:
		case OP_LAZY:
			if (op->min == 0)
				reach(w, i, 1);
			break;
		case OP_LIT:
		case OP_SET:
			break;
		default: /* the end, or what nobody looks into here */
			w->over = true;
		}
	}
}

/* One byte on from op i, of which byte `at` is next: the bytes that may stand there go to set. */
static void step(struct walk *w, uint32_t i, unsigned at, uint8_t set[256])
{
	const struct op *op = &w->f->ops[i];

	if (op->code == OP_LIT) {
		set[((const uint8_t *)&op->lit)[at]] = 1;
		if (at + 1 < op->len)
			w->next[i][at + 1] = 1;
		else
			spread(w, i + 1);
	} else if (op->code == OP_SET || ((op_is_run(op) || op->code == OP_LAZY) && op->max)) {
		for (unsigned b = 0; b < 256; b++)
			set[b] |= op->set[b];
		if (op->code != OP_SET && op->max > 1)
			w->next[i][0] = 1;
		spread(w, i + 1);
	}
}

static void walk(struct walk *w, struct regex_head *ret)
{
	size_t bytes = w->f->n * sizeof(*w->now);

	spread(w, 0);
	for (unsigned k = 0; k < REGEX_HEAD && !w->over; k++) {
		uint8_t(*now)[8] = w->next;

		w->next = w->now;
		w->now = now;
		memset(w->next, 0, bytes);
		memset(ret->can[k], 0, sizeof(ret->can[k]));
		for (uint32_t i = 0; i < w->f->n; i++)
			for (unsigned at = 0; at < 8; at++)
				if (now[i][at])
					step(w, i, at, ret->can[k]);
	}
}

int fast_head(const struct fast *f, struct regex_head *ret)
{
	struct walk w = { .f = f };
	int r = 0;

	memset(ret, 1, sizeof(*ret));
	if (!f->anchored)
		return 0;
	w.now = calloc(f->n, sizeof(*w.now));
	w.next = calloc(f->n, sizeof(*w.next));
	w.todo = calloc(2 * f->n + 4, sizeof(*w.todo));
	if (w.now && w.next && w.todo)
		walk(&w, ret);
	else
		r = -ENOMEM;
	free(w.now);
	free(w.next);
	free(w.todo);
	return r;
}
