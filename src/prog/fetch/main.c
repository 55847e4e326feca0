/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-fetch - requests on stdin, answers on stdout, bodies into a directory. The one program that talks to
 * strangers' web servers; it understands nothing of what they send, and can do little besides. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "prog/fetch/body.h"
#include "prog/fetch/transfer.h"
#include "svc/confine.h"
#include "util/log.h"
#include "util/num.h"
#include "util/opt.h"

#define PARALLEL_MAX 16u /* requests at a time; more wait on stdin, and their time does not run */
#define EXIT_TROUBLE 2

struct asker {
	struct transfers all;
	struct buf in;
	size_t taken;
	unsigned running;
	bool ended; /* nothing more on stdin */
	bool deaf;  /* nobody reads stdout */
	bool skip;  /* in a line that was too long */
};

/* --- answers ------------------------------------------------------------------------------------------ */

static void say(struct asker *k, const struct fetch_answer *a)
{
	CLEANUP(buf_done) struct buf line;

	buf_init(&line, FETCH_LINE_MAX * 2);
	fetch_answer_put(a, &line);
	for (size_t done = 0; done < line.len && !k->deaf;) {
		ssize_t n = write(STDOUT_FILENO, line.p + done, line.len - done);

		if (n > 0)
			done += (size_t)n;
		k->deaf = n < 0 && errno != EINTR;
	}
}

static void refuse(struct asker *k, const char *why)
{
	struct fetch_answer a = { .end = FETCH_REFUSED };

	(void)snprintf(a.error, sizeof(a.error), "not a request: %.200s", why); /* it has room */
	say(k, &a);
}

/* --- requests ----------------------------------------------------------------------------------------- */

static void take_line(struct asker *k, struct span line)
{
	struct fetch_request q;
	struct fetch_answer a;
	struct transfer *t;
	struct err why;

	if (span_empty(span_trim(line)))
		return;
	if (fetch_request_parse(line, &q, &why) < 0)
		refuse(k, why.text);
	else if (transfer_start(&k->all, &q, &t, &a) < 0)
		say(k, &a);
	else
		k->running++;
}

static void take_lines(struct asker *k)
{
	struct span rest = { k->in.p + k->taken, k->in.p + k->in.len }, line;

	while (k->running < PARALLEL_MAX && !k->deaf) {
		struct span before = rest;

		if (!span_cut(&rest, '\n', &line)) {
			if (!k->ended) /* the rest of it is to come */
				rest = before;
			else
				rest.p = rest.end;
			if (!k->ended || span_empty(line))
				break;
		}
		if (!k->skip)
			take_line(k, line);
		k->skip = false;
	}
	k->taken = (size_t)(rest.p - k->in.p);
}

static void read_some(struct asker *k)
{
	char *room;
	ssize_t n;

	if (k->taken) {
		memmove(k->in.p, k->in.p + k->taken, k->in.len - k->taken);
		k->in.len -= k->taken;
		k->taken = 0;
	}
	if (k->in.len > FETCH_LINE_MAX && !memchr(k->in.p, '\n', k->in.len)) {
		if (!k->skip)
			refuse(k, "a line too long");
		k->skip = true;
		k->in.len = 0;
	}
	room = buf_room(&k->in, FETCH_LINE_MAX);
	n = room ? read(STDIN_FILENO, room, FETCH_LINE_MAX) : 0;
	if (n > 0)
		buf_grew(&k->in, (size_t)n);
	else if (n == 0 || errno != EINTR)
		k->ended = true;
}

/* --- the loop ----------------------------------------------------------------------------------------- */

static void finish(struct asker *k)
{
	struct fetch_answer a;
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(k->all.multi, &left)) != NULL) {
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE ||
		    !transfer_done(&k->all, transfer_of(m->easy_handle), code, &a))
			continue;
		k->running--;
		say(k, &a);
	}
}

static int loop(struct asker *k)
{
	while (!k->deaf) {
		struct curl_waitfd in = { .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN };
		bool listen;
		int n;

		take_lines(k);
		if (curl_multi_perform(k->all.multi, &n) != CURLM_OK)
			break;
		finish(k);
		if (k->ended && k->running == 0 && k->taken == k->in.len)
			return 0;
		listen = !k->ended && k->running < PARALLEL_MAX;
		if (curl_multi_poll(k->all.multi, &in, listen ? 1 : 0, k->running ? 1000 : 60000,
			NULL) != CURLM_OK)
			break;
		if (listen && in.revents)
			read_some(k);
	}
	if (k->deaf)
		return 0; /* whoever asked has gone */
	log_error("curl cannot go on");
	return EXIT_TROUBLE;
}

