/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geofeeds: files in which holders say where their addresses are used. Lines of
 *   192.0.2.0/24,US,US-AL,Alabaster,        prefix, country, region, city, postal code
 * with '#' comments; whatever is empty or missing at the end is not told, and without a country a range within a wider
 * one is taken out of that. Source: RFC 8805. Only the country is read:
 * places within one are finer than anything here, and may be somebody's home. */
#include <errno.h>

#include "holders/fact_text.h"

/* One field from the head of a line, unquoted where all of it stands in quotes. */
static struct span field_cut(struct span *line)
{
	struct span field;

	*line = span_trim(*line);
	if (!span_empty(*line) && *line->p == '"') {
		line->p++;
		(void)span_cut(line, '"', &field);
		if (!span_empty(*line) && *line->p == ',')
			line->p++;
		return span_trim(field);
	}
	(void)span_cut(line, ',', &field);
	return span_trim(field);
}

static const char *range_of(struct span s, struct range *ret)
{
	struct prefix p;
	int r = prefix_parse(s, true, &p); /* an address stands for itself */

	if (r < 0)
		return r == -EDOM ? "a prefix with host bits" : "not a prefix";
	*ret = prefix_range(p);
	return NULL;
}

static int place(const struct line *line, const struct fact_to *to)
{
	struct span text = line->text;
	struct fact f = { .kind = FACT_PLACE, .line = line->number, .source = SPAN("GEOFEED") };
	const char *why = range_of(field_cut(&text), &f.range);

	if (!why && line->cut)
		why = "a line is too long";
	if (!why && !fact_country(field_cut(&text), f.country))
		why = "not a country of two letters";
	if (!why)
		return to->take(to->ctx, &f);
	fact_refuse(to, line->number, why);
	return 0;
}

/* Without what makes a line none: a byte order mark, blanks, a comment. */
static struct span line_text(const struct line *line)
{
	struct span text = line->text;

	if (line->number == 1 && span_starts(text, "\xef\xbb\xbf"))
		text.p += 3;
	text = span_trim(text);
	return !span_empty(text) && *text.p == '#' ? SPAN("") : text;
}

static int geofeed_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct line line;
	int code = 0, got = 0;

	while (code == 0 && (got = input_line(in, &line, e)) > 0) {
		line.text = line_text(&line);
		if (!span_empty(line.text))
			code = place(&line, to);
	}
	return code < 0 ? code : got;
}

/* The first line that is no comment is a prefix with its length and a country, or nothing behind it. */
static bool geofeed_claims(struct span head)
{
	struct line line = { .number = 1 };

	while (!span_empty(head)) {
		struct range range;
		struct span first;
		char country[3];

		(void)span_cut(&head, '\n', &line.text);
		line.text = line_text(&line);
		line.number++;
		if (span_empty(line.text))
			continue;
		if (!memchr(line.text.p, ',', span_len(line.text)))
			return false;
		first = field_cut(&line.text);
		return !span_empty(first) && memchr(first.p, '/', span_len(first)) &&
		       !range_of(first, &range) && fact_country(field_cut(&line.text), country);
	}
	return false;
}

const struct fact_reader fact_reader_geofeed = {
	.name = "geofeed",
	.claims = geofeed_claims,
	.read = geofeed_read,
};
