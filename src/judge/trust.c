/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a source is worth (A6), by matched neighbours: of what it reported 7 to 90 days ago, how much did
 * an anchor see within 30 days on either side (H), and how much would it have seen of the other
 * addresses of the same /24 (C)? Whoever reports bad neighbourhoods blindly has H = C and gains nothing.
 * C is the mean over all the other addresses, so that no choice of a control address can be foreseen.
 *
 *	gain = (H - C + 50 x given x g0) / (n + 50);  trust = gain / g0, within 0 to 1
 *
 * given is the trust that the operator gave, worth 50 reports, and all there is until 50 are measured; more than
 * that is believed by the 10 % bound alone. A line that was disputed and could not be shown (judge_wrong) is 5
 * more in C, or, unmeasured, 5 wrong reports beside those 50. g0, what a good source gains here, depends on how
 * much the anchors see: the median among the anchors against each other where there are two, else among the
 * sources, who cannot raise it but by being right.
 * An analysis (judge_derived) is not measured: what it has from the anchors they have seen, of course.
 * Only families of which the anchors see enough are counted: a sensor for log-ins cannot tell whether
 * a list of phishing pages is right. */
#include "judge/run.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define YOUNGEST    7u
#define OLDEST	    90u
#define RECENT	    20u /* youngest to this: has it turned? */
#define NEAR	    30u
#define PRIOR_N	    50.0
#define ENOUGH	    50u	  /* reports that say something */
#define ANCHORS_SEE 1000u /* days of hosts of a family within NEAR days, to be measured by */
#define G0_DEFAULT  0.1
#define G0_LEAST    0.01
#define COPY_SHARE  0.8
#define BOUND_10    1.2815515655446004 /* normal quantile of 10 % */
#define BOUND_5	    1.6448536269514722
#define NEIGHBOURS  255.0
#define WRONG	    5.0 /* reports by chance that a line which was wrong stands for */
#define WEEK	    7u
#define SEEN_LAGS   (OLDEST + NEAR + 1)
#define LAGS	    (OLDEST + 1)

/* struct tally - reports of one group */
struct tally {
	double n, seen, control;
};

struct measure {
	struct judge *j;
	bool seen[NF][LAGS]; /* the anchors saw enough around that day */
	bool family[NF];     /* on any day */
	unsigned anchors;
	uint64_t anchor_mask;
	struct tally recent[JUDGE_GROUPS_MAX], before[JUDGE_GROUPS_MAX];
	uint32_t first[JUDGE_GROUPS_MAX]; /* reports of a host for the first time */
	uint32_t earlier[JUDGE_GROUPS_MAX][JUDGE_GROUPS_MAX]; /* of these, by another before */
};

/* Bits of one host and family. */
struct stretch {
	const struct bit *v;
	size_t n;
};

static bool counts(const struct measure *m, const struct bit *b, unsigned except)
{
	unsigned g = bit_group(b);

	return m->j->anchor[g] && g != except;
}

/* Whether an anchor saw the host within NEAR days of lag. */
static bool seen_near(
    const struct measure *m, const struct stretch *s, unsigned lag, unsigned except)
{
	for (size_t i = 0; i < s->n; i++)
		if (counts(m, &s->v[i], except) && bit_lag(&s->v[i]) + NEAR >= lag &&
		    bit_lag(&s->v[i]) <= lag + NEAR)
			return true;
	return false;
}

/* Adds one host to the count, per lag, of hosts that an anchor saw within NEAR days. */
static void near_add(
    const struct measure *m, const struct stretch *s, unsigned except, int step[LAGS + 1])
{
	unsigned covered = 0; /* lags below this are counted */

	for (size_t i = 0; i < s->n; i++) { /* by lag, upwards */
		unsigned lag = bit_lag(&s->v[i]), from, to;

		if (!counts(m, &s->v[i], except))
			continue;
		from = MAX_OF(lag > NEAR ? lag - NEAR : 0, covered);
		to = MIN_OF(lag + NEAR + 1, LAGS);
		if (from >= to)
			continue;
		step[from]++;
		step[to]--;
		covered = to;
	}
}

static struct stretch stretch_at(const struct bit *v, size_t n)
{
	size_t i = 1;

	while (i < n && v[i].host == v->host && bit_family(&v[i]) == bit_family(v))
		i++;
	return (struct stretch){ v, i };
}

/* Reports of one block in one family, by groups in `by`, against anchors other than `except`. */
static void tally_block(
    struct measure *m, const struct bit *v, size_t n, unsigned family, uint64_t by, unsigned except)
{
	int step[LAGS + 1] = { 0 };

