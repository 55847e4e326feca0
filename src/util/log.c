/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/span.h"

static const char *log_program = "onus";
static enum log_level log_most = LOG_LEVEL_INFO;
static bool log_plain;

void log_open(const char *program, enum log_level most)
{
	log_program = program;
	log_most = most;
	log_plain = isatty(STDERR_FILENO);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int n;

	if (level > log_most)
		return;
	n = log_plain ? 0 : snprintf(line, sizeof(line), "<%d>", (int)level);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: ", log_program);
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap); /* long lines are cut */
	va_end(ap);
	span_tame(line, strlen(line));
	(void)fprintf(stderr, "%s\n", line); /* nowhere else to complain */
}
