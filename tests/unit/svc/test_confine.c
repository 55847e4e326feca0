/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a confined process can and cannot do, each in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "svc/confine.h"
#include "svc/confine_calls.h"

static char room[] = "/tmp/onus-test-confine-XXXXXX";
static char other[] = "/tmp/onus-test-confine-XXXXXX";
static char name[64];
static bool landlock;

/* Each returns 0 when it could, else errno. */
static const char *in(const char *where)
{
	(void)snprintf(name, sizeof(name), "%s/file", where);
	return name;
}

static int make(const char *where, int flags)
{
	int fd = open(in(where), flags, 0600);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int write_here(void)
{
	return make(room, O_WRONLY | O_CREAT | O_TRUNC) || unlink(in(room)) < 0 ? errno : 0;
}

static int write_there(void)
{
	return make(other, O_WRONLY | O_CREAT);
}

static int read_there(void)
{
	return make(other, O_RDONLY);
}

static int read_allowed(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int link_here(void)
{
	return symlink("/etc/passwd", in(room)) < 0 ? errno : 0;
}

static int move_there(void)
{
	char to[64];
	int r = make(room, O_WRONLY | O_CREAT);

	(void)snprintf(to, sizeof(to), "%s/moved", other);
	if (r == 0 && rename(in(room), to) < 0)
		r = errno;
	(void)unlink(in(room));
	return r == EXDEV ? EACCES : r; /* as the first Landlock has it */
}

static int grow(void)
{
	static const char block[4096];
	int fd = open(in(room), O_WRONLY | O_CREAT, 0600);
	int r = 0;

	for (int i = 0; i < 10 && r == 0; i++)
		r = write(fd, block, sizeof(block)) < 0 ? errno : 0;
	(void)unlink(in(room));
	return r;
}

static int become(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	(void)execv("/bin/true", argv);
	return errno;
}

static int fork_it(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

/* A program of its own opens a file: its exit code. */
static int run(const char *file)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "exec 2>&-; : <\"$0\"" },
		(char *)file, NULL };
	pid_t pid;
	int status;

	status = posix_spawnp(&pid, "sh", NULL, NULL, argv, environ);
	if (status)
		return status;
	return waitpid(pid, &status, 0) < 0 ? errno : WEXITSTATUS(status);
}

static int run_here(void)
{
	return run("/etc/ld.so.cache");
}

static int run_there(void)
{
	return run(in(other));
}

static void *nothing(void *p)
{
	return p;
}

static int thread(void)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, nothing, NULL);

	return r ? r : pthread_join(t, NULL);
}

