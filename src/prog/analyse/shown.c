/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/analyse/shown.h"

#include <errno.h>
#include <fcntl.h>

#include "ledger/hub_setting.h"
#include "prog/analyse/analyse.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/grow.h"

#define ALIVE_ROWS 65536u
#define PIECE	   (1u << 20) /* bytes */

/* struct teller - a source, as far as rows of it may be shown */
struct teller {
	int32_t id;
	bool anchor, analysis, redistribute;
	char name[EVENT_SOURCE_MAX + 1];
};

struct reading {
	const struct shown_of *of;
	struct shown *to;
	struct teller *tellers; /* by id */
	size_t n_tellers, cap;
	const struct teller *self;
	int out;
	struct buf piece;
	uint64_t bytes, looked;
	struct err *e;
};

static void reading_done(struct reading *x)
{
	free(x->tellers);
	buf_done(&x->piece);
	close_fdp(&x->out);
}

/* --- who says it --------------------------------------------------------------------------------- */

/* Analyses do not see each other's conclusions either: two of them would talk each other into something. */
static bool is_analysis(const struct conf *c, const struct hub_source *s)
{
	if (s->kind == HUB_SOURCE_ANALYSIS)
		return true;
	for (unsigned i = 0; i < c->n_sources; i++)
		if (strcmp(c->sources[i].name, s->name) == 0)
			return strcmp(c->sources[i].type, CONF_ANALYSIS) == 0;
	return false;
}

static int take_source(void *ctx, const struct hub_source *s)
{
	struct reading *x = ctx;
	struct teller *t;

	if (grow(&x->tellers, &x->cap, x->n_tellers + 1, sizeof(*t)) < 0)
		return err_set(x->e, -ENOMEM, "out of memory");
	t = &x->tellers[x->n_tellers++];
	*t = (struct teller){ .id = s->id,
		.anchor = s->anchor,
		.analysis = is_analysis(x->of->conf, s),
		.redistribute = s->redistribute };
	(void)snprintf(t->name, sizeof(t->name), "%s", s->name); /* no longer than that */
	return 0;
}

