/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which map an input wants: each that there is looks at its first lines. */
#include <errno.h>
#include <glob.h>
#include <limits.h>

#include "intake/jlog.h"

#define LINES_MAX 100u /* lines that vote */

static int add(struct jlogs *s, const char *name, struct err *e)
{
	struct jmap *map;
	int r;

	if (s->n == JLOGS_MAX)
		return err_set(e, -E2BIG, "more than %u maps for JSON logs", JLOGS_MAX);
	r = jmap_load(name, s->path, &map, e);
	if (r == 0)
		r = jlog_new(map, &s->options, &s->v[s->n], e);
	if (r < 0)
		return r;
	if (s->good)
		(void)jlog_good(s->v[s->n]); /* a map that knows of none finds none */
	s->n++;
	return 0;
}

/* An earlier directory had one of that name. */
static bool is_known(const glob_t *found, size_t i)
{
	const char *name = strrchr(found->gl_pathv[i], '/');

	for (size_t k = 0; k < i; k++)
		if (strcmp(strrchr(found->gl_pathv[k], '/'), name) == 0)
			return true;
	return false;
}

/* All maps of all directories, those of a directory by name. */
static int add_all(struct jlogs *s, struct err *e)
{
	struct span dirs = span_str(s->path), dir;
	glob_t found = { 0 };
	int r = 0, flags = 0;

	while (!span_empty(dirs)) {
		char pattern[PATH_MAX];
		int n;

		(void)span_cut(&dirs, ':', &dir); /* the last has none */
		n = snprintf(pattern, sizeof(pattern), "%.*s/*.conf", SPAN_ARG(dir));
		if (n < 0 || (size_t)n >= sizeof(pattern))
			continue;
		(void)glob(pattern, flags, NULL, &found); /* none there: none are added */
		flags = GLOB_APPEND;
	}
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
		if (!is_known(&found, i))
			r = add(s, found.gl_pathv[i], e);
	globfree(&found);
	return r;
}

static unsigned votes(const struct jlog *j, struct span head)
{
	unsigned n = 0;
	struct span line;

	for (unsigned i = 0; i < LINES_MAX && !span_empty(head); i++) {
		(void)span_cut(&head, '\n', &line); /* the last may be cut, and fits nothing then */
		n += jlog_fits(j, line);
	}
	return n;
}

static int load(struct jlogs *s, struct err *e)
{
	int r = 0;

	if (!s->loaded)
		r = s->name ? add(s, s->name, e) : add_all(s, e);
	s->loaded = r == 0;
	return r;
}

int jlogs_ready(struct jlogs *s, struct err *e)
{
	return s->name ? load(s, e) : 0;
}

int jlogs_choose(struct jlogs *s, struct span head, struct jlog **ret, struct err *e)
{
	unsigned best = 0;
	int r = load(s, e);

	if (r < 0)
		return r;
	*ret = s->name ? s->v[0] : NULL;
	for (unsigned i = 0; i < s->n && !s->name; i++) {
		unsigned n = votes(s->v[i], head);

		if (n > best) {
			best = n;
			*ret = s->v[i];
		}
	}
	if (*ret)
		return 0;
	return err_set(e, -ENOTSUP,
	    "JSON, but neither events (no source.ip) nor of a form that a map in %s knows; "
	    "doc/json-logs.md says how one is written",
	    s->path);
}

struct scan_counts jlogs_counts(const struct jlogs *s)
{
	struct scan_counts sum = { 0 };

	for (unsigned i = 0; s && i < s->n; i++) {
		const struct scan_counts *c = jlog_counts(s->v[i]);

		sum.lines += c->lines;
		sum.matched += c->matched;
		sum.events += c->events;
		sum.special += c->special;
		sum.own += c->own;
		sum.refused += c->refused;
	}
	return sum;
}

void jlogs_done(struct jlogs *s)
{
	for (unsigned i = 0; s && i < s->n; i++)
		s->v[i] = jlog_free(s->v[i]);
	if (s) {
		s->n = 0;
		s->loaded = false;
	}
}
