/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/attribute.h"

#include <errno.h>

#include "holders/builds.h"
#include "holders/stale.h"
#include "holders/tell.h"
#include "prog/onus/networks_print.h"
#include "publication/client_json.h"
#include "util/clock.h"
#include "util/jout.h"

/* The date of what was opened, and its warning. */
static void note_age(struct attributor *a, const char *command, int64_t now_s)
{
	utc_format_day(day_of(registry_date_s(a->registry)), a->date);
	a->stale = registry_stale(a->registry, now_s, a->conf->registry_max_age_days, a->warning);
	if (a->stale)
		(void)fprintf(stderr, "%s: warning: %s\n", command, a->warning);
}

int attribute_open(struct attributor *a, const char *command, const char *conf_file,
    const char *const *set, unsigned n_set, const char *registry)
{
	struct clock clock = clock_system();
	struct err e;
	int r = -EINVAL;

	*a = (struct attributor){ .conf = conf_open(conf_file, set, n_set, &e) };
	if (a->conf)
		r = registry_open(registry ? registry : a->conf->registry_file, &a->registry, &e);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", command, e.text);
		attribute_done(a);
		return r;
	}
	note_age(a, command, clock_now_s(&clock));
	return 0;
}

int attribute_open_at(struct attributor *a, const char *command, const char *conf_file,
    const char *const *set, unsigned n_set, const char *registry, int64_t at_s)
{
	struct err e;
	int r = -EINVAL;

	*a = (struct attributor){ .conf = conf_open(conf_file, set, n_set, &e) };
	if (a->conf)
		r = builds_open(
		    registry ? registry : a->conf->registry_file, day_of(at_s), &a->registry, &e);
	if (r == 0)
		r = tenures_read(a->conf->hub, day_of(at_s), &a->tenures, &e);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", command, e.text);
		attribute_done(a);
		return r;
	}
	a->at = true;
	note_age(a, command, at_s);
	return 0;
}

void attribute_done(struct attributor *a)
{
	tenures_done(&a->tenures);
	a->shared = shared_free(a->shared);
	a->published = edition_free(a->published);
	a->registry = registry_free(a->registry);
	a->conf = conf_free(a->conf);
}

void attribute_shared(struct attributor *a, const char *command)
{
	a->shared = shared_open(a->conf, command);
}

int attribute_published(struct attributor *a, const char *command)
{
	struct clock clock = clock_system();
	struct err e = { "" };
	int r = published_open(a->conf, &a->published, &e);

	a->now_s = clock_now_s(&clock);
	if (r < 0)
		(void)fprintf(stderr, "%s: %s\n", command, e.text);
	return r;
}

void attribute_shared_json(const struct shared_list *l, struct jout *j)
{
	if (!l) {
		jout_null(j, "shared");
		return;
	}
	jout_object(j, "shared");
	jout_str(j, "what", l->what);
	jout_u64(j, "users", l->users);
	if (l->lease_s)
		jout_i64(j, "lease_s", l->lease_s);
	jout_str(j, "source", l->name);
	jout_object_end(j);
}

/* What is known of an address; spans with p NULL where nothing is. */
struct known {
	struct span as_name, org, org_handle;
	uint32_t asn, as; /* its number and its index */
	char prefix[RANGE_TEXT_MAX], country[3];
};

static void find(const struct attributor *a, struct addr addr, struct known *k)
{
	struct attribution at;

	registry_lookup(a->registry, addr, &at);
	*k = (struct known){ .asn = 0, .as = at.as };
	memcpy(k->country, at.country, sizeof(k->country));
	if (at.prefix != REGISTRY_NONE)
		(void)range_format(registry_prefix_at(a->registry, at.prefix).range, k->prefix);
	if (at.as != REGISTRY_NONE) {
		struct registry_as as = registry_as_at(a->registry, at.as);

		k->asn = as.asn;
		k->as_name = as.name;
		k->org = as.name;
	}
	if (at.org != REGISTRY_NONE) {
		struct registry_org o = registry_org_at(a->registry, at.org);

		k->org = o.name;
		k->org_handle = o.handle;
	}
}

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

void attribute_age_json(const struct attributor *a, struct jout *j)
{
	jout_str(j, "registry_date", a->date);
	jout_bool(j, "registry_stale", a->stale);
}

