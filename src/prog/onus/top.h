/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus top, the counting: distinct hosts and events, summed by whoever answers for them. The ranking
 * is that of the publication: distinct hosts, then events, then the name. */
#ifndef ONUS_PROG_ONUS_TOP_H
#define ONUS_PROG_ONUS_TOP_H

#include "core/event.h"
#include "holders/registry.h"
#include "judge/judge.h"
#include "net/addrmap.h"

/* struct top_host - what is known of one host, beside its address in the map */
struct top_host {
	uint64_t events;
	uint64_t last_key; /* of the newest (day, category, group, proof) that the judge was told */
};

/* struct top - owned parts are freed by top_done */
/* struct top_pending - a sighting that waits for others, so that their memory is fetched together */
#define TOP_PENDING_MAX 128u
struct top_pending {
	struct addr addr;
	uint64_t key; /* day, category, group, proof; never 0 */
	uint32_t count;
};

struct top {
	const struct registry *registry; /* borrowed; nobody asks for it while events are counted */
	struct addrmap map;
	struct top_host *hosts; /* [map.n], owned */
	size_t cap;
	struct top_mark *marks; /* for the judge, owned */
	size_t n_marks, marks_cap;
	uint64_t events, listed_prefixes;
	int64_t oldest_s, newest_s;
	struct top_pending pending[TOP_PENDING_MAX];
	unsigned n_pending;
	bool out_of_memory;
	bool simulated; /* some of the events are made up */
};

/* struct top_mark - one sighting as the judge wants it: runs of one host, day, category, group and
 * proof once */
struct top_mark {
	uint32_t host;
	int32_t day;
	uint8_t category, group, proof;
};

int top_init(struct top *t);
void top_done(struct top *t);

/* top_count - one event of an independence group (0 … 63). Events about listed prefixes are counted
 * apart: a prefix is not its hosts. */
void top_count(struct top *t, const struct event *ev, unsigned group);

/* top_settle - after the last event: nothing waits any more */
void top_settle(struct top *t);

/* top_add - what another one counted too; from is settled by it and may be counted with no more */
void top_add(struct top *t, struct top *from);

/* struct top_row - one line of the table */
struct top_row {
	enum entity_kind kind;
	uint32_t index;	  /* of the registry's table (prefix, as, org), else unused */
	struct addr addr; /* addr, block */
	char country[3];
	uint64_t addresses, v4_addresses, events;
	uint64_t announced;    /* IPv4 addresses; 0 where unknown */
	uint64_t announced_v6; /* /48s */
	uint32_t main_as;      /* the AS with most of its hosts, or REGISTRY_NONE */
	bool unannounced;      /* nobody announces these addresses */
	bool judged;
	double score, low, high;
	const char *grade;  /* NULL: none */
	const char *reason; /* why none, or a caveat; may be NULL */
};

/* top_rows - the table by one kind, ranked; the row of unannounced space is the last
 * ret   owned by the caller. Returns 0 or -ENOMEM. */
MUST_USE int top_rows(
    const struct top *t, enum entity_kind by, struct top_row **ret, size_t *ret_n, struct err *e);

/* top_judge - scores for the rows, all of one kind, from the same events, as of the newest of them; n_groups groups,
 * all of them sources of one's own */
MUST_USE int top_judge(const struct top *t, enum entity_kind by, unsigned n_groups,
    struct top_row *rows, size_t n, struct err *e);

/* How the rows are written. */
struct top_style {
	enum entity_kind by;
	size_t limit; /* rows; 0: all */
	bool simulated;
	struct span attribution;
};
void top_print_text(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style);
int top_print_json(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style);
int top_print_csv(
    const struct top *t, const struct top_row *rows, size_t n, const struct top_style *style);

#endif
