/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/ini.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "util/file.h"

/* struct one - one file's entries, before they are merged */
struct one {
	char *path;
	struct ini_entry *v;
	unsigned n, cap;
	int parent; /* who included it, -1 for the first */
	bool expanded;
};

struct ini {
	char *paths[INI_FILES_MAX]; /* what the entries' file points at */
	unsigned n_paths;
	struct ini_entry *v;
	unsigned n, cap;
};

static void entry_done(struct ini_entry *en)
{
	free(en->section);
	free(en->key);
	free(en->value);
}

static void one_done(struct one *o)
{
	for (unsigned i = 0; i < o->n; i++)
		entry_done(&o->v[i]);
	free(o->v);
	free(o->path);
	*o = (struct one){ 0 };
}

static char *dup_lower(struct span s)
{
	char *d = span_dup(s);

	for (char *p = d; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return d;
}

static struct ini_entry *find(struct ini_entry *v, unsigned n, const char *section, struct span key)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(v[i].section, section) == 0 && span_is(key, v[i].key))
			return &v[i];
	return NULL;
}

static int entry_add(struct ini_entry **v, unsigned *n, unsigned *cap, struct ini_entry en)
{
	if (*n == INI_ENTRIES_MAX || !en.section || !en.key || !en.value) {
		entry_done(&en);
		return *n == INI_ENTRIES_MAX ? -E2BIG : -ENOMEM;
	}
	if (*n == *cap) {
		unsigned to = *cap ? *cap * 2 : 32;
		struct ini_entry *w = realloc(*v, to * sizeof(*w));

		if (!w) {
			entry_done(&en);
			return -ENOMEM;
		}
		*v = w;
		*cap = to;
	}
	(*v)[(*n)++] = en;
	return 0;
}

/* --- one file --- */

/* What is being read: the value under way gathers in val until the next name or section. */
struct reader {
	struct one *to;
	struct span section, key;
	unsigned key_line;
	struct buf val;
	size_t indent;
};

/* Text before a comment. '#' and ';' open one at the start of a line, ';' also after a blank. */
static struct span strip_comment(struct span line, bool *comment)
{
	struct span t = span_trim(line);

	*comment = !span_empty(t) && (*t.p == '#' || *t.p == ';');
	if (*comment)
		return span_of(line.p, 0);
	for (const char *p = line.p; p < line.end; p++)
		if (*p == ';' && (p[-1] == ' ' || p[-1] == '\t')) {
			*comment = true;
			return span_trim((struct span){ line.p, p });
		}
	return t;
}

static int value_end(struct reader *r, struct err *e)
{
	struct span v = buf_text(&r->val);
	int code;

	if (!r->key.p)
		return 0;
	if (!buf_ok(&r->val))
		return err_set(e, -EFBIG, "%s:%u: a value of more than %u bytes", r->to->path,
		    r->key_line, INI_VALUE_MAX);
	while (v.end > v.p && v.end[-1] == '\n')
		v.end--;
	code = entry_add(&r->to->v, &r->to->n, &r->to->cap,
	    (struct ini_entry){ span_dup(r->section), dup_lower(r->key),
		v.p ? span_dup(v) : span_dup(SPAN("")), r->to->path, r->key_line });
	r->key.p = NULL;
	buf_reset(&r->val);
	if (code < 0)
		return err_set(e, code, "%s:%u: more than %u values, or out of memory", r->to->path,
		    r->key_line, INI_ENTRIES_MAX);
	return 0;
}

static int section_start(struct reader *r, struct span t, unsigned line, struct err *e)
{
	const char *close = memrchr(t.p, ']', span_len(t));

	if (!close || close == t.p + 1)
		return err_set(
		    e, -EINVAL, "%s:%u: a section begins with [NAME]", r->to->path, line);
	r->section = (struct span){ t.p + 1, close };
	return 0;
}

static int name_start(struct reader *r, struct span t, unsigned line, struct err *e)
{
	const char *eq = t.p;
	struct span key;
	char *low;
	bool twice;

	while (eq < t.end && *eq != '=' && *eq != ':')
		eq++;
	key = span_trim((struct span){ t.p, eq });
	if (eq == t.end || span_empty(key))
		return err_set(e, -EINVAL, "%s:%u: neither `name = value` nor a section: %.*s",
		    r->to->path, line, (int)MIN_OF(span_len(t), (size_t)60), t.p);
	if (!r->section.p)
		return err_set(
		    e, -EINVAL, "%s:%u: a value before the first section", r->to->path, line);
	low = dup_lower(key);
	if (!low)
		return err_set(e, -ENOMEM, "out of memory");
	twice = false;
	for (unsigned i = 0; i < r->to->n; i++)
		twice |=
		    span_is(r->section, r->to->v[i].section) && strcmp(r->to->v[i].key, low) == 0;
	free(low);
	if (twice)
		return err_set(e, -EINVAL, "%s:%u: %.*s stands twice in [%.*s]", r->to->path, line,
		    SPAN_ARG(key), SPAN_ARG(r->section));
	r->key = key;
	r->key_line = line;
	buf_span(&r->val, span_trim((struct span){ eq + 1, t.end }));
	return 0;
}

