/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that reads the systemd journal: of the host, of a directory, or one file of it. Its position
 * is the cursor of the entry that was read last. An entry becomes a line as rsyslog would write it
 * (intake/syslog.h). A journal that is not there, or cannot be read, is told of and tried again. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "intake/syslog.h"
#include "prog/collect/collect.h"

#define CURSOR_MAX  512u  /* bytes */
#define NAME_MOST   255u  /* bytes of a host's, a program's name */
#define ENTRIES_MAX 1000u /* of one block */
#define TEXT_ENOUGH (1u << 18)
#define TEXT_MAX    (TEXT_ENOUGH + SYSLOG_LINE_MAX + 16 * NAME_MOST)

struct journal {
	sd_journal *j;		  /* NULL: not open */
	char *cursor;		  /* of the last entry that is in a batch; NULL: none yet */
	bool seeking;		  /* the next entry may be that one */
	struct buf text, cursors; /* lines, and the cursor of each, with a NUL */
	size_t taken, cursors_taken;
	uint64_t lines, gone;
	struct err trouble, told;
};

/* --- opening ------------------------------------------------------------------------------------- */

/* "A=1 B=2 + C=3", as fail2ban's journalmatch: A and B, or C; the same field twice is either. */
static int add_matches(sd_journal *j, struct span text, struct err *e)
{
	struct span word;

	while (!span_empty(text)) {
		int r;

		(void)span_cut(&text, ' ', &word);
		word = span_trim(word);
		if (span_empty(word))
			continue;
		r = span_is(word, "+") ? sd_journal_add_disjunction(j)
				       : sd_journal_add_match(j, word.p, span_len(word));
		if (r < 0)
			return err_set(e, r, "match: \"%.*s\" is no FIELD=VALUE of the journal",
			    (int)MIN_OF(span_len(word), (size_t)60), word.p);
	}
	return 0;
}