	for (size_t i = 0; i < n;) {
		struct stretch s = stretch_at(v + i, n - i);

		if (bit_family(s.v) == family)
			near_add(m, &s, except, step);
		i += s.n;
	}
	for (unsigned lag = 1; lag < LAGS; lag++)
		step[lag] += step[lag - 1];
	for (size_t i = 0; i < n;) {
		struct stretch s = stretch_at(v + i, n - i);

		i += s.n;
		for (size_t k = 0; k < s.n && bit_family(s.v) == family; k++) {
			unsigned lag = bit_lag(&s.v[k]), g = bit_group(&s.v[k]);
			struct tally *t = lag <= RECENT ? &m->recent[g] : &m->before[g];
			bool seen;

			if (lag < YOUNGEST || lag > OLDEST || !(by >> g & 1) ||
			    !m->seen[family][lag])
				continue;
			seen = seen_near(m, &s, lag, except);
			t->n++;
			t->seen += seen;
			t->control += (step[lag] - seen) / NEIGHBOURS;
		}
	}
}

static uint64_t block_of(uint64_t host)
{
	return bit_version(host) ? host >> 16 : host >> 8;
}

static void tally_all(struct measure *m)
{
	const struct bits *b = &m->j->bits;

	for (size_t i = 0; i < b->n;) {
		size_t from = i;
		uint64_t groups = 0;
		unsigned families = 0;

		for (; i < b->n && block_of(b->v[i].host) == block_of(b->v[from].host); i++) {
			groups |= UINT64_C(1) << bit_group(&b->v[i]);
			families |= 1u << bit_family(&b->v[i]);
		}
		for (unsigned f = 0; f < NF; f++) {
			uint64_t anchors = groups & m->anchor_mask;

			if (!(families >> f & 1) || !m->family[f])
				continue;
			if (groups & ~m->anchor_mask)
				tally_block(
				    m, b->v + from, i - from, f, ~m->anchor_mask, JUDGE_GROUPS_MAX);
			for (; m->anchors > 1 && anchors; anchors &= anchors - 1) {
				unsigned g = (unsigned)__builtin_ctzll(anchors);

				tally_block(m, b->v + from, i - from, f, UINT64_C(1) << g, g);
			}
		}
	}
}

/* What the anchors saw within n days of lag. */
static uint64_t watched(const uint64_t days[SEEN_LAGS], unsigned lag, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned k = lag > n ? lag - n : 0; k <= lag + n && k < SEEN_LAGS; k++)
		sum += days[k];
	return sum;
}

static uint64_t busiest(const uint64_t days[SEEN_LAGS])
{
	uint64_t most = 0;

	for (unsigned lag = 0; lag < SEEN_LAGS; lag++)
		most = MAX_OF(most, watched(days, lag, WEEK));
	return most;
}

/* Which reports can be measured: of families and days around which the anchors saw enough, and not much
 * less than at other times: an anchor that fell silent is nobody else's fault. */
static void measurable(struct measure *m)
{
	const struct bits *b = &m->j->bits;
	uint64_t days[NF][SEEN_LAGS] = { { 0 } };

	for (size_t i = 0; i < b->n; i++)
		if (m->j->anchor[bit_group(&b->v[i])] && bit_lag(&b->v[i]) <= OLDEST + NEAR) {
			m->anchor_mask |= UINT64_C(1) << bit_group(&b->v[i]);
			days[bit_family(&b->v[i])][bit_lag(&b->v[i])]++;
		}
	for (unsigned f = 0; f < NF; f++)
		for (unsigned lag = 0; lag < LAGS; lag++) {
			m->seen[f][lag] = watched(days[f], lag, NEAR) >= ANCHORS_SEE &&
					  watched(days[f], lag, WEEK) >= busiest(days[f]) / 2;
			m->family[f] |= m->seen[f][lag];
		}
	m->anchors = (unsigned)__builtin_popcountll(m->anchor_mask);
}

/* --- who copies whom ----------------------------------------------------------------------------- */

static void copies_stretch(struct measure *m, const struct stretch *s)
{
	unsigned oldest[JUDGE_GROUPS_MAX];
	uint64_t groups = 0;

	for (size_t i = 0; i < s->n; i++) { /* lags go up: the last one stays */
		unsigned g = bit_group(&s->v[i]);

		oldest[g] = bit_lag(&s->v[i]);
		groups |= UINT64_C(1) << g;
	}
	for (uint64_t a = groups; a; a &= a - 1) {
		unsigned g = (unsigned)__builtin_ctzll(a);

		if (oldest[g] > OLDEST)
			continue;
		m->first[g]++;
		for (uint64_t o = groups & ~(UINT64_C(1) << g); o; o &= o - 1) {
			unsigned other = (unsigned)__builtin_ctzll(o);

			m->earlier[g][other] += oldest[other] > oldest[g];
		}
	}
}

/* Where copying ends: whoever copies nobody; of a circle, the lowest. */
static unsigned origin_of(const struct judge *j, unsigned g)
{
	unsigned root;

	for (unsigned k = 0; k < JUDGE_GROUPS_MAX; k++)
		g = j->told[g].copies;
	root = g;
	for (unsigned at = j->told[g].copies; at != g; at = j->told[at].copies)
		root = MIN_OF(root, at);
	return root;
}

/* A group that lists all and everything was first with whatever others say: only one that is worth half
 * as much may be what they copy. */
