/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Follows the files of one source, as `tail -F` does, but so that it can stop at any instant and go on
 * from a written position: whole lines come out, each once, across rename, truncation and packing.
 *
 * A file that is being followed is a stream. What a stream is, is decided by content, not by name:
 *   - its device and inode, as long as the file still holds what was read: the bytes just before the
 *     offset (the tail, at most 1 KiB) are read and compared with every read;
 *   - else by its first bytes (the head, at most 1 KiB), its size and its tail: a copy, another inode;
 *   - else, packed (gzip, zstd, xz, bzip2), by the head of what is inside: then lines already read are skipped.
 * So: renamed (auth.log → auth.log.1), the stream goes on through its descriptor and auth.log starts a
 * new one; truncated (copytruncate), the rest is sought in the copies beside it and the file starts anew;
 * packed later (auth.log.2.gz), it is recognised and not read twice, whether the pattern names it or not.
 * When a stream lost its name while nobody looked, files of its rotation that are newer and unknown
 * (NAME.N, NAME-DATE, packed or not) are read too, for they were written in between.
 *
 * A position is a line of text (doc/contracts/batch.md); what follow_positions writes, follow_restore
 * reads after a restart. What cannot be found again is given up after ten minutes.
 *
 * Not for two threads at once. Out of memory aborts: the files still hold everything. */
#ifndef ONUS_INTAKE_FOLLOW_H
#define ONUS_INTAKE_FOLLOW_H

#include "util/buf.h"
#include "util/err.h"
#include "util/input.h"

#define FOLLOW_PATH_MAX	   300u /* bytes of a file's path */
#define FOLLOW_STREAMS_MAX 400u /* of one source */

struct follow;

/* struct follow_counts - since follow_new */
struct follow_counts {
	uint64_t streams;   /* now */
	uint64_t begun;	    /* files that nobody knew: worth a position, before they are renamed */
	uint64_t truncated; /* times that a file was found to hold other content than before */
	uint64_t lost;	    /* streams given up with lines perhaps unread */
	uint64_t refused;   /* files not followed: too many, path too long or with a line feed */
};

/* follow_new - source: 1-64 bytes without blanks; pattern: a path, or a glob(7) pattern */
struct follow *follow_new(const char *source, const char *pattern);
struct follow *follow_free(struct follow *f); /* NULL-safe, returns NULL */

/* follow_restore - one position line, without its LF
 * Returns 1; 0 when it belongs to another source; -EINVAL when it is one of ours and broken. */
MUST_USE int follow_restore(struct follow *f, struct span line, struct err *e);

/* follow_poll - look at the file system: new files, renamed ones, lost ones. Before follow_next, and
 * again whenever follow_next had nothing. */
void follow_poll(struct follow *f);

/* follow_next - more whole lines of some stream
 * An unfinished last line is held back until it is finished, or a minute old.
 * Returns true with *ret, whose text lives until the next call on f. */
bool follow_next(struct follow *f, struct block *ret);

/* follow_path - of the file that the last block is from, as it is called now; borrowed until the next call */
const char *follow_path(const struct follow *f);

/* follow_head - the first bytes of that file, at most 1 KiB, as far as they are known; borrowed as well */
struct span follow_head(const struct follow *f);

/* follow_take - the first `lines` not yet taken of the last block are dealt with: positions say so.
 * Take all of a block before the next follow_next; what is not taken is read again. */
void follow_take(struct follow *f, uint64_t lines);

/* follow_positions - a line for each stream, appended */
void follow_positions(struct follow *f, struct buf *out);

/* follow_trouble - the last thing that went wrong with a file (permission, broken packing), or NULL; a
 * sentence, told once */
const char *follow_trouble(struct follow *f);
struct follow_counts follow_counts(const struct follow *f);

#endif
