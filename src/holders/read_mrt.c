/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of BGP routers and collectors as they are stored (MRT, RFC 6396: TABLE_DUMP, TABLE_DUMP_V2), packed or
 * not. The format is left to bgpdump, which is run as a child, gets the bytes and prints a line for each path; it
 * is only recognised here. Line numbers are those of `bgpdump -m FILE`. What it complains of is a refusal. */
#include <errno.h>
#include <sys/socket.h>

#include "holders/bgp_lines.h"
#include "holders/fact_text.h"
#include "util/child.h"
#include "util/lanes.h"

#define PROGRAM	       "bgpdump"
#define COMPLAINTS_MAX 8u

/* Lines of stderr, without the time before them: reasons are counted by their words. */
void mrt_complaints(struct span said, const struct fact_to *to)
{
	for (unsigned n = 0; n < COMPLAINTS_MAX && !span_empty(said); n++) {
		struct span line;
		const char *mark;
		char why[160];

		(void)span_cut(&said, '\n', &line);
		mark = memchr(line.p, '[', span_len(line));
		line = span_trim((struct span){ mark ? mark : line.p, line.end });
		(void)snprintf(why, sizeof(why), PROGRAM ": %.*s", SPAN_ARG(line)); /* cut */
		if (!span_empty(line))
			fact_refuse(to, 1, why);
	}
}

/* struct feeding - the bytes on their way into the child, on a thread of their own: it prints meanwhile */
struct feeding {
	struct input *in;
	int to;
	int code;
	struct err err;
};

static int send_all(int to, struct span s)
{
	while (!span_empty(s)) {
		ssize_t n = send(to, s.p, span_len(s), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s.p += n;
	}
	return 0;
}

static void feed(void *ctx, unsigned lane, unsigned job)
{
	struct feeding *f = ctx;
	struct span bytes;
	bool wanted = true; /* a child that ends early says why itself */

	(void)lane;
	(void)job;
	while (wanted && (f->code = input_bytes(f->in, &bytes, &f->err)) > 0)
		wanted = send_all(f->to, bytes) == 0;
	close_fdp(&f->to);
}

/* What it prints; nothing at all is no table. */
static int lines_read(int from, const char *name, const struct fact_to *to, struct err *e)
{
	struct input *out = NULL;
	struct span head;
	int r = input_of_fd(from, name, &out, e);

	if (r < 0)
		return r;
	r = input_peek(out, &head, e);
	if (r == 0 && span_empty(head))
		r = err_set(e, -EINVAL, "%s: " PROGRAM " finds no table in it", name);
	if (r == 0)
		r = bgp_lines_read(out, to, e);
	(void)input_free(out); /* a child that writes on is told so */
	return r;
}

static int fed_read(struct child *child, struct input *in, const struct fact_to *to, struct err *e)
{
	struct feeding f = { .in = in, .to = child_take_in(child) };
	struct lanes *lanes = lanes_new(1, feed, &f);
	int r;

	if (!lanes || !lanes_start(lanes)) {
		(void)lanes_free(lanes);
		close_fdp(&f.to);
		return err_set(e, -EAGAIN, "%s: no thread is to be had", input_name(in));
	}
	lanes_go(lanes);
	r = lines_read(child_take_out(child), input_name(in), to, e);
	(void)lanes_oldest(lanes);
	lanes_emptied(lanes);
	(void)lanes_free(lanes);
	if (f.code < 0) { /* a damaged archive is worse than what came of it */
		*e = f.err;
		return f.code;
	}
	return r;
}

static int mrt_read(struct input *in, const struct fact_to *to, struct err *e)
{
	char *argv[] = { (char[]){ PROGRAM }, (char[]){ "-v" }, (char[]){ "-m" }, (char[]){ "-" },
		NULL };
	struct child_end end;
	struct child child;
	int r = child_start(argv, &child, e);

	if (r == -ENOENT)
		return err_set(e, r,
		    "%s: a table in MRT, which the program " PROGRAM
		    " reads; it is not installed (Debian: apt-get install " PROGRAM ")",
		    input_name(in));
	if (r < 0)
		return r;
	r = fed_read(&child, in, to, e);
	child_end(&child, &end);
	mrt_complaints(span_of(end.said, end.said_len), to);
	if (end.status != 0 && r == 0)
		r = err_set(e, -EIO, "%s: " PROGRAM " ended with %s %d", input_name(in),
		    end.signalled ? "signal" : "exit code", end.status);
	return r;
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* time, type, subtype, length; types as bgpdump knows them */
static bool is_header(const unsigned char *p)
{
	uint32_t type = be32(p + 4) >> 16, subtype = be32(p + 4) & 0xffff, len = be32(p + 8);
	bool known = type == 12 || type == 13 || type == 16 || type == 17;

	return known && subtype <= 12 && len > 0 && len < 1u << 24;
}

static bool mrt_claims(struct span head)
{
	const unsigned char *p = (const unsigned char *)head.p;

	return span_len(head) >= 12 && is_header(p);
}

const struct fact_reader fact_reader_mrt = {
	.name = "mrt",
	.claims = mrt_claims,
	.read = mrt_read,
	.runs = true,
};
