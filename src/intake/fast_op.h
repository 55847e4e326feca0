/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program that fast_compile.c writes and fast.c runs; sieve.c goes straight on in it. Nobody else includes this. */
#ifndef ONUS_INTAKE_FAST_OP_H
#define ONUS_INTAKE_FAST_OP_H

#include "intake/fast.h"
#include "intake/quad.h"

#define SET_END	  256u /* index of "no byte: the subject ends here" */
#define SET_BYTES 257u

enum op_code {
	OP_LIT,	   /* 1-8 bytes, exactly */
	OP_SET,	   /* one byte of a set */
	OP_RUN,	   /* min-max bytes of a set, as many as possible */
	OP_LAZY,   /* the same, as few as possible */
	OP_DIGITS, /* a RUN of 0-9 that is kept */
	OP_MAYBE,  /* a RUN of none or one that is kept */
	OP_DOTS,   /* a RUN of any number of anything, before a literal */
	OP_SPLIT,  /* on at x, or else at y */
	OP_CHAIN, /* a SPLIT whose y is a SPLIT, and so on: a byte tells which of them is the first to matter */
	OP_JUMP,  /* on at x */
	OP_SAVE,  /* remember the place */
	OP_BEGIN, /* ^ */
	OP_END,	  /* $ */
	OP_ADDR, /* an IPv4 address without brackets: on at x; what else there is, at the next op */
	OP_IP4,
	OP_IP6,
	OP_REST, /* all up to the final LF as a group, if min-max bytes, and that is the match */
	OP_MATCH,
	OP_CODE_N
};

#define OP_UNBOUNDED UINT32_MAX

struct op {
	uint8_t code;
	uint8_t len;   /* LIT: bytes */
	uint8_t slot;  /* SAVE: 2 * group, + 1 for its end */
	bool keep;     /* RUN: what was taken need never be given back; ADDR, IP4: nor its digits */
	bool any;      /* RUN, LAZY: the set is all but LF */
	uint8_t probe; /* RUN, LAZY: a LIT follows; look for this byte of it … */
	uint8_t probe_at; /* … which is so far into it */
	bool probing;
	bool digits; /* RUN: the set is 0-9 */
	bool stops;  /* RUN, LAZY: the set is all but the byte stop */
	uint8_t stop;
	uint32_t min, max;  /* RUN, LAZY */
	int32_t x, y;	    /* SPLIT, JUMP, ADDR: from this op */
	uint64_t lit, mask; /* LIT: as loaded from memory */
	/* RUN, LAZY, SET: the set. [SET_BYTES] of 0 or 1 */
	const uint8_t *set;
	/* RUN, LAZY, ADDR, IP4: bytes that what follows can begin with; SPLIT: bit 0 for x, bit 1 for y */
	const uint8_t *next;
	/* CHAIN: for each byte (and SET_END) the op to go on at, from this one, + 1; 0: none. [SET_BYTES] */
	const uint16_t *chain;
};

struct frame {
	const struct op *op; /* where to go on; NULL: give up undecided */
	const char *p;	     /* and at what place; an undone SAVE's old value */
	const char *limit;   /* RUN: not before; LAZY: not after */
	uint8_t kind;
	uint8_t slot;
};

static inline bool op_is_run(const struct op *op)
{
	return op->code == OP_RUN || op->code == OP_DIGITS || op->code == OP_MAYBE ||
	       op->code == OP_DOTS;
}

struct fast {
	struct op *ops;
	uint32_t n;
	uint8_t (*sets)[SET_BYTES];
	uint32_t n_sets, cap_sets;
	uint16_t (*chains)[SET_BYTES]; /* of the CHAINs */
	unsigned flags;		       /* of regex_new */
	bool anchored;
	bool rare; /* it has groups past REGEX_PLAIN_N */
	uint8_t first[SET_BYTES];
	uint32_t work; /* steps back in the match at hand */
	/* the last dotted quad read, and what it says */
	const char *quad;
	struct quad quad_says;
	struct frame stack[FAST_STACK_MAX];
};

/* fast_compile - the program for a marked expression into f; as fast_new */
MUST_USE int fast_compile(struct fast *f, struct span marked);

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

/* fast_content - where the rest begins in a subject whose head is followed by something plain, at p
 * Returns 0 with *ret; FAST_ODD: something else follows, and who knows; or anything else: no match. */
#define FAST_ODD UINT64_MAX
static inline uint64_t fast_content(
    const struct fast_plain *f, const char *p, const char *end, const char **ret)
{
	uint32_t n = digits_at(p) & f->digits;
	uint64_t bad;
	uint8_t way;
	int64_t rest;

	if (UNLIKELY(n == 8))
		return FAST_ODD;
	bad = f->not_digits >> n & 1;
	p += n;
	bad |= ~bytes_same_16(p, f->text) & f->text_want;
	p += f->text_len;
	*ret = p;
	way = f->next[(unsigned char)*p] ^ FAST_PLAIN_REST;
	if (UNLIKELY(way & ~FAST_PLAIN_REST))
		return FAST_ODD;
	rest = end - 1 - p; /* less than none, what lay behind the subject's LF makes it */
	return bad | way | (uint64_t)((rest - f->rest_min) | (f->rest_max - rest)) >> 63;
}

#endif