/* --- start -------------------------------------------------------------------------------------------- */

static int confine(const char *dir, const char *ca, uint64_t max_bytes)
{
	/* what name service, certificates and libraries are read from; the files may be links to anywhere */
	const char *const read[] = { "/etc", "/usr", "/lib", "/lib64", "/run",
		"/var/lib/ca-certificates", "/dev/null", "/dev/urandom", "/proc/sys",
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
		"/etc/ssl/certs/ca-certificates.crt", ca, NULL };
	const struct confine c = { .read = read,
		.write = dir,
		.max_file_bytes = max_bytes,
		.network = true,
		.threads = true };

	return confine_program(&c);
}

static int run(const char *dir, const char *ca, const char *contact, uint64_t max_bytes)
{
	struct asker k = { .all = { .ca = ca } };
	CLEANUP(free_p) char *agent = NULL;
	struct err e;
	int code = EXIT_TROUBLE;

	if (asprintf(&agent,
		contact && *contact ? "onus/" ONUS_VERSION " (+%s)" : "onus/" ONUS_VERSION,
		contact) < 0)
		return EXIT_TROUBLE;
	k.all.agent = agent;
	if (body_dir_open(dir, &k.all.dir, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_TROUBLE;
	}
	if (confine(dir, ca, max_bytes) < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EXIT_TROUBLE;
	k.all.multi = curl_multi_init();
	buf_init(&k.in, (size_t)FETCH_LINE_MAX * 4);
	if (k.all.multi)
		code = loop(&k);
	buf_done(&k.in);
	(void)curl_multi_cleanup(k.all.multi); /* at the end of the process */
	curl_global_cleanup();
	body_dir_close(&k.all.dir);
	return code;
}

/* What goes into a header must not end it. */
static bool plain(const char *s)
{
	while (*s > ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

int main(int argc, char **argv)
{
	const char *dir = NULL, *ca = NULL, *contact = NULL, *most = NULL;
	uint64_t max_bytes = FETCH_BYTES_MAX;
	bool verbose = false;
	const struct opt opts[] = {
		{ "dir", 'd', OPT_TEXT, &dir, "DIR", "Where bodies are put." },
		{ "ca", 0, OPT_TEXT, &ca, "FILE",
		    "Trust these certificates and not the system's." },
		{ "contact", 0, OPT_TEXT, &contact, "URL", "What servers are told of who we are." },
		{ "max-bytes", 0, OPT_TEXT, &most, "N",
		    "No file grows larger, whatever is asked." },
		{ "verbose", 'v', OPT_FLAG, &verbose, NULL, "Say more." },
	};
	const struct opt_usage usage = { "onus-fetch", "",
		"Fetch over HTTP and HTTPS: a request a line on stdin, an answer a line on stdout, "
		"both JSON,\n"
		"bodies as files in a directory. Programs that need something from the network "
		"start it; it\n"
		"understands nothing of what it fetched, writes nowhere else and starts no other "
		"program.\n"
		"Proxies are taken from http_proxy, https_proxy and no_proxy.",
		"Example:\n"
		"  echo "
		"'{\"url\":\"https://rdap.db.ripe.net/ip/193.0.6.139\",\"out\":\"answer.json\"}' | "
		"onus-fetch --dir .",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv);

	if (n < 0)
		return opt_exit(n);
	log_open("onus-fetch", verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (n > 0 || !dir) {
		(void)fprintf(stderr,
		    "onus-fetch: say --dir DIR, and nothing else; requests come on stdin\n");
		return 3;
	}
	if ((contact && !plain(contact)) ||
	    (most && num_u64(span_str(most), FETCH_BYTES_MAX, &max_bytes) < 0)) {
		(void)fprintf(
		    stderr, "onus-fetch: --contact wants a URL, --max-bytes a number of bytes\n");
		return 3;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	return run(dir, ca, contact, max_bytes);
}
