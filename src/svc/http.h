/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small, careful HTTP server for pages that are only read: GET and HEAD, no request bodies, one
 * thread, every length and time bounded. It owns the socket, the request target, validators
 * (ETag, 304), compression, a cache of finished answers and the headers that every answer carries;
 * what an answer says is the program's. Underneath is libmicrohttpd.
 * Source: RFC 9110, RFC 9112; limits are policy. */
#ifndef ONUS_SVC_HTTP_H
#define ONUS_SVC_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"

#define HTTP_TARGET_MAX	     2048u /* bytes of path and query as sent; more is 414 */
#define HTTP_ARGS_MAX	     16u
#define HTTP_BODY_MAX	     (4u << 20) /* of an answer */
#define HTTP_CONNECTIONS_MAX 512u
#define HTTP_PER_CLIENT_MAX  64u /* connections of one address, unless it is loopback (a proxy) */
#define HTTP_REQUEST_S	     15	 /* to send a whole request, from connecting or the last answer */
#define HTTP_ANSWER_S	     120 /* to take an answer */

/* struct http_target - path and query, decoded; spans point into text */
struct http_target {
	struct span path; /* starts with '/'; UTF-8 without control characters */
	struct http_arg {
		struct span name, value; /* UTF-8 without NUL */
	} args[HTTP_ARGS_MAX];
	unsigned n_args;
	char text[HTTP_TARGET_MAX + 1];
};

/* http_target_parse - "/path?name=value&…"
 * Returns 0; 414 when longer than HTTP_TARGET_MAX; 400 for what is no absolute path, a bad escape,
 * what is not UTF-8, control characters (a query may hold blanks), more than HTTP_ARGS_MAX. */
MUST_USE unsigned http_target_parse(struct span raw, struct http_target *ret);

/* http_arg - the value of an argument; p is NULL when there is none of that name */
struct span http_arg(const struct http_target *t, const char *name);

/* http_escape - append s so that it can stand in an argument's value */
void http_escape(struct buf *out, struct span s);

struct http_request {
	const struct http_target *target; /* empty path when refused is 400 or 414 */
	unsigned refused;		  /* 0, or the status that the answer must have */
};

struct http_reply {
	unsigned status;     /* 200 when left alone */
	const char *type;    /* literal; default "text/html; charset=utf-8" */
	uint32_t max_age_s;  /* Cache-Control; 0: no-cache (revalidate) */
	bool keep;	     /* may be answered from the cache until http_forget or news */
	bool shared;	     /* any site may read it (CORS) */
	struct buf body;     /* initialised with HTTP_BODY_MAX */
	struct buf location; /* for redirects: path and query */
};

/* http_fn - fill the reply; it cannot fail: an error is a reply too */
typedef void http_fn(void *ctx, const struct http_request *rq, struct http_reply *reply);

/* http_news_fn - true: what was answered up to now may be wrong by now; asked before a kept answer is given */
typedef bool http_news_fn(void *ctx);

struct http;

/* http_open - listen on "address:port" or "[v6]:port"; port 0 takes a free one
 * robots: false adds X-Robots-Tag: noindex to everything. news: NULL for never.
 * Returns 0; -EINVAL (listen is not understood); -errno. */
MUST_USE int http_open(const char *listen, bool robots, http_fn *fn, http_news_fn *news, void *ctx,
    struct http **ret, struct err *e);
struct http *http_free(struct http *h); /* NULL-safe, returns NULL; open answers are cut */

/* http_url - "http://127.0.0.1:8025/", as bound */
const char *http_url(const struct http *h);

/* http_fd - becomes readable when there is something to do for http_run, which never waits and says
 * in how many milliseconds it wants to be called again at the latest */
int http_fd(const struct http *h);
MUST_USE int http_run(struct http *h, int *wait_ms, struct err *e);

/* http_forget - drop all kept answers */
void http_forget(struct http *h);

struct http_stats {
	uint64_t requests, refused, kept, closed_slow;
	unsigned connections;
};
struct http_stats http_stats(const struct http *h);

#endif
