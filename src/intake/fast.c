/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/fast.h"

#include <endian.h>
#include <errno.h>

#include "intake/fast_op.h"

_Static_assert(
    FAST_SLACK >= BYTES_WIDE, "a wide look begins in the subject, and may end behind it");
_Static_assert(FAST_MEMO_MAX % 16 == 0 && FAST_MEMO_MAX <= 64, "compared by 16, wanted by 64 bits");

enum frame_kind { FRAME_GO, FRAME_RUN, FRAME_LAZY, FRAME_UNSAVE, FRAME_UNADDR };

/* struct subject - what is searched */
struct subject {
	struct fast *f;
	const char *begin, *end; /* end[-1] is its only LF */
};

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

static inline unsigned byte_at(const char *p, const char *end)
{
	return p < end ? (unsigned char)*p : SET_END;
}

static inline bool literal(const struct op *op, const char *p, const char *end)
{
	uint64_t w;

	memcpy(&w, p, 8); /* FAST_SLACK; but what lies behind the subject must not match */
	return ((w ^ op->lit) & op->mask) == 0 && op->len <= end - p;
}

/* How many bytes at p show that the literal is not there. */
static size_t bytes_told(const struct op *op, const char *p)
{
	size_t i = 0;

	while (i < op->len && p[i] == ((const char *)&op->lit)[i])
		i++;
	return i + 1;
}

/* How many of the eight bytes at p, from the first on, are digits: a byte that is none keeps or gets its
 * high bit. The slack makes all eight readable. */
static inline unsigned digits_at(const char *p)
{
	uint64_t w, t;

	memcpy(&w, p, 8);
	w = le64toh(w);
	t = w ^ UINT64_C(0x3030303030303030);
	/* No carry can come from below the first byte that is none, and only that one is looked for. */
	t = (t + UINT64_C(0x7676767676767676)) | t;
	t &= UINT64_C(0x8080808080808080);
	return t ? (unsigned)__builtin_ctzll(t) / 8 : 8;
}

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

/* --- the memo --- */

#define MEMO_WORTH_MIN (-64)
#define MEMO_REST      4096u

/* Does the subject begin with what is remembered? */
static inline bool remembered(const struct memo *m, const char *p, const char *end)
{
	uint32_t n = m->len;

	if (n - 1 >= (size_t)(end - p)) /* none is more than there can be, too */
		return false;
	if (~bytes_same_16(p, m->head) & m->want & 0xffff)
		return false;
	for (uint32_t i = 16; i < n; i += 16)
		if (~bytes_same_16(p + i, m->head + i) & m->want >> i & 0xffff)
			return false;
	return true;
}

/* How far the line at hand and the one before it are the same. */
static size_t in_common(const struct memo *m, const struct subject *s)
{
	size_t n = 0, most = MIN_OF((size_t)(s->end - s->begin), (size_t)m->last_len);

	while (n < most && m->last[n] == s->begin[n])
		n++;
	return n;
}

/* Walk from the start as long as there is nothing to choose and no group begins, and keep the farthest
 * place that was reached without looking past it, nor past what this line has in common with the one
 * before. Where that leads to no end, all ways at once may. */
static void learn(struct memo *m, const struct subject *s)
{
	const char *p = s->begin, *looked = p, *kept = p, *common = p + in_common(m, s), *q;
	const struct op *op = s->f->ops, *kept_op = NULL;

	while (looked <= common) {
		if (p > kept && p == looked) {
			kept = p;
			kept_op = op;
		}
		if (op->code == OP_LIT && literal(op, p, s->end)) {
			p += op++->len;
			looked = MAX_OF(looked, p);
		} else if (op->code == OP_LIT) {
			looked = p + bytes_told(op, p);
			if (looked <= common) { /* no line with this head matches */
				kept = looked;
				kept_op = NULL;
			}
			break;
		} else if (op_is_run(op) && op->keep && !op->any) {
			q = run_end(op, p, s->end);
			if (q < common &&
			    q - p < (ptrdiff_t)op->min) { /* no line with this head matches */
				kept = q + 1;
				kept_op = NULL;
			}
			if (q >= common || q - p < (ptrdiff_t)op->min)
				break;
			p = q;
			looked = q + 1; /* the byte that ended it */
			op++;
		} else if ((op->code == OP_SPLIT || op->code == OP_CHAIN) && p < common) {
			unsigned b = op->next[(unsigned char)*p];

			if (b == 0) { /* no line with this head matches */
				kept = p + 1;
				kept_op = NULL;
			}
			if (b != 1 && b != 2)
				break;
			looked = MAX_OF(looked, p + 1);
			op += b == 1 ? op->x : op->y;
		} else if (op->code == OP_JUMP) {
			op += op->x;
		} else if (op->code == OP_BEGIN && p == s->begin) {
			op++;
		} else {
			break;
		}
	}
	if (kept_op || kept == s->begin) {
		size_t most = MIN_OF((size_t)(common - s->begin), (size_t)FAST_MEMO_MAX);
		size_t dead = fast_dead(s->f, (struct span){ s->begin, s->begin + most });

		if (dead) {
			kept = s->begin + dead;
			kept_op = NULL;
		}
	}
	m->len = (uint32_t)(kept - s->begin);
	m->op = kept_op;
	m->want = m->len ? UINT64_MAX >> (64 - m->len) : 0;
	memcpy(m->head, s->begin, m->len);
}

