/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a question to onus-dnsbl, over UDP and over TCP. Whatever is answered is one whole message of DNS, no longer
 * than who asks takes, and repeats the question. */
#include "fuzz.h"

#include "prog/dnsbl/answer.h"

#define NEED(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

static void skip_name(struct rd *r)
{
	for (;;) {
		uint8_t len = rd_u8(r);

		if (r->bad || len == 0)
			return;
		if (len >= 0xc0) {
			NEED(((unsigned)(len & 0x3f) << 8 | rd_u8(r)) >= DNS_HEADER_BYTES);
			return;
		}
		(void)rd_take(r, len);
	}
}

static void check(const uint8_t *p, size_t n, const uint8_t *query, size_t max)
{
	struct rd r = rd_of(p, n);
	unsigned flags, questions, records;

	NEED(n >= DNS_HEADER_BYTES && n <= max);
	NEED(memcmp(rd_take(&r, 2), query, 2) == 0);
	flags = rd_be16(&r);
	NEED(flags & DNS_FLAG_QR);
	questions = rd_be16(&r);
	records = rd_be16(&r);
	records += rd_be16(&r);
	records += rd_be16(&r);
	NEED(questions <= 1);
	if (questions) {
		skip_name(&r);
		(void)rd_take(&r, 4);
		NEED(!r.bad && memcmp(p + DNS_HEADER_BYTES, query + DNS_HEADER_BYTES,
				   (size_t)(r.p - p) - DNS_HEADER_BYTES) == 0);
	}
	for (unsigned i = 0; i < records; i++) {
		skip_name(&r);
		(void)rd_take(&r, 8);
		(void)rd_take(&r, rd_be16(&r));
	}
	NEED(rd_done(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone zone;
	static struct counts counts;
	static char no_site[] = "";
	uint8_t out[ANSWER_MAX];
	struct asked a = { .zone = &zone, .now_s = 1 };

	if (!zone.name.n) {
		NEED(dns_name_of(SPAN("bl.example"), &zone.name) == 0);
		NEED(dns_name_of(SPAN("hostmaster.bl.example"), &zone.contact) == 0);
		NEED(dns_name_of(SPAN("ns.example"), &zone.server[0]) == 0);
		zone.n_servers = 1;
		zone.ttl_s = 120;
		zone.site_url = no_site;
	}
	for (unsigned i = 0; i < 4; i++) {
		size_t n;

		a.tcp = i & 1;
		n = answer_make(&a, rd_of(data, size), i & 2, out, &counts);
		if (n)
			check(out, n, data, a.tcp ? ANSWER_MAX : DNS_UDP_MAX);
	}
	return 0;
}
