/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/graph/args.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void args_add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	assert(a->n < ARGS_MAX); /* rows are ours */
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) < 0)
		abort();
	va_end(ap);
	a->n++;
}

void args_done(struct args *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		free(a->v[i]);
		a->v[i] = NULL;
	}
	a->n = 0;
}
