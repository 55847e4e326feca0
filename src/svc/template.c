/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A template is a flat array of nodes; sections know where they end, so rendering needs a small stack
 * of its own and no recursion. */
#include "svc/template.h"

#include <dirent.h>
#include <errno.h>

#include "util/file.h"

#define DELIMITER_MAX 8u
#define OPEN_MAX      32u /* sections within each other in one template */

enum node_kind {
	NODE_TEXT,
	NODE_VAR,
	NODE_RAW,
	NODE_SECTION,
	NODE_INVERTED,
	NODE_END,
	NODE_PARTIAL
};

struct node {
	enum node_kind kind;
	bool line_start;    /* first of its line: a partial's indentation goes before it */
	uint32_t jump;	    /* section: index of its end; end: index of its section */
	struct span text;   /* literal text, or the name */
	struct span indent; /* standalone partial: the blanks before it */
};

struct template
{
	char *name, *source; /* owned; nodes borrow from source */
	struct node *nodes;
	uint32_t n, cap;
};

struct template_set {
	struct template t[TEMPLATE_SET_MAX];
	unsigned n;
};

struct template_set *template_set_new(void)
{
	return calloc(1, sizeof(struct template_set));
}

static void template_done(struct template *t)
{
	free(t->name);
	free(t->source);
	free(t->nodes);
	*t = (struct template){ 0 };
}

struct template_set *template_set_free(struct template_set *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->n; i++)
		template_done(&s->t[i]);
	free(s);
	return NULL;
}

static const struct template *find(const struct template_set *s, struct span name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (span_is(name, s->t[i].name))
			return &s->t[i];
	return NULL;
}

/* ---- compiling ---- */

struct compiler {
	struct template *t;
	const char *start, *p, *end;
	struct span open, close;     /* delimiters */
	uint32_t sections[OPEN_MAX]; /* indexes of open sections */
	unsigned depth;
	bool line_start; /* nothing was emitted yet for the line at p */
	struct err *e;
};

/* struct tag - one {{…}} as it stands in the source */
struct tag {
	char kind;		 /* 0 for a variable, else one of & { # ^ / > ! = */
	struct span name;	 /* trimmed content */
	const char *start, *end; /* with delimiters */
	const char *line,
	    *next; /* standalone: start of its line, start of the next line; else NULL */
};

static int fail(const struct compiler *c, const char *at, int code, const char *what)
{
	unsigned line = 1;

	for (const char *p = c->start; p < at; p++)
		line += *p == '\n';
	return err_set(c->e, code, "line %u: %s", line, what);
}

static const char *find_text(const char *p, const char *end, struct span what)
{
	return p < end ? memmem(p, (size_t)(end - p), what.p, span_len(what)) : NULL;
}

static struct node *node_new(struct compiler *c, enum node_kind kind, struct span text)
{
	struct template *t = c->t;
	struct node *grown;
	uint32_t cap;

	if (t->n == t->cap) {
		cap = t->cap ? t->cap * 2 : 64;
		if (cap > TEMPLATE_NODES_MAX)
			return NULL;
		grown = reallocarray(t->nodes, cap, sizeof(*grown));
		if (!grown)
			return NULL;
		t->nodes = grown;
		t->cap = cap;
	}
	t->nodes[t->n] = (struct node){ .kind = kind, .text = text, .line_start = c->line_start };
	c->line_start = false;
	return &t->nodes[t->n++];
}

/* Literal text, a node for each line, because each may need indentation in front. */
static int emit_text(struct compiler *c, const char *end)
{
	const char *lf;

	while (c->p < end) {
		lf = memchr(c->p, '\n', (size_t)(end - c->p));
		if (lf)
			lf++;
		if (!node_new(c, NODE_TEXT, (struct span){ c->p, lf ? lf : end }))
			return fail(c, c->p, -E2BIG, "the template is too large");
		c->p = lf ? lf : end;
		if (lf)
			c->line_start = true;
	}
	return 0;
}

/* A tag that produces no text and stands alone on its line takes the whole line with it. */
static void look_around(const struct compiler *c, struct tag *tag)
{
	const char *left = tag->start, *right = tag->end;

	if (!tag->kind || !strchr("#^/>!=", tag->kind))
		return;
	while (left > c->start && (left[-1] == ' ' || left[-1] == '\t'))
		left--;
	if (left > c->start && left[-1] != '\n')
		return;
	while (right < c->end && (*right == ' ' || *right == '\t'))
		right++;
	if (right < c->end && *right == '\r' && right + 1 < c->end && right[1] == '\n')
		right++;
	if (right < c->end && *right != '\n')
		return;
	tag->line = left;
	tag->next = right < c->end ? right + 1 : right;
}

