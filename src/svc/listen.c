/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/num.h"

#define BACKLOG 511

static const struct {
	const char *name;
	int type;
	bool path; /* a place in the file system, no address */
} ways[] = {
	[LISTEN_UDP] = { "udp:", SOCK_DGRAM, false },
	[LISTEN_TCP] = { "tcp:", SOCK_STREAM, false },
	[LISTEN_UNIX] = { "unix:", SOCK_DGRAM, true },
	[LISTEN_UNIX_STREAM] = { "unix-stream:", SOCK_STREAM, true },
};
_Static_assert(NELEM(ways) == LISTEN_HOW_N, "ways out of step");

int listen_address(const char *text, struct listen_at *ret)
{
	struct listen_at at = { .how = LISTEN_TCP };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at.at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at.at;
	const char *colon = strrchr(text, ':');
	char host[64];
	uint32_t port;
	size_t n;

	if (!colon || num_u32(span_str(colon + 1), 65535, &port) < 0)
		return -EINVAL;
	n = (size_t)(colon - text);
	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		at.len = sizeof(*v6);
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
			return -EINVAL;
		at.loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		at.len = sizeof(*v4);
		if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
			return -EINVAL;
		at.loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	}
	*ret = at;
	return 0;
}

static int path_parse(const char *path, struct listen_at *ret)
{
	struct listen_at at = { .len = sizeof(struct sockaddr_un), .loopback = true };
	struct sockaddr_un *un = (struct sockaddr_un *)&at.at;
	size_t n = strlen(path);

	if (*path != '/' || n >= sizeof(un->sun_path))
		return -EINVAL;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	*ret = at;
	return 0;
}

int listen_parse(const char *text, struct listen_at *ret, struct err *e)
{
	for (unsigned i = 0; i < LISTEN_HOW_N; i++) {
		size_t n = strlen(ways[i].name);

		if (strncmp(text, ways[i].name, n) != 0)
			continue;
		if ((ways[i].path ? path_parse(text + n, ret) : listen_address(text + n, ret)) < 0)
			break;
		ret->how = (enum listen_how)i;
		return 0;
	}
	return err_set(e, -EINVAL,
	    "listen = %.100s: give udp:ADDRESS:PORT, tcp:ADDRESS:PORT, unix:/PATH or "
	    "unix-stream:/PATH, as in udp:127.0.0.1:514 or tcp:[::1]:601",
	    text);
}

bool listen_streams(const struct listen_at *at)
{
	return ways[at->how].type == SOCK_STREAM;
}

/* One that a program left behind; not one that somebody listens on. */
static void remove_left(const struct listen_at *at)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&at->at;
	CLEANUP(close_fdp) int fd = socket(AF_UNIX, ways[at->how].type | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	if (connect(fd, (const struct sockaddr *)&at->at, at->len) < 0 && errno == ECONNREFUSED)
		(void)unlink(un->sun_path); /* else bind says why not */
}

static int prepare(int fd, const struct listen_at *at)
{
	int on = 1;

	if (ways[at->how].path) {
		remove_left(at);
		return 0;
	}
	if (ways[at->how].type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (at->shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -errno;
	if (at->at.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int listen_open(const struct listen_at *at, int *ret, struct err *e)
{
	CLEANUP(close_fdp)
	int fd = socket(at->at.ss_family, ways[at->how].type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r = fd < 0 ? -errno : prepare(fd, at);

	if (r < 0)
		return err_set(e, r, "cannot make a socket: %s", strerror(-r));
	mask = umask(0117);
	if (bind(fd, (const struct sockaddr *)&at->at, at->len) < 0 ||
	    (ways[at->how].type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
		r = -errno;
	(void)umask(mask);
	if (r < 0)
		return err_set(e, r, "%s", strerror(-r));
	*ret = take_fd(&fd);
	return 0;
}
