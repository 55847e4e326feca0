/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/graph/graph.h"

#include <errno.h>
#include <fcntl.h>
#include <rrd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prog/graph/args.h"
#include "util/file.h"

#define WIDTH  760
#define HEIGHT 240

/* Plain: white, thin grey lines, nothing that is no information. */
static const char *const look[] = { "--color=BACK#FFFFFF", "--color=CANVAS#FFFFFF",
	"--color=SHADEA#FFFFFF", "--color=SHADEB#FFFFFF", "--color=GRID#EDEDED",
	"--color=MGRID#D9D9D9", "--color=FONT#333333", "--color=AXIS#8A8A8A",
	"--color=ARROW#FFFFFF00", "--color=FRAME#FFFFFF00", "--border=0", "--grid-dash=1:0",
	"--font=DEFAULT:9:DejaVu Sans", "--font=TITLE:12:DejaVu Sans",
	"--font=LEGEND:9:DejaVu Sans Mono", "--disable-rrdtool-tag", "--full-size-mode",
	"--lower-limit=0", "--slope-mode", "--units-exponent=0" };

/* Lines and words of the time axis. */
static const char *const axis[PERIOD_N] = {
	[PERIOD_DAY] = "HOUR:1:HOUR:3:HOUR:3:0:%H:%M",
	[PERIOD_WEEK] = "HOUR:12:DAY:1:DAY:1:86400:%a %d",
	[PERIOD_MONTH] = "DAY:1:WEEK:1:WEEK:1:0:%d %b",
	[PERIOD_YEAR] = "MONTH:1:MONTH:1:MONTH:1:2592000:%b",
};

/* Colons part the words of a DEF. */
static char *escaped(const char *path)
{
	char *to = calloc(2, strlen(path) + 1), *p = to;

	if (!to)
		abort();
	for (; *path; path++) {
		if (*path == ':' || *path == '\\')
			*p++ = '\\';
		*p++ = *path;
	}
	return to;
}

static void add_series(struct args *a, const char *path, const struct series *s, unsigned i)
{
	args_add(a, "DEF:v%u=%s:%s:AVERAGE", i, path, s->ds);
	args_add(a, "DEF:m%u=%s:%s:MAX", i, path, s->ds);
	if (i == 0) { /* behind all: where nothing was recorded is not zero */
		args_add(a, "CDEF:none=v0,UN,INF,UNKN,IF");
		args_add(a, "AREA:none#F0F0F0");
		args_add(a, "AREA:v0#%s33", s->color);
	}
	args_add(a, "LINE1.5:v%u#%s:%-16s", i, s->color, s->label);
	args_add(a, "GPRINT:v%u:LAST:now %%10.2lf", i);
	args_add(a, "GPRINT:v%u:AVERAGE:  average %%10.2lf", i);
	args_add(a, "GPRINT:m%u:MAX:  most %%10.2lf\\l", i);
}

static int put(const rrd_info_t *info, const char *to, struct err *e)
{
	for (; info; info = info->next)
		if (strcmp(info->key, "image") == 0 && info->type == RD_I_BLO)
			return file_write(to,
			    span_of((const char *)info->value.u_blo.ptr, info->value.u_blo.size),
			    e);
	return err_set(e, -EIO, "librrd drew nothing for %s", to);
}

static int draw_one(const char *dir, enum picture p, enum picture_period period, int64_t now_s,
    const char *format, struct err *e)
{
	CLEANUP(args_done) struct args a = { .n = 0 };
	CLEANUP(free_p) char *rrd = NULL, *from = NULL, *path = NULL;
	rrd_info_t *info;
	int r;

	if (asprintf(&rrd, "%s/%s.rrd", dir, pictures[p].name) < 0 ||
	    asprintf(&path, "%s/%s-%s.%s", dir, pictures[p].name, periods[period].name, format) < 0)
		abort();
	from = escaped(rrd);
	args_add(&a, "graph");
	args_add(&a, "-");
	args_add(&a, "--imgformat=%s", strcmp(format, "png") == 0 ? "PNG" : "SVG");
	args_add(&a, "--start=%jd", (intmax_t)(now_s - periods[period].length_s));
	args_add(&a, "--end=%jd", (intmax_t)now_s);
	args_add(&a, "--width=%d", WIDTH);
	args_add(&a, "--height=%d", HEIGHT);
	args_add(&a, "--title=%s, one %s (UTC)", pictures[p].title, periods[period].name);
	args_add(&a, "--x-grid=%s", axis[period]);
	args_add(&a, "--vertical-label=%s", flows[p].unit);
	for (unsigned i = 0; i < NELEM(look); i++)
		args_add(&a, "%s", look[i]);
	for (unsigned i = 0; i < flows[p].n; i++)
		add_series(&a, from, &flows[p].series[i], i);
	info = rrd_graph_v((int)a.n, a.v);
	if (!info) {
		r = err_set(e, -EIO, "cannot draw %s: %s", path,
		    rrd_test_error() ? rrd_get_error() : "librrd does not say why");
		rrd_clear_error();
		return r;
	}
	r = put(info, path, e);
	rrd_info_free(info);
	return r;
}

/* What the child tells its parent. */
struct told {
	int r;
	unsigned drawn;
	struct err why;
};

static void draw_all(
    const char *dir, unsigned due, int64_t now_s, const char *format, struct told *ret)
{
	for (unsigned i = 0; i < PICTURE_N * PERIOD_N; i++) {
		enum picture_period period = (enum picture_period)(i % PERIOD_N);
		int r = 0;

		if (due & 1u << period)
			r = draw_one(
			    dir, (enum picture)(i / PERIOD_N), period, now_s, format, &ret->why);
		if (r < 0)
			ret->r = r;
		else
			ret->drawn += (due & 1u << period) != 0;
	}
}

int draw(const char *dir, unsigned due, int64_t now_s, const char *format, unsigned *ret_drawn,
    struct err *e)
{
	struct told told = { .r = 0 };
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	*ret_drawn = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		draw_all(dir, due, now_s, format, &told);
		n = write(ends[1], &told, sizeof(told)); /* at once: less than a pipe takes */
		_exit(n != sizeof(told));
	}
	(void)close(ends[1]); /* the child has its own */
	n = pid < 0 ? -1 : read(ends[0], &told, sizeof(told));
	(void)close(ends[0]); /* read only */
	if (pid < 0)
		return err_set(
		    e, -EAGAIN, "cannot start a process that draws: %s", strerror(errno));
	if (waitpid(pid, &status, 0) != pid || n != (ssize_t)sizeof(told))
		return err_set(e, -EIO, "the process that draws has died");
	*ret_drawn = told.drawn;
	if (told.r < 0)
		*e = told.why;
	return told.r;
}
