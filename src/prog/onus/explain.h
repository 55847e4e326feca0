/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus explain: the terms of one judgement, gathered, and how they are printed. */
#ifndef ONUS_PROG_ONUS_EXPLAIN_H
#define ONUS_PROG_ONUS_EXPLAIN_H

#include "core/entity.h"
#include "holders/registry.h"
#include "judge/explain.h"
#include "prog/evidence/notices.h"
#include "prog/evidence/shared.h"
#include "prog/evidence/transfers.h"
#include "util/buf.h"
#include "util/jout.h"

struct explain_host {
	struct judge_host h;
	size_t line, n_line; /* in explained.lines */
	double weighed;	     /* its part of `weighed` */
	double regained;     /* score, if it were silent for good */
};

struct explain_stretch {
	struct judge_stretch s;
	double weighed;
};

/* struct explained - everything about one entity; owned, explained_done frees */
struct explained {
	struct judge_total total;
	struct explain_host *hosts; /* heaviest first */
	struct explain_stretch *stretches;
	struct judge_line *lines;
	size_t n_hosts, n_stretches, n_lines, hosts_cap, stretches_cap, lines_cap;
	struct judge_world world;
	struct judge_trust trust[JUDGE_GROUPS_MAX];
	int32_t today;
};

/* explain_gather - all terms. 1; 0: no evidence; -ENOMEM */
MUST_USE int explain_gather(
    struct judge *j, const struct judge_key *key, int32_t today, struct explained *ret);
void explained_done(struct explained *x);

/* struct explain_transfers - space of an entity that changed hands, as far as anything was seen there before */
struct explain_transfers {
	struct explain_transfer {
		struct range range;
		int32_t day;
		const char *was, *is; /* borrowed from struct transfers */
		bool
		    kept; /* what was seen is held against the entity, who held it then; else it is not */
		uint64_t hosts, events;
	} * v; /* owned */
	size_t n;
};

/* explain_transfers - after judge_run. 0 or -ENOMEM; free ret->v
 * explain_transfers_text, _json - the first limit of them, and how many more there are */
MUST_USE int explain_transfers(const struct transfers *t, const struct registry *r,
    const struct judge *j, const struct entity *en, struct explain_transfers *ret);
void explain_transfers_text(const struct explain_transfers *t, size_t limit, FILE *to);
void explain_transfers_json(struct jout *j, const struct explain_transfers *t, size_t limit);

/* struct explain_decision - what is decided about the entity, as the hub has it now */
struct explain_decision {
	bool stands;
	char level[16], action[16], reason[512];
	int64_t since_s, until_s;
};
MUST_USE int explain_decision(struct hub *h, const struct entity *en, int64_t at_s,
    struct explain_decision *ret, struct err *e);
void explain_decision_text(
    const struct explain_decision *d, FILE *to); /* nothing where nothing stands */
void explain_decision_json(struct jout *j, const struct explain_decision *d); /* "decision" */

/* struct explain_style - how much of it is printed, and the words around it */
struct explain_style {
	const struct registry *registry;
	const char *name;			   /* of the entity, as in contracts */
	const char (*group)[EVENT_SOURCE_MAX + 1]; /* names by index */
	const uint8_t *kinds;			   /* as in struct evidence */
	struct response response;		   /* of the entity, to notices */
	size_t disputed;			   /* lines of it that do not count */
	const struct explain_transfers *transfers;
	const struct explain_decision *decision;
	const struct shared *shared;	 /* NULL: nothing is known */
	const struct shared_list *about; /* of an address: what is said of it, or NULL */
	double users;			 /* people behind an address of it, in the mean */
	size_t limit;			 /* hosts and stretches; the rest is one sum each */
};

void explain_text(const struct explained *x, const struct explain_style *s, FILE *to);
void explain_json(const struct explained *x, const struct explain_style *s, struct buf *out);

/* explain_clear_text, _json - hosts by score regained; by_day[n] days on which the score reaches the
 * grades A to D if nothing new comes, or INT32_MAX where that is further off than the window */
struct explain_clear {
	int32_t by_day[4];
	double score[4]; /* on that day */
};
void explain_clear_text(const struct explained *x, const struct explain_style *s,
    const struct explain_clear *c, FILE *to);
void explain_clear_json(const struct explained *x, const struct explain_style *s,
    const struct explain_clear *c, struct buf *out);

#endif
