/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walls against a naive model (an array over a small space), and the exports against golden files. */
#include "standings.h"

#include <errno.h>

#include "publication/export.h"

#define BASE  0x08080000u /* 8.8.0.0: any public space does */
#define SPACE 2048u

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

static struct range small(uint32_t first, uint32_t last)
{
	return (struct range){ addr_of_v4(BASE + first), addr_of_v4(BASE + last) };
}

static struct range random_range(uint32_t *x, uint32_t longest)
{
	uint32_t first = next_random(x) % SPACE, n = next_random(x) % longest;

	return small(first, MIN_OF(first + n, SPACE - 1));
}

struct naive {
	int64_t hosts[SPACE], nets[SPACE]; /* until, 0: not in it */
	bool own[SPACE];
};

static void naive_add(struct naive *m, struct range r, int64_t until_s, bool host)
{
	for (uint32_t i = addr_v4(r.first) - BASE; i <= addr_v4(r.last) - BASE; i++) {
		int64_t *v = host ? &m->hosts[i] : &m->nets[i];

		if (!m->own[i])
			*v = MAX_OF(*v, until_s);
	}
}

/* Own networks may leave a lone address of a range: it is found among the hosts. */
static int64_t until_of(const struct wall_entry *v, size_t n, uint32_t i)
{
	for (size_t k = 0; k < n; k++)
		if (range_has(v[k].range, addr_of_v4(BASE + i)))
			return v[k].until_s;
	return 0;
}

static void compare(const struct wall *w, const struct naive *m)
{
	struct addrset u;
	size_t inside = 0;

	for (uint32_t i = 0; i < SPACE; i++) {
		int64_t want = MAX_OF(m->hosts[i], m->nets[i]);
		int64_t got =
		    MAX_OF(until_of(w->hosts, w->n_hosts, i), until_of(w->nets, w->n_nets, i));

		if (got != want)
			fail_msg("address %u: until %d, not %d", i, (int)got, (int)want);
		inside += want > 0;
	}
	for (size_t i = 1; i < w->n_nets; i++)
		assert_true(addr_cmp(w->nets[i - 1].range.last, w->nets[i].range.first) < 0);
	for (size_t i = 1; i < w->n_hosts; i++)
		assert_true(addr_cmp(w->hosts[i - 1].range.first, w->hosts[i].range.first) < 0);
	assert_int_equal(wall_union(w, &u), 0);
	for (size_t i = 0; i < u.n; i++) {
		inside -= addr_v4(u.v[i].last) - addr_v4(u.v[i].first) + 1;
		if (i > 0)
			assert_true(addr_v4(u.v[i].first) > addr_v4(u.v[i - 1].last) + 1);
	}
	assert_int_equal(inside, 0);
	addrset_done(&u);
}

static void test_random(void **state)
{
	uint32_t x = 7;

	for (unsigned round = 0; round < 200; round++) {
		struct addrset never = { .v = NULL };
		struct naive m = { 0 };
		struct wall w;

		for (unsigned i = 0; i < 8; i++) {
			struct range own = random_range(&x, 40);

			assert_int_equal(addrset_add(&never, own), 0);
			for (uint32_t k = addr_v4(own.first) - BASE; k <= addr_v4(own.last) - BASE;
			     k++)
				m.own[k] = true;
		}
		addrset_settle(&never);
		wall_init(&w, 1000, &never);
		for (unsigned i = 0; i < 60; i++) {
			bool host = next_random(&x) % 2;
			struct range r = random_range(&x, host ? 1 : 200);
			int64_t until_s = 990 + next_random(&x) % 100;

			assert_int_equal(wall_add(&w, r, until_s), 0);
			if (until_s > 1000)
				naive_add(&m, r, until_s, host);
		}
		assert_int_equal(wall_finish(&w), 0);
		compare(&w, &m);
		wall_done(&w);
		addrset_done(&never);
	}
}

static struct range parse(const char *text)
{
	struct range r;

	assert_int_equal(range_parse(span_str(text), &r), 0);
	return r;
}

