/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stamp beside a registry file: it is believed for the very file that was proven and from its owner, and for
 * nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holders/build.h"
#include "holders/proven.h"
#include "holders/registry_format.h"
#include "util/file.h"

static char dir[] = "/tmp/onus-test-proven-XXXXXX";
static char reg[64], stamp[80], other[64];
static struct buf good; /* the file as it was built */

static int make(void **state)
{
	static const char origins[] = "5.0.0.0,5.0.0.255,64500,One\n2a00::,2a00::ffff,64501,Two\n";
	struct registry_build *b = registry_build_new(NULL, NULL);
	struct err e = { "" };
	int r = mkdtemp(dir) && b ? 0 : -1;

	(void)snprintf(reg, sizeof(reg), "%s/registry", dir);
	(void)snprintf(stamp, sizeof(stamp), "%s/.registry.proven", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	buf_init(&good, 64u << 20);
	if (r == 0)
		r = file_write(other, span_str(origins), &e);
	if (r == 0)
		r = registry_build_add(b, other, &e);
	if (r == 0)
		r = registry_build_write(b, reg, &e);
	if (r == 0)
		r = file_read(reg, &good, &e);
	b = registry_build_free(b);
	return r;
}

static int remove_all(void **state)
{
	buf_done(&good);
	(void)unlink(reg);
	(void)unlink(stamp);
	(void)unlink(other);
	return rmdir(dir);
}

static void over(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	(void)close(fd);
}

/* A new good file with its stamp. */
static void anew(void)
{
	struct err e;

	(void)unlink(stamp);
	(void)rmdir(stamp);
	(void)unlink(reg);
	over(reg, good.p, good.len);
	assert_int_equal(registry_prove(reg, &e), 0);
}

static enum registry_proof proof(void)
{
	struct registry *r;
	struct err e;
	enum registry_proof ret;

	if (registry_open(reg, &r, &e) < 0)
		fail_msg("%s", e.text);
	ret = registry_proof(r);
	r = registry_free(r);
	return ret;
}

static void set_times(const struct stat *st)
{
	const struct timespec t[2] = { st->st_atim, st->st_mtim };

	assert_int_equal(utimensat(AT_FDCWD, reg, t, 0), 0);
}

/* --- what happens to files -------------------------------------------------------------------------------- */

static void nothing(const struct stat *was)
{
}

static void read_it(const struct stat *was)
{
	char byte;
	int fd = open(reg, O_RDONLY);

	assert_int_equal(read(fd, &byte, 1), 1);
	(void)close(fd);
}

static void move_and_back(const struct stat *was)
{
	/* a rename is a change to some file systems and none to others: both are right */
	assert_int_equal(rename(reg, other), 0);
	assert_int_equal(rename(other, reg), 0);
}

static void touched(const struct stat *was)
{
	assert_int_equal(utimensat(AT_FDCWD, reg, NULL, 0), 0);
}

static void times_set(const struct stat *was)
{
	set_times(was);
}

static void mode(const struct stat *was)
{
	assert_int_equal(chmod(reg, 0600), 0);
}

static void named_twice(const struct stat *was)
{
	assert_int_equal(link(reg, other), 0);
}

static void copied(const struct stat *was)
{
	over(other, good.p, good.len);
	assert_int_equal(rename(other, reg), 0);
}

static void restored(const struct stat *was)
{
	copied(was);
	set_times(was);
}

static void written_over(const struct stat *was)
{
	over(reg, good.p, good.len);
}

static void written_over_and_set(const struct stat *was)
{
	over(reg, good.p, good.len);
	set_times(was);
}

static void no_stamp(const struct stat *was)
{
	assert_int_equal(unlink(stamp), 0);
}

static void empty_stamp(const struct stat *was)
{
	assert_int_equal(truncate(stamp, 0), 0);
}

static void long_stamp(const struct stat *was)
{
	int fd = open(stamp, O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, "\n", 1), 1);
	(void)close(fd);
}

static void stamp_of_others(const struct stat *was)
{
	assert_int_equal(chmod(stamp, 0646), 0);
}

static void stamp_of_group(const struct stat *was)
{
	assert_int_equal(chmod(stamp, 0664), 0);
}

