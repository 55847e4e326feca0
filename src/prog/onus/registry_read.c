/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus registry read - what registry inputs say: how many facts of each kind, of which registry and space, and
 * what was refused or left out, with reasons. */
#include "prog/onus/registry_read.h"

#include <errno.h>
#include <string.h>

#include "holders/readers.h"
#include "util/clock.h"
#include "util/jout.h"

#define REFUSED_SHOWN 20u
#define SOURCES_MAX   64u
#define REASONS_MAX   64u

static const char *const kind_names[] = {
	[FACT_NETWORK] = "network",
	[FACT_AS] = "as",
	[FACT_ORG] = "org",
	[FACT_CONTACT] = "contact",
	[FACT_MAILBOX] = "mailbox",
	[FACT_ROUTE] = "route",
	[FACT_PLACE] = "place",
};
_Static_assert(NELEM(kind_names) == FACT_KIND_N, "kind_names out of step");

enum { SPACE_NETWORKS4, SPACE_NETWORKS6, SPACE_ROUTES4, SPACE_ROUTES6, SPACE_N };

/* What is summed as space, in words and in JSON. */
static const struct {
	const char *family, *unit, *units_key, *records, *key;
} spaces[] = {
	[SPACE_NETWORKS4] = { "IPv4", "addresses", "addresses", "networks", "ipv4" },
	[SPACE_NETWORKS6] = { "IPv6", "/48s", "blocks48", "networks", "ipv6" },
	[SPACE_ROUTES4] = { "IPv4", "addresses", "addresses", "routes", "routes4" },
	[SPACE_ROUTES6] = { "IPv6", "/48s", "blocks48", "routes", "routes6" },
};
_Static_assert(NELEM(spaces) == SPACE_N, "spaces out of step");

/* struct space - records of one kind: what each says, summed; overlaps count as often as they are said */
struct space {
	uint64_t n, units; /* as range_units: addresses, /48s */
	struct range around;
};

struct source {
	char name[40];
	struct space space[SPACE_N];
	uint64_t as, numbers; /* records, AS numbers in them */
	uint32_t first, last;
};

struct reason {
	char why[160];
	uint64_t n, line; /* how often, and where first */
	bool left;	  /* left out, not refused */
};

struct sums {
	const char *path;
	enum read_as as;
	unsigned shown;
	uint64_t taken[FACT_KIND_N], refused, left;
	struct source source[SOURCES_MAX]; /* the last one takes all that have no room */
	struct reason reason[REASONS_MAX];
	unsigned n_source, n_reason;
	struct buf out; /* one line of JSON */
};

/* --- counting ----------------------------------------------------------------------------------------- */

static struct source *source_of(struct sums *s, struct span name)
{
	struct source *new;

	for (unsigned i = 0; i < s->n_source; i++)
		if (span_is(name, s->source[i].name))
			return &s->source[i];
	if (s->n_source == SOURCES_MAX)
		return &s->source[SOURCES_MAX - 1];
	new = &s->source[s->n_source++];
	if (s->n_source == SOURCES_MAX || span_len(name) >= sizeof(new->name))
		name = SPAN("others");
	(void)snprintf(new->name, sizeof(new->name), "%.*s", SPAN_ARG(name)); /* it has room */
	return new;
}

static void space_add(struct space *s, struct range r)
{
	if (s->n == 0 || addr_cmp(r.first, s->around.first) < 0)
		s->around.first = r.first;
	if (s->n == 0 || addr_cmp(r.last, s->around.last) > 0)
		s->around.last = r.last;
	s->n++;
	if (__builtin_add_overflow(s->units, range_units(r), &s->units))
		s->units = UINT64_MAX;
}

static void as_add(struct source *s, const uint32_t as[2])
{
	s->first = s->as && s->first < as[0] ? s->first : as[0];
	s->last = MAX_OF(s->last, as[1]);
	s->as++;
	s->numbers += (uint64_t)as[1] - as[0] + 1;
}

static void reason_add(struct sums *s, uint64_t line, const char *why, bool left)
{
	struct reason *r = s->reason, *end = s->reason + s->n_reason;

	while (r < end && (r->left != left || strcmp(r->why, why) != 0))
		r++;
	if (r == end && s->n_reason < REASONS_MAX) {
		s->n_reason++;
		*r = (struct reason){ .line = line, .left = left };
		(void)snprintf(r->why, sizeof(r->why), "%s", why); /* cut */
	}
	if (r < s->reason + REASONS_MAX)
		r->n++;
}

