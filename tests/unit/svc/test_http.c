/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request target as a table, and the server itself over loopback sockets: validators, methods,
 * bodies, what a smuggler sends, what is too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "svc/http.h"
#include "util/clock.h"
#include "util/num.h"

/* ---- targets ---- */

struct target_case {
	const char *label, *raw;
	unsigned want;
	const char *path, *q; /* q NULL: no such argument */
};

static const struct target_case targets[] = {
	{ "root", "/", 0, "/", NULL },
	{ "path and query", "/search?q=as64500", 0, "/search", "as64500" },
	{ "plus is a blank in a query only", "/a+b?q=a+b", 0, "/a+b", "a b" },
	{ "escapes", "/%61?q=%C3%A9%2f", 0, "/a", "\xc3\xa9/" },
	{ "dots stay what they are", "/../../etc/passwd", 0, "/../../etc/passwd", NULL },
	{ "escaped dots", "/%2e%2e%2f", 0, "/../", NULL },
	{ "empty argument", "/?q=", 0, "/", "" },
	{ "argument without value", "/?q", 0, "/", "" },
	{ "empty arguments", "/?&&q=1&&", 0, "/", "1" },
	{ "first of two", "/?q=1&q=2", 0, "/", "1" },
	{ "sign of equality in a value", "/?q=a=b", 0, "/", "a=b" },
	{ "second question mark", "/?q=a?b", 0, "/", "a?b" },
	{ "line end in a value", "/?q=a%0d%0ab", 0, "/", "a\r\nb" },
	{ "empty", "", 400, NULL, NULL },
	{ "no slash", "index", 400, NULL, NULL },
	{ "absolute form", "http://example.org/", 400, NULL, NULL },
	{ "asterisk", "*", 400, NULL, NULL },
	{ "NUL in the path", "/a%00b", 400, NULL, NULL },
	{ "NUL in a value", "/?q=%00", 400, NULL, NULL },
	{ "line end in the path", "/a%0ab", 400, NULL, NULL },
	{ "delete in the path", "/%7f", 400, NULL, NULL },
	{ "fragment", "/a#b", 400, NULL, NULL },
	{ "short escape", "/%4", 400, NULL, NULL },
	{ "no escape", "/%zz", 400, NULL, NULL },
	{ "not UTF-8 in the path", "/%ff", 400, NULL, NULL },
	{ "overlong UTF-8", "/%c0%af", 400, NULL, NULL },
	{ "not UTF-8 in a value", "/?q=%ff", 400, NULL, NULL },
	{ "sixteen arguments", "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&q=1", 0, "/", "1" },
	{ "seventeen", "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q=1", 400, NULL, NULL },
};

static void test_target(void **state)
{
	static struct http_target t;

	(void)state;
	for (size_t i = 0; i < NELEM(targets); i++) {
		const struct target_case *c = &targets[i];
		unsigned got = http_target_parse(span_str(c->raw), &t);
		struct span q = http_arg(&t, "q");

		if (got != c->want)
			fail_msg("%s: %u", c->label, got);
		if (got)
			continue;
		if (!span_is(t.path, c->path) || (c->q == NULL) != (q.p == NULL) ||
		    (c->q && !span_is(q, c->q)))
			fail_msg("%s: %.*s %.*s", c->label, SPAN_ARG(t.path), SPAN_ARG(q));
	}
}

static void test_target_length(void **state)
{
	static struct http_target t;
	char raw[HTTP_TARGET_MAX + 1];

	(void)state;
	memset(raw, '/', sizeof(raw));
	assert_int_equal(http_target_parse(span_of(raw, HTTP_TARGET_MAX), &t), 0);
	assert_int_equal(span_len(t.path), HTTP_TARGET_MAX);
	assert_int_equal(http_target_parse(span_of(raw, HTTP_TARGET_MAX + 1), &t), 414);
}

static void test_escape(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	http_escape(&b, SPAN("a/b:c d&\"<\xc3\xa9~"));
	assert_string_equal(b.p, "a%2Fb:c%20d%26%22%3C%C3%A9~");
	buf_done(&b);
}

/* ---- the server ---- */

static void answer(void *ctx, const struct http_request *rq, struct http_reply *reply)
{
	unsigned *calls = ctx;

	++*calls;
	reply->status = rq->refused ? rq->refused : 200;
	reply->keep = span_is(rq->target->path, "/kept");
	buf_fmt(&reply->body, "<%.*s>", SPAN_ARG(rq->target->path));
	if (span_is(rq->target->path, "/moved")) {
		reply->status = 302;
		buf_str(&reply->location, "/there");
	}
	if (span_is(rq->target->path, "/long"))
		for (int i = 0; i < 1000; i++)
			buf_str(&reply->body, "again and ");
}

static bool told; /* once */

static bool news(void *ctx)
{
	bool ret = told;

	told = false;
	return ret;
}

struct world {
	struct http *h;
	unsigned calls;
	uint16_t port;
};

