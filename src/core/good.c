/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/good.h"

#include <errno.h>

static const char *const names[] = {
	[GOOD_NONE] = "", [GOOD_DELIVERY] = "delivery", [GOOD_LOGIN] = "login"
};
_Static_assert(NELEM(names) == GOOD_N, "names out of step");

const char *good_name(enum good g)
{
	return names[g];
}

int good_parse(struct span name, enum good *ret)
{
	for (unsigned i = GOOD_NONE + 1; i < GOOD_N; i++)
		if (span_is(name, names[i])) {
			*ret = (enum good)i;
			return 0;
		}
	return -EINVAL;
}
