/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where onus-milter listens, as mail servers' own configurations write it. */
#ifndef ONUS_PROG_MILTER_WHERE_H
#define ONUS_PROG_MILTER_WHERE_H

#include "svc/listen.h"

#define WHERE_MAX 128 /* bytes with NUL */

struct where {
	char text[WHERE_MAX]; /* in one form for each place */
	struct listen_at at;
};

/* where_parse - inet:PORT@ADDRESS, inet6:PORT@ADDRESS, unix:/PATH or local:/PATH; addresses are numbers, with or without
 * brackets, so that no resolver is asked
 * Returns 0; -EINVAL with what is wanted. *ret is set only on success. */
MUST_USE int where_parse(const char *text, struct where *ret, struct err *e);

#endif
