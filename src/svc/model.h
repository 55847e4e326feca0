/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data that a page is rendered from: a tree of texts, flags, objects and lists, all in one arena
 * that was given its maximum at birth. The first failure (over the maximum, out of memory) sticks:
 * what is added later is dropped, and model_ok() says so once at the end. */
#ifndef ONUS_SVC_MODEL_H
#define ONUS_SVC_MODEL_H

#include <stdbool.h>

#include "util/span.h"

enum value_kind { VALUE_FALSE, VALUE_TRUE, VALUE_TEXT, VALUE_OBJECT, VALUE_LIST };

struct value {
	enum value_kind kind;
	struct span key;	    /* of an object's member */
	struct span text;	    /* VALUE_TEXT: in the arena */
	struct value *first, *last; /* members or elements */
	struct value *next;	    /* within the parent */
};

struct model;

/* model_new - an empty model; NULL when out of memory. model_free is NULL-safe and returns NULL. */
struct model *model_new(size_t max_bytes);
struct model *model_free(struct model *m);
bool model_ok(const struct model *m);

/* model_root - the object on top */
struct value *model_root(struct model *m);

/* Each adds a member `key` to the object `to`, or an element to the list `to` (key NULL). Keys are
 * borrowed until the model is freed (they are literals), texts are copied. `to` may be NULL: the
 * failure that made it NULL is remembered. */
struct value *model_object(struct model *m, struct value *to, const char *key);
struct value *model_list(struct model *m, struct value *to, const char *key);
void model_bool(struct model *m, struct value *to, const char *key, bool v);
void model_span(struct model *m, struct value *to, const char *key, struct span v);
void model_str(struct model *m, struct value *to, const char *key, const char *v); /* NULL: false */
void model_fmt(struct model *m, struct value *to, const char *key, const char *fmt, ...)
    PRINTF(4, 5);

/* model_count - a number with thin groups of three: "1,234,567" */
void model_count(struct model *m, struct value *to, const char *key, uint64_t v);

/* value_get - the member of an object, or NULL (not an object, no such member) */
const struct value *value_get(const struct value *object, struct span key);

/* value_true - what a section renders: not false, not an empty text, not an empty list */
bool value_true(const struct value *v);

#endif
