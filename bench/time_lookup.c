/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_lookup REGISTRY MMDB ADDRESSES - address → AS number, our registry file beside libmaxminddb over
 * the same prefixes, in turns on the same addresses; the best of ROUNDS for each. Both must give the same
 * sum of AS numbers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <maxminddb.h>
#include <string.h>

#include "holders/registry.h"
#include "util/clock.h"
#include "util/input.h"

#define OURS_N	 (1u << 22) /* lookups of ours a round */
#define THEIRS_N (1u << 20)
#define ROUNDS	 9

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static uint64_t below(uint64_t n)
{
	return (uint64_t)((unsigned __int128)next() * n >> 64);
}

static struct addr *real;
static uint32_t n_real;

static void read_real(const char *path)
{
	struct input *in;
	struct line l;
	struct err e;

	real = calloc(1u << 20, sizeof(*real));
	if (!real || input_open(path, &in, &e) < 0)
		abort();
	while (n_real < 1u << 20 && input_line(in, &l, &e) > 0) {
		struct span word = l.text;

		for (const char *p = word.p; p < word.end; p++)
			if (*p == '\t' || *p == ' ')
				word.end = p;
		if (addr_parse(word, &real[n_real]) == 0 && addr_is_v4(real[n_real]))
			n_real++;
	}
	(void)input_free(in);
}

static struct addr random_v4(const struct registry *r)
{
	(void)r;
	return addr_of_v4((uint32_t)next());
}

static struct addr real_v4(const struct registry *r)
{
	(void)r;
	return real[below(n_real)];
}

/* A random host of a random IPv6 prefix. */
static struct addr random_v6(const struct registry *r)
{
	struct range p;

	do
		p = registry_prefix_at(r, (uint32_t)below(registry_n_prefix(r))).range;
	while (addr_is_v4(p.first));
	p.first.hi += p.last.hi > p.first.hi ? below(p.last.hi - p.first.hi) : 0;
	p.first.lo = p.last.lo == UINT64_MAX ? next() : p.first.lo;
	return p.first;
}

static uint64_t ours(const struct registry *r, const struct addr *v, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += registry_origin(r, v[i]);
	return sum;
}

static uint64_t theirs(const MMDB_s *db, const struct sockaddr_storage *v, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		MMDB_entry_data_s data;
		int err;
		MMDB_lookup_result_s got =
		    MMDB_lookup_sockaddr(db, (const struct sockaddr *)&v[i], &err);

		if (got.found_entry && MMDB_get_value(&got.entry, &data, "autonomous_system_number",
					   NULL) == MMDB_SUCCESS)
			sum += data.uint32;
	}
	return sum;
}

static struct sockaddr_storage to_sockaddr(struct addr a)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET6 };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	uint8_t b[16];

	addr_to_bytes(a, b);
	if (addr_is_v4(a)) {
		memcpy(&four.sin_addr, b + 12, 4);
		memcpy(&ss, &four, sizeof(four));
	} else {
		memcpy(&six.sin6_addr, b, 16);
		memcpy(&ss, &six, sizeof(six));
	}
	return ss;
}

static double rate(uint64_t n, int64_t began)
{
	int64_t us = clock_monotonic_us() - began;

	return (double)n / (double)(us ? us : 1); /* millions a second */
}

static int race(const char *what, double mark, const struct registry *r, const MMDB_s *db,
    struct addr (*pick)(const struct registry *))
{
	struct addr *v = calloc(OURS_N, sizeof(*v));
	struct sockaddr_storage *s = calloc(THEIRS_N, sizeof(*s));
	double best_ours = 0, best_theirs = 0;

	if (!v || !s)
		abort();
	for (uint32_t i = 0; i < OURS_N; i++)
		v[i] = pick(r);
	for (uint32_t i = 0; i < THEIRS_N; i++)
		s[i] = to_sockaddr(v[i]);
	if (ours(r, v, THEIRS_N) != theirs(db, s, THEIRS_N)) {
		(void)printf("%s: the two tables disagree\n", what);
		return 2;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t began = clock_monotonic_us();
		volatile uint64_t sum = ours(r, v, OURS_N);

		best_ours = MAX_OF(best_ours, rate(OURS_N, began));
		began = clock_monotonic_us();
		sum = theirs(db, s, THEIRS_N);
		(void)sum;
		best_theirs = MAX_OF(best_theirs, rate(THEIRS_N, began));
	}
	(void)printf("%-34s %8.1f M/s   libmaxminddb %6.2f M/s   %6.1fx", what, best_ours,
	    best_theirs, best_ours / best_theirs);
	if (mark > 0)
		(void)printf(
		    "   mark %.0fx: %s", mark, best_ours / best_theirs >= mark ? "met" : "NOT MET");
	(void)printf("\n");
	free(v);
	free(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct registry *r = NULL;
	struct err e = { "" };
	MMDB_s db;

	if (argc != 4 || registry_open(argv[1], &r, &e) < 0 || registry_origins(r, &e) < 0 ||
	    MMDB_open(argv[2], MMDB_MODE_MMAP, &db) != MMDB_SUCCESS) {
		(void)fprintf(stderr, "Usage: time_lookup REGISTRY MMDB ADDRESSES\n%s\n", e.text);
		return 3;
	}
	read_real(argv[3]);
	if (n_real == 0)
		return 3;
	return race("IPv4, real attackers", 25, r, &db, real_v4) |
	       race("IPv4, random", 0, r, &db, random_v4) |
	       race("IPv6, random host, real prefix", 15, r, &db, random_v6);
}
