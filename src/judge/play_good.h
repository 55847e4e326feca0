/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internal to play.c: what the walls of a day are put against, of one's own good traffic. */
#ifndef ONUS_JUDGE_PLAY_GOOD_H
#define ONUS_JUDGE_PLAY_GOOD_H

#include "judge/play.h"
#include "judge/policy.h"

/* struct play_goods - as of the end of a day */
struct play_goods {
	struct replay *before;		    /* what onus-score would know then */
	struct replay *after[PLAY_AHEAD_N]; /* NULL: the days are not all played */
};

/* struct play_stand - what stands from then on, and which of it stays at tag: at_tag[n] */
struct play_stand {
	const struct policy_standing *v;
	uint32_t n;
	bool *at_tag;
};

/* play_wall - does it refuse or slow down, and of which kind is it? */
bool play_wall(const struct policy_standing *p, enum play_wall *kind);

/* play_goods_read  - of the end of today; 0 or -ENOMEM
 * play_goods_bound - sets what stays at tag, and counts the verdicts on its rules
 * play_goods_meet  - what else stands, put against what comes */
MUST_USE int play_goods_read(const struct play_conf *c, int32_t today, struct play_goods *ret);
MUST_USE int play_goods_bound(
    struct play_goods *g, double max_loss, const struct play_stand *stand, struct play_course *c);
MUST_USE int play_goods_meet(
    struct play_goods *g, double max_loss, const struct play_stand *stand, struct play_day *day);
void play_goods_done(struct play_goods *g);

/* play_goods_week - the figures of the seven days that begin here */
void play_goods_week(const struct play_day days[7], struct play_week *week);

#endif
