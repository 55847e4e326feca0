/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-load: carries the spool into the hub. Several batches share one transaction; only when it is
 * committed are their files moved to done/. Whatever goes wrong in between, the files are still in new/
 * and the hub knows which of them it has. */
#include <errno.h>

#include "prog/evidence/sources.h"
#include "prog/load/archive.h"
#include "prog/load/load.h"
#include "prog/load/rebuild.h"
#include "util/log.h"

#define BUSY_WAIT_MS  300 /* another writes: it will not take long */
#define BUSY_PATIENCE 100u
#define AGE_AGAIN_S   600 /* after periods could not be made */
#define LISTED	      2u  /* transactions of one look at the spool, where it is full */

static const char *option_rebuild; /* --rebuild; set by the command line alone */

static int load_check(const struct daemon *d, struct err *e)
{
	return conf_valid(d->conf_file, d->settings->v, d->settings->n, e);
}

static void load_close(void *state)
{
	struct load *l = state;

	l->hub = hub_free(l->hub);
	l->sender = inbox_sender_free(l->sender);
	inbox_load_done(&l->inbox);
	waiting_forget(&l->waiting);
	l->conf = conf_free(l->conf);
	free(l);
}

static bool sends(const struct load *l)
{
	return strcmp(l->conf->load_into, "inbox") == 0;
}

static int load_open(struct daemon *d, void **state, struct err *e)
{
	struct load *l;
	int r;

	if (option_rebuild && !d->once)
		return err_set(e, -EINVAL, "--rebuild goes with --once");
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->d = d;
	l->clock = clock_system();
	l->items = 1;
	l->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (!l->conf) {
		load_close(l);
		return -EINVAL;
	}
	inbox_load_init(&l->inbox, d, l->conf);
	r = daemon_status_dir(d, l->conf->status_dir, e);
	if (r == 0 && option_rebuild && sends(l))
		r = err_set(e, -EINVAL, "--rebuild makes a ledger; load_into says inbox");
	if (r < 0) {
		load_close(l);
		return r;
	}
	*state = l;
	return 0;
}

/* One source's row, with what a command set over it. */
static int set_source(struct load *l, struct hub_source s, struct err *e)
{
	struct settings_source over;
	int r = hub_settings_source(l->hub, s.name, &over, e);

	if (r < 0)
		return r;
	source_override(&over, &s);
	return hub_source_set(l->hub, &s, day_of(clock_now_s(&l->clock)), NULL, e);
}

/* What the configuration, and over it a command, says of its sources becomes rows, before their first event
 * arrives. */
static int set_sources(struct load *l, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < l->conf->n_sources && r == 0; i++) {
		const struct conf_source *c = &l->conf->sources[i];
		char apart[CONF_SOURCE_MAX + 1];
		struct hub_source s;

		if (!conf_is_evidence(c))
			continue; /* it says nothing of anybody */
		source_of_conf(c, &s);
		r = set_source(l, s, e);
		if (r == 0 && conf_unverified(c, apart)) {
			s.name = s.group = apart;
			s.trust = MIN_OF(s.trust, HUB_NEWCOMER_TRUST);
			r = set_source(l, s, e);
		}
	}
	return r;
}

static int open_hub(struct load *l, struct err *e)
{
	int r;

	if (l->hub)
		return 0;
	r = hub_open(l->conf->hub, HUB_WRITE, &l->hub, e);
	if (r == 0)
		r = hub_begin(l->hub, e);
	if (r == 0)
		r = set_sources(l, e);
	if (r == 0)
		r = hub_commit(l->hub, e);
	if (r < 0)
		l->hub = hub_free(l->hub);
	return r;
}

int load_refuse(struct load *l, const struct spool_item *it, const char *reason, struct err *e)
{
	l->bad++;
	log_warn("batch=%s/new/%s moved to bad/: %s", it->dir, it->file, reason);
	return spool_reject(it, reason, e);
}

