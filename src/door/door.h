/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: what is done with a mail before it is taken, and in which words. The same for Postfix (onus-policy) and for
 * milters (onus-milter): rules first (door/rules.h), then the decision in force, then the greylist (door/grey.h).
 *
 *	decision                      without a rule
 *	block, reject or drop         refused
 *	anything else above tag       greylisted; once it came back, a header
 *	tag, or a grade from door_tag_grade on    a header
 *	else, or spared               passes
 */
#ifndef ONUS_DOOR_DOOR_H
#define ONUS_DOOR_DOOR_H

#include "door/grey.h"
#include "door/rules.h"

#define DOOR_HEADER   "X-Onus-Client"
#define DOOR_TEXT_MAX 480u /* with NUL: a reply line has 512 bytes (RFC 5321, 4.5.3.1.5) */

enum door_verdict { DOOR_PASS, DOOR_TAG, DOOR_GREYLIST, DOOR_REFUSE, DOOR_VERDICT_N };

struct door_answer {
	enum door_verdict verdict;
	const char *rule; /* by which; lives as long as the door; NULL: by none */
	bool exempt;	  /* DOOR_PASS: that rule said so */
	bool spared;	  /* DOOR_PASS: of own networks, or as the facts have it */
	bool greyed;	  /* the greylist was asked */
	enum grey_word grey;
	uint32_t grey_s; /* as grey_ask has it */

	/* Printable ASCII, one line, NUL-terminated; a '%' may be in it (a milter's mail server wants two).
	 * DOOR_TAG: the value of DOOR_HEADER; DOOR_GREYLIST, DOOR_REFUSE: what the client is told, without codes,
	 * which are 450 4.7.1 and 550 5.7.1; else "". */
	char text[DOOR_TEXT_MAX];
	size_t len;
};

struct door;

/* door_new - of what the configuration says; c is not kept. 0; -EINVAL with a sentence; -ENOMEM. For `-t` too. */
MUST_USE int door_new(const struct conf *c, struct door **ret, struct err *e);
struct door *door_free(struct door *d); /* NULL-safe, returns NULL */

/* door_judge - any thread; allocates nothing, and does not wait but for another one's question to the greylist */
void door_judge(struct door *d, const struct door_client *c, const struct door_mail *m,
    int64_t now_s, struct door_answer *ret);

/* door_grey - for grey_load, grey_save and figures; lives as long as the door */
struct grey *door_grey(struct door *d);

/* struct door_counts - answers, for a status file; zeroed to begin with. Each answer is counted in the first four, once. */
struct door_counts {
	uint64_t verdict[DOOR_VERDICT_N];
	uint64_t exempt; /* of DOOR_PASS */
	uint64_t back;	 /* passed for the first time after they were put off */
	uint64_t full;	 /* passed since the greylist was full */
};

static inline void door_count(struct door_counts *n, const struct door_answer *a)
{
	n->verdict[a->verdict]++;
	n->exempt += a->exempt;
	n->back += a->greyed && a->grey == GREY_BACK;
	n->full += a->greyed && a->grey == GREY_FULL;
}

#endif
