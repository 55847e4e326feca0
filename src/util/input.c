/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/unpack.h"

/* The buffer holds [pos, len): bytes read and not yet handed over. skip: the rest of an over-long
 * line is still to be thrown away. */
struct input {
	char *name;
	struct unpack *from;
	char *b;
	size_t pos, len, cap;
	uint64_t size, number;
	bool end, skip;
};

int input_of_fd(int fd, const char *name, struct input **ret, struct err *e)
{
	struct input *in;
	struct stat st;
	int code = fstat(fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;

	if (code < 0) {
		(void)close(fd); /* nothing to lose */
		return code == -EISDIR
			   ? err_set(e, code, "%s is a directory; name the files in it", name)
			   : err_set(e, code, "cannot open %s: %s", name, strerror(-code));
	}
	in = calloc(1, sizeof(*in));
	if (in) {
		in->cap = INPUT_BLOCK_BYTES + INPUT_LINE_MAX;
		in->b = malloc(in->cap + 1); /* one more: an unfinished last line gets its LF */
		in->name = strdup(name);
		in->from = in->b && in->name ? unpack_new(fd) : NULL;
	}
	if (!in || !in->from) {
		(void)close(fd); /* nothing to lose */
		input_free(in);
		return err_set(e, -ENOMEM, "%s: out of memory", name);
	}
	in->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	in->number = 1;
	*ret = in;
	return 0;
}

int input_open(const char *path, struct input **ret, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	return input_of_fd(fd, path, ret, e);
}

struct input *input_free(struct input *in)
{
	if (!in)
		return NULL;
	(void)unpack_free(in->from);
	free(in->name);
	free(in->b);
	free(in);
	return NULL;
}

/* Read more behind what is there. 0 at the end, > 0 bytes, -errno. */
static ssize_t fill(struct input *in, struct err *e)
{
	ssize_t got;

	if (in->end)
		return 0;
	if (in->pos == in->len) {
		in->pos = in->len = 0;
	} else if (in->len == in->cap) {
		memmove(in->b, in->b + in->pos, in->len - in->pos);
		in->len -= in->pos;
		in->pos = 0;
	}
	got = unpack_read(in->from, in->b + in->len, in->cap - in->len, e);
	if (got < 0)
		return err_wrap(e, (int)got, "%s", in->name);
	in->end = got == 0;
	in->len += (size_t)got;
	return got;
}

/* Throw away the rest of an over-long line. */
static int skip_rest(struct input *in, struct err *e)
{
	while (in->skip) {
		char *lf = memchr(in->b + in->pos, '\n', in->len - in->pos);

		in->pos = lf ? (size_t)(lf + 1 - in->b) : in->len;
		in->skip = !lf;
		if (in->skip) {
			ssize_t got = fill(in, e);

			if (got < 0)
				return (int)got;
			if (got == 0)
				in->skip = false;
		}
	}
	return 0;
}

/* Returns 1 with whole lines in ret->text, 0 at the end. want_one: stop after the first line. */
static int take(struct input *in, bool want_one, struct block *ret, struct err *e)
{
	int r = skip_rest(in, e);
	size_t seen = 0;

	if (r < 0)
		return r;
	for (;;) {
		char *head = in->b + in->pos, *lf = NULL;
		size_t have = in->len - in->pos;
		ssize_t got;

		if (have > seen)
			lf = want_one ? memchr(head + seen, '\n', have - seen)
				      : memrchr(head + seen, '\n', have - seen);
		if (lf) {
			*ret = (struct block){ .text = { head, lf + 1 } };
			in->pos += (size_t)(lf + 1 - head);
			return 1;
		}
		seen = have;
		if (have > INPUT_LINE_MAX)
			break;
		got = fill(in, e);
		if (got < 0)
			return (int)got;
		if (got > 0)
			continue;
		if (have == 0)
			return 0;
		in->b[in->len] = '\n'; /* the unfinished last line */
		*ret = (struct block){ .text = { in->b + in->pos, in->b + in->len + 1 } };
		in->pos = in->len;
		return 1;
	}
	*ret = (struct block){ .text = { in->b + in->pos, in->b + in->pos + INPUT_LINE_MAX },
		.cut = true };
	in->pos += INPUT_LINE_MAX;
	in->skip = true;
	return 1;
}

/* A line within a larger block may be over-long too: give it alone, cut. Only a block's length over
 * the line maximum can hide one, and that is every block: find the first such line with one pass
 * over the line ends at distance INPUT_LINE_MAX, which costs next to nothing. */
static void split_long(struct input *in, struct block *blk)
{
	const char *p = blk->text.p, *end = blk->text.end;

	while ((size_t)(end - p) > INPUT_LINE_MAX) {
		const char *lf = memrchr(p, '\n', INPUT_LINE_MAX + 1);

		if (lf) {
			p = lf + 1;
			continue;
		}
		if (p > blk->text.p) { /* the lines before it first */
			in->pos = (size_t)(p - in->b);
			blk->text.end = p;
			return;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		/* The block ends with LF, so lf is never NULL; an added one lies past len. */
		in->pos = MIN_OF((size_t)(lf + 1 - in->b), in->len);
		blk->text.end = p + INPUT_LINE_MAX;
		blk->cut = true;
		return;
	}
}

int input_block(struct input *in, struct block *ret, struct err *e)
{
	int r = take(in, false, ret, e);

	if (r <= 0)
		return r;
	if (!ret->cut)
		split_long(in, ret);
	ret->first_number = in->number;
	return 1;
}

char *input_swap(struct input *in, char *spare)
{
	char *mine = in->b;

	memcpy(spare, mine + in->pos, in->len - in->pos);
	in->len -= in->pos;
	in->pos = 0;
	in->b = spare;
	return mine;
}

void input_block_lines(struct input *in, uint64_t lines)
{
	in->number += lines;
}

int input_line(struct input *in, struct line *ret, struct err *e)
{
	struct block blk;
	int r = take(in, true, &blk, e);

	if (r <= 0)
		return r;
	ret->number = in->number++;
	ret->text = blk.text;
	ret->cut = blk.cut;
	if (!ret->cut)
		ret->text.end--;
	if (span_len(ret->text) > INPUT_LINE_MAX) {
		ret->text.end = ret->text.p + INPUT_LINE_MAX;
		ret->cut = true;
	}
	if (!ret->cut && !span_empty(ret->text) && ret->text.end[-1] == '\r')
		ret->text.end--;
	return 1;
}

int input_bytes(struct input *in, struct span *ret, struct err *e)
{
	if (in->pos == in->len) {
		ssize_t got = fill(in, e);

		if (got <= 0)
			return (int)got;
	}
	*ret = span_of(in->b + in->pos, in->len - in->pos);
	in->pos = in->len;
	return 1;
}

int input_peek(struct input *in, struct span *ret, struct err *e)
{
	while (in->len - in->pos < INPUT_LINE_MAX && !in->end) {
		ssize_t got = fill(in, e);

		if (got < 0)
			return (int)got;
		/* A pipe that has a line to show is not made to wait for more. */
		if (in->size == 0 && memchr(in->b + in->pos, '\n', in->len - in->pos))
			break;
	}
	*ret = span_of(in->b + in->pos, MIN_OF(in->len - in->pos, (size_t)INPUT_LINE_MAX));
	return 0;
}

const char *input_name(const struct input *in)
{
	return in->name;
}

uint64_t input_size(const struct input *in)
{
	return in->size;
}

uint64_t input_taken(const struct input *in)
{
	return unpack_taken(in->from);
}
