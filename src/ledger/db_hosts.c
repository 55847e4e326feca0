/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/db_hosts.h"

#include <errno.h>
#include <stdlib.h>

#include "util/num.h"

void db_hosts_done(struct db_hosts *h)
{
	for (unsigned i = 0; i < h->n; i++)
		free(h->v[i].name);
	*h = (struct db_hosts){ .n = 0 };
}

void db_hosts_next(struct db_hosts *h)
{
	if (h->n)
		h->at = (h->at + 1) % h->n;
}

/* NAME, NAME:PORT, ADDRESS, [ADDRESS] or [ADDRESS]:PORT; false when it is none of them. */
static bool host_parse(struct span s, uint32_t *port, struct span *name)
{
	struct span rest = s;

	*name = s;
	if (span_starts(s, "[")) {
		rest.p++;
		if (!span_cut(&rest, ']', name))
			return false;
		if (span_empty(rest))
			return !span_empty(*name);
		if (*rest.p++ != ':')
			return false;
	} else if (!span_cut(&rest, ':', name)) {
		return !span_empty(*name);
	} else if (memchr(rest.p, ':', span_len(rest))) { /* an address of IPv6 */
		*name = s;
		return true;
	}
	return !span_empty(*name) && num_u32(rest, 65535, port) == 0 && *port > 0;
}

int db_hosts_parse(struct span list, uint16_t port, struct db_hosts *ret, struct err *e)
{
	struct db_hosts h = { .n = 0 };
	struct span one;
	int r = 0;

	do {
		struct span name;
		uint32_t own = port;
		bool more = span_cut(&list, ',', &one);

		if (h.n == DB_HOSTS_MAX)
			r = err_set(e, -EINVAL, "more than %u hosts", DB_HOSTS_MAX);
		else if (!host_parse(one, &own, &name))
			r = err_set(e, -EINVAL,
			    "host \"%.*s\": want HOST, HOST:PORT or [ADDRESS]:PORT, separated by "
			    "commas",
			    SPAN_ARG(one));
		if (r < 0) {
			db_hosts_done(&h);
			return r;
		}
		h.v[h.n] = (struct db_host){ .name = span_dup(name), .port = (uint16_t)own };
		if (!h.v[h.n++].name)
			abort();
		if (!more)
			break;
	} while (true);
	*ret = h;
	return 0;
}
