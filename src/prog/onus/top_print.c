/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus top, the table: for people, as JSON and as CSV. */
#include "prog/onus/top.h"

#include <errno.h>
#include <math.h>

#include "holders/tell.h"
#include "util/clock.h"
#include "util/jout.h"

#define ROW_MAX 4096u

/* What a row is called, and who answers for it. */
struct names {
	char entity[ENTITY_NAME_MAX];
	char asn_text[16];
	uint32_t asn;
	struct span as_name, org, label;
};

static void names_of(const struct top *t, const struct top_row *row, struct names *n)
{
	const struct registry *r = t->registry;
	uint32_t org = REGISTRY_NONE;
	struct entity en = { .kind = row->kind };

	*n = (struct names){ 0 };
	if (row->main_as != REGISTRY_NONE) {
		struct registry_as as = registry_as_at(r, row->main_as);

		n->asn = as.asn;
		n->as_name = as.name;
		org = as.org;
		(void)snprintf(n->asn_text, sizeof(n->asn_text), "AS%u", as.asn);
	}
	if (row->kind == ENTITY_ORG && !row->unannounced)
		org = row->index;
	n->org = org == REGISTRY_NONE ? n->as_name : registry_org_at(r, org).name;
	if (row->unannounced)
		return;
	switch (row->kind) {
	case ENTITY_NET:
		tell_name(r, row->index, &en);
		break;
	case ENTITY_PREFIX:
		en = entity_prefix(registry_prefix_at(r, row->index).range);
		break;
	case ENTITY_AS:
		en = entity_as(n->asn);
		break;
	case ENTITY_ORG:
		(void)snprintf(en.handle, sizeof(en.handle), "%.*s",
		    SPAN_ARG(registry_org_at(r, row->index).handle)); /* bounded by the file */
		break;
	case ENTITY_COUNTRY:
		en = entity_country(row->country);
		break;
	case ENTITY_BLOCK:
		en = entity_block(row->addr);
		break;
	default:
		en = entity_addr(row->addr);
	}
	(void)entity_format(&en, n->entity); /* fits by its maximum */
	n->label = span_str(strchr(n->entity, ':') + 1);
}

/* Distinct IPv4 hosts among the announced IPv4 addresses. */
static bool share_of(const struct top_row *row, double *ret)
{
	if (row->announced == 0 || row->unannounced)
		return false;
	*ret = (double)row->v4_addresses / (double)row->announced;
	return true;
}

/* Terminal columns of UTF-8 text; every character counts one where the locale cannot tell. */
static size_t columns(struct span s)
{
	size_t n = 0;

	for (const char *p = s.p; p < s.end; p++)
		n += (*p & 0xc0) != 0x80;
	return n;
}

/* One cell, cut with an ellipsis where it is too wide. */
static void cell(struct span s, size_t width, bool right)
{
	size_t have = columns(s), pad = have < width ? width - have : 0, shown = 0;
	const char *p = s.p;

	if (have > width) {
		while (shown + 1 < width) {
			p++;
			while ((*p & 0xc0) == 0x80)
				p++;
			shown++;
		}
		(void)printf("%.*s…", (int)(p - s.p), s.p);
		return;
	}
	(void)printf("%*s%.*s%*s", right ? (int)pad : 0, "", SPAN_ARG(s), right ? 0 : (int)pad, "");
}

static void cell_u64(uint64_t v, size_t width)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	cell(span_of(text, (size_t)n), width, true);
}

static void cell_share(const struct top_row *row)
{
	char text[24] = "";
	double share;
	int n = 0;

	if (share_of(row, &share))
		n = snprintf(text, sizeof(text),
		    share >= 0.1     ? "%.0f%%"
		    : share >= 0.001 ? "%.2f%%"
				     : "%.4f%%",
		    share * 100);
	cell(span_of(text, (size_t)n), 9, true);
}

