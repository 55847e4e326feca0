/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be measured: one row each, in the order of the road. */
#include "core/health.h"

#include "util/buf.h"
#include "util/clock.h"

#define SAY(...) ((void)snprintf(text, HEALTH_TEXT_MAX, __VA_ARGS__)) /* long ones are cut */
#define CALL	 "`systemctl status onus-*` and the journal say why; start it again"

/* --- programs ------------------------------------------------------------------------------------------- */

static bool runs(enum status_life life)
{
	return life == LIFE_UP || life == LIFE_TROUBLE;
}

static enum status_life life_of(const struct health *h, const char *name)
{
	const struct status_program *p = status_program(&h->programs, name);

	return p ? p->life : LIFE_ABSENT;
}

static unsigned n_programs(const struct health *h)
{
	return h->n_expected ? h->n_expected : h->programs.n;
}

static const char *program_at(const struct health *h, unsigned i)
{
	return h->n_expected ? h->expected[i] : h->programs.program[i].name;
}

static void name_program(struct buf *b, const char *name, const char *how)
{
	buf_fmt(b, "%s%s %s", b->len ? ", " : "", name, how);
}

static bool measure_programs(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	CLEANUP(buf_done) struct buf b = { 0 };
	unsigned down = 0;

	buf_init(&b, 1u << 16);
	for (unsigned i = 0; i < n_programs(h); i++) {
		enum status_life life = life_of(h, program_at(h, i));

		if (runs(life))
			continue;
		down++;
		name_program(&b, program_at(h, i), status_life_name[life]);
	}
	*value = down;
	if (n_programs(h) == 0)
		SAY("no program has told anything in %.400s", h->status_dir);
	else if (down)
		SAY("%u of %u down: %s", down, n_programs(h), b.p);
	else
		SAY("%u of %u up", n_programs(h), n_programs(h));
	return n_programs(h) > 0;
}

static bool measure_trouble(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	CLEANUP(buf_done) struct buf b = { 0 };
	unsigned n = 0, read = 0;

	buf_init(&b, 1u << 16);
	for (unsigned i = 0; i < n_programs(h); i++) {
		const struct status_program *p = status_program(&h->programs, program_at(h, i));

		read += p && p->file;
		if (!p || p->life != LIFE_TROUBLE)
			continue;
		n++;
		buf_fmt(&b, "%s%s: %s", n > 1 ? "; " : "", p->name, p->file->message);
	}
	*value = n;
	if (n)
		SAY("%s", b.p);
	else if (read)
		SAY("the work of none of %u fails", read);
	else
		SAY("no program has told anything in %.400s", h->status_dir);
	return read > 0;
}

/* told - a figure of a program that runs */
static bool told(const struct health *h, const char *program, enum status_part part,
    const char *key, double *ret, char text[HEALTH_TEXT_MAX])
{
	const struct status_program *p = status_program(&h->programs, program);

	if (!p || !runs(p->life)) {
		SAY("%s is not running (%s)", program, status_life_name[p ? p->life : LIFE_ABSENT]);
		return false;
	}
	if (status_find(p->file, part, key, ret))
		return true;
	SAY("%s does not tell of %s yet", program, key);
	return false;
}

/* --- the queue ------------------------------------------------------------------------------------------ */

static bool spool_fresh(const struct health *h, char text[HEALTH_TEXT_MAX])
{
	char age[32];

	if (!h->spool_known) {
		SAY("the spool cannot be looked at from here, and no program tells of it");
		return false;
	}
	health_span(h->now_s - h->spool_at_s, age);
	if (h->now_s - h->spool_at_s > STATUS_STALE_S)
		SAY("what waits was last told %s ago, by %s", age, h->spool_from);
	return h->now_s - h->spool_at_s <= STATUS_STALE_S;
}

static bool measure_queue(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!spool_fresh(h, text))
		return false;
	*value = (double)h->spool.waiting.batches;
	SAY("%ju batches wait, %ju KiB", (uintmax_t)h->spool.waiting.batches,
	    (uintmax_t)(h->spool.waiting.bytes + 1023) / 1024);
	return true;
}

static bool measure_lag(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	int64_t oldest = h->spool.waiting.oldest_s;
	char age[32];

	if (!spool_fresh(h, text))
		return false;
	*value = oldest ? (double)MAX_OF(h->now_s - oldest, (int64_t)0) : 0;
	health_span((int64_t)*value, age);
	if (oldest)
		SAY("the oldest batch waits for %s", age);
	else
		SAY("nothing waits");
	return true;
}

static bool measure_bad(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!spool_fresh(h, text))
		return false;
	*value = (double)h->spool.bad.batches;
	SAY("%ju unreadable batches in bad/", (uintmax_t)h->spool.bad.batches);
	return true;
}

