/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/session.h"

#include <errno.h>
#include <strings.h>

#include "prog/milter/wire.h"

#define ACTIONS (MILTER_ADDS_HEADERS | MILTER_CHANGES_HEADERS | MILTER_ASKS_MACROS)

/* HELO, DATA and the body are not wanted, nor are answers to what is only noted. What an older mail server cannot leave out it
 * may send. */
#define STEPS                                                                                      \
	(MILTER_NO_HELO | MILTER_NO_BODY | MILTER_NO_HEADERS_END | MILTER_MUTE_HEADER |            \
	    MILTER_NO_UNKNOWN | MILTER_NO_DATA | MILTER_MUTE_MAIL)

/* struct call - one packet on its way through its session */
struct call {
	struct session *s;
	struct porter *porter;
	struct rd body;
	struct reply reply;
};

static void mail_begin(struct session *s)
{
	free(s->sender);
	s->sender = NULL;
	s->authenticated = s->certified = s->foreign = false;
	s->header[0] = '\0';
	s->forged = 0;
}

static void client_end(struct session *s, struct porter *p)
{
	mail_begin(s);
	if (s->admitted)
		porter_leave(p);
	s->admitted = s->known = false;
}

bool session_in_mail(const struct session *s)
{
	return s->sender != NULL;
}

void session_end(struct session *s, struct porter *p)
{
	client_end(s, p);
	*s = (struct session){ .agreed = false };
}

static int say(struct call *c, enum milter_reply what)
{
	reply_put(&c->reply, (char)what, NULL, 0);
	return 1;
}

/* --- what is agreed upon -------------------------------------------------------------------------------- */

static int on_options(struct call *c)
{
	struct session *s = c->s;
	uint32_t version = rd_be32(&c->body);
	uint32_t actions = rd_be32(&c->body), steps = rd_be32(&c->body);
	uint8_t told[16 + sizeof(MACROS_WANTED)];
	uint32_t v[4];

	if (s->agreed || version == 0)
		return -EBADMSG;
	s->agreed = true;
	s->actions = actions & ACTIONS;
	s->steps = steps & STEPS;
	v[0] = MIN_OF(version, MILTER_VERSION);
	v[1] = s->actions;
	v[2] = s->steps;
	v[3] = MILTER_MACROS_MAIL;
	for (unsigned i = 0; i < sizeof(v); i++)
		told[i] = (uint8_t)(v[i / 4] >> (24 - 8 * (i % 4)));
	memcpy(told + sizeof(v), MACROS_WANTED, sizeof(MACROS_WANTED));
	reply_put(
	    &c->reply, MILTER_OPTIONS, told, s->actions & MILTER_ASKS_MACROS ? sizeof(told) : 12);
	return 1;
}

static int on_macros(struct call *c)
{
	return macros_take(&c->s->macros, c->body) ? 1 : -EBADMSG;
}

/* --- the client ----------------------------------------------------------------------------------------- */

static bool client_address(char family, struct rd *r, struct addr *ret)
{
	struct span text;

	if (family != MILTER_INET && family != MILTER_INET6)
		return false;
	(void)rd_be16(r); /* its port */
	if (!packet_text(r, &text))
		return false;
	if (span_len(text) > 5 && strncasecmp(text.p, "IPv6:", 5) == 0)
		text.p += 5;
	return addr_parse(text, ret) == 0;
}

/* A mail server may use its connection for one client after another. */
static int on_connect(struct call *c)
{
	struct session *s = c->s;
	struct span name;
	struct addr client;
	bool known;

	client_end(s, c->porter);
	macros_forget(&s->macros, MACROS_HELO);
	macros_forget(&s->macros, MACROS_MAIL);
	if (!packet_text(&c->body, &name))
		return -EBADMSG;
	known = client_address((char)rd_u8(&c->body), &c->body, &client);
	if (c->body.bad)
		return -EBADMSG;
	s->admitted = porter_admit(c->porter);
	s->known = s->admitted && known;
	if (s->known)
		s->client = client;
	return say(c, s->known ? MILTER_CONTINUE : MILTER_ACCEPT);
}

static int on_next(struct call *c)
{
	client_end(c->s, c->porter);
	c->s->macros = (struct macros){ .value = { { MACRO_UNSAID } } };
	return 1;
}

static int on_quit(struct call *c)
{
	client_end(c->s, c->porter);
	return SESSION_QUIT;
}

/* --- the mail ------------------------------------------------------------------------------------------- */

static int on_mail(struct call *c)
{
	struct session *s = c->s;
	struct span sender;

	if (!packet_text(&c->body, &sender))
		return -EBADMSG;
	mail_begin(s);
	s->sender = span_dup(sender);
	if (!s->sender)
		porter_fault(c->porter); /* it is judged as the null sender's */
	s->authenticated = macros_authenticated(&s->macros);
	s->certified = macros_certified(&s->macros);
	macros_forget(&s->macros, MACROS_MAIL); /* the next mail's are said anew */
	return s->steps & MILTER_MUTE_MAIL ? 1 : say(c, MILTER_CONTINUE);
}

/* Without its brackets. */
static struct span mailbox(struct span text)
{
	struct span m = span_trim(text);

	if (span_len(m) >= 2 && *m.p == '<' && m.end[-1] == '>')
		return (struct span){ m.p + 1, m.end - 1 };
	return m;
}

