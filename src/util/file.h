/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files: read with a cap, mapped read-only, written so that a crash leaves the old or the new
 * and never half. */
#ifndef ONUS_UTIL_FILE_H
#define ONUS_UTIL_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/err.h"

/* file_read - the whole file into b (which must be initialised and sets the cap)
 * Returns 0; -EFBIG over the buffer's maximum; -errno. */
MUST_USE int file_read(const char *path, struct buf *b, struct err *e);

/* file_read_lines - the lines behind the first one, which must be head: a file that is ours, or none of ours
 * b     as for file_read
 * what  of which file we speak, for the reason: "not a file of wishes"
 * Returns 1 with *ret in b; 0 when there is no such file; -EBADMSG; else as file_read. */
MUST_USE int file_read_lines(const char *path, const char *head, const char *what, struct buf *b,
    struct span *ret, struct err *e);

/* struct file_map - a file mapped read-only; p is NULL for an empty file */
struct file_map {
	const uint8_t *p;
	size_t len;
};
MUST_USE int file_map(const char *path, struct file_map *ret, struct err *e);

/* file_map_stat - the same, and st set to what the system says of that very file */
MUST_USE int file_map_stat(const char *path, struct file_map *ret, struct stat *st, struct err *e);

/* file_map_copy - the same in memory of one's own: what somebody writes into the file later, or cuts off it,
 * does not reach the reader (a mapped file that is cut kills him). -EAGAIN: it was cut meanwhile. */
MUST_USE int file_map_copy(const char *path, struct file_map *ret, struct err *e);
void file_unmap(struct file_map *m); /* NULL-safe, callable twice */

/* struct file_new - a file being written beside its final name
 *
 * file_new_open makes PATH.tmp-PID; write through ->f; file_new_commit flushes, syncs, renames over
 * PATH and syncs the directory; file_new_done (always call it) removes what was not committed. */
struct file_new {
	FILE *f;
	char *path, *tmp;
};
MUST_USE int file_new_open(const char *path, struct file_new *ret, struct err *e);
MUST_USE int file_new_commit(struct file_new *n, struct err *e);
void file_new_done(struct file_new *n);

/* file_new_tidy - remove what writers of PATH left that were killed: PATH.tmp-* that no living one has
 * numbered  and of writers of PATH-NUMBER */
void file_new_tidy(const char *path, bool numbered);

/* file_new_hold - say that a file of such a name has a living writer, for as long as fd is open */
void file_new_hold(int fd);

/* file_write - the whole of text through file_new; the short form for small files */
MUST_USE int file_write(const char *path, struct span text, struct err *e);
/* file_write_by - the same by way of a name of the caller's own, for one writer at a time: whoever was killed halfway
 * leaves it there, and the next one takes it */
MUST_USE int file_write_by(const char *path, const char *tmp, struct span text, struct err *e);

/* file_append - all of text at the end of what fd was opened for with O_APPEND, down to the disk; path for the words */
MUST_USE int file_append(int fd, const char *path, struct span text, struct err *e);

/* file_mkdirs - like mkdir -p with the given mode; existing directories are left alone */
MUST_USE int file_mkdirs(const char *path, unsigned mode, struct err *e);

/* file_sync_dir - fsync a directory, so that a rename in it survives a power cut */
MUST_USE int file_sync_dir(const char *path, struct err *e);

/* file_sha256 - hex digest of a file's content, 64 digits and NUL */
#define SHA256_HEX 65
MUST_USE int file_sha256(const char *path, char ret[SHA256_HEX], struct err *e);
void bytes_sha256(struct span bytes, char ret[SHA256_HEX]); /* the same of what is in memory */

#endif