static void stamp_elsewhere(const struct stat *was)
{
	assert_int_equal(rename(stamp, other), 0);
	assert_int_equal(symlink(other, stamp), 0);
}

static void stamp_named_twice(const struct stat *was)
{
	assert_int_equal(link(stamp, other), 0);
}

static void stamp_fifo(const struct stat *was)
{
	assert_int_equal(unlink(stamp), 0);
	assert_int_equal(mkfifo(stamp, 0644), 0);
}

static void stamp_directory(const struct stat *was)
{
	assert_int_equal(unlink(stamp), 0);
	assert_int_equal(mkdir(stamp, 0755), 0);
}

static void test_changes(void **state)
{
	static const struct {
		const char *label;
		void (*what)(const struct stat *was);
		enum registry_proof want;
	} cases[] = {
		{ "nothing", nothing, PROOF_STAMP },
		{ "read", read_it, PROOF_STAMP },
		{ "moved and moved back", move_and_back, PROOF_N },
		{ "touched", touched, PROOF_OTHER_STAMP },
		{ "its times set to what they were", times_set, PROOF_OTHER_STAMP },
		{ "another mode", mode, PROOF_OTHER_STAMP },
		{ "a second name", named_twice, PROOF_OTHER_STAMP },
		{ "a copy", copied, PROOF_OTHER_STAMP },
		{ "a copy with the times of the original", restored, PROOF_OTHER_STAMP },
		{ "written over with the same", written_over, PROOF_OTHER_STAMP },
		{ "written over, and its times set back", written_over_and_set, PROOF_OTHER_STAMP },
		{ "no stamp", no_stamp, PROOF_NO_STAMP },
		{ "an empty stamp", empty_stamp, PROOF_OTHER_STAMP },
		{ "a stamp with something behind it", long_stamp, PROOF_OTHER_STAMP },
		{ "a stamp that others can write", stamp_of_others, PROOF_UNSAFE_STAMP },
		{ "a stamp that a group can write", stamp_of_group, PROOF_UNSAFE_STAMP },
		{ "a symbolic link to the stamp", stamp_elsewhere, PROOF_UNSAFE_STAMP },
		{ "a stamp with another name", stamp_named_twice, PROOF_UNSAFE_STAMP },
		{ "a fifo for a stamp", stamp_fifo, PROOF_UNSAFE_STAMP },
		{ "a directory for a stamp", stamp_directory, PROOF_UNSAFE_STAMP },
	};
	struct stat was;

	for (size_t i = 0; i < NELEM(cases); i++) {
		enum registry_proof got;

		print_message("%s\n", cases[i].label);
		anew();
		assert_int_equal(stat(reg, &was), 0);
		cases[i].what(&was);
		got = proof();
		(void)unlink(other);
		if (cases[i].want == PROOF_N)
			assert_true(got == PROOF_STAMP || got == PROOF_OTHER_STAMP);
		else
			assert_int_equal(got, cases[i].want);
	}
}

/* A stamp of somebody else who may write into the directory: seen by the numbers, as a test need not be root. */
static void test_owner(void **state)
{
	struct stat st;

	anew();
	assert_int_equal(stat(reg, &st), 0);
	assert_int_equal(proven_look(reg, &st), PROOF_STAMP);
	st.st_uid++;
	assert_int_equal(proven_look(reg, &st), PROOF_UNSAFE_STAMP);
	if (geteuid() == 0) {
		assert_int_equal(chown(stamp, 65534, 65534), 0);
		assert_int_equal(proof(), PROOF_UNSAFE_STAMP);
	}
}

static void test_every_byte_of_a_stamp(void **state)
{
	struct buf b;
	struct err e;

	anew();
	buf_init(&b, 4096);
	assert_int_equal(file_read(stamp, &b, &e), 0);
	print_message("%.*s", (int)b.len, b.p);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 1;
		over(stamp, b.p, b.len);
		assert_int_equal(proof(), PROOF_OTHER_STAMP);
		b.p[i] ^= 1;
		over(stamp, b.p, i);
		assert_int_equal(proof(), PROOF_OTHER_STAMP);
	}
	over(stamp, b.p, b.len);
	assert_int_equal(proof(), PROOF_STAMP);
	buf_done(&b);
}

/* --- what is damaged ------------------------------------------------------------------------------------- */

