/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log filters in fail2ban's filter.d form, with one section of ours that fail2ban ignores:
 *
 *   [Onus]
 *   category = brute-force        what a match is a sighting of (default: other)
 *   service = sshd                written into the event (default: the filter's name)
 *   proof = full                  full or weak (default: weak). Who wrote the expressions may say full of them;
 *                                 in a NAME.local beside them it counts only where the filter is anchored
 *   good = login                  not an event, but a good observation: delivery or login (core/good.h)
 *
 * Carried over: [INCLUDES], [DEFAULT], [Definition], [Init], NAME.local, %(name)s and <name>
 * interpolation, failregex, ignoreregex, prefregex with <F-CONTENT>, maxlines with <SKIPLINES>, <HOST>
 * <ADDR> <IP4> <IP6> <SUBNET> <CIDR> <DNS> and <F-…> tags: <F-NOFAIL>, <F-ID>, <F-MLFID> <F-MLFFORGET>
 * <F-MLFGAINED> <F-USER> <F-ALT_…>; datepattern (date_form.h, dates.h). <F-COUNT> is ours: the number
 * of times that one line stands for.
 * Refused, since the result would be another: directives that Python does not know, maxlines over WINDOW_LINES_MAX, an
 * expression that names nobody. usedns changes nothing here: we never ask the DNS. */
#ifndef ONUS_INTAKE_FILTER_H
#define ONUS_INTAKE_FILTER_H

#include "core/good.h"
#include "intake/dates.h"
#include "intake/regex.h"

#define FILTER_NAME_MAX	 64u
#define FILTER_REGEX_MAX 256u /* expressions of one filter, of each sort */
#define FILTERS_MAX	 64u  /* filters at once */
#define FILTER_OPTIONS	 32u  /* NAME[a=b,…]: options of one filter */

enum filter_date {
	FILTER_DATE_ANY,   /* of fail2ban's default forms, anywhere in the line */
	FILTER_DATE_START, /* {^LN-BEG}: the same, nothing but two bytes of punctuation before it */
	FILTER_DATE_BRACKETS, /* DATES_BRACKETS, of a single line: struct filter's dates */
	FILTER_DATE_OWN,      /* struct filter's dates */
};

struct filter {
	char name[FILTER_NAME_MAX + 1];
	char service[EVENT_SERVICE_MAX + 1];
	enum category category;
	enum proof proof;
	enum good good; /* what a match is, where it is nothing bad */
	enum filter_date date;
	struct dates *dates;  /* FILTER_DATE_BRACKETS and _OWN, or NULL */
	char *journalmatch;   /* as the filter has it, or NULL; owned */
	struct regex *prefix; /* or NULL */
	struct regex **fail, **ignore;
	unsigned n_fail, n_ignore;
	bool
	    anchored; /* anchor_holds of all its failregexes: what a stranger wrote is never the address */
	unsigned lines; /* maxlines: what the expressions are searched in, 1 to WINDOW_LINES_MAX */
	bool joins;	/* an expression has <F-MLFID> */
	bool rare;	/* an expression has <F-ID> or <CIDR> */
	/* Bit i of starts[k][b]: fail[i] can match what has b as byte k. Where there are more than 64, one always can. */
	uint64_t starts[REGEX_HEAD][256];
};

/* filter_candidates - which of the first 64 failregexes can match what begins at p; REGEX_HEAD bytes must be readable */
static inline uint64_t filter_candidates(const struct filter *f, const char *p)
{
	uint64_t maybe = f->starts[0][(unsigned char)*p];

	for (unsigned k = 1; k < REGEX_HEAD; k++)
		maybe &= f->starts[k][(unsigned char)p[k]];
	return maybe;
}

/* filter_load - "NAME", "NAME[option=value,…]", or a path with a slash in place of NAME
 *
 * path     directories to look in, colon-separated; NAME.conf of the first that has it
 * Returns 0; -ENOENT with the directories; -EINVAL or -ENOTSUP with file, line and reason. */
MUST_USE int filter_load(const char *spec, const char *path, struct filter **ret, struct err *e);

/* filter_parse - from memory, without includes; for tests and fuzzing */
MUST_USE int filter_parse(const char *spec, struct span text, struct filter **ret, struct err *e);
struct filter *filter_free(struct filter *f); /* NULL-safe, returns NULL */

/* struct filters - several at once; owned */
struct filters {
	struct filter *v[FILTERS_MAX];
	unsigned n;
};

/* filters_load - those named, or all that onus ships when n is 0 */
MUST_USE int filters_load(
    struct filters *ret, const char *const *specs, unsigned n, const char *path, struct err *e);

/* filters_load_good - those that onus ships for good observations */
MUST_USE int filters_load_good(struct filters *ret, const char *path, struct err *e);
/* filters_remember - a line means something else depending on those before it: they must come in order */
bool filters_remember(const struct filters *f);
void filters_done(struct filters *f); /* NULL-safe, callable twice */

#endif