/* A mail server takes the text for a format, in which % is written twice. */
static int tell(struct call *c, const char *code, const char *text)
{
	char line[16 + 2 * DOOR_TEXT_MAX];
	size_t n = strlen(code);

	memcpy(line, code, n);
	for (; *text; text++) {
		line[n++] = *text;
		if (*text == '%')
			line[n++] = '%';
	}
	line[n++] = '\0';
	reply_put(&c->reply, MILTER_REPLY_CODE, line, n);
	return 1;
}

static int on_recipient(struct call *c)
{
	struct session *s = c->s;
	struct door_answer a;
	struct door_mail m;
	struct span recipient;
	bool spared;

	if (!packet_text(&c->body, &recipient))
		return -EBADMSG;
	if (!s->known)
		return say(c, MILTER_ACCEPT);
	m = (struct door_mail){ .sender = mailbox(span_str(s->sender)),
		.recipient = mailbox(recipient),
		.authenticated = s->authenticated,
		.verified = s->certified };
	porter_judge(c->porter, s->client, &m, &a, &spared);
	s->foreign = !spared && !s->authenticated;
	switch (a.verdict) {
	case DOOR_REFUSE:
		return tell(c, "550 5.7.1 ", a.text);
	case DOOR_GREYLIST:
		return tell(c, "450 4.7.1 ", a.text);
	case DOOR_TAG:
		if (!s->header[0])
			memcpy(s->header, a.text, a.len + 1);
		break;
	case DOOR_PASS:
	case DOOR_VERDICT_N:
		break;
	}
	return say(c, MILTER_CONTINUE);
}

/* --- the message ---------------------------------------------------------------------------------------- */

static int on_header(struct call *c)
{
	static const char ours[] = DOOR_HEADER;
	const char *name = (const char *)c->body.p;

	_Static_assert(sizeof(ours) < PACKET_HEAD, "it must be seen whole");
	if (c->s->foreign && c->body.end - c->body.p >= (ptrdiff_t)sizeof(ours) &&
	    strncasecmp(name, ours, sizeof(ours)) == 0)
		c->s->forged++;
	return c->s->steps & MILTER_MUTE_HEADER ? 1 : say(c, MILTER_CONTINUE);
}

static void change_headers(struct call *c)
{
	struct session *s = c->s;
	unsigned n = s->forged;

	porter_forged(c->porter, n);
	if ((n && !(s->actions & MILTER_CHANGES_HEADERS)) ||
	    (s->header[0] && !(s->actions & MILTER_ADDS_HEADERS)))
		porter_fault(c->porter);
	for (; n && s->actions & MILTER_CHANGES_HEADERS;
	     n--) /* from the last one on: the others keep their number */
		reply_header(&c->reply, MILTER_CHANGE_HEADER, n, DOOR_HEADER, SPAN(""));
	if (s->header[0] && s->actions & MILTER_ADDS_HEADERS)
		reply_header(&c->reply, MILTER_INSERT_HEADER, 0, DOOR_HEADER, span_str(s->header));
}

static int on_end(struct call *c)
{
	bool too_many = c->s->forged > SESSION_FORGED_MAX;

	if (!too_many)
		change_headers(c);
	mail_begin(c->s);
	return too_many ? tell(c, "550 5.7.1 ", "Too many headers named " DOOR_HEADER)
			: say(c, MILTER_CONTINUE);
}

static int on_abort(struct call *c)
{
	mail_begin(c->s);
	macros_forget(&c->s->macros, MACROS_MAIL);
	return 1;
}

static int on_unwanted(struct call *c)
{
	return say(c, MILTER_CONTINUE);
}

/* --- packets -------------------------------------------------------------------------------------------- */

static const struct {
	char what;
	bool early; /* before anything is agreed upon */
	int (*on)(struct call *c);
} commands[] = {
	{ MILTER_OPTIONS, true, on_options },
	{ MILTER_MACRO, false, on_macros },
	{ MILTER_CONNECT, false, on_connect },
	{ MILTER_HELO, false, on_unwanted },
	{ MILTER_MAIL, false, on_mail },
	{ MILTER_RCPT, false, on_recipient },
	{ MILTER_DATA, false, on_unwanted },
	{ MILTER_HEADER, false, on_header },
	{ MILTER_HEADERS_END, false, on_unwanted },
	{ MILTER_BODY, false, on_unwanted },
	{ MILTER_BODY_END, false, on_end },
	{ MILTER_ABORT, false, on_abort },
	{ MILTER_UNKNOWN, false, on_unwanted },
	{ MILTER_QUIT_NC, false, on_next },
	{ MILTER_QUIT, true, on_quit },
};

static int obey(char what, struct call *c, struct err *e)
{
	for (unsigned i = 0; i < NELEM(commands); i++) {
		int r = -EBADMSG;

		if (commands[i].what != what)
			continue;
		if (c->s->agreed || commands[i].early)
			r = commands[i].on(c);
		return r < 0 ? err_set(e, r, "a packet '%c' that is out of place or cut", what) : r;
	}
	return err_set(e, -EBADMSG, "a packet '%c'", what); /* of none that packet_take lets by */
}

int session_take(
    struct session *s, struct porter *p, struct span *in, char *to, size_t *len, struct err *e)
{
	struct call c = { .s = s, .porter = p, .reply = { .to = to, .max = SESSION_ANSWER_MAX } };
	struct packet packet;
	size_t n = MIN_OF(s->unread, span_len(*in));
	int r;

	if (n) {
		in->p += n;
		s->unread -= (uint32_t)n;
		return 1;
	}
	r = packet_take(in, &packet, e);
	if (r <= 0)
		return r;
	c.body = packet.body;
	s->unread = packet.unread;
	r = obey(packet.what, &c, e);
	*len = c.reply.len;
	return r;
}
