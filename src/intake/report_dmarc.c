/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DMARC aggregate reports: <feedback> of RFC 7489 appendix C and RFC 9990, read by expat. A row whose mail failed both
 * SPF and DKIM, in alignment, is mail that the address sent in the name of a domain that does not know of it:
 *   the receiver turned it away (quarantine, reject)   spam
 *   it let it pass, as the domain asks for no more     other, which is kept and not scored
 * and weak in any case, for forwarders and mailing lists do that to honest mail; where the receiver says that it was
 * one of these, it is nothing. Rows that passed are nothing.
 * Document types are refused, so there are no entities but those of XML itself; depth and values are bounded. */
#include <errno.h>
#include <expat.h>
#include <strings.h>

#include "intake/report_priv.h"
#include "util/clock.h"
#include "util/num.h"

#define DEPTH_MAX    16u
#define PATH_MAX_LEN 120u
#define VALUE_MAX    100u
#define ROWS_MAX     200000u
#define RANGE_MAX_S  (32 * DAY_S) /* of what one report covers */
#define PIECE	     65536u

enum slot { BEGIN, END, SOURCE, COUNT, DISPOSITION, DKIM, SPF, REASON, SLOT_N };
static const char *const paths[] = {
	[BEGIN] = "/feedback/report_metadata/date_range/begin",
	[END] = "/feedback/report_metadata/date_range/end",
	[SOURCE] = "/feedback/record/row/source_ip",
	[COUNT] = "/feedback/record/row/count",
	[DISPOSITION] = "/feedback/record/row/policy_evaluated/disposition",
	[DKIM] = "/feedback/record/row/policy_evaluated/dkim",
	[SPF] = "/feedback/record/row/policy_evaluated/spf",
	[REASON] = "/feedback/record/row/policy_evaluated/reason/type",
};
_Static_assert(NELEM(paths) == SLOT_N, "paths out of step");

static const char *const excuses[] = { "forwarded", "trusted_forwarder", "mailing_list" };

struct value {
	char text[VALUE_MAX];
	size_t len;
	bool given; /* in this record; of the range: in this report */
};

struct reading {
	struct report *to;
	XML_Parser xml;
	char path[PATH_MAX_LEN + 1];
	size_t ends[DEPTH_MAX + 1]; /* of the elements around, in path */
	unsigned depth;
	enum slot now; /* where text goes; SLOT_N: nowhere */
	struct value values[SLOT_N];
	bool excused;
	unsigned rows;
	struct err *why; /* set with failed */
	bool failed;
};

static void fail(struct reading *r)
{
	r->failed = true;
	(void)XML_StopParser(r->xml, XML_FALSE); /* fails only where it has stopped */
}

static struct span value(const struct reading *r, enum slot s)
{
	return span_trim(span_of(r->values[s].text, r->values[s].len));
}

/* The end of the range is when the last of it can have happened. */
static bool dated(const struct reading *r, int64_t *ret)
{
	int64_t begin_s, end_s;

	if (num_i64(value(r, BEGIN), 1, INT64_MAX / 2, &begin_s) < 0 ||
	    num_i64(value(r, END), 1, INT64_MAX / 2, &end_s) < 0 || end_s < begin_s ||
	    end_s - begin_s > RANGE_MAX_S)
		return false;
	*ret = end_s;
	return true;
}

static void row(struct reading *r)
{
	struct report_fact f = { .weak = true,
		.dated = true,
		.service = "smtp",
		.format = "dmarc",
		.from = value(r, SOURCE) };
	bool acted = report_word(value(r, DISPOSITION), "quarantine") ||
		     report_word(value(r, DISPOSITION), "reject");

	if (++r->rows > ROWS_MAX)
		return (void)err_set(r->why, 0, "more than %u rows", ROWS_MAX), fail(r);
	if (num_u64(value(r, COUNT), UINT64_MAX, &f.count) < 0)
		return (void)err_set(r->why, 0, "a row without a count"), fail(r);
	if (span_empty(f.from))
		return (void)err_set(r->why, 0, "a row without a source_ip"), fail(r);
	if (r->excused || f.count == 0 || !report_word(value(r, DKIM), "fail") ||
	    !report_word(value(r, SPF), "fail"))
		return;
	f.category = acted ? CATEGORY_SPAM : CATEGORY_OTHER;
	f.kind = acted ? "failed and turned away" : "failed";
	if (!dated(r, &f.time_s))
		return (void)err_set(
			   r->why, 0, "no range of dates, of a month at most, before its rows"),
		       fail(r);
	if (report_add(r->to, &f, r->why) < 0)
		fail(r);
}

