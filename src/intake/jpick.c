/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/jpick.h"

#include <errno.h>

#include "util/bytes.h"

#define NODES_MAX    512u
#define NO_NODE	     0xffffu
#define NO_SLOT	     0xffu
#define NUMBER_CHARS 48u /* longer ones are no numbers that anybody compares */

/* struct node - a member (or element) on the way to a path */
struct node {
	char *name; /* owned; NULL: an element */
	uint32_t len, index;
	uint16_t child, next; /* the first below, the next beside it */
	uint8_t slot;	      /* path that ends here */
	uint8_t mark;	      /* of the name */
	uint64_t marks; /* bit n: a name with the mark n is below; most that are not are told so */
	uint64_t seen;	/* the line in which it was met last */
};

/* struct level - an object or array that is not closed yet */
struct level {
	uint16_t node; /* NO_NODE: nobody asked for what is in it */
	bool array;
	uint32_t index;
};

struct jpick {
	struct node *nodes; /* [NODES_MAX]; 0 is the line's object */
	unsigned n_nodes, n_paths;
	uint64_t line;
	struct level level[JPICK_DEPTH_MAX];
	unsigned depth;
	struct jpick_value *values;
	const char *p, *end, *why;
	size_t used;
	char room[JPICK_LINE_MAX]; /* unescaped text is never longer than it was */
};

struct jpick *jpick_new(void)
{
	struct jpick *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->nodes = calloc(NODES_MAX, sizeof(*p->nodes));
	if (!p->nodes)
		return jpick_free(p);
	p->nodes[0] = (struct node){ .child = NO_NODE, .next = NO_NODE, .slot = NO_SLOT };
	p->n_nodes = 1;
	return p;
}

struct jpick *jpick_free(struct jpick *p)
{
	if (!p)
		return NULL;
	for (unsigned i = 0; p->nodes && i < p->n_nodes; i++)
		free(p->nodes[i].name);
	free(p->nodes);
	free(p);
	return NULL;
}

/* --- paths --- */

/* 0 to 63, out of length and both ends; the name is not empty */
static uint8_t mark_of(const char *name, size_t len)
{
	return (len * 29 + (unsigned char)name[0] * 7u + (unsigned char)name[len - 1]) & 63;
}

static uint16_t name_below(const struct jpick *p, unsigned node, struct span name)
{
	const struct node *n = &p->nodes[node];
	size_t len = span_len(name);
	uint8_t mark = len ? mark_of(name.p, len) : 0;

	if (LIKELY(!(n->marks >> mark & 1)))
		return NO_NODE;
	for (uint16_t i = n->child; i != NO_NODE; i = n->next) {
		n = &p->nodes[i];
		if (n->mark == mark && n->name && n->len == len &&
		    memcmp(n->name, name.p, len) == 0)
			return i;
	}
	return NO_NODE;
}

static uint16_t index_below(const struct jpick *p, unsigned node, uint32_t index)
{
	for (uint16_t i = p->nodes[node].child; i != NO_NODE; i = p->nodes[i].next)
		if (!p->nodes[i].name && p->nodes[i].index == index)
			return i;
	return NO_NODE;
}

/* struct step - one name or index of a path */
struct step {
	struct span name; /* p NULL: an index */
	uint32_t index;
};

/* [N] at the head of *s */
static bool index_step(struct span *s, struct step *ret)
{
	const char *p = s->p + 1;

	*ret = (struct step){ .index = 0 };
	while (p < s->end && *p >= '0' && *p <= '9' && ret->index <= JPICK_INDEX_MAX)
		ret->index = ret->index * 10 + (uint32_t)(*p++ - '0');
	if (p == s->end || *p != ']' || p == s->p + 1 || ret->index > JPICK_INDEX_MAX)
		return false;
	s->p = p + 1;
	return true;
}

static bool name_step(struct span *s, struct step *ret)
{
	const char *p = s->p, *close;

	*ret = (struct step){ .index = 0 };
	if (p < s->end && *p == '"') {
		close = memchr(p + 1, '"', (size_t)(s->end - p - 1));
		if (!close)
			return false;
		ret->name = (struct span){ p + 1, close };
		s->p = close + 1;
	} else {
		while (p < s->end && *p != '\0' && !strchr(".[]\" \t", *p))
			p++;
		ret->name = (struct span){ s->p, p };
		s->p = p;
	}
	return !span_empty(ret->name) && span_len(ret->name) <= JPICK_NAME_MAX;
}

