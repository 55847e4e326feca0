/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The maps that onus ships: lines of each kind and what becomes of them, and lines that attackers make their
 * victims write. In all of those 9.9.9.9 is the innocent: it never is an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "intake/jlog.h"

#define NOW INT64_C(1764547200) /* 2025-12-01T00:00:00Z */

static const char *dir(void)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/etc/json.d", getenv("ONUS_SOURCE"));
	return path;
}

struct preset_case {
	const char *label, *map, *line,
	    *want; /* "ADDRESS CATEGORY PROOF SERVICE", "" none, "!" refused */
};

#define EVE                                                                                        \
	"{\"timestamp\":\"2025-11-12T06:22:33.415742+0000\",\"flow_id\":1,\"event_type\":"         \
	"\"alert\","
#define EVE_IN                                                                                     \
	"\"src_ip\":\"8.8.8.8\",\"src_port\":33270,\"dest_ip\":\"8.8.4.4\",\"dest_port\":80,"      \
	"\"proto\":"                                                                               \
	"\"TCP\","
#define EVE_FLOW "\"app_proto\":\"http\",\"flow\":{\"pkts_toserver\":5,\"pkts_toclient\":4}"
#define COW	 "{\"session\":\"x\",\"timestamp\":\"2025-11-06T17:44:51.165980Z\",\"protocol\":\"ssh\","
#define NGX	 "{\"time\":\"2025-11-06T17:44:51+01:00\",\"host\":\"h\","
#define ZEEK	 "{\"ts\":1762451091.165980,\"uid\":\"CAAAA\","
#define SPAMD	 "{\"unix_time\":1762451091,\"score\":21.5,\"symbols\":{},"

