/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the first bytes of a subject must be for an expression to match, and which show that it cannot: found
 * by walking the program along all ways at once. */
#include <errno.h>

#include "intake/fast_op.h"

#define WALK_MAX FAST_AFTER_MAX /* bytes that are walked along, at most */

/* struct place - in the program: an op, and how many bytes it has taken already */
struct place {
	uint32_t op, at;
};

/* struct walk - the places that so many bytes lead to */
struct walk {
	const struct fast *f;
	uint8_t (*seen)[WALK_MAX + 1]; /* [f->n], of next */
	struct place *now, *next;      /* [(WALK_MAX + 1) f->n] */
	uint32_t n_now, n_next;
	uint32_t bytes; /* that were walked along */
	uint32_t *todo; /* ops to be looked at, [2 f->n + 4] */
	uint32_t n;
	bool over;    /* a match can end here: the bytes that follow are nothing to it */
	bool grouped; /* a group may have begun */
};

static void reach(struct walk *w, uint32_t op, int32_t by)
{
	w->todo[w->n++] = (uint32_t)((int32_t)op + by);
}

static bool mark(struct walk *w, uint32_t i, uint32_t at)
{
	if (w->seen[i][at])
		return false;
	w->seen[i][at] = 1;
	w->next[w->n_next++] = (struct place){ i, at };
	return true;
}

