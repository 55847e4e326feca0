/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where onus-milter listens, as mail servers' own configurations write it. */
#ifndef ONUS_PROG_MILTER_WHERE_H
#define ONUS_PROG_MILTER_WHERE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/err.h"

#define WHERE_MAX 128 /* bytes with NUL */

struct where {
	char text[WHERE_MAX]; /* as libmilter wants it */
	bool path;	      /* a socket in the file system */
	struct sockaddr_storage at;
	socklen_t len;
};

/* where_parse - inet:PORT@ADDRESS, inet6:PORT@ADDRESS, unix:/PATH or local:/PATH; addresses are numbers, with or without
 * brackets, so that no resolver is asked
 * Returns 0; -EINVAL with what is wanted. *ret is set only on success. */
MUST_USE int where_parse(const char *text, struct where *ret, struct err *e);

/* where_taken - does somebody listen there? */
bool where_taken(const struct where *w);

#endif
