/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus backup - all that the hub holds, in one file that any engine takes back. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/onus/backup.h"
#include "prog/onus/commands.h"
#include "util/clock.h"
#include "util/file.h"

#include <zstd.h>

#define LEVEL 3

struct packing {
	FILE *to;
	const char *path;
	ZSTD_CCtx *zstd;
	char out[1u << 17];
};

static int step(struct packing *p, ZSTD_inBuffer *in, ZSTD_EndDirective how, struct err *e)
{
	size_t left;

	do {
		ZSTD_outBuffer out = { p->out, sizeof(p->out), 0 };

		left = ZSTD_compressStream2(p->zstd, &out, in, how);
		if (ZSTD_isError(left))
			return err_set(e, -EIO, "%s: %s", p->path, ZSTD_getErrorName(left));
		if (fwrite(p->out, 1, out.pos, p->to) != out.pos)
			return err_set(e, -EIO, "%s: cannot write: %m", p->path);
	} while (how == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

static int sink(void *ctx, struct span bytes, struct err *e)
{
	ZSTD_inBuffer in = { bytes.p, span_len(bytes), 0 };

	return span_empty(bytes) ? 0 : step(ctx, &in, ZSTD_e_continue, e);
}

static int pack(struct backup *x, FILE *to, const char *path, struct err *e)
{
	struct clock clock = clock_system();
	struct packing *p = calloc(1, sizeof(*p));
	ZSTD_inBuffer none = { NULL, 0, 0 };
	int r;

	if (!p)
		abort();
	p->to = to;
	p->path = path;
	p->zstd = ZSTD_createCCtx();
	if (!p->zstd)
		abort();
	(void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL); /* a valid one */
	(void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	r = hub_backup(x->hub, clock_now_s(&clock), sink, p, &x->contents, e);
	if (r == 0)
		r = step(p, &none, ZSTD_e_end, e);
	if (r == 0 && fflush(to) != 0)
		r = err_set(e, -EIO, "%s: cannot write: %m", path);
	(void)ZSTD_freeCCtx(p->zstd); /* always 0 */
	free(p);
	return r;
}

static int to_file(struct backup *x, const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new f = { NULL };
	int r;

	(void)umask(077); /* what is in it is for nobody else: evidence, one's own deliveries */
	r = file_new_open(path, &f, e);
	if (r == 0)
		r = pack(x, f.f, path, e);
	return r < 0 ? r : file_new_commit(&f, e);
}

static int run(struct backup *x, const char *path, struct err *e)
{
	bool out = strcmp(path, "-") == 0;
	int r = backup_open(x, false, e);

	if (r == 0 && out && isatty(STDOUT_FILENO))
		r = err_set(e, -EINVAL, "a backup is not for a terminal");
	if (r < 0)
		return r;
	return out ? pack(x, stdout, "the standard output", e) : to_file(x, path, e);
}

int cmd_backup(int argc, char **argv)
{
	struct backup x = { .name = "onus backup" };
	const struct opt opts[] = { BACKUP_OPTS(x) };
	const struct opt_usage usage = { "onus backup", "FILE",
		"Write all that the hub holds (evidence, scores, decisions, settings and who "
		"changed "
		"them) into one file,\nor with - to the standard output. It is one view of the "
		"hub; "
		"programs that write into it go on. Every\ntable has a count and a checksum. The "
		"file "
		"is readable by its owner alone. What is not in the hub is not\nin it: "
		"configuration, "
		"registry, and the key of publications (publish.key of state_dir).",
		"Examples:\n"
		"  onus backup /var/backups/onus.zst\n"
		"  onus backup - | ssh elsewhere 'cat >onus.zst'\n\n"
		"Exit codes: 2 it could not be made, 3 the command line.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (n != 1) {
		(void)fprintf(stderr, "onus backup: name one FILE\n");
		return 3;
	}
	code = backup_code(&x, run(&x, argv[1], &e), "saved", strcmp(argv[1], "-") == 0, &e);
	backup_close(&x);
	return code;
}