/* The file with one byte changed, written at once over what was proven, its times set back. */
static void damage(size_t at)
{
	struct stat was;
	char byte = (char)(good.p[at] ^ 1);
	int fd = open(reg, O_WRONLY);

	assert_int_equal(stat(reg, &was), 0);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	(void)close(fd);
	set_times(&was);
}

static void test_damaged_behind_the_stamp(void **state)
{
	struct registry *r;
	struct err e;

	for (unsigned i = 0; i < 20; i++) {
		anew();
		damage(good.len - 1);
		assert_int_equal(registry_open(reg, &r, &e), -EBADMSG);
		assert_int_equal(registry_prove(reg, &e), -EBADMSG);
		assert_int_equal(registry_open(reg, &r, &e), -EBADMSG);
	}
}

/* What the owner himself would write: the stamp of the file as it is now. The numbers behind "written" and
 * "changed" are put in the place of the old ones. */
static void forge(void)
{
	struct stat st;
	struct buf b;
	struct err e;
	char *times, *size;
	size_t head;

	buf_init(&b, 4096);
	assert_int_equal(file_read(stamp, &b, &e), 0);
	buf_byte(&b, '\0');
	assert_true(buf_ok(&b));
	times = strstr(b.p, "written ");
	size = strstr(b.p, " size ");
	assert_non_null(times);
	assert_non_null(size);
	head = (size_t)(size - b.p);
	assert_int_equal(stat(reg, &st), 0);
	b.len = head;
	buf_fmt(&b, " size %jd\nwritten %jd.%09ld changed %jd.%09ld\n", (intmax_t)st.st_size,
	    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
	    st.st_ctim.tv_nsec);
	over(stamp, b.p, b.len);
	buf_done(&b);
	assert_int_equal(proven_look(reg, &st), PROOF_STAMP);
}

/* With a stamp that fits, rows are not looked at; head, sections and sizes are. */
static void test_always_checked(void **state)
{
	const struct reg_head *h = (const void *)good.p;
	const struct {
		const char *label;
		size_t at;
		bool opens;
	} cases[] = {
		{ "magic", 0, false },
		{ "version", offsetof(struct reg_head, version), false },
		{ "bytes of the head", offsetof(struct reg_head, head_bytes), false },
		{ "bytes of the file", offsetof(struct reg_head, file_bytes), false },
		{ "where a section is", offsetof(struct reg_head, section[REG_AS].offset), false },
		{ "rows of a section", offsetof(struct reg_head, section[REG_AS].rows), false },
		{ "bytes of a row", offsetof(struct reg_head, section[REG_AS].row_bytes), false },
		{ "magic of the table", h->section[REG_LPM].offset, false },
		{ "size of the table", h->section[REG_LPM].offset + 4, false },
		{ "a text", good.len - 1, true },
	};
	struct registry *r;
	struct err e;

	for (size_t i = 0; i < NELEM(cases); i++) {
		int code;

		print_message("%s\n", cases[i].label);
		anew();
		damage(cases[i].at);
		assert_int_equal(registry_open(reg, &r, &e), -EBADMSG);
		forge();
		code = registry_open(reg, &r, &e);
		assert_int_equal(code, cases[i].opens ? 0 : -EBADMSG);
		if (code == 0)
			r = registry_free(r);
		assert_int_equal(registry_open_copy(reg, &r, &e), -EBADMSG); /* no stamp counts */
	}
	anew();
	assert_int_equal(truncate(reg, (off_t)good.len - 1), 0);
	forge();
	assert_int_equal(registry_open(reg, &r, &e), -EBADMSG);
}

static void test_prove_refuses(void **state)
{
	struct err e;

	anew();
	(void)unlink(stamp);
	damage(good.len - 1);
	assert_int_equal(registry_prove(reg, &e), -EBADMSG);
	assert_non_null(strstr(e.text, reg));
	assert_int_equal(access(stamp, F_OK), -1);
	(void)unlink(reg);
	assert_int_equal(registry_prove(reg, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_every_byte_of_a_stamp),
		cmocka_unit_test(test_damaged_behind_the_stamp),
		cmocka_unit_test(test_always_checked),
		cmocka_unit_test(test_prove_refuses),
	};

	return cmocka_run_group_tests(tests, make, remove_all);
}
