/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/status_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/clock.h"

#define SUFFIX ".status"

const char *const status_life_name[LIFE_N] = {
	[LIFE_UP] = "up",
	[LIFE_TROUBLE] = "trouble",
	[LIFE_STALE] = "stale",
	[LIFE_STOPPED] = "stopped",
	[LIFE_FAILED] = "failed",
	[LIFE_DIED] = "died",
	[LIFE_UNREADABLE] = "unreadable",
	[LIFE_ABSENT] = "absent",
};

static const char *const says_name[SAYS_N] = {
	[SAYS_OK] = "ok",
	[SAYS_TROUBLE] = "trouble",
	[SAYS_STOPPED] = "stopped",
	[SAYS_FAILED] = "failed",
};

static const char *const part_name[PART_N] = {
	[PART_COUNTER] = "counters",
	[PART_RATE] = "rates",
	[PART_GAUGE] = "gauges",
	[PART_TIME] = "times",
};

const char *const status_road[] = { "onus-collect", "onus-load", "onus-score", "onus-publish",
	"onus-web", "onus-analyse", "onus-graph", NULL };

/* --- one file ------------------------------------------------------------------------------------------- */

static bool word(const char *s, size_t max, char also)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (n + 1 == max ||
		    !((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9') || s[n] == '_' ||
			s[n] == also))
			return false;
	return n > 0;
}

static int wrong(struct err *e, const char *key, const char *wants)
{
	return err_set(e, -EBADMSG, "\"%s\" is not %s", key, wants);
}

static int take_text(const json_t *o, const char *key, char *to, size_t max, struct err *e)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		return wrong(e, key, "a string");
	(void)snprintf(to, max, "%s", s); /* long ones are cut */
	span_tame(to, strlen(to));
	return 0;
}

static int time_of(const json_t *v, const char *key, int64_t *ret, struct err *e)
{
	const char *s = json_string_value(v);

	if (s && utc_parse(span_str(s), ret) == 0 && *ret > 0)
		return 0;
	return wrong(e, key, "a time");
}

static int take_figure(
    struct status_file *s, enum status_part part, const char *key, const json_t *v, struct err *e)
{
	struct status_figure *f = &s->figure[s->n];
	int64_t time_s = 0;
	int r = 0;

	if (!word(key, sizeof(f->key), '_'))
		return err_set(e, -EBADMSG, "\"%.40s\" in %s is no key", key, part_name[part]);
	if (s->n == STATUS_FIGURES_MAX)
		return err_set(e, -EBADMSG, "more than %u figures", STATUS_FIGURES_MAX);
	*f = (struct status_figure){ .part = part };
	(void)snprintf(f->key, sizeof(f->key), "%s", key); /* it fits: word() */
	if (part == PART_TIME) {
		if (!json_is_null(v))
			r = time_of(v, key, &time_s, e);
		f->value = (double)time_s;
	} else if (json_is_number(v))
		f->value = json_number_value(v);
	else
		return wrong(e, key, "a number");
	if (r == 0 && (!isfinite(f->value) || f->value < 0))
		return wrong(e, key, "a number from 0 on");
	s->n += r == 0;
	return r;
}

static int take_figures(
    struct status_file *s, enum status_part part, const json_t *o, struct err *e)
{
	const json_t *part_of = json_object_get(o, part_name[part]);
	const char *key;
	json_t *v;

