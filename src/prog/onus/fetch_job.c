/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/fetch_job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "prog/onus/copy_weigh.h"
#include "util/clock.h"
#include "util/file.h"

#define INDEX_TAIL    ".index"
#define RETRY_S	      2	  /* then twice that */
#define RETRY_MOST_S  60  /* a server that wants more is asked another day */
#define REFUSED_SHARE .10 /* of the records may be refused, besides what was before */
#define CUTS_MAX      100u /* a server that cuts is asked on so often, as long as each time more came */
#define TIME_MAX_MS   (6 * 3600 * 1000ll) /* of an input, cuts and all */
#define SLOW_BYTES    1024
#define SLOW_S	      60

/* --- open and close ------------------------------------------------------------------------------------- */

static int copy_open(
    struct fetch_copy *c, const char *dir, const char *name, const char *tail, struct err *e)
{
	if (asprintf(&c->path, "%s/%s%s", dir, name, tail) < 0) {
		c->path = NULL;
		return err_set(e, -ENOMEM, "out of memory");
	}
	if (copy_state_read(c->path, &c->state, &c->there, &c->known) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	return 0;
}

static void copy_done(struct fetch_copy *c)
{
	copy_state_done(&c->state);
	free(c->path);
	c->path = NULL;
}

int fetch_job_open(
    struct fetch_job *j, const struct reg_input *in, const char *dir, int64_t now_s, struct err *e)
{
	int r = copy_open(&j->good, dir, in->name, "", e);

	j->in = in;
	if (r == 0)
		r = copy_open(&j->held, dir, in->name, ".held", e);
	if (r == 0 && asprintf(&j->incoming, "%s/incoming/%s", dir, in->name) < 0)
		j->incoming = NULL;
	if (r == 0 && asprintf(&j->index, "%s/incoming/%s" INDEX_TAIL, dir, in->name) < 0)
		j->index = NULL;
	if (r == 0 && (!j->incoming || !j->index))
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && *in->index)
		(void)snprintf(j->url, sizeof(j->url), "%s", in->index); /* it has room */
	else if (r == 0 && reg_input_url(in, now_s, 0, j->url) < 0)
		r = err_set(e, -EINVAL, "input %s: its url is too long", in->name);
	if (r < 0)
		fetch_job_done(j);
	return r;
}

void fetch_job_done(struct fetch_job *j)
{
	if (!j)
		return;
	copy_done(&j->good);
	copy_done(&j->held);
	free(j->incoming);
	free(j->index);
	j->incoming = j->index = NULL;
}

void fetch_job_fail(struct fetch_job *j, const char *why)
{
	j->outcome = FETCHED_NOT;
	(void)snprintf(j->why, sizeof(j->why), "%s", why); /* cut */
}

/* --- asking --------------------------------------------------------------------------------------------- */

/* The newest copy that we know of this url: if the server has no other, nothing is to be sent. */
static const struct fetch_copy *newest(const struct fetch_job *j)
{
	const struct fetch_copy *both[] = { &j->held, &j->good };

	for (unsigned i = 0; i < NELEM(both); i++)
		if (both[i]->known && strcmp(both[i]->state.url, j->url) == 0)
			return both[i];
	return NULL;
}

static bool asks_index(const struct fetch_job *j)
{
	return *j->in->index && !j->index_asked;
}

/* Of all that this input may take, what is left. */
static int64_t left_ms(struct fetch_job *j)
{
	int64_t now_us = clock_monotonic_us();

	if (!j->until_us)
		j->until_us = now_us + TIME_MAX_MS * 1000;
	return (j->until_us - now_us) / 1000;
}

void fetch_job_request(struct fetch_job *j, uint64_t id, struct fetch_request *q)
{
	const struct fetch_copy *c = asks_index(j) ? NULL : newest(j);

	*q = (struct fetch_request){ .id = id,
		.max_bytes = (uint64_t)j->in->max_mib << 20,
		.timeout_ms = (uint64_t)MAX_OF(left_ms(j), 1),
		.slow_bytes = SLOW_BYTES,
		.slow_s = SLOW_S,
		.resume = j->resumes && !asks_index(j) };
	(void)snprintf(q->url, sizeof(q->url), "%s", j->url); /* it has room */
	(void)snprintf(q->out, sizeof(q->out), "%s%s", j->in->name,
	    asks_index(j) ? INDEX_TAIL : ""); /* it has room */
	if (c && *c->state.etag)
		(void)snprintf(
		    q->etag, sizeof(q->etag), "%s", c->state.etag); /* as long as it came */
	else if (c)
		q->since_s = c->state.modified_s;
}

/* --- is it worse? --------------------------------------------------------------------------------------- */

static double refused_share(const struct copy_state *s)
{
	double all = (double)s->records + (double)s->refused;

	return all > 0 ? (double)s->refused / all : 0;
}

