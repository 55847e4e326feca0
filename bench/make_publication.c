/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_publication DIR ADDRESSES [REGISTRY] - a publication into DIR/serve, signed by DIR/publish.key, in which every address of a
 * list is blocked, to time by what answers strangers, without the days of evidence that it takes. Around the addresses are the
 * rows that the road would have made: blocks, and with a registry prefixes, ASes and organisations, about which nothing is
 * decided. Invented throughout, and marked so. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/settings.h"
#include "holders/registry.h"
#include "publication/carved.h"
#include "publication/decisions.h"
#include "publication/manifest.h"
#include "publication/place.h"
#include "publication/reputation.h"
#include "util/clock.h"
#include "util/input.h"

#define WEEK_S (7 * DAY_S)

struct made {
	int64_t now_s;
	struct registry *registry; /* NULL: none */
	struct addr *v;
	size_t n, cap;
	bool *as_said, *org_said, *prefix_said; /* by index in the registry */
	struct reputation_writer *w;
};

static void check(int r, const struct err *e)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "make_publication: %s\n", e->text);
	exit(1);
}

static void *many(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

/* --- what is listed --------------------------------------------------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *)a, *(const struct addr *)b);
}

static void read_addresses(struct made *m, const char *path)
{
	struct input *in;
	struct line l;
	struct err e;
	struct addr a;
	size_t n = 0;
	int r = input_open(path, &in, &e);

	check(r, &e);
	while ((r = input_line(in, &l, &e)) > 0) {
		if (addr_parse(span_trim(l.text), &a) < 0)
			continue;
		if (m->n == m->cap) {
			m->cap = m->cap ? 2 * m->cap : 1u << 16;
			m->v = reallocarray(m->v, m->cap, sizeof(*m->v));
			if (!m->v)
				abort();
		}
		m->v[m->n++] = addr_host(a);
	}
	check(r, &e);
	(void)input_free(in);
	qsort(m->v, m->n, sizeof(*m->v), by_addr);
	for (size_t i = 0; i < m->n; i++)
		if (n == 0 || !addr_eq(m->v[n - 1], m->v[i]))
			m->v[n++] = m->v[i];
	m->n = n;
}

/* --- rows ------------------------------------------------------------------------------------------- */

static void add(struct made *m, const struct entity *en, const struct entity *parent,
    struct span title, uint32_t asn, const char *decided)
{
	struct standing s = { .entity = en,
		.parent = parent,
		.title = title,
		.asn = asn,
		.announced_v4 = 1,
		.hosts = 1,
		.events = 12,
		.first_day = day_of(m->now_s) - 9,
		.last_day = day_of(m->now_s),
		.scored = true,
		.expected = 0.75,
		.returning = 0.5,
		.arrivals = 0.25,
		.family = { 0.75 },
		.ratio = 4,
		.low = 10,
		.high = 40,
		.score = 20,
		.grade = 'E',
		.groups = 3 };
	struct err e;

	if (decided)
		s.decision = (struct standing_decision){ LEVEL_BLOCK, ACTION_REJECT,
			m->now_s - DAY_S, m->now_s + WEEK_S, span_str(decided) };
	check(reputation_writer_add(m->w, &s, &e), &e);
}

static void say_org(struct made *m, uint32_t org)
{
	struct registry_org o = registry_org_at(m->registry, org);
	struct entity en = { .kind = ENTITY_ORG };

	if (m->org_said[org])
		return;
	m->org_said[org] = true;
	memcpy(en.handle, o.handle.p, MIN_OF(span_len(o.handle), sizeof(en.handle) - 1));
	add(m, &en, NULL, o.name, 0, NULL);
}

static void say_as(struct made *m, uint32_t as)
{
	struct registry_as a = registry_as_at(m->registry, as);
	struct entity en = entity_as(a.asn), parent = { .kind = ENTITY_ORG };
	struct span handle;

	if (m->as_said[as])
		return;
	m->as_said[as] = true;
	if (a.org == REGISTRY_NONE) {
		add(m, &en, NULL, a.name, a.asn, NULL);
		return;
	}
	handle = registry_org_at(m->registry, a.org).handle;
	memcpy(parent.handle, handle.p, MIN_OF(span_len(handle), sizeof(parent.handle) - 1));
	add(m, &en, &parent, a.name, a.asn, NULL);
	say_org(m, a.org);
}

/* The prefix around a block, said once; false: nobody announces it. */
static bool say_prefix(struct made *m, struct addr a, struct entity *ret, uint32_t *asn)
{
	struct attribution at;
	struct registry_prefix p;
	struct entity as;

	*asn = 0;
	if (!m->registry)
		return false;
	registry_lookup(m->registry, a, &at);
	if (at.prefix == REGISTRY_NONE || at.as == REGISTRY_NONE)
		return false;
	p = registry_prefix_at(m->registry, at.prefix);
	*ret = entity_prefix(p.range);
	*asn = registry_asn(m->registry, at.as);
	as = entity_as(*asn);
	if (!m->prefix_said[at.prefix])
		add(m, ret, &as, (struct span){ "", "" }, *asn, NULL);
	m->prefix_said[at.prefix] = true;
	say_as(m, at.as);
	return true;
}

static void say_all(struct made *m)
{
	struct entity block = { .kind = ENTITY_BLOCK }, prefix;
	uint32_t asn = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct entity host = entity_addr(m->v[i]), around = entity_block(m->v[i]);
		char reason[128];

		if (i == 0 || !addr_eq(around.range.first, block.range.first)) {
			bool known = say_prefix(m, m->v[i], &prefix, &asn);

			block = around;
			add(m, &block, known ? &prefix : NULL, (struct span){ "", "" }, asn, NULL);
		}
		(void)snprintf(reason, sizeof(reason),
		    "brute-force, spam: %zu events from 3 groups of sources on 4 days", 5 + i % 90);
		add(m, &host, &block, (struct span){ "", "" }, asn, reason);
	}
}