static void memo_miss(struct memo *m, const struct subject *s)
{
	size_t n = MIN_OF((size_t)(s->end - s->begin), (size_t)FAST_MEMO_MAX);

	m->worth -= 4;
	if (m->worth < MEMO_WORTH_MIN) { /* the lines are too different; try again later */
		m->worth = 0;
		m->rest = MEMO_REST;
		m->len = 0;
		m->last_len = 0;
		return;
	}
	learn(m, s);
	memcpy(m->last, s->begin, n);
	m->last_len = (uint32_t)n;
}

#define DEAD_PAUSE_MIN 16u
#define DEAD_PAUSE_MAX 4096u

static inline bool known_dead(struct dead *d, struct span s)
{
	if (span_len(s) < 16)
		return false;
	for (unsigned i = 0; i < FAST_DEAD_MAX; i++)
		if (d->want[i] && !(~bytes_same_16(s.p, d->head[i]) & d->want[i])) {
			d->hits++;
			return true;
		}
	return false;
}

/* A line did not match: what its head says, if that is of use for others. The less it was, the rarer this is. */
static void learn_dead(struct fast *f, struct span s)
{
	struct dead *d = &f->dead;
	size_t n;

	if (d->rest > 0) {
		d->rest--;
		return;
	}
	d->pause = d->hits > d->pause ? DEAD_PAUSE_MIN : MIN_OF(DEAD_PAUSE_MAX, d->pause * 2 + 1);
	d->rest = d->pause;
	d->hits = 0;
	if (span_len(s) < 16)
		return;
	n = fast_dead(f, (struct span){ s.p, s.p + 16 });
	if (n == 0)
		return;
	memcpy(d->head[d->next], s.p, 16);
	d->want[d->next] = (uint16_t)(0xffffu >> (16 - n));
	d->next = (d->next + 1) % FAST_DEAD_MAX;
}

static NOINLINE enum fast_result not_remembered(
    struct fast *f, struct span subject, struct regex_match *ret)
{
	struct memo *m = &f->memo;
	enum fast_result r;

	if (known_dead(&f->dead, subject))
		return FAST_NO;
	if (m->rest > 0)
		m->rest--;
	else
		memo_miss(m, &(struct subject){ f, subject.p, subject.end });
	r = attempt(f, subject.p, subject.end, ret, f->ops, subject.p);
	if (r == FAST_NO)
		learn_dead(f, subject);
	return r;
}

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

/* What a prefix mostly consists of behind what is remembered: digits, literals, a choice that one byte decides,
 * the rest; any of them may be missing. Done here, where no room for choices need be made; where it stops,
 * attempt goes on. */
static inline enum fast_result straight(
    struct fast *f, struct span s, struct regex_match *ret, const struct op *op, const char *p)
{
	size_t n;

	if (op->code == OP_DIGITS && LIKELY(p < s.end) && LIKELY((n = digits_at(p)) < 8)) {
		if (n < op->min || n > op->max)
			return FAST_NO;
		p += n;
		op++;
	}
	while (op->code == OP_LIT) {
		if (!literal(op, p, s.end))
			return FAST_NO;
		p += op->len;
		op++;
	}
	if (op->code == OP_SPLIT) {
		n = op->next[byte_at(p, s.end)];
		if (LIKELY(n == 1 || n == 2))
			op += n == 1 ? op->x : op->y;
	}
	if (op->code == OP_REST && LIKELY(p < s.end)) {
		n = (size_t)(s.end - 1 - p);
		if (n < op->min || n > op->max)
			return FAST_NO;
		(&ret->group[0].p)[op->slot] = p;
		(&ret->group[0].p)[op->slot + 1] = s.end - 1;
		ret->v4_known = false;
		return FAST_YES;
	}
	return attempt(f, s.p, s.end, ret, op, p);
}

/* All ways out are tail calls: what is rare has functions of its own, so that nothing is saved for it. */
enum fast_result fast_exec(struct fast *f, struct span subject, struct regex_match *ret)
{
	struct memo *m = &f->memo;

	f->work = 0;
	f->quad = NULL;
	forget_groups(f, ret);
	if (UNLIKELY(!f->anchored))
		return exec_search(f, subject, ret);
	if (UNLIKELY(!remembered(m, subject.p, subject.end)))
		return not_remembered(f, subject, ret);
	if (UNLIKELY(m->worth < 0))
		m->worth++;
	if (!m->op)
		return FAST_NO;
	return straight(f, subject, ret, m->op, subject.p + m->len);
}
