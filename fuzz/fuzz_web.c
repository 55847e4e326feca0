/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any path and query to the pages and the API, over the small publication that the tests of onus-web
 * have: each gets an answer with a status of ours, JSON and pages are whole, and no markup of whoever
 * asks comes back. */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/web/site.h"
#include "util/file.h"

static char dir[64];

static void forget(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/reputation.sqlite", dir);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void publish(void)
{
	static const char *const parts[] = { "/sql/publication/reputation.sql",
		"/tests/cli/web.sql", "/sql/publication/indexes.sql" };
	char path[128];
	sqlite3 *db;

	(void)snprintf(dir, sizeof(dir), "/tmp/onus-fuzz-web-%ld", (long)getpid());
	assert(mkdir(dir, 0700) == 0 && atexit(forget) == 0);
	(void)snprintf(path, sizeof(path), "%s/reputation.sqlite", dir);
	assert(sqlite3_open(path, &db) == SQLITE_OK);
	for (size_t i = 0; i < NELEM(parts); i++) {
		char from[4096];
		struct buf sql;
		struct err e;

		(void)snprintf(from, sizeof(from), "%s%s", ONUS_SOURCE, parts[i]);
		buf_init(&sql, 1u << 20);
		assert(file_read(from, &sql, &e) == 0);
		assert(sqlite3_exec(db, sql.p, NULL, NULL, NULL) == SQLITE_OK);
		buf_done(&sql);
	}
	assert(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL) == SQLITE_OK);
	assert(sqlite3_close(db) == SQLITE_OK);
}

static struct site *make_site(void)
{
	static const char *const set[] = { "web_root=" ONUS_SOURCE "/web" };
	struct site *s = NULL;
	struct conf *conf;
	struct err e;

	publish();
	conf = conf_open("/dev/null", set, NELEM(set), &e);
	assert(conf);
	assert(site_open(conf, &s, &e) == 0);
	s->clock = clock_fixed(1793600000);
	assert(view_open(dir, "/nonexistent", NULL, &s->view, &e) == 0);
	return s;
}

static bool ends_with(struct span s, const char *tail)
{
	size_t n = strlen(tail);

	return span_len(s) >= n && memcmp(s.end - n, tail, n) == 0;
}

static void check(const struct http_reply *r)
{
	static const unsigned known[] = { 0, 200, 301, 302, 400, 404, 414, 503 };
	struct span body = buf_text(&r->body);
	unsigned i = 0;

	while (i < NELEM(known) && known[i] != r->status)
		i++;
	assert(i < NELEM(known));
	assert(buf_ok(&r->body) && buf_ok(&r->location));
	if (r->status == 301 || r->status == 302)
		assert(r->location.len > 1 && r->location.p[0] == '/' && r->location.p[1] != '/');
	if (strstr(r->type, "json"))
		assert(ends_with(body, "}\n") || ends_with(body, "]\n") || ends_with(body, "}"));
	if (strstr(r->type, "html") && !r->location.len) {
		assert(memmem(body.p, span_len(body), "</html>", 7));
		assert(!memmem(body.p, span_len(body), "<zq", 3)); /* no page of ours has it */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct site *site;
	static struct http_target target;
	struct http_request rq = { .target = &target };
	struct http_reply reply = { .status = 200, .type = "text/html; charset=utf-8" };

	if (!site)
		site = make_site();
	rq.refused = http_target_parse(span_of((const char *)data, size), &target);
	buf_init(&reply.body, HTTP_BODY_MAX);
	buf_init(&reply.location, 8192);
	site_answer(site, &rq, &reply);
	check(&reply);
	buf_done(&reply.body);
	buf_done(&reply.location);
	return 0;
}
