/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_sensor.h"

#include <errno.h>

#include "ledger/hub_priv.h"

#define FIELDS_BEFORE 5u /* of an event line, before its source (doc/contracts/event-line.md) */

/* struct names - of one batch: those met so far, and what they are in the ledger */
struct names {
	struct hub *h;
	const char *host;
	int32_t day;
	struct {
		char said[EVENT_SOURCE_MAX + 1], is[EVENT_SOURCE_MAX + 1];
	} v[HUB_SENSOR_SOURCES_MAX + 1];
	unsigned n;
	struct err *e;
};

static int is_known(struct names *n, const char *name)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(n->h->db, "SELECT id FROM source WHERE name = ?", &s, n->e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, span_str(name));
	return db_step(s, n->e);
}

/* Names that begin with HOST_ are those from it up to HOST and the sign behind _. */
static int count(struct names *n, int64_t *ret)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	char from[BATCH_HOST_MAX + 2], to[BATCH_HOST_MAX + 2];
	int r = db_prepare(
	    n->h->db, "SELECT count(*) FROM source WHERE name >= ? AND name < ?", &s, n->e);

	if (r < 0)
		return r;
	(void)snprintf(from, sizeof(from), "%s_", n->host); /* fits, and so does the next */
	(void)snprintf(to, sizeof(to), "%s%c", n->host, '_' + 1);
	db_bind_text(s, 1, span_str(from));
	db_bind_text(s, 2, span_str(to));
	r = db_step(s, n->e);
	*ret = r == 1 ? db_i64(s, 0) : 0;
	return MIN_OF(r, 0);
}

/* A full table of sources is no trouble here: folding has a source for that. */
static int make(struct names *n, const char *name)
{
	struct hub_source s = { .name = name,
		.kind = HUB_SOURCE_SENSOR,
		.group = n->host,
		.trust = HUB_NEWCOMER_TRUST };
	int r = hub_source_set(n->h, &s, n->day, NULL, n->e);

	return r == -E2BIG ? 0 : r;
}

/* The name of a source in the ledger; "" for one that cannot have any. */
static int name_of(struct names *n, struct span said, const char **ret)
{
	char is[BATCH_HOST_MAX + EVENT_SOURCE_MAX + 2];
	int64_t there = 0;
	int r;

	for (unsigned i = 0; i < n->n; i++)
		if (span_is(said, n->v[i].said)) {
			*ret = n->v[i].is;
			return 0;
		}
	*ret = "";
	if (span_empty(said) || span_len(said) > EVENT_SOURCE_MAX ||
	    memchr(said.p, '\\', span_len(said)) || !span_utf8(said))
		return 0;
	(void)snprintf(is, sizeof(is), "%s_%.*s", n->host, SPAN_ARG(said)); /* fits */
	if (strlen(is) > EVENT_SOURCE_MAX)
		return 0;
	r = is_known(n, is);
	if (r == 0)
		r = count(n, &there);
	if (r == 0 && there >= HUB_SENSOR_SOURCES_MAX) {
		(void)snprintf(is, sizeof(is), "%s_" HUB_SENSOR_OVERFLOW, n->host);
		r = strlen(is) > EVENT_SOURCE_MAX ? -EINVAL : is_known(n, is);
		if (r == -EINVAL)
			return 0;
	}
	if (r == 0)
		r = make(n, is);
	if (r < 0)
		return r;
	if (n->n == NELEM(n->v)) /* a batch of all sorts of names: asked for again */
		n->n = 0;
	(void)snprintf(n->v[n->n].said, sizeof(n->v[n->n].said), "%.*s", SPAN_ARG(said)); /* fits */
	(void)snprintf(n->v[n->n].is, sizeof(n->v[n->n].is), "%.*s", (int)EVENT_SOURCE_MAX, is);
	*ret = n->v[n->n++].is;
	return 0;
}

/* One line without its LF. What has fewer fields stays as it is: it names no source. */
static int put_line(struct names *n, struct span line, struct buf *out)
{
	struct span rest = line, field, said;
	const char *name;
	int r;

	if (span_empty(line) || *line.p == '#') {
		buf_span(out, line);
		return 0;
	}
	for (unsigned i = 0; i < FIELDS_BEFORE; i++)
		if (!span_cut(&rest, '\t', &field)) {
			buf_span(out, line);
			return 0;
		}
	buf_span(out, (struct span){ line.p, rest.p });
	(void)span_cut(&rest, '\t', &said);
	r = name_of(n, said, &name);
	if (r < 0)
		return r;
	buf_str(out, name);
	buf_span(out, (struct span){ said.end, line.end });
	return 0;
}

int hub_sensor_lines(
    struct hub *h, const char *host, struct span lines, int32_t day, struct buf *out, struct err *e)
{
	struct names *n = calloc(1, sizeof(*n));
	struct span rest = lines, line;
	int r = 0;

	if (!n)
		abort();
	*n = (struct names){ .h = h, .host = host, .day = day, .e = e };
	while (r == 0 && !span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		r = put_line(n, line, out);
		buf_byte(out, '\n');
	}
	free(n);
	if (r == 0 && !buf_ok(out))
		r = err_set(e, -ENOMEM, "out of memory");
	return r;
}