static const struct preset_case cases[] = {
	/* Suricata */
	{ "an exploit over HTTP", "suricata",
	    EVE EVE_IN "\"alert\":{\"signature\":\"ET EXPLOIT Apache Path "
		       "Traversal\",\"category\":\"x\"}," EVE_FLOW "}",
	    "8.8.8.8 exploit full http" },
	{ "by its class", "suricata",
	    EVE EVE_IN "\"alert\":{\"signature\":\"LOCAL 1\",\"category\":\"Web Application "
		       "Attack\"}," EVE_FLOW "}",
	    "8.8.8.8 exploit full http" },
	{ "a class that accuses nobody", "suricata",
	    EVE EVE_IN
	    "\"alert\":{\"signature\":\"LOCAL 1\",\"category\":\"Misc activity\"}," EVE_FLOW "}",
	    "" },
	{ "a lone SYN", "suricata",
	    EVE EVE_IN "\"alert\":{\"signature\":\"ET SCAN "
		       "x\",\"category\":\"\"},\"flow\":{\"pkts_toserver\":1,"
		       "\"pkts_toclient\":0}}",
	    "8.8.8.8 scanner weak ids" },
	{ "UDP", "suricata",
	    EVE "\"src_ip\":\"8.8.8.8\",\"src_port\":5060,\"dest_ip\":\"8.8.4.4\",\"dest_port\":"
		"5060,\"proto\":"
		"\"UDP\",\"alert\":{\"signature\":\"ET SCAN "
		"Sipvicious\"},\"app_proto\":\"sip\",\"flow\":{\"pkts_"
		"toclient\":3}}",
	    "8.8.8.8 scanner weak sip" },
	{ "a flow accuses nobody", "suricata",
	    "{\"timestamp\":\"2025-11-12T06:22:33.415742+0000\",\"flow_id\":1,\"event_type\":"
	    "\"flow\"," EVE_IN EVE_FLOW "}",
	    "" },
	{ "an answer, since 7", "suricata",
	    EVE "\"src_ip\":\"9.9.9.9\",\"src_port\":8080,\"dest_ip\":\"8.8.4.4\",\"dest_port\":"
		"40000,\"proto\":"
		"\"TCP\",\"direction\":\"to_client\",\"alert\":{\"signature\":\"ET EXPLOIT "
		"x\"}," EVE_FLOW "}",
	    "" },
	{ "an answer, before", "suricata",
	    EVE "\"src_ip\":\"9.9.9.9\",\"src_port\":443,\"dest_ip\":\"8.8.4.4\",\"dest_port\":"
		"40000,\"proto\":"
		"\"TCP\",\"alert\":{\"signature\":\"ET EXPLOIT x\"}," EVE_FLOW "}",
	    "" },
	{ "from a low port, and no answer", "suricata",
	    EVE "\"src_ip\":\"8.8.8.8\",\"src_port\":443,\"dest_ip\":\"8.8.4.4\",\"dest_port\":"
		"40000,\"proto\":"
		"\"TCP\",\"direction\":\"to_server\",\"alert\":{\"signature\":\"ET EXPLOIT "
		"x\"}," EVE_FLOW "}",
	    "8.8.8.8 exploit full http" },
	{ "another's list", "suricata",
	    EVE EVE_IN
	    "\"alert\":{\"signature\":\"ET DROP Spamhaus DROP Listed\",\"category\":\"Misc "
	    "Attack\"}," EVE_FLOW "}",
	    "" },
	/* Cowrie */
	{ "a log-in", "cowrie", COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "a log-in that succeeds", "cowrie",
	    COW "\"eventid\":\"cowrie.login.success\",\"src_ip\":\"8.8.8.8\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "a command", "cowrie", COW "\"eventid\":\"cowrie.command.input\",\"src_ip\":\"8.8.8.8\"}",
	    "8.8.8.8 exploit full ssh" },
	{ "an end", "cowrie", COW "\"eventid\":\"cowrie.session.closed\",\"src_ip\":\"8.8.8.8\"}",
	    "" },
	/* Zeek */
	{ "ssh.log", "zeek",
	    ZEEK "\"id.orig_h\":\"8.8.8.8\",\"id.resp_h\":\"8.8.4.4\",\"auth_success\":false,"
		 "\"auth_attempts\":3}",
	    "8.8.8.8 brute-force full ssh" },
	{ "ssh.log, a success", "zeek",
	    ZEEK "\"id.orig_h\":\"8.8.8.8\",\"id.resp_h\":\"8.8.4.4\",\"auth_success\":true,\"auth_"
		 "attempts\":3}",
	    "" },
	{ "ssh.log, no attempt", "zeek",
	    ZEEK "\"id.orig_h\":\"8.8.8.8\",\"id.resp_h\":\"8.8.4.4\",\"auth_attempts\":0}", "" },
	{ "conn.log accuses nobody", "zeek",
	    ZEEK "\"id.orig_h\":\"8.8.8.8\",\"id.resp_h\":\"8.8.4.4\",\"conn_state\":\"S0\"}", "" },
	{ "a scan", "zeek-notice",
	    "{\"ts\":1762451091.1,\"note\":\"Scan::Port_Scan\",\"src\":\"8.8.8.8\",\"actions\":["
	    "\"Notice::ACTION_"
	    "LOG\"]}",
	    "8.8.8.8 scanner weak ids" },
	{ "guessing", "zeek-notice",
	    "{\"ts\":1762451091.1,\"note\":\"SSH::Password_Guessing\",\"src\":\"8.8.8.8\","
	    "\"actions\":[]}",
	    "8.8.8.8 brute-force full ids" },
	{ "another notice", "zeek-notice",
	    "{\"ts\":1762451091.1,\"note\":\"SSL::Invalid_Server_Cert\",\"src\":\"9.9.9.9\","
	    "\"actions\":[]}",
	    "" },
	/* Rspamd */
	{ "rejected", "rspamd",
	    SPAMD "\"action\":\"reject\",\"ip\":\"8.8.8.8\",\"user\":\"unknown\"}",
	    "8.8.8.8 spam full smtp" },
	{ "in doubt", "rspamd",
	    SPAMD "\"action\":\"add header\",\"ip\":\"8.8.8.8\",\"user\":\"unknown\"}", "" },
	{ "a user of ours", "rspamd",
	    SPAMD "\"action\":\"reject\",\"ip\":\"9.9.9.9\",\"user\":\"joe\"}", "" },
	{ "no client", "rspamd", SPAMD "\"action\":\"reject\",\"ip\":\"unknown\"}", "!" },
	/* nginx, Traefik, Caddy, DShield */
	{ "a probe", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/.env\",\"status\":\"404\"}",
	    "8.8.8.8 exploit full http" },
	{ "a page", "nginx",
	    NGX "\"remote_addr\":\"9.9.9.9\",\"request_uri\":\"/index.html\",\"status\":404}", "" },
	{ "what is there", "nginx",
	    NGX "\"remote_addr\":\"9.9.9.9\",\"request_uri\":\"/wp-login.php\",\"status\":200}",
	    "" },
	{ "climbing", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/x/..%2f..%2fetc/"
		"passwd\",\"status\":400}",
	    "8.8.8.8 exploit full http" },
	{ "climbing, escaped", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/cgi/.%2e/bin\",\"status\":400}",
	    "8.8.8.8 exploit full http" },
	{ "Traefik", "traefik",
	    "{\"ClientHost\":\"8.8.8.8\",\"StartUTC\":\"2025-11-08T14:02:43.464763557Z\","
	    "\"RequestPath\":\"/.git/"
	    "HEAD\",\"DownstreamStatus\":404}",
	    "8.8.8.8 exploit full http" },
	{ "Caddy", "caddy",
	    "{\"ts\":1762451091.9626286,\"logger\":\"http.log.access.log0\",\"request\":{\"client_"
	    "ip\":\"8.8.8.8\","
	    "\"remote_ip\":\"9.9.9.9\",\"uri\":\"/.env\"},\"status\":404}",
	    "8.8.8.8 exploit full http" },
	{ "DShield, a request", "dshield",
	    "{\"time\":\"2025-11-08T14:02:43.464763\",\"sip\":\"8.8.8.8\",\"dip\":\"9.9.9.9\","
	    "\"method\":\"GET\","
	    "\"url\":\"/\",\"data\":\"\",\"response_id\":1}",
	    "8.8.8.8 scanner full http" },
	{ "DShield, a body", "dshield",
	    "{\"time\":\"2025-11-08T14:02:43.464763\",\"sip\":\"8.8.8.8\",\"dip\":\"9.9.9.9\","
	    "\"method\":\"POST\","
	    "\"url\":\"/x\",\"data\":\"id\",\"response_id\":1}",
	    "8.8.8.8 exploit full http" },
};

