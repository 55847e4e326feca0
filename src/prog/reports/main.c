/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-reports - abuse reports in, event lines out. It reads what strangers mail, so before it reads any of it it
 * gives up everything: to open, to connect, to start, to run what it wrote. The collector starts it and believes
 * nothing but the grammar of what it prints (doc/reports.md). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "core/event.h"
#include "intake/report.h"
#include "svc/confine.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/num.h"
#include "util/opt.h"

#define FILES_MAX   500
#define MEMORY_MAX  (UINT64_C(512) << 20)
#define CPU_S	    (CONFINE_CHECKED ? 600 : 20) /* for one message */
#define HEAD_MAX    48u
#define PRINTED_MAX (8u << 20)

#define EXIT_REFUSED 1
#define EXIT_TROUBLE 2

struct reader {
	struct report_options o;
	struct addrset trusted, hosts;
	struct buf in, out;
};

/* --- bytes ------------------------------------------------------------------------------------------------- */

/* Exactly n bytes, or less at the end: -errno. */
static ssize_t read_full(int fd, char *to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = read(fd, to + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static bool print(const struct buf *b)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = write(STDOUT_FILENO, b->p + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* What takes longer is killed by SIGPROF, and the process with it. */
static void limit_time(void)
{
	const struct itimerval t = { .it_value = { .tv_sec = CPU_S } };

	(void)setitimer(ITIMER_PROF, &t, NULL); /* fails only for arguments that are none */
}

static int read_one(struct reader *d, struct span bytes, struct err *why)
{
	limit_time();
	buf_reset(&d->out);
	return report_read(bytes, &d->o, &d->out, why);
}

/* --- by hand --------------------------------------------------------------------------------------------------- */

static int slurp(int fd, struct buf *b)
{
	ssize_t n = 1;

	buf_reset(b);
	while (n > 0 && b->len <= REPORT_BYTES_MAX) {
		char *room = buf_room(b, 65536);

		n = room ? read_full(fd, room, 65536) : -ENOMEM;
		if (n > 0)
			buf_grew(b, (size_t)n);
	}
	return n < 0 ? (int)n : 0;
}

static int by_hand(struct reader *d, const int *fds, char **names, int n)
{
	struct buf header;
	int code = 0;

	buf_init(&header, 100);
	buf_str(&header, EVENT_HEADER "\n");
	if (!print(&header))
		code = EXIT_TROUBLE;
	buf_done(&header);
	for (int i = 0; i < n && code != EXIT_TROUBLE; i++) {
		struct err why;
		int r = slurp(fds[i], &d->in);

		if (r < 0)
			r = err_set(&why, r, "%s", strerror(-r));
		else
			r = read_one(d, d->in.len ? buf_text(&d->in) : SPAN(""), &why);
		if (r < 0) {
			log_warn("%s: refused: %s", names ? names[i] : "stdin", why.text);
			code = EXIT_REFUSED;
		} else if (r == 0) {
			log_info("%s: a report that accuses nobody", names ? names[i] : "stdin");
		}
		if (r > 0 && !print(&d->out))
			code = EXIT_TROUBLE;
	}
	return code;
}

/* --- for the collector -------------------------------------------------------------------------------------------- */

/* "LENGTH TIME\n" before each message. 1, 0 at the end, -EBADMSG. */
static int read_head(size_t *len, int64_t *time_s)
{
	char text[HEAD_MAX];
	size_t n = 0;
	struct span rest, word;
	uint32_t length;

	while (n < sizeof(text)) {
		ssize_t got = read_full(STDIN_FILENO, text + n, 1);

		if (got <= 0)
			return n == 0 && got == 0 ? 0 : -EBADMSG;
		if (text[n] == '\n')
			break;
		n++;
	}
	rest = span_of(text, n);
	if (n == sizeof(text) || !span_cut(&rest, ' ', &word) ||
	    num_u32(word, REPORT_BYTES_MAX, &length) < 0 || num_i64(rest, 0, INT64_MAX, time_s) < 0)
		return -EBADMSG;
	*len = length;
	return 1;
}

static int serve(struct reader *d)
{
	size_t len;
	int r;

	while ((r = read_head(&len, &d->o.now_s)) == 1) {
		struct err why;
		char *room;

		buf_reset(&d->in);
		room = buf_room(&d->in, len + 1);
		if (!room || read_full(STDIN_FILENO, room, len) != (ssize_t)len)
			return EXIT_TROUBLE;
		buf_grew(&d->in, len);
		r = read_one(d, len ? buf_text(&d->in) : SPAN(""), &why);
		if (r < 0)
			buf_fmt(&d->out, "#refused %s\n", why.text);
		else
			buf_str(&d->out, "#end\n");
		if (!buf_ok(&d->out) || !print(&d->out))
			return EXIT_TROUBLE;
	}
	if (r < 0)
		log_error("stdin is not of the form LENGTH TIME, line feed, so many bytes");
	return r < 0 ? EXIT_TROUBLE : 0;
}

/* --- start ------------------------------------------------------------------------------------------------------------ */

/* By hand, what it prints may go into a file. */
static int confine(bool serves)
{
	const struct confine c = { .max_file_bytes = serves ? 0 : UINT64_C(1) << 40,
		.max_memory = MEMORY_MAX,
		.bare = true };

	return confine_program(&c);
}

/* All are opened before any is read. Returns how many, or -errno, told. */
static int open_all(char **names, int n, int fds[FILES_MAX])
{
	if (n > FILES_MAX) {
		log_error("more than %d files at once", FILES_MAX);
		return -E2BIG;
	}
	for (int i = 0; i < n; i++) {
		fds[i] = open(names[i], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0) {
			log_error("%s: %s", names[i], strerror(errno));
			return -errno;
		}
	}
	return n;
}

static int run(struct reader *d, bool serves, char **names, int n)
{
	int fds[FILES_MAX] = { STDIN_FILENO };
	int code;

	if (n > 0 && open_all(names, n, fds) < 0)
		return EXIT_TROUBLE;
	report_init();
	if (confine(serves) < 0)
		return EXIT_TROUBLE;
	buf_init(&d->in, REPORT_BYTES_MAX + (1u << 20));
	buf_init(&d->out, PRINTED_MAX);
	code = serves ? serve(d) : by_hand(d, fds, n ? names : NULL, n ? n : 1);
	buf_done(&d->in);
	buf_done(&d->out);
	addrset_done(&d->trusted);
	addrset_done(&d->hosts);
	return code;
}

static int networks(const char *option, const char *text, struct addrset *ret)
{
	struct err e;
	int r = addrset_parse(span_str(text), ret, &e);

	if (r < 0)
		(void)fprintf(stderr, "onus-reports: %s: %s\n", option, e.text);
	return r;
}

int main(int argc, char **argv)
{
	const char *reporters = "", *authserv = "", *trusted = "", *hosts = "";
	bool serves = false;
	const struct opt opts[] = {
		{ "reporters", 'r', OPT_TEXT, &reporters, "LIST",
		    "Domains and mail addresses, commas between: whose reports may count as "
		    "verified." },
		{ "authserv", 'a', OPT_TEXT, &authserv, "NAME",
		    "Believe the Authentication-Results of this receiver, one's own." },
		{ "trusted", 't', OPT_TEXT, &trusted, "NETWORKS",
		    "One's own receivers: below the Received line in which they took the mail from "
		    "others, no results count." },
		{ "reporter-hosts", 0, OPT_TEXT, &hosts, "NETWORKS",
		    "Believe the Received lines of these hosts in a reported mail, where the "
		    "report does not name its source." },
		{ "serve", 0, OPT_FLAG, &serves, NULL,
		    "Messages on stdin, each behind LENGTH TIME and a line feed (onus-collect)." },
	};
	const struct opt_usage usage = { "onus-reports", "[FILE…]",
		"Read abuse reports and print what they say as event lines: ARF, X-ARF, DMARC "
		"aggregate "
		"reports;\n"
		"mails, or the bare JSON, XML, gzip or zip. Without FILE, one message on stdin. "
		"Everything is\n"
		"weak unless its sender is listed and one's own receiver says that it is from him. "
		"It gives up\n"
		"all rights before it reads the first byte.",
		"Exit code 1: some were refused, and stderr says why.", opts, NELEM(opts) };
	struct reader d = { .trusted = { .v = NULL } };
	struct clock clock = clock_system();
	int n = opt_main(&usage, argc, argv);

	if (n < 0)
		return opt_exit(n);
	log_open("onus-reports", LOG_LEVEL_INFO);
	if (networks("--trusted", trusted, &d.trusted) < 0 ||
	    networks("--reporter-hosts", hosts, &d.hosts) < 0)
		return 3;
	d.o = (struct report_options){ .now_s = clock_now_s(&clock),
		.sender = { .reporters = span_str(reporters),
		    .authserv = span_str(authserv),
		    .trusted = &d.trusted },
		.reporter_hosts = &d.hosts };
	if (serves && n > 0) {
		(void)fprintf(
		    stderr, "onus-reports: with --serve messages come on stdin; give no FILE\n");
		return 3;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	return run(&d, serves, argv + 1, n);
}