static int read_tag(const struct compiler *c, const char *start, struct tag *tag)
{
	const char *p = start + span_len(c->open), *close;
	struct span end_mark = c->close;
	char mark[DELIMITER_MAX + 2];

	*tag = (struct tag){ .start = start };
	if (p < c->end && strchr("&{#^/>!=", *p) && *p) {
		tag->kind = *p++;
		if (tag->kind == '{' || tag->kind == '=') {
			mark[0] = tag->kind == '{' ? '}' : '=';
			memcpy(mark + 1, c->close.p, span_len(c->close));
			end_mark = span_of(mark, span_len(c->close) + 1);
		}
	}
	close = find_text(p, c->end, end_mark);
	if (!close)
		return fail(c, start, -EINVAL, "a tag is not closed");
	tag->name = span_trim((struct span){ p, close });
	tag->end = close + span_len(end_mark);
	look_around(c, tag);
	return 0;
}

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static bool name_ok(struct span name)
{
	if (span_empty(name) || span_len(name) > TEMPLATE_NAME_MAX)
		return false;
	for (const char *p = name.p; p < name.end; p++)
		if (blank(*p))
			return false;
	return true;
}

static int set_delimiters(struct compiler *c, const struct tag *tag)
{
	struct span s = tag->name, open, close;
	const char *p = s.p;

	while (p < s.end && !blank(*p))
		p++;
	open = (struct span){ s.p, p };
	close = span_trim((struct span){ p, s.end });
	if (!name_ok(open) || !name_ok(close) || span_len(open) > DELIMITER_MAX ||
	    span_len(close) > DELIMITER_MAX || memchr(open.p, '=', span_len(open)) ||
	    memchr(close.p, '=', span_len(close)))
		return fail(c, tag->start, -EINVAL, "delimiters must be two words without '='");
	c->open = open;
	c->close = close;
	return 0;
}

static int section_end(struct compiler *c, const struct tag *tag)
{
	struct node *end;
	uint32_t open;

	if (c->depth == 0)
		return fail(c, tag->start, -EINVAL, "a section is closed that was not opened");
	open = c->sections[--c->depth];
	if (!span_eq(c->t->nodes[open].text, tag->name))
		return fail(c, tag->start, -EINVAL, "sections are closed in the wrong order");
	end = node_new(c, NODE_END, tag->name);
	if (!end)
		return fail(c, tag->start, -E2BIG, "the template is too large");
	end->jump = open;
	c->t->nodes[open].jump = c->t->n - 1;
	return 0;
}

static int emit_tag(struct compiler *c, const struct tag *tag)
{
	static const struct {
		char mark;
		enum node_kind kind;
	} kinds[] = { { 0, NODE_VAR }, { '&', NODE_RAW }, { '{', NODE_RAW }, { '#', NODE_SECTION },
		{ '^', NODE_INVERTED }, { '>', NODE_PARTIAL } };
	enum node_kind kind = NODE_VAR;
	struct node *node;

	if (!name_ok(tag->name))
		return fail(
		    c, tag->start, -EINVAL, "a tag's name is empty, too long or has blanks");
	if (tag->kind == '/')
		return section_end(c, tag);
	for (unsigned i = 0; i < NELEM(kinds); i++)
		if (kinds[i].mark == tag->kind)
			kind = kinds[i].kind;
	if ((kind == NODE_SECTION || kind == NODE_INVERTED) && c->depth == OPEN_MAX)
		return fail(c, tag->start, -E2BIG, "too many sections within each other");
	node = node_new(c, kind, tag->name);
	if (!node)
		return fail(c, tag->start, -E2BIG, "the template is too large");
	if (kind == NODE_PARTIAL && tag->line)
		node->indent = (struct span){ tag->line, tag->start };
	if (kind == NODE_SECTION || kind == NODE_INVERTED)
		c->sections[c->depth++] = c->t->n - 1;
	return 0;
}

static int one_tag(struct compiler *c, const char *start)
{
	struct tag tag;
	int r = read_tag(c, start, &tag);

	if (r < 0)
		return r;
	r = emit_text(c, tag.line ? tag.line : tag.start);
	if (r < 0)
		return r;
	if (tag.line)
		c->line_start = false;
	if (tag.kind == '=')
		r = set_delimiters(c, &tag);
	else if (tag.kind != '!')
		r = emit_tag(c, &tag);
	if (tag.line)
		c->line_start = true;
	c->p = tag.line ? tag.next : tag.end;
	return r;
}