static int read_line(struct reader *r, struct span raw, unsigned line, struct err *e)
{
	bool comment;
	struct span t = strip_comment(raw, &comment);
	size_t indent = 0;
	int code;

	if (span_empty(t)) {
		if (!comment && r->key.p)
			buf_byte(&r->val, '\n');
		return 0;
	}
	while (raw.p[indent] == ' ' || raw.p[indent] == '\t')
		indent++;
	if (r->key.p && indent > r->indent) {
		buf_byte(&r->val, '\n');
		buf_span(&r->val, t);
		return 0;
	}
	code = value_end(r, e);
	if (code < 0)
		return code;
	r->indent = indent;
	return *t.p == '[' ? section_start(r, t, line, e) : name_start(r, t, line, e);
}

static int one_parse(struct one *o, struct span text, struct err *e)
{
	struct reader r = { .to = o };
	struct span line;
	unsigned number = 0;
	int code = 0;

	if (text.p && memchr(text.p, '\0', span_len(text)))
		return err_set(e, -EINVAL, "%s: NUL bytes: this is no filter file", o->path);
	if (span_starts(text, "\xef\xbb\xbf"))
		text.p += 3;
	buf_init(&r.val, INI_VALUE_MAX);
	while (code == 0 && !span_empty(text)) {
		(void)span_cut(&text, '\n', &line); /* the last line may lack its LF */
		code = read_line(&r, line, ++number, e);
	}
	if (code == 0)
		code = value_end(&r, e);
	buf_done(&r.val);
	return code;
}

static int one_read(struct one *o, struct err *e)
{
	struct buf b;
	int code;

	buf_init(&b, INI_FILE_MAX);
	code = file_read(o->path, &b, e);
	if (code == 0)
		code = one_parse(o, buf_text(&b), e);
	buf_done(&b);
	return code;
}

/* --- the files in their order --- */

struct order {
	struct one v[INI_FILES_MAX];
	unsigned n;
};

static bool is_ancestor(const struct order * or, int of, const char *path)
{
	for (; of >= 0; of = or->v[of].parent)
		if (strcmp(or->v[of].path, path) == 0)
			return true;
	return false;
}

/* Put a file (and the .local beside it) at place at. Returns how many were put, or -errno. */
static int insert(struct order * or, unsigned at, int parent, const char *path, struct err *e)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
	int put = 0;

	for (int local = 0; local <= 1; local++) {
		char p[PATH_MAX];
		int n = local ? snprintf(p, sizeof(p), "%.*s.local", (int)stem, path)
			      : snprintf(p, sizeof(p), "%s", path);

		if (n < 0 || (size_t)n >= sizeof(p))
			return err_set(e, -ENAMETOOLONG, "%s: the path is too long", path);
		if ((local && strcmp(p, path) == 0) || access(p, F_OK) < 0)
			continue;
		if (or->n == INI_FILES_MAX)
			return err_set(
			    e, -E2BIG, "%s: more than %u files are included", path, INI_FILES_MAX);
		memmove(& or->v[at + 1], & or->v[at], (or->n - at) * sizeof(or->v[0]));
		or->n++;
		for (unsigned i = 0; i < or->n; i++)
			or->v[i].parent += i != at && or->v[i].parent >= (int)at;
		parent += parent >= (int)at;
		or->v[at] = (struct one){ .path = strdup(p), .parent = parent };
		if (! or->v[at].path)
			return err_set(e, -ENOMEM, "out of memory");
		put++;
		at++;
	}
	return put;
}

