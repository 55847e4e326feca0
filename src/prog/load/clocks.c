/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/clocks.h"

#include <stdlib.h>

#include "core/batch.h"
#include "core/health.h"
#include "util/log.h"

#define AGAIN_S	 3600 /* from one line in the log to the next */
#define CHANGE_S 60   /* where it says something else */

struct seen {
	char host[BATCH_HOST_MAX + 1];
	int64_t offset_s;	  /* ahead of ours; 0: within the bound */
	int64_t told_s, logged_s; /* what the log said last, and when */
};

struct clocks {
	int64_t max_s;
	struct seen v[CLOCKS_MAX];
	unsigned n;
};

struct clocks *clocks_new(uint32_t max_s)
{
	struct clocks *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->max_s = max_s;
	return c;
}

struct clocks *clocks_free(struct clocks *c)
{
	free(c);
	return NULL;
}

static struct seen *seen(struct clocks *c, struct span host)
{
	unsigned i = 0;

	while (i < c->n && !span_is(host, c->v[i].host))
		i++;
	if (i == CLOCKS_MAX)
		return NULL;
	if (i == c->n) {
		(void)snprintf(
		    c->v[i].host, sizeof(c->v[i].host), "%.*s", SPAN_ARG(host)); /* fits */
		c->n++;
	}
	return &c->v[i];
}

/* Times are the sensor's word, and may be any. */
static int64_t minus(int64_t a, int64_t b)
{
	int64_t d;

	return __builtin_sub_overflow(a, b, &d) || d == INT64_MIN ? (a < b ? -INT64_MAX : INT64_MAX)
								  : d;
}

static void say_offset(int64_t offset_s, char ret[64])
{
	char span[32];

	health_span(offset_s < 0 ? -offset_s : offset_s, span);
	(void)snprintf(ret, 64, "%s %s", span, offset_s < 0 ? "behind" : "ahead"); /* fits */
}

/* A clock that is told of again and again, or a sensor that plays with it, does not fill the log. */
static void tell(struct clocks *c, struct seen *s, int64_t now_s)
{
	bool changed = (s->offset_s == 0) != (s->told_s == 0) ||
		       minus(s->offset_s, s->told_s) > c->max_s ||
		       minus(s->told_s, s->offset_s) > c->max_s;
	char text[64];

	if (now_s - s->logged_s < (changed ? CHANGE_S : AGAIN_S) || (!changed && !s->offset_s))
		return;
	s->logged_s = now_s;
	s->told_s = s->offset_s;
	say_offset(s->offset_s, text);
	if (s->offset_s)
		log_warn("host=%s its clock is %s of the hub's, and its events are dated by it: "
			 "set it (ntp)",
		    s->host, text);
	else
		log_info("host=%s its clock is right again", s->host);
}

void clocks_note(struct clocks *c, struct span host, int64_t created_s, int64_t sent_s,
    int64_t received_s, int64_t now_s)
{
	struct seen *s = seen(c, host);
	int64_t off = minus(sent_s, received_s), made = minus(created_s, received_s);

	if (!s)
		return;
	if (off >= -c->max_s && off <= c->max_s)
		off = made > c->max_s ? made : 0;
	s->offset_s = off;
	tell(c, s, now_s);
}

unsigned clocks_wrong(const struct clocks *c, char text[CLOCKS_TEXT_MAX])
{
	unsigned n = 0;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < c->n; i++) {
		char off[64], one[BATCH_HOST_MAX + 70];

		if (!c->v[i].offset_s)
			continue;
		say_offset(c->v[i].offset_s, off);
		(void)snprintf(
		    one, sizeof(one), "%s%s %s", n ? ", " : "", c->v[i].host, off); /* fits */
		if (len + strlen(one) < CLOCKS_TEXT_MAX) {
			memcpy(text + len, one, strlen(one) + 1);
			len += strlen(one);
		}
		n++;
	}
	return n;
}
