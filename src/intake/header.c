/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/header.h"

#include <strings.h>

struct span header_begin(struct span message)
{
	struct span line;

	if (span_starts(message, "From "))
		(void)span_cut(&message, '\n', &line);
	return message;
}

static bool is_field(struct span line, struct span *name, struct span *value)
{
	*value = line;
	if (!span_cut(value, ':', name))
		return false;
	while (!span_empty(*name) && (name->end[-1] == ' ' || name->end[-1] == '\t'))
		name->end--;
	for (const char *p = name->p; p < name->end; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return !span_empty(*name);
}

bool header_next(struct span *rest, struct span *name, struct span *value)
{
	struct span line, more;

	if (span_empty(*rest))
		return false;
	(void)span_cut(rest, '\n', &line);
	if (!is_field(line, name, value))
		return false;
	while (!span_empty(*rest) && (*rest->p == ' ' || *rest->p == '\t')) {
		(void)span_cut(rest, '\n', &more);
		value->end = more.end;
	}
	*value = span_trim(*value);
	return true;
}

bool header_is(struct span name, const char *field)
{
	size_t n = strlen(field);

	return span_len(name) == n && strncasecmp(name.p, field, n) == 0;
}
