/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/export.h"

#include <errno.h>
#include <inttypes.h>

#include "publication/export_priv.h"
#include "publication/text.h"
#include "util/clock.h"
#include "util/file.h"

#define SECONDS_MAX 2592000 /* 30 days: no decision is longer */

/* --- the head ----------------------------------------------------------------------------------- */

static void put_text(FILE *to, const char *label, struct span s)
{
	char text[TEXT_MAX];
	size_t n = text_cut(s, sizeof(text), text);

	if (n > 0)
		(void)fprintf(to, "# %s%.*s\n", label, (int)n, text);
}

static void put_time(FILE *to, const char *label, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	utc_format(time_s, text);
	(void)fprintf(to, "# %s%s\n", label, text);
}

void export_put_head(
    FILE *to, const struct export_head *h, const char *what, const char *unit, uint64_t entries)
{
	if (h->of.simulated)
		(void)fputs("# SIMULATED: the evidence was invented to show how onus works. "
			    "Do not use this list.\n",
		    to);
	(void)fprintf(to, "# %s\n#\n", what);
	put_text(to, "Site:        ", h->of.site);
	(void)fputs("# Category:    reputation (attacks, mail, hosting)\n", to);
	put_text(to, "Source:      ", h->sources);
	put_time(to, "Date:        ", h->of.created_s);
	(void)fprintf(to, "# Generation:  %" PRIu64 "\n", h->of.generation);
	(void)fprintf(to, "# Entries:     %" PRIu64 " %s\n", entries, unit);
	put_time(to, "Expires:     ", h->of.expires_s);
	put_text(to, "Formula:     ", h->of.formula);
	put_text(to, "Attribution: ", h->of.attribution);
	put_text(to, "Warning:     ", h->warning);
	(void)fputs("#\n", to);
}

/* --- plain -------------------------------------------------------------------------------------- */

static int write_plain(const struct wall *w, const struct export_head *h, FILE *to)
{
	CLEANUP(addrset_done) struct addrset all = { .v = NULL };
	struct addrset_walk walk = { .i = 0 };
	char text[PREFIX_TEXT_MAX];
	uint64_t entries = 0;
	struct prefix p;
	int rc = wall_union(w, &all);

	if (rc < 0)
		return rc;
	while (addrset_next_prefix(&all, &walk, &p))
		entries++;
	export_put_head(to, h, "Addresses and prefixes, one a line", "prefixes", entries);
	walk = (struct addrset_walk){ .i = 0 };
	while (addrset_next_prefix(&all, &walk, &p)) {
		if (p.len == 128)
			(void)addr_format(p.addr, text);
		else
			(void)prefix_format(p, text);
		(void)fprintf(to, "%s\n", text);
	}
	return 0;
}

/* --- nftables ----------------------------------------------------------------------------------- */

/* Single addresses go into a hash set: adding to it costs the same however large it is. Interval sets
 * are rebuilt at each change and stay small. Everything is one transaction of nft -f. */
static const char nft_frame[] =
    "add table inet onus\n"
    "add set inet onus addr4 { type ipv4_addr; flags timeout; }\n"
    "add set inet onus net4 { type ipv4_addr; flags interval, timeout; }\n"
    "add set inet onus net6 { type ipv6_addr; flags interval, timeout; }\n"
    "add chain inet onus prerouting { type filter hook prerouting priority -150; policy accept; }\n"
    "flush chain inet onus prerouting\n"
    "flush set inet onus addr4\n"
    "flush set inet onus net4\n"
    "flush set inet onus net6\n"
    "# answers to what we began ourselves may come back\n"
    "add rule inet onus prerouting ct direction reply accept\n"
    "add rule inet onus prerouting ip saddr @addr4 counter drop\n"
    "add rule inet onus prerouting ip saddr @net4 counter drop\n"
    "add rule inet onus prerouting ip6 saddr @net6 counter drop\n";

static void nft_element(FILE *to, const struct wall *w, const struct wall_entry *x, bool first)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];

	(void)addr_format(x->range.first, one);
	(void)fprintf(to, "%s\t%s", first ? "" : ",\n", one);
	if (!addr_eq(x->range.first, x->range.last)) {
		(void)addr_format(x->range.last, two);
		(void)fprintf(to, "-%s", two);
	}
	(void)fprintf(
	    to, " timeout %" PRId64 "s", MIN_OF(x->until_s - w->now_s, (int64_t)SECONDS_MAX));
}

static void nft_set(
    FILE *to, const struct wall *w, const char *set, const struct wall_entry *v, size_t n)
{
	if (n == 0)
		return;
	(void)fprintf(to, "add element inet onus %s {\n", set);
	for (size_t i = 0; i < n; i++)
		nft_element(to, w, &v[i], i == 0);
	(void)fputs("\n}\n", to);
}

static int write_nft(const struct wall *w, const struct export_head *h, FILE *to)
{
	size_t n4 = 0;

	while (n4 < w->n_nets && addr_is_v4(w->nets[n4].range.first))
		n4++;
	(void)fputs("#!/usr/sbin/nft -f\n", to);
	export_put_head(to, h,
	    "nftables: `nft -f FILE` replaces the table's content in one transaction. Timeouts\n"
	    "# count from when it is loaded: load a fresh file. To remove: nft delete table inet "
	    "onus",
	    "elements", w->n_hosts + w->n_nets);
	(void)fputs(nft_frame, to);
	nft_set(to, w, "addr4", w->hosts, w->n_hosts);
	nft_set(to, w, "net4", w->nets, n4);
	nft_set(to, w, "net6", w->nets + n4, w->n_nets - n4);
	return 0;
}

/* --- the table ---------------------------------------------------------------------------------- */

const struct export_format export_formats[] = {
	{ "plain", "plain.txt", "addresses and prefixes, one a line, as few as possible", false,
	    write_plain },
	{ "nft", "onus.nft", "a file for `nft -f`: table inet onus with timeouts", false,
	    write_nft },
	{ "rbldnsd", "onus.rbldnsd", "a zone for rbldnsd(8) that says what onus-dnsbl says", true,
	    export_rbldnsd },
};
const unsigned export_n_formats = NELEM(export_formats);

const struct export_format *export_find(const char *name)
{
	for (unsigned i = 0; i < export_n_formats; i++)
		if (strcmp(export_formats[i].name, name) == 0)
			return &export_formats[i];
	return NULL;
}

int export_write(const struct export_format *f, const struct wall *w, const struct export_head *h,
    FILE *to, struct err *e)
{
	int rc = f->write(w, h, to);

	if (rc < 0)
		return err_set(e, rc, "%s: out of memory", f->name);
	if (fflush(to) != 0 || ferror(to))
		return err_set(e, -EIO, "%s: cannot write: %m", f->name);
	return 0;
}

int export_file(const struct export_format *f, const struct wall *w, const struct export_head *h,
    const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new n = { 0 };
	int rc = file_new_open(path, &n, e);

	if (rc == 0)
		rc = export_write(f, w, h, n.f, e);
	return rc < 0 ? rc : file_new_commit(&n, e);
}
