/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAIDA's AS-to-organisation tables: which ASes whois makes one organisation's, as CAIDA infers it. As text, in
 * sections whose columns a comment names:
 *   # format:org_id|changed|org_name|country|source
 *   LPL-141-ARIN|20240618|Level 3 Parent, LLC|US|ARIN
 *   # format:aut|changed|aut_name|org_id|opaque_id|source          (before 2014 without opaque_id)
 *   1|20240618|LVLT-1|LPL-141-ARIN|e5e3b9c13678dfc483fb1f819d70883c_ARIN|ARIN
 * and as one JSON object a line:
 *   {"changed":"20171130","country":"US","name":"…","organizationId":"1800CO-2-ARIN","source":"ARIN","type":"Organization"}
 *   {"asn":"1","changed":"20240618","name":"LVLT-1","organizationId":"LPL-141-ARIN","source":"ARIN","type":"ASN"}
 * The ids are CAIDA's: an organisation without a handle gets one that begins with '@'. Those of "@del" are places
 * for organisations that are gone.
 * Source: the README of the data set (catalog.caida.org, as_organizations). No real file has been read. */
#include <errno.h>

#include "holders/fact_text.h"
#include "holders/json_in.h"
#include "util/num.h"

#define SOURCE	    SPAN("CAIDA")
#define COLUMNS_MAX 16u

enum column { C_AUT, C_AUT_NAME, C_ORG, C_ORG_NAME, C_COUNTRY, C_CHANGED, C_N };

static const char *const column_name[] = {
	[C_AUT] = "aut",
	[C_AUT_NAME] = "aut_name",
	[C_ORG] = "org_id",
	[C_ORG_NAME] = "org_name",
	[C_COUNTRY] = "country",
	[C_CHANGED] = "changed",
};
_Static_assert(NELEM(column_name) == C_N, "column_name out of step");

struct reading {
	const struct fact_to *to;
	struct buf room;
	uint64_t line;
	unsigned n_column; /* 0: no section has begun */
	enum column column[COLUMNS_MAX];
	bool of_as; /* the section is of ASes */
};

/* "# format:a|b|c" begins a section; other comments say nothing. */
static void comment(struct reading *r, struct span line)
{
	struct span name;

	line = span_trim((struct span){ line.p + 1, line.end });
	if (!span_starts(line, "format:"))
		return;
	line.p += strlen("format:");
	r->n_column = 0;
	r->of_as = false;
	while (!span_empty(line) && r->n_column < COLUMNS_MAX) {
		enum column c = 0;

		(void)span_cut(&line, '|', &name);
		name = span_trim(name);
		while (c < C_N && !span_is(name, column_name[c]))
			c++;
		r->column[r->n_column++] = c;
		r->of_as |= c == C_AUT;
	}
}

/* What a record says, however it is written. */
static int told(struct reading *r, const struct span v[C_N], bool of_as)
{
	struct fact f = { .kind = of_as ? FACT_AS : FACT_ORG, .source = SOURCE, .line = r->line };
	struct span id;

	fact_room_reset(&r->room);
	id = fact_key(&r->room, v[C_ORG]);
	if (of_as && (num_u32(v[C_AUT], UINT32_MAX, &f.as[0]) < 0 || f.as[0] == 0)) {
		fact_refuse(r->to, r->line, "not an AS number");
		return 0;
	}
	if (span_empty(id)) {
		fact_refuse(r->to, r->line, "no id of an organisation");
		return 0;
	}
	if (span_starts(id, "@del")) {
		fact_leave(r->to, r->line, "of an organisation that is gone");
		return 0;
	}
	f.as[1] = f.as[0];
	f.changed_s = fact_date(v[C_CHANGED]);
	f.name = fact_text(&r->room, v[of_as ? C_AUT_NAME : C_ORG_NAME], FACT_TEXT_MAX);
	if (of_as)
		f.org = id;
	else
		f.handle = id;
	if (!of_as)
		(void)fact_country(v[C_COUNTRY], f.country); /* not worth the record */
	return r->to->take(r->to->ctx, &f);
}

static int text_line(struct reading *r, struct span line)
{
	struct span v[C_N] = { { NULL, NULL } };
	unsigned n = 0;
	bool more = true;

	if (r->n_column == 0) {
		fact_refuse(r->to, r->line, "before the line that names the columns");
		return 0;
	}
	while (more && n < r->n_column) {
		struct span field;

		more = span_cut(&line, '|', &field);
		if (r->column[n] < C_N)
			v[r->column[n]] = span_trim(field);
		n++;
	}
	if (more || n < r->n_column) {
		fact_refuse(r->to, r->line, "not as many fields as columns");
		return 0;
	}
	return told(r, v, r->of_as);
}

static int json_line(struct reading *r, struct span line)
{
	const char *why;
	json_t *json;
	int code = json_in(line, &json, &why, NULL);
	char asn[16] = "";
	struct span type;
	bool of_as;

	if (code == -EINVAL) {
		fact_refuse(r->to, r->line, why);
		return 0;
	}
	if (code < 0)
		return code;
	type = json_in_text(json, "type");
	of_as = span_is(type, "ASN");
	if (!of_as && !span_is(type, "Organization")) {
		fact_refuse(r->to, r->line, "neither an AS nor an organisation");
	} else {
		const json_t *number = json_object_get(json, "asn");
		struct span name = json_in_text(json, "name");

		if (json_is_integer(number))
			(void)snprintf(asn, sizeof(asn), "%.12lld",
			    (long long)json_integer_value(number)); /* cut: no AS number */
		const struct span v[C_N] = { [C_AUT] = *asn ? span_str(asn)
							    : span_trim(json_in_text(number, NULL)),
			[C_AUT_NAME] = name,
			[C_ORG] = json_in_text(json, "organizationId"),
			[C_ORG_NAME] = name,
			[C_COUNTRY] = json_in_text(json, "country"),
			[C_CHANGED] = json_in_text(json, "changed") };

		code = told(r, v, of_as);
	}
	json_decref(json);
	return code;
}

static int line_read(struct reading *r, const struct line *line)
{
	struct span text = span_trim(line->text);

	r->line = line->number;
	if (span_empty(text))
		return 0;
	if (line->cut) {
		fact_refuse(r->to, r->line, "a line is too long");
		return 0;
	}
	if (*text.p == '#') {
		comment(r, text);
		return 0;
	}
	return *text.p == '{' ? json_line(r, text) : text_line(r, text);
}

static int as2org_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct reading r = { .to = to };
	struct line line;
	int code = fact_room_init(&r.room) ? 0 : -ENOMEM, got = 0;

	while (code == 0 && (got = input_line(in, &line, e)) > 0)
		code = line_read(&r, &line);
	buf_done(&r.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code < 0 ? code : got;
}

/* The comment that names the columns, or JSON with the member that no other format has. */
static bool as2org_claims(struct span head)
{
	static const char *const marks[] = { "format:org_id|", "format:aut|" };

	head = span_trim(head);
	for (size_t i = 0; i < NELEM(marks) && span_starts(head, "#"); i++)
		if (memmem(head.p, span_len(head), marks[i], strlen(marks[i])))
			return true;
	return (span_starts(head, "{") || span_starts(head, "#")) &&
	       memmem(head.p, span_len(head), "\"organizationId\"", 16);
}

const struct fact_reader fact_reader_as2org = {
	.name = "as2org",
	.claims = as2org_claims,
	.read = as2org_read,
};
