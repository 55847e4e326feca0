/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <pthread.h>
#include <sodium.h>

#include "door/grey_priv.h"
#include "util/clock.h"

#define PART_MAX 320u /* bytes of a sender or recipient that count (RFC 5321: 64 + 1 + 255) */

struct grey *grey_new(const struct grey_conf *c)
{
	struct grey *g = calloc(1, sizeof(*g));
	uint32_t sets = 1;

	if (!g || sodium_init() < 0)
		abort();
	while (sets * GREY_WAYS < MIN_OF(c->entries, GREY_ENTRIES_MAX))
		sets *= 2;
	g->conf = *c;
	g->sets = sets;
	g->v = calloc((size_t)sets * GREY_WAYS, sizeof(*g->v));
	if (!g->v) {
		free(g);
		return NULL;
	}
	if (pthread_mutex_init(&g->lock, NULL) != 0)
		abort();
	randombytes_buf(g->key, sizeof(g->key));
	return g;
}

struct grey *grey_free(struct grey *g)
{
	if (!g)
		return NULL;
	(void)pthread_mutex_destroy(&g->lock);
	sodium_memzero(g->key, sizeof(g->key));
	free(g->v);
	free(g);
	return NULL;
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* put_mailbox - lower case; of_sender: up to a '+' of the first half, and a run of digits in it is one '#'. Behind it
 * a NUL, so that two never run into each other. */
static size_t put_mailbox(uint8_t *to, struct span s, bool of_sender)
{
	const char *at = span_empty(s) ? NULL : memrchr(s.p, '@', span_len(s));
	const char *half = of_sender ? (at ? at : s.end) : s.p;
	size_t n = 0;
	bool digits = false;

	for (const char *p = s.p; p < s.end && n < PART_MAX; p++) {
		bool digit = *p >= '0' && *p <= '9';
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;

		if (p < half && c == '+') {
			p = half - 1;
			digits = false;
			continue;
		}
		if (p < half && digit && digits)
			continue;
		digits = p < half && digit;
		to[n++] = (uint8_t)(digits ? '#' : c);
	}
	to[n++] = 0;
	return n;
}

static struct grey_name name_of(const struct grey *g, const uint8_t *p, size_t n)
{
	struct grey_name name;

	_Static_assert(sizeof(name) == crypto_shorthash_siphashx24_BYTES, "128 bits");
	_Static_assert(sizeof(g->key) == crypto_shorthash_siphashx24_KEYBYTES, "the key");
	(void)crypto_shorthash_siphashx24((uint8_t *)&name, p, n, g->key); /* cannot fail */
	return name;
}

/* struct names - of the client's network (/24, /64) alone, and of the triplet; owner: of whom it counts that they wait, since
 * a customer has many /64 */
struct names {
	struct grey_name net, triplet;
	uint32_t owner;
};

static struct names names_of(
    const struct grey *g, struct addr client, struct span sender, struct span recipient)
{
	uint8_t text[17 + 2 * (PART_MAX + 1)];
	struct addr block = addr_block(client).addr;
	struct names ret;
	size_t n = 16;

	addr_to_bytes(block, text);
	ret.owner = (uint32_t)name_of(g, text, n).hi | 1;
	addr_to_bytes(addr_is_v4(client) ? block : addr_host(client), text);
	ret.net = name_of(g, text, n);
	n += put_mailbox(text + n, sender, true);
	n += put_mailbox(text + n, recipient, false);
	ret.triplet = name_of(g, text, n);
	return ret;
}

/* --- the table ------------------------------------------------------------------------------------------ */

/* A clock that went back by less than a day shows nobody as old. */
static uint32_t ago(uint32_t now, uint32_t then)
{
	if (now >= then)
		return now - then;
	return then - now > DAY_S ? UINT32_MAX : 0;
}

bool grey_over(const struct grey *g, const struct grey_entry *x, uint32_t now)
{
	return x->kind == GREY_WAITING ? ago(now, x->first_s) > g->conf.window_s
				       : ago(now, x->last_s) > g->conf.keep_s;
}

static struct grey_entry *set_of(const struct grey *g, const struct grey_name *name)
{
	return &g->v[(size_t)(name->lo & (g->sets - 1)) * GREY_WAYS];
}

struct grey_entry *grey_find(const struct grey *g, const struct grey_name *name)
{
	struct grey_entry *set = set_of(g, name);

	for (unsigned i = 0; i < GREY_WAYS; i++)
		if (set[i].kind != GREY_EMPTY && set[i].name.lo == name->lo &&
		    set[i].name.hi == name->hi)
			return &set[i];
	return NULL;
}

enum worth { KEPT, PASSED_ONCE, OWN, HAD_CHANCE, OVER, FREE, OWN_TOO_MANY };

/* In which order they make room: of equal ones who is older. */
static enum worth worth(const struct grey *g, const struct grey_entry *x, uint32_t net,
    bool too_many, uint32_t now, uint32_t *age)
{
	bool waits = x->kind == GREY_WAITING, own = waits && net && x->net == net;

	*age = ago(now, waits ? x->first_s : x->last_s);
	if (x->kind == GREY_EMPTY)
		return FREE;
	if (grey_over(g, x, now))
		return OVER;
	if (own && too_many)
		return OWN_TOO_MANY;
	if (!waits)
		return net && *age < GREY_RECENT_S ? KEPT : PASSED_ONCE;
	if (*age >= g->conf.delay_s + GREY_CHANCE_S)
		return HAD_CHANCE;
	return own ? OWN : KEPT;
}

static bool has_too_many(
    const struct grey *g, const struct grey_entry *set, uint32_t net, uint32_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; net && i < GREY_WAYS; i++)
		n +=
		    set[i].kind == GREY_WAITING && set[i].net == net && !grey_over(g, &set[i], now);
	return n >= GREY_OWN;
}

