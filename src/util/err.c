/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/err.h"

#include <stdarg.h>
#include <string.h>

#include "util/span.h"

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap); /* a cut message is still a message */
	va_end(ap);
	span_tame(e->text, strlen(e->text));
	return code;
}

int err_wrap(struct err *e, int code, const char *fmt, ...)
{
	char was[ERR_MAX];
	va_list ap;
	size_t n;

	if (!e)
		return code;
	memcpy(was, e->text, sizeof(was));
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	(void)snprintf(e->text + n, sizeof(e->text) - n, ": %s", was);
	span_tame(e->text, strlen(e->text));
	return code;
}
