/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dates_tool NOW DATEPATTERN - what dates.h says of each line of standard input, for tests that ask somebody else,
 * too: "TIME BEGIN END", or a word. */
#include <stdio.h>
#include <stdlib.h>

#include "intake/dates.h"
#include "util/num.h"

static const char *const words[] = { [DATES_NONE] = "none",
	[DATES_ABSENT] = "absent",
	[DATES_BAD] = "bad",
	[DATES_COSTLY] = "costly" };

int main(int argc, char **argv)
{
	struct dates *d;
	struct err e = { .text = "" };
	char *line = NULL;
	size_t room = 0;
	int64_t now_s;
	ssize_t n;

	if (argc != 3 || num_i64(span_str(argv[1]), 0, INT64_MAX, &now_s) < 0) {
		(void)fprintf(stderr, "usage: dates_tool NOW DATEPATTERN <LINES\n");
		return 2;
	}
	if (dates_new(span_str(argv[2]), &d, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	while ((n = getline(&line, &room, stdin)) >= 0) {
		struct date at;
		enum dates_result r;

		n -= n > 0 && line[n - 1] == '\n';
		r = dates_find(d, now_s, span_of(line, (size_t)n), &at);
		if (r == DATES_FOUND)
			(void)printf("%lld %u %u\n", (long long)at.time_s, at.begin, at.end);
		else
			(void)puts(words[r]);
	}
	free(line);
	(void)dates_free(d);
	return 0;
}
