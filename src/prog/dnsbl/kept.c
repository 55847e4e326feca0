/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/kept.h"

#include <errno.h>
#include <string.h>

#include "util/log.h"

struct kept {
	struct sockets *sockets, *next_sockets;
	struct editions *now, *next;
};

static bool is_for(const struct editions *f, const struct conf *c)
{
	return editions_is(f, c->serve_dir, c->publication_key, c->own_networks);
}

/* What cannot be believed is no fault of the configuration: it is told of, and looked for again. */
static int editions_first(struct kept *k, const struct conf *c, struct err *e)
{
	struct err why = { "" };
	int r =
	    editions_after(k->now, c->serve_dir, c->publication_key, c->own_networks, &k->next, e);

	if (r == 0 && editions_look(k->next, &why) < 0)
		log_debug("%s", why.text);
	return r;
}

struct kept *kept_new(void)
{
	return calloc(1, sizeof(struct kept));
}

struct kept *kept_free(struct kept *k)
{
	if (k) {
		(void)sockets_free(k->sockets);
		(void)sockets_free(k->next_sockets);
		(void)editions_free(k->now);
		(void)editions_free(k->next);
	}
	free(k);
	return NULL;
}

static bool fits(const struct sockets *s, const struct conf *c, unsigned threads)
{
	return s && s->threads == threads && strcmp(s->listen, c->dnsbl_listen) == 0;
}

int kept_check(struct kept *k, const struct conf *c, unsigned threads, struct err *e)
{
	struct editions *f = NULL;
	int r;

	if (!k) {
		r = editions_new(c->serve_dir, c->publication_key, c->own_networks, &f, e);
		(void)editions_free(f);
		return r;
	}
	k->next = editions_free(k->next);
	k->next_sockets = sockets_free(k->next_sockets);
	r = is_for(k->now, c) ? 0 : editions_first(k, c, e);
	if (r == 0 && !fits(k->sockets, c, threads)) /* beside those that are open */
		r = sockets_open(c->dnsbl_listen, threads, &k->next_sockets, e);
	return r;
}

int kept_editions(struct kept *k, const struct conf *c, struct editions **ret, struct err *e)
{
	int r = 0;

	if (is_for(k->now, c)) {
		editions_again(k->now);
	} else {
		if (!is_for(k->next, c)) {
			k->next = editions_free(k->next);
			r = editions_first(k, c, e);
		}
		if (r < 0)
			return r;
		(void)editions_free(k->now);
		k->now = take_ptr(&k->next);
	}
	*ret = k->now;
	return 0;
}

int kept_sockets(
    struct kept *k, const struct conf *c, unsigned threads, struct sockets **ret, struct err *e)
{
	int r = 0;

	if (!fits(k->sockets, c, threads)) {
		(void)sockets_free(k->sockets);
		k->sockets = take_ptr(&k->next_sockets);
	}
	k->next_sockets = sockets_free(k->next_sockets);
	if (!fits(k->sockets, c, threads)) {
		k->sockets = sockets_free(k->sockets);
		r = sockets_open(c->dnsbl_listen, threads, &k->sockets, e);
	}
	*ret = k->sockets;
	return r;
}
