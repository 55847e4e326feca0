/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A registry file that is replaced, written over, cut, spoilt and removed as fast as another process can, while
 * this one looks at it: every look serves one whole build, and nothing is left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders/build.h"
#include "holders/live.h"
#include "util/clock.h"
#include "util/file.h"

#define BUILDS 3u /* the last one is older than the others */
#define ROUNDS 150u

static char dir[] = "/tmp/onus-test-live-XXXXXX";
static char path[64];
static struct buf build[BUILDS];
static char sha[BUILDS][SHA256_HEX];

static const char *in_dir(const char *name)
{
	static char ret[64];

	(void)snprintf(ret, sizeof(ret), "%s/%s", dir, name);
	return ret;
}

static int make(unsigned which)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	char text[128], input[64];
	struct err e = { "" };
	int n = snprintf(text, sizeof(text), "45.0.0.0,45.0.0.255,%u,BUILD-%c\n", 3333 + which,
		'A' + (int)which),
	    r;

	(void)snprintf(input, sizeof(input), "%s/asn-2026-1%u-01.csv", dir, 2 - which);
	r = file_write(input, span_of(text, (size_t)n), &e);
	if (r == 0)
		r = registry_build_add(b, input, &e);
	if (r == 0)
		r = registry_build_write(b, path, &e);
	if (r == 0)
		r = file_read(path, &build[which], &e);
	if (r == 0)
		r = file_sha256(path, sha[which], &e);
	(void)unlink(input);
	b = registry_build_free(b);
	return r < 0 ? -1 : 0;
}

static int make_all(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/registry", dir);
	for (unsigned i = 0; i < BUILDS; i++) {
		buf_init(&build[i], 64u << 20);
		if (make(i) < 0)
			return -1;
	}
	return unlink(path);
}

static int remove_all(void **state)
{
	for (unsigned i = 0; i < BUILDS; i++)
		buf_done(&build[i]);
	(void)unlink(path);
	return rmdir(dir);
}

/* --- the process that spoils it ------------------------------------------------------------------------- */

static int put(const char *name, int flags, const char *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | flags, 0644);
	int r = fd >= 0 && write(fd, p, n) == (ssize_t)n ? 0 : -1;

	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int replace(const struct buf *b)
{
	return put(in_dir("new"), O_TRUNC, b->p, b->len) < 0 ? -1 : rename(in_dir("new"), path);
}

static int spoil(unsigned round)
{
	const struct buf *b = &build[round % BUILDS];

	switch (round / BUILDS % 6) {
	case 1:
		return put(path, 0, b->p, b->len); /* over it, from the front */
	case 2:
		return put(path, O_TRUNC, b->p, b->len / 2); /* half of it */
	case 3:
		return put(path, O_TRUNC, "nonsense\n", 9);
	case 4:
		return put(path, 0, b->p, b->len) < 0 ? -1 : truncate(path, (off_t)(b->len - 1));
	case 5:
		return unlink(path) < 0 && errno != ENOENT ? -1 : 0;
	default:
		return replace(b);
	}
}

/* At least so long, and on while the other one, on a busy machine, has not seen of everything. */
static void spoiling(const volatile bool *enough)
{
	int r = 0;

	for (unsigned i = 0; (i < ROUNDS || (!*enough && i < 40 * ROUNDS)) && r == 0; i++) {
		r = spoil(i);
		(void)usleep((i % 7) * 3000);
	}
	_exit(r < 0 || replace(&build[0]) < 0);
}

/* --- the one that looks --------------------------------------------------------------------------------- */

/* Which build is it? All that it says must be of the same one. */
static unsigned build_of(const struct registry_live *l)
{
	struct attribution at;
	unsigned which = 0;
	struct addr a;

	while (which < BUILDS && strcmp(l->sha, sha[which]) != 0)
		which++;
	assert_true(which < BUILDS);
	assert_int_equal(addr_parse(SPAN("45.0.0.7"), &a), 0);
	registry_lookup(l->r, a, &at);
	assert_int_equal(registry_asn(l->r, at.as), 3333 + which);
	assert_int_equal(registry_as_at(l->r, at.as).name.p[6], 'A' + (int)which);
	return which;
}