static void cell_score(const struct top_row *row)
{
	char text[48] = "";
	int n = 0;

	if (row->judged)
		n = snprintf(
		    text, sizeof(text), "%.0f [%.0f..%.0f]", row->score, row->low, row->high);
	cell(span_of(text, (size_t)n), 14, true);
	(void)printf("  %s", row->grade ? row->grade : "-");
}

/* Wide first columns by kind: what it is called, then who answers for it. */
static const struct {
	const char *label;
	size_t width; /* of the label; 0: the organisation's name is the label */
} kind_columns[ENTITY_KIND_N] = {
	[ENTITY_ADDR] = { "ADDRESS", 21 },
	[ENTITY_BLOCK] = { "BLOCK", 21 },
	[ENTITY_NET] = { "NETWORK", 42 },
	[ENTITY_PREFIX] = { "PREFIX", 31 },
	[ENTITY_AS] = { NULL, 0 },
	[ENTITY_ORG] = { NULL, 0 },
	[ENTITY_COUNTRY] = { "COUNTRY", 7 },
};

static void text_row(const struct top *t, const struct top_row *row, size_t rank)
{
	size_t width = kind_columns[row->kind].width;
	struct names n;

	names_of(t, row, &n);
	if (row->unannounced) {
		cell(SPAN(""), 5, true);
		(void)printf(" ");
		cell(row->kind == ENTITY_NET ? SPAN("(in no network that is known)")
					     : SPAN("(not announced by anybody)"),
		    49 + (width ? width + 1 : 0), false);
	} else {
		cell_u64(rank, 5);
		(void)printf(" ");
		if (width) {
			cell(n.label, width, false);
			(void)printf(" ");
		}
		if (row->kind == ENTITY_COUNTRY) {
			cell(SPAN(""), 49, false);
		} else {
			cell(n.org, 34, false);
			(void)printf(" ");
			cell(span_str(n.asn_text), 11, false);
			(void)printf(" ");
			cell(span_str(row->country), 2, false);
		}
	}
	cell_u64(row->addresses, 10);
	cell_u64(row->events, 11);
	cell_share(row);
	cell_score(row);
	(void)printf("\n");
}

void top_print_text(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style)
{
	size_t shown = style->limit && style->limit < n ? style->limit : n;
	char from[UTC_TEXT_MAX], to[UTC_TEXT_MAX];

	if (n == 0) {
		(void)printf("No events: nothing in these files matched.\n");
		return;
	}
	utc_format(t->oldest_s, from);
	utc_format(t->newest_s, to);
	if (style->simulated)
		(void)printf("SIMULATED events\n");
	(void)printf(
	    "%u hosts, %llu events, %.10s to %.10s; scores as of %.10s, by these files alone\n\n",
	    t->map.n, (unsigned long long)t->events, from, to, to);
	(void)printf("    # ");
	if (kind_columns[style->by].width) {
		cell(span_str(kind_columns[style->by].label), kind_columns[style->by].width, false);
		(void)printf(" ");
	}
	(void)printf("%-34s %-11s %-2s %9s %10s %8s %13s  %s\n",
	    style->by == ENTITY_COUNTRY ? "" : "ORGANISATION",
	    style->by == ENTITY_COUNTRY ? "" : "AS", style->by == ENTITY_COUNTRY ? "" : "CC",
	    "ADDRESSES", "EVENTS", "SHARE", "SCORE", "GRADE");
	for (size_t i = 0; i < shown; i++)
		text_row(t, &rows[i], i + 1);
	if (shown < n)
		(void)printf("… and %zu more (--limit 0 shows all)\n", n - shown);
	if (t->listed_prefixes)
		(void)printf("%llu listed prefixes are not counted as hosts\n",
		    (unsigned long long)t->listed_prefixes);
	(void)printf(
	    "\nSHARE: of the announced IPv4 space. SCORE: 100 best, 0 worst [80%% interval]; no "
	    "grade where the evidence is too thin.\n%.*s\n",
	    SPAN_ARG(style->attribution));
}

static void json_text(struct jout *j, const char *key, struct span s)
{
	if (span_empty(s))
		jout_null(j, key);
	else
		jout_span(j, key, s);
}

