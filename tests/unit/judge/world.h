/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small announced space for tests of the judge, and evidence told in lags. */
#ifndef TESTS_JUDGE_WORLD_H
#define TESTS_JUDGE_WORLD_H

#include "judge/judge.h"

#define TODAY 20000

struct world {
	struct space v[64];
	unsigned n;
	struct range d[16]; /* networks within prefixes, by index */
	unsigned n_d;
};

bool world_space(const void *ctx, uint32_t index, struct space *ret);

uint32_t world_delegation(const void *ctx, struct addr a, struct addr *last);
uint32_t world_network(const void *ctx, struct addr a, struct addr *last);
uint32_t world_above(const void *ctx, uint32_t network);

/* of a judge_conf */
#define WORLD_NETWORKS                                                                             \
	.delegation = world_delegation, .network = world_network, .above = world_above

/* world_give - a network within a prefix; world_put - announce "a-b" or "a/n" as this prefix of this AS; org = as + 1000, country "NL" */
void world_give(struct world *w, const char *range);
void world_put(struct world *w, const char *range, uint32_t prefix, uint32_t as);

struct addr at(const char *text);

/* world_judge - l0 6e-7 and M0 6e-6 as in A10, collection in steady state; group 0 is an anchor */
struct judge *world_judge(void);

/* see - host (v4, host order) active in lags[0…n-1], fully verified brute force by group */
void see(struct judge *j, uint32_t host, const unsigned *lags, unsigned n, unsigned group);
void see_as(
    struct judge *j, uint32_t host, enum category c, enum proof p, unsigned lag, unsigned group);

void run(struct judge *j, const struct world *w);
struct judgement find_addr(const struct judge *j, enum entity_kind kind, const char *addr);
struct judgement find_index(const struct judge *j, enum entity_kind kind, uint32_t index);

#endif
