/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/batch.h"

#include <assert.h>
#include <errno.h>
#include <xxhash.h>
#include <zstd.h>

#include "util/num.h"

#define ZSTD_LEVEL   3
#define TRAILER_ROOM 64u
#define REFUSED_MAX  UINT64_C(1000000000000)

_Static_assert(
    ZSTD_COMPRESSBOUND(BATCH_TEXT_MAX) <= BATCH_FILE_MAX, "a full batch must fit its file");
_Static_assert(
    BATCH_POSITION_ROOM + BATCH_LINES_ROOM + 1024 < BATCH_TEXT_MAX, "no room for the header");

static const char *const type_name[] = {
	[BATCH_EVENTS] = "events",
	[BATCH_GOOD] = "good",
	[BATCH_DISPUTE] = "dispute",
	[BATCH_APPLIED] = "applied",
};
_Static_assert(NELEM(type_name) == BATCH_TYPE_N, "type_name out of step");

const char *batch_type_name(enum batch_type t)
{
	return type_name[t];
}

/* --- names -------------------------------------------------------------------------------------- */

static bool word_ok(struct span s, size_t max, const char *extra)
{
	if (span_empty(s) || span_len(s) > max || *s.p == '.' || *s.p == '-')
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || (*p && strchr(extra, *p))))
			return false;
	return true;
}

int batch_name_make(const char *host, const char *producer, uint64_t sequence,
    struct batch_name *ret, struct err *e)
{
	if (!word_ok(span_str(host), BATCH_HOST_MAX, ".-"))
		return err_set(e, -EINVAL,
		    "\"%s\" cannot be the host of a batch: want 1-%u of A-Z a-z 0-9 . -", host,
		    BATCH_HOST_MAX);
	if (!word_ok(span_str(producer), BATCH_PRODUCER_MAX, "_-"))
		return err_set(e, -EINVAL,
		    "\"%s\" cannot be the producer of a batch: want 1-%u of A-Z a-z 0-9 _ -",
		    producer, BATCH_PRODUCER_MAX);
	if (sequence == 0 || sequence > BATCH_SEQUENCE_MAX)
		return err_set(
		    e, -EINVAL, "batch sequence %ju is out of range", (uintmax_t)sequence);
	*ret = (struct batch_name){ .sequence = sequence };
	memcpy(ret->host, host, strlen(host));
	memcpy(ret->producer, producer, strlen(producer));
	return 0;
}

/* From the right: the host may hold dots. */
int batch_name_parse(struct span s, struct batch_name *ret)
{
	static const char tail[] = ".zst";
	struct batch_name n = { .sequence = 0 };
	const char *dot;
	struct span digits, producer, host;

	if (span_len(s) >= BATCH_NAME_MAX || span_len(s) < 16 + sizeof(tail) + 3 ||
	    memcmp(s.end - 4, tail, 4) != 0)
		return -EINVAL;
	digits = (struct span){ s.end - 20, s.end - 4 };
	if (digits.p[-1] != '.' || num_u64(digits, BATCH_SEQUENCE_MAX, &n.sequence) < 0 ||
	    n.sequence == 0)
		return -EINVAL;
	s.end = digits.p - 1;
	dot = memrchr(s.p, '.', span_len(s));
	if (!dot)
		return -EINVAL;
	host = (struct span){ s.p, dot };
	producer = (struct span){ dot + 1, s.end };
	if (!word_ok(host, BATCH_HOST_MAX, ".-") || !word_ok(producer, BATCH_PRODUCER_MAX, "_-"))
		return -EINVAL;
	memcpy(n.host, host.p, span_len(host));
	memcpy(n.producer, producer.p, span_len(producer));
	*ret = n;
	return 0;
}

void batch_name_format(const struct batch_name *n, char ret[BATCH_NAME_MAX])
{
	(void)snprintf(ret, BATCH_NAME_MAX, "%s.%s.%016ju.zst", n->host, n->producer,
	    (uintmax_t)n->sequence); /* the maxima of the parts make it fit */
}

/* --- writing ------------------------------------------------------------------------------------ */

void batch_writer_init(struct batch_writer *w)
{
	*w = (struct batch_writer){ .count = 0 };
	buf_init(&w->lines, BATCH_LINES_ROOM);
}

void batch_writer_done(struct batch_writer *w)
{
	buf_done(&w->lines);
	w->count = w->refused = 0;
}

void batch_writer_reset(struct batch_writer *w)
{
	buf_reset(&w->lines);
	w->count = w->refused = 0;
}

int batch_writer_add(struct batch_writer *w, struct span line)
{
	size_t n = span_len(line);

	if (n < 2 || n > BATCH_LINE_MAX || memchr(line.p, '\n', n) != line.end - 1)
		return -EINVAL;
	if (w->lines.len + n > w->lines.max)
		return -ENOSPC;
	buf_span(&w->lines, line);
	if (!buf_ok(&w->lines))
		abort(); /* out of memory: what is not in the spool is still in the input */
	w->count++;
	return 0;
}

