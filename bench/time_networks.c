/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_networks NETWORKS PREFIXES FILE - a drawn world of registries told to the build, and what the file
 * made of it costs: seconds, memory, chain look-ups a second.
 *
 * Drawn as the registries' databases are: allocations of /11 to /22 next to one another, told by statistics
 * and by an object; in them assignments of /20 to /32, most of them small, some with more inside, some no
 * prefixes and across their neighbours; a seventh
 * is IPv6, /29 and /32 with /40 to /64 inside. Every allocation has a holder with a contact, every fifth
 * assignment a holder of its own. */
#include <sys/resource.h>
#include <sys/stat.h>

#include "holders/build_format.h"
#include "util/clock.h"

#define LOOKUPS (1u << 22)
#define ROUNDS	5

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t below(uint64_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((unsigned __int128)(state * UINT64_C(2685821657736338717)) * n >> 64);
}

/* Lengths of prefixes with their weights; the first ones are drawn until the weight is used up. */
struct weight {
	unsigned len, weight;
};
static const struct weight allocation4[] = { { 22, 45 }, { 20, 12 }, { 19, 12 }, { 18, 9 },
	{ 17, 7 }, { 16, 8 }, { 15, 3 }, { 14, 2 }, { 12, 1 }, { 11, 1 } };
static const struct weight assignment4[] = { { 29, 30 }, { 30, 14 }, { 28, 12 }, { 27, 7 },
	{ 26, 5 }, { 25, 4 }, { 24, 18 }, { 32, 5 }, { 23, 3 }, { 22, 1 }, { 20, 1 } };
static const struct weight allocation6[] = { { 32, 70 }, { 29, 30 } };
static const struct weight assignment6[] = { { 48, 50 }, { 56, 25 }, { 64, 20 }, { 40, 5 } };

static unsigned drawn_len(const struct weight *w, size_t n)
{
	uint32_t all = 0, at;

	for (size_t i = 0; i < n; i++)
		all += w[i].weight;
	at = below(all);
	for (; at >= w->weight; w++)
		at -= w->weight;
	return w->len;
}

struct world {
	struct fact_to stats, objects;
	uint32_t told, want, holder; /* networks, and the number of the last holder */
};

static void tell(const struct fact_to *to, const struct fact *f)
{
	if (to->take(to->ctx, f) < 0)
		abort();
}

static void tell_holder(struct world *w)
{
	char handle[32], contact[32], name[48], mail[48];
	struct fact org = { .kind = FACT_ORG, .source = SPAN("RIPE"), .country = "NL" };
	struct fact role = { .kind = FACT_CONTACT, .source = SPAN("RIPE") };
	unsigned n = ++w->holder;

	(void)snprintf(handle, sizeof(handle), "ORG-HN%u-RIPE", n);
	(void)snprintf(contact, sizeof(contact), "AR%u-RIPE", n);
	(void)snprintf(name, sizeof(name), "Holder of Networks %u B.V.", n);
	(void)snprintf(mail, sizeof(mail), "abuse@holder-%u.example", n);
	org.handle = span_str(handle);
	org.name = span_str(name);
	org.abuse = role.handle = span_str(contact);
	org.address = SPAN("Some Street 12\n1000 AA Some Town\nNETHERLANDS");
	role.name = SPAN("Abuse contact role object");
	role.mail = span_str(mail);
	tell(&w->objects, &org);
	tell(&w->objects, &role);
}

static void tell_network(struct world *w, struct range r, bool own, const char *status)
{
	char name[32], org[32];
	struct fact f = { .kind = FACT_NETWORK,
		.source = SPAN("RIPE"),
		.range = r,
		.status = span_str(status),
		.country = "NL",
		.changed_s = INT64_C(86400) * (15000 + below(5000)) };

	if (own)
		tell_holder(w);
	(void)snprintf(name, sizeof(name), "NET-CUSTOMER-%u", below(3) ? w->told : below(1000));
	(void)snprintf(org, sizeof(org), "ORG-HN%u-RIPE", w->holder);
	f.name = span_str(name);
	if (own)
		f.org = span_str(org);
	tell(&w->objects, &f);
	w->told++;
}