static int setup(void **state)
{
	static struct world w;
	struct err e = { "" };
	struct span url, part;
	uint32_t port;

	w = (struct world){ 0 };
	if (http_open("127.0.0.1:0", false, answer, news, &w.calls, &w.h, &e) < 0)
		fail_msg("%s", e.text);
	url = span_str(http_url(w.h));
	url.end--;
	while (span_cut(&url, ':', &part))
		;
	assert_int_equal(num_u32(part, 65535, &port), 0);
	w.port = (uint16_t)port;
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	w->h = http_free(w->h);
	return 0;
}

static int dial(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(w->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Send and collect what comes until the server is quiet or closes; true when it closed. */
static bool talk(struct world *w, int fd, const char *request, struct buf *ret)
{
	int64_t end_us = clock_monotonic_us() + 3000000, quiet_us = 0;
	struct err e;
	int wait_ms;

	assert_int_equal(
	    send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	buf_init(ret, 1 << 20);
	while (clock_monotonic_us() < end_us) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char part[4096];
		ssize_t n;

		assert_int_equal(http_run(w->h, &wait_ms, &e), 0);
		if (poll(&p, 1, 1) <= 0) {
			if (ret->len && quiet_us && clock_monotonic_us() - quiet_us > 60000)
				return false;
			continue;
		}
		n = recv(fd, part, sizeof(part), 0);
		if (n <= 0)
			return true;
		buf_put(ret, part, (size_t)n);
		quiet_us = clock_monotonic_us();
	}
	return false;
}

static unsigned count_text(const struct buf *b, const char *what)
{
	unsigned n = 0;

	for (const char *p = b->p; p && (p = strstr(p, what)); p++)
		n++;
	return n;
}

struct server_case {
	const char *label, *request;
	const char *status;	 /* of the first answer; NULL: the library refuses it */
	const char *has, *hasnt; /* NULL: not looked at */
	unsigned answers;	 /* 0: the library's own refusal, not counted */
	bool closes;
};

#define H    "\r\nHost: x\r\n"
#define NEXT "GET /next HTTP/1.1" H "\r\n"

static const struct server_case server_cases[] = {
	{ "plain", "GET /a HTTP/1.1" H "\r\n", "200", "</a>", NULL, 1, false },
	{ "headers of all", "GET /a HTTP/1.1" H "\r\n", "200", "X-Content-Type-Options: nosniff",
	    NULL, 1, false },
	{ "policy", "GET /a HTTP/1.1" H "\r\n", "200",
	    "Content-Security-Policy: default-src 'none'", NULL, 1, false },
	{ "private", "GET /a HTTP/1.1" H "\r\n", "200", "X-Robots-Tag: noindex", NULL, 1, false },
	{ "two on one connection", "GET /a HTTP/1.1" H "\r\n" NEXT, "200", "</next>", NULL, 2,
	    false },
	{ "HEAD has no body", "HEAD /a HTTP/1.1" H "\r\n", "200", "Content-Length: 4", "</a>", 1,
	    false },
	{ "redirect", "GET /moved HTTP/1.1" H "\r\n", "302", "Location: /there", NULL, 1, false },
	{ "no Host", "GET /a HTTP/1.1\r\n\r\n", "400", NULL, "</a>", 0, true },
	{ "POST", "POST /a HTTP/1.1" H "Content-Length: 3\r\n\r\nabc", "405", "Allow: GET, HEAD",
	    "</a>", 1, true },
	{ "DELETE", "DELETE /a HTTP/1.1" H "\r\n", "405", NULL, "</a>", 1, true },
	{ "no such method", "BREW /a HTTP/1.1" H "\r\n", "405", NULL, NULL, 1, true },
	{ "GET with a body", "GET /a HTTP/1.1" H "Content-Length: 3\r\n\r\nabc", "413", NULL,
	    "</a>", 1, true },
	{ "GET with no body said", "GET /a HTTP/1.1" H "Content-Length: 0\r\n\r\n", "200", "</a>",
	    NULL, 1, false },
	{ "smuggled behind chunks",
	    "GET /a HTTP/1.1" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, "413", NULL,
	    "</next>", 1, true },
	{ "smuggled by both lengths",
	    "GET /a HTTP/1.1" H
	    "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX" NEXT,
	    "400", NULL, "</next>", 1, true },
	{ "smuggled by both, other order",
	    "GET /a HTTP/1.1" H
	    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT,
	    "400", NULL, "</next>", 1, true },
	{ "smuggled by two lengths",
	    "GET /a HTTP/1.1" H "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" NEXT, "400", NULL,
	    "</next>", 1, true },
	{ "smuggled by a list of lengths", "GET /a HTTP/1.1" H "Content-Length: 0, 44\r\n\r\n" NEXT,
	    NULL, NULL, "</next>", 1, true },
	{ "smuggled by another encoding",
	    "GET /a HTTP/1.1" H "Transfer-Encoding: xchunked\r\n\r\n" NEXT, NULL, NULL, "</next>",
	    1, true },
	{ "absolute target", "GET http://x/a HTTP/1.1" H "\r\n", "400", NULL, NULL, 1, false },
	{ "bad escape", "GET /%zz HTTP/1.1" H "\r\n", "400", NULL, NULL, 1, false },
	{ "not HTTP", "hello\r\n\r\n", NULL, NULL, "</", 1, true },
};

static void test_server(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < NELEM(server_cases); i++) {
		const struct server_case *c = &server_cases[i];
		int fd = dial(w);
		struct buf got;
		bool closed = talk(w, fd, c->request, &got);
		unsigned answers = count_text(&got, "HTTP/1.1 ") + count_text(&got, "HTTP/1.0 ");

		if (c->status &&
		    (got.len < 12 || !span_eq(span_of(got.p + 9, 3), span_str(c->status))))
			fail_msg("%s: %.60s", c->label, got.p ? got.p : "nothing");
		if (c->has && !count_text(&got, c->has))
			fail_msg("%s: no \"%s\" in %s", c->label, c->has, got.p);
		if (c->hasnt && count_text(&got, c->hasnt))
			fail_msg("%s: \"%s\" in %s", c->label, c->hasnt, got.p);
		if (c->status && c->answers && answers != c->answers)
			fail_msg("%s: %u answers: %s", c->label, answers, got.p);
		if (closed != c->closes)
			fail_msg("%s: the connection was %s", c->label, closed ? "closed" : "kept");
		buf_done(&got);
		(void)close(fd);
	}
}

static void test_long(void **state)
{
	struct world *w = *state;
	struct buf request, got;
	int fd = dial(w);

	buf_init(&request, 1 << 20);
	buf_str(&request, "GET /");
	for (int i = 0; i < 3000; i++)
		buf_byte(&request, 'a');
	buf_str(&request, " HTTP/1.1" H "\r\n");
	assert_true(talk(w, fd, request.p, &got));
	assert_non_null(strstr(got.p, " 414 "));
	(void)close(fd);
	buf_done(&got);
	buf_reset(&request);
	buf_str(&request, "GET / HTTP/1.1" H "X: ");
	for (int i = 0; i < 20000; i++)
		buf_byte(&request, 'a');
	buf_str(&request, "\r\n\r\n");
	fd = dial(w);
	assert_true(talk(w, fd, request.p, &got));
	assert_true(strstr(got.p, " 431 ") || strstr(got.p, " 413 ") || strstr(got.p, " 400 "));
	(void)close(fd);
	buf_done(&got);
	buf_done(&request);
}

static void test_validators(void **state)
{
	struct world *w = *state;
	char etag[80] = "", request[200];
	struct buf got;
	int fd = dial(w);
	const char *at;

	assert_false(talk(w, fd, "GET /kept HTTP/1.1" H "\r\n", &got));
	at = strstr(got.p, "ETag: ");
	assert_non_null(at);
	for (size_t i = 0; at[6 + i] != '\r' && i + 1 < sizeof(etag); i++)
		etag[i] = at[6 + i];
	buf_done(&got);
	assert_int_equal(w->calls, 1);
	(void)snprintf(
	    request, sizeof(request), "GET /kept HTTP/1.1" H "If-None-Match: %s\r\n\r\n", etag);
	assert_false(talk(w, fd, request, &got));
	assert_non_null(strstr(got.p, " 304 "));
	assert_int_equal(w->calls, 1); /* from the kept answers */
	buf_done(&got);
	http_forget(w->h);
	assert_false(talk(w, fd, request, &got));
	assert_non_null(strstr(got.p, " 304 "));
	assert_int_equal(w->calls, 2); /* made again, and the same */
	buf_done(&got);
	told = true;
	for (int i = 0; i < 2; i++) {
		assert_false(talk(w, fd, request, &got));
		assert_non_null(strstr(got.p, " 304 "));
		assert_int_equal(w->calls, 3); /* once more by the news, and kept */
		buf_done(&got);
	}
	assert_false(talk(w, fd, "GET /long HTTP/1.1" H "Accept-Encoding: br, gzip\r\n\r\n", &got));
	assert_non_null(strstr(got.p, "Content-Encoding: gzip"));
	assert_non_null(strstr(got.p, "Vary: Accept-Encoding"));
	buf_done(&got);
	assert_false(talk(w, fd, "GET /long HTTP/1.1" H "Accept-Encoding: gzip;q=0\r\n\r\n", &got));
	assert_null(strstr(got.p, "Content-Encoding"));
	assert_non_null(strstr(got.p, "again and again"));
	buf_done(&got);
	(void)close(fd);
}

static void test_listen(void **state)
{
	static const char *const bad[] = { "", "8025", "localhost:8025", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "[::1]", "[]:1", "::1:8025",
		"127.0.0.1:80x" };
	struct http *h = NULL;
	unsigned calls;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (http_open(bad[i], true, answer, NULL, &calls, &h, &e) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_null(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_target_length),
		cmocka_unit_test(test_escape),
		cmocka_unit_test_setup_teardown(test_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_validators, setup, teardown),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