/* Insert the files that `which` of file i names; *i moves when they come before it. */
static int include(struct order * or, unsigned *i, const char *which, bool before, struct err *e)
{
	const struct ini_entry *en = find(or->v[*i].v, or->v[*i].n, "INCLUDES", span_str(which));
	unsigned at = before ? *i : *i + 1;
	struct span list, name;

	if (!en)
		return 0;
	list = span_str(en->value);
	while (!span_empty(list)) {
		const char *self = or->v[*i].path, *slash = strrchr(self, '/');
		char p[PATH_MAX];
		int n;

		(void)span_cut(&list, '\n', &name); /* the last has no LF */
		name = span_trim(name);
		if (span_empty(name))
			continue;
		if (*name.p == '/' || !slash)
			n = snprintf(p, sizeof(p), "%.*s", SPAN_ARG(name));
		else
			n = snprintf(p, sizeof(p), "%.*s%.*s", (int)(slash + 1 - self), self,
			    SPAN_ARG(name));
		if (n < 0 || (size_t)n >= sizeof(p))
			return err_set(
			    e, -ENAMETOOLONG, "%s:%u: the path is too long", en->file, en->line);
		if (is_ancestor(or, (int)*i, p))
			continue;
		n = insert(or, at, (int)*i, p, e);
		if (n < 0)
			return n;
		at += (unsigned)n;
		*i += before ? (unsigned)n : 0;
	}
	return 0;
}

static int order_files(struct order * or, const char *path, struct err *e)
{
	int r = insert(or, 0, -1, path, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, -ENOENT, "%s: %s", path, strerror(ENOENT));
	for (unsigned i = 0; i < or->n;) {
		if (or->v[i].expanded) {
			i++;
			continue;
		}
		r = one_read(& or->v[i], e);
		or->v[i].expanded = true;
		if (r == 0)
			r = include(or, &i, "before", true, e);
		if (r == 0)
			r = include(or, &i, "after", false, e);
		if (r < 0)
			return r;
		i = 0;
	}
	return 0;
}

/* --- merged --- */

static int merge_entry(struct ini *in, struct ini_entry *from)
{
	struct ini_entry *old = find(in->v, in->n, from->section, span_str(from->key)), *known;
	char name[256];
	int n;

	if (!old)
		return entry_add(&in->v, &in->n, &in->cap,
		    (struct ini_entry){ take_ptr(&from->section), take_ptr(&from->key),
			take_ptr(&from->value), from->file, from->line });
	n = snprintf(name, sizeof(name), "KNOWN/%s", from->section);
	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	known = find(in->v, in->n, name, span_str(from->key));
	if (!known) {
		struct ini_entry was = { strdup(name), strdup(old->key), take_ptr(&old->value),
			old->file, old->line };
		size_t at = (size_t)(old - in->v);
		int r = entry_add(&in->v, &in->n, &in->cap, was);

		if (r < 0)
			return r;
		old = &in->v[at];
	} else {
		free(known->value);
		known->value = take_ptr(&old->value);
	}
	old->value = take_ptr(&from->value);
	old->file = from->file;
	old->line = from->line;
	return 0;
}

static int merge(struct ini *in, struct one *o)
{
	int r = 0;

	in->paths[in->n_paths++] = take_ptr(&o->path);
	for (unsigned i = 0; i < o->n && r == 0; i++)
		r = merge_entry(in, &o->v[i]);
	return r;
}

int ini_load(const char *path, struct ini **ret, struct err *e)
{
	struct ini *in = calloc(1, sizeof(*in));
	struct order * or = calloc(1, sizeof(* or));
	int r = -ENOMEM;

	if (!in || ! or)
		(void)err_set(e, r, "out of memory");
	else
		r = order_files(or, path, e);
	for (unsigned i = 0; or &&i < or->n; i++) {
		if (r == 0) {
			r = merge(in, & or->v[i]);
			if (r < 0)
				(void)err_set(e, r, "%s: more than %u values, or out of memory",
				    path, INI_ENTRIES_MAX);
		}
		one_done(& or->v[i]);
	}
	free(or);
	if (r < 0) {
		ini_free(in);
		return r;
	}
	*ret = in;
	return 0;
}

int ini_parse(const char *name, struct span text, struct ini **ret, struct err *e)
{
	struct ini *in = calloc(1, sizeof(*in));
	struct one o = { .path = strdup(name), .parent = -1 };
	int r = in && o.path ? one_parse(&o, text, e) : err_set(e, -ENOMEM, "out of memory");

	if (r == 0)
		r = merge(in, &o);
	one_done(&o);
	if (r < 0) {
		ini_free(in);
		return r;
	}
	*ret = in;
	return 0;
}

struct ini *ini_free(struct ini *in)
{
	if (!in)
		return NULL;
	for (unsigned i = 0; i < in->n; i++)
		entry_done(&in->v[i]);
	for (unsigned i = 0; i < in->n_paths; i++)
		free(in->paths[i]);
	free(in->v);
	free(in);
	return NULL;
}

const struct ini_entry *ini_raw(const struct ini *in, const char *section, struct span key)
{
	return find(in->v, in->n, section, key);
}