static void json_row(
    const struct top *t, const struct top_row *row, size_t rank, bool simulated, struct buf *out)
{
	struct names n;
	struct jout j;
	double share;

	names_of(t, row, &n);
	jout_init(&j, out);
	jout_object(&j, NULL);
	if (row->unannounced)
		jout_null(&j, "rank");
	else
		jout_u64(&j, "rank", rank);
	json_text(&j, "entity", span_str(n.entity));
	if (n.asn)
		jout_u64(&j, "asn", n.asn);
	else
		jout_null(&j, "asn");
	json_text(&j, "as_name", n.as_name);
	json_text(&j, "org", n.org);
	json_text(&j, "country", span_str(row->country));
	jout_u64(&j, "addresses", row->addresses);
	jout_u64(&j, "events", row->events);
	if (row->unannounced)
		jout_null(&j, "announced");
	else
		jout_u64(&j, "announced", row->announced);
	jout_u64(&j, "announced_v6", row->announced_v6);
	if (share_of(row, &share))
		jout_real(&j, "share", share, 9);
	else
		jout_null(&j, "share");
	jout_real(&j, "score", row->judged ? row->score : (double)NAN, 2);
	jout_real(&j, "low", row->judged ? row->low : (double)NAN, 2);
	jout_real(&j, "high", row->judged ? row->high : (double)NAN, 2);
	jout_str(&j, "grade", row->grade);
	jout_str(&j, "reason", row->reason);
	if (simulated)
		jout_bool(&j, "simulated", true);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

int top_print_json(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style)
{
	size_t shown = style->limit && style->limit < n ? style->limit : n;
	struct buf b;
	bool ok = true;

	buf_init(&b, ROW_MAX * 4);
	for (size_t i = 0; i < shown && ok; i++) {
		buf_reset(&b);
		json_row(t, &rows[i], i + 1, style->simulated, &b);
		ok = buf_ok(&b) && fwrite(b.p, 1, b.len, stdout) == b.len;
	}
	buf_done(&b);
	return ok && fflush(stdout) == 0 ? 0 : -EIO;
}

/* RFC 4180: quoted, quotes doubled; a leading formula sign is data here, so it is quoted too. */
/* Names are others' text, and a spreadsheet takes what begins with one of these for a formula, quoted or
 * not: an apostrophe in front makes it text. */
static void csv_text(struct span s)
{
	(void)putchar('"');
	if (!span_empty(s) && strchr("=+-@\t\r", *s.p) && *s.p)
		(void)putchar('\'');
	for (; s.p < s.end; s.p++) {
		if (*s.p == '"')
			(void)putchar('"');
		(void)putchar(*s.p);
	}
	(void)putchar('"');
}

int top_print_csv(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style)
{
	size_t shown = style->limit && style->limit < n ? style->limit : n;

	(void)printf(
	    "entity,asn,as_name,org,country,addresses,events,announced,share,score,low,high,"
	    "grade%s\n",
	    style->simulated ? ",simulated" : "");
	for (size_t i = 0; i < shown; i++) {
		const struct top_row *row = &rows[i];
		struct names m;
		double share;

		names_of(t, row, &m);
		csv_text(span_str(m.entity));
		(void)printf(m.asn ? ",%u," : ",%.0u,", m.asn);
		csv_text(m.as_name);
		(void)putchar(',');
		csv_text(m.org);
		(void)printf(",%s,%llu,%llu,%llu,", row->country,
		    (unsigned long long)row->addresses, (unsigned long long)row->events,
		    (unsigned long long)row->announced);
		if (share_of(row, &share))
			(void)printf("%.9f", share);
		if (row->judged)
			(void)printf(",%.2f,%.2f,%.2f,", row->score, row->low, row->high);
		else
			(void)printf(",,,,");
		(void)printf(
		    "%s%s\n", row->grade ? row->grade : "", style->simulated ? ",yes" : "");
	}
	return fflush(stdout) == 0 ? 0 : -EIO;
}