/* --- files ------------------------------------------------------------------------------------------ */

static void put(const char *dir, const char *name, struct buf *b)
{
	char path[PATH_MAX];
	struct err e;

	if (!buf_ok(b) || (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		abort();
	check(file_write(path, buf_text(b), &e), &e);
	buf_done(b);
}

static void write_files(struct made *m, const char *dir, const struct publication_head *head)
{
	char path[PATH_MAX];
	struct decisions_writer none;
	struct settings s;
	struct err e;
	struct buf b;

	check(reputation_writer_new(head, &m->w, &e), &e);
	say_all(m);
	if ((size_t)snprintf(path, sizeof(path), "%s/reputation", dir) >= sizeof(path))
		abort();
	check(reputation_writer_write(m->w, path, &e), &e);
	m->w = reputation_writer_free(m->w);
	buf_init(&b, SETTINGS_BYTES_MAX);
	settings_init(&s);
	settings_format(&s, &b);
	settings_done(&s);
	put(dir, SETTINGS_NAME, &b);
	buf_init(&b, SETTINGS_BYTES_MAX);
	decisions_begin(&none, &b);
	decisions_end(&none);
	put(dir, CARVED_NAME, &b);
}

static void publish(struct made *m, const char *dir)
{
	static const char *const names[] = { "reputation", SETTINGS_NAME, CARVED_NAME };
	struct publication_head head = { .created_s = m->now_s,
		.as_of_s = m->now_s,
		.expires_s = m->now_s + DAY_S,
		.simulated = true,
		.formula = SPAN("bench"),
		.site = SPAN("bench"),
		.attribution = { "", "" } };
	char serve[PLACE_PATH_MAX], made[PLACE_PATH_MAX];
	struct sign_key key;
	struct place place;
	struct err e;

	if ((size_t)snprintf(serve, sizeof(serve), "%s/serve", dir) >= sizeof(serve))
		abort();
	check(file_mkdirs(dir, 0755, &e), &e);
	check(sign_key_open(dir, &key, &e), &e);
	check(place_open(serve, &place, &e), &e);
	check(place_newest(&place, &head.generation, &e), &e);
	head.generation++;
	check(place_begin(&place, head.generation, made, &e), &e);
	write_files(m, made, &head);
	check(manifest_write(made, "", &head, names, NELEM(names), &key, &e), &e);
	check(place_commit(&place, head.generation, &e), &e);
	check(place_show(&place, head.generation, &e), &e);
	check(place_prune(&place, 2, &e), &e);
	place_done(&place);
	sign_key_done(&key);
}

int main(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct made m = { .now_s = clock_now_s(&clock) };
	struct err e;

	if (argc != 3 && argc != 4) {
		(void)fprintf(stderr, "Usage: make_publication DIR ADDRESSES [REGISTRY]\n");
		return 2;
	}
	if (argc == 4) {
		check(registry_open(argv[3], &m.registry, &e), &e);
		m.prefix_said = many(registry_n_prefix(m.registry), sizeof(bool));
		m.as_said = many(registry_n_as(m.registry), sizeof(bool));
		m.org_said = many(registry_n_org(m.registry), sizeof(bool));
	}
	read_addresses(&m, argv[2]);
	publish(&m, argv[1]);
	(void)printf("%zu addresses\n", m.n);
	free(m.v);
	free(m.prefix_said);
	free(m.as_said);
	free(m.org_said);
	(void)registry_free(m.registry);
	return 0;
}
