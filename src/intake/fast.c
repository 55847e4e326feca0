/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/fast.h"

#include <endian.h>
#include <errno.h>

#include "intake/fast_op.h"

_Static_assert(
    FAST_SLACK >= BYTES_WIDE, "a wide look begins in the subject, and may end behind it");
enum frame_kind { FRAME_GO, FRAME_RUN, FRAME_LAZY, FRAME_UNSAVE, FRAME_UNADDR };

int fast_new(struct span marked, unsigned flags, struct fast **ret)
{
	struct fast *f = calloc(1, sizeof(*f));
	int r = -ENOMEM;

	if (f) {
		f->flags = flags;
		r = fast_compile(f, marked);
	}
	if (r < 0) {
		fast_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

struct fast *fast_free(struct fast *f)
{
	if (!f)
		return NULL;
	free(f->ops);
	free(f->sets);
	free(f->chains);
	free(f);
	return NULL;
}

/* --- single steps --- */

/* The end of a run of the op's set from p on, at most its maximum. */
static inline const char *run_end(const struct op *op, const char *p, const char *end)
{
	const char *limit = (size_t)(end - p) <= op->max ? end : p + op->max;
	const uint8_t *set = op->set;

	if (op->any) { /* nothing but the subject's own LF ends it */
		const char *q = MIN_OF(limit, end - 1);

		return MAX_OF(p, q);
	}
	if (op->digits && p < end) { /* the subject's LF is no digit */
		unsigned n = digits_at(p);

		if (LIKELY(n < 8))
			return (size_t)(limit - p) < n ? limit : p + n;
	}
	if (op->stops && p < limit) {
		const char *q = memchr(p, op->stop, (size_t)(limit - p));

		return q ? q : limit;
	}
	while (p < limit && set[(unsigned char)*p])
		p++;
	return p;
}

/* The last place in [low, p] at which the literal that follows the run may stand, by its probe; or NULL. */
static inline const char *last_probe(
    const struct op *op, const char *low, const char *p, const char *end)
{
	/* The probe must lie in the subject too. */
	size_t n = (size_t)(p - low) + 1, have = (size_t)(end - low);
	const char *from = low + op->probe_at, *q;
	uint64_t bits;

	if (have <= op->probe_at)
		return NULL;
	n = MIN_OF(n, have - op->probe_at);
	if (LIKELY(n <= BYTES_WIDE)) {
		bits = bytes_that_are(from, (char)op->probe) & UINT64_MAX >> (BYTES_WIDE - n);
		return bits ? low + (63 - __builtin_clzll(bits)) : NULL;
	}
	q = memrchr(from, op->probe, n);
	return q ? q - op->probe_at : NULL;
}

/* The last place in [low, p] from which what follows the run can go on, or NULL. */
static inline const char *step_back(
    const struct op *op, const char *low, const char *p, const char *end)
{
	if (op->probing)
		return last_probe(op, low, p, end);
	while (p >= low && !op->next[byte_at(p, end)])
		p--;
	return p >= low ? p : NULL;
}

/* A dotted quad at p: its end, or NULL. The subject's LF ends it: nothing behind is ever taken for a part. */
static inline const char *dotted_quad(struct fast *f, const char *p, const char *end)
{
	unsigned n = p < end ? quad_read(p, &f->quad_says) : 0;

	if (n == 0)
		return NULL;
	f->quad = p;
	return p + n;
}

static inline bool is_hex(char c)
{
	return (unsigned)(unsigned char)c - '0' < 10 || ((unsigned char)c | 0x20u) - 'a' < 6u;
}

enum six { SIX_NO, SIX_YES, SIX_ODD };

/* All hex digits and colons from p on: an IPv6 address as it is usually written (SIX_YES, with its end), nothing that
 * PCRE2's group could match (no colon behind the digits), or something that it is asked about. */
static enum six address6(const char *p, const char *end, const char **ret)
{
	unsigned run = 0, colons = 0, doubles = 0;

	for (; p < end && (is_hex(*p) || *p == ':'); p++) {
		if (*p != ':') {
			if (++run > 4)
				break;
			continue;
		}
		if (run == 0 && (colons == 0 || ++doubles > 1))
			break;
		colons += run > 0;
		run = 0;
	}
	if (colons == 0)
		return p < end && *p == ':' ? SIX_ODD : SIX_NO;
	if ((p < end && (is_hex(*p) || *p == ':')) || colons > 7 || (run == 0 && p[-2] != ':'))
		return SIX_ODD;
	*ret = p;
	return SIX_YES;
}

/* --- one attempt --- */

#define PUSH(k, o, at, lim, s)                                                                     \
	do {                                                                                       \
		if (UNLIKELY(sp == stack + FAST_STACK_MAX))                                        \
			return FAST_UNDECIDED;                                                     \
		*sp++ = (struct frame){ (o), (at), (lim), (k), (s) };                              \
	} while (0)
#define GO goto *step[op->code]

/* From p at op on; group g goes to slot 2 g and 2 g + 1. It jumps from step to step directly, so that the branch predictor knows each step's
 * own followers; that is also why it is one long function. */
static enum fast_result attempt(struct fast *f, const char *begin, const char *const end,
    struct regex_match *ret, const struct op *op, const char *p)
{
	static const void *const step[OP_CODE_N] = { [OP_LIT] = &&lit,
		[OP_SET] = &&set,
		[OP_RUN] = &&run,
		[OP_LAZY] = &&lazy,
		[OP_DIGITS] = &&digits,
		[OP_MAYBE] = &&maybe,
		[OP_DOTS] = &&dots,
		[OP_SPLIT] = &&split,
		[OP_CHAIN] = &&chain,
		[OP_JUMP] = &&jump,
		[OP_SAVE] = &&save,
		[OP_BEGIN] = &&begin,
		[OP_END] = &&end_,
		[OP_ADDR] = &&addr,
		[OP_IP4] = &&ip4,
		[OP_IP6] = &&ip6,
		[OP_REST] = &&rest,
		[OP_MATCH] = &&match };
	/* The groups are written where they are wanted: p and end of each, in turn. */
	const char **const slot = &ret->group[0].p;
	struct frame *const stack = f->stack;
	struct frame *sp = stack;
	const char *q, *low;
	unsigned b;

	GO;
lit:
	if (!literal(op, p, end))
		goto back;
	p += op->len;
	op++;
	GO;
set:
	if (p >= end || !op->set[(unsigned char)*p])
		goto back;
	p++;
	op++;
	GO;
run:
	q = run_end(op, p, end);
	if (q - p < (ptrdiff_t)op->min)
		goto back;
	if (op->keep) {
		p = q;
		op++;
		GO;
	}
	low = p + op->min;
	f->work += (uint32_t)(q - low) / 64;
	p = step_back(op, low, q, end);
	if (!p)
		goto back;
	if (p > low)
		PUSH(FRAME_RUN, op, p - 1, low, 0);
	op++;
	GO;
digits:
	/* Nothing that begins with a digit can follow: more than the maximum is as bad as less than the minimum. */
	b = p < end ? digits_at(p) : 0;
	if (UNLIKELY(b == 8))
		goto run;
	if (b < op->min || b > op->max)
		goto back;
	p += b;
	op++;
	GO;
maybe:
	p += p < end && op->set[(unsigned char)*p];
	op++;
	GO;
dots:
	low = p + op->min;
	q = MAX_OF(p, end - 1); /* nothing but the subject's own LF ends it */
	if (q < low)
		goto back;
	f->work += (uint32_t)(q - low) / 64;
	p = last_probe(op, low, q, end);
	if (!p)
		goto back;
	if (p > low)
		PUSH(FRAME_RUN, op, p - 1, low, 0);
	op++;
	GO;
lazy:
	q = run_end(op, p, end);
	if (q - p < (ptrdiff_t)op->min)
		goto back;
	p += op->min;
	if (p < q)
		PUSH(FRAME_LAZY, op, p + 1, q, 0);
	op++;
	GO;
chain:
	b = op->chain[byte_at(p, end)];
	if (b == 0)
		goto back;
	op += b - 1;
	if (op->code != OP_SPLIT && op->code != OP_CHAIN)
		GO;
split:
	b = op->next[byte_at(p, end)];
	if (b == 0)
		goto back;
	if (b == 3)
		PUSH(FRAME_GO, op + op->y, p, NULL, 0);
	op += b & 1 ? op->x : op->y;
	GO;
jump:
	op += op->x;
	GO;
save:
	if (sp > stack)
		PUSH(FRAME_UNSAVE, op, slot[op->slot], NULL, op->slot);
	slot[op->slot] = p;
	op++;
	GO;
begin:
	if (p != begin)
		goto back;
	op++;
	GO;
end_:
	if (p < end - 1)
		goto back;
	op++;
	GO;
addr:
	/* Behind a dotted quad nothing else is left to try: not fewer digits, since what follows cannot
	 * begin with one; no IPv6 address, since the first dot comes before any colon. */
	q = op->keep ? dotted_quad(f, p, end) : NULL;
	if (!q || (q < end && *q == ']')) {
		op++;
		GO;
	}
	if (sp > stack)
		PUSH(FRAME_UNADDR, op, slot[op->slot], slot[op->slot + 1], op->slot);
	slot[op->slot] = p;
	slot[op->slot + 1] = q;
	p = q;
	op += op->x;
	GO;
ip4:
	if (p < end && *p == ':') /* v4-mapped */
		return FAST_UNDECIDED;
	q = dotted_quad(f, p, end);
	if (!q)
		goto back;
	if (!op->keep) /* the last digits may have to be given back */
		PUSH(FRAME_GO, NULL, p, NULL, 0);
	if (sp > stack)
		PUSH(FRAME_UNADDR, op, slot[op->slot], slot[op->slot + 1], op->slot);
	slot[op->slot] = p;
	slot[op->slot + 1] = q;
	p = q;
	op++;
	GO;
ip6:
	switch (address6(p, end, &q)) {
	case SIX_NO:
		goto back;
	case SIX_YES:
		if (op->keep) /* what follows begins with none of its bytes: it cannot end earlier */
			break;
		return FAST_UNDECIDED;
	default:
		return FAST_UNDECIDED;
	}
	if (sp > stack)
		PUSH(FRAME_UNADDR, op, slot[op->slot], slot[op->slot + 1], op->slot);
	slot[op->slot] = p;
	slot[op->slot + 1] = q;
	p = q;
	op++;
	GO;
rest:
	q = MAX_OF(p, end - 1);
	if ((size_t)(q - p) < op->min || (size_t)(q - p) > op->max)
		goto back;
	slot[op->slot] = p;
	slot[op->slot + 1] = q;
match:
	ret->v4_known = f->quad && f->quad == ret->group[REGEX_IP4].p && f->quad_says.good;
	ret->v4 = f->quad_says.value;
	return FAST_YES;

back: /* to the last choice that is open */
	for (;;) {
		if (sp == stack)
			return FAST_NO;
		if (UNLIKELY(++f->work > FAST_WORK_MAX))
			return FAST_UNDECIDED;
		sp--;
		op = sp->op;
		p = sp->p;
		if (sp->kind == FRAME_UNSAVE) {
			slot[sp->slot] = p;
		} else if (sp->kind == FRAME_UNADDR) {
			slot[sp->slot] = p;
			slot[sp->slot + 1] = sp->limit;
		} else if (sp->kind == FRAME_GO) {
			if (!op)
				return FAST_UNDECIDED;
			GO;
		} else if (sp->kind == FRAME_RUN) {
			low = sp->limit;
			p = step_back(op, low, p, end);
			if (!p)
				continue;
			if (p > low) {
				sp->p = p - 1;
				sp++;
			}
			op++;
			GO;
		} else { /* one byte more; that they are of the set was seen when it was pushed */
			q = sp->limit;
			while (p < q && !op->next[byte_at(p, end)])
				p++;
			f->work += (uint32_t)(p - sp->p) / 64;
			if (p < q) {
				sp->p = p + 1;
				sp++;
			}
			op++;
			GO;
		}
	}
}
#undef PUSH
#undef GO

/* No group has taken part. (Zeroed in one go, the compiler makes a string instruction or a loop of it, which
 * takes as long as a short match.) */
static inline void forget_groups(const struct fast *f, struct regex_match *m)
{
	const char **slot = &m->group[0].p;

	for (unsigned g = 0; g < REGEX_PLAIN_N; g++)
		slot[2 * g] = NULL;
	for (unsigned g = 0; g < REGEX_PLAIN_N; g++)
		slot[2 * g + 1] = NULL;
	if (UNLIKELY(f->rare))
		for (unsigned g = REGEX_PLAIN_N; g < REGEX_GROUP_N; g++)
			m->group[g] = (struct span){ NULL, NULL };
}

static NOINLINE enum fast_result exec_search(
    struct fast *f, struct span subject, struct regex_match *ret)
{
	for (const char *p = subject.p; p <= subject.end; p++) {
		enum fast_result r;

		if (!f->first[byte_at(p, subject.end)])
			continue;
		forget_groups(f, ret);
		r = attempt(f, subject.p, subject.end, ret, f->ops, p);
		if (r != FAST_NO)
			return r;
		if (++f->work > FAST_WORK_MAX)
			return FAST_UNDECIDED;
	}
	return FAST_NO;
}

static inline void begin(struct fast *f, struct regex_match *ret)
{
	f->work = 0;
	f->quad = NULL;
	forget_groups(f, ret);
}

/* All ways out are tail calls: what is rare has functions of its own, so that nothing is saved for it. */
enum fast_result fast_exec(struct fast *f, struct span subject, struct regex_match *ret)
{
	begin(f, ret);
	if (UNLIKELY(!f->anchored))
		return exec_search(f, subject, ret);
	return attempt(f, subject.p, subject.end, ret, f->ops, subject.p);
}

enum fast_result fast_exec_from(
    struct fast *f, const struct fast_from *from, struct span subject, struct regex_match *ret)
{
	begin(f, ret);
	return attempt(f, subject.p, subject.end, ret, from->op, subject.p + from->skip);
}
