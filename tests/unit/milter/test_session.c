/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions, packet by packet: what each is answered. In place of the porter stand the functions below: a recipient's first
 * letter says how he is judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "prog/milter/session.h"

struct seen {
	int inside, most, faults;
	unsigned forged;
	char sender[64], recipient[64];
	bool authenticated, verified;
	struct addr client;
};
static struct seen seen;

bool porter_admit(struct porter *p)
{
	return seen.inside < seen.most && ++seen.inside;
}

void porter_leave(struct porter *p)
{
	seen.inside--;
}

void porter_fault(struct porter *p)
{
	seen.faults++;
}

void porter_forged(struct porter *p, unsigned n)
{
	seen.forged += n;
}

void porter_judge(struct porter *p, struct addr addr, const struct door_mail *m,
    struct door_answer *ret, bool *spared)
{
	static const char letters[] = "ptgr";
	const char *at = span_empty(m->recipient) ? NULL : strchr(letters, *m->recipient.p);

	(void)snprintf(seen.sender, sizeof(seen.sender), "%.*s", SPAN_ARG(m->sender));
	(void)snprintf(seen.recipient, sizeof(seen.recipient), "%.*s", SPAN_ARG(m->recipient));
	seen.authenticated = m->authenticated;
	seen.verified = m->verified;
	seen.client = addr;
	*spared = addr_eq(addr, addr_of_v4(0x0a000001));
	*ret =
	    (struct door_answer){ .verdict = at ? (enum door_verdict)(at - letters) : DOOR_PASS };
	if (ret->verdict != DOOR_PASS) {
		memcpy(ret->text, "100% of", 8);
		ret->len = 7;
	}
}

#define P(lit)	    lit, sizeof(lit) - 1
#define OPT6	    P("O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")
#define OPT2	    P("O\0\0\0\2\0\0\0\x3f\0\0\0\x3f")
#define OPT_NOTHING P("O\0\0\0\2\0\0\0\0\0\0\0\0")
#define AGREED6	    P("\0\0\0\x3bO\0\0\0\6\0\0\1\x11\0\0\x43\xd2\0\0\0\2" MACROS_WANTED "\0")
#define AGREED2	    P("\0\0\0\15O\0\0\0\2\0\0\0\x11\0\0\0\x12")
#define AGREED_NONE P("\0\0\0\15O\0\0\0\2\0\0\0\0\0\0\0\0")
#define CLIENT                                                                                     \
	P("Cx\0004\0\x19"                                                                          \
	  "192.0.2.1\0")
#define GOES_ON	  P("\0\0\0\1c")
#define LETS_PASS P("\0\0\0\1a")
#define SILENT	  P("")
#define MAIL	  P("M<a@b>\0SIZE=1\0")
#define PASS	  P("R<p@b>\0NOTIFY=NEVER\0")
#define TAG	  P("Rt@b\0")
#define REFUSED	  P("\0\0\0\24y550 5.7.1 100%% of\0")
#define PUT_OFF	  P("\0\0\0\24y450 4.7.1 100%% of\0")
#define TAGGED                                                                                     \
	P("\0\0\0\x1bi\0\0\0\0X-Onus-Client\0"                                                     \
	  "100% of\0"                                                                              \
	  "\0\0\0\1c")
#define FORGED	 P("Lx-onus-CLIENT\0 f\0")
#define TAKEN(n) "\0\0\0\x14m\0\0\0" n "X-Onus-Client\0\0"
#define END	 P("E")

struct step {
	const char *in;
	size_t in_n;
	const char *out; /* NULL: malformed */
	size_t out_n;
};
#define BAD	  NULL, 0
#define STEPS_MAX 12

