/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/replay.h"

#include <string.h>

#include "net/addrmap.h"
#include "util/grow.h"

#define CELLS (ENTITY_KIND_N * LEVEL_N * ACTION_N) /* rules that could be */

struct host {
	uint64_t count[GOOD_N], attacks;
	uint32_t decision;
	bool alone;    /* a decision is about it alone */
	bool stranger; /* it was not known before, or as an attacker */
};

struct wall {
	struct range range;
	uint32_t decision;
};

struct replay {
	struct addrmap map;
	struct host *hosts; /* owned; by index of map */
	uint32_t hosts_cap, hosts_max;
	struct replay_decided *decided; /* owned */
	uint32_t n_decided, decided_cap;
	struct wall *walls; /* owned */
	size_t n_walls, walls_cap;
	struct replay_rule rules[CELLS];
	unsigned n_rules;
	struct replay_totals totals;
};

static const char *const verdict_names[] = {
	[REPLAY_WITHIN] = "within",
	[REPLAY_SPARED] = "spared",
	[REPLAY_TAG] = "tag",
};
_Static_assert(NELEM(verdict_names) == REPLAY_VERDICT_N, "verdict_names out of step");

const char *replay_verdict_name(enum replay_verdict v)
{
	return verdict_names[v];
}

struct replay *replay_new(uint32_t hosts_max)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r || addrmap_init(&r->map, 0) < 0) {
		free(r);
		return NULL;
	}
	r->hosts_max = hosts_max ? hosts_max : REPLAY_HOSTS_MAX;
	r->totals.last_day = -1;
	return r;
}

struct replay *replay_free(struct replay *r)
{
	if (!r)
		return NULL;
	addrmap_done(&r->map);
	free(r->hosts);
	free(r->decided);
	free(r->walls);
	free(r);
	return NULL;
}

/* --- what is told --------------------------------------------------------------------------------- */

static void seen_on(struct replay_totals *t, int32_t day)
{
	bool first = t->first_day > t->last_day;

	t->first_day = first ? day : MIN_OF(t->first_day, day);
	t->last_day = first ? day : MAX_OF(t->last_day, day);
}

int replay_good(struct replay *r, struct addr host, enum good kind, uint64_t count, int32_t day)
{
	struct addr key = addr_host(host);
	uint32_t i = addrmap_find(&r->map, key);

	seen_on(&r->totals, day);
	if (i == ADDRMAP_NONE && r->map.n >= r->hosts_max) {
		r->totals.beyond += count;
		return 0;
	}
	if (i == ADDRMAP_NONE) {
		if (grow_u32(&r->hosts, &r->hosts_cap, (uint64_t)r->map.n + 1, sizeof(*r->hosts)) <
		    0)
			return -ENOMEM;
		i = addrmap_put(&r->map, key, NULL);
		if (i == ADDRMAP_NONE)
			return -ENOMEM;
		r->hosts[i] = (struct host){ .decision = REPLAY_NONE };
	}
	r->hosts[i].count[kind] += count;
	return 0;
}

void replay_attack(struct replay *r, struct addr host, uint64_t count)
{
	uint32_t i = addrmap_find(&r->map, addr_host(host));

	if (i != ADDRMAP_NONE)
		r->hosts[i].attacks += count;
}

void replay_known_before(struct replay *r, const struct replay *before)
{
	for (uint32_t i = 0; i < r->map.n; i++) {
		uint32_t was = addrmap_find(&before->map, addrmap_key(&r->map, i));

		r->hosts[i].stranger = was == ADDRMAP_NONE || before->hosts[was].attacks > 0;
	}
}

int replay_decision(struct replay *r, enum entity_kind kind, enum level level, enum action action)
{
	if (grow_u32(
		&r->decided, &r->decided_cap, (uint64_t)r->n_decided + 1, sizeof(*r->decided)) < 0)
		return -ENOMEM;
	r->decided[r->n_decided++] =
	    (struct replay_decided){ .kind = kind, .level = level, .action = action };
	return 0;
}

int replay_range(struct replay *r, struct range range)
{
	if (grow(&r->walls, &r->walls_cap, r->n_walls + 1, sizeof(*r->walls)) < 0)
		return -ENOMEM;
	r->walls[r->n_walls++] = (struct wall){ range, r->n_decided - 1 };
	return 0;
}

void replay_forget(struct replay *r)
{
	r->n_decided = 0;
	r->n_walls = 0;
}

/* --- sums ----------------------------------------------------------------------------------------- */

