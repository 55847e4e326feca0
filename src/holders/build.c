/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/build.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "holders/build_format.h"
#include "holders/readers.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/input.h"
#include "util/num.h"

#define NAMES_MAX (64u << 20) /* of ASes, bytes */

/* What every page and export must say of each kind of input. */
static const struct {
	const char *name, *attribution;
} kinds[] = {
	[KIND_ASN] = { "range-asn",
	    "IP to AS data: RouteViews (routeviews.org) and DB-IP (db-ip.com), CC BY 4.0." },
	[KIND_COUNTRY] = { "range-country", "Countries: NRO (nro.net), CC BY 4.0." },
	[KIND_RIR_STATS] = { "rir-stats",
	    "Delegations: statistics of AFRINIC, APNIC, ARIN, LACNIC and RIPE NCC." },
	[KIND_RPSL] = { "rpsl",
	    "Networks and holders: databases of the registries named with them." },
	[KIND_RDAP] = { "rdap", "Networks and holders: RDAP of the registries named with them." },
	[KIND_AS2ORG] = { "as2org", "Organisations: CAIDA AS Organizations (caida.org)." },
	[KIND_MERGES] = { "merges", "" },
	[KIND_PEERINGDB] = { "peeringdb", "Organisations: PeeringDB (peeringdb.com)." },
	[KIND_ARIN_XML] = { "arin-xml", "Networks and holders: ARIN's bulk whois." },
	[KIND_ARIN_TEXT] = { "arin-text", "Networks and holders: ARIN's bulk whois, as text." },
	[KIND_ARIN_WHOIS] = { "arin-whois", "Networks and holders: ARIN's whois." },
	[KIND_RIS] = { "ris-whois", "Routes: RIPE NCC, RIS (ris.ripe.net)." },
	[KIND_MRT] = { "mrt", "Routes: tables of BGP routers." },
	[KIND_BGP_LINES] = { "bgp-lines", "Routes: lines of tables of BGP routers." },
	[KIND_PFX2AS] = { "pfx2as",
	    "Routes: Routeviews Prefix to AS mappings Dataset for IPv4 and IPv6 (caida.org)." },
	[KIND_GEOFEED] = { "geofeed", "Countries of use: geofeeds of the holders." },
	[KIND_AS_NAMES] = { "as-names", "AS names: lists of RIPE NCC and APNIC (potaroo.net)." },
	[KIND_MAILBOXES] = { "mailboxes", "" },
};
_Static_assert(NELEM(kinds) == KIND_N, "kinds out of step");

const char *build_kind_name(enum input_kind k)
{
	return kinds[k].name;
}

struct span build_kind_attribution(enum input_kind k)
{
	return span_str(kinds[k].attribution);
}

struct registry_build *registry_build_new(registry_refused_fn *refused, void *ctx)
{
	struct registry_build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->refused = refused;
	b->refused_ctx = ctx;
	buf_init(&b->names.text, NAMES_MAX);
	if (addrmap_init(&b->names.map, 0) < 0 || facts_init(&b->facts) < 0)
		return registry_build_free(b);
	return b;
}

struct registry_build *registry_build_free(struct registry_build *b)
{
	if (!b)
		return NULL;
	for (unsigned i = 0; i < b->n_input; i++)
		free(b->input[i].name);
	for (unsigned i = 0; i < KIND_FACTS; i++)
		free(b->records[i].v);
	free(b->places.v);
	facts_done(&b->facts);
	merges_done(&b->merges);
	addrmap_done(&b->names.map);
	free(b->names.name);
	free(b->routes.v);
	free(b->rivals.v);
	buf_done(&b->names.text);
	free(b);
	return NULL;
}

void build_refuse(struct registry_build *b, unsigned input, uint64_t line, const char *fmt, ...)
{
	char text[512], reason[256];
	va_list ap;

	b->input[input].refused++;
	if (!b->refused)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap); /* cut */
	va_end(ap);
	(void)snprintf(text, sizeof(text), "%s:%llu: %s", b->input[input].name,
	    (unsigned long long)line, reason); /* cut */
	b->refused(b->refused_ctx, text);
}

/* A date at the head of s, as 20260617 or 2026-06-17; 0 when it is none. */
static int64_t date_at(struct span s)
{
	bool dashes = span_len(s) >= 10 && s.p[4] == '-' && s.p[7] == '-';
	struct span part[3] = { span_of(s.p, 4), span_of(s.p + (dashes ? 5 : 4), 2),
		span_of(s.p + (dashes ? 8 : 6), 2) };
	uint32_t year, month, day;

	if (num_u32(part[0], 2099, &year) < 0 || num_u32(part[1], 12, &month) < 0 ||
	    num_u32(part[2], 31, &day) < 0 || year < 2000 || month < 1 || day < 1)
		return 0;
	return (int64_t)utc_days((int32_t)year, (int)month, (int)day) * DAY_S;
}

