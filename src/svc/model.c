/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/model.h"

#include <stdarg.h>
#include <stdlib.h>

#define CHUNK_BYTES 16384u
#define FMT_MAX	    1024u

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

struct model {
	struct chunk *chunks;
	size_t left; /* bytes that may still be taken */
	bool bad;
	struct value root;
};

struct model *model_new(size_t max_bytes)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->left = max_bytes;
	m->root.kind = VALUE_OBJECT;
	return m;
}

struct model *model_free(struct model *m)
{
	struct chunk *next;

	if (!m)
		return NULL;
	for (struct chunk *c = m->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(m);
	return NULL;
}

bool model_ok(const struct model *m)
{
	return !m->bad;
}

struct value *model_root(struct model *m)
{
	return &m->root;
}

/* n bytes aligned for anything, or NULL once the model is bad */
static void *take(struct model *m, size_t n)
{
	struct chunk *c = m->chunks;
	size_t size;
	void *p;

	if (m->bad || n > m->left) {
		m->bad = true;
		return NULL;
	}
	n = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!c || c->size - c->used < n) {
		size = MAX_OF(n, (size_t)CHUNK_BYTES);
		c = malloc(sizeof(*c) + size);
		if (!c) {
			m->bad = true;
			return NULL;
		}
		*c = (struct chunk){ .next = m->chunks, .size = size };
		m->chunks = c;
	}
	p = c->data + c->used;
	c->used += n;
	m->left -= MIN_OF(n, m->left);
	return p;
}

static struct value *add(struct model *m, struct value *to, const char *key, enum value_kind kind)
{
	struct value *v;

	if (!to || !(v = take(m, sizeof(*v)))) {
		m->bad = true;
		return NULL;
	}
	*v = (struct value){ .kind = kind, .key = span_str(key) };
	if (to->last)
		to->last->next = v;
	else
		to->first = v;
	to->last = v;
	return v;
}

struct value *model_object(struct model *m, struct value *to, const char *key)
{
	return add(m, to, key, VALUE_OBJECT);
}

struct value *model_list(struct model *m, struct value *to, const char *key)
{
	return add(m, to, key, VALUE_LIST);
}

void model_bool(struct model *m, struct value *to, const char *key, bool v)
{
	(void)add(m, to, key, v ? VALUE_TRUE : VALUE_FALSE); /* a failure is kept in the model */
}

void model_span(struct model *m, struct value *to, const char *key, struct span s)
{
	struct value *v = add(m, to, key, VALUE_TEXT);
	size_t n = span_len(s);
	char *copy;

	if (!v || n == 0)
		return;
	copy = take(m, n);
	if (!copy)
		return;
	memcpy(copy, s.p, n);
	v->text = span_of(copy, n);
}

void model_str(struct model *m, struct value *to, const char *key, const char *s)
{
	if (s)
		model_span(m, to, key, span_str(s));
	else
		model_bool(m, to, key, false);
}

void model_fmt(struct model *m, struct value *to, const char *key, const char *fmt, ...)
{
	char text[FMT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		m->bad = true;
		return;
	}
	model_span(m, to, key, span_of(text, (size_t)n));
}

void model_count(struct model *m, struct value *to, const char *key, uint64_t v)
{
	char text[32], *p = text + sizeof(text);
	unsigned digits = 0;

	do {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + v % 10);
		v /= 10;
		digits++;
	} while (v);
	model_span(m, to, key, (struct span){ p, text + sizeof(text) });
}

const struct value *value_get(const struct value *object, struct span key)
{
	if (!object || object->kind != VALUE_OBJECT)
		return NULL;
	for (const struct value *v = object->first; v; v = v->next)
		if (span_eq(v->key, key))
			return v;
	return NULL;
}

bool value_true(const struct value *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_FALSE:
		return false;
	case VALUE_TEXT:
		return !span_empty(v->text);
	case VALUE_LIST:
		return v->first != NULL;
	case VALUE_TRUE:
	case VALUE_OBJECT:
		break;
	}
	return true;
}
