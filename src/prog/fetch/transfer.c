/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/fetch/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "prog/fetch/body.h"
#include "prog/fetch/heads.h"
#include "util/clock.h"

#define DROPPED_MAX (1u << 20) /* bytes that are read of a body nobody wants */
#define PIECES_MAX  100u       /* a server may send the rest of a body in so many answers */

struct transfer {
	CURL *h;
	struct curl_slist *headers;
	struct fetch_request q;
	const struct body_dir *dir;
	struct body body;
	char url[FETCH_URL_MAX + 1]; /* of this hop */
	char why[CURL_ERROR_SIZE];
	unsigned hops;
	int64_t until_us;
	bool inside; /* the first hop was to an address of our own house */
	bool enough; /* the rest of the body is not wanted */
	bool began;  /* this answer is a body from its first byte on */
	uint64_t got;
	enum fetch_end end; /* FETCH_OK, or why we gave up */
	int disk;	    /* -errno */

	struct fetch_part part; /* of which the first `have` bytes are there; have 0: none are */
	uint64_t have, resumed; /* resumed: have, as it was when the request came */
	bool asks_rest;		/* this hop asks for what is missing */
	uint64_t
	    rest_end; /* this answer ends before this byte of the whole; 0: not looked at yet */
	unsigned pieces;
	const char *misfit; /* the answer is not the rest; what was kept is to be thrown away */
	const char *anew;   /* why it was */
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

/* --- while it runs ------------------------------------------------------------------------------------ */

static bool give_up(struct transfer *t, enum fetch_end end)
{
	t->end = end;
	return false;
}

static const char *why_anew(const struct transfer *t)
{
	if (t->anew || !t->have)
		return t->anew;
	return t->asks_rest ? "it is another one by now, or the server sends no parts"
			    : "the beginning came from another address";
}

/* A body from its first byte on. */
static bool begin_body(struct transfer *t)
{
	struct fetch_heads heads;
	struct fetch_part part;

	heads_of(t->h, &heads);
	if (heads.length > 0 && (uint64_t)heads.length > t->q.max_bytes)
		return give_up(t, FETCH_TOO_BIG);
	body_drop(&t->body); /* its rest will not come */
	t->anew = why_anew(t);
	t->have = t->resumed = 0;
	t->disk = body_open(&t->body, t->dir, t->q.out);
	if (t->disk == 0 && t->q.resume && fetch_range_keeps(&heads)) {
		heads_part(t->h, t->url, &part);
		body_keep(&t->body, &part);
	}
	t->began = true;
	return true;
}

static bool write_more(struct transfer *t, const char *p, size_t n)
{
	if (t->disk == 0 && t->body.bytes + n > t->q.max_bytes)
		return give_up(t, FETCH_TOO_BIG);
	if (t->disk == 0)
		t->disk = body_write(&t->body, p, n);
	return t->disk == 0 || give_up(t, FETCH_DISK);
}

/* The rest of a body: does it go on where ours ends? */
static bool begin_rest(struct transfer *t)
{
	struct fetch_heads heads;
	uint64_t total = 0;

	heads_of(t->h, &heads);
	t->misfit = fetch_range_misfit(&t->part, t->have, &heads, &t->rest_end, &total);
	if (t->misfit)
		return false;
	if (total > t->q.max_bytes)
		return give_up(t, FETCH_TOO_BIG);
	t->part.total = total;
	if (t->body.fd < 0)
		t->disk = body_resume(&t->body, t->dir, t->q.out, &t->part, t->have);
	return t->disk == 0 || give_up(t, FETCH_DISK);
}

static bool write_rest(struct transfer *t, const char *p, size_t n)
{
	if (!t->rest_end && !begin_rest(t))
		return false;
	if (n > t->rest_end - t->body.bytes) {
		t->misfit = "the server sends more than it says";
		return false;
	}
	return write_more(t, p, n);
}

static size_t on_write(char *p, size_t one, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	long status = heads_status(t->h);

	if (status == 200)
		return (t->began || begin_body(t)) && write_more(t, p, n) ? n : 0;
	if (status == 206 && t->asks_rest)
		return write_rest(t, p, n) ? n : 0;
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

static bool add_header(struct transfer *t, const char *name, const char *value)
{
	struct curl_slist *more;
	char *line;

	if (!*value)
		return true;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	more = curl_slist_append(t->headers, line);
	free(line);
	if (more)
		t->headers = more;
	return more != NULL;
}

/* The rest is asked of nobody but who sent the beginning. */
static bool set_headers(struct transfer *t)
{
	char range[64] = "", if_range[FETCH_TAG_MAX + 1] = "";

	t->asks_rest = t->have && strcmp(t->url, t->part.url) == 0;
	if (t->asks_rest) {
		(void)snprintf(range, sizeof(range), "bytes=%llu-",
		    (unsigned long long)t->have); /* it has room */
		memcpy(if_range, t->part.etag, sizeof(if_range));
		if (!*if_range)
			fetch_range_date(t->part.modified_s, if_range);
	}
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	return add_header(t, "Accept", t->q.accept) && add_header(t, "If-None-Match", t->q.etag) &&
	       add_header(t, "Accept-Encoding", t->q.resume ? "identity" : "") &&
	       add_header(t, "Range", range) && add_header(t, "If-Range", if_range) &&
	       curl_easy_setopt(t->h, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
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
	t->got = t->rest_end = 0;
	t->began = false;
	return set_headers(t) && curl_easy_setopt(t->h, CURLOPT_URL, t->url) == CURLE_OK &&
	       curl_easy_setopt(t->h, CURLOPT_TIMEOUT_MS, (long)MAX_OF(left_ms, 1)) == CURLE_OK &&
	       curl_multi_add_handle(all->multi, t->h) == CURLM_OK;
}

static void transfer_free(struct transfer *t)
{
	body_drop(&t->body);
	curl_easy_cleanup(t->h); /* NULL-safe */
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
		t->dir = &all->dir;
		t->body = (struct body){ .fd = -1 };
		t->until_us = clock_monotonic_us() + (int64_t)q->timeout_ms * 1000;
		memcpy(t->url, q->url, sizeof(t->url));
		t->h = curl_easy_init();
	}
	if (t && q->resume)
		t->have = t->resumed = body_kept(&all->dir, q->out, &t->part);
	if (!t || !t->h || !set_all(all, t) || !hop(all, t)) {
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
		heads_keep(to, a->location, sizeof(a->location));
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

/* What was kept is of no use: the same request once more, for all of it. */
static bool begin_anew(struct transfers *all, struct transfer *t)
{
	t->anew = t->misfit;
	t->misfit = NULL;
	t->have = t->resumed = 0;
	body_drop(&t->body);
	body_forget(t->dir, t->q.out);
	t->hops = 0;
	memcpy(t->url, t->q.url, sizeof(t->url));
	return hop(all, t);
}

/* An answer of 206 has ended: true when another one is on its way for what is still missing. */
static bool next_piece(struct transfers *all, struct transfer *t)
{
	if (t->body.bytes < t->rest_end || t->rest_end == t->part.total ||
	    ++t->pieces == PIECES_MAX)
		return false;
	t->have = t->body.bytes;
	return hop(all, t);
}

static void store(struct transfer *t, struct fetch_answer *a)
{
	if (t->disk == 0)
		t->disk = body_commit(&t->body);
	a->bytes = t->body.bytes;
	a->resumed = t->resumed;
	if (t->disk < 0) {
		a->bytes = a->resumed = 0;
		(void)fail(a, FETCH_DISK, t->q.out, strerror(-t->disk));
	}
}

/* The whole is there, as one answer of 200 would have brought it. */
static void store_rest(struct transfer *t, struct fetch_answer *a)
{
	if (t->body.bytes < t->part.total) {
		(void)fail(a, FETCH_CUT, t->url, "sends less than it says");
		return;
	}
	a->status = 200;
	a->modified_s = t->part.modified_s;
	memcpy(a->etag, t->part.etag, sizeof(a->etag));
	memcpy(a->type, t->part.type, sizeof(a->type));
	store(t, a);
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

/* Is what has come of the body still the beginning of what was asked for? */
static bool may_go_on(const struct fetch_answer *a)
{
	static const bool may[FETCH_END_N] = { [FETCH_OK] = true,
		[FETCH_RESOLVE] = true,
		[FETCH_CONNECT] = true,
		[FETCH_TLS] = true,
		[FETCH_TIMEOUT] = true,
		[FETCH_CUT] = true };

	return may[a->end] && a->status != 304;
}

/* What of it stays for another request. */
static void leave(struct transfer *t, struct fetch_answer *a)
{
	struct fetch_part part;

	if (may_go_on(a))
		body_leave(&t->body);
	else if (a->end == FETCH_TOO_BIG || a->status == 304)
		body_forget(t->dir, t->q.out);
	body_drop(&t->body);
	if (t->q.resume && a->bytes == 0)
		a->kept = body_kept(t->dir, t->q.out, &part);
}

bool transfer_done(struct transfers *all, struct transfer *t, CURLcode code, struct fetch_answer *a)
{
	bool rest = t->asks_rest && heads_status(t->h) == 206;

	if (t->enough && code == CURLE_WRITE_ERROR)
		code = CURLE_OK;
	*a = (struct fetch_answer){ .id = t->q.id };
	(void)curl_multi_remove_handle(all->multi, t->h); /* it is in there */
	if (rest && code == CURLE_OK && !t->rest_end && !begin_rest(t) && !t->misfit)
		code = CURLE_WRITE_ERROR; /* which set why */
	if (t->asks_rest && heads_status(t->h) == 416)
		t->misfit = "the server has no such part";
	if (t->misfit && begin_anew(all, t))
		return false;
	heads_answer(t->h, t->url, a);
	if (code != CURLE_OK)
		fill_error(t, code, a);
	else if (is_redirect((long)a->status) && redirect(all, t, a))
		return false;
	else if (rest && next_piece(all, t))
		return false;
	else if (rest)
		store_rest(t, a);
	else if (a->status == 200 && (t->began || begin_body(t)))
		store(t, a);
	else if (a->status == 200)
		fill_error(t, code, a);
	if (t->anew)
		(void)snprintf(a->anew, sizeof(a->anew), "%s", t->anew); /* it has room */
	leave(t, a);
	transfer_free(t);
	return true;
}
