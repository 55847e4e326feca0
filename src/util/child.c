/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

extern char **environ;

/* No signal is blocked or ignored in it: a closed pipe ends it. */
static int attributes(posix_spawnattr_t *a, bool group)
{
	sigset_t none, pipe;
	int r = posix_spawnattr_init(a);

	(void)sigemptyset(&none); /* these only fail for signals that do not exist */
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	if (r == 0)
		r = posix_spawnattr_setsigmask(a, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(a, &pipe);
	if (r == 0)
		r = posix_spawnattr_setpgroup(a, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(
		    a, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
			       (group ? POSIX_SPAWN_SETPGROUP : 0)));
	return r;
}

static int spawn(char *const argv[], const struct child_how *how, const int theirs[3], pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&files);

	if (r)
		return -r;
	r = attributes(&attr, how->group);
	if (r == 0 && how->dir)
		r = posix_spawn_file_actions_addchdir_np(&files, how->dir);
	for (int i = 0; r == 0 && i < 3; i++)
		r = posix_spawn_file_actions_adddup2(&files, theirs[i], i);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &files, &attr, argv, how->env ? how->env : environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}

int child_start_as(
    char *const argv[], const struct child_how *how, struct child *ret, struct err *e)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, said[2] = { -1, -1 }, r = 0;

	if ((!how->in && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0) ||
	    pipe2(out, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0)
		r = -errno;
	if (r == 0)
		r = spawn(
		    argv, how, (int[]){ how->in ? how->in : in[1], out[1], said[1] }, &ret->pid);
	close_fdp(&in[1]);
	close_fdp(&out[1]);
	close_fdp(&said[1]);
	if (r < 0) {
		close_fdp(&in[0]);
		close_fdp(&out[0]);
		close_fdp(&said[0]);
		return err_set(e, r, "cannot run %s: %s", argv[0], strerror(-r));
	}
	ret->in = in[0];
	ret->out = out[0];
	ret->said = said[0];
	return 0;
}

int child_start(char *const argv[], struct child *ret, struct err *e)
{
	return child_start_as(argv, &(struct child_how){ .env = NULL }, ret, e);
}

int child_take_in(struct child *c)
{
	return take_fd(&c->in);
}

int child_take_out(struct child *c)
{
	return take_fd(&c->out);
}

void child_end(struct child *c, struct child_end *ret)
{
	ssize_t got = 1;
	int status = 0;

	close_fdp(&c->in);
	close_fdp(&c->out);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	ret->said_len = 0;
	while (got > 0 && ret->said_len < CHILD_SAID_MAX) {
		got = read(c->said, ret->said + ret->said_len, CHILD_SAID_MAX - ret->said_len);
		ret->said_len += got > 0 ? (size_t)got : 0;
	}
	close_fdp(&c->said);
	ret->signalled = WIFSIGNALED(status);
	ret->status = ret->signalled ? WTERMSIG(status) : WEXITSTATUS(status);
}
