/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of text lines out of a file, a pipe or stdin, whatever it was packed with (gzip, zstd,
 * xz, bzip2, recognised by content). Lines are bounded: a longer one is handed over cut and flagged, its
 * rest is skipped, and the next line is whole again. */
#ifndef ONUS_UTIL_INPUT_H
#define ONUS_UTIL_INPUT_H

#include "util/err.h"
#include "util/span.h"

#define INPUT_LINE_MAX 65536u /* bytes kept of one line */
/* read at a time; measured: larger ones leave the second-level cache, smaller ones are no faster */
#define INPUT_BLOCK_BYTES (1u << 18)
#define INPUT_RATIO_MAX	  1000u /* unpacked bytes per packed byte, past the first 64 MiB */

struct input;

/* input_open - path, or "-" for stdin
 * Returns 0; -errno with a message that names the path. */
MUST_USE int input_open(const char *path, struct input **ret, struct err *e);

/* input_of_fd - the same out of a descriptor, which the input takes, even when this fails; name is for messages */
MUST_USE int input_of_fd(int fd, const char *name, struct input **ret, struct err *e);
struct input *input_free(struct input *in); /* NULL-safe, returns NULL */

struct line {
	struct span text; /* without LF and without one CR before it; valid until the next call */
	uint64_t number;  /* 1 for the first */
	bool cut;	  /* was longer than INPUT_LINE_MAX */
};

/* input_line - the next line
 * Returns 1 with *ret set; 0 at the end; -errno (reading or unpacking failed: e says where). */
MUST_USE int input_line(struct input *in, struct line *ret, struct err *e);

/* struct block - many lines at once, for scanners that find line ends themselves. Every line in it
 * is whole and ends with LF (one is added to an unfinished last line); over-long lines stand alone
 * in a block, cut, with .cut set. Do not mix with input_line on one input. */
struct block {
	struct span text;      /* valid until the next call */
	uint64_t first_number; /* line number of the first line; the caller counts on */
	bool cut;
};
MUST_USE int input_block(struct input *in, struct block *ret, struct err *e);

/* input_bytes - what comes next, of whatever length and with no regard to lines, for values that have none
 * Returns 1 with at least one byte in *ret, valid until the next call; 0 at the end; -errno. Do not mix with the
 * others but input_peek. */
MUST_USE int input_bytes(struct input *in, struct span *ret, struct err *e);
/* input_swap - keep the last block: its memory becomes the caller's (free), and the input goes on in
 * spare, which was given out by an earlier call, or is INPUT_SWAP_BYTES from malloc */
#define INPUT_SWAP_BYTES (INPUT_BLOCK_BYTES + INPUT_LINE_MAX + 1)
char *input_swap(struct input *in, char *spare);

/* input_block_lines - tell how many lines the last block held (so that the next one's first_number
 * is right); call it before the next input_block */
void input_block_lines(struct input *in, uint64_t lines);

/* input_peek - the first bytes (unpacked) without taking them, to recognise a format; at most 64
 * KiB */
MUST_USE int input_peek(struct input *in, struct span *ret, struct err *e);

const char *input_name(const struct input *in); /* as given to input_open */
uint64_t input_size(const struct input *in);	/* packed bytes, 0 when not known */
uint64_t input_taken(const struct input *in);	/* packed bytes read so far */

#endif
