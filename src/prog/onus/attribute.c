/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/attribute.h"

#include <errno.h>

#include "holders/stale.h"
#include "util/clock.h"
#include "util/jout.h"

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
	utc_format_day(day_of(registry_date_s(a->registry)), a->date);
	a->stale = registry_stale(
	    a->registry, clock_now_s(&clock), a->conf->registry_max_age_days, a->warning);
	if (a->stale)
		(void)fprintf(stderr, "%s: warning: %s\n", command, a->warning);
	return 0;
}

void attribute_done(struct attributor *a)
{
	a->registry = registry_free(a->registry);
	a->conf = conf_free(a->conf);
}

/* What is known of an address; spans with p NULL where nothing is. */
struct known {
	struct span as_name, org, org_handle;
	uint32_t asn;
	char prefix[RANGE_TEXT_MAX], country[3];
};

static void find(const struct attributor *a, struct addr addr, struct known *k)
{
	struct attribution at;

	*k = (struct known){ .asn = 0 };
	registry_lookup(a->registry, addr, &at);
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

void attribute_json(const struct attributor *a, struct addr addr, struct buf *out)
{
	char text[ADDR_TEXT_MAX];
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
	jout_str(&j, "special", addr_special(addr));
	jout_str(&j, "registry_date", a->date);
	jout_bool(&j, "registry_stale", a->stale);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

void attribute_fields(
    const struct attributor *a, struct span addr_text, struct addr addr, struct buf *out)
{
	struct attribution at;
	struct registry_as as;

	registry_lookup(a->registry, addr, &at);
	buf_byte(out, '\t');
	buf_span(out, addr_text);
	if (at.as == REGISTRY_NONE) {
		buf_put(out, "\t-\t-\t", 5);
	} else {
		as = registry_as_at(a->registry, at.as);
		buf_byte(out, '\t');
		buf_u64(out, as.asn);
		buf_byte(out, '\t');
		buf_span(out, as.name);
		buf_byte(out, '\t');
	}
	buf_str(out, *at.country ? at.country : "-");
}

void attribute_text(const struct attributor *a, struct addr addr, struct buf *out)
{
	char text[ADDR_TEXT_MAX];
	const char *special = addr_special(addr);
	struct known k;

	find(a, addr, &k);
	(void)addr_format(addr, text); /* the length is not needed */
	buf_fmt(out, "%s\n", text);
	if (special)
		buf_fmt(out, "  special   %s\n", special);
	if (!k.asn) {
		buf_fmt(out, "  nobody announces it, as of %s%s%s\n", a->date,
		    *k.country ? "; registered in " : "", k.country);
		return;
	}
	buf_fmt(out, "  prefix    %s\n  AS        AS%u %.*s\n  org       %.*s\n", k.prefix, k.asn,
	    SPAN_ARG(k.as_name), SPAN_ARG(k.org));
	buf_fmt(
	    out, "  country   %s\n  as of     %s\n", *k.country ? k.country : "not known", a->date);
}