static bool measure_inbox(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!told(h, "onus-load", PART_GAUGE, "inbox_batches", value, text))
		return false;
	SAY("%.0f batches of sensors wait in the inbox, %ju KiB", *value,
	    (uintmax_t)(h->inbox.bytes + 1023) / 1024);
	return true;
}

static bool measure_inbox_age(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	double oldest;
	char age[32];

	if (!told(h, "onus-load", PART_TIME, "inbox_oldest", &oldest, text))
		return false;
	*value = oldest > 0 ? MAX_OF((double)h->now_s - oldest, 0.) : 0;
	health_span((int64_t)*value, age);
	if (oldest > 0)
		SAY("the oldest batch of a sensor waits in the inbox for %s", age);
	else
		SAY("nothing waits in the inbox");
	return true;
}

/* Names of hosts are in the sentence that the loader says. */
static bool measure_inbox_over(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	const struct status_program *p = status_program(&h->programs, "onus-load");

	if (!told(h, "onus-load", PART_GAUGE, "inbox_over", value, text))
		return false;
	if (*value > 0)
		SAY("sensors with too much in the inbox: %u; %.400s", (unsigned)MIN_OF(*value, 1e6),
		    p->file->message);
	else
		SAY("no sensor has too much in the inbox");
	return true;
}

static bool measure_clocks(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	const struct status_program *p = status_program(&h->programs, "onus-load");

	if (!told(h, "onus-load", PART_GAUGE, "clocks_wrong", value, text))
		return false;
	if (*value > 0)
		SAY("wrong: %u; %.400s", (unsigned)MIN_OF(*value, 1e6), p->file->message);
	else
		SAY("no sensor's clock is known to be wrong");
	return true;
}

static bool measure_full(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!told(h, "onus-collect", PART_GAUGE, "spool_full", value, text))
		return false;
	SAY("%s", *value > 0 ? "the spool is full, reading waits" : "the spool has room");
	return true;
}

static bool measure_silence(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	char age[32];
	double at;

	if (!told(h, "onus-load", PART_TIME, "folded", &at, text))
		return false;
	if (at <= 0) {
		SAY("nothing was loaded since onus-load was started");
		return false;
	}
	*value = MAX_OF((double)h->now_s - at, 0.);
	health_span((int64_t)*value, age);
	SAY("events were last loaded %s ago", age);
	return true;
}

/* --- flows ---------------------------------------------------------------------------------------------- */

static bool measure_events(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!told(h, "onus-collect", PART_RATE, "events", value, text))
		return false;
	SAY("%.3g events a second accepted", *value);
	return true;
}

static bool measure_refused(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	double loaded = 0;

	if (!told(h, "onus-collect", PART_RATE, "refused", value, text))
		return false;
	if (told(h, "onus-load", PART_RATE, "refused", &loaded, text))
		*value += loaded;
	SAY("%.3g lines a second refused", *value);
	return true;
}

static bool measure_lost(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	double datagrams;

	if (!told(h, "onus-collect", PART_RATE, "lost", value, text) ||
	    !told(h, "onus-collect", PART_RATE, "datagrams_lost", &datagrams, text))
		return false;
	*value += datagrams;
	SAY("%.3g a second lost before they were read", *value);
	return true;
}

static bool measure_sources(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!told(h, "onus-score", PART_GAUGE, "sources_turned", value, text))
		return false;
	if (*value > 0)
		SAY("%.0f sources have turned: what they say now is seen here far less than before",
		    *value);
	else
		SAY("no source has turned");
	return true;
}

static bool measure_warrants(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	if (!told(h, "onus-score", PART_GAUGE, "warrants_refused", value, text))
		return false;
	if (*value > 0)
		SAY("%.0f warrants do not stand, though they have not ended", *value);
	else
		SAY("no warrant is refused");
	return true;
}

/* Names of analyses are in the sentence that onus-analyse says. */
static bool measure_analyses(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	const struct status_program *p = status_program(&h->programs, "onus-analyse");
	double of, failing, late;

	if (!told(h, "onus-analyse", PART_GAUGE, "analyses", &of, text) ||
	    !told(h, "onus-analyse", PART_GAUGE, "analyses_failing", &failing, text) ||
	    !told(h, "onus-analyse", PART_GAUGE, "analyses_late", &late, text))
		return false;
	*value = failing + late;
	if (*value > 0)
		SAY("of %.0f analyses %.0f fail and %.0f do not run; %.400s", of, failing, late,
		    p->file->message);
	else
		SAY("none of %.0f analyses fails", of);
	return true;
}

/* --- what comes of it ----------------------------------------------------------------------------------- */

