/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Received lines. Up to the first NUL the bytes are a HELO, then an ident, which mailers that let everything through
 * write into their lines: none of these lines may name anybody but the client. And the bytes are a message: what is
 * found stands in it, and is an address of the open Internet. */
#include "fuzz.h"

#include <assert.h>

#include "intake/received.h"
#include "util/buf.h"

#define CLIENT "[1.2.3.4]"
#define DATE   "; Fri, 27 Nov 2026 01:02:03 +0100 (CET)"

/* %: the HELO, or what is quoted in the envelope; #: the ident */
static const char *const mailers[] = {
	"from % (r.example " CLIENT ") by mx (Postfix) with ESMTP id 4 for <u@x>" DATE,
	"from % (r.example " CLIENT ");\n\tby mx (OpenSMTPD) with ESMTP id 1e;\n\tfor <u@x>" DATE,
	"from % (r.example " CLIENT ") by mx (OpenSMTPD) with ESMTP id 1e for <u@x>" DATE,
	"from % (" CLIENT ") by mx (8.17.1/8.17.1) with ESMTP id 4" DATE,
	"from % (#@r.example " CLIENT
	" (may be forged)) by mx (8.17.1/8.17.1) with ESMTP id 4" DATE,
	"from % (#@" CLIENT ") by mx (8.17.1/8.17.1) with ESMTP id 4" DATE,
	"from r.example (" CLIENT " helo=%) by mx with esmtp (Exim 4.96) id 1" DATE,
	"from r.example (" CLIENT " helo=% ident=#) by mx with esmtp (Exim 4.96) id 1" DATE,
	"from " CLIENT " (port=1 helo=%) by mx with esmtp (Exim 4.96) id 1" DATE,
	"from unknown (HELO %) (1.2.3.4) by mx with SMTP" DATE,
	"from unknown (HELO %) (#@1.2.3.4) by mx with SMTP" DATE,
	"from r (HELO %) (" CLIENT ") by mx with ESMTP" DATE,
	"from % (1.2.3.4) by mx (10.1.2.3) with Microsoft SMTP Server id 15.1" DATE,
	"from % (" CLIENT ") by mx ([5.6.7.8]) with MDaemon via TCP with ESMTP id 7" DATE,
	"from " CLIENT " (HELO %) by mx (CommuniGate Pro SMTP 4.0) with ESMTP id 7" DATE,
	"from h (r.example " CLIENT ") by mx (Postfix) with ESMTP id 4 for <\"%\"@x>" DATE,
	"from h (r.example " CLIENT ") by mx with SMTP for <\"%\"@x>" DATE,
	"from h (r.example " CLIENT ") by mx for <\"%\"@x>" DATE,
	"from r (" CLIENT " helo=h) by mx with esmtp (Exim 4) (envelope-from <%>) id 1 for #" DATE,
	"from h (r.example " CLIENT ") by mx with SMTP (envelope-sender <%>)" DATE,
	"from h by mx id 7 for <\"%\"@x>" DATE,
};

static void write_line(const char *mailer, struct span helo, struct span ident, struct buf *out)
{
	buf_reset(out);
	for (const char *p = mailer; *p; p++) {
		if (*p == '%')
			buf_span(out, helo);
		else if (*p == '#')
			buf_span(out, ident);
		else
			buf_byte(out, *p);
	}
}

static void check_framing(struct span in)
{
	CLEANUP(buf_done) struct buf line;
	struct addr client = addr_of_v4(0x01020304);
	struct span helo, ident = in;

	(void)span_cut(&ident, '\0', &helo);
	buf_init(&line, 4u << 20);
	for (size_t i = 0; i < NELEM(mailers); i++) {
		struct addr a;
		enum received is;

		write_line(mailers[i], helo, ident, &line);
		if (!buf_ok(&line))
			return;
		is = received_client(buf_text(&line), &a);
		assert(is == RECEIVED_UNREADABLE || (is == RECEIVED_CLIENT && addr_eq(a, client)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrset none = { .v = NULL };
	struct span in = span_of((const char *)data, size);
	struct relay r = received_relay(in, &none);
	int64_t time_s;

	assert(r.state < RELAY_N && relay_state_name(r.state) && r.line <= RECEIVED_LINES_MAX);
	assert((r.state == RELAY_NO_LINES) == (r.line == 0) || r.state == RELAY_TOO_LONG);
	if (r.line)
		assert(r.field.p >= in.p && r.field.end <= in.end);
	if (r.state == RELAY_FOUND)
		assert(!addr_special(r.client));
	if (received_time(in, &time_s))
		assert(time_s > -INT64_C(2300000000) && time_s < INT64_C(254000000000));
	check_framing(in);
	return 0;
}
