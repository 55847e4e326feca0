/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/build.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "holders/build_format.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/num.h"

#define TEXT_MAX (256u << 20)

/* What every page and export must say of each kind of input. */
static const struct {
	const char *name, *attribution;
} kinds[] = {
	[KIND_ASN] = { "range-asn",
	    "IP to AS data: RouteViews (routeviews.org) and DB-IP (db-ip.com), CC BY 4.0." },
	[KIND_COUNTRY] = { "range-country", "Countries: NRO (nro.net), CC BY 4.0." },
};
_Static_assert(NELEM(kinds) == KIND_N, "kinds out of step");

struct registry_build *registry_build_new(registry_refused_fn *refused, void *ctx)
{
	struct registry_build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->refused = refused;
	b->refused_ctx = ctx;
	buf_init(&b->names.text, TEXT_MAX);
	if (addrmap_init(&b->names.map, 0) < 0)
		return registry_build_free(b);
	return b;
}

struct registry_build *registry_build_free(struct registry_build *b)
{
	if (!b)
		return NULL;
	for (unsigned i = 0; i < b->n_input; i++)
		free(b->input[i].name);
	for (unsigned i = 0; i < KIND_N; i++)
		free(b->records[i].v);
	addrmap_done(&b->names.map);
	free(b->names.name);
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

/* Eight digits of a date somewhere in s, the last ones that are; 0 when there are none. */
static int64_t date_in(struct span s)
{
	int64_t found = 0;

	for (const char *p = s.p; p + 8 <= s.end; p++) {
		uint32_t v;

		if (num_u32(span_of(p, 8), 99999999, &v) < 0)
			continue;
		if (v / 10000 >= 2000 && v / 10000 < 2100 && v / 100 % 100 >= 1 &&
		    v / 100 % 100 <= 12 && v % 100 >= 1 && v % 100 <= 31)
			return (int64_t)utc_days(
				   (int32_t)(v / 10000), (int)(v / 100 % 100), (int)(v % 100)) *
			       DAY_S;
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

static int add_file(struct registry_build *b, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct build_input *in = &b->input[b->n_input];

	if (b->n_input == REGISTRY_INPUTS_MAX)
		return err_set(e, -E2BIG, "more than %u inputs", REGISTRY_INPUTS_MAX);
	*in = (struct build_input){ .name = strdup(slash ? slash + 1 : path) };
	if (!in->name)
		return err_set(e, -ENOMEM, "out of memory");
	b->n_input++;
	in->date_s = build_date(path);
	if (file_sha256(path, in->sha256, e) < 0)
		return -EIO;
	return csv_read(b, b->n_input - 1, path, e);
}

static int wanted(const struct dirent *d)
{
	struct span s = span_str(d->d_name);

	return span_len(s) > 4 && memcmp(s.end - 4, ".csv", 4) == 0 &&
	       !memmem(s.p, span_len(s), "-num.", 5);
}

static int add_dir(struct registry_build *b, const char *path, struct err *e)
{
	struct dirent **found = NULL;
	int n = scandir(path, &found, wanted, alphasort), r = 0;

	if (n < 0)
		return err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		CLEANUP(free_p) char *file = NULL;

		if (r == 0)
			r = asprintf(&file, "%s/%s", path, found[i]->d_name) < 0
				? err_set(e, -ENOMEM, "out of memory")
				: add_file(b, file, e);
		free(found[i]);
	}
	free(found);
	return n == 0 ? err_set(e, -EINVAL, "%s: no .csv file in it", path) : r;
}

int registry_build_add(struct registry_build *b, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	return S_ISDIR(st.st_mode) ? add_dir(b, path, e) : add_file(b, path, e);
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

/* --- the file ------------------------------------------------------------------------------------- */

static struct reg_text text_put(struct buf *to, const char *s)
{
	struct reg_text at = { (uint32_t)to->len, (uint32_t)strlen(s) };

	buf_str(to, s);
	return at;
}

static void inputs_put(const struct registry_build *b, struct tables *t, struct reg_input *in)
{
	struct reg_text said[KIND_N] = { { 0, 0 } };
	uint32_t start;

	start = (uint32_t)t->text.len;
	for (unsigned k = 0; k < KIND_N; k++) {
		bool used = false;

		for (unsigned i = 0; i < b->n_input; i++)
			used |= b->input[i].kind == (enum input_kind)k;
		if (used && t->text.len > start)
			buf_byte(&t->text, ' ');
		if (used)
			said[k] = text_put(&t->text, kinds[k].attribution);
	}
	t->head.attribution = (struct reg_text){ start, (uint32_t)t->text.len - start };
	for (unsigned i = 0; i < b->n_input; i++) {
		const struct build_input *from = &b->input[i];

		in[i] = (struct reg_input){ .name = text_put(&t->text, from->name),
			.kind = text_put(&t->text, kinds[from->kind].name),
			.attribution = said[from->kind],
			.date_s = from->date_s,
			.records = from->records,
			.refused = from->refused };
		memcpy(in[i].sha256, from->sha256, sizeof(in[i].sha256));
		if (from->kind == KIND_ASN)
			t->head.date_s = MAX_OF(t->head.date_s, from->date_s);
	}
}

/* Lay the sections out behind the head and sum it all up. */
static void lay_out(struct tables *t, const struct buf *lpm, const struct reg_input *in,
    unsigned n_in, const uint32_t *space4, struct buf *out)
{
	const struct {
		const void *p;
		size_t rows, row_bytes;
	} s[REG_SECTIONS] = {
		[REG_LPM] = { lpm->p, lpm->len / 64, 64 },
		[REG_PLACE] = { t->place, t->n_place, sizeof(*t->place) },
		[REG_SPACE4] = { space4, t->n_space4, sizeof(*space4) },
		[REG_SPACE6] = { t->first + t->n_space4, t->n_space6, sizeof(*t->first) },
		[REG_PREFIX4] = { t->prefix4, t->n_prefix4, sizeof(*t->prefix4) },
		[REG_PREFIX6] = { t->prefix6, t->n_prefix - t->n_prefix4, sizeof(*t->prefix6) },
		[REG_AS] = { t->as, t->n_as, sizeof(*t->as) },
		[REG_ORG] = { t->org, t->n_org, sizeof(*t->org) },
		[REG_AS_PREFIX] = { t->as_prefix, t->n_prefix, sizeof(*t->as_prefix) },
		[REG_ORG_AS] = { t->org_as, t->n_org_as, sizeof(*t->org_as) },
		[REG_COUNTRY] = { t->country, t->n_country, sizeof(t->country[0]) },
		[REG_INPUT] = { in, n_in, sizeof(*in) },
		[REG_TEXT] = { t->text.p, t->text.len, 1 },
	};
	static const char zeros[REG_ALIGN];

	buf_put(out, &t->head, sizeof(t->head));
	for (unsigned i = 0; i < REG_SECTIONS; i++) {
		buf_put(out, zeros, (REG_ALIGN - out->len % REG_ALIGN) % REG_ALIGN);
		t->head.section[i] =
		    (struct reg_extent){ out->len, (uint32_t)s[i].rows, (uint32_t)s[i].row_bytes };
		buf_put(out, s[i].p, s[i].rows * s[i].row_bytes);
	}
	memcpy(t->head.magic, REG_MAGIC, sizeof(t->head.magic));
	t->head.version = REG_VERSION;
	t->head.head_bytes = sizeof(t->head);
	t->head.file_bytes = out->len;
	if (!buf_ok(out))
		return;
	memcpy(out->p, &t->head, sizeof(t->head));
	t->head.sum = registry_sum(out->p, out->len);
	memcpy(out->p, &t->head, sizeof(t->head));
}

static int write_tables(
    const struct registry_build *b, struct tables *t, const char *path, struct err *e)
{
	struct reg_input *in = calloc(b->n_input + 1u, sizeof(*in));
	uint32_t *space4 = calloc(t->n_space4 + 1u, sizeof(*space4));
	struct buf lpm, out;
	int r = -ENOMEM;

	buf_init(&lpm, REG_FILE_MAX - 1);
	buf_init(&out, REG_FILE_MAX - 1);
	for (uint32_t i = 0; space4 && i < t->n_space4; i++)
		space4[i] = (uint32_t)t->first[i].lo;
	if (in && space4)
		r = lpm_build(t->entry, t->n_entry, &lpm);
	if (r == 0) {
		buf_put(&lpm, (char[64]){ 0 }, (64 - lpm.len % 64) % 64);
		inputs_put(b, t, in);
		lay_out(t, &lpm, in, b->n_input, space4, &out);
		r = buf_ok(&lpm) && buf_ok(&out) && buf_ok(&t->text) ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = file_write(path, buf_text(&out), e);
	else
		r = err_set(e, r, "%s: cannot lay it out: %s", path, strerror(-r));
	free(in);
	free(space4);
	buf_done(&lpm);
	buf_done(&out);
	return r;
}

int registry_build_write(struct registry_build *b, const char *path, struct err *e)
{
	struct layer origin = { .v = NULL }, country = { .v = NULL };
	struct tables t = { .n_as = 0 };
	int r;

	buf_init(&t.text, TEXT_MAX);
	if (b->records[KIND_ASN].n == 0)
		return err_set(e, -EINVAL,
		    "no input says which AS holds what; add a table of "
		    "\"first,last,asn,name\" lines");
	r = settle(b, &b->records[KIND_ASN], &origin);
	if (r == 0)
		r = settle(b, &b->records[KIND_COUNTRY], &country);
	if (r == 0)
		r = tables_make(b, &origin, &country, &t);
	r = r < 0 ? err_set(e, r, "out of memory") : write_tables(b, &t, path, e);
	tables_done(&t);
	free(origin.v);
	free(country.v);
	return r;
}