static bool is_published(const struct health *h, char text[HEALTH_TEXT_MAX])
{
	if (!h->published)
		SAY("%s", h->published_why);
	return h->published;
}

static bool measure_publication(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	char age[32];

	if (!is_published(h, text))
		return false;
	*value = (double)MAX_OF(h->now_s - h->created_s, (int64_t)0);
	health_span((int64_t)*value, age);
	SAY("generation %ju was published %s ago", (uintmax_t)h->generation, age);
	return true;
}

static bool measure_expiry(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	char left[32];

	if (!is_published(h, text))
		return false;
	*value = (double)(h->expires_s - h->now_s);
	health_span(h->expires_s - h->now_s, left);
	SAY("generation %ju %s %s", (uintmax_t)h->generation,
	    *value < 0 ? "expired:" : "expires in", left);
	return true;
}

static bool measure_registry(const struct health *h, double *value, char text[HEALTH_TEXT_MAX])
{
	double told_s = 0;
	int64_t date_s = h->registry_s;
	const struct status_program *p = status_program(&h->programs, "onus-score");
	char age[32];

	if (p && status_find(p->file, PART_TIME, "registry", &told_s))
		date_s = MAX_OF(date_s, (int64_t)told_s);
	if (date_s <= 0) {
		SAY("no registry is known: neither onus-score nor a publication tells of one");
		return false;
	}
	*value = (double)MAX_OF(h->now_s - date_s, (int64_t)0);
	health_span((int64_t)*value, age);
	SAY("the registry is %s old", age);
	return true;
}

const struct health_measure health_measures[] = {
	{ "programs", "", "", "0", "programs that do not run", CALL, measure_programs },
	{ "trouble", "", "0", "", "programs whose work fails and is tried again",
	    "the journal says more", measure_trouble },
	{ "events", "", "", "", "events accepted, a second",
	    "are logs still written, and read? `onus conf` names the sources", measure_events },
	{ "refused", "", "", "", "lines refused, a second",
	    "the journal of onus-collect tells which", measure_refused },
	{ "lost", "", "0", "100",
	    "lines and datagrams a second that were lost before they were read",
	    "more than this host can take, or a log that was cut: doc/collect.md", measure_lost },
	{ "queue", "", "1000", "10000", "batches that wait in the spool",
	    "is onus-load running, is the database there?", measure_queue },
	{ "lag", "s", "60", "600", "how long the oldest batch has waited",
	    "is onus-load running, is the database there?", measure_lag },
	{ "inbox", "", "1000", "10000", "batches of sensors that wait in the hub's inbox",
	    "is the loader too slow, or does a sensor flood it? the journal of onus-load",
	    measure_inbox },
	{ "inbox_age", "s", "60", "600", "how long the oldest of them has waited",
	    "is onus-load running, is the database there?", measure_inbox_age },
	{ "inbox_over", "", "0", "", "sensors of which more than inbox_max batches wait there",
	    "that sensor floods the hub, or onus-load is too slow; onus sensor shut HOST",
	    measure_inbox_over },
	{ "clocks", "", "0", "", "sensors whose clock differs by more than clock_max_s",
	    "set the clocks of those hosts (ntp); their events are dated by them", measure_clocks },
	{ "full", "", "", "0", "1: the spool is full, and reading waits",
	    "start onus-load, or raise spool_max_mib", measure_full },
	{ "bad", "", "0", "", "batches that could not be read",
	    "look at FILE.reason beside them in bad/ of the spool", measure_bad },
	{ "silence", "s", "", "", "since events were last loaded",
	    "are logs still written, and read?", measure_silence },
	{ "sources", "", "0", "",
	    "sources that say other things than they did, poisoned or replaced",
	    "the journal of onus-score names them; they are believed less by themselves",
	    measure_sources },
	{ "warrants", "", "0", "", "warrants that are refused: forged, too wide, by an unknown key",
	    "`onus warrant list` says why; who has written them?", measure_warrants },
	{ "analyses", "", "0", "",
	    "analyses whose last run failed, or that wait for long to be run",
	    "the journal of onus-analyse says why; onus-analyse --once --show NAME shows its rows",
	    measure_analyses },
	{ "publication", "s", "", "", "age of the newest publication",
	    "are onus-score and onus-publish running?", measure_publication },
	{ "expiry", "s", "86400:", "0:", "until the newest publication expires, and walls with it",
	    "are onus-score and onus-publish running?", measure_expiry },
	{ "registry", "s", "3888000", "7776000",
	    "age of the registry (once and twice registry_max_age_days)",
	    "onus registry fetch --build", measure_registry },
};
const unsigned health_n_measures = NELEM(health_measures);
