/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/voices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"

static void copy_name(char to[EVENT_SOURCE_MAX + 1], const char *name)
{
	size_t n = strnlen(name, EVENT_SOURCE_MAX);

	memcpy(to, name, n);
	to[n] = '\0';
}

static int take_source(void *ctx, const struct hub_source *s)
{
	struct voices *v = ctx;
	struct voice *t;

	if (grow(&v->v, &v->cap, v->n + 1, sizeof(*v->v)) < 0)
		return -ENOMEM;
	t = &v->v[v->n++];
	*t = (struct voice){
		.id = s->id, .kind = s->kind, .anchor = s->anchor, .trust_now = s->trust
	};
	copy_name(t->name_now, s->group);
	return 0;
}

const struct voice *voices_find(const struct voices *v, int32_t id)
{
	size_t lo = 0, hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->v[mid].id == id)
			return &v->v[mid];
		if (v->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int take_rev(void *ctx, const struct hub_source *s)
{
	struct voices *v = ctx;
	const struct voice *t = voices_find(v, s->id);
	struct voice_rev *rev;

	if (!t)
		return 0;
	if (grow(&v->rev, &v->cap_rev, v->n_rev + 1, sizeof(*v->rev)) < 0)
		return -ENOMEM;
	rev = &v->rev[v->n_rev++];
	*rev = (struct voice_rev){
		.voice = (size_t)(t - v->v), .day = s->first_day, .trust = s->trust
	};
	copy_name(rev->name, s->group);
	return 0;
}

int voices_read(struct hub *h, struct voices *ret, struct err *e)
{
	int r;

	*ret = (struct voices){ .n = 0 };
	if ((r = hub_each_source(h, take_source, ret, e)) == 0)
		r = hub_each_source_rev(h, take_rev, ret, e);
	if (r < 0)
		voices_done(ret);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

void voices_done(struct voices *v)
{
	free(v->v);
	free(v->rev);
	*v = (struct voices){ .n = 0 };
}

/* The trust of a group is that of its least trusted source: one operator cannot lend it to himself. */
static void number_groups(struct voices *v)
{
	v->n_groups = v->groups_beyond = 0;
	memset(v->anchored, 0, sizeof(v->anchored));
	memset(v->kinds, 0, sizeof(v->kinds));
	for (size_t i = 0; i < v->n; i++) {
		struct voice *t = &v->v[i];
		size_t k = 0;

		while (k < i && strcmp(v->v[k].name, t->name) != 0)
			k++;
		t->group = k < i ? v->v[k].group : MIN_OF(v->n_groups, JUDGE_GROUPS_MAX - 1);
		if (k == i) {
			v->groups_beyond += v->n_groups >= JUDGE_GROUPS_MAX;
			if (v->n_groups < JUDGE_GROUPS_MAX) {
				memcpy(v->group[v->n_groups], t->name, sizeof(t->name));
				v->trust[v->n_groups++] = 1;
			}
		}
		v->anchored[t->group] |= t->anchor;
		v->kinds[t->group] |= (uint8_t)(1u << t->kind);
		v->trust[t->group] = MIN_OF(v->trust[t->group], t->anchor ? 1 : t->trust);
	}
}

void voices_as_of(struct voices *v, int32_t day)
{
	for (size_t i = 0; i < v->n; i++) {
		v->v[i].trust = v->v[i].trust_now;
		memcpy(v->v[i].name, v->v[i].name_now, sizeof(v->v[i].name));
	}
	for (size_t i = 0; i < v->n_rev; i++) {
		const struct voice_rev *rev = &v->rev[i];
		bool first = i == 0 || rev->voice != v->rev[i - 1].voice;

		if (!first && rev->day > day)
			continue;
		v->v[rev->voice].trust = rev->trust;
		memcpy(v->v[rev->voice].name, rev->name, sizeof(rev->name));
	}
	number_groups(v);
}

void voices_tell(const struct voices *v, struct judge *j)
{
	for (unsigned g = 0; g < v->n_groups; g++) {
		judge_group(j, g, v->trust[g], v->anchored[g]);
		judge_derived(j, g, !v->anchored[g] && v->kinds[g] >> HUB_SOURCE_ANALYSIS & 1);
	}
}