static void sum_add(struct replay_sum *s, const struct host *h)
{
	for (unsigned k = 0; k < GOOD_N; k++)
		s->count[k] += h->count[k];
	s->hosts++;
}

struct replay_sum replay_both(const struct replay_sum *a, const struct replay_sum *b)
{
	struct replay_sum s = { .hosts = a->hosts + b->hosts };

	for (unsigned k = 0; k < GOOD_N; k++)
		s.count[k] = a->count[k] + b->count[k];
	return s;
}

double replay_share(const struct replay_sum *part, const struct replay_sum *all)
{
	double most = 0;

	for (unsigned k = 0; k < GOOD_N; k++)
		if (all->count[k])
			most = MAX_OF(most, (double)part->count[k] / (double)all->count[k]);
	return most;
}

static bool doubtful(const struct host *h)
{
	uint64_t good = 0;

	for (unsigned k = 0; k < GOOD_N; k++)
		good += h->count[k];
	return h->attacks >= good;
}

static bool carved(const struct host *h)
{
	return h->attacks == 0 && !h->alone && !h->stranger;
}

/* --- hosts under walls ---------------------------------------------------------------------------- */

static int by_first(const void *a, const void *b)
{
	const struct wall *x = a, *y = b;
	int c = addr_cmp(x->range.first, y->range.first);

	if (c == 0)
		c = addr_cmp(x->range.last, y->range.last);
	return c ? c : (x->decision > y->decision) - (x->decision < y->decision);
}

struct place {
	struct addr addr;
	uint32_t host;
};

static int by_addr(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return addr_cmp(x->addr, y->addr);
}

/* struct sweep - hosts and walls from the lowest address upwards; open holds the walls that have begun and may not
 * have ended, [n] */
struct sweep {
	struct replay *r;
	struct place *places;
	size_t *open, n, next;
	uint32_t *
	    seen_by; /* of each decision and, behind them, of each cell: 1 + the host that was counted last */
	uint16_t cell[CELLS]; /* to index in rules */
};

static void sweep_done(struct sweep *s)
{
	free(s->places);
	free(s->open);
	free(s->seen_by);
}

static unsigned cell_of(const struct replay_decided *d)
{
	return ((unsigned)d->kind * LEVEL_N + (unsigned)d->level) * ACTION_N + (unsigned)d->action;
}

static struct replay_rule *rule_of(const struct sweep *s, const struct replay_decided *d)
{
	return &s->r->rules[s->cell[cell_of(d)]];
}

/* Narrower, where the severity is the same. */
static bool severer(const struct replay *r, const struct wall *w, const struct wall *than)
{
	enum action a = r->decided[w->decision].action;
	struct range x = w->range, y;

	if (!than || a != r->decided[than->decision].action)
		return !than || a > r->decided[than->decision].action;
	y = than->range;
	return addr_cmp(y.first, x.first) <= 0 && addr_cmp(x.last, y.last) <= 0;
}

static void meets(struct sweep *s, uint32_t host, const struct wall *w)
{
	struct replay *r = s->r;
	struct host *h = &r->hosts[host];
	struct replay_decided *d = &r->decided[w->decision];
	uint32_t *rule_seen = &s->seen_by[r->n_decided + cell_of(d)];

	if (s->seen_by[w->decision] != host + 1)
		sum_add(&d->met, h);
	s->seen_by[w->decision] = host + 1;
	if (*rule_seen == host + 1)
		return;
	*rule_seen = host + 1;
	sum_add(&rule_of(s, d)->met, h);
	if (d->kind != ENTITY_ADDR && carved(h))
		sum_add(&rule_of(s, d)->carved, h);
}

/* The walls over one host; those that ended before it are closed. */
static void host_at(struct sweep *s, const struct place *p)
{
	struct replay *r = s->r;
	struct host *h = &r->hosts[p->host];
	const struct wall *worst = NULL;
	size_t k = 0;

	while (s->next < r->n_walls && addr_cmp(r->walls[s->next].range.first, p->addr) <= 0)
		s->open[s->n++] = s->next++;
	for (size_t i = 0; i < s->n; i++) {
		const struct wall *w = &r->walls[s->open[i]];
		const struct replay_decided *d = &r->decided[w->decision];

		if (addr_cmp(w->range.last, p->addr) < 0)
			continue;
		s->open[k++] = s->open[i];
		if (addr_is_v4(w->range.first) != addr_is_v4(p->addr))
			continue;
		h->alone |= d->kind == ENTITY_ADDR && d->action > ACTION_TAG;
		if (severer(r, w, worst))
			worst = w;
	}
	s->n = k;
	h->decision = worst ? worst->decision : REPLAY_NONE;
	for (size_t i = 0; i < s->n && !doubtful(h); i++) {
		const struct wall *w = &r->walls[s->open[i]];

		if (addr_is_v4(w->range.first) == addr_is_v4(p->addr))
			meets(s, p->host, w);
	}
}

