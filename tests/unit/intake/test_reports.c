/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Abuse reports, one table a format: what they say, and why they are refused; and who is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/report.h"
#include "intake/report_priv.h"

#define NOW_S 1764547200 /* 2025-12-01T00:00:00Z */

/* --- mails ------------------------------------------------------------------------------------------------- */

#define HEAD                                                                                       \
	"Authentication-Results: mx.example.com; dkim=pass header.d=example.net\r\n"               \
	"Received: from a by b; Thu, 27 Nov 2025 00:00:00 +0000\r\n"                               \
	"From: Loop <fbl@example.net>\r\nMIME-Version: 1.0\r\n"
#define MULTI	"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
#define TEXT	"--b\r\nContent-Type: text/plain\r\n\r\nThis is one.\r\n"
#define FEED	"--b\r\nContent-Type: message/feedback-report\r\n\r\n"
#define FIELDS	"Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
#define FAILURE "Feedback-Type: auth-failure\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
#define SOURCE	"Source-IP: 9.9.9.8\r\n"
#define DATE	"Arrival-Date: Thu, 27 Nov 2025 12:00:00 +0100\r\n"
#define ORIG                                                                                       \
	"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: someone@example.org\r\nTo: "             \
	"victim@example.com\r\n\r\nbuy\r\n"
#define LINE(a)                                                                                    \
	"Received: from x.example.org (x.example.org [" a                                          \
	"])\r\n\tby mx.example.net (Postfix) with ESMTP id 4; Thu, 27 Nov 2025 12:00:00 +0100\r\n"
#define RELAYED(a) "--b\r\nContent-Type: message/rfc822\r\n\r\n" LINE(a)
#define END	   "--b--\r\n"
#define ARF(f)	   HEAD MULTI TEXT FEED f ORIG END
#define BY	   "arf abuse by example.net"
#define OK(t)	   t "\t9.9.9.8\tspam\t1\tfull\t\tsmtp\t" BY "\n"
#define AT_DATE	   "1764241200"
#define AT_NOW	   "1764547200"