void batch_writer_cut(struct batch_writer *w, size_t bytes, uint64_t n)
{
	assert(bytes <= w->lines.len && n <= w->count);
	w->lines.len -= bytes;
	w->count -= n;
}

/* Number of lines, or -EINVAL when one is too long, or does not start with `first` (0: anything). */
static int64_t lines_check(struct span s, char first)
{
	int64_t n = 0;

	while (!span_empty(s)) {
		const char *lf = memchr(s.p, '\n', span_len(s));

		if (!lf || (size_t)(lf - s.p) >= BATCH_LINE_MAX || (first && *s.p != first))
			return -EINVAL;
		s.p = lf + 1;
		n++;
	}
	return n;
}

static void put_header(const struct batch_name *name, enum batch_type type, int64_t now_s,
    uint64_t n_positions, struct buf *b)
{
	buf_fmt(b, "%s\n#type %s\n#host %s\n#producer %s\n", BATCH_HEADER, type_name[type],
	    name->host, name->producer);
	buf_fmt(b, "#sequence %ju\n#created %ju\n#positions %ju\n", (uintmax_t)name->sequence,
	    (uintmax_t)MAX_OF(now_s, 0), (uintmax_t)n_positions);
}

int batch_pack(const struct batch_writer *w, const struct batch_name *name, enum batch_type type,
    int64_t now_s, struct span positions, struct buf *out, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	int64_t n_positions = lines_check(positions, '#');
	size_t packed;
	char *to;

	buf_init(&b, BATCH_TEXT_MAX);
	if (n_positions < 0)
		return err_set(e, -EINVAL, "positions must be whole lines that start with #");
	if (n_positions > BATCH_POSITIONS_MAX || span_len(positions) > BATCH_POSITION_ROOM)
		return err_set(e, -E2BIG, "more than %u positions, or %u bytes of them",
		    BATCH_POSITIONS_MAX, BATCH_POSITION_ROOM);
	put_header(name, type, now_s, (uint64_t)n_positions, &b);
	buf_span(&b, positions);
	buf_fmt(&b, "#onus-%s 1\n", type_name[type]);
	if (w->count)
		buf_span(&b, buf_text(&w->lines));
	buf_fmt(&b, "#end %ju %ju ", (uintmax_t)w->count, (uintmax_t)w->refused);
	if (buf_ok(&b))
		buf_fmt(&b, "%016jx\n", (uintmax_t)XXH3_64bits(b.p, b.len));
	buf_reset(out);
	to = buf_room(out, ZSTD_COMPRESSBOUND(BATCH_TEXT_MAX));
	if (!buf_ok(&b) || !to)
		return err_set(e, -ENOMEM, "no memory to pack a batch");
	packed = ZSTD_compress(to, ZSTD_COMPRESSBOUND(BATCH_TEXT_MAX), b.p, b.len, ZSTD_LEVEL);
	if (ZSTD_isError(packed))
		return err_set(e, -ENOMEM, "cannot pack a batch: %s", ZSTD_getErrorName(packed));
	buf_grew(out, packed);
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------ */

void batch_done(struct batch *b)
{
	buf_done(&b->text);
	b->positions = b->lines = (struct span){ NULL, NULL };
}

static int bad(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "%s", what);
}

/* One frame, nothing after it, and no more text than a batch may have. */
static int inflate(struct span packed, struct buf *text, struct err *e)
{
	size_t n = span_len(packed), frame;
	char *to;

	if (n > BATCH_FILE_MAX)
		return bad(e, "larger than a batch may be");
	frame = ZSTD_findFrameCompressedSize(packed.p, n);
	if (ZSTD_isError(frame) || frame != n)
		return bad(e, "cut short, or not one zstd frame");
	to = buf_room(text, BATCH_TEXT_MAX);
	if (!to)
		return err_set(e, -ENOMEM, "no memory to unpack a batch");
	n = ZSTD_decompress(to, BATCH_TEXT_MAX, packed.p, n);
	if (ZSTD_isError(n))
		return bad(e, "does not unpack, or unpacks to more than a batch may hold");
	buf_grew(text, n);
	return 0;
}

