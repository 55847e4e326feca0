/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said between a program and its onus-fetch, and what that remembers: one JSON object a line, flat. The
 * grammar is doc/contracts/fetch.md. Each side reads the other with suspicion: what fetches has touched the network. */
#ifndef ONUS_SVC_FETCH_LINE_H
#define ONUS_SVC_FETCH_LINE_H

#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"
#include "util/span.h"

#define FETCH_LINE_MAX	16384u	     /* bytes, without the LF */
#define FETCH_BYTES_MAX (1ull << 40) /* of a body */
#define FETCH_URL_MAX	2048u
#define FETCH_NAME_MAX	128u
#define FETCH_TAG_MAX	512u
#define FETCH_TYPE_MAX	256u
#define FETCH_ERROR_MAX 480u
#define FETCH_BOOT_MAX	64u

/* Names in the directory of onus-fetch besides bodies themselves: .NAME.part is as much of a body as has come,
 * .NAME.from the struct fetch_part of it. */
#define FETCH_PART_TAIL ".part"
#define FETCH_FROM_TAIL ".from"

/* How a request ended. Anything but FETCH_OK has a sentence in the answer's error. */
enum fetch_end {
	FETCH_OK,	/* the server answered; status says what */
	FETCH_REFUSED,	/* the request was no good: URL, name, line */
	FETCH_RESOLVE,	/* no such name */
	FETCH_CONNECT,	/* nobody there */
	FETCH_TLS,	/* certificate, handshake */
	FETCH_TIMEOUT,	/* not done in time, or slower than allowed */
	FETCH_TOO_BIG,	/* more than max_bytes */
	FETCH_CUT,	/* the connection ended before the answer did */
	FETCH_REDIRECT, /* too many, or to where we do not go */
	FETCH_GARBAGE,	/* not HTTP */
	FETCH_DISK,	/* the body could not be written */
	FETCH_LOST,	/* onus-fetch itself is gone; said by the library, never on the line */
	FETCH_END_N
};
extern const char *const fetch_end_name[FETCH_END_N];

/* struct fetch_request - texts are printable ASCII, "" for none; zero in a limit stands for its default */
struct fetch_request {
	uint64_t id;		     /* the asker's own, comes back with the answer */
	char url[FETCH_URL_MAX + 1]; /* http:// or https:// */
	char
	    out[FETCH_NAME_MAX +
		1]; /* the body's name in the directory of onus-fetch: [A-Za-z0-9._-], no dot first */
	char etag[FETCH_TAG_MAX + 1]; /* as the server gave it, quotes and all: If-None-Match */
	uint64_t since_s;	      /* If-Modified-Since, Unix seconds; 0: none */
	char accept[FETCH_TYPE_MAX + 1];
	uint64_t max_bytes;	/* of the body */
	uint64_t timeout_ms;	/* from start to end, redirects and all */
	uint64_t connect_ms;	/* of each connection */
	uint64_t slow_bytes;	/* fewer a second … */
	uint64_t slow_s;	/* … for this long is too slow */
	uint64_t max_redirects; /* default 5; FETCH_NO_REDIRECT: none */
	uint64_t resume; /* 1: what is cut is kept, and what was kept under `out` is gone on with */
};
#define FETCH_NO_REDIRECT 99u

/* struct fetch_answer */
struct fetch_answer {
	uint64_t id;
	enum fetch_end end;
	uint64_t status;	      /* of HTTP; 0: there was none */
	char url[FETCH_URL_MAX + 1];  /* where the answer came from at last */
	char etag[FETCH_TAG_MAX + 1]; /* "" for none, or none that can be sent back */
	uint64_t modified_s;	      /* Last-Modified, Unix seconds; 0: none */
	char type[FETCH_TYPE_MAX + 1];
	char location
	    [FETCH_URL_MAX +
		1]; /* where a redirect would lead that was one too many; "" for none, or to where we
			   * do not go */
	uint64_t retry_after_s; /* both forms of Retry-After; 0: none */
	uint64_t bytes;		/* of the body that was written; only status 200 writes one */
	uint64_t resumed;	/* so many of these had come before this request */
	uint64_t kept; /* no body: so many bytes of it are kept for the next request with resume */
	char anew[FETCH_ERROR_MAX +
		  1]; /* why what was kept was of no use; "": it was, or nothing was kept */
	char error[FETCH_ERROR_MAX + 1];
};

/* struct fetch_part - of what the beginning of a body is, that is kept. Without an etag modified_s is what the rest is
 * asked with. */
struct fetch_part {
	char url[FETCH_URL_MAX + 1]; /* that sent it: the rest is asked of no other */
	char etag[FETCH_TAG_MAX + 1];
	uint64_t modified_s;
	char type[FETCH_TYPE_MAX + 1];
	uint64_t total;		       /* bytes of the whole; 0: not told */
	char boot[FETCH_BOOT_MAX + 1]; /* which start of the system it was written under */
	uint64_t synced;	       /* so many bytes are there under another, too */
};

/* fetch_request_put, fetch_answer_put, fetch_part_put - as one line, LF and all; what is empty or 0 is left out */
void fetch_request_put(const struct fetch_request *q, struct buf *out);
void fetch_answer_put(const struct fetch_answer *a, struct buf *out);
void fetch_part_put(const struct fetch_part *p, struct buf *out);

/* fetch_request_parse, fetch_answer_parse, fetch_part_parse - one line without its LF, untrusted
 * Returns 0; -EINVAL with what is wrong; *ret is set only on success. A request is complete afterwards: no limit
 * is zero. */
MUST_USE int fetch_request_parse(struct span line, struct fetch_request *ret, struct err *e);
MUST_USE int fetch_answer_parse(struct span line, struct fetch_answer *ret, struct err *e);
MUST_USE int fetch_part_parse(struct span line, struct fetch_part *ret, struct err *e);

#endif