static void tell_stats(struct world *w, struct range r)
{
	char opaque[48];
	struct fact f = { .kind = FACT_NETWORK,
		.source = SPAN("RIPE"),
		.range = r,
		.status = SPAN("allocated"),
		.country = "NL",
		.created_s = 86400 * 14000 };

	(void)snprintf(opaque, sizeof(opaque), "%08x-42a1-4c7e-9d00-%012u", w->holder, w->holder);
	f.opaque = span_str(opaque);
	tell(&w->stats, &f);
	w->told++;
}

static struct range range4(uint32_t at, unsigned len)
{
	return (struct range){ addr_of_v4(at),
		addr_of_v4(at | (uint32_t)(UINT64_C(0xffffffff) >> len)) };
}

/* [at, at + size) with assignments one after another and gaps between; some hold more. */
static void fill4(struct world *w, uint32_t at, uint64_t size, double density)
{
	uint64_t end = at + size, pos = at;
	double due = density * (double)size * (below(1000) + 500) / 1000.0;

	for (uint32_t n = 0; pos < end && n < due; n++) {
		unsigned len = drawn_len(assignment4, NELEM(assignment4));
		uint64_t width = UINT64_C(1) << (32 - len), room = (uint64_t)((double)size / due);
		struct range r;

		pos = (pos + width - 1) & ~(width - 1);
		if (pos + width > end)
			break;
		r = range4((uint32_t)pos, len);
		if (len < 32 && below(50) == 0 &&
		    pos + width + width / 2 <= end) /* no prefix; may cross */
			r.last.lo += width / 2;
		tell_network(w, r, below(5) == 0, "ASSIGNED PA");
		if (len <= 24 && below(3) == 0)
			for (unsigned k = below(6); k > 0; k--)
				tell_network(
				    w, range4((uint32_t)pos + 8 * k, 29), false, "ASSIGNED PA");
		pos += width;
		if (room > 2 * width)
			pos += below(room - width);
	}
}

static void draw4(struct world *w, uint32_t want)
{
	double density = 0.72 * want / 3.5e9;
	uint64_t at = UINT64_C(1) << 24, end = UINT64_C(223) << 24;

	for (w->want = w->told + want; at < end && w->told < w->want;) {
		unsigned len = drawn_len(allocation4, NELEM(allocation4));
		uint64_t width = UINT64_C(1) << (32 - len);

		width = MIN_OF(width, at & -at); /* what fits here: no gaps */
		len = 32 - (unsigned)__builtin_ctzll(width);
		if (!range_special(range4((uint32_t)at, len))) {
			tell_network(w, range4((uint32_t)at, len), true, "ALLOCATED PA");
			tell_stats(w, range4((uint32_t)at, len));
			fill4(w, (uint32_t)at, width, density);
		}
		at += width;
	}
}

static struct range range6(uint64_t hi, unsigned len)
{
	return (struct range){ { hi, 0 }, { hi | (UINT64_MAX >> len), UINT64_MAX } };
}

static void draw6(struct world *w, uint32_t want)
{
	static const uint64_t from[] = { 0x2a00, 0x2400, 0x2600, 0x2800, 0x2c00 };
	uint64_t at[NELEM(from)];

	for (size_t i = 0; i < NELEM(from); i++)
		at[i] = from[i] << 48;
	for (w->want = w->told + want; w->told < w->want;) {
		size_t i = below(10) < 5 ? 0 : below(NELEM(from));
		unsigned len = drawn_len(allocation6, NELEM(allocation6));
		uint64_t hi = at[i];

		at[i] += UINT64_C(8) << 32;
		tell_network(w, range6(hi, len), true, "ALLOCATED-BY-RIR");
		tell_stats(w, range6(hi, len));
		for (uint32_t n = below(below(20) == 0 ? 1000 : 20), k = 0; k < n; k++) {
			unsigned sub = drawn_len(assignment6, NELEM(assignment6));
			uint64_t part = ((uint64_t)k * 257 << 16) & (UINT64_MAX >> 32);

			tell_network(w, range6(hi | part >> (64 - sub) << (64 - sub), sub),
			    below(5) == 0, "ASSIGNED");
		}
	}
}

/* A table of origins: prefixes of /24 to /16 side by side over all of the space. */
static void write_origins(const char *path, uint32_t n)
{
	FILE *f = fopen(path, "w");
	uint64_t step = (UINT64_C(222) << 24) / MAX_OF(n, 1u) & ~UINT64_C(255), at = 1 << 24;

	if (!f)
		abort();
	for (uint32_t i = 0; i < n; i++, at += MAX_OF(step, 256u)) {
		uint32_t asn = 1000 + below(90000);

		(void)fprintf(f, "%llu,%llu,%u,AS of Some Network %u\n", (unsigned long long)at,
		    (unsigned long long)at + 255, asn, asn);
	}
	if (fclose(f) != 0)
		abort();
}

