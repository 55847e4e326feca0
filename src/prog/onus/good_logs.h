/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's own good traffic (core/good.h) out of logs, for what replays it: what filters and maps say of somebody who is
 * good, also where it comes as event lines. */
#ifndef ONUS_PROG_ONUS_GOOD_LOGS_H
#define ONUS_PROG_ONUS_GOOD_LOGS_H

#include "core/conf.h"
#include "core/event.h"
#include "core/good.h"

/* good_of - what an event says: GOOD_NONE, it is no good observation of a host */
enum good good_of(const struct event *ev);

/* Returns 0 or -ENOMEM. */
typedef int good_logs_fn(void *ctx, struct addr host, enum good kind, uint64_t count, int32_t day);

struct good_logs {
	const char *command; /* messages on stderr begin with it */
	const char *filter_path;
	good_logs_fn *fn;
	void *ctx;
	uint64_t unverified; /* observations in logs that clients can write into: left out */
	unsigned failed;     /* files that could not be read, which was said */
	bool out_of_memory;
};

/* good_logs_read - g: the first four set, the rest zero. 0; -errno: nothing could be read, or … */
MUST_USE int good_logs_read(
    struct good_logs *g, const struct conf *conf, int n, char **files, struct err *e);

#endif
