/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailboxes by their looks, and by what DNS answers: messages are made by hand here, byte by byte. */
#include <arpa/nameser.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "holders/enrich/mx.h"
#include "util/buf.h"

static void looks(void **state)
{
	static const struct {
		const char *label, *mail, *domain; /* NULL: no mailbox */
	} cases[] = {
		{ "plain", "abuse@example.net", "example.net" },
		{ "capitals", "Abuse@Example.NET", "example.net" },
		{ "all that an atom may hold", "a!#$%&'*+-/=?^_`{|}~z@example.net", "example.net" },
		{ "other letters", "abuse@bücher.example", "xn--bcher-kva.example" },
		{ "64 before the at",
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg@a.b", "a.b" },
		{ "65 before the at",
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg@a.b", NULL },
		{ "nothing", "", NULL },
		{ "no at", "abuse.example.net", NULL },
		{ "nobody", "@example.net", NULL },
		{ "nowhere", "abuse@", NULL },
		{ "two ats", "a@b@example.net", NULL },
		{ "a dot first", ".a@example.net", NULL },
		{ "a dot last", "a.@example.net", NULL },
		{ "two dots", "a..b@example.net", NULL },
		{ "a blank", "a b@example.net", NULL },
		{ "a comma", "a,b@example.net", NULL },
		{ "letters beyond ASCII before the at", "bücher@example.net", NULL },
		{ "within the own network", "abuse@localhost", NULL },
		{ "an address", "abuse@192.0.2.1", NULL },
		{ "a literal", "abuse@[192.0.2.1]", NULL },
		{ "an underscore", "abuse@a_b.net", NULL },
		{ "a dot at the end", "abuse@example.net.", NULL },
	};
	char got[IDN_NAME_MAX + 1];

	for (size_t i = 0; i < NELEM(cases); i++) {
		bool ok = mailbox_domain(span_str(cases[i].mail), got);

		if (ok != (cases[i].domain != NULL) || (ok && strcmp(got, cases[i].domain) != 0))
			fail_msg("%s", cases[i].label);
	}
}

static void words(void **state)
{
	enum mailbox_state s = MAILBOX_OK;

	for (unsigned i = 0; i < MAILBOX_STATE_N; i++) {
		assert_true(mailbox_parse(span_str(mailbox_key((enum mailbox_state)i)), &s));
		assert_int_equal(s, i);
		assert_int_equal(
		    mailbox_dead(s), mailbox_word(s) && strcmp(mailbox_word(s), "dead") == 0);
		assert_int_equal(mailbox_reason(s) != NULL, s > MAILBOX_OK);
	}
	assert_false(mailbox_parse(SPAN("dead"), &s));
}

/* --- messages ----------------------------------------------------------------------------------------- */

static void be16(struct buf *b, unsigned v)
{
	buf_byte(b, (char)(v >> 8));
	buf_byte(b, (char)v);
}

static void name(struct buf *b, const char *text)
{
	struct span rest = span_str(text), label;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, '.', &label);
		buf_byte(b, (char)span_len(label));
		buf_span(b, label);
	}
	buf_byte(b, 0);
}

/* A head and the question "a.example TYPE". */
static void begin(struct buf *b, unsigned rcode, unsigned answers)
{
	be16(b, 1);
	be16(b, 0x8180 | rcode);
	be16(b, 1);
	be16(b, answers);
	be16(b, 0);
	be16(b, 0);
	name(b, "a.example");
	be16(b, ns_t_mx);
	be16(b, 1);
}

static void rr(struct buf *b, unsigned type, const void *data, size_t n)
{
	be16(b, 0xc00c);
	be16(b, type);
	be16(b, 1);
	be16(b, 0);
	be16(b, 300);
	be16(b, (unsigned)n);
	buf_put(b, data, n);
}

static void mx(struct buf *b, unsigned preference, const char *host)
{
	CLEANUP(buf_done) struct buf data;

	buf_init(&data, 512);
	be16(&data, preference);
	name(&data, host);
	rr(b, ns_t_mx, data.p, data.len);
}

static void mx_answers(void **state)
{
	char host[MX_HOSTS_MAX][IDN_NAME_MAX + 1];
	CLEANUP(buf_done) struct buf b;
	unsigned n = 9;

	buf_init(&b, 8192);
	assert_int_equal(mx_read(NULL, 0, host, &n), MX_UNSURE);
	begin(&b, ns_r_nxdomain, 0);
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_NO_NAME);
	buf_reset(&b);
	begin(&b, ns_r_servfail, 0);
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_UNSURE);
	buf_reset(&b);
	begin(&b, 0, 0);
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_NONE);
	b.p[2] = 1; /* a question, not an answer */
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_UNSURE);
	buf_reset(&b);
	begin(&b, 0, 1);
	mx(&b, 0, "");
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_NULL);
	buf_reset(&b);
	begin(&b, 0, 3);
	mx(&b, 20, "Two.Example");
	mx(&b, 10, "one.example");
	mx(&b, 10, "also.example");
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_HOSTS);
	assert_int_equal(n, 3);
	assert_string_equal(host[0], "one.example");
	assert_string_equal(host[1], "also.example");
	assert_string_equal(host[2], "two.example");
	for (size_t cut = 0; cut < b.len; cut++) /* whatever is missing */
		assert_int_equal(mx_read((void *)b.p, cut, host, &n), MX_UNSURE);
	buf_reset(&b);
	begin(&b, 0, 40);
	for (unsigned i = 40; i > 0; i--)
		mx(&b, i, i == 1 ? "best.example" : "x.example");
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_HOSTS);
	assert_int_equal(n, MX_HOSTS_MAX);
	assert_string_equal(host[0], "best.example");
	buf_reset(&b);
	begin(&b, 0, 1);
	mx(&b, 10, "no_host.example"); /* nothing that can be asked about */
	assert_int_equal(mx_read((void *)b.p, b.len, host, &n), MX_HOSTS);
	assert_int_equal(n, 0);
}

