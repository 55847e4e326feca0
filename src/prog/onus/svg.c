/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/svg.h"

void svg_begin(FILE *to, double width, double height)
{
	(void)fprintf(to,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
	    "font-family=\"sans-serif\" font-size=\"12\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
	    width, height);
}

void svg_end(FILE *to)
{
	(void)fprintf(to, "</svg>\n");
}

void svg_title(FILE *to, double x, const char *text)
{
	(void)fprintf(
	    to, "<text x=\"%.1f\" y=\"20\" font-size=\"15\" fill=\"#222\">%s</text>\n", x, text);
}

void svg_line(FILE *to, double x1, double y1, double x2, double y2, const char *stroke)
{
	(void)fprintf(to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
	    x1, y1, x2, y2, stroke);
}

void svg_label(FILE *to, double x, double y, const char *anchor, const char *text)
{
	(void)fprintf(to,
	    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"#555\">%s</text>\n", x, y,
	    anchor, text);
}