static int compile(struct template *t, size_t len, struct err *e)
{
	struct compiler c = { .t = t,
		.start = t->source,
		.p = t->source,
		.end = t->source + len,
		.open = SPAN("{{"),
		.close = SPAN("}}"),
		.line_start = true,
		.e = e };
	const char *tag;
	int r;

	while ((tag = find_text(c.p, c.end, c.open))) {
		r = one_tag(&c, tag);
		if (r < 0)
			return r;
	}
	r = emit_text(&c, c.end);
	if (r < 0)
		return r;
	if (c.depth)
		return fail(&c, c.t->nodes[c.sections[c.depth - 1]].text.p, -EINVAL,
		    "a section is never closed");
	return 0;
}

int template_add(struct template_set *s, struct span name, struct span text, struct err *e)
{
	struct template *t = &s->t[s->n];
	int r;

	if (s->n == TEMPLATE_SET_MAX)
		return err_set(e, -E2BIG, "more than %u templates", TEMPLATE_SET_MAX);
	if (find(s, name))
		return err_set(e, -EEXIST, "template %.*s is there twice", SPAN_ARG(name));
	if (span_len(text) > TEMPLATE_BYTES_MAX)
		return err_set(e, -E2BIG, "over %u bytes", TEMPLATE_BYTES_MAX);
	*t = (struct template){ .name = span_dup(name), .source = malloc(span_len(text) + 1) };
	if (!t->name || !t->source) {
		template_done(t);
		return err_set(e, -ENOMEM, "out of memory");
	}
	if (!span_empty(text))
		memcpy(t->source, text.p, span_len(text));
	r = compile(t, span_len(text), e);
	if (r < 0) {
		template_done(t);
		return r;
	}
	s->n++;
	return 0;
}

static int load_one(
    struct template_set *s, const char *dir, const char *file, size_t name_len, struct err *e)
{
	CLEANUP(buf_done) struct buf text, path;
	int r;

	buf_init(&path, 4096);
	buf_init(&text, TEMPLATE_BYTES_MAX);
	buf_fmt(&path, "%s/%s", dir, file);
	if (!buf_ok(&path))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", dir);
	r = file_read(path.p, &text, e);
	if (r < 0)
		return r;
	r = template_add(s, span_of(file, name_len), buf_text(&text), e);
	return r < 0 ? err_wrap(e, r, "%s", path.p) : 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* it was only read */
}

int template_load(struct template_set *s, const char *dir, struct err *e)
{
	CLEANUP(close_dir) DIR *d = opendir(dir);
	unsigned before = s->n;
	struct dirent *entry;
	size_t n;
	int r;

	if (!d)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		n = strlen(entry->d_name);
		if (n < 6 || entry->d_name[0] == '.' || strcmp(entry->d_name + n - 5, ".html") != 0)
			continue;
		r = load_one(s, dir, entry->d_name, n - 5, e);
		if (r < 0)
			return r;
	}
	if (s->n == before)
		return err_set(e, -ENOENT, "%s: no templates (*.html) in this directory", dir);
	return 0;
}

/* ---- rendering ---- */

struct frame {
	const struct template *back; /* partial: where to go on; NULL for a section */
	uint32_t pc;		     /* partial: the node to go on with; section: its index */
	size_t indent;		     /* partial: bytes of indentation before it */
};

struct renderer {
	const struct template_set *set;
	const struct template *t;
	uint32_t pc;
	struct frame frames[TEMPLATE_DEPTH_MAX];
	unsigned depth;
	const struct value *context[TEMPLATE_DEPTH_MAX + 1];
	const struct value *item[TEMPLATE_DEPTH_MAX + 1]; /* within a list: its current element */
	unsigned contexts;
	char indent[256];
	size_t indent_len;
	struct buf *out;
};

void template_escape(struct buf *out, struct span text)
{
	static const char *const entity[128] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"
	};
	const char *run = text.p;

	for (const char *p = text.p; p < text.end; p++) {
		unsigned char ch = (unsigned char)*p;

		if (ch >= 128 || !entity[ch])
			continue;
		buf_put(out, run, (size_t)(p - run));
		buf_str(out, entity[ch]);
		run = p + 1;
	}
	if (run < text.end)
		buf_put(out, run, (size_t)(text.end - run));
}

