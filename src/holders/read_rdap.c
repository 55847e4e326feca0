/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RDAP answers as registries' servers give them, one a line or one in the whole file: a first line that is JSON
 * but for its end begins one that goes on to the end of the file. What is too large or too deep is refused before
 * it is parsed. */
#include <errno.h>

#include "holders/rdap.h"

struct reading {
	const struct fact_to *to;
	struct buf room, whole;
	uint64_t line;	 /* where the answer begins */
	bool begun;	 /* a line has been read */
	bool in_whole;	 /* the file is one answer */
	const char *why; /* that answer cannot be read */
};

/* Facts of one answer. *cut is set, and nothing done, when the text is JSON that does not end. */
static int answer(struct reading *r, struct span text, bool *cut)
{
	const char *why;
	json_t *json;
	int code = json_in(text, &json, &why, cut);

	if (code == -EINVAL) {
		if (!cut || !*cut)
			fact_refuse(r->to, r->line, why);
		return 0;
	}
	if (code < 0)
		return code;
	if (!json_is_object(json))
		fact_refuse(r->to, r->line, "not an RDAP answer");
	else
		code = rdap_answer(json, r->line, &r->room, r->to);
	json_decref(json);
	return code;
}

/* A further line of an answer that is the whole file. */
static int whole_add(struct reading *r, const struct line *line)
{
	if (line->cut)
		r->why = "a line is too long";
	else if (r->whole.len + span_len(line->text) + 1 > RDAP_BYTES_MAX)
		r->why = "an answer that is too large";
	if (r->why)
		return 0;
	buf_span(&r->whole, line->text);
	buf_byte(&r->whole, '\n');
	return buf_ok(&r->whole) ? 0 : -ENOMEM;
}

static int line_read(struct reading *r, const struct line *line)
{
	bool first = !r->begun;
	int code;

	if (r->in_whole)
		return whole_add(r, line);
	if (span_empty(span_trim(line->text)))
		return 0;
	r->begun = true;
	r->line = line->number;
	if (line->cut) {
		fact_refuse(r->to, r->line, "a line is too long");
		return 0;
	}
	code = answer(r, line->text, first ? &r->in_whole : NULL);
	return code == 0 && r->in_whole ? whole_add(r, line) : code;
}

static int whole_end(struct reading *r)
{
	if (!r->in_whole)
		return 0;
	if (!r->why)
		return answer(r, buf_text(&r->whole), NULL);
	fact_refuse(r->to, r->line, r->why);
	return 0;
}

static int rdap_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct reading r = { .to = to };
	struct line line;
	int code = fact_room_init(&r.room) ? 0 : -ENOMEM, got = 0;

	buf_init(&r.whole, RDAP_BYTES_MAX);
	while (code == 0 && (got = input_line(in, &line, e)) > 0)
		code = line_read(&r, &line);
	if (code == 0 && got == 0)
		code = whole_end(&r);
	buf_done(&r.whole);
	buf_done(&r.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code < 0 ? code : got;
}

/* A JSON object with a member that RDAP answers have, and few others. */
static bool rdap_claims(struct span head)
{
	static const char *const members[] = { "\"rdapConformance\"", "\"objectClassName\"",
		"\"startAddress\"", "\"startAutnum\"", "\"vcardArray\"", "\"parentHandle\"" };

	head = span_trim(head);
	if (!span_starts(head, "{"))
		return false;
	for (size_t i = 0; i < NELEM(members); i++)
		if (memmem(head.p, span_len(head), members[i], strlen(members[i])))
			return true;
	return false;
}

const struct fact_reader fact_reader_rdap = {
	.name = "rdap",
	.claims = rdap_claims,
	.read = rdap_read,
};
