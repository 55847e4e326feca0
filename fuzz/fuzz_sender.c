/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sends a message. Whatever a sender writes below what one's own receiver found is not believed; and what he has it
 * write of his envelope, in quotes, is not, either. The bytes are a message, then a From. */
#include "fuzz.h"

#include <assert.h>

#include "intake/sender.h"
#include "util/buf.h"

#define TAKEN                                                                                      \
	"Received: from m (m [9.9.9.9]) by mx.example.com (Postfix) with ESMTP id 4; Thu, 27 Nov " \
	"2025 12:00:00 +0100\r\nAuthentication-Results: mx.example.com; dkim=none\r\nX: y\r\n"

static const struct addrset none = { .v = NULL };
static const struct sender_options options = { .reporters = SPAN("example.net, a@example.org"),
	.authserv = SPAN("mx.example.com"),
	.trusted = &none };

static void check_below(struct span in)
{
	CLEANUP(buf_done) struct buf mail;
	struct sender s;

	buf_init(&mail, 8u << 20);
	buf_str(&mail, TAKEN);
	buf_span(&mail, in);
	if (!buf_ok(&mail))
		return;
	sender_check(buf_text(&mail), &options, &s);
	assert(s.state != SENDER_VERIFIED);
}

static void check_quoted(struct span in)
{
	CLEANUP(buf_done) struct buf results;

	buf_init(&results, 8u << 20);
	buf_str(&results, "mx.example.com; spf=pass smtp.mailfrom=\"");
	for (const char *p = in.p; p < in.end; p++) {
		if (*p == '"' || *p == '\\')
			buf_byte(&results, '\\');
		buf_byte(&results, *p);
	}
	buf_str(&results, "\"@evil.example (\"; dkim=pass header.d=example.net\"); dkim=none");
	assert(!buf_ok(&results) || !sender_results_pass(buf_text(&results), SPAN("example.net")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of((const char *)data, size);
	char mailbox[SENDER_MAILBOX_MAX + 1];
	struct sender s;

	sender_check(in, &options, &s);
	assert(s.state < SENDER_N && *sender_state_text(s.state));
	assert((s.state == SENDER_NOBODY) == (*s.domain == '\0'));
	for (const char *p = s.domain; *p; p++)
		assert((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '.' ||
		       *p == '-' || *p == '_');
	if (sender_mailbox(in, mailbox))
		assert(strlen(mailbox) >= 3 && strlen(mailbox) <= size && strchr(mailbox, '@'));
	check_below(in);
	check_quoted(in);
	return 0;
}