static double seconds(int64_t began)
{
	return (double)(clock_monotonic_us() - began) / 1e6;
}

static long peak_mib(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_maxrss / 1024 : 0;
}

static void compile(uint32_t networks, uint32_t prefixes, const char *path)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	int64_t began = clock_monotonic_us();
	struct world w = { .told = 0 };
	double told, origins;
	char csv[4096];
	struct err e;

	(void)snprintf(csv, sizeof(csv), "%s.csv", path);
	write_origins(csv, prefixes);
	began = clock_monotonic_us();
	if (!b || registry_build_add(b, csv, &e) < 0 ||
	    build_input_add(b, "statistics", KIND_RIR_STATS) != 1 ||
	    build_input_add(b, "objects", KIND_RPSL) != 2)
		abort();
	origins = seconds(began);
	(void)unlink(csv);
	w.stats = build_facts(b, 1);
	w.objects = build_facts(b, 2);
	began = clock_monotonic_us();
	draw4(&w, networks / 7 * 6);
	draw6(&w, networks - networks / 7 * 6);
	told = seconds(began);
	began = clock_monotonic_us();
	if (registry_build_write(b, path, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
	(void)printf(
	    "%u prefixes read in %.1f s; %u networks and %u holders drawn and told in %.1f s, "
	    "compiled in %.1f s; %llu refused; peak %ld MiB\n",
	    prefixes, origins, w.told, w.holder, told, seconds(began),
	    (unsigned long long)registry_build_refused(b), peak_mib());
	b = registry_build_free(b);
}

/* What a caller does who asks who answers for an address: every network up, its holder and its contact. */
static uint64_t up(const struct registry *r, uint32_t at, uint64_t *depth)
{
	uint64_t sum = 0;

	while (at != REGISTRY_NONE) {
		struct registry_link net = registry_network_link(r, at);

		sum += net.holder + net.abuse + (uint64_t)net.country[0];
		++*depth;
		at = net.parent;
	}
	return sum;
}

static uint64_t chains(const struct registry *r, const struct addr *v, uint32_t n, uint64_t *depth)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += up(r, registry_network(r, v[i]), depth);
	return sum;
}

/* The same for many at a time. */
static uint64_t chains_at_once(
    const struct registry *r, const struct addr *v, uint32_t n, uint64_t *depth)
{
	uint32_t at[REGISTRY_AT_ONCE];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i += REGISTRY_AT_ONCE) {
		uint32_t some = MIN_OF(n - i, REGISTRY_AT_ONCE);

		registry_networks(r, v + i, some, at);
		for (uint32_t k = 0; k < some; k++)
			sum += up(r, at[k], depth);
	}
	return sum;
}

/* What annotate --holder writes behind an address. */
static uint64_t texts_at_once(
    const struct registry *r, const struct addr *v, uint32_t n, uint64_t *depth)
{
	struct registry_answer who[REGISTRY_AT_ONCE];
	uint64_t sum = 0;

	(void)depth;
	for (uint32_t i = 0; i < n; i += REGISTRY_AT_ONCE) {
		uint32_t some = MIN_OF(n - i, REGISTRY_AT_ONCE);

		registry_answers(r, v + i, some, who);
		for (uint32_t k = 0; k < some; k++)
			sum += (uint64_t)(span_empty(who[k].holder) ? 0 : *who[k].holder.p) +
			       (uint64_t)(span_empty(who[k].mail) ? 0 : *who[k].mail.p);
	}
	return sum;
}

static uint64_t narrowest(
    const struct registry *r, const struct addr *v, uint32_t n, uint64_t *depth)
{
	uint64_t sum = 0;

	(void)depth;
	for (uint32_t i = 0; i < n; i++)
		sum += registry_network(r, v[i]);
	return sum;
}

/* A random address of announced IPv4 space, most of which is in allocations and nothing narrower. */
static struct addr any4(const struct registry *r)
{
	(void)r;
	return addr_of_v4((1u << 24) + below(UINT64_C(222) << 24));
}

/* The first address of a random network of one family, in IPv6 of any /64 in it. */
static struct addr known(const struct registry *r, bool v4)
{
	struct range n;

