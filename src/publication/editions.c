/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/editions.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publication/place.h"
#include "util/clock.h"

struct editions {
	char *serve_dir, *key_hex, *own_text; /* as they were given */
	struct addrset own;
	bool keyed;
	uint8_t key[SIGN_KEY_BYTES];
	uint64_t least;	 /* generation: what is lower was replaced before this one followed … */
	int64_t least_s; /* … by what is in force until then */
	pthread_mutex_t lock; /* over newest alone */
	struct edition *newest;
	char seen[PLACE_PATH_MAX]; /* the publication that was looked at last; "": none */
	struct editions_state state;
};

int editions_new(const char *serve_dir, const char *key_hex, const char *own, struct editions **ret,
    struct err *e)
{
	struct editions *f = calloc(1, sizeof(*f));
	int r = 0;

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	(void)pthread_mutex_init(&f->lock, NULL);
	f->serve_dir = strdup(serve_dir);
	f->key_hex = strdup(key_hex);
	f->own_text = strdup(own);
	if (!f->serve_dir || !f->key_hex || !f->own_text) {
		(void)editions_free(f);
		return err_set(e, -ENOMEM, "out of memory");
	}
	f->keyed = *key_hex;
	if (f->keyed && sign_key_parse(span_str(key_hex), f->key) < 0)
		r = err_set(e, -EINVAL,
		    "publication_key wants %u hexadecimal digits, as in publish.pub",
		    SIGN_KEY_HEX - 1);
	if (r == 0)
		r = addrset_parse(span_str(own), &f->own, e);
	if (r < 0)
		(void)editions_free(f);
	else
		*ret = f;
	return r;
}

bool editions_is(
    const struct editions *f, const char *serve_dir, const char *key_hex, const char *own)
{
	return f && strcmp(f->serve_dir, serve_dir) == 0 && strcmp(f->key_hex, key_hex) == 0 &&
	       strcmp(f->own_text, own) == 0;
}

int editions_after(const struct editions *before, const char *serve_dir, const char *key_hex,
    const char *own, struct editions **ret, struct err *e)
{
	int r = editions_new(serve_dir, key_hex, own, ret, e);
	struct editions *f = *ret;

	if (r < 0 || !before || strcmp(before->serve_dir, serve_dir) != 0 ||
	    strcmp(before->key_hex, key_hex) != 0)
		return r;
	f->keyed = before->keyed;
	memcpy(f->key, before->key, SIGN_KEY_BYTES);
	f->least = before->newest ? before->state.generation : before->least;
	f->least_s = before->newest ? before->state.expires_s : before->least_s;
	return 0;
}

struct editions *editions_free(struct editions *f)
{
	if (f) {
		(void)edition_free(f->newest);
		addrset_done(&f->own);
		(void)pthread_mutex_destroy(&f->lock);
		free(f->serve_dir);
		free(f->key_hex);
		free(f->own_text);
		free(f);
	}
	return NULL;
}

static void put(struct editions *f, struct edition *ed)
{
	struct edition *older;

	(void)pthread_mutex_lock(&f->lock);
	older = f->newest;
	f->newest = ed;
	(void)pthread_mutex_unlock(&f->lock);
	(void)edition_free(older);
	f->state.generation = edition_head(ed)->generation;
	f->state.created_s = edition_head(ed)->created_s;
	f->state.expires_s = edition_head(ed)->expires_s;
	f->state.opened++;
	f->state.trouble[0] = '\0';
	if (!f->keyed)
		memcpy(f->key, edition_key(ed), SIGN_KEY_BYTES);
	f->keyed = true;
}

static bool may_pass(int r)
{
	static const int passing[] = { -ENOMEM, -EIO, -EMFILE, -ENFILE, -EACCES, -EPERM, -ENOENT };

	for (size_t i = 0; i < NELEM(passing); i++)
		if (r == passing[i])
			return true;
	return false;
}

/* What may be otherwise the next time, memory or a disk, is tried again at each look, and told of once. */
static int refuse(struct editions *f, const struct err *e, int r)
{
	bool told = strcmp(f->state.trouble, e->text) == 0;

	if (may_pass(r)) {
		f->seen[0] = '\0';
		if (told)
			return 0;
	}
	f->state.refused++;
	(void)snprintf(f->state.trouble, sizeof(f->state.trouble), "%s", e->text);
	return r;
}

/* What was in force has ended: a hub that was made anew counts from 1 again. */
static bool is_older(const struct editions *f, uint64_t generation)
{
	struct clock clock = clock_system();
	int64_t now_s = clock_now_s(&clock);

	if (f->newest)
		return generation < f->state.generation && !edition_stale(f->newest, now_s);
	return generation < f->least && now_s < f->least_s;
}

static int open_it(struct editions *f, const char *dir, struct err *e)
{
	struct edition *ed = NULL;
	int r = edition_open(dir, f->keyed ? f->key : NULL, &f->own, &ed, e);

	if (r == -ENOENT) { /* was it pruned while we looked? The next look tells. */
		char again[PLACE_PATH_MAX];

		if (place_current(f->serve_dir, again, NULL, NULL) < 0 || strcmp(again, dir) != 0) {
			f->seen[0] = '\0';
			return 0;
		}
	}
	if (r == 0 && is_older(f, edition_head(ed)->generation)) {
		(void)edition_free(ed);
		r = err_set(
		    e, -EBADMSG, "%s: its generation is lower than that of what is in force", dir);
	}
	if (r < 0)
		return refuse(f, e, r);
	put(f, ed);
	return 1;
}

int editions_look(struct editions *f, struct err *e)
{
	char dir[PLACE_PATH_MAX];
	int r = place_current(f->serve_dir, dir, NULL, e);

	if (r == -ENOENT && !f->newest)
		return 0;
	if (r < 0) {
		f->seen[0] = '\0';
		return strcmp(f->state.trouble, e->text) == 0 ? 0 : refuse(f, e, r);
	}
	if (strcmp(dir, f->seen) == 0)
		return 0;
	(void)snprintf(f->seen, sizeof(f->seen), "%s", dir);
	return open_it(f, dir, e);
}

void editions_again(struct editions *f)
{
	if (*f->state.trouble)
		f->seen[0] = '\0';
}

struct edition *editions_take(struct editions *f)
{
	struct edition *ed;

	(void)pthread_mutex_lock(&f->lock);
	ed = f->newest ? edition_hold(f->newest) : NULL;
	(void)pthread_mutex_unlock(&f->lock);
	return ed;
}

void editions_state(const struct editions *f, struct editions_state *ret)
{
	*ret = f->state;
}