/* --- one fact ----------------------------------------------------------------------------------------- */

static void json_text(struct jout *j, const char *key, struct span v)
{
	if (!span_empty(v))
		jout_span(j, key, v);
}

static void json_day(struct jout *j, const char *key, int64_t time_s)
{
	char day[UTC_TEXT_MAX];

	if (!time_s)
		return;
	utc_format_day(day_of(time_s), day);
	jout_str(j, key, day);
}

static void fact_json(const struct fact *f, struct buf *out)
{
	const struct {
		const char *key;
		struct span text;
	} texts[] = {
		{ "handle", f->handle },
		{ "name", f->name },
		{ "descr", f->descr },
		{ "org", f->org },
		{ "opaque", f->opaque },
		{ "abuse", f->abuse },
		{ "mail", f->mail },
		{ "address", f->address },
		{ "status", f->status },
		{ "parent", f->parent },
		{ "country", span_str(f->country) },
	};
	char range[RANGE_TEXT_MAX];
	struct jout j;

	buf_reset(out);
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_u64(&j, "line", f->line);
	jout_str(&j, "kind", kind_names[f->kind]);
	jout_span(&j, "source", f->source);
	if (f->kind == FACT_NETWORK || f->kind == FACT_ROUTE || f->kind == FACT_PLACE) {
		(void)range_format(f->range, range);
		jout_str(&j, "range", range);
	}
	if (f->kind == FACT_AS || f->kind == FACT_ROUTE) {
		jout_u64(&j, "asn", f->as[0]);
		if (f->as[1] != f->as[0])
			jout_u64(&j, "last_asn", f->as[1]);
	}
	if (f->seen)
		jout_u64(&j, "seen", f->seen);
	for (size_t i = 0; i < NELEM(texts); i++)
		json_text(&j, texts[i].key, texts[i].text);
	json_day(&j, "created", f->created_s);
	json_day(&j, "changed", f->changed_s);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

static unsigned space_of(const struct fact *f)
{
	bool v4 = addr_is_v4(f->range.first);

	if (f->kind == FACT_NETWORK)
		return v4 ? SPACE_NETWORKS4 : SPACE_NETWORKS6;
	return v4 ? SPACE_ROUTES4 : SPACE_ROUTES6;
}

static int on_take(void *ctx, const struct fact *f)
{
	struct sums *s = ctx;
	struct source *source = source_of(s, f->source);

	s->taken[f->kind]++;
	if (f->kind == FACT_NETWORK || f->kind == FACT_ROUTE)
		space_add(&source->space[space_of(f)], f->range);
	else if (f->kind == FACT_AS)
		as_add(source, f->as);
	if (s->as != READ_FACTS)
		return 0;
	fact_json(f, &s->out);
	if (!buf_ok(&s->out))
		return -ENOMEM;
	return fwrite(s->out.p, 1, s->out.len, stdout) == s->out.len ? 0 : -EIO;
}

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	struct sums *s = ctx;

	s->refused++;
	reason_add(s, line, why, false);
	if (s->shown++ < REFUSED_SHOWN)
		(void)fprintf(stderr, "onus registry: refused: %s:%llu: %s\n", s->path,
		    (unsigned long long)line, why);
}

static void on_leave(void *ctx, uint64_t line, const char *why)
{
	struct sums *s = ctx;

	s->left++;
	reason_add(s, line, why, true);
}

/* --- sums --------------------------------------------------------------------------------------------- */

static uint64_t taken_all(const struct sums *s)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < FACT_KIND_N; k++)
		n += s->taken[k];
	return n;
}

static void space_text(const char *source, unsigned kind, const struct space *s)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	if (s->n == 0)
		return;
	(void)addr_format(s->around.first, first);
	(void)addr_format(s->around.last, last);
	(void)printf("  %-9s %10llu %s %s of %llu %s, %s - %s\n", source, (unsigned long long)s->n,
	    spaces[kind].family, spaces[kind].records, (unsigned long long)s->units,
	    spaces[kind].unit, first, last);
}

