/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/fetch/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "prog/fetch/body.h"
#include "util/clock.h"

#define DROPPED_MAX (1u << 20) /* bytes that are read of a body nobody wants */

struct transfer {
	CURL *h;
	struct curl_slist *headers;
	struct fetch_request q;
	struct body body;
	char url[FETCH_URL_MAX + 1]; /* of this hop */
	char why[CURL_ERROR_SIZE];
	unsigned hops;
	int64_t until_us;
	bool inside; /* the first hop was to an address of our own house */
	bool enough; /* the rest of the body is not wanted */
	uint64_t got;
	enum fetch_end end; /* FETCH_OK, or why we gave up */
	int disk;	    /* -errno */
};

static const struct {
	CURLcode code;
	enum fetch_end end;
} ends[] = {
	{ CURLE_OK, FETCH_OK },
	{ CURLE_URL_MALFORMAT, FETCH_REFUSED },
	{ CURLE_UNSUPPORTED_PROTOCOL, FETCH_GARBAGE }, /* HTTP/0.9: an answer without a head */
	{ CURLE_COULDNT_RESOLVE_HOST, FETCH_RESOLVE },
	{ CURLE_COULDNT_RESOLVE_PROXY, FETCH_RESOLVE },
	{ CURLE_COULDNT_CONNECT, FETCH_CONNECT },
	{ CURLE_PROXY, FETCH_CONNECT },
	{ CURLE_INTERFACE_FAILED, FETCH_CONNECT },
	{ CURLE_SEND_ERROR, FETCH_CUT },
	{ CURLE_RECV_ERROR, FETCH_CUT },
	{ CURLE_PARTIAL_FILE, FETCH_CUT },
	{ CURLE_GOT_NOTHING, FETCH_CUT },
	{ CURLE_HTTP2_STREAM, FETCH_CUT },
	{ CURLE_OPERATION_TIMEDOUT, FETCH_TIMEOUT },
	{ CURLE_PEER_FAILED_VERIFICATION, FETCH_TLS },
	{ CURLE_SSL_CONNECT_ERROR, FETCH_TLS },
	{ CURLE_SSL_CACERT_BADFILE, FETCH_TLS },
	{ CURLE_SSL_CIPHER, FETCH_TLS },
	{ CURLE_SSL_CERTPROBLEM, FETCH_TLS },
	{ CURLE_SSL_ISSUER_ERROR, FETCH_TLS },
	{ CURLE_TOO_MANY_REDIRECTS, FETCH_REDIRECT },
};

static enum fetch_end end_of(CURLcode code)
{
	for (size_t i = 0; i < NELEM(ends); i++)
		if (ends[i].code == code)
			return ends[i].end;
	return FETCH_GARBAGE;
}

/* Text that goes back on the line, or with the next request: printable ASCII that fits, or none of it. */
static void keep(const char *from, char *to, size_t room)
{
	size_t n = from ? strlen(from) : 0;

	for (size_t i = 0; i < n; i++)
		if (from[i] < ' ' || from[i] > '~')
			n = 0;
	if (n >= room)
		n = 0;
	if (n)
		memcpy(to, from, n);
	to[n] = '\0';
}

static long status_of(struct transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
	return status;
}

/* --- while it runs ------------------------------------------------------------------------------------ */

static bool give_up(struct transfer *t, enum fetch_end end)
{
	t->end = end;
	return false;
}

static bool write_body(struct transfer *t, const char *p, size_t n)
{
	curl_off_t length = -1;

	if (t->body.fd < 0) {
		(void)curl_easy_getinfo(
		    t->h, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length); /* -1: not told */
		if (length > 0 && (uint64_t)length > t->q.max_bytes)
			return give_up(t, FETCH_TOO_BIG);
		t->disk = body_open(&t->body, t->body.dir, t->q.out);
	}
	if (t->disk == 0 && t->body.bytes + n > t->q.max_bytes)
		return give_up(t, FETCH_TOO_BIG);
	if (t->disk == 0)
		t->disk = body_write(&t->body, p, n);
	return t->disk == 0 || give_up(t, FETCH_DISK);
}

static size_t on_write(char *p, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	if (status_of(t) == 200)
		return write_body(t, p, n) ? n : 0;
	t->got += n;
	t->enough = t->got > DROPPED_MAX;
	return t->enough ? 0 : n;
}

