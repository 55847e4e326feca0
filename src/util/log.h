/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What programs say, on stderr, one line each with a <N> priority in front when stderr is no
 * terminal (sd-daemon(3)); the journal does the rest. Libraries do not log. */
#ifndef ONUS_UTIL_LOG_H
#define ONUS_UTIL_LOG_H

#include "util/macro.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* log_open - remember the program's name (borrowed for good) and the highest level to print */
void log_open(const char *program, enum log_level most);

void log_at(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