	if (!json_is_object(part_of))
		return wrong(e, part_name[part], "an object");
	json_object_foreach((json_t *)(uintptr_t)part_of, key, v) /* it reads only */
	{
		int r = take_figure(s, part, key, v, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take_says(struct status_file *s, const json_t *o, struct err *e)
{
	const char *state = json_string_value(json_object_get(o, "state"));

	for (unsigned i = 0; state && i < SAYS_N; i++)
		if (strcmp(state, says_name[i]) == 0) {
			s->says = (enum status_says)i;
			return 0;
		}
	return wrong(e, "state", "ok, trouble, stopped or failed");
}

static int take_error(struct status_file *s, const json_t *o, struct err *e)
{
	const json_t *v = json_object_get(o, "last_error");
	int r;

	if (json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return wrong(e, "last_error", "an object or null");
	r = time_of(json_object_get(v, "at"), "last_error.at", &s->error_s, e);
	return r < 0 ? r : take_text(v, "text", s->error, sizeof(s->error), e);
}

static int take_head(struct status_file *s, const json_t *o, struct err *e)
{
	const char *format = json_string_value(json_object_get(o, "format"));
	const json_t *pid = json_object_get(o, "pid");
	int r;

	if (!format || strcmp(format, STATUS_FILE_FORMAT) != 0)
		return wrong(e, "format", "\"" STATUS_FILE_FORMAT "\"");
	r = take_text(o, "program", s->program, sizeof(s->program), e);
	if (r == 0 && !word(s->program, sizeof(s->program), '-'))
		r = wrong(e, "program", "a program's name");
	if (r == 0)
		r = take_text(o, "version", s->version, sizeof(s->version), e);
	if (r == 0)
		r = take_text(o, "message", s->message, sizeof(s->message), e);
	if (r == 0 && (!json_is_integer(pid) || json_integer_value(pid) < 1 ||
			  json_integer_value(pid) > INT32_MAX))
		r = wrong(e, "pid", "a process id");
	s->pid = json_integer_value(pid);
	s->once = json_is_true(json_object_get(o, "once"));
	if (r == 0)
		r = time_of(json_object_get(o, "started"), "started", &s->started_s, e);
	if (r == 0)
		r = time_of(json_object_get(o, "updated"), "updated", &s->updated_s, e);
	return r;
}

int status_parse(struct span text, struct status_file *ret, struct err *e)
{
	json_error_t bad;
	json_t *o;
	int r;

	if (span_len(text) > STATUS_BYTES_MAX)
		return err_set(e, -EBADMSG, "larger than %u bytes", STATUS_BYTES_MAX);
	o = json_loadb(text.p ? text.p : "", span_len(text), JSON_REJECT_DUPLICATES, &bad);
	if (!json_is_object(o)) {
		r = o ? err_set(e, -EBADMSG, "not a JSON object")
		      : err_set(e, -EBADMSG, "line %d: %s", bad.line, bad.text);
		json_decref(o);
		return r;
	}
	*ret = (struct status_file){ .n = 0 };
	r = take_head(ret, o, e);
	if (r == 0)
		r = take_says(ret, o, e);
	for (unsigned i = 0; i < PART_N && r == 0; i++)
		r = take_figures(ret, (enum status_part)i, o, e);
	if (r == 0)
		r = take_error(ret, o, e);
	json_decref(o);
	return r;
}

bool status_find(const struct status_file *s, enum status_part part, const char *key, double *ret)
{
	for (unsigned i = 0; s && i < s->n; i++)
		if (s->figure[i].part == part && strcmp(s->figure[i].key, key) == 0) {
			*ret = s->figure[i].value;
			return true;
		}
	return false;
}

enum status_life status_life(const struct status_file *s, int64_t now_s, int64_t stale_s)
{
	if (s->says == SAYS_STOPPED)
		return LIFE_STOPPED;
	if (s->says == SAYS_FAILED)
		return LIFE_FAILED;
	/* another user's process: EPERM, and it is there */
	if (kill((pid_t)s->pid, 0) < 0 && errno == ESRCH)
		return LIFE_DIED;
	if (now_s - s->updated_s > stale_s)
		return LIFE_STALE;
	return s->says == SAYS_TROUBLE ? LIFE_TROUBLE : LIFE_UP;
}

/* --- the directory -------------------------------------------------------------------------------------- */

/* A FIFO, a link or a directory under the name of a status file is none. */
static int read_text(int dir_fd, const char *name, struct buf *b, struct err *e)
{
	CLEANUP(close_fdp)
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return err_set(e, -errno, "cannot open %s: %s", name, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, -EBADMSG, "%s is not a regular file", name);
	while (n > 0) {
		char *to = buf_room(b, 4096);

		if (!to)
			return err_set(
			    e, -EBADMSG, "%s is larger than %u bytes", name, STATUS_BYTES_MAX);
		n = read(fd, to, 4096);
		if (n < 0)
			return err_set(e, -errno, "cannot read %s: %s", name, strerror(errno));
		buf_grew(b, (size_t)n);
	}
	return 0;
}

static void read_one(
    int dir_fd, const char *name, int64_t now_s, int64_t stale_s, struct status_program *p)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	int r;

	buf_init(&b, STATUS_BYTES_MAX + 4096);
	p->life = LIFE_UNREADABLE;
	p->file = calloc(1, sizeof(*p->file));
	if (!p->file)
		abort();
	r = read_text(dir_fd, name, &b, &p->why);
	if (r == 0) {
		r = status_parse(buf_text(&b), p->file, &p->why);
		if (r == 0 && strcmp(p->file->program, p->name) != 0)
			r = err_set(&p->why, -EBADMSG, "it is that of %s", p->file->program);
		if (r < 0)
			(void)err_wrap(&p->why, r, "%s", name);
	}
	if (r == 0) {
		p->life = status_life(p->file, now_s, stale_s);
		return;
	}
	free(p->file);
	p->file = NULL;
}

static unsigned place_of(const char *name)
{
	unsigned i = 0;

	while (status_road[i] && strcmp(status_road[i], name) != 0)
		i++;
	return i;
}

static int compare(const void *a, const void *b)
{
	const struct status_program *x = a, *y = b;
	unsigned px = place_of(x->name), py = place_of(y->name);

	return px != py ? (px < py ? -1 : 1) : strcmp(x->name, y->name);
}

static bool program_of(const char *file, char ret[STATUS_NAME_MAX])
{
	size_t n = strlen(file), tail = sizeof(SUFFIX) - 1;

	if (n <= tail || n - tail >= STATUS_NAME_MAX || strcmp(file + n - tail, SUFFIX) != 0)
		return false;
	memcpy(ret, file, n - tail);
	ret[n - tail] = '\0';
	return word(ret, STATUS_NAME_MAX, '-');
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* read only */
}

int status_read_all(
    const char *dir, int64_t now_s, int64_t stale_s, struct status_all *ret, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = opendir(dir);
	const struct dirent *de;

	ret->n = ret->more = 0;
	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_set(e, -errno, "cannot list %s: %s", dir, strerror(errno));
	while ((de = readdir(d)) != NULL) {
		struct status_program p = { .file = NULL };

		if (!program_of(de->d_name, p.name))
			continue;
		if (ret->n == STATUS_PROGRAMS_MAX) {
			ret->more++;
			continue;
		}
		read_one(dirfd(d), de->d_name, now_s, stale_s, &p);
		ret->program[ret->n++] = p;
	}
	qsort(ret->program, ret->n, sizeof(ret->program[0]), compare);
	return 0;
}

void status_all_done(struct status_all *a)
{
	for (unsigned i = 0; a && i < a->n; i++)
		free(a->program[i].file);
	if (a)
		a->n = 0;
}

const struct status_program *status_program(const struct status_all *a, const char *name)
{
	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->program[i].name, name) == 0)
			return &a->program[i];
	return NULL;
}
