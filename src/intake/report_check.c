/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/report_check.h"

#include <errno.h>

#include "net/addr.h"
#include "util/clock.h"

#define LIST_MAX 100u
#define HOST_MAX 253u

static struct span text_of(const json_t *v)
{
	return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

struct span check_text(const json_t *o, const char *name)
{
	return text_of(json_object_get(o, name));
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static bool is_host(struct span s)
{
	struct span label;
	bool more = !span_empty(s) && span_len(s) <= HOST_MAX;

	while (more) {
		more = span_cut(&s, '.', &label);
		if (more && span_empty(s))
			return true; /* the root's dot */
		if (span_empty(label) || span_len(label) > 63)
			return false;
		for (const char *p = label.p; p < label.end; p++)
			if (!is_letter(*p) && *p != '_' &&
			    (*p != '-' || p == label.p || p + 1 == label.end))
				return false;
		if (!more)
			return true;
	}
	return false;
}

static bool is_mail(struct span s)
{
	const char *at = span_empty(s) ? NULL : memrchr(s.p, '@', span_len(s));

	return at && at > s.p && is_host((struct span){ at + 1, s.end });
}

static bool is_uuid(struct span s)
{
	if (span_len(s) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s.p[i];

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
			       (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

static bool is_date(struct span s)
{
	int64_t t;

	return span_len(s) > 10 && memchr(s.p, '-', span_len(s)) && utc_parse(s, &t) == 0;
}

static bool is_address(struct span s)
{
	struct addr a;

	return addr_parse(s, &a) == 0;
}

static bool is_word(struct span s, const char *words)
{
	struct span rest = span_str(words), word;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, ' ', &word);
		if (span_eq(s, word))
			return true;
	}
	return false;
}

static bool is_flat(const json_t *v)
{
	const char *name;
	json_t *one;

	if (!json_is_object(v))
		return false;
	json_object_foreach((json_t *)(uintptr_t)v, name,
	    one) if (json_is_object(one) || json_is_array(one)) return false;
	return true;
}

static bool are_texts(const json_t *v)
{
	size_t i;
	json_t *one;

	if (!json_is_array(v))
		return false;
	json_array_foreach(v, i, one) if (!json_is_string(one)) return false;
	return true;
}

static bool is_integer(const json_t *v, json_int_t min, json_int_t max)
{
	return json_is_integer(v) && json_integer_value(v) >= min && json_integer_value(v) <= max;
}

static bool is_kind(const json_t *v, const struct check_member *m)
{
	bool text = json_is_string(v);
	struct span s = text_of(v);

	switch (m->kind) {
	case CHECK_TEXT:
		return text;
	case CHECK_FLAG:
		return json_is_boolean(v);
	case CHECK_COUNT:
		return is_integer(v, 0, INT64_MAX);
	case CHECK_PORT:
		return is_integer(v, 0, 65535);
	case CHECK_NUMBER:
		return json_is_number(v);
	case CHECK_ADDRESS:
		return text && is_address(s);
	case CHECK_DATE:
		return text && is_date(s);
	case CHECK_MAIL:
		return text && is_mail(s);
	case CHECK_HOST:
		return text && is_host(s);
	case CHECK_UUID:
		return text && is_uuid(s);
	case CHECK_WORDS:
		return text && is_word(s, m->words);
	case CHECK_TEXTS:
		return are_texts(v);
	case CHECK_FLAT:
		return is_flat(v);
	case CHECK_OBJECT:
		return json_is_object(v);
	case CHECK_LIST:
		return json_is_array(v) && json_array_size(v) <= LIST_MAX;
	case CHECK_ANY:
		return true;
	}
	return false;
}

static const struct check_member *find(const struct check_member *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* Tables are ours, and their depth is; no input makes it deeper. */
static int below(const json_t *v, const struct check_member *m, struct err *why)
{
	size_t i;
	json_t *one;
	int r = 0;

	if (m->kind == CHECK_OBJECT && m->of)
		return check_object(v, m->of, m->closed, m->name, why);
	if (m->kind == CHECK_LIST && m->of)
		json_array_foreach(v, i, one) if (r == 0) r =
		    check_object(one, m->of, m->closed, m->name, why);
	return r;
}

int check_object(const json_t *o, const struct check_member *table, bool closed, const char *name,
    struct err *why)
{
	const char *key;
	json_t *v;

	if (!json_is_object(o))
		return err_set(why, -EINVAL, "%s is no object", name);
	for (const struct check_member *m = table; m->name; m++)
		if (m->needed && !json_object_get(o, m->name))
			return err_set(why, -EINVAL, "no %s in %s", m->name, name);
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		const struct check_member *m = find(table, key);
		int r;

		if (!m && closed)
			return err_set(why, -EINVAL, "%s has a member %.60s", name, key);
		if (!m)
			continue;
		if (!is_kind(v, m))
			return err_set(
			    why, -EINVAL, "%s in %s is not as it should be", m->name, name);
		r = below(v, m, why);
		if (r < 0)
			return r;
	}
	return 0;
}
