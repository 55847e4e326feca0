/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/file.h"
#include "util/jout.h"

#define SAMPLES	  13u	   /* of a counter: a rate is over the last minute, more or less */
#define SAMPLE_US 5000000  /* from one to the next at least */
#define SECOND_US 1000000. /* for quotients */

struct figure {
	enum status_kind kind;
	const char *key;
	int64_t value;
	struct {
		int64_t at_us, value;
	} sample[SAMPLES]; /* of a counter; a ring */
	unsigned first, n;
};

struct status {
	const char *program;
	bool once;
	int64_t started_s, began_us, written_us;
	char *file, *tmp, *lock;
	int lock_fd; /* -1: not held */
	char error[ERR_MAX];
	int64_t error_s; /* 0: there was none */
	struct figure figure[STATUS_FIGURES];
	unsigned n;
};

struct status *status_new(const char *program, bool once, int64_t now_s, int64_t now_us)
{
	struct status *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->program = program;
	s->once = once;
	s->started_s = now_s;
	s->began_us = now_us;
	s->lock_fd = -1;
	return s;
}

static void forget_paths(struct status *s)
{
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd); /* gives the lock back */
	s->lock_fd = -1;
	free(s->file);
	free(s->tmp);
	free(s->lock);
	s->file = s->tmp = s->lock = NULL;
}

struct status *status_free(struct status *s)
{
	if (s)
		forget_paths(s);
	free(s);
	return NULL;
}

static char *path_of(const char *dir, const char *before, const char *program, const char *after)
{
	char *path;

	return asprintf(&path, "%s/%s%s%s", dir, before, program, after) < 0 ? NULL : path;
}

int status_to(struct status *s, const char *dir, struct err *e)
{
	int r = file_mkdirs(dir, 0755, e);

	if (r < 0)
		return r;
	forget_paths(s);
	s->file = path_of(dir, "", s->program, ".status");
	s->tmp = path_of(dir, ".", s->program, ".status");
	s->lock = path_of(dir, ".", s->program, ".lock");
	if (s->file && s->tmp && s->lock)
		return 0;
	forget_paths(s);
	return err_set(e, -ENOMEM, "out of memory");
}

static struct figure *find(struct status *s, enum status_kind kind, const char *key, int64_t now_us)
{
	unsigned i = 0;

	while (i < s->n && (s->figure[i].kind != kind || strcmp(s->figure[i].key, key) != 0))
		i++;
	if (i == STATUS_FIGURES)
		return NULL;
	if (i == s->n) {
		s->n++;
		s->figure[i] = (struct figure){ .kind = kind, .key = key };
		s->figure[i].sample[0].at_us =
		    s->n == 1 ? s->began_us : MIN_OF(s->began_us, now_us);
		s->figure[i].n = 1;
	}
	return &s->figure[i];
}

static void sample(struct figure *f, int64_t now_us)
{
	unsigned last = (f->first + f->n - 1) % SAMPLES;

	if (f->n && now_us - f->sample[last].at_us < SAMPLE_US)
		return;
	last = (f->first + f->n) % SAMPLES;
	if (f->n == SAMPLES)
		f->first = (f->first + 1) % SAMPLES;
	else
		f->n++;
	f->sample[last].at_us = now_us;
	f->sample[last].value = f->value;
}

void status_set(
    struct status *s, enum status_kind kind, const char *key, int64_t value, int64_t now_us)
{
	struct figure *f = find(s, kind, key, now_us);

	if (!f)
		return;
	if (kind == STATUS_COUNTER && value < f->value) { /* begun anew, from 0 */
		f->first = 0;
		f->n = 1;
		f->sample[0].at_us = now_us;
		f->sample[0].value = 0;
	}
	f->value = value;
	if (kind == STATUS_COUNTER)
		sample(f, now_us);
}

void status_error(struct status *s, const char *text, int64_t now_s)
{
	(void)snprintf(s->error, sizeof(s->error), "%s", text); /* long ones are cut */
	s->error_s = now_s;
}

static double rate(const struct figure *f, int64_t now_us)
{
	int64_t past_us = now_us - f->sample[f->first].at_us;

	if (past_us < STATUS_EVERY_US)
		return 0; /* of less than a second nothing can be said */
	return (double)(f->value - f->sample[f->first].value) * SECOND_US / (double)past_us;
}

static void put_time(struct jout *j, const char *key, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	if (time_s <= 0) {
		jout_null(j, key);
		return;
	}
	utc_format(time_s, text);
	jout_str(j, key, text);
}

static void put_figures(struct status *s, struct jout *j, enum status_kind kind, const char *name)
{
	jout_object(j, name);
	for (unsigned i = 0; i < s->n; i++)
		if (s->figure[i].kind == kind && kind == STATUS_TIME)
			put_time(j, s->figure[i].key, s->figure[i].value);
		else if (s->figure[i].kind == kind)
			jout_i64(j, s->figure[i].key, s->figure[i].value);
	jout_object_end(j);
}

void status_text(struct status *s, const char *state, const char *message, int64_t now_s,
    int64_t now_us, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "format", STATUS_FORMAT);
	jout_str(&j, "program", s->program);
	jout_str(&j, "version", ONUS_VERSION);
	jout_u64(&j, "pid", (uint64_t)getpid());
	jout_bool(&j, "once", s->once);
	jout_str(&j, "state", state);
	jout_str(&j, "message", message);
	put_time(&j, "started", s->started_s);
	put_time(&j, "updated", now_s);
	put_figures(s, &j, STATUS_COUNTER, "counters");
	jout_object(&j, "rates");
	for (unsigned i = 0; i < s->n; i++)
		if (s->figure[i].kind == STATUS_COUNTER)
			jout_real(&j, s->figure[i].key, rate(&s->figure[i], now_us), 3);
	jout_object_end(&j);
	put_figures(s, &j, STATUS_GAUGE, "gauges");
	put_figures(s, &j, STATUS_TIME, "times");
	if (s->error_s) {
		jout_object(&j, "last_error");
		put_time(&j, "at", s->error_s);
		jout_str(&j, "text", s->error);
		jout_object_end(&j);
	} else
		jout_null(&j, "last_error");
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* The file is that of who came first: whoever runs the same program --once beside a daemon tells nothing there. */
static bool ours(struct status *s)
{
	CLEANUP(close_fdp) int fd = -1;

	if (s->lock_fd >= 0)
		return true;
	fd = open(s->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	s->lock_fd = take_fd(&fd);
	return true;
}

static int replace(const struct status *s, struct span text)
{
	CLEANUP(fclose_fp) FILE *f = fopen(s->tmp, "we");

	if (!f)
		return -errno;
	if (fwrite(text.p, 1, span_len(text), f) != span_len(text) || fflush(f) != 0 ||
	    rename(s->tmp, s->file) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int status_write(struct status *s, const char *state, const char *message, bool now, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	int64_t now_us = clock_monotonic_us();
	struct clock clock = clock_system();
	int r;

	if (!s->file || (!now && s->written_us && now_us - s->written_us < STATUS_EVERY_US) ||
	    !ours(s))
		return 0;
	s->written_us = now_us;
	buf_init(&b, 65536);
	status_text(s, state, message, clock_now_s(&clock), now_us, &b);
	r = buf_ok(&b) ? replace(s, buf_text(&b)) : -ENOMEM;
	return r < 0 ? err_set(e, r, "cannot write %s: %s", s->file, strerror(-r)) : 0;
}
