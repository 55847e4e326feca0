/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as lines of JSON, with jansson as the judge: what it takes is taken, unless it is told twice or
 * too deep, and the members that are picked hold the same. (Taken beyond that: bad characters in text, and
 * numbers too large for C, which are no concern of a member that nobody reads.) */
#include "fuzz.h"

#include <assert.h>
#include <jansson.h>

#include "intake/jpick.h"

static const char *const paths[] = { "a", "b", "a.b", "a.b.c", "a[0]", "a[2].b", "\"x.y\"" };

/* The same member as jansson has it. */
static const json_t *same(const json_t *o, unsigned i)
{
	const json_t *a = json_object_get(o, "a");

	switch (i) {
	case 0:
		return a;
	case 1:
		return json_object_get(o, "b");
	case 2:
		return json_object_get(a, "b");
	case 3:
		return json_object_get(json_object_get(a, "b"), "c");
	case 4:
		return json_array_get(a, 0);
	case 5:
		return json_object_get(json_array_get(a, 2), "b");
	default:
		return json_object_get(o, "x.y");
	}
}

static void check(const struct jpick_value *v, const json_t *want)
{
	double n;

	switch (want ? json_typeof(want) : JSON_NULL) {
	case JSON_STRING:
		assert(v->kind == JPICK_TEXT);
		assert(
		    span_eq(v->text, span_of(json_string_value(want), json_string_length(want))));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		assert(v->kind == JPICK_NUMBER);
		if (jpick_number(v, &n) && json_is_real(want))
			assert(n == json_real_value(want));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		assert(v->kind == JPICK_BOOL);
		break;
	case JSON_NULL:
		assert(v->kind == JPICK_NONE);
		break;
	default:
		assert(v->kind == JPICK_WHOLE);
	}
}

static void one_line(struct jpick *p, struct span line)
{
	struct jpick_value v[JPICK_PATHS_MAX];
	const char *why = jpick_line(p, line, v);
	json_t *o;

	if (memchr(line.p, '\0',
		span_len(line))) { /* never JSON; jansson passes it over behind a number */
		assert(why);
		return;
	}
	o = json_loadb(line.p, span_len(line), JSON_ALLOW_NUL, NULL);
	if (json_is_object(o) && why)
		assert(strstr(why, "twice") || strstr(why, "deep") || strstr(why, "long"));
	if (o && !json_is_object(o))
		assert(why);
	for (unsigned i = 0; json_is_object(o) && !why && i < NELEM(paths); i++)
		check(&v[i], same(o, i));
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct jpick *p = jpick_new();
	unsigned slot;

	assert(p);
	for (unsigned i = 0; i < NELEM(paths); i++)
		assert(jpick_path(p, span_str(paths[i]), &slot, NULL) == 0 && slot == i);
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line); /* the last may have none */
		one_line(p, line);
	}
	(void)jpick_free(p);
	return 0;
}