static unsigned n_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* All that is mapped, as /proc tells it: 0 where there is none. */
static uint64_t mapped_pages(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		(void)fclose(f);
	return n;
}

static void replaced_while_looked_at(void **state)
{
	struct registry_live l = { .r = NULL };
	unsigned seen[BUILDS] = { 0 }, switches = 0, last = BUILDS, files;
	uint64_t looks = 0, troubles = 0, pages;
	volatile bool *enough =
	    mmap(NULL, sizeof(*enough), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct err e = { "" };
	int status;
	pid_t pid;

	assert_true(enough != MAP_FAILED);
	assert_true(registry_live_look(&l, path, &e) < 0); /* none yet: said, and no crash */
	assert_non_null(strstr(e.text, "onus registry build"));
	assert_int_equal(replace(&build[0]), 0);
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	files = n_files();
	pages = mapped_pages();
	pid = fork();
	if (pid == 0)
		spoiling(enough);
	assert_true(pid > 0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		unsigned which;

		e.text[0] = '\0';
		assert_int_equal(registry_live_look(&l, path, &e), 0);
		looks++;
		troubles += e.text[0] != '\0';
		which = build_of(&l);
		seen[which]++;
		switches += which != last;
		last = which;
		*enough = switches > 5 && troubles > 5 && seen[1] && seen[2];
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	e.text[0] = '\0';
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	assert_string_equal(e.text, "");
	assert_int_equal(build_of(&l), 0); /* what was put there last */
	assert_int_equal(n_files(), files);
	print_message(
	    "%llu looks, %llu of them at something broken, %u switches; builds seen %u, %u, %u\n",
	    (unsigned long long)looks, (unsigned long long)troubles, switches, seen[0], seen[1],
	    seen[2]);
	assert_true(*enough);
	(void)munmap((void *)enough, sizeof(*enough));
	/* one build more would be a thousand pages */
	assert_true(mapped_pages() < pages + build[0].len / 4096);
	registry_live_done(&l);
	registry_live_done(&l);
	assert_null(l.r);
}

/* Two builds of one size within one tick of the clock, in one file: the second one is seen all the same. */
static void same_time(void **state)
{
	const struct timespec t[2] = { { .tv_sec = time(NULL) }, { .tv_sec = time(NULL) } };
	struct registry_live l = { .r = NULL };
	struct err e = { "" };

	assert_int_equal(build[0].len, build[1].len);
	assert_int_equal(replace(&build[0]), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	assert_int_equal(build_of(&l), 0);
	assert_int_equal(put(path, 0, build[1].p, build[1].len), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	assert_int_equal(build_of(&l), 1);
	registry_live_done(&l);
}

/* A file that is left alone is read once, and looked at without being read again. */
static void left_alone(void **state)
{
	const struct timespec t[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	struct registry_live l = { .r = NULL };
	struct registry *first;
	struct err e = { "" };

	assert_int_equal(replace(&build[0]), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	first = l.r;
	assert_int_equal(put(path, 0, build[1].p, build[1].len), 0);
	assert_int_equal(
	    utimensat(AT_FDCWD, path, t, 0), 0); /* nobody can see that it was written into */
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	assert_ptr_equal(l.r, first);
	/* touched, and the same in it: what is open stays open */
	assert_int_equal(put(path, 0, build[0].p, build[0].len), 0);
	assert_int_equal(registry_live_look(&l, path, &e), 0);
	assert_ptr_equal(l.r, first);
	registry_live_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_while_looked_at),
		cmocka_unit_test(same_time),
		cmocka_unit_test(left_alone),
	};

	return cmocka_run_group_tests(tests, make_all, remove_all);
}
