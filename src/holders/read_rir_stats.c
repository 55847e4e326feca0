/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statistics that regional registries publish, `delegated` and `delegated-extended`, and what the NRO
 * makes of them:
 *   2|afrinic|20260213|9593|00000000|20260213|00000                 version: of which registry and day
 *   afrinic|*|ipv4|*|5327|summary                                   how many records of a type follow
 *   afrinic|ZA|ipv4|41.0.0.0|2048|20050101|allocated|F36B9F4B       a record: addresses by their count
 *   afrinic|NG|ipv6|2c0f:fff0::|32|20110307|allocated               by the length of the prefix
 * What is allocated or assigned by a registry becomes a fact. Free and reserved space and what IANA gave to
 * the registries has no holder, and is left out.
 * Source: the README of the registries' statistics exchange format, versions 1 to 2.3. */
#include <errno.h>

#include "holders/fact_text.h"
#include "util/num.h"

#define FIELDS_MAX 12

enum stat_type { STAT_ASN, STAT_IPV4, STAT_IPV6, STAT_N };

static const char *const type_name[] = {
	[STAT_ASN] = "asn",
	[STAT_IPV4] = "ipv4",
	[STAT_IPV6] = "ipv6",
};
_Static_assert(NELEM(type_name) == STAT_N, "type_name out of step");

static const struct {
	const char *word, *source;
} registries[] = {
	{ "afrinic", "AFRINIC" },
	{ "apnic", "APNIC" },
	{ "arin", "ARIN" },
	{ "lacnic", "LACNIC" },
	{ "ripencc", "RIPE" },
};

enum { F_REGISTRY, F_COUNTRY, F_TYPE, F_START, F_VALUE, F_DATE, F_STATUS, F_OPAQUE };

/* struct stats - one reading. The sums are of the section that a version line begins: files that were put
 * one behind the other are checked one by one. */
struct stats {
	const struct fact_to *to;
	struct buf room;
	struct span field[FIELDS_MAX];
	unsigned n; /* fields of the line */
	uint64_t line;
	uint64_t records[STAT_N], numbers,
	    said[STAT_N]; /* numbers: AS numbers in the asn records */
	bool has_said[STAT_N];
};

static void cut(struct stats *s, struct span text)
{
	s->n = 0;
	while (s->n < FIELDS_MAX) {
		struct span *f = &s->field[s->n++];
		bool more = span_cut(&text, '|', f);

		*f = span_trim(*f);
		if (!more)
			break;
	}
}

static bool type_of(struct span s, enum stat_type *ret)
{
	for (unsigned i = 0; i < STAT_N; i++)
		if (span_is(s, type_name[i])) {
			*ret = (enum stat_type)i;
			return true;
		}
	return false;
}

/* "2", "2.3": the first field of a version line, which no registry is called. */
static bool is_version(const struct stats *s)
{
	return s->n >= 4 && span_len(s->field[0]) >= 1 && span_len(s->field[0]) <= 4 &&
	       s->field[0].p[0] >= '1' && s->field[0].p[0] <= '9';
}

static bool is_summary(const struct stats *s)
{
	return s->n == 6 && span_is(s->field[5], "summary");
}

/* --- what a record says ---------------------------------------------------------------------------- */

static const char *asn_of(const struct stats *s, struct fact *f)
{
	uint32_t first, count;

	if (num_u32(s->field[F_START], UINT32_MAX, &first) < 0 || first == 0)
		return "not an AS number";
	if (num_u32(s->field[F_VALUE], UINT32_MAX, &count) < 0 || count == 0)
		return "not a count";
	if (count - 1 > UINT32_MAX - first)
		return "past the last AS number";
	f->kind = FACT_AS;
	f->as[0] = first;
	f->as[1] = first + (count - 1);
	return NULL;
}

static const char *ipv4_of(const struct stats *s, struct fact *f)
{
	struct addr first;
	uint64_t count;

	if (addr_parse(s->field[F_START], &first) < 0 || !addr_is_v4(first))
		return "not an address";
	if (num_u64(s->field[F_VALUE], UINT64_MAX, &count) < 0 || count == 0)
		return "not a count";
	if (count - 1 > UINT32_MAX - addr_v4(first))
		return "past the end of the address space";
	f->kind = FACT_NETWORK;
	f->range = (struct range){ first, addr_of_v4(addr_v4(first) + (uint32_t)(count - 1)) };
	return NULL;
}

static const char *ipv6_of(const struct stats *s, struct fact *f)
{
	struct addr first;
	struct prefix p;
	uint32_t len;

	if (addr_parse(s->field[F_START], &first) < 0 || addr_is_v4(first))
		return "not an address";
	if (num_u32(s->field[F_VALUE], 128, &len) < 0 || len == 0)
		return "not the length of a prefix";
	p = prefix_make(first, len);
	if (!addr_eq(p.addr, first))
		return "a prefix with host bits";
	f->kind = FACT_NETWORK;
	f->range = prefix_range(p);
	return NULL;
}

static const char *(*const resource_of[])(const struct stats *, struct fact *) = {
	[STAT_ASN] = asn_of,
	[STAT_IPV4] = ipv4_of,
	[STAT_IPV6] = ipv6_of,
};
_Static_assert(NELEM(resource_of) == STAT_N, "resource_of out of step");

static bool source_of(struct span word, struct span *ret)
{
	for (unsigned i = 0; i < NELEM(registries); i++)
		if (span_is(word, registries[i].word)) {
			*ret = span_str(registries[i].source);
			return true;
		}
	return false;
}

