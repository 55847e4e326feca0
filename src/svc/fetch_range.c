/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/fetch_range.h"

#include <errno.h>
#include <strings.h>
#include <time.h>

#include "util/num.h"

/* A file that is written twice in one second has one date; so the server's clock must be well past it. */
#define SURE_S 60

/* --- heads ---------------------------------------------------------------------------------------------- */

static bool identity(const char *encoding)
{
	return !encoding || strcasecmp(encoding, "identity") == 0;
}

/* "…", and none that begins with W/ */
static bool strong(const char *etag)
{
	size_t n = strlen(etag);

	if (n < 2 || n > FETCH_TAG_MAX || etag[0] != '"' || etag[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++)
		if (etag[i] < '!' || etag[i] > '~' || etag[i] == '"')
			return false;
	return true;
}

bool fetch_range_keeps(const struct fetch_heads *h)
{
	if (!identity(h->encoding) || (h->ranges && strcasecmp(h->ranges, "none") == 0))
		return false;
	if (h->etag)
		return strong(h->etag);
	return h->modified_s && h->date_s >= h->modified_s + SURE_S;
}

/* --- Content-Range -------------------------------------------------------------------------------------- */

int fetch_range_parse(struct span text, uint64_t *first, uint64_t *last, uint64_t *total)
{
	struct span unit, range, from;
	uint64_t f, l, t = 0;

	text = span_trim(text);
	if (!span_cut(&text, ' ', &unit) || span_len(unit) != 5 ||
	    strncasecmp(unit.p, "bytes", 5) != 0)
		return -EINVAL;
	if (!span_cut(&text, '/', &range) || !span_cut(&range, '-', &from))
		return -EINVAL;
	if (num_u64(from, FETCH_BYTES_MAX, &f) < 0 || num_u64(range, FETCH_BYTES_MAX, &l) < 0 ||
	    l < f)
		return -EINVAL;
	if (!span_is(text, "*") && (num_u64(text, FETCH_BYTES_MAX, &t) < 0 || l >= t))
		return -EINVAL;
	*first = f;
	*last = l;
	*total = t;
	return 0;
}

/* An ETag that is there must be ours, and ours must be there: only a server without ETags is believed a date. */
static bool same_thing(const struct fetch_part *p, const struct fetch_heads *h)
{
	if (strcmp(h->etag ? h->etag : "", p->etag) != 0)
		return false;
	return !h->modified_s || !p->modified_s || h->modified_s == p->modified_s;
}

const char *fetch_range_misfit(const struct fetch_part *p, uint64_t have,
    const struct fetch_heads *h, uint64_t *end, uint64_t *total)
{
	uint64_t first, last, all;

	if (!h->range || h->n_range != 1)
		return "the server sends a part and does not say which";
	if (fetch_range_parse(span_str(h->range), &first, &last, &all) < 0)
		return "the server sends a part and says what is no range";
	if (!identity(h->encoding))
		return "the server sends the rest packed, and the beginning was not";
	if (!same_thing(p, h))
		return "the server sends a part of something else";
	if (first != have)
		return "the server sends another part than was asked for";
	if (all && p->total && all != p->total)
		return "the server sends a part of something longer or shorter";
	all = all ? all : p->total;
	if (!all || last >= all)
		return "the server does not say how long the whole is";
	if (h->length >= 0 && (uint64_t)h->length != last - first + 1)
		return "the server sends more or less than it says";
	*end = last + 1;
	*total = all;
	return NULL;
}

void fetch_range_date(uint64_t time_s, char ret[FETCH_DATE_MAX])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)time_s;
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&t, &tm); /* the year 9999 is the last that comes here */
	(void)snprintf(ret, FETCH_DATE_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday % 7], tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec); /* it has room */
}
