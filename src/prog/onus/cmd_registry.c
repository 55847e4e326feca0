/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus registry - compile who holds what, say what a compiled file holds, and what registry inputs say. */
#include <errno.h>
#include <string.h>

#include "core/conf.h"
#include "holders/builds.h"
#include "holders/registry.h"
#include "holders/stale.h"
#include "prog/onus/counts.h"
#include "prog/onus/commands.h"
#include "prog/onus/registry_diff.h"
#include "prog/onus/registry_enrich.h"
#include "prog/onus/registry_fetch.h"
#include "prog/onus/registry_make.h"
#include "prog/onus/registry_read.h"
#include "prog/onus/registry_tenure.h"
#include "prog/onus/registry_verify.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/opt.h"

static int fail(int code, const struct err *e)
{
	(void)fprintf(stderr, "onus registry: %s\n", e->text);
	return code;
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
	jout_bool(&j, "stamp_fits", registry_proof(r) == PROOF_STAMP);
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
	(void)printf("its rows: %s\n", registry_proof_text(registry_proof(r)));
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

static int prove(const char *path)
{
	CLEANUP(free_p) char *stamp = registry_stamp(path);
	struct err e = { "out of memory" };

	if (!stamp || registry_prove(path, &e) < 0)
		return fail(2, &e);
	(void)printf("%s: proven; its stamp is %s\n", path, stamp);
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

/* A file, or where there is none of that name the newest build that is not later than a date. */
static int open_build(
    const char *registry_file, const char *name, struct registry **ret, struct err *e)
{
	int64_t time_s;

	if (access(name, F_OK) < 0 && strlen(name) == 10 && utc_parse(span_str(name), &time_s) == 0)
		return builds_open(registry_file, day_of(time_s), ret, e);
	return registry_open(name, ret, e);
}

static int diff(
    const char *registry_file, const char *was_path, const char *is_path, bool json, bool all)
{
	struct registry *was = NULL, *is = NULL;
	struct err e;
	int r = open_build(registry_file, was_path, &was, &e);

	if (r == 0)
		r = open_build(registry_file, is_path, &is, &e);
	if (r == 0 && (r = diff_print(was, is, json, all)) < 0)
		(void)err_set(&e, r, "cannot write the answer: %s", strerror(-r));
	was = registry_free(was);
	is = registry_free(is);
	return r < 0 ? fail(2, &e) : 0;
}

static int on_bad_build(void *ctx, const struct err *why)
{
	bool *bad = ctx;

	*bad = true;
	(void)fprintf(stderr, "onus registry: left out: %s\n", why->text);
	return 0;
}

static void tenure_print(const struct tenure_count *n, bool json)
{
	const struct count_row rows[] = {
		{ "builds", "builds", n->builds, true },
		{ "same_day", "more in which no registry says anything newer", n->same_day, false },
		{ "recorded", "transfers recorded", n->recorded, true },
		{ "known", "known before", n->known, false },
		{ "waiting", "in the last build only: the next one decides", n->waiting, false },
		{ "unconfirmed", "not said twice", n->unconfirmed, false },
		{ "otherwise", "of ranges that other records told of before", n->otherwise, false },
	};

	counts_print(rows, NELEM(rows), json);
}

static int tenure(const struct conf *conf, size_t n, char **files, bool json)
{
	struct tenure_count count;
	struct hub *hub = NULL;
	bool bad = false;
	struct err e;
	int r = hub_open(conf->hub, HUB_WRITE, &hub, &e);

	if (r == 0)
		r = tenure_record(hub, files, n, on_bad_build, &bad, &count, &e);
	hub = hub_free(hub);
	if (r < 0)
		return fail(2, &e);
	tenure_print(&count, json);
	return bad ? 1 : 0;
}

/* Of the builds beside the registry file. */
static int tenure_beside(const struct conf *conf, bool json)
{
	struct builds b;
	struct err e;
	char **paths;
	size_t n = 0;
	int code;

	if (builds_find(conf->registry_file, &b, &e) < 0)
		return fail(2, &e);
	paths = calloc(b.n + 1, sizeof(*paths));
	while (paths && n < b.n && (paths[n] = builds_path(conf->registry_file, b.day[n])) != NULL)
		n++;
	if (!paths || n < b.n)
		(void)err_set(&e, -ENOMEM, "out of memory");
	else
		(void)err_set(&e, -ENOENT, "there is no %s-YYYYMMDD", conf->registry_file);
	code = n && n == b.n ? tenure(conf, n, paths, json) : fail(2, &e);
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
	builds_done(&b);
	return code;
}

int cmd_registry(int argc, char **argv)
{
	const char *to = NULL, *merges = NULL, *file = NULL, *conf_file = NULL;
	struct opt_list set = { .n = 0 };
	bool json = false, facts = false, all = false, keep = false;
	const struct opt opts[] = {
		{ "output", 0, OPT_TEXT, &to, "FILE", "build: write this file (also -o FILE)." },
		{ "merges", 'm', OPT_TEXT, &merges, "FILE",
		    "build: who is, and who is not, one organisation." },
		{ "keep", 'k', OPT_FLAG, &keep, NULL,
		    "build: keep it as the build of today, too (FILE-YYYYMMDD)." },
		{ "registry", 'r', OPT_TEXT, &file, "FILE",
		    "info, verify, prove, diff of days: the registry file." },
		{ "json", 'j', OPT_FLAG, &json, NULL,
		    "All but build and prove: as one JSON object (read: a file)." },
		{ "all", 'a', OPT_FLAG, &all, NULL,
		    "diff: every change, not the first ten of a kind." },
		{ "facts", 0, OPT_FLAG, &facts, NULL,
		    "read: every fact as a JSON object, one a line." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus registry",
		"build [-m MERGES] -o FILE INPUT… | fetch [NAME…] | enrich | info [FILE] | verify "
		"[FILE] | "
		"prove [FILE] | diff OLD NEW | tenure "
		"[FILE…] | read INPUT…",
		"Compile tables of who holds which address, and what the registries say of "
		"networks, into\n"
		"one registry file; say what such a file holds; or how good it is: what share of "
		"the\n"
		"announced space has a network, a holder, a country, an abuse contact, where "
		"registries\n"
		"disagree, and what leads nowhere. Inputs are recognised by content; a directory "
		"stands\n"
		"for the .csv files in it. ASes and holders are joined to organisations by rules "
		"that `verify`\n"
		"counts; a list of merges says better, a line each: `apart as:1 as:2 why`, `same "
		"as:1\n"
		"org:RIPE/HANDLE why`, `without RULE`.\n\n"
		"`fetch` gets what registries publish, and keeps the last good copy of each: see\n"
		"onus registry fetch --help.\n"
		"`enrich` asks registries over RDAP about what matters, and checks whether abuse "
		"contacts are\n"
		"reached: see onus registry enrich --help.\n\n"
		"`prove` checks every row of such a file and stamps it (.FILE.proven), as `build` "
		"does: "
		"who opens\n"
		"it then need not. For files that were copied, restored or touched.\n\n"
		"`diff` says what changed between two such files, or days of which builds were "
		"kept "
		"(2026-09-01):\n"
		"networks and their holders, and who announces what. A transfer is only what one "
		"source tells of one range in both.\n"
		"`tenure` writes into the hub who held what until when, from such files in order "
		"of time\n"
		"(without names: all that stand beside the registry file with -YYYYMMDD behind "
		"its name):\n"
		"each transfer that two builds in a row agree on.\n\n"
		"`read` says what is in inputs, and builds nothing: RIR statistics (delegated,\n"
		"delegated-extended), RPSL dumps, RDAP answers, ARIN's bulk whois (XML and text) "
		"and answers of\n"
		"its server; whose ASes are by CAIDA and PeeringDB; and who announces what: RIS "
		"whois dumps,\n"
		"CAIDA's pfx2as, tables of BGP routers (MRT, by way of bgpdump, or the lines it "
		"prints), lists of\n"
		"AS names. Packed or not. It tells how many records of each kind were taken, of "
		"which registry and\n"
		"space, and what was refused or left out, with reasons. Natural persons are left "
		"out.",
		"Examples:\n"
		"  onus registry build -o registry asn-ipv4.csv asn-ipv6.csv "
		"delegated-apnic-extended-latest\n"
		"  onus registry build -o registry riswhoisdump.IPv4.gz riswhoisdump.IPv6.gz "
		"asn.txt "
		"delegated-*-extended-latest\n"
		"  onus registry read delegated-apnic-extended-latest ripe.db.inetnum.gz",
		opts, NELEM(opts) };
	int n, code = 3;
	struct conf *conf;
	struct err e;

	if (argc > 1 && strcmp(argv[1], "fetch") == 0) /* it has options of its own */
		return registry_fetch(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "enrich") == 0)
		return registry_enrich(argc - 1, argv + 1);
	n = opt_main(&usage, argc, argv);
	if (n < 0)
		return opt_exit(n);
	/* -o FILE is what everybody types: a value without '=' is the output. */
	if (!to && set.n && !strchr(set.v[set.n - 1], '='))
		to = set.v[--set.n];
	conf = conf_open(conf_file, set.v, set.n, &e);
	if (!conf)
		return fail(3, &e);
	if (n >= 2 && strcmp(argv[1], "build") == 0)
		code = registry_make(to ? to : conf->registry_file,
		    merges ? merges : conf->registry_merges, keep ? conf->registry_keep_days : 0,
		    n - 1, argv + 2);
	else if (n >= 1 && n <= 2 && strcmp(argv[1], "info") == 0)
		code = info(n == 2 ? argv[2]
			    : file ? file
				   : conf->registry_file,
		    conf->registry_max_age_days, json);
	else if (n >= 1 && n <= 2 && strcmp(argv[1], "verify") == 0)
		code = verify(n == 2 ? argv[2] : file ? file : conf->registry_file, json);
	else if (n >= 1 && n <= 2 && strcmp(argv[1], "prove") == 0)
		code = prove(n == 2 ? argv[2] : file ? file : conf->registry_file);
	else if (n == 3 && strcmp(argv[1], "diff") == 0)
		code = diff(file ? file : conf->registry_file, argv[2], argv[3], json, all);
	else if (n == 1 && strcmp(argv[1], "tenure") == 0)
		code = tenure_beside(conf, json);
	else if (n >= 1 && strcmp(argv[1], "tenure") == 0)
		code = tenure(conf, (size_t)n - 1, argv + 2, json);
	else if (n >= 2 && strcmp(argv[1], "read") == 0)
		code = registry_read(n - 1, argv + 2,
		    facts  ? READ_FACTS
		    : json ? READ_JSON
			   : READ_TEXT);
	else
		(void)fprintf(stderr,
		    "onus registry: say build -o FILE INPUT…, fetch [NAME…], enrich, "
		    "info [FILE], verify [FILE], prove [FILE], "
		    "diff OLD NEW, tenure [FILE…] or read INPUT…\n");
	conf = conf_free(conf);
	return code;
}
