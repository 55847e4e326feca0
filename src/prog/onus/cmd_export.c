/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus export - the wall that the newest publication asks for, in the language of whatever stands it up.
 * Made anew from the reputation file at each call, so that what has ended meanwhile is not in it. */
#include <errno.h>

#include "core/conf.h"
#include "holders/stale.h"
#include "prog/evidence/walls.h"
#include "prog/onus/commands.h"
#include "publication/carved.h"
#include "publication/export.h"
#include "publication/place.h"
#include "publication/settings_file.h"
#include "util/clock.h"
#include "util/opt.h"

struct export
{
	const char *conf_file, *file, *level, *format;
	struct opt_list set;
	struct conf *conf;
	struct reputation *from;
	struct registry
	    *registry; /* of the same publication; NULL where it is not asked for anything */
	struct settings settings; /* of the same publication, as are … */
	struct addrset carved;
	enum level least;
	int64_t now_s;
};

static int open_current(struct export *x, const struct export_format *f, struct err *e)
{
	const struct wall asked = { .listing = f->listing };
	char dir[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 16];
	int r = place_current(x->conf->serve_dir, dir, NULL, e);

	if (r == -ENOENT)
		return err_set(e, r,
		    "%s: nothing is published there yet; onus-publish makes it (or `onus run`, "
		    "with -o serve_dir=DIR/serve)",
		    x->conf->serve_dir);
	if (r < 0)
		return r;
	r = settings_file_read(dir, &x->settings, e);
	if (r < 0)
		return err_wrap(e, r, "what must never be on a wall is not known");
	r = carved_read(dir, x->now_s, &x->carved, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/reputation", dir);
	r = reputation_open(path, &x->from, e);
	if (r < 0 || !walls_of_holders(&asked, x->from, x->least))
		return r;
	(void)snprintf(path, sizeof(path), "%s/registry", dir);
	return registry_open(path, &x->registry, e);
}

/* 1: it is too old to act on without a thought. */
static int say_head(const struct export *x, const struct publication_head *h, char *warning)
{
	char at[UTC_TEXT_MAX];
	bool expired = h->expires_s <= x->now_s;

	if (h->simulated)
		(void)fprintf(stderr, "onus export: warning: the evidence is simulated: "
				      "do not use this list\n");
	if (*warning)
		(void)fprintf(stderr, "onus export: warning: %s\n", warning);
	if (expired) {
		utc_format(h->expires_s, at);
		(void)fprintf(stderr,
		    "onus export: warning: the publication expired at %s: is onus-publish "
		    "running?\n",
		    at);
	}
	return expired;
}

static int export(struct export *x, const struct export_format *f, struct err *e)
{
	CLEANUP(wall_done) struct wall w = { NULL };
	CLEANUP(addrset_done) struct addrset own = { .v = NULL }, never = { .v = NULL };
	struct export_head head = { .of = reputation_head(x->from),
		.from = x->from,
		.site_url = x->conf->site_url,
		.style = x->conf->dnsbl_mask ? LISTING_MASK : LISTING_LIST,
		.ttl_s = x->conf->dnsbl_ttl_s };
	char warning[STALE_TEXT_MAX] = "";
	int r = addrset_parse(span_str(x->conf->own_networks), &own, e);

	if (r < 0)
		return r;
	if (settings_never(&x->settings, &own, x->now_s, &never) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	wall_init(&w, x->now_s, &never);
	w.carved = &x->carved;
	w.listing = f->listing;
	if (wall_add_reputation(&w, x->from, x->least) < 0 ||
	    (x->registry && walls_add_holders(&w, x->from, x->least, x->registry) < 0) ||
	    wall_finish(&w) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	if (head.of.registry_date_s && registry_date_stale(head.of.registry_date_s, x->now_s,
					   x->conf->registry_max_age_days, warning))
		head.warning = span_str(warning);
	r = x->file ? export_file(f, &w, &head, x->file, e) : export_write(f, &w, &head, stdout, e);
	return r < 0 ? r : say_head(x, &head.of, warning);
}

static int run(struct export *x, const struct export_format *f, struct err *e)
{
	int r = -EINVAL;

	x->conf = conf_open(x->conf_file, x->set.v, x->set.n, e);
	if (x->conf)
		r = open_current(x, f, e);
	if (r == 0)
		r = export(x, f, e);
	x->from = reputation_free(x->from);
	x->registry = registry_free(x->registry);
	settings_done(&x->settings);
	addrset_done(&x->carved);
	x->conf = conf_free(x->conf);
	return r;
}

static int list_formats(void)
{
	for (unsigned i = 0; i < export_n_formats; i++)
		(void)printf("%-8s %s\n", export_formats[i].name, export_formats[i].help);
	return 0;
}

int cmd_export(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct export x = { .level = "block", .now_s = clock_now_s(&clock) };
	bool list = false;

	settings_init(&x.settings);
	const struct opt opts[] = {
		{ "list", 'l', OPT_FLAG, &list, NULL, "List the formats." },
		{ "level", 0, OPT_TEXT, &x.level, "LEVEL",
		    "Take what is at this level or above: friction or block (default)." },
		{ "file", 'f', OPT_TEXT, &x.file, "FILE",
		    "Write there, whole or not at all, instead of the standard output." },
		{ "config", 'c', OPT_TEXT, &x.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &x.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus export", "FORMAT",
		"Print the wall that the newest publication asks for. One's own networks, the "
		"allow list\n"
		"(onus allow) and special space are never in it, nor is what has ended; hosts "
		"known good here are left out of what is wider than a host. The zone for "
		"rbldnsd has\n"
		"refusals too, whatever the level: it can say why. Exits with 1 when the "
		"publication "
		"has\n"
		"expired.",
		"Example: onus export nft -f /etc/nftables.d/onus.nft && nft -f "
		"/etc/nftables.d/onus.nft",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), r;
	const struct export_format *f;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (list)
		return list_formats();
	f = n == 1 ? export_find(argv[1]) : NULL;
	if (!f || level_parse(span_str(x.level), &x.least) < 0 || x.least < LEVEL_FRICTION) {
		(void)fprintf(stderr, "onus export: %s\n",
		    f ? "--level wants friction or block"
		      : "name one format; `onus export --list` shows them");
		return 3;
	}
	r = run(&x, f, &e);
	if (r < 0)
		(void)fprintf(stderr, "onus export: %s\n", e.text);
	return r < 0 ? 2 : r;
}
