/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks nested by range, and whom to believe where several registries speak of the same range. */
#include <errno.h>

#include "holders/build_format.h"

/* --- regard --------------------------------------------------------------------------------------- */

/* Of records about one range the topmost here is shown first; the others stay behind it. At home: the
 * statistics of the registries say that the space is of the registry which speaks. RDAP and whois are
 * asked today, a dump is of yesterday; statistics know a holder by a number only. */
static const struct {
	enum input_kind kind;
	bool home;
} regard[] = {
	{ KIND_RDAP, true },
	{ KIND_ARIN_WHOIS, true },
	{ KIND_RPSL, true },
	{ KIND_ARIN_XML, true },
	{ KIND_ARIN_TEXT, true },
	{ KIND_RDAP, false },
	{ KIND_ARIN_WHOIS, false },
	{ KIND_RPSL, false },
	{ KIND_ARIN_XML, false },
	{ KIND_ARIN_TEXT, false },
	{ KIND_RIR_STATS, true },
	{ KIND_RIR_STATS, false },
};

static size_t rank_of(const struct registry_build *b, const struct net_fact *n, uint16_t home)
{
	for (size_t i = 0; i < NELEM(regard); i++)
		if (b->input[n->input].kind == regard[i].kind &&
		    regard[i].home == (n->source == home))
			return i;
	return NELEM(regard);
}

/* The registry whose statistics have the range, or a wider one around it; 0: none says so. */
static uint16_t home_of(const struct registry_build *b, uint32_t at)
{
	const struct facts *f = &b->facts;

	for (; at != FACTS_NONE; at = f->net[at].parent)
		for (size_t k = at; k < f->n_net && (k == at || f->net[k].flags & NET_SAME); k++)
			if (b->input[f->net[k].input].kind == KIND_RIR_STATS)
				return f->net[k].source;
	return 0;
}

/* The rows [from, to) of one range by rank; they are few, and stay in order of coming where equal. */
static void order_same(struct registry_build *b, uint32_t from, uint32_t to)
{
	struct net_fact *v = b->facts.net;
	uint16_t home = home_of(b, from);

	for (uint32_t i = from + 1; i < to; i++) {
		struct net_fact row = v[i];
		size_t rank = rank_of(b, &row, home);
		uint32_t k = i;

		for (; k > from && rank < rank_of(b, &v[k - 1], home); k--)
			v[k] = v[k - 1];
		v[k] = row;
	}
}

typedef void order_fn(struct registry_build *b, uint32_t from, uint32_t to);

/* Puts the rows of each range of several in another order. */
static void order_all_same(struct registry_build *b, order_fn *order)
{
	struct net_fact *v = b->facts.net;
	uint32_t n = (uint32_t)b->facts.n_net;

	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && v[k].flags & NET_SAME;)
			k++;
		if (k == i + 1)
			continue;
		order(b, i, k);
		for (uint32_t at = i; at < k; at++)
			v[at].flags =
			    (uint8_t)((v[at].flags & ~NET_SAME) | (at > i ? NET_SAME : 0));
	}
}

/* --- order ---------------------------------------------------------------------------------------- */

static bool same_range(const struct net_fact *a, const struct net_fact *b)
{
	return addr_eq(a->range.first, b->range.first) && addr_eq(a->range.last, b->range.last);
}