static const struct teller *find_teller(const struct reading *x, int32_t id)
{
	size_t lo = 0, hi = x->n_tellers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->tellers[mid].id == id)
			return &x->tellers[mid];
		if (x->tellers[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* What it says is to be found again, and to be what it is believed. */
static int find_self(struct hub *h, struct reading *x, struct err *e)
{
	const char *name = x->of->source->name;
	int r = hub_each_source(h, take_source, x, e);

	for (size_t i = 0; i < x->n_tellers && r == 0; i++)
		if (strcmp(x->tellers[i].name, name) == 0)
			x->self = &x->tellers[i];
	if (r == 0 && (!x->self || x->self->anchor || !x->self->analysis))
		return err_set(e, -ENOENT,
		    "the hub does not know it as an analysis yet; onus-load tells it when it has "
		    "read "
		    "the configuration: reload that");
	return r;
}

/* --- its rows ------------------------------------------------------------------------------------ */

static int write_piece(struct reading *x)
{
	size_t done = 0;

	if (!buf_ok(&x->piece))
		return err_set(x->e, -ENOMEM, "out of memory");
	x->bytes += x->piece.len;
	if (x->bytes > (uint64_t)x->of->conf->analysis_max_mib << 20)
		return err_set(x->e, -E2BIG,
		    "its days hold more than analysis_max_mib (%u MiB): give it fewer days, or "
		    "raise "
		    "that",
		    x->of->conf->analysis_max_mib);
	while (done < x->piece.len) {
		ssize_t n = write(x->out, x->piece.p + done, x->piece.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(x->e, n < 0 ? -errno : -EIO, "cannot write its rows: %s",
			    strerror(n < 0 ? errno : EIO));
		done += (size_t)n;
	}
	buf_reset(&x->piece);
	return 0;
}

/* Only what one's own sensors have verified: else it could give a liar a second voice, or make a spoofed packet true. What
 * may not be given away is not shown to one whose words may. */
static bool is_shown(
    const struct reading *x, const struct teller *t, const struct hub_ledger_row *row)
{
	return t->anchor && row->proof == PROOF_FULL && !t->analysis &&
	       (t->redistribute || !x->self->redistribute);
}

static int show(struct reading *x, const struct teller *t, const struct hub_ledger_row *row)
{
	struct event ev = { .time_s = (int64_t)row->day * DAY_S +
				      (row->hour == HUB_HOUR_DAY ? 0 : row->hour * 3600),
		.subject = row->subject,
		.category = row->category,
		.proof = row->proof,
		.count = (uint32_t)MIN_OF(row->count, (uint64_t)EVENT_COUNT_MAX),
		.source = span_str(t->name),
		.service = span_str(row->service),
		.detail = SPAN("") };

	event_format(&ev, &x->piece);
	x->to->rows++;
	return x->piece.len >= PIECE || !buf_ok(&x->piece) ? write_piece(x) : 0;
}

static int remember(struct reading *x, const struct hub_ledger_row *row)
{
	int r = said_add(
	    &x->to->said, &(struct said_line){ row->day, row->category, row->subject, row->count });

	if (r == -E2BIG)
		return err_set(x->e, r,
		    "it has said more than %u lines in its days: nothing more is taken of it until "
		    "they "
		    "are past",
		    SAID_LINES_MAX);
	return r < 0 ? err_set(x->e, r, "out of memory") : 0;
}

static int take_row(void *ctx, const struct hub_ledger_row *row)
{
	struct reading *x = ctx;
	const struct teller *t = find_teller(x, row->source);

	if (++x->looked % ALIVE_ROWS == 0)
		x->of->alive(x->of->ctx);
	if (!t)
		return 0;
	if (t == x->self)
		return remember(x, row);
	return is_shown(x, t, row) ? show(x, t, row) : 0;
}

/* --- the file ------------------------------------------------------------------------------------ */

/* One descriptor writes, the other one reads and is handed on. */
static int open_file(struct reading *x, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;
	int r = file_mkdirs(x->of->conf->state_dir, 0750, e);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/analyse-%d.rows", x->of->conf->state_dir, (int)getpid()) < 0)
		abort();
	x->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	x->to->fd = x->out < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (x->to->fd < 0)
		r = err_set(e, -errno, "cannot create %s: %s", path, strerror(errno));
	(void)unlink(path); /* where it could not be made, it is not there */
	return r;
}

/* --- everything ---------------------------------------------------------------------------------- */

static int read_days(struct hub *h, struct reading *x, struct err *e)
{
	struct shown *to = x->to;
	int r = hub_last_day(h, &to->last_day, e);

	to->last_day = MIN_OF(to->last_day, day_of(x->of->now_s));
	to->first_day = to->last_day - ((int32_t)x->of->source->days - 1);
	if (r == 0)
		r = hub_scan_ledger(h, to->first_day, to->last_day, take_row, x, e);
	return r == 0 ? write_piece(x) : r;
}

static int read_own(struct hub *h, struct reading *x, struct err *e)
{
	struct settings now;
	int r = hub_settings_read(h, &now, e);

	if (r < 0)
		return r;
	if (settings_own(&now, x->of->own, &x->to->own) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	settings_done(&now);
	return r;
}

/* What this program has said before is found in the ledger, or it would be said twice. */
static int check_loaded(struct hub *h, const struct shown_of *of, struct err *e)
{
	char host[BATCH_HOST_MAX + 1];
	uint64_t newest = 0;
	int r;

	if (!of->loaded)
		return 0;
	conf_host_name(of->conf, host);
	r = hub_newest_batch(h, host, ANALYSE_PRODUCER, &newest, e);
	if (r == 0 && newest < of->loaded)
		return err_set(e, -ESTALE,
		    "the hub does not have batch %ju of %s, which was loaded: another hub? Then "
		    "remove "
		    "%s/" ANALYSE_PRODUCER "/done",
		    (uintmax_t)of->loaded, host, of->conf->spool_dir);
	return r;
}

static int read_all(struct hub *h, struct reading *x, struct err *e)
{
	int r = check_loaded(h, x->of, e);

	if (r == 0)
		r = hub_cursor(h, &x->to->cursor, e);
	if (r == 0)
		r = find_self(h, x, e);
	if (r == 0)
		r = read_own(h, x, e);
	return r == 0 ? read_days(h, x, e) : r;
}

int shown_read(struct hub *h, const struct shown_of *of, struct shown *ret, struct err *e)
{
	CLEANUP(reading_done)
	struct reading x = { .of = of, .to = ret, .out = -1, .e = e };
	int r;

	*ret = (struct shown){ .fd = -1 };
	buf_init(&x.piece, 2 * PIECE);
	buf_str(&x.piece, EVENT_HEADER "\n");
	r = open_file(&x, e);
	if (r == 0)
		r = hub_read_begin(h, e);
	if (r < 0)
		return r;
	r = read_all(h, &x, e);
	hub_read_end(h);
	said_settle(&ret->said);
	return r;
}

void shown_done(struct shown *s)
{
	close_fdp(&s->fd);
	s->fd = -1;
	said_done(&s->said);
	addrset_done(&s->own);
}
