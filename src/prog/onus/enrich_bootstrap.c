/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IANA's lists of RDAP servers, kept fresh: a new one takes the place of the old one only when it is such a list. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "prog/onus/enrich.h"
#include "util/file.h"

#define FRESH_S	   (7 * DAY_S)
#define NEW	   "new-"
#define TIMEOUT_MS 60000u

static bool is_fresh(const char *dir, const char *name, int64_t now_s)
{
	CLEANUP(free_p) char *path = NULL;
	struct stat st;

	return asprintf(&path, "%s/%s", dir, name) >= 0 && stat(path, &st) == 0 &&
	       st.st_mtime + FRESH_S > now_s;
}

static void complain(const char *name, const char *why)
{
	struct err safe; /* which makes untrusted bytes printable */

	(void)err_set(&safe, 0, "%s is not had anew: %.300s", name, why);
	(void)fprintf(stderr, "onus registry enrich: %s\n", safe.text);
}

/* The list that came, in the place of the old one if it is one. */
static int accept(const char *dir, unsigned file, struct err *e)
{
	CLEANUP(free_p) char *came = NULL;
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf text;
	struct bootstrap *b = bootstrap_new(NULL, NULL);
	struct err why = { "" };
	int r = 0;

	buf_init(&text, BOOTSTRAP_BYTES_MAX);
	if (!b || asprintf(&came, "%s/%s%s", dir, NEW, bootstrap_files[file]) < 0 ||
	    asprintf(&path, "%s/%s", dir, bootstrap_files[file]) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && file_read(came, &text, &why) == 0 &&
	    bootstrap_add(b, file, buf_text(&text), &why) == 0 && bootstrap_n(b) == 0)
		(void)err_set(&why, 0, "nothing stands in it");
	if (r == 0 && why.text[0]) {
		complain(bootstrap_files[file], why.text);
		(void)unlink(came); /* of no use */
	} else if (r == 0 && rename(came, path) < 0) {
		r = err_set(e, -errno, "cannot write %s: %s", path, strerror(errno));
	}
	b = bootstrap_free(b);
	return r;
}

static int ask(struct fetch *f, const char *url, unsigned file, struct err *e)
{
	struct fetch_request q = { .id = file,
		.accept = "application/json",
		.max_bytes = BOOTSTRAP_BYTES_MAX,
		.timeout_ms = TIMEOUT_MS };
	int n = snprintf(q.url, sizeof(q.url), "%s%s%s", url,
	    *url && url[strlen(url) - 1] == '/' ? "" : "/", bootstrap_files[file]);

	if (n < 0 || (size_t)n >= sizeof(q.url))
		return err_set(e, -EINVAL, "rdap_bootstrap_url is too long");
	(void)snprintf(q.out, sizeof(q.out), "%s%s", NEW, bootstrap_files[file]); /* it fits */
	return fetch_ask(f, &q, e);
}

static int answers(struct fetch *f, const char *dir, struct err *e)
{
	struct fetch_answer a;
	char why[64];
	int r;

	while ((r = fetch_wait(f, -1, &a, e)) > 0) {
		const char *name = bootstrap_files[a.id % NELEM(bootstrap_files)];

		(void)snprintf(why, sizeof(why), "status %u", (unsigned)a.status); /* it fits */
		if (a.end != FETCH_OK || a.status != 200)
			complain(name, a.end == FETCH_OK ? why : a.error);
		else
			r = accept(dir, (unsigned)a.id, e);
		if (r < 0)
			break;
	}
	return r;
}

int enrich_bootstrap(const struct enrich *x, const char *dir, struct err *e)
{
	const struct fetch_opts o = {
		.program = x->program, .dir = dir, .contact = x->conf->fetch_contact, .ca = x->ca
	};
	struct fetch *f = NULL;
	int r = file_mkdirs(dir, 0755, e);

	for (unsigned i = 0; i < NELEM(bootstrap_files) && r == 0; i++) {
		if (is_fresh(dir, bootstrap_files[i], clock_now_s(&x->clock)))
			continue;
		if (!f)
			r = fetch_start(&o, &f, e);
		if (r == 0)
			r = ask(f, x->conf->rdap_bootstrap_url, i, e);
	}
	if (r == 0 && f)
		r = answers(f, dir, e);
	f = fetch_stop(f);
	return r;
}
