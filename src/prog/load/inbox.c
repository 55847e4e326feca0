/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/inbox.h"

#include <errno.h>

#include "ledger/hub_setting.h"
#include "prog/load/archive.h"
#include "prog/load/inbox_bad.h"
#include "util/clock.h"
#include "util/log.h"

#define LINES_MAX   400000u /* in one transaction, roughly */
#define COUNT_US    5000000 /* from one count of what waits to the next; */
#define COUNT_SHARE 20	    /* one that takes long does not take more of the time than this part */
#define WORDS_MAX   20u	    /* refused batches that the log tells of in a minute */

struct walk {
	struct inbox_load *x;
	struct hub *h;
	struct hub_folded *sum;
	uint64_t lines;
	unsigned seen;
	char host[BATCH_HOST_MAX + 1]; /* whom the last row was of, */
	bool shut;		       /* and whether he is shut out */
	struct err *e;
};

void inbox_load_init(struct inbox_load *x, struct daemon *d, const struct conf *conf)
{
	*x = (struct inbox_load){ .d = d, .conf = conf, .clocks = clocks_new(conf->clock_max_s) };
}

void inbox_load_done(struct inbox_load *x)
{
	x->clocks = clocks_free(x->clocks);
}

/* A sensor that sends nothing else must not fill the log either. */
static bool may_say(struct inbox_load *x, int64_t now_s)
{
	if (x->words_s != now_s / 60) {
		if (x->words > WORDS_MAX)
			log_warn("inbox: %u more batches were refused", x->words - WORDS_MAX);
		x->words_s = now_s / 60;
		x->words = 0;
	}
	return x->words++ < WORDS_MAX;
}

static int refuse(struct walk *w, const struct hub_inbox_row *row, const char *reason)
{
	char name[INBOX_BAD_NAME_MAX];
	struct clock clock = clock_system();
	int kept = inbox_bad_keep(w->x->conf->spool_dir, row, reason, name, w->e);

	if (kept < 0)
		return kept; /* it stays where it is */
	w->x->refused++;
	if (may_say(w->x, clock_now_s(&clock)))
		log_warn("inbox batch=%s %s: %s", name,
		    kept ? "moved to inbox/bad/ of the spool"
			 : "dropped, as many of this host are in inbox/bad/ of the spool",
		    reason);
	hub_inbox_take(w->h, row);
	return 0;
}

/* The batch, if it is what its row says; else a reason. -ENOMEM. */
static int unpack(
    const struct hub_inbox_row *row, struct batch_name *name, struct batch *b, struct err *why)
{
	char host[BATCH_HOST_MAX + 1], producer[BATCH_PRODUCER_MAX + 1];
	int r;

	(void)snprintf(host, sizeof(host), "%.*s", SPAN_ARG(row->host)); /* fits, and likewise */
	(void)snprintf(producer, sizeof(producer), "%.*s", SPAN_ARG(row->producer));
	if (!span_is(row->host, host) || !span_is(row->producer, producer))
		return err_set(why, -EBADMSG, "a name with a NUL in it");
	r = batch_name_make(host, producer, (uint64_t)row->seq, name, why);
	return r < 0 ? -EBADMSG : batch_unpack(row->bytes, name, b, why);
}

static int archive(
    struct walk *w, const struct hub_inbox_row *row, const struct batch_name *name, int64_t at_s)
{
	const char *dir = w->x->conf->batch_archive;

	return *dir ? archive_put(dir, ARCHIVE_INBOX, name, row->bytes, at_s, w->e) : 0;
}

int fold_sensor(struct hub *h, const struct batch *b, int64_t at_s, struct err *e)
{
	CLEANUP(buf_done) struct buf lines = { 0 };
	struct batch as = *b;
	int r;

	buf_init(&lines, HUB_SENSOR_LINES_MAX);
	r = hub_sensor_lines(h, b->name.host, b->lines, day_of(at_s), &lines, e);
	if (r < 0) {
		hub_inbox_forget(h);
		return r;
	}
	as.lines = lines.len ? buf_text(&lines) : SPAN("");
	return hub_fold_add(h, &as, at_s, e);
}

