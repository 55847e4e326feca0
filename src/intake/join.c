/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/join.h"

#include <string.h>

#include "util/hash.h"

/* struct place - one id. Two ids in use at once share a hash once in 2^51 lines, and nobody can seek such a
 * pair, since the key is ours. */
struct place {
	UT_hash_handle hh; /* which also keeps them in the order of their last use */
	uint64_t id, user; /* hashes; user of the last user named, 0: none */
	int64_t time_s;
	struct who who; /* .text is made anew of what follows */
	char text[JOIN_TEXT];
	uint8_t text_len;
	bool users; /* more than one */
	bool pending;
};

struct join {
	struct place *places;
	struct place last; /* of the line at hand, when its id is to be forgotten */
};

struct join *join_new(void)
{
	return calloc(1, sizeof(struct join));
}

static void forget(struct join *j, struct place *p)
{
	HASH_DEL(j->places, p);
	free(p);
}

struct join *join_free(struct join *j)
{
	while (j && j->places)
		forget(j, j->places);
	free(j);
	return NULL;
}

static bool is_fresh(const struct place *p, int64_t now_s)
{
	int64_t age_s;

	return !__builtin_sub_overflow(now_s, p->time_s, &age_s) && age_s <= JOIN_SECONDS &&
	       age_s >= -JOIN_SECONDS;
}

/* The place of an id, as the one used last; NULL when it has none. */
static struct place *find(struct join *j, uint64_t id, int64_t now_s)
{
	struct place *p;

	HASH_FIND(hh, j->places, &id, sizeof(id), p);
	if (p && !is_fresh(p, now_s)) {
		forget(j, p);
		return NULL;
	}
	if (p && p->hh.next) {
		HASH_DEL(j->places, p);
		HASH_ADD(hh, j->places, id, sizeof(id), p);
	}
	return p;
}

static struct place *make_room(struct join *j, uint64_t id)
{
	struct place *p;

	if (HASH_COUNT(j->places) >= JOIN_IDS)
		forget(j, j->places);
	p = calloc(1, sizeof(*p));
	if (!p)
		abort(); /* as the table does */
	p->id = id;
	HASH_ADD(hh, j->places, id, sizeof(id), p);
	return p;
}

static void note_who(struct place *p, const struct who *w)
{
	if (w->kind < p->who.kind || w->kind == WHO_BROKEN)
		return;
	p->who = *w;
	p->text_len = (uint8_t)MIN_OF(span_len(w->text), (size_t)JOIN_TEXT);
	if (p->text_len > 0)
		memcpy(p->text, w->text.p, p->text_len);
}

static void note_user(struct place *p, struct span user)
{
	uint64_t h;

	if (span_empty(user))
		return;
	h = hash_bytes(user.p, span_len(user));
	p->users |= p->user != 0 && p->user != h;
	p->user = h;
}

enum join_verdict join_add(struct join *j, const struct join_line *l, struct who *ret)
{
	uint64_t id = hash_bytes(l->id.p, span_len(l->id));
	struct place *p = find(j, id, l->time_s);
	bool nofail = l->nofail;

	j->last = (struct place){ .pending = false };
	if (!p && l->forget)
		p = &j->last;
	else if (!p)
		p = make_room(j, id);
	p->time_s = l->time_s;
	note_user(p, l->user);
	note_who(p, &l->who);
	/* What failed before, or under another name, is no good log-in because of this one. */
	if ((p->pending && !l->gained) || p->users)
		nofail = false;
	p->pending = !nofail && p->who.kind == WHO_NOBODY;
	if (l->forget && p != &j->last) {
		j->last = *p;
		forget(j, p);
		p = &j->last;
	}
	*ret = p->who;
	if (l->who.kind == WHO_BROKEN) {
		*ret = l->who;
		return nofail ? JOIN_NOFAIL : JOIN_FAILURE;
	}
	ret->text =
	    p->who.kind == WHO_NOBODY ? (struct span){ NULL, NULL } : span_of(p->text, p->text_len);
	if (nofail)
		return JOIN_NOFAIL;
	return p->pending ? JOIN_PENDING : JOIN_FAILURE;
}
