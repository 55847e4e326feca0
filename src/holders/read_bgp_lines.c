/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of BGP routers as programs print MRT files, one line a path that one peer sent:
 *   TABLE_DUMP2|1452168107|B|10.0.15.1|65015|10.0.10.0/24|65015 65014 65013|IGP|…          bgpdump -m
 *   TABLE_DUMP2_AP|1452168107|B|10.0.15.1|65015|10.0.10.0/24|36|65015 65014 65013|IGP|…    with path numbers
 *   A|1452168107.0|10.0.15.1|65015|10.0.10.0/24|65015 65014 65013|IGP|…                    bgpkit-parser
 * The origin is the last AS of the path. The lines of one prefix stand together (a table is in order), so that
 * the peers who see it from each origin can be counted in little memory; a prefix that comes again later makes
 * facts again. Updates say what changed and not what is: they are left out.
 * Source: process() of bgpdump 1.6.2; Display of BgpElem of bgpkit-parser; RFC 6396. */
#include <errno.h>

#include "holders/bgp_lines.h"
#include "holders/fact_text.h"
#include "holders/route_text.h"

#define FIELDS	  12u
#define PATHS_MAX 4096u /* different pairs of peer and origin of one prefix */

/* Which field of a line is what; word stands first. left: why lines of the kind make no fact. */
static const struct form {
	const char *word;
	unsigned peer, prefix, path;
	const char *left;
} forms[] = {
	{ "TABLE_DUMP2", 3, 5, 6, NULL },
	{ "TABLE_DUMP", 3, 5, 6, NULL },
	{ "TABLE_DUMP2_AP", 3, 5, 7, NULL },
	{ "A", 2, 4, 5, NULL },
	{ "W", 2, 4, 4, "a withdrawal" },
	{ "BGP4MP", 3, 4, 4, "an update, not a line of a table" },
	{ "BGP4MP_AP", 3, 4, 4, "an update, not a line of a table" },
	{ "BGP4MP_ET", 3, 4, 4, "an update, not a line of a table" },
};

/* struct tally - the paths of the prefix that the reading is in */
struct tally {
	const struct fact_to *to;
	struct range range;
	uint64_t line; /* its first; 0: none yet */
	struct path {
		struct addr peer;
		uint32_t as;
	} path[PATHS_MAX];
	unsigned n;
};

static unsigned cut(struct span text, struct span f[FIELDS])
{
	unsigned n = 0;
	bool more = true;

	while (more && n < FIELDS)
		more = span_cut(&text, '|', &f[n++]);
	return n;
}

static const struct form *form_of(struct span word)
{
	for (size_t i = 0; i < NELEM(forms); i++)
		if (span_is(word, forms[i].word))
			return &forms[i];
	return NULL;
}

/* --- one prefix ----------------------------------------------------------------------------------- */

/* A fact for each origin, with the number of its peers. */
static int tally_end(struct tally *t)
{
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < t->n; i++) {
		uint32_t as = t->path[i].as, seen = 0;

		if (as == 0)
			continue; /* counted with an earlier one */
		for (unsigned k = i; k < t->n; k++) {
			if (t->path[k].as != as)
				continue;
			seen++;
			t->path[k].as = 0;
		}
		r = route_take(t->to, "BGP", t->range, as, seen, t->line);
	}
	t->n = 0;
	t->line = 0;
	return r;
}

static bool tally_add(struct tally *t, struct addr peer, uint32_t as)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->path[i].as == as && addr_eq(t->path[i].peer, peer))
			return true;
	if (t->n == PATHS_MAX)
		return false;
	t->path[t->n++] = (struct path){ peer, as };
	return true;
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* The AS at the end of a path, or the several of a set there. */
static const char *origin_of(struct span path, struct route_origins *ret)
{
	const char *blank;

	path = span_trim(path);
	if (!span_empty(path) && (path.end[-1] == ')' || path.end[-1] == ']'))
		return "a path that ends within a confederation";
	blank = memrchr(path.p, ' ', span_len(path));
	return route_origins(blank ? (struct span){ blank + 1, path.end } : path, ret);
}

static bool same_range(struct range a, struct range b)
{
	return addr_eq(a.first, b.first) && addr_eq(a.last, b.last);
}

/* Returns what take says; *why: the line is refused. */
static int path_add(
    struct tally *t, const struct form *form, const struct span *f, uint64_t line, const char **why)
{
	struct route_origins o;
	struct range range;
	struct addr peer;
	int r = 0;

	if ((*why = route_prefix(f[form->prefix], &range)))
		return 0;
	if (addr_parse(f[form->peer], &peer) < 0)
		*why = "not the address of a peer";
	else
		*why = origin_of(f[form->path], &o);
	if (*why)
		return 0;
	if (t->line && !same_range(range, t->range))
		r = tally_end(t);
	t->range = range;
	t->line = t->line ? t->line : line;
	for (unsigned i = 0; i < o.n; i++)
		if (!tally_add(t, peer, o.as[i]))
			*why = "too many paths to one prefix";
	return r;
}

/* Why a line makes no fact by rule; NULL: it is a path. */
static const char *left_out(const struct form *form, const struct span *f)
{
	if (form->left)
		return form->left;
	return span_empty(span_trim(f[form->path])) ? "without a path: of the router itself" : NULL;
}

static int line_read(struct tally *t, const struct line *line)
{
	struct span f[FIELDS], text = span_trim(line->text);
	const char *why = NULL, *left = NULL;
	unsigned n = cut(text, f);
	const struct form *form = form_of(f[0]);
	int r = 0;

	if (span_empty(text))
		return 0;
	if (!form)
		why = "not a line of a table";
	else if (n <= form->path || (line->cut && n == form->path + 1))
		why = "fields are missing"; /* those behind the path may be as long as they like */
	else if ((left = left_out(form, f)) == NULL)
		r = path_add(t, form, f, line->number, &why);
	if (why)
		fact_refuse(t->to, line->number, why);
	else if (left)
		fact_leave(t->to, line->number, left);
	return r;
}

int bgp_lines_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct tally *t = malloc(sizeof(*t));
	struct line line;
	int r = 0, got = 0;

	if (!t)
		return err_set(e, -ENOMEM, "%s: out of memory", input_name(in));
	t->to = to;
	t->line = 0;
	t->n = 0;
	while (r >= 0 && (got = input_line(in, &line, e)) > 0)
		r = line_read(t, &line);
	if (r >= 0 && got == 0)
		r = tally_end(t);
	free(t);
	return r < 0 ? r : got;
}

static bool is_line(struct span line)
{
	struct span f[FIELDS];
	const struct form *form;
	struct addr peer;
	unsigned n = cut(line, f);

	form = form_of(f[0]);
	return form && n > form->path && addr_parse(f[form->peer], &peer) == 0;
}

static bool bgp_lines_claims(struct span head)
{
	return route_claims(head, "", is_line);
}

const struct fact_reader fact_reader_bgp_lines = {
	.name = "bgp-lines",
	.claims = bgp_lines_claims,
	.read = bgp_lines_read,
};
