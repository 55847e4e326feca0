/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of Postfix's policy delegation protocol: where they end, what is taken, what is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "prog/policy/request.h"

#define HEAD "request=smtpd_access_policy\n"

static const char whole[] = HEAD
    "protocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.1\nclient_name=m.example."
    "org\n"
    "client_port=40000\nreverse_client_name=m.example.org\nserver_address=198.51.100.1\n"
    "server_port=25\nhelo_name=m.example.org\nsender=a=b@example.org\nrecipient=b@example.net\n"
    "recipient_count=0\nqueue_id=\ninstance=7b.5c66d6a1.8f1b3.0\nsize=0\netrn_domain=\nstress=\n"
    "sasl_method=\nsasl_username=joe\nsasl_sender=\nccert_subject=m+2Eexample\nccert_issuer=x\n"
    "ccert_fingerprint=00:11\nccert_pubkey_fingerprint=22:33\nencryption_protocol=TLSv1.3\n"
    "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n"
    "compatibility_level=3.12\nmail_version=3.12.0\nof_a_later_version=1\n\n";

static void test_whole(void **state)
{
	struct span rest = span_str(whole);
	struct policy_request q;
	struct err e;

	assert_int_equal(request_take(&rest, &q, &e), 1);
	assert_true(span_empty(rest));
	assert_true(span_is(q.client_address, "192.0.2.1"));
	assert_true(span_is(q.sender, "a=b@example.org"));
	assert_true(span_is(q.recipient, "b@example.net"));
	assert_true(span_is(q.instance, "7b.5c66d6a1.8f1b3.0"));
	assert_true(span_is(q.sasl_username, "joe"));
	assert_true(span_is(q.ccert_subject, "m+2Eexample"));
}

/* Cut anywhere it has no end, and with whatever follows it ends where it ends. */
static void test_length(void **state)
{
	size_t n = sizeof(whole) - 1;
	struct policy_request q;
	struct err e;

	for (size_t i = 0; i <= 2 * n; i++) {
		char *exact = malloc(i + 1); /* not a byte more is read */
		struct span rest = span_of(exact + 1, i);

		assert_non_null(exact);
		memcpy(exact + 1, whole, MIN_OF(i, n));
		if (i > n)
			memcpy(exact + 1 + n, whole, i - n);
		assert_int_equal(request_take(&rest, &q, &e), i >= n);
		assert_int_equal(span_len(rest), i >= n ? i - n : i);
		free(exact);
	}
}

static const struct {
	const char *label;
	struct span text;
	int want;
} cases[] = {
	{ "the least", SPAN(HEAD "\n"), 1 },
	{ "an empty value", SPAN(HEAD "sender=\n\n"), 1 },
	{ "the last of two", SPAN("request=x\n" HEAD "\n"), 1 },
	{ "bytes above ASCII", SPAN(HEAD "sender=\xff\xfe@example.org\n\n"), 1 },
	{ "not yet", SPAN(HEAD "sender=a@example.org"), 0 },
	{ "none already", SPAN(HEAD "sender\nrec"), -EBADMSG },
	{ "nothing", SPAN("\n"), -EBADMSG },
	{ "no request", SPAN("client_address=192.0.2.1\n\n"), -EBADMSG },
	{ "another request", SPAN("request=smtpd_other\n\n"), -EBADMSG },
	{ "no equals sign", SPAN(HEAD "sender\n\n"), -EBADMSG },
	{ "no name", SPAN(HEAD "=a@example.org\n\n"), -EBADMSG },
	{ "a NUL", SPAN(HEAD "sender=a\0b\n\n"), -EBADMSG },
	{ "HTTP", SPAN("GET / HTTP/1.1\r\nHost: localhost\r\n\n\n"), -EBADMSG },
};

static void test_parse(void **state)
{
	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct policy_request q;
		struct span rest = cases[i].text;
		struct err e = { "" };
		int r = request_take(&rest, &q, &e);

		if (r != cases[i].want || (r < 0) == (e.text[0] == '\0'))
			fail_msg("%s: %d %s", cases[i].label, r, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
