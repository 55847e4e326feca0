/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/enrich/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "net/addrmap.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/grow.h"
#include "util/hash.h"
#include "util/input.h"
#include "util/num.h"

#define HEAD	    "#onus-rdap-cache 1"
#define RETRY_S	    3600
#define ANSWERS_MAX 2u /* of a question: an entity that is organisation and contact */

const char *const cache_state_name[CACHE_STATE_N] = {
	[CACHE_KEPT] = "kept",
	[CACHE_NONE] = "none",
	[CACHE_REFUSED] = "refused",
	[CACHE_FAILED] = "failed",
};

struct cache {
	char *dir, *asked;
	int lock, fd; /* fd: asked, for appending */
	struct cache_ages ages;
	struct addrmap map;    /* of the questions' hashes */
	struct cache_row *row; /* owned; [map.n] */
	size_t cap;
};

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "out of memory");
}

/* --- rows in memory ----------------------------------------------------------------------------------- */

static struct addr key_of(const char *question)
{
	struct addr key = { hash_bytes(question, strlen(question)), 0 };

	key.lo = hash_bytes(&key.hi, sizeof(key.hi)) ^ strlen(question);
	return key;
}

const struct cache_row *cache_find(const struct cache *c, const char *question)
{
	uint32_t at = addrmap_find(&c->map, key_of(question));

	return at == ADDRMAP_NONE || strcmp(c->row[at].question, question) != 0 ? NULL
										: &c->row[at];
}

/* Takes the row's answers. */
static int row_put(struct cache *c, struct cache_row *row)
{
	bool is_new;
	uint32_t at;

	if (c->map.n >= CACHE_ROWS_MAX &&
	    addrmap_find(&c->map, key_of(row->question)) == ADDRMAP_NONE)
		return -E2BIG;
	if (grow(&c->row, &c->cap, (size_t)c->map.n + 1, sizeof(*c->row)) < 0)
		return -ENOMEM;
	at = addrmap_put(&c->map, key_of(row->question), &is_new);
	if (at == ADDRMAP_NONE)
		return -ENOMEM;
	if (!is_new)
		free(c->row[at].answers);
	c->row[at] = *row;
	row->answers = NULL;
	return 0;
}

/* --- a row as a line ---------------------------------------------------------------------------------- */

static bool state_parse(struct span s, enum cache_state *ret)
{
	for (unsigned i = 0; i < CACHE_STATE_N; i++)
		if (span_is(s, cache_state_name[i])) {
			*ret = (enum cache_state)i;
			return true;
		}
	return false;
}

static bool question_ok(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return !span_empty(s) && span_len(s) < CACHE_QUESTION_MAX;
}

/* The answers behind the question, one a line. */
static int answers_parse(struct span rest, char **ret)
{
	char *text;
	unsigned n = 1;

	if (span_empty(rest))
		return -EINVAL;
	for (const char *p = rest.p; p < rest.end; p++) {
		n += *p == '\t';
		if ((unsigned char)*p < ' ' && *p != '\t')
			return -EINVAL;
	}
	if (n > ANSWERS_MAX)
		return -EINVAL;
	text = span_dup(rest);
	if (!text)
		return -ENOMEM;
	for (char *p = text; *p; p++)
		if (*p == '\t')
			*p = '\n';
	*ret = text;
	return 0;
}

int cache_row_parse(struct span line, struct cache_row *ret)
{
	struct cache_row row = { .answers = NULL };
	struct span field[5];
	bool more = true;

	for (unsigned i = 0; i < NELEM(field); i++) {
		if (!more)
			return -EINVAL;
		more = span_cut(&line, '\t', &field[i]);
	}
	if (num_i64(field[0], 0, INT64_MAX, &row.next_s) < 0 ||
	    num_i64(field[1], 0, INT64_MAX, &row.at_s) < 0 || !state_parse(field[2], &row.state) ||
	    num_u32(field[3], CACHE_TRIES_MAX, &row.tries) < 0 || !question_ok(field[4]) ||
	    (more != (row.at_s > 0)) || (row.state == CACHE_KEPT && !more))
		return -EINVAL;
	memcpy(row.question, field[4].p, span_len(field[4]));
	if (more) {
		int r = answers_parse(line, &row.answers);

		if (r < 0)
			return r;
	}
	*ret = row;
	return 0;
}

