/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/param.h"

#include <errno.h>

#include "util/num.h"

/* --- the table ------------------------------------------------------------------------------------------ */

const struct param *param_find(const struct param *rows, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static int bad(struct err *e, const struct param *p, struct span v)
{
	return err_set(e, -EINVAL, "%s wants %s, not \"%.*s\"", p->name, p->unit,
	    (int)MIN_OF(span_len(v), (size_t)60), v.p);
}

int param_assign(const struct param *p, void *base, struct span v, struct err *e)
{
	void *to = (char *)base + p->at;
	double real;
	char *copy;

	switch (p->type) {
	case PARAM_TEXT:
		if (span_len(v) > PARAM_VALUE_MAX || memchr(v.p, '\0', span_len(v)))
			return bad(e, p, v);
		copy = span_dup(v);
		if (!copy)
			return err_set(e, -ENOMEM, "out of memory");
		free(*(char **)to);
		*(char **)to = copy;
		return 0;
	case PARAM_COUNT:
		if (num_u32(v, p->max, to) < 0 || *(uint32_t *)to < p->min)
			return err_set(e, -EINVAL, "%s wants %u to %u %s, not \"%.*s\"", p->name,
			    p->min, p->max, p->unit, (int)MIN_OF(span_len(v), (size_t)60), v.p);
		return 0;
	case PARAM_LARGE:
		return num_u64(v, UINT64_MAX, to) < 0 ? bad(e, p, v) : 0;
	case PARAM_YESNO:
		*(bool *)to = span_is(v, "yes");
		return span_is(v, "yes") || span_is(v, "no") ? 0 : bad(e, p, v);
	case PARAM_TRUST:
		if (num_real(v, &real) < 0 || real > 1)
			return bad(e, p, v);
		*(double *)to = real;
		return 0;
	case PARAM_PERCENT:
		if (!span_empty(v) && v.end[-1] == '%')
			v = span_trim(span_of(v.p, span_len(v) - 1));
		if (num_real(v, &real) < 0 || real > 100)
			return bad(e, p, v);
		*(double *)to = real;
		return 0;
	}
	return -EINVAL;
}

int params_standard(const struct param *rows, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++)
		if (param_assign(&rows[i], base, span_str(rows[i].standard), NULL) < 0)
			return -ENOMEM;
	return 0;
}

void params_done(const struct param *rows, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].type == PARAM_TEXT)
			free(*(char **)((char *)base + rows[i].at));
}

bool section_name_ok(struct span s)
{
	static const char extra[] = "._-";

	for (const char *p = s.p; p < s.end; p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9');

		if (!word && (*p == '\0' || !strchr(extra, *p)))
			return false;
	}
	return !span_empty(s) && span_len(s) <= PARAM_NAME_MAX;
}

static void print_value(const struct param *p, const void *base, FILE *to)
{
	const void *at = (const char *)base + p->at;

	switch (p->type) {
	case PARAM_TEXT:
		(void)fprintf(to, "%s", *(char *const *)at);
		break;
	case PARAM_COUNT:
		(void)fprintf(to, "%u", *(const uint32_t *)at);
		break;
	case PARAM_LARGE:
		(void)fprintf(to, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case PARAM_YESNO:
		(void)fprintf(to, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case PARAM_TRUST:
	case PARAM_PERCENT:
		(void)fprintf(to, "%g", *(const double *)at);
		break;
	}
}

void params_print(const struct param *rows, size_t n, const void *base, FILE *to)
{
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(to, "%s = ", rows[i].name);
		print_value(&rows[i], base, to);
		(void)fputc('\n', to);
	}
}

void params_describe(const struct param *rows, size_t n, FILE *to)
{
	for (size_t i = 0; i < n; i++) {
		const struct param *p = &rows[i];

		(void)fprintf(to, "# %s\n# (%s", p->help, p->unit);
		if (p->type == PARAM_COUNT)
			(void)fprintf(to, ", %u to %u", p->min, p->max);
		(void)fprintf(to, ")\n#%s = %s\n\n", p->name, p->standard);
	}
}

/* --- lines ---------------------------------------------------------------------------------------------- */

int setting_split(struct span line, struct setting *s, struct err *e)
{
	struct span rest = line, name;

	if (!span_cut(&rest, '=', &name))
		return err_set(e, -EINVAL, "expected name = value");
	s->section = false;
	s->name = span_trim(name);
	s->value = span_trim(rest);
	return 0;
}

static int section(struct span line, struct setting *s, struct err *e)
{
	struct span inside = { line.p + 1, line.end - 1 };

	if (line.end[-1] != ']' || !span_cut(&inside, ' ', &s->kind))
		return err_set(e, -EINVAL, "expected [KIND NAME]");
	s->section = true;
	s->name = span_trim(inside);
	s->value = SPAN("");
	return 0;
}

int setting_next(struct span *text, struct setting *s, struct err *e)
{
	while (!span_empty(*text)) {
		struct span line;
		int r;

		(void)span_cut(text, '\n', &line); /* the last line may lack its LF */
		line = span_trim(line);
		s->number++;
		if (span_empty(line) || *line.p == '#')
			continue;
		r = *line.p == '[' ? section(line, s, e) : setting_split(line, s, e);
		return r < 0 ? r : 1;
	}
	return 0;
}