static int by_place(const void *pa, const void *pb)
{
	const struct net_fact *a = pa, *b = pb;
	int c = addr_cmp(a->range.first, b->range.first);

	if (c == 0)
		c = addr_cmp(b->range.last, a->range.last);
	return c ? c : a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void drop(struct registry_build *b, const struct net_fact *n, const char *what,
    const struct net_fact *other)
{
	char mine[RANGE_TEXT_MAX], theirs[RANGE_TEXT_MAX];

	(void)range_format(n->range, mine);
	(void)range_format(other->range, theirs);
	b->input[n->input].records--;
	build_refuse(b, n->input, n->line, "%s: %s %s of %s:%u", mine, what, theirs,
	    b->input[other->input].name, other->line);
}

/* Of two records of one source about one range: whether they contradict each other. Where both are of the
 * same day of creation it is the same delegation, and the newer one's gaps are filled. */
static bool agree(struct net_fact *newer, const struct net_fact *older)
{
	struct {
		uint32_t *gap;
		uint32_t with;
	} words[] = { { &newer->name, older->name }, { &newer->org, older->org },
		{ &newer->abuse, older->abuse }, { &newer->mail, older->mail } };
	bool same_day = newer->created && newer->created == older->created;
	bool same = newer->status == older->status && newer->country == older->country &&
		    newer->created == older->created && newer->changed == older->changed;

	if (same_day && !newer->org)
		newer->flags |= older->flags & NET_OPAQUE;
	for (size_t i = 0; i < NELEM(words); i++) {
		if (same_day && *words[i].gap == 0)
			*words[i].gap = words[i].with;
		same &= *words[i].gap == words[i].with || words[i].with == 0;
	}
	return same;
}

/* Is n told among the rows [from, to) of its range as well? Then what the newer input says stays
 * there. */
static bool told_before(
    struct registry_build *b, struct net_fact *from, struct net_fact *to, const struct net_fact *n)
{
	for (; from < to; from++) {
		struct net_fact older = *n;

		if (from->source != n->source || from->handle != n->handle ||
		    b->input[from->input].kind != b->input[n->input].kind)
			continue;
		if (b->input[n->input].date_s > b->input[from->input].date_s) {
			older = *from;
			*from = *n;
			from->flags |= older.flags & NET_SAME;
		}
		if (agree(from, &older)) {
			b->input[older.input].records--;
			b->n_repeat++;
		} else {
			drop(b, &older, "told already as", from);
		}
		return true;
	}
	return false;
}

static void mark_same(struct registry_build *b)
{
	struct facts *f = &b->facts;
	size_t n = 0, first = 0;

	for (size_t i = 0; i < f->n_net; i++) {
		struct net_fact row = f->net[i];

		if (n == 0 || !same_range(&f->net[first], &row)) {
			first = n;
		} else if (n - first >= NETWORK_SAME_MAX) {
			drop(b, &row, "one of too many records of the range", &f->net[first]);
			continue;
		} else if (told_before(b, f->net + first, f->net + n, &row)) {
			continue;
		}
		if (n > first)
			row.flags |= NET_SAME;
		f->net[n++] = row;
	}
	f->n_net = n;
}

/* Of the rows [from, to) of one range each stands before the one that it says is around it: who was given all
 * that another one has is nearer to what happens there. */
static void children_first(struct registry_build *b, uint32_t from, uint32_t to)
{
	struct net_fact *v = b->facts.net;

	for (uint32_t i = from + 1; i < to; i++) {
		struct net_fact row = v[i];
		uint32_t k = from;

		while (k < i &&
		       (row.parent == 0 || row.parent != v[k].handle || row.source != v[k].source))
			k++;
		memmove(&v[k + 1], &v[k], (i - k) * sizeof(row));
		v[k] = row;
	}
}

/* Rows of one range go with the first of them. */
static void drop_crossing(struct registry_build *b, const uint32_t *by)
{
	struct facts *f = &b->facts;
	size_t first = 0;

	for (size_t i = 0; i < f->n_net; i++) {
		if (!(f->net[i].flags & NET_SAME))
			first = i;
		if (!(f->net[first].flags & NET_REFUSED))
			continue;
		f->net[i].flags |= NET_REFUSED;
		b->input[f->net[i].input].crossing++;
		drop(b, &f->net[i], "crosses the wider", &f->net[by[first]]);
	}
}

/* One sweep with the networks around the place in a stack; what is refused is left out on the way. */
static void find_parents(struct registry_build *b)
{
	struct facts *f = &b->facts;
	uint32_t around[NETWORK_DEPTH_MAX];
	unsigned depth = 0;
	bool deep = false;
	size_t n = 0;

	for (size_t i = 0; i < f->n_net; i++) {
		struct net_fact row = f->net[i];

		if (row.flags & NET_REFUSED)
			continue;
		if (!(row.flags & NET_SAME)) {
			while (depth &&
			       addr_cmp(f->net[around[depth - 1]].range.last, row.range.first) < 0)
				depth--;
			deep = depth == NETWORK_DEPTH_MAX;
			if (!deep)
				around[depth++] = (uint32_t)n;
		}
		if (deep) {
			drop(b, &row, "nested too deeply in", &f->net[around[depth - 1]]);
			continue;
		}
		row.parent = depth > 1 ? around[depth - 2] : FACTS_NONE;
		row.depth = (uint8_t)(depth - 1);
		f->net[n++] = row;
	}
	f->n_net = n;
}

int networks_nest(struct registry_build *b)
{
	struct facts *f = &b->facts;
	uint32_t *by;
	int r;

	if (f->n_net == 0)
		return 0;
	qsort(f->net, f->n_net, sizeof(*f->net), by_place);
	mark_same(b);
	order_all_same(b, children_first);
	by = calloc(f->n_net, sizeof(*by));
	if (!by)
		return -ENOMEM;
	r = nest_cross(f->net, f->n_net, by);
	if (r == 0) {
		drop_crossing(b, by);
		find_parents(b);
		order_all_same(b, order_same);
	}
	free(by);
	return r;
}

int networks_countries(struct registry_build *b)
{
	const struct facts *f = &b->facts;
	bool told = false; /* of this range already */

	if (b->records[KIND_COUNTRY].n > 0)
		return 0;
	for (size_t i = 0; i < f->n_net; i++) {
		const struct net_fact *n = &f->net[i];
		struct record rec = {
			.value = n->country, .seq = n->seq, .line = n->line, .input = n->input
		};
		struct range rest = n->range;

		told = told && n->flags & NET_SAME;
		if (told || !n->country || b->input[n->input].kind != KIND_RIR_STATS)
			continue;
		told = true;
		while (range_take_global(&rest, &rec.range))
			if (record_put(b, KIND_COUNTRY, &rec) < 0)
				return -ENOMEM;
	}
	return 0;
}
