/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds of registry files out of facts and tables, for tests of what comes out. Include it behind cmocka.h. */
#ifndef ONUS_TESTS_HOLDERS_BUILDING_H
#define ONUS_TESTS_HOLDERS_BUILDING_H

#include "facts.h"
#include "util/file.h"

static char reg[] = "/tmp/onus-test-building-XXXXXX";

static inline int setup(void **state)
{
	int fd = mkstemp(reg);

	return fd < 0 ? -1 : close(fd);
}

static inline int teardown(void **state)
{
	return unlink(reg);
}

struct refusals {
	char text[4096];
	unsigned n;
};

static inline void on_refused(void *ctx, const char *text)
{
	struct refusals *r = ctx;
	size_t n = strlen(r->text);

	(void)snprintf(r->text + n, sizeof(r->text) - n, "%s\n", text);
	r->n++;
}

/* A build with an input of each kind, whose index is that kind. */
static inline struct registry_build *begin(struct refusals *refused)
{
	struct registry_build *b = registry_build_new(on_refused, refused);

	*refused = (struct refusals){ .n = 0 };
	assert_non_null(b);
	for (enum input_kind k = 0; k < KIND_N; k++)
		assert_int_equal(build_input_add(b, build_kind_name(k), k), k);
	return b;
}

/* A table of who announces what, as a file. */
static inline void add_csv(struct registry_build *b, const char *table)
{
	char csv[sizeof(reg) + 4];
	struct err e;

	(void)snprintf(csv, sizeof(csv), "%s.csv", reg);
	assert_int_equal(file_write(csv, span_str(table), &e), 0);
	assert_int_equal(registry_build_add(b, csv, &e), 0);
	assert_int_equal(unlink(csv), 0);
}

/* The file, opened and ready for all that can be asked; contest may be NULL. */
static inline struct registry *built(struct registry_build *b, struct registry_contest *contest)
{
	struct registry *r = NULL;
	struct err e;

	if (registry_build_write(b, reg, &e) < 0 || registry_open(reg, &r, &e) < 0 ||
	    registry_origins(r, &e) < 0)
		fail_msg("%s", e.text);
	if (contest)
		*contest = registry_build_contest(b);
	b = registry_build_free(b);
	return r;
}

#endif
