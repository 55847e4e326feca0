/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "svc/confine_calls.h"
#include "util/log.h"

/* Since Landlock 3 (kernel 6.2); the headers of Debian 12 are of 6.1. */
#define FS_TRUNCATE (1ULL << 14)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	    LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE)
/* All that the first version knows: what no rule gives back is gone. */
#define FS_FIRST (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

static int limit(int what, uint64_t most, const char *name, struct err *e)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l) < 0)
		return err_set(e, -errno, "cannot read the limit of %s: %s", name, strerror(errno));
	l.rlim_max = MIN_OF(l.rlim_max, most);
	l.rlim_cur = l.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &l) < 0)
		return err_set(e, -errno, "cannot limit %s: %s", name, strerror(errno));
	return 0;
}

static int limits(const struct confine *c, struct err *e)
{
	int r = limit(RLIMIT_CORE, 0, "core dumps", e);

	(void)signal(SIGXFSZ, SIG_IGN); /* write says EFBIG instead */
	if (r == 0)
		r = limit(RLIMIT_FSIZE, c->max_file_bytes, "file size", e);
	if (r == 0 && c->max_memory && !CONFINE_CHECKED)
		r = limit(RLIMIT_AS, c->max_memory, "memory", e);
	return r;
}

/* Directories and files alike; rights that only make sense on directories are left off files. */
static int allow(int rules, const char *path, uint64_t rights, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights, .parent_fd = fd };
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR
			   ? 0
			   : err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= LANDLOCK_ACCESS_FS_EXECUTE |
					  LANDLOCK_ACCESS_FS_READ_FILE |
					  LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return err_set(e, -errno, "cannot allow %s to Landlock: %s", path, strerror(errno));
	return 0;
}

static int files(const struct confine *c, struct err *missing, struct err *e)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t handled = FS_FIRST | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
			   (version >= 3 ? FS_TRUNCATE : 0);
	struct landlock_ruleset_attr attr = { .handled_access_fs = handled };
	CLEANUP(close_fdp) int rules = -1;
	int r = 0;

	if (version < 1) {
		(void)err_set(missing, 0, "Landlock (which files may be touched)");
		return 0;
	}
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return err_set(e, -errno, "cannot make rules for Landlock: %s", strerror(errno));
	for (const char *const *p = c->read; p && *p && r == 0; p++)
		r = allow(rules, *p,
		    (FS_READ | (c->programs ? LANDLOCK_ACCESS_FS_EXECUTE : 0)) & handled, e);
	if (r == 0 && CONFINE_CHECKED)
		r = allow(rules, "/proc", FS_READ & handled, e);
	if (r == 0 && c->write)
		r = allow(rules, c->write, (FS_READ | FS_FILES) & handled, e);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		r = err_set(e, -errno, "cannot put Landlock to use: %s", strerror(errno));
	return r;
}

int confine_self(const struct confine *c, struct err *missing, struct err *e)
{
	struct err calls = { "" };
	int r;

	missing->text[0] = '\0';
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, -errno, "cannot give up privileges: %s", strerror(errno));
	r = limits(c, e);
	if (r == 0)
		r = files(c, missing, e);
	if (r == 0)
		r = confine_calls(c, &calls, e);
	if (calls.text[0] && missing->text[0])
		(void)err_wrap(missing, 0, "%s", calls.text);
	else if (calls.text[0])
		*missing = calls;
	return r;
}

int confine_program(const struct confine *c)
{
	struct err missing, e;
	int r = confine_self(c, &missing, &e);

	if (r < 0)
		log_error("%s", e.text);
	else if (missing.text[0])
		log_debug("this kernel does not offer: %s", missing.text);
	return r;
}
