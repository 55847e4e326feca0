/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status files as others read them: one a program, in the parameter status_dir. Contract:
 * doc/contracts/status-file.md. Whoever reads them may be more trusted than who wrote them: everything is bounded,
 * and texts hold no control characters. */
#ifndef ONUS_CORE_STATUS_FILE_H
#define ONUS_CORE_STATUS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define STATUS_FILE_FORMAT  "onus-status 1"
#define STATUS_BYTES_MAX    65536u
#define STATUS_FIGURES_MAX  256u
#define STATUS_KEY_MAX	    32u	 /* bytes with NUL: [a-z0-9_] */
#define STATUS_NAME_MAX	    48u	 /* of a program, with NUL: [a-z0-9_-] */
#define STATUS_TEXT_MAX	    512u /* longer texts are cut */
#define STATUS_PROGRAMS_MAX 32u
#define STATUS_STALE_S	    60 /* a program that says nothing for so long hangs, or has died */

enum status_says { SAYS_OK, SAYS_TROUBLE, SAYS_STOPPED, SAYS_FAILED, SAYS_N };

enum status_part { PART_COUNTER, PART_RATE, PART_GAUGE, PART_TIME, PART_N };

struct status_figure {
	enum status_part part;
	char key[STATUS_KEY_MAX];
	double value; /* of a time: Unix seconds, 0: never */
};

struct status_file {
	char program[STATUS_NAME_MAX], version[STATUS_KEY_MAX];
	char message[STATUS_TEXT_MAX], error[STATUS_TEXT_MAX];
	enum status_says says;
	bool once;
	int64_t pid, started_s, updated_s, error_s; /* error_s 0: there was none */
	struct status_figure figure[STATUS_FIGURES_MAX];
	unsigned n;
};

/* status_parse - 0 with *ret; -EBADMSG with the reason: *ret is then undefined */
MUST_USE int status_parse(struct span text, struct status_file *ret, struct err *e);

/* status_find - a figure; false when the program does not tell it */
bool status_find(const struct status_file *s, enum status_part part, const char *key, double *ret);

/* enum status_life - what follows of the file, the clock and the process table */
enum status_life {
	LIFE_UP,
	LIFE_TROUBLE,	 /* it runs, its work fails */
	LIFE_STALE,	 /* it runs, but has said nothing for too long */
	LIFE_STOPPED,	 /* it ended as it was told to */
	LIFE_FAILED,	 /* it gave up */
	LIFE_DIED,	 /* it was killed, or crashed */
	LIFE_UNREADABLE, /* its file cannot be read */
	LIFE_ABSENT,	 /* there is no file: it never ran here */
	LIFE_N
};
extern const char *const status_life_name[LIFE_N]; /* "up", "trouble" … */
enum status_life status_life(const struct status_file *s, int64_t now_s, int64_t stale_s);

/* The programs of the road, in its order; NULL behind the last one. */
extern const char *const status_road[];

/* struct status_all - every program that has a status file, in the order of the road, others behind */
struct status_program {
	char name[STATUS_NAME_MAX];
	enum status_life life;
	struct status_file *file; /* owned; NULL: it cannot be read */
	struct err why;		  /* then */
};
struct status_all {
	struct status_program program[STATUS_PROGRAMS_MAX];
	unsigned n, more; /* more: there are files of so many others */
};

/* status_read_all - a directory that is not there holds no files; -errno when it cannot be listed
 * status_all_done - callable twice */
MUST_USE int status_read_all(
    const char *dir, int64_t now_s, int64_t stale_s, struct status_all *ret, struct err *e);
void status_all_done(struct status_all *a);

/* status_program - by name, or NULL */
const struct status_program *status_program(const struct status_all *a, const char *name);

#endif