/* The copy that is there counts, though what is remembered of it was lost. */
static int know_good(struct fetch_job *j, struct err *e)
{
	struct copy_weight w;
	int r;

	if (!j->good.there || j->good.known)
		return 0;
	r = copy_weigh(j->good.path, j->in, &w, e);
	if (r == -EINVAL)
		j->good.there = false; /* it is no good */
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	j->good.state.records = w.records;
	j->good.state.refused = w.refused;
	j->good.known = true;
	return copy_state_write(j->good.path, &j->good.state, e);
}

/* true: it is, and why is in j */
static bool worse(struct fetch_job *j, const struct copy_state *new, uint64_t bytes)
{
	const struct copy_state *old = j->good.known ? &j->good.state : NULL;
	char day[UTC_TEXT_MAX], old_day[UTC_TEXT_MAX];
	struct err why = { "" };
	double share = refused_share(new), was = old ? refused_share(old) : 0;

	if (bytes < (uint64_t)j->in->min_kib * 1024) {
		(void)err_set(&why, 0, "%llu bytes, fewer than the %u KiB that are the least",
		    (unsigned long long)bytes, j->in->min_kib);
	} else if (old && (double)new->records <
			      (double)old->records *(100 - (double)j->shrink_percent) / 100) {
		(void)err_set(&why, 0, "%llu records, where the last good copy has %llu",
		    (unsigned long long)new->records, (unsigned long long)old->records);
	} else if (share > was + REFUSED_SHARE) {
		(void)err_set(&why, 0, "%.0f %% of its records are refused", share * 100);
	} else if (old && new->modified_s && old->modified_s > new->modified_s) {
		utc_format_day(day_of((int64_t) new->modified_s), day);
		utc_format_day(day_of((int64_t)old->modified_s), old_day);
		(void)err_set(&why, 0, "it is of %s, the last good copy of %s", day, old_day);
	}
	memcpy(j->why, why.text, sizeof(j->why));
	return why.text[0] != '\0';
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void drop(struct fetch_copy *c)
{
	CLEANUP(free_p) char *state = NULL;

	(void)unlink(c->path); /* it may not be there */
	if (asprintf(&state, "%s.state", c->path) >= 0)
		(void)unlink(state); /* without its file it says nothing */
	else
		state = NULL;
	c->there = c->known = false;
}

/* The file at `from` becomes the copy, and s what is remembered of it. Whoever is killed in between leaves a copy
 * with the state of another, and that counts as none. */
static int settle(
    struct fetch_copy *to, const char *from, struct copy_state *s, const char *dir, struct err *e)
{
	if (rename(from, to->path) < 0)
		return err_set(
		    e, -errno, "cannot put %s into place: %s", to->path, strerror(errno));
	to->there = true;
	if (file_sync_dir(dir, e) < 0 || copy_state_write(to->path, s, e) < 0)
		return -EIO;
	copy_state_done(&to->state);
	to->state = *s;
	*s = (struct copy_state){ .url = NULL };
	to->known = true;
	return 0;
}

/* Its date in the file system is its date: what is built of it takes that. */
static void set_time(const char *path, uint64_t time_s)
{
	const struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)time_s } };

	(void)utimensat(AT_FDCWD, path, t, 0); /* else it is as old as its arrival */
}

static char *dir_of_job(const struct fetch_job *j)
{
	return strndup(j->good.path, (size_t)(strrchr(j->good.path, '/') - j->good.path));
}

/* Decide on a copy at `from`, of which s is known but its bytes. */
static int decide(
    struct fetch_job *j, const char *from, struct copy_state *s, bool usable, struct err *e)
{
	CLEANUP(free_p) char *dir = dir_of_job(j);
	struct stat st;
	int r;