/* The last date somewhere in s; 0 when there is none. */
static int64_t date_in(struct span s)
{
	int64_t found = 0;

	for (; span_len(s) >= 8; s.p++) {
		int64_t date_s = date_at(s);

		found = date_s ? date_s : found;
	}
	return found;
}

/* The version in a package.json beside path: "version": "2.3.2026061719". */
static int64_t date_of_package(struct span dir)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf b;
	const char *at, *end;
	struct err e;

	buf_init(&b, 65536);
	if (asprintf(&path, "%.*s/package.json", SPAN_ARG(dir)) < 0 || file_read(path, &b, &e) < 0)
		return 0;
	at = b.len ? memmem(b.p, b.len, "\"version\"", 9) : NULL;
	end = at ? memchr(at, '\n', (size_t)(b.p + b.len - at)) : NULL;
	return at ? date_in((struct span){ at, end ? end : b.p + b.len }) : 0;
}

int64_t build_date(const char *path)
{
	CLEANUP(free_p) char *real = realpath(path, NULL);
	struct span dir = SPAN("."), base, parent;
	const char *slash = real ? strrchr(real, '/') : NULL;
	struct stat st;
	int64_t date_s;

	if (!slash)
		return 0;
	dir = (struct span){ real, slash };
	base = span_str(slash + 1);
	slash = memrchr(dir.p, '/', span_len(dir));
	parent = (struct span){ slash ? slash + 1 : dir.p, dir.end };
	date_s = date_in(base);
	if (!date_s)
		date_s = date_of_package(dir);
	if (!date_s)
		date_s = date_in(parent);
	if (!date_s && stat(real, &st) == 0)
		date_s = st.st_mtime;
	return date_s;
}

int build_input_add(struct registry_build *b, const char *name, enum input_kind kind)
{
	struct build_input *in = &b->input[b->n_input];

	if (b->n_input == REGISTRY_INPUTS_MAX)
		return -E2BIG;
	*in = (struct build_input){ .name = strdup(name), .kind = kind };
	return in->name ? (int)b->n_input++ : -ENOMEM;
}

/* KIND_N: a build has no use for it. */
static enum input_kind kind_of(const struct fact_reader *reader)
{
	enum input_kind k = KIND_FACTS;

	while (k < KIND_N && strcmp(kinds[k].name, reader->name) != 0)
		k++;
	return k;
}

/* Is the file of a format that a reader of facts claims? Then it is read, and *known is set. */
static int facts_read(
    struct registry_build *b, unsigned input, const char *path, bool *known, struct err *e)
{
	const struct fact_reader *reader;
	struct fact_to to = build_facts(b, input);
	struct input *in = NULL;
	struct span head;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	r = input_peek(in, &head, e);
	if (r == 0 && span_len(head) > FACT_HEAD_MAX)
		head.end = head.p + FACT_HEAD_MAX;
	reader = r == 0 ? fact_reader_of(head) : NULL;
	*known = reader != NULL;
	if (reader && kind_of(reader) == KIND_N) {
		r = err_set(e, -EINVAL, "%s: `onus registry build` has no use for %s yet", path,
		    reader->name);
	} else if (reader) {
		b->input[input].kind = kind_of(reader);
		(void)err_set(e, 0, "%s", ""); /* a full table has no words of its own */
		r = reader->read(in, &to, e);
		if (r < 0 && !*e->text)
			(void)err_set(e, r, "%s: %s", path,
			    r == -E2BIG ? "more records than a registry may have" : strerror(-r));
		if (r == 0 && b->input[input].records == 0 &&
		    (b->input[input].refused || b->input[input].kind != KIND_MAILBOXES))
			r = err_set(e, -EINVAL, "%s: nothing in it could be used", path);
	}
	in = input_free(in);
	return r;
}

static int input_error(int code, struct err *e)
{
	return code == -E2BIG ? err_set(e, code, "more than %u inputs", REGISTRY_INPUTS_MAX)
			      : err_set(e, code, "out of memory");
}

