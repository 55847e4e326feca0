/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/backup.h"

#include <errno.h>
#include <inttypes.h>

#include "util/clock.h"
#include "util/jout.h"

int backup_open(struct backup *x, bool write, struct err *e)
{
	x->conf = conf_open(x->conf_file, x->set.v, x->set.n, e);
	if (!x->conf)
		return -EINVAL;
	return hub_open(x->conf->hub, write ? HUB_WRITE : HUB_READ, &x->hub, e);
}

void backup_close(struct backup *x)
{
	x->hub = hub_free(x->hub);
	x->conf = conf_free(x->conf);
}

static void say(const struct backup *x, const char *done, FILE *to)
{
	const struct hub_contents *c = &x->contents;
	char at[UTC_TEXT_MAX];

	utc_format(c->at_s, at);
	for (unsigned i = 0; i < c->n; i++)
		(void)fprintf(to, "%-12s %12" PRIu64 " rows  %016" PRIx64 "%016" PRIx64 "\n",
		    c->v[i].table, c->v[i].sum.rows, c->v[i].sum.high, c->v[i].sum.low);
	(void)fprintf(to, "%s: %" PRIu64 " rows in %u tables, as of %s\n", done, c->rows, c->n, at);
}

static void say_json(const struct backup *x, const char *done, FILE *to)
{
	CLEANUP(buf_done) struct buf b;
	const struct hub_contents *c = &x->contents;
	char at[UTC_TEXT_MAX], sum[33];
	struct jout j;

	buf_init(&b, 1u << 20);
	utc_format(c->at_s, at);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "done", done);
	jout_str(&j, "as_of", at);
	jout_u64(&j, "rows", c->rows);
	jout_object(&j, "tables");
	for (unsigned i = 0; i < c->n; i++) {
		(void)snprintf(sum, sizeof(sum), "%016" PRIx64 "%016" PRIx64, c->v[i].sum.high,
		    c->v[i].sum.low);
		jout_object(&j, c->v[i].table);
		jout_u64(&j, "rows", c->v[i].sum.rows);
		jout_str(&j, "checksum", sum);
		jout_object_end(&j);
	}
	jout_object_end(&j);
	jout_object_end(&j);
	(void)fprintf(to, "%.*s\n", SPAN_ARG(buf_text(&b)));
}

int backup_code(
    const struct backup *x, int r, const char *done, bool to_stderr, const struct err *e)
{
	if (r == 0) {
		(x->json ? say_json : say)(x, done, to_stderr ? stderr : stdout);
		return 0;
	}
	(void)fprintf(stderr, "%s: %s\n", x->name, e->text[0] ? e->text : strerror(-r));
	return r == -EINVAL || r == -EEXIST ? 3 : 2;
}
