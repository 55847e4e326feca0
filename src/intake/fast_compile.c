/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "intake/fast_op.h"
#include "intake/pattern.h"
#include "util/num.h"

/* struct code - a piece of program; jumps inside it are relative, so pieces move and copy freely */
struct code {
	struct op *v;
	uint32_t n, cap;
};

#define ALTERNATIVES_MAX 64u

/* struct group - one level of parentheses while it is read */
struct group {
	struct code code;		  /* its alternatives, one behind the other */
	uint32_t start[ALTERNATIVES_MAX]; /* where each begins */
	uint32_t n;
	uint32_t atom; /* where the last atom begins; == code.n: none */
	bool fold;     /* (?i) */
	int slot;      /* group of ours that it captures, or -1 */
};

struct compiler {
	struct fast *f;
	struct group stack[FAST_DEPTH_MAX];
	uint32_t depth;
	int error;
};

static void fail(struct compiler *c, int code)
{
	if (!c->error)
		c->error = code;
}

static void push(struct compiler *c, struct code *to, struct op op)
{
	if (to->n == FAST_OPS_MAX) {
		fail(c, -ENOTSUP);
		return;
	}
	if (to->n == to->cap) {
		uint32_t cap = to->cap ? to->cap * 2 : 16;
		struct op *v = realloc(to->v, cap * sizeof(*v));

		if (!v) {
			fail(c, -ENOMEM);
			return;
		}
		to->v = v;
		to->cap = cap;
	}
	to->v[to->n++] = op;
}

static void append(struct compiler *c, struct code *to, const struct op *v, uint32_t n)
{
	for (uint32_t i = 0; i < n && !c->error; i++)
		push(c, to, v[i]);
}

static uint8_t *new_set(struct compiler *c)
{
	struct fast *f = c->f;

	/* The array must not move: ops point into it. Its size follows from the ops' maximum. */
	if (f->n_sets == f->cap_sets) {
		fail(c, -ENOTSUP);
		return f->sets[0];
	}
	memset(f->sets[f->n_sets], 0, SET_BYTES);
	return f->sets[f->n_sets++];
}

/* --- classes --- */

static void add_range(uint8_t *set, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		set[i] = 1;
}

static void invert(uint8_t *set)
{
	for (unsigned i = 0; i < 256; i++)
		set[i] = !set[i];
}