static void total(struct replay *r, const struct host *h)
{
	struct replay_totals *t = &r->totals;
	enum action a = h->decision == REPLAY_NONE ? ACTION_TAG : r->decided[h->decision].action;

	if (doubtful(h)) {
		sum_add(&t->doubtful, h);
		return;
	}
	sum_add(&t->good, h);
	if (h->decision == REPLAY_NONE)
		return;
	sum_add(&t->met[a], h);
	if (a > ACTION_TAG && carved(h))
		sum_add(&t->carved, h);
}

static int begin(struct replay *r, struct sweep *s)
{
	uint32_t n = r->map.n;

	s->r = r;
	s->places = calloc((size_t)n + 1, sizeof(*s->places));
	s->open = calloc(r->n_walls + 1, sizeof(*s->open));
	s->seen_by = calloc((size_t)r->n_decided + CELLS, sizeof(*s->seen_by));
	if (!s->places || !s->open || !s->seen_by)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		s->places[i] = (struct place){ addrmap_key(&r->map, i), i };
		r->hosts[i].decision = REPLAY_NONE;
		r->hosts[i].alone = false;
	}
	qsort(s->places, n, sizeof(*s->places), by_addr);
	if (r->n_walls)
		qsort(r->walls, r->n_walls, sizeof(*r->walls), by_first);
	r->totals = (struct replay_totals){ .beyond = r->totals.beyond,
		.first_day = r->totals.first_day,
		.last_day = r->totals.last_day };
	return 0;
}

/* --- rules ---------------------------------------------------------------------------------------- */

/* Of which rules there are decisions: by kind, then the severest first. */
static void find_rules(struct sweep *s)
{
	struct replay *r = s->r;
	uint64_t n[CELLS] = { 0 };

	for (uint32_t i = 0; i < r->n_decided; i++) {
		r->decided[i].met = (struct replay_sum){ .hosts = 0 };
		r->decided[i].at_tag = false;
		n[cell_of(&r->decided[i])]++;
	}
	r->n_rules = 0;
	for (unsigned k = 0; k < ENTITY_KIND_N; k++)
		for (unsigned i = LEVEL_N * ACTION_N; i-- > 0;) {
			unsigned c = k * LEVEL_N * ACTION_N + i;

			if (n[c] == 0)
				continue;
			s->cell[c] = (uint16_t)r->n_rules;
			r->rules[r->n_rules++] = (struct replay_rule){ .kind = (enum entity_kind)k,
				.level = (enum level)(i / ACTION_N),
				.action = (enum action)(i % ACTION_N),
				.decisions = n[c] };
		}
}

/* struct costly - a decision that costs something */
struct costly {
	double loss;
	uint32_t decision;
};

static int by_loss(const void *a, const void *b)
{
	const struct costly *x = a, *y = b;

	if (x->loss > y->loss || x->loss < y->loss)
		return x->loss > y->loss ? -1 : 1;
	return (x->decision > y->decision) - (x->decision < y->decision);
}

static int find_costly(const struct replay *r, struct costly **ret, uint32_t *ret_n)
{
	struct costly *v = calloc((size_t)r->n_decided + 1, sizeof(*v));
	uint32_t n = 0;

	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n_decided; i++)
		if (r->decided[i].met.hosts && r->decided[i].action > ACTION_TAG)
			v[n++] = (struct costly){ r->decided[i].loss, i };
	qsort(v, n, sizeof(*v), by_loss);
	*ret = v;
	*ret_n = n;
	return 0;
}

/* Take the worst decisions of a rule back until the sum of what the others cost keeps the bound. False, and none is
 * taken back: it would be too many. */
static bool spare(
    struct sweep *s, struct replay_rule *rule, const struct costly *v, uint32_t n, double max_loss)
{
	struct replay *r = s->r;
	uint64_t most =
	    MAX_OF((uint64_t)((double)rule->decisions * REPLAY_SPARED_SHARE), REPLAY_SPARED_MIN);
	struct replay_sum left = { .hosts = 0 };
	uint32_t spared = 0, end = 0;

