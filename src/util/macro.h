/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small words that every file of ours uses. */
#ifndef ONUS_UTIL_MACRO_H
#define ONUS_UTIL_MACRO_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NELEM(a)     (sizeof(a) / sizeof((a)[0]))
#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn)  __attribute__((cleanup(fn)))
#define NOINLINE     __attribute__((noinline))
#define INLINE	     static inline __attribute__((always_inline))
#define LIKELY(x)    __builtin_expect(!!(x), 1)
#define UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* Cleanup handlers for the CLEANUP attribute: early returns free what they hold. */
static inline void free_p(void *p)
{
	free(*(void **)p);
}

static inline void close_fdp(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written through it, or it was synced before */
}

static inline void fclose_fp(FILE **f)
{
	if (*f)
		(void)fclose(*f); /* writers check fflush before they get here */
}

/* take_fd, take_ptr - hand the value on and disarm its CLEANUP */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

static inline void *take_ptr_(void *pp)
{
	void *v = *(void **)pp;

	*(void **)pp = NULL;
	return v;
}
#define take_ptr(pp) ((__typeof__(*(pp)))take_ptr_(pp))

#endif