struct grey_entry *grey_room(
    struct grey *g, const struct grey_name *name, uint32_t net, uint32_t now)
{
	struct grey_entry *set = set_of(g, name), *best = NULL;
	bool too_many = has_too_many(g, set, net, now);
	enum worth most = KEPT;
	uint32_t oldest = 0, age;

	for (unsigned i = 0; i < GREY_WAYS; i++) {
		enum worth w = worth(g, &set[i], net, too_many, now, &age);

		if (w > most || (w && w == most && age > oldest)) {
			best = &set[i];
			most = w;
			oldest = age;
		}
	}
	if (!best)
		return NULL;
	g->evicted += most != FREE && most != OVER;
	grey_set(g, best, GREY_EMPTY);
	return best;
}

void grey_set(struct grey *g, struct grey_entry *x, enum grey_kind kind)
{
	g->n[x->kind]--;
	g->n[kind]++;
	x->kind = (uint8_t)kind;
	g->changes++;
}

/* --- asking --------------------------------------------------------------------------------------------- */

static bool is_known(struct grey *g, struct grey_entry *net, uint32_t now)
{
	if (!net || grey_over(g, net, now))
		return false;
	net->last_s = now;
	g->changes++;
	return net->count >= g->conf.known;
}

/* One more of this network came back. */
static void add_known(struct grey *g, const struct grey_name *name, uint32_t now)
{
	struct grey_entry *x = grey_find(g, name);

	if (!g->conf.known)
		return;
	if (!x || grey_over(g, x, now)) {
		x = x ? x : grey_room(g, name, 0, now);
		if (!x)
			return;
		grey_set(g, x, GREY_NETWORK);
		x->name = *name;
		x->first_s = now;
		x->count = 0;
	}
	x->last_s = now;
	x->count = (uint16_t)MIN_OF(x->count + 1u, (unsigned)UINT16_MAX);
}

static enum grey_word put_off(
    struct grey *g, struct grey_entry *x, const struct names *of, uint32_t now, uint32_t *s)
{
	if (x) /* its time is over, and it counts anew */
		grey_set(g, x, GREY_EMPTY);
	x = grey_room(g, &of->triplet, of->owner, now);
	if (!x)
		return GREY_FULL;
	grey_set(g, x, GREY_WAITING);
	x->name = of->triplet;
	x->net = of->owner;
	x->first_s = x->last_s = now;
	x->count = 0;
	*s = g->conf.delay_s;
	return GREY_WAIT;
}

static enum grey_word ask(struct grey *g, const struct names *of, uint32_t now, uint32_t *s)
{
	struct grey_entry *x;
	uint32_t age;

	if (g->conf.known && is_known(g, grey_find(g, &of->net), now))
		return GREY_KNOWN;
	x = grey_find(g, &of->triplet);
	if (!x || grey_over(g, x, now))
		return put_off(g, x, of, now, s);
	if (x->kind != GREY_WAITING) {
		x->last_s = now;
		g->changes++;
		return GREY_PASS;
	}
	age = ago(now, x->first_s);
	if (age < g->conf.delay_s) {
		*s = g->conf.delay_s - age;
		return GREY_WAIT;
	}
	grey_set(g, x, GREY_PASSED);
	x->last_s = now;
	*s = age;
	add_known(g, &of->net, now);
	return GREY_BACK;
}

uint32_t grey_time(int64_t now_s)
{
	return (uint32_t)MAX_OF(MIN_OF(now_s, (int64_t)UINT32_MAX), INT64_C(1));
}

enum grey_word grey_ask(struct grey *g, struct addr client, struct span sender,
    struct span recipient, int64_t now_s, uint32_t *s)
{
	struct names of = names_of(g, client, sender, recipient);
	enum grey_word w;

	*s = 0;
	grey_lock(g);
	w = ask(g, &of, grey_time(now_s), s);
	grey_unlock(g);
	return w;
}

void grey_figures(struct grey *g, struct grey_figures *ret)
{
	grey_lock(g);
	*ret = (struct grey_figures){ g->n[GREY_WAITING], g->n[GREY_PASSED], g->n[GREY_NETWORK],
		g->evicted, g->changes };
	grey_unlock(g);
}

void grey_lock(struct grey *g)
{
	int r = pthread_mutex_lock(&g->lock);

	assert(r == 0);
	(void)r;
}

void grey_unlock(struct grey *g)
{
	int r = pthread_mutex_unlock(&g->lock);

	assert(r == 0);
	(void)r;
}
