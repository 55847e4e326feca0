/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/date_form.h"

#include <ctype.h>
#include <errno.h>

#include "intake/date_text.h"
#include "intake/regex_code.h"

struct date_form {
	pcre2_code *code; /* NULL: {NONE} */
	bool start;
	unsigned n;
	struct {
		enum date_part part;
		unsigned group;
	} of[DATE_FORM_GROUPS];
};

struct date_room {
	pcre2_match_context *limits;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
};

/* The groups that are parts of a date, by their names. */
static int note_parts(struct date_form *f, struct err *e)
{
	uint32_t n = 0, size = 0, groups = 0;
	PCRE2_SPTR row = NULL;

	(void)pcre2_pattern_info(f->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	(void)pcre2_pattern_info(f->code, PCRE2_INFO_NAMECOUNT, &n);
	(void)pcre2_pattern_info(f->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(f->code, PCRE2_INFO_NAMETABLE, (void *)&row);
	if (groups >= DATE_FORM_GROUPS)
		return err_set(e, -ENOTSUP, "more than %u groups", DATE_FORM_GROUPS - 1);
	for (; n > 0; n--, row += size)
		for (enum date_part k = 0; k < DATE_PART_N; k++)
			if (strcmp((const char *)row + 2, date_part_names[k]) == 0) {
				f->of[f->n].part = k;
				f->of[f->n++].group = (unsigned)(row[0] << 8 | row[1]);
			}
	return 0;
}

/* "^WARNING:()**" - a line like that has no date, and is of the time of the one before it. */
static bool cuts_nothing(struct span pattern)
{
	return !span_empty(date_text_tag(pattern, "()"));
}

int date_form_new(struct span pattern, struct date_form **ret, struct err *e)
{
	struct date_form *f = calloc(1, sizeof(*f));
	struct buf text;
	int r;

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&text, DATE_FORM_BYTES * 4);
	r = date_text(pattern, &text, &f->start, e);
	if (r == 0 && !span_empty(buf_text(&text))) {
		r = regex_code(buf_text(&text), PCRE2_USE_OFFSET_LIMIT, &f->code, e);
		if (r == 0)
			r = note_parts(f, e);
		if (r == 0 && f->n == 0 && !cuts_nothing(pattern))
			r = err_set(e, -EINVAL,
			    "no part of a date in it, and no () to say that there is none");
		if (r == 0) /* without the compiler it is only slower */
			(void)pcre2_jit_compile(f->code, PCRE2_JIT_COMPLETE);
	}
	buf_done(&text);
	if (r < 0)
		(void)date_form_free(f);
	else
		*ret = f;
	return r;
}

struct date_form *date_form_free(struct date_form *f)
{
	if (f)
		pcre2_code_free(f->code);
	free(f);
	return NULL;
}

bool date_form_is_start(const struct date_form *f)
{
	return f->start;
}

bool date_form_is_none(const struct date_form *f)
{
	return f->n == 0;
}

struct date_room *date_room_new(void)
{
	struct date_room *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->limits = pcre2_match_context_create(NULL);
	r->data = pcre2_match_data_create(DATE_FORM_GROUPS, NULL);
	r->stack = pcre2_jit_stack_create(32 << 10, REGEX_JIT_STACK, NULL);
	if (!r->limits || !r->data || !r->stack)
		return date_room_free(r);
	(void)pcre2_set_match_limit(r->limits, REGEX_MATCH_LIMIT);
	(void)pcre2_set_depth_limit(r->limits, REGEX_DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(r->limits, REGEX_HEAP_KIB);
	pcre2_jit_stack_assign(r->limits, NULL, r->stack);
	return r;
}

struct date_room *date_room_free(struct date_room *r)
{
	if (r) {
		pcre2_jit_stack_free(r->stack);
		pcre2_match_data_free(r->data);
		pcre2_match_context_free(r->limits);
	}
	free(r);
	return NULL;
}

static struct span taken(const PCRE2_SIZE *at, struct span line, unsigned group, int n)
{
	if ((int)group >= n || at[2 * group] == PCRE2_UNSET || at[2 * group] > at[2 * group + 1])
		return (struct span){ NULL, NULL };
	return (struct span){ line.p + at[2 * group], line.p + at[2 * group + 1] };
}

int date_form_find(const struct date_form *f, struct date_room *room, struct span line, size_t last,
    struct date_found *ret)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(room->data);
	int n;

	*ret = (struct date_found){ .cut = span_of(line.p, 0) };
	if (!f->code)
		return 1;
	(void)pcre2_set_offset_limit(room->limits, last);
	n = pcre2_match(
	    f->code, (PCRE2_SPTR)line.p, span_len(line), 0, 0, room->data, room->limits);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n <= 0)
		return -E2BIG;
	ret->begin = at[0];
	ret->cut = taken(at, line, 1, n);
	if (!ret->cut.p)
		ret->cut = span_of(line.p, 0);
	for (unsigned i = 0; i < f->n; i++) {
		struct span s = taken(at, line, f->of[i].group, n);

		if (s.p)
			ret->part[f->of[i].part] = s;
	}
	return 1;
}
