/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON out, streaming into a buffer. Commas and quoting are its business; what is not UTF-8 becomes
 * U+FFFD. A NULL key writes an array element or the top value. Named apart from jansson, which
 * reads. Source: RFC 8259. */
#ifndef ONUS_UTIL_JOUT_H
#define ONUS_UTIL_JOUT_H

#include "util/buf.h"

#define JOUT_DEPTH_MAX 32

struct jout {
	struct buf *out; /* borrowed */
	bool comma[JOUT_DEPTH_MAX];
	unsigned depth;
};

void jout_init(struct jout *j, struct buf *out);
void jout_object(struct jout *j, const char *key);
void jout_object_end(struct jout *j);
void jout_array(struct jout *j, const char *key);
void jout_array_end(struct jout *j);
void jout_null(struct jout *j, const char *key);
void jout_bool(struct jout *j, const char *key, bool v);
void jout_u64(struct jout *j, const char *key, uint64_t v);
void jout_i64(struct jout *j, const char *key, int64_t v);
void jout_real(struct jout *j, const char *key, double v, int decimals); /* NaN, inf: null */
void jout_span(struct jout *j, const char *key, struct span v);		 /* v.p NULL: null */
void jout_str(struct jout *j, const char *key, const char *v);		 /* NULL: null */

#endif