/* All that op i leads to without a byte, into w->next. */
static void spread(struct walk *w, uint32_t i)
{
	w->n = 0;
	reach(w, i, 0);
	while (w->n > 0) {
		const struct op *op = &w->f->ops[i = w->todo[--w->n]];

		if (!mark(w, i, 0))
			continue;
		switch (op->code) {
		case OP_SPLIT:
		case OP_CHAIN:
			reach(w, i, op->x);
			reach(w, i, op->y);
			break;
		case OP_JUMP:
			reach(w, i, op->x);
			break;
		case OP_BEGIN:
			if (w->bytes == 0)
				reach(w, i, 1);
			break;
		case OP_SAVE:
		case OP_ADDR: /* what it takes, the ops behind it take */
			w->grouped = true;
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

/* The bytes that may stand at a place of an op that takes one: a set, or NULL and *ret. */
static const uint8_t *bytes_of(const struct op *op, uint32_t at, uint8_t *ret)
{
	if (op->code == OP_LIT)
		*ret = ((const uint8_t *)&op->lit)[at];
	else if (op->code == OP_SET || ((op_is_run(op) || op->code == OP_LAZY) && op->max))
		return op->set;
	return NULL;
}

/* Nothing takes a byte there: what it led to, spread has followed. */
static bool takes_none(const struct op *op)
{
	return op->code != OP_LIT && op->code != OP_SET &&
	       !((op_is_run(op) || op->code == OP_LAZY) && op->max);
}

static bool takes(const struct walk *w, struct place at, uint8_t byte)
{
	const struct op *op = &w->f->ops[at.op];
	uint8_t one;
	const uint8_t *set = bytes_of(op, at.at, &one);

	return !takes_none(op) && (set ? set[byte] : one == byte);
}

/* One byte on from a place that takes it. Returns whether the op is done with. */
static bool step(struct walk *w, struct place at)
{
	const struct op *op = &w->f->ops[at.op];
	uint32_t n = at.at + 1;
	bool more, enough = true;

	if (op->code == OP_LIT) {
		more = n < op->len;
		enough = !more;
	} else {
		more = op->code != OP_SET && n < op->max;
		enough = op->code == OP_SET || n >= op->min;
	}
	if (more)
		(void)mark(w, at.op, MIN_OF(n, WALK_MAX));
	if (enough)
		spread(w, at.op + 1);
	return !more;
}

/* What was next is now, and nothing is next. */
static void turn(struct walk *w)
{
	struct place *now = w->next;

	w->next = w->now;
	w->now = now;
	w->n_now = w->n_next;
	w->n_next = 0;
	w->bytes++;
	for (uint32_t i = 0; i < w->n_now; i++)
		w->seen[now[i].op][now[i].at] = 0;
}

static int walk_init(struct walk *w, const struct fast *f)
{
	*w = (struct walk){ .f = f };
	w->seen = calloc(f->n, sizeof(*w->seen));
	w->now = malloc((WALK_MAX + 1) * f->n * sizeof(*w->now));
	w->next = malloc((WALK_MAX + 1) * f->n * sizeof(*w->next));
	w->todo = malloc((2 * f->n + 4) * sizeof(*w->todo));
	if (!w->seen || !w->now || !w->next || !w->todo)
		return -ENOMEM;
	spread(w, 0);
	return 0;
}

static void walk_done(struct walk *w)
{
	free(w->seen);
	free(w->now);
	free(w->next);
	free(w->todo);
}

int fast_head(const struct fast *f, struct regex_head *ret)
{
	struct walk w;
	int r;

	memset(ret, 1, sizeof(*ret));
	if (!f->anchored)
		return 0;
	r = walk_init(&w, f);
	for (unsigned k = 0; r == 0 && k < REGEX_HEAD && !w.over; k++) {
		turn(&w);
		memset(ret->can[k], 0, sizeof(ret->can[k]));
		for (uint32_t i = 0; i < w.n_now; i++) {
			const struct op *op = &f->ops[w.now[i].op];
			uint8_t one;
			const uint8_t *set = bytes_of(op, w.now[i].at, &one);

			if (takes_none(op))
				continue;
			if (set)
				for (unsigned b = 0; b < 256; b++)
					ret->can[k][b] |= set[b];
			else
				ret->can[k][one] = 1;
			(void)step(&w, w.now[i]);
		}
	}
	walk_done(&w);
	return r;
}

/* Every byte leads to the rest. */
static const uint8_t all_rest[SET_BYTES] = { [0 ... SET_BYTES - 1] = FAST_PLAIN_REST };

bool fast_plain(const struct fast_from *from, struct fast_plain *ret)
{
	const struct op *op = from->op;

	*ret = (struct fast_plain){ .next = all_rest };
	if (!op)
		return false;
	if (op->code == OP_DIGITS) {
		ret->digits = UINT32_MAX;
		for (uint32_t n = 0; n < 8; n++)
			ret->not_digits |= (uint32_t)(n < op->min || n > op->max) << n;
		op++;
	}
	for (; op->code == OP_LIT && ret->text_len + op->len <= sizeof(ret->text); op++) {
		memcpy(ret->text + ret->text_len, &op->lit, op->len);
		ret->text_len += op->len;
	}
	ret->text_want = (1u << ret->text_len) - 1;
	if (op->code == OP_SPLIT && op[op->y].code == OP_REST) {
		ret->next = op->next;
		op += op->y;
	}
	ret->rest_min = op->min;
	ret->rest_max = op->max;
	return op->code == OP_REST;
}

bool fast_after(const struct fast *f, struct span head, struct fast_from *ret)
{
	bool alive = true;
	struct walk w;

	*ret = (struct fast_from){ .op = NULL };
	if (!f->anchored)
		return true;
	if (walk_init(&w, f) == 0)
		for (uint32_t k = 0; k < span_len(head) && k < WALK_MAX && !w.over && alive; k++) {
			uint32_t ways = 0, op = 0;
			bool done = false;

			turn(&w);
			for (uint32_t i = 0; i < w.n_now; i++)
				if (takes(&w, w.now[i], (uint8_t)head.p[k])) {
					done = step(&w, w.now[i]);
					op = w.now[i].op + 1;
					ways++;
				}
			alive = w.n_next > 0 || w.over;
			if (ways == 1 && done && !w.grouped && !w.over)
				*ret = (struct fast_from){ .op = &f->ops[op], .skip = k + 1 };
		}
	walk_done(&w);
	return alive;
}
