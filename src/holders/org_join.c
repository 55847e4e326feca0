/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/org_join.h"

#include <errno.h>

#include "util/grow.h"

int org_join_init(struct org_join *j, uint32_t n)
{
	*j = (struct org_join){ .n = n };
	j->up = calloc(n + 1u, sizeof(*j->up));
	j->seal = calloc(n + 1u, sizeof(*j->seal) * ORG_SEALS_MAX);
	j->kept = calloc(n + 1u, sizeof(*j->kept));
	j->link = calloc(n + 1u, sizeof(*j->link));
	if (!j->up || !j->seal || !j->kept || !j->link) {
		org_join_done(j);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		j->up[i] = i;
	return 0;
}

void org_join_done(struct org_join *j)
{
	free(j->up);
	free(j->seal);
	free(j->kept);
	free(j->link);
	free(j->apart);
	*j = (struct org_join){ .n = 0 };
}

uint32_t org_join_of(struct org_join *j, uint32_t member)
{
	uint32_t top = member;

	while (j->up[top] != top)
		top = j->up[top];
	while (j->up[member] != top) {
		uint32_t on = j->up[member];

		j->up[member] = top;
		member = on;
	}
	return top;
}

static struct org_seal *seals(struct org_join *j, uint32_t top)
{
	return &j->seal[(size_t)top * ORG_SEALS_MAX];
}

void org_join_seal(struct org_join *j, uint32_t member, struct org_seal seal)
{
	*seals(j, member) = seal;
}

int org_join_apart(struct org_join *j, uint32_t a, uint32_t b, struct reg_text why)
{
	if (grow(&j->apart, &j->apart_cap, (size_t)j->n_apart + 1, sizeof(*j->apart)) < 0)
		return -ENOMEM;
	j->apart[j->n_apart++] = (struct reg_org_link){ a, b, ORG_APART, why };
	j->kept[org_join_of(j, a)] = j->kept[org_join_of(j, b)] = true;
	return 0;
}

static bool kept_apart(struct org_join *j, uint32_t a, uint32_t b)
{
	if (!j->kept[a] || !j->kept[b])
		return false;
	for (uint32_t i = 0; i < j->n_apart; i++) {
		uint32_t x = org_join_of(j, j->apart[i].a), y = org_join_of(j, j->apart[i].b);

		if ((x == a && y == b) || (x == b && y == a))
			return true;
	}
	return false;
}

static bool seals_add(struct org_seal *to, const struct org_seal *from)
{
	for (unsigned k = 0; k < ORG_SEALS_MAX && from[k].scheme; k++) {
		unsigned i = 0;

		while (i < ORG_SEALS_MAX && to[i].scheme && to[i].scheme != from[k].scheme)
			i++;
		if (i == ORG_SEALS_MAX || (to[i].scheme && to[i].value != from[k].value))
			return false;
		to[i] = from[k];
	}
	return true;
}

bool org_join_agrees(struct org_join *j, uint32_t member, struct org_seal sum[ORG_SEALS_MAX])
{
	return seals_add(sum, seals(j, org_join_of(j, member)));
}

/* Identifiers have joined what others hold to be two: no name joins anybody to that any more. */
static void blur(struct org_seal *to, const struct org_seal *sum)
{
	memcpy(to, sum, ORG_SEALS_MAX * sizeof(*to));
	for (unsigned i = 0; i < ORG_SEALS_MAX; i++)
		to[i] =
		    (struct org_seal){ to[i].scheme ? to[i].scheme : UINT32_MAX - i, UINT32_MAX };
}

bool org_join_put(
    struct org_join *j, uint32_t a, uint32_t b, enum org_rule rule, struct reg_text why, bool names)
{
	uint32_t x = org_join_of(j, a), y = org_join_of(j, b);
	struct org_seal sum[ORG_SEALS_MAX];
	bool agree;

	if (x == y)
		return true;
	if (x > y) {
		uint32_t swap = x;

		x = y;
		y = swap;
	}
	memcpy(sum, seals(j, x), sizeof(sum));
	agree = seals_add(sum, seals(j, y));
	if (kept_apart(j, x, y) || (names && !agree))
		return false;
	j->up[y] = x;
	j->kept[x] |= j->kept[y];
	if (agree)
		memcpy(seals(j, x), sum, sizeof(sum));
	else
		blur(seals(j, x), sum);
	j->link[j->n_link++] = (struct reg_org_link){ a, b, rule, why };
	return true;
}
