/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/graph/graph.h"

#include <errno.h>
#include <rrd.h>
#include <unistd.h>

#include "prog/graph/args.h"
#include "util/buf.h"
#include "util/clock.h"

#define UNKNOWN_STEPS 3 /* without a value for so many steps it is unknown */

/* How long which detail is kept: files are of one size from birth on. */
static const struct {
	const char *how;
	uint32_t each_s, for_s;
} archives[] = {
	{ "AVERAGE", 60, 2 * DAY_S },
	{ "AVERAGE", 600, 14 * DAY_S },
	{ "AVERAGE", 3600, 62 * DAY_S },
	{ "AVERAGE", 21600, 1500 * DAY_S },
	{ "MAX", 60, 2 * DAY_S },
	{ "MAX", 600, 14 * DAY_S },
	{ "MAX", 3600, 62 * DAY_S },
	{ "MAX", 21600, 1500 * DAY_S },
};

static int complain(const char *path, const char *doing, struct err *e)
{
	int r = err_set(e, -EIO, "cannot %s %s: %s", doing, path,
	    rrd_test_error() ? rrd_get_error() : "librrd does not say why");

	rrd_clear_error();
	return r;
}

static int make(
    const char *path, const struct flow *f, uint32_t step_s, int64_t now_s, struct err *e)
{
	CLEANUP(args_done) struct args a = { .n = 0 };
	CLEANUP(free_p) char *tmp = NULL;
	int r = 0;

	if (asprintf(&tmp, "%s.tmp", path) < 0)
		abort();
	for (unsigned i = 0; i < f->n; i++)
		args_add(&a, "DS:%s:%s:%u:0:U", f->series[i].ds,
		    f->series[i].counter ? "DERIVE" : "GAUGE", UNKNOWN_STEPS * step_s);
	for (unsigned i = 0; i < NELEM(archives); i++) {
		uint32_t steps = MAX_OF(archives[i].each_s / step_s, 1u);

		args_add(&a, "RRA:%s:0.5:%u:%u", archives[i].how, steps,
		    archives[i].for_s / (steps * step_s) + 1);
	}
	if (rrd_create_r(tmp, step_s, now_s - 1, (int)a.n, (const char **)a.v) != 0)
		r = complain(path, "make", e);
	else if (rename(tmp, path) < 0)
		r = err_set(e, -errno, "cannot make %s: %s", path, strerror(errno));
	if (r < 0)
		(void)unlink(tmp); /* it is in nobody's way */
	return r;
}

int record(const char *dir, enum picture p, const struct health *h, uint32_t step_s, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf values = { 0 };
	const struct flow *f = &flows[p];
	const char *argv[1];
	time_t last;

	if (asprintf(&path, "%s/%s.rrd", dir, pictures[p].name) < 0)
		abort();
	if (access(path, F_OK) < 0) {
		int r = make(path, f, step_s, h->now_s, e);

		if (r < 0)
			return r;
	}
	last = rrd_last_r(path);
	if (last < 0)
		return complain(path, "read", e);
	if (h->now_s <= last) /* a clock that was set back: it comes to where it was */
		return 0;
	buf_init(&values, 512);
	buf_fmt(&values, "%jd", (intmax_t)h->now_s);
	for (unsigned i = 0; i < f->n; i++) {
		double v;

		if (!series_value(&f->series[i], h, &v))
			buf_str(&values, ":U");
		else
			buf_fmt(&values, f->series[i].counter ? ":%.0f" : ":%.6f", v);
	}
	argv[0] = values.p;
	return rrd_update_r(path, NULL, 1, argv) != 0 ? complain(path, "write", e) : 0;
}
