/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The few shapes that pictures of onus eval are made of. Text is ours, not escaped. */
#ifndef ONUS_PROG_ONUS_SVG_H
#define ONUS_PROG_ONUS_SVG_H

#include <stdio.h>

void svg_begin(FILE *to, double width, double height);
void svg_end(FILE *to);
void svg_title(FILE *to, double x, const char *text);
void svg_line(FILE *to, double x1, double y1, double x2, double y2, const char *stroke);
/* anchor: start, middle, end */
void svg_label(FILE *to, double x, double y, const char *anchor, const char *text);

#endif
