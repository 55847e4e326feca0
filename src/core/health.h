/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How this host's onus is doing, as `onus status` shows it and check_onus judges it: what is known (status files, the
 * spool, the newest publication), and one table of what can be measured of it, with limits. It starts nothing and
 * asks no program. */
#ifndef ONUS_CORE_HEALTH_H
#define ONUS_CORE_HEALTH_H

#include "core/conf.h"
#include "core/limit.h"
#include "core/spool_depth.h"
#include "core/status_file.h"

#define HEALTH_TEXT_MAX	    512u
#define HEALTH_EXPECTED_MAX STATUS_PROGRAMS_MAX

enum health_verdict { /* exit codes of Nagios */
	HEALTH_OK,
	HEALTH_WARNING,
	HEALTH_CRITICAL,
	HEALTH_UNKNOWN,
	HEALTH_VERDICT_N
};
extern const char *const health_verdict_name[HEALTH_VERDICT_N]; /* "OK" … */

/* What is wanted of it is filled in by health_gather, but for the publication: its room does not know this one. */
struct health {
	int64_t now_s;
	char status_dir[HEALTH_TEXT_MAX];
	struct status_all programs;
	const char *expected
	    [HEALTH_EXPECTED_MAX]; /* that have to run; none: those that have a status file */
	unsigned n_expected;

	bool spool_known;
	struct spool_depth spool;
	bool inbox_known; /* the loader works on a hub, and tells of what sensors have sent there */
	struct spool_room inbox;
	char spool_from[STATUS_NAME_MAX]; /* "" : measured now, else the program that told it */
	int64_t spool_at_s;

	bool published;
	uint64_t generation;
	int64_t created_s, expires_s;
	char registry_old[24],
	    registry_too_old[24]; /* limits of its age, of registry_max_age_days: once and twice */
	int64_t registry_s;	  /* date of its newest origin input; 0: not known */
	char published_why[HEALTH_TEXT_MAX]; /* why it is not known */
};

/* health_gather - h zeroed, but for expected, which borrows; -errno when the status directory cannot be read
 * health_done - callable twice */
MUST_USE int health_gather(struct health *h, const struct conf *conf, int64_t now_s, struct err *e);
void health_done(struct health *h);

/* struct health_measure - something that can be measured: one row */
struct health_measure {
	const char *name;
	const char *unit; /* of Nagios' perfdata: "s", "B" or "" */
	const char *warning,
	    *critical;	  /* ranges (core/limit.h) in that unit; "": none unless one is given */
	const char *help; /* what it measures */
	const char *next; /* what to do when it is not well */
	/* false: not known, and text says why; else text says it in words */
	bool (*of)(const struct health *h, double *value, char text[HEALTH_TEXT_MAX]);
};
extern const struct health_measure health_measures[];
extern const unsigned health_n_measures;

/* health_measure - by name, or NULL */
const struct health_measure *health_measure(const char *name);

/* struct health_result - one measure, judged */
struct health_result {
	const struct health_measure *measure;
	enum health_verdict verdict;
	bool known;
	double value;
	struct limit warning, critical;
	char text[HEALTH_TEXT_MAX];
};

/* health_judge - warning, critical: NULL: those of the row; -EINVAL when one is no range */
MUST_USE int health_judge(const struct health *h, const struct health_measure *m,
    const char *warning, const char *critical, struct health_result *ret, struct err *e);

/* health_span - "45 s", "3 min", "5 h", "12 days" */
void health_span(int64_t seconds, char ret[32]);

#endif
