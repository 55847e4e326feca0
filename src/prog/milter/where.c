/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/where.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "util/num.h"

enum { KIND_INET, KIND_INET6, KIND_UNIX, KIND_LOCAL, KIND_N };

static const struct {
	const char *name;
	int family;
} kinds[] = {
	[KIND_INET] = { "inet", AF_INET },
	[KIND_INET6] = { "inet6", AF_INET6 },
	[KIND_UNIX] = { "unix", AF_UNIX },
	[KIND_LOCAL] = { "local", AF_UNIX },
};
_Static_assert(NELEM(kinds) == KIND_N, "kinds out of step");

static bool path_read(struct span s, struct where *ret)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&ret->at.at;
	size_t n = span_len(s);

	if (!span_starts(s, "/") || n >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, s.p, n);
	ret->at.how = LISTEN_UNIX_STREAM;
	ret->at.len = sizeof(*un);
	ret->at.loopback = true;
	(void)snprintf(ret->text, sizeof(ret->text), "local:%s", un->sun_path); /* it fits */
	return true;
}

static struct span bare(struct span s)
{
	if (span_len(s) >= 2 && *s.p == '[' && s.end[-1] == ']')
		return (struct span){ s.p + 1, s.end - 1 };
	return s;
}

static bool address_read(int family, struct span s, struct where *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->at.at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->at.at;
	char host[INET6_ADDRSTRLEN];
	uint32_t port = 0;
	struct span first;

	if (!span_cut(&s, '@', &first) || num_u32(first, 65535, &port) < 0 || port == 0)
		return false;
	s = bare(s);
	if (span_len(s) >= sizeof(host))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", SPAN_ARG(s)); /* it fits */
	ret->at.how = LISTEN_TCP;
	if (family == AF_INET) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		ret->at.len = sizeof(*v4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		ret->at.len = sizeof(*v6);
	}
	(void)snprintf(ret->text, sizeof(ret->text), "%s:%u@[%s]",
	    family == AF_INET ? "inet" : "inet6", port, host); /* it fits */
	return inet_pton(family, host,
		   family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr) == 1;
}

int where_parse(const char *text, struct where *ret, struct err *e)
{
	struct span rest = span_str(text), name;

	for (unsigned i = 0; span_cut(&rest, ':', &name) && i < KIND_N; i++) {
		struct where w = { .text = "" };

		if (!span_is(name, kinds[i].name)) {
			rest = span_str(text);
			continue;
		}
		if (kinds[i].family == AF_UNIX ? !path_read(rest, &w)
					       : !address_read(kinds[i].family, rest, &w))
			break;
		*ret = w;
		return 0;
	}
	return err_set(e, -EINVAL,
	    "milter_listen = %.100s: give inet:PORT@ADDRESS, inet6:PORT@ADDRESS or unix:/PATH, as "
	    "in "
	    "inet:10032@127.0.0.1 or inet6:10032@::1",
	    text);
}
