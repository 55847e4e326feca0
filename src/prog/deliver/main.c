/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-deliver - one mail on stdin into a maildir, for a mail server's pipe. It looks at nothing in it: who reads it is
 * another process (onus-collect, doc/reports.md). It ends with 0 only when the mail is on the disk; when it is not, with
 * EX_TEMPFAIL, and the mail server keeps the mail and comes again. What was delivered and comes again all the same, as
 * the mail server died before it could note that, is the same file again: its name is a hash of all its bytes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "util/buf.h"
#include "util/file.h"
#include "util/opt.h"

#define MAIL_MAX (10u << 20) /* as large as a report may be: intake/report.h */
#define HASH_LEN 16u
#define NAME_LEN (2 * HASH_LEN)

static const char *const places[] = { "new", "cur", "tmp" };
static int say(int code, const char *what, const char *why)
{
	(void)fprintf(stderr, "onus-deliver: %s: %s%s\n", what, why,
	    code == EX_TEMPFAIL ? "; the mail stays with the mail server" : "");
	return code;
}

/* All of stdin: 0, or what to exit with. */
static int take_mail(struct buf *mail)
{
	ssize_t n = 1;

	while (n != 0) {
		char *room = buf_room(mail, 65536);

		if (!room)
			return say(EX_DATAERR, "mail", "larger than 10 MiB");
		n = read(STDIN_FILENO, room, 65536);
		if (n < 0 && errno != EINTR)
			return say(EX_TEMPFAIL, "stdin", strerror(errno));
		buf_grew(mail, n > 0 ? (size_t)n : 0);
	}
	if (mail->len > MAIL_MAX)
		return say(EX_DATAERR, "mail", "larger than 10 MiB");
	return mail->len ? 0 : say(EX_DATAERR, "mail", "empty");
}

static void name_of(const struct buf *mail, char ret[NAME_LEN + 1])
{
	unsigned char hash[HASH_LEN];

	(void)crypto_generichash(
	    hash, sizeof(hash), (const unsigned char *)mail->p, mail->len, NULL, 0);
	(void)sodium_bin2hex(ret, NAME_LEN + 1, hash, sizeof(hash)); /* fits */
}

/* Is a file of that name there, with whatever a mail reader has put behind it? */
static bool there(int dir, const char *place, const char *name)
{
	int fd = openat(dir, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool is = false;

	while (list && !is && (entry = readdir(list)) != NULL)
		is = strncmp(entry->d_name, name, NAME_LEN) == 0;
	if (list)
		(void)closedir(list);
	else
		close_fdp(&fd);
	return is;
}

/* Where the same mail may be already, in the order in which it goes from one to the next: it cannot slip by. */
static bool delivered(int dir, const char *name)
{
	static const char *const places_of_one[] = { "new", "done", "bad" };
	char path[64];

	for (unsigned i = 0; i < NELEM(places_of_one); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", places_of_one[i], name); /* fits */
		if (faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		    (i == 0 && there(dir, "cur", name)))
			return true;
	}
	return false;
}

/* A file of our own in tmp, whole and on the disk. */
static int write_mail(int dir, const char *tmp, const struct buf *mail)
{
	int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	int r = fd < 0 ? -errno : 0;

	for (size_t done = 0; done < mail->len && r == 0;) {
		ssize_t n = write(fd, mail->p + done, mail->len - done);

		if (n < 0 && errno != EINTR)
			r = -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0 && fd >= 0)
		(void)unlinkat(dir, tmp, 0); /* what stays is in tmp, and nobody reads that */
	return r;
}

static int sync_new(int dir)
{
	int fd = openat(dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	close_fdp(&fd);
	return r;
}

static int put(int dir, const struct buf *mail)
{
	char name[NAME_LEN + 1], tmp[64], to[64];
	int r;

	name_of(mail, name);
	if (delivered(dir, name))
		return sync_new(dir); /* if it is there, then for good */
	(void)snprintf(tmp, sizeof(tmp), "tmp/%s.%d", name, (int)getpid()); /* they fit */
	(void)snprintf(to, sizeof(to), "new/%s", name);
	r = write_mail(dir, tmp, mail);
	if (r < 0)
		return r;
	if (renameat(dir, tmp, dir, to) < 0) {
		r = -errno;
		(void)unlinkat(dir, tmp, 0);
		return r;
	}
	return sync_new(dir);
}

/* Whoever looks for the same mail must not do so before it is there. Held to the end. */
static int lock(int dir)
{
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int deliver(const char *path)
{
	CLEANUP(buf_done) struct buf mail;
	CLEANUP(close_fdp) int dir = -1;
	struct err e;
	int r;

	buf_init(&mail, MAIL_MAX + (1u << 20));
	r = take_mail(&mail);
	if (r != 0)
		return r;
	if (file_mkdirs(path, 0770, &e) < 0)
		return say(EX_TEMPFAIL, path, e.text);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return say(EX_TEMPFAIL, path, strerror(errno));
	for (unsigned i = 0; i < NELEM(places); i++)
		if (mkdirat(dir, places[i], 0770) < 0 && errno != EEXIST)
			return say(EX_TEMPFAIL, path, strerror(errno));
	r = lock(dir);
	if (r == 0)
		r = put(dir, &mail);
	return r < 0 ? say(EX_TEMPFAIL, path, strerror(-r)) : EX_OK;
}

int main(int argc, char **argv)
{
	const char *dir = NULL;
	const struct opt opts[] = {
		{ "maildir", 'd', OPT_TEXT, &dir, "DIR",
		    "Where to: the path of a source of type = reports. Made when it is not "
		    "there." },
	};
	const struct opt_usage usage = { "onus-deliver", "",
		"Put the mail on stdin into a maildir, for the pipe of a mail server: abuse "
		"reports, which\n"
		"onus-collect reads there. Nothing in the mail is looked at. Exit codes are those "
		"of sysexits(3): 0\n"
		"when it is on the disk, 75 when it is to be tried again (no room, no rights, a "
		"wrong option), 65\n"
		"when it is empty or larger than 10 MiB.",
		"Postfix, in master.cf:\n"
		"  onus unix - n n - 4 pipe flags=Rq user=onus argv=/usr/sbin/onus-deliver "
		"--maildir "
		"/var/lib/onus/reports",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv);

	if (n == -ECANCELED)
		return EX_OK;
	if (n != 0 || !dir || *dir != '/')
		return say(
		    EX_TEMPFAIL, "options", "say --maildir DIR, its whole path, and nothing else");
	(void)signal(SIGXFSZ, SIG_IGN); /* write says EFBIG, and the mail is tried again */
	if (sodium_init() < 0)
		return say(EX_TEMPFAIL, "libsodium", "cannot begin");
	return deliver(dir);
}
