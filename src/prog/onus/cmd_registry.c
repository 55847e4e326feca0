/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus registry - compile who holds what, say what a compiled file holds, and what registry inputs say. */
#include <string.h>

#include "core/conf.h"
#include "holders/build.h"
#include "holders/registry.h"
#include "holders/stale.h"
#include "prog/onus/commands.h"
#include "prog/onus/registry_read.h"
#include "prog/onus/registry_verify.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/opt.h"

#define REFUSED_SHOWN 20u

static int fail(int code, const struct err *e)
{
	(void)fprintf(stderr, "onus registry: %s\n", e->text);
	return code;
}

static void on_refused(void *ctx, const char *text)
{
	unsigned *shown = ctx;

	if ((*shown)++ < REFUSED_SHOWN)
		(void)fprintf(stderr, "onus registry: refused: %s\n", text);
}

static int build(const char *to, int n, char **inputs)
{
	unsigned shown = 0;
	struct registry_build *b = registry_build_new(on_refused, &shown);
	struct err e = { "out of memory" };
	int r = b ? 0 : -1;

	for (int i = 0; i < n && r == 0; i++)
		r = registry_build_add(b, inputs[i], &e);
	if (r == 0)
		r = registry_build_write(b, to, &e);
	if (r < 0) {
		b = registry_build_free(b);
		return fail(2, &e);
	}
	(void)printf("%s: %llu records, %llu refused\n", to,
	    (unsigned long long)registry_build_records(b),
	    (unsigned long long)registry_build_refused(b));
	b = registry_build_free(b);
	return 0;
}

static void info_json(const struct registry *r, bool stale)
{
	char day[UTC_TEXT_MAX];
	struct jout j;
	struct buf b;

	buf_init(&b, 1u << 20);
	utc_format_day(day_of(registry_date_s(r)), day);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "registry_date", day);
	jout_bool(&j, "registry_stale", stale);
	jout_u64(&j, "prefixes", registry_n_prefix(r));
	jout_u64(&j, "as", registry_n_as(r));
	jout_u64(&j, "orgs", registry_n_org(r));
	jout_u64(&j, "v4_addresses", registry_v4_addresses(r));
	jout_u64(&j, "v6_blocks", registry_v6_blocks(r));
	jout_u64(&j, "networks", registry_n_network(r));
	jout_u64(&j, "holders", registry_n_holder(r));
	jout_u64(&j, "contacts", registry_n_contact(r));
	jout_array(&j, "inputs");
	for (uint32_t i = 0; i < registry_n_input(r); i++) {
		struct registry_input in = registry_input_at(r, i);

		utc_format_day(day_of(in.date_s), day);
		jout_object(&j, NULL);
		jout_span(&j, "name", in.name);
		jout_span(&j, "kind", in.kind);
		jout_str(&j, "date", day);
		jout_u64(&j, "records", in.records);
		jout_u64(&j, "refused", in.refused);
		jout_str(&j, "sha256", in.sha256);
		jout_span(&j, "attribution", in.attribution);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	(void)printf("%s\n", buf_ok(&b) ? b.p : "{}");
	buf_done(&b);
}

static void info_text(const struct registry *r)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(day_of(registry_date_s(r)), day);
	(void)printf(
	    "of %s: %u prefixes, %u AS, %u organisations, %llu IPv4 addresses, %llu IPv6 /48s\n",
	    day, registry_n_prefix(r), registry_n_as(r), registry_n_org(r),
	    (unsigned long long)registry_v4_addresses(r),
	    (unsigned long long)registry_v6_blocks(r));
	if (registry_n_network(r))
		(void)printf("%u networks, %u holders of them, %u abuse contacts\n",
		    registry_n_network(r), registry_n_holder(r), registry_n_contact(r));
	for (uint32_t i = 0; i < registry_n_input(r); i++) {
		struct registry_input in = registry_input_at(r, i);

		utc_format_day(day_of(in.date_s), day);
		(void)printf("  %.*s (%.*s, %s): %llu records, %llu refused, sha256 %.16s…\n",
		    SPAN_ARG(in.name), SPAN_ARG(in.kind), day, (unsigned long long)in.records,
		    (unsigned long long)in.refused, in.sha256);
	}
	(void)printf("%.*s\n", SPAN_ARG(registry_attribution(r)));
}