static int add_file(struct registry_build *b, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int input = build_input_add(b, slash ? slash + 1 : path, KIND_ASN), r;
	bool known = false;

	if (input < 0)
		return input_error(input, e);
	b->input[input].date_s = build_date(path);
	if (file_sha256(path, b->input[input].sha256, e) < 0)
		return -EIO;
	r = facts_read(b, (unsigned)input, path, &known, e);
	return r < 0 || known ? r : csv_read(b, (unsigned)input, path, e);
}

/* Tables of ranges, and what `onus registry enrich` keeps. */
static int wanted(const struct dirent *d)
{
	static const char *const ends[] = { ".csv", ".rdap", ".mailboxes" };
	struct span s = span_str(d->d_name);

	for (size_t i = 0; i < NELEM(ends); i++) {
		size_t n = strlen(ends[i]);

		if (span_len(s) > n && memcmp(s.end - n, ends[i], n) == 0)
			return !memmem(s.p, span_len(s), "-num.", 5);
	}
	return 0;
}

/* Nothing was answered yet. */
static bool is_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size == 0;
}

static int add_dir(struct registry_build *b, const char *path, struct err *e)
{
	struct dirent **found = NULL;
	int n = scandir(path, &found, wanted, alphasort), r = 0;

	if (n < 0)
		return err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		CLEANUP(free_p) char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, found[i]->d_name) < 0)
			r = err_set(e, -ENOMEM, "out of memory");
		if (r == 0 && !is_empty(file))
			r = add_file(b, file, e);
		free(found[i]);
	}
	free(found);
	return n == 0 ? err_set(e, -EINVAL, "%s: no .csv, .rdap or .mailboxes file in it", path)
		      : r;
}

int registry_build_add(struct registry_build *b, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	return S_ISDIR(st.st_mode) ? add_dir(b, path, e) : add_file(b, path, e);
}

struct merges_from {
	struct registry_build *b;
	unsigned input;
};

static void merge_refused(void *ctx, uint64_t line, const char *why)
{
	struct merges_from *from = ctx;

	build_refuse(from->b, from->input, line, "%s", why);
}

int registry_build_merges(struct registry_build *b, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int input = build_input_add(b, slash ? slash + 1 : path, KIND_MERGES), r;
	struct merges_from from = { b, (unsigned)input };

	if (input < 0)
		return input_error(input, e);
	b->input[input].date_s = build_date(path);
	if (file_sha256(path, b->input[input].sha256, e) < 0)
		return -EIO;
	merges_done(&b->merges);
	r = merges_read(path, merge_refused, &from, &b->merges, e);
	b->merges_input = (unsigned)input;
	b->input[input].records = r == 0 ? b->merges.n : 0;
	return r;
}

uint64_t registry_build_records(const struct registry_build *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < b->n_input; i++)
		n += b->input[i].records;
	return n;
}

uint64_t registry_build_refused(const struct registry_build *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < b->n_input; i++)
		n += b->input[i].refused;
	return n;
}

uint64_t registry_build_repeats(const struct registry_build *b)
{
	return b->n_repeat;
}

struct registry_contest registry_build_contest(const struct registry_build *b)
{
	return b->contest;
}

static int tables_fill(struct registry_build *b, struct tables *t)
{
	struct layer origin = { .v = NULL }, country = { .v = NULL };
	uint32_t text_from = 0;
	int r = networks_nest(b);

	if (r == 0)
		r = networks_countries(b);
	if (r == 0)
		r = tables_geofeed(b, t);
	if (r == 0)
		r = origins_settle(b, &origin);
	if (r == 0)
		r = settle(b, &b->records[KIND_COUNTRY], &country);
	if (r == 0)
		r = tables_make(b, &origin, &country, t);
	free(origin.v);
	free(country.v);
	if (r == 0)
		r = tables_networks(b, t, &text_from);
	if (r == 0)
		r = tables_orgs(b, t, text_from);
	if (r == 0)
		r = tables_said(b, t, text_from);
	facts_done(&b->facts);
	return r;
}

int registry_build_write(struct registry_build *b, const char *path, struct err *e)
{
	struct tables t = { .n_as = 0 };
	int r;

	buf_init(&t.text, REG_TEXTS_MAX);
	buf_init(&t.net.lpm6, REG_FILE_MAX - 1);
	if (b->records[KIND_ASN].n == 0 && b->routes.n == 0 && b->facts.n_net == 0)
		return err_set(e, -EINVAL,
		    "no input says which AS holds what; add a table of "
		    "\"first,last,asn,name\" lines, or one of BGP origins");
	r = tables_fill(b, &t);
	r = r < 0 ? err_set(e, r, "out of memory") : tables_write(b, &t, path, e);
	tables_done(&t);
	return r;
}
