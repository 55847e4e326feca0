/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to ask for. Registries are asked about networks and ASes; an organisation is its own record, where its handle
 * says which registry has it, and its ASes. */
#include "prog/onus/enrich.h"

#include <errno.h>
#include <string.h>

#include "publication/place.h"
#include "publication/reputation.h"
#include "util/grow.h"
#include "util/percent.h"

#define ORG_ASES 4u /* of an organisation, the largest */

void enrich_done(struct enrich *x)
{
	free(x->question);
	free(x->entity);
	x->question = NULL;
	x->entity = NULL;
}

/* --- does the registry file know? --------------------------------------------------------------------- */

static bool holder_told(const struct registry *r, uint32_t holder)
{
	return holder != REGISTRY_NONE && registry_holder_at(r, holder).told;
}

static bool range_known(const struct registry *r, struct range range)
{
	uint32_t at = r ? registry_network(r, range.first) : REGISTRY_NONE;

	while (at != REGISTRY_NONE && !range_has(registry_network_at(r, at).range, range.last))
		at = registry_network_link(r, at).parent;
	return at != REGISTRY_NONE && holder_told(r, registry_network_at(r, at).holder) &&
	       registry_network_abuse(r, at, NULL) != REGISTRY_NONE;
}

static bool as_known(const struct registry *r, uint32_t asn)
{
	uint32_t at = r ? registry_find_as(r, asn) : REGISTRY_NONE;
	struct registry_as as;

	if (at == REGISTRY_NONE)
		return false;
	as = registry_as_at(r, at);
	return as.abuse != REGISTRY_NONE && holder_told(r, as.holder);
}

/* --- questions ---------------------------------------------------------------------------------------- */

static bool asked_already(const struct enrich *x, const char *text)
{
	for (size_t i = 0; i < x->n_question; i++)
		if (strcmp(x->question[i].text, text) == 0)
			return true;
	return false;
}

/* path: behind the base URL; known: the registry file has what there is to learn */
static int put(struct enrich *x, struct question *q, const char *base, const char *path, bool known)
{
	bool kept = cache_find(x->cache, q->text) != NULL;

	if (asked_already(x, q->text))
		return 0;
	if (!kept && known) {
		x->count.known++;
		return 0;
	}
	if (!cache_wants(x->cache, q->text, clock_now_s(&x->clock))) {
		x->count.fresh++;
		return 0;
	}
	if (!base) {
		x->count.no_server++;
		return 0;
	}
	q->server = servers_of(x->servers, url_server(span_str(base)));
	if (q->server == SERVERS_NONE || x->n_question >= x->conf->rdap_questions ||
	    cache_n(x->cache) + x->n_question >= CACHE_ROWS_MAX) {
		x->count.too_many++;
		return 0;
	}
	(void)snprintf(q->url, sizeof(q->url), "%s%s", base, path); /* both are bounded */
	if (grow(&x->question, &x->question_cap, x->n_question + 1, sizeof(*q)) < 0)
		return -ENOMEM;
	x->question[x->n_question++] = *q;
	return 0;
}

/* A range that is no prefix is asked for by the first prefix in it. */
static int plan_range(struct enrich *x, struct range range)
{
	struct range rest = range;
	struct question q = { .asked = { .kind = ASKED_RANGE } };
	char text[RANGE_TEXT_MAX];
	struct prefix p;

	(void)range_take_prefix(&rest, &p); /* there is one */
	q.asked.range = prefix_range(p);
	(void)range_format(q.asked.range, text);
	(void)snprintf(q.text, sizeof(q.text), "ip/%s", text); /* it fits */
	return put(x, &q, bootstrap_range(x->bootstrap, q.asked.range), q.text,
	    range_known(x->registry, q.asked.range));
}

static int plan_as(struct enrich *x, uint32_t asn)
{
	struct question q = { .asked = { .kind = ASKED_AS, .asn = asn } };

	(void)snprintf(q.text, sizeof(q.text), "autnum/%u", asn); /* it fits */
	return put(x, &q, bootstrap_as(x->bootstrap, asn), q.text, as_known(x->registry, asn));
}

/* A handle as a segment of a path: what is no letter or digit there is escaped. */
static void escape(struct span s, char *to, size_t room)
{
	size_t n = 0;

	for (const char *p = s.p; p < s.end && n + 4 < room; p++)
		n += percent_byte(*p, "-_.", to + n);
	to[n] = '\0';
}

/* Where the server of a record is told by the tag at the end of its handle, else by its registry. */
static int plan_record(struct enrich *x, struct span name)
{
	struct question q = { .asked = { .kind = ASKED_ENTITY } };
	char path[3 * CACHE_QUESTION_MAX + 16] = "entity/";
	struct span handle = name, source, tag;
	const char *dash, *base;
	int n;

	if (!span_cut(&handle, '/', &source) || span_empty(handle))
		return 0;
	dash = memrchr(handle.p, '-', span_len(handle));
	tag = dash ? (struct span){ dash + 1, handle.end } : source;
	base = bootstrap_tag(x->bootstrap, tag);
	base = base ? base : bootstrap_tag(x->bootstrap, source);
	if (!base)
		return 0; /* known by a name alone, or to somebody who is no registry */
	escape(handle, path + strlen(path), sizeof(path) - strlen(path));
	n = snprintf(q.text, sizeof(q.text), "entity/%.*s/%s", SPAN_ARG(source), path + 7);
	if (n < 0 || (size_t)n >= sizeof(q.text))
		return 0; /* no registry has such a handle */
	(void)snprintf(
	    q.handle, sizeof(q.handle), "%.*s", SPAN_ARG(handle)); /* shorter than that */
	q.asked.handle = span_str(q.handle);
	return put(x, &q, base, path, false);
}

