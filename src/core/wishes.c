/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/wishes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/num.h"

#define HEAD "#onus-wishes 1"

struct wish {
	uint64_t key; /* hash of the name */
	int64_t at_s;
	struct entity entity;
};

struct wishes {
	struct wish v[WISHES_MAX];
	unsigned n;
	bool changed;
	uint64_t drawn; /* which one makes room: strangers cannot tell */
};

struct wishes *wishes_new(void)
{
	return calloc(1, sizeof(struct wishes));
}

struct wishes *wishes_free(struct wishes *w)
{
	free(w);
	return NULL;
}

static bool can_be_asked(enum entity_kind k)
{
	return k != ENTITY_COUNTRY;
}

static struct wish *find(struct wishes *w, uint64_t key)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->v[i].key == key)
			return &w->v[i];
	return NULL;
}

void wishes_add(struct wishes *w, const struct entity *en, int64_t now_s)
{
	struct entity wish = en->kind == ENTITY_ADDR ? entity_block(en->range.first) : *en;
	char name[ENTITY_NAME_MAX];
	size_t len = entity_format(&wish, name);
	uint64_t key = hash_bytes(name, len);
	struct wish *at = find(w, key);

	if (!can_be_asked(en->kind) || at)
		return;
	w->drawn = hash_bytes(&w->drawn, sizeof(w->drawn));
	at = w->n < WISHES_MAX ? &w->v[w->n++] : &w->v[w->drawn % WISHES_MAX];
	*at = (struct wish){ key, now_s, wish };
	w->changed = true;
}

static void forget_old(struct wishes *w, int64_t now_s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		if (w->v[i].at_s > now_s - WISHES_AGE_S)
			w->v[n++] = w->v[i];
	w->changed |= n < w->n;
	w->n = n;
}

/* Through a file beside it, so that a reader sees all or the old one. */
static int replace(const char *path, struct span text, struct err *e)
{
	CLEANUP(free_p) char *tmp = NULL;
	CLEANUP(close_fdp) int fd = -1;
	ssize_t n;

	if (asprintf(&tmp, "%s.tmp", path) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(e, -errno, "cannot write %s: %s", tmp, strerror(errno));
	n = write(fd, text.p, span_len(text));
	if (n < 0 || (size_t)n != span_len(text) || rename(tmp, path) < 0) {
		int code = n < 0 || (size_t)n == span_len(text) ? errno : ENOSPC;

		(void)unlink(tmp); /* of no use any more */
		return err_set(e, -code, "cannot write %s: %s", path, strerror(code));
	}
	return 0;
}

int wishes_save(struct wishes *w, const char *path, int64_t now_s, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	int r;

	forget_old(w, now_s);
	if (!w->changed)
		return 0;
	buf_init(&b, WISHES_BYTES);
	buf_str(&b, HEAD "\n");
	for (unsigned i = 0; i < w->n; i++) {
		char name[ENTITY_NAME_MAX];

		(void)entity_format(&w->v[i].entity, name);
		buf_fmt(&b, "%lld\t%s\n", (long long)w->v[i].at_s, name);
	}
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	r = replace(path, buf_text(&b), e);
	if (r == 0)
		w->changed = false;
	return r;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static bool wish_parse(struct span line, struct wish *ret)
{
	struct span rest = line, time;

	return span_cut(&rest, '\t', &time) && num_i64(time, 0, INT64_MAX, &ret->at_s) == 0 &&
	       entity_parse(rest, &ret->entity, NULL) == 0 && can_be_asked(ret->entity.kind);
}

static int newest_first(const void *pa, const void *pb)
{
	const struct wish *a = pa, *b = pb;

	return (a->at_s < b->at_s) - (a->at_s > b->at_s);
}

int wishes_read(const char *path, int64_t now_s, struct entity ret[WISHES_MAX], unsigned *refused,
    struct err *e)
{
	CLEANUP(free_p) struct wish *v = calloc(WISHES_MAX, sizeof(*v));
	CLEANUP(buf_done) struct buf b;
	struct span text, line;
	unsigned n = 0;
	int r;

	*refused = 0;
	buf_init(&b, WISHES_BYTES);
	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	r = file_read_lines(path, HEAD, "not a file of wishes", &b, &text, e);
	if (r <= 0)
		return r;
	while (!span_empty(text)) {
		(void)span_cut(&text, '\n', &line); /* the last line may lack its end */
		if (n == WISHES_MAX || !wish_parse(line, &v[n]))
			(*refused)++;
		else if (v[n].at_s > now_s - WISHES_AGE_S)
			n++;
	}
	qsort(v, n, sizeof(*v), newest_first);
	for (unsigned i = 0; i < n; i++)
		ret[i] = v[i].entity;
	return (int)n;
}
