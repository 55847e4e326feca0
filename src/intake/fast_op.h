/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program that fast_compile.c writes and fast.c runs; nobody else includes this. */
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

#define FAST_MEMO_MAX 64u /* bytes of a line's head that are remembered */

/* struct memo - what the head of the last lines led to, to be skipped on the next line that begins
 * with the same bytes: everything decided so far looked at nothing else. */
struct memo {
	uint32_t len;	     /* 0: nothing is remembered */
	const struct op *op; /* go on here at begin + len; NULL: no match */
	uint64_t want;	     /* len bits */
	char head[FAST_MEMO_MAX];
	char last[FAST_MEMO_MAX]; /* head of the last line that the memo did not serve */
	uint32_t last_len;
	int32_t worth; /* falls with lines it does not serve, rises with the others */
	uint32_t rest; /* lines to go before it is tried again */
};

#define FAST_DEAD_MAX 4u

/* struct dead - heads of lines that no match begins with, of programs that take turns in a log, where the memo
 * would learn and forget */
struct dead {
	char head[FAST_DEAD_MAX][16];
	uint16_t want[FAST_DEAD_MAX]; /* a bit for each byte that counts; 0: none is remembered */
	uint32_t next;		      /* the one that gives way */
	uint32_t hits;		      /* since one was learnt */
	uint32_t rest, pause; /* lines to go before one is learnt again, and how many that were */
};

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
	struct memo memo;
	struct dead dead;
	uint32_t work; /* steps back in the match at hand */
	/* the last dotted quad read, and what it says */
	const char *quad;
	struct quad quad_says;
	struct frame stack[FAST_STACK_MAX];
};

/* fast_compile - the program for a marked expression into f; as fast_new */
MUST_USE int fast_compile(struct fast *f, struct span marked);

/* fast_dead - how many bytes of head show that no subject that begins with them can match; 0: that stays open.
 * f is anchored. (Slow: for what is remembered of many lines.) */
size_t fast_dead(const struct fast *f, struct span head);

#endif
