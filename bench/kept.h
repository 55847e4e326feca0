/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocks of an input, all read and kept in memory before the clock starts: what is compared is the matching, not
 * how fast the kernel copies a file. */
#ifndef ONUS_BENCH_KEPT_H
#define ONUS_BENCH_KEPT_H

#include <time.h>

#include "util/input.h"

#define KEPT_SLACK 64u /* readable behind a block */

struct kept {
	struct block *v;
	size_t n, cap;
};

/* kept_read - 0; or -errno of reading */
static inline int kept_read(struct input *in, struct kept *ret, struct err *e)
{
	struct block b;
	int r;

	*ret = (struct kept){ .v = NULL };
	while ((r = input_block(in, &b, e)) > 0) {
		size_t len = (size_t)(b.text.end - b.text.p);
		char *p = calloc(1, len + KEPT_SLACK);

		if (ret->n == ret->cap) {
			ret->cap = ret->cap ? 2 * ret->cap : 64;
			ret->v = realloc(ret->v, ret->cap * sizeof(*ret->v));
		}
		if (!p || !ret->v)
			abort();
		memcpy(p, b.text.p, len);
		b.text = (struct span){ p, p + len };
		ret->v[ret->n++] = b;
		for (const char *q = p; q < p + len; q++)
			b.first_number += *q == '\n';
		input_block_lines(in, b.first_number - ret->v[ret->n - 1].first_number);
	}
	return r;
}

static inline void kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		free((void *)(uintptr_t)k->v[i].text.p);
	free(k->v);
}

/* kept_clock - microseconds of processor time: what other programs do costs less of it than of the clock on the wall */
static inline int64_t kept_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

#endif
