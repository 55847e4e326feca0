/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The batch: what a producer hands to the hub, as one small file. Its name is its identity, its trailer
 * proves that it is whole, and it carries where its producer stood in its inputs when it was written, so
 * that events and positions become durable in the same instant. Grammar, maxima and golden file:
 * doc/contracts/batch.md. */
#ifndef ONUS_CORE_BATCH_H
#define ONUS_CORE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"
#include "util/span.h"

#define BATCH_HEADER	    "#onus-batch 1"
#define BATCH_FILE_MAX	    (1u << 20) /* bytes, packed */
#define BATCH_TEXT_MAX	    1000000u /* bytes, unpacked: packs into BATCH_FILE_MAX whatever it holds */
#define BATCH_LINE_MAX	    4096u    /* bytes of an event or position line, with its LF */
#define BATCH_HOST_MAX	    64u	     /* bytes */
#define BATCH_PRODUCER_MAX  32u
#define BATCH_POSITIONS_MAX 1024u		       /* lines */
#define BATCH_POSITION_ROOM 200000u		       /* bytes of all position lines */
#define BATCH_LINES_ROOM    790000u		       /* bytes of all event lines */
#define BATCH_SEQUENCE_MAX  UINT64_C(9999999999999999) /* sixteen digits */
#define BATCH_NAME_MAX	    (BATCH_HOST_MAX + BATCH_PRODUCER_MAX + 24u) /* with NUL */

enum batch_type { BATCH_EVENTS, BATCH_GOOD, BATCH_DISPUTE, BATCH_APPLIED, BATCH_TYPE_N };

const char *batch_type_name(enum batch_type t);

/* struct batch_name - HOST.PRODUCER.SEQUENCE.zst: host [A-Za-z0-9.-], producer [A-Za-z0-9_-],
 * sequence sixteen digits, 1 or more */
struct batch_name {
	char host[BATCH_HOST_MAX + 1];
	char producer[BATCH_PRODUCER_MAX + 1];
	uint64_t sequence;
};

/* batch_name_make - -EINVAL (with a reason) when host, producer or sequence break the rules */
MUST_USE int batch_name_make(const char *host, const char *producer, uint64_t sequence,
    struct batch_name *ret, struct err *e);
MUST_USE int batch_name_parse(struct span file_name, struct batch_name *ret); /* 0 or -EINVAL */
void batch_name_format(const struct batch_name *n, char ret[BATCH_NAME_MAX]);

/* --- writing ------------------------------------------------------------------------------------ */

/* struct batch_writer - a batch that is filling up, in memory */
struct batch_writer {
	struct buf lines; /* event lines, each with its LF */
	uint64_t count;	  /* of them */
	uint64_t refused; /* what the producer saw and refused since the last batch */
};

void batch_writer_init(struct batch_writer *w);
void batch_writer_done(struct batch_writer *w); /* callable twice */
void batch_writer_reset(struct batch_writer *w);

/* batch_writer_add - one line that ends with LF and holds no other
 * Returns 0; -ENOSPC when it does not fit (pack this batch, reset, add again); -EINVAL (no line). */
MUST_USE int batch_writer_add(struct batch_writer *w, struct span line);

/* batch_writer_cut - take back the last n lines, which are `bytes` long */
void batch_writer_cut(struct batch_writer *w, size_t bytes, uint64_t n);

/* batch_pack - the file's bytes, replacing what out holds
 * positions  lines of text that the producer will understand when it starts again, each with its LF;
 *            at most BATCH_POSITIONS_MAX lines and BATCH_POSITION_ROOM bytes
 * Returns 0; -E2BIG (positions over their maximum); -ENOMEM. */
MUST_USE int batch_pack(const struct batch_writer *w, const struct batch_name *name,
    enum batch_type type, int64_t now_s, struct span positions, struct buf *out, struct err *e);

/* --- reading ------------------------------------------------------------------------------------ */

/* struct batch - one that was checked: every span lies in text */
struct batch {
	struct batch_name name;
	enum batch_type type;
	int64_t created_s;
	struct span positions; /* lines, each with LF, as the producer gave them */
	struct span lines;     /* event lines, each with LF; count of them */
	uint64_t count, refused;
	struct buf text; /* owned */
};

void batch_done(struct batch *b); /* callable twice */

/* batch_unpack - check and read the bytes of a batch file
 * expect   the name the file was found under; its header must say the same
 * ret      set only on success
 * Returns 0; -EBADMSG with a reason (cut, changed, over a maximum, another name or version); -ENOMEM.
 * Whether each line is a good event is for the reader of lines to find. */
MUST_USE int batch_unpack(
    struct span packed, const struct batch_name *expect, struct batch *ret, struct err *e);

#endif
