/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One input of the registry on its way: where to ask, under which conditions, and what becomes of the answer. Its
 * files, of which each is whole or not there:
 *	NAME		the last good copy
 *	NAME.held	a newer one that is worse, kept aside until somebody or the next one decides
 *	incoming/NAME	what onus-fetch has just brought; NAME.index, which says where it is
 *	incoming/.NAME.part, .NAME.from	as much of it as came before it was cut, and of what (contracts/fetch.md)
 * with NAME.state and NAME.held.state as copy_state.h has it. */
#ifndef ONUS_PROG_ONUS_FETCH_JOB_H
#define ONUS_PROG_ONUS_FETCH_JOB_H

#include "holders/inputs.h"
#include "prog/onus/copy_state.h"
#include "svc/fetch_line.h"

enum fetch_outcome {
	FETCHED_NOT_YET,
	FETCHED_NEW,  /* another copy, taken */
	FETCHED_SAME, /* there is no other */
	FETCHED_HELD, /* another copy, kept aside */
	FETCHED_NOT,  /* nothing came */
	FETCHED_N
};

struct fetch_copy {
	char *path;
	struct copy_state state;
	bool there, known; /* known: state is of it */
};

struct fetch_job {
	const struct reg_input *in; /* borrowed */
	bool force;		    /* a worse copy is taken all the same */
	uint32_t shrink_percent;    /* how much less is still not worse */
	uint32_t max_tries;	    /* of each url, when the server is busy or away */
	bool resumes;		    /* a copy that was cut is gone on with */
	char *incoming, *index;
	struct fetch_copy good, held;
	char url[INPUT_URL_MAX + 1]; /* asked next */
	unsigned nth;		     /* of in's urls */
	unsigned tries;		     /* of this url that failed */
	bool index_asked;
	int64_t not_before_us, until_us; /* until_us: for good; 0 before it was asked at all */
	uint64_t kept;			 /* bytes of a copy that was cut; */
	unsigned cuts;			 /* how often one was, with more of it kept each time */
	enum fetch_outcome outcome;
	char why[ERR_MAX]; /* held, nothing came */
	uint64_t resumed;  /* bytes of the copy that came with an earlier request */
	char anew
	    [FETCH_ERROR_MAX +
		1]; /* why what was kept of an earlier one was of no use; "": it was not kept, or was */
};

/* fetch_job_open - in dir, which exists, with a directory "incoming" in it. 0 or -errno. fetch_job_done: NULL-safe. */
MUST_USE int fetch_job_open(
    struct fetch_job *j, const struct reg_input *in, const char *dir, int64_t now_s, struct err *e);
void fetch_job_done(struct fetch_job *j);

/* fetch_job_request - what to ask now */
void fetch_job_request(struct fetch_job *j, uint64_t id, struct fetch_request *q);

/* fetch_job_answer - the answer to it: files are put where they belong, and the outcome is set; or it stays
 * FETCHED_NOT_YET, with another url, or a later time for this one
 * Returns 0; -errno when our own files are the trouble: then the job is over too. */
MUST_USE int fetch_job_answer(
    struct fetch_job *j, const struct fetch_answer *a, int64_t now_s, struct err *e);

/* fetch_job_fail - it is over: nothing came, and why */
void fetch_job_fail(struct fetch_job *j, const char *why);

#endif