/* The node of a step, made when it is new. -E2BIG or -ENOMEM. */
static int step_below(struct jpick *p, uint16_t *at, const struct step *s)
{
	uint16_t i = s->name.p ? name_below(p, *at, s->name) : index_below(p, *at, s->index);
	struct node *n;

	if (i != NO_NODE) {
		*at = i;
		return 0;
	}
	if (p->n_nodes == NODES_MAX)
		return -E2BIG;
	n = &p->nodes[p->n_nodes];
	*n = (struct node){
		.index = s->index, .child = NO_NODE, .next = p->nodes[*at].child, .slot = NO_SLOT
	};
	if (s->name.p) {
		n->name = span_dup(s->name);
		if (!n->name)
			return -ENOMEM;
		n->len = (uint32_t)span_len(s->name);
		n->mark = mark_of(n->name, n->len);
		p->nodes[*at].marks |= UINT64_C(1) << n->mark;
	}
	p->nodes[*at].child = (uint16_t)p->n_nodes;
	*at = (uint16_t)p->n_nodes++;
	return 0;
}

int jpick_path(struct jpick *p, struct span path, unsigned *ret, struct err *e)
{
	struct span rest = path;
	struct step step;
	uint16_t at = 0;
	unsigned steps = 0;
	int r = 0;

	while (r == 0 && (steps == 0 || !span_empty(rest))) {
		bool good;

		if (steps > 0 && *rest.p == '[') {
			good = index_step(&rest, &step);
		} else {
			good = steps == 0 || *rest.p == '.';
			rest.p += steps > 0;
			good = good && name_step(&rest, &step);
		}
		if (!good || ++steps > JPICK_DEPTH_MAX)
			return err_set(e, -EINVAL,
			    "\"%.*s\" is no path: write name.name, \"a.name.with.dots\".name or "
			    "name[0]",
			    SPAN_ARG(path));
		r = step_below(p, &at, &step);
	}
	if (r == 0 && p->nodes[at].slot == NO_SLOT) {
		if (p->n_paths == JPICK_PATHS_MAX)
			r = -E2BIG;
		else
			p->nodes[at].slot = (uint8_t)p->n_paths++;
	}
	if (r < 0)
		return err_set(e, r, r == -E2BIG ? "more than %u members" : "out of memory (%u)",
		    JPICK_PATHS_MAX);
	*ret = p->nodes[at].slot;
	return 0;
}

/* --- a line --- */

static bool refuse(struct jpick *p, const char *why)
{
	p->why = why;
	return false;
}

static void blanks(struct jpick *p)
{
	while (p->p < p->end && (*p->p == ' ' || *p->p == '\t' || *p->p == '\n' || *p->p == '\r'))
		p->p++;
}

#ifdef BYTES_SSE2

/* Bit i of the result: byte i at p is a quotation mark, a backslash or a control byte. */
static inline unsigned stops_of_16(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i stop = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
	return (unsigned)_mm_movemask_epi8(stop);
}

/* Where the first of these is, looked for in whole steps; else where the last step ends. */
static const char *plain_steps(const char *p, const char *end)
{
	for (; end - p >= 16; p += 16) {
		unsigned stops = stops_of_16(p);

		if (stops)
			return p + __builtin_ctz(stops);
	}
	return p;
}

#else

static const char *plain_steps(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

	for (; end - p >= 8; p += 8) {
		uint64_t w, quote, slash, stop;

		memcpy(&w, p, 8);
		quote = w ^ ones * '"';
		slash = w ^ ones * '\\';
		stop = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		       ((w - ones * 0x20) & ~w);
		if (stop & highs)
			break;
	}
	return p;
}

#endif