	do
		n = registry_network_at(r, below(registry_n_network(r))).range;
	while (addr_is_v4(n.first) != v4);
	n.first.hi |= n.last.hi == n.first.hi ? 0 : below(n.last.hi - n.first.hi);
	return n.first;
}

static struct addr known4(const struct registry *r)
{
	return known(r, true);
}

static struct addr known6(const struct registry *r)
{
	return known(r, false);
}

static struct addr mixed(const struct registry *r)
{
	return below(7) ? any4(r) : known6(r);
}

static void race(const struct registry *r, const char *what,
    struct addr (*pick)(const struct registry *),
    uint64_t (*run)(const struct registry *, const struct addr *, uint32_t, uint64_t *))
{
	struct addr *v = calloc(LOOKUPS, sizeof(*v));
	uint64_t depth = 0;
	double best = 0;

	if (!v)
		abort();
	for (uint32_t i = 0; i < LOOKUPS; i++)
		v[i] = pick(r);
	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t began = clock_monotonic_us();
		volatile uint64_t sum;

		depth = 0;
		sum = run(r, v, LOOKUPS, &depth);
		(void)sum;
		best = MAX_OF(best, LOOKUPS / 1e6 / seconds(began));
	}
	(void)printf("%-46s %6.1f M/s", what, best);
	if (depth)
		(void)printf("   %.2f networks each", (double)depth / LOOKUPS);
	(void)printf("\n");
	free(v);
}

/* The fastest of some: with its stamp and without, in turns; what else the machine does is not opening. */
static void open_and_close(const char *path)
{
	char *stamp = registry_stamp(path), aside[4096];
	int64_t began = clock_monotonic_us();
	double best[2] = { 1e9, 1e9 };
	struct registry *r;
	struct err e;

	if (!stamp || registry_prove(path, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
	(void)printf("proven and stamped in %.2f s\n", seconds(began));
	(void)snprintf(aside, sizeof(aside), "%s.aside", path);
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		bool with = i % 2;

		if (rename(with ? aside : stamp, with ? stamp : aside) < 0)
			abort();
		began = clock_monotonic_us();
		if (registry_open(path, &r, &e) < 0)
			abort();
		best[with] = MIN_OF(best[with], seconds(began));
		if (with != (registry_proof(r) == PROOF_STAMP))
			abort();
		r = registry_free(r);
	}
	(void)unlink(stamp);
	free(stamp);
	(void)printf(
	    "opened with its stamp in %.3f ms, without in %.2f s\n", best[1] * 1e3, best[0]);
}

static void open_and_race(const char *path, bool copy)
{
	int64_t began = clock_monotonic_us();
	struct registry *r;
	struct stat st;
	struct err e;

	if ((copy ? registry_open_copy : registry_open)(path, &r, &e) < 0 || stat(path, &st) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
	(void)printf("file %lld MiB, %u networks, %s and checked in %.2f s\n",
	    (long long)st.st_size >> 20, registry_n_network(r), copy ? "copied" : "mapped",
	    seconds(began));
	race(r, "narrowest network, any IPv4", any4, narrowest);
	race(r, "narrowest network, IPv6 of known networks", known6, narrowest);
	race(r, "chain, any IPv4", any4, chains);
	race(r, "  many at a time", any4, chains_at_once);
	race(r, "chain, IPv4 of known networks", known4, chains);
	race(r, "  many at a time", known4, chains_at_once);
	race(r, "chain, IPv6 of known networks", known6, chains);
	race(r, "  many at a time", known6, chains_at_once);
	race(r, "chain, any IPv4 and a seventh of that IPv6", mixed, chains);
	race(r, "  many at a time", mixed, chains_at_once);
	race(r, "  with the holder's name and the mailbox", mixed, texts_at_once);
	r = registry_free(r);
}

int main(int argc, char **argv)
{
	unsigned long networks = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long prefixes = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;

	if (argc != 4 || networks == 0 || networks > 20000000 || prefixes == 0 ||
	    prefixes > 10000000) {
		(void)fprintf(stderr, "Usage: time_networks NETWORKS PREFIXES FILE\n");
		return 3;
	}
	compile((uint32_t)networks, (uint32_t)prefixes, argv[3]);
	open_and_close(argv[3]);
	open_and_race(argv[3], false);
	open_and_race(argv[3], true);
	return 0;
}