	for (uint32_t i = 0; i < n; i++)
		for (unsigned k = 0; k < GOOD_N; k++)
			if (rule_of(s, &r->decided[v[i].decision]) == rule)
				left.count[k] += r->decided[v[i].decision].met.count[k];
	while (end < n && spared <= most && replay_share(&left, &r->totals.good) > max_loss) {
		const struct replay_decided *d = &r->decided[v[end++].decision];

		if (rule_of(s, d) != rule)
			continue;
		spared++;
		for (unsigned k = 0; k < GOOD_N; k++)
			left.count[k] -= d->met.count[k];
	}
	if (spared > most || spared == rule->decisions)
		return false;
	rule->at_tag = spared;
	for (uint32_t i = 0; i < end; i++)
		if (rule_of(s, &r->decided[v[i].decision]) == rule)
			r->decided[v[i].decision].at_tag = true;
	return true;
}

static void judge_rule(
    struct sweep *s, struct replay_rule *rule, const struct costly *v, uint32_t n, double max_loss)
{
	struct replay *r = s->r;

	rule->loss = replay_share(&rule->met, &r->totals.good);
	if (rule->action == ACTION_TAG || rule->loss <= max_loss)
		return;
	if (spare(s, rule, v, n, max_loss)) {
		rule->verdict = REPLAY_SPARED;
		return;
	}
	rule->verdict = REPLAY_TAG;
	rule->at_tag = rule->decisions;
	for (uint32_t i = 0; i < r->n_decided; i++)
		if (rule_of(s, &r->decided[i]) == rule)
			r->decided[i].at_tag = true;
}

int replay_run(struct replay *r, double max_loss)
{
	CLEANUP(sweep_done) struct sweep s = { .r = r };
	CLEANUP(free_p) struct costly *costly = NULL;
	uint32_t n;
	int err = begin(r, &s);

	if (err < 0)
		return err;
	find_rules(&s);
	for (uint32_t i = 0; i < r->map.n; i++) {
		host_at(&s, &s.places[i]);
		total(r, &r->hosts[s.places[i].host]);
	}
	for (uint32_t i = 0; i < r->n_decided; i++)
		r->decided[i].loss = replay_share(&r->decided[i].met, &r->totals.good);
	err = find_costly(r, &costly, &n);
	for (unsigned i = 0; err == 0 && i < r->n_rules; i++)
		judge_rule(&s, &r->rules[i], costly, n, max_loss);
	return err;
}

/* --- results -------------------------------------------------------------------------------------- */

void replay_totals(const struct replay *r, struct replay_totals *ret)
{
	*ret = r->totals;
}

const struct replay_rule *replay_rules(const struct replay *r, unsigned *n)
{
	*n = r->n_rules;
	return r->rules;
}

uint32_t replay_n_decisions(const struct replay *r)
{
	return r->n_decided;
}

const struct replay_decided *replay_decided(const struct replay *r, uint32_t number)
{
	return &r->decided[number];
}

uint32_t replay_n_hosts(const struct replay *r)
{
	return r->map.n;
}

void replay_host(const struct replay *r, uint32_t i, struct replay_host *ret)
{
	const struct host *h = &r->hosts[i];

	*ret = (struct replay_host){ .addr = addrmap_key(&r->map, i),
		.attacks = h->attacks,
		.decision = h->decision,
		.doubtful = doubtful(h),
		.carved = carved(h) };
	memcpy(ret->count, h->count, sizeof(ret->count));
}

static int numbers(struct costly *v, uint32_t n, uint32_t **ret, uint32_t *ret_n)
{
	uint32_t *out = v && n ? calloc(n, sizeof(*out)) : NULL;

	if (!v || (n && !out)) {
		free(v);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i].decision;
	free(v);
	*ret = out;
	*ret_n = n;
	return 0;
}

int replay_worst_decisions(const struct replay *r, uint32_t **ret, uint32_t *n)
{
	struct costly *v = NULL;

	return find_costly(r, &v, n) < 0 ? -ENOMEM : numbers(v, *n, ret, n);
}

int replay_worst_hosts(const struct replay *r, uint32_t **ret, uint32_t *n)
{
	struct costly *v = calloc((size_t)r->map.n + 1, sizeof(*v));
	uint32_t k = 0;

	for (uint32_t i = 0; v && i < r->map.n; i++) {
		const struct host *h = &r->hosts[i];
		struct replay_sum sum = { .hosts = 0 };

		if (h->decision == REPLAY_NONE || r->decided[h->decision].action == ACTION_TAG ||
		    doubtful(h))
			continue;
		sum_add(&sum, h);
		v[k++] = (struct costly){ replay_share(&sum, &r->totals.good), i };
	}
	if (v)
		qsort(v, k, sizeof(*v), by_loss);
	return numbers(v, k, ret, n);
}
