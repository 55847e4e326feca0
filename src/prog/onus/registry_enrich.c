/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus registry enrich: one run. Whatever it is killed at, the next run goes on from there. */
#include "prog/onus/counts.h"
#include "prog/onus/registry_enrich.h"

#include <errno.h>
#include <string.h>

#include "core/wishes.h"
#include "prog/onus/enrich.h"
#include "svc/program.h"
#include "util/file.h"
#include "util/jout.h"
#include "util/opt.h"

#define SERVERS_FILE "servers"

/* struct run - what is open; all owned */
struct run {
	struct enrich x;
	struct conf *conf;
	struct registry *registry;
	struct bootstrap *bootstrap;
	char *program, *servers_path;
	const char *cache_dir, *bootstrap_dir, *ask_file, *program_dir;
	uint32_t worst;
	bool only, json;
};

static void tell(const char *text)
{
	(void)fprintf(stderr, "onus registry enrich: %s\n", text);
}

static void on_refused(void *ctx, const char *text)
{
	struct err safe; /* which makes untrusted bytes printable */

	(void)ctx;
	(void)err_set(&safe, 0, "refused: %s", text);
	tell(safe.text);
}

/* --- opening ------------------------------------------------------------------------------------------ */

/* Without a registry file everything is asked, and contacts are those of the answers. */
static void open_registry(struct run *r)
{
	struct err e;

	if (registry_open(r->conf->registry_file, &r->registry, &e) < 0)
		tell(e.text);
	r->x.registry = r->registry;
}

