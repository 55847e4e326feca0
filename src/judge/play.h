/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy as it is (policy.h), played over a series: at the end of each day it is decided as onus-score would do it
 * then, and whoever comes on the next day meets a wall or does not: what slows down or refuses, around addresses and
 * blocks; nothing is decided about more than a block. What walls cost and catch, at several thresholds, so that some
 * can be chosen with open eyes.
 *
 * Where one's own good traffic is known (good_days.h), what would have cost more of it than max_good_loss in the 30 days
 * before stays at tag, as onus-score does it, and is no wall; the others are put against what was good on the day that
 * they stand on, and in the week that begins with it (replay.h: whole, also where they end meanwhile).
 *
 * A series knows days alone, so nothing is decided within one: a host that comes twice on its first day meets nothing,
 * though a site would have walled it off in between. A wall that ends within a day counts for its part of it. */
#ifndef ONUS_JUDGE_PLAY_H
#define ONUS_JUDGE_PLAY_H

#include "core/threshold.h"
#include "judge/evaluate.h"
#include "judge/good_days.h"
#include "net/addrset.h"

struct play_levels {
	const char *name; /* borrowed */
	struct thresholds thresholds;
};

/* play_levels_given - to choose from: walls around addresses alone, then mild, standard and strict ones */
#define PLAY_GIVEN 4u
#define PLAY_MAX   (PLAY_GIVEN + 1) /* and one's own */
void play_levels_given(struct play_levels ret[PLAY_GIVEN]);

struct play_conf {
	const struct evaluate_conf *judge; /* what evaluate_judge reads of it */
	int32_t first,
	    last; /* decided is at the end of these days, and who comes until the end of last + 1 is looked at */
	int32_t
	    warm; /* so many days before the first it is decided too: a site that has run for a while */
	const struct addrset *never; /* as in policy_conf */
	const struct play_levels *levels;
	unsigned n_levels;	      /* PLAY_MAX at most */
	const struct good_days *good; /* sealed; NULL: nothing good is known */
	const bool *anchors;	      /* as `own` of good_days_tell */
	double max_good_loss;	      /* 0 to 1 */
	/* called before each day, warm ones too, with how many are done; NULL: nobody asks */
	void (*progress)(void *ctx, unsigned done);
	void *ctx;
};

enum play_wall { PLAY_ADDR, PLAY_BLOCK, PLAY_WALL_N };

/* How far ahead walls are put against what is good. */
enum play_ahead { PLAY_DAY, PLAY_WEEK, PLAY_AHEAD_N };

struct play_good {
	bool known;		    /* the days were all played */
	struct replay_sum all;	    /* what was good there, and … */
	struct replay_sum doubtful; /* … what is in no share */
	struct replay_sum met;	    /* of all: behind walls; … */
	struct replay_sum refused;  /* … and not only slowed down; … */
	struct replay_sum carved;   /* … of met: known before, so that walls have a hole there */
	bool above;		    /* a rule cost more than max_good_loss */
};

struct play_day {
	int32_t day;
	double came;		   /* hosts */
	double met[PLAY_WALL_N];   /* of them: their own wall; that of their block alone */
	double refused;		   /* of those that met one: by one that does not only slow down */
	double walls[PLAY_WALL_N]; /* that stood as the day began */
	double addresses;	   /* behind them; of IPv6 a /64 is one, a /48 256 */
	double at_tag;		   /* that would be walls but for max_good_loss */
	struct play_good good[PLAY_AHEAD_N];
};

/* Of a week. */
enum play_figure {
	PLAY_STOPPED,	/* share of its hosts, each on each of its days, that met a wall, … */
	PLAY_REFUSED,	/* … and that was not only slowed down */
	PLAY_CAUGHT,	/* share of its hosts that met one on any day */
	PLAY_ADDRESSES, /* behind walls on a day */
	PLAY_ADDRS,	/* walls around addresses, and … */
	PLAY_BLOCKS,	/* … around blocks on a day */
	PLAY_FIGURE_N
};
/* Of one's own good traffic: each day's beside the walls of the day, or all of the week beside those of its first. */
enum play_good_figure {
	PLAY_GOOD_HOSTS,    /* behind walls, on a day or in all of the week */
	PLAY_GOOD_MESSAGES, /* share of them behind walls; NAN: there were none */
	PLAY_GOOD_LOGINS,
	PLAY_GOOD_CARVED, /* hosts, of those behind walls, for which there are holes */
	PLAY_GOOD_FIGURE_N
};
struct play_week {
	int32_t day; /* the first of seven */
	double came; /* hosts */
	double figure[PLAY_FIGURE_N];
	double good[PLAY_AHEAD_N][PLAY_GOOD_FIGURE_N];
};

/* On so many days a rule was within the bound, … (replay.h) */
struct play_bound {
	unsigned days[REPLAY_VERDICT_N];
};

struct play_course {
	struct play_levels levels;
	struct play_day *days;	 /* owned; [n_days] */
	struct play_week *weeks; /* owned; [n_weeks]: whole ones */
	double walls[PLAY_WALL_N],
	    idle[PLAY_WALL_N]; /* in all, what stood on the first day too; of them, that nobody ever met */
	double over_budget; /* blocks left alone because the budget was spent, summed over days */
	struct play_bound bound[PLAY_WALL_N][LEVEL_N][ACTION_N];
};

struct play {
	unsigned n_days, n_weeks, n_courses;
	unsigned warm; /* days before them */
	bool good;     /* some is known */
	double max_good_loss;
	struct play_course course[PLAY_MAX];
};

/* play             - 0; -ENOMEM; -EINVAL as judge_run. The caller ends with play_done.
 * play_spread      - of a figure over the weeks in which anybody came
 * play_good_spread - of one over the weeks that have it; NAN where none has */
MUST_USE int play(const struct play_conf *c, struct play *ret, struct err *e);
void play_done(struct play *p);
struct spread play_spread(const struct play *p, unsigned course, enum play_figure f);
struct spread play_good_spread(
    const struct play *p, unsigned course, enum play_ahead ahead, enum play_good_figure f);

#endif
