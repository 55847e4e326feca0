/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/builds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/file.h"

#define DAY_DIGITS 8u

/* YYYYMMDD of a day that there is. */
static bool day_in(struct span s, int32_t *ret)
{
	char text[UTC_TEXT_MAX];
	int64_t time_s;

	if (span_len(s) != DAY_DIGITS)
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if (*p < '0' || *p > '9')
			return false;
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2s", s.p, s.p + 4, s.p + 6); /* fits */
	if (utc_parse(span_str(text), &time_s) < 0)
		return false;
	*ret = day_of(time_s);
	return true;
}

static int by_day(const void *pa, const void *pb)
{
	const int32_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static int add(struct builds *b, int32_t day)
{
	if ((b->n & (b->n - 1)) == 0) { /* full at powers of two */
		int32_t *more = reallocarray(b->day, b->n ? 2 * b->n : 1, sizeof(*b->day));

		if (!more)
			return -ENOMEM;
		b->day = more;
	}
	b->day[b->n++] = day;
	return 0;
}

static int read_dir(DIR *d, struct span name, struct builds *b)
{
	struct dirent *at;
	int32_t day;
	int r = 0;

	while (r == 0 && (errno = 0, at = readdir(d)) != NULL) {
		struct span s = span_str(at->d_name);

		if (span_len(s) <= span_len(name) + 1 || memcmp(s.p, name.p, span_len(name)) != 0 ||
		    s.p[span_len(name)] != '-')
			continue;
		s.p += span_len(name) + 1;
		if (day_in(s, &day))
			r = add(b, day);
	}
	return r < 0 ? r : -errno;
}

int builds_find(const char *registry_file, struct builds *ret, struct err *e)
{
	const char *slash = strrchr(registry_file, '/');
	struct span name = span_str(slash ? slash + 1 : registry_file);
	char *dir = slash ? span_dup(span_of(registry_file, (size_t)(name.p - registry_file)))
			  : span_dup(SPAN("."));
	DIR *d = dir ? opendir(dir) : NULL;
	int r = d ? 0 : dir ? -errno : -ENOMEM;

	*ret = (struct builds){ .n = 0 };
	if (r == 0)
		r = read_dir(d, name, ret);
	if (r < 0) {
		(void)err_set(e, r, "cannot look for registry files in %s: %s", dir ? dir : "?",
		    strerror(-r));
		builds_done(ret);
	}
	if (ret->n)
		qsort(ret->day, ret->n, sizeof(*ret->day), by_day);
	if (ret->n > BUILDS_MAX) {
		memmove(ret->day, ret->day + (ret->n - BUILDS_MAX), BUILDS_MAX * sizeof(*ret->day));
		ret->n = BUILDS_MAX;
	}
	if (d)
		(void)closedir(d);
	free(dir);
	return r;
}

void builds_done(struct builds *b)
{
	free(b->day);
	*b = (struct builds){ .n = 0 };
}

size_t builds_upto(const struct builds *b, int32_t day)
{
	size_t n = b->n;

	while (n > 0 && b->day[n - 1] > day)
		n--;
	return n ? n - 1 : b->n;
}

char *builds_path(const char *registry_file, int32_t day)
{
	size_t n = strlen(registry_file) + 1 + UTC_TEXT_MAX;
	char text[UTC_TEXT_MAX], *path = malloc(n);

	utc_format_day(day, text);
	if (path)
		(void)snprintf(path, n, "%s-%.4s%.2s%.2s", registry_file, text, text + 5, text + 8);
	return path;
}

int builds_open(const char *registry_file, int32_t day, struct registry **ret, struct err *e)
{
	char text[UTC_TEXT_MAX], *path = NULL;
	struct builds b;
	size_t i;
	int r = builds_find(registry_file, &b, e);

	if (r < 0)
		return r;
	i = builds_upto(&b, day);
	utc_format_day(day, text);
	if (i == b.n)
		r = err_set(e, -ENOENT,
		    "there is no %s-YYYYMMDD of %s or before: onus knows "
		    "of no day of which no build was kept",
		    registry_file, text);
	else if (!(path = builds_path(registry_file, b.day[i])))
		r = err_set(e, -ENOMEM, "out of memory");
	else
		r = registry_open(path, ret, e);
	free(path);
	builds_done(&b);
	return r;
}

/* A second name of the file, put in place of what has that name. */
static int link_over(const char *file, const char *path, struct err *e)
{
	CLEANUP(free_p) char *part = NULL;
	CLEANUP(close_fdp) int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		file_new_hold(fd);
	if (asprintf(&part, "%s.tmp-%ld", path, (long)getpid()) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	(void)unlink(part); /* of one who was killed */
	if (link(file, part) < 0 || rename(part, path) < 0) {
		int r = -errno;

		(void)unlink(part);
		return err_set(e, r, "cannot keep %s as %s: %s", file, path, strerror(-r));
	}
	(void)unlink(part); /* renaming to another name of the same file does nothing */
	return 0;
}

void builds_tidy(const char *registry_file)
{
	CLEANUP(free_p) char *stamp = registry_stamp(registry_file);

	file_new_tidy(registry_file, true); /* and those of days */
	if (stamp)
		file_new_tidy(stamp, false);
}

int builds_keep(const char *registry_file, int32_t day, uint32_t keep_days, struct err *e)
{
	char *path = builds_path(registry_file, day);
	struct builds b;
	int r = path ? link_over(registry_file, path, e) : err_set(e, -ENOMEM, "out of memory");

	free(path);
	if (r < 0 || (r = builds_find(registry_file, &b, e)) < 0)
		return r;
	for (size_t i = 0; i < b.n && (int64_t)b.day[i] + keep_days < day; i++) {
		path = builds_path(registry_file, b.day[i]);
		if (path)
			(void)unlink(path); /* the next one tries again */
		free(path);
	}
	builds_done(&b);
	return 0;
}
