/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What registries answered, kept on disk: one directory, of one process at a time.
 *
 *	asked		every question with what came of it, appended to; rewritten whole at the start
 *	answers.rdap	the answers alone, one a line, for `onus registry build`
 *
 * A line of `asked`, behind the first one, "#onus-rdap-cache 1":
 *	NEXT <tab> AT <tab> STATE <tab> TRIES <tab> QUESTION [<tab> ANSWER]…
 * NEXT: before that it is not asked again; AT: when its answers came, 0 without; Unix seconds. An answer is one that
 * rdap_reduce made: JSON without tabs and line ends. Of several lines about a question the last one counts. */
#ifndef ONUS_HOLDERS_CACHE_H
#define ONUS_HOLDERS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define CACHE_ROWS_MAX	   200000u
#define CACHE_QUESTION_MAX 192u /* bytes, with NUL */
#define CACHE_ANSWERS	   "answers.rdap"
#define CACHE_TRIES_MAX	   32u

enum cache_state {
	CACHE_KEPT,    /* answered */
	CACHE_NONE,    /* the registry has nothing (404), or nothing that makes a fact */
	CACHE_REFUSED, /* the server does not take the question */
	CACHE_FAILED,  /* no answer; an older one, if there is one, stays */
	CACHE_STATE_N
};
extern const char *const cache_state_name[CACHE_STATE_N];

struct cache_row {
	char question[CACHE_QUESTION_MAX];
	int64_t next_s, at_s;
	enum cache_state state;
	uint32_t tries; /* failures in a row */
	char *answers;	/* owned; lines without the last LF; NULL: none */
};

struct cache_ages {
	uint32_t fresh_days; /* asked again after that */
	uint32_t keep_days;  /* answers older than that are dropped */
};

struct cache;

/* cache_open - make the directory when it is missing, lock it, read what is there, drop what is too old
 *
 * refused  lines that make no sense; the others count
 * Returns 0; -EBUSY: another process has it; -EBADMSG: `asked` is another file; -errno. */
MUST_USE int cache_open(const char *dir, const struct cache_ages *ages, int64_t now_s,
    struct cache **ret, unsigned *refused, struct err *e);

/* cache_close - write answers.rdap anew from all rows. Without it (a killed process) the next cache_open does.
 * cache_free - only let go; NULL-safe, returns NULL */
MUST_USE int cache_close(struct cache *c, struct err *e);
struct cache *cache_free(struct cache *c);

/* cache_find - the row of a question, or NULL; valid until the next cache_put */
const struct cache_row *cache_find(const struct cache *c, const char *question);

/* cache_put - what came of a question, on the disk when it returns
 *
 * answers  of CACHE_KEPT, lines as rdap_reduce makes them; else empty
 * How long it counts follows from the state: fresh_days, and of failures from an hour on twice as long each time, at
 * most fresh_days.
 * Returns 0 or -errno. */
MUST_USE int cache_put(struct cache *c, const char *question, enum cache_state state,
    struct span answers, int64_t now_s, struct err *e);

/* cache_wants - may it be asked now? Never asked, or its time has come. */
bool cache_wants(const struct cache *c, const char *question, int64_t now_s);

unsigned cache_n(const struct cache *c);
const struct cache_row *cache_at(const struct cache *c, unsigned index);
const char *cache_dir(const struct cache *c);

/* cache_row_parse - one line of `asked`; the answers are owned by *ret. 0, -EINVAL or -ENOMEM. */
MUST_USE int cache_row_parse(struct span line, struct cache_row *ret);

#endif