	if (!dir || stat(from, &st) < 0)
		return err_set(e, -EIO, "%s has gone", from);
	if (usable)
		usable = !worse(j, s, (uint64_t)st.st_size) || j->force;
	if (!usable) {
		j->outcome = FETCHED_HELD;
		if (copy_state_text(&s->why, j->why) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		return settle(&j->held, from, s, dir, e);
	}
	j->outcome = FETCHED_NEW;
	if (copy_state_text(&s->why, "") < 0)
		return err_set(e, -ENOMEM, "out of memory");
	r = settle(&j->good, from, s, dir, e);
	if (r == 0)
		drop(&j->held);
	return r;
}

/* --- answers -------------------------------------------------------------------------------------------- */

static int on_new(struct fetch_job *j, const struct fetch_answer *a, int64_t now_s, struct err *e)
{
	struct copy_state s = { .modified_s = a->modified_s,
		.fetched_s = (uint64_t)now_s,
		.checked_s = (uint64_t)now_s };
	struct copy_weight w = { 0 };
	struct err why;
	int r = 0;
	bool usable;

	if (copy_state_text(&s.url, j->url) < 0 || copy_state_text(&s.etag, a->etag) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		r = know_good(j, e);
	if (r == 0) {
		/* a server whose clock runs ahead makes nothing of tomorrow */
		set_time(j->incoming,
		    a->modified_s ? MIN_OF(a->modified_s, (uint64_t)now_s) : (uint64_t)now_s);
		usable = copy_weigh(j->incoming, j->in, &w, &why) == 0;
		if (!usable)
			memcpy(j->why, why.text, sizeof(j->why));
		s.records = w.records;
		s.refused = w.refused;
		r = decide(j, j->incoming, &s, usable, e);
	}
	copy_state_done(&s);
	return r;
}

/* The server has nothing newer than the copy we told it of. */
static int on_same(struct fetch_job *j, int64_t now_s, struct err *e)
{
	const struct fetch_copy *c = newest(j);
	struct copy_state s;
	int r;

	if (!c) {
		fetch_job_fail(
		    j, "the server says that it has nothing newer, of what it was not told");
		return 0;
	}
	if (c == &j->good) {
		j->outcome = FETCHED_SAME;
		j->good.state.checked_s = (uint64_t)now_s;
		drop(&j->held); /* the server has taken it back */
		return copy_state_write(j->good.path, &j->good.state, e);
	}
	r = know_good(j, e);
	if (r < 0)
		return r;
	s = j->held.state;
	j->held.state = (struct copy_state){ .url = NULL };
	s.checked_s = (uint64_t)now_s;
	/* one that could not be read has no records */
	(void)snprintf(j->why, sizeof(j->why), "%s", s.why); /* cut */
	r = decide(j, j->held.path, &s, s.records > 0, e);
	copy_state_done(&s);
	return r;
}

static int on_index(struct fetch_job *j, struct err *e)
{
	struct err why;

	j->index_asked = true;
	j->tries = 0;
	if (copy_index(j->index, j->in, j->url, &why) < 0)
		fetch_job_fail(j, why.text);
	(void)unlink(j->index); /* onus-fetch writes over it */
	return 0;
}

/* It was cut, and more of it is there than before: the rest is asked for at once. */
static bool go_on(struct fetch_job *j, const struct fetch_answer *a)
{
	bool more = a->kept > j->kept;

	j->kept = a->kept;
	if (!more || (a->end != FETCH_CUT && a->end != FETCH_TIMEOUT) || ++j->cuts > CUTS_MAX ||
	    left_ms(j) <= 0)
		return false;
	j->tries = 0;
	return true;
}

/* Worth another try, a little later? */
static bool later(struct fetch_job *j, const struct fetch_answer *a)
{
	bool busy = a->end == FETCH_OK
			? a->status == 429 || a->status >= 500
			: a->end == FETCH_TIMEOUT || a->end == FETCH_CUT || a->end == FETCH_CONNECT;
	uint64_t wait_s = a->retry_after_s ? a->retry_after_s : (uint64_t)RETRY_S << j->tries;

	if (!busy || left_ms(j) <= 0 || ++j->tries >= j->max_tries || wait_s > RETRY_MOST_S)
		return false;
	j->not_before_us = clock_monotonic_us() + (int64_t)wait_s * 1000000;
	return true;
}

static void on_no(struct fetch_job *j, const struct fetch_answer *a, int64_t now_s)
{
	struct err why;

	if (go_on(j, a) || later(j, a))
		return;
	j->tries = 0;
	if (a->end == FETCH_OK && (a->status == 404 || a->status == 403) && !*j->in->index &&
	    reg_input_url(j->in, now_s, ++j->nth, j->url) == 0)
		return; /* not there yet: that of an earlier day */
	if (a->end == FETCH_OK && a->retry_after_s)
		(void)err_set(&why, 0, "%s: status %llu, come again in %llu s", j->url,
		    (unsigned long long)a->status, (unsigned long long)a->retry_after_s);
	else if (a->end == FETCH_OK)
		(void)err_set(&why, 0, "%s: status %llu", j->url, (unsigned long long)a->status);
	else
		(void)err_set(&why, 0, "%s", a->error);
	if (a->kept)
		(void)err_wrap(
		    &why, 0, "%llu bytes are kept for the next time", (unsigned long long)a->kept);
	fetch_job_fail(j, why.text);
}

int fetch_job_answer(
    struct fetch_job *j, const struct fetch_answer *a, int64_t now_s, struct err *e)
{
	int r = 0;

	if (*a->anew)
		memcpy(j->anew, a->anew, sizeof(j->anew));
	j->resumed = a->resumed;
	if (a->end == FETCH_OK && a->status == 200)
		r = asks_index(j) ? on_index(j, e) : on_new(j, a, now_s, e);
	else if (a->end == FETCH_OK && a->status == 304 && !asks_index(j))
		r = on_same(j, now_s, e);
	else
		on_no(j, a, now_s);
	if (r < 0)
		fetch_job_fail(j, e->text);
	return r;
}
