/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/num.h"

#include <errno.h>

int num_u64(struct span s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	bool over = false;

	if (span_empty(s))
		return -EINVAL;
	for (const char *p = s.p; p < s.end; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		over |= __builtin_mul_overflow(v, 10u, &v);
		over |= __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v);
	}
	if (over || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int num_u32(struct span s, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int r = num_u64(s, max, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_i64(struct span s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = !span_empty(s) && *s.p == '-';
	uint64_t v;
	int64_t n;
	int r;

	s.p += negative;
	r = num_u64(s, (uint64_t)INT64_MAX, &v);
	if (r < 0)
		return r;
	n = negative ? -(int64_t)v : (int64_t)v;
	if (n < min || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int num_real(struct span s, double *ret)
{
	double v = 0, scale = 0;

	if (span_empty(s) || span_len(s) > 17 || *s.p == '.' || s.end[-1] == '.')
		return -EINVAL;
	for (const char *p = s.p; p < s.end; p++) {
		if (*p == '.' && scale == 0) {
			scale = 1;
			continue;
		}
		if (*p < '0' || *p > '9')
			return -EINVAL;
		v = v * 10 + (*p - '0');
		scale *= 10;
	}
	*ret = scale > 1 ? v / scale : v;
	return 0;
}
