/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/packet.h"

#include <assert.h>
#include <errno.h>

#include "prog/milter/wire.h"

/* What every packet must have, letter included, and whether it is wanted whole. */
static const struct {
	char what;
	bool whole;
	uint32_t least;
} kinds[] = {
	{ MILTER_ABORT, false, 1 },
	{ MILTER_BODY, false, 1 },
	{ MILTER_BODY_END, true, 1 },
	{ MILTER_CONNECT, true, 3 },
	{ MILTER_DATA, false, 1 },
	{ MILTER_HEADER, false, 3 },
	{ MILTER_HEADERS_END, false, 1 },
	{ MILTER_HELO, false, 1 },
	{ MILTER_MACRO, true, 2 },
	{ MILTER_MAIL, true, 2 },
	{ MILTER_OPTIONS, true, 13 },
	{ MILTER_QUIT, false, 1 },
	{ MILTER_QUIT_NC, false, 1 },
	{ MILTER_RCPT, true, 2 },
	{ MILTER_UNKNOWN, false, 1 },
};

static int check(uint8_t what, uint32_t len, bool *whole, struct err *e)
{
	for (unsigned i = 0; i < NELEM(kinds); i++) {
		if ((uint8_t)kinds[i].what != what)
			continue;
		*whole = kinds[i].whole;
		if (len < kinds[i].least || len > (*whole ? PACKET_WHOLE_MAX : PACKET_MAX))
			return err_set(e, -EBADMSG, "a packet '%c' of %u bytes", what, len);
		return 0;
	}
	return err_set(e, -EBADMSG, "there is no packet 0x%02x", what);
}

int packet_take(struct span *in, struct packet *ret, struct err *e)
{
	struct rd r = rd_of(in->p, span_len(*in));
	uint32_t len = rd_be32(&r), here;
	uint8_t what;
	bool whole = false;
	int bad;

	if (r.bad)
		return 0;
	if (len == 0 || len > PACKET_MAX)
		return err_set(e, -EBADMSG, "a packet of %u bytes", len);
	what = rd_u8(&r);
	if (r.bad)
		return 0;
	bad = check(what, len, &whole, e);
	if (bad < 0)
		return bad;
	here = whole ? len - 1 : MIN_OF(len - 1, PACKET_HEAD);
	*ret = (struct packet){
		.what = (char)what, .body = rd_sub(&r, here), .unread = len - 1 - here
	};
	if (r.bad)
		return 0;
	in->p = (const char *)r.p;
	return 1;
}

bool packet_text(struct rd *r, struct span *ret)
{
	size_t n = (size_t)(r->end - r->p);
	const uint8_t *nul = r->bad || n == 0 ? NULL : memchr(r->p, '\0', n);

	if (!nul) {
		r->bad = true;
		return false;
	}
	*ret = span_of((const char *)r->p, (size_t)(nul - r->p));
	r->p = nul + 1;
	return true;
}

static void put(struct reply *r, const void *p, size_t n)
{
	assert(n <= r->max - r->len);
	if (n)
		memcpy(r->to + r->len, p, n);
	r->len += n;
}

static void put_be32(struct reply *r, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	put(r, b, sizeof(b));
}

void reply_put(struct reply *r, char what, const void *body, size_t n)
{
	put_be32(r, (uint32_t)(1 + n));
	put(r, &what, 1);
	put(r, body, n);
}

void reply_header(struct reply *r, char what, uint32_t at, const char *name, struct span value)
{
	size_t named = strlen(name) + 1;

	put_be32(r, (uint32_t)(1 + 4 + named + span_len(value) + 1));
	put(r, &what, 1);
	put_be32(r, at);
	put(r, name, named);
	put(r, value.p, span_len(value));
	put(r, "", 1);
}