/* What the configuration says, or else what the filters say, if each of them says something. */
static int choose_entries(const struct source *s, sd_journal *j, struct err *e)
{
	if (*s->conf->match)
		return add_matches(j, span_str(s->conf->match), e);
	for (unsigned i = 0; i < s->filters.n; i++)
		if (!s->filters.v[i]->journalmatch)
			return 0;
	for (unsigned i = 0; i < s->filters.n; i++) {
		int r = sd_journal_add_disjunction(j);

		if (r >= 0)
			r = add_matches(j, span_str(s->filters.v[i]->journalmatch), e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_place(const char *path, sd_journal **ret)
{
	const char *files[] = { path, NULL };
	struct stat st;

	if (!*path)
		return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? sd_journal_open_directory(ret, path, 0)
				   : sd_journal_open_files(ret, files, 0);
}

static const char *where(const struct source *s)
{
	return *s->conf->path ? s->conf->path : "journal";
}

static void journal_close(struct journal *in)
{
	sd_journal_close(in->j); /* NULL-safe; the descriptor leaves epoll by itself */
	in->j = NULL;
}

static int seek(struct journal *in)
{
	in->seeking = in->cursor != NULL;
	return in->cursor ? sd_journal_seek_cursor(in->j, in->cursor) : sd_journal_seek_head(in->j);
}

static void journal_open(struct source *s)
{
	struct journal *in = s->in;
	struct epoll_event ev = { .events = EPOLLIN };
	int r = open_place(s->conf->path, &in->j);

	if (r >= 0)
		r = sd_journal_set_data_threshold(in->j, SYSLOG_MESSAGE_MAX + NAME_MOST);
	if (r >= 0)
		r = choose_entries(s, in->j, &in->trouble);
	if (r >= 0)
		r = seek(in);
	if (r >= 0)
		r = sd_journal_get_fd(in->j);
	if (r >= 0)
		r = epoll_ctl(s->to->wake, EPOLL_CTL_ADD, r, &ev) < 0 ? -errno : 0;
	if (r >= 0) {
		in->trouble.text[0] = '\0';
		return;
	}
	(void)err_set(&in->trouble, r,
	    "cannot read the journal (%s): %s; it is tried again, and again", where(s),
	    strerror(-r));
	journal_close(in);
}

static int open_journal(struct source *s, struct err *e)
{
	struct journal *in = calloc(1, sizeof(*in));
	sd_journal *any = NULL;
	int r;

	if (!in)
		abort();
	buf_init(&in->text, TEXT_MAX);
	buf_init(&in->cursors, ENTRIES_MAX * (CURSOR_MAX + 1));
	s->in = in;
	r = lines_open_filters(s, e);
	if (r < 0)
		return r;
	/* Are the matches such? Any journal can say so, an empty one, too. */
	r = sd_journal_open(&any, SD_JOURNAL_RUNTIME_ONLY);
	if (r >= 0)
		r = choose_entries(s, any, e);
	else
		r = err_set(e, r, "no journal can be opened: %s", strerror(-r));
	sd_journal_close(any);
	return r < 0 ? err_wrap(e, -EINVAL, "source %s", s->conf->name) : 0;
}

static void done(struct source *s)
{
	struct journal *in = s->in;

	journal_close(in);
	buf_done(&in->text);
	buf_done(&in->cursors);
	free(in->cursor);
	free(in);
	s->in = NULL;
}

/* --- positions ----------------------------------------------------------------------------------- */

static void set_cursor(struct journal *in, struct span cursor)
{
	free(in->cursor);
	in->cursor = span_dup(cursor);
	if (!in->cursor)
		abort();
}

static int restore(struct source *s, struct span line, struct err *e)
{
	struct span rest = line, word;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#journal") ||
	    !span_cut(&rest, ' ', &word) || !span_is(word, s->conf->name))
		return 0;
	if (span_empty(rest) || span_len(rest) > CURSOR_MAX ||
	    memchr(rest.p, '\0', span_len(rest)) || memchr(rest.p, ' ', span_len(rest)))
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", s->conf->name,
		    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	set_cursor(s->in, rest);
	return 1;
}

static void positions(struct source *s, struct buf *out)
{
	const struct journal *in = s->in;

	if (in->cursor)
		buf_fmt(out, "#journal %s %s\n", s->conf->name, in->cursor);
}

static void take(struct source *s, uint64_t lines)
{
	struct journal *in = s->in;
	struct span last = SPAN("");

	in->lines += lines;
	for (; lines; lines--) {
		const char *from = in->text.p + in->taken;
		const char *lf = memchr(from, '\n', in->text.len - in->taken);

		in->taken += (size_t)(lf - from) + 1;
		last = span_str(in->cursors.p + in->cursors_taken);
		in->cursors_taken += span_len(last) + 1;
	}
	if (!span_empty(last))
		set_cursor(in, last);
}

/* --- entries ------------------------------------------------------------------------------------- */

/* The value of a field, which lives until the next one is asked for; empty: there is none. */
static struct span field(sd_journal *j, const char *name)
{
	const void *p;
	size_t n, skip = strlen(name) + 1;

	if (sd_journal_get_data(j, name, &p, &n) < 0 || n < skip)
		return SPAN("");
	return span_of((const char *)p + skip, n - skip);
}

/* A copy of a short one. */
static struct span short_field(sd_journal *j, const char *name, char room[NAME_MOST])
{
	struct span v = field(j, name);
	size_t n = MIN_OF(span_len(v), (size_t)NAME_MOST);

	memcpy(room, v.p, n);
	return span_of(room, n);
}

/* The entry at hand as a line: 0; -EINVAL with why: it is none. */
static int compose(struct journal *in, const char **why)
{
	char host[NAME_MOST], app[NAME_MOST], pid[NAME_MOST];
	struct syslog_entry m = { .host = short_field(in->j, "_HOSTNAME", host) };
	uint64_t usec;

	m.app = short_field(in->j, "SYSLOG_IDENTIFIER", app);
	if (span_empty(m.app))
		m.app = short_field(in->j, "_COMM", app);
	m.pid = short_field(in->j, "_PID", pid);
	if (span_empty(m.host))
		m.host = SPAN("localhost");
	*why = "an entry without a time";
	if (sd_journal_get_realtime_usec(in->j, &usec) < 0)
		return -EINVAL;
	m.time_s = (int64_t)(usec / 1000000);
	m.text = field(in->j, "MESSAGE"); /* last: the others would take it away */
	*why = "longer than a message may be";
	if (span_len(m.text) > SYSLOG_MESSAGE_MAX)
		return -EINVAL;
	syslog_compose(&m, &in->text);
	return 0;
}

static int keep_cursor(struct journal *in)
{
	CLEANUP(free_p) char *cursor = NULL;
	int r = sd_journal_get_cursor(in->j, &cursor);

	if (r >= 0 && strlen(cursor) > CURSOR_MAX)
		r = -E2BIG;
	if (r >= 0)
		buf_put(&in->cursors, cursor, strlen(cursor) + 1);
	return r;
}

/* Is the entry at hand the one that was read last? It is, unless that is gone. */
static bool known(struct journal *in)
{
	if (!in->seeking)
		return false;
	in->seeking = false;
	if (sd_journal_test_cursor(in->j, in->cursor) > 0)
		return true;
	in->gone++;
	(void)err_set(&in->trouble, 0,
	    "the entry of the journal that was read last is gone, and perhaps others with it; "
	    "goes on with the next one there is");
	return false;
}

static int read_entries(struct source *s)
{
	struct journal *in = s->in;
	int r = 1;

	for (unsigned n = 0; n < ENTRIES_MAX && in->text.len < TEXT_ENOUGH && r > 0; n++) {
		const char *why;

		r = sd_journal_next(in->j);
		if (r <= 0 || known(in))
			continue;
		if (compose(in, &why) < 0)
			lines_refused(s, 0, why, 1);
		else
			r = keep_cursor(in) < 0 ? -EBADMSG : 1;
	}
	if (!buf_ok(&in->text) || !buf_ok(&in->cursors))
		abort(); /* out of memory: the journal still has it */
	return r;
}

/* --- the kind ------------------------------------------------------------------------------------ */

static bool poll_journal(struct source *s, int64_t settled_s)
{
	struct journal *in = s->in;

	(void)settled_s;
	if (!in->j && in->taken == in->text.len)
		journal_open(s);
	return false;
}

static int pump(struct source *s, struct err *e)
{
	struct journal *in = s->in;
	struct block b;
	int r = 0;

	if (in->taken == in->text.len) {
		buf_reset(&in->text);
		buf_reset(&in->cursors);
		in->taken = in->cursors_taken = 0;
		if (!in->j)
			return 0;
		r = sd_journal_process(in->j); /* files come and go; what else it says next does */
		if (r >= 0)
			r = read_entries(s);
		if (r < 0) {
			(void)err_set(&in->trouble, r, "reading the journal (%s): %s; opened again",
			    where(s), strerror(-r));
			journal_close(in);
		}
	}
	if (in->taken == in->text.len)
		return r > 0;
	b = (struct block){ .text = { in->text.p + in->taken, in->text.p + in->text.len },
		.first_number = in->lines + 1 };
	return lines_take(s, &b, e);
}

static const char *trouble(struct source *s)
{
	struct journal *in = s->in;

	if (strcmp(in->trouble.text, in->told.text) == 0)
		return NULL;
	in->told = in->trouble;
	return in->told.text[0] ? in->told.text : NULL;
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct journal *in = s->in;

	to->lost += in->gone;
}

const struct source_kind kind_journal = { .type = "journal",
	.again = true,
	.open = open_journal,
	.done = done,
	.restore = restore,
	.poll = poll_journal,
	.pump = pump,
	.take = take,
	.positions = positions,
	.trouble = trouble,
	.where = where,
	.count = count };
