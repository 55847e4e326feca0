/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/num.h"

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || n < 2 || n >= sizeof(a.sun_path))
		return -1;
	memcpy(a.sun_path, path, n);
	if (path[0] == '@')
		a.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		(void)close(fd); /* never used */
		return -1;
	}
	return fd;
}

void notify_init(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t v, for_pid;

	*n = (struct notify){ .fd = path ? connect_to(path) : -1 };
	if (usec && num_u64(span_str(usec), INT64_MAX, &v) == 0 &&
	    (!pid || (num_u64(span_str(pid), INT64_MAX, &for_pid) == 0 &&
			 for_pid == (uint64_t)getpid())))
		n->interval_us = (int64_t)(v / 3);
	/* Children must not speak in our name. */
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void notify_done(struct notify *n)
{
	if (n->fd >= 0)
		(void)close(n->fd); /* datagrams: nothing is pending */
	n->fd = -1;
}

void notify_send(struct notify *n, const char *text)
{
	if (n->fd >= 0)
		(void)send(n->fd, text, strlen(text),
		    MSG_NOSIGNAL); /* systemd's loss is systemd's to time out */
}

void notify_alive(struct notify *n)
{
	int64_t now_us;

	if (n->interval_us == 0 || n->fd < 0)
		return;
	now_us = clock_monotonic_us();
	if (now_us - n->last_us < n->interval_us)
		return;
	n->last_us = now_us;
	notify_send(n, "WATCHDOG=1\n");
}
