/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libmicrohttpd in external-poll mode: one epoll descriptor that the program's own loop watches. The
 * library bounds header bytes and connections; we bound time, the target and bodies. */
#include "svc/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <zlib.h>

#include "svc/listen.h"
#include "util/clock.h"
#include "util/hash.h"

#define KEPT_SLOTS     1024u
#define KEPT_BYTES_MAX (32u << 20)
#define HEADER_BYTES   16384u /* of one connection: request line and headers must fit */
#define SWEEP_MS       1000
#define ETAG_TEXT_MAX  48u
#define GZIP_WORTH     860u /* smaller answers fit one packet anyway */

/* struct kept - a finished answer, found again by target and encoding */
struct kept {
	char *target;
	bool gzip;
	char etag[ETAG_TEXT_MAX];
	struct MHD_Response *response, *unchanged;
	unsigned status;
	size_t bytes;
};

/* struct client - a connection with a deadline, in a list */
struct client {
	struct client *prev, *next;
	struct MHD_Connection *connection;
	int64_t deadline_us;
};

/* struct pending - one request, from its first line on */
struct pending {
	char *target; /* as sent; NULL when over HTTP_TARGET_MAX */
	bool seen;    /* its headers were judged */
};

struct http {
	struct MHD_Daemon *daemon;
	http_fn *fn;
	http_news_fn *news;
	void *ctx;
	bool robots;
	struct client clients; /* head of the list */
	int64_t sweep_us;
	struct kept kept[KEPT_SLOTS];
	size_t kept_bytes;
	struct http_target target; /* of the request at hand: there is one thread */
	struct http_stats stats;
	char url[128];
};

/* ---- clients: nobody holds a connection for long ---- */

static void client_due(struct client *c, unsigned seconds)
{
	c->deadline_us = clock_monotonic_us() + (int64_t)seconds * 1000000;
}

static void on_client(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cls;
	struct client *c = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		c = calloc(1, sizeof(*c));
		if (!c)
			abort();
		c->connection = connection;
		client_due(c, HTTP_REQUEST_S);
		c->prev = &h->clients;
		c->next = h->clients.next;
		if (c->next)
			c->next->prev = c;
		h->clients.next = c;
		h->stats.connections++;
		*socket_context = c;
	} else if (c) {
		c->prev->next = c->next;
		if (c->next)
			c->next->prev = c->prev;
		h->stats.connections--;
		free(c);
		*socket_context = NULL;
	}
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* libmicrohttpd's own timeout starts again with every byte, so one byte now and then would hold a
 * connection for hours: ours does not. */
static void sweep(struct http *h)
{
	const union MHD_ConnectionInfo *info;
	int64_t now_us = clock_monotonic_us();

	if (now_us < h->sweep_us)
		return;
	h->sweep_us = now_us + SWEEP_MS * 1000;
	for (struct client *c = h->clients.next; c; c = c->next) {
		if (c->deadline_us > now_us)
			continue;
		info = MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			(void)shutdown(info->connect_fd, SHUT_RDWR); /* the library sees the end */
		c->deadline_us = now_us + HTTP_ANSWER_S * INT64_C(1000000);
		h->stats.closed_slow++;
	}
}

/* ---- requests ---- */

static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct pending *p = calloc(1, sizeof(*p));
	size_t n = strlen(uri);

	(void)cls;
	(void)connection;
	if (!p)
		abort();
	if (n <= HTTP_TARGET_MAX)
		p->target = span_dup(span_of(uri, n));
	return p;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code)
{
	struct pending *p = *request;
	struct client *c = client_of(connection);

	(void)cls;
	(void)code;
	if (c)
		client_due(c, HTTP_REQUEST_S);
	if (p)
		free(p->target);
	free(p);
	*request = NULL;
}

struct lengths {
	unsigned contents, encodings;
	bool nonzero;
};

static enum MHD_Result count_length(
    void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct lengths *l = cls;

	(void)kind;
	if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		l->contents++;
		l->nonzero = l->nonzero || !value || strcmp(value, "0") != 0;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		l->encodings++;
	}
	return MHD_YES;
}

/* 0, or the status with which the request is refused. Whatever announces a body loses its
 * connection, so a proxy in front and we can never disagree about where the next request starts. */
