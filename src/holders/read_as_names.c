/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of AS names, one a line, as RIPE NCC (ftp.ripe.net/ripe/asnames) and bgp.potaroo.net publish them:
 *   13335 CLOUDFLARENET, US
 *   24940 HETZNER-AS Hetzner Online GmbH, DE               the name, then what the registry's object describes
 *   AS1   LVLT-1 - Level 3 Communications, Inc., US        ARIN's, and an older form of all
 * Numbers that nobody holds stand there too (-Reserved AS-, --No Registry Entry--) and are left out.
 * Source: asn.txt as quoted in 2022, and the comments of programs that read it. */
#include <errno.h>

#include "holders/fact_text.h"
#include "holders/route_text.h"
#include "util/num.h"

/* The number that a line begins with; *rest is what follows the blanks behind it. */
static bool number_of(struct span line, uint32_t *ret, struct span *rest)
{
	const char *p = line.p, *digits;

	if (span_starts(line, "AS"))
		p += 2;
	for (digits = p; p < line.end && *p != ' ' && *p != '\t';)
		p++;
	*rest = span_trim((struct span){ p, line.end });
	return p < line.end && num_u32((struct span){ digits, p }, UINT32_MAX, ret) == 0;
}

/* ", US" at the end goes into ret; a name without one is left whole. */
static void country_cut(struct span *text, char ret[3])
{
	const char *comma = memrchr(text->p, ',', span_len(*text));
	struct span cc;

	ret[0] = '\0';
	if (!comma)
		return;
	cc = span_trim((struct span){ comma + 1, text->end });
	if (span_len(cc) == 2 && fact_country(cc, ret))
		text->end = comma;
}

static bool nobody(struct span name)
{
	return span_starts(name, "-Reserved AS-") || span_starts(name, "--No Registry Entry--") ||
	       span_starts(name, "-Private Use AS-");
}

static const char *name_of(struct span line, struct buf *room, struct fact *f)
{
	struct span text, name;

	if (!number_of(line, &f->as[0], &text))
		return "not an AS number and a name";
	f->as[1] = f->as[0];
	country_cut(&text, f->country);
	(void)span_cut(&text, ' ', &name);
	text = span_trim(text);
	if (span_starts(text, "- "))
		text = span_trim((struct span){ text.p + 1, text.end });
	fact_room_reset(room);
	f->name = fact_text(room, name, FACT_TEXT_MAX);
	f->descr = fact_text(room, text, FACT_TEXT_MAX);
	return span_empty(f->name) ? "an AS number without a name" : NULL;
}

static int line_read(const struct line *line, const struct fact_to *to, struct buf *room)
{
	struct fact f = { .kind = FACT_AS, .source = SPAN("ASNAMES"), .line = line->number };
	struct span text = span_trim(line->text), name;
	const char *why;

	if (span_empty(text) || route_comment(text, "#"))
		return 0;
	why = line->cut ? "the line is too long" : NULL;
	if (!why && number_of(text, &f.as[0], &name) && nobody(name)) {
		fact_leave(to, line->number, "held by nobody");
		return 0;
	}
	if (!why)
		why = name_of(text, room, &f);
	if (!why && f.as[0] == 0)
		why = "AS0, which nobody is";
	if (!buf_ok(room))
		return -ENOMEM;
	if (why) {
		fact_refuse(to, line->number, why);
		return 0;
	}
	return to->take(to->ctx, &f);
}

static int as_names_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct line line;
	struct buf room;
	int r = fact_room_init(&room) ? 0 : -ENOMEM, got = 0;

	while (r >= 0 && (got = input_line(in, &line, e)) > 0)
		r = line_read(&line, to, &room);
	buf_done(&room);
	if (r == -ENOMEM)
		return err_set(e, r, "%s: out of memory", input_name(in));
	return r < 0 ? r : got;
}

/* With a country behind it, so that not every text which begins with a number is a list. */
static bool is_line(struct span line)
{
	struct span text;
	uint32_t as;
	char cc[3];

	if (!number_of(line, &as, &text))
		return false;
	return span_len(text) > 4 && text.end[-4] == ',' && text.end[-3] == ' ' &&
	       fact_country((struct span){ text.end - 2, text.end }, cc);
}

static bool as_names_claims(struct span head)
{
	return route_claims(head, "#", is_line);
}

const struct fact_reader fact_reader_as_names = {
	.name = "as-names",
	.claims = as_names_claims,
	.read = as_names_read,
};