int load_unread(
    struct load *l, const struct spool_item *it, int r, const struct err *why, struct err *e)
{
	if (r == -EBADMSG)
		return load_refuse(l, it, why->text, e);
	*e = *why;
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE ? r : -ENODATA;
}

int load_keep(struct load *l, const struct spool_item *it, int64_t at_s, struct err *e)
{
	const char *dir = l->conf->batch_archive;

	return *dir ? archive_keep(dir, it, at_s, e) : 0;
}

/* struct turn - what became of a list's items in this transaction */
struct turn {
	const struct spool_list *list;
	struct fate {
		bool waits; /* for the commit */
		int64_t at_s;
	} * of;
	size_t n; /* looked at */
	size_t unread;
};

/* Is it the last one of its directory that waits? */
static bool last_of_dir(const struct turn *t, size_t i)
{
	for (size_t k = i + 1; k < t->n; k++)
		if (t->of[k].waits && strcmp(t->list->v[k].dir, t->list->v[i].dir) == 0)
			return false;
	return true;
}

/* All that wait, and each directory of theirs once they are all there. */
static int keep_all(struct load *l, const struct turn *t, struct err *e)
{
	int r = 0;

	if (!*l->conf->batch_archive)
		return 0;
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct spool_item *it = &t->list->v[i];

		if (!t->of[i].waits)
			continue;
		r = load_keep(l, it, t->of[i].at_s, e);
		if (r == 0 && last_of_dir(t, i))
			r = archive_sync(l->conf->batch_archive, it, e);
	}
	return r;
}

/* One batch into the sums. 1: it waits for the commit; 0: it is dealt with, or gone; -ESTALE: it was refused, and
 * the sums with it are void; -ENODATA: it cannot be read now. */