/* \d \w \s and their opposites; ASCII, as PCRE2 has them without UTF. */
static bool class_escape(uint8_t *set, char c)
{
	uint8_t one[SET_BYTES] = { 0 };

	switch (tolower((unsigned char)c)) {
	case 'd':
		add_range(one, '0', '9');
		break;
	case 'w':
		add_range(one, '0', '9');
		add_range(one, 'A', 'Z');
		add_range(one, 'a', 'z');
		one['_'] = 1;
		break;
	case 's':
		add_range(one, '\t', '\r');
		one[' '] = 1;
		break;
	default:
		return false;
	}
	if (isupper((unsigned char)c))
		invert(one);
	for (unsigned i = 0; i < 256; i++)
		set[i] |= one[i];
	return true;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* The byte that an escape at s->p (behind the backslash) stands for, or -1. */
static int byte_escape(struct span *s)
{
	static const char from[] = "tnrfa", to[] = "\t\n\r\f\a";
	char c = *s->p++;
	const char *at = strchr(from, c);
	int hi, lo;

	if (c != '\0' && at)
		return (unsigned char)to[at - from];
	if (c == 'x' && span_len(*s) >= 2) {
		hi = hex_digit(s->p[0]);
		lo = hex_digit(s->p[1]);
		s->p += 2;
		return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
	}
	return isalnum((unsigned char)c) ? -1 : (unsigned char)c;
}

static void fold_set(uint8_t *set)
{
	for (unsigned i = 'a'; i <= 'z'; i++)
		set[i] = set[i - 'a' + 'A'] = set[i] | set[i - 'a' + 'A'];
}

/* One member of a class at s->p: a class escape (returns -2), a byte, or -1 for what we do not take. */
static int member(struct span *s, uint8_t *set)
{
	if (*s->p != '\\')
		return (unsigned char)*s->p++;
	s->p++;
	if (span_empty(*s))
		return -1;
	if (class_escape(set, *s->p)) {
		s->p++;
		return -2;
	}
	return *s->p == 'b' ? -1 : byte_escape(s);
}

/* [ … ] at s->p */
static const uint8_t *read_class(struct compiler *c, struct span *s, bool fold)
{
	uint8_t *set = new_set(c);
	bool negated;

	s->p++;
	negated = !span_empty(*s) && *s->p == '^';
	s->p += negated;
	while (!span_empty(*s) && *s->p != ']' && !c->error) {
		int from = member(s, set), to = from;

		if (from >= 0 && span_len(*s) > 1 && s->p[0] == '-' && s->p[1] != ']') {
			s->p++;
			to = member(s, set);
		}
		if (from == -1 || (from >= 0 && to < from) ||
		    (from == -2 && span_len(*s) > 1 && s->p[0] == '-' && s->p[1] != ']'))
			fail(c, -ENOTSUP);
		else if (from >= 0)
			add_range(set, (unsigned)from, (unsigned)to);
	}
	if (span_empty(*s))
		fail(c, -ENOTSUP);
	else
		s->p++;
	if (fold)
		fold_set(set);
	if (negated)
		invert(set);
	return set;
}

/* --- atoms --- */

static struct group *top(struct compiler *c)
{
	return &c->stack[c->depth - 1];
}

static void atom(struct compiler *c, struct op op)
{
	struct group *g = top(c);

	g->atom = g->code.n;
	push(c, &g->code, op);
}

static void set_atom(struct compiler *c, const uint8_t *set, bool any)
{
	atom(c, (struct op){ .code = OP_SET, .min = 1, .max = 1, .set = set, .any = any });
}

static void byte_atom(struct compiler *c, uint8_t byte)
{
	uint8_t *set;

	if (top(c)->fold && isalpha(byte)) {
		set = new_set(c);
		set[tolower(byte)] = set[toupper(byte)] = 1;
		set_atom(c, set, false);
		return;
	}
	atom(c, (struct op){ .code = OP_LIT, .len = 1, .lit = byte });
}

static void escape_atom(struct compiler *c, struct span *s)
{
	uint8_t *set;
	int byte;

	s->p++;
	if (span_empty(*s)) {
		fail(c, -ENOTSUP);
		return;
	}
	if (strchr("dDwWsS", *s->p)) {
		set = new_set(c);
		(void)class_escape(set, *s->p++); /* just seen to be one */
		set_atom(c, set, false);
		return;
	}
	byte = byte_escape(s);
	if (byte < 0)
		fail(c, -ENOTSUP);
	else
		byte_atom(c, (uint8_t)byte);
}

static void address_atom(struct compiler *c, bool v4)
{
	atom(c,
	    (struct op){ .code = v4 ? OP_IP4 : OP_IP6, .slot = 2 * (v4 ? REGEX_IP4 : REGEX_IP6) });
}

/* What <ADDR> and <HOST> put down. The ops of it follow as they are; before them stands one that knows
 * the usual case. */
static const char addr_text[] = "\\[?(?:\x01|\x02)\\]?";
#define ADDR_OPS 6 /* of addr_text: a run, a split, IP4, a jump, IP6, a run */

static void address_ahead(struct compiler *c, struct span s)
{
	if (span_starts(s, addr_text))
		push(c, &top(c)->code,
		    (struct op){ .code = OP_ADDR, .x = ADDR_OPS + 1, .slot = 2 * REGEX_IP4 });
}

/* --- groups --- */

static int slot_of(struct compiler *c, struct span name)
{
	for (int g = 0; g < REGEX_GROUP_N; g++)
		if (span_is(name, regex_group_names[g])) {
			if (g == REGEX_USER && !(c->f->flags & REGEX_JOINS))
				return -1;
			c->f->rare |= g >= REGEX_PLAIN_N;
			return g;
		}
	return -1;
}

static void open_group(struct compiler *c, struct span *s)
{
	struct group g = { .slot = -1, .fold = top(c)->fold };
	struct span rest = { s->p + 1, s->end };

	if (span_starts(rest, "?i)")) { /* for the rest of this group */
		top(c)->fold = true;
		s->p += 4;
		return;
	}
	if (span_starts(rest, "?:")) {
		rest.p += 2;
	} else if (span_starts(rest, "?i:")) {
		g.fold = true;
		rest.p += 3;
	} else if (span_starts(rest, "?P<")) {
		const char *close = memchr(rest.p, '>', span_len(rest));

		if (close) {
			g.slot = slot_of(c, (struct span){ rest.p + 3, close });
			rest.p = close + 1;
		}
	} else if (span_starts(rest, "?")) {
		fail(c, -ENOTSUP);
	}
	if (c->depth == FAST_DEPTH_MAX)
		fail(c, -ENOTSUP);
	if (c->error)
		return;
	s->p = rest.p;
	g.n = 1;
	c->stack[c->depth++] = g;
	if (g.slot >= 0)
		push(c, &top(c)->code,
		    (struct op){ .code = OP_SAVE, .slot = (uint8_t)(2 * g.slot) });
	top(c)->start[0] = top(c)->atom = top(c)->code.n;
}

static void next_alternative(struct compiler *c)
{
	struct group *g = top(c);

	if (g->n == ALTERNATIVES_MAX) {
		fail(c, -ENOTSUP);
		return;
	}
	g->start[g->n++] = g->atom = g->code.n;
}

/* The alternatives of a group as one piece: split, first, jump to the end, split, second, … */
static void join(struct compiler *c, const struct group *g, struct code *out)
{
	uint32_t left = g->code.n - g->start[0] + 2 * (g->n - 1);

	append(c, out, g->code.v, g->start[0]); /* the SAVE of a capturing group */
	for (uint32_t i = 0; i < g->n && !c->error; i++) {
		uint32_t end = i + 1 < g->n ? g->start[i + 1] : g->code.n;
		uint32_t len = end - g->start[i];

		left -= len;
		if (i + 1 < g->n) {
			push(
			    c, out, (struct op){ .code = OP_SPLIT, .x = 1, .y = (int32_t)len + 2 });
			left -= 2;
		}
		if (len > 0) /* where all are empty, there is no code to point into */
			append(c, out, g->code.v + g->start[i], len);
		if (i + 1 < g->n)
			push(c, out, (struct op){ .code = OP_JUMP, .x = (int32_t)left + 1 });
	}
}

static void close_group(struct compiler *c)
{
	struct group g = *top(c);
	struct code whole = { 0 };

	if (c->depth == 1) {
		fail(c, -ENOTSUP);
		return;
	}
	join(c, &g, &whole);
	if (g.slot >= 0)
		push(c, &whole, (struct op){ .code = OP_SAVE, .slot = (uint8_t)(2 * g.slot + 1) });
	free(g.code.v);
	c->depth--;
	top(c)->atom = top(c)->code.n;
	/* An empty group is no atom of ours: a quantifier behind it would take the one before. */
	if (whole.n == 0)
		fail(c, -ENOTSUP);
	append(c, &top(c)->code, whole.v, whole.n);
	free(whole.v);
}

/* --- repeats --- */

struct repeat {
	uint32_t min, max;
	bool lazy;
};

/* {m}, {m,}, {m,n} at s.p; false when the brace is a brace. */
static bool braces(struct span *s, struct repeat *r)
{
	struct span in, low;
	const char *close = memchr(s->p, '}', span_len(*s));
	bool comma;

	if (!close)
		return false;
	in = (struct span){ s->p + 1, close };
	comma = span_cut(&in, ',', &low);
	if (num_u32(low, 65535, &r->min) < 0)
		return false;
	r->max = comma ? OP_UNBOUNDED : r->min;
	if (comma && !span_empty(in) && num_u32(in, 65535, &r->max) < 0)
		return false;
	s->p = close + 1;
	return true;
}

static bool read_repeat(struct span *s, struct repeat *r)
{
	*r = (struct repeat){ 1, 1, false };
	switch (span_empty(*s) ? '\0' : *s->p) {
	case '*':
		*r = (struct repeat){ 0, OP_UNBOUNDED, false };
		break;
	case '+':
		*r = (struct repeat){ 1, OP_UNBOUNDED, false };
		break;
	case '?':
		*r = (struct repeat){ 0, 1, false };
		break;
	case '{':
		if (!braces(s, r))
			return false;
		s->p--;
		break;
	default:
		return false;
	}
	s->p++;
	if (!span_empty(*s) && *s->p == '?') {
		r->lazy = true;
		s->p++;
	}
	return true;
}

/* Could a piece match nothing? In doubt yes. Pieces are straight enough to look at their ends. */
static bool may_be_empty(const struct op *v, uint32_t n)
{
	/* The shortest way through: ops from the front, by the fewest bytes that reach each. */
	uint32_t least[FAST_OPS_MAX / 8 + 1];

	if (n > NELEM(least) - 1)
		return true;
	for (uint32_t i = 0; i <= n; i++)
		least[i] = i == 0 ? 0 : 1;
	/* 0: reachable without a byte. Jumps go forward but for loops, which add nothing new. */
	for (uint32_t i = 0; i < n; i++) {
		if (least[i] != 0)
			continue;
		switch (v[i].code) {
		case OP_SAVE:
		case OP_BEGIN:
		case OP_END:
			least[i + 1] = 0;
			break;
		case OP_RUN:
		case OP_LAZY:
			if (v[i].min == 0)
				least[i + 1] = 0;
			break;
		case OP_JUMP:
		case OP_SPLIT:
			if (v[i].x > 0)
				least[i + (uint32_t)v[i].x] = 0;
			if (v[i].code == OP_SPLIT && v[i].y > 0)
				least[i + (uint32_t)v[i].y] = 0;
			break;
		default:
			break;
		}
	}
	return least[n] == 0;
}

static void split_over(
    struct compiler *c, struct code *to, const struct op *v, uint32_t n, uint32_t over, bool lazy)
{
	int32_t in = 1, out = (int32_t)over + 1;

	push(c, to, (struct op){ .code = OP_SPLIT, .x = lazy ? out : in, .y = lazy ? in : out });
	append(c, to, v, n);
}

/* The piece v, n again and again: m times, then optionally up to the maximum. */
static void repeat_group(
    struct compiler *c, struct code *to, const struct op *v, uint32_t n, struct repeat r)
{
	uint32_t options = r.max == OP_UNBOUNDED ? 0 : r.max - r.min;

	if (r.max < r.min || (r.max != OP_UNBOUNDED ? r.max : r.min) > FAST_UNROLL_MAX ||
	    ((r.max > 1) && may_be_empty(v, n))) {
		fail(c, -ENOTSUP);
		return;
	}
	for (uint32_t i = 0; i < r.min; i++)
		append(c, to, v, n);
	if (r.max == OP_UNBOUNDED) {
		split_over(c, to, v, n, n + 1, r.lazy);
		push(c, to, (struct op){ .code = OP_JUMP, .x = -(int32_t)(n + 1) });
	}
	for (uint32_t i = 0; i < options; i++) /* each skips all that follow */
		split_over(c, to, v, n, (options - i) * (n + 1) - 1, r.lazy);
}

static void repeat(struct compiler *c, struct repeat r)
{
	struct group *g = top(c);
	uint32_t n = g->code.n - g->atom;
	struct op *last = n > 0 ? &g->code.v[g->atom] : NULL;
	struct code piece = { 0 };

	if (!last || r.max < r.min) {
		fail(c, -ENOTSUP);
		return;
	}
	if (n == 1 && last->code == OP_LIT) {
		uint8_t *set = new_set(c);

		set[last->lit] = 1;
		*last = (struct op){ .code = OP_SET, .min = 1, .max = 1, .set = set };
	}
	if (n == 1 && last->code == OP_SET) {
		last->code = r.lazy ? OP_LAZY : OP_RUN;
		last->min = r.min;
		last->max = r.max;
		g->atom = g->code.n; /* a second quantifier is an error */
		return;
	}
	append(c, &piece, last, n);
	g->code.n = g->atom;
	if (!c->error)
		repeat_group(c, &g->code, piece.v, piece.n, r);
	free(piece.v);
	g->atom = g->code.n;
}

/* --- the whole --- */

static void read_atom(struct compiler *c, struct span *s)
{
	uint8_t *set;

	switch (*s->p) {
	case '\\':
		escape_atom(c, s);
		return;
	case '[':
		set_atom(c, read_class(c, s, top(c)->fold), false);
		return;
	case '(':
		open_group(c, s);
		return;
	case '.':
		set = new_set(c);
		invert(set);
		set['\n'] = 0;
		set_atom(c, set, true);
		break;
	case '^':
	case '$':
		push(c, &top(c)->code, (struct op){ .code = *s->p == '^' ? OP_BEGIN : OP_END });
		top(c)->atom = top(c)->code.n;
		break;
	case PATTERN_IP4:
	case PATTERN_IP6:
		address_atom(c, *s->p == PATTERN_IP4);
		break;
	default:
		byte_atom(c, (uint8_t)*s->p);
	}
	s->p++;
}

static void parse(struct compiler *c, struct span s)
{
	while (!span_empty(s) && !c->error) {
		struct repeat r;

		if (*s.p == ')') {
			close_group(c);
			s.p++;
		} else if (*s.p == '|') {
			next_alternative(c);
			s.p++;
			continue;
		} else if (strchr("*+?", *s.p)) {
			fail(c, -ENOTSUP);
		} else {
			bool opens = *s.p == '(';

			address_ahead(c, s);
			read_atom(c, &s);
			if (opens)
				continue;
		}
		if (!c->error && read_repeat(&s, &r)) {
			repeat(c, r);
			if (!span_empty(s) && strchr("*+?", *s.p)) /* possessive, or an error */
				fail(c, -ENOTSUP);
		}
	}
	if (c->depth != 1)
		fail(c, -ENOTSUP);
}

static bool jumps(const struct op *op)
{
	return op->code == OP_SPLIT || op->code == OP_JUMP || op->code == OP_ADDR;
}

/* Literal after literal becomes one of up to eight bytes, unless something jumps between them. */
static void merge_literals(struct compiler *c, const struct code *in, struct code *out)
{
	bool *target = calloc(in->n + 1, sizeof(*target));
	uint32_t *moved = calloc(in->n + 1, sizeof(*moved));

	for (uint32_t i = 0; target && i < in->n; i++)
		if (jumps(&in->v[i])) {
			target[(int32_t)i + in->v[i].x] = true;
			if (in->v[i].code == OP_SPLIT)
				target[(int32_t)i + in->v[i].y] = true;
		}
	for (uint32_t i = 0; target && moved && i < in->n && !c->error; i++) {
		struct op *last = out->n > 0 ? &out->v[out->n - 1] : NULL;

		if (in->v[i].code == OP_LIT && last && last->code == OP_LIT && !target[i] &&
		    last->len < 8) {
			((uint8_t *)&last->lit)[last->len] = (uint8_t)in->v[i].lit;
			last->len++;
			moved[i] = out->n - 1;
			continue;
		}
		moved[i] = out->n;
		push(c, out, in->v[i]);
		if (in->v[i].code == OP_LIT && !c->error) {
			last = &out->v[out->n - 1];
			last->lit = 0;
			*(uint8_t *)&last->lit = (uint8_t)in->v[i].lit;
		}
	}
	if (!target || !moved) {
		fail(c, -ENOMEM);
	} else if (!c->error) {
		moved[in->n] = out->n;
		for (uint32_t i = 0; i < in->n; i++) {
			struct op *op = &out->v[moved[i]];

			if (!jumps(&in->v[i]))
				continue;
			op->x = (int32_t)moved[(int32_t)i + in->v[i].x] - (int32_t)moved[i];
			op->y = in->v[i].code != OP_SPLIT
				    ? 0
				    : (int32_t)moved[(int32_t)i + in->v[i].y] - (int32_t)moved[i];
		}
	}
	free(target);
	free(moved);
}

/* --- what can come next --- */

/* The bytes that the program from op `from` on can begin with. */
static void first_bytes(
    const struct fast *f, uint32_t from, uint32_t *todo, bool *seen, uint8_t ret[SET_BYTES])
{
	uint32_t n = 0;

	memset(ret, 0, SET_BYTES);
	memset(seen, 0, f->n * sizeof(*seen));
	todo[n++] = from;
	while (n > 0) {
		uint32_t i = todo[--n];
		const struct op *op = &f->ops[i];

		if (seen[i])
			continue;
		seen[i] = true;
		switch (op->code) {
		case OP_LIT:
			ret[*(const uint8_t *)&op->lit] = 1;
			break;
		case OP_SET:
		case OP_RUN:
		case OP_LAZY:
			for (unsigned b = 0; op->max != 0 && b < 256; b++)
				ret[b] |= op->set[b];
			if (op->code != OP_SET && op->min == 0)
				todo[n++] = i + 1;
			break;
		case OP_SPLIT:
			todo[n++] = (uint32_t)((int32_t)i + op->y);
			todo[n++] = (uint32_t)((int32_t)i + op->x);
			break;
		case OP_JUMP:
			todo[n++] = (uint32_t)((int32_t)i + op->x);
			break;
		case OP_SAVE:
		case OP_BEGIN:
		case OP_ADDR: /* what it takes, the ops behind it take */
			todo[n++] = i + 1;
			break;
		case OP_END:
			ret['\n'] = ret[SET_END] = 1;
			break;
		case OP_IP4:
			add_range(ret, '0', '9');
			ret[':'] = 1;
			break;
		case OP_IP6:
			add_range(ret, '0', '9');
			add_range(ret, 'a', 'f');
			add_range(ret, 'A', 'F');
			ret[':'] = 1;
			break;
		default:
			memset(ret, 1, SET_BYTES);
		}
	}
}

/* How often a byte stands in a log line, about; to choose the one worth looking for. */
static unsigned commonness(uint8_t b)
{
	if (b == ' ' || isdigit(b))
		return 3;
	if (strchr("etaoinsr.:", b) && b != '\0')
		return 2;
	return isalpha(b) ? 1 : 0;
}

static void choose_probe(struct op *op, const struct op *lit)
{
	const uint8_t *b = (const uint8_t *)&lit->lit;

	if (lit->code != OP_LIT)
		return;
	op->probing = true;
	for (uint8_t i = 0; i < lit->len; i++)
		if (i == 0 || commonness(b[i]) < commonness(op->probe)) {
			op->probe = b[i];
			op->probe_at = i;
		}
}

static bool disjoint(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		if (a[i] && b[i])
			return false;
	return true;
}

/* [^x]: x is found faster than the bytes of the set are looked up. */
static void find_stop(struct op *op)
{
	unsigned n = 0;

	for (unsigned b = 0; b < 256; b++)
		if (!op->set[b]) {
			op->stop = (uint8_t)b;
			n++;
		}
	op->stops = n == 1;
}

static bool is_digits(const uint8_t *set)
{
	for (unsigned i = 0; i < 256; i++)
		if (set[i] != (i >= '0' && i <= '9'))
			return false;
	return true;
}

/* (?P<content>.{1,n})$ at the end of all is one step. */
static void fuse_rest(struct fast *f)
{
	struct op *v;

	for (uint32_t i = 0; i + 5 <= f->n; i++) {
		v = &f->ops[i];
		if (v[0].code != OP_SAVE || v[1].code != OP_RUN || !v[1].any ||
		    v[2].code != OP_SAVE || v[2].slot != v[0].slot + 1 || v[3].code != OP_END ||
		    v[4].code != OP_MATCH)
			continue;
		v[0].code = OP_REST;
		v[0].min = v[1].min;
		v[0].max = v[1].max;
	}
}

/* The first of three alternatives or more. */
static bool is_chain(const struct op *op)
{
	const struct op *second = op + op->y;

	return op->code == OP_SPLIT && op->y > 0 && second->code == OP_SPLIT && second->y > 0;
}

/* Where a SPLIT leads on byte b: the first of the chain with a choice to make, or what stands behind it. */
static uint16_t chain_end(const struct op *op, unsigned b)
{
	const struct op *to = op;

	while (to->code == OP_SPLIT && to->next[b] == 2)
		to += to->y;
	if (to->code == OP_SPLIT && to->next[b] == 0)
		return 0;
	return (uint16_t)(to - op + 1);
}

/* SPLITs that lead to SPLITs find their way in one step. Before what stands there is specialised. */
static void find_chains(struct compiler *c)
{
	struct fast *f = c->f;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		n += is_chain(&f->ops[i]);
	f->chains = calloc(n ? n : 1, sizeof(*f->chains));
	if (!f->chains) {
		fail(c, -ENOMEM);
		return;
	}
	n = 0;
	for (uint32_t i = 0; i < f->n; i++) {
		if (!is_chain(&f->ops[i]))
			continue;
		for (unsigned b = 0; b < SET_BYTES; b++)
			f->chains[n][b] = chain_end(&f->ops[i], b);
		f->ops[i].chain = f->chains[n++];
	}
	/* Only now, so that chain_end meets SPLITs. */
	for (uint32_t i = 0; i < f->n; i++)
		if (f->ops[i].chain)
			f->ops[i].code = OP_CHAIN;
}

/* The usual sorts of RUN, which have steps of their own. Last of all: until then a run is a RUN. */
static void specialise(struct fast *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct op *op = &f->ops[i];

		if (op->code != OP_RUN)
			continue;
		if (op->digits && op->keep)
			op->code = OP_DIGITS;
		else if (op->keep && !op->any && op->min == 0 && op->max == 1)
			op->code = OP_MAYBE;
		else if (op->any && op->probing && !op->keep && op->max == OP_UNBOUNDED)
			op->code = OP_DOTS;
	}
}