static unsigned copied_most(const struct measure *m, unsigned g)
{
	const struct judge_trust *told = m->j->told;
	unsigned most = g;

	for (unsigned o = 0; o < JUDGE_GROUPS_MAX; o++) {
		if (o == g || told[o].trust < told[g].trust / 2)
			continue;
		if (m->earlier[g][o] > (most == g ? 0 : m->earlier[g][most]))
			most = o;
	}
	return most;
}

static void copies(struct measure *m)
{
	const struct bits *b = &m->j->bits;
	struct judge *j = m->j;

	for (size_t i = 0; i < b->n;) {
		struct stretch s = stretch_at(b->v + i, b->n - i);

		copies_stretch(m, &s);
		i += s.n;
	}
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		unsigned most = copied_most(m, g);

		if (j->anchor[g] || m->first[g] < ENOUGH || most == g ||
		    !(m->earlier[g][most] > COPY_SHARE * m->first[g]))
			continue;
		j->told[g].copies = most;
		j->told[g].copied = (double)m->earlier[g][most] / m->first[g];
	}
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++)
		j->root[g] = (uint8_t)origin_of(j, g);
}

/* --- gain and trust ------------------------------------------------------------------------------ */

/* Wilson's bound of k of n, z standard errors above (below where z is negative). */
static double bound(double k, double n, double z)
{
	double p = k / n, zz = z * z / n;

	return (p + zz / 2 + z * sqrt(p * (1 - p) / n + zz / n / 4)) / (1 + zz);
}

static struct tally add(const struct tally *a, const struct tally *b)
{
	return (struct tally){ a->n + b->n, a->seen + b->seen, a->control + b->control };
}

static double gain_plain(const struct tally *t)
{
	return t->n > 0 ? (t->seen - t->control) / t->n : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median gain of anchors (or of the others) that have reported enough; 0: nobody has. */
static double median_gain(const struct measure *m, bool anchors)
{
	double v[JUDGE_GROUPS_MAX];
	unsigned n = 0;

	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		struct tally t = add(&m->recent[g], &m->before[g]);

		if (m->j->anchor[g] == anchors && !m->j->derived[g] && t.n >= ENOUGH)
			v[n++] = gain_plain(&t);
	}
	if (!n)
		return 0;
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double scale(const struct measure *m)
{
	double g0 = m->anchors > 1 ? median_gain(m, true) : median_gain(m, false);

	return g0 > 0 ? MAX_OF(g0, G0_LEAST) : G0_DEFAULT;
}

/* Recent reports gain less than half of what the earlier ones did, and not by chance. */
static bool has_turned(const struct tally *recent, const struct tally *before)
{
	if (recent->n < ENOUGH || before->n < ENOUGH)
		return false;
	return gain_plain(recent) < gain_plain(before) / 2 &&
	       bound(recent->seen, recent->n, BOUND_5) - recent->control / recent->n <
		   bound(before->seen, before->n, -BOUND_5) - before->control / before->n;
}

static void conclude(struct measure *m, unsigned g, double g0)
{
	struct judge_trust *r = &m->j->told[g];
	struct tally t = add(&m->recent[g], &m->before[g]);
	double prior = PRIOR_N * r->given * g0, low;

	r->turned = has_turned(&m->recent[g], &m->before[g]);
	if (r->turned)
		t = m->recent[g];
	r->reports = (uint64_t)t.n;
	if (t.n < ENOUGH)
		return;
	r->measured = true;
	r->seen = t.seen / t.n;
	r->control = t.control / t.n;
	r->g0 = g0;
	t.control += WRONG * (double)m->j->wrong[g];
	r->gain = (t.seen - t.control + prior) / (t.n + PRIOR_N);
	r->trust = MIN_OF(MAX_OF(r->gain / g0, 0), 1);
	if (r->trust > r->given) {
		low = bound(t.seen + prior, t.n + PRIOR_N, -BOUND_10) - t.control / (t.n + PRIOR_N);
		r->trust = MIN_OF(MAX_OF(low / g0, r->given), 1);
	}
}

/* Until it is known better. */
static double trust_given(const struct judge *j, unsigned g)
{
	double wrong = j->anchor[g] ? 0 : WRONG * (double)j->wrong[g];

	return j->given[g] * PRIOR_N / (PRIOR_N + wrong);
}

int trust_measure(struct judge *j)
{
	struct measure *m = NULL;

	if (j->trust_kept)
		return 0;
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		j->told[g] = (struct judge_trust){
			.given = j->given[g], .trust = trust_given(j, g), .copies = g
		};
		j->root[g] = (uint8_t)g;
	}
	if (j->conf.measure) {
		m = calloc(1, sizeof(*m));
		if (!m)
			return -ENOMEM;
		m->j = j;
		measurable(m);
		tally_all(m);
		for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++)
			if (!j->anchor[g] && !j->derived[g] && m->anchors)
				conclude(m, g, scale(m));
		copies(m);
	}
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++)
		j->trust[g] = j->told[g].trust;
	free(m);
	return 0;
}

void judge_trust(const struct judge *j, unsigned group, struct judge_trust *ret)
{
	assert(group < JUDGE_GROUPS_MAX);
	*ret = j->told[group];
}
