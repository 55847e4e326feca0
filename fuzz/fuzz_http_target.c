/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any request target; what is accepted is written back and read again as the same. */
#include "fuzz.h"

#include <stdlib.h>

#include "svc/http.h"
#include "util/percent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_target first, second;
	struct buf again;
	char byte[3];

	if (http_target_parse(span_of((const char *)data, size), &first) != 0)
		return 0;
	buf_init(&again, 3 * HTTP_TARGET_MAX);
	for (const char *p = first.path.p; p < first.path.end; p++)
		buf_put(&again, byte, percent_byte(*p, "-._~:/", byte));
	if (again.len <= HTTP_TARGET_MAX && (http_target_parse(buf_text(&again), &second) != 0 ||
						!span_eq(first.path, second.path)))
		abort();
	buf_done(&again);
	return 0;
}