static void prepare(struct compiler *c, struct op *op, uint32_t i, uint32_t *todo, bool *seen)
{
	struct fast *f = c->f;
	uint8_t other[SET_BYTES], *next;

	if (op->code == OP_LIT) {
		memset(&op->mask, 0xff, op->len);
		return;
	}
	if (op->code != OP_RUN && op->code != OP_LAZY && op->code != OP_SPLIT &&
	    op->code != OP_IP4 && op->code != OP_IP6 && op->code != OP_ADDR)
		return;
	next = new_set(c);
	if (c->error)
		return;
	op->next = next;
	if (op->code == OP_SPLIT) {
		first_bytes(f, (uint32_t)((int32_t)i + op->x), todo, seen, next);
		first_bytes(f, (uint32_t)((int32_t)i + op->y), todo, seen, other);
		for (unsigned b = 0; b < SET_BYTES; b++)
			next[b] = (uint8_t)(next[b] | other[b] << 1);
		return;
	}
	first_bytes(f, op->code == OP_ADDR ? i + (uint32_t)op->x : i + 1, todo, seen, next);
	if (op->code == OP_IP4 || op->code == OP_ADDR) {
		uint8_t digits[SET_BYTES] = { 0 };

		add_range(digits, '0', '9');
		op->keep = disjoint(digits, next, 0, 255);
		return;
	}
	if (op->code == OP_IP6) {
		uint8_t bytes[SET_BYTES] = { 0 };

		add_range(bytes, '0', ':');
		add_range(bytes, 'a', 'f');
		add_range(bytes, 'A', 'F');
		op->keep = disjoint(bytes, next, 0, 255);
		return;
	}
	op->keep = disjoint(op->set, next, 0, 255);
	op->digits = is_digits(op->set);
	find_stop(op);
	choose_probe(op, &f->ops[i + 1]);
}