/* An element of a path that fits: does its text count? */
static void begin(struct reading *r)
{
	if (strcmp(r->path, "/feedback/record") == 0) {
		memset(&r->values[SOURCE], 0, (SLOT_N - SOURCE) * sizeof(r->values[0]));
		r->excused = false;
	}
	for (unsigned i = 0; i < SLOT_N; i++) {
		if (strcmp(r->path, paths[i]) != 0)
			continue;
		if (r->values[i].given && i != REASON) /* of reasons there may be several */
			return (void)err_set(r->why, 0, "two elements %s", paths[i]), fail(r);
		r->now = (enum slot)i;
		r->values[i].len = 0;
		r->values[i].given = true;
	}
}

static void XMLCALL on_start(void *ctx, const char *full_name, const char **attributes)
{
	const char *colon = strrchr(full_name, ':'), *name = colon ? colon + 1 : full_name;
	struct reading *r = ctx;
	size_t at = r->ends[r->depth], n = strlen(name);

	(void)attributes;
	if (r->depth == DEPTH_MAX)
		return (void)err_set(r->why, 0, "XML that is too deep"), fail(r);
	if (r->depth == 0 && strcmp(name, "feedback") != 0)
		return (void)err_set(r->why, 0, "XML that is no DMARC report"), fail(r);
	if (r->now < SLOT_N) /* whoever skips it reads another value than who does not */
		return (void)err_set(r->why, 0, "an element within %s", paths[r->now]), fail(r);
	if (at + 1 + n <= PATH_MAX_LEN) {
		r->path[at] = '/';
		memcpy(r->path + at + 1, name, n + 1);
		at += 1 + n;
	} else { /* none of ours, nor any below it */
		at = PATH_MAX_LEN;
	}
	r->ends[++r->depth] = at;
	if (at < PATH_MAX_LEN)
		begin(r);
}

static void XMLCALL on_text(void *ctx, const char *s, int len)
{
	struct reading *r = ctx;
	struct value *v = r->now < SLOT_N ? &r->values[r->now] : NULL;

	if (!v)
		return;
	if (v->len + (size_t)len > VALUE_MAX)
		return (void)err_set(r->why, 0, "a value too long in %s", paths[r->now]), fail(r);
	memcpy(v->text + v->len, s, (size_t)len);
	v->len += (size_t)len;
}

static void XMLCALL on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;

	(void)name;
	if (r->failed) /* expat still closes an element that is empty */
		return;
	if (r->now == REASON)
		for (unsigned i = 0; i < NELEM(excuses); i++)
			r->excused = r->excused || report_word(value(r, REASON), excuses[i]);
	r->now = SLOT_N;
	if (r->ends[r->depth] < PATH_MAX_LEN && strcmp(r->path, "/feedback/record") == 0)
		row(r);
	r->depth--;
	r->path[r->ends[r->depth]] = '\0';
}

static void XMLCALL on_doctype(
    void *ctx, const char *name, const char *system_id, const char *public_id, int internal)
{
	struct reading *r = ctx;

	(void)name, (void)system_id, (void)public_id, (void)internal;
	(void)err_set(r->why, 0, "XML with a document type, which may hide anything");
	fail(r);
}

static void feed(struct reading *r, struct span xml)
{
	bool last = false;

	while (!last && !r->failed) {
		size_t n = MIN_OF(span_len(xml), (size_t)PIECE);

		last = n == span_len(xml);
		if (XML_Parse(r->xml, xml.p, (int)n, last) != XML_STATUS_OK && !r->failed) {
			(void)err_set(r->why, 0, "XML that is broken in line %lu: %s",
			    (unsigned long)XML_GetCurrentLineNumber(r->xml),
			    XML_ErrorString(XML_GetErrorCode(r->xml)));
			r->failed = true;
		}
		xml.p += n;
	}
}

int report_dmarc(struct report *to, struct span xml, struct err *why)
{
	struct reading r = { .to = to, .why = why, .now = SLOT_N, .xml = XML_ParserCreate(NULL) };
	int64_t end_s;

	if (!r.xml)
		abort();
	XML_SetUserData(r.xml, &r);
	XML_SetElementHandler(r.xml, on_start, on_end);
	XML_SetCharacterDataHandler(r.xml, on_text);
	XML_SetStartDoctypeDeclHandler(r.xml, on_doctype);
	while (
	    span_len(xml) && (*xml.p == '\n' || *xml.p == '\r' || *xml.p == ' ')) /* before <?xml */
		xml.p++;
	feed(&r, xml);
	XML_ParserFree(r.xml);
	if (!r.failed && r.rows == 0)
		return err_set(why, -EINVAL, "a DMARC report without rows");
	if (!r.failed && !dated(&r, &end_s))
		return err_set(why, -EINVAL, "a DMARC report without a range of dates");
	return r.failed ? -EINVAL : 0;
}