static int socket_it(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int listen_it(void)
{
	return listen(socket(AF_INET, SOCK_STREAM, 0), 1) < 0 ? errno : 0;
}

static const char *const readable[] = { "/etc", "/usr", "/lib", "/nowhere/at/all", NULL };

static int try(const struct confine *c, int (*what)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct err missing, e;

		_exit(confine_self(c, &missing, &e) < 0 ? 255 : what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_is_open_and_closed(void **state)
{
	const struct confine wide = { .read = readable,
		.write = room,
		.max_file_bytes = 1 << 14,
		.network = true,
		.threads = true };
	const struct confine narrow = { .read = readable, .write = NULL, .max_file_bytes = 0 };
	const struct {
		const char *label;
		int (*what)(void);
		int wide, narrow;
		bool by_landlock, in_checked;
	} cases[] = {
		{ "write in the room", write_here, 0, EACCES, true, true },
		{ "write elsewhere", write_there, EACCES, EACCES, true, true },
		{ "read elsewhere", read_there, EACCES, EACCES, true, true },
		{ "read what is allowed", read_allowed, 0, 0, false, true },
		{ "make a link", link_here, EACCES, EACCES, true, true },
		{ "move out of the room", move_there, EACCES, EACCES, true, true },
		{ "grow a file", grow, EFBIG, 0, true, true },
		{ "become another program", become, EPERM, EPERM, false, true },
		{ "fork", fork_it, EPERM, EPERM, false, false },
		{ "start a thread", thread, 0, EPERM, false, false },
		{ "make a socket", socket_it, 0, EPERM, false, true },
		{ "listen", listen_it, EPERM, EPERM, false, true },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		int r;

		if ((cases[i].by_landlock && !landlock) ||
		    (CONFINE_CHECKED && !cases[i].in_checked))
			continue;
		r = try(&wide, cases[i].what);
		if (r != cases[i].wide)
			fail_msg("%s, wide: %d (%s)", cases[i].label, r, strerror(r));
		if (cases[i].what == grow)
			continue;
		r = try(&narrow, cases[i].what);
		if (r != cases[i].narrow)
			fail_msg("%s, narrow: %d (%s)", cases[i].label, r, strerror(r));
	}
}

static int read_open(void)
{
	char c;
	int pair[2] = { 200, 201 }; /* as bare_is_bare left them */

	return write(pair[1], "x", 1) == 1 && read(pair[0], &c, 1) == 1 && malloc(10000000) ? 0
											    : errno;
}

static int run_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED
		   ? errno
		   : 0;
}

static int turn_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 255 : mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int kill_it(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int look(void)
{
	struct stat st;

	return stat("/", &st) < 0 ? errno : 0;
}

/* Who is bare computes, on what is open, and does nothing else; the other members do not open anything again. */
static void bare_is_bare(void **state)
{
	const struct confine c = { .read = readable,
		.write = room,
		.max_file_bytes = 1 << 14,
		.network = true,
		.threads = true,
		.programs = true,
		.bare = true };
	int (*const closed[])(void) = { write_here, write_there, read_there, read_allowed,
		link_here, become, fork_it, thread, socket_it, run_memory, turn_memory, kill_it,
		look };
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	assert_true(dup2(pair[0], 200) == 200 && dup2(pair[1], 201) == 201);
	if (CONFINE_CHECKED)
		skip();
	assert_int_equal(try(&c, read_open), 0);
	for (size_t i = 0; i < NELEM(closed); i++) {
		int r = try(&c, closed[i]);

		if (r != EPERM)
			fail_msg("%zu: %d (%s)", i, r, strerror(r));
	}
}

/* Programs may be started where that is asked for, out of what may be read; they may no more than who starts them. */
static void programs(void **state)
{
	const struct confine c = { .read = readable, .programs = true };
	const char *const none[] = { "/etc", NULL };
	const struct confine no_program = { .read = none, .programs = true };

	assert_int_equal(try(&c, run_here), 0);
	assert_int_equal(try(&c, socket_it), EPERM);
	assert_int_not_equal(try(&(struct confine){ .read = readable }, run_here), 0);
	if (!landlock)
		return;
	assert_int_equal(try(&c, run_there), 2);
	assert_int_not_equal(try(&no_program, run_here), 0);
}

/* What there is not is said, and only that. */
static int say_missing(void)
{
	return 0;
}

static int find_out(void **state)
{
	int pair[2];
	struct err missing = { "" };
	pid_t pid;

	if (!mkdtemp(room) || !mkdtemp(other) || make(other, O_WRONLY | O_CREAT) || pipe(pair) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		const struct confine c = { .read = readable, .network = true, .threads = true };
		struct err e;
		int r = confine_self(&c, &missing, &e);

		if (r == 0 && write(pair[1], missing.text, sizeof(missing.text)) < 0)
			r = -EIO;
		_exit(r < 0);
	}
	(void)close(pair[1]);
	if (read(pair[0], missing.text, sizeof(missing.text)) != (ssize_t)sizeof(missing.text))
		return -1;
	(void)close(pair[0]);
	(void)waitpid(pid, NULL, 0);
	landlock = !strstr(missing.text, "Landlock");
	print_message("missing here: \"%s\"\n", missing.text);
	return try(&(struct confine){ .read = readable }, say_missing);
}

static int clean(void **state)
{
	(void)unlink(in(room));
	(void)unlink(in(other));
	return rmdir(room) | rmdir(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_open_and_closed),
		cmocka_unit_test(bare_is_bare),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, find_out, clean);
}