static bool country_of(struct span s, char ret[3])
{
	/* small letters are none of this format: two bytes that went wrong, and the rest may have too */
	for (const char *p = s.p; p < s.end; p++)
		if (*p < 'A' || *p > 'Z')
			return false;
	return fact_country(s, ret);
}

static bool date_of(struct span s, int64_t *ret)
{
	*ret = 0;
	return span_empty(s) || span_is(s, "00000000") || fact_date8(s, ret);
}

static const char *fact_of(struct stats *s, enum stat_type type, struct fact *f)
{
	const char *why = resource_of[type](s, f);
	struct span opaque = s->n > F_OPAQUE ? s->field[F_OPAQUE] : SPAN("");

	if (why)
		return why;
	if (!source_of(s->field[F_REGISTRY], &f->source))
		return "not a registry this reader knows";
	if (!country_of(s->field[F_COUNTRY], f->country))
		return "not a country of two capital letters";
	if (!date_of(s->field[F_DATE], &f->created_s))
		return "not a date";
	fact_room_reset(&s->room);
	f->opaque = fact_key(&s->room, opaque);
	if (span_empty(f->opaque) && !span_empty(opaque))
		return "not an opaque id";
	f->status = fact_text(&s->room, s->field[F_STATUS], FACT_TEXT_MAX);
	f->line = s->line;
	return NULL;
}

/* --- lines ------------------------------------------------------------------------------------------- */

/* Statuses without a holder, and all that is IANA's. */
static const char *left_out(const struct stats *s)
{
	const struct span status = s->field[F_STATUS];

	if (span_is(s->field[F_REGISTRY], "iana"))
		return "of IANA, which gives to registries";
	if (span_is(status, "allocated") || span_is(status, "assigned"))
		return NULL;
	return span_is(status, "available")  ? "available"
	       : span_is(status, "reserved") ? "reserved"
					     : "a status that tells of no holder";
}

static int record(struct stats *s)
{
	struct fact f = { .line = s->line };
	const char *why = NULL;
	enum stat_type type;

	if (s->n <= F_STATUS || span_empty(s->field[F_STATUS]))
		why = "fields are missing";
	else if (!type_of(s->field[F_TYPE], &type))
		why = "neither asn, ipv4 nor ipv6";
	if (why) {
		fact_refuse(s->to, s->line, why);
		return 0;
	}
	s->records[type]++;
	why = left_out(s);
	if (why) {
		fact_leave(s->to, s->line, why);
		return 0;
	}
	why = fact_of(s, type, &f);
	if (!buf_ok(&s->room))
		return -ENOMEM;
	if (why) {
		fact_refuse(s->to, s->line, why);
		return 0;
	}
	return s->to->take(s->to->ctx, &f);
}

static void summary(struct stats *s)
{
	enum stat_type type;
	uint64_t n;

	if (!type_of(s->field[F_TYPE], &type) || num_u64(s->field[4], UINT64_MAX, &n) < 0) {
		fact_refuse(s->to, s->line, "not a summary");
		return;
	}
	s->has_said[type] = true;
	s->said[type] = n;
}

/* Whether as many records came as the summary lines said. */
static void section_end(struct stats *s)
{
	char why[160];
	size_t n = 0;

	for (unsigned i = 0; i < STAT_N; i++) {
		if (s->has_said[i] && s->said[i] != s->records[i] && n < sizeof(why))
			n += (size_t)snprintf(why + n, sizeof(why) - n, "%s%llu of %llu %s records",
			    n ? ", " : "", (unsigned long long)s->records[i],
			    (unsigned long long)s->said[i], type_name[i]);
		s->records[i] = 0;
		s->has_said[i] = false;
	}
	if (n)
		fact_refuse(s->to, s->line, why);
}

static int line_read(struct stats *s, const struct line *line)
{
	struct span text = span_trim(line->text);

	if (span_empty(text) || *text.p == '#')
		return 0;
	if (line->cut) { /* its fields may not be what they seem */
		fact_refuse(s->to, line->number, "the line is too long");
		return 0;
	}
	cut(s, text);
	if (is_version(s))
		section_end(s);
	s->line = line->number;
	if (is_summary(s))
		summary(s);
	else if (!is_version(s))
		return record(s);
	return 0;
}

static int rir_stats_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct stats s = { .to = to };
	struct line line;
	int r = fact_room_init(&s.room) ? 1 : -ENOMEM, got = 0;

	while (r >= 0 && (got = input_line(in, &line, e)) > 0)
		r = line_read(&s, &line);
	if (r >= 0 && got == 0)
		section_end(&s);
	buf_done(&s.room);
	if (r == -ENOMEM)
		return err_set(e, r, "%s: out of memory", input_name(in));
	return r < 0 ? r : got;
}

static bool rir_stats_claims(struct span head)
{
	struct stats s = { .n = 0 };
	struct span line;

	while (!span_empty(head)) {
		enum stat_type type;

		(void)span_cut(&head, '\n', &line);
		line = span_trim(line);
		if (span_empty(line) || *line.p == '#')
			continue;
		cut(&s, line);
		return (is_version(&s) && s.n == 7) ||
		       (s.n >= 6 && type_of(s.field[F_TYPE], &type));
	}
	return false;
}

const struct fact_reader fact_reader_rir_stats = {
	.name = "rir-stats",
	.claims = rir_stats_claims,
	.read = rir_stats_read,
};
