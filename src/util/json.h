/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON out, streaming into a buffer. Commas and quoting are its business; what is not UTF-8 becomes
 * U+FFFD. A NULL key writes an array element or the top value. Source: RFC 8259. */
#ifndef ONUS_UTIL_JSON_H
#define ONUS_UTIL_JSON_H

#include "util/buf.h"

#define JSON_DEPTH_MAX 32

struct json {
	struct buf *out; /* borrowed */
	bool comma[JSON_DEPTH_MAX];
	unsigned depth;
};

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool v);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_real(struct json *j, const char *key, double v, int decimals); /* NaN, inf: null */
void json_span(struct json *j, const char *key, struct span v);          /* v.p NULL: null */
void json_str(struct json *j, const char *key, const char *v);           /* NULL: null */

#endif
