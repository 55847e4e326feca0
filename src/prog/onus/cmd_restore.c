/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus restore - a backup into an empty hub. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "prog/onus/backup.h"
#include "prog/onus/commands.h"
#include "util/unpack.h"

static ssize_t source(void *ctx, char *to, size_t n, struct err *e)
{
	return unpack_read(ctx, to, n, e);
}

static int open_file(const char *path, struct unpack **ret, struct err *e)
{
	bool in = strcmp(path, "-") == 0;
	int fd = in ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, -errno, "%s: cannot open: %m", path);
	*ret = unpack_new(fd);
	if (!*ret)
		abort();
	return 0;
}

static int run(struct backup *x, const char *path, struct err *e)
{
	struct unpack *in = NULL;
	int r = open_file(path, &in, e);

	if (r == 0)
		r = backup_open(x, true, e);
	if (r == 0) {
		r = hub_restore(x->hub, source, in, &x->contents, e);
		if (r < 0 && r != -EEXIST)
			r = err_wrap(e, r, "%s: nothing was restored", path);
	}
	(void)unpack_free(in);
	return r;
}

int cmd_restore(int argc, char **argv)
{
	struct backup x = { .name = "onus restore" };
	const struct opt opts[] = { BACKUP_OPTS(x) };
	const struct opt_usage usage = { "onus restore", "FILE",
		"Read a backup (onus backup), or with - the standard input, into the hub of the "
		"configuration, which must\nbe empty or not there yet; of which engine either of "
		"them "
		"is does not matter. All of it or nothing: what\nis in the hub is read again, and "
		"has "
		"the counts and checksums of the backup, before it is there to stay.",
		"Examples:\n"
		"  onus restore /var/backups/onus.zst\n"
		"  onus restore -o hub=sqlite:/tmp/look.sqlite /var/backups/onus.zst\n\n"
		"Exit codes: 2 it could not be restored, 3 the hub is not empty, or the command "
		"line.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (n != 1) {
		(void)fprintf(stderr, "onus restore: name one FILE\n");
		return 3;
	}
	code = backup_code(&x, run(&x, argv[1], &e), "restored", false, &e);
	backup_close(&x);
	return code;
}