static const struct {
	const char *label, *in, *want; /* '!' and the beginning of the reason */
} mails[] = {
	{ "ARF", ARF(FIELDS SOURCE DATE), OK(AT_DATE) },
	{ "its body in base64",
	    HEAD MULTI "--b\r\nContent-Type: message/feedback-report\r\nContent-Transfer-Encoding: "
		       "base64\r\n\r\n"
		       "RmVlZGJhY2stVHlwZTogYWJ1c2UKVXNlci1BZ2VudDogeC8xClZlcnNpb246IDEKU291\r\n"
		       "cmNlLUlQOiA5LjkuOS44Cg==\r\n" END,
	    OK(AT_NOW) },
	{ "without a date", ARF(FIELDS SOURCE), OK(AT_NOW) },
	{ "Received-Date", ARF(FIELDS SOURCE "Received-Date: Thu, 27 Nov 2025 03:00:00 PST\r\n"),
	    OK(AT_DATE) },
	{ "names in any case",
	    ARF("feedback-type: Abuse\r\nUSER-AGENT: x\r\nversion: 0.1\r\nSource-Ip: 9.9.9.8\r\n"),
	    OK(AT_NOW) },
	{ "a field over two lines", ARF(FIELDS "Source-IP:\r\n 9.9.9.8\r\n"), OK(AT_NOW) },
	{ "an address in brackets", ARF(FIELDS "Source-IP: [9.9.9.8]\r\n"), OK(AT_NOW) },
	{ "IPv6 is its /64", ARF(FIELDS "Source-IP: IPv6:2a00:1450::17\r\n"),
	    AT_NOW "\t2a00:1450::/64\tspam\t1\tfull\t\tsmtp\t" BY "\n" },
	{ "incidents", ARF(FIELDS SOURCE "Incidents: 17\r\n"),
	    AT_NOW "\t9.9.9.8\tspam\t17\tfull\t\tsmtp\t" BY "\n" },
	{ "one witness, whatever number", ARF(FIELDS SOURCE "Incidents: 18446744073709551615\r\n"),
	    AT_NOW "\t9.9.9.8\tspam\t10000\tfull\t\tsmtp\t" BY "\n" },
	{ "a type of its own is other",
	    ARF("Feedback-Type: x-odd\r\nUser-Agent: x\r\nVersion: 1\r\n" SOURCE),
	    AT_NOW "\t9.9.9.8\tother\t1\tfull\t\tsmtp\tarf other by example.net\n" },
	{ "not spam", ARF("Feedback-Type: not-spam\r\nUser-Agent: x\r\nVersion: 1\r\n" SOURCE),
	    "!feedback of type not-spam" },
	{ "failed authentication, let pass",
	    ARF(FAILURE "Auth-Failure: dmarc\r\nDelivery-Result: delivered\r\n" SOURCE),
	    AT_NOW "\t9.9.9.8\tother\t1\tweak\t\tsmtp\tarf dmarc by example.net\n" },
	{ "failed authentication, turned away",
	    ARF(FAILURE "Auth-Failure: DMARC\r\nDelivery-Result: reject\r\n" SOURCE),
	    AT_NOW "\t9.9.9.8\tspam\t1\tweak\t\tsmtp\tarf dmarc by example.net\n" },
	{ "failed SPF alone is a forwarder's too",
	    ARF(FAILURE "Auth-Failure: spf\r\nDelivery-Result: reject\r\n" SOURCE),
	    AT_NOW "\t9.9.9.8\tother\t1\tweak\t\tsmtp\tarf spf by example.net\n" },
	{ "a signature that something broke", ARF(FAILURE "Auth-Failure: bodyhash\r\n" SOURCE),
	    "!failed authentication of the kind bodyhash" },
	{ "failed authentication, of what", ARF(FAILURE SOURCE), "!no field Auth-Failure" },
	{ "failed authentication, two",
	    ARF(FAILURE "Auth-Failure: spf\r\nAuth-Failure: dmarc\r\n" SOURCE),
	    "!two fields Auth-Failure" },
	{ "a date a little ahead is now",
	    ARF(FIELDS SOURCE "Arrival-Date: Mon, 01 Dec 2025 20:00:00 +0000\r\n"), OK(AT_NOW) },
	{ "a date far ahead",
	    ARF(FIELDS SOURCE "Arrival-Date: Fri, 01 Jan 2027 00:00:00 +0000\r\n"),
	    "!dated in the future" },
	{ "a date that is none", ARF(FIELDS SOURCE "Arrival-Date: yesterday\r\n"),
	    "!its date is none: \"yesterday\"" },
	{ "two sources", ARF(FIELDS SOURCE "Source-IP: 9.9.9.9\r\n"), "!two fields Source-IP" },
	{ "no source, and no lines to tell it", ARF(FIELDS),
	    "!no field Source-IP, and the reported mail does not tell: its lines are no-lines" },
	{ "no source, the lines tell",
	    HEAD MULTI FEED FIELDS DATE RELAYED("198.41.0.7") LINE("9.9.9.8")
		LINE("9.9.9.9") "\r\nbuy\r\n" END,
	    AT_DATE "\t9.9.9.8\tspam\t1\tfull\t\tsmtp\t" BY ", by the mail's own lines\n" },
	{ "no source, below a private address who knows",
	    HEAD MULTI FEED FIELDS DATE RELAYED("10.0.0.7") LINE("9.9.9.8") "\r\nbuy\r\n" END,
	    AT_DATE "\t9.9.9.8\tspam\t1\tweak\t\tsmtp\t" BY ", by the mail's own lines\n" },
	{ "no source, a line that cannot be read",
	    HEAD MULTI FEED FIELDS DATE
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nReceived: x\r\n" LINE(
		"9.9.9.9") "\r\nbuy\r\n" END,
	    "!no field Source-IP, and the reported mail does not tell: its lines are unreadable" },
	{ "no source, the lines are the reporter's",
	    HEAD MULTI FEED FIELDS DATE RELAYED("198.41.0.7") "\r\nbuy\r\n" END,
	    "!no field Source-IP, and the reported mail does not tell: its lines are inside" },
	{ "no source, the lines of a message within the message",
	    HEAD MULTI FEED FIELDS DATE "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: "
					"message/rfc822\r\n\r\n" LINE("9.9.9.8") "\r\nbuy\r\n" END,
	    "!no field Source-IP, and the reported mail does not tell: its lines are no-lines" },
	{ "IPv4 in IPv6 is IPv4", ARF(FIELDS "Source-IP: ::ffff:9.9.9.8\r\n"), OK(AT_NOW) },
	{ "a folded source", ARF(FIELDS "Source-IP: 9.9.\r\n 9.8\r\n"),
	    "!its source is no address" },
	{ "a source and a port", ARF(FIELDS "Source-IP: 9.9.9.8:25\r\n"),
	    "!its source is no address" },
	{ "a date before there were clocks",
	    ARF(FIELDS SOURCE "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), "!dated" },
	{ "a source that is none", ARF(FIELDS "Source-IP: 9.9.9.9 (was: 1.1.1.1)\r\n"),
	    "!its source is no address" },
	{ "no version", ARF("Feedback-Type: abuse\r\nUser-Agent: x\r\n" SOURCE),
	    "!no field Version" },
	{ "two types", ARF(FIELDS "Feedback-Type: fraud\r\n" SOURCE), "!two fields Feedback-Type" },
	{ "the mail's lines name the relay",
	    HEAD MULTI FEED FIELDS SOURCE RELAYED("9.9.9.9") LINE("9.9.9.8") "\r\nbuy\r\n" END,
	    OK(AT_NOW) },
	{ "they name others", HEAD MULTI FEED FIELDS SOURCE RELAYED("9.9.9.9") "\r\nbuy\r\n" END,
	    AT_NOW "\t9.9.9.8\tspam\t1\tweak\t\tsmtp\t" BY ", the mail names other relays\n" },
	{ "they cannot be read",
	    HEAD MULTI FEED FIELDS SOURCE
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nReceived: x\r\n\r\n" END,
	    OK(AT_NOW) },
	{ "its header alone",
	    HEAD MULTI FEED FIELDS SOURCE
	    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" LINE("9.9.9.9") END,
	    AT_NOW "\t9.9.9.8\tspam\t1\tweak\t\tsmtp\t" BY ", the mail names other relays\n" },
	{ "no part that is a report", HEAD MULTI TEXT ORIG END, "!a mail that is no report" },
	{ "two reports", HEAD MULTI FEED FIELDS SOURCE FEED FIELDS SOURCE END,
	    "!2 reports in one mail" },
	{ "a report within a message is not one of its sender's",
	    HEAD "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: "
		 "message/rfc822\r\n\r\n" ARF(FIELDS SOURCE) "--c--\r\n",
	    "!a mail that is no report" },
	{ "cut within the part before", HEAD MULTI "--b\r\nContent-Type: text/pl",
	    "!a mail that is no report" },
	{ "cut in the report", HEAD MULTI FEED "Feedback-Type: abuse\r\nUser-Agent: x\r\nVers",
	    "!no field Version" },
	{ "SMTP TLS",
	    HEAD "Content-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n\r\n" TEXT
		 "--b\r\nContent-Type: application/tlsrpt+gzip\r\n\r\nxxx\r\n" END,
	    "!an SMTP TLS report (RFC 8460): it accuses nobody" },
	{ "SMTP TLS, bare", "{\"organization-name\":\"O\",\"report-id\":\"1\",\"policies\":[]}",
	    "!an SMTP TLS report (RFC 8460): it accuses nobody" },
	{ "signed, the text is read",
	    HEAD "Content-Type: multipart/signed; boundary=s; "
		 "protocol=\"application/pkcs7-signature\"\r\n\r\n"
		 "--s\r\n" MULTI FEED FIELDS SOURCE END
		 "--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIx\r\n--s--\r\n",
	    OK(AT_NOW) },
	{ "signed, a report in the signature's place",
	    HEAD
	    "Content-Type: multipart/signed; boundary=s; "
	    "protocol=\"application/pgp-signature\"\r\n\r\n"
	    "--s\r\nContent-Type: text/plain\r\n\r\nhello\r\n--s\r\n" MULTI FEED FIELDS SOURCE END
	    "--s--\r\n",
	    "!a mail that is no report" },
	{ "signed so that it cannot be read",
	    HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
		 "Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n",
	    "!a mail that is encrypted, or signed so that only S/MIME" },
	{ "encrypted",
	    HEAD "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
		 "boundary=b\r\n\r\n"
		 "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: "
		 "1\r\n--b\r\nContent-Type: "
		 "application/octet-stream\r\n\r\nx\r\n" END,
	    "!a mail that is encrypted, or signed so that only S/MIME" },
	{ "no mail at all", "hello", "!no mail" },
	{ "nothing", " \r\n", "!empty" },
	{ "DMARC for a mail of one part",
	    HEAD "Content-Type: "
		 "text/xml\r\n\r\n<feedback><report_metadata><date_range><begin>1764000000</begin>"
		 "<end>1764241200</end></date_range></"
		 "report_metadata><record><row><source_ip>9.9.9.8</source_ip>"
		 "<count>2</count><policy_evaluated><disposition>reject</disposition><dkim>fail</"
		 "dkim><spf>fail</spf>"
		 "</policy_evaluated></row></record></feedback>",
	    "1764241200\t9.9.9.8\tspam\t2\tweak\t\tsmtp\tdmarc failed and turned away by "
	    "example.net\n" },
	{ "X-ARF of the first years",
	    HEAD "X-XARF: PLAIN\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" TEXT
		 "--b\r\nContent-Type: text/plain; name=report.txt\r\n\r\n---\r\nReported-From: "
		 "fbl@example.net\r\n"
		 "Category: abuse\r\nReport-Type: login-attack\r\nReport-ID: 1@x\r\nService: "
		 "ssh\r\nVersion: 0.1\r\n"
		 "Date: Thu, 27 Nov 2025 12:00:00 +0100\r\nSource-Type: ip-address\r\nSource: "
		 "9.9.9.8\r\nPort: 22\r\n" END,
	    AT_DATE "\t9.9.9.8\tbrute-force\t1\tfull\t\t\tx-arf login-attack by example.net\n" },
	{ "the same without the header",
	    HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n" TEXT
		 "--b\r\nContent-Type: text/plain\r\n\r\nSource: 9.9.9.8\r\n" END,
	    "!a mail that is no report" },
};

static const struct addrset none = { .v = NULL };
static struct addrset hosts; /* of the reporter: 198.41.0.0/24 */
static const struct report_options listed = { .now_s = NOW_S,
	.sender = { .reporters = SPAN("example.org, Example.NET"),
	    .authserv = SPAN("mx.example.com"),
	    .trusted = &none },
	.reporter_hosts = &hosts };

typedef int read_fn(struct report *r, struct span text, struct err *why);

static void expect(
    const char *label, int code, const struct buf *out, const struct err *why, const char *want)
{
	if (*want == '!') {
		if (code >= 0 || strncmp(why->text, want + 1, strlen(want + 1)) != 0 || out->len)
			fail_msg("%s: %d \"%s\", not \"%s\"", label, code,
			    code < 0 ? why->text : out->p, want);
	} else if (code < 0 || strcmp(out->len ? out->p : "", want) != 0) {
		fail_msg(
		    "%s: %d \"%s\", not \"%s\"", label, code, code < 0 ? why->text : out->p, want);
	}
}

static void test_mails(void **state)
{
	for (size_t i = 0; i < NELEM(mails); i++) {
		CLEANUP(buf_done) struct buf out;
		struct err why;
		int code;

		buf_init(&out, 1u << 20);
		code = report_read(span_str(mails[i].in), &listed, &out, &why);
		expect(mails[i].label, code, &out, &why, mails[i].want);
	}
}

/* --- formats ---------------------------------------------------------------------------------------------------- */

#define YAML	"Reported-From: a@b\nReport-Type: portscan\nDate: 2025-11-27T11:00:00Z\nVersion: 0.2\n"
#define YAML_OK AT_DATE "\t9.9.9.8\tscanner\t1\tweak\t\t\tx-arf portscan by nobody (not verified)\n"
#define RANGE                                                                                      \
	"<report_metadata><date_range><begin>1764154800</begin><end>1764241200</end></"            \
	"date_range></"                                                                            \
	"report_metadata>"
#define ROW(p)                                                                                     \
	"<record><row><source_ip>9.9.9.8</source_ip><count>3</count><policy_evaluated>" p          \
	"</policy_evaluated></row></record>"
#define FAILS	 "<dkim>fail</dkim><spf>Fail</spf>"
#define DMARC(p) "<feedback>" RANGE ROW(p) "</feedback>"
#define BILLION                                                                                    \
	"<?xml version=\"1.0\"?><!DOCTYPE f [<!ENTITY a \"ha\"><!ENTITY b "                        \
	"\"&a;&a;\">]><feedback>&b;</feedback>"
#define WHO3                                                                                       \
	"\"ReporterInfo\":{\"ReporterOrg\":\"O\",\"ReporterOrgDomain\":\"b.c\","                   \
	"\"ReporterOrgEmail\":\"a@b.c\"}"
#define JSON3(r)                                                                                   \
	"{\"Version\":\"3\"," WHO3                                                                 \
	",\"Report\":{\"ReportClass\":\"Activity\",\"Date\":\"2025-11-27T12:00:00+01:00\"," r "}}"
#define WHO4 "{\"org\":\"O\",\"contact\":\"a@b.c\",\"domain\":\"b.c\"}"
#define JSON4(v, r)                                                                                \
	"{\"xarf_version\":\"" v "\",\"report_id\":\"550e8400-e29b-41d4-a716-446655440000\","      \
	"\"timestamp\":\"2025-11-27T11:00:00.5Z\",\"reporter\":" WHO4 ",\"sender\":" WHO4 "," r    \
	"}"

static const struct {
	const char *label;
	read_fn *read;
	const char *in, *want;
} formats[] = {
	{ "yaml", report_yaml, YAML "Source: 9.9.9.8\nSource-Type: ipv4\n", YAML_OK },
	{ "yaml, quoted, with a list's mark", report_yaml,
	    "---\n" YAML "Source: '9.9.9.8'\nSource-Type: \"ip-address\"\n...\n", YAML_OK },
	{ "yaml, a source that is none", report_yaml, YAML "Source: http://x/\nSource-Type: uri\n",
	    "!its source is no address but" },
	{ "yaml, no source", report_yaml, YAML "Source-Type: ipv4\n", "!no Source" },
	{ "yaml, two sources", report_yaml,
	    YAML "Source: 9.9.9.8\nSource: 9.9.9.9\nSource-Type: ipv4\n",
	    "!Source is given twice" },
	{ "yaml, nested", report_yaml, YAML "Source: {a: b}\n", "!YAML that is no flat map" },
	{ "yaml, a list", report_yaml, "- a\n- b\n", "!YAML that is no flat map" },
	{ "yaml, anchors", report_yaml, "a: &x b\nc: *x\n", "!YAML with anchors" },
	{ "yaml, two documents", report_yaml, YAML "---\na: b\n", "!YAML that is no flat map" },
	{ "yaml, a source with more behind a NUL", report_yaml,
	    YAML "Source: \"9.9.9.8\\0.1\"\nSource-Type: ipv4\n", "!a Source that is no text" },
	{ "yaml, broken", report_yaml, "a: b\n\tc: d\n", "!YAML that is broken in line 2" },
	{ "yaml, text", report_yaml, "Hello there\n", "!YAML that is no flat map" },
	{ "dmarc, passed on", report_dmarc, DMARC("<disposition>none</disposition>" FAILS),
	    AT_DATE "\t9.9.9.8\tother\t3\tweak\t\tsmtp\tdmarc failed by nobody (not verified)\n" },
	{ "dmarc, turned away", report_dmarc, DMARC("<disposition>quarantine</disposition>" FAILS),
	    AT_DATE "\t9.9.9.8\tspam\t3\tweak\t\tsmtp\tdmarc failed and turned away by nobody (not "
		    "verified)\n" },
	{ "dmarc, one of both", report_dmarc,
	    DMARC("<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>"), "" },
	{ "dmarc, a mailing list", report_dmarc,
	    DMARC("<disposition>none</disposition>" FAILS
		  "<reason><type>mailing_list</type></reason>"),
	    "" },
	{ "dmarc, an excuse counts for one row", report_dmarc,
	    "<feedback>" RANGE ROW(FAILS "<reason><type>forwarded</type></reason>")
		ROW(FAILS) "</feedback>",
	    AT_DATE "\t9.9.9.8\tother\t3\tweak\t\tsmtp\tdmarc failed by nobody (not verified)\n" },
	{ "dmarc, in a name space", report_dmarc,
	    "<x:feedback xmlns:x=\"u\">" RANGE ROW(FAILS) "</x:feedback>",
	    AT_DATE "\t9.9.9.8\tother\t3\tweak\t\tsmtp\tdmarc failed by nobody (not verified)\n" },
	{ "dmarc, cut", report_dmarc, "<feedback>" RANGE ROW(FAILS),
	    "!XML that is broken in line 1: no element found" },
	{ "dmarc, no rows", report_dmarc, "<feedback>" RANGE "</feedback>",
	    "!a DMARC report without rows" },
	{ "dmarc, no dates", report_dmarc, "<feedback>" ROW(FAILS) "</feedback>",
	    "!no range of dates" },
	{ "dmarc, entities", report_dmarc, BILLION, "!XML with a document type" },
	{ "dmarc, two addresses", report_dmarc,
	    "<feedback>" RANGE
	    "<record><row><source_ip>9.9.9.9</source_ip><source_ip>9.9.9.8</source_ip><count>1"
	    "</count><policy_evaluated>" FAILS "</policy_evaluated></row></record></feedback>",
	    "!two elements /feedback/record/row/source_ip" },
	{ "dmarc, two verdicts", report_dmarc, DMARC("<dkim>pass</dkim>" FAILS),
	    "!two elements /feedback/record/row/policy_evaluated/dkim" },
	{ "dmarc, two ranges", report_dmarc, "<feedback>" RANGE RANGE ROW(FAILS) "</feedback>",
	    "!two elements /feedback/report_metadata/date_range/begin" },
	{ "dmarc, an address in pieces", report_dmarc,
	    "<feedback>" RANGE
	    "<record><row><source_ip>9.9.9.<b>7</b>8</source_ip></row></record></feedback>",
	    "!an element within /feedback/record/row/source_ip" },
	{ "dmarc, a comment in an address is none", report_dmarc,
	    "<feedback>" RANGE "<record><row><source_ip>9.9.<!-- "
	    "-->9.8</source_ip><count>3</count><policy_evaluated>" FAILS
	    "</policy_evaluated></row></record></feedback>",
	    AT_DATE "\t9.9.9.8\tother\t3\tweak\t\tsmtp\tdmarc failed by nobody (not verified)\n" },
	{ "dmarc, a range of years", report_dmarc,
	    "<feedback><report_metadata><date_range><begin>1600000000</begin><end>1764241200</"
	    "end></date_range>"
	    "</report_metadata>" ROW(FAILS) "</feedback>",
	    "!no range of dates, of a month at most" },
	{ "dmarc, a range in the future", report_dmarc,
	    "<feedback><report_metadata><date_range><begin>1864154800</begin><end>1864241200</"
	    "end></date_range>"
	    "</report_metadata>" ROW(FAILS) "</feedback>",
	    "!dated in the future" },
	{ "dmarc, other XML", report_dmarc, "<html/>", "!XML that is no DMARC report" },
	{ "dmarc, deep", report_dmarc,
	    "<feedback><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>",
	    "!XML that is too deep" },
	{ "json 3", report_json, JSON3("\"ReportType\":\"LoginAttack\",\"SourceIp\":\"9.9.9.8\""),
	    AT_DATE
	    "\t9.9.9.8\tbrute-force\t1\tweak\t\t\tx-arf LoginAttack by nobody (not verified)\n" },
	{ "json 3, of its sources one counts", report_json,
	    JSON3("\"ReportType\":\"Spam\",\"SourceIp\":\"9.9.9.8\",\"SourceIp\":\"9.9.9.9\""),
	    "!JSON that is broken" },
	{ "json 3, two sources", report_json,
	    JSON3(
		"\"ReportType\":\"Spam\",\"SourceIp\":\"9.9.9.8\",\"Source\":{\"IP\":\"9.9.9.9\"}"),
	    "!two sources in Report" },
	{ "json 3, one source in two places", report_json,
	    JSON3(
		"\"ReportType\":\"Spam\",\"SourceIp\":\"9.9.9.8\",\"Source\":{\"IP\":\"9.9.9.8\"}"),
	    AT_DATE "\t9.9.9.8\tspam\t1\tweak\t\t\tx-arf Spam by nobody (not verified)\n" },
	{ "json 3, a member that writes lines", report_json,
	    "{\"Version\":\"3\"," WHO3
	    ",\"x\\n\\t9.9.9.9\\tspam\\t\\tfull\\n#end\":1,\"Report\":{}}",
	    "!the report has a member x??9.9.9.9?spam??full?#end" },
	{ "json 3, no address", report_json,
	    JSON3("\"ReportType\":\"Spam\",\"SourceUrl\":\"http://9.9.9.8/\""),
	    "!no SourceIp in Report" },
	{ "json 3, not known", report_json,
	    JSON3("\"ReportType\":\"Odd\",\"SourceIp\":\"9.9.9.8\""),
	    "!ReportType in Report is not known" },
	{ "json 4", report_json,
	    JSON4("4.2.0",
		"\"category\":\"connection\",\"type\":\"ddos\",\"source_identifier\":\"9.9.9.8\""),
	    AT_DATE "\t9.9.9.8\tddos\t1\tweak\t\t\tx-arf ddos by nobody (not verified)\n" },
	{ "json 4 of a name", report_json,
	    JSON4("4.2.0", "\"category\":\"content\",\"type\":\"phishing\",\"source_identifier\":"
			   "\"example.com\""),
	    "!its source is no address" },
	{ "json 4.2", report_json,
	    JSON4("4.2",
		"\"category\":\"connection\",\"type\":\"ddos\",\"source_identifier\":\"9.9.9.8\""),
	    "!xarf_version is none of 4" },
	{ "json 5", report_json,
	    JSON4("5.0.0",
		"\"category\":\"connection\",\"type\":\"ddos\",\"source_identifier\":\"9.9.9.8\""),
	    "!xarf_version is none of 4" },
	{ "json, deep", report_json, "{\"Report\":[[[[[[[[[[[[[[[[[[[", "!JSON that is broken" },
	{ "json, other", report_json, "{\"a\":1}", "!JSON that is no X-ARF" },
};

static void test_formats(void **state)
{
	for (size_t i = 0; i < NELEM(formats); i++) {
		CLEANUP(buf_done) struct buf out;
		struct report r = { .o = &listed, .out = &out };
		struct err why = { "" };
		int code;

		buf_init(&out, 1u << 20);
		code = formats[i].read(&r, span_str(formats[i].in), &why);
		if (code < 0)
			out.len = 0; /* as report_read does */
		expect(formats[i].label, code, &out, &why, formats[i].want);
	}
}

/* What is refused at its end has said nothing at its beginning. */
static void test_whole(void **state)
{
	CLEANUP(buf_done) struct buf out;
	struct err why;

	buf_init(&out, 1u << 20);
	buf_str(&out, "before\n");
	assert_true(report_read(SPAN("<feedback>" RANGE ROW(FAILS) ROW(FAILS) "<x></feedback>"),
			&listed, &out, &why) < 0);
	assert_string_equal(out.p, "before\n");
}

static int begin(void **state)
{
	struct err e;

	report_init();
	return addrset_parse(SPAN("198.41.0.0/24"), &hosts, &e);
}

static int end(void **state)
{
	addrset_done(&hosts);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
