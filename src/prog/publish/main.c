/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-publish: makes every outward thing from one state of the hub. It only reads the hub, and what it
 * makes is signed, whole and new each time: killed at whichever instant, the last publication stands. */
#include <errno.h>

#include "prog/publish/apart.h"
#include "prog/publish/publish.h"
#include "publication/manifest.h"
#include "util/clock.h"
#include "util/log.h"

#define BUSY_WAIT_MS  300
#define BUSY_PATIENCE 100u

struct publish {
	struct daemon *d;
	struct conf *conf;
	struct hub *hub; /* NULL until it could be opened */
	struct registry_live registry;
	struct clock clock;
	struct hub_run run;   /* that was published last by this process; id 0: none */
	int64_t settings_rev; /* with it */
	struct known_good good;
	struct apart apart;
	bool made_apart; /* the pages of what was published last */
	uint64_t made;
	unsigned busy;
};

static bool option_pages; /* --pages; set by the command line alone */

static int publish_check(const struct daemon *d, struct err *e)
{
	return conf_valid(d->conf_file, d->settings->v, d->settings->n, e);
}

static void publish_close(void *state)
{
	struct publish *s = state;

	apart_stop(&s->apart);
	s->hub = hub_free(s->hub);
	known_done(&s->good);
	registry_live_done(&s->registry);
	s->conf = conf_free(s->conf);
	free(s);
}

static void tell_newest(struct daemon *d, const struct publication_head *head)
{
	daemon_gauge(d, "generation", head->generation);
	daemon_time(d, "created", head->created_s);
	daemon_time(d, "expires", head->expires_s);
	daemon_time(d, "as_of", head->as_of_s);
}

/* What an earlier process published is the newest until this one publishes; when there is nothing, or it cannot be
 * read, the figures are missing. */
static void tell_standing(const struct publish *s)
{
	static struct manifest m;

	if (manifest_current(s->conf->serve_dir, &m, NULL) == 0)
		tell_newest(s->d, &m.head);
}

static int publish_open(struct daemon *d, void **state, struct err *e)
{
	struct publish *s;
	int r = -EINVAL;

	if (option_pages && !d->once)
		return err_set(e, r, "--pages goes with --once");
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->d = d;
	s->clock = clock_system();
	s->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (s->conf)
		r = option_pages ? 0 : daemon_status_dir(d, s->conf->status_dir, e);
	if (r < 0) {
		publish_close(s);
		return r;
	}
	if (!option_pages)
		tell_standing(s);
	*state = s;
	return 0;
}

static void report(struct publish *s, const struct publishing *p, double took_s)
{
	s->made++;
	daemon_count(s->d, "publications", s->made);
	daemon_gauge(s->d, "entities", p->entities);
	daemon_gauge(s->d, "decisions", p->n_verdicts);
	tell_newest(s->d, &p->head);
	daemon_say(s->d, "generation %ju from run %jd: %ju entities, %ju under decisions, %.1f s",
	    (uintmax_t)p->head.generation, (intmax_t)p->run.id, (uintmax_t)p->entities,
	    (uintmax_t)p->n_verdicts, took_s);
	log_info("generation=%ju run=%jd entities=%ju decided=%ju took=%.2fs",
	    (uintmax_t)p->head.generation, (intmax_t)p->run.id, (uintmax_t)p->entities,
	    (uintmax_t)p->n_verdicts, took_s);
}

static int make(struct publish *s, struct err *e)
{
	struct publishing p = { .d = s->d,
		.conf = s->conf,
		.hub = s->hub,
		.registry = &s->registry,
		.good = &s->good,
		.now_s = clock_now_s(&s->clock),
		.apart = !s->d->once && pages_large(s->conf) };
	int64_t began = clock_monotonic_us();
	int r = option_pages ? publish_pages(&p, e) : publish_make(&p, e);

	if (r > 0 && !option_pages) {
		s->run = p.run;
		s->settings_rev = p.settings_rev;
		s->apart.fresh = false;
		s->made_apart = p.apart;
		report(s, &p, (double)(clock_monotonic_us() - began) / 1e6);
	}
	if (r > 0)
		return 0;
	if (r == 0) {
		daemon_say(s->d, "%s", e->text);
		if (s->d->once)
			r = -ENOENT;
	}
	return r;
}

static bool is_published(const struct publish *s, const struct hub_run *run, int64_t rev)
{
	return run->id == s->run.id && run->batch_cursor == s->run.batch_cursor &&
	       run->at_s == s->run.at_s && rev == s->settings_rev;
}

static int work(struct publish *s, struct err *e)
{
	struct hub_run run = { .id = 0 };
	struct err why = { "" };
	int64_t rev = 0;
	int r = 0;

	apart_tend(&s->apart, s->d);
	if (!s->hub)
		r = hub_open(s->conf->hub, HUB_READ, &s->hub, e);
	if (r < 0)
		return r;
	r = registry_live_look(&s->registry, s->conf->registry_file, &why);
	if (r < 0)
		*e = why;
	else if (why.text[0])
		log_warn("%s; the registry read before serves on", why.text);
	if (r == 0)
		r = hub_settings_rev(s->hub, &rev, e);
	if (r == 0)
		r = hub_newest_run(s->hub, &run, e);
	if (r >= 0 && (r == 0 || !is_published(s, &run, rev) || s->apart.fresh))
		r = make(s, e);
	if (r >= 0 && s->made_apart)
		apart_start(&s->apart, s->d, &s->run);
	return MIN_OF(r, 0);
}

static int publish_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct publish *s = state;
	int64_t began_us = clock_monotonic_us();
	int r = work(s, e);

	if (r == -EAGAIN && s->busy++ < BUSY_PATIENCE) { /* another writer: no trouble */
		*wait_ms = BUSY_WAIT_MS;
		return 0;
	}
	if (r < 0) {
		s->hub = hub_free(s->hub); /* a fresh connection next time */
		return r;
	}
	s->busy = 0;
	*wait_ms = d->once ? DAEMON_DONE : daemon_rest_ms(began_us, s->conf->publish_interval_s);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct opt opts[] = {
		{ "pages", 0, OPT_FLAG, &option_pages, NULL,
		    "With --once: make only what pages show (reputation.sqlite), for the next "
		    "publication to take." },
	};
	static const struct daemon_def def = {
		.name = "onus-publish",
		.about =
		    "Make what others read from the newest scores: the reputation file, the "
		    "database\n"
		    "of the pages, decisions and walls, signed, in a new directory that becomes\n"
		    "current by renaming one link. serve_dir is for our own daemons; open_dir "
		    "holds\n"
		    "only what its sources allow to be given away. Works whenever there are newer\n"
		    "scores, or settings.",
		.more =
		    "  onus-publish --once                    publish and exit\n\n"
		    "What pages show is most of the work. Where it is large (pages_apart_mib) a "
		    "process of\nits own makes it, again and again, and decisions do not wait "
		    "for it.",
		.opts = opts,
		.n_opts = NELEM(opts),
		.check = publish_check,
		.open = publish_open,
		.turn = publish_turn,
		.close = publish_close,
	};

	return daemon_main(&def, argc, argv);
}
