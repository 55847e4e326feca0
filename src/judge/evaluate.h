/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay: on each test day the judge and every baseline see the series up to and with that day only,
 * and are measured by what came in the days after. Protocol: scoring.md C1: T2 and T2b here, T1
 * in evaluate_hosts.c, T3 in evaluate_as.c, T6 in evaluate_walls.c; fairness (D) in evaluate_fair.c. The policy,
 * played over days: play.h. */
#ifndef ONUS_JUDGE_EVALUATE_H
#define ONUS_JUDGE_EVALUATE_H

#include "judge/baseline.h"
#include "judge/ground.h"
#include "judge/measure.h"
#include "judge/series.h"

struct evaluate_conf {
	const struct series *series; /* sealed; borrowed, as is all here */
	space_fn *space;
	const void *space_ctx;
	const int32_t
	    *days; /* test days, ascending; each needs `horizon` days of series after it */
	unsigned n_days;
	int32_t horizon; /* days */
	int32_t first_day;
	bool
	    foreign; /* the series is somebody else's word: fully trusted, but no anchor, so that the
			 volume guard heeds it */
	delegation_fn *delegation; /* as in judge_conf */
	/* tells j its groups, and of every group of the series which of them it is, as they were known on a
	 * day; their trust is then measured (A6). NULL: each is a group of its own and fully trusted. */
	void (*voices)(
	    void *ctx, int32_t day, struct judge *j, struct series_voice voices[SERIES_VOICES_MAX]);
	void *voices_ctx;
	/* called before each test day with how many are done; NULL: nobody asks */
	void (*progress)(void *ctx, unsigned done);
	void *ctx;
};

/* evaluate_judge - over what was known on a day, run; *ret is the caller's
 * arrivals, returning  of judge_map, zeroed here; NULL: not wanted
 * 0, -ENOMEM, -EINVAL as judge_run. */
MUST_USE int evaluate_judge(const struct evaluate_conf *c, int32_t today, float *arrivals,
    float *returning, struct judge **ret, struct err *e);

/* Whose coming is foretold. */
enum evaluate_target {
	EVALUATE_NEW, /* hosts that the series never saw before */
	EVALUATE_ALL, /* every host that is seen */
	EVALUATE_TARGET_N
};

/* Chance of at least one new host in a block: what was said, and what came. */
#define EVALUATE_BIN_N 9
struct evaluate_bin {
	double said, came, blocks; /* sums over blocks of all days; divide by blocks */
};

/* Known hosts that come back (T1). */
enum evaluate_host {
	EVALUATE_HOST_ONUS,
	EVALUATE_HOST_EWMA,
	EVALUATE_HOST_ACTIVE,
	EVALUATE_HOST_LAST,
	EVALUATE_HOST_MEAN,
	EVALUATE_HOST_N
};
extern const char *const evaluate_host_name[EVALUATE_HOST_N];
#define EVALUATE_HOST_AT_N 3
extern const uint32_t evaluate_host_at[EVALUATE_HOST_AT_N]; /* 1000, 3000, 10000 hosts */

struct evaluate_hosts {
	double hit[EVALUATE_HOST_AT_N]; /* of all hosts to come, the share on a list of so many */
	double brier;			/* mean squared miss over the known hosts */
	double known; /* of all hosts to come, the share that is known: the most there is to hit */
};

/* evaluate_hosts - on one day; j: run as of today. bin[]: onus's p7 against what came, added to; its
 * "blocks" are hosts. 0 or -ENOMEM. */
MUST_USE int evaluate_hosts(const struct series *s, int32_t today, int32_t horizon,
    const struct judge *j, struct evaluate_hosts ret[EVALUATE_HOST_N],
    struct evaluate_bin bin[EVALUATE_BIN_N]);