/* An address of this host, or of networks that are not routed on the Internet. */
static bool inside(const struct sockaddr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		return addr_special(addr_of_v4(ntohl(v4.sin_addr.s_addr))) != NULL;
	}
	if (a->sa_family != AF_INET6)
		return true;
	memcpy(&v6, a, sizeof(v6));
	return addr_special(addr_of_bytes(v6.sin6_addr.s6_addr)) != NULL;
}

/* Whoever sends us on must not send us to our own neighbours: what stands there would answer a friend. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = ctx;
	bool in = inside(&a->addr);

	if (t->hops == 0)
		t->inside = in;
	if (t->hops && in && !t->inside) {
		(void)give_up(t, FETCH_REDIRECT);
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* --- begin -------------------------------------------------------------------------------------------- */

static bool set_headers(struct transfer *t)
{
	struct curl_slist *more;
	char *line;

	if (t->q.accept[0]) {
		if (asprintf(&line, "Accept: %s", t->q.accept) < 0)
			return false;
		t->headers = curl_slist_append(NULL, line);
		free(line);
		if (!t->headers)
			return false;
	}
	if (t->q.etag[0]) {
		if (asprintf(&line, "If-None-Match: %s", t->q.etag) < 0)
			return false;
		more = curl_slist_append(t->headers, line);
		free(line);
		if (!more)
			return false;
		t->headers = more;
	}
	return true;
}

/* What is the same on every hop. */
static bool set_all(const struct transfers *all, struct transfer *t)
{
	CURL *h = t->h;
	CURLcode r = CURLE_OK;

#define SET(option, value) (r = r == CURLE_OK ? curl_easy_setopt(h, option, value) : r)
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_ERRORBUFFER, t->why);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_USERAGENT, all->agent);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_FILETIME, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)t->q.connect_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)t->q.slow_bytes);
	SET(CURLOPT_LOW_SPEED_TIME, (long)t->q.slow_s);
	if (all->ca)
		SET(CURLOPT_CAINFO, all->ca);
	if (t->q.since_s) {
		SET(CURLOPT_TIMECONDITION, (long)CURL_TIMECOND_IFMODSINCE);
		SET(CURLOPT_TIMEVALUE_LARGE, (curl_off_t)t->q.since_s);
	}
#undef SET
	return r == CURLE_OK;
}

/* A URL we would go to: http or https, no user, no password; from https to https alone. */
static const char *url_refused(const char *url, const char *from)
{
	CURLU *u = curl_url();
	const char *why = NULL;
	char *scheme = NULL;

	if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		why = "is no URL that we would go to";
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		why = "is neither http nor https";
	else if (from && strncasecmp(from, "https:", 6) == 0 && strcmp(scheme, "https") != 0)
		why = "would leave https";
	curl_free(scheme);
	curl_url_cleanup(u);
	return why;
}

/* The next hop, whose URL stands in t->url. */
static bool hop(struct transfers *all, struct transfer *t)
{
	int64_t left_ms = (t->until_us - clock_monotonic_us()) / 1000;

	t->why[0] = '\0';
	t->got = 0;
	return curl_easy_setopt(t->h, CURLOPT_URL, t->url) == CURLE_OK &&
	       curl_easy_setopt(t->h, CURLOPT_TIMEOUT_MS, (long)MAX_OF(left_ms, 1)) == CURLE_OK &&
	       curl_multi_add_handle(all->multi, t->h) == CURLM_OK;
}

static void transfer_free(struct transfer *t)
{
	body_drop(&t->body);
	curl_easy_cleanup(t->h);
	curl_slist_free_all(t->headers);
	free(t);
}

static int fail(struct fetch_answer *a, enum fetch_end end, const char *what, const char *why)
{
	a->end = end;
	(void)snprintf(a->error, sizeof(a->error), "%.200s %.260s", what, why); /* it has room */
	for (char *p = a->error; *p; p++)
		if (*p < ' ' || *p > '~') /* curl may repeat what a server said */
			*p = '?';
	return -1;
}

int transfer_start(struct transfers *all, const struct fetch_request *q, struct transfer **ret,
    struct fetch_answer *a)
{
	const char *refused = url_refused(q->url, NULL);
	struct transfer *t;

	*a = (struct fetch_answer){ .id = q->id };
	if (refused)
		return fail(a, FETCH_REFUSED, q->url, refused);
	t = calloc(1, sizeof(*t));
	if (t) {
		t->q = *q;
		t->body = (struct body){ .dir = all->dir, .fd = -1 };
		t->until_us = clock_monotonic_us() + (int64_t)q->timeout_ms * 1000;
		memcpy(t->url, q->url, sizeof(t->url));
		t->h = curl_easy_init();
	}
	if (!t || !t->h || !set_headers(t) || !set_all(all, t) || !hop(all, t)) {
		if (t)
			transfer_free(t);
		return fail(a, FETCH_REFUSED, q->url, "cannot be asked for: out of memory");
	}
	*ret = t;
	return 0;
}

