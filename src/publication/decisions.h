/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decision lines: what is in force, as action plug-ins and `serve/decisions` have it. A list that does
 * not end with the right `end COUNT` was cut and must not be applied.
 * Grammar and golden file: doc/contracts/decisions.md. */
#ifndef ONUS_PUBLICATION_DECISIONS_H
#define ONUS_PUBLICATION_DECISIONS_H

#include "core/decision.h"
#include "core/entity.h"
#include "util/buf.h"
#include "util/err.h"

#define DECISIONS_HEADER    "#onus-decisions 1"
#define DECISIONS_LINE_MAX  1024u      /* bytes, with LF */
#define DECISIONS_COUNT_MAX 100000000u /* lines of one list */

struct decision_line {
	bool remove; /* '-': it has ended; '+': it is in force */
	struct entity entity;
	enum action action;
	int64_t until_s;
	struct span reason; /* borrowed; may be empty */
};

/* struct decisions_writer - counts what it writes */
struct decisions_writer {
	struct buf *out;
	uint64_t count;
};

void decisions_begin(struct decisions_writer *w, struct buf *out); /* writes the header */
void decisions_put(struct decisions_writer *w, const struct decision_line *d);
void decisions_end(struct decisions_writer *w); /* writes `end COUNT` */

/* struct decisions_reader - zeroed to begin with */
struct decisions_reader {
	uint64_t count;
	bool header, ended;
};

/* decisions_read - one line without its LF
 * Returns 1 with *ret; 0 for the header, a comment, an empty line and the end; -EBADMSG with a reason,
 * after which nothing of the list may be applied. */
MUST_USE int decisions_read(
    struct decisions_reader *rd, struct span line, struct decision_line *ret, struct err *e);

/* decisions_whole - after the last line: 0, or -EBADMSG when the list did not end as it should */
MUST_USE int decisions_whole(const struct decisions_reader *rd, struct err *e);

#endif
