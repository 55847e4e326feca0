/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing byte buffer that was given its maximum at birth. The first failed append sticks: later
 * ones are no-ops, and buf_ok() says so once at the end. */
#ifndef ONUS_UTIL_BUF_H
#define ONUS_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/span.h"

struct buf {
	char *p; /* owned; always NUL-terminated when not NULL */
	size_t len, cap, max;
	bool bad; /* over the maximum, or out of memory */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);  /* frees; NULL-safe, callable twice */
void buf_reset(struct buf *b); /* empty again, keeps its memory */

void buf_put(struct buf *b, const void *p, size_t n);
void buf_byte(struct buf *b, char c);
void buf_span(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *s);
void buf_u64(struct buf *b, uint64_t v); /* decimal */
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_le16(struct buf *b, uint16_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);

/* buf_room - make room for n bytes and return where they go (NULL when bad); buf_grew tells how
 * many of them were written. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

static inline bool buf_ok(const struct buf *b)
{
	return !b->bad;
}

static inline struct span buf_text(const struct buf *b)
{
	return (struct span){ b->p, b->p ? b->p + b->len : NULL };
}

#endif