static int open_servers(struct run *r, struct err *e)
{
	struct enrich *x = &r->x;

	x->servers = servers_new(r->conf->rdap_pause_ms);
	if (!x->servers || asprintf(&r->servers_path, "%s/%s", r->cache_dir, SERVERS_FILE) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	x->servers_path = r->servers_path;
	return servers_load(
	    x->servers, r->servers_path, clock_now_s(&x->clock), clock_monotonic_us() / 1000, e);
}

static int open_all(struct run *r, struct err *e)
{
	const struct cache_ages ages = { r->conf->rdap_fresh_days, r->conf->rdap_keep_days };
	unsigned refused = 0;
	int code;

	r->x.conf = r->conf;
	r->x.clock = clock_system();
	code = cache_open(r->cache_dir, &ages, clock_now_s(&r->x.clock), &r->x.cache, &refused, e);
	if (refused)
		(void)fprintf(stderr,
		    "onus registry enrich: %s/asked: %u lines make no sense and are dropped\n",
		    r->cache_dir, refused);
	if (code == 0)
		code = open_servers(r, e);
	if (code == 0)
		code = program_find(r->program_dir, "onus-fetch", &r->program, e);
	r->x.program = r->program;
	if (code == 0 && *r->conf->rdap_bootstrap_url)
		code = enrich_bootstrap(&r->x, r->bootstrap_dir, e);
	if (code == 0)
		code = bootstrap_open(r->bootstrap_dir, on_refused, NULL, &r->bootstrap, e);
	r->x.bootstrap = r->bootstrap;
	if (code == 0)
		open_registry(r);
	return code;
}

static void close_all(struct run *r)
{
	enrich_done(&r->x);
	r->x.cache = cache_free(r->x.cache);
	r->x.servers = servers_free(r->x.servers);
	r->bootstrap = bootstrap_free(r->bootstrap);
	r->registry = registry_free(r->registry);
	r->conf = conf_free(r->conf);
	free(r->program);
	free(r->servers_path);
}

/* --- what to ask -------------------------------------------------------------------------------------- */

/* Wishes of a file; a file of them that makes no sense is told of, and costs nothing else. */
static int plan_wishes(struct run *r, const char *path, unsigned max, struct err *e)
{
	CLEANUP(free_p) struct entity *wish = calloc(WISHES_MAX, sizeof(*wish));
	unsigned refused = 0;
	int n, code = 0;

	if (!wish)
		return err_set(e, -ENOMEM, "out of memory");
	n = wishes_read(path, clock_now_s(&r->x.clock), wish, &refused, e);
	if (n < 0)
		tell(e->text);
	if (refused)
		(void)fprintf(
		    stderr, "onus registry enrich: %s: %u lines are no wishes\n", path, refused);
	for (int i = 0; i < n && (unsigned)i < max && code == 0; i++)
		code = enrich_plan(&r->x, &wish[i]);
	return code < 0 ? err_set(e, code, "out of memory") : 0;
}

/* What is asked for on the command line: names of entities, or addresses, prefixes and AS numbers. */
static int plan_named(struct run *r, const char *text, struct err *e)
{
	struct span s = span_str(text);
	struct entity en;
	struct range range;
	int code;

	if (range_parse(s, &range) == 0)
		en = entity_prefix(range); /* just that, be it a part of an IPv6 host */
	else if (entity_parse(s, &en, e) < 0)
		return err_wrap(e, -EINVAL, "\"%.100s\"", text);
	code = enrich_plan(&r->x, &en);
	return code < 0 ? err_set(e, code, "out of memory") : 0;
}

static int plan(struct run *r, int n, char **names, struct err *e)
{
	int code = 0;

	for (int i = 0; i < n && code == 0; i++)
		code = plan_named(r, names[i], e);
	if (code == 0 && !r->only && r->worst) {
		code = enrich_plan_worst(&r->x, r->worst, e);
		if (code == -ENOENT) { /* nothing is published yet: then there are only wishes */
			tell(e->text);
			code = 0;
		}
	}
	if (code == 0 && !r->only)
		code = plan_wishes(r, r->conf->wish_file, r->conf->rdap_wishes, e);
	if (code == 0 && r->ask_file)
		code = plan_wishes(r, r->ask_file, WISHES_MAX, e);
	return code;
}

/* --- what came of it ---------------------------------------------------------------------------------- */

static void print_counts(const struct enrich_count *c, bool json)
{
	const struct count_row rows[] = {
		{ "entities", "entities", c->entities, true },
		{ "known", "questions the registry file answers", c->known, false },
		{ "fresh", "asked not long ago", c->fresh, false },
		{ "no_server", "that no server is named for", c->no_server, false },
		{ "too_many", "more than one run asks", c->too_many, false },
		{ "asked", "requests", c->asked, true },
		{ "redirected", "of them sent on to another server", c->redirected, false },
		{ "kept", "answers kept", c->kept, true },
		{ "none", "without anything in them for us", c->none, false },
		{ "refused", "questions that servers do not take", c->refused, false },
		{ "failed", "questions without an answer", c->failed, false },
		{ "later", "left for the next run", c->later, false },
		{ "mailboxes", "mailboxes checked", c->mailboxes, true },
		{ "mail_ok", "of them well", c->mail_ok, false },
		{ "mail_dead", "of them dead", c->mail_dead, false },
		{ "mail_unsure", "of which name servers did not tell", c->mail_unsure, false },
	};

	counts_print(rows, NELEM(rows), json);
}

static int run(struct run *r, int n, char **names, struct err *e)
{
	struct err more;
	int code = open_all(r, e);

	if (code == 0) {
		code = plan(r, n, names, e);
		if (code == -EINVAL)
			return 3;
	}
	if (code == 0) {
		code = enrich_ask(&r->x, e);
		/* what came until then is for the next build, whatever went wrong */
		if (cache_close(r->x.cache, &more) < 0 && code == 0)
			code = err_set(e, -EIO, "%s", more.text);
	}
	if (code == 0)
		code = enrich_mailboxes(&r->x, e);
	if (code == 0)
		print_counts(&r->x.count, r->json);
	return code < 0 ? 2 : r->x.count.failed || r->x.count.later ? 1 : 0;
}

int registry_enrich(int argc, char **argv)
{
	struct run r = { .worst = UINT32_MAX };
	struct opt_list set = { .n = 0 };
	const char *conf_file = NULL;
	const struct opt opts[] = {
		{ "worst", 0, OPT_COUNT, &r.worst, "N",
		    "The N worst of each kind in the newest publication (else rdap_worst)." },
		{ "ask", 0, OPT_TEXT, &r.ask_file, "FILE", "And the wishes in this file." },
		{ "only", 0, OPT_FLAG, &r.only, NULL, "Just what is named here, and FILE." },
		{ "cache", 0, OPT_TEXT, &r.cache_dir, "DIR", "Keep answers here (else rdap_dir)." },
		{ "bootstrap", 0, OPT_TEXT, &r.bootstrap_dir, "DIR",
		    "IANA's lists of servers (else rdap_bootstrap_dir)." },
		{ "ca", 0, OPT_TEXT, &r.x.ca, "FILE",
		    "Trust these certificates and not the system's." },
		{ "json", 'j', OPT_FLAG, &r.json, NULL, "The counts as one JSON object." },
		{ "program-dir", 0, OPT_TEXT, &r.program_dir, "DIR",
		    "Where onus-fetch is, in a build tree." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus registry enrich", "[ENTITY|ADDRESS|PREFIX…]",
		"Ask registries over RDAP who holds what matters, and whom to write to: the worst "
		"of "
		"the newest\n"
		"publication, what somebody looked up on the pages (wish_file), and what is named "
		"here. "
		"Asked is only\n"
		"what the registry file does not tell, a server at a time once in rdap_pause_ms, "
		"less "
		"often when it says\n"
		"so; an answer counts for rdap_fresh_days. `onus registry build` takes the "
		"directory "
		"of answers as an\n"
		"input. Then the abuse contacts of all these are checked, by DNS alone: nobody is "
		"written to.\n\n"
		"One run; for a timer. Killed at any moment it goes on the next time. Exit code 1: "
		"some "
		"question has no\n"
		"answer yet.",
		"Examples:\n"
		"  onus registry enrich && onus registry build -o /var/lib/onus/registry … "
		"/var/lib/onus/rdap\n"
		"  onus registry enrich --only as:64500 192.0.2.1",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code = 3;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	r.conf = conf_open(conf_file, set.v, set.n, &e);
	if (r.conf) {
		r.cache_dir = r.cache_dir ? r.cache_dir : r.conf->rdap_dir;
		r.bootstrap_dir = r.bootstrap_dir ? r.bootstrap_dir : r.conf->rdap_bootstrap_dir;
		r.worst = r.worst == UINT32_MAX ? r.conf->rdap_worst : r.worst;
		code = run(&r, n, argv + 1, &e);
	}
	if (code > 1)
		tell(e.text);
	close_all(&r);
	return code;
}
