/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/fetch_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "prog/onus/fetch_run.h"
#include "svc/program.h"
#include "util/file.h"

#define LOCK_TRIES 40u

static void tidy(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL)
		if (strstr(entry->d_name, ".state.tmp-"))
			(void)unlinkat(dirfd(d), entry->d_name, 0); /* of one that was killed */
	if (d)
		(void)closedir(d); /* read only */
}

static int incoming_of(const char *dir, char **ret, struct err *e)
{
	if (asprintf(ret, "%s/incoming", dir) >= 0)
		return 0;
	*ret = NULL;
	return err_set(e, -ENOMEM, "out of memory");
}

/* Of one that was killed, the process that read a copy has the lock a moment longer. */
static int lock_soon(int fd)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return -errno;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int fetch_dir_open(const char *dir, const char *who, int *lock, struct err *e)
{
	CLEANUP(free_p) char *incoming = NULL;
	int r = incoming_of(dir, &incoming, e);

	if (r == 0)
		r = file_mkdirs(incoming, 0755, e);
	if (r < 0)
		return r;
	*lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock < 0)
		return err_set(e, -errno, "cannot open %s: %s", dir, strerror(errno));
	if (lock_soon(*lock) < 0)
		return err_set(e, -EBUSY, "%s: another %s is at work there", dir, who);
	tidy(dir);
	return 0;
}

/* NAME, .NAME.part, NAME.index and the like */
static bool is_of(const char *file, const char *name)
{
	size_t n = strlen(name);

	file += *file == '.';
	return strncmp(file, name, n) == 0 && (file[n] == '\0' || file[n] == '.');
}

static bool is_wanted(
    const char *file, const char *(*wanted)(const void *ctx, unsigned n), const void *ctx)
{
	const char *name;

	for (unsigned i = 0; (name = wanted(ctx, i)) != NULL; i++)
		if (is_of(file, name))
			return true;
	return false;
}

void fetch_dir_forget(
    const char *dir, const char *(*wanted)(const void *ctx, unsigned n), const void *ctx)
{
	CLEANUP(free_p) char *incoming = NULL;
	const struct dirent *entry;
	DIR *d;

	if (incoming_of(dir, &incoming, NULL) < 0 || !(d = opendir(incoming)))
		return; /* the next run tries again */
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !is_wanted(entry->d_name, wanted, ctx))
			(void)unlinkat(dirfd(d), entry->d_name, 0); /* the next run tries again */
	(void)closedir(d);					    /* read only */
}

int fetch_dir_run(const char *dir, const struct fetch_dir_opts *o, struct fetch_job *jobs,
    unsigned n, struct err *e)
{
	CLEANUP(free_p) char *program = NULL, *incoming = NULL;
	struct fetch_opts f = { .contact = o->contact, .ca = o->ca };
	struct fetch *fetch = NULL;
	int r = incoming_of(dir, &incoming, e);

	if (r == 0)
		r = program_find(o->program_dir, "onus-fetch", &program, e);
	f.dir = incoming;
	f.program = program;
	if (r == 0)
		r = fetch_start(&f, &fetch, e);
	if (r == 0)
		r = fetch_run(fetch, jobs, n, e);
	fetch = fetch_stop(fetch);
	return r;
}
