/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/json_in.h"

#include <errno.h>

/* No array or object deeper than the limit: what is not well formed is left to the parser. */
static bool shallow(struct span s)
{
	bool text = false;
	unsigned depth = 0;

	for (const char *p = s.p; p < s.end; p++) {
		if (text && *p == '\\')
			p++;
		else if (*p == '"')
			text = !text;
		else if (!text && (*p == '{' || *p == '['))
			depth++;
		else if (!text && (*p == '}' || *p == ']') && depth)
			depth--;
		if (depth > JSON_IN_DEPTH_MAX)
			return false;
	}
	return true;
}

int json_in(struct span text, json_t **ret, const char **why, bool *cut)
{
	json_error_t error;
	json_t *json;

	if (cut)
		*cut = false;
	if (!shallow(text)) {
		*why = "JSON that is too deep";
		return -EINVAL;
	}
	json = json_loadb(text.p, span_len(text), JSON_REJECT_DUPLICATES, &error);
	if (json) {
		*ret = json;
		return 0;
	}
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (cut)
		*cut = json_error_code(&error) == json_error_premature_end_of_input;
	*why = "not JSON";
	return -EINVAL;
}

struct span json_in_text(const json_t *v, const char *key)
{
	if (key)
		v = json_object_get(v, key);
	return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}
