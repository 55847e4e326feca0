/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a block that a filter may match, found for many lines before any of them is looked at closely. Most
 * lines of a log are nothing to a filter; whether the next one is, nobody can foresee, and a branch on that would be
 * guessed wrongly for a third of the lines: so what is of no interest is written too, and written over. Each line's
 * date is read here, the rest of its prefix where that is straight (fast.h), and the bytes that its failregexes begin
 * with are compared. */
#ifndef ONUS_INTAKE_SIEVE_H
#define ONUS_INTAKE_SIEVE_H

#include "intake/heads.h"
#include "intake/stamp.h"
#include "util/ends.h"

#define SIEVE_MAX 256u
#define SIEVE_ALL UINT32_MAX

/* struct sifted - a line that a filter may match */
struct sifted {
	_Alignas(64) const char *text; /* the line behind its date; of SIEVE_ALL the whole line */
	const char *
	    content; /* what the failregexes see, up to its LF; NULL: the prefregex must still match */
	struct fast_from from; /* where that goes on in the text */
	uint64_t maybe;	       /* content: which of the first 64 failregexes */
	int64_t time_s;
	uint32_t filter; /* which; SIEVE_ALL: nothing is known of the line, all must look */
	uint64_t end;	 /* index of its line end */
};

struct sieve {
	struct heads *heads;	    /* of filters of a single line, with common dates; borrowed */
	struct stamp_reader *stamp; /* borrowed */
	/* There are filters whose date stands in brackets: of lines that may have one, nothing is known. */
	bool brackets;
	uint32_t n;
	struct sifted v[SIEVE_MAX];
};

/* sieve_lines - the lines of a piece of a block, from that one on which ends at ends->at[from], until v is full
 *
 * p      where that line begins; set to where the next one does
 * piece  ends->at count from here; there is no NUL in it
 * end    of the block: REGEX_SLACK bytes before it, no line is known
 * Returns the end to go on from. */
uint32_t sieve_lines(struct sieve *s, const char **p, const char *piece, const char *end,
    const struct ends *ends, uint32_t from);

/* sieve_lacks_brackets - is there surely no date in the line's first brackets? There are none, or a process id is in
 * them. 8 bytes behind its end must be readable. */
bool sieve_lacks_brackets(struct span line);

#endif