static int add(struct load *l, const struct spool_item *it, int64_t now_s, struct err *e)
{
	struct batch b;
	struct err why = { "" };
	int r = spool_read(it, &b, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return load_unread(l, it, r, &why, e);
	r = hub_fold_add(l->hub, &b, now_s, &why);
	if (r == 1 && why.text[0])
		log_warn("batch=%s/%s %s", it->dir, it->file, why.text);
	batch_done(&b);
	if (r == -EBADMSG) {
		r = load_refuse(l, it, why.text, e);
		return r < 0 ? r : -ESTALE;
	}
	if (r < 0)
		*e = why;
	if (r == 0) {
		l->sum.duplicates++;
		r = load_keep(l, it, now_s, e);
		return r < 0 ? r : spool_finish(it, e);
	}
	return r;
}

/* As many batches of the list as belong into one transaction. What cannot be read is passed over: it holds up nobody. */
static int add_some(struct load *l, struct turn *t, struct err *e)
{
	for (size_t added = 0; t->n < t->list->n && added < l->items && !hub_fold_full(l->hub);
	     t->n++) {
		struct fate *f = &t->of[t->n];
		int r;

		f->at_s = clock_now_s(&l->clock);
		r = add(l, &t->list->v[t->n], f->at_s, e);
		t->unread += r == -ENODATA;
		if (r < 0 && r != -ENODATA)
			return r;
		f->waits = r == 1;
		added += r >= 0;
		daemon_alive(l->d);
	}
	return 0;
}

static int commit(struct load *l, const struct turn *t, struct err *e)
{
	int r = hub_fold_commit(l->hub, &l->sum, e);

	if (r == 0 && t->n > t->unread)
		l->folded_s = clock_now_s(&l->clock);
	if (r == 0)
		r = keep_all(l, t, e);
	for (size_t i = 0; i < t->n && r == 0; i++)
		if (t->of[i].waits)
			r = spool_finish(&t->list->v[i], e);
	return r;
}

static int load_some(struct load *l, const struct spool_list *list, struct err *e)
{
	struct turn t = { .list = list, .of = calloc(list->n, sizeof(*t.of)) };
	int r;

	if (!t.of)
		abort();
	r = add_some(l, &t, e);
	if (r == 0)
		r = commit(l, &t, e);
	free(t.of);
	if (r == -ESTALE) { /* again from the start, without the one that was refused */
		waiting_forget(&l->waiting);
		return 0;
	}
	if (r < 0)
		return r;
	waiting_took(&l->waiting, t.n, t.unread);
	l->items = MIN_OF(l->items * 2, HUB_FOLD_BATCHES);
	return 0;
}

/* Days are counted back from the ledger's own newest, so that an archive of old logs stays. */
static int age_begin(struct load *l, int64_t now_s, struct err *e)
{
	int32_t today = day_of(now_s), last = 0;
	int r = hub_last_day(l->hub, &last, e);

	if (r < 0)
		return r;
	last = MIN_OF(last, today);
	l->age = (struct hub_age){ .today = today,
		.first_day = last - (int32_t)l->conf->retention_days,
		.hours_day = last - (int32_t)l->conf->hours_days };
	l->ages = true;
	return 0;
}

/* A round of growing old, once a day: a portion in a turn, so that loading goes on. */
static int age(struct load *l, struct err *e)
{
	int64_t now_s = clock_now_s(&l->clock);
	int r = 0;

	if (!l->ages && now_s >= l->age_s)
		r = age_begin(l, now_s, e);
	if (r == 0 && l->ages)
		r = hub_age(l->hub, &l->age, e);
	if (r != 0 || !l->ages)
		return r < 0 ? r : 0;
	if (*l->conf->batch_archive)
		r = archive_prune(l->conf->batch_archive,
		    (day_of(now_s) - (int64_t)l->conf->retention_days) * DAY_S, e);
	if (r < 0)
		return r;
	l->ages = false;
	l->age_s = (day_of(now_s) + INT64_C(1)) * DAY_S;
	if (*l->age.put_off.text) {
		log_warn("periods not made or dropped why=\"%s\"; rows are kept without them, "
			 "tried again later",
		    l->age.put_off.text);
		l->age_s = now_s + AGE_AGAIN_S;
	}
	return 0;
}

static void say(struct load *l)
{
	char sensors[INBOX_TEXT_MAX];

	if (sends(l)) {
		daemon_say(l->d, "%ju event lines handed to the hub's inbox in %ju batches",
		    (uintmax_t)l->sum.lines, (uintmax_t)l->sum.batches);
		return;
	}
	inbox_load_report(&l->inbox, sensors);
	daemon_say(l->d, "%ju event lines loaded in %ju batches%s", (uintmax_t)l->sum.lines,
	    (uintmax_t)l->sum.batches, sensors);
}

static void report(struct load *l)
{
	const struct spool_depth *spool = spool_gauge(&l->spool, l->conf->spool_dir);

	daemon_count(l->d, "batches", l->sum.batches);
	daemon_count(l->d, "duplicates", l->sum.duplicates);
	daemon_count(l->d, "lines", l->sum.lines);
	daemon_count(l->d, "refused", l->sum.refused);
	daemon_count(l->d, "rows", l->sum.rows);
	daemon_count(l->d, "bad", l->bad);
	daemon_gauge(l->d, "waiting", waiting_rest(&l->waiting).waiting);
	daemon_gauge(l->d, "queue_batches", spool->waiting.batches);
	daemon_gauge(l->d, "queue_bytes", spool->waiting.bytes);
	daemon_gauge(l->d, "bad_batches", spool->bad.batches);
	daemon_time(l->d, "queue_oldest", spool->waiting.oldest_s);
	daemon_time(l->d, "bad_oldest", spool->bad.oldest_s);
	daemon_time(l->d, "folded", l->folded_s);
	say(l);
}

static void alive(void *d)
{
	daemon_alive(d);
}

/* --rebuild: all that is kept, and nothing else. */
static int rebuild_turn(struct load *l, int *wait_ms, struct err *e)
{
	struct rebuilt done = { .bad = 0 };
	int r = open_hub(l, e);

	if (r == 0)
		r = rebuild(l->hub, option_rebuild, alive, l->d, &done, e);
	log_info("rebuilt from=%s batches=%ju known=%ju lines=%ju refused=%ju left_out=%ju",
	    option_rebuild, (uintmax_t)done.sum.batches, (uintmax_t)done.sum.duplicates,
	    (uintmax_t)done.sum.lines, (uintmax_t)done.sum.refused, (uintmax_t)done.bad);
	if (r == 0 && done.bad)
		r = err_set(e, -EBADMSG, "%ju files of %s were left out", (uintmax_t)done.bad,
		    option_rebuild);
	*wait_ms = DAEMON_DONE;
	return r;
}

/* The spool, and then what sensors have sent; *more: do not wait for the next turn. Trouble with single batches is told
 * when there is nothing else to do. */
static int load_all(struct load *l, const struct spool_list *list, bool *more, struct err *e)
{
	int r;

	r = list->n ? load_some(l, list, e) : 0;
	if (r == 0)
		r = inbox_load(&l->inbox, l->hub,
		    (unsigned)MIN_OF(l->items, (size_t)LOAD_ITEMS_MAX), &l->sum, e);
	if (r < 0)
		return r;
	if (r == 0 && waiting_lost(&l->waiting))
		return -EIO;
	if (r == 1) {
		l->folded_s = MAX_OF(l->folded_s, l->inbox.folded_s);
		l->items = MIN_OF(l->items * 2, HUB_FOLD_BATCHES);
	}
	*more = r == 1 || list->n;
	return 0;
}

static int work(struct load *l, bool *more, struct err *e)
{
	struct spool_list list;
	int r = 0;

	if (!sends(l)) {
		r = open_hub(l, e);
		if (r == 0)
			r = age(l, e);
	}
	if (r == 0)
		r = waiting_look(&l->waiting, l->conf->spool_dir,
		    sends(l) ? LOAD_ITEMS_MAX : LISTED * HUB_FOLD_BATCHES, e);
	list = waiting_rest(&l->waiting);
	if (r == 0 && !sends(l))
		return load_all(l, &list, more, e);
	*more = list.n;
	return r < 0 || list.n == 0 ? r : send_some(l, &list, e);
}

static int load_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct load *l = state;
	bool more = false;
	int r;

	if (option_rebuild)
		return rebuild_turn(l, wait_ms, e);
	r = work(l, &more, e);
	if (r == 0) {
		l->busy = 0;
		report(l);
		*wait_ms = more || l->ages ? 0
			   : d->once	   ? DAEMON_DONE
					   : (int)l->conf->load_interval_s * 1000;
	}
	if (r < 0)
		waiting_forget(&l->waiting);
	if (r == -EAGAIN &&
	    l->busy++ < BUSY_PATIENCE) { /* another writer's transaction: no trouble */
		*wait_ms = BUSY_WAIT_MS;
		return 0;
	}
	if (r < 0) { /* a fresh connection next time */
		l->hub = hub_free(l->hub);
		l->sender = inbox_sender_free(l->sender);
	}
	return r;
}

int main(int argc, char **argv)
{
	static const struct opt opts[] = {
		{ "rebuild", 0, OPT_TEXT, &option_rebuild, "DIR",
		    "With --once: load what is kept in DIR (batch_archive) and not in the hub; "
		    "nothing "
		    "is moved." },
	};
	static const struct daemon_def def = {
		.name = "onus-load",
		.about =
		    "Carry the batches that wait in the spool into the hub, each exactly "
		    "once, and those that\nsensors have put into the hub's inbox. While "
		    "the database is away it keeps trying, and the spool\nkeeps everything. On "
		    "a sensor, with load_into = inbox, it hands whole batches to the hub's inbox "
		    "and\nneeds no right but that (onus sensor, doc/hub.md).",
		.more =
		    "onus-load --once works off what waits and exits.\n"
		    "onus-load --once --rebuild DIR -o hub=sqlite:NEW makes a ledger anew from the "
		    "batches that were kept.",
		.opts = opts,
		.n_opts = NELEM(opts),
		.check = load_check,
		.open = load_open,
		.turn = load_turn,
		.close = load_close,
	};

	return daemon_main(&def, argc, argv);
}
