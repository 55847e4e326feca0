/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The skeleton, run in a child process: turns, signals, readiness, failures, status file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "svc/daemon.h"
#include "util/buf.h"
#include "util/file.h"

static int out_fd; /* the child tells its steps here, a letter each */
static const char *state_dir;
static int turns_to_fail;

static void step(char c)
{
	assert_int_equal(write(out_fd, &c, 1), 1);
}

static int open_it(struct daemon *d, void **state, struct err *e)
{
	step('o');
	*state = NULL;
	if (d->conf_file && strcmp(d->conf_file, "bad") == 0)
		return err_set(e, -EINVAL, "bad configuration");
	return state_dir ? daemon_status_dir(d, state_dir, e) : 0;
}

static int turn_it(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	step('t');
	daemon_count(d, "turns", 7);
	daemon_say(d, "all is \"well\"");
	if (turns_to_fail > 0) {
		turns_to_fail--;
		return err_set(e, -EIO, "no luck");
	}
	*wait_ms = d->once ? DAEMON_DONE : 60000;
	return 0;
}

static void close_it(void *state)
{
	step('c');
}

static int check_it(const struct daemon *d, struct err *e)
{
	return d->conf_file && strcmp(d->conf_file, "bad") == 0 ? err_set(e, -EINVAL, "line 1") : 0;
}

static const struct daemon_def def = {
	.name = "onus-test",
	.about = "A test.",
	.check = check_it,
	.open = open_it,
	.turn = turn_it,
	.close = close_it,
};

/* start - daemon_main in a child; *ret_fd reads its steps */
static pid_t start(int argc, char **argv, int *ret_fd)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(null_fd, STDERR_FILENO);
		out_fd = fds[1];
		_exit(daemon_main(&def, argc, argv));
	}
	(void)close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

static void expect(int fd, const char *steps)
{
	for (; *steps; steps++) {
		char c = 0;

		assert_int_equal(read(fd, &c, 1), 1);
		assert_int_equal(c, *steps);
	}
}

static int end(pid_t pid, int fd)
{
	int status;
	char c;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(fd, &c, 1), 0); /* no step that nobody expected */
	(void)close(fd);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_signals(void **state)
{
	char *argv[] = { (char[]){ "onus-test" }, NULL };
	int fd;
	pid_t pid = start(1, argv, &fd);

	expect(fd, "ot");
	assert_int_equal(kill(pid, SIGHUP), 0);
	expect(fd, "cot");
	assert_int_equal(kill(pid, SIGTERM), 0);
	expect(fd, "c");
	assert_int_equal(end(pid, fd), 0);
}

static void test_once(void **state)
{
	char *argv[] = { (char[]){ "onus-test" }, (char[]){ "--once" }, NULL };
	int fd;
	pid_t pid = start(2, argv, &fd);

	expect(fd, "otc");
	assert_int_equal(end(pid, fd), 0);
	turns_to_fail = 1;
	pid = start(2, argv, &fd);
	turns_to_fail = 0;
	expect(fd, "ottc");
	assert_int_equal(end(pid, fd), 0);
}

static void test_usage(void **state)
{
	static const struct {
		const char *label;
		const char *argv[4];
		int want;
		const char *steps;
	} cases[] = {
		{ "unknown option", { "onus-test", "--nonsense" }, 3, "" },
		{ "operand", { "onus-test", "file" }, 3, "" },
		{ "bad configuration, tested", { "onus-test", "-t", "-cbad" }, 3, "" },
		{ "good configuration, tested", { "onus-test", "-t" }, 0, "" },
		{ "bad configuration", { "onus-test", "-cbad" }, 3, "o" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		char *argv[5] = { NULL };
		int argc = 0, fd;
		pid_t pid;

		print_message("%s\n", cases[i].label);
		for (; cases[i].argv[argc]; argc++)
			assert_non_null(argv[argc] = strdup(cases[i].argv[argc]));
		pid = start(argc, argv, &fd);
		expect(fd, cases[i].steps);
		assert_int_equal(end(pid, fd), cases[i].want);
		while (argc > 0)
			free(argv[--argc]);
	}
}

static void test_notify_and_status(void **state)
{
	char dir[] = "/tmp/onus-daemon-XXXXXX", path[64], status[64], text[64];
	char *argv[] = { (char[]){ "onus-test" }, NULL };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct buf b;
	int sock, fd;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/notify", dir);
	(void)snprintf(status, sizeof(status), "%s/onus-test.status", dir);
	memcpy(a.sun_path, path, strlen(path) + 1);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	state_dir = dir;
	pid = start(1, argv, &fd);
	state_dir = NULL;
	(void)unsetenv("NOTIFY_SOCKET");
	expect(fd, "ot");
	assert_int_equal(recv(sock, text, sizeof(text), 0), 8);
	assert_memory_equal(text, "READY=1\n", 8);
	assert_int_equal(kill(pid, SIGINT), 0);
	expect(fd, "c");
	assert_int_equal(end(pid, fd), 0);
	assert_int_equal(recv(sock, text, sizeof(text), 0), 11);
	assert_memory_equal(text, "STOPPING=1\n", 11);
	buf_init(&b, 4096);
	assert_int_equal(file_read(status, &b, NULL), 0);
	assert_non_null(strstr(b.p, "\"state\":\"stopped\""));
	assert_non_null(strstr(b.p, "\"message\":\"all is \\\"well\\\"\""));
	assert_non_null(strstr(b.p, "\"turns\":7"));
	buf_done(&b);
	(void)close(sock);
	(void)unlink(path);
	(void)unlink(status);
	(void)snprintf(path, sizeof(path), "%s/.onus-test.lock", dir);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_notify_and_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