static void finish(struct compiler *c)
{
	struct fast *f = c->f;
	struct code whole = { 0 }, merged = { 0 };
	uint32_t *todo = NULL;
	bool *seen = NULL;

	join(c, top(c), &whole);
	push(c, &whole, (struct op){ .code = OP_MATCH });
	if (!c->error)
		merge_literals(c, &whole, &merged);
	free(whole.v);
	f->ops = merged.v;
	f->n = merged.n;
	if (!c->error) {
		todo = calloc(2 * f->n + 4, sizeof(*todo));
		seen = calloc(f->n, sizeof(*seen));
		if (!todo || !seen)
			fail(c, -ENOMEM);
	}
	if (!c->error) {
		f->anchored = f->ops[0].code == OP_BEGIN;
		first_bytes(f, 0, todo, seen, f->first);
	}
	for (uint32_t i = 0; i < f->n && !c->error; i++)
		prepare(c, &f->ops[i], i, todo, seen);
	if (!c->error)
		fuse_rest(f);
	if (!c->error)
		find_chains(c);
	if (!c->error)
		specialise(f);
	free(todo);
	free(seen);
}

int fast_compile(struct fast *f, struct span marked)
{
	struct compiler *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->f = f;
	/* At most one class a byte read, and one more an op prepared. */
	f->cap_sets = (uint32_t)MIN_OF(span_len(marked), (size_t)FAST_OPS_MAX) + 512;
	f->sets = calloc(f->cap_sets, sizeof(*f->sets));
	if (!f->sets)
		fail(c, -ENOMEM);
	c->depth = 1;
	c->stack[0] = (struct group){ .slot = -1, .n = 1 };
	if (!c->error)
		parse(c, marked);
	if (!c->error)
		finish(c);
	for (uint32_t i = 0; i < c->depth; i++)
		free(c->stack[i].code.v);
	r = c->error;
	free(c);
	return r;
}