static void addresses(void **state)
{
	static const struct {
		const char *label;
		unsigned type;
		const char *data;
		size_t n;
		enum mx_found want;
	} cases[] = {
		{ "A", ns_t_a, "\x08\x08\x08\x08", 4, MX_HOSTS },
		{ "loopback", ns_t_a, "\x7f\0\0\1", 4, MX_NONE },
		{ "private", ns_t_a, "\x0a\0\0\1", 4, MX_NONE },
		{ "nothing", ns_t_a, "\0\0\0\0", 4, MX_NONE },
		{ "short", ns_t_a, "\x08\x08\x08", 3, MX_NONE },
		{ "AAAA", ns_t_aaaa, "\x2a\0\x14\x50\x40\x01\x08\x30\0\0\0\0\0\0\x20\x0e", 16,
		    MX_HOSTS },
		{ "link-local", ns_t_aaaa, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16, MX_NONE },
		{ "another type", ns_t_txt,
		    "\x03"
		    "abc",
		    4, MX_NONE },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		CLEANUP(buf_done) struct buf b;

		buf_init(&b, 512);
		begin(&b, 0, 1);
		rr(&b, cases[i].type, cases[i].data, cases[i].n);
		if (dns_address((void *)b.p, b.len) != cases[i].want)
			fail_msg("%s", cases[i].label);
	}
}

/* --- the whole question ------------------------------------------------------------------------------- */

/* struct zone - what a name server says, a line a case: "name TYPE what" */
struct zone {
	const char *mx, *host; /* of a.example; NULL: nothing. "nx", "null", "fail", or a name */
	const char *address;   /* of whatever host: 4 bytes, "nx" or "fail" */
	unsigned asked;
};

static size_t answer(void *ctx, const char *asked, int type, uint8_t *to, size_t room)
{
	struct zone *z = ctx;
	const char *what = type == ns_t_mx ? z->mx : z->address;
	CLEANUP(buf_done) struct buf b;

	(void)asked;
	z->asked++;
	buf_init(&b, room);
	if (what && strcmp(what, "fail") == 0)
		return 0;
	begin(&b, what && strcmp(what, "nx") == 0 ? ns_r_nxdomain : 0,
	    what && strcmp(what, "nx") != 0 && (type != ns_t_aaaa));
	if (what && strcmp(what, "nx") != 0) {
		if (type == ns_t_mx)
			mx(&b, 0, strcmp(what, "null") == 0 ? "" : what);
		else if (type == ns_t_a)
			rr(&b, ns_t_a, what, 4);
	}
	memcpy(to, b.p, b.len);
	return b.len;
}

static void checks(void **state)
{
	static const struct {
		const char *label, *mail;
		struct zone zone;
		enum mailbox_state want;
		unsigned asked;
	} cases[] = {
		{ "no mailbox", "abuse@localhost", { .mx = "fail" }, MAILBOX_SYNTAX, 0 },
		{ "a host", "a@a.example", { .mx = "h.example", .address = "\x08\x08\x08\x08" },
		    MAILBOX_OK, 2 },
		{ "no domain", "a@a.example", { .mx = "nx" }, MAILBOX_NO_DOMAIN, 1 },
		{ "silence", "a@a.example", { .mx = "fail" }, MAILBOX_UNSURE, 1 },
		{ "no mail", "a@a.example", { .mx = "null" }, MAILBOX_NULL_MX, 1 },
		{ "no MX, but an address", "a@a.example", { .address = "\x08\x08\x08\x08" },
		    MAILBOX_OK, 2 },
		{ "nothing at all", "a@a.example", { .mx = NULL }, MAILBOX_NO_HOST, 3 },
		{ "no MX, and silence", "a@a.example", { .address = "fail" }, MAILBOX_UNSURE, 3 },
		{ "a host that is none", "a@a.example", { .mx = "h.example", .address = "nx" },
		    MAILBOX_NOWHERE, 2 },
		{ "a host without address", "a@a.example", { .mx = "h.example" }, MAILBOX_NOWHERE,
		    3 },
		{ "a host that is nowhere", "a@a.example",
		    { .mx = "h.example", .address = "\x7f\0\0\1" }, MAILBOX_NOWHERE, 3 },
		{ "a host of which nobody answers", "a@a.example",
		    { .mx = "h.example", .address = "fail" }, MAILBOX_UNSURE, 3 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct zone z = cases[i].zone;
		enum mailbox_state got = mailbox_check(span_str(cases[i].mail), answer, &z);

		if (got != cases[i].want || z.asked != cases[i].asked)
			fail_msg("%s: %s, asked %u", cases[i].label, mailbox_key(got), z.asked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks),
		cmocka_unit_test(words),
		cmocka_unit_test(mx_answers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
