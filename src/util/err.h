/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentence that goes with a negative errno: what failed, on which object, what to do. Libraries
 * fill it, programs print it once. */
#ifndef ONUS_UTIL_ERR_H
#define ONUS_UTIL_ERR_H

#include "util/macro.h"

#define ERR_MAX 1024

struct err {
	char text[ERR_MAX];
};

/* err_set - replace the text; e may be NULL (the caller does not want it). Untrusted bytes in the
 * result are made printable. Returns code, so that `return err_set(e, -EINVAL, …)` reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);

/* err_wrap - put "where: " before what is there already; returns code */
int err_wrap(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);

#endif
