/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/inbox_bad.h"

#include <dirent.h>
#include <errno.h>

#include "util/file.h"

/* Neither is known to be a name: bytes that may stand in one, and others as their number. */
static void put_tame(struct buf *b, struct span s)
{
	static const char tame[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	for (const char *p = s.p; p < s.end; p++)
		if (*p && strchr(tame, *p) && (p > s.p || *p != '.'))
			buf_byte(b, *p);
		else
			buf_fmt(b, "%%%02x", (unsigned char)*p);
}

/* What all names of a host begin with. */
static void put_host(struct buf *b, struct span host)
{
	put_tame(b, host);
	buf_byte(b, '.');
}

/* Of one host; the end of another's name may look like a producer's: then there are fewer for both. */
static int count(const char *dir, const char *head, unsigned *ret, struct err *e)
{
	DIR *d = opendir(dir);
	const struct dirent *de;

	*ret = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, -errno, "cannot list %s: %m", dir);
	while ((de = readdir(d)) != NULL) {
		struct span name = span_str(de->d_name);

		*ret += span_starts(name, head) && span_len(name) > 4 &&
			memcmp(name.end - 4, ".zst", 4) == 0;
	}
	(void)closedir(d); /* read only */
	return 0;
}

static int keep(const char *dir, const char *name, const struct hub_inbox_row *row,
    const char *reason, struct err *e)
{
	CLEANUP(free_p) char *path = NULL, *why = NULL, *text = NULL, *half = NULL;
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0 || asprintf(&why, "%s.reason", path) < 0 ||
	    asprintf(&text, "%s\n", reason) < 0 || asprintf(&half, "%s/.%s", dir, name) < 0)
		abort();
	r = file_write_by(why, half, span_str(text), e);
	return r < 0 ? r : file_write_by(path, half, row->bytes, e);
}

int inbox_bad_keep(const char *spool_dir, const struct hub_inbox_row *row, const char *reason,
    char ret[INBOX_BAD_NAME_MAX], struct err *e)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	CLEANUP(free_p) char *dir = NULL, *head = NULL;
	unsigned there = 0;
	int r;

	_Static_assert(3 * (BATCH_HOST_MAX + BATCH_PRODUCER_MAX) + 32 > INBOX_BAD_NAME_MAX,
	    "a name of nothing but odd bytes is cut");
	buf_init(&name, 4096);
	put_host(&name, row->host);
	head = span_dup(buf_text(&name));
	put_tame(&name, row->producer);
	(void)snprintf(ret, INBOX_BAD_NAME_MAX, "%.200s.%016jd.zst", name.p, (intmax_t)row->seq);
	if (!head || asprintf(&dir, "%s/inbox/bad", spool_dir) < 0)
		abort();
	r = count(dir, head, &there, e);
	if (r == 0 && there >= INBOX_BAD_MAX)
		return 0;
	if (r == 0)
		r = file_mkdirs(dir, 0750, e);
	if (r == 0)
		r = keep(dir, ret, row, reason, e);
	return r < 0 ? r : 1;
}
