/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory with a hub in it, made before and removed after each test. */
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

#include "ledger/hub.h"
#include "util/clock.h"

#define NOW 1790000000 /* 2026-09-21 */
#define DAY (NOW / DAY_S)

static char scratch_dir[64], scratch_file[96], scratch_url[128];

static inline int scratch_setup(void **state)
{
	(void)snprintf(scratch_dir, sizeof(scratch_dir), "/tmp/onus-hub-XXXXXX");
	if (!mkdtemp(scratch_dir))
		return -1;
	(void)snprintf(scratch_file, sizeof(scratch_file), "%s/hub.sqlite", scratch_dir);
	(void)snprintf(scratch_url, sizeof(scratch_url), "sqlite:%s", scratch_file);
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

/* ok - the call must succeed; its message otherwise */
#define ok(call)                                                                                   \
	do {                                                                                       \
		struct err e = { "" };                                                             \
		int r_ = (call);                                                                   \
		if (r_ < 0)                                                                        \
			fail_msg("%d %s", r_, e.text);                                             \
	} while (0)

#endif