/* The attacker is 8.8.8.8, or nobody where the line cannot be trusted. */
static const struct preset_case hostile[] = {
	{ "a user name that is an address", "cowrie",
	    COW
	    "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\",\"username\":\"9.9.9.9\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "a user name that is a member", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"username\":\"\\\",\\\"src_ip\\\":\\\"9.9.9."
		"9\",\"src_ip\":"
		"\"8.8.8.8\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "a user name that broke out", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"username\":\"\",\"src_ip\":\"9.9.9.9\","
		"\"src_ip\":"
		"\"8.8.8.8\"}",
	    "!" },
	{ "broke out behind", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\",\"username\":\"\","
		"\"src_ip\":"
		"\"9.9.9.9\"}",
	    "!" },
	{ "broke out under an escaped name", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\",\"username\":\"\","
		"\"src\\u005fip\":"
		"\"9.9.9.9\"}",
	    "!" },
	{ "broke out of the event", "cowrie",
	    COW "\"eventid\":\"cowrie.session.closed\",\"username\":\"\",\"eventid\":\"cowrie."
		"login.failed\","
		"\"src_ip\":\"9.9.9.9\"}",
	    "!" },
	{ "a second object", "cowrie",
	    COW
	    "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\"}{\"src_ip\":\"9.9.9.9\"}",
	    "!" },
	{ "an address and more", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9 \"}", "!" },
	{ "two addresses", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8, 9.9.9.9\"}", "!" },
	{ "an address and NUL", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9\\u0000.8\"}", "!" },
	{ "an address and a newline", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9\\n\"}", "!" },
	{ "digits of another script", "cowrie",
	    COW
	    "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"\\u0669.\\u0669.\\u0669.\\u0669\"}",
	    "!" },
	{ "wide digits", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"\xef\xbc\x99.9.9.9\"}", "!" },
	{ "a number for an address", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":151587081}", "!" },
	{ "octal", "cowrie", COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"011.9.9.9\"}",
	    "!" },
	{ "hexadecimal", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"0x9.9.9.9\"}", "!" },
	{ "a short form", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.2313\"}", "!" },
	{ "a list of addresses", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":[\"9.9.9.9\"]}", "!" },
	{ "an object for an address", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":{\"src_ip\":\"9.9.9.9\"}}", "!" },
	{ "a host name", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9.example.org\"}", "!" },
	{ "mapped", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"::ffff:8.8.8.8\",\"url\":\"::"
		"ffff:9.9.9.9\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "mapped, with a scope", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"::ffff:9.9.9.9%eth0\"}", "!" },
	{ "a prefix", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.0/24\"}", "!" },
	{ "the tunnel's aim", "cowrie",
	    COW "\"eventid\":\"cowrie.direct-tcpip.request\",\"src_ip\":\"8.8.8.8\",\"dst_ip\":\"9."
		"9.9.9\"}",
	    "8.8.8.8 exploit full ssh" },
	{ "a deeper src_ip", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"x\":{\"src_ip\":\"9.9.9.9\"},\"src_ip\":\"8."
		"8.8.8\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "only a deeper one", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"x\":{\"src_ip\":\"9.9.9.9\"}}", "!" },
	{ "bad bytes do not hide the sender", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"8.8.8.8\",\"username\":"
		"\"\xff\xfe\\u0000\\ud800\"}",
	    "8.8.8.8 brute-force full ssh" },
	{ "cut off", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9\",\"username\":\"x",
	    "!" },
	{ "comments", "cowrie",
	    COW "/* \"src_ip\":\"8.8.8.8\" "
		"*/\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"9.9.9.9\"}",
	    "!" },
	{ "a user agent", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/"
		".env\",\"status\":404,\"http_user_agent\":\"9.9.9.9\"}",
	    "8.8.8.8 exploit full http" },
	{ "X-Forwarded-For", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"http_x_forwarded_for\":\"9.9.9.9\",\"request_uri\":"
		"\"/.env\",\"status\":404}",
	    "8.8.8.8 exploit full http" },
	{ "without escape=json", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/"
		".env\",\"status\":404,\"http_user_agent\":\"\","
		"\"remote_addr\":\"9.9.9.9\"}",
	    "!" },
	{ "nginx's own escapes are no JSON", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/"
		".env\\x22,\\x22remote_addr\\x22:\\x229.9.9.9\",\"status\":404}",
	    "!" },
	{ "a unix socket's peer", "nginx",
	    NGX "\"remote_addr\":\"unix:\",\"request_uri\":\"/.env?9.9.9.9\",\"status\":404}",
	    "!" },
	{ "an address in the URL", "nginx",
	    NGX "\"remote_addr\":\"8.8.8.8\",\"request_uri\":\"/.env?ip=9.9.9.9\",\"status\":404}",
	    "8.8.8.8 exploit full http" },
	{ "a subject", "rspamd",
	    SPAMD
	    "\"action\":\"reject\",\"ip\":\"8.8.8.8\",\"subject\":\"\\\"ip\\\":\\\"9.9.9.9\\\"\"}",
	    "8.8.8.8 spam full smtp" },
	{ "symbols with an ip", "rspamd",
	    "{\"unix_time\":1762451091,\"score\":21,\"symbols\":{\"ip\":\"9.9.9.9\"},\"action\":"
	    "\"reject\",\"ip\":\"8.8.8.8\"}",
	    "8.8.8.8 spam full smtp" },
	{ "payload", "suricata",
	    EVE EVE_IN "\"alert\":{\"signature\":\"ET EXPLOIT "
		       "x\"},\"payload_printable\":\"\\\"src_ip\\\":\\\"9.9.9.9\\\"\","
		       "\"http\":{\"xff\":\"9.9.9.9\",\"hostname\":\"9.9.9.9\",\"src_ip\":\"9.9.9."
		       "9\"}," EVE_FLOW "}",
	    "8.8.8.8 exploit full http" },
	{ "the flow's other end", "suricata",
	    EVE EVE_IN
	    "\"alert\":{\"signature\":\"ET EXPLOIT "
	    "x\"},\"app_proto\":\"http\",\"flow\":{\"src_ip\":\"9.9.9.9\",\"pkts_toclient\":4}}",
	    "8.8.8.8 exploit full http" },
	{ "Traefik's X-Real-Ip", "traefik",
	    "{\"ClientHost\":\"8.8.8.8\",\"request_X-Real-Ip\":\"9.9.9.9\",\"StartUTC\":\"2025-11-"
	    "08T14:02:43Z\",\"RequestPath\":\"/.env\",\"DownstreamStatus\":404}",
	    "8.8.8.8 exploit full http" },
	{ "Zeek's message", "zeek-notice",
	    "{\"ts\":1762451091.1,\"note\":\"Scan::Port_Scan\",\"src\":\"8.8.8.8\",\"msg\":\"9.9.9."
	    "9 scanned\",\"sub\":\"9.9.9.9\",\"dst\":\"9.9.9.9\",\"actions\":[]}",
	    "8.8.8.8 scanner weak ids" },
	{ "from the future", "cowrie",
	    "{\"session\":\"x\",\"timestamp\":\"2031-11-06T17:44:51Z\",\"eventid\":\"cowrie.login."
	    "failed\",\"src_ip\":\"9.9.9.9\"}",
	    "!" },
	{ "from nowhere", "cowrie",
	    "{\"session\":\"x\",\"timestamp\":\"0\",\"eventid\":\"cowrie.login.failed\",\"src_ip\":"
	    "\"9.9.9.9\"}",
	    "!" },
	{ "private space", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"10.9.9.9\"}", "" },
	{ "documentation space", "cowrie",
	    COW "\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"192.0.2.9\"}", "" },
};

