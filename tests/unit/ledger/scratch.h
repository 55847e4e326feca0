/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hub, made before and removed after each test: a file of SQLite, or what ONUS_TEST_HUB names (a database of
 * tests/engines.sh, of which nothing is left). */
#ifndef ONUS_TESTS_LEDGER_SCRATCH_H
#define ONUS_TESTS_LEDGER_SCRATCH_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>

#include "ledger/db.h"
#include "ledger/hub.h"
#include "util/clock.h"

#define NOW 1790000000 /* 2026-09-21 */
#define DAY (NOW / DAY_S)

static char scratch_dir[64], scratch_file[96], scratch_url[512];

/* ok - the call must succeed; its message otherwise */
#define ok(call)                                                                                   \
	do {                                                                                       \
		struct err e = { "" };                                                             \
		int r_ = (call);                                                                   \
		if (r_ < 0)                                                                        \
			fail_msg("%d %s", r_, e.text);                                             \
	} while (0)

static inline bool scratch_is(const char *scheme)
{
	return span_starts(span_str(scratch_url), scheme);
}

/* Another connection's statements, without results. */
static inline void scratch_sql(const char *sql)
{
	struct db *d = NULL;

	ok(db_open(scratch_url, true, &d, &e));
	ok(db_exec(d, sql, &e));
	(void)db_free(d);
}

static inline void scratch_empty(void)
{
	if (scratch_is("postgresql:"))
		scratch_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
	else if (scratch_is("mysql:"))
		scratch_sql("DROP DATABASE onus; CREATE DATABASE onus");
}

static inline int scratch_setup(void **state)
{
	(void)snprintf(scratch_dir, sizeof(scratch_dir), "/tmp/onus-hub-XXXXXX");
	if (!mkdtemp(scratch_dir))
		return -1;
	(void)snprintf(scratch_file, sizeof(scratch_file), "%s/hub.sqlite", scratch_dir);
	if (getenv("ONUS_TEST_HUB"))
		(void)snprintf(scratch_url, sizeof(scratch_url), "%s", getenv("ONUS_TEST_HUB"));
	else
		(void)snprintf(scratch_url, sizeof(scratch_url), "sqlite:%s", scratch_file);
	scratch_empty();
	return 0;
}

static inline int scratch_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	return nftw(scratch_dir, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct hub *scratch_hub(enum hub_mode mode)
{
	struct hub *h = NULL;
	struct err e = { "" };

	if (hub_open(scratch_url, mode, &h, &e) < 0)
		fail_msg("%s", e.text);
	return h;
}

/* scratch_age - a whole round */
static inline void scratch_age(struct hub *h, int32_t first_day, int32_t hours_day)
{
	struct hub_age a = { .today = DAY, .first_day = first_day, .hours_day = hours_day };
	struct err e = { "" };
	int r;

	while ((r = hub_age(h, &a, &e)) == 1)
		;
	if (r < 0 || *a.put_off.text)
		fail_msg("%s%s", e.text, a.put_off.text);
}

/* scratch_run_age - the same for runs */
static inline void scratch_run_age(struct hub *h, unsigned keep, unsigned days, unsigned addr_days)
{
	struct hub_run_age a = { .keep = keep, .days = days, .addr_days = addr_days };
	struct err e = { "" };
	int r;

	while ((r = hub_run_forget(h, &a, &e)) == 1)
		;
	if (r < 0)
		fail_msg("%s", e.text);
}

#endif