static void row_format(const struct cache_row *row, struct buf *out)
{
	buf_fmt(out, "%lld\t%lld\t%s\t%u\t%s", (long long)row->next_s, (long long)row->at_s,
	    cache_state_name[row->state], row->tries, row->question);
	if (row->answers) {
		buf_byte(out, '\t');
		for (const char *p = row->answers; *p; p++)
			buf_byte(out, *p == '\n' ? '\t' : *p);
	}
	buf_byte(out, '\n');
}

/* --- the files ---------------------------------------------------------------------------------------- */

/* Answers that are too old are dropped, and a row of which nothing is left but an old date. */
static bool too_old(const struct cache *c, struct cache_row *row, int64_t now_s)
{
	int64_t oldest_s = now_s - (int64_t)c->ages.keep_days * DAY_S;

	if (row->answers && row->at_s < oldest_s) {
		free(row->answers);
		row->answers = NULL;
		row->at_s = 0;
		if (row->state == CACHE_KEPT)
			return true;
	}
	return !row->answers && row->next_s < oldest_s;
}

static int read_line(struct cache *c, const struct line *line, int64_t now_s, unsigned *refused)
{
	struct cache_row row;
	int r = line->cut ? -EINVAL : cache_row_parse(line->text, &row);

	if (r == 0 && too_old(c, &row, now_s)) {
		free(row.answers);
		return 0;
	}
	if (r == 0) {
		/* a clock that was wrong must not keep it for years */
		row.next_s = MIN_OF(row.next_s, now_s + (int64_t)c->ages.fresh_days * DAY_S);
		row.at_s = MIN_OF(row.at_s, now_s);
		r = row_put(c, &row);
		free(row.answers);
	}
	if (r == -ENOMEM)
		return r;
	*refused += r < 0;
	return 0;
}

static int read_asked(struct cache *c, int64_t now_s, unsigned *refused, struct err *e)
{
	struct input *in;
	struct line line;
	int r;

	if (access(c->asked, F_OK) < 0)
		return 0;
	r = input_open(c->asked, &in, e);
	if (r < 0)
		return r;
	r = input_line(in, &line, e);
	if (r > 0 && !span_is(line.text, HEAD))
		r = err_set(e, -EBADMSG, "%s: not what this program keeps of answers; move it away",
		    c->asked);
	while (r > 0 && (r = input_line(in, &line, e)) > 0)
		if (read_line(c, &line, now_s, refused) < 0)
			r = no_memory(e);
	in = input_free(in);
	return r;
}

/* Both files anew; one line at a time, as all together may be large. */
static int write_file(const struct cache *c, const char *name,
    void (*put)(const struct cache_row *row, struct buf *out), const char *head, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf b;
	struct file_new to;
	int r;

	buf_init(&b, 1u << 20);
	if (asprintf(&path, "%s/%s", c->dir, name) < 0)
		return no_memory(e);
	r = file_new_open(path, &to, e);
	if (r < 0)
		return r;
	buf_str(&b, head);
	for (uint32_t i = 0; r == 0 && i <= c->map.n; i++) {
		if (!buf_ok(&b) || fwrite(b.p ? b.p : "", 1, b.len, to.f) != b.len)
			r = err_set(e, -EIO, "cannot write %s", path);
		buf_reset(&b);
		if (i < c->map.n)
			put(&c->row[i], &b);
	}
	if (r == 0)
		r = file_new_commit(&to, e);
	file_new_done(&to);
	return r;
}

static void put_answers(const struct cache_row *row, struct buf *out)
{
	if (row->answers)
		buf_fmt(out, "%s\n", row->answers);
}

static int write_answers(const struct cache *c, struct err *e)
{
	return write_file(c, CACHE_ANSWERS, put_answers, "", e);
}