static unsigned judge(struct MHD_Connection *connection, const char *method, bool *ret_close)
{
	struct lengths l = { 0 };

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_length, &l);
	*ret_close = l.nonzero || l.encodings || l.contents > 1;
	if (l.contents > 1 || (l.contents && l.encodings))
		return 400;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*ret_close = true;
		return 405;
	}
	return *ret_close ? 413 : 0;
}

static bool wants_gzip(struct MHD_Connection *connection)
{
	const char *v = MHD_lookup_connection_value(
	    connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	struct span rest = span_str(v ? v : ""), one, name;

	while (!span_empty(rest)) {
		span_cut(&rest, ',', &one);
		span_cut(&one, ';', &name);
		if (span_is(span_trim(name), "gzip"))
			return !span_starts(span_trim(one), "q=0") ||
			       span_starts(span_trim(one), "q=0.");
	}
	return false;
}

static bool known_tag(struct MHD_Connection *connection, const char *etag)
{
	const char *v =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct span rest = span_str(v ? v : ""), one;

	while (!span_empty(rest)) {
		span_cut(&rest, ',', &one);
		one = span_trim(one);
		if (span_starts(one, "W/"))
			one.p += 2;
		if (span_is(one, etag) || span_is(one, "*"))
			return true;
	}
	return false;
}

/* ---- answers ---- */

static void header(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		abort(); /* out of memory, or a header of ours with a line end in it */
}

/* The headers that full answers and 304 share. */
static void headers(const struct http *h, struct MHD_Response *response,
    const struct http_reply *reply, const char *etag)
{
	char cache[64];

	(void)snprintf(cache, sizeof(cache), reply->max_age_s ? "%s, max-age=%u" : "%s",
	    reply->max_age_s ? "public" : "no-cache", reply->max_age_s);
	header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
	header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	if (etag[0])
		header(response, MHD_HTTP_HEADER_ETAG, etag);
	header(response, "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
	    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
	header(response, "X-Content-Type-Options", "nosniff");
	header(response, "X-Frame-Options", "DENY");
	header(response, "Referrer-Policy", "same-origin");
	if (reply->shared)
		header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	else
		header(response, "Cross-Origin-Resource-Policy", "same-origin");
	if (!h->robots)
		header(response, "X-Robots-Tag", "noindex");
}

static bool compress_body(const struct buf *body, struct buf *packed)
{
	z_stream z = { 0 };
	size_t room = body->len - body->len / 16;
	char *to = buf_room(packed, room);
	bool ok;

	if (!to || deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	z.next_in = (unsigned char *)body->p;
	z.avail_in = (unsigned)body->len;
	z.next_out = (unsigned char *)to;
	z.avail_out = (unsigned)room;
	ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
	if (ok)
		buf_grew(packed, room - z.avail_out);
	(void)deflateEnd(&z); /* its result was taken */
	return ok;
}

static void make_etag(const struct http_reply *reply, bool gzip, char ret[ETAG_TEXT_MAX])
{
	unsigned char digest[16];
	char text[33];

	ret[0] = '\0';
	if (reply->status != 200)
		return;
	crypto_generichash(digest, sizeof(digest),
	    (const unsigned char *)(reply->body.p ? reply->body.p : ""), reply->body.len, NULL, 0);
	sodium_bin2hex(text, sizeof(text), digest, sizeof(digest));
	(void)snprintf(ret, ETAG_TEXT_MAX, "\"%s%s\"", text, gzip ? "-gz" : "");
}

static struct MHD_Response *from_buf(const struct buf *b)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(b->len, b->p ? b->p : "", MHD_RESPMEM_MUST_COPY);

	if (!r)
		abort();
	return r;
}

/* Turn a reply into the two answers that it may get: whole, or "you have it". */
static void finish(struct http *h, const struct http_reply *reply, bool gzip, struct kept *ret)
{
	static const struct buf nothing = { 0 };
	CLEANUP(buf_done) struct buf packed;
	bool image = strncmp(reply->type, "image/png", 9) == 0;

	buf_init(&packed, HTTP_BODY_MAX);
	gzip =
	    gzip && !image && reply->body.len >= GZIP_WORTH && compress_body(&reply->body, &packed);
	make_etag(reply, gzip, ret->etag);
	ret->status = reply->status;
	ret->bytes = gzip ? packed.len : reply->body.len;
	ret->response = from_buf(gzip ? &packed : &reply->body);
	ret->unchanged = from_buf(&nothing);
	headers(h, ret->response, reply, ret->etag);
	headers(h, ret->unchanged, reply, ret->etag);
	header(ret->response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (gzip)
		header(ret->response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (reply->location.len)
		header(ret->response, MHD_HTTP_HEADER_LOCATION, reply->location.p);
	if (reply->status == 405)
		header(ret->response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
}

static void kept_done(struct http *h, struct kept *k)
{
	if (k->target)
		h->kept_bytes -= k->bytes;
	if (k->response)
		MHD_destroy_response(k->response);
	if (k->unchanged)
		MHD_destroy_response(k->unchanged);
	free(k->target);
	*k = (struct kept){ 0 };
}

void http_forget(struct http *h)
{
	for (unsigned i = 0; i < KEPT_SLOTS; i++)
		kept_done(h, &h->kept[i]);
}

static struct kept *slot(struct http *h, const char *target, bool gzip)
{
	uint64_t at = hash_bytes(target, strlen(target)) + gzip;

	return &h->kept[at % KEPT_SLOTS];
}

static void keep(struct http *h, const char *target, bool gzip, struct kept *k)
{
	struct kept *at = slot(h, target, gzip);

	kept_done(h, at);
	if (h->kept_bytes + k->bytes > KEPT_BYTES_MAX)
		http_forget(h);
	*at = *k;
	at->target = span_dup(span_str(target));
	at->gzip = gzip;
	if (!at->target)
		abort();
	h->kept_bytes += k->bytes;
	*k = (struct kept){ 0 };
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct kept *k)
{
	if (k->etag[0] && known_tag(connection, k->etag))
		return MHD_queue_response(connection, 304, k->unchanged);
	return MHD_queue_response(connection, k->status, k->response);
}

static void reply_init(struct http_reply *reply)
{
	*reply = (struct http_reply){ .status = 200, .type = "text/html; charset=utf-8" };
	buf_init(&reply->body, HTTP_BODY_MAX);
	buf_init(&reply->location, HTTP_TARGET_MAX);
}

static enum MHD_Result serve(struct http *h, struct MHD_Connection *connection,
    const struct http_request *rq, const char *target, bool gzip, bool close_after)
{
	struct kept made = { 0 };
	struct http_reply reply;
	enum MHD_Result r;

	reply_init(&reply);
	h->fn(h->ctx, rq, &reply);
	if (!buf_ok(&reply.body) || !buf_ok(&reply.location)) {
		buf_reset(&reply.body);
		buf_reset(&reply.location);
		reply.status = 500;
		reply.keep = false;
	}
	finish(h, &reply, gzip, &made);
	if (close_after)
		header(made.response, MHD_HTTP_HEADER_CONNECTION, "close");
	r = send_answer(connection, &made);
	if (reply.keep && !close_after && target && r == MHD_YES)
		keep(h, target, gzip, &made);
	kept_done(h, &made);
	buf_done(&reply.body);
	buf_done(&reply.location);
	return r;
}

/* The kept answer to a target, or NULL. */
static const struct kept *find_kept(struct http *h, const char *target, bool gzip)
{
	const struct kept *k = slot(h, target, gzip);

	return k->target && k->gzip == gzip && strcmp(k->target, target) == 0 ? k : NULL;
}

/* The library calls once when the headers are there, and again when the (empty) body is. An answer
 * to the first call costs the client its connection: right for what is refused, wrong otherwise. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size,
    void **request)
{
	struct http *h = cls;
	struct pending *p = *request;
	struct http_request rq = { .target = &h->target };
	struct client *c = client_of(connection);
	bool gzip = wants_gzip(connection), close_after = false;
	const struct kept *k;

	(void)url;
	(void)version;
	(void)upload;
	(void)upload_size;
	rq.refused = judge(connection, method, &close_after);
	if (!rq.refused && p && !p->seen) {
		p->seen = true;
		return MHD_YES;
	}
	if (c)
		client_due(c, HTTP_ANSWER_S);
	h->stats.requests++;
	h->target.path = (struct span){ h->target.text, h->target.text };
	h->target.n_args = 0;
	if (!p || !p->target) {
		rq.refused = 414;
		close_after = true;
	} else if (!rq.refused) {
		if (h->news && h->news(h->ctx))
			http_forget(h);
		k = find_kept(h, p->target, gzip);
		if (k) {
			h->stats.kept++;
			return send_answer(connection, k);
		}
		rq.refused = http_target_parse(span_str(p->target), &h->target);
	}
	h->stats.refused += rq.refused != 0;
	return serve(h, connection, &rq, p && !rq.refused ? p->target : NULL, gzip, close_after);
}

/* ---- the socket ---- */

static int bind_socket(const char *text, int *ret, bool *ret_loopback, struct err *e)
{
	struct listen_at at;
	struct err why;
	int r = listen_address(text, &at);

	if (r < 0)
		return err_set(e, r,
		    "web_listen = %s: give address:port, as in 127.0.0.1:8025 or [::1]:8025", text);
	r = listen_open(&at, ret, &why);
	if (r < 0)
		return err_set(e, r,
		    "cannot listen on %s: %s; another program may hold it, web_listen names "
		    "another",
		    text, why.text);
	*ret_loopback = at.loopback;
	return 0;
}

static int name_url(struct http *h, int fd)
{
	struct sockaddr_storage at;
	const struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	const struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	socklen_t len = sizeof(at);
	char host[INET6_ADDRSTRLEN];

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -errno;
	if (at.ss_family == AF_INET6) {
		if (!inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
			return -errno;
		(void)snprintf(
		    h->url, sizeof(h->url), "http://[%s]:%u/", host, ntohs(v6->sin6_port));
		return 0;
	}
	if (!inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
		return -errno;
	(void)snprintf(h->url, sizeof(h->url), "http://%s:%u/", host, ntohs(v4->sin_port));
	return 0;
}

static void panic(void *cls, const char *file, unsigned line, const char *reason)
{
	(void)cls;
	(void)fprintf(stderr, "<2>libmicrohttpd %s:%u: %s\n", file, line, reason ? reason : "");
	abort();
}

static int start(struct http *h, int fd, bool loopback)
{
	MHD_set_panic_func(panic, NULL);
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, loopback ? 0u : HTTP_PER_CLIENT_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_REQUEST_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_STRICT_FOR_CLIENT,
	    1, MHD_OPTION_NOTIFY_CONNECTION, on_client, h, MHD_OPTION_URI_LOG_CALLBACK, on_target,
	    h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
	return h->daemon ? 0 : -EIO;
}

int http_open(const char *listen_at, bool robots, http_fn *fn, http_news_fn *news, void *ctx,
    struct http **ret, struct err *e)
{
	CLEANUP(close_fdp) int fd = -1;
	struct http *h;
	bool loopback;
	int r;

	r = bind_socket(listen_at, &fd, &loopback, e);
	if (r < 0)
		return r;
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	h->fn = fn;
	h->news = news;
	h->ctx = ctx;
	h->robots = robots;
	r = name_url(h, fd);
	if (r == 0)
		r = start(h, fd, loopback);
	if (r < 0) {
		(void)http_free(h);
		return err_set(e, r, "cannot start the HTTP server on %s", listen_at);
	}
	(void)take_fd(&fd); /* the library closes it */
	*ret = h;
	return 0;
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	http_forget(h);
	free(h);
	return NULL;
}

const char *http_url(const struct http *h)
{
	return h->url;
}

int http_fd(const struct http *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int http_run(struct http *h, int *wait_ms, struct err *e)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (MHD_run(h->daemon) != MHD_YES)
		return err_set(e, -EIO, "the HTTP server stopped working");
	sweep(h);
	*wait_ms = SWEEP_MS;
	if (MHD_get_timeout(h->daemon, &timeout) == MHD_YES && timeout < SWEEP_MS)
		*wait_ms = (int)timeout;
	return 0;
}

struct http_stats http_stats(const struct http *h)
{
	return h->stats;
}