static void sums_text(const struct sums *s, const char *reader)
{
	(void)printf("%s (%s): %llu facts, %llu refused, %llu left out\n", s->path, reader,
	    (unsigned long long)taken_all(s), (unsigned long long)s->refused,
	    (unsigned long long)s->left);
	for (unsigned k = 0; k < FACT_KIND_N; k++)
		if (s->taken[k])
			(void)printf("  %-9s %10llu taken\n", kind_names[k],
			    (unsigned long long)s->taken[k]);
	for (unsigned i = 0; i < s->n_source; i++) {
		const struct source *from = &s->source[i];

		for (unsigned k = 0; k < SPACE_N; k++)
			space_text(from->name, k, &from->space[k]);
		if (from->as)
			(void)printf("  %-9s %10llu records of %llu AS numbers, %u - %u\n",
			    from->name, (unsigned long long)from->as,
			    (unsigned long long)from->numbers, from->first, from->last);
	}
	for (unsigned i = 0; i < s->n_reason; i++)
		(void)printf("  %-9s %10llu %s (first: line %llu)\n",
		    s->reason[i].left ? "left out" : "refused", (unsigned long long)s->reason[i].n,
		    s->reason[i].why, (unsigned long long)s->reason[i].line);
}

static void space_json(struct jout *j, unsigned kind, const struct space *s)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	if (s->n == 0)
		return;
	(void)addr_format(s->around.first, first);
	(void)addr_format(s->around.last, last);
	jout_object(j, spaces[kind].key);
	jout_u64(j, spaces[kind].records, s->n);
	jout_u64(j, spaces[kind].units_key, s->units);
	jout_str(j, "first", first);
	jout_str(j, "last", last);
	jout_object_end(j);
}

static void reasons_json(struct jout *j, const char *key, const struct sums *s, bool left)
{
	jout_array(j, key);
	for (unsigned i = 0; i < s->n_reason; i++) {
		if (s->reason[i].left != left)
			continue;
		jout_object(j, NULL);
		jout_str(j, "why", s->reason[i].why);
		jout_u64(j, "count", s->reason[i].n);
		jout_u64(j, "first_line", s->reason[i].line);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void sources_json(struct jout *j, const struct sums *s)
{
	jout_array(j, "sources");
	for (unsigned i = 0; i < s->n_source; i++) {
		const struct source *from = &s->source[i];

		jout_object(j, NULL);
		jout_str(j, "source", from->name);
		for (unsigned k = 0; k < SPACE_N; k++)
			space_json(j, k, &from->space[k]);
		if (from->as) {
			jout_object(j, "as");
			jout_u64(j, "records", from->as);
			jout_u64(j, "numbers", from->numbers);
			jout_u64(j, "first", from->first);
			jout_u64(j, "last", from->last);
			jout_object_end(j);
		}
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void sums_json(struct sums *s, const char *reader)
{
	struct jout j;

	buf_reset(&s->out);
	jout_init(&j, &s->out);
	jout_object(&j, NULL);
	jout_str(&j, "file", s->path);
	jout_str(&j, "kind", reader);
	jout_object(&j, "taken");
	for (unsigned k = 0; k < FACT_KIND_N; k++)
		jout_u64(&j, kind_names[k], s->taken[k]);
	jout_object_end(&j);
	jout_u64(&j, "refused", s->refused);
	jout_u64(&j, "left_out", s->left);
	sources_json(&j, s);
	reasons_json(&j, "refused_for", s, false);
	reasons_json(&j, "left_out_for", s, true);
	jout_object_end(&j);
	(void)printf("%s\n", buf_ok(&s->out) ? s->out.p : "{}");
}

static int read_one(struct sums *s)
{
	const struct fact_to to = { on_take, on_refuse, s, on_leave };
	const struct fact_reader *reader = NULL;
	struct err e = { "cannot write the facts" };
	int r = fact_read_file(s->path, &to, &reader, &e);

	if (s->shown > REFUSED_SHOWN)
		(void)fprintf(stderr, "onus registry: refused: %s: %u more\n", s->path,
		    s->shown - REFUSED_SHOWN);
	if (reader && s->as == READ_TEXT) /* what stands before the damage, too */
		sums_text(s, reader->name);
	else if (reader && s->as == READ_JSON)
		sums_json(s, reader->name);
	if (r < 0) {
		(void)fprintf(stderr, "onus registry: %s\n", e.text);
		return 2;
	}
	return taken_all(s) == 0 && s->refused ? 1 : 0;
}

int registry_read(int n, char **paths, enum read_as as)
{
	struct sums *s = calloc(1, sizeof(*s));
	int code = 0;

	if (!s) {
		(void)fprintf(stderr, "onus registry: out of memory\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		int one;

		*s = (struct sums){ .path = paths[i], .as = as };
		buf_init(&s->out, 1u << 20);
		one = read_one(s);
		code = MAX_OF(code, one);
		buf_done(&s->out);
	}
	free(s);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "onus registry: cannot write: %s\n", strerror(errno));
		return 2;
	}
	return code;
}