/* Where the first quotation mark, backslash or control byte is, or end. */
static inline const char *plain_end(const char *p, const char *end)
{
	p = plain_steps(p, end);
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

static int hex4(const char *p)
{
	int v = 0;

	for (unsigned i = 0; i < 4; i++) {
		int c = (unsigned char)p[i], d;

		if (c >= '0' && c <= '9')
			d = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			d = (c | 0x20) - 'a' + 10;
		else
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* \uHHHH, p->p on the u; a lone surrogate becomes U+FFFD. */
static bool unicode_escape(struct jpick *p, bool *odd)
{
	uint32_t c;
	int lo = -1, hi = p->end - p->p >= 5 ? hex4(p->p + 1) : -1;

	if (hi < 0)
		return refuse(p, "not JSON: a bad \\u in a string");
	p->p += 5;
	c = (uint32_t)hi;
	if ((c & 0xfc00) == 0xd800 && p->end - p->p >= 6 && p->p[0] == '\\' && p->p[1] == 'u')
		lo = hex4(p->p + 2);
	if (lo >= 0 && (lo & 0xfc00) == 0xdc00) {
		c = 0x10000 + ((c & 0x3ff) << 10 | ((uint32_t)lo & 0x3ff));
		p->p += 6;
	} else if ((c & 0xf800) == 0xd800) {
		c = 0xfffd;
		*odd = true;
	}
	*odd |= c == 0;
	p->used += put_utf8(p->room + p->used, c);
	return true;
}

/* One escape, p->p on the backslash. */
static bool escape(struct jpick *p, bool *odd)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	p->p++;
	if (p->p < p->end && *p->p == 'u')
		return unicode_escape(p, odd);
	at = p->p < p->end && *p->p ? strchr(from, *p->p) : NULL;
	if (!at)
		return refuse(p, "not JSON: a bad escape in a string");
	p->room[p->used++] = to[at - from];
	p->p++;
	return true;
}

/* A string, p->p behind its opening mark. Without escapes it is borrowed from the line. */
static bool string(struct jpick *p, struct span *ret, bool *odd)
{
	const char *from = p->p;
	size_t begin = p->used;
	bool escaped = false;

	*odd = false;
	for (;;) {
		const char *stop = plain_end(p->p, p->end);

		if (stop == p->end)
			return refuse(p, "not JSON: the line ends within a string");
		if (escaped || *stop == '\\') {
			memcpy(p->room + p->used, p->p, (size_t)(stop - p->p));
			p->used += (size_t)(stop - p->p);
		}
		p->p = stop;
		if (*stop == '"')
			break;
		if (*stop != '\\')
			return refuse(p, "not JSON: a control character in a string");
		escaped = true;
		if (!escape(p, odd))
			return false;
	}
	*ret = escaped ? (struct span){ p->room + begin, p->room + p->used }
		       : (struct span){ from, p->p };
	p->p++;
	return true;
}

/* A string that nobody wants: its end, and that it is one. */
static bool skip_string(struct jpick *p)
{
	struct span s;
	size_t used = p->used;
	bool odd;
	const char *stop = plain_end(p->p, p->end);

	if (stop < p->end && *stop == '"') {
		p->p = stop + 1;
		return true;
	}
	if (!string(p, &s, &odd))
		return false;
	p->used = used;
	return true;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Where a number ends, or NULL: none stands there. */
static const char *number_end(const char *p, const char *end)
{
	const char *from;

	p += p < end && *p == '-';
	from = p;
	p = digits(p, end);
	if (p == from || (*from == '0' && p > from + 1))
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		from = p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

bool jpick_number(const struct jpick_value *v, double *ret)
{
	char text[NUMBER_CHARS + 1];
	size_t n = span_len(v->text);

	if ((v->kind != JPICK_NUMBER && v->kind != JPICK_TEXT) || n == 0 || n > NUMBER_CHARS ||
	    number_end(v->text.p, v->text.end) != v->text.end)
		return false;
	memcpy(text, v->text.p, n);
	text[n] = '\0';
	*ret = strtod(text, NULL); /* its grammar was just checked */
	return true;
}

static bool literal(struct jpick *p, struct jpick_value *ret)
{
	static const struct {
		const char *text;
		enum jpick_kind kind;
	} words[] = { { "true", JPICK_BOOL }, { "false", JPICK_BOOL }, { "null", JPICK_NONE } };
	struct span rest = { p->p, p->end };

	for (size_t i = 0; i < NELEM(words); i++)
		if (span_starts(rest, words[i].text)) {
			ret->kind = words[i].kind;
			ret->text = span_of(p->p, strlen(words[i].text));
			p->p = ret->text.end;
			return true;
		}
	ret->kind = JPICK_NUMBER;
	ret->text = (struct span){ p->p, number_end(p->p, p->end) };
	if (!ret->text.end)
		return refuse(p, "not JSON: no value where one must stand");
	p->p = ret->text.end;
	return true;
}

static bool open(struct jpick *p, uint16_t node)
{
	if (p->depth == JPICK_DEPTH_MAX)
		return refuse(p, "JSON that is too deep");
	p->level[p->depth++] = (struct level){ .node = node, .array = *p->p == '[' };
	p->p++;
	return true;
}

/* A value, that of node. What is opened is left open. */
static bool value(struct jpick *p, uint16_t node)
{
	const struct node *n = node == NO_NODE ? NULL : &p->nodes[node];
	bool wanted = n && n->slot != NO_SLOT;
	struct jpick_value v = { .kind = JPICK_WHOLE };

	blanks(p);
	if (p->p == p->end)
		return refuse(p, "not JSON: the line ends too early");
	if (*p->p == '{' || *p->p == '[') {
		if (wanted)
			p->values[n->slot] = v;
		return open(p, node);
	}
	if (*p->p == '"') {
		p->p++;
		if (!wanted)
			return skip_string(p);
		v.kind = JPICK_TEXT;
		if (!string(p, &v.text, &v.odd))
			return false;
		v.odd = v.odd || !span_utf8(v.text);
	} else if (!literal(p, &v)) {
		return false;
	}
	if (wanted)
		p->values[n->slot] = v;
	return true;
}

/* Met: a node that is met again in one line is told twice. */
static bool meet(struct jpick *p, uint16_t node)
{
	if (node == NO_NODE)
		return true;
	if (p->nodes[node].seen == p->line)
		return refuse(p, "a member that is asked for is told twice");
	p->nodes[node].seen = p->line;
	return true;
}

/* "name": of a member; *ret is its node. */
static bool member(struct jpick *p, const struct level *l, uint16_t *ret)
{
	size_t used = p->used;
	struct span name;
	bool odd;

	*ret = NO_NODE;
	if (p->p == p->end || *p->p != '"')
		return refuse(p, "not JSON: a member without a name");
	p->p++;
	if (!string(p, &name, &odd))
		return false;
	if (l->node != NO_NODE)
		*ret = name_below(p, l->node, name);
	p->used = used;
	blanks(p);
	if (p->p == p->end || *p->p != ':')
		return refuse(p, "not JSON: a member without a colon");
	p->p++;
	return true;
}

/* One member or element, or the end of what is open. */
static bool step(struct jpick *p, bool first)
{
	struct level *l = &p->level[p->depth - 1];
	uint16_t node = NO_NODE;

	blanks(p);
	if (p->p == p->end)
		return refuse(p, "not JSON: the line ends too early");
	if (*p->p == (l->array ? ']' : '}')) {
		p->p++;
		p->depth--;
		return true;
	}
	if (!first) {
		if (*p->p != ',')
			return refuse(p, "not JSON: no comma where one must stand");
		p->p++;
		blanks(p);
	}
	if (!l->array && !member(p, l, &node))
		return false;
	if (l->array && l->node != NO_NODE)
		node = index_below(p, l->node, l->index);
	l->index++;
	return meet(p, node) && value(p, node);
}

const char *jpick_line(struct jpick *p, struct span line, struct jpick_value *values)
{
	unsigned depth = 0;
	bool good;

	if (span_len(line) > JPICK_LINE_MAX)
		return "the line is too long";
	p->p = line.p;
	p->end = line.end;
	p->why = NULL;
	p->used = 0;
	p->depth = 0;
	p->line++;
	p->values = values;
	for (unsigned i = 0; i < p->n_paths; i++)
		values[i] = (struct jpick_value){ .kind = JPICK_NONE };
	blanks(p);
	if (p->p == p->end || *p->p != '{')
		return "no JSON object";
	good = open(p, 0);
	while (good && p->depth > 0) {
		bool first = p->depth > depth;

		depth = p->depth;
		good = step(p, first);
	}
	blanks(p);
	if (good && p->p != p->end)
		return "not JSON: something stands behind the object";
	return p->why;
}