static int info(const char *path, uint32_t max_age_days, bool json)
{
	struct clock clock = clock_system();
	char warning[STALE_TEXT_MAX];
	struct registry *r;
	struct err e;
	bool stale;

	if (registry_open(path, &r, &e) < 0)
		return fail(2, &e);
	stale = registry_stale(r, clock_now_s(&clock), max_age_days, warning);
	if (json)
		info_json(r, stale);
	else
		info_text(r);
	if (stale)
		(void)fprintf(stderr, "onus registry: warning: %s\n", warning);
	r = registry_free(r);
	return 0;
}

static int verify(const char *path, bool json)
{
	struct registry *r;
	struct err e;
	int code;

	if (registry_open(path, &r, &e) < 0)
		return fail(2, &e);
	code = verify_print(r, json);
	r = registry_free(r);
	if (code < 0) {
		(void)err_set(&e, code, "cannot write the answer: %s", strerror(-code));
		return fail(2, &e);
	}
	return 0;
}

int cmd_registry(int argc, char **argv)
{
	const char *to = NULL, *file = NULL, *conf_file = NULL;
	struct opt_list set = { .n = 0 };
	bool json = false, facts = false;
	const struct opt opts[] = {
		{ "output", 0, OPT_TEXT, &to, "FILE", "build: write this file (also -o FILE)." },
		{ "registry", 'r', OPT_TEXT, &file, "FILE", "info, verify: the registry file." },
		{ "json", 'j', OPT_FLAG, &json, NULL,
		    "info, verify, read: as one JSON object (read: a file)." },
		{ "facts", 0, OPT_FLAG, &facts, NULL,
		    "read: every fact as a JSON object, one a line." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus registry",
		"build -o FILE INPUT… | info [FILE] | verify [FILE] | read INPUT…",
		"Compile tables of who holds which address, and what the registries say of "
		"networks, into\n"
		"one registry file; say what such a file holds; or how good it is: what share of "
		"the\n"
		"announced space has a network, a holder, a country, an abuse contact, where "
		"registries\n"
		"disagree, and what leads nowhere. Inputs are recognised by content; a directory "
		"stands\n"
		"for the .csv files in it.\n\n"
		"`read` says what is in inputs that registries themselves publish, and builds "
		"nothing: RIR\n"
		"statistics (delegated, delegated-extended), RPSL dumps and RDAP answers, packed "
		"or not. It\n"
		"tells how many records of each kind were taken, of which registry and space, and "
		"what was\n"
		"refused or left out, with reasons. Natural persons are left out.",
		"Examples:\n"
		"  onus registry build -o registry asn-ipv4.csv asn-ipv6.csv "
		"delegated-apnic-extended-latest\n"
		"  onus registry read delegated-apnic-extended-latest ripe.db.inetnum.gz",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code = 3;
	struct conf *conf;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	/* -o FILE is what everybody types: a value without '=' is the output. */
	if (!to && set.n && !strchr(set.v[set.n - 1], '='))
		to = set.v[--set.n];
	conf = conf_open(conf_file, set.v, set.n, &e);
	if (!conf)
		return fail(3, &e);
	if (n >= 2 && strcmp(argv[1], "build") == 0)
		code = build(to ? to : conf->registry_file, n - 1, argv + 2);
	else if (n >= 1 && n <= 2 && strcmp(argv[1], "info") == 0)
		code = info(n == 2 ? argv[2]
			    : file ? file
				   : conf->registry_file,
		    conf->registry_max_age_days, json);
	else if (n >= 1 && n <= 2 && strcmp(argv[1], "verify") == 0)
		code = verify(n == 2 ? argv[2] : file ? file : conf->registry_file, json);
	else if (n >= 2 && strcmp(argv[1], "read") == 0)
		code = registry_read(n - 1, argv + 2,
		    facts  ? READ_FACTS
		    : json ? READ_JSON
			   : READ_TEXT);
	else
		(void)fprintf(stderr,
		    "onus registry: say build -o FILE INPUT…, info [FILE], verify [FILE] or "
		    "read INPUT…\n");
	conf = conf_free(conf);
	return code;
}
