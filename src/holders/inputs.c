/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/inputs.h"

#include <errno.h>
#include <strings.h>

#include "core/param.h"
#include "holders/readers.h"
#include "util/clock.h"
#include "util/file.h"

#define LIST_MAX (1u << 20)

#define R(field, type, standard, min, max, unit, help)                                             \
	{                                                                                          \
#field, PARAM_##type, offsetof(struct reg_input, field), standard, min, max, unit, \
		    help                                                                           \
	}
static const struct param params[] = {
	R(url, TEXT, "", 0, 0, "URL", "Where it is; %Y, %m and %d stand for a day, %% for %."),
	R(index, TEXT, "", 0, 0, "URL",
	    "In place of url: the last word there names the newest file."),
	R(kind, TEXT, INPUT_LINES, 0, 0, "name",
	    "Which reader it is for; lines: none, lines are counted."),
	R(terms, TEXT, "", 0, 0, "text", "What its owner allows."),
	R(min_kib, COUNT, "1", 0, UINT32_MAX, "KiB", "Less cannot be all of it."),
	R(max_mib, COUNT, "1024", 1, 1048576, "MiB", "More is not fetched."),
	R(back_days, COUNT, "0", 0, INPUT_BACK_MAX, "days",
	    "How many days back a url with days in it may lead."),
	R(max_age_days, COUNT, "0", 0, 3650, "days", "An older one is worth a warning; 0: never."),
	R(fetch, YESNO, "yes", 0, 0, "yes|no", "No: only when it is asked for by name."),
};

/* --- the list ------------------------------------------------------------------------------------------- */

void reg_inputs_done(struct reg_inputs *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->n; i++) {
		params_done(params, NELEM(params), &l->v[i]);
		free(l->v[i].name);
	}
	free(l->v);
	*l = (struct reg_inputs){ .n = 0 };
}

static int add(struct reg_inputs *l, struct span name, struct err *e)
{
	struct reg_input *more;

	/* What stands behind a dot in a file's name is ours. */
	if (!section_name_ok(name) || memchr(name.p, '.', span_len(name)))
		return err_set(e, -EINVAL, "an input's name is 1 to %u letters, digits, '_' or '-'",
		    PARAM_NAME_MAX);
	for (unsigned i = 0; i < l->n; i++)
		if (span_is(name, l->v[i].name))
			return err_set(e, -EINVAL, "input %s stands twice", l->v[i].name);
	if (l->n == INPUTS_MAX)
		return err_set(e, -E2BIG, "more than %u inputs", INPUTS_MAX);
	more = reallocarray(l->v, l->n + 1, sizeof(*more));
	if (!more)
		return err_set(e, -ENOMEM, "out of memory");
	l->v = more;
	more += l->n++;
	*more = (struct reg_input){ .name = span_dup(name) };
	if (!more->name || params_standard(params, NELEM(params), more) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	return 0;
}

static int take(struct reg_inputs *l, const struct setting *s, struct err *e)
{
	const struct param *p;

	if (s->section)
		return span_is(s->kind, "input") ? add(l, s->name, e)
						 : err_set(e, -EINVAL, "expected [input NAME]");
	if (l->n == 0)
		return err_set(e, -EINVAL, "expected [input NAME] before any setting");
	p = param_find(params, NELEM(params), s->name);
	if (!p)
		return err_set(e, -EINVAL, "an input has no \"%.*s\"",
		    (int)MIN_OF(span_len(s->name), (size_t)60), s->name.p);
	return param_assign(p, &l->v[l->n - 1], s->value, e);
}

static bool is_url(const char *s, bool days)
{
	if (strncasecmp(s, "http://", 7) != 0 && strncasecmp(s, "https://", 8) != 0)
		return false;
	if (strlen(s) > INPUT_URL_MAX / 2) /* a day takes more room than its sign */
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s > '~')
			return false;
		if (days && *s == '%' && (s[1] == '\0' || !strchr("Ymd%", *++s)))
			return false;
	}
	return true;
}