static void test_never(void **state)
{
	static const char *const special[] = { "127.0.0.1", "10.0.0.0/8", "192.168.1.1",
		"0.0.0.0/0", "9.255.255.255-10.0.0.0", "224.0.0.1", "255.255.255.255", "::/0",
		"::1", "fe80::/64", "2001:db8::/64", "fc00::/7", "100.64.3.4", "192.0.2.1",
		"0.0.0.0", "169.254.1.1" };
	struct addrset never;
	struct wall w;
	struct err e;

	assert_int_equal(addrset_parse(SPAN("8.8.8.0/24 2a00:1450::/32"), &never, &e), 0);
	wall_init(&w, 1000, &never);
	for (size_t i = 0; i < NELEM(special); i++)
		assert_int_equal(wall_add(&w, parse(special[i]), 2000), 0);
	assert_int_equal(w.special, NELEM(special));
	assert_int_equal(wall_add(&w, parse("8.8.8.8"), 2000), 0);
	assert_int_equal(wall_add(&w, parse("2a00:1450:1::/48"), 2000), 0);
	assert_int_equal(w.own, 2);
	assert_int_equal(wall_add(&w, parse("9.9.9.9"), 1000), 0);
	assert_int_equal(wall_add(&w, parse("9.9.9.0/24"), 0), 0);
	assert_int_equal(w.expired, 2);
	assert_int_equal(wall_finish(&w), 0);
	assert_int_equal(w.n_hosts + w.n_nets, 0);
	wall_done(&w);

	wall_init(&w, 1000, &never);
	assert_int_equal(wall_add(&w, parse("8.8.0.0/16"), 2000), 0);
	assert_int_equal(wall_add(&w, parse("2a00:1450::/31"), 2000), 0);
	assert_int_equal(wall_finish(&w), 0);
	assert_int_equal(w.n_nets, 3);
	for (size_t i = 0; i < w.n_nets; i++)
		assert_false(addrset_overlaps(&never, w.nets[i].range));
	wall_done(&w);
	addrset_done(&never);
}

static void golden_wall(struct wall *w)
{
	static const struct {
		const char *range;
		int for_s;
	} entries[] = { { "8.8.4.4", 600 }, { "8.8.4.5", 3600 }, { "8.8.4.5", 60 },
		{ "8.8.8.0/24", 60 }, { "8.8.8.7", 7200 }, { "8.8.8.128/25", 7200 },
		{ "8.8.9.0/24", 7200 }, { "2a00:1450:1:2::/64", 90 }, { "2a00:1450:1::/48", 30 },
		{ "2a00:1450:1:3::/64", 90 }, { "1.1.1.1", 9999999 }, { "9.9.9.9", 0 },
		{ "10.1.1.1", 60 } };

	wall_init(w, NOW, NULL);
	for (size_t i = 0; i < NELEM(entries); i++)
		assert_int_equal(wall_add(w, parse(entries[i].range), NOW + entries[i].for_s), 0);
	assert_int_equal(wall_finish(w), 0);
}

static void test_formats(void **state)
{
	struct export_head h = { .of = golden_head, .sources = SPAN("2 sources") };

	assert_null(export_find("iptables"));
	for (unsigned i = 0; i < export_n_formats; i++) {
		const struct export_format *f = export_find(export_formats[i].name);
		char name[100], *text = NULL;
		struct wall w;
		struct err e;
		size_t n;
		FILE *to = open_memstream(&text, &n);

		if (f->listing) { /* tests/unit/publication/test_listing.c */
			(void)fclose(to);
			free(text);
			continue;
		}
		golden_wall(&w);
		assert_int_equal(export_write(f, &w, &h, to, &e), 0);
		(void)fclose(to);
		(void)snprintf(name, sizeof(name), "export-%s", f->file_name);
		golden_same(name, span_of(text, n));
		free(text);
		wall_done(&w);
	}
}

static void test_full_disk(void **state)
{
	struct export_head h = { .of = golden_head };
	FILE *to = fopen("/dev/full", "w");
	struct wall w;
	struct err e;

	if (!to)
		skip();
	golden_wall(&w);
	assert_int_equal(export_write(export_find("plain"), &w, &h, to, &e), -EIO);
	(void)fclose(to);
	wall_done(&w);
}

/* Hosts that are carved out are left out of what is wider than a host, and of nothing else. */
static void test_carved(void **state)
{
	struct addrset carved, all;
	struct wall w;
	struct err e;

	assert_int_equal(addrset_parse(SPAN("8.8.8.8 8.8.9.1 2a00:1450:0:7::/64"), &carved, &e), 0);
	wall_init(&w, 1000, NULL);
	w.carved = &carved;
	assert_int_equal(wall_add(&w, parse("8.8.8.0/24"), 2000), 0);
	assert_int_equal(wall_add(&w, parse("8.8.9.1"), 2000), 0);
	assert_int_equal(wall_add(&w, parse("2a00:1450::/48"), 2000), 0);
	assert_int_equal(wall_finish(&w), 0);
	assert_int_equal(wall_union(&w, &all), 0);
	assert_false(addrset_has(&all, parse("8.8.8.8").first));
	assert_true(addrset_has(&all, parse("8.8.8.7").first));
	assert_true(addrset_has(&all, parse("8.8.8.9").first));
	assert_true(addrset_has(&all, parse("8.8.9.1").first));
	assert_false(addrset_overlaps(&all, parse("2a00:1450:0:7::/64")));
	assert_true(addrset_covers(&all, parse("2a00:1450:0:6::/64")));
	assert_int_equal(addrset_v4_addresses(&all), 256);
	addrset_done(&all);
	addrset_done(&carved);
	wall_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_carved),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