struct seen {
	char text[1024];
};

static void see(void *ctx, const struct event *ev, uint64_t number)
{
	struct seen *s = ctx;
	char subject[PREFIX_TEXT_MAX];

	(void)prefix_format(ev->subject, subject);
	*strchr(subject, '/') = '\0';
	(void)snprintf(s->text, sizeof(s->text), "%s %s %s %.*s", subject,
	    category_name(ev->category), ev->proof == PROOF_FULL ? "full" : "weak",
	    SPAN_ARG(ev->service));
}

static void run_cases(const struct preset_case *c, size_t n)
{
	struct clock clock = clock_fixed(NOW);
	struct scan_options o = { .clock = &clock };

	for (; n-- > 0; c++) {
		struct jmap *m;
		struct jlog *j = NULL;
		struct err e;
		struct seen s = { "" };
		char line[2048];
		int len = snprintf(line, sizeof(line), "%s\n", c->line);
		struct block b = { .text = span_of(line, (size_t)len), .first_number = 1 };

		if (jmap_load(c->map, dir(), &m, &e) < 0 || jlog_new(m, &o, &j, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(jlog_block(j, &b, see, &s), 1);
		if (jlog_counts(j)->refused)
			(void)snprintf(s.text, sizeof(s.text), "!");
		if (strcmp(s.text, c->want) != 0)
			fail_msg("%s: %s: \"%s\"", c->map, c->label, s.text);
		/* and it is recognised, unless it is no JSON or a member that tells is missing */
		if (*c->want && *c->want != '!')
			assert_true(jlog_fits(j, span_str(c->line)));
		(void)jlog_free(j);
	}
}

static void test_cases(void **state)
{
	(void)state;
	run_cases(cases, NELEM(cases));
}

static void test_hostile(void **state)
{
	(void)state;
	assert_true(NELEM(hostile) >= 25);
	run_cases(hostile, NELEM(hostile));
}

/* Every line chooses its own map among all that are shipped. */
static void test_choice(void **state)
{
	struct clock clock = clock_fixed(NOW);
	struct jlogs s = { .path = dir(), .options.clock = &clock };
	struct jlog *j;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		if (jlogs_choose(&s, span_str(cases[i].line), &j, &e) < 0)
			fail_msg("%s: %s", cases[i].label, e.text);
		if (strcmp(jlog_map(j), cases[i].map) != 0)
			fail_msg("%s: %s", cases[i].label, jlog_map(j));
	}
	assert_int_equal(jlogs_choose(&s, span_str("{\"a\":1}\n"), &j, &e), -ENOTSUP);
	assert_int_equal(jlogs_choose(&s, span_str(""), &j, &e), -ENOTSUP);
	jlogs_done(&s);
	jlogs_done(&s);
	s.name = "nosuch";
	assert_int_equal(jlogs_choose(&s, span_str(""), &j, &e), -ENOENT);
	s.name = "cowrie";
	assert_int_equal(jlogs_choose(&s, span_str(""), &j, &e), 0);
	assert_string_equal(jlog_map(j), "cowrie");
	jlogs_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