/* The ASes ranked worst (T3). */
#define EVALUATE_AS_DAYS  28
#define EVALUATE_AS_WORST 50
enum evaluate_as_rank {
	EVALUATE_AS_ONUS,
	EVALUATE_AS_RAW,
	EVALUATE_AS_BGP_1,
	EVALUATE_AS_BGP_30,
	EVALUATE_AS_UCEPROTECT,
	EVALUATE_AS_N
};
extern const char *const evaluate_as_name[EVALUATE_AS_N];

struct evaluate_as {
	double silent;	/* share of them without one new host in the days after: accused falsely */
	double tenfold; /* share that shows ten times the world's rate of new hosts or more */
	double n;	/* how many were ranked at all */
};

/* Forecast intervals: how many ASes of a class of evidence, and how many came out within 80 %. */
#define EVALUATE_COVER_N 5
extern const double evaluate_cover_from[EVALUATE_COVER_N]; /* arrivals seen (X) from which on */
struct evaluate_cover {
	double n, in;
};

/* evaluate_as - on one day; cover[]: added to. 0 or -ENOMEM. */
MUST_USE int evaluate_as(const struct ground *g, const struct series *s, int32_t today,
    const struct judge *j, struct evaluate_as ret[EVALUATE_AS_N],
    struct evaluate_cover cover[EVALUATE_COVER_N]);

/* Classes of networks: new hosts of the horizon that were said and that came, summed over the test days. */
#define EVALUATE_TENTHS	   10u
#define EVALUATE_COUNTRIES (COUNTRY_NONE + 1) /* by country_index */
struct evaluate_class {
	double said, came;
	unsigned days, over, under; /* days on which it left the band, upwards and downwards */
};
struct evaluate_fair {
	struct evaluate_class all,
	    tenth[EVALUATE_TENTHS]; /* of ASes, by announced IPv4 addresses */
	struct evaluate_class country[EVALUATE_COUNTRIES];
	double
	    largest[EVALUATE_TENTHS]; /* addresses of the largest AS of a tenth; 0: there is none */
};

/* evaluate_fair - one day, added to ret; map, targets: of judge_map, and of new hosts, by block. 0 or -ENOMEM
 * evaluate_beside - what came for what was said, beside the same of all: 1 where nothing was said
 * evaluate_told   - was enough said, or did enough come, for that to mean anything?
 * evaluate_alarm  - 1, -1: more or fewer came of a class than said, by more than the band of .7 to 1.4, in all and on
 *                   four of five days; 0: not, or too few to tell */
MUST_USE int evaluate_fair(const struct ground *g, const float *map, const uint16_t *targets,
    int32_t horizon, struct evaluate_fair *ret);
double evaluate_beside(const struct evaluate_class *c, const struct evaluate_class *all);
bool evaluate_told(const struct evaluate_class *c);
int evaluate_alarm(const struct evaluate_class *c, const struct evaluate_class *all);

/* Walls (T6): the addresses seen within 30 days, and blocks beside them. */
enum evaluate_policy {
	EVALUATE_POLICY_LIST, /* of addresses alone */
	EVALUATE_POLICY_HOSTS_5,
	EVALUATE_POLICY_HOSTS_2,
	EVALUATE_POLICY_NEW_1,
	EVALUATE_POLICY_NEW_HALF,
	EVALUATE_POLICY_NEW_QUARTER,
	EVALUATE_POLICY_BGP,
	EVALUATE_POLICY_MOST,
	EVALUATE_POLICY_N
};
extern const char *const evaluate_policy_name[EVALUATE_POLICY_N];

struct evaluate_wall {
	double caught;	  /* of all IPv4 hosts to come, the share behind it */
	double addresses; /* behind it, each once */
	double blocks;	  /* of them whole ones */
};

/* The policies of onus of which everybody else may spend as many addresses, in an order of his own. */
#define EVALUATE_BUDGET_N 4
extern const enum evaluate_policy evaluate_budget[EVALUATE_BUDGET_N];

