/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/threshold.h"

#include <errno.h>

#include "util/num.h"

#define ROW(which, name, standard, min, max, whole, help)                                          \
	[THRESHOLD_##which] = { name, standard, min, max, whole, help }
const struct threshold_row threshold_rows[THRESHOLD_N] = {
	ROW(ADDR_P7, "addr.p7", 0.35, 0.2, 0.95, false,
	    "an address is walled off when it is so likely to attack again within 7 days, and "
	    "slowed down from half of that on"),
	ROW(ADDR_WEIGHT, "addr.weight", 0.5, 0.2, 1, false,
	    "and a day of its evidence weighs so much"),
	ROW(ADDR_HITS, "addr.hits", 5, 2, 10000, true,
	    "or when so many hits of it on one day were verified here: for an hour"),
	ROW(BLOCK_HOSTS, "block.hosts", 4, 2, 256, true,
	    "a block is slowed down when so many of its addresses attacked within 7 days"),
	ROW(BLOCK_DAYS, "block.days", 2, 1, 7, true, "on so many of these days, or"),
	ROW(BLOCK_PEAK, "block.peak", 8, 4, 256, true, "so many addresses on one of them,"),
	ROW(BLOCK_NEW, "block.new", 1, 0.25, 100, false,
	    "and so many new attackers are expected in the next 7 days, or"),
	ROW(BLOCK_M, "block.m", 4, 1, 1000, false, "so many attackers in all,"),
	ROW(BLOCK_M_LOW, "block.m-low", 0.5, 0.1, 100, false,
	    "of which so many nine times out of ten"),
	ROW(BLOCK_FROM, "block.from", 2, 1, 17, true,
	    "from this episode on a block or network is refused, before that slowed down; 17: "
	    "never"),
	ROW(NET_BLOCKS, "net.blocks", 3, 3, 256, true,
	    "a network is slowed down when so many of its blocks are,"),
	ROW(NET_SHARE, "net.share", 0.25, 0.25, 1, false, "such a share of those it announces,"),
	ROW(NET_NEW, "net.new", 0.25, 0.25, 100, false,
	    "and so many new attackers are expected in each in the next 7 days"),
	ROW(AS_BOUND, "as.bound", 20, 10, 1000, false,
	    "an AS or organisation is slowed down when its rate is so many times the world's, nine "
	    "times out of ten,"),
	ROW(AS_SHARE, "as.share", 0.3, 0.25, 1, false, "and such a share of its blocks is"),
	ROW(BUDGET, "budget", 1048576, 256, 1048576, true,
	    "so many addresses at most are in blocks and networks that are slowed down or refused"),
};

struct thresholds thresholds_standard(void)
{
	struct thresholds t;

	for (unsigned i = 0; i < THRESHOLD_N; i++)
		t.v[i] = threshold_rows[i].standard;
	return t;
}

int threshold_find(struct span name, enum threshold *ret)
{
	for (unsigned i = 0; i < THRESHOLD_N; i++) {
		if (!span_is(name, threshold_rows[i].name))
			continue;
		*ret = (enum threshold)i;
		return 0;
	}
	return -EINVAL;
}

void threshold_format(enum threshold t, double v, char ret[THRESHOLD_TEXT_MAX])
{
	(void)snprintf(ret, THRESHOLD_TEXT_MAX, threshold_rows[t].whole ? "%.0f" : "%g", v);
}

int threshold_parse(enum threshold t, struct span text, double *ret, struct err *e)
{
	const struct threshold_row *row = &threshold_rows[t];
	char min[THRESHOLD_TEXT_MAX], max[THRESHOLD_TEXT_MAX], back[THRESHOLD_TEXT_MAX];
	double v = 0, same = 0;
	int r = num_real(text, &v);

	threshold_format(t, row->min, min);
	threshold_format(t, row->max, max);
	if (r < 0 || !(v >= row->min && v <= row->max))
		return err_set(e, -EINVAL,
		    "%s: \"%.*s\" is not within its bounds, which are %s to %s", row->name,
		    (int)MIN_OF(span_len(text), (size_t)40), text.p, min, max);
	/* What is kept as text must be what was meant. */
	threshold_format(t, v, back);
	r = num_real(span_str(back), &same);
	if (r < 0 || same < v || same > v)
		return err_set(e, -EINVAL, "%s: \"%.*s\": %s", row->name, SPAN_ARG(text),
		    row->whole ? "want a whole number" : "want six digits at most");
	*ret = v;
	return 0;
}
