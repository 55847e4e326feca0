/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/enrich/mailboxes.h"

#include <errno.h>
#include <fcntl.h>

#include "net/addrmap.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/grow.h"
#include "util/hash.h"
#include "util/input.h"

struct row {
	char *mail; /* owned */
	int32_t day;
	enum mailbox_state state;
};

struct mailboxes {
	char *path;
	int fd; /* for appending */
	uint32_t fresh_days;
	struct addrmap map; /* of the mailboxes' hashes */
	struct row *row;    /* owned; [map.n] */
	size_t cap;
};

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "out of memory");
}

static struct addr key_of(struct span mail)
{
	return (struct addr){ hash_bytes(mail.p, span_len(mail)), span_len(mail) };
}

static int row_put(struct mailboxes *m, const struct mailbox_line *line)
{
	char *mail = span_dup(line->mail);
	bool is_new;
	uint32_t at;

	if (!mail || grow(&m->row, &m->cap, (size_t)m->map.n + 1, sizeof(*m->row)) < 0 ||
	    (at = addrmap_put(&m->map, key_of(line->mail), &is_new)) == ADDRMAP_NONE) {
		free(mail);
		return -ENOMEM;
	}
	if (!is_new)
		free(m->row[at].mail);
	m->row[at] = (struct row){ mail, line->day, line->state };
	return 0;
}

static int load(struct mailboxes *m, int32_t oldest, struct err *e)
{
	struct mailbox_line row;
	struct input *in;
	struct line line;
	int r;

	if (access(m->path, F_OK) < 0)
		return 0;
	r = input_open(m->path, &in, e);
	if (r < 0)
		return r;
	r = input_line(in, &line, e);
	if (r > 0 && !span_is(line.text, MAILBOXES_HEAD))
		r = err_set(e, -EBADMSG,
		    "%s: not what this program keeps of mailboxes; move it away", m->path);
	while (r > 0 && (r = input_line(in, &line, e)) > 0)
		if (!line.cut && mailbox_line_parse(line.text, &row) && row.day >= oldest &&
		    m->map.n < MAILBOXES_ROWS_MAX && row_put(m, &row) < 0)
			r = no_memory(e);
	in = input_free(in);
	return r;
}

static void format(const struct row *row, struct buf *out)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(row->day, day);
	buf_fmt(out, "%s\t%s\t%s\n", day, mailbox_key(row->state), row->mail);
}

static int rewrite(const struct mailboxes *m, struct err *e)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 64u << 20);
	buf_str(&b, MAILBOXES_HEAD "\n");
	for (uint32_t i = 0; i < m->map.n; i++)
		format(&m->row[i], &b);
	return buf_ok(&b) ? file_write(m->path, buf_text(&b), e) : no_memory(e);
}

int mailboxes_open(const char *dir, uint32_t fresh_days, uint32_t keep_days, int32_t today,
    struct mailboxes **ret, struct err *e)
{
	struct mailboxes *m = calloc(1, sizeof(*m));
	int r = 0;

	if (!m)
		return no_memory(e);
	m->fd = -1;
	m->fresh_days = fresh_days;
	if (addrmap_init(&m->map, 0) < 0 || asprintf(&m->path, "%s/%s", dir, MAILBOXES_FILE) < 0)
		r = no_memory(e);
	if (r == 0)
		r = load(m, today - (int32_t)keep_days, e);
	if (r == 0)
		r = rewrite(m, e);
	if (r == 0 && (m->fd = open(m->path, O_WRONLY | O_APPEND | O_CLOEXEC)) < 0)
		r = err_set(e, -errno, "cannot write %s: %s", m->path, strerror(errno));
	if (r < 0) {
		m = mailboxes_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

struct mailboxes *mailboxes_free(struct mailboxes *m)
{
	if (!m)
		return NULL;
	for (uint32_t i = 0; i < m->map.n; i++)
		free(m->row[i].mail);
	free(m->row);
	addrmap_done(&m->map);
	if (m->fd >= 0)
		(void)close(m->fd); /* synced line by line */
	free(m->path);
	free(m);
	return NULL;
}

bool mailboxes_due(const struct mailboxes *m, struct span mail, int32_t today)
{
	uint32_t at = addrmap_find(&m->map, key_of(mail));
	int32_t days;

	if (at == ADDRMAP_NONE)
		return m->map.n < MAILBOXES_ROWS_MAX;
	days = m->row[at].state == MAILBOX_OK ? (int32_t)m->fresh_days : MAILBOX_RECHECK_DAYS;
	return m->row[at].day + days <= today || m->row[at].day > today;
}

int mailboxes_put(
    struct mailboxes *m, struct span mail, enum mailbox_state state, int32_t today, struct err *e)
{
	const struct mailbox_line line = { today, state, mail };
	CLEANUP(buf_done) struct buf b = { 0 };

	if (m->map.n >= MAILBOXES_ROWS_MAX)
		return err_set(
		    e, -E2BIG, "%s: more than %u mailboxes", m->path, MAILBOXES_ROWS_MAX);
	if (row_put(m, &line) < 0)
		return no_memory(e);
	buf_init(&b, 1024);
	format(&m->row[addrmap_find(&m->map, key_of(mail))], &b);
	return buf_ok(&b) ? file_append(m->fd, m->path, buf_text(&b), e) : no_memory(e);
}