struct transfer *transfer_of(CURL *h)
{
	char *t = NULL;

	(void)curl_easy_getinfo(h, CURLINFO_PRIVATE, &t); /* set_all set it */
	return (struct transfer *)(void *)t;
}

/* --- end ---------------------------------------------------------------------------------------------- */

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* true: on its way again; false: a says why not, or nothing when this is the answer */
static bool redirect(struct transfers *all, struct transfer *t, struct fetch_answer *a)
{
	char *to = NULL;
	const char *refused;
	uint64_t most = t->q.max_redirects == FETCH_NO_REDIRECT ? 0 : t->q.max_redirects;

	(void)curl_easy_getinfo(t->h, CURLINFO_REDIRECT_URL, &to); /* NULL: there is none */
	if (!to)
		return false;
	refused = strlen(to) > FETCH_URL_MAX ? "is too long" : url_refused(to, t->url);
	if (!refused && t->hops >= most) {
		keep(to, a->location, sizeof(a->location));
		refused = "is one redirect too many";
	}
	if (refused) {
		(void)fail(a, FETCH_REDIRECT, to, refused);
		return false;
	}
	memcpy(t->url, to, strlen(to) + 1);
	t->hops++;
	if (hop(all, t))
		return true;
	(void)fail(a, FETCH_REDIRECT, t->url, "cannot be asked for: out of memory");
	return false;
}

static void fill_heads(struct transfer *t, struct fetch_answer *a)
{
	struct curl_header *etag = NULL;
	curl_off_t seconds = 0;
	char *text = NULL;

	a->status = (uint64_t)status_of(t);
	keep(t->url, a->url, sizeof(a->url));
	if (curl_easy_header(t->h, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK)
		keep(etag->value, a->etag, sizeof(a->etag));
	(void)curl_easy_getinfo(t->h, CURLINFO_CONTENT_TYPE, &text); /* NULL: none */
	keep(text, a->type, sizeof(a->type));
	(void)curl_easy_getinfo(t->h, CURLINFO_FILETIME_T, &seconds); /* -1: none */
	a->modified_s = (uint64_t)MIN_OF(MAX_OF(seconds, 0), 253402300799);
	seconds = 0;
	(void)curl_easy_getinfo(t->h, CURLINFO_RETRY_AFTER, &seconds); /* 0: none */
	a->retry_after_s = (uint64_t)MIN_OF(MAX_OF(seconds, 0), 1 << 30);
}

static void store(struct transfer *t, struct fetch_answer *a)
{
	if (t->body.fd < 0) /* an empty one */
		t->disk = body_open(&t->body, t->body.dir, t->q.out);
	if (t->disk == 0)
		t->disk = body_commit(&t->body);
	a->bytes = t->body.bytes;
	if (t->disk < 0) {
		a->bytes = 0;
		(void)fail(a, FETCH_DISK, t->q.out, strerror(-t->disk));
	}
}

static void fill_error(struct transfer *t, CURLcode code, struct fetch_answer *a)
{
	if (t->end == FETCH_TOO_BIG)
		(void)fail(a, t->end, t->url, "has more than max_bytes");
	else if (t->end == FETCH_REDIRECT)
		(void)fail(a, t->end, t->url, "would lead from elsewhere into the own network");
	else if (t->end == FETCH_DISK)
		(void)fail(a, t->end, t->q.out, strerror(-t->disk));
	else
		(void)fail(a, end_of(code), t->url, t->why[0] ? t->why : curl_easy_strerror(code));
}

bool transfer_done(struct transfers *all, struct transfer *t, CURLcode code, struct fetch_answer *a)
{
	if (t->enough && code == CURLE_WRITE_ERROR)
		code = CURLE_OK;
	*a = (struct fetch_answer){ .id = t->q.id };
	(void)curl_multi_remove_handle(all->multi, t->h); /* it is in there */
	fill_heads(t, a);
	if (code != CURLE_OK)
		fill_error(t, code, a);
	else if (is_redirect((long)a->status) && redirect(all, t, a))
		return false;
	else if (a->end == FETCH_OK && a->status == 200)
		store(t, a);
	transfer_free(t);
	return true;
}