static int lock_dir(struct cache *c, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;

	if (asprintf(&path, "%s/lock", c->dir) < 0)
		return no_memory(e);
	c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (c->lock < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	if (flock(c->lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, errno == EWOULDBLOCK ? -EBUSY : -errno,
		    "%s: another process enriches there", c->dir);
	return 0;
}

static int open_all(struct cache *c, int64_t now_s, unsigned *refused, struct err *e)
{
	int r = file_mkdirs(c->dir, 0750, e);

	if (r == 0)
		r = lock_dir(c, e);
	if (r == 0)
		r = read_asked(c, now_s, refused, e);
	if (r == 0)
		r = write_file(c, "asked", row_format, HEAD "\n", e);
	if (r == 0)
		r = write_answers(c, e);
	if (r < 0)
		return r;
	c->fd = open(c->asked, O_WRONLY | O_APPEND | O_CLOEXEC);
	return c->fd < 0 ? err_set(e, -errno, "cannot write %s: %s", c->asked, strerror(errno)) : 0;
}

int cache_open(const char *dir, const struct cache_ages *ages, int64_t now_s, struct cache **ret,
    unsigned *refused, struct err *e)
{
	struct cache *c = calloc(1, sizeof(*c));
	int r;

	*refused = 0;
	if (!c)
		return no_memory(e);
	c->lock = c->fd = -1;
	c->ages = *ages;
	c->dir = strdup(dir);
	if (!c->dir || asprintf(&c->asked, "%s/asked", dir) < 0 || addrmap_init(&c->map, 0) < 0)
		r = no_memory(e);
	else
		r = open_all(c, now_s, refused, e);
	if (r < 0) {
		c = cache_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct cache *cache_free(struct cache *c)
{
	if (!c)
		return NULL;
	for (uint32_t i = 0; i < c->map.n; i++)
		free(c->row[i].answers);
	free(c->row);
	addrmap_done(&c->map);
	if (c->fd >= 0)
		(void)close(c->fd); /* synced line by line */
	if (c->lock >= 0)
		(void)close(c->lock); /* nothing was written */
	free(c->asked);
	free(c->dir);
	free(c);
	return NULL;
}

int cache_close(struct cache *c, struct err *e)
{
	return write_answers(c, e);
}

/* --- what came of a question -------------------------------------------------------------------------- */

static int64_t next_of(const struct cache *c, enum cache_state state, uint32_t tries, int64_t now_s)
{
	int64_t fresh_s = (int64_t)c->ages.fresh_days * DAY_S;

	if (state != CACHE_FAILED)
		return now_s + fresh_s;
	return now_s + MIN_OF((int64_t)RETRY_S << MIN_OF(tries - 1, 20u), fresh_s);
}

static int append(const struct cache *c, const struct cache_row *row, struct err *e)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 1u << 20);
	row_format(row, &b);
	return buf_ok(&b) ? file_append(c->fd, c->asked, buf_text(&b), e) : no_memory(e);
}

int cache_put(struct cache *c, const char *question, enum cache_state state, struct span answers,
    int64_t now_s, struct err *e)
{
	const struct cache_row *old = cache_find(c, question);
	bool failed = state == CACHE_FAILED;
	struct cache_row row = { .state = state };
	struct span kept = failed && old ? span_str(old->answers) : answers;
	int r;

	if (!question_ok(span_str(question)))
		return err_set(e, -EINVAL, "not a question that can be kept: %.100s", question);
	(void)snprintf(row.question, sizeof(row.question), "%s", question); /* it fits */
	row.tries = failed ? MIN_OF((old ? old->tries : 0) + 1, CACHE_TRIES_MAX) : 0;
	row.next_s = next_of(c, state, row.tries, now_s);
	if (!span_empty(kept)) {
		row.at_s = failed ? old->at_s : MAX_OF(now_s, 1);
		row.answers = span_dup(kept);
		if (!row.answers)
			return no_memory(e);
	}
	r = append(c, &row, e);
	if (r == 0) {
		r = row_put(c, &row);
		if (r == -E2BIG)
			(void)err_set(e, r, "more than %u questions are kept", CACHE_ROWS_MAX);
		else if (r < 0)
			(void)no_memory(e);
	}
	free(row.answers);
	return r;
}

bool cache_wants(const struct cache *c, const char *question, int64_t now_s)
{
	const struct cache_row *row = cache_find(c, question);

	return !row || row->next_s <= now_s;
}

unsigned cache_n(const struct cache *c)
{
	return c->map.n;
}

const struct cache_row *cache_at(const struct cache *c, unsigned index)
{
	return &c->row[index];
}

const char *cache_dir(const struct cache *c)
{
	return c->dir;
}
