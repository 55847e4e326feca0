/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail server that is broken or hostile may send to onus-milter, as it comes off its connection: once all at once,
 * once in pieces. Both must be answered the same, in packets that a mail server takes, and each session that was admitted
 * leaves. In place of the porter stand the functions below. */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prog/milter/session.h"
#include "prog/milter/wire.h"
#include "util/buf.h"

#define ANSWERS_MAX (1u << 24)

static int inside; /* sessions */

bool porter_admit(struct porter *p)
{
	return inside < 1 && ++inside;
}

void porter_leave(struct porter *p)
{
	if (--inside < 0)
		abort();
}

void porter_judge(struct porter *p, struct addr addr, const struct door_mail *m,
    struct door_answer *ret, bool *spared)
{
	size_t n = MIN_OF(span_len(m->recipient) * 7, sizeof(ret->text) - 1);

	if (!inside)
		abort();
	*ret = (struct door_answer){ .verdict = (enum door_verdict)(
					 span_len(m->recipient) % DOOR_VERDICT_N) };
	if (ret->verdict != DOOR_PASS)
		ret->len = MAX_OF(n, (size_t)1);
	memset(ret->text, '%', ret->len);
	*spared = span_len(m->sender) % 5 == 1;
}

void porter_fault(struct porter *p)
{
}

void porter_forged(struct porter *p, unsigned n)
{
	if (n > SESSION_FORGED_MAX)
		abort();
}

static void check_words(struct rd *r)
{
	struct span text;

	if (!packet_text(r, &text) || !rd_done(r) || span_len(text) > 980 ||
	    !(span_starts(text, "550 5.7.1 ") || span_starts(text, "450 4.7.1 ")))
		abort();
	for (; !span_empty(text); text.p++)
		if (*text.p == '%' && *++text.p != '%')
			abort();
}

static void check_change(const struct session *s, char what, struct rd *r)
{
	uint32_t at = rd_be32(r);
	struct span name, value;

	if (!packet_text(r, &name) || !packet_text(r, &value) || !rd_done(r) ||
	    !span_is(name, DOOR_HEADER))
		abort();
	if (what == MILTER_CHANGE_HEADER ? at < 1 || at > SESSION_FORGED_MAX || !span_empty(value)
					 : at != 0 || span_empty(value))
		abort();
	if (!(s->actions &
		(what == MILTER_CHANGE_HEADER ? MILTER_CHANGES_HEADERS : MILTER_ADDS_HEADERS)))
		abort();
}

static void check_answer(const struct session *s, const char *p, size_t n)
{
	struct rd all = rd_of(p, n), r;

	while (!rd_done(&all)) {
		char what;

		r = rd_sub(&all, rd_be32(&all));
		what = (char)rd_u8(&r);
		if (r.bad)
			abort();
		if (what == MILTER_REPLY_CODE)
			check_words(&r);
		else if (what == MILTER_INSERT_HEADER || what == MILTER_CHANGE_HEADER)
			check_change(s, what, &r);
		else if (what == MILTER_OPTIONS ? r.end - r.p < 12
						: !strchr("ac", what) || !rd_done(&r))
			abort();
	}
}

/* One packet off what has come so far, which is copied so that nothing is behind it. */
static int take(struct session *s, const uint8_t *p, size_t n, size_t *taken, struct buf *answers)
{
	char *here = malloc(n ? n : 1), to[SESSION_ANSWER_MAX];
	struct err e = { "" };
	struct span in;
	size_t len = 0;
	int r;

	if (!here)
		abort();
	if (n)
		memcpy(here, p, n);
	in = span_of(here, n);
	r = session_take(s, NULL, &in, to, &len, &e);
	if (r == 0 && (len || span_len(in) != n))
		abort();
	if (r < 0 && (len || !*e.text))
		abort();
	check_answer(s, to, len);
	buf_put(answers, to, len);
	*taken = n - span_len(in);
	free(here);
	return r;
}

static int talk(const uint8_t *data, size_t size, size_t piece, struct buf *answers)
{
	struct session s = { .agreed = false };
	size_t at = 0, come = 0, n;
	int r = 0;

	while (r == 1 || (r == 0 && come < size)) {
		if (r == 0)
			come += MIN_OF(piece, size - come);
		r = take(&s, data + at, come - at, &n, answers);
		at += n;
	}
	session_end(&s, NULL);
	if (inside || s.sender)
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	int r;

	buf_init(&whole, ANSWERS_MAX);
	buf_init(&pieces, ANSWERS_MAX);
	r = talk(data, size, size, &whole);
	if (talk(data, size, size % 7 + 1, &pieces) != r ||
	    !span_eq(buf_text(&whole), buf_text(&pieces)))
		abort();
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