static const struct {
	const char *label;
	struct step steps[STEPS_MAX];
} talks[] = {
	{ "Postfix", { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { MAIL, SILENT }, { PASS, GOES_ON },
			 { P("Rrefused\0"), REFUSED }, { P("R<grey>\0"), PUT_OFF },
			 { TAG, GOES_ON }, { P("LSubject\0x\0"), SILENT }, { END, TAGGED },
			 { MAIL, SILENT }, { PASS, GOES_ON }, { END, GOES_ON } } },
	{ "an old mail server", { { OPT2, AGREED2 }, { CLIENT, GOES_ON }, { P("Hx\0"), GOES_ON },
				    { MAIL, GOES_ON }, { TAG, GOES_ON }, { P("T"), GOES_ON },
				    { FORGED, GOES_ON }, { P("N"), GOES_ON }, { P("Bx"), GOES_ON },
				    { END, P(TAKEN("\1") "\0\0\0\x1bi\0\0\0\0X-Onus-Client\0"
							 "100% of\0"
							 "\0\0\0\1c") },
				    { P("Ux\0"), GOES_ON } } },
	{ "it lets nothing be changed",
	    { { OPT_NOTHING, AGREED_NONE }, { CLIENT, GOES_ON }, { MAIL, GOES_ON },
		{ TAG, GOES_ON }, { FORGED, GOES_ON }, { END, GOES_ON } } },
	{ "forged headers",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { MAIL, SILENT }, { PASS, GOES_ON },
		{ FORGED, SILENT }, { P("LX-Onus-Client2\0f\0"), SILENT },
		{ P("LX-Onus-Clien\0f\0"), SILENT }, { P("LX-Onus-Client"), SILENT },
		{ FORGED, SILENT }, { END, P(TAKEN("\2") TAKEN("\1") "\0\0\0\1c") } } },
	{ "of a client that is spared",
	    { { OPT6, AGREED6 },
		{ P("Cx\0004\0\x19"
		    "10.0.0.1\0"),
		    GOES_ON },
		{ MAIL, SILENT }, { TAG, GOES_ON }, { FORGED, SILENT }, { END, TAGGED } } },
	{ "of one that has logged in",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { P("DM{auth_authen}\0joe\0"), SILENT },
		{ MAIL, SILENT }, { PASS, GOES_ON }, { FORGED, SILENT }, { END, GOES_ON },
		{ MAIL, SILENT }, { PASS, GOES_ON }, { FORGED, SILENT },
		{ END, P(TAKEN("\1") "\0\0\0\1c") } } },
	{ "what is aborted is forgotten",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { MAIL, SILENT }, { TAG, GOES_ON },
		{ FORGED, SILENT }, { P("A"), SILENT }, { MAIL, SILENT }, { PASS, GOES_ON },
		{ END, GOES_ON } } },
	{ "one client after another",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { MAIL, SILENT }, { P("K"), SILENT },
		{ CLIENT, GOES_ON }, { CLIENT, GOES_ON }, { P("Cx\0U"), LETS_PASS },
		{ MAIL, SILENT }, { P("Rrefused\0"), LETS_PASS } } },
	{ "clients without an address", { { OPT6, AGREED6 }, { P("Cx\0L\0\0/run/x\0"), LETS_PASS },
					    { P("Cx\0004\0\0nonsense\0"), LETS_PASS },
					    { P("Cx\0006\0\0fe80::1%lo\0"), LETS_PASS },
					    { P("Cx\0006\0\0IPv6:2001:db8::1\0"), GOES_ON } } },
	{ "nothing in order", { { OPT6, AGREED6 }, { P("Rrefused\0"), LETS_PASS }, { END, GOES_ON },
				  { P("A"), SILENT }, { P("K"), SILENT }, { CLIENT, GOES_ON },
				  { P("Rrefused\0"), REFUSED } } },
	{ "mail before options", { { MAIL, BAD } } },
	{ "options twice", { { OPT6, AGREED6 }, { OPT6, BAD } } },
	{ "version 0", { { P("O\0\0\0\0\0\0\0\0\0\0\0\0"), BAD } } },
	{ "a client that is cut", { { OPT6, AGREED6 }, { P("Cx\0004\0"), BAD } } },
	{ "an address without an end", { { OPT6, AGREED6 }, { P("Cx\0004\0\x19"
								"192.0.2.1"),
								BAD } } },
	{ "a name without an end", { { OPT6, AGREED6 }, { P("Cxy"), BAD } } },
	{ "a sender without an end",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { P("M<a>"), BAD } } },
	{ "a recipient without one",
	    { { OPT6, AGREED6 }, { CLIENT, GOES_ON }, { P("R<a>"), BAD } } },
	{ "macros without one", { { OPT6, AGREED6 }, { P("DMi\0001"), BAD } } },
};

/* One packet, with its length before it: what it is answered; negative: it is malformed. */
static int send_it(struct session *s, const char *p, size_t n, char *out, size_t *len)
{
	char packet[256] = { 0 };
	struct span in = span_of(packet, 4 + n);
	struct err e = { "" };
	int r;

	assert_true(n < sizeof(packet) - 4);
	packet[3] = (char)n;
	memcpy(packet + 4, p, n);
	*len = 0;
	r = session_take(s, NULL, &in, out, len, &e);
	if (r > 0)
		assert_true(span_empty(in));
	return r;
}