const struct ini_entry *ini_at(const struct ini *in, unsigned i)
{
	return i < in->n ? &in->v[i] : NULL;
}

/* --- interpolation --- */

struct found {
	struct span value;
	const struct ini_entry *entry; /* NULL: one of the caller's vars */
};

static bool in_section(
    const struct ini *in, const char *section, struct span key, struct found *ret)
{
	const struct ini_entry *en = find(in->v, in->n, section, key);

	if (!en)
		en = find(in->v, in->n, "DEFAULT", key);
	if (en)
		*ret = (struct found){ span_str(en->value), en };
	return en != NULL;
}

/* key is in lower case; section/name keeps the section's case apart in key_as_written. */
static bool look_up(const struct ini *in, const char *section, struct span key,
    struct span as_written, const struct ini_vars *vars, struct found *ret)
{
	const char *slash = memchr(key.p, '/', span_len(key));
	char name[256];
	struct span opt;
	int n;

	for (unsigned i = 0; vars && i < vars->n; i++)
		if (span_eq(vars->v[i].key, key)) {
			*ret = (struct found){ vars->v[i].value, NULL };
			return true;
		}
	if (in_section(in, section, key, ret))
		return true;
	if (!slash)
		return false;
	opt = (struct span){ slash + 1, key.end };
	if (slash - key.p == 5 && memcmp(key.p, "known", 5) == 0)
		n = snprintf(name, sizeof(name), "KNOWN/%s", section);
	else if (slash - key.p == 7 && memcmp(key.p, "default", 7) == 0)
		n = snprintf(name, sizeof(name), "DEFAULT");
	else
		n = snprintf(name, sizeof(name), "%.*s", (int)(slash - key.p), as_written.p);
	return n > 0 && (size_t)n < sizeof(name) && in_section(in, name, opt, ret);
}

static int look_up_any(const struct ini *in, const char *section, struct span key,
    const struct ini_vars *vars, struct found *ret)
{
	char low[256];
	size_t n = span_len(key);

	if (n == 0 || n > sizeof(low))
		return 0;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)tolower((unsigned char)key.p[i]);
	return look_up(in, section, span_of(low, n), key, vars, ret);
}

/* The name between %( and )s at s.p, or empty. */
static struct span reference(struct span s)
{
	const char *close;

	if (span_len(s) < 5 || s.p[1] != '(')
		return span_of(s.p, 0);
	close = memchr(s.p, ')', span_len(s));
	if (!close || close + 1 == s.end || close[1] != 's')
		return span_of(s.p, 0);
	return (struct span){ s.p + 2, close };
}

static int bad_value(const struct found *f, struct span at, const char *why, struct err *e)
{
	int n = (int)MIN_OF(span_len(at), (size_t)40);

	if (!f->entry)
		return err_set(e, -EINVAL, "%s: %.*s", why, n, at.p);
	return err_set(e, -EINVAL, "%s:%u: %s: %.*s", f->entry->file, f->entry->line, why, n, at.p);
}

static int expand(const struct ini *in, const char *section, const struct ini_vars *vars,
    const struct found *top, struct buf *out, struct err *e)
{
	struct span stack[INI_NEST_MAX] = { top->value };
	unsigned depth = 1, count = 0;

	while (depth > 0) {
		struct span *s = &stack[depth - 1], name;
		const char *pct = span_empty(*s) ? NULL : memchr(s->p, '%', span_len(*s));
		struct found f;

		if (!pct) {
			buf_span(out, *s);
			depth--;
			continue;
		}
		buf_span(out, (struct span){ s->p, pct });
		s->p = pct;
		if (span_len(*s) > 1 && s->p[1] == '%') {
			buf_byte(out, '%');
			s->p += 2;
			continue;
		}
		name = reference(*s);
		if (span_empty(name))
			return bad_value(top, *s, "a % must be %% or begin %(name)s", e);
		if (!look_up_any(in, section, name, vars, &f))
			return bad_value(top, name, "%(…)s names what is not defined", e);
		s->p = name.end + 2;
		if (depth == INI_NEST_MAX || ++count > INI_EXPAND_MAX || !buf_ok(out))
			return bad_value(top, name, "%(…)s is nested too deep, or in itself", e);
		stack[depth++] = f.value;
	}
	return buf_ok(out) ? 1 : bad_value(top, top->value, "the value grows too long", e);
}

int ini_value(const struct ini *in, const char *section, struct span key,
    const struct ini_vars *vars, struct buf *out, struct err *e)
{
	struct found f;

	if (!look_up_any(in, section, key, vars, &f))
		return 0;
	return expand(in, section, vars, &f, out, e);
}
