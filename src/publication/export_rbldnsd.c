/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zone for rbldnsd: addresses of IPv4 as ranges, of IPv6 as names, since only a dnset gives a name several A records.
 * Source: rbldnsd(8), "Dataset Types and Format". */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "publication/export_priv.h"

#define NIBBLES 32u

static void put_date(FILE *to, int64_t time_s, char end)
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y:%m:%d:%H:%M:%S", &tm); /* it fits */
	(void)fprintf(to, "%s%c", text, end);
}

/* " :127.0.0.3:TEXT", where a dollar sign would stand for the address, and blanks or one '=' in front would be lost */
static void put_value(FILE *to, uint32_t v4, const char *text, size_t n)
{
	char a[ADDR_TEXT_MAX];

	(void)addr_format(addr_of_v4(v4), a);
	(void)fprintf(to, " :%s:", a);
	if (n > 0 && (*text == '=' || *text == ' '))
		(void)fputc('=', to);
	while (n > 0) {
		const char *dollar = memchr(text, '$', n);
		size_t k = dollar ? (size_t)(dollar - text) + 1 : n;

		(void)fwrite(text, 1, k, to);
		if (dollar)
			(void)fputc('$', to);
		text += k;
		n -= k;
	}
	(void)fputc('\n', to);
}

/* struct told - what is said of one entry */
struct told {
	unsigned n;
	uint32_t code[LISTING_CODES_MAX];
	size_t text_bytes;
	char text[LISTING_TEXT_MAX];
};

static void tell(const struct export_head *h, const struct wall_entry *x, struct told *t)
{
	struct reputation_row row;

	reputation_at(h->from, x->row, &row);
	t->n = listing_codes(&row, h->style, t->code);
	t->text_bytes = listing_text(
	    &row.entity, row.decision.reason, row.decision.until_s, h->site_url, t->text);
}

static void put_v4(FILE *to, const struct wall_entry *x, const struct told *t)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	(void)addr_format(x->range.first, first);
	(void)addr_format(x->range.last, last);
	for (unsigned i = 0; i < t->n; i++) {
		(void)fputs(first, to);
		if (!addr_eq(x->range.first, x->range.last))
			(void)fprintf(to, "-%s", last);
		put_value(to, t->code[i], t->text, t->text_bytes);
	}
}

/* A name: the first `nibbles` nibbles, backwards, below which is everything. */
static void put_name(FILE *to, struct addr a, unsigned nibbles)
{
	static const char digits[] = "0123456789abcdef";

	if (nibbles < NIBBLES)
		(void)fputc('*', to);
	for (unsigned i = nibbles; i-- > 0;) {
		uint64_t half = i < NIBBLES / 2 ? a.hi : a.lo;

		if (i + 1 < nibbles || nibbles < NIBBLES)
			(void)fputc('.', to);
		(void)fputc(digits[half >> (60 - 4 * (i % (NIBBLES / 2))) & 15], to);
	}
}

/* A prefix whose length is no multiple of four is two to eight names. */
static void put_prefix(FILE *to, struct prefix p, const struct told *t)
{
	unsigned nibbles = (p.len + 3u) / 4, n = 1u << (nibbles * 4 - p.len);

	for (unsigned k = 0; k < n; k++) {
		struct addr a = p.addr;
		unsigned shift = (NIBBLES - nibbles) % (NIBBLES / 2) * 4;

		if (nibbles > NIBBLES / 2)
			a.lo |= (uint64_t)k << shift;
		else
			a.hi |= (uint64_t)k << shift;
		for (unsigned i = 0; i < t->n; i++) {
			put_name(to, a, nibbles);
			put_value(to, t->code[i], t->text, t->text_bytes);
		}
	}
}

static void put_v6(FILE *to, const struct wall_entry *x, const struct told *t)
{
	struct range left = x->range;
	struct prefix p;
	bool more = true;

	while (more) {
		more = range_take_prefix(&left, &p);
		put_prefix(to, p, t);
	}
}

static size_t put_family(
    FILE *to, const struct wall *w, const struct export_head *h, size_t i, bool v4)
{
	struct told t;

	for (; i < w->n_nets && addr_is_v4(w->nets[i].range.first) == v4; i++) {
		tell(h, &w->nets[i], &t);
		if (v4)
			put_v4(to, &w->nets[i], &t);
		else
			put_v6(to, &w->nets[i], &t);
	}
	return i;
}

int export_rbldnsd(const struct wall *w, const struct export_head *h, FILE *to)
{
	size_t at;

	export_put_head(to, h,
	    "rbldnsd: `rbldnsd … ZONE:combined:FILE`; $SOA and $NS can be in a file before it.\n"
	    "# Entries end when a newer file is loaded, all of them when this one expires.",
	    "ranges", w->n_nets);
	(void)fprintf(to, "$TTL %" PRIu32 "\n$TIMESTAMP ", h->ttl_s);
	put_date(to, h->of.created_s, ' ');
	put_date(to, h->of.expires_s, '\n');
	(void)fputs("$DATASET ip4set:onus4 @\n", to);
	(void)fputs("127.0.0.2", to);
	put_value(to, LISTING_TEST, LISTING_TEST_TEXT, sizeof(LISTING_TEST_TEXT) - 1);
	at = put_family(to, w, h, 0, true);
	(void)fputs("$DATASET dnset:onus6 @\n", to);
	put_name(to, addr_of_v4(LISTING_TEST), NIBBLES);
	put_value(to, LISTING_TEST, LISTING_TEST_TEXT, sizeof(LISTING_TEST_TEXT) - 1);
	(void)put_family(to, w, h, at, false); /* there is nothing behind IPv6 */
	return 0;
}
