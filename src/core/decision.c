/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/decision.h"

#include <errno.h>

static const char *const action_names[] = {
	[ACTION_TAG] = "tag",
	[ACTION_GREYLIST] = "greylist",
	[ACTION_REJECT] = "reject",
	[ACTION_DROP] = "drop",
};
_Static_assert(NELEM(action_names) == ACTION_N, "action_names out of step");

static const char *const level_names[] = {
	[LEVEL_CLEAR] = "clear",
	[LEVEL_WATCH] = "watch",
	[LEVEL_PROBATION] = "probation",
	[LEVEL_FRICTION] = "friction",
	[LEVEL_BLOCK] = "block",
};
_Static_assert(NELEM(level_names) == LEVEL_N, "level_names out of step");

const char *action_name(enum action a)
{
	return action_names[a];
}

const char *level_name(enum level l)
{
	return level_names[l];
}

static int find(const char *const *names, unsigned n, struct span s, unsigned *ret)
{
	for (unsigned i = 0; i < n; i++) {
		if (!span_is(s, names[i]))
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

int action_parse(struct span s, enum action *ret)
{
	unsigned i;
	int r = find(action_names, ACTION_N, s, &i);

	if (r == 0)
		*ret = (enum action)i;
	return r;
}

int level_parse(struct span s, enum level *ret)
{
	unsigned i;
	int r = find(level_names, LEVEL_N, s, &i);

	if (r == 0)
		*ret = (enum level)i;
	return r;
}
