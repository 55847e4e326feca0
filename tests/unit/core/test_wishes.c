/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/wishes.h"
#include "util/file.h"

#define NOW 1700000000

static char dir[] = "/tmp/onus-test-wishes-XXXXXX";
static char path[sizeof(dir) + 8];

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/w", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)unlink(path);
	return rmdir(dir);
}

static void add(struct wishes *w, const char *name, int64_t now_s)
{
	struct entity en;

	assert_int_equal(entity_parse(span_str(name), &en, NULL), 0);
	wishes_add(w, &en, now_s);
}

static int read_back(struct entity *ret, unsigned *refused)
{
	struct err e;

	return wishes_read(path, NOW, ret, refused, &e);
}

static void round_trip(void **state)
{
	struct entity *got = calloc(WISHES_MAX, sizeof(*got));
	struct wishes *w = wishes_new();
	char name[ENTITY_NAME_MAX];
	unsigned refused;
	struct err e;

	assert_int_equal(read_back(got, &refused), 0); /* no file */
	add(w, "addr:192.0.2.77", NOW - 5);
	add(w, "as:64500", NOW - 3);
	add(w, "as:64500", NOW - 1); /* the same */
	add(w, "country:NL", NOW);   /* nobody to ask */
	add(w, "org:ARIN/GOGL", NOW - 2);
	add(w, "net:RIPE/OLD", NOW - WISHES_AGE_S - 1);
	assert_int_equal(wishes_save(w, path, NOW, &e), 0);
	assert_int_equal(read_back(got, &refused), 3);
	assert_int_equal(refused, 0);
	entity_format(&got[0], name);
	assert_string_equal(name, "org:ARIN/GOGL"); /* the newest first */
	entity_format(&got[2], name);
	assert_string_equal(name, "block:192.0.2.0/24");
	/* nothing new: nothing is written */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(wishes_save(w, path, NOW, &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	/* old ones go */
	assert_int_equal(wishes_save(w, path, NOW + 2 * WISHES_AGE_S, &e), 0);
	assert_int_equal(read_back(got, &refused), 0);
	assert_int_equal(wishes_save(w, "/nosuch/w", NOW, &e), 0);
	add(w, "as:1", NOW);
	assert_int_equal(wishes_save(w, "/nosuch/w", NOW, &e), -ENOENT);
	w = wishes_free(w);
	free(got);
}

/* However many come, the file keeps its size. */
static void bounded(void **state)
{
	struct entity *got = calloc(WISHES_MAX, sizeof(*got));
	struct wishes *w = wishes_new();
	unsigned refused, late = 0;
	struct stat st;
	struct err e;

	for (uint32_t i = 1; i <= 20 * WISHES_MAX; i++) {
		struct entity en = entity_as(i);

		wishes_add(w, &en, NOW);
	}
	assert_int_equal(wishes_save(w, path, NOW, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 1, WISHES_BYTES);
	assert_int_equal(read_back(got, &refused), WISHES_MAX);
	for (unsigned i = 0; i < WISHES_MAX; i++)
		late += got[i].asn > 15 * WISHES_MAX;
	assert_in_range(late, 1, WISHES_MAX); /* who came first does not keep the others out */
	w = wishes_free(w);
	free(got);
}

static void hostile_files(void **state)
{
	static const struct {
		const char *label, *text;
		int n;
		unsigned refused;
	} cases[] = {
		{ "empty", "", -EBADMSG, 0 },
		{ "another file", "root:x:0:0\n", -EBADMSG, 0 },
		{ "another version", "#onus-wishes 2\n", -EBADMSG, 0 },
		{ "none", "#onus-wishes 1\n", 0, 0 },
		{ "bad lines",
		    "#onus-wishes 1\n\nx\n1\tas:1\n1700000000\tas:1\textra\n-1\tas:2\n"
		    "1699999999\tas:3\n1700000000\tcountry:NL\n1700000000\tas:x\n\xff\t\xff\n",
		    1, 7 },
		{ "no end", "#onus-wishes 1\n1699999999\tas:3", 1, 0 },
	};
	struct entity *got = calloc(WISHES_MAX, sizeof(*got));
	struct err e;

	for (size_t i = 0; i < NELEM(cases); i++) {
		unsigned refused = 0;

		assert_int_equal(file_write(path, span_str(cases[i].text), &e), 0);
		if (read_back(got, &refused) != cases[i].n || refused != cases[i].refused)
			fail_msg("%s: %u refused", cases[i].label, refused);
	}
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(bounded),
		cmocka_unit_test(hostile_files),
	};

	return cmocka_run_group_tests_name("wishes", tests, setup, teardown);
}
