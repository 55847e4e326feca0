/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/site.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>

#include "util/file.h"

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *file)
{
	size_t n = strlen(file), m;

	for (unsigned i = 0; i < NELEM(types); i++) {
		m = strlen(types[i].suffix);
		if (n > m && strcmp(file + n - m, types[i].suffix) == 0)
			return types[i].type;
	}
	return NULL;
}

static int load_asset(
    struct site *s, const char *dir, const char *file, const char *type, struct err *e)
{
	struct asset *a = &s->assets[s->n_assets];
	CLEANUP(buf_done) struct buf text = { 0 };

	if (s->n_assets == ASSETS_MAX)
		return err_set(e, -E2BIG, "%s: more than %u files", dir, ASSETS_MAX);
	buf_init(&text, 8192);
	buf_fmt(&text, "/static/%s", file);
	a->name = buf_ok(&text) ? span_dup(buf_text(&text)) : NULL;
	a->type = type;
	buf_init(&a->body, ASSET_BYTES_MAX);
	s->n_assets++;
	if (!a->name)
		return err_set(e, -ENOMEM, "out of memory");
	buf_reset(&text);
	buf_fmt(&text, "%s/%s", dir, file);
	return file_read(text.p, &a->body, e);
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* it was only read */
}

static int load_assets(struct site *s, const char *root, struct err *e)
{
	CLEANUP(buf_done) struct buf dir;
	CLEANUP(close_dir) DIR *d = NULL;
	struct dirent *entry;
	const char *type;
	int r;

	buf_init(&dir, 8192);
	buf_fmt(&dir, "%s/static", root);
	d = buf_ok(&dir) ? opendir(dir.p) : NULL;
	if (!d)
		return err_set(e, -ENOENT, "%s/static: %s", root, strerror(errno));
	while ((entry = readdir(d))) {
		type = entry->d_name[0] == '.' ? NULL : type_of(entry->d_name);
		if (!type)
			continue;
		r = load_asset(s, dir.p, entry->d_name, type, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The order of a directory is nobody's promise, so digests are added up. */
static void version_assets(struct site *s)
{
	uint64_t sum = 0, digest;

	for (unsigned i = 0; i < s->n_assets; i++) {
		crypto_generichash((unsigned char *)&digest, sizeof(digest),
		    (const unsigned char *)(s->assets[i].body.p ? s->assets[i].body.p : ""),
		    s->assets[i].body.len, (const unsigned char *)s->assets[i].name,
		    MIN_OF(strlen(s->assets[i].name), (size_t)crypto_generichash_KEYBYTES_MAX));
		sum += digest;
	}
	(void)snprintf(
	    s->asset_version, sizeof(s->asset_version), "%016llx", (unsigned long long)sum);
}

/* Where templates are: as configured, else beside the program: PREFIX/sbin/../share/onus/web, or in
 * the build tree src/prog/web/../../../web. Without it: NULL. */
static char *find_root(const char *configured)
{
	static const char *const beside[] = { "/../share/onus/web", "/../../../web" };
	char self[4096];
	ssize_t n;
	char *slash;
	struct buf path;

	if (access(configured, R_OK | X_OK) == 0)
		return strdup(configured);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	for (unsigned i = 0; i < NELEM(beside); i++) {
		buf_init(&path, 8192);
		buf_fmt(&path, "%s%s", self, beside[i]);
		if (buf_ok(&path) && access(path.p, R_OK | X_OK) == 0)
			return path.p;
		buf_done(&path);
	}
	return NULL;
}

int site_open(struct conf *conf, struct site **ret, struct err *e)
{
	CLEANUP(free_p) char *root = find_root(conf->web_root);
	struct site *s;
	int r;

	if (!root)
		return err_set(e, -ENOENT,
		    "web_root = %s: there are no page templates; install them or name their "
		    "directory",
		    conf->web_root);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	s->conf = conf;
	s->clock = clock_system();
	buf_init(&s->map, 4u << 20);
	s->pages = template_set_new();
	r = s->pages ? template_load(s->pages, root, e) : err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		r = load_assets(s, root, e);
	if (r < 0) {
		(void)site_free(s);
		return r;
	}
	version_assets(s);
	if (*conf->wish_file)
		s->wishes = wishes_new(); /* without memory for them there are none */
	*ret = s;
	return 0;
}

struct site *site_free(struct site *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->n_assets; i++) {
		free(s->assets[i].name);
		buf_done(&s->assets[i].body);
	}
	(void)template_set_free(s->pages);
	(void)view_free(s->view);
	(void)wishes_free(s->wishes);
	buf_done(&s->map);
	free(s);
	return NULL;
}
