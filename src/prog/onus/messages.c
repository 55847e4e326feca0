/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/messages.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "intake/received.h"
#include "util/buf.h"
#include "util/input.h"

#define KEEP_MAX (RECEIVED_HEADER_MAX + 1) /* so that a longer header is seen to be one */

struct reading {
	message_take *take;
	void *ctx;
	struct message m;
	struct buf header; /* may go bad by its bound: then it is full */
};

static void give(struct reading *g)
{
	g->m.header = g->header.len ? buf_text(&g->header) : SPAN("");
	g->take(g->ctx, &g->m);
	buf_reset(&g->header);
}

static void keep(struct reading *g, struct span s)
{
	size_t room = KEEP_MAX - g->header.len;

	buf_put(&g->header, s.p, MIN_OF(span_len(s), room));
}

static int read_one(struct reading *g, struct input *in, struct err *e)
{
	struct span piece;
	int r = 1;

	g->m.number = 0;
	while (g->header.len < KEEP_MAX && (r = input_bytes(in, &piece, e)) == 1)
		keep(g, piece);
	if (r >= 0)
		give(g);
	return r < 0 ? r : 0;
}

static int read_mbox(struct reading *g, struct input *in, struct err *e)
{
	bool behind_empty = true, header = false;
	struct line line;
	int r;

	g->m.number = 0;
	while ((r = input_line(in, &line, e)) == 1) {
		if (behind_empty && span_starts(line.text, "From ")) {
			if (g->m.number)
				give(g);
			g->m.number++;
			header = true;
		}
		behind_empty = span_empty(line.text);
		if (!header)
			continue;
		keep(g, line.text);
		keep(g, SPAN("\n"));
		header = !behind_empty;
	}
	if (r == 0 && g->m.number)
		give(g);
	if (r == 0 && !g->m.number)
		return err_set(e, -EINVAL,
		    "%s: no mailbox: no line begins with \"From \"; without --mbox it is one "
		    "message",
		    g->m.path);
	return r;
}

static int read_file(struct reading *g, const char *path, bool mbox, struct err *e)
{
	struct input *in;
	struct stat st;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	g->m.path = path;
	g->m.changed_s = strcmp(path, "-") != 0 && stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
	buf_reset(&g->header);
	r = mbox ? read_mbox(g, in, e) : read_one(g, in, e);
	(void)input_free(in);
	return r;
}

static int visible(const struct dirent *de)
{
	return de->d_name[0] != '.';
}

/* What cannot be read does not keep the rest from being read; the first of it is told of. */
static int read_dir(struct reading *g, const char *dir, bool mbox, struct err *e)
{
	struct dirent **names;
	int n = scandir(dir, &names, visible, alphasort), r = 0;

	if (n < 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		CLEANUP(free_p) char *path = NULL;
		struct stat st;
		struct err why;
		int one = 0;

		if (asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0)
			abort();
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			one = read_file(g, path, mbox, &why);
		if (one < 0 && r == 0) {
			*e = why;
			r = one;
		}
		free(names[i]);
	}
	free(names);
	return r;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A maildir's tmp/ holds what is being delivered. */
static int read_path(struct reading *g, const char *path, bool mbox, struct err *e)
{
	static const char *const parts[] = { "new", "cur" };
	bool maildir = true;
	int r = 0;

	if (!is_dir(path))
		return read_file(g, path, mbox, e);
	for (unsigned pass = 0; pass < 2 && maildir; pass++)
		for (size_t i = 0; i < NELEM(parts); i++) {
			CLEANUP(free_p) char *part = NULL;

			if (asprintf(&part, "%s/%s", path, parts[i]) < 0)
				abort();
			if (pass == 0)
				maildir = maildir && is_dir(part);
			else if (r == 0)
				r = read_dir(g, part, false, e);
		}
	return maildir ? r : read_dir(g, path, mbox, e);
}

int messages_read(const char *path, bool mbox, message_take *take, void *ctx, struct err *e)
{
	struct reading g = { .take = take, .ctx = ctx };
	int r;

	buf_init(&g.header, 2 * KEEP_MAX);
	r = read_path(&g, path, mbox, e);
	buf_done(&g.header);
	return r;
}
