/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/limit.h"

#include <errno.h>
#include <math.h>

#include "util/num.h"

static int number(struct span s, double *ret)
{
	bool minus = span_starts(s, "-");

	if (minus)
		s.p++;
	if (num_real(s, ret) < 0)
		return -EINVAL;
	if (minus)
		*ret = -*ret;
	return 0;
}

int limit_parse(struct span s, struct limit *ret, struct err *e)
{
	struct limit l = { .set = !span_empty(s), .low = 0, .high = HUGE_VAL };
	struct span rest = s, low;

	if (span_len(s) >= sizeof(l.text))
		return err_set(
		    e, -EINVAL, "a range of more than %zu characters", sizeof(l.text) - 1);
	memcpy(l.text, s.p ? s.p : "", span_len(s));
	if (!l.set) {
		*ret = l;
		return 0;
	}
	l.inside = span_starts(rest, "@");
	if (l.inside)
		rest.p++;
	if (span_empty(rest))
		goto bad;
	if (!span_cut(&rest, ':', &low)) { /* the end alone: from 0 on */
		if (number(low, &l.high) < 0)
			goto bad;
	} else {
		if (span_is(low, "~"))
			l.low = -HUGE_VAL;
		else if (!span_empty(low) && number(low, &l.low) < 0)
			goto bad;
		if (!span_empty(rest) && number(rest, &l.high) < 0)
			goto bad;
	}
	if (l.low > l.high)
		return err_set(e, -EINVAL, "\"%s\": its start is above its end", l.text);
	*ret = l;
	return 0;
bad:
	return err_set(e, -EINVAL, "\"%s\" is no range: 10, 10:, ~:10, 10:20 or @10:20", l.text);
}

bool limit_alert(const struct limit *l, double value)
{
	bool within = value >= l->low && value <= l->high;

	return l->set && within == l->inside;
}
