/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a warrant (core/warrant.h) may do, and what becomes of decisions by it. Pure: whose signature it bears, and what
 * the registry knows of its entity, comes in.
 *
 * While it stands, a warrant is what is decided about its entity, and the policy's own decision rests: its past stays, and
 * when the warrant ends, which it does without probation, the rules decide again. It is no episode, and in the hub episode
 * 0 of a block tells that it is one. It takes no room from the budget and has a bound of its own; own networks, the allow
 * list and special space bound it as they do the rules. */
#ifndef ONUS_JUDGE_WARRANTED_H
#define ONUS_JUDGE_WARRANTED_H

#include "core/settings.h"
#include "core/warrant.h"
#include "judge/policy.h"

/* Without being forced a warrant covers one in so many of the IPv4 addresses, and of the IPv6 /48s, that anybody announces,
 * and so do all of them together; or, where that is more, as many as these. */
#define WARRANT_SHARE 256u
#define WARRANT_LEAST (UINT64_C(1) << 20)

enum warrant_verdict {
	WARRANT_GOOD,	  /* it stands */
	WARRANT_ENDED,	  /* it did; no trouble */
	WARRANT_NONE,	  /* it is none, or was changed */
	WARRANT_STRANGER, /* the key is nobody's, or another's than it says */
	WARRANT_MOVED,	  /* it stands where one about another entity belongs */
	WARRANT_EARLY,	  /* it begins later than now */
	WARRANT_UNKNOWN,  /* the registry knows no such entity, or nothing that it announces */
	WARRANT_NEVER,	  /* it touches own networks, the allow list or special space */
	WARRANT_WIDE,	  /* it covers too much, alone or with those before it */
	WARRANT_VERDICT_N
};
const char *warrant_verdict_name(enum warrant_verdict v);
const char *warrant_verdict_text(enum warrant_verdict v); /* a sentence, without its end */

/* struct warrant_space - IPv4 addresses, IPv6 /48s */
struct warrant_space {
	uint64_t v4, v6;
};

/* struct warrant_case - one warrant */
struct warrant_case {
	const struct settings_warrant *set; /* as it stands in the hub; borrowed, only passed on */
	struct warrant w;		    /* zeroed where it is NONE */
	enum warrant_verdict verdict; /* GOOD: as far as whoever asks could tell; and the answer */
	struct warrant_space size;    /* these two where it is GOOD, WIDE or EARLY */
	struct judge_key key;
};

/* warrants_judge - times and bounds; who begins first has the room first, at the same instant by name, so that the order
 * of v means nothing
 * announced  by all
 * ret        what those that are GOOD in the end cover */
void warrants_judge(struct warrant_case *v, size_t n, int64_t now_s, struct warrant_space announced,
    struct warrant_space *ret);

/* warrant_bound - of those that are not forced */
struct warrant_space warrant_bound(struct warrant_space announced);

/* warrant_needed - is a decision one that the rules never make? Then it stands by a warrant, or somebody wrote it who has
 * none */
bool warrant_needed(enum entity_kind kind, enum level level, enum action action, int32_t episode);

/* warrants_decide - after policy_decide: GOOD ones begin or stand, those that stood and are GOOD no more end, and what the
 * rules say of the same entities is set aside
 * l         grows; its decisions are in no order any more
 * standing  [n_rules] what the policy has seen, then to [n] what stands by warrants
 * 0 or -ENOMEM */
MUST_USE int warrants_decide(struct policy_list *l, const struct policy_standing *standing,
    uint32_t n_rules, uint32_t n, const struct warrant_case *v, size_t n_v);

#endif
