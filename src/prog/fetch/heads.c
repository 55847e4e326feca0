/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/fetch/heads.h"

#include <string.h>

#define SECONDS_MAX 253402300799 /* the year 9999 */

void heads_keep(const char *from, char *to, size_t room)
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

long heads_status(CURL *h)
{
	long status = 0;

	(void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
	return status;
}

/* NULL: there is none; n: how many there are, NULL when nobody wants to know */
static const char *head(CURL *h, const char *name, unsigned *n)
{
	struct curl_header *found = NULL;
	bool there = curl_easy_header(h, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK;

	if (n)
		*n = there ? (unsigned)found->amount : 0;
	return there ? found->value : NULL;
}

static uint64_t modified_of(CURL *h)
{
	curl_off_t seconds = 0;

	(void)curl_easy_getinfo(h, CURLINFO_FILETIME_T, &seconds); /* -1: none */
	return (uint64_t)MIN_OF(MAX_OF(seconds, 0), SECONDS_MAX);
}

void heads_of(CURL *h, struct fetch_heads *ret)
{
	const char *date = head(h, "Date", NULL);
	time_t date_s = date ? curl_getdate(date, NULL) : 0;
	curl_off_t length = -1;

	(void)curl_easy_getinfo(h, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length); /* -1: not told */
	*ret = (struct fetch_heads){ .etag = head(h, "ETag", NULL),
		.encoding = head(h, "Content-Encoding", NULL),
		.ranges = head(h, "Accept-Ranges", NULL),
		.modified_s = modified_of(h),
		.date_s = (uint64_t)MAX_OF(date_s, 0),
		.length = length };
	ret->range = head(h, "Content-Range", &ret->n_range);
}

void heads_answer(CURL *h, const char *url, struct fetch_answer *a)
{
	curl_off_t seconds = 0;
	char *text = NULL;

	a->status = (uint64_t)heads_status(h);
	heads_keep(url, a->url, sizeof(a->url));
	heads_keep(head(h, "ETag", NULL), a->etag, sizeof(a->etag));
	(void)curl_easy_getinfo(h, CURLINFO_CONTENT_TYPE, &text); /* NULL: none */
	heads_keep(text, a->type, sizeof(a->type));
	a->modified_s = modified_of(h);
	(void)curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &seconds); /* 0: none */
	a->retry_after_s = (uint64_t)MIN_OF(MAX_OF(seconds, 0), 1 << 30);
}

void heads_part(CURL *h, const char *url, struct fetch_part *ret)
{
	struct fetch_answer a = { .id = 0 };
	struct fetch_heads heads;

	heads_answer(h, url, &a);
	heads_of(h, &heads);
	*ret = (struct fetch_part){ .modified_s = a.modified_s,
		.total = (uint64_t)MIN_OF(MAX_OF(heads.length, 0), (int64_t)FETCH_BYTES_MAX) };
	memcpy(ret->url, a.url, sizeof(ret->url));
	memcpy(ret->etag, a.etag, sizeof(ret->etag));
	memcpy(ret->type, a.type, sizeof(ret->type));
}
