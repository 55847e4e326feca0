/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who says what a hub holds: its sources, with the history of their groups and trust. */
#ifndef ONUS_PROG_EVIDENCE_VOICES_H
#define ONUS_PROG_EVIDENCE_VOICES_H

#include "core/event.h"
#include "judge/judge.h"
#include "ledger/hub.h"

/* struct voice - one source, as of the day that was asked for last */
struct voice {
	int32_t id;
	enum hub_source_kind kind;
	bool anchor;
	unsigned group; /* index */
	double trust;
	char name[EVENT_SOURCE_MAX + 1]; /* of its group */
	double trust_now;		 /* without a history */
	char name_now[EVENT_SOURCE_MAX + 1];
};

struct voice_rev {
	size_t voice;
	int32_t day;
	double trust;
	char name[EVENT_SOURCE_MAX + 1];
};

/* struct voices - zeroed to begin with */
struct voices {
	struct voice *v; /* owned; by id */
	size_t n, cap;
	struct voice_rev *rev; /* owned; by source, then day */
	size_t n_rev, cap_rev;
	/* of voices_as_of: */
	char group[JUDGE_GROUPS_MAX][EVENT_SOURCE_MAX + 1]; /* names by index */
	double trust[JUDGE_GROUPS_MAX];
	bool anchored[JUDGE_GROUPS_MAX]; /* an anchor is in it */
	uint8_t kinds[JUDGE_GROUPS_MAX]; /* of its sources, a bit each */
	unsigned n_groups;
	unsigned groups_beyond; /* that had to share the last index */
};

MUST_USE int voices_read(struct hub *h, struct voices *ret, struct err *e);
void voices_done(struct voices *v);

/* voices_as_of - groups and trust as they were known on a day: of a source's revisions the last one up to
 * it counts, before the first one the first. Groups get indexes in the order of their first source. */
void voices_as_of(struct voices *v, int32_t day);
void voices_tell(const struct voices *v, struct judge *j);

/* voices_find - NULL: no such source */
const struct voice *voices_find(const struct voices *v, int32_t id);

/* voices_weak - what a foreign source says in a group of one's own does not become one's own word: its
 * proof is weak, whatever it says of it */
static inline bool voices_weak(const struct voices *v, const struct voice *t)
{
	return v->anchored[t->group] && !t->anchor;
}

#endif
