/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/join.h"

#include <string.h>

#include "util/hash.h"

/* struct place - one id. Two ids in use at once share a hash once in 2^52 lines, and nobody can seek such a
 * pair, since the key is ours. */
struct place {
	uint64_t id, user; /* hashes; user of the first user named */
	uint64_t used;	   /* when it was used last, in lines; 0: never */
	int64_t time_s;
	struct who who; /* .text is made anew of what follows */
	char text[JOIN_TEXT];
	uint8_t text_len;
	bool users; /* more than one */
	bool pending;
};

struct join {
	uint64_t lines;
	struct place at[JOIN_SETS][JOIN_WAYS];
};

struct join *join_new(void)
{
	return calloc(1, sizeof(struct join));
}

struct join *join_free(struct join *j)
{
	free(j);
	return NULL;
}

static bool is_fresh(const struct place *p, int64_t now_s)
{
	int64_t age_s;

	return p->used > 0 && !__builtin_sub_overflow(now_s, p->time_s, &age_s) &&
	       age_s <= JOIN_SECONDS && age_s >= -JOIN_SECONDS;
}

static struct place *find(struct join *j, uint64_t id, int64_t now_s)
{
	struct place *set = j->at[id % JOIN_SETS];

	for (unsigned i = 0; i < JOIN_WAYS; i++)
		if (set[i].id == id && is_fresh(&set[i], now_s))
			return &set[i];
	return NULL;
}

/* The place that this id had long ago, or a free one, or the one that was not used for longest. */
static struct place *make_room(struct join *j, uint64_t id)
{
	struct place *set = j->at[id % JOIN_SETS], *best = &set[0];

	for (unsigned i = 0; i < JOIN_WAYS; i++) {
		if (set[i].used > 0 && set[i].id == id)
			return &set[i];
		if (set[i].used < best->used)
			best = &set[i];
	}
	return best;
}

static void note_who(struct place *p, const struct who *w)
{
	if (w->kind < p->who.kind)
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

/* The line at hand is the first of its id, and the last: nothing is to be kept. */
static enum join_verdict alone(const struct join_line *l, struct who *ret)
{
	*ret = l->who;
	if (l->nofail)
		return JOIN_NOFAIL;
	return l->who.kind == WHO_NOBODY ? JOIN_PENDING : JOIN_FAILURE;
}

enum join_verdict join_add(struct join *j, const struct join_line *l, struct who *ret)
{
	uint64_t id = hash_bytes(l->id.p, span_len(l->id));
	struct place *p = find(j, id, l->time_s);
	bool nofail = l->nofail, pending;

	j->lines++;
	if (!p) {
		if (l->forget)
			return alone(l, ret);
		p = make_room(j, id);
		*p = (struct place){ .id = id };
	}
	p->used = j->lines;
	p->time_s = l->time_s;
	note_user(p, l->user);
	note_who(p, &l->who);
	pending = p->pending && !l->gained;
	p->pending = false;
	/* What failed before, or under another name, is no good log-in because of this one. */
	if (pending || p->users)
		nofail = false;
	*ret = p->who;
	ret->text = p->who.kind == l->who.kind ? l->who.text : span_of(p->text, p->text_len);
	if (l->forget)
		p->used = 0;
	if (nofail)
		return JOIN_NOFAIL;
	p->pending = ret->kind == WHO_NOBODY;
	return p->pending ? JOIN_PENDING : JOIN_FAILURE;
}