/* The trailer proves the rest; what it says is left in *b, its line cut off *body. */
static int read_trailer(struct span *body, struct batch *b, struct err *e)
{
	struct span line, word, hashed;
	const char *lf;
	char want[17];

	if (span_empty(*body) || body->end[-1] != '\n')
		return bad(e, "no trailer");
	lf = memrchr(body->p, '\n', span_len(*body) - 1);
	line = (struct span){ lf ? lf + 1 : body->p, body->end - 1 };
	if (!span_starts(line, "#end ") || span_len(line) > TRAILER_ROOM)
		return bad(e, "no trailer");
	hashed = (struct span){ body->p, body->p };
	body->end = line.p;
	line.p += 5;
	if (!span_cut(&line, ' ', &word) || num_u64(word, BATCH_TEXT_MAX, &b->count) < 0 ||
	    !span_cut(&line, ' ', &word) || num_u64(word, REFUSED_MAX, &b->refused) < 0)
		return bad(e, "broken trailer");
	hashed.end = line.p; /* all before the sixteen digits */
	(void)snprintf(
	    want, sizeof(want), "%016jx", (uintmax_t)XXH3_64bits(hashed.p, span_len(hashed)));
	if (!span_is(line, want))
		return bad(e, "its checksum does not match");
	return 0;
}

/* The next header line's value. */
static int field(struct span *body, const char *key, struct span *ret, struct err *e)
{
	struct span line;

	if (!span_cut(body, '\n', &line) || !span_starts(line, key))
		return err_set(e, -EBADMSG, "no line \"%s\" in its place", key);
	*ret = (struct span){ line.p + strlen(key), line.end };
	return 0;
}

static int field_u64(struct span *body, const char *key, uint64_t max, uint64_t *ret, struct err *e)
{
	struct span v;
	int r = field(body, key, &v, e);

	if (r == 0 && num_u64(v, max, ret) < 0)
		r = err_set(e, -EBADMSG, "line \"%s\" has no good number", key);
	return r;
}

static int read_type(struct span *body, struct batch *b, struct err *e)
{
	struct span v;
	int r = field(body, "#type ", &v, e);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < BATCH_TYPE_N; i++)
		if (span_is(v, type_name[i])) {
			b->type = (enum batch_type)i;
			return 0;
		}
	return bad(e, "unknown type");
}

static int read_header(struct span *body, const struct batch_name *expect, struct batch *b,
    uint64_t *n_positions, struct err *e)
{
	struct span v, host, producer;
	uint64_t created;
	int r = field(body, BATCH_HEADER, &v, e);

	if (r == 0 && !span_empty(v))
		r = bad(e, "not a batch of version 1");
	if (r == 0)
		r = read_type(body, b, e);
	if (r == 0)
		r = field(body, "#host ", &host, e);
	if (r == 0)
		r = field(body, "#producer ", &producer, e);
	if (r == 0)
		r = field_u64(body, "#sequence ", BATCH_SEQUENCE_MAX, &b->name.sequence, e);
	if (r == 0)
		r = field_u64(body, "#created ", INT64_MAX, &created, e);
	if (r == 0)
		r = field_u64(body, "#positions ", BATCH_POSITIONS_MAX, n_positions, e);
	if (r < 0)
		return r;
	if (!span_is(host, expect->host) || !span_is(producer, expect->producer) ||
	    b->name.sequence != expect->sequence)
		return bad(e, "its header names another batch than its file name");
	b->name = *expect;
	b->created_s = (int64_t)created;
	return 0;
}

static int read_body(struct span body, uint64_t n_positions, struct batch *b, struct err *e)
{
	char opener[32];
	struct span v;
	int r;

	b->positions = (struct span){ body.p, body.p };
	for (; n_positions; n_positions--) {
		if (!span_cut(&body, '\n', &v))
			return bad(e, "fewer positions than it says");
		b->positions.end = body.p;
	}
	if (lines_check(b->positions, '#') < 0 || span_len(b->positions) > BATCH_POSITION_ROOM)
		return bad(e, "broken positions");
	(void)snprintf(opener, sizeof(opener), "#onus-%s 1", type_name[b->type]); /* short names */
	r = field(&body, opener, &v, e);
	if (r < 0 || !span_empty(v))
		return bad(e, "no header before its lines");
	b->lines = body;
	if (span_len(body) > BATCH_LINES_ROOM || lines_check(body, 0) != (int64_t)b->count)
		return bad(e, "another number of lines than it says, or too long ones");
	return 0;
}

int batch_unpack(
    struct span packed, const struct batch_name *expect, struct batch *ret, struct err *e)
{
	struct batch b = { .count = 0 };
	uint64_t n_positions = 0;
	struct span body;
	int r;

	buf_init(&b.text, BATCH_TEXT_MAX);
	r = inflate(packed, &b.text, e);
	body = buf_text(&b.text);
	if (r == 0)
		r = read_trailer(&body, &b, e);
	if (r == 0)
		r = read_header(&body, expect, &b, &n_positions, e);
	if (r == 0)
		r = read_body(body, n_positions, &b, e);
	if (r < 0) {
		batch_done(&b);
		return r;
	}
	*ret = b;
	return 0;
}