/* The first part of a dotted name is sought outwards, the others only within what was found. */
static const struct value *resolve(const struct renderer *r, struct span name)
{
	const struct value *v = NULL;
	struct span part;

	if (span_is(name, "."))
		return r->context[r->contexts - 1];
	span_cut(&name, '.', &part);
	for (unsigned i = r->contexts; i-- > 0 && !v;)
		v = value_get(r->context[i], part);
	while (v && !span_empty(name)) {
		span_cut(&name, '.', &part);
		v = value_get(v, part);
	}
	return v;
}

static int section_start(struct renderer *r, const struct node *node)
{
	const struct value *v = resolve(r, node->text);
	bool list = v && v->kind == VALUE_LIST;

	if (value_true(v) == (node->kind == NODE_INVERTED)) {
		r->pc = node->jump + 1;
		return 0;
	}
	if (r->depth == TEMPLATE_DEPTH_MAX)
		return -ELOOP;
	r->frames[r->depth++] = (struct frame){ .pc = r->pc };
	if (node->kind == NODE_SECTION) {
		r->item[r->contexts] = list ? v->first : NULL;
		r->context[r->contexts++] = list ? v->first : v;
	}
	r->pc++;
	return 0;
}

static void section_stop(struct renderer *r)
{
	const struct frame *f = &r->frames[r->depth - 1];
	const struct node *open = &r->t->nodes[f->pc];
	const struct value *item;

	if (open->kind == NODE_SECTION) {
		item = r->item[r->contexts - 1];
		if (item && item->next) {
			r->item[r->contexts - 1] = r->context[r->contexts - 1] = item->next;
			r->pc = f->pc + 1;
			return;
		}
		r->contexts--;
	}
	r->depth--;
	r->pc++;
}

static int partial_start(struct renderer *r, const struct node *node)
{
	const struct template *t = find(r->set, node->text);
	size_t n = span_len(node->indent);

	r->pc++;
	if (!t)
		return 0;
	if (r->depth == TEMPLATE_DEPTH_MAX || n > sizeof(r->indent) - r->indent_len)
		return -ELOOP;
	r->frames[r->depth++] =
	    (struct frame){ .back = r->t, .pc = r->pc, .indent = r->indent_len };
	if (n)
		memcpy(r->indent + r->indent_len, node->indent.p, n);
	r->indent_len += n;
	r->t = t;
	r->pc = 0;
	return 0;
}

/* Runs off the end of the template: back to the one that included it; false at the outermost. */
static bool partial_stop(struct renderer *r)
{
	const struct frame *f;

	if (r->depth == 0)
		return false;
	f = &r->frames[--r->depth];
	r->t = f->back;
	r->pc = f->pc;
	r->indent_len = f->indent;
	return true;
}

static int step(struct renderer *r)
{
	const struct node *node = &r->t->nodes[r->pc];
	const struct value *v;

	if (node->line_start && r->indent_len)
		buf_put(r->out, r->indent, r->indent_len);
	switch (node->kind) {
	case NODE_TEXT:
		buf_span(r->out, node->text);
		break;
	case NODE_VAR:
	case NODE_RAW:
		v = resolve(r, node->text);
		if (v && v->kind == VALUE_TEXT && node->kind == NODE_VAR)
			template_escape(r->out, v->text);
		else if (v && v->kind == VALUE_TEXT)
			buf_span(r->out, v->text);
		break;
	case NODE_SECTION:
	case NODE_INVERTED:
		return section_start(r, node);
	case NODE_END:
		section_stop(r);
		return 0;
	case NODE_PARTIAL:
		return partial_start(r, node);
	}
	r->pc++;
	return 0;
}

int template_render(const struct template_set *s, const char *name, const struct value *root,
    struct buf *out, struct err *e)
{
	struct renderer r = { .set = s,
		.t = find(s, span_str(name)),
		.context = { root },
		.contexts = 1,
		.out = out };
	uint32_t steps = 0;

	if (!r.t)
		return err_set(e, -ENOENT, "there is no template %s", name);
	do {
		while (r.pc < r.t->n) {
			if (++steps > TEMPLATE_STEPS_MAX || step(&r) < 0)
				return err_set(e, -ELOOP, "template %s never ends", name);
		}
	} while (partial_stop(&r) && buf_ok(out));
	if (!buf_ok(out))
		return err_set(e, -EFBIG, "the page of template %s is too large", name);
	return 0;
}
