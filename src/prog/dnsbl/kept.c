/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/kept.h"

#include <errno.h>
#include <string.h>

#include "util/log.h"

/* struct following - and by which words of the configuration; follow NULL: nothing */
struct following {
	struct follow *follow;
	char *serve_dir, *key, *own;
};

struct kept {
	struct sockets *sockets;
	struct following now, next;
};

static void done(struct following *f)
{
	(void)follow_free(f->follow);
	free(f->serve_dir);
	free(f->key);
	free(f->own);
	*f = (struct following){ .follow = NULL };
}

static bool is_for(const struct following *f, const struct conf *c)
{
	return f->follow && strcmp(f->serve_dir, c->serve_dir) == 0 &&
	       strcmp(f->key, c->publication_key) == 0 && strcmp(f->own, c->own_networks) == 0;
}

/* Whoever was believed first in this serve_dir is for as long as the program runs. */
static void key_of(const struct following *before, const struct conf *c, char ret[SIGN_KEY_HEX])
{
	bool same = before->follow && strcmp(before->serve_dir, c->serve_dir) == 0 &&
		    !*before->key && !*c->publication_key;
	struct edition *ed = same ? follow_take(before->follow) : NULL;

	ret[0] = '\0';
	for (unsigned i = 0; ed && i < SIGN_KEY_BYTES; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", edition_key(ed)[i]);
	(void)edition_free(ed);
}

/* What cannot be believed is no fault of the configuration: it is told of, and looked for again. */
static int follow_first(
    const struct following *before, const struct conf *c, struct following *ret, struct err *e)
{
	struct following f = { .serve_dir = strdup(c->serve_dir),
		.key = strdup(c->publication_key),
		.own = strdup(c->own_networks) };
	char key[SIGN_KEY_HEX];
	struct err why = { "" };
	int r = f.serve_dir && f.key && f.own ? 0 : err_set(e, -ENOMEM, "out of memory");

	key_of(before, c, key);
	if (r == 0)
		r = follow_new(
		    c->serve_dir, *key ? key : c->publication_key, c->own_networks, &f.follow, e);
	if (r < 0) {
		done(&f);
		return r;
	}
	if (follow_look(f.follow, &why) < 0)
		log_debug("%s", why.text);
	*ret = f;
	return 0;
}

struct kept *kept_new(void)
{
	return calloc(1, sizeof(struct kept));
}

struct kept *kept_free(struct kept *k)
{
	if (k) {
		(void)sockets_free(k->sockets);
		done(&k->now);
		done(&k->next);
	}
	free(k);
	return NULL;
}

int kept_check(struct kept *k, const struct conf *c, struct err *e)
{
	struct follow *f = NULL;
	int r;

	if (!k) {
		r = follow_new(c->serve_dir, c->publication_key, c->own_networks, &f, e);
		(void)follow_free(f);
		return r;
	}
	done(&k->next);
	return is_for(&k->now, c) ? 0 : follow_first(&k->now, c, &k->next, e);
}

int kept_follow(struct kept *k, const struct conf *c, struct follow **ret, struct err *e)
{
	int r = 0;

	if (!is_for(&k->now, c)) {
		if (!is_for(&k->next, c)) {
			done(&k->next);
			r = follow_first(&k->now, c, &k->next, e);
		}
		if (r < 0)
			return r;
		done(&k->now);
		k->now = k->next;
		k->next = (struct following){ .follow = NULL };
	}
	*ret = k->now.follow;
	return 0;
}

int kept_sockets(
    struct kept *k, const struct conf *c, unsigned threads, struct sockets **ret, struct err *e)
{
	int r;

	if (k->sockets &&
	    (k->sockets->threads != threads || strcmp(k->sockets->listen, c->dnsbl_listen) != 0))
		k->sockets = sockets_free(k->sockets);
	if (!k->sockets) {
		r = sockets_open(c->dnsbl_listen, threads, &k->sockets, e);
		if (r < 0)
			return r;
	}
	*ret = k->sockets;
	return 0;
}