static int check(const struct reg_input *in, struct err *e)
{
	if ((*in->url != '\0') == (*in->index != '\0'))
		return err_set(e, -EINVAL, "give it a url or an index");
	if (*in->url && !is_url(in->url, true))
		return err_set(e, -EINVAL,
		    "url wants http:// or https://, and no %% but %%Y, %%m, %%d and %%%%");
	if (*in->index && !is_url(in->index, false))
		return err_set(e, -EINVAL, "index wants http:// or https://");
	if (strcmp(in->kind, INPUT_LINES) != 0 && !fact_reader_named(span_str(in->kind)))
		return err_set(e, -EINVAL, "there is no reader \"%s\"; without one its kind is %s",
		    in->kind, INPUT_LINES);
	if (in->min_kib / 1024 > in->max_mib)
		return err_set(e, -EINVAL, "min_kib is more than max_mib");
	return 0;
}

int reg_inputs_load(const char *path, struct reg_inputs *ret, struct err *e)
{
	struct reg_inputs l = { .n = 0 };
	struct setting s = { 0 };
	CLEANUP(buf_done) struct buf b;
	struct span text;
	int r;

	buf_init(&b, LIST_MAX);
	r = file_read(path, &b, e);
	if (r < 0)
		return r;
	text = buf_text(&b);
	while ((r = setting_next(&text, &s, e)) == 1 && (r = take(&l, &s, e)) == 0)
		;
	if (r < 0)
		(void)err_wrap(e, r, "%s:%u", path, s.number);
	for (unsigned i = 0; i < l.n && r == 0; i++)
		if ((r = check(&l.v[i], e)) < 0)
			(void)err_wrap(e, r, "%s: input %s", path, l.v[i].name);
	if (r == 0 && l.n == 0)
		r = err_set(e, -EINVAL, "%s: no [input NAME] in it", path);
	if (r < 0)
		reg_inputs_done(&l);
	else
		*ret = l;
	return r;
}

/* --- addresses ------------------------------------------------------------------------------------------ */

/* The text of a day in place of its signs; day is YYYY-MM-DD. */
static int expand(const char *from, const char *day, char ret[INPUT_URL_MAX + 1])
{
	size_t n = 0;

	for (; *from; from++) {
		const char *p = from;
		size_t len = 1;

		if (*from == '%') {
			from++;
			p = *from == 'Y'   ? day
			    : *from == 'm' ? day + 5
			    : *from == 'd' ? day + 8
					   : from;
			len = *from == 'Y' ? 4 : *from == '%' ? 1 : 2;
		}
		if (n + len > INPUT_URL_MAX)
			return -ENOENT;
		memcpy(ret + n, p, len);
		n += len;
	}
	ret[n] = '\0';
	return 0;
}

int reg_input_url(
    const struct reg_input *in, int64_t now_s, unsigned nth, char ret[INPUT_URL_MAX + 1])
{
	char last[INPUT_URL_MAX + 1] = "", day[UTC_TEXT_MAX];

	for (uint32_t back = 0; back <= in->back_days; back++) {
		utc_format_day(day_of(now_s) - (int32_t)back, day);
		if (expand(in->url, day, ret) < 0)
			return -ENOENT;
		if (strcmp(ret, last) == 0)
			continue;
		if (nth-- == 0)
			return 0;
		memcpy(last, ret, strlen(ret) + 1);
	}
	return -ENOENT;
}

static struct span last_word(struct span text)
{
	struct span line, found = SPAN("");

	while (!span_empty(text)) {
		(void)span_cut(&text, '\n', &line);
		line = span_trim(line);
		if (!span_empty(line) && *line.p != '#')
			found = line;
	}
	for (const char *p = found.p; p < found.end; p++)
		if (*p == ' ' || *p == '\t')
			found.p = p + 1;
	return found;
}

int reg_input_indexed(const struct reg_input *in, struct span text, char ret[INPUT_URL_MAX + 1])
{
	static const char ok[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
	size_t base = (size_t)(strrchr(in->index, '/') + 1 - in->index);
	struct span word = last_word(text);

	if (span_empty(word) || *word.p == '/' || base + span_len(word) > INPUT_URL_MAX)
		return -EINVAL;
	for (const char *p = word.p; p < word.end; p++)
		if (!*p || !strchr(ok, *p) || (*p == '.' && p + 1 < word.end && p[1] == '.'))
			return -EINVAL;
	memcpy(ret, in->index, base);
	memcpy(ret + base, word.p, span_len(word));
	ret[base + span_len(word)] = '\0';
	return 0;
}