void attribute_json(const struct attributor *a, struct addr addr, struct buf *out)
{
	char text[ADDR_TEXT_MAX], country[3];
	struct known k;
	struct jout j;

	find(a, addr, &k);
	(void)addr_format(addr, text); /* the length is not needed */
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "address", text);
	jout_str(&j, "prefix", or_null(k.prefix));
	if (k.asn)
		jout_u64(&j, "asn", k.asn);
	else
		jout_null(&j, "asn");
	jout_span(&j, "as_name", k.as_name);
	jout_span(&j, "org", k.org);
	jout_span(&j, "org_handle", k.org_handle);
	jout_str(&j, "country", or_null(k.country));
	if (registry_n_geofeed(a->registry)) {
		(void)registry_geofeed(a->registry, addr, country);
		jout_str(&j, "geofeed_country", or_null(country));
	}
	if (registry_n_rival(a->registry))
		tell_origins(a->registry, addr, &j);
	jout_str(&j, "special", addr_special(addr));
	if (shared_any(a->shared))
		attribute_shared_json(shared_at(a->shared, addr), &j);
	attribute_age_json(a, &j);
	if (registry_n_network(a->registry) || registry_n_holder(a->registry))
		tell_json(a->registry, registry_network(a->registry, addr), k.as, &j);
	if (a->at)
		tenures_json(&a->tenures, addr, &j);
	if (a->published)
		client_json(a->published, addr, a->now_s, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

void attribute_network_json(
    const struct attributor *a, const char *name, uint32_t network, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "entity", name);
	attribute_age_json(a, &j);
	tell_json(a->registry, network, REGISTRY_NONE, &j);
	if (a->at)
		tenures_json(
		    &a->tenures, registry_network_at(a->registry, network).range.first, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

void attribute_network_text(
    const struct attributor *a, const char *name, uint32_t network, struct buf *out)
{
	buf_fmt(out, "%s\n", name);
	networks_text(a->registry, network, REGISTRY_NONE, out);
	if (a->at)
		tenures_text(
		    &a->tenures, registry_network_at(a->registry, network).range.first, out);
	buf_fmt(out, "  as of     %s\n", a->date);
}

#define WORDS_BYTES_MAX (UINT32_C(1) << 30)

void attribute_ready_done(struct attribute_ready *r)
{
	free(r->words);
	r->words = NULL;
	buf_done(&r->text);
}

/* "\tNUMBER\tNAME\tCOUNTRY\n" of a place. */
static bool write_words(const struct attributor *a, struct attribute_ready *r, uint32_t place)
{
	struct attribution at = { REGISTRY_NONE, REGISTRY_NONE, REGISTRY_NONE, "" };
	struct attribute_words *w = &r->words[place];
	struct buf *b = &r->text;

	w->at = (uint32_t)b->len;
	if (place < registry_n_place(a->registry))
		registry_place_at(a->registry, place, &at);
	if (at.as == REGISTRY_NONE) {
		buf_str(b, "\t-\t-\t");
	} else {
		struct registry_as as = registry_as_at(a->registry, at.as);

		buf_byte(b, '\t');
		buf_u64(b, as.asn);
		buf_byte(b, '\t');
		buf_span(b, as.name);
		buf_byte(b, '\t');
	}
	buf_str(b, *at.country ? at.country : "-");
	buf_byte(b, '\n');
	w->len = (uint32_t)b->len - w->at;
	return buf_ok(b);
}

static char *put(char *p, const char *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static void put_line(
    const struct attribute_ready *r, const struct attribute_item *it, struct buf *out)
{
	const struct attribute_words *w = &r->words[it->place];
	size_t line = span_len(it->line), text = span_len(it->text);
	char *start = buf_room(out, line + text + w->len + 2), *p = start;

	if (!p)
		return; /* the buffer remembers */
	if (line)
		p = put(p, it->line.p, line);
	if (text) {
		*p++ = '\t';
		p = put(p, it->text.p, text);
		p = put(p, r->text.p + w->at, w->len);
	} else {
		*p++ = '\n';
	}
	buf_grew(out, (size_t)(p - start));
}

static void put_holder(const struct registry_answer *w, struct buf *out)
{
	buf_byte(out, '\t');
	buf_span(out, span_empty(w->holder) ? SPAN("-") : w->holder);
	buf_byte(out, '\t');
	buf_span(out, span_empty(w->mail) ? SPAN("-") : w->mail);
}

/* Lines with two columns more, which stand before the LF. */
static void put_held(const struct registry *r, const struct attribute_ready *ready,
    const struct attribute_item *v, size_t n, struct buf *out)
{
	struct registry_answer who[REGISTRY_AT_ONCE];
	struct addr addrs[REGISTRY_AT_ONCE];

	for (size_t from = 0; from < n; from += REGISTRY_AT_ONCE) {
		uint32_t some = (uint32_t)MIN_OF(n - from, (size_t)REGISTRY_AT_ONCE);

		for (uint32_t i = 0; i < some; i++)
			addrs[i] = span_empty(v[from + i].text) ? addr_of_v4(0) : v[from + i].addr;
		registry_answers(r, addrs, some, who);
		for (uint32_t i = 0; i < some; i++) {
			put_line(ready, &v[from + i], out);
			if (span_empty(v[from + i].text) || !buf_ok(out))
				continue;
			out->len--;
			put_holder(&who[i], out);
			buf_byte(out, '\n');
		}
	}
}

int attribute_lines(const struct attributor *a, struct attribute_ready *r, bool holders,
    struct attribute_item *v, size_t n, struct buf *out)
{
	uint32_t nobody = registry_n_place(a->registry);

	if (!r->words) {
		r->words = calloc(nobody + 1u, sizeof(*r->words));
		buf_init(&r->text, WORDS_BYTES_MAX);
		if (!r->words)
			return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		v[i].place = span_empty(v[i].text)
				 ? nobody
				 : MIN_OF(registry_place(a->registry, v[i].addr), nobody);
	for (size_t i = 0; i < n; i++) {
		const struct attribute_words *w = &r->words[v[i].place];

		if (UNLIKELY(w->len == 0) && !write_words(a, r, v[i].place))
			return -ENOMEM;
		__builtin_prefetch(r->text.p + w->at);
	}
	if (holders)
		put_held(a->registry, r, v, n, out);
	for (size_t i = 0; i < n && !holders; i++)
		put_line(r, &v[i], out);
	return 0;
}

/* Who announces it besides the AS that holds. */
static void others_text(const struct registry *r, struct addr addr, struct buf *out)
{
	uint32_t first, n = registry_rivals(r, addr, &first);

	for (uint32_t i = first; i < first + n; i++) {
		struct registry_rival v = registry_rival_at(r, i);
		uint32_t as = registry_find_as(r, v.asn);

		buf_fmt(out, "  also      AS%u", v.asn);
		if (as != REGISTRY_NONE && !span_empty(registry_as_at(r, as).name))
			buf_fmt(out, " %.*s", SPAN_ARG(registry_as_at(r, as).name));
		if (v.seen)
			buf_fmt(out, ", as %u peer%s see%s it", v.seen, v.seen == 1 ? "" : "s",
			    v.seen == 1 ? "s" : "");
		buf_fmt(out, " (%.*s)\n", SPAN_ARG(registry_input_at(r, v.input).kind));
	}
}

void attribute_text(const struct attributor *a, struct addr addr, struct buf *out)
{
	char text[ADDR_TEXT_MAX];
	const char *special = addr_special(addr);
	const struct shared_list *shared = shared_at(a->shared, addr);
	char country[3];
	struct known k;

	find(a, addr, &k);
	(void)addr_format(addr, text); /* the length is not needed */
	buf_fmt(out, "%s\n", text);
	if (special)
		buf_fmt(out, "  special   %s\n", special);
	if (shared)
		buf_fmt(out, "  shared    %s\n", shared->said);
	if (k.asn) {
		buf_fmt(out, "  prefix    %s\n  AS        AS%u %.*s\n  org       %.*s\n", k.prefix,
		    k.asn, SPAN_ARG(k.as_name), SPAN_ARG(k.org));
		others_text(a->registry, addr, out);
		buf_fmt(out, "  country   %s\n  as of     %s\n",
		    *k.country ? k.country : "not known", a->date);
	} else {
		buf_fmt(out, "  nobody announces it, as of %s%s%s\n", a->date,
		    *k.country ? "; registered in " : "", k.country);
	}
	if (registry_geofeed(a->registry, addr, country))
		buf_fmt(out, "  used in   %s, as its holder says\n", country);
	networks_text(a->registry, registry_network(a->registry, addr), k.as, out);
	if (a->at)
		tenures_text(&a->tenures, addr, out);
	if (a->published)
		published_text(a->published, addr, a->now_s, out);
}
