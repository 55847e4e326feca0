/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of follow.h share. */
#ifndef ONUS_INTAKE_FOLLOW_PRIV_H
#define ONUS_INTAKE_FOLLOW_PRIV_H

#include <sys/stat.h>

#include "intake/follow.h"

#define MARK_MAX  1024u /* bytes of head and of tail */
#define CHUNK_MAX (128u << 10)

/* struct mark - bytes of a file by which it is known again */
struct mark {
	unsigned len;
	bool have; /* bytes holds them; else only their hash is known, from a position */
	uint64_t hash;
	char bytes[MARK_MAX];
};

struct stream {
	char *path; /* where it was seen last */
	uint64_t dev, ino;
	int fd; /* plain and bound to a file; else -1 */
	bool packed;
	struct input *in; /* packed and being read */
	bool checked;	  /* packed: seen to begin as it should since it was restored */
	bool done;     /* packed: read to its end; offset is the size of the file that was read */
	bool skip;     /* plain: the offset stands within an over-long line that was cut */
	bool lost;     /* no file is known to hold it */
	bool seen;     /* in this poll, under the pattern */
	bool there;    /* in this poll, under any name */
	bool detached; /* not under the pattern any more */
	bool look;     /* its rotation is still to be looked through, while names did not move */
	uint64_t offset, line;
	int64_t mtime_s;      /* of its file, when it was looked at last */
	uint64_t open_size;   /* packed: of the file when it was opened */
	uint64_t skip_lines;  /* packed: still to be skipped, they were read before */
	uint64_t broken_size; /* packed: do not try again while it has this size; 0: try */
	struct mark head, tail;
	int64_t idle_us; /* monotonic: since when nothing came of it, or it is lost */
};

/* struct empty - a name under which a file without a byte was found (follow_empty.c) */
struct empty {
	char *path;
	uint64_t dev, ino; /* what had it then */
	uint64_t now_ino;  /* what had it in the last poll; 0: none yet */
	int64_t since_s;   /* when that was: what was written to since is newer; 0: not seen yet */
	bool fresh;	   /* seen for the first time in this poll */
	int64_t gone_us;   /* monotonic; since when nothing has it; 0: something has */
	bool there;	   /* in this poll, and empty */
	bool look;	   /* its rotation is still to be looked through */
};

/* struct file - one found in the file system */
struct file {
	char *path;
	struct stat st;
	bool primary; /* under the pattern, not only beside it */
	bool packed;
	bool used; /* belongs to a stream now */
	int fd;	   /* while it is looked at: names move, what is open stays */
};

struct follow {
	char *source, *pattern;
	struct stream **streams;
	size_t n;
	size_t turn; /* whose turn it is to be read */
	struct empty *empties;
	size_t n_empties;
	struct file
	    *known; /* copies of streams that are bound elsewhere, not to be opened each time */
	size_t n_known;
	struct follow_counts counts;
	struct err trouble;
	bool troubled; /* and not told yet */
	/* the block that was handed out last */
	struct {
		struct stream *s;
		struct span rest; /* not yet taken */
		size_t extra;	  /* bytes at its end that are not in the file: an added LF */
		bool cut;	  /* the start of an over-long line: taken as a whole */
	} out;
	char *buf; /* MARK_MAX + CHUNK_MAX + 1 */
};

uint64_t mark_hash(const struct mark *m);
void follow_say(struct follow *f, const struct err *e);

/* stream_add - NULL, and said, when there are too many. stream_drop - the stream at index i. */
struct stream *stream_add(struct follow *f, const char *path);
void stream_drop(struct follow *f, size_t i);

/* follow_unbind - forget the file: the stream is lost until one is found that holds it */
void follow_unbind(struct stream *s);

/* follow_lose - the stream's file holds something else by now. What passed for a copy of it may be all
 * that there is of it. */
void follow_lose(struct follow *f, struct stream *s);
void forget_copies(struct follow *f);

/* --- follow_match.c: which file holds which stream --- */

/* file_open - 0, or -errno; -ESTALE when another file has the name now. file_close is callable twice.
 * Everything below wants an open file. */
MUST_USE int file_open(struct file *file, struct err *e);
void file_close(struct file *file);

/* match_head - the first bytes of what a file holds, unpacked; file->packed says whether it was
 * Returns their number, or -errno. */
MUST_USE int match_head(struct file *file, char head[MARK_MAX], struct err *e);

/* match_holds - does the file hold all that was read of the stream, at the same place? head: its first
 * n bytes */
bool match_holds(const struct stream *s, const struct file *file, const char *head, size_t n);

/* bind_plain - read the stream from this file from now on; false when it does not hold it, or is
 * another one by now. bind_packed - the same through util/input.h, by lines instead of bytes. */
bool bind_plain(struct stream *s, const struct file *file);
void bind_packed(struct stream *s, const struct file *file);

/* struct files - found in one poll: regular ones that are not empty, each inode once */
struct files {
	struct file *v;
	size_t n, cap;
	char **rotations; /* of these, all files are in it */
	size_t n_rotations;
	bool unsettled; /* something moved or was being written meanwhile: look again */
};

/* find_primary - those of a glob pattern, appended
 * find_rotated - those in the directory of path whose names look like path's rotation: appended, once a
 * poll. A directory that is listed while names in it move may hide files, so it is listed until two
 * listings agree; unsettled when they never do. */
void find_primary(struct follow *f, const char *pattern, struct files *ret);
void find_rotated(struct follow *f, const char *path, struct files *ret);
void files_done(struct files *fs);

/* struct newer - what is read of a rotation: files that nobody knows, written to since, and one whatever its date */
struct newer {
	int64_t than_s;
	uint64_t dev, ino; /* 0: none */
};

/* look_beside - the files of path's rotation: what streams hold, and what is newer */
void look_beside(struct follow *f, const char *path, const struct newer *newer, struct files *fs);

/* --- follow_empty.c: files that were found empty --- */

void empties_done(struct follow *f);
void empty_restore(struct follow *f, const struct stream *s); /* a position at byte 0 of nothing */
void empty_seen(struct follow *f, const char *path, const struct stat *st);
void empties_look(struct follow *f, struct files *fs); /* last in a poll */

/* same_rotation - do two paths look like one log and its rotation? */
bool same_rotation(const char *a, const char *b);

#endif