static int plan_org(struct enrich *x, const char *handle)
{
	const struct registry *r = x->registry;
	uint32_t org = r ? registry_find_org(r, span_str(handle)) : REGISTRY_NONE, first, n;
	uint32_t best[ORG_ASES], n_best = 0;
	int code = plan_record(x, span_str(handle));

	if (org == REGISTRY_NONE)
		return code;
	n = registry_org_ases(r, org, &first);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t as = registry_org_as(r, first + i), k = n_best;
		uint64_t size = registry_as_at(r, as).v4_addresses;

		if (n_best == ORG_ASES && size <= registry_as_at(r, best[k - 1]).v4_addresses)
			continue;
		k = n_best == ORG_ASES ? k - 1 : n_best++;
		for (; k > 0 && size > registry_as_at(r, best[k - 1]).v4_addresses; k--)
			best[k] = best[k - 1];
		best[k] = as;
	}
	for (uint32_t i = 0; i < n_best && code == 0; i++)
		code = plan_as(x, registry_asn(r, best[i]));
	return code;
}

static int plan_net(struct enrich *x, const char *handle)
{
	uint32_t at =
	    x->registry ? registry_find_network(x->registry, span_str(handle)) : REGISTRY_NONE;

	return at == REGISTRY_NONE ? 0 : plan_range(x, registry_network_at(x->registry, at).range);
}

int enrich_plan(struct enrich *x, const struct entity *en)
{
	if (grow(&x->entity, &x->entity_cap, x->n_entity + 1, sizeof(*en)) < 0)
		return -ENOMEM;
	x->entity[x->n_entity++] = *en;
	x->count.entities++;
	switch (en->kind) {
	case ENTITY_ADDR:
	case ENTITY_BLOCK:
	case ENTITY_PREFIX:
		return range_special(en->range) ? 0 : plan_range(x, en->range);
	case ENTITY_AS:
		return plan_as(x, en->asn);
	case ENTITY_ORG:
		return plan_org(x, en->handle);
	case ENTITY_NET:
		return plan_net(x, en->handle);
	case ENTITY_COUNTRY:
	case ENTITY_KIND_N:
		break;
	}
	return 0;
}

/* --- the worst ---------------------------------------------------------------------------------------- */

/* struct rank - a row and how bad it is: by attackers, and by the better end of its score */
struct rank {
	uint32_t row;
	double bad;
};

static int worst_first(const void *pa, const void *pb)
{
	const struct rank *a = pa, *b = pb;

	if (a->bad != b->bad)
		return a->bad < b->bad ? 1 : -1;
	return (a->row > b->row) - (a->row < b->row);
}

static double by_hosts(const struct reputation_row *row)
{
	return row->hosts;
}

static double by_score(const struct reputation_row *row)
{
	return row->grade ? 100.0 - (double)row->high : -1; /* without a grade: not meant */
}

static double (*const regards[])(const struct reputation_row *row) = { by_hosts, by_score };

/* The n worst rows of a kind in each regard, each once. */
static int plan_kind(
    struct enrich *x, const struct reputation *r, enum entity_kind kind, unsigned n)
{
	uint32_t first, rows = reputation_rows(r, kind, &first);
	CLEANUP(free_p) struct rank *v = calloc(rows + 1u, sizeof(*v));
	CLEANUP(free_p) bool *chosen = calloc(rows + 1u, sizeof(*chosen));
	struct reputation_row row;
	int code = v && chosen ? 0 : -ENOMEM;

	for (size_t k = 0; k < NELEM(regards) && code == 0; k++) {
		for (uint32_t i = 0; i < rows; i++) {
			reputation_at(r, first + i, &row);
			v[i] = (struct rank){ i, regards[k](&row) };
		}
		qsort(v, rows, sizeof(*v), worst_first);
		for (uint32_t i = 0; code == 0 && i < rows && i < n && v[i].bad >= 0; i++) {
			if (chosen[v[i].row])
				continue;
			chosen[v[i].row] = true;
			reputation_at(r, first + v[i].row, &row);
			code = enrich_plan(x, &row.entity);
		}
	}
	return code;
}

int enrich_plan_worst(struct enrich *x, unsigned n, struct err *e)
{
	static const enum entity_kind kinds[] = { ENTITY_ORG, ENTITY_AS, ENTITY_NET, ENTITY_PREFIX,
		ENTITY_BLOCK };
	char dir[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 16];
	struct reputation *r = NULL;
	int code = place_current(x->conf->serve_dir, dir, NULL, e);

	if (code < 0)
		return code;
	(void)snprintf(path, sizeof(path), "%s/reputation", dir); /* it fits */
	code = reputation_open(path, &r, e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < NELEM(kinds) && code == 0; i++)
		code = plan_kind(x, r, kinds[i], n);
	r = reputation_free(r);
	return code < 0 ? err_set(e, code, "out of memory") : 0;
}