/* A checked batch into the sums. */
static int fold(struct walk *w, const struct hub_inbox_row *row, const struct batch *b)
{
	struct clock clock = clock_system();
	int64_t now_s = clock_now_s(&clock), at_s = MIN_OF(row->received_s, now_s);
	struct err why = { "" };
	int r;

	clocks_note(w->x->clocks, row->host, b->created_s, row->sent_s, row->received_s, now_s);
	r = fold_sensor(w->h, b, at_s, &why);
	if (r == -EBADMSG) { /* and all that was added is void: only this one is dealt with now */
		hub_inbox_forget(w->h);
		r = refuse(w, row, why.text);
		return r < 0 ? r : 1;
	}
	if (r < 0) {
		*w->e = why;
		return r;
	}
	if (r == 1 && why.text[0])
		log_warn("inbox batch=%s.%s.%ju %s", b->name.host, b->name.producer,
		    (uintmax_t)b->name.sequence, why.text);
	w->sum->duplicates += r == 0;
	w->lines += b->count;
	r = r == 1 ? archive(w, row, &b->name, at_s) : 0;
	if (r < 0)
		return r;
	hub_inbox_take(w->h, row);
	return w->lines >= LINES_MAX;
}

/* Asked once for the rows of a host, which come one after the other. */
static int is_shut(struct walk *w, struct span host)
{
	char name[sizeof(SETTING_SENSOR) + BATCH_HOST_MAX];
	CLEANUP(free_p) char *value = NULL;
	int r;

	if (span_is(host, w->host))
		return w->shut;
	(void)snprintf(w->host, sizeof(w->host), "%.*s", SPAN_ARG(host)); /* fits, and likewise */
	(void)snprintf(name, sizeof(name), SETTING_SENSOR "%s", w->host);
	r = hub_setting_get(w->h, name, &value, w->e);
	w->shut = r == 1;
	return r;
}

static int drop(struct walk *w, const struct hub_inbox_row *row)
{
	struct clock clock = clock_system();

	w->x->dropped++;
	if (may_say(w->x, clock_now_s(&clock)))
		log_info(
		    "inbox host=%s batch dropped unread: that sensor is shut out (onus sensor)",
		    w->host);
	hub_inbox_take(w->h, row);
	return 0;
}

static int row(void *ctx, const struct hub_inbox_row *row)
{
	struct walk *w = ctx;
	struct err why = { "" };
	struct batch_name name;
	struct batch b;
	int r = is_shut(w, row->host);

	w->seen++;
	daemon_alive(w->x->d);
	if (r != 0)
		return r < 0 ? r : drop(w, row);
	r = unpack(row, &name, &b, &why);
	if (r == -ENOMEM) {
		*w->e = why;
		return r;
	}
	if (r < 0)
		return refuse(w, row, why.text);
	r = fold(w, row, &b);
	batch_done(&b);
	return r;
}

int inbox_load(
    struct inbox_load *x, struct hub *h, unsigned batches, struct hub_folded *sum, struct err *e)
{
	struct hub_folded folded = *sum;
	struct walk w = { .x = x, .h = h, .sum = &folded, .e = e };
	struct clock clock = clock_system();
	int64_t from_us = clock_monotonic_us();
	int r = hub_inbox_walk(h, batches, row, &w, e);

	if (r == 0)
		r = hub_inbox_commit(h, &folded, e);
	if (r < 0) {
		hub_inbox_forget(h);
		return r;
	}
	if (w.seen)
		x->folded_s = clock_now_s(&clock);
	*sum = folded;
	from_us = clock_monotonic_us();
	if (from_us < x->count_us && (w.seen || !x->depth.batches))
		return w.seen > 0;
	r = hub_inbox_depth(h, x->conf->inbox_max, &x->depth, e);
	x->count_us = clock_monotonic_us() +
		      MAX_OF((int64_t)COUNT_US, COUNT_SHARE * (clock_monotonic_us() - from_us));
	return r < 0 ? r : w.seen > 0;
}

void inbox_load_report(struct inbox_load *x, char text[INBOX_TEXT_MAX])
{
	const struct hub_inbox_depth *d = &x->depth;
	char clocks[CLOCKS_TEXT_MAX], over[BATCH_HOST_MAX + 80] = "";

	if (d->over)
		(void)snprintf(over, sizeof(over), "; %ju batches of %s wait in the inbox",
		    (uintmax_t)d->of_most, d->most); /* fits */
	daemon_count(x->d, "inbox_refused", x->refused);
	daemon_gauge(x->d, "inbox_batches", x->depth.batches);
	daemon_gauge(x->d, "inbox_bytes", x->depth.bytes);
	daemon_time(x->d, "inbox_oldest", x->depth.oldest_s);
	daemon_count(x->d, "inbox_dropped", x->dropped);
	daemon_gauge(x->d, "inbox_over", d->over);
	daemon_gauge(x->d, "clocks_wrong", clocks_wrong(x->clocks, clocks));
	(void)snprintf(text, INBOX_TEXT_MAX, "%s%s%s", over,
	    *clocks ? "; clocks that are wrong: " : "", clocks); /* fits */
}