static void test_talks(void **state)
{
	char out[SESSION_ANSWER_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < NELEM(talks); i++) {
		struct session s = { .agreed = false };

		seen = (struct seen){ .most = 1 };
		for (unsigned k = 0; k < STEPS_MAX && talks[i].steps[k].in; k++) {
			const struct step *t = &talks[i].steps[k];
			int r = send_it(&s, t->in, t->in_n, out, &len);

			if (r != (t->out ? 1 : -EBADMSG) || len != t->out_n ||
			    memcmp(out, t->out ? t->out : "", len) != 0)
				fail_msg(
				    "%s: step %u: %d, %zu bytes", talks[i].label, k + 1, r, len);
		}
		session_end(&s, NULL);
		assert_int_equal(seen.inside, 0);
	}
}

static void say(struct session *s, const char *p, size_t n)
{
	char out[SESSION_ANSWER_MAX];
	size_t len;

	assert_int_equal(send_it(s, p, n, out, &len), 1);
}

static void test_what_is_judged(void **state)
{
	struct session s = { .agreed = false };

	(void)state;
	seen = (struct seen){ .most = 1 };
	say(&s, OPT6);
	say(&s, P("DCv\0Postfix 3.7\0"));
	say(&s, P("Cx\0006\0\x19"
		  "IPv6:2001:db8::1\0"));
	say(&s, P("DM{cert_subject}\0x\0"));
	assert_false(session_in_mail(&s));
	say(&s, P("M <a@b> \0"));
	assert_true(session_in_mail(&s));
	say(&s, P("R<c@d>\0"));
	assert_true(session_in_mail(&s));
	assert_string_equal(seen.sender, "a@b");
	assert_string_equal(seen.recipient, "c@d");
	assert_true(seen.verified && !seen.authenticated);
	assert_int_equal(seen.client.hi >> 56, 0x20);
	say(&s, P("M<>\0"));
	say(&s, P("R<\0"));
	assert_string_equal(seen.sender, "");
	assert_string_equal(seen.recipient, "<");
	assert_false(seen.verified);
	say(&s, END);
	assert_false(session_in_mail(&s));
	say(&s, P("M<>\0"));
	assert_true(session_in_mail(&s));
	say(&s, P("A"));
	assert_false(session_in_mail(&s));
	session_end(&s, NULL);
}

static void test_too_many(void **state)
{
	struct session s = { .agreed = false };
	char out[SESSION_ANSWER_MAX];
	size_t len;

	(void)state;
	seen = (struct seen){ .most = 0 };
	say(&s, OPT6);
	assert_int_equal(send_it(&s, CLIENT, out, &len), 1);
	assert_memory_equal(out, "\0\0\0\1a", 5);
	seen.most = 1;
	say(&s, CLIENT);
	for (unsigned n = SESSION_FORGED_MAX; n <= SESSION_FORGED_MAX + 1; n++) {
		say(&s, MAIL);
		say(&s, TAG);
		for (unsigned i = 0; i < n; i++)
			say(&s, FORGED);
		assert_int_equal(send_it(&s, END, out, &len), 1);
		if (n == SESSION_FORGED_MAX)
			assert_int_equal(len, n * 24 + 31 + 5);
		else
			assert_memory_equal(out + 4, "y550 5.7.1 Too many", 19);
	}
	assert_int_equal(seen.forged, SESSION_FORGED_MAX);
	assert_int_equal(send_it(&s, P("Q"), out, &len), SESSION_QUIT);
	assert_int_equal(seen.inside, 0);
	session_end(&s, NULL);
}

/* A header of more bytes than are kept is passed over as it comes. */
static void test_long_header(void **state)
{
	static char header[4 + 100000];
	struct session s = { .agreed = false };
	struct span in = span_of(header, sizeof(header) / 2);
	char out[SESSION_ANSWER_MAX];
	struct err e = { "" };
	size_t len = 0;

	(void)state;
	seen = (struct seen){ .most = 1 };
	say(&s, OPT6);
	say(&s, CLIENT);
	say(&s, MAIL);
	say(&s, PASS);
	memcpy(header,
	    "\0\1\x86\xa0"
	    "LX-Onus-Client",
	    18);
	assert_int_equal(session_take(&s, NULL, &in, out, &len, &e), 1);
	assert_int_equal(session_take(&s, NULL, &in, out, &len, &e), 1);
	assert_true(span_empty(in));
	assert_int_equal(session_take(&s, NULL, &in, out, &len, &e), 0);
	in = span_of(header, sizeof(header) - sizeof(header) / 2);
	assert_int_equal(session_take(&s, NULL, &in, out, &len, &e), 1);
	assert_true(span_empty(in));
	assert_int_equal(s.forged, 1);
	say(&s, P("A"));
	session_end(&s, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_talks),
		cmocka_unit_test(test_what_is_judged), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_long_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