struct evaluate_walls {
	struct evaluate_wall policy[EVALUATE_POLICY_N];
};

/* To how many of the /24s of which so many new hosts are expected, or more, somebody came, and somebody new. */
#define EVALUATE_BAND_N 6
extern const double evaluate_band_from[EVALUATE_BAND_N];
struct evaluate_band {
	double blocks, again, again_new;
};

/* struct evaluate_list - the IPv4 hosts seen within 30 days, by block, and those of them that come */
struct evaluate_list {
	uint16_t *hosts, *back; /* owned; [MAP_N] */
	double n, n_back;	/* in all */
	double came;		/* hosts to come, on the list or not */
};

/* struct evaluate_limit - blocks are walled off in the order of a ranking, until one of these is reached; those of
 * one figure share what is left evenly */
struct evaluate_limit {
	double least;	  /* figure */
	double blocks;	  /* INFINITY: any number */
	double addresses; /* those of the list included */
};

/* evaluate_list_init - -ENOMEM; evaluate_list_done frees, also what is half made
 * evaluate_list_take - as of a day; 0 or -ENOMEM
 * evaluate_wall      - list and blocks; targets: hosts to come by block
 * evaluate_walls     - the policies of a row of the evaluation that has just been ranked
 * evaluate_bands     - one day, added to; map: of judge_map */
MUST_USE int evaluate_list_init(struct evaluate_list *l);
void evaluate_list_done(struct evaluate_list *l);
MUST_USE int evaluate_list_take(
    struct evaluate_list *l, const struct series *s, int32_t today, int32_t horizon);
struct evaluate_wall evaluate_wall(const struct ranking *r, const struct evaluate_list *l,
    const uint16_t *targets, struct evaluate_limit limit);
void evaluate_walls(const struct ranking *r, const struct evaluate_list *l, const uint16_t *targets,
    const char *row, struct evaluate_walls *ret);
void evaluate_bands(const struct ground *g, const float *map, const uint16_t *all,
    const uint16_t *new, struct evaluate_band band[EVALUATE_BAND_N]);

struct evaluation {
	unsigned n_days, n_rows; /* row 0 is onus, then the baselines in their order */
	struct measure *v;	 /* owned; [row][target][day]: evaluation_at */
	struct evaluate_bin bin[EVALUATE_BIN_N], host_bin[EVALUATE_BIN_N];
	struct evaluate_hosts (*hosts)[EVALUATE_HOST_N]; /* owned; [n_days] */
	struct evaluate_as (*as)[EVALUATE_AS_N];	 /* owned; [n_as_days] */
	unsigned n_as_days;
	struct evaluate_cover cover[EVALUATE_COVER_N];
	struct evaluate_fair fair;
	struct evaluate_walls *walls;			  /* owned; [n_days] */
	struct evaluate_wall (*equal)[EVALUATE_BUDGET_N]; /* owned; [row][day]: evaluation_equal */
	struct evaluate_band band[EVALUATE_BAND_N];
};

static inline struct measure *evaluation_at(
    const struct evaluation *e, unsigned row, enum evaluate_target t, unsigned day)
{
	return &e->v[((size_t)row * EVALUATE_TARGET_N + t) * e->n_days + day];
}
static inline struct evaluate_wall *evaluation_equal(
    const struct evaluation *e, unsigned row, unsigned day)
{
	return e->equal[(size_t)row * e->n_days + day];
}
const char *evaluation_row_name(unsigned row);

/* evaluate - all of it
 * Returns 0; -ENOMEM; -EINVAL as judge_run. */
MUST_USE int evaluate(const struct evaluate_conf *c, struct evaluation *ret, struct err *e);
void evaluation_done(struct evaluation *e);

/* evaluation_spread - of one figure of measure (an offset into it) over the test days */
struct spread evaluation_spread(
    const struct evaluation *e, unsigned row, enum evaluate_target t, size_t offset);

#endif
